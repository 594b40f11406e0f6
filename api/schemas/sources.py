"""Shapes of the search for a common source."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from api.schemas.fields import Schema, UtcTime
from api.schemas.traceability import LotOut, PartyOut


class FailingLotIn(Schema):
    """A lot that failed, at the holder where the sample was taken if that is known."""

    lot_id = fields.Integer(required=True)
    party_id = fields.Integer(load_default=None)


class CommonSourcesIn(Schema):
    """What failed and what passed, and how good the test is."""

    failing = fields.List(fields.Nested(FailingLotIn), required=True)
    compliant = fields.List(fields.Integer(), load_default=list)
    by = fields.String(load_default="lot", validate=validate.OneOf(("lot", "party")))
    sensitivity = fields.Float(
        load_default=0.95, validate=validate.Range(0, 1, min_inclusive=False)
    )
    specificity = fields.Float(
        load_default=0.99, validate=validate.Range(0, 1, min_inclusive=False)
    )
    as_of = UtcTime(load_default=None)


class CommonSourcesOut(Schema):
    """The answer, the likeliest first."""

    by = fields.String()
    as_of = UtcTime()
    engines = fields.List(fields.String())
    truncated_because = fields.String(allow_none=True)
    findings = fields.List(fields.Integer())
    compliant = fields.List(fields.Integer())
    none_posterior = fields.Float(attribute="ranking.none_posterior")
    family = fields.Integer(attribute="ranking.family")
    classes = fields.Function(lambda found: _classes(found))
    explanation_is_exact = fields.Boolean(attribute="explanation.is_exact")
    explanations = fields.Function(
        lambda found: [
            [
                [found.candidates[row] for row in found.ranking.classes[place].members]
                for place in chosen
            ]
            for chosen in found.explanation.sets
        ]
    )
    next_samples = fields.Function(
        lambda found: [
            {"lot_id": found.untested[each.lot], "gain_bits": each.gain, "fails": each.fails}
            for each in found.next
        ]
    )
    lots = fields.Function(
        lambda found: LotOut(many=True).dump([found.lots[key] for key in sorted(found.lots)])
    )
    parties = fields.Function(
        lambda found: PartyOut(many=True).dump(
            [found.parties[key] for key in sorted(found.parties)]
        )
    )


def _classes(found: Any) -> list[Any]:
    return [
        {
            "candidates": [found.candidates[row] for row in each.members],
            "depth": min(found.depths[row] for row in each.members),
            "hits": each.hits,
            "tested": each.tested,
            "p": each.p,
            "q": each.q,
            "lift": each.lift,
            "posterior": each.posterior,
            "is_hub": found.ranking.is_hub(each),
            "findings": [found.findings[column] for column in each.findings],
        }
        for each in found.ranking.classes
    ]
