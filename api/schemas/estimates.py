"""Shapes of the design advisor and of estimates from a draw."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from api.schemas.fields import Count, Schema

MOST_STRATA = 200
MOST_MEASURES = 200_000
LARGEST_ROSTER = 10**8

Share = validate.Range(min=0, max=1)
Inside = validate.Range(min=0.5, max=0.9999)


class Money(fields.Decimal):
    """An amount of money above 0, exact."""

    def __init__(self, **facts: Any) -> None:
        above = validate.Range(min=0, min_inclusive=False, max=10**12)
        super().__init__(as_string=True, places=2, validate=above, **facts)


class DesignStratumIn(Schema):
    """A stratum of a roster; give its expected rate, or past inspections."""

    key = fields.String(required=True, validate=validate.Length(min=1, max=64))
    size = Count(required=True, validate=validate.Range(min=0, max=LARGEST_ROSTER))
    rate = fields.Float(load_default=None, allow_none=True, validate=Share)
    inspected = Count(load_default=0, metadata={"description": "past inspections"})
    failing = Count(load_default=0, metadata={"description": "of these"})
    cost = Money(load_default=None, allow_none=True, metadata={"description": "of one visit"})
    tier = fields.Float(
        load_default=1.0,
        validate=validate.Range(min=0, min_inclusive=False, max=1000),
        metadata={"description": "how many times as often under risk tiers"},
    )
    quota = Count(load_default=None, allow_none=True, metadata={"description": "as planned"})
    measures = fields.List(
        fields.Float(validate=validate.Range(min=0, min_inclusive=False, max=1e15)),
        load_default=list,
        validate=validate.Length(max=MOST_MEASURES),
        metadata={"description": "a size of each unit, such as its turnover"},
    )


class AdviceIn(Schema):
    """A roster for which designs are compared."""

    strata = fields.List(
        fields.Nested(DesignStratumIn),
        required=True,
        validate=validate.Length(min=1, max=MOST_STRATA),
    )
    visits = Count(required=True)
    budget = Money(load_default=None, allow_none=True)
    least_share = fields.Decimal(load_default=None, allow_none=True, validate=Share)
    confidence = fields.Float(load_default=0.95, validate=Inside)


class PlanAdviceArgs(Schema):
    """What may be asked of the advisor for a draft."""

    visits = Count(load_default=None, allow_none=True)
    cost = Money(load_default=None, allow_none=True, metadata={"description": "of any visit"})
    budget = Money(load_default=None, allow_none=True)


class ConcernOut(Schema):
    """Something to know of a design before choosing it."""

    code = fields.String()
    facts = fields.Dict()


class CandidateOut(Schema):
    """A design and what may be expected of it."""

    design = fields.String()
    by_strata = fields.Boolean(metadata={"description": "its quotas can be taken over"})
    quotas = fields.Dict(keys=fields.String(), values=fields.Float())
    visits = fields.Float()
    cost = fields.Decimal(as_string=True, allow_none=True)
    rate = fields.Float()
    standard_error = fields.Float(allow_none=True)
    cv = fields.Float(allow_none=True)
    half_width = fields.Float(allow_none=True)
    expected_failing = fields.Float()
    smallest = fields.Float(metadata={"description": "smallest inclusion probability"})
    weight_cv = fields.Float(allow_none=True, metadata={"description": "cv of 1/pi"})
    concerns = fields.List(fields.Nested(ConcernOut))


class DesignStratumOut(Schema):
    """A stratum as the advisor took it."""

    key = fields.String()
    size = fields.Integer()
    rate = fields.Float()
    cost = fields.Decimal(as_string=True, allow_none=True)
    tier = fields.Float()


class AdviceOut(Schema):
    """Designs side by side."""

    strata = fields.List(fields.Nested(DesignStratumOut))
    visits = fields.Integer()
    confidence = fields.Float()
    candidates = fields.List(fields.Nested(CandidateOut))
    concerns = fields.List(fields.Nested(ConcernOut))
    sharpest = fields.String(allow_none=True)
    richest = fields.String(allow_none=True)


class PlanAdviceOut(Schema):
    """Advice for a draft."""

    plan_no = fields.String()
    advice = fields.Nested(AdviceOut)
    history = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Integer()),
        metadata={"description": "by stratum: past inspections, and how many failed"},
    )
    quotas = fields.Dict(keys=fields.String(), values=fields.Integer())
    least_share = fields.Decimal(as_string=True, allow_none=True)
    fits = fields.Boolean(metadata={"description": "no quota is above its stratum"})


class QuotasIn(Schema):
    """New quotas of a draft."""

    quotas = fields.Dict(
        keys=fields.String(validate=validate.Length(min=1, max=64)),
        values=Count(),
        required=True,
    )
    design = fields.String(load_default="", validate=validate.Length(max=64))


class EstimateArgs(Schema):
    """What may be asked of the estimates of a plan."""

    confidence = fields.Float(load_default=0.95, validate=Inside)
    calibrate_to = fields.String(load_default=None, validate=validate.OneOf(("category", "region")))


class LimitsOut(Schema):
    """Two bounds of a share."""

    lower = fields.Float()
    upper = fields.Float()
    confidence = fields.Float()
    method = fields.String()


class CountLimitsOut(Schema):
    """Two bounds of a number of failing enterprises."""

    lower = fields.Integer()
    upper = fields.Integer()
    size = fields.Integer()
    confidence = fields.Float()


class ResponseOut(Schema):
    """What became of the enterprises gone to."""

    answers = fields.Integer()
    given_up = fields.Integer(metadata={"description": "replaced by a reserve"})
    not_done = fields.Integer()
    waiting = fields.Integer()
    rate = fields.Float(allow_none=True)
    factor = fields.Float(allow_none=True, metadata={"description": "on the weight of an answer"})


class StratumRateOut(Schema):
    """A stratum's own rate."""

    key = fields.String()
    size = fields.Integer()
    response = fields.Nested(ResponseOut)
    failing = fields.Integer()
    rate = fields.Float(allow_none=True)
    limits = fields.Nested(CountLimitsOut, allow_none=True)


class RateOut(Schema):
    """A rate over the roster."""

    rate = fields.Float()
    standard_error = fields.Float(allow_none=True)
    degrees = fields.Integer()
    answers = fields.Integer()
    covered = fields.Integer()
    size = fields.Integer()
    silent = fields.List(fields.String(), metadata={"description": "strata without an answer"})
    lonely = fields.List(fields.String(), metadata={"description": "strata with a single one"})


class InferenceOut(Schema):
    """The rate with all that limits it."""

    confidence = fields.Float()
    strata = fields.List(fields.Nested(StratumRateOut))
    estimate = fields.Nested(RateOut, allow_none=True)
    shown = fields.Nested(LimitsOut, allow_none=True)
    usual = fields.Nested(LimitsOut, allow_none=True)
    safe = fields.Nested(LimitsOut, allow_none=True)
    if_passing = fields.Float(allow_none=True)
    if_failing = fields.Float(allow_none=True)
    is_equal = fields.Boolean()


class WeightsOut(Schema):
    """How far weights were moved to meet known totals."""

    distance = fields.String(attribute="distance.value")
    steps = fields.Integer()
    smallest = fields.Float()
    largest = fields.Float()
    design_effect = fields.Float()


class CalibratedOut(Schema):
    """The rate by weights that meet known totals."""

    rate = fields.Float()
    standard_error = fields.Float(allow_none=True)
    weights = fields.Nested(WeightsOut)


class EstimatesOut(Schema):
    """The estimates of a plan."""

    plan_no = fields.String()
    inference = fields.Nested(InferenceOut)
    quotas = fields.Dict(keys=fields.String(), values=fields.Integer())
    roster = fields.Integer()
    answers = fields.Integer()
    missing = fields.Integer()
    failing = fields.Integer()
    waiting = fields.Integer()
    calibrate_to = fields.String(allow_none=True)
    calibrated = fields.Nested(CalibratedOut, allow_none=True)
