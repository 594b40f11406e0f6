"""Recompute a published draw that was made by another method."""

from __future__ import annotations

from typing import Final

from core.errors import FieldProblem
from sampling.errors import OtherLogUnreadable
from sampling.maths.other_logs import OtherCheck, OtherMethod, check_log

LARGEST_TEXT: Final = 2_000_000  # characters; at most about a second of hashing


def verify_other(method: str, text: str) -> OtherCheck:
    """Tell anybody whether somebody's published picks follow from their seed and list.

    Raises
    ------
    OtherLogUnreadable
        The method is not known, or the log lacks something; named.
    """
    if len(text) > LARGEST_TEXT:
        reason = f"it has {len(text)} characters, at most {LARGEST_TEXT} are read"
        raise OtherLogUnreadable(reason=reason, fields=[FieldProblem("log", reason)])
    try:
        return check_log(OtherMethod(method), text)
    except ValueError as problem:
        words = str(problem).replace("{", "{{").replace("}", "}}")
        raise OtherLogUnreadable(reason=str(problem), fields=[FieldProblem("log", words)]) from None
