"""Words of what comes before a draw and of what is published."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

LABELS: dict[str, dict[str, object]] = {
    "paper_kind": {
        "item_list": _("list of inspection matters"),
        "annual_plan": _("annual plan"),
        "scheme": _("scheme"),
        "rules": _("detailed rules"),
    },
    "paper": {
        "draft": _("draft"),
        "approved": _("approved"),
        "published": _("published"),
    },
    "record": {
        "missing": _("not entered"),
        "pending": _("waits for review"),
        "returned": _("sent back"),
        "published": _("made public"),
        "withdrawn": _("withdrawn"),
        "corrected": _("corrected"),
    },
    "record_kind": {
        "inspection": _("random inspection"),
        "sample": _("supervision sampling"),
    },
    "record_act": {
        "record": _("enter"),
        "return": _("return"),
        "publish": _("publish"),
        "withdraw": _("withdraw"),
        "correct": _("correct"),
        "follow-up": _("follow-up"),
    },
    "stage": {
        "reported": _("reported by the laboratory"),
        "notified": _("told to the parties"),
        "objection_open": _("open to objection"),
        "retesting": _("being tested again"),
        "confirmed": _("confirmed"),
        "final": _("final"),
    },
    "purpose": {
        "inspection": _("random inspection"),
        "supervision": _("supervision sampling"),
        "special": _("special sampling"),
        "follow_up": _("follow-up sampling"),
        "joint": _("joint sampling"),
        "monitoring": _("risk monitoring"),
    },
    "contract": {
        "coming": _("not yet in force"),
        "valid": _("in force"),
        "expired": _("expired"),
        "ended": _("ended early"),
    },
    "agency_role": {"agency": _("sampling agency"), "laboratory": _("laboratory")},
    "notice": {
        "coming": _("genuine, for a later day"),
        "valid": _("genuine and in force"),
        "expired": _("expired"),
        "withdrawn": _("withdrawn"),
    },
    "inspection_method": {
        "on_site": _("on site"),
        "written": _("in writing"),
        "online": _("online"),
        "sampling": _("sampling and test"),
    },
    "weight": {"general": _("general matter"), "key": _("key matter")},
    "authority_level": {
        "national": _("national"),
        "province": _("province"),
        "city": _("city"),
        "county": _("county"),
    },
    "basis": {
        "mandatory": _("mandatory standard"),
        "declared": _("declared standard or marked index"),
        "province": _("basis set by the province"),
    },
    "row_change": {
        "added": _("row added"),
        "removed": _("row removed"),
        "changed": _("changed"),
    },
}

# Added to families that are there already.
MORE: dict[str, dict[str, object]] = {
    "done": {
        "drafted": _("The draft is kept; another person approves it."),
        "approved": _("Approved. It is public once it is published."),
        "reopened": _("The edition is a draft again."),
        "paper-published": _("Published: everybody can read it, and its hash is on the journal."),
        "amended": _("The next edition is open as a draft."),
        "contract": _("The contract is on record."),
        "contract-ended": _("The contract is ended."),
        "notice": _("The notice is issued; print it and take it along."),
        "notice-withdrawn": _("The notice is void; whoever scans it is told so."),
        "entered": _("The record is entered; another person reviews it."),
        "returned": _("The record went back to whoever entered it."),
        "record-published": _("The record is public."),
        "record-withdrawn": _("The record is withdrawn; it stays to be read, struck through."),
        "followed-up": _("The problem is on record as handled."),
        "row-named": _("The plan carries out that row of the annual plan."),
    },
    "act": {
        "paper.drafted": _("paper drafted"),
        "paper.revised": _("paper changed"),
        "paper.approved": _("paper approved"),
        "paper.reopened": _("paper reopened"),
        "paper.published": _("paper published"),
        "paper.amended": _("amendment opened"),
        "plan.row-named": _("row of the annual plan named"),
        "contract.recorded": _("contract recorded"),
        "contract.ended": _("contract ended"),
        "notice.issued": _("notice issued"),
        "notice.withdrawn": _("notice withdrawn"),
        "record.entered": _("record entered"),
        "record.returned": _("record returned"),
        "record.published": _("record published"),
        "record.withdrawn": _("record withdrawn"),
        "record.followed-up": _("follow-up closed"),
    },
}

TONES: dict[str, dict[str, str]] = {
    "paper": {"draft": "", "approved": "wait", "published": "done"},
    "record": {
        "missing": "",
        "pending": "wait",
        "returned": "bad",
        "published": "done",
        "withdrawn": "bad",
        "corrected": "stale",
    },
    "contract": {"coming": "wait", "valid": "done", "expired": "stale", "ended": "bad"},
    "notice": {"coming": "wait", "valid": "done", "expired": "stale", "withdrawn": "bad"},
}

IN_REFUSALS = ("paper", "record", "record_act", "stage", "purpose", "agency_role", "outcome")

# Fields of papers, as forms and tables name them.
FIELDS: dict[str, Any] = {
    "valid_from": _("In force from"),
    "note": _("Note"),
    "item_list": _("Number of the item list"),
    "annual_plan": _("Number of the annual plan"),
    "scheme": _("Number of the scheme"),
    "scope": _("Scope of the sampling"),
    "division": _("Division of work"),
    "timetable": _("Timetable"),
    "products": _("Products"),
    "product": _("Product"),
    "sampling_method": _("Way of sampling"),
    "verdict_rule": _("Rule of the verdict"),
    "key": _("No."),
    "category": _("Kind of inspection"),
    "matter": _("Matter"),
    "target": _("Who is inspected"),
    "weight": _("Weight"),
    "method": _("Method"),
    "level": _("Level"),
    "basis": _("Legal basis"),
    "lead": _("Leading department"),
    "cooperating": _("Cooperating departments"),
    "share": _("Share of units"),
    "frequency": _("Times a year"),
    "quantity": _("Units each time"),
    "begins_on": _("Begins on"),
    "ends_on": _("Ends on"),
    "purpose": _("Aim"),
    "item": _("Item of the list, or test item"),
    "standard": _("Standard"),
}
# The family that a choice's codes belong to.
CHOICES = {
    "weight": "weight",
    "method": "inspection_method",
    "level": "authority_level",
    "basis": "basis",
}
# Fields that need room.
LONG = frozenset(
    {"note", "scope", "division", "timetable", "sampling_method", "verdict_rule", "purpose"}
)
COLUMNS: dict[str, Any] = {
    "sample_no": _("Sample number"),
    "serial": _("No."),
    "producer_name": _("Nominal producer"),
    "producer_address": _("Address of the nominal producer"),
    "unit_name": _("Sampled unit"),
    "unit_address": _("Address of the sampled unit"),
    "product": _("Product"),
    "specification": _("Model"),
    "brand": _("Brand"),
    "produced": _("Made on, or lot"),
    "failed_items": _("Failed item ║ result ║ standard"),
    "category": _("Category"),
    "announcement_no": _("Announcement"),
    "announced_on": _("Day of the announcement"),
    "task_source": _("Source of the task"),
    "laboratory": _("Laboratory"),
    "remark": _("Remark"),
}
