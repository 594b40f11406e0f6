"""Acceptance sampling: from a lot, two risks or a declaration to a plan and what it does."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from api.auth import require
from api.console.acceptance_curves import audit_figure, lot_figure, risks_figure, variables_figure
from api.console.forms import Form
from api.console.labels import label
from core.actors import STAFF
from core.errors import Refusal
from sampling.maths.acceptance import Kind
from sampling.maths.acceptance_tables import AQLS, LARGEST_LOT, LEVELS, State
from sampling.maths.oc import Model
from sampling.service import acceptance

blueprint = Blueprint("acceptance_pages", __name__)

BASE = "/console/acceptance"
WAYS = ("lot", "risks", "audit", "variables")
LARGEST_AUDIT = 200_000


@blueprint.route(BASE)
@require(*STAFF)
def show() -> Any:
    """A plan, its curve and its risks; all that is asked stands in the address."""
    by = request.args.get("by", "lot")
    by = by if by in WAYS else "lot"
    form = Form(values=request.args)
    figure = None
    if "lot_size" in request.args or "aql" in request.args:
        try:
            figure = {"lot": _lot, "risks": _risks, "audit": _audit, "variables": _variables}[by](
                form
            )
        except Refusal as refusal:
            form.refused(refusal)
    page = render_template(
        "pages/acceptance.html",
        title=_("Acceptance sampling"),
        form=form,
        by=by,
        ways=[
            ("lot", _("A lot and its AQL")),
            ("risks", _("Two risks")),
            ("audit", _("Check a declaration")),
            ("variables", _("By measurement")),
        ],
        levels=[(level, level) for level in LEVELS],
        aqls=[(f"{aql:g}", f"{aql:g}") for aql in AQLS],
        states=[(state.value, label("severity", state.value)) for state in State],
        models=[(model.value, label("sampling_model", model.value)) for model in Model],
        kinds=[(Kind.SINGLE.value, _("single")), (Kind.DOUBLE.value, _("double"))],
        figure=figure,
    )
    return page, form.status


def _percent(form: Form, name: str, title: str) -> float:
    """A percentage as a share; 0 where something is wrong, which the form then says."""
    amount = form.amount(name, title)
    if amount is None:
        return 0.0
    if not 0 < amount < 100:
        form.wrong(
            name, _("“%(title)s” must be more than 0 and less than 100 percent.", title=title)
        )
        return 0.0
    return float(amount / Decimal(100))


def _lot(form: Form) -> Any:
    size = form.number("lot_size", _("Lot size"), least=2, most=LARGEST_LOT)
    aql = form.choice("aql", _("AQL"), [f"{each:g}" for each in AQLS])
    level = form.choice("level", _("Inspection level"), LEVELS)
    state = form.choice("state", _("Severity"), [each.value for each in State])
    kind = form.choice("kind", _("Kind of sampling plan"), [each.value for each in Kind])
    if not form.is_good or size is None:
        return None
    found = acceptance.lot_plan(lot_size=size, aql=float(aql), level=level, state=state, kind=kind)
    compared = None if found.inspects_all else acceptance.compared(found)
    return lot_figure(found, compared)


def _asked_risks(form: Form) -> dict[str, float]:
    return {
        "aql": _percent(form, "aql", _("Good quality (AQL), percent")),
        "limit": _percent(form, "limit", _("Bad quality (LQ), percent")),
        "producer_risk": _percent(form, "producer_risk", _("Producer's risk, percent")),
        "consumer_risk": _percent(form, "consumer_risk", _("Consumer's risk, percent")),
    }


def _risks(form: Form) -> Any:
    asked = _asked_risks(form)
    model = form.choice("model", _("What the lots are"), [each.value for each in Model])
    needs_size = model == Model.HYPERGEOMETRIC.value
    size = form.number("lot_size", _("Lot size"), required=needs_size, least=2, most=LARGEST_LOT)
    if not form.is_good:
        return None
    lot_size = size if needs_size else None
    found = acceptance.searched_plan(**asked, model=model, lot_size=lot_size)
    return risks_figure(
        found, acceptance.curve(found.plan, model=found.model, lot_size=found.lot_size)
    )


def _audit(form: Form) -> Any:
    size = form.number("lot_size", _("Lot size"), least=2, most=LARGEST_AUDIT)
    claimed = form.number("claimed", _("Declared failing items"), most=LARGEST_AUDIT)
    worse = form.number("worse", _("Failing items to find out"), least=1, most=LARGEST_AUDIT)
    risk = _percent(form, "risk", _("Risk of contradicting a true declaration, percent"))
    missed = _percent(form, "missed", _("Risk of missing a bad lot, percent"))
    if not form.is_good or size is None or claimed is None or worse is None:
        return None
    found = acceptance.audit_of(
        lot_size=size, claimed=claimed, worse=worse, risk=risk, missed=missed
    )
    plan = acceptance.plan_of_numbers(size=found.size, acceptance=found.limit)
    return audit_figure(
        found, acceptance.curve(plan, model=Model.HYPERGEOMETRIC, lot_size=found.lot_size)
    )


def _variables(form: Form) -> Any:
    asked = _asked_risks(form)
    known = form.choice("spread", _("Spread of the process"), ("known", "unknown"))
    if not form.is_good:
        return None
    found = acceptance.searched_variables(**asked, spread_known=known == "known")
    last = min(0.999, 3 * asked["limit"])
    shares = [last * at / 40 for at in range(1, 41)]
    chances = acceptance.variables_curve(
        shares,
        size=found.plan.size,
        constant=found.plan.constant,
        spread_known=found.plan.spread_known,
    )
    return variables_figure(found, list(zip(shares, chances, strict=True)))
