"""Shapes of papers, contracts, notices and records."""

from __future__ import annotations

from marshmallow import fields, validate

from api.paging import PageArgs
from api.schemas.fields import Count, Schema, UtcTime, page_of

KINDS = ("item_list", "annual_plan", "scheme", "rules")
OUTCOMES = ("pass", "conditions", "fail", "not_done")
RECORD_STATES = ("pending", "returned", "published", "withdrawn")
STYLES = ("standard", "operator", "seller", "online")
TEXT = validate.Length(min=1, max=4000)


class PaperIn(Schema):
    """A paper as it is drafted; what ``body`` holds depends on the kind."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    year = fields.Integer(required=True, strict=True)
    title = fields.String(required=True, validate=validate.Length(max=200))
    authority = fields.String(required=True, validate=validate.Length(max=200))
    body = fields.Dict(required=True, keys=fields.String())


class PaperChangeIn(Schema):
    """A draft as it should read."""

    title = fields.String(required=True, validate=validate.Length(max=200))
    authority = fields.String(required=True, validate=validate.Length(max=200))
    body = fields.Dict(required=True, keys=fields.String())


class WhyIn(Schema):
    """A reason that is kept."""

    reason = fields.String(required=True, validate=validate.Length(min=1, max=2000))


class PaperArgs(PageArgs):
    """Filters of the list of papers."""

    kind = fields.String(load_default=None, validate=validate.OneOf(KINDS))
    year = fields.Integer(load_default=None, validate=validate.Range(min=2000, max=2100))
    text = fields.String(load_default=None, validate=validate.Length(max=200))


class AnnualArgs(PageArgs):
    """Filters of the public list of annual plans."""

    year = fields.Integer(load_default=None, validate=validate.Range(min=2000, max=2100))
    text = fields.String(load_default=None, validate=validate.Length(max=200))


class AnnualFileArgs(Schema):
    """Filters of the same list as a file."""

    year = fields.Integer(load_default=None, validate=validate.Range(min=2000, max=2100))
    text = fields.String(load_default=None, validate=validate.Length(max=200))


class PublicPaperOut(Schema):
    """An edition of a paper as everybody reads it."""

    no = fields.String()
    edition = fields.Integer()
    kind = fields.String()
    year = fields.Integer()
    title = fields.String()
    authority = fields.String()
    body = fields.Dict()
    reason = fields.String(allow_none=True)
    published_at = UtcTime(allow_none=True)
    sha256 = fields.String(allow_none=True)
    journal_sequence = fields.Integer(allow_none=True)


class PaperOut(PublicPaperOut):
    """An edition of a paper as staff see it."""

    state = fields.String()
    drafted_by = fields.Integer(allow_none=True)
    drafted_at = UtcTime()
    approved_by = fields.Integer(allow_none=True)
    approved_at = UtcTime(allow_none=True)
    version = fields.Integer()


class RowChangeOut(Schema):
    """What an amendment did to a row; an empty key is the head of the paper."""

    key = fields.String()
    change = fields.String()
    fields_ = fields.List(fields.String(), attribute="fields", data_key="fields")


class EditionOut(Schema):
    """An edition in the history of a paper."""

    paper = fields.Nested(PublicPaperOut)
    changes = fields.List(fields.Nested(RowChangeOut))
    is_in_force = fields.Boolean()


class ProgressOut(Schema):
    """How far a row of an annual plan is."""

    key = fields.String()
    planned = fields.Integer()
    drawn = fields.Integer()
    published = fields.Integer()
    plan_nos = fields.List(fields.String())


class PublicPlanOut(Schema):
    """An annual plan with its history and its progress."""

    paper = fields.Nested(PublicPaperOut)
    progress = fields.List(fields.Nested(ProgressOut))
    editions = fields.List(fields.Nested(EditionOut))


class RowLinkIn(Schema):
    """The row of an annual plan that a plan carries out."""

    paper_no = fields.String(required=True)
    row_key = fields.String(required=True)


class RowLinkOut(Schema):
    """The same, as stored, and whether its matter stands on a published list."""

    paper_no = fields.String()
    row_key = fields.String()
    is_listed = fields.Boolean()
    is_demanded = fields.Boolean(metadata={"description": "the rule pack refuses unlisted plans"})


class ContractArgs(PageArgs):
    """Filters of the list of contracts."""

    text = fields.String(load_default=None, validate=validate.Length(max=200))


class ContractForm(Schema):
    """A signed entrustment; its file comes in the same form."""

    role = fields.String(required=True, validate=validate.OneOf(("agency", "laboratory")))
    agency_code = fields.String(required=True, validate=validate.Length(min=1, max=60))
    agency_name = fields.String(required=True, validate=validate.Length(min=1, max=200))
    scope = fields.String(required=True, validate=TEXT)
    category_codes = fields.List(fields.String(), load_default=list)
    valid_from = fields.Date(required=True)
    valid_until = fields.Date(required=True)
    forbids_subcontracting = fields.Boolean(required=True)


class EndIn(WhyIn):
    """From which day a contract ends, and why."""

    on = fields.Date(required=True)


class ContractOut(Schema):
    """A contract."""

    no = fields.String()
    role = fields.String()
    agency_code = fields.String()
    agency_name = fields.String()
    scope = fields.String()
    category_codes = fields.List(fields.String())
    valid_from = fields.Date()
    valid_until = fields.Date()
    file_sha256 = fields.String()
    recorded_at = UtcTime()
    ended_on = fields.Date(allow_none=True)
    end_reason = fields.String(allow_none=True)
    state = fields.String()
    version = fields.Integer()


class NoticeArgs(PageArgs):
    """Filters of the list of notices."""

    plan_no = fields.String(load_default=None)


class NoticeIn(Schema):
    """A notice for a drawn unit."""

    plan_no = fields.String(required=True)
    code = fields.String(required=True)
    authority = fields.String(required=True, validate=validate.Length(min=1, max=200))
    basis = fields.String(required=True, validate=TEXT)
    visit_on = fields.Date(required=True)
    valid_until = fields.Date(required=True)
    agency_code = fields.String(load_default=None, allow_none=True)


class SamplerOut(Schema):
    """Somebody who comes to the door."""

    number = fields.String()
    name = fields.String()
    certificate_no = fields.String()


class NoticeOut(Schema):
    """A notice. ``check_token`` is what the QR code on the paper carries."""

    no = fields.String()
    plan_no = fields.String()
    code = fields.String()
    unit_name = fields.String()
    authority = fields.String()
    basis = fields.String()
    samplers = fields.List(fields.Nested(SamplerOut))
    contract_no = fields.String(allow_none=True)
    visit_on = fields.Date()
    valid_until = fields.Date()
    check_token = fields.String()
    issued_at = UtcTime()
    withdrawn_at = UtcTime(allow_none=True)
    withdraw_reason = fields.String(allow_none=True)
    state = fields.String()
    version = fields.Integer()


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


class RecordArgs(PageArgs):
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


def _line(*, required: bool = False) -> fields.String:
    length = validate.Length(max=300)
    if not required:
        return fields.String(load_default="", validate=length)
    filled = validate.Regexp(r"(?s).*\S", error="This field must be filled in.")
    return fields.String(required=True, validate=[length, filled])


class FailedItemIn(Schema):
    """An item that failed."""

    item = _line(required=True)
    result = _line()
    standard = _line()


class SampleIn(CorrectionIn):
    """The result of a supervision sample, in the columns of the notice."""

    sample_no = _line(required=True)
    case_no = _line(required=True)
    purpose = fields.String(
        required=True, validate=validate.OneOf(("supervision", "monitoring", "inspection"))
    )
    stage = fields.String(
        required=True,
        validate=validate.OneOf(
            ("reported", "notified", "objection_open", "retesting", "confirmed", "final")
        ),
    )
    outcome = fields.String(required=True, validate=validate.OneOf(("pass", "fail")))
    sampled_on = fields.Date(required=True)
    unit_name = _line(required=True)
    unit_code = fields.String(load_default=None, allow_none=True)
    unit_address = _line()
    unit_province = _line(required=True)
    product = _line(required=True)
    producer_name = _line()
    producer_address = _line()
    specification = _line()
    brand = _line()
    produced = _line()
    failed_items = fields.List(fields.Nested(FailedItemIn), load_default=list)
    category = _line()
    task_source = _line()
    laboratory = _line()
    remark = _line()
    serial = Count(required=True)
    announcement_no = _line(required=True)
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


class RecordOut(Schema):
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


PaperPage = page_of(PaperOut, "PaperPage")
PublicPaperPage = page_of(PublicPaperOut, "PublicPaperPage")
ContractPage = page_of(ContractOut, "ContractPage")
NoticePage = page_of(NoticeOut, "NoticePage")
RecordPage = page_of(RecordOut, "RecordPage")
PublicRecordPage = page_of(PublicRecordOut, "PublicRecordPage")
PublicTaskPage = page_of(PublicTaskOut, "PublicTaskPage")
