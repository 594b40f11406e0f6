"""Shapes of recalls: what an enterprise files, what staff read, what everybody reads."""

from __future__ import annotations

from marshmallow import ValidationError, fields, validate

from api.paging import PageArgs
from api.schemas.fields import Count, Quantity, Schema, UtcTime, page_of
from core.clocks import Standing
from recall.maths.affected import DecidingField, Verdict
from recall.maths.lifecycle import State
from recall.maths.notice import Remedy
from recall.maths.scope import Evidence
from registry.maths.codes import check_gtin

SHORT = validate.Length(min=1, max=200)
LONG = validate.Length(min=1, max=4000)


def valid_gtin(text: str) -> None:
    """Refuse a search by a number that no product can have: it would find nothing, falsely."""
    if text and not (check := check_gtin(text)).valid:
        raise ValidationError(check.problems[0].message)


class RecallPlanIn(Schema):
    """What the producer plans to do."""

    instruction = fields.String(required=True, validate=LONG)
    remedies = fields.List(
        fields.Enum(Remedy, by_value=True), required=True, validate=validate.Length(min=1, max=6)
    )
    measures = fields.String(required=True, validate=LONG)
    contact = fields.String(required=True, validate=SHORT)
    starts_on = fields.Date(required=True)


class RecallIn(Schema):
    """A recall as its producer files it."""

    lot_no = fields.String(required=True, validate=SHORT)
    gtin = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=30))
    product = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))
    brand = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))
    model = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))
    found_on = fields.Date(required=True)
    is_serious = fields.Boolean(load_default=False)
    defect = fields.String(required=True, validate=LONG)
    hazard = fields.String(required=True, validate=LONG)
    consequence = fields.String(required=True, validate=LONG)
    origin = fields.String(load_default="", validate=validate.Length(max=500))
    quantity = Quantity(
        load_default=None, allow_none=True, validate=validate.Range(min=0, max=10**12)
    )
    unit = fields.String(load_default="", validate=validate.Length(max=20))
    plan = fields.Nested(RecallPlanIn, load_default=None, allow_none=True)


class RecallPlanReturnIn(Schema):
    """Why a plan is sent back, and until when."""

    deficiencies = fields.String(required=True, validate=LONG)
    due_on = fields.Date(required=True)


class RecallBeginIn(Schema):
    """Sellers are told; the recall begins."""

    sellers_told_on = fields.Date(required=True)


class RecallStageReportIn(Schema):
    """How far the recall is."""

    units_recovered = Count(required=True)
    narrative = fields.String(required=True, validate=LONG)


class RecallEndIn(Schema):
    """The active phase ends; the remedy does not."""

    reason = fields.String(required=True, validate=LONG)
    units_recovered = Count(required=True)


class RecallSummaryIn(Schema):
    """What the recall achieved."""

    summary = fields.String(required=True, validate=LONG)
    units_recovered = Count(required=True)
    units_disposed = Count(required=True)


class RecallVoidIn(Schema):
    """Why a recall is void."""

    reason = fields.String(required=True, validate=LONG)


class RecallCitationOut(Schema):
    """Where a number stands, and how well it is attested."""

    source = fields.String()
    article = fields.String()
    mark = fields.String(attribute="mark.value")
    note = fields.String()


class RecallDeadlineOut(Schema):
    """A legal clock."""

    rule_id = fields.String()
    title_zh = fields.String()
    title_en = fields.String()
    responsible = fields.String(allow_none=True)
    on_expiry = fields.String(allow_none=True)
    statutory = fields.Boolean()
    citation = fields.Nested(RecallCitationOut)
    occurrence = fields.Integer()
    started_on = fields.Date()
    due_on = fields.Date()
    expires_at = UtcTime()
    provisional = fields.Boolean()
    provisional_reason = fields.String(allow_none=True)
    met_at = UtcTime(allow_none=True)
    standing = fields.String(metadata={"enum": [*(one.value for one in Standing), "cancelled"]})


class RecallAmountOut(Schema):
    """An exact quantity (low equals high), or its bounds; null where no bound is known."""

    low = fields.String(allow_none=True)
    high = fields.String(allow_none=True)


class RecallLineAmountsOut(Schema):
    """What became of a lot in one pair of hands."""

    came = fields.Nested(RecallAmountOut)
    passed_on = fields.Nested(RecallAmountOut)
    sold = fields.Nested(RecallAmountOut)
    destroyed = fields.Nested(RecallAmountOut)
    consumed = fields.Nested(RecallAmountOut)
    on_hand = fields.Nested(RecallAmountOut)
    unaccounted = fields.Nested(RecallAmountOut)


class RecallBalanceOut(Schema):
    """The recalled lot over all hands."""

    produced = fields.Nested(RecallAmountOut)
    held = fields.Nested(RecallAmountOut)
    sold = fields.Nested(RecallAmountOut)
    destroyed = fields.Nested(RecallAmountOut)
    consumed = fields.Nested(RecallAmountOut)
    unaccounted = fields.Nested(RecallAmountOut)


class RecallScopeLineOut(Schema):
    """One lot in one pair of hands."""

    lot_no = fields.String()
    gtin = fields.String(allow_none=True)
    product = fields.String()
    holder = fields.String(attribute="holder_name")
    holder_code = fields.String()
    depth = fields.Integer()
    evidence = fields.String(metadata={"enum": [one.value for one in Evidence]})
    certain = fields.Boolean(attribute="is_certain")
    unit = fields.String()
    amounts = fields.Nested(RecallLineAmountsOut)


class RecallScopeOut(Schema):
    """Which lots are in, in whose hands, and what nobody can place."""

    edition = fields.Integer(attribute="scope.edition")
    basis = fields.String(attribute="scope.basis")
    pending = fields.Boolean(attribute="recall.scope_pending")
    balance = fields.Nested(RecallBalanceOut, attribute="scope.balance")
    unit = fields.String(attribute="scope.unit")
    oddities = fields.List(fields.String(), attribute="scope.oddities")
    gaps = fields.Integer(attribute="scope.gaps")
    truncated = fields.Boolean(attribute="scope.is_truncated")
    trace_sha256 = fields.String(attribute="scope.trace_digest")
    lines = fields.List(fields.Nested(RecallScopeLineOut))


class RecallPlanOut(Schema):
    """The plan in its latest edition."""

    edition = fields.Integer()
    instruction = fields.String()
    remedies = fields.List(fields.String())
    measures = fields.String()
    contact = fields.String()
    starts_on = fields.Date()
    filed_at = UtcTime()


class RecallCaseOut(Schema):
    """The ground of the recall."""

    number = fields.String()
    found_on = fields.Date()
    is_serious = fields.Boolean()
    defect = fields.String()
    hazard = fields.String()
    consequence = fields.String()
    origin = fields.String()


class RecallOut(Schema):
    """Everything about one recall, for its producer and for staff."""

    number = fields.String(attribute="recall.number")
    state = fields.String(attribute="recall.state", metadata={"enum": [s.value for s in State]})
    void_reason = fields.String(attribute="recall.void_reason", allow_none=True)
    enterprise = fields.String()
    product = fields.String(attribute="recall.product")
    brand = fields.String(attribute="recall.brand")
    model = fields.String(attribute="recall.model")
    gtin = fields.String(attribute="recall.gtin", allow_none=True)
    lot_no = fields.String(attribute="recall.lot_no")
    reported_at = UtcTime(attribute="recall.reported_at")
    announced_at = UtcTime(attribute="recall.announced_at", allow_none=True)
    case = fields.Nested(RecallCaseOut)
    plan = fields.Nested(RecallPlanOut, allow_none=True)
    scope = fields.Nested(RecallScopeOut, attribute="whole")
    deadlines = fields.List(fields.Nested(RecallDeadlineOut))
    actions = fields.List(fields.String())
    notice_sha256 = fields.String(attribute="notice.sha256", allow_none=True)
    version = fields.Integer(attribute="recall.version")


class RecallArgs(PageArgs):
    """Filters of the recall list."""

    state = fields.String(
        load_default=None, validate=validate.OneOf([state.value for state in State])
    )
    overdue = fields.Boolean(load_default=False)
    open_only = fields.Boolean(load_default=False)


class RecallLineOut(Schema):
    """One recall in the list."""

    number = fields.String()
    state = fields.String()
    enterprise = fields.String()
    product = fields.String()
    brand = fields.String()
    model = fields.String()
    gtin = fields.String(allow_none=True)
    lot_no = fields.String()
    reported_at = UtcTime()
    announced_at = UtcTime(allow_none=True)
    overdue = fields.List(fields.Nested(RecallDeadlineOut))
    next_due = fields.Nested(RecallDeadlineOut, allow_none=True)


RecallPage = page_of(RecallLineOut, "RecallPage")


class RecallHistoryEntryOut(Schema):
    """One entry of the chained history."""

    sequence = fields.Integer()
    kind = fields.String()
    body = fields.Dict()
    recorded_at = UtcTime()
    hash = fields.String()


class RecallNoticeItemOut(Schema):
    """One lot of one product that is called back."""

    gtin = fields.String(allow_none=True)
    product = fields.String()
    lot = fields.String()


class RecallNoticeTextOut(Schema):
    """The words of a notice, exactly as approved."""

    number = fields.String()
    enterprise = fields.String()
    product = fields.String()
    brand = fields.String()
    model = fields.String()
    items = fields.List(fields.Nested(RecallNoticeItemOut))
    quantity = fields.String()
    unit = fields.String()
    defect = fields.String()
    hazard = fields.String()
    consequence = fields.String()
    instruction = fields.String()
    remedies = fields.List(fields.String())
    measures = fields.String()
    contact = fields.String()
    starts_on = fields.String()


class RecallNoticeProblemOut(Schema):
    """What still keeps a notice back."""

    field = fields.String()
    slip = fields.String(attribute="slip.value")
    word = fields.String()


class RecallNoticePreviewOut(Schema):
    """The notice as it would be published now."""

    text = fields.Nested(RecallNoticeTextOut)
    sha256 = fields.String()
    problems = fields.List(fields.Nested(RecallNoticeProblemOut))


class PublicRecallOut(Schema):
    """A published recall."""

    number = fields.String()
    state = fields.String()
    void_reason = fields.String(allow_none=True)
    published_at = UtcTime()
    edition = fields.Integer()
    sha256 = fields.String(
        metadata={"description": "SHA-256 of the RFC 8785 form of `notice`, hexadecimal"}
    )
    notice = fields.Nested(RecallNoticeTextOut, attribute="text")


class PublicRecallArgs(PageArgs):
    """Search of published recalls."""

    q = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={"description": "words, each of which must occur"},
    )
    gtin = fields.String(load_default="", validate=valid_gtin)
    lot = fields.String(load_default="", validate=validate.Length(max=200))
    brand = fields.String(load_default="", validate=validate.Length(max=200))
    model = fields.String(load_default="", validate=validate.Length(max=200))


PublicRecallPage = page_of(PublicRecallOut, "PublicRecallPage")


class RecallCheckItemIn(Schema):
    """What the label says."""

    gtin = fields.String(load_default="", validate=validate.Length(max=30))
    brand = fields.String(load_default="", validate=validate.Length(max=200))
    model = fields.String(load_default="", validate=validate.Length(max=200))
    lot = fields.String(load_default="", validate=validate.Length(max=200))


class RecallCheckIn(Schema):
    """Items to check."""

    items = fields.List(
        fields.Nested(RecallCheckItemIn), required=True, validate=validate.Length(min=1, max=1000)
    )


class RecallAnswerOut(Schema):
    """Is it affected, and by which field of the label. Nothing found does not mean safe."""

    verdict = fields.Enum(Verdict, by_value=True)
    deciding = fields.Enum(DecidingField, by_value=True, allow_none=True)
    recalls = fields.List(fields.String())


class RecallCheckOut(Schema):
    """One answer for each item, in the order asked."""

    answers = fields.List(fields.Nested(RecallAnswerOut))
