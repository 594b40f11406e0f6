"""Shapes of steps that end contamination, and of scores of findings."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from api.paging import PageArgs
from api.schemas.fields import Schema, UtcTime, page_of
from api.schemas.traceability import LotOut, PartyOut

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


class ScoreArgs(Schema):
    """Findings, each a lot; with as many weights and holders, or none."""

    lot_id = fields.List(fields.Integer(), required=True, validate=validate.Length(min=1))
    party_id = fields.List(
        fields.Integer(),
        load_default=None,
        metadata={"description": "where each sample was taken; 0 for the whole lot"},
    )
    weight = fields.List(
        fields.Float(allow_nan=False, validate=validate.Range(-1e6, 1e6)),
        load_default=None,
        metadata={"description": "how much each counts; negative for evidence against"},
    )
    counting = fields.String(load_default="weight", validate=validate.OneOf(("weight", "count")))
    dates = fields.String(
        load_default="respected", validate=validate.OneOf(("respected", "ignored"))
    )
    contact = fields.String(
        load_default="none", validate=validate.OneOf(("none", "station", "line"))
    )
    kill_steps = fields.String(
        load_default="confirmed", validate=validate.OneOf(("confirmed", "recorded", "none"))
    )
    as_of = UtcTime(load_default=None)

    @validates_schema
    def as_many(self, data: dict[str, Any], **kwargs: Any) -> None:
        """One weight and one holder for each lot, or none."""
        for name in ("party_id", "weight"):
            given = data.get(name)
            if given and len(given) != len(data.get("lot_id", ())):
                raise ValidationError("Give one for each lot_id, in the same order.", name)


class WeightedFindingOut(Schema):
    """A finding as it was asked about."""

    lot_id = fields.Integer(attribute="lot")
    party_id = fields.Integer(attribute="party", allow_none=True)
    weight = fields.Float()


class LotScoreOut(Schema):
    """A lot and its score."""

    lot = fields.Nested(LotOut)
    score = fields.Float()


class PartyScoreOut(Schema):
    """A holder and its score."""

    party = fields.Nested(PartyOut)
    score = fields.Float()
    is_common_link = fields.Boolean()


class ScoreTableOut(Schema):
    """Scores from -1 to 1, the highest first."""

    findings = fields.List(fields.Nested(WeightedFindingOut))
    counting = fields.String()
    contact = fields.String()
    as_of = UtcTime()
    lots = fields.List(fields.Nested(LotScoreOut))
    parties = fields.List(fields.Nested(PartyScoreOut))
    truncated_because = fields.String(allow_none=True)
