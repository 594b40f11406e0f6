"""Where a plan stands, as the row of steps on its page tells it."""

from __future__ import annotations

from flask_babel import gettext as _

from api.console.shell import number
from sampling.views import PlanDetail


def plan_steps(detail: PlanDetail) -> list[dict[str, str]]:
    """Where the plan stands among the five steps."""
    plan = detail.summary
    reached = {"freeze": 0, "dice": 2, "beacon": 2, "text": 2, "demo": 2, "draw": 3}.get(
        plan.waits_for or "", 4
    )
    size = plan.frame_size
    notes = (
        _(
            "%(size)s enterprises · %(people)s inspectors",
            size=number(size),
            people=detail.inspectors,
        )
        if size
        else _("as the register stands"),
        _("published") if plan.committed_at else _("before any number exists"),
        _("dice of two people + a later public value"),
        _("%(count)s enterprises", count=plan.quota),
        _("%(done)s of %(quota)s done", done=plan.done, quota=plan.quota),
    )
    titles = (
        _("Make the roster"),
        _("Lock and publish the commitment"),
        _("Public numbers"),
        _("Draw"),
        _("Dispatch and visits"),
    )
    steps = []
    for index, (title, note) in enumerate(zip(titles, notes, strict=True)):
        if plan.state == "void":
            state = "void"
        elif index < reached or (index == 4 and plan.quota and plan.done == plan.quota):
            state = "done"
        else:
            state = "now" if index == reached else "later"
        steps.append({"title": title, "note": note, "state": state})
    return steps
