"""Fields that several schemas share."""

from __future__ import annotations

from typing import Any

import marshmallow
from marshmallow import fields


class Schema(marshmallow.Schema):
    """Refuses unknown fields."""

    class Meta:
        """Strictness."""

        unknown = marshmallow.RAISE


class Probability(fields.Decimal):
    """A share between 0 and 1, as a string so that no digit is lost."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(as_string=True, validate=marshmallow.validate.Range(min=0, max=1), **facts)


class Quantity(fields.Decimal):
    """An exact quantity, as a string so that no digit is lost."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(as_string=True, **facts)


class UtcTime(fields.AwareDateTime):
    """An instant with its zone, ISO 8601."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(format="iso", **facts)


class Count(fields.Integer):
    """A whole number of at least zero; 1.5 is refused, not cut off."""

    def __init__(self, **facts: Any) -> None:
        validators = facts.pop("validate", marshmallow.validate.Range(min=0))
        super().__init__(strict=True, validate=validators, **facts)


def page_of(item: type[Schema] | Schema, name: str) -> type[Schema]:
    """The schema of one page of a list."""
    return type(
        name,
        (Schema,),
        {
            "items": fields.List(fields.Nested(item)),
            "total": fields.Integer(),
            "next": fields.String(allow_none=True),
        },
    )
