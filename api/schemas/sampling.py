"""Shapes of plans, draws and results."""

from __future__ import annotations

from marshmallow import fields, validate

from api.paging import PageArgs
from api.schemas.fields import Count, Schema, UtcTime, page_of

STATES = ("draft", "committed", "drawn", "void")


class StratumIn(Schema):
    """A stratum and how many of it are drawn."""

    key = fields.String(required=True, validate=validate.Length(min=1, max=64))
    quota = Count(required=True)
    reserve = Count(load_default=None, allow_none=True)


class SourceIn(Schema):
    """A source of entropy, named before it exists."""

    kind = fields.String(required=True, validate=validate.OneOf(("dice", "beacon", "text", "demo")))
    count = Count(metadata={"description": "dice: how many, at least 50"})
    network = fields.String(metadata={"description": "beacon: drand-quicknet or drand-default"})
    round = Count(metadata={"description": "beacon: the round's number"})
    name = fields.String(metadata={"description": "text: what is published, where, which issue"})
    due_at = fields.String(metadata={"description": "text: when, ISO 8601 with zone"})


class DepartmentIn(Schema):
    """What one department of a joint visit sends and inspects."""

    key = fields.String(required=True, metadata={"description": "code of the department"})
    name = fields.String()
    size = Count()
    mixed = fields.Boolean()
    qualification = fields.String(validate=validate.OneOf(("none", "lead", "all")))
    items = fields.List(fields.String(), required=True)


class TeamIn(Schema):
    """What each team must be like."""

    size = Count()
    mixed = fields.Boolean(metadata={"description": "one senior leads, the others are not"})
    qualification = fields.String(validate=validate.OneOf(("none", "lead", "all")))
    certificate = fields.Boolean()
    region = fields.Boolean()
    cap = Count(metadata={"description": "most visits of one inspector in this plan"})
    pool = fields.String(
        validate=validate.OneOf(("officers", "agency")),
        metadata={"description": "certified officers, or staff of a sampling agency"},
    )
    purpose = fields.String(validate=validate.OneOf(("inspection", "sampling")))
    rotation = Count(metadata={"description": "rounds before somebody may come again, 0 to 10"})
    departments = fields.List(
        fields.Nested(DepartmentIn), metadata={"description": "of a joint visit, in order"}
    )


class ExclusionIn(Schema):
    """An enterprise left out, with the reason that is published."""

    code = fields.String(required=True)
    reason = fields.String(required=True)


class MethodIn(Schema):
    """How chances are dealt out."""

    kind = fields.String(required=True, validate=validate.OneOf(("equal", "pareto")))
    by = fields.String(
        validate=validate.OneOf(("none", "grade", "risk_tier", "category", "given")),
        metadata={"description": "pareto: what chances follow"},
    )
    weights = fields.Dict(keys=fields.String(), values=Count())
    sizes = fields.Dict(
        keys=fields.String(), values=Count(), metadata={"description": "given: size by code"}
    )
    equal_share_percent = Count(
        metadata={"description": "0 to 100: part of the chances that is dealt out equally"}
    )


class ExemptionIn(Schema):
    """Why the protection of the same product does not apply."""

    kind = fields.String(required=True)
    reason = fields.String(required=True)


class CoordinationIn(Schema):
    """A place in a group of plans that share their tickets."""

    place = Count(required=True)
    of = Count(required=True)
    first = fields.String(data_key="with", attribute="with")


class PlanIn(Schema):
    """A new plan."""

    title = fields.String(required=True, validate=validate.Length(min=1, max=200))
    strata_by = fields.String(required=True, validate=validate.OneOf(("grade", "risk_tier")))
    strata = fields.List(fields.Nested(StratumIn), required=True)
    visit_on = fields.Date(required=True)
    sources = fields.List(fields.Nested(SourceIn), load_default=list)
    team = fields.Nested(TeamIn, load_default=None)
    category_codes = fields.List(fields.String(), load_default=None, allow_none=True)
    region_codes = fields.List(fields.String(), load_default=None, allow_none=True)
    exclusions = fields.List(fields.Nested(ExclusionIn), load_default=list)
    repeat_days = fields.Integer(strict=True, load_default=None, allow_none=True)
    digest = fields.String(load_default="sha256", validate=validate.OneOf(("sha256", "sm3")))
    identity = fields.String(
        load_default="number", validate=validate.OneOf(("number", "number-and-name", "salted"))
    )
    disclose_on = fields.Date(load_default=None, allow_none=True)
    purpose = fields.String(
        load_default="inspection",
        validate=validate.OneOf(("inspection", "supervision", "monitoring")),
    )
    method = fields.Nested(MethodIn, load_default=None, allow_none=True)
    certain = fields.List(fields.Nested(ExclusionIn), load_default=list)
    yearly_cap = fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        metadata={"description": "leave out enterprises with so many visits in the year"},
    )
    uncapped_reason = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=500),
        metadata={"description": "why there is no yearly cap; published with the plan"},
    )
    exemption = fields.Nested(ExemptionIn, load_default=None, allow_none=True)
    coordination = fields.Nested(CoordinationIn, load_default=None, allow_none=True)


class PlanArgs(PageArgs):
    """Filters of the plan list."""

    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    text = fields.String(load_default=None, metadata={"description": "part of number or title"})


class PlanOut(Schema):
    """A plan in a list."""

    no = fields.String()
    title = fields.String()
    state = fields.String()
    strata_by = fields.String()
    visit_on = fields.Date()
    created_at = UtcTime()
    committed_at = UtcTime(allow_none=True)
    drawn_at = UtcTime(allow_none=True)
    void_reason = fields.String(allow_none=True)
    frame_size = fields.Integer(allow_none=True)
    quota = fields.Integer()
    done = fields.Integer()
    waits_for = fields.String(allow_none=True)
    version = fields.Integer()


class StratumOut(Schema):
    """A stratum with what became of it."""

    key = fields.String()
    size = fields.Integer(allow_none=True)
    quota = fields.Integer()
    reserve = fields.Integer()
    done = fields.Integer()
    failing = fields.Integer()
    replaced = fields.Integer()


class SourceOut(Schema):
    """A source and how far its value is."""

    place = fields.Integer()
    kind = fields.String()
    name = fields.String()
    due_at = UtcTime(allow_none=True)
    typed_by = fields.List(fields.Integer())
    value = fields.String(allow_none=True)
    signature = fields.String(allow_none=True)
    settled_at = UtcTime(allow_none=True)


class PlanDetailOut(Schema):
    """A plan with all but its units."""

    summary = fields.Nested(PlanOut)
    digest = fields.String()
    identity = fields.String()
    disclose_on = fields.Date(allow_none=True)
    purpose = fields.String()
    method = fields.Dict()
    coordination = fields.Dict(allow_none=True)
    team = fields.Dict()
    filters = fields.Dict()
    strata = fields.List(fields.Nested(StratumOut))
    sources = fields.List(fields.Nested(SourceOut))
    inspectors = fields.Integer()
    frame_root = fields.String(allow_none=True)
    plan_hash = fields.String(allow_none=True)
    commitment = fields.String(allow_none=True)
    seed = fields.String(allow_none=True)
    software = fields.String(allow_none=True)
    voided_at = UtcTime(allow_none=True)
    blocking = fields.List(fields.Dict())
    shortage = fields.Dict(allow_none=True, metadata={"description": "the fewest that block"})
    is_demo = fields.Boolean()


class PreviewOut(Schema):
    """The roster as it would be frozen now."""

    sizes = fields.Dict(keys=fields.String(), values=fields.Integer())
    excluded = fields.Dict(keys=fields.String(), values=fields.Integer())


class DiceIn(Schema):
    """The thrown dice, as this person reads them."""

    dice = fields.String(required=True, validate=validate.Length(max=5000))


class ValueIn(Schema):
    """The value of a public source."""

    value = fields.String(required=True, validate=validate.Length(max=10_000))
    signature = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(max=1000)
    )
    place = Count(load_default=None, allow_none=True)


class ReasonIn(Schema):
    """A reason, which is published."""

    reason = fields.String(required=True, validate=validate.Length(min=1, max=2000))


class ReplacementIn(ReasonIn):
    """A drawn unit that is given up."""

    code = fields.String(required=True)


class ReplacementOut(Schema):
    """A replacement."""

    replaces = fields.String()
    code = fields.String()
    reason = fields.String()
    replaced_at = UtcTime()


class SeatOut(Schema):
    """An inspector in a team."""

    inspector_id = fields.String()
    number = fields.String()
    name = fields.String()
    department = fields.String(allow_none=True)


class ResultIn(Schema):
    """What was found at a unit."""

    code = fields.String(required=True)
    inspected_on = fields.Date(required=True)
    outcome = fields.String(
        required=True, validate=validate.OneOf(("pass", "conditions", "fail", "not_done"))
    )
    inspected = Count(load_default=None, allow_none=True)
    failing = Count(load_default=None, allow_none=True)
    critical = Count(load_default=0)
    serious = Count(load_default=0)
    minor = Count(load_default=0)
    note = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=2000))


class ResultsIn(Schema):
    """Results of several units: all are stored, or none."""

    results = fields.List(
        fields.Nested(ResultIn), required=True, validate=validate.Length(min=1, max=1000)
    )


class ResultOut(Schema):
    """A result."""

    inspected_on = fields.Date()
    outcome = fields.String()
    inspected = fields.Integer()
    failing = fields.Integer()
    critical = fields.Integer()
    serious = fields.Integer()
    minor = fields.Integer()
    note = fields.String(allow_none=True)
    recorded_at = UtcTime()


class ResultsOut(Schema):
    """How many results were stored."""

    recorded = fields.Integer()


class UnitArgs(PageArgs):
    """Filters of the drawn units."""

    stratum = fields.String(load_default=None)
    reserves = fields.Boolean(load_default=False)


class UnitOut(Schema):
    """A drawn unit or a reserve."""

    code = fields.String()
    name = fields.String()
    stratum = fields.String()
    category_code = fields.String()
    region_code = fields.String()
    grade = fields.String(allow_none=True)
    risk_tier = fields.String(allow_none=True)
    rank = fields.Integer()
    ticket = fields.String()
    chance = fields.Float(metadata={"description": "inclusion probability, as published"})
    role = fields.String()
    dispatch = fields.Integer(allow_none=True)
    team = fields.List(fields.Nested(SeatOut))
    result = fields.Nested(ResultOut, allow_none=True)
    replaced_by = fields.String(allow_none=True)
    replaces = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)


class RecusalIn(ReasonIn):
    """A recusal declared after the draw; the reason in words is kept, not published."""

    code = fields.String(required=True)
    inspector = fields.String(required=True, metadata={"description": "inspector_id of the seat"})
    kind = fields.String(
        required=True,
        validate=validate.OneOf(
            ("kinship", "former_employment", "shareholding", "recent_visit", "other")
        ),
    )


class SeatChangeOut(Schema):
    """A seat that was passed on."""

    code = fields.String()
    unit_name = fields.String()
    position = fields.Integer()
    name_out = fields.String()
    name_in = fields.String()
    kind = fields.String()
    reason = fields.String()
    changed_at = UtcTime()


class FindingIn(Schema):
    """What was found of one item."""

    item = fields.String(required=True)
    finding = fields.String(required=True, validate=validate.OneOf(("pass", "fail", "not_checked")))
    note = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=2000))


class DepartmentResultIn(Schema):
    """What one department found at a joint visit."""

    inspected_on = fields.Date(required=True)
    items = fields.List(
        fields.Nested(FindingIn), required=True, validate=validate.Length(min=1, max=50)
    )
    note = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=2000))


class DepartmentOut(Schema):
    """A department of a joint visit, with what it found."""

    key = fields.String()
    name = fields.String()
    items = fields.List(fields.String())
    inspected_on = fields.Date(allow_none=True)
    outcome = fields.String(allow_none=True)
    findings = fields.List(fields.Dict())
    note = fields.String(allow_none=True)
    recorded_at = UtcTime(allow_none=True)
    published_at = UtcTime(allow_none=True)


class TaskOut(Schema):
    """An open visit."""

    plan_no = fields.String()
    plan_title = fields.String()
    code = fields.String()
    name = fields.String()
    visit_on = fields.Date()
    is_lead = fields.Boolean()


class WaitingOut(Schema):
    """What waits."""

    open_tasks = fields.Integer()
    drafts = fields.Integer()
    awaiting_dice = fields.Integer()
    awaiting_source = fields.Integer()
    ready_to_draw = fields.Integer()


class StepAskedOut(Schema):
    """A long step that a worker does; follow the message under ``/api/v1/jobs``."""

    plan_no = fields.String()
    message_id = fields.Integer()


class PublicDrawOut(Schema):
    """A published plan."""

    no = fields.String()
    title = fields.String()
    state = fields.String()
    committed_at = UtcTime()
    commitment = fields.String()
    frame_size = fields.Integer()
    quota = fields.Integer()
    visit_on = fields.Date()
    drawn_at = UtcTime(allow_none=True)
    disclose_on = fields.Date(allow_none=True)
    voided_at = UtcTime(allow_none=True)
    void_reason = fields.String(allow_none=True)
    is_demo = fields.Boolean()


class PublicBundleOut(PublicDrawOut):
    """A published plan with the parts of its proof that are public, as text."""

    is_complete = fields.Boolean(metadata={"description": "all parts are there: verify them"})
    parts = fields.Dict(keys=fields.String(), values=fields.String())


PlanPage = page_of(PlanOut, "PlanPage")
UnitPage = page_of(UnitOut, "UnitPage")
PublicDrawPage = page_of(PublicDrawOut, "PublicDrawPage")
