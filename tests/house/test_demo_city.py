"""The demo city: invented, reproducible, calibrated, and with its story in it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.random import default_rng

from registry.maths.codes import Flaw, check_gtin, check_uscc
from risk.maths.detection import detect
from risk.maths.levels import Level, assign_level, read_level_tables, table_on
from risk.maths.reference import WeekAxis
from runtime.demo import history, incidents, ledger, story
from runtime.demo.cast import CAST
from runtime.demo.catalogue import CHARGER, GOODS
from runtime.demo.city import SEED, City, build_city
from runtime.demo.samples import samples

AS_OF = date(2026, 11, 24)
LEVELS = Path(__file__).parents[2] / "risk" / "packs" / "levels.json"


@pytest.fixture(scope="module")
def city() -> City:
    return build_city(SEED, AS_OF)


def test_the_same_seed_and_day_give_the_same_city(city: City) -> None:
    again = build_city(SEED, AS_OF)

    assert again == city


def test_another_seed_gives_other_enterprises_but_the_same_story(city: City) -> None:
    other = build_city(SEED + 1, AS_OF)

    assert {firm.code for firm in other.enterprises}.isdisjoint(
        {firm.code for firm in city.enterprises}
    )
    assert [m.lot_no for m in other.story.movements] == [m.lot_no for m in city.story.movements]


def test_every_credit_code_is_valid_unique_and_in_a_province_that_does_not_exist(
    city: City,
) -> None:
    codes = [firm.code for firm in city.enterprises]

    checks = [check_uscc(code) for code in codes]

    assert len(codes) == len(set(codes)) == 1300
    assert all(check.valid for check in checks)
    assert {finding.flaw for check in checks for finding in check.warnings} == {Flaw.PROVINCE}


def test_every_article_number_is_valid_unique_and_for_restricted_circulation(city: City) -> None:
    checks = [check_gtin(product.gtin) for product in city.products]

    assert all(check.valid for check in checks)
    assert all([f.flaw for f in check.warnings] == [Flaw.RESTRICTED] for check in checks)
    assert len({check.normalised for check in checks}) == len(checks)
    assert {len(product.gtin) for product in city.products} == {13, 14}


def test_names_are_unique_and_begin_with_an_invented_city(city: City) -> None:
    names = [firm.name for firm in city.enterprises]
    cities = {place.name[:2] for place in city.places if place.parent_code == "990000"}

    assert len(set(names)) == len(names)
    assert all(name[:2] in cities for name in names)
    assert len(cities) == 12


def test_regions_and_categories_are_trees(city: City) -> None:
    for rows in (city.places, city.categories):
        codes = {row.code for row in rows}

        assert all(row.parent_code is None or row.parent_code in codes for row in rows)
    assert len(GOODS) == 18
    assert [place.name for place in city.places if place.valid_to is not None] == ["岚东县"]


def test_grades_follow_one_another_by_single_steps(city: City) -> None:
    for firm in city.enterprises:
        days = [step.since for step in firm.grades]
        letters = ["ABCD".index(step.grade) for step in firm.grades]

        assert days == sorted(set(days))
        assert days[-1] < AS_OF
        assert all(abs(a - b) == 1 for a, b in pairwise(letters))


def test_sixty_inspectors_with_one_ended_certificate_and_four_that_end_soon(city: City) -> None:
    days = [(person.certificate_until - AS_OF).days for person in city.people]

    assert len(days) == 60
    assert sum(day < 0 for day in days) == 1
    assert sum(0 <= day <= 30 for day in days) == 4
    assert len({person.department for person in city.people}) == 6


def test_enough_inspectors_are_free_for_every_charger_firm(city: City) -> None:
    able = {
        person.number
        for person in city.people
        if CHARGER in person.category_codes and person.certificate_until > AS_OF
    }
    ties = {(tie.person_number, tie.enterprise_code) for tie in city.recusals}
    firms = [firm for firm in city.enterprises if firm.category_code == CHARGER]

    free = [sum((number, firm.code) not in ties for number in able) for firm in firms]

    assert min(free) >= 10
    assert any((number, firm.code) in ties for firm in firms for number in able)


@pytest.mark.parametrize("seed", [SEED, 1, 2])
def test_inspections_are_calibrated_to_the_provincial_figures(seed: int) -> None:
    city = build_city(seed, AS_OF)

    figures = history.calibration(city.inspections, len(city.enterprises), city.years)

    # Half a firm of 482 is 0.1 points; one failing test of 2,840 is 0.04 points.
    assert figures.pass_rate == pytest.approx(0.8813, abs=0.001)
    assert figures.failing_share == pytest.approx(0.171, abs=0.006)
    assert figures.fail_rate_inside == pytest.approx(0.607, abs=0.02)
    assert figures.tested_share_per_year == pytest.approx(0.084, abs=0.001)
    assert figures.tests / len({(i.enterprise_code, i.on) for i in city.inspections}) == (
        pytest.approx(4.62, abs=0.25)  # about 630 visits, standard error 0.08
    )


def test_failures_bunch_more_than_one_common_rate_would(city: City) -> None:
    tests, fails = Counter[str](), Counter[str]()
    for row in city.inspections:
        tests[row.enterprise_code] += 1
        fails[row.enterprise_code] += not row.is_pass
    rate = sum(fails.values()) / sum(tests.values())

    spread = sum((fails[code] - n * rate) ** 2 for code, n in tests.items())
    binomial = sum(n * rate * (1 - rate) for n in tests.values())

    assert spread > 3 * binomial


def test_high_grades_fail_more_often(city: City) -> None:
    grade = {firm.code: firm.grade for firm in city.enterprises}
    tests, fails = Counter[str](), Counter[str]()
    for row in city.inspections:
        tests[grade[row.enterprise_code]] += 1
        fails[grade[row.enterprise_code]] += not row.is_pass

    rates = [fails[letter] / tests[letter] for letter in "ABCD"]

    assert rates == sorted(rates)


@pytest.mark.parametrize("as_of", [date(2026, 11, 22), date(2026, 11, 23), date(2027, 1, 1)])
def test_histories_end_with_the_last_whole_iso_week(as_of: date) -> None:
    city = build_city(SEED, as_of)
    end = incidents.last_complete_week(as_of)

    weeks = {row.received_on.isocalendar()[:2] for row in city.incidents}

    assert end.isoweekday() == 7
    assert 1 <= (as_of - end).days <= 7
    assert max(row.received_on for row in city.incidents) == end
    assert min(row.received_on for row in city.incidents) >= incidents.first_monday(as_of)
    assert len(weeks) == incidents.WEEKS >= 286


def test_counts_have_the_season_and_the_spread_that_were_asked_for() -> None:
    table = incidents.counts(default_rng(5), AS_OF).sum(axis=1)
    start = incidents.first_monday(AS_OF)
    months = [(start + timedelta(days=7 * week + 3)).month for week in range(incidents.WEEKS)]
    coats = table[[goods.code for goods in GOODS].index("F01")]
    lamps = table[[goods.code for goods in GOODS].index("D06")]

    winter = [count for count, month in zip(coats, months, strict=True) if month in (12, 1)]
    summer = [count for count, month in zip(coats, months, strict=True) if month in (6, 7)]

    assert sum(winter) / len(winter) > 4 * sum(summer) / len(summer)
    # No season, hardly a trend: the variance is DISPERSION times the mean, within 3 errors.
    assert lamps.var() / lamps.mean() == pytest.approx(incidents.DISPERSION, abs=0.35)


def test_the_ledger_has_its_size_and_every_tier(city: City) -> None:
    tier = {firm.code: firm.tier for firm in city.enterprises}

    kinds = Counter(row.kind for row in city.movements)
    sent = Counter(tier[row.from_code] for row in city.movements if row.kind == "shipment")

    assert kinds["production"] + kinds["shipment"] >= 50_000
    assert set(sent) == {0, 1, 2, 3}
    assert {tier[row.from_code] for row in city.movements if row.kind == "sale"} == {4}


def test_shipments_go_down_the_chain_and_after_the_lot_was_made(city: City) -> None:
    tier = {firm.code: firm.tier for firm in city.enterprises}
    made = {(m.gtin, m.lot_no): m.on for m in city.movements if m.kind == "production"}

    for row in city.movements:
        if row.kind == "shipment":
            assert not row.to_code or tier[row.to_code] > tier[row.from_code]
            assert row.on >= made[row.gtin, row.lot_no]


def test_nothing_is_used_before_it_arrived_nor_more_than_arrived(city: City) -> None:
    came: dict[tuple[str, str, str], list[tuple[date, Decimal]]] = defaultdict(list)
    unknown = {(m.gtin, m.lot_no) for m in city.movements if m.quantity is None or not m.to_code}
    for row in city.movements:
        if row.kind == "shipment" and row.to_code and row.quantity is not None:
            came[row.to_code, row.gtin, row.lot_no].append((row.on, row.quantity))
    used: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)

    for row in city.movements:
        for part in row.inputs:
            assert part.quantity is not None
            key = (row.from_code, part.gtin, part.lot_no)
            used[key] += part.quantity
            if key in came:
                assert min(on for on, _ in came[key]) < row.on

    for key, amount in used.items():
        if key in came and key[1:] not in unknown:
            assert amount <= sum(quantity for _, quantity in came[key])


def test_the_ledger_is_as_incomplete_as_real_ones(city: City) -> None:
    shipments = [row for row in city.movements if row.kind == "shipment"]
    makers = {f.code for f in city.enterprises if f.tier in (1, 2)}
    made = [row for row in city.movements if row.kind == "production" and row.from_code in makers]

    no_receiver = sum(not row.to_code for row in shipments) / len(shipments)
    no_quantity = sum(row.quantity is None for row in shipments) / len(shipments)
    no_inputs = sum(not row.inputs for row in made) / len(made)

    assert no_receiver == pytest.approx(ledger.NO_RECEIVER, abs=0.002)
    assert no_quantity == pytest.approx(ledger.NO_QUANTITY, abs=0.002)
    assert no_inputs == pytest.approx(ledger.NO_INPUTS, abs=0.005)


def test_lots_of_the_story_are_the_story_s_alone(city: City) -> None:
    planted = {(row.gtin, row.lot_no) for row in city.story.movements}
    told = set(city.story.movements)
    background = [row for row in city.movements if row not in told]

    assert not planted & {(row.gtin, row.lot_no) for row in background}
    assert not planted & {(u.gtin, u.lot_no) for row in background for u in row.inputs}


def test_the_charger_lot_balances_at_58_34_and_8_percent(city: City) -> None:
    rows = [row for row in city.story.movements if row.lot_no == story.CHARGER_LOT]
    amount = Counter[str]()
    for row in rows:
        amount[row.kind] += int(row.quantity or 0)

    unexplained = amount["production"] - amount["sale"] - amount["stock"]

    assert amount["production"] == 5200
    assert (amount["sale"], amount["stock"], unexplained) == (3016, 1768, 416)


def test_no_lot_of_the_story_gives_more_than_it_has(city: City) -> None:
    balance: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in city.story.movements:
        assert row.quantity is not None
        if row.kind == "production":
            balance[row.from_code, row.lot_no] += row.quantity
            for part in row.inputs:
                assert part.quantity is not None
                balance[row.from_code, part.lot_no] -= part.quantity
        else:
            balance[row.from_code, row.lot_no] -= row.quantity
            if row.kind == "shipment":
                balance[row.to_code, row.lot_no] += row.quantity

    assert all(left >= 0 for left in balance.values())


def test_the_capacitor_lot_leads_to_both_makers_and_to_all_six_accidents(city: City) -> None:
    reached = {story.SOURCE_LOT}
    for row in city.story.movements:  # in the order of production along the chain
        if any(part.lot_no in reached for part in row.inputs):
            reached.add(row.lot_no)
    makers = {
        row.from_code
        for row in city.story.movements
        if row.kind == "production" and row.lot_no in reached - {story.SOURCE_LOT}
    }

    assert reached == {story.SOURCE_LOT, story.CHARGER_LOT, story.SECOND_LOT}
    assert makers == {city.story.firms["maker"].code, city.story.firms["second"].code}
    assert {accident.lot_no for accident in city.story.accidents} == reached - {story.SOURCE_LOT}
    assert len(city.story.accidents) == 6


def test_six_accidents_fall_into_fourteen_days(city: City) -> None:
    planted = [row for row in city.incidents if row.lot_no]
    days = [row.occurred_on for row in planted]

    assert len(planted) == 6
    assert (max(days) - min(days)).days < 14
    assert max(days) == incidents.last_complete_week(AS_OF)


def test_a_shop_held_the_lot_before_its_buyer_had_the_accident(city: City) -> None:
    arrived = {
        (row.lot_no, row.to_code): row.on for row in city.story.movements if row.kind == "shipment"
    }
    end = incidents.last_complete_week(AS_OF)

    for back, _, lot, _, _, seller in story.ACCIDENTS:
        assert arrived[lot, city.story.firms[seller].code] < end - timedelta(days=back)


def test_the_cast_keeps_its_names_and_grades(city: City) -> None:
    for role in CAST:
        firm = city.story.firms[role.key]

        assert (firm.name, firm.grade, firm.status) == (role.name, role.grade, "active")


def test_sample_files_say_how_many_rows_are_wrong(city: City) -> None:
    by_name = {sample.name: sample for sample in samples(city)}

    bad = by_name["roster-with-faults.csv"]

    assert bad.faults == 7
    assert len(bad.content.decode("utf-8-sig").splitlines()) == 13
    assert by_name["roster-template.csv"].faults == 0


@pytest.mark.parametrize(
    ("seed", "as_of"),
    [(0, AS_OF), (1, date(2026, 5, 4)), (2, date(2027, 2, 20)), (3, AS_OF), (4, date(2028, 8, 1))],
)
def test_the_rise_of_charger_reports_is_a_red_alarm_whatever_the_seed(
    seed: int, as_of: date
) -> None:
    city = build_city(seed, as_of)
    first = incidents.first_monday(as_of)
    weekly = [0] * incidents.WEEKS
    for row in city.incidents:
        if (row.category_code, row.region_code) == (CHARGER, story.REGION):
            weekly[(row.received_on - first).days // 7] += 1

    found = detect(np.array([weekly]), WeekAxis(length=len(weekly), first=first), [len(weekly) - 1])
    tables = read_level_tables(json.loads(LEVELS.read_text(encoding="utf-8")))
    level = assign_level(
        table_on(tables, as_of),
        p_value=found.p_value[0, 0],
        exceedance=found.exceedance[0, 0],
        excess=found.observed[0, 0] - found.expected[0, 0],
    )

    assert found.alarm[0, 0]
    assert level.level is Level.RED
    assert found.p_value[0, 0] < 1e-7  # two powers of ten below the cut for red
