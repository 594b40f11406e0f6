"""Life of a sampling case (监督抽查) after the draw: one table of states and lawful moves.

Each row says who acts, with what evidence, which legal clocks start, stop, pause or are met, and
which article it rests on. The service asks `judge` before every change, pages and programs take
their fields from the same rows, so that the law of the procedure stands in one place. How long a
clock runs is data of the rule packs; here stands only its name and the event that starts it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from sampling.maths.procedure_words import (
    CLOCK_DECIDE,
    CLOCK_FIX,
    CLOCK_FORMALITIES,
    CLOCK_LABORATORY,
    CLOCK_NOTIFY,
    CLOCK_OBJECT,
    CLOCK_ORDER,
    CLOCK_RECHECK,
    CLOCK_RECHECK2,
    CLOCK_REPORT,
    CLOCK_RETURN,
    CLOCK_SUSPENSION,
    FIELD_DOMAINS,
    MONITORING_ONLY,
    ONLINE,
    SUPERVISION_ONLY,
    Act,
    Domain,
    Evidence,
    Party,
    Purpose,
    Start,
    State,
    choice,
    count,
    day,
    files,
    flag,
    items,
    line,
    lines,
    parties,
    people,
    words,
)

# Nothing is left to do. An assessed risk may still be told to those concerned.
TERMINAL = frozenset(
    {
        State.NOT_SAMPLED,
        State.VOID,
        State.CLOSED,
        State.LICENCE_REVOKED,
        State.INFORMED,
        State.RISK_ASSESSED,
    }
)
# The failed ways, from the confirmed failure on.
FAILURE = frozenset(
    {
        State.STOP_SALE,
        State.ORDERED_TO_CORRECT,
        State.RECHECK,
        State.RESUMED,
        State.ESCALATED,
        State.ANNOUNCED,
        State.RECHECK2,
        State.SUSPENDED,
        State.RECHECK3,
    }
)
# A monitoring sample (风险监测) knows these and no other: no verdict, no order, no publication.
MONITORING_STATES = frozenset(
    {
        State.DRAWN,
        State.NOTICED,
        State.ON_SITE,
        State.NOT_SAMPLED,
        State.ORDERED,
        State.PARCEL_OPENED,
        State.SAMPLED,
        State.IN_TRANSIT,
        State.RECEIVED,
        State.REJECTED_BY_LAB,
        State.TESTING,
        State.REPORTED,
        State.RISK_ASSESSED,
        State.INFORMED,
        State.VOID,
    }
)
# A case that stands in one of these may be published; before them nothing may.
STANDING_STATES = frozenset(
    {State.CONFIRMED, State.FINAL, State.PASS, State.CLOSED, State.LICENCE_REVOKED, *FAILURE}
)
_BEFORE_REPORT = frozenset(
    {
        State.DRAWN,
        State.NOTICED,
        State.ON_SITE,
        State.ORDERED,
        State.PARCEL_OPENED,
        State.SAMPLED,
        State.IN_TRANSIT,
        State.RECEIVED,
        State.REJECTED_BY_LAB,
        State.TESTING,
    }
)


@dataclass(frozen=True, slots=True)
class Move:
    """One lawful move.

    Parameters
    ----------
    act : Act
        What is done.
    sources : frozenset of State
        States it starts from; empty for the first move.
    target : State or None
        State it leads to; ``None`` for an act that changes none.
    parties : frozenset of Party
        Who may do it.
    cites : str
        Key of its article in `procedure_words.CITATIONS`.
    evidence : tuple of Evidence
        Facts that come with it.
    purposes, domains : frozenset
        Cases that know this move.
    verdict : str or None
        The standing verdict it needs, "pass" or "fail".
    on : str
        The fact that is the day of the act; empty: today.
    in_order : bool
        The day may not lie before the day of the step before.
    starts : tuple of Start
        Clocks it starts, each with the event that the rule must name as its trigger.
    meets, stops, pauses, resumes : tuple of str
        Clocks (rule ids) whose duty it fulfils, ends, holds or lets run on.
    is_grave : bool
        Needs two people: one proposes, another approves.
    """

    act: Act
    sources: frozenset[State]
    target: State | None
    parties: frozenset[Party]
    cites: str
    evidence: tuple[Evidence, ...] = ()
    purposes: frozenset[Purpose] = frozenset(Purpose)
    domains: frozenset[Domain] = frozenset(Domain)
    verdict: str | None = None
    on: str = ""
    in_order: bool = True
    starts: tuple[Start, ...] = ()
    meets: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    pauses: tuple[str, ...] = ()
    resumes: tuple[str, ...] = ()
    is_grave: bool = False


class Hindrance(StrEnum):
    """Why a move is refused."""

    PARTY = "party"
    STATE = "state"
    PURPOSE = "purpose"
    DOMAIN = "domain"
    VERDICT = "verdict"
    EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class Ruling:
    """Answer to "may this be done now, by these parties, with this evidence?".

    Parameters
    ----------
    move : Move
        The row of the table.
    hindrance : Hindrance or None
        Why not; ``None`` if it may be done.
    missing : tuple of str
        Evidence that is absent or empty.
    """

    move: Move
    hindrance: Hindrance | None = None
    missing: tuple[str, ...] = ()


def _on(*states: State) -> frozenset[State]:
    return frozenset(states)


_SAMPLER = frozenset({Party.SAMPLER})
_LABORATORY = frozenset({Party.LABORATORY})
_AUTHORITY = frozenset({Party.AUTHORITY})
_LEADER = frozenset({Party.LEADER})
_ENTERPRISES = frozenset({Party.UNIT, Party.PRODUCER})
_ORDER_FACTS = (
    day("ordered_on"),
    line("order_no"),
    line("shop"),
    line("platform"),
    people("samplers"),
    files("screenshots"),
)
_VERDICTS = (
    day("reported_on"),
    line("report_no"),
    choice("physical", "pass", "fail", "not_judged"),
    choice("label", "pass", "fail", "not_judged"),
    choice("overall", "pass", "fail"),
    count("tested_items"),
    items("failed_items", required=False),
    files("report"),
)
_OBJECTION = (
    choice("kind", "process", "authenticity", "conclusion"),
    words("statement"),
    lines("disputed_items", required=False),
    files("material", required=False),
)
_OBJECTION_STARTS = (
    Start(CLOCK_DECIDE, "objection.received", "objected_on"),
    Start(CLOCK_LABORATORY, "objection.received", "objected_on"),
)
_RECHECK_PASS = (day("reported_on"), line("report_no"), line("laboratory"), files("report"))
_RECHECK_FAIL = (*_RECHECK_PASS, items("failed_items"))
_DISPUTE = _on(State.OBJECTION_OPEN, State.HANDLED)
_FREE_TO_OBJECT = _on(State.NOTIFIED, State.OBJECTION_OPEN, State.HANDLED)
_RETEST = _on(State.RETEST_ORDERED, State.FORMALITIES, State.LAB2_NAMED, State.RETESTING)
_STANDS = _on(State.CONFIRMED, State.FINAL)
_FAILED_CONFIRMED = Start(CLOCK_ORDER, "failure.confirmed", verdict="fail")

_ROWS: tuple[Move, ...] = (
    Move(Act.OPEN, frozenset(), State.DRAWN, _LEADER, "draw"),
    # ---- sampling --------------------------------------------------------------------------
    Move(
        Act.GIVE_NOTICE,
        _on(State.DRAWN),
        State.NOTICED,
        _SAMPLER,
        "notice",
        (
            day("noticed_on"),
            line("notice_no"),
            people("samplers"),
            line("entrustment_no", required=False),
            words("stand_in_reason", required=False),
        ),
        domains=FIELD_DOMAINS,
        on="noticed_on",
    ),
    Move(
        Act.ARRIVE,
        _on(State.NOTICED),
        State.ON_SITE,
        _SAMPLER,
        "notice",
        (day("arrived_on"), files("photos", required=False)),
        domains=FIELD_DOMAINS,
        on="arrived_on",
    ),
    Move(
        Act.PLACE_ORDER,
        _on(State.DRAWN),
        State.ORDERED,
        _SAMPLER,
        "online",
        (*_ORDER_FACTS, words("stand_in_reason", required=False)),
        domains=ONLINE,
        on="ordered_on",
    ),
    Move(
        Act.OPEN_PARCEL,
        _on(State.ORDERED),
        State.PARCEL_OPENED,
        _SAMPLER,
        "parcel",
        (day("opened_on"), line("notice_no"), files("video")),
        domains=ONLINE,
        on="opened_on",
    ),
    Move(
        Act.NOT_SAMPLE,
        _on(State.NOTICED, State.ON_SITE, State.ORDERED, State.PARCEL_OPENED),
        State.NOT_SAMPLED,
        _SAMPLER,
        "not-sampled",
        (
            day("found_on"),
            choice("reason", "cannot", "must_not", "refused", "ended"),
            words("detail"),
            files("photos", required=False),
        ),
        on="found_on",
        starts=(Start(CLOCK_REPORT, "sampling.not-done", "found_on"),),
    ),
    Move(
        Act.REPORT_NOT_SAMPLED,
        _on(State.NOT_SAMPLED),
        None,
        _SAMPLER,
        "not-sampled",
        (day("told_on"), line("told_to")),
        on="told_on",
        meets=(CLOCK_REPORT,),
    ),
    Move(
        Act.SAMPLE,
        _on(State.ON_SITE, State.PARCEL_OPENED),
        State.SAMPLED,
        _SAMPLER,
        "seal",
        (
            day("sampled_on"),
            line("record_no"),
            line("product", required=False),
            line("brand", required=False),
            line("model", required=False),
            line("lot_no", required=False),
            line("producer", required=False),
            line("producer_code", required=False),
            line("producer_region", required=False),
            count("test_samples"),
            count("retained_samples"),
            line("seal_no"),
            line("retained_place", required=False),
            files("photos", required=False),
        ),
        on="sampled_on",
    ),
    Move(
        Act.SEND,
        _on(State.SAMPLED),
        State.IN_TRANSIT,
        _SAMPLER,
        "carry",
        (day("sent_on"), line("laboratory"), line("carrier", required=False)),
        on="sent_on",
    ),
    # ---- laboratory ------------------------------------------------------------------------
    Move(
        Act.RECEIVE,
        _on(State.IN_TRANSIT),
        State.RECEIVED,
        _LABORATORY,
        "intake",
        (day("received_on"), flag("seals_intact"), files("photos", required=False)),
        on="received_on",
    ),
    Move(
        Act.REJECT,
        _on(State.IN_TRANSIT),
        State.REJECTED_BY_LAB,
        _LABORATORY,
        "intake",
        (day("rejected_on"), words("reason"), files("letter", required=False)),
        on="rejected_on",
    ),
    Move(
        Act.SAMPLE_AGAIN,
        _on(State.REJECTED_BY_LAB),
        State.ON_SITE,
        _LEADER,
        "intake",
        (words("reason"),),
        domains=FIELD_DOMAINS,
    ),
    Move(
        Act.ORDER_AGAIN,
        _on(State.REJECTED_BY_LAB),
        State.ORDERED,
        _SAMPLER,
        "online",
        _ORDER_FACTS,
        domains=ONLINE,
        on="ordered_on",
    ),
    Move(
        Act.GIVE_UP,
        _on(State.REJECTED_BY_LAB),
        State.NOT_SAMPLED,
        _LEADER,
        "not-sampled",
        (words("detail"),),
        starts=(Start(CLOCK_REPORT, "sampling.not-done"),),
    ),
    Move(
        Act.BEGIN_TEST,
        _on(State.RECEIVED),
        State.TESTING,
        _LABORATORY,
        "licence-check",
        (
            day("began_on"),
            people("testers"),
            flag("licence_checked"),
            flag("is_test_on_site", required=False),
        ),
        on="began_on",
    ),
    Move(
        Act.STOP_TEST,
        _on(State.RECEIVED, State.TESTING),
        State.TEST_STOPPED,
        _LABORATORY,
        "licence-check",
        (day("stopped_on"), choice("lacking", "licence", "certification"), words("detail")),
        purposes=SUPERVISION_ONLY,
        on="stopped_on",
    ),
    Move(
        Act.CLOSE_STOPPED,
        _on(State.TEST_STOPPED),
        State.CLOSED,
        _AUTHORITY,
        "licence-check",
        (words("handled"),),
        purposes=SUPERVISION_ONLY,
    ),
    Move(
        Act.REPORT,
        _on(State.TESTING),
        State.REPORTED,
        _LABORATORY,
        "report",
        _VERDICTS,
        purposes=SUPERVISION_ONLY,
        on="reported_on",
        starts=(
            Start(CLOCK_NOTIFY, "report.received", "reported_on"),
            Start(CLOCK_RETURN, "test.ended", "reported_on", is_needed=False),
        ),
    ),
    # Beyond the standards, perhaps: what was found, never a verdict.
    Move(
        Act.REPORT_FINDINGS,
        _on(State.TESTING),
        State.REPORTED,
        _LABORATORY,
        "monitoring",
        (day("reported_on"), line("report_no"), words("findings"), files("report")),
        purposes=MONITORING_ONLY,
        on="reported_on",
    ),
    Move(
        Act.ASSESS_RISK,
        _on(State.REPORTED),
        State.RISK_ASSESSED,
        _AUTHORITY,
        "monitoring",
        (
            day("assessed_on"),
            choice("level", "serious", "high", "medium", "low", "none"),
            words("assessment"),
        ),
        purposes=MONITORING_ONLY,
        on="assessed_on",
    ),
    Move(
        Act.INFORM,
        _on(State.REPORTED, State.RISK_ASSESSED),
        State.INFORMED,
        _AUTHORITY,
        "monitoring",
        (day("informed_on"), line("letter_no"), words("advice")),
        purposes=MONITORING_ONLY,
        on="informed_on",
    ),
    # ---- result, objection -----------------------------------------------------------------
    Move(
        Act.NOTIFY,
        _on(State.REPORTED),
        State.NOTIFIED,
        _AUTHORITY,
        "notify",
        (parties("parties"), files("letter", required=False)),
        purposes=SUPERVISION_ONLY,
        meets=(CLOCK_NOTIFY,),
    ),
    Move(
        Act.RECORD_RECEIPT,
        _FREE_TO_OBJECT,
        None,
        _AUTHORITY,
        "notify",
        (
            choice("party", "sampled_unit", "producer", "platform", "authority"),
            day("received_on"),
            choice("manner", "signed", "post", "left", "electronic", "public_notice"),
            files("receipt", required=False),
        ),
        purposes=SUPERVISION_ONLY,
        on="received_on",
        in_order=False,
        starts=(Start(CLOCK_OBJECT, "result.received", "received_on"),),
    ),
    Move(
        Act.ACKNOWLEDGE,
        _FREE_TO_OBJECT,
        None,
        _ENTERPRISES,
        "notify",
        purposes=SUPERVISION_ONLY,
        in_order=False,
        starts=(Start(CLOCK_OBJECT, "result.received", "received_on"),),
    ),
    Move(
        Act.OBJECT,
        _FREE_TO_OBJECT,
        State.OBJECTION_OPEN,
        _ENTERPRISES,
        "objection",
        _OBJECTION,
        purposes=SUPERVISION_ONLY,
        in_order=False,
        starts=_OBJECTION_STARTS,
        meets=(CLOCK_OBJECT,),
        pauses=(CLOCK_RETURN,),
    ),
    # On paper, to the authority or its superior.
    Move(
        Act.RECORD_OBJECTION,
        _FREE_TO_OBJECT,
        State.OBJECTION_OPEN,
        _AUTHORITY,
        "objection",
        (choice("objector", "sampled_unit", "producer"), day("objected_on"), *_OBJECTION),
        purposes=SUPERVISION_ONLY,
        on="objected_on",
        in_order=False,
        starts=_OBJECTION_STARTS,
        meets=(CLOCK_OBJECT,),
        pauses=(CLOCK_RETURN,),
    ),
    Move(
        Act.HANDLE_OBJECTION,
        _DISPUTE,
        State.HANDLED,
        _AUTHORITY,
        "objection-handled",
        (
            count("objection"),
            day("handled_on"),
            choice("finding", "dismissed", "upheld"),
            words("grounds"),
        ),
        purposes=SUPERVISION_ONLY,
        on="handled_on",
        meets=(CLOCK_DECIDE,),
        stops=(CLOCK_LABORATORY,),
    ),
    Move(
        Act.UPHOLD,
        _on(State.HANDLED),
        State.VOID,
        _LEADER,
        "objection-handled",
        (words("reason"),),
        purposes=SUPERVISION_ONLY,
    ),
    Move(
        Act.CONFIRM,
        _on(State.NOTIFIED, State.HANDLED),
        State.CONFIRMED,
        _AUTHORITY | {Party.CLOCK},
        "objection",
        purposes=SUPERVISION_ONLY,
        starts=(_FAILED_CONFIRMED,),
        resumes=(CLOCK_RETURN,),
    ),
    # ---- re-test ---------------------------------------------------------------------------
    Move(
        Act.ORDER_RETEST,
        _DISPUTE,
        State.RETEST_ORDERED,
        _AUTHORITY,
        "retest",
        (count("objection"), day("told_on"), lines("items")),
        purposes=SUPERVISION_ONLY,
        on="told_on",
        starts=(Start(CLOCK_FORMALITIES, "retest.notified", "told_on"),),
        meets=(CLOCK_DECIDE,),
    ),
    Move(
        Act.COMPLETE_FORMALITIES,
        _on(State.RETEST_ORDERED),
        State.FORMALITIES,
        _AUTHORITY | _ENTERPRISES,
        "formalities",
        (day("done_on"), line("receipt_no", required=False)),
        purposes=SUPERVISION_ONLY,
        on="done_on",
        starts=(Start(CLOCK_LABORATORY, "retest.formalities-done", "done_on"),),
        meets=(CLOCK_FORMALITIES,),
    ),
    Move(
        Act.DEEM_WAIVED,
        _on(State.RETEST_ORDERED),
        State.CONFIRMED,
        _AUTHORITY | {Party.CLOCK},
        "formalities",
        purposes=SUPERVISION_ONLY,
        starts=(_FAILED_CONFIRMED,),
        stops=(CLOCK_FORMALITIES, CLOCK_LABORATORY),
        resumes=(CLOCK_RETURN,),
    ),
    Move(
        Act.NAME_LABORATORY,
        _on(State.FORMALITIES),
        State.LAB2_NAMED,
        _AUTHORITY,
        "second-laboratory",
        (day("named_on"), line("laboratory"), words("only_qualified_reason", required=False)),
        purposes=SUPERVISION_ONLY,
        on="named_on",
        meets=(CLOCK_LABORATORY,),
    ),
    Move(
        Act.BEGIN_RETEST,
        _on(State.LAB2_NAMED),
        State.RETESTING,
        _LABORATORY,
        "retest-result",
        (day("began_on"), people("testers"), flag("retained_intact")),
        purposes=SUPERVISION_ONLY,
        on="began_on",
    ),
    Move(
        Act.REPORT_RETEST,
        _on(State.RETESTING),
        State.FINAL,
        _LABORATORY,
        "retest-result",
        _VERDICTS,
        purposes=SUPERVISION_ONLY,
        on="reported_on",
        starts=(_FAILED_CONFIRMED,),
        resumes=(CLOCK_RETURN,),
    ),
    Move(
        Act.END_RETEST,
        _DISPUTE | _RETEST,
        State.FINAL,
        _AUTHORITY,
        "retained-gone",
        (
            day("found_on"),
            choice("cause", "none_kept", "hidden", "moved", "sold", "damaged"),
            words("detail"),
            files("proof", required=False),
        ),
        purposes=SUPERVISION_ONLY,
        on="found_on",
        starts=(_FAILED_CONFIRMED,),
        stops=(CLOCK_DECIDE, CLOCK_FORMALITIES, CLOCK_LABORATORY),
        resumes=(CLOCK_RETURN,),
    ),
    # ---- passed ----------------------------------------------------------------------------
    Move(
        Act.SETTLE_PASS,
        _STANDS,
        State.PASS,
        _AUTHORITY,
        "sample-return",
        purposes=SUPERVISION_ONLY,
        verdict="pass",
    ),
    Move(
        Act.CLOSE_PASS,
        _on(State.PASS),
        State.CLOSED,
        _AUTHORITY,
        "sample-return",
        (
            choice("samples", "returned", "bought", "used_up", "left_by_unit"),
            day("returned_on", required=False),
        ),
        purposes=SUPERVISION_ONLY,
        on="returned_on",
        meets=(CLOCK_RETURN,),
    ),
    # ---- failed ----------------------------------------------------------------------------
    Move(
        Act.STOP_SALE,
        _STANDS,
        State.STOP_SALE,
        _AUTHORITY,
        "stop-sale",
        (day("told_on"), line("order_no")),
        purposes=SUPERVISION_ONLY,
        verdict="fail",
        on="told_on",
    ),
    Move(
        Act.ORDER_CORRECTION,
        _on(State.STOP_SALE),
        State.ORDERED_TO_CORRECT,
        _AUTHORITY,
        "correction",
        (day("ordered_on"), line("order_no"), files("order", required=False)),
        purposes=SUPERVISION_ONLY,
        verdict="fail",
        on="ordered_on",
        starts=(
            Start(CLOCK_FIX, "correction.ordered", "ordered_on"),
            Start(CLOCK_RECHECK, "correction.ordered", "ordered_on"),
        ),
        meets=(CLOCK_ORDER,),
    ),
    Move(
        Act.REPORT_CORRECTION,
        _on(State.ORDERED_TO_CORRECT),
        None,
        _AUTHORITY | {Party.UNIT},
        "correction",
        (words("measures"), files("report", required=False)),
        purposes=SUPERVISION_ONLY,
        verdict="fail",
        meets=(CLOCK_FIX,),
    ),
    Move(
        Act.BEGIN_RECHECK,
        _on(State.ORDERED_TO_CORRECT),
        State.RECHECK,
        _AUTHORITY,
        "recheck",
        (day("began_on"), line("record_no", required=False)),
        purposes=SUPERVISION_ONLY,
        verdict="fail",
        on="began_on",
        stops=(CLOCK_FIX,),
    ),
    Move(
        Act.PASS_RECHECK,
        _on(State.RECHECK),
        State.RESUMED,
        _AUTHORITY,
        "recheck",
        _RECHECK_PASS,
        purposes=SUPERVISION_ONLY,
        verdict="fail",
        on="reported_on",
        meets=(CLOCK_RECHECK,),
    ),
    Move(
        Act.CLOSE_RESUMED,
        _on(State.RESUMED),
        State.CLOSED,
        _AUTHORITY,
        "recheck",
        purposes=SUPERVISION_ONLY,
        verdict="fail",
    ),
    Move(
        Act.ESCALATE,
        _on(State.RECHECK),
        State.ESCALATED,
        _AUTHORITY,
        "announcement",
        _RECHECK_FAIL,
        purposes=SUPERVISION_ONLY,
        verdict="fail",
        on="reported_on",
        meets=(CLOCK_RECHECK,),
        is_grave=True,
    ),
    # The time to correct is over and nothing was corrected.
    Move(
        Act.ESCALATE_UNCORRECTED,
        _on(State.ORDERED_TO_CORRECT),
        State.ESCALATED,
        _AUTHORITY,
        "announcement",
        (words("grounds"),),
        purposes=SUPERVISION_ONLY,
        verdict="fail",
        stops=(CLOCK_FIX, CLOCK_RECHECK),
        is_grave=True,
    ),
    Move(
        Act.ANNOUNCE,
        _on(State.ESCALATED),
        State.ANNOUNCED,
        _AUTHORITY,
        "announcement",
        (day("announced_on"), line("announcement_no"), line("organ")),
        purposes=SUPERVISION_ONLY,
        verdict="fail",
        on="announced_on",
        starts=(Start(CLOCK_RECHECK2, "failure.announced", "announced_on"),),
        is_grave=True,
    ),
    Move(
        Act.BEGIN_RECHECK2,
        _on(State.ANNOUNCED),
        State.RECHECK2,
        _AUTHORITY,
        "second-recheck",
        (day("began_on"), line("record_no", required=False)),
        purposes=SUPERVISION_ONLY,
        verdict="fail",
        on="began_on",
        meets=(CLOCK_RECHECK2,),
    ),
    Move(
        Act.PASS_RECHECK2,
        _on(State.RECHECK2),
        State.CLOSED,
        _AUTHORITY,
        "second-recheck",
        _RECHECK_PASS,
        purposes=SUPERVISION_ONLY,
        verdict="fail",
        on="reported_on",
    ),
    Move(
        Act.SUSPEND,
        _on(State.RECHECK2),
        State.SUSPENDED,
        _AUTHORITY,
        "second-recheck",
        (*_RECHECK_FAIL, line("order_no"), day("until_on", is_ahead=True)),
        purposes=SUPERVISION_ONLY,
        verdict="fail",
        on="reported_on",
        is_grave=True,
    ),
    Move(
        Act.BEGIN_RECHECK3,
        _on(State.SUSPENDED),
        State.RECHECK3,
        _AUTHORITY,
        "second-recheck",
        (day("began_on"), line("record_no", required=False)),
        purposes=SUPERVISION_ONLY,
        verdict="fail",
        on="began_on",
        meets=(CLOCK_SUSPENSION,),
    ),
    Move(
        Act.PASS_RECHECK3,
        _on(State.RECHECK3),
        State.CLOSED,
        _AUTHORITY,
        "second-recheck",
        _RECHECK_PASS,
        purposes=SUPERVISION_ONLY,
        verdict="fail",
        on="reported_on",
    ),
    Move(
        Act.REVOKE,
        _on(State.RECHECK3),
        State.LICENCE_REVOKED,
        _AUTHORITY,
        "second-recheck",
        (*_RECHECK_FAIL, line("decision_no"), line("organ")),
        purposes=SUPERVISION_ONLY,
        verdict="fail",
        on="reported_on",
        is_grave=True,
    ),
    # Beside the failure: a case filed or handed over, a recall lead, a trace.
    Move(
        Act.RECORD_MEASURE,
        _STANDS | FAILURE,
        None,
        _AUTHORITY,
        "beside",
        (
            day("taken_on"),
            choice("measure", "filed", "handed_over", "recall", "trace", "penalty", "talk"),
            line("reference"),
        ),
        purposes=SUPERVISION_ONLY,
        verdict="fail",
        on="taken_on",
        in_order=False,
    ),
    # Out of business, moved to other goods: nothing is left to correct or to check.
    Move(
        Act.END_HANDLING,
        FAILURE - {State.RESUMED},
        State.CLOSED,
        _AUTHORITY,
        "correction",
        (choice("cause", "closed", "changed_trade", "bankrupt", "other"), words("reason")),
        purposes=SUPERVISION_ONLY,
        verdict="fail",
        is_grave=True,
    ),
    # Opened in error: nothing is deleted, the reason stays readable.
    Move(
        Act.WITHDRAW,
        _BEFORE_REPORT,
        State.VOID,
        _LEADER,
        "draw",
        (words("reason"),),
        is_grave=True,
    ),
)

MOVES: dict[Act, Move] = {move.act: move for move in _ROWS}


def judge(
    act: Act,
    *,
    state: State | None,
    purpose: Purpose,
    domain: Domain,
    verdict: str | None,
    parties: Collection[Party],
    evidence: Collection[str],
) -> Ruling:
    """May this move be made now?

    Parameters
    ----------
    act : Act
        What is to be done.
    state : State or None
        Where the case stands; ``None`` before it exists.
    purpose, domain : Purpose, Domain
        What kind of case it is.
    verdict : str or None
        The standing verdict, once there is one.
    parties : collection of Party
        What the actor is in this case.
    evidence : collection of str
        Names of the facts at hand, none of them empty.

    Returns
    -------
    Ruling
        Allowed, or the first hindrance in the order of `Hindrance`.

    Notes
    -----
    What hangs on other rows (windows, objections, laboratories) is for the service.

    References
    ----------
    SAMR Order 18 (2019), arts 8-54; 产品质量法 arts 15-17.
    """
    move = MOVES[act]
    if not move.parties & set(parties):
        return Ruling(move, Hindrance.PARTY)
    if purpose not in move.purposes:
        return Ruling(move, Hindrance.PURPOSE)
    if domain not in move.domains:
        return Ruling(move, Hindrance.DOMAIN)
    if (state not in move.sources) if move.sources else (state is not None):
        return Ruling(move, Hindrance.STATE)
    if move.verdict is not None and verdict != move.verdict:
        return Ruling(move, Hindrance.VERDICT)
    missing = tuple(
        each.name for each in move.evidence if each.is_required and each.name not in evidence
    )
    return Ruling(move, Hindrance.EVIDENCE if missing else None, missing)


def lawful_acts(
    state: State,
    *,
    purpose: Purpose,
    domain: Domain,
    verdict: str | None,
    parties: Iterable[Party],
) -> tuple[Act, ...]:
    """Acts that these parties may take in `state`, in the order of the procedure."""
    mine = frozenset(parties)
    return tuple(
        move.act
        for move in _ROWS
        if state in move.sources
        and move.parties & mine
        and purpose in move.purposes
        and domain in move.domains
        and (move.verdict is None or move.verdict == verdict)
    )
