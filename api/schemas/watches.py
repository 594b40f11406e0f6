"""Shapes of frozen traces, watches and what they told."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError as Wrong
from marshmallow import fields, validate, validates_schema

from api.paging import PageArgs
from api.schemas.fields import Schema, UtcTime, page_of
from api.schemas.traceability import DIRECTIONS, LotOut


class FreezeIn(Schema):
    """Which trace to keep, and why."""

    lot = fields.String(load_default=None, metadata={"description": "lot number"})
    lot_id = fields.Integer(load_default=None)
    gtin = fields.String(load_default=None)
    party_id = fields.Integer(load_default=None)
    direction = fields.String(load_default="forward", validate=validate.OneOf(DIRECTIONS))
    dates = fields.String(
        load_default="respected", validate=validate.OneOf(("respected", "ignored"))
    )
    reason = fields.String(required=True, validate=validate.Length(min=1, max=2000))

    @validates_schema
    def one_lot(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Either a number or an id."""
        if bool(data.get("lot")) == (data.get("lot_id") is not None):
            raise Wrong("Give the lot's number as lot, or its lot_id.", "lot")


class FreezeArgs(PageArgs):
    """Filter of frozen traces."""

    lot_id = fields.Integer(load_default=None)
    watched = fields.Boolean(load_default=None)


class FreezeOut(Schema):
    """A frozen trace and its watch."""

    no = fields.String()
    lot = fields.Nested(LotOut)
    direction = fields.String()
    dates = fields.String()
    as_of = UtcTime()
    algorithm = fields.String()
    digest = fields.String()
    lots = fields.Integer()
    parties = fields.Integer()
    reason = fields.String()
    frozen_at = UtcTime()
    armed_at = UtcTime(allow_none=True)
    watch_version = fields.Integer(allow_none=True)
    open_alerts = fields.Integer()


FreezePage = page_of(FreezeOut, "FreezePage")


class StandingOut(Schema):
    """A lot at a holder; ``on_hand`` are bounds, null where none is known."""

    lot_id = fields.Integer()
    party_id = fields.Integer()
    side = fields.String()
    depth = fields.Integer()
    certain = fields.Boolean()
    on_hand = fields.List(fields.String(allow_none=True))
    unit = fields.String()


class StandingChangeOut(Schema):
    """The same lot at the same holder, before and after."""

    before = fields.Nested(StandingOut)
    after = fields.Nested(StandingOut)


class TraceDifferenceOut(Schema):
    """What the same question answers now, against what was frozen."""

    no = fields.String()
    frozen_as_of = UtcTime()
    as_of = UtcTime()
    digest_then = fields.String()
    digest_now = fields.String()
    added = fields.List(fields.Nested(StandingOut))
    gone = fields.List(fields.Nested(StandingOut))
    changed = fields.List(fields.Nested(StandingChangeOut))


class DisarmIn(Schema):
    """Why it is no longer watched."""

    reason = fields.String(required=True, validate=validate.Length(min=1, max=2000))


class AlertArgs(PageArgs):
    """Filter of alerts."""

    unseen = fields.Boolean(load_default=False)
    freeze_no = fields.String(load_default=None)


class WatchAlertOut(Schema):
    """What a watch told."""

    id = fields.Integer()
    freeze_no = fields.String()
    lot = fields.Nested(LotOut)
    raised_at = UtcTime()
    added = fields.List(fields.Nested(StandingOut))
    gone = fields.List(fields.Nested(StandingOut))
    changed = fields.Function(
        lambda alert: [
            {"before": StandingOut().dump(before), "after": StandingOut().dump(after)}
            for before, after in alert.changed
        ]
    )
    seen_at = UtcTime(allow_none=True)
    note = fields.String(allow_none=True)
    version = fields.Integer()


WatchAlertPage = page_of(WatchAlertOut, "WatchAlertPage")


class AlertNoteIn(Schema):
    """What is done about an alert."""

    note = fields.String(required=True, validate=validate.Length(min=1, max=2000))
