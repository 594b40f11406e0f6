"""Words and tones of codes: what a level, a state or a role is called and how it looks."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from api.console import published_words
from api.console.case_labels import CASE_FAMILIES, CASE_LABELS, CASE_TONES

# family → code → words. Message ids are English; the catalogue gives the Chinese.
LABELS: dict[str, dict[str, object]] = {
    "role": {
        "public": _("public"),
        "enterprise": _("enterprise"),
        "inspector": _("inspector"),
        "lead_inspector": _("sampling officer"),
        "risk_analyst": _("risk officer"),
        "administrator": _("administrator"),
        "system": _("system"),
    },
    "level": {"red": _("red"), "orange": _("orange"), "yellow": _("yellow"), "blue": _("blue")},
    "grade": {
        "A": _("low risk"),
        "B": _("fairly low risk"),
        "C": _("fairly high risk"),
        "D": _("high risk"),
    },
    "plan": {
        "draft": _("draft"),
        "committed": _("commitment published"),
        "drawn": _("drawn"),
        "void": _("void"),
    },
    "record": {
        "draft": _("draft"),
        "signed": _("signed"),
        "replaced": _("replaced by a correction"),
        "discarded": _("discarded"),
    },
    "task": {
        "open": _("to do"),
        "done": _("done"),
        "reserve": _("reserve"),
        "replaced": _("replaced"),
    },
    "signal": {
        "new": _("to be judged"),
        "assigned": _("in hand"),
        "confirmed": _("confirmed"),
        "dismissed": _("dismissed"),
        "closed": _("closed"),
    },
    "source": {
        "inspection": _("inspections"),
        "complaint": _("complaints"),
        "incident": _("accidents and leads"),
    },
    "incident": {
        "accident": _("accident"),
        "injury": _("injury"),
        "complaint": _("complaint"),
        "lead": _("lead"),
        "inspection": _("inspection"),
    },
    "decision": {"assign": _("taken in hand"), "confirm": _("confirmed"), "close": _("closed")},
    "recall": {
        "plan_due": _("plan due"),
        "plan_filed": _("plan filed"),
        "plan_returned": _("plan returned"),
        "announced": _("announced"),
        "executing": _("in progress"),
        "active_ended": _("active recall ended"),
        "summary_filed": _("summary filed"),
        "voided": _("void"),
    },
    "clock": {
        "waiting": _("not yet running"),
        "running": _("running"),
        "paused": _("paused"),
        "overdue": _("overdue"),
        "met": _("met"),
        "met_early": _("met early"),
        "met_late": _("met late"),
        "cancelled": _("fell away"),
        "lapsed": _("expired unused"),
    },
    "job": {
        "waiting": _("waiting"),
        "sent": _("in the queue"),
        "running": _("running"),
        "done": _("done"),
        "refused": _("refused"),
        "failed": _("failed"),
        "cancelled": _("cancelled"),
    },
    "event": {
        "production": _("made"),
        "transformation": _("made from"),
        "shipment": _("shipped"),
        "receipt": _("received"),
        "sale": _("sold"),
        "return": _("returned"),
        "destruction": _("destroyed"),
        "stock": _("counted"),
        "void": _("taken back"),
    },
    "unit": {
        "C62": _("pieces"),
        "EA": _("pieces"),
        "H87": _("pieces"),
        "PR": _("pairs"),
        "SET": _("sets"),
        "KGM": "kg",
        "GRM": "g",
        "TNE": "t",
        "LTR": "L",
        "MTR": "m",
    },
    "link": {
        "declared": _("declared"),
        "paired": _("told by both"),
        "inferred": _("inferred"),
        "unknown": _("not written down"),
    },
    "evidence": {
        "stated": _("stated by the producer"),
        "ledger": _("in the ledger"),
        "paired": _("told by both"),
        "inferred": _("inferred"),
        "gap": _("gap"),
    },
    "gap": {
        "receiver-not-written": _("the receiver was not written down"),
        "partner-not-registered": _("the partner is not on the register"),
        "supplier-not-told": _("the supplier was not told"),
        "inputs-not-told": _("what went in was not told"),
        "stock-not-counted": _("the stock was not counted"),
    },
    "finding": {
        "negative-stock": _("more went out than came in"),
        "shipped-received-differ": _("shipped and received differ"),
        "yield-above-one": _("more came out than went in"),
        "units-differ": _("units cannot be compared"),
        "before-made": _("moved before it was made"),
        "circular": _("goods came back in a circle"),
        "time-excluded": _("excluded by date"),
    },
    "inputs": {
        "told": _("told"),
        "none": _("nothing went in"),
        "untold": _("not told"),
    },
    "finding_fact": {
        "unaccounted": _("nobody can say"),
        "shipped": _("shipped"),
        "received": _("received"),
        "out_kg": _("kg out"),
        "in_kg": _("kg in"),
    },
    "duty": {
        "maker-of-record": _("producer by the register"),
        "made": _("made it"),
        "had": _("had it and passed it on"),
        "owned": _("owned it while another had it"),
        "holds": _("may have it still"),
        "sold": _("sold it to end users"),
        "used": _("put it into other lots"),
    },
    "side": {
        "seed": _("this lot"),
        "upstream": _("upstream"),
        "downstream": _("downstream"),
    },
    "direction": {
        "both": _("Both ways"),
        "backward": _("Upstream"),
        "forward": _("Downstream"),
    },
    "bound": {
        "max_depth": _("There is more beyond the most steps that were followed."),
        "max_nodes": _("There is more than the most lots at holders that are followed."),
    },
    "certainty": {
        "certain": _("certain"),
        "probable": _("probable"),
        "possible": _("possible"),
    },
    "contact": {
        "none": _("Not counted"),
        "station": _("At the same station"),
        "line": _("On the same line"),
    },
    "kill_steps": {
        "confirmed": _("Confirmed steps end it"),
        "recorded": _("All recorded steps end it"),
        "none": _("No step ends it"),
    },
    "kill_step": {
        "cleaning": _("cleaning"),
        "disinfection": _("disinfection"),
        "sterilisation": _("sterilisation"),
        "other": _("other step"),
    },
    "dates": {"respected": _("Respected"), "ignored": _("Order of time ignored")},
    "edge": {
        "production": _("made"),
        "shipment": _("shipped"),
        "receipt": _("received"),
        "sale": _("sold"),
        "return": _("returned"),
        "destruction": _("destroyed"),
        "hop": _("moved on"),
        "use": _("went into"),
        "contact": _("contact"),
    },
    "watch": {
        "armed": _("watched"),
        "none": _("not watched"),
    },
    "job_name": {
        "imports.carry-out": _("import of a file"),
        "sampling.freeze": _("locking a roster"),
        "sampling.draw": _("a draw"),
        "risk.observe": _("results to observations"),
        "risk.detect": _("judging the series"),
        "traceability.load-ledger": _("flow ledger"),
        "traceability.weigh-ledger": _("mass balances"),
        "traceability.check-watches": _("watched traces"),
        "recall.draw-scope": _("scope of a recall"),
        "recall.settle-clocks": _("provisional due days"),
        "sampling.settle-cases": _("sampling cases by day"),
        "worker.probe": _("self-check"),
    },
    "count": {
        "added": _("added"),
        "updated": _("brought up to date"),
        "known": _("known already"),
        "already known": _("known already"),
        "repeated": _("repeated in the file"),
        "named again": _("named again"),
        "without a key": _("without a key"),
        "messages": _("messages"),
        "stored": _("stored"),
        "unknown enterprise": _("enterprise not on the register"),
        "rows added": _("ledger rows added"),
        "inputs added": _("inputs added"),
        "rows known": _("known already"),
        "receivers not written": _("receivers not written down"),
        "products added": _("products added"),
        "lots with more out than in": _("lots with more out than in"),
        "lots with more made than went in": _("lots with more made than went in"),
        "lots shipped and received in different amounts": _(
            "lots shipped and received in different amounts"
        ),
    },
    "import": {
        "to-check": _("being checked"),
        "to-store": _("being stored"),
        "checked": _("checked, nothing stored"),
        "refused": _("has problems, nothing stored"),
        "done": _("stored"),
        "stored": _("stored"),
        "known": _("known already"),
    },
    "remedy": {
        "repair": _("repair"),
        "replace": _("replacement"),
        "refund": _("refund"),
        "label": _("warning label"),
        "stop_use": _("stop using it"),
        "dispose": _("dispose of it"),
    },
    "purpose": {
        "inspection": _("double-random inspection"),
        "supervision": _("supervision sampling"),
        "monitoring": _("risk monitoring"),
    },
    "measure": {
        "none": _("no measure"),
        "grade": _("by grade"),
        "risk_tier": _("by risk tier"),
        "category": _("by category"),
        "given": _("by sizes given"),
    },
    "risk_tier": {
        "high": _("high risk"),
        "medium": _("medium risk"),
        "low": _("low risk"),
    },
    "exemption": {
        "follow-up": _("follow-up of a failed product"),
        "emergency": _("emergency"),
    },
    "outcome": {
        "pass": _("passed"),
        "conditions": _("passed with conditions"),
        "fail": _("failed"),
        "not_done": _("not done"),
    },
    "visit": {
        "open": _("to do"),
        "pass": _("passed"),
        "conditions": _("passed with conditions"),
        "fail": _("failed"),
        "not_done": _("not done"),
        "replaced": _("replaced"),
    },
    "tie": {
        "kinship": _("close relative"),
        "former_employment": _("worked there"),
        "shareholding": _("holds shares"),
        "recent_visit": _("was there lately"),
        "rotation": _("was there in the last rounds"),
        "other": _("another interest"),
    },
    "why_not": {
        "pool": _("of the other pool"),
        "department": _("of another department"),
        "certificate": _("without a valid certificate"),
        "region": _("of another area"),
        "qualification": _("not qualified"),
        "recused": _("tied to the enterprise"),
        "seniority": _("of the other seniority"),
        "team": _("in the team already"),
        "load": _("without room for more visits"),
        "mixed": _("for different reasons"),
    },
    "pool": {"officers": _("certified officers"), "agency": _("staff of a sampling agency")},
    "item_finding": {
        "pass": _("in order"),
        "fail": _("not in order"),
        "not_checked": _("not looked at"),
    },
    "party": {
        "primary": _("raw material"),
        "maker": _("maker"),
        "distributor": _("distributor"),
        "seller": _("seller"),
    },
    "enterprise_status": {
        "active": _("in business"),
        "closed": _("out of business"),
        "moved": _("moved away"),
    },
    "stage": {
        "read": _("reading the file"),
        "match": _("matching names"),
        "check": _("checking rows"),
        "store": _("storing"),
        "load": _("loading"),
        "history": _("earlier weeks"),
        "fit": _("computing bounds"),
        "compare": _("comparing ledgers"),
        "read roster": _("reading the register"),
        "leaves": _("hashing the roster"),
        "inspectors": _("looking up inspectors"),
        "tickets": _("computing tickets"),
        "assign": _("assigning inspectors"),
    },
    "step": {
        "freeze": _("Locking the roster"),
        "draw": _("Drawing"),
    },
    "recall_party": {
        "producer": _("producer"),
        "officer": _("officer"),
        "leader": _("leader"),
    },
    "hindrance": {
        "certificate": _("certificate not valid on the day"),
        "region": _("another region"),
        "qualification": _("not qualified"),
        "recused": _("recused"),
        "load": _("no room left"),
    },
    "recall_act": {
        "report": _("defect reported"),
        "file-plan": _("plan filed"),
        "return-plan": _("plan returned"),
        "announce": _("announced"),
        "begin": _("begun"),
        "report-stage": _("stage reported"),
        "end": _("active recall ended"),
        "summarise": _("summary filed"),
        "void": _("declared void"),
        "scope-stated": _("scope as stated"),
        "scope-traced": _("scope traced"),
        "clock-recalculated": _("due day settled"),
    },
    "act": {
        "account.added": _("account added"),
        "detection.requested": _("judging asked for"),
        "detection.stored": _("series judged"),
        "enterprise.graded": _("enterprise graded"),
        "incident.recorded": _("incident recorded"),
        "job.cancelled": _("job stopped"),
        "plan.created": _("plan made"),
        "plan.dice-typed": _("dice typed"),
        "plan.drawn": _("drawn"),
        "plan.frozen": _("roster locked"),
        "plan.quotas": _("quotas changed"),
        "plan.freeze-requested": _("locking asked for"),
        "plan.draw-requested": _("draw asked for"),
        "plan.results-recorded": _("results recorded"),
        "plan.source-entered": _("public value entered"),
        "plan.unit-replaced": _("enterprise replaced"),
        "plan.void": _("plan made void"),
        "recall.report": _("defect reported"),
        "recall.file-plan": _("plan filed"),
        "recall.return-plan": _("plan returned"),
        "recall.announce": _("recall announced"),
        "recall.begin": _("recall begun"),
        "recall.report-stage": _("stage reported"),
        "recall.end": _("active recall ended"),
        "recall.summarise": _("summary filed"),
        "recall.void": _("recall declared void"),
        "recall.scope-traced": _("scope traced"),
        "recall.clock-recalculated": _("due day settled"),
        "series.opened": _("lot series opened"),
        "series.lot-judged": _("lot judged"),
        "series.closed": _("lot series closed"),
        "signal.assign": _("warning taken in hand"),
        "signal.confirm": _("warning confirmed"),
        "signal.close": _("warning closed"),
    },
    "done": {
        "watch": _("The trace is frozen and watched."),
        "case-step": _("The step is on record; the clocks were set accordingly."),
        "case-proposed": _("The step is proposed; another person approves it."),
        "case-declined": _("The proposal is declined."),
        "cases-opened": _("The cases are open."),
        "rapid": _("The rapid test is on record."),
        "plan": _("The plan is made. Look at the strata, then lock the roster."),
        "frozen": _("The roster is locked and the commitment is published."),
        "asked": _("A worker does it now; this page shows how far it is."),
        "dice": _("The dice are typed."),
        "value": _("The public value stands."),
        "drawn": _("Drawn: enterprises, reserves and inspectors follow from the seed."),
        "void": _("The plan is void; it stays visible with its reason."),
        "quotas": _("The quotas of the draft are changed."),
        "replaced": _("The next reserve is called up."),
        "recused": _("The next inspector in order has the seat."),
        "department": _("The department's result is recorded."),
        "department-published": _("The department's result is published."),
        "result": _("The result is recorded and told to risk."),
        "decided": _("The decision is on record."),
        "filed": _("The recall is filed; the clocks run, and the scope is being traced."),
        "announced": _("The recall is announced to everybody."),
        "begun": _("The recall has begun."),
        "plan-filed": _("The plan is filed."),
        "step": _("The step is on record; the clocks were set accordingly."),
        "stopping": _("The job was asked to stop."),
        "record": _("The sampling record is kept."),
        "record-signed": _("The signature is on the record."),
        "record-sealed": _("The sampling record is sealed; its hash is on the journal."),
        "record-correction": _("A new edition is open; it is signed again by all."),
        "record-discarded": _("The draft is given up; its number stays used."),
        "record-file": _("The file is on the record, by its hash."),
        "record-file-off": _("The file is taken off the draft."),
        "series": _("The series is open; its first lot is inspected normally."),
        "lot": _("The lot is judged; the verdict stays, and the next severity is set."),
        "series-closed": _("The series is closed; its lots stay."),
    },
    # Acceptance sampling, GB/T 2828.1
    "severity": {
        "normal": _("normal inspection"),
        "tightened": _("tightened inspection"),
        "reduced": _("reduced inspection"),
        "stopped": _("inspection stopped"),
    },
    "verdict": {"accepted": _("lot accepted"), "rejected": _("lot rejected")},
    "switching": {
        "9.1": _("normal inspection at the start"),
        "9.2": _("goes on unchanged"),
        "9.3.1": _("two of five lots or fewer rejected: tightened"),
        "9.3.2": _("five accepted in a row: back to normal"),
        "9.3.3.1": _("switching score 30: reduced"),
        "9.3.4": _("a lot rejected, production unsteady or permission withdrawn: normal"),
        "9.4": _("five rejected in tightened inspection: stopped"),
        "9.4 resumed": _("improvement stated: goes on tightened"),
        "9.3 note": _("submitted again: counts for nothing"),
    },
    "sampling_model": {
        "hypergeometric": _("a lot of known size"),
        "binomial": _("a long series of lots"),
        "poisson": _("findings per 100 items"),
    },
}
LABELS.update(CASE_LABELS)

TONES: dict[str, dict[str, str]] = {
    "outcome": {"pass": "done", "conditions": "stale", "fail": "bad", "not_done": ""},
    "visit": {
        "open": "wait",
        "pass": "done",
        "conditions": "stale",
        "fail": "bad",
        "replaced": "stale",
    },
    "enterprise_status": {"active": "done", "closed": "bad", "moved": "stale"},
    "plan": {"draft": "", "committed": "wait", "drawn": "busy", "void": "bad"},
    "record": {"draft": "wait", "signed": "done", "replaced": "stale", "discarded": "bad"},
    "watch": {"armed": "busy", "none": ""},
    "task": {"open": "wait", "done": "done", "reserve": "", "replaced": "stale"},
    "signal": {
        "new": "wait",
        "assigned": "busy",
        "confirmed": "bad",
        "dismissed": "done",
        "closed": "done",
    },
    "recall": {
        "plan_due": "wait",
        "plan_filed": "wait",
        "plan_returned": "bad",
        "announced": "busy",
        "executing": "busy",
        "active_ended": "stale",
        "summary_filed": "done",
        "voided": "bad",
    },
    "severity": {"normal": "", "tightened": "wait", "reduced": "done", "stopped": "bad"},
    "verdict": {"accepted": "done", "rejected": "bad"},
    "clock": {
        "running": "busy",
        "paused": "stale",
        "overdue": "bad",
        "met": "done",
        "met_early": "done",
        "met_late": "stale",
    },
    "job": {
        "waiting": "wait",
        "sent": "wait",
        "running": "busy",
        "done": "done",
        "refused": "bad",
        "failed": "bad",
        "cancelled": "stale",
    },
    "import": {
        "to-check": "busy",
        "to-store": "busy",
        "checked": "wait",
        "refused": "bad",
        "done": "done",
        "stored": "done",
        "known": "stale",
    },
}

for _family, _words in published_words.LABELS.items():
    LABELS[_family] = {**LABELS.get(_family, {}), **_words}  # a family may have words in both
TONES |= published_words.TONES
for _family, _codes in published_words.MORE.items():
    LABELS[_family] |= _codes

TONES.update(CASE_TONES)

# Families whose codes stand as facts in refusals, such as "Plan … is {state}".
_IN_REFUSALS = (
    *("role", "plan", "record", "recall", "recall_act", "recall_party", "hindrance"),
    *published_words.IN_REFUSALS,
    *CASE_FAMILIES,
)

LEVEL_CLASSES = {"red": "I", "orange": "II", "yellow": "III", "blue": "IV"}


def label(family: str, code: object) -> str:
    """What a code is called; a code without words is shown as it is."""
    words = LABELS.get(family, {}).get(str(code))
    return str(words) if words is not None else str(code if code is not None else "—")


def words_of_codes(fact: str, domain: str = "") -> list[str]:
    """The words of a refusal's fact that is a code, or several with commas; empty for others.

    A recall's acts and states are called like a recall's in its own refusals, and come last in
    those of others.
    """
    is_recall = domain == "recall"
    families = sorted(_IN_REFUSALS, key=lambda each: each.startswith("recall") != is_recall)
    told = []
    for code in fact.split(", "):
        family = next((each for each in families if code in LABELS[each]), None)
        if family is None:
            return []
        told.append(label(family, code))
    return told


def words_of_reasons(fact: str) -> str:
    """Reasons with the people they bar, "recused: J001, J002; load: J003", in words; or nothing."""
    told = []
    for part in fact.split("; "):
        code, colon, people = part.partition(": ")
        if not colon or code not in LABELS["why_not"]:
            return ""
        told.append(f"{label('why_not', code)}: {people}")
    return "; ".join(told)


def tone(family: str, code: object) -> str:
    """The class that colours a state."""
    return TONES.get(family, {}).get(str(code), "")


def level_class(code: str) -> str:
    """The Roman class of a level, such as "I 级"."""
    roman = LEVEL_CLASSES.get(code)
    return gettext("class %(roman)s", roman=roman) if roman else ""
