"""Shapes of papers, contracts and notices."""

from __future__ import annotations

from marshmallow import fields, validate

from api.paging import PageArgs
from api.schemas.fields import Schema, UtcTime, page_of

KINDS = ("item_list", "annual_plan", "scheme", "rules")
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


class NoticeSamplerOut(Schema):
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
    samplers = fields.List(fields.Nested(NoticeSamplerOut))
    contract_no = fields.String(allow_none=True)
    visit_on = fields.Date()
    valid_until = fields.Date()
    check_token = fields.String()
    issued_at = UtcTime()
    withdrawn_at = UtcTime(allow_none=True)
    withdraw_reason = fields.String(allow_none=True)
    state = fields.String()
    version = fields.Integer()


PaperPage = page_of(PaperOut, "PaperPage")
PublicPaperPage = page_of(PublicPaperOut, "PublicPaperPage")
ContractPage = page_of(ContractOut, "ContractPage")
NoticePage = page_of(NoticeOut, "NoticePage")
