"""Shapes of sampling cases: what acts bring, what staff and the parties read."""

from __future__ import annotations

from flask_smorest.fields import Upload
from marshmallow import fields, validate

from api.paging import PageArgs
from api.schemas.fields import Schema, UtcTime, page_of
from api.schemas.traceability import DIRECTIONS
from sampling.maths.procedure_words import Domain, Kind, Purpose, State

SHORT = validate.Length(min=1, max=200)


class CaseArgs(PageArgs):
    """Which cases."""

    state = fields.String(load_default=None, validate=validate.OneOf([one.value for one in State]))
    purpose = fields.String(
        load_default=None, validate=validate.OneOf([one.value for one in Purpose])
    )
    plan = fields.String(load_default=None, attribute="plan_no", data_key="plan")
    q = fields.String(load_default=None, attribute="text", data_key="q")
    overdue = fields.Boolean(load_default=False)
    due_by = fields.Date(load_default=None)
    open_only = fields.Boolean(load_default=False)


class CasesIn(Schema):
    """Cases to open for drawn units; without codes, for all that have none yet."""

    codes = fields.List(fields.String(validate=SHORT), load_default=None, allow_none=True)
    purpose = fields.Enum(Purpose, by_value=True, load_default=Purpose.SUPERVISION)
    domain = fields.Enum(Domain, by_value=True, load_default=Domain.PRODUCTION)
    platform = fields.String(load_default=None, validate=SHORT)
    product = fields.String(load_default="", validate=validate.Length(max=200))
    brand = fields.String(load_default=None, validate=SHORT)
    model = fields.String(load_default=None, validate=SHORT)
    lot_no = fields.String(load_default=None, validate=SHORT)


class CaseActIn(Schema):
    """The facts of an act, named as the procedure names them."""

    facts = fields.Dict(
        keys=fields.String(),
        load_default=dict,
        metadata={"description": "see GET /api/v1/sampling/procedure for the facts of each act"},
    )


class CaseDeclineIn(Schema):
    """Why a proposal is declined."""

    reason = fields.String(required=True, validate=validate.Length(min=1, max=4000))


class CaseCitationOut(Schema):
    """Where a rule stands, and how well it is attested."""

    source = fields.String()
    article = fields.String()
    mark = fields.String(attribute="mark.value")
    note = fields.String()


class CaseClockOut(Schema):
    """A legal clock of a case."""

    rule_id = fields.String()
    title_zh = fields.String()
    title_en = fields.String()
    party = fields.String(allow_none=True)
    responsible = fields.String()
    on_expiry = fields.String()
    statutory = fields.Boolean()
    citation = fields.Nested(CaseCitationOut)
    started_on = fields.Date()
    opens_on = fields.Date(allow_none=True)
    due_on = fields.Date()
    expires_at = UtcTime()
    is_provisional = fields.Boolean()
    provisional_reason = fields.String(allow_none=True)
    met_at = UtcTime(allow_none=True)
    breached_at = UtcTime(allow_none=True)
    standing = fields.String()


class CaseLineOut(Schema):
    """One case in a list."""

    no = fields.String()
    purpose = fields.String()
    domain = fields.String()
    source = fields.String()
    plan = fields.String(attribute="plan_no", allow_none=True)
    unit_code = fields.String(allow_none=True)
    enterprise = fields.String()
    product = fields.String()
    state = fields.String()
    verdict = fields.String(allow_none=True)
    opened_at = UtcTime()
    acted_on = fields.Date()
    overdue = fields.List(fields.Nested(CaseClockOut))
    next_due = fields.Nested(CaseClockOut, allow_none=True)


CasePage = page_of(CaseLineOut, "CasePage")


class CasePartyOut(Schema):
    """Who was told of the result, and when it was received."""

    role = fields.String()
    name = fields.String()
    may_object = fields.Boolean()
    channel = fields.String()
    sent_on = fields.Date()
    sent_at = UtcTime()
    received_on = fields.Date(allow_none=True)
    received_at = UtcTime(allow_none=True)
    manner = fields.String(allow_none=True)


class CaseObjectionOut(Schema):
    """An objection and what became of it."""

    number = fields.Integer()
    kind = fields.String()
    statement = fields.String()
    disputed_items = fields.List(fields.String())
    objected_on = fields.Date()
    outcome = fields.String(allow_none=True)
    decided_on = fields.Date(allow_none=True)
    grounds = fields.String(allow_none=True)


class CaseFailedItemOut(Schema):
    """An item that does not conform."""

    part = fields.String()
    item = fields.String()
    measured = fields.String()
    standard = fields.String()
    is_serious = fields.Boolean()


class CaseTestOut(Schema):
    """A report with its three verdicts; a monitoring sample has findings and none."""

    round = fields.String()
    laboratory = fields.String()
    report_no = fields.String()
    reported_on = fields.Date()
    physical = fields.String(allow_none=True)
    label = fields.String(allow_none=True)
    overall = fields.String(allow_none=True)
    tested_items = fields.Integer(allow_none=True)
    failed_items = fields.List(fields.Nested(CaseFailedItemOut))
    findings = fields.String(allow_none=True)


class CaseStoredFileOut(Schema):
    """A file that is evidence of an act."""

    act = fields.String()
    name = fields.String()
    sha256 = fields.String()
    file_name = fields.String()
    size = fields.Integer()
    added_at = UtcTime()


class CaseProposalOut(Schema):
    """A grave step that waits for a second person."""

    act = fields.String()
    facts = fields.Dict()
    proposed_by = fields.Integer()
    proposed_at = UtcTime()


class CaseOut(Schema):
    """A case with everything the caller may see."""

    no = fields.String(attribute="case.no")
    purpose = fields.String(attribute="case.purpose")
    domain = fields.String(attribute="case.domain")
    source = fields.String(attribute="case.source")
    plan = fields.String(attribute="line.plan_no", allow_none=True)
    unit_code = fields.String(attribute="case.unit_code", allow_none=True)
    enterprise = fields.String(attribute="line.enterprise")
    enterprise_code = fields.String()
    pack = fields.String(attribute="case.pack")
    state = fields.String(attribute="case.state")
    product = fields.String(attribute="case.product")
    brand = fields.String(attribute="case.brand", allow_none=True)
    model = fields.String(attribute="case.model", allow_none=True)
    lot_no = fields.String(attribute="case.lot_no", allow_none=True)
    producer_name = fields.String(attribute="case.producer_name", allow_none=True)
    platform_name = fields.String(attribute="case.platform_name", allow_none=True)
    record_no = fields.String(attribute="case.record_no", allow_none=True)
    laboratory = fields.String(attribute="case.laboratory", allow_none=True)
    second_laboratory = fields.String(attribute="case.second_laboratory", allow_none=True)
    not_sampled_reason = fields.String(attribute="case.not_sampled_reason", allow_none=True)
    verdict = fields.String(attribute="case.verdict", allow_none=True)
    standing_items = fields.List(
        fields.Nested(CaseFailedItemOut), attribute="case.standing_items", allow_none=True
    )
    confirmed_at = UtcTime(attribute="case.confirmed_at", allow_none=True)
    void_reason = fields.String(attribute="case.void_reason", allow_none=True)
    opened_at = UtcTime(attribute="case.opened_at")
    version = fields.Integer(attribute="case.version")
    parties = fields.List(fields.Nested(CasePartyOut))
    objections = fields.List(fields.Nested(CaseObjectionOut))
    tests = fields.List(fields.Nested(CaseTestOut))
    clocks = fields.List(fields.Nested(CaseClockOut))
    files = fields.List(fields.Nested(CaseStoredFileOut))
    proposal = fields.Nested(CaseProposalOut, allow_none=True)
    rapid_test = fields.String(attribute="rapid_test.no", allow_none=True)
    actions = fields.List(fields.String())


class CasesOpenedOut(Schema):
    """Cases that were opened."""

    numbers = fields.List(fields.String())


class CaseEntryOut(Schema):
    """One entry of a case's chained history."""

    sequence = fields.Integer()
    kind = fields.String()
    body = fields.Dict()
    recorded_at = UtcTime()
    hash = fields.String()


class CaseUpload(Schema):
    """A file for an act to come."""

    file = Upload(required=True)


class CaseUploadOut(Schema):
    """How an act names the file."""

    sha256 = fields.String()
    size = fields.Integer()


class CaseEvidenceOut(Schema):
    """One fact of an act."""

    name = fields.String()
    kind = fields.String(metadata={"enum": [one.value for one in Kind]})
    is_required = fields.Boolean()
    choices = fields.List(fields.String())


class CaseMoveOut(Schema):
    """One row of the procedure."""

    act = fields.String()
    sources = fields.List(fields.String())
    target = fields.String(allow_none=True)
    parties = fields.List(fields.String())
    purposes = fields.List(fields.String())
    domains = fields.List(fields.String())
    verdict = fields.String(allow_none=True)
    is_grave = fields.Boolean()
    evidence = fields.List(fields.Nested(CaseEvidenceOut))
    starts = fields.List(fields.String())
    meets = fields.List(fields.String())
    citation = fields.Nested(CaseCitationOut)


class RapidTestIn(Schema):
    """The reading of a rapid test."""

    enterprise_code = fields.String(required=True, validate=SHORT)
    product = fields.String(required=True, validate=SHORT)
    lot_no = fields.String(load_default=None, validate=SHORT)
    item = fields.String(required=True, validate=SHORT)
    method = fields.String(required=True, validate=SHORT)
    reading = fields.String(
        required=True, validate=validate.OneOf(["positive", "negative", "unclear"])
    )
    measured = fields.String(load_default=None, validate=SHORT)
    tested_on = fields.Date(required=True)
    place = fields.String(load_default=None, validate=SHORT)


class RapidTestOut(Schema):
    """A rapid test: a reason to sample, never a verdict."""

    no = fields.String()
    product = fields.String()
    lot_no = fields.String(allow_none=True)
    item = fields.String()
    method = fields.String()
    reading = fields.String()
    measured = fields.String(allow_none=True)
    tested_on = fields.Date()
    place = fields.String(allow_none=True)
    recorded_at = UtcTime()


RapidTestPage = page_of(RapidTestOut, "RapidTestPage")


class RapidCaseIn(Schema):
    """What kind of sample is taken because of a rapid test."""

    purpose = fields.Enum(Purpose, by_value=True, load_default=Purpose.SUPERVISION)
    domain = fields.Enum(Domain, by_value=True, load_default=Domain.SHOP)


class CaseTraceArgs(Schema):
    """Which way to trace the lot of a case."""

    direction = fields.String(load_default="both", validate=validate.OneOf(DIRECTIONS))
