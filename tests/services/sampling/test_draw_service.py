"""From plan to draw to result, on a real database."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.actors import Actor, Role
from core.errors import Refusal
from core.journal import JournalEntry, first_broken
from core.outbox import Message
from sampling import errors
from sampling.maths import bundle
from sampling.maths.replay import check_bundle
from sampling.models.plans import FrameUnit, InspectionResult, PlanInspector, PlanRecusal
from sampling.queries import plans, units, work
from sampling.service import changing, drawing, entropy, parts, results
from sampling.verifier import verify_draw
from tests import factories
from tests.services.sampling.conftest import AFTER, BEFORE, DICE, ROUND, SIGNATURE, VALUE, City

Clock = Callable[[str], Any]


def drawn(city: City, at: Clock, **changes: Any) -> str:
    """The number of a plan that went all the way to its draw."""
    plan = city.committed(**changes)
    city.throw_dice(plan)
    at(AFTER)
    entropy.enter_public_value(city.session, city.lead, plan.no, value=VALUE, signature=SIGNATURE)
    drawing.draw(city.session, city.lead, plan.no)
    return plan.no


def judged(session: Session, plan_no: str) -> dict[str, str]:
    """Faults that both verifiers find in a plan's bundle."""
    plan = plans.plan_by_no(session, plan_no)
    whole = bundle.unpacked(bundle.packed(parts.sealed_bundle(session, plan, only_public=True)))
    product = {check.part: check.detail for check in check_bundle(whole) if not check.agrees}
    standalone = {part: detail for part, agrees, detail in verify_draw.verify(whole) if not agrees}
    assert product.keys() == standalone.keys()
    return product


def test_the_whole_road_from_plan_to_bundle(city: City, at: Clock) -> None:
    city.recuse(city.inspectors[0], city.enterprises[1])

    plan_no = drawn(city, at)

    detail = plans.plan_detail(city.session, plan_no)
    assert detail.summary.state == "drawn"
    assert [(s.key, s.size, s.quota) for s in detail.strata] == [("A", 15, 4), ("D", 15, 6)]
    assert judged(city.session, plan_no) == {}
    assert first_broken(city.session, "draw") is None
    topics = city.session.execute(select(Message.topic).order_by(Message.id)).scalars().all()
    log = "sampling.log-extended"  # commitment, dice, public value, draw
    assert topics == [log, "sampling.plan-committed", log, log, log, "sampling.draw-made"]


def test_every_unit_gets_two_inspectors_who_may_go(city: City, at: Clock) -> None:
    for enterprise in city.enterprises:
        city.recuse(city.inspectors[3], enterprise)

    plan_no = drawn(city, at)

    listed = city.session.execute(units.drawn_statement(plan_no)).scalars().all()
    views = units.drawn_views(city.session, listed)
    assert len(views) == 10
    for view in views:
        assert len({seat.person_id for seat in view.team}) == 2
        assert city.inspectors[3].id not in {seat.person_id for seat in view.team}


def test_nothing_of_the_roster_is_public_before_the_draw(city: City, at: Clock) -> None:
    plan = city.committed()

    public = parts.parts_of(city.session, plan, only_public=True)

    assert sorted(public) == ["commitment.json", "plan.json"]
    with pytest.raises(errors.NotDrawnYet):
        parts.sealed_bundle(city.session, plan, only_public=True)


def test_the_drawn_list_stays_closed_until_the_day_the_plan_names(city: City, at: Clock) -> None:
    plan_no = drawn(city, at, disclose_on=date(2023, 9, 20))
    plan = plans.plan_by_no(city.session, plan_no)

    with pytest.raises(errors.NotDisclosed, match="2023-09-20"):
        parts.sealed_bundle(city.session, plan, only_public=True)
    at("2023-09-19T16:00:00+00:00")  # midnight of the 20th in China

    assert judged(city.session, plan_no) == {}


def test_a_plan_is_drawn_once(city: City, at: Clock) -> None:
    plan_no = drawn(city, at)

    with pytest.raises(errors.AlreadyDrawn, match="a draw cannot be repeated"):
        drawing.draw(city.session, city.lead, plan_no)


def test_a_draw_needs_every_source_and_names_the_missing(city: City, at: Clock) -> None:
    plan = city.committed()

    with pytest.raises(
        errors.EntropyMissing, match="50 dice, drand-quicknet 657413 is still missing"
    ):
        drawing.draw(city.session, city.lead, plan.no)


def test_a_plan_that_is_not_frozen_takes_no_dice(city: City, at: Clock) -> None:
    plan = city.plan()

    with pytest.raises(errors.StateForbids, match="is draft"):
        entropy.enter_dice(city.session, city.lead, plan.no, dice=DICE)


def test_dice_that_differ_are_refused_with_their_places(city: City, at: Clock) -> None:
    plan = city.committed()
    entropy.enter_dice(city.session, city.lead, plan.no, dice=DICE)
    other = DICE[:6] + "65" + DICE[8:]

    with pytest.raises(errors.DiceDiffer, match="at 7, 8") as refusal:
        entropy.enter_dice(city.session, city.second, plan.no, dice=other)

    assert city.lead.name in str(refusal.value)
    (source, _) = plans.plan_detail(city.session, plan.no).sources
    assert source.value is None
    assert source.typed_by == (city.lead.account_id,)


def test_one_person_cannot_type_the_dice_twice(city: City, at: Clock) -> None:
    plan = city.committed()
    entropy.enter_dice(city.session, city.lead, plan.no, dice=DICE)

    with pytest.raises(errors.SecondPersonNeeded):
        entropy.enter_dice(city.session, city.lead, plan.no, dice=" ".join(DICE))


def test_the_first_person_may_correct_the_dice_until_they_stand(city: City, at: Clock) -> None:
    plan = city.committed()
    entropy.enter_dice(city.session, city.lead, plan.no, dice="6" * 50)
    entropy.enter_dice(city.session, city.lead, plan.no, dice=DICE)

    entry = entropy.enter_dice(city.session, city.second, plan.no, dice=DICE)

    assert entry.settled_at is not None
    with pytest.raises(errors.EntropySettled):
        entropy.enter_dice(city.session, city.lead, plan.no, dice=DICE)


@pytest.mark.parametrize(
    ("dice", "words"),
    [("7" + DICE[1:], "die 1 is '7'"), (DICE[:-1], "49 dice were typed; the plan names 50")],
)
def test_dice_out_of_range_are_refused(city: City, at: Clock, dice: str, words: str) -> None:
    plan = city.committed()

    with pytest.raises(errors.EntropyInvalid, match=words):
        entropy.enter_dice(city.session, city.lead, plan.no, dice=dice)


def test_dice_after_the_beacon_are_refused(city: City, at: Clock) -> None:
    plan = city.committed()
    at(AFTER)

    with pytest.raises(errors.TooLate, match="Void plan"):
        entropy.enter_dice(city.session, city.lead, plan.no, dice=DICE)


def test_a_beacon_value_before_its_time_is_refused(city: City, at: Clock) -> None:
    plan = city.committed()

    with pytest.raises(errors.TooEarly, match="not known before 2023-09-15T11:00:03"):
        entropy.enter_public_value(city.session, city.lead, plan.no, value=VALUE)


def test_a_beacon_value_that_is_not_the_signatures_is_refused(city: City, at: Clock) -> None:
    plan = city.committed()
    at(AFTER)

    with pytest.raises(errors.EntropyInvalid, match="not the SHA-256 of the signature"):
        entropy.enter_public_value(
            city.session, city.lead, plan.no, value="0" * 64, signature=SIGNATURE
        )


def test_a_known_round_cannot_be_committed_and_a_later_one_is_suggested(
    city: City, at: Clock
) -> None:
    plan = city.plan()
    at(AFTER)

    with pytest.raises(errors.BeaconNotInFuture, match=r"drand-quicknet 6576\d\d"):
        freeze(city, plan.no)


def freeze(city: City, plan_no: str) -> None:
    from sampling.service.freezing import freeze as freeze_plan

    freeze_plan(city.session, city.lead, plan_no, secret=bytes(32), software="0.1.0")


@pytest.mark.parametrize(
    ("strata", "refusal", "words"),
    [
        (
            [{"key": "A", "quota": 16}, {"key": "D", "quota": 1}],
            errors.QuotaTooLarge,
            "Stratum A has 15 enterprises, its quota is 16",
        ),
        (
            [{"key": "A", "quota": 1}],
            errors.StratumWithoutQuota,
            "15 enterprises are of stratum D",
        ),
    ],
)
def test_quotas_that_do_not_fit_the_roster_are_refused(
    city: City, at: Clock, strata: list[dict[str, Any]], refusal: type[Refusal], words: str
) -> None:
    plan = city.plan(strata=strata)

    with pytest.raises(refusal, match=words):
        freeze(city, plan.no)

    assert plans.plan_detail(city.session, plan.no).summary.state == "draft"


def test_a_unit_that_nobody_may_visit_is_named_before_anything_is_published(
    city: City, at: Clock
) -> None:
    for inspector in city.inspectors[1:]:
        city.recuse(inspector, city.enterprises[5])
    plan = city.plan()

    with pytest.raises(errors.NoEligibleInspector) as refusal:
        freeze(city, plan.no)

    assert refusal.value.units == city.enterprises[5].code
    (field,) = refusal.value.fields
    assert f"recused: {city.inspectors[1].number}" in str(field)
    assert city.session.get(FrameUnit, (plan.id, city.enterprises[5].code)) is None


def test_expired_certificates_and_other_regions_are_told(city: City, at: Clock) -> None:
    elsewhere = factories.region(city.session)
    for number, inspector in enumerate(city.inspectors):
        inspector.certificate_until = date(2023, 9, 19) if number % 2 else date(2024, 1, 1)
        inspector.region_id = None if number % 2 else elsewhere.id
    city.session.flush()
    plan = city.plan()

    with pytest.raises(errors.NoEligibleInspector, match="30 enterprises") as refusal:
        freeze(city, plan.no)

    told = str(refusal.value.fields[0])
    assert "certificate: " in told
    assert "region: " in told


def test_closed_ungraded_named_and_lately_inspected_enterprises_are_left_out_with_the_reason(
    city: City, at: Clock
) -> None:
    closed, ungraded, named, visited = (city.enterprises[n] for n in (1, 3, 5, 7))
    closed.status = "closed"
    ungraded.grade = None
    from sampling.models.plans import PastInspection

    city.session.add(
        PastInspection(
            source_no="1",
            enterprise_id=visited.id,
            inspected_on=date(2023, 8, 1),
            outcome="pass",
            critical=0,
            serious=0,
            minor=0,
        )
    )
    city.session.flush()

    plan = city.committed(exclusions=[{"code": named.code, "reason": "已注销"}], repeat_days=180)

    document = json.loads(parts.parts_of(city.session, plan, only_public=True)["plan.json"])
    assert {one["code"]: one["reason"] for one in document["exclusions"]} == {
        closed.code: "status closed",
        ungraded.code: "no grade",
        named.code: "已注销",
        visited.code: "inspected on 2023-08-01",
    }
    assert [rule["size"] for rule in document["strata"]] == [15, 11]


def test_subcategories_are_meant_too(city: City, at: Clock) -> None:
    above = factories.category(city.session)
    below = city.enterprises[0].category_id
    city.session.execute(
        text("UPDATE category SET parent_id = :above WHERE id = :below"),
        {"above": above.id, "below": below},
    )
    city.session.expire_all()

    plan = city.committed(
        category_codes=[above.code], strata=[{"key": "A", "quota": 2, "reserve": 1}]
    )

    assert plans.plan_detail(city.session, plan.no).summary.frame_size == 15


@pytest.mark.parametrize(
    ("statement", "part"),
    [
        (
            "ALTER TABLE frame_block DISABLE TRIGGER USER; UPDATE frame_block SET content = "
            "set_byte(content, octet_length(content) - 1, 255 - get_byte(content, "
            "octet_length(content) - 1))",
            "roster",
        ),
        (
            "ALTER TABLE frame_block DISABLE TRIGGER USER; UPDATE frame_block SET content = "
            "set_byte(content, 20, 255 - get_byte(content, 20))",
            "roster",
        ),
        ("ALTER TABLE frame_block DISABLE TRIGGER USER; DELETE FROM frame_block", "roster"),
        (
            "UPDATE plan_inspector SET record = jsonb_set(record, '{load}', '9')",
            "pool of inspectors",
        ),
        (
            "UPDATE plan_part SET content = replace(convert_from(content, 'utf8'), '09-20', "
            "'09-21')::bytea WHERE name = 'plan.json'",
            "plan",
        ),
    ],
)
def test_a_change_behind_the_back_stops_the_draw(
    city: City, at: Clock, statement: str, part: str
) -> None:
    plan = city.committed()
    city.throw_dice(plan)
    at(AFTER)
    entropy.enter_public_value(city.session, city.lead, plan.no, value=VALUE)
    city.session.execute(text(statement))
    city.session.expire_all()

    with pytest.raises(errors.FrameChanged, match=f"{part} of plan"):
        drawing.draw(city.session, city.lead, plan.no)


def test_a_draw_cannot_be_changed_or_removed_in_the_database(city: City, at: Clock) -> None:
    drawn(city, at)

    for statement in (
        "UPDATE draw SET seed = '\\x00'",
        "DELETE FROM drawn_unit",
        "UPDATE assignment SET position = 5",
        "TRUNCATE replacement",
        "UPDATE frame_block SET size = 1",
        "DELETE FROM frame_names",
    ):
        with pytest.raises(DBAPIError), city.session.begin_nested():
            city.session.execute(text(statement))


def test_a_void_plan_stays_visible_with_its_reason_and_is_never_drawn_again(
    city: City, at: Clock
) -> None:
    plan_no = drawn(city, at)

    changing.void_plan(city.session, city.lead, plan_no, reason=" 名录有误 ")

    assert plans.plan_detail(city.session, plan_no).summary.void_reason == "名录有误"
    assert judged(city.session, plan_no) == {}
    plan = plans.plan_by_no(city.session, plan_no)
    history = json.loads(parts.parts_of(city.session, plan, only_public=True)["history.json"])
    assert history["void"]["reason"] == "名录有误"
    with pytest.raises(errors.PlanVoid, match="名录有误"):
        drawing.draw(city.session, city.lead, plan_no)
    with pytest.raises(errors.PlanVoid):
        changing.void_plan(city.session, city.lead, plan_no, reason="again")


def test_a_void_needs_a_reason(city: City, at: Clock) -> None:
    plan = city.committed()

    with pytest.raises(errors.ReasonNeeded):
        changing.void_plan(city.session, city.lead, plan.no, reason=" ")


def test_a_replacement_is_the_next_reserve_and_gets_its_own_team(city: City, at: Clock) -> None:
    plan_no = drawn(city, at)
    listed = city.session.execute(units.drawn_statement(plan_no, stratum="A")).scalars().all()
    first, second = listed[0].code, listed[1].code
    reserves = [
        unit.code
        for unit in city.session.execute(
            units.drawn_statement(plan_no, stratum="A", reserves=True)
        ).scalars()
    ]

    one = changing.replace_unit(city.session, city.lead, plan_no, code=first, reason="已关闭")
    two = changing.replace_unit(city.session, city.lead, plan_no, code=second, reason="已迁出")

    assert [one.code, two.code] == reserves[:2]
    assert judged(city.session, plan_no) == {}
    views = units.drawn_views(
        city.session,
        city.session.execute(units.drawn_statement(plan_no, stratum="A")).scalars().all(),
    )
    roles = {view.code: view.role for view in views}
    assert roles[first] == roles[second] == "replaced"
    assert roles[one.code] == "replacement"
    assert all(len(view.team) == 2 for view in views)


def test_a_replacement_can_itself_be_replaced_until_no_reserve_is_left(
    city: City, at: Clock
) -> None:
    plan_no = drawn(city, at)
    code = city.session.execute(units.drawn_statement(plan_no, stratum="A")).scalars().first()
    assert code is not None
    current = code.code

    for _ in range(3):
        current = changing.replace_unit(
            city.session, city.lead, plan_no, code=current, reason="已关闭"
        ).code

    with pytest.raises(errors.NoReserveLeft, match="Stratum A"):
        changing.replace_unit(city.session, city.lead, plan_no, code=current, reason="已关闭")
    with pytest.raises(errors.UnitUnknown):
        changing.replace_unit(city.session, city.lead, plan_no, code=code.code, reason="x")
    assert judged(city.session, plan_no) == {}


def test_caps_that_a_sample_breaks_are_told_with_the_draw(city: City, at: Clock) -> None:
    # Ten units need twenty seats. Eight inspectors with two visits each have sixteen; two more
    # could take the rest, but their certificates have ended.
    for _ in range(2):
        factories.person(city.session, certificate_until=date(2020, 1, 1))
    plan_no = drawn(city, at, team={"cap": 2})

    detail = plans.plan_detail(city.session, plan_no)
    assert len(detail.blocking) == 10
    assert {reason for _, reason in detail.blocking[0]["reasons"]} == {"certificate", "load"}
    assert judged(city.session, plan_no) == {}
    with pytest.raises(errors.StateForbids, match="drawn with teams"):
        changing.replace_unit(
            city.session, city.lead, plan_no, code=detail.blocking[0]["code"], reason="x"
        )


def test_too_few_visits_in_all_are_refused_before_any_number_exists(city: City, at: Clock) -> None:
    at(BEFORE)

    with pytest.raises(errors.TooFewVisits, match="10 visits need 20 seats; the 8 inspectors"):
        city.committed(team={"cap": 2})


def result(code: str, **changes: Any) -> dict[str, Any]:
    return {"code": code, "inspected_on": date(2023, 9, 15), "outcome": "pass", **changes}


def test_results_are_announced_as_neutral_facts(city: City, at: Clock) -> None:
    plan_no = drawn(city, at)
    listed = city.session.execute(units.drawn_statement(plan_no)).scalars().all()

    results.record_results(
        city.session,
        city.lead,
        plan_no,
        [
            result(listed[0].code, outcome="fail", inspected=5, failing=2, critical=1),
            result(listed[1].code),
            result(listed[2].code, outcome="not_done", note="已搬迁"),
        ],
    )

    message = city.session.execute(
        select(Message).where(Message.topic == "sampling.results-recorded")
    ).scalar_one()
    first, second = message.payload["results"]
    assert first["source_id"] == first["id"] == f"{plan_no}/{listed[0].code}"
    assert (first["inspected"], first["failing"], first["severity"]) == (5, 2, "critical")
    assert first["on"] == "2023-09-15"
    assert first["region_code"] == city.region_code
    assert first["category_code"] in city.category_codes
    assert (second["inspected"], second["failing"], second["severity"]) == (1, 0, None)
    (a, d) = plans.plan_detail(city.session, plan_no).strata
    assert a.done + d.done == 3
    assert a.failing + d.failing == 1


def test_a_unit_has_one_result(city: City, at: Clock) -> None:
    plan_no = drawn(city, at)
    code = city.session.execute(units.drawn_statement(plan_no)).scalars().all()[0].code
    results.record_result(city.session, city.lead, plan_no, **result(code))

    with pytest.raises(errors.ResultKnown):
        results.record_result(city.session, city.lead, plan_no, **result(code))
    with pytest.raises(errors.ResultKnown):
        changing.replace_unit(city.session, city.lead, plan_no, code=code, reason="x")


def test_contradicting_results_are_refused_and_none_is_stored(city: City, at: Clock) -> None:
    plan_no = drawn(city, at)
    codes = [u.code for u in city.session.execute(units.drawn_statement(plan_no)).scalars()]

    with pytest.raises(errors.PlanInvalid) as refusal:
        results.record_results(
            city.session,
            city.lead,
            plan_no,
            [
                result(codes[0]),
                result(codes[1], outcome="fail", failing=0),
                result(codes[2], failing=2),
                result(codes[3], inspected_on=date(2023, 9, 16)),
                result(codes[4], inspected_on=date(2023, 9, 14)),
                result(codes[5], outcome="not_done"),
            ],
        )

    assert [field.field for field in refusal.value.fields] == [
        "results.1.failing",
        "results.2.failing",
        "results.3.inspected_on",
        "results.4.inspected_on",
        "results.5.note",
    ]
    assert city.session.execute(select(InspectionResult)).first() is None


def test_an_inspector_records_the_own_visits_only(city: City, at: Clock) -> None:
    plan_no = drawn(city, at)
    unit = city.session.execute(units.drawn_statement(plan_no)).scalars().all()[0]
    (view,) = units.drawn_views(city.session, [unit])
    team = [seat.person_id for seat in view.team]
    stranger = next(one.id for one in city.inspectors if one.id not in team)

    def inspector(person_id: int) -> Actor:
        account = factories.account(city.session, role=Role.INSPECTOR, person_id=person_id)
        return Actor(account.id, "x", Role.INSPECTOR, None, person_id)

    with pytest.raises(errors.NotYourTask):
        results.record_result(city.session, inspector(stranger), plan_no, **result(unit.code))
    results.record_result(city.session, inspector(team[0]), plan_no, **result(unit.code))

    assert unit.code not in {t.code for t in work.tasks_of(city.session, team[1])}


def test_open_visits_count_as_load_of_the_next_plan(city: City, at: Clock) -> None:
    drawn(city, at)
    loads = work.open_loads(city.session)
    at(BEFORE)

    plan = city.committed(strata=[{"key": "A", "quota": 1}, {"key": "D", "quota": 0}])

    records = {
        row.person_id: row.record
        for row in city.session.execute(
            select(PlanInspector).where(PlanInspector.plan_id == plan.id)
        ).scalars()
    }
    assert {i: record["load"] for i, record in records.items() if record["load"]} == loads
    assert sum(loads.values()) == 20
    assert all(record["cap"] == record["load"] + 20 for record in records.values())


def test_what_waits_is_counted(city: City, at: Clock) -> None:
    city.plan()
    city.committed()
    waiting_for_beacon = city.committed()
    city.throw_dice(waiting_for_beacon)
    drawn_no = drawn(city, at)
    unit = city.session.execute(units.drawn_statement(drawn_no)).scalars().all()[0]
    person = units.drawn_views(city.session, [unit])[0].team[0].person_id

    waits = work.waiting(city.session, person)

    assert (waits.drafts, waits.awaiting_dice, waits.awaiting_source) == (1, 1, 1)
    assert waits.ready_to_draw == 0
    assert waits.open_tasks == len(work.tasks_of(city.session, person)) > 0
    assert plans.state_counts(city.session) == {
        "draft": 1,
        "committed": 2,
        "drawn": 1,
        "void": 0,
    }


@pytest.mark.parametrize("identity", ["number", "number-and-name", "salted"])
def test_the_bundle_tells_of_inspectors_what_the_plan_allows(
    city: City, at: Clock, identity: str
) -> None:
    city.recuse(city.inspectors[0], city.enterprises[1])

    plan_no = drawn(city, at, identity=identity)

    plan = plans.plan_by_no(city.session, plan_no)
    whole = parts.sealed_bundle(city.session, plan, only_public=True)
    told = json.dumps({k: v.decode() for k, v in whole.items()}, ensure_ascii=False)
    assert (city.inspectors[1].number in told) is (identity != "salted")
    assert (city.inspectors[1].name in told) is (identity == "number-and-name")
    assert "kinship" not in told
    assert judged(city.session, plan_no) == {}


def test_recusals_of_units_that_were_not_drawn_stay_closed(city: City, at: Clock) -> None:
    for enterprise in city.enterprises:
        city.recuse(city.inspectors[2], enterprise)

    plan_no = drawn(city, at)

    plan = plans.plan_by_no(city.session, plan_no)
    whole = parts.sealed_bundle(city.session, plan, only_public=True)
    openings = json.loads(whole["assignment.json"])["openings"]
    assert len(openings) == 10
    ties = city.session.execute(select(PlanRecusal).where(PlanRecusal.plan_id == plan.id))
    assert len(ties.all()) == 30


def test_a_team_led_by_a_senior_with_sm3(city: City, at: Clock) -> None:
    plan_no = drawn(city, at, digest="sm3", team={"mixed": True, "qualification": "lead"})

    seniors = {one.id for one in city.inspectors if one.senior}
    listed = city.session.execute(units.drawn_statement(plan_no)).scalars().all()
    for view in units.drawn_views(city.session, listed):
        assert [seat.person_id in seniors for seat in view.team] == [True, False]
    assert judged(city.session, plan_no) == {}


def test_every_step_is_in_the_journal(city: City, at: Clock) -> None:
    plan_no = drawn(city, at)
    code = city.session.execute(units.drawn_statement(plan_no)).scalars().all()[0].code
    changing.replace_unit(city.session, city.lead, plan_no, code=code, reason="已关闭")
    changing.void_plan(city.session, city.lead, plan_no, reason="名录有误")

    kinds = (
        city.session.execute(
            select(JournalEntry.kind)
            .where(JournalEntry.stream == "draw")
            .order_by(JournalEntry.sequence)
        )
        .scalars()
        .all()
    )

    assert kinds == [
        "plan.committed",
        "plan.entropy",
        "plan.entropy",
        "draw.made",
        "unit.replaced",
        "plan.void",
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"strata": []}, "strata"),
        ({"strata": [{"key": "A", "quota": -1}]}, "strata.0.quota"),
        ({"strata": [{"key": "A", "quota": 1}, {"key": "A", "quota": 1}]}, "strata.1.key"),
        ({"strata": [{"key": "A", "quota": 0}]}, "strata"),
        ({"strata_by": "colour"}, "strata_by"),
        ({"digest": "md5"}, "digest"),
        ({"visit_on": date(2023, 9, 14)}, "visit_on"),
        ({"team": {"size": 1}}, "team"),
        ({"team": {"sizes": 2}}, "team"),
        ({"team": {"qualification": "lead"}}, "team"),
        ({"team": {"cap": 0}}, "team.cap"),
        ({"sources": [{"kind": "dice", "count": 50}]}, "sources"),
        ({"repeat_days": 0}, "repeat_days"),
        ({"exclusions": [{"code": "x", "reason": ""}]}, "exclusions.0"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_at_the_field(
    city: City, at: Clock, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(errors.PlanInvalid) as refusal:
        city.plan(**changes)

    assert [one.field for one in refusal.value.fields] == [field]


def test_the_day_of_the_round_is_known_from_its_number(city: City, at: Clock) -> None:
    plan = city.plan()

    (_, beacon) = plans.plan_detail(city.session, plan.no).sources

    assert beacon.name == f"drand-quicknet {ROUND}"
    assert beacon.due_at is not None
    assert beacon.due_at - plan.created_at == timedelta(minutes=30, seconds=3)
