"""Shapes of the interface have names of their own: two of one name would make the reference lie."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from pkgutil import iter_modules

from marshmallow import Schema

import api.schemas


def test_no_two_schemas_share_a_name() -> None:
    names: Counter[str] = Counter()
    for info in iter_modules(api.schemas.__path__):
        module = import_module(f"api.schemas.{info.name}")
        names.update(
            name
            for name, value in vars(module).items()
            if isinstance(value, type)
            and issubclass(value, Schema)
            and value.__module__ in (module.__name__, "api.schemas.fields")
            and (value.__module__ == module.__name__ or value.__name__.endswith("Page"))
        )

    assert [name for name, times in names.items() if times > 1] == []
