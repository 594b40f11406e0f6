"""Designs for a draft, its quotas, and estimates from recorded results."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit, journal
from core.errors import Refusal
from registry.models import Category
from sampling.errors import (
    BudgetTooSmall,
    CalibrationImpossible,
    PlanInvalid,
    PlanVoid,
    StateForbids,
    VisitsOutOfRange,
)
from sampling.maths.limits import StratumCount, stratified_limits
from sampling.models.plans import DrawnUnit, PastInspection, Plan, Stratum
from sampling.queries import units
from sampling.queries.estimates import outcome_counts, plan_estimates
from sampling.queries.plans import plan_by_no
from sampling.service import changing, drawing, entropy, results
from sampling.service.advising import advice_for
from sampling.service.quotas import set_quotas
from tests import factories
from tests.services.sampling.conftest import AFTER, SIGNATURE, VALUE, City

Clock = Callable[[str], Any]
pytestmark = pytest.mark.usefixtures("at")  # before the public value


def drawn(city: City, at: Clock, **changes: Any) -> str:
    plan = city.committed(**changes)
    city.throw_dice(plan)
    at(AFTER)
    entropy.enter_public_value(city.session, city.lead, plan.no, value=VALUE, signature=SIGNATURE)
    drawing.draw(city.session, city.lead, plan.no)
    return plan.no


def codes(city: City, plan_no: str, stratum: str) -> list[str]:
    statement = units.drawn_statement(plan_no, stratum=stratum).order_by(DrawnUnit.rank)
    return [unit.code for unit in city.session.execute(statement).scalars()]


def record(city: City, plan_no: str, outcomes: dict[str, str]) -> None:
    rows = [
        {
            "code": code,
            "inspected_on": date(2023, 9, 20),
            "outcome": outcome,
            "inspected": 0 if outcome == "not_done" else 5,
            "failing": 2 if outcome == "fail" else 0,
            "critical": 0,
            "serious": int(outcome == "fail"),
            "minor": 0,
            "note": "closed" if outcome == "not_done" else None,
        }
        for code, outcome in outcomes.items()
    ]
    results.record_results(city.session, city.lead, plan_no, rows)


def test_results_give_a_rate_over_the_roster(city: City, at: Clock) -> None:
    plan_no = drawn(city, at)
    at("2023-09-20T08:00:00+00:00")
    first, second = codes(city, plan_no, "A"), codes(city, plan_no, "D")
    record(city, plan_no, {**dict.fromkeys(first, "pass"), first[0]: "fail"})
    record(city, plan_no, {**dict.fromkeys(second, "conditions"), second[0]: "fail"})

    found = plan_estimates(city.session, plan_no)

    # 15 enterprises of each grade: (1/4 + 1/6) / 2
    assert found.inference.estimate is not None
    assert found.inference.estimate.rate == pytest.approx((1 / 4 + 1 / 6) / 2)
    assert (found.roster, found.answers, found.failing, found.waiting) == (30, 10, 2, 0)
    assert found.inference.shown == stratified_limits(
        [StratumCount("A", 15, 4, 1), StratumCount("D", 15, 6, 1)]
    )


def test_missing_answers_are_counted_and_those_waiting_are_not(city: City, at: Clock) -> None:
    plan_no = drawn(city, at)
    at("2023-09-20T08:00:00+00:00")
    first = codes(city, plan_no, "A")
    changing.replace_unit(city.session, city.lead, plan_no, code=first[0], reason="搬迁")
    record(city, plan_no, {first[1]: "not_done", first[2]: "fail"})

    found = plan_estimates(city.session, plan_no)

    a, d = found.inference.strata
    assert (a.response.answers, a.response.given_up, a.response.not_done) == (1, 1, 1)
    assert (a.response.waiting, d.response.waiting) == (2, 6)  # the reserve called up is one
    assert a.response.rate == pytest.approx(1 / 3)
    assert found.inference.estimate is not None
    assert found.inference.estimate.silent == ("D",)
    assert (found.inference.if_passing, found.inference.if_failing) == (pytest.approx(1 / 3), 1.0)
    assert found.missing == 2


def test_stored_probabilities_of_an_unequal_draw_weigh_the_answers(city: City, at: Clock) -> None:
    sizes = {firm.code: 1 + place % 5 for place, firm in enumerate(city.enterprises)}
    plan_no = drawn(city, at, method={"kind": "pareto", "by": "given", "sizes": sizes})
    at("2023-09-20T08:00:00+00:00")
    first, second = codes(city, plan_no, "A"), codes(city, plan_no, "D")
    record(city, plan_no, {**dict.fromkeys([*first, *second], "pass"), first[0]: "fail"})

    found = plan_estimates(city.session, plan_no)

    # Hájek by hand from what is stored: chances in proportion to size.
    total = {
        key: sum(n for f, n in zip(city.enterprises, sizes.values(), strict=True) if f.grade == key)
        for key in "AD"
    }
    weight = {code: total["A"] / (4 * sizes[code.rpartition(":")[2]]) for code in first}
    assert not found.inference.is_equal
    assert found.inference.estimate is not None
    assert found.inference.estimate.rate == pytest.approx(
        weight[first[0]] / sum(weight.values()) / 2
    )
    assert found.inference.safe is not None
    assert found.inference.safe.method == "effective"


def test_before_any_result_there_is_no_rate(city: City, at: Clock) -> None:
    found = plan_estimates(city.session, drawn(city, at))

    assert found.inference.estimate is None
    assert found.waiting == 10


def test_weights_can_meet_the_categories_of_the_roster(city: City, at: Clock) -> None:
    plan_no = drawn(city, at)
    at("2023-09-20T08:00:00+00:00")
    record(city, plan_no, dict.fromkeys(codes(city, plan_no, "A"), "pass"))
    second = codes(city, plan_no, "D")
    record(city, plan_no, {**dict.fromkeys(second, "pass"), second[1]: "fail"})

    # In this city grade and category are the same split, so the rate must not move.
    found = plan_estimates(city.session, plan_no, calibrate_to="category")

    assert found.calibrated is not None
    assert found.inference.estimate is not None
    assert found.calibrated.rate == pytest.approx(found.inference.estimate.rate)
    assert found.calibrated.weights.largest == pytest.approx(1)


def test_a_class_without_answer_cannot_be_calibrated_to(city: City, at: Clock) -> None:
    two = [city.enterprises[0].category_id, city.enterprises[1].category_id]
    for place, firm in enumerate(city.enterprises):
        firm.category_id = two[place // 15]  # no longer the grade
    city.session.flush()
    plan_no = drawn(city, at)
    at("2023-09-20T08:00:00+00:00")
    record(city, plan_no, {codes(city, plan_no, "A")[0]: "pass"})

    with pytest.raises(CalibrationImpossible, match="nothing of class"):
        plan_estimates(city.session, plan_no, calibrate_to="category")


def test_classes_without_answer_join_what_lies_above_them(city: City, at: Clock) -> None:
    above = factories.category(city.session)
    for code in city.category_codes:
        node = city.session.execute(select(Category).where(Category.code == code)).scalar_one()
        node.parent_id = above.id
    city.session.flush()
    plan_no = drawn(city, at)
    at("2023-09-20T08:00:00+00:00")
    first = codes(city, plan_no, "A")
    record(city, plan_no, {first[0]: "pass", first[1]: "fail"})

    found = plan_estimates(city.session, plan_no, calibrate_to="category")

    assert found.calibrated is not None
    assert found.calibrated.rate == pytest.approx(0.5)


def test_only_a_standing_draw_is_estimated_from(city: City, at: Clock) -> None:
    draft = city.plan()
    with pytest.raises(StateForbids):
        plan_estimates(city.session, draft.no)
    plan_no = drawn(city, at)
    changing.void_plan(city.session, city.lead, plan_no, reason="名录有误")
    with pytest.raises(PlanVoid):
        plan_estimates(city.session, plan_no)


@pytest.fixture
def past(city: City) -> None:
    """Grade A was inspected 40 times without a failure, grade D 10 times with five."""
    for place in range(50):
        grade = "A" if place < 40 else "D"
        firm = next(f for f in city.enterprises if f.grade == grade)
        city.session.add(
            PastInspection(
                source_no=f"X{place}",
                enterprise_id=firm.id,
                inspected_on=date(2022, 5, 1),
                outcome="fail" if place >= 45 else "pass",
                critical=0,
                serious=0,
                minor=0,
            )
        )
    city.session.add(
        PastInspection(
            source_no="Y1",
            enterprise_id=city.enterprises[0].id,
            inspected_on=date(2022, 5, 2),
            outcome="not_done",
            critical=0,
            serious=0,
            minor=0,
        )
    )
    city.session.flush()


def test_past_inspections_are_counted_without_those_not_done(city: City, past: None) -> None:
    counts = outcome_counts(city.session)

    assert sorted(counts.values()) == [(10, 5), (40, 0)]


def test_a_draft_is_compared_with_other_designs(city: City, past: None, packs: None) -> None:
    found = advice_for(city.session, city.plan().no)

    assert dict(found.history) == {"A": (40, 0), "D": (10, 5)}
    assert found.least_share is None  # visits in 2023; the rule is of 2025
    designs = {one.design: one for one in found.advice.candidates}
    assert designs["planned"].quotas == {"A": 4, "D": 6}
    assert designs["proportional"].quotas == {"A": 5, "D": 5}
    assert designs["tiers"].quotas["D"] > designs["proportional"].quotas["D"]
    assert found.advice.sharpest in ("neyman", "tiers")
    assert "cost" not in designs


def test_the_least_share_is_the_rule_packs(city: City, packs: None) -> None:
    found = advice_for(city.session, city.plan(visit_on=date(2026, 3, 2)).no, visits=1)

    assert found.least_share == Decimal("0.03")
    planned = found.advice.candidates[0]
    assert "below-share" not in [c.code for c in planned.concerns]  # 10 of 30


def test_a_draft_with_unequal_chances_is_reckoned_with_them(city: City, past: None) -> None:
    sizes = {firm.code: 1 + 20 * (place < 6) for place, firm in enumerate(city.enterprises)}
    equal = advice_for(city.session, city.plan().no)
    method = {"kind": "pareto", "by": "given", "sizes": sizes}

    found = advice_for(city.session, city.plan(method=method).no)

    assert (equal.is_equal, found.is_equal) == (True, False)
    even, planned = equal.advice.candidates[0], found.advice.candidates[0]
    assert planned.design == "planned"
    assert planned.quotas == pytest.approx({"A": 4, "D": 6})
    assert planned.smallest < even.smallest
    assert planned.standard_error > even.standard_error


def test_prices_show_money(city: City, past: None) -> None:
    costs = {"A": Decimal("100.50"), "D": Decimal("300")}

    found = advice_for(city.session, city.plan().no, costs=costs, budget=Decimal("1500"))

    designs = {one.design: one for one in found.advice.candidates}
    assert designs["planned"].cost == Decimal("2202.00")
    assert designs["cost"].cost is not None
    assert designs["cost"].cost <= 1500


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"visits": 31}, VisitsOutOfRange),
        ({"visits": 0}, VisitsOutOfRange),
        (
            {"costs": {"A": Decimal(10), "D": Decimal(90)}, "budget": Decimal(100)},
            BudgetTooSmall,
        ),
    ],
)
def test_advice_that_cannot_be_given_is_refused(
    city: City, facts: dict[str, Any], reason: type[Refusal]
) -> None:
    with pytest.raises(reason):
        advice_for(city.session, city.plan().no, **facts)


def test_a_quota_above_its_stratum_leaves_the_plan_itself_out(city: City) -> None:
    plan = city.plan(strata=[{"key": "A", "quota": 16}, {"key": "D", "quota": 4}])

    found = advice_for(city.session, plan.no)

    assert not found.fits
    assert "planned" not in [one.design for one in found.advice.candidates]


def stored(session: Session, plan: Plan) -> dict[str, tuple[int, int]]:
    rows = session.execute(select(Stratum).where(Stratum.plan_id == plan.id)).scalars()
    return {row.key: (row.quota, row.reserve) for row in rows}


def test_quotas_of_a_draft_change_with_its_version_and_a_trace(city: City) -> None:
    plan = city.plan(strata=[{"key": "A", "quota": 4}, {"key": "D", "quota": 6, "reserve": 2}])
    version = plan.version

    set_quotas(city.session, city.lead, plan.no, {"A": 3, "D": 7}, design="neyman")

    assert stored(city.session, plan) == {"A": (3, 3), "D": (7, 2)}
    assert plan.version == version + 1
    entry = next(
        each.body
        for each in city.session.execute(select(journal.JournalEntry)).scalars()
        if (each.stream, each.kind) == (audit.STREAM, "plan.quotas")
    )
    assert entry["subject"] == plan.no
    assert entry["details"] == {
        "before": {"A": 4, "D": 6},
        "after": {"A": 3, "D": 7},
        "design": "neyman",
    }


@pytest.mark.parametrize(
    ("quotas", "field"),
    [
        ({"A": 3}, "quotas.D"),
        ({"A": 3, "D": 2, "E": 1}, "quotas.E"),
        ({"A": -1, "D": 2}, "quotas.A"),
        ({"A": True, "D": 2}, "quotas.A"),
        ({"A": 0, "D": 0}, "quotas"),
    ],
)
def test_quotas_that_make_no_sense_are_refused_at_the_field(
    city: City, quotas: dict[str, Any], field: str
) -> None:
    plan = city.plan()

    with pytest.raises(PlanInvalid) as refused:
        set_quotas(city.session, city.lead, plan.no, quotas)

    assert [each.field for each in refused.value.fields] == [field]
    assert stored(city.session, plan) == {"A": (4, 3), "D": (6, 2)}


def test_quotas_of_a_frozen_plan_stay(city: City, at: Clock) -> None:
    plan = city.committed()

    with pytest.raises(StateForbids):
        set_quotas(city.session, city.lead, plan.no, {"A": 1, "D": 1})

    assert plan_by_no(city.session, plan.no).committed_at is not None


def test_designs_are_for_drafts(city: City, at: Clock) -> None:
    with pytest.raises(StateForbids):
        advice_for(city.session, city.committed().no)
