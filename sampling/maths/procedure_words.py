"""The vocabulary of the procedure: states, acts, parties, kinds of evidence, names of clocks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from registry.maths.packs import Citation, Mark


class Purpose(StrEnum):
    """Why a sample is taken; the two are never mixed."""

    SUPERVISION = "supervision"  # 监督抽查
    MONITORING = "monitoring"  # 风险监测


class Domain(StrEnum):
    """Where it is taken."""

    PRODUCTION = "production"
    SHOP = "shop"
    ONLINE = "online"


class Source(StrEnum):
    """What a case grew from."""

    DRAW = "draw"
    RAPID_TEST = "rapid_test"


class State(StrEnum):
    """Where a case stands."""

    DRAWN = "drawn"
    NOTICED = "noticed"
    ON_SITE = "on_site"
    NOT_SAMPLED = "not_sampled"
    ORDERED = "ordered"
    PARCEL_OPENED = "parcel_opened"
    SAMPLED = "sampled"
    IN_TRANSIT = "in_transit"
    RECEIVED = "received"
    REJECTED_BY_LAB = "rejected_by_lab"
    TESTING = "testing"
    TEST_STOPPED = "test_stopped"
    REPORTED = "reported"
    RISK_ASSESSED = "risk_assessed"
    INFORMED = "informed"
    NOTIFIED = "notified"
    OBJECTION_OPEN = "objection_open"
    HANDLED = "handled"
    VOID = "void"
    RETEST_ORDERED = "retest_ordered"
    FORMALITIES = "formalities"
    LAB2_NAMED = "lab2_named"
    RETESTING = "retesting"
    CONFIRMED = "confirmed"
    FINAL = "final"
    PASS = "pass"  # noqa: S105 - a verdict, not a secret
    STOP_SALE = "stop_sale"
    ORDERED_TO_CORRECT = "ordered_to_correct"
    RECHECK = "recheck"
    RESUMED = "resumed"
    ESCALATED = "escalated"
    ANNOUNCED = "announced"
    RECHECK2 = "recheck2"
    SUSPENDED = "suspended"
    RECHECK3 = "recheck3"
    LICENCE_REVOKED = "licence_revoked"
    CLOSED = "closed"


class Act(StrEnum):
    """What is done."""

    OPEN = "open"
    GIVE_NOTICE = "give-notice"
    ARRIVE = "arrive"
    PLACE_ORDER = "place-order"
    OPEN_PARCEL = "open-parcel"
    NOT_SAMPLE = "not-sample"
    REPORT_NOT_SAMPLED = "report-not-sampled"
    SAMPLE = "sample"
    SEND = "send"
    RECEIVE = "receive"
    REJECT = "reject"
    SAMPLE_AGAIN = "sample-again"
    ORDER_AGAIN = "order-again"
    GIVE_UP = "give-up"
    BEGIN_TEST = "begin-test"
    STOP_TEST = "stop-test"
    CLOSE_STOPPED = "close-stopped"
    REPORT = "report"
    REPORT_FINDINGS = "report-findings"
    ASSESS_RISK = "assess-risk"
    INFORM = "inform"
    NOTIFY = "notify"
    RECORD_RECEIPT = "record-receipt"
    ACKNOWLEDGE = "acknowledge"
    OBJECT = "object"
    RECORD_OBJECTION = "record-objection"
    HANDLE_OBJECTION = "handle-objection"
    UPHOLD = "uphold"
    CONFIRM = "confirm"
    ORDER_RETEST = "order-retest"
    COMPLETE_FORMALITIES = "complete-formalities"
    DEEM_WAIVED = "deem-waived"
    NAME_LABORATORY = "name-laboratory"
    BEGIN_RETEST = "begin-retest"
    REPORT_RETEST = "report-retest"
    END_RETEST = "end-retest"
    SETTLE_PASS = "settle-pass"  # noqa: S105 - a verdict, not a secret
    CLOSE_PASS = "close-pass"  # noqa: S105 - a verdict, not a secret
    STOP_SALE = "stop-sale"
    ORDER_CORRECTION = "order-correction"
    REPORT_CORRECTION = "report-correction"
    BEGIN_RECHECK = "begin-recheck"
    PASS_RECHECK = "pass-recheck"  # noqa: S105 - a verdict, not a secret
    CLOSE_RESUMED = "close-resumed"
    ESCALATE = "escalate"
    ESCALATE_UNCORRECTED = "escalate-uncorrected"
    ANNOUNCE = "announce"
    BEGIN_RECHECK2 = "begin-second-recheck"
    PASS_RECHECK2 = "pass-second-recheck"  # noqa: S105 - a verdict, not a secret
    SUSPEND = "suspend"
    BEGIN_RECHECK3 = "begin-third-recheck"
    PASS_RECHECK3 = "pass-third-recheck"  # noqa: S105 - a verdict, not a secret
    REVOKE = "revoke"
    RECORD_MEASURE = "record-measure"
    END_HANDLING = "end-handling"
    WITHDRAW = "withdraw"


class Party(StrEnum):
    """What an actor is in a case."""

    SAMPLER = "sampler"
    LABORATORY = "laboratory"
    AUTHORITY = "authority"
    LEADER = "leader"
    UNIT = "unit"  # 被抽样单位
    PRODUCER = "producer"  # 标称生产者, where sampled at a seller
    CLOCK = "clock"  # time itself: the daily job


class Kind(StrEnum):
    """What a fact is made of."""

    DAY = "day"
    LINE = "line"
    WORDS = "words"
    COUNT = "count"
    FLAG = "flag"  # must be true where it is needed
    CHOICE = "choice"
    PEOPLE = "people"  # work numbers
    LINES = "lines"
    ITEMS = "items"  # failed items: part, item, measured value, standard value
    FILES = "files"  # SHA-256 of stored files
    PARTIES = "parties"  # who is told, how and when


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact of an act.

    Parameters
    ----------
    name : str
        Its name in forms and programs.
    kind : Kind
        What it is made of.
    is_required : bool
        The act is refused without it.
    choices : tuple of str
        Allowed codes of a choice.
    is_ahead : bool
        A day that must lie in the future; others must not.
    """

    name: str
    kind: Kind
    is_required: bool = True
    choices: tuple[str, ...] = ()
    is_ahead: bool = False


@dataclass(frozen=True, slots=True)
class Start:
    """A clock that an act starts.

    Parameters
    ----------
    rule_id : str
        The rule of the pack.
    trigger : str
        The event the act is; a rule with another trigger is started elsewhere.
    on : str
        The fact that is the day of the event; empty: today.
    is_needed : bool
        False for duties that only some packs know.
    verdict : str or None
        Only where this verdict stands.
    """

    rule_id: str
    trigger: str
    on: str = ""
    is_needed: bool = True
    verdict: str | None = None


def day(name: str, *, required: bool = True, is_ahead: bool = False) -> Evidence:
    """A calendar day."""
    return Evidence(name, Kind.DAY, required, is_ahead=is_ahead)


def line(name: str, *, required: bool = True) -> Evidence:
    """A short text."""
    return Evidence(name, Kind.LINE, required)


def words(name: str, *, required: bool = True) -> Evidence:
    """A longer text."""
    return Evidence(name, Kind.WORDS, required)


def count(name: str, *, required: bool = True) -> Evidence:
    """A whole number of at least zero."""
    return Evidence(name, Kind.COUNT, required)


def flag(name: str, *, required: bool = True) -> Evidence:
    """A claim; false is the same as absent."""
    return Evidence(name, Kind.FLAG, required)


def choice(name: str, *choices: str) -> Evidence:
    """One of a few codes."""
    return Evidence(name, Kind.CHOICE, True, choices)


def people(name: str) -> Evidence:
    """Work numbers of people."""
    return Evidence(name, Kind.PEOPLE)


def lines(name: str, *, required: bool = True) -> Evidence:
    """Short texts, one a line."""
    return Evidence(name, Kind.LINES, required)


def items(name: str, *, required: bool = True) -> Evidence:
    """Failed items."""
    return Evidence(name, Kind.ITEMS, required)


def files(name: str, *, required: bool = True) -> Evidence:
    """Files, by their SHA-256."""
    return Evidence(name, Kind.FILES, required)


def parties(name: str) -> Evidence:
    """Who is told, how and when."""
    return Evidence(name, Kind.PARTIES)


FIELD_DOMAINS = frozenset({Domain.PRODUCTION, Domain.SHOP})
ONLINE = frozenset({Domain.ONLINE})
SUPERVISION_ONLY = frozenset({Purpose.SUPERVISION})
MONITORING_ONLY = frozenset({Purpose.MONITORING})

# Rules of the packs that are clocks of a case.
CLOCK_REPORT = "sampling.report"
CLOCK_NOTIFY = "result.notify"
CLOCK_OBJECT = "objection.raise"
CLOCK_DECIDE = "objection.decide"
CLOCK_FORMALITIES = "retest.formalities"
CLOCK_LABORATORY = "retest.laboratory"
CLOCK_RETURN = "sample.return"
CLOCK_ORDER = "failure.order"
CLOCK_FIX = "failure.correct"
CLOCK_RECHECK = "failure.recheck"
CLOCK_RECHECK2 = "failure.second-recheck"
# Its length is set by the order that suspends: no rule of a pack.
CLOCK_SUSPENSION = "failure.suspension"
RULE_SAMPLERS = "sampling.samplers"

_ORDER_18 = "产品质量监督抽查管理暂行办法 (SAMR Order 18)"
_LAW = "产品质量法"

CITATIONS: dict[str, Citation] = {
    "draw": Citation(_ORDER_18, "art. 15", Mark.MEMORY),
    "notice": Citation(_ORDER_18, "art. 16", Mark.MEMORY),
    "not-sampled": Citation(_ORDER_18, "arts 17, 18, 20, 21", Mark.MEMORY),
    "seal": Citation(_ORDER_18, "arts 19, 22, 23", Mark.MEMORY),
    "carry": Citation(_ORDER_18, "art. 24", Mark.MEMORY),
    "online": Citation(_ORDER_18, "arts 25-27", Mark.MEMORY),
    "parcel": Citation(_ORDER_18, "art. 28", Mark.MEMORY),
    "intake": Citation(_ORDER_18, "art. 29", Mark.MEMORY),
    "licence-check": Citation(_ORDER_18, "arts 9, 30", Mark.MEMORY),
    "report": Citation(_ORDER_18, "art. 33", Mark.MEMORY),
    "monitoring": Citation(
        "山东省产品质量安全风险监控工作规范 (2021-04-03)", "arts 1-6", Mark.TEXT
    ),
    "sample-return": Citation(_ORDER_18, "art. 34", Mark.MEMORY),
    "notify": Citation(_ORDER_18, "art. 35", Mark.MEMORY),
    "objection": Citation(_LAW, "art. 15", Mark.TEXT, "Also Order 18 art. 36."),
    "objection-handled": Citation(_ORDER_18, "art. 37", Mark.MEMORY),
    "retest": Citation(_ORDER_18, "art. 37", Mark.MEMORY),
    "formalities": Citation(_ORDER_18, "art. 38", Mark.MEMORY),
    "second-laboratory": Citation(_ORDER_18, "art. 39", Mark.MEMORY),
    "retained-gone": Citation(_ORDER_18, "art. 40", Mark.MEMORY),
    "retest-result": Citation(_ORDER_18, "art. 42", Mark.MEMORY),
    "beside": Citation(_ORDER_18, "art. 44", Mark.TEXT),
    "stop-sale": Citation(_ORDER_18, "art. 45", Mark.TEXT),
    "correction": Citation(_ORDER_18, "art. 46", Mark.TEXT),
    "recheck": Citation(_ORDER_18, "arts 47, 49", Mark.TEXT),
    "announcement": Citation(_ORDER_18, "art. 47", Mark.TEXT, "Also 产品质量法 art. 17."),
    "second-recheck": Citation(_ORDER_18, "art. 48", Mark.TEXT, "Also 产品质量法 art. 17."),
}
