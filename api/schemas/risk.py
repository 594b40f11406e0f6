"""Shapes of warnings, passes of detection and incidents."""

from __future__ import annotations

from marshmallow import fields, validate

from api.paging import PageArgs
from api.schemas.fields import Count, Schema, UtcTime, page_of
from risk.maths.levels import Level
from risk.maths.sources import Source

INCIDENT_KINDS = ("accident", "injury", "complaint", "lead")
STATES = ("new", "assigned", "closed")


class SignalArgs(PageArgs):
    """Filters of the list of warnings."""

    level = fields.String(
        load_default=None, validate=validate.OneOf([each.value for each in Level])
    )
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    source = fields.String(
        load_default=None, validate=validate.OneOf([each.value for each in Source])
    )
    region = fields.String(load_default=None)
    category = fields.String(load_default=None)


class SignalOut(Schema):
    """A warning in a list. ``recent``: the last 12 weeks, oldest first."""

    number = fields.String()
    source = fields.String()
    region_code = fields.String()
    region_name = fields.String()
    category_code = fields.String()
    category_name = fields.String()
    week = fields.String()
    week_on = fields.Date()
    observed = fields.Integer()
    population = fields.Integer(allow_none=True)
    expected = fields.Float()
    upper = fields.Float()
    p_value = fields.Float()
    exceedance = fields.Float()
    level = fields.String()
    state = fields.String()
    outcome = fields.String(allow_none=True)
    owner = fields.String(allow_none=True)
    data_through = fields.Date()
    algorithm_version = fields.String()
    raised_at = UtcTime()
    version = fields.Integer()
    recent = fields.List(fields.Integer(allow_none=True))


class EvidenceRowOut(Schema):
    """One thing that was counted, and the row of the file it came in."""

    kind = fields.String()
    number = fields.String()
    on = fields.Date()
    enterprise_code = fields.String(allow_none=True)
    enterprise_name = fields.String(allow_none=True)
    lot_no = fields.String(allow_none=True)
    hazard = fields.String(allow_none=True)
    description = fields.String(allow_none=True)
    inspected = fields.Integer(allow_none=True)
    failing = fields.Integer(allow_none=True)
    file_name = fields.String(allow_none=True)
    row_number = fields.Integer(allow_none=True)


class EvidenceOut(Schema):
    """``total`` is exact; ``rows`` are the first 500."""

    total = fields.Integer()
    rows = fields.List(fields.Nested(EvidenceRowOut))


class DecisionOut(Schema):
    """One decision about a warning."""

    action = fields.String()
    reason = fields.String()
    by = fields.String()
    owner = fields.String(allow_none=True)
    decided_at = UtcTime()


class SignalDetailOut(Schema):
    """A warning with its series, what its bound stands on, the evidence and the decisions.

    ``series`` holds lists of equal length, oldest week first; a null bound means that the week
    was not judged, ``judgement`` says why.
    """

    signal = fields.Nested(SignalOut)
    counts = fields.Dict(keys=fields.String())
    reason = fields.Dict(keys=fields.String())
    series = fields.Dict(keys=fields.String())
    level_table = fields.String()
    run_id = fields.Integer()
    evidence = fields.Nested(EvidenceOut)
    decisions = fields.List(fields.Nested(DecisionOut))
    similar = fields.List(fields.Nested(SignalOut))


class DecisionIn(Schema):
    """What is decided about a warning, and why."""

    action = fields.String(required=True, validate=validate.OneOf(("assign", "confirm", "close")))
    reason = fields.String(required=True, validate=validate.Length(min=1, max=2000))
    owner = fields.String(
        load_default=None,
        allow_none=True,
        metadata={"description": "Login of the staff account to give it to; default: yourself."},
    )


class DetectionIn(Schema):
    """Which week to judge; the last whole week where none is named."""

    through_week = fields.String(
        load_default=None, allow_none=True, metadata={"example": "2026-W47"}
    )


class DetectionOut(Schema):
    """The wish is on record; its job is under ``/api/v1/jobs?message_id=``."""

    message_id = fields.Integer()
    through_week = fields.String()


class RunOut(Schema):
    """One pass of detection: every series is either evaluated or counted by its reason."""

    id = fields.Integer()
    week = fields.String()
    series_total = fields.Integer()
    evaluated = fields.Integer()
    not_judged = fields.Dict(keys=fields.String(), values=fields.Integer())
    alarms = fields.Integer()
    signals_raised = fields.Integer()
    data_through = fields.Date(allow_none=True)
    algorithm_version = fields.String()
    level_table = fields.String()
    settings = fields.Dict(keys=fields.String())
    inputs_sha256 = fields.String()
    finished_at = UtcTime()


class IncidentArgs(PageArgs):
    """Filters of the list of incidents."""

    kind = fields.String(load_default=None, validate=validate.OneOf(INCIDENT_KINDS))
    region = fields.String(load_default=None)
    category = fields.String(load_default=None)
    week = fields.String(load_default=None, metadata={"example": "2026-W47"})


class IncidentIn(Schema):
    """An accident, an injury, a complaint or a lead."""

    kind = fields.String(required=True, validate=validate.OneOf(INCIDENT_KINDS))
    received_on = fields.Date(required=True)
    occurred_on = fields.Date(load_default=None, allow_none=True)
    region_code = fields.String(required=True, validate=validate.Length(min=1))
    category_code = fields.String(required=True, validate=validate.Length(min=1))
    source = fields.String(load_default="portal", validate=validate.Length(min=1))
    source_no = fields.String(load_default=None, allow_none=True)
    enterprise_code = fields.String(load_default=None, allow_none=True)
    lot_no = fields.String(load_default=None, allow_none=True)
    hazard = fields.String(load_default=None, allow_none=True)
    severity = fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=validate.Range(min=1, max=4)
    )
    injured = Count(load_default=0)
    description = fields.String(load_default=None, allow_none=True)
    reporter = fields.String(
        load_default=None,
        allow_none=True,
        load_only=True,
        metadata={"description": "Who told it and how to reach them; sealed, never given out."},
    )


class IncidentOut(Schema):
    """An incident; whoever told it is not shown."""

    number = fields.String()
    kind = fields.String()
    source = fields.String()
    source_no = fields.String()
    on = fields.Date()
    occurred_on = fields.Date(allow_none=True)
    received_on = fields.Date()
    region_code = fields.String()
    category_code = fields.String()
    lot_no = fields.String(allow_none=True)
    hazard = fields.String(allow_none=True)
    severity = fields.Integer(allow_none=True)
    injured = fields.Integer()
    description = fields.String(allow_none=True)
    row_number = fields.Integer(allow_none=True)
    recorded_at = UtcTime()


SignalPage = page_of(SignalOut, "SignalPage")
RunPage = page_of(RunOut, "RunPage")
IncidentPage = page_of(IncidentOut, "IncidentPage")
