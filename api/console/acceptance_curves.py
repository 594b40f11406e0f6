"""What the page of acceptance sampling shows of a plan: facts, a chart, and its table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from api.console.charts.oc import Line, Mark, oc_option
from api.console.labels import label
from sampling.maths.acceptance import LotPlan
from sampling.maths.acceptance_tables import State
from sampling.maths.audit_plans import Audit
from sampling.maths.oc import AnyPlan, DoublePlan
from sampling.maths.plan_search import FoundPlan
from sampling.maths.variables import FoundVariablesPlan
from sampling.service.acceptance import Comparison, Curve


@dataclass(frozen=True, slots=True)
class Figure:
    """A plan on the page.

    ``rule`` says what to do with the lot, ``facts`` are pairs of words and numbers; ``head`` and
    ``rows`` are the table beside the chart, of ready words.
    """

    rule: str
    facts: Sequence[tuple[str, str]]
    notes: Sequence[str] = ()
    option: dict[str, Any] | None = None
    reading: str = ""
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    proof: Sequence[Any] = ()


def hundredths(share: float | None) -> str:
    """A share in percent with the digits that tell it apart."""
    if share is None:
        return "—"
    value = 100 * share
    return f"{value:.1f}%" if 0.95 <= value < 99.95 or value == 0 else f"{value:.3g}%"


def rule_of(plan: AnyPlan) -> str:
    """What to do with a lot."""
    if isinstance(plan, DoublePlan):
        words = _(
            "Inspect %(first)s items. Accept with %(accept)s failing or fewer, reject with "
            "%(reject)s or more. In between inspect %(second)s more and accept with %(last)s or "
            "fewer in all.",
            first=plan.first_size,
            accept=plan.first_acceptance,
            reject=plan.first_rejection,
            second=plan.second_size,
            last=plan.acceptance,
        )
        return str(words)
    words = _(
        "Inspect %(size)s items. Accept with %(accept)s failing or fewer, reject with %(reject)s "
        "or more.",
        size=plan.size,
        accept=plan.acceptance,
        reject=plan.acceptance + 1,
    )
    return str(words)


def _lot_notes(found: LotPlan) -> list[str]:
    notes = []
    if found.letter != found.first_letter:
        notes.append(
            _(
                "Letter %(first)s has no plan for this AQL; the arrow leads to letter %(letter)s, "
                "whose sample size counts.",
                first=found.first_letter,
                letter=found.letter,
            )
        )
    if not found.is_percent:
        notes.append(_("Above 10 an AQL counts findings per 100 items; an item may have several."))
    if isinstance(found.plan, DoublePlan):
        notes.append(_("Double plans follow the edition of 1999 (GB/T 2828.1-2012)."))
    if found.inspects_all:
        notes.append(_("The lot is no larger than the sample: every item is inspected."))
    return notes


def lot_figure(found: LotPlan, compared: Comparison | None) -> Figure:
    """The plan of GB/T 2828.1 for a lot, beside the other severities and the scheme."""
    notes = _lot_notes(found)
    facts = [
        (_("Code letter"), found.first_letter),
        (_("Letter of the plan"), found.letter),
        (_("Severity"), label("severity", found.state.value)),
        (_("Items to inspect"), str(found.items)),
    ]
    if compared is None:
        rule = _(
            "Inspect all %(size)s items. Accept with %(accept)s failing or fewer.",
            size=found.lot_size,
            accept=found.plan.acceptance,
        )
        return Figure(rule, facts, notes)
    most = max(point.sample_number for point in compared.points)
    worst = max(point.outgoing for point in compared.points)
    facts += [
        (_("Rejected although just at the AQL"), hundredths(compared.producer_risk)),
        (_("Quality accepted once in ten lots"), hundredths(compared.consumer_quality)),
        (_("Largest average sample number"), f"{most:.1f}"),
        (_("Worst average outgoing quality"), hundredths(worst)),
    ]
    reading = _(
        "Faultless lots are always accepted; one lot in ten is at %(quality)s.",
        quality=hundredths(compared.consumer_quality),
    )
    option = _lot_option(found, compared, reading)
    head = [
        _("Quality"),
        *(label("severity", state.value) for state in State),
        _("Scheme with switching"),
        _("Sample number of the scheme"),
        _("Average outgoing quality"),
    ]
    return Figure(rule_of(found.plan), facts, notes, option, reading, head, _lot_rows(compared))


def _lot_rows(compared: Comparison) -> list[list[str]]:
    long_run = {each.quality: each for each in compared.scheme}
    rows = []
    for place, quality in enumerate(compared.qualities):
        run = long_run.get(quality)
        rows.append(
            [
                hundredths(quality),
                *(hundredths(compared.chances[state][place]) for state in State),
                hundredths(run.acceptance if run else None),
                f"{run.sample_number:.1f}" if run else "—",
                hundredths(compared.points[place].outgoing),
            ]
        )
    return rows


def _points(pairs: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Shares as percent with few digits, as a chart needs them."""
    return [(float(f"{100 * at:.4g}"), round(100 * chance, 3)) for at, chance in pairs]


def _lot_option(found: LotPlan, compared: Comparison, reading: str) -> dict[str, Any]:
    lines = [
        Line(
            label("severity", state.value),
            _points(list(zip(compared.qualities, compared.chances[state], strict=True))),
            is_main=state == found.state,
        )
        for state in State
    ]
    run = [(each.quality, each.acceptance) for each in compared.scheme]
    lines.append(Line(_("scheme with switching"), _points([(0.0, 1.0), *run])))
    return oc_option(
        lines,
        marks=[Mark("AQL", found.aql)],
        quality=_("Failing items of the process, percent")
        if found.is_percent
        else _("Findings per 100 items"),
        description=reading,
    )


def _curve_option(curve: Curve, name: str, marks: Sequence[Mark], reading: str) -> dict[str, Any]:
    pairs = [(point.quality, point.acceptance) for point in curve.points]
    return oc_option(
        [Line(name, _points(pairs), is_main=True)],
        marks=marks,
        quality=_("Failing items, percent"),
        description=reading,
    )


def _curve_rows(curve: Curve) -> list[list[str]]:
    return [
        [
            "—" if point.failing is None else str(point.failing),
            hundredths(point.quality),
            hundredths(point.acceptance),
            hundredths(point.outgoing),
            "—" if point.inspected is None else f"{point.inspected:.1f}",
        ]
        for point in curve.points
    ]


def _curve_head() -> list[str]:
    return [
        _("Failing items in the lot"),
        _("Quality"),
        _("Accepted"),
        _("Average outgoing quality"),
        _("Items inspected on average"),
    ]


def risks_figure(found: FoundPlan, curve: Curve) -> Figure:
    """The smallest plan for two risks, with the proof that none is smaller."""
    asked = found.risks
    reading = _(
        "Lots of %(good)s are rejected with %(alpha)s, lots of %(bad)s accepted with %(beta)s.",
        good=hundredths(asked.aql),
        alpha=hundredths(found.producer_risk),
        bad=hundredths(asked.limit),
        beta=hundredths(found.consumer_risk),
    )
    marks = [Mark("AQL", 100 * asked.aql), Mark("LQ", 100 * asked.limit)]
    return Figure(
        rule_of(found.plan),
        [
            (_("Producer's risk, really"), hundredths(found.producer_risk)),
            (_("Consumer's risk, really"), hundredths(found.consumer_risk)),
            (_("What the lots are"), label("sampling_model", found.model.value)),
        ],
        [],
        _curve_option(curve, _("this plan"), marks, reading),
        reading,
        _curve_head(),
        _curve_rows(curve),
        found.proof,
    )


def audit_figure(found: Audit, curve: Curve) -> Figure:
    """An audit of a declaration; acceptance means that it is not contradicted."""
    power = float(found.power) if found.power is not None else None
    reading = _(
        "A true declaration is contradicted with %(risk)s; a lot with %(worse)s failing items is "
        "found out with %(power)s.",
        risk=hundredths(float(found.false_risk)),
        worse=found.worse,
        power=hundredths(power),
    )
    rule = _(
        "Inspect %(size)s items. The declaration is contradicted if more than %(limit)s fail.",
        size=found.size,
        limit=found.limit,
    )
    return Figure(
        rule,
        [
            (_("Declared failing items"), str(found.claimed)),
            (_("Risk of contradicting a true declaration"), hundredths(float(found.false_risk))),
            (_("Finds out a lot with %(worse)s failing", worse=found.worse), hundredths(power)),
        ],
        [
            _("Computed exactly for this lot, not taken from the tables of GB/T 2828.11."),
            _("A declaration that is not contradicted is not thereby proven."),
        ],
        _curve_option(
            curve,
            _("not contradicted"),
            [Mark(_("claimed"), 100 * found.claimed / found.lot_size)],
            reading,
        ),
        reading,
        _curve_head(),
        _curve_rows(curve),
    )


def variables_figure(found: FoundVariablesPlan, points: Sequence[tuple[float, float]]) -> Figure:
    """A plan by measurement."""
    plan, asked = found.plan, found.risks
    reading = _(
        "Lots of %(good)s are rejected with %(alpha)s, lots of %(bad)s accepted with %(beta)s.",
        good=hundredths(asked.aql),
        alpha=hundredths(found.producer_risk),
        bad=hundredths(asked.limit),
        beta=hundredths(found.consumer_risk),
    )
    spread = _("the known standard deviation") if plan.spread_known else _("the sample's own")
    rule = _(
        "Measure %(size)s items. Accept if the mean lies at least %(constant)s standard deviations "
        "(%(spread)s) inside the limit.",
        size=plan.size,
        constant=f"{plan.constant:.4f}",
        spread=spread,
    )
    return Figure(
        rule,
        [
            (_("Constant k"), f"{plan.constant:.6f}"),
            (_("k may lie between"), f"{found.lowest_constant:.4f} – {found.highest_constant:.4f}"),
            (_("Producer's risk, really"), hundredths(found.producer_risk)),
            (_("Consumer's risk, really"), hundredths(found.consumer_risk)),
        ],
        [_("Holds for a characteristic that is distributed normally; the method cannot tell.")],
        oc_option(
            [Line(_("this plan"), _points([(0.0, 1.0), *points]), is_main=True)],
            marks=[Mark("AQL", 100 * asked.aql), Mark("LQ", 100 * asked.limit)],
            quality=_("Failing items, percent"),
            description=reading,
        ),
        reading,
        [_("Quality"), _("Accepted")],
        [[hundredths(share), hundredths(chance)] for share, chance in points],
    )
