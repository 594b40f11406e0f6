"""Shapes of steps that end contamination."""

from __future__ import annotations

from marshmallow import fields, validate

from api.paging import PageArgs
from api.schemas.fields import Schema, UtcTime, page_of

KINDS = ("cleaning", "disinfection", "sterilisation", "other")


class KillStepIn(Schema):
    """A cleaning or other step."""

    enterprise_id = fields.Integer(
        load_default=None, metadata={"description": "whose station; an enterprise's own without it"}
    )
    place = fields.String(
        load_default=None, metadata={"description": "one line; without it the whole station"}
    )
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    from_at = UtcTime(required=True)
    until_at = UtcTime(load_default=None)
    carry_over_lots = fields.Integer(
        load_default=0,
        validate=validate.Range(0, 1000),
        metadata={"description": "lots after the step that may still carry something over"},
    )
    document_no = fields.String(load_default=None)
    file_sha256 = fields.String(load_default=None, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))


class KillStepOut(Schema):
    """A step as it was recorded, and what became of it."""

    id = fields.Integer()
    enterprise_id = fields.Integer()
    place = fields.String(allow_none=True)
    kind = fields.String(metadata={"enum": list(KINDS)})
    from_at = UtcTime()
    until_at = UtcTime(allow_none=True)
    carry_over_lots = fields.Integer()
    document_no = fields.String(allow_none=True)
    file_sha256 = fields.String(allow_none=True)
    recorded_at = UtcTime()
    confirmed_at = UtcTime(allow_none=True)
    withdrawn_at = UtcTime(allow_none=True)
    withdrawn_reason = fields.String(allow_none=True)
    version = fields.Integer()


KillStepPage = page_of(KillStepOut, "KillStepPage")


class KillStepArgs(PageArgs):
    """Filter of steps; an enterprise sees its own."""

    enterprise_id = fields.Integer(load_default=None)
    standing = fields.Boolean(load_default=False, metadata={"description": "not withdrawn"})


class WithdrawalIn(Schema):
    """Why a step is taken back."""

    reason = fields.String(required=True)
