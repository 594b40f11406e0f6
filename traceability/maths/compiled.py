"""The one door to numba: a decorator that compiles at the first call, and never must.

Every compiled function has a twin in numpy that gives the same answer, so numba is a matter of
speed only. ``ZHIHENG_NUMBA=0`` in the environment keeps it out.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])


@cache
def has_numba() -> bool:
    """Whether compiled kernels may be used: numba is there and nobody forbade it."""
    if os.environ.get("ZHIHENG_NUMBA", "1").strip() == "0":
        return False
    return importlib.util.find_spec("numba") is not None


def compiled(function: Function) -> Function:
    """The function, to be compiled when first called and kept on disk where that can be written.

    Without numba the function stays as it is: right, and far too slow to be chosen.
    """
    if not has_numba():
        return function
    import numba  # half a second: only where kernels are wanted

    try:
        made = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no directory for compiled code can be written: compile in each process
        made = numba.njit(nogil=True)(function)
    return cast(Function, made)
