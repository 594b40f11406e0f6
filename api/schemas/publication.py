"""Shapes of records of results, and of what everybody may read of them."""

from __future__ import annotations

from marshmallow import fields, validate

from api.paging import PageArgs
from api.schemas.fields import Count, Schema, UtcTime, page_of

OUTCOMES = ("pass", "conditions", "fail", "not_done")
RECORD_STATES = ("pending", "returned", "published", "withdrawn")
STYLES = ("standard", "operator", "seller", "online")
TEXT = validate.Length(min=1, max=4000)


class CodeOut(Schema):
    """A result code in words."""

    code = fields.String()
    national = fields.Integer()
    title_zh = fields.String()
    title_en = fields.String()


class DeskArgs(Schema):
    """Filter of the desk."""

    plan_no = fields.String(load_default=None)


class DeskRowOut(Schema):
    """A result that was found, and how far its publication is."""

    plan_no = fields.String()
    code = fields.String()
    name = fields.String()
    outcome = fields.String()
    inspected_on = fields.Date()
    state = fields.String()
    record_no = fields.String(allow_none=True)
    return_reason = fields.String(allow_none=True)
    published_at = UtcTime(allow_none=True)
    public_from = fields.Date(allow_none=True)
    due_on = fields.Date(allow_none=True)
    is_overdue = fields.Boolean()


class ResultRecordArgs(PageArgs):
    """Filters of the records."""

    state = fields.String(load_default=None, validate=validate.OneOf(RECORD_STATES))
    kind = fields.String(load_default=None, validate=validate.OneOf(("inspection", "sample")))
    text = fields.String(load_default=None, validate=validate.Length(max=200))


class CorrectionIn(Schema):
    """What a record may correct."""

    corrects = fields.String(load_default=None, allow_none=True)
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=2000))


class InspectionIn(CorrectionIn):
    """What is to be published of a drawn unit."""

    plan_no = fields.String(required=True)
    code = fields.String(required=True)
    codes = fields.List(fields.String(), required=True)
    statement = fields.String(load_default=None, allow_none=True)


def _line() -> fields.String:
    filled = validate.Regexp(r"(?s).*\S", error="This field must be filled in.")
    return fields.String(required=True, validate=[validate.Length(max=300), filled])


class ResultSampleIn(CorrectionIn):
    """The announcement of a case's result; the result itself is that of the case."""

    case_no = _line()
    serial = Count(required=True)
    announcement_no = _line()
    announced_on = fields.Date(required=True)


class PublicRecordOut(Schema):
    """A published record; a withdrawn one stays, with day and reason."""

    no = fields.String()
    kind = fields.String()
    state = fields.String()
    plan_no = fields.String(allow_none=True)
    enterprise_code = fields.String(allow_none=True)
    enterprise_name = fields.String()
    product = fields.String(allow_none=True)
    outcome = fields.String()
    found_on = fields.Date()
    codes = fields.List(fields.Nested(CodeOut))
    statement = fields.String(allow_none=True)
    follow_up = fields.String(allow_none=True)
    columns = fields.Dict(keys=fields.String(), values=fields.String())
    corrects = fields.String(allow_none=True)
    correction_reason = fields.String(allow_none=True)
    corrected_by = fields.String(allow_none=True)
    published_at = UtcTime()
    withdrawn_at = UtcTime(allow_none=True)
    withdraw_reason = fields.String(allow_none=True)
    sha256 = fields.String()
    journal_sequence = fields.Integer()


class ResultRecordOut(Schema):
    """A record as staff see it."""

    no = fields.String()
    kind = fields.String()
    subject = fields.String()
    plan_no = fields.String(allow_none=True)
    code = fields.String(allow_none=True)
    enterprise_code = fields.String(allow_none=True)
    enterprise_name = fields.String()
    product = fields.String(allow_none=True)
    outcome = fields.String()
    found_on = fields.Date()
    codes = fields.List(fields.Nested(CodeOut))
    statement = fields.String(allow_none=True)
    follow_up = fields.String(allow_none=True)
    columns = fields.Dict(keys=fields.String(), values=fields.String())
    corrects = fields.String(allow_none=True)
    correction_reason = fields.String(allow_none=True)
    state = fields.String()
    due_on = fields.Date(allow_none=True)
    recorded_by = fields.Integer()
    recorded_at = UtcTime()
    reviewed_by = fields.Integer(allow_none=True)
    return_reason = fields.String(allow_none=True)
    published_at = UtcTime(allow_none=True)
    withdrawn_at = UtcTime(allow_none=True)
    withdraw_reason = fields.String(allow_none=True)
    sha256 = fields.String(allow_none=True)
    version = fields.Integer()


class ResultFilter(Schema):
    """What published results are looked for by; there is no order but by day."""

    text = fields.String(load_default=None, validate=validate.Length(max=200))
    enterprise = fields.String(load_default=None, validate=validate.Length(max=200))
    product = fields.String(load_default=None, validate=validate.Length(max=200))
    outcome = fields.String(load_default=None, validate=validate.OneOf(OUTCOMES))
    kind = fields.String(load_default=None, validate=validate.OneOf(("inspection", "sample")))
    since = fields.Date(load_default=None)
    until = fields.Date(load_default=None)


class ResultArgs(PageArgs, ResultFilter):
    """The same, page by page."""


class ResultFileArgs(ResultFilter):
    """The same as a file, with the names of the columns in the style of a province."""

    kind = fields.String(
        load_default="inspection", validate=validate.OneOf(("inspection", "sample"))
    )
    style = fields.String(load_default="standard", validate=validate.OneOf(STYLES))


class PublicTaskOut(Schema):
    """A committed or drawn plan; ``bundle`` proves the draw once its list is public."""

    no = fields.String(attribute="draw.no")
    title = fields.String(attribute="draw.title")
    state = fields.String(attribute="draw.state")
    committed_at = UtcTime(attribute="draw.committed_at")
    commitment = fields.String(attribute="draw.commitment")
    frame_size = fields.Integer(attribute="draw.frame_size")
    quota = fields.Integer(attribute="draw.quota")
    visit_on = fields.Date(attribute="draw.visit_on")
    drawn_at = UtcTime(attribute="draw.drawn_at", allow_none=True)
    voided_at = UtcTime(attribute="draw.voided_at", allow_none=True)
    void_reason = fields.String(attribute="draw.void_reason", allow_none=True)
    annual_plan = fields.String(attribute="paper_no", allow_none=True)
    row = fields.String(attribute="row_key", allow_none=True)
    published = fields.Integer()


ResultRecordPage = page_of(ResultRecordOut, "ResultRecordPage")
PublicRecordPage = page_of(PublicRecordOut, "PublicRecordPage")
PublicTaskPage = page_of(PublicTaskOut, "PublicTaskPage")
