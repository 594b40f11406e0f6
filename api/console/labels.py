"""Words and tones of codes: what a level, a state or a role is called and how it looks."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _

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
    "import": {
        "to-check": _("being checked"),
        "to-store": _("being stored"),
        "checked": _("checked, nothing stored"),
        "refused": _("has problems, nothing stored"),
        "done": _("stored"),
        "stored": _("stored"),
        "known": _("known already"),
    },
}

TONES: dict[str, dict[str, str]] = {
    "plan": {"draft": "", "committed": "wait", "drawn": "busy", "void": "bad"},
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

LEVEL_CLASSES = {"red": "I", "orange": "II", "yellow": "III", "blue": "IV"}


def label(family: str, code: object) -> str:
    """What a code is called; a code without words is shown as it is."""
    words = LABELS.get(family, {}).get(str(code))
    return str(words) if words is not None else str(code if code is not None else "—")


def tone(family: str, code: object) -> str:
    """The class that colours a state."""
    return TONES.get(family, {}).get(str(code), "")


def level_class(code: str) -> str:
    """The Roman class of a level, such as "I 级"."""
    roman = LEVEL_CLASSES.get(code)
    return gettext("class %(roman)s", roman=roman) if roman else ""
