"""Shapes of acceptance sampling: plans, curves, searches, audits, series of lots."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from api.paging import PageArgs
from api.schemas.fields import Schema, UtcTime, page_of
from sampling.maths.acceptance import Kind
from sampling.maths.acceptance_tables import LARGEST_LOT, LEVELS, State
from sampling.maths.oc import LARGEST_SAMPLE, Model
from sampling.service.acceptance import FEWEST_POINTS, MOST_LOTS, MOST_POINTS

STATES = tuple(state.value for state in State)
MODELS = tuple(model.value for model in Model)
KINDS = tuple(kind.value for kind in Kind)


def _number(low: int, high: int, **facts: Any) -> fields.Integer:
    """A whole number within bounds; query parameters come as text."""
    return fields.Integer(validate=validate.Range(min=low, max=high), **facts)


def _share(**facts: Any) -> fields.Float:
    """A share of 1, both ends excluded."""
    inside = validate.Range(min=0, max=1, min_inclusive=False, max_inclusive=False)
    return fields.Float(validate=inside, **facts)


def _one_of(choices: tuple[str, ...], **facts: Any) -> fields.String:
    return fields.String(validate=validate.OneOf(choices), **facts)


class AcceptanceLotPlanArgs(Schema):
    """Which plan is asked for."""

    lot_size = _number(2, LARGEST_LOT, required=True)
    aql = fields.Float(required=True, metadata={"description": "one of the 26 preferred values"})
    level = _one_of(LEVELS, load_default="II")
    state = _one_of(STATES, load_default="normal")
    kind = _one_of(KINDS, load_default="single")


class AcceptancePlanNumbersOut(Schema):
    """A single or a double plan; of a double one, ``size`` is that of both samples."""

    kind = fields.Function(lambda plan: "double" if hasattr(plan, "first_size") else "single")
    size = fields.Integer(attribute="most")
    acceptance = fields.Integer()
    rejection = fields.Function(lambda plan: plan.acceptance + 1)
    first_size = fields.Integer()
    second_size = fields.Integer()
    first_acceptance = fields.Integer()
    first_rejection = fields.Integer()


class AcceptanceLotPlanOut(Schema):
    """The plan for a lot."""

    lot_size = fields.Integer()
    level = fields.String()
    aql = fields.Float()
    aql_is_percent = fields.Boolean(attribute="is_percent")
    state = fields.String(attribute="state.value")
    first_letter = fields.String()
    letter = fields.String()
    plan = fields.Nested(AcceptancePlanNumbersOut)
    items = fields.Integer()
    inspects_all = fields.Boolean()
    model = fields.String(attribute="model.value")


class AcceptanceCurveArgs(Schema):
    """A plan by its numbers, and where its curve is wanted."""

    size = _number(1, LARGEST_SAMPLE, required=True)
    acceptance = _number(0, LARGEST_SAMPLE, required=True)
    second_size = _number(1, LARGEST_SAMPLE, load_default=None)
    first_acceptance = _number(0, LARGEST_SAMPLE, load_default=None)
    first_rejection = _number(2, LARGEST_SAMPLE, load_default=None)
    model = _one_of(MODELS, load_default="binomial")
    lot_size = _number(2, LARGEST_LOT, load_default=None)
    points = _number(FEWEST_POINTS, MOST_POINTS, load_default=41)

    @validates_schema
    def check_both(self, data: dict[str, Any], **_: Any) -> None:
        """All numbers of a double plan, or none."""
        names = ("second_size", "first_acceptance", "first_rejection")
        missing = [name for name in names if data[name] is None]
        if missing and len(missing) < len(names):
            raise ValidationError(
                {name: ["A double plan needs all its numbers."] for name in missing}
            )


class AcceptancePointOut(Schema):
    """One point of a curve."""

    quality = fields.Float()
    failing = fields.Integer(allow_none=True)
    acceptance = fields.Float()
    sample_number = fields.Float()
    outgoing = fields.Float()
    inspected = fields.Float(allow_none=True)


class AcceptanceCurveOut(Schema):
    """An operating characteristic."""

    plan = fields.Nested(AcceptancePlanNumbersOut)
    model = fields.String(attribute="model.value")
    lot_size = fields.Integer(allow_none=True)
    producer_quality = fields.Float(allow_none=True)
    consumer_quality = fields.Float(allow_none=True)
    points = fields.List(fields.Nested(AcceptancePointOut))


class AcceptanceSearchArgs(Schema):
    """Two qualities, two risks."""

    aql = _share(required=True, metadata={"description": "share, 1 % is 0.01"})
    limit = _share(required=True, metadata={"description": "limiting quality, a share"})
    producer_risk = _share(load_default=0.05)
    consumer_risk = _share(load_default=0.10)


class AttributesSearchArgs(AcceptanceSearchArgs):
    """With the model of an attributes plan."""

    model = _one_of(MODELS, load_default="binomial")
    lot_size = _number(2, LARGEST_LOT, load_default=None)


class AcceptanceBoundsOut(Schema):
    """Why an acceptance number serves or does not."""

    acceptance = fields.Integer()
    needed = fields.Integer()
    borne = fields.Integer()


class AcceptanceFoundPlanOut(Schema):
    """The smallest plan, its real risks, and the proof."""

    plan = fields.Nested(AcceptancePlanNumbersOut)
    model = fields.String(attribute="model.value")
    lot_size = fields.Integer(allow_none=True)
    good = fields.Float()
    bad = fields.Float()
    producer_risk = fields.Float()
    consumer_risk = fields.Float()
    proof = fields.List(fields.Nested(AcceptanceBoundsOut))


class AcceptanceAuditArgs(Schema):
    """What is claimed; with ``worse`` the smallest plan is sought, with ``size`` its limit."""

    lot_size = _number(2, 200_000, required=True)
    claimed = _number(0, 200_000, required=True)
    worse = _number(1, 200_000, load_default=None)
    size = _number(1, 5_000, load_default=None)
    risk = _share(load_default=0.05)
    missed = _share(load_default=0.10)

    @validates_schema
    def check_asked(self, data: dict[str, Any], **_: Any) -> None:
        """Something must be sought."""
        if data["worse"] is None and data["size"] is None:
            raise ValidationError({"worse": ["Give worse, size, or both."]})


class AcceptanceAuditOut(Schema):
    """An audit plan; probabilities also as exact fractions."""

    lot_size = fields.Integer()
    claimed = fields.Integer()
    size = fields.Integer()
    limit = fields.Integer()
    false_risk = fields.Function(lambda audit: float(audit.false_risk))
    false_risk_exact = fields.Function(lambda audit: exact(audit.false_risk))
    worse = fields.Integer(allow_none=True)
    power = fields.Function(lambda audit: None if audit.power is None else float(audit.power))


def exact(value: Any) -> str | None:
    """A fraction as text; None if it fills more than a line."""
    text = str(value)
    return text if len(text) <= 80 else None


class VariablesArgs(AcceptanceSearchArgs):
    """Two qualities, two risks, and whether the spread is known."""

    spread_known = fields.Boolean(load_default=False)


class VariablesPlanOut(Schema):
    """Sample size and acceptability constant."""

    size = fields.Integer()
    constant = fields.Float()
    spread_known = fields.Boolean()


class VariablesOut(Schema):
    """The smallest variables plan."""

    plan = fields.Nested(VariablesPlanOut)
    producer_risk = fields.Float()
    consumer_risk = fields.Float()
    lowest_constant = fields.Float()
    highest_constant = fields.Float()


class VariablesCurveArgs(Schema):
    """A variables plan and the shares asked for."""

    size = _number(1, 5_000, required=True)
    constant = fields.Float(required=True, validate=validate.Range(min=-20, max=20))
    spread_known = fields.Boolean(load_default=False)
    quality = fields.List(_share(), required=True, validate=validate.Length(min=1, max=MOST_POINTS))


class VariablesPointOut(Schema):
    """Acceptance at one share."""

    quality = fields.Float()
    acceptance = fields.Float()


class AcceptanceSchemeArgs(Schema):
    """A switching scheme and the qualities asked for."""

    letter = fields.String(required=True, validate=validate.Length(min=1, max=1))
    aql = fields.Float(required=True)
    with_reduced = fields.Boolean(load_default=True)
    quality = fields.List(_share(), required=True, validate=validate.Length(min=1, max=MOST_POINTS))


class AcceptanceSchemeOut(Schema):
    """The long run at one quality."""

    quality = fields.Float()
    acceptance = fields.Float()
    sample_number = fields.Float()
    shares = fields.Function(lambda one: {key.value: share for key, share in one.shares.items()})
    acceptance_by_state = fields.Function(
        lambda one: {key.value: chance for key, chance in one.acceptance_by_state.items()}
    )


class AcceptanceLotIn(Schema):
    """A lot as it was inspected."""

    size = fields.Integer(strict=True, required=True, validate=validate.Range(2, LARGEST_LOT))
    found = fields.Integer(strict=True, required=True, validate=validate.Range(0, 100_000_000))
    original = fields.Boolean(load_default=True)
    steady = fields.Boolean(load_default=True)
    reduced_allowed = fields.Boolean(load_default=None, allow_none=True)
    improved = fields.Boolean(load_default=False)


class AcceptanceHistoryIn(Schema):
    """A history of lots to run the switching rules over."""

    aql = fields.Float(required=True)
    level = _one_of(LEVELS, load_default="II")
    reduced_allowed = fields.Boolean(load_default=False)
    lots = fields.List(
        fields.Nested(AcceptanceLotIn),
        required=True,
        validate=validate.Length(min=1, max=MOST_LOTS),
    )


class AcceptanceStandingOut(Schema):
    """Where a series stands."""

    state = fields.String(attribute="state.value")
    stopped = fields.Boolean()
    score = fields.Integer()


class AcceptanceStepOut(Schema):
    """What one lot did."""

    accepted = fields.Boolean()
    rule = fields.String(attribute="rule.value")
    plan = fields.Nested(AcceptanceLotPlanOut)
    after = fields.Nested(AcceptanceStandingOut)


class AcceptanceHistoryOut(Schema):
    """A replayed history."""

    steps = fields.List(fields.Nested(AcceptanceStepOut))
    standing = fields.Nested(AcceptanceStandingOut)


class AcceptanceSeriesArgs(PageArgs):
    """Filters of the list of series."""

    state = _one_of((*STATES, "stopped"), load_default=None)
    text = fields.String(load_default=None)
    open_only = fields.Boolean(load_default=False)


class AcceptanceSeriesIn(Schema):
    """A new series."""

    enterprise_code = fields.String(required=True, validate=validate.Length(min=1, max=64))
    product = fields.String(required=True, validate=validate.Length(min=1, max=200))
    characteristic = fields.String(required=True, validate=validate.Length(min=1, max=200))
    aql = fields.Float(required=True)
    level = _one_of(LEVELS, load_default="II")
    reduced_allowed = fields.Boolean(load_default=False)


class AcceptanceSeriesOut(Schema):
    """A series in a list."""

    no = fields.String()
    enterprise_code = fields.String()
    enterprise_name = fields.String()
    product = fields.String()
    characteristic = fields.String()
    aql = fields.Float()
    level = fields.String()
    reduced_allowed = fields.Boolean()
    state = fields.String()
    is_stopped = fields.Boolean()
    score = fields.Integer()
    lots = fields.Integer()
    opened_at = UtcTime()
    closed_at = UtcTime(allow_none=True)
    closed_reason = fields.String(allow_none=True)
    version = fields.Integer()


class AcceptanceLotOut(Schema):
    """A judged lot."""

    position = fields.Integer()
    lot_no = fields.String()
    inspected_on = fields.Date()
    size = fields.Integer()
    found = fields.Integer()
    is_original = fields.Boolean()
    is_steady = fields.Boolean()
    reduced_allowed = fields.Boolean()
    is_improved = fields.Boolean()
    letter = fields.String()
    sample_size = fields.Integer()
    acceptance_number = fields.Integer()
    is_accepted = fields.Boolean()
    rule = fields.String()
    state_before = fields.String()
    state_after = fields.String()
    stopped_after = fields.Boolean()
    score_after = fields.Integer()
    note = fields.String(allow_none=True)
    recorded_at = UtcTime()


class AcceptanceSeriesDetailOut(Schema):
    """A series with its lots."""

    summary = fields.Nested(AcceptanceSeriesOut)
    lots = fields.List(fields.Nested(AcceptanceLotOut))


class AcceptanceSeriesLotIn(AcceptanceLotIn):
    """The next lot of a series."""

    lot_no = fields.String(required=True, validate=validate.Length(min=1, max=200))
    inspected_on = fields.Date(required=True)
    note = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=2000))


class AcceptanceNextPlanArgs(Schema):
    """The size of the next lot."""

    lot_size = _number(2, LARGEST_LOT, required=True)


AcceptanceSeriesPage = page_of(AcceptanceSeriesOut, "AcceptanceSeriesPage")
