"""Shapes of a reach: which lots at which holders, a page at a time."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from api.paging import LARGEST_PAGE, PageArgs
from api.schemas.fields import Schema, UtcTime
from api.schemas.traceability import DIRECTIONS, HolderOut, LotOut, PlainQuantity

_DATES = ("respected", "ignored")
_CERTAINTIES = ("possible", "certain")


class ReachSeed(Schema):
    """A lot asked about, by its number or its id; at one holder only, where one is named."""

    lot_id = fields.Integer(load_default=None, allow_none=True)
    lot = fields.String(load_default=None, allow_none=True, metadata={"description": "lot number"})
    gtin = fields.String(
        load_default=None, allow_none=True, metadata={"description": "where lots share a number"}
    )
    maker = fields.String(
        load_default=None, allow_none=True, metadata={"description": "credit code of the maker"}
    )
    party_id = fields.Integer(load_default=None, allow_none=True)

    @validates_schema
    def one_lot(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Either a number or an id."""
        if bool(data.get("lot")) == (data.get("lot_id") is not None):
            raise ValidationError("Give the lot's number as lot, or its lot_id.", "lot")


class _Bounds(Schema):
    """How to go, and how far."""

    direction = fields.String(load_default="both", validate=validate.OneOf(DIRECTIONS))
    dates = fields.String(load_default="respected", validate=validate.OneOf(_DATES))
    certainty = fields.String(load_default="possible", validate=validate.OneOf(_CERTAINTIES))
    as_of = UtcTime(load_default=None, allow_none=True)
    max_depth = fields.Integer(load_default=None, allow_none=True)
    max_nodes = fields.Integer(load_default=200_000)


class ReachWholeWish(_Bounds):
    """What to ask, about one lot or many, for the whole answer."""

    seeds = fields.List(fields.Nested(ReachSeed), required=True)


class ReachWish(ReachWholeWish):
    """What to ask, for a first page."""

    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=LARGEST_PAGE))


class ReachArgs(_Bounds, PageArgs):
    """The same about one lot; or a cursor alone, for a following page."""

    lot_id = fields.Integer(load_default=None)
    lot = fields.String(load_default=None, metadata={"description": "lot number"})
    gtin = fields.String(load_default=None)
    maker = fields.String(load_default=None)
    party_id = fields.Integer(load_default=None)


class ReachTotalOut(Schema):
    """How many lots at holders are so many steps away, on one side."""

    side = fields.String()
    depth = fields.Integer()
    count = fields.Integer()


class ReachLinkOut(Schema):
    """The edge by which it was first reached; its times are bounds."""

    edge_id = fields.Integer()
    key = fields.String()
    kind = fields.String()
    state = fields.String()
    earliest_at = UtcTime(allow_none=True)
    latest_at = UtcTime(allow_none=True)
    quantity = PlainQuantity()
    unit = fields.String()
    event_ids = fields.List(fields.Integer())


class ReachNodeOut(Schema):
    """A lot at a holder; ``since``: earliest arrival, upstream the latest departure."""

    node_id = fields.Integer()
    side = fields.String()
    depth = fields.Integer()
    lot = fields.Nested(LotOut)
    party = fields.Nested(HolderOut)
    since = UtcTime(allow_none=True)
    before_id = fields.Integer(allow_none=True)
    link = fields.Nested(ReachLinkOut, allow_none=True)


class ReachOut(Schema):
    """One page of an answer, with the totals of the whole."""

    direction = fields.String()
    dates = fields.String()
    certainty = fields.String()
    as_of = UtcTime()
    engines = fields.List(fields.String())
    digest = fields.String()
    truncated = fields.Boolean()
    truncated_because = fields.String(allow_none=True)
    total = fields.Integer()
    totals = fields.List(fields.Nested(ReachTotalOut))
    items = fields.List(fields.Nested(ReachNodeOut))
    next = fields.String(allow_none=True)
