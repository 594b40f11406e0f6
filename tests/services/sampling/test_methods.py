"""Plans with unequal chances, certain units, caps, protection, and shared tickets."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text, update

from sampling import errors
from sampling.maths.columns import encoded
from sampling.maths.commitment import WHOLE, FrameUnit
from sampling.models.frames import FrameBlock
from sampling.models.plans import PastInspection
from sampling.queries import plans, units
from sampling.service import changing, drawing, entropy, framing, freezing, results
from sampling.service.frames import stored_columns
from sampling.service.limits import yearly_cap
from tests.services.sampling.conftest import AFTER, SECRET, SIGNATURE, VALUE, City
from tests.services.sampling.test_draw_service import drawn, judged

Clock = Callable[[str], Any]
BY_CATEGORY = {"kind": "pareto", "by": "category", "equal_share_percent": 20}


def frame_rows(city: City, plan_no: str) -> dict[str, FrameUnit]:
    roster = stored_columns(city.session, plans.plan_by_no(city.session, plan_no))
    return {unit.code: unit for unit in roster.units()}


def test_chances_by_given_sizes_are_committed_and_drawn(city: City, at: Clock) -> None:
    sizes = {one.code: n + 1 for n, one in enumerate(city.enterprises)}
    # One by its credit code, one by another register's number, which has a prefix in the draw.
    certain = [{"code": city.enterprises[n].code, "reason": "投诉集中"} for n in (3, 4)]

    plan_no = drawn(
        city, at, method={"kind": "pareto", "by": "given", "sizes": sizes}, certain=certain
    )

    assert judged(city.session, plan_no) == {}
    rows = frame_rows(city, plan_no)
    by_stratum = {"A": 0, "D": 0}
    for row in rows.values():
        by_stratum[row.stratum] += row.chance or 0
    assert by_stratum == {"A": 4 * WHOLE, "D": 6 * WHOLE}
    assert rows[city.enterprises[3].code].chance == WHOLE
    selected = {
        unit.code for unit in city.session.execute(units.drawn_statement(plan_no)).scalars()
    }
    assert {city.enterprises[3].code, f"licence:{city.enterprises[4].code}"} <= selected


def test_a_changed_chance_is_noticed(city: City, at: Clock) -> None:
    weights = {code: n + 1 for n, code in enumerate(city.category_codes)}
    plan = city.committed(method={**BY_CATEGORY, "weights": weights})
    city.throw_dice(plan)
    at(AFTER)
    entropy.enter_public_value(city.session, city.lead, plan.no, value=VALUE, signature=SIGNATURE)
    roster = stored_columns(city.session, plan)
    first = replace(roster.kinds[0], chance=(roster.kinds[0].chance or 0) + 1)
    changed = encoded(replace(roster, kinds=(first, *roster.kinds[1:])))
    city.session.execute(text("ALTER TABLE frame_block DISABLE TRIGGER USER"))
    city.session.execute(update(FrameBlock).values(content=changed))
    city.session.flush()

    with pytest.raises(errors.FrameChanged, match="roster"):
        drawing.draw(city.session, city.lead, plan.no)


@pytest.mark.parametrize(
    ("method", "field"),
    [
        ({"kind": "dice"}, "method.kind"),
        ({"kind": "equal", "by": "grade"}, "method"),
        ({"kind": "pareto", "by": "turnover"}, "method.by"),
        ({"kind": "pareto", "by": "grade"}, "method.weights"),
        ({"kind": "pareto", "by": "grade", "weights": {"A": -1}}, "method.weights"),
        ({"kind": "pareto", "by": "none", "equal_share_percent": 101}, "method.equal_share"),
    ],
)
def test_a_method_that_cannot_be_meant_is_refused(
    city: City, at: Clock, method: dict[str, Any], field: str
) -> None:
    with pytest.raises(errors.PlanInvalid) as caught:
        city.plan(method=method)

    assert caught.value.fields[0].field.startswith(field)


def test_a_certain_unit_must_be_on_the_roster(city: City, at: Clock) -> None:
    plan = city.plan(
        method={"kind": "pareto", "by": "none"},
        certain=[{"code": "91370000000000999X", "reason": "投诉"}],
    )

    with pytest.raises(errors.CertainUnknown, match="91370000000000999X"):
        freezing.freeze(city.session, city.lead, plan.no, secret=SECRET, software="0.1.0")


def test_sizes_of_zero_name_the_stratum_and_the_way_out(city: City, at: Clock) -> None:
    plan = city.plan(method={"kind": "pareto", "by": "grade", "weights": {"A": 3}})

    with pytest.raises(errors.ChancesImpossible, match=r"Stratum D .* all sizes are 0"):
        freezing.freeze(city.session, city.lead, plan.no, secret=SECRET, software="0.1.0")


def test_who_reached_the_yearly_cap_is_left_out_with_the_reason(city: City, at: Clock) -> None:
    for number, day in enumerate((date(2023, 3, 1), date(2022, 12, 31))):
        city.session.add(
            PastInspection(
                source_no=f"P{number}",
                enterprise_id=city.enterprises[number].id,
                inspected_on=day,
                outcome="pass",
                critical=0,
                serious=0,
                minor=0,
            )
        )
    plan = city.plan(yearly_cap=1)

    frame = framing.frame_of(city.session, plan)

    assert [reason for _, reason in frame.exclusions] == [
        "visited 1 times in 2023, cap 1 (CN-DRAW draw.annual-cap)"
    ]


def test_open_visits_count_towards_the_cap(city: City, at: Clock) -> None:
    first = drawn(city, at)
    visits = city.session.execute(units.drawn_statement(first)).scalars().all()
    plan = city.plan(yearly_cap=1)

    frame = framing.frame_of(city.session, plan)

    assert {code for code, _ in frame.exclusions} == {unit.code for unit in visits}


def test_the_cap_of_the_law_is_read_from_the_pack(city: City, packs: object) -> None:
    found = yearly_cap(city.session, date(2026, 1, 1))

    assert found is not None
    assert found.value == 1
    assert "54号" in found.citation


def sampled(city: City, at: Clock) -> str:
    """The code of an enterprise whose product was sampled on 2023-09-15."""
    plan_no = drawn(city, at, purpose="supervision")
    unit = city.session.execute(units.drawn_statement(plan_no)).scalars().all()[0]
    found = {"code": unit.code, "inspected_on": date(2023, 9, 15), "outcome": "pass"}
    counts = {"inspected": 3, "failing": 0, "critical": 0, "serious": 0, "minor": 0}
    results.record_results(
        city.session, city.lead, plan_no, results=[{**found, **counts, "note": None}]
    )
    return unit.code


def test_the_same_product_is_protected_for_six_months(city: City, at: Clock, packs: object) -> None:
    code = sampled(city, at)

    early = city.plan(purpose="supervision", visit_on=date(2024, 3, 14))
    late = city.plan(purpose="supervision", visit_on=date(2024, 3, 15))

    (left_out,) = framing.frame_of(city.session, early).exclusions
    assert left_out[0] == code
    assert "sampled on 2023-09-15" in left_out[1]
    assert "from 2024-03-15" in left_out[1]
    assert framing.frame_of(city.session, late).exclusions == ()


def test_follow_up_sampling_is_exempt_and_says_so(city: City, at: Clock, packs: object) -> None:
    sampled(city, at)
    exemption = {"kind": "follow-up", "reason": "上次不合格，跟踪抽查"}

    plan = city.committed(
        purpose="supervision",
        visit_on=date(2023, 10, 20),
        exemption=exemption,
        sources=[
            {"kind": "dice", "count": 50},
            {"kind": "beacon", "network": "drand-quicknet", "round": 700000},
        ],
    )

    assert plans.plan_detail(city.session, plan.no).summary.frame_size == 30
    assert plan.filters["exemption"] == exemption


def test_an_exemption_of_no_law_is_refused(city: City, at: Clock, packs: object) -> None:
    with pytest.raises(errors.PlanInvalid) as caught:
        city.plan(purpose="supervision", exemption={"kind": "convenience", "reason": "顺路"})

    assert caught.value.fields[0].field == "exemption"
    assert "follow-up, emergency" in str(caught.value.fields[0].facts)


def group(city: City) -> tuple[str, str]:
    """Two plans that share their tickets, both committed; so small that they cannot meet."""
    strata = [{"key": "A", "quota": 1}, {"key": "D", "quota": 1}]
    first = city.committed(coordination={"place": 0, "of": 2}, strata=strata)
    said = {"place": 1, "of": 2, "with": first.no}
    second = city.committed(coordination=said, sources=[], strata=strata)
    return first.no, second.no


def test_coordinated_plans_spread_the_burden(city: City, at: Clock) -> None:
    first, second = group(city)
    city.throw_dice(plans.plan_by_no(city.session, first))
    at(AFTER)
    entropy.enter_public_value(city.session, city.lead, first, value=VALUE, signature=SIGNATURE)
    assert plans.plan_detail(city.session, second).summary.waits_for == "plan"
    with pytest.raises(errors.EntropyMissing, match=f"seed of {first}"):
        drawing.draw(city.session, city.lead, second)
    drawing.draw(city.session, city.lead, first)
    assert plans.plan_detail(city.session, second).summary.waits_for == "draw"

    drawing.draw(city.session, city.lead, second)

    assert judged(city.session, first) == judged(city.session, second) == {}
    found = [
        {unit.code for unit in city.session.execute(units.drawn_statement(no)).scalars()}
        for no in (first, second)
    ]
    assert not found[0] & found[1]


def test_a_plan_cannot_join_once_the_seed_may_be_known(city: City, at: Clock) -> None:
    first = city.committed(coordination={"place": 0, "of": 2})
    late = city.plan(coordination={"place": 1, "of": 2, "with": first.no}, sources=[])
    changing.void_plan(city.session, city.lead, first.no, reason="名录有误")

    with pytest.raises(errors.GroupNotOpen, match="is void"):
        freezing.freeze(city.session, city.lead, late.no, secret=SECRET, software="0.1.0")


def test_nobody_types_the_seed_of_another_plan(city: City, at: Clock) -> None:
    _, second = group(city)

    with pytest.raises(errors.NoSuchSource):
        entropy.enter_public_value(city.session, city.lead, second, value="ab" * 32)


def test_the_published_plan_names_measure_and_certain_units(city: City, at: Clock) -> None:
    plan_no = drawn(city, at, method={"kind": "pareto", "by": "none"})
    plan = plans.plan_by_no(city.session, plan_no)
    from sampling.service.parts import parts_of

    document = json.loads(parts_of(city.session, plan, only_public=True)["plan.json"])

    assert document["method"] == "pareto"
    assert document["measure"] == {"by": "none", "equal_share_percent": 0}
    assert all(rule["calibrated"] for rule in document["strata"])
