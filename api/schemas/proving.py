"""Shapes of responsibility (双向追查)."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.fields import Schema, UtcTime
from api.schemas.traceability import LotOut, PartyOut


class ResponsibleOut(Schema):
    """One party in one duty for one lot, with the rows that say so."""

    duty = fields.String()
    lot_id = fields.Integer()
    party_id = fields.Integer(allow_none=True)
    enterprise_id = fields.Integer(allow_none=True)
    since = UtcTime(allow_none=True)
    until = UtcTime(allow_none=True)
    event_ids = fields.List(fields.Integer())
    certain = fields.Boolean()
    contradicted = fields.Boolean()


class AnswerableOut(Schema):
    """Who answers for the lots of a trace."""

    as_of = UtcTime(attribute="trace.as_of")
    digest = fields.Function(lambda found: found.trace.digest())
    truncated = fields.Boolean(attribute="trace.truncated")
    rows = fields.Integer()
    duties = fields.List(fields.Nested(ResponsibleOut))
    lots = fields.Function(
        lambda found: LotOut(many=True).dump([each.lot for each in found.trace.lots])
    )
    parties = fields.Function(lambda found: PartyOut(many=True).dump(found.trace.parties))
    owners = fields.List(fields.Nested(PartyOut))
