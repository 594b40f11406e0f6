"""Contact over the database, and the steps that end it: who records, what counts, what stays."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core import imports
from core.actors import Actor, Role
from core.clock import frozen, now
from core.errors import Stale
from core.files import FileUnknown
from core.journal import JournalEntry
from tests.services.traceability.conftest import CHARGER, Town, row
from tests.services.traceability.test_trace import _random_ledger, holders, of
from traceability.errors import (
    HolderUnknown,
    KillStepConfirmed,
    KillStepInvalid,
    KillStepNotYours,
    KillStepUnknown,
    KillStepWithdrawn,
    SeedsDoNotFit,
    TooManySeeds,
)
from traceability.maths.answer import Level, Side, Trace
from traceability.maths.ledger import LinkState
from traceability.maths.tracing import trace_lots
from traceability.models.control import KillStep
from traceability.models.ledger import Lot, Party
from traceability.models.statements import StatementMovement
from traceability.queries.control import kill_step, kills_at
from traceability.queries.ledger import lot_by_number
from traceability.queries.neighbourhood import rows_of_lots
from traceability.service.control import (
    confirm_kill_step,
    record_kill_step,
    withdraw_kill_step,
)
from traceability.service.tracing import trace

Load = Callable[..., imports.Outcome]

STAFF = Actor(None, "inspector", Role.INSPECTOR)


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with frozen(datetime(2026, 11, 19, tzinfo=UTC)):
        yield


@pytest.fixture
def crossing(town: Town, load: Load) -> Town:
    """A-1 and B-1 go through the dealer; A-1 comes on 1 September, B-1 leaves on the 20th."""
    t = town
    facts: dict[str, Any] = {"商品条码": CHARGER, "数量": 10}
    load([
        row(事件="生产", 批号="A-1", 发出单位代码=t.maker.code, 日期="2026-08-01",
            单据号="P-A", 投入批次="无", **facts),
        row(事件="生产", 批号="B-1", 发出单位代码=t.parts.code, 日期="2026-08-02",
            单据号="P-B", 投入批次="无", **facts),
        row(事件="发货", 批号="A-1", 发出单位代码=t.maker.code, 去向单位代码=t.dealer.code,
            日期="2026-09-01", 单据号="S-A", **facts),
        row(事件="发货", 批号="B-1", 发出单位代码=t.parts.code, 去向单位代码=t.dealer.code,
            日期="2026-08-05", 单据号="S-B", **facts),
        row(事件="销售", 批号="A-1", 发出单位代码=t.dealer.code, 日期="2026-09-03",
            单据号="X-A", **facts),
        row(事件="发货", 批号="B-1", 发出单位代码=t.dealer.code, 去向单位代码=t.shop.code,
            日期="2026-09-20", 单据号="S-B2", **facts),
    ])  # fmt: skip
    return t


def step(session: Session, actor: Actor, owner: int, **facts: Any) -> KillStep:
    values: dict[str, Any] = {
        "kind": "cleaning",
        "from_at": at("2026-09-10"),
        "document_no": "QX-1",
    }
    return record_kill_step(session, actor, enterprise_id=owner, **{**values, **facts})


def met(session: Session, **facts: Any) -> bool:
    found = of(session, "A-1", direction="forward", contact="station", **facts)
    return ("B-1", "好骑车行有限公司") in holders(found)


def test_contact_is_off_unless_asked_for(session: Session, crossing: Town) -> None:
    found = of(session, "A-1")

    assert {each.lot.number for each in found.lots} == {"A-1"}
    assert (found.contact, found.kill_step_ids) == ("none", ())


def test_contact_finds_lots_beside(session: Session, crossing: Town) -> None:
    found = of(session, "A-1", direction="forward", contact="station")

    other = next(each for each in found.lots if each.lot.number == "B-1")
    assert (other.side, other.level, other.certain) == (Side.DOWNSTREAM, Level.POSSIBLE, True)
    (edge,) = [each for each in found.edges if each.kind == "contact"]
    assert (edge.state, edge.reason) == (LinkState.INFERRED, "same-station")
    assert found.party(edge.from_party_id).name == "同舟商贸有限公司"
    shop = next(h for h in found.holdings if h.lot_id == other.lot.lot_id and len(h.path) == 3)
    assert edge.key in shop.path


def test_contact_goes_back_too(session: Session, crossing: Town) -> None:
    behind = of(session, "B-1", direction="backward", contact="station")
    other = of(session, "A-1", direction="backward", contact="station")

    assert "A-1" in {each.lot.number for each in behind.lots}
    # B-1 was at the dealer before A-1 left: it may have passed something on as well.
    assert "B-1" in {each.lot.number for each in other.lots}


def test_what_left_before_is_not_read(session: Session, load: Load, crossing: Town) -> None:
    t = crossing
    load([
        row(事件="发货", 批号="C-1", 商品条码=CHARGER, 数量=1, 发出单位代码=t.parts.code,
            去向单位代码=t.dealer.code, 日期="2026-08-05", 单据号="S-C"),
        row(事件="销售", 批号="C-1", 商品条码=CHARGER, 数量=1, 发出单位代码=t.dealer.code,
            日期="2026-08-20", 单据号="X-C"),
    ], name="c.csv")  # fmt: skip

    found = of(session, "A-1", direction="forward", contact="station")

    assert {each.lot.number for each in found.lots} == {"A-1", "B-1"}


def test_a_large_station_is_cut_and_says_so(session: Session, load: Load, town: Town) -> None:
    t = town
    load([
        row(事件="发货", 批号=f"H-{n}", 商品条码=CHARGER, 数量=1, 发出单位代码=t.maker.code,
            去向单位代码=t.dealer.code, 日期="2026-09-01", 单据号=f"H-{n}")
        for n in range(40)
    ])  # fmt: skip

    found = of(session, "H-0", direction="forward", contact="station", max_nodes=20)

    assert (found.truncated, found.truncated_because) == (True, "max_nodes")
    assert 1 < len(found.lots) <= 22
    whole = of(session, "H-0", direction="forward", contact="station")
    assert not whole.truncated
    assert len(whole.lots) == 40


def test_a_step_between_ends_contact(session: Session, crossing: Town) -> None:
    kept = step(session, STAFF, crossing.dealer.id)

    assert not met(session)
    assert met(session, kill_steps="none")
    found = of(session, "A-1", contact="station")
    assert found.kill_step_ids == (kept.id,)


@pytest.mark.parametrize(
    ("facts", "is_reached"),
    [
        ({"until_at": at("2026-09-15")}, True),  # no longer held on the 20th
        ({"until_at": at("2026-09-30")}, False),
        ({"carry_over_lots": 1}, True),
        ({"place": "一号线"}, True),  # one line is not the station
        ({"from_at": at("2026-09-02")}, True),  # A-1 was sold there on the 3rd
    ],
)
def test_window_place_and_carry_over(
    session: Session, crossing: Town, facts: dict[str, Any], is_reached: bool
) -> None:
    step(session, STAFF, crossing.dealer.id, **facts)

    assert met(session) is is_reached


def test_the_word_of_an_enterprise_waits_for_staff(session: Session, crossing: Town) -> None:
    firm = Actor(None, "dealer", Role.ENTERPRISE, enterprise_id=crossing.dealer.id)
    kept = step(session, firm, crossing.dealer.id)

    assert met(session)
    assert not met(session, kill_steps="recorded")

    confirm_kill_step(session, STAFF, kept.id, version=kept.version)

    assert not met(session)
    with pytest.raises(KillStepConfirmed):
        confirm_kill_step(session, STAFF, kept.id, version=kept.version)


def test_what_is_withdrawn_counts_no_longer_but_did(session: Session, crossing: Town) -> None:
    with frozen(datetime(2026, 11, 20, tzinfo=UTC)):
        kept = step(session, STAFF, crossing.dealer.id)
    with frozen(datetime(2026, 11, 22, tzinfo=UTC)):
        withdraw_kill_step(session, STAFF, kept.id, "the wrong hall", version=kept.version)

        assert met(session)
        assert not met(session, as_of=datetime(2026, 11, 21, tzinfo=UTC))
        assert met(session, as_of=datetime(2026, 11, 19, 12, tzinfo=UTC))
        with pytest.raises(KillStepWithdrawn):
            withdraw_kill_step(session, STAFF, kept.id, "again", version=kept.version)
        with pytest.raises(KillStepWithdrawn):
            confirm_kill_step(session, STAFF, kept.id, version=kept.version)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"from_at": datetime(2999, 1, 1, tzinfo=UTC)}, "from_at"),
        ({"until_at": at("2026-09-01")}, "until_at"),
        ({"document_no": " "}, "document_no"),
        ({"place": "x" * 501}, "place"),
        ({"owner": 10**9}, "enterprise_id"),
        ({"owner": None}, "enterprise_id"),
    ],
)
def test_steps_that_make_no_sense(
    session: Session, crossing: Town, facts: dict[str, Any], field: str
) -> None:
    owner = facts.pop("owner", crossing.dealer.id)

    with pytest.raises(KillStepInvalid) as refused:
        step(session, STAFF, owner, **facts)

    assert [each.field for each in refused.value.fields] == [field]


def test_a_file_must_be_stored(session: Session, crossing: Town) -> None:
    with pytest.raises(FileUnknown):
        step(session, STAFF, crossing.dealer.id, file_sha256="0" * 64)


def test_an_enterprise_speaks_for_itself_only(session: Session, crossing: Town) -> None:
    firm = Actor(None, "shop", Role.ENTERPRISE, enterprise_id=crossing.shop.id)

    assert step(session, firm, crossing.shop.id).confirmed_at is None
    with pytest.raises(KillStepNotYours):
        step(session, firm, crossing.dealer.id)


def test_unknown_stale_and_empty(session: Session, crossing: Town) -> None:
    kept = step(session, STAFF, crossing.dealer.id)

    with pytest.raises(KillStepUnknown):
        kill_step(session, kept.id + 1)
    with pytest.raises(Stale):
        withdraw_kill_step(session, STAFF, kept.id, "late", version=kept.version + 1)
    with pytest.raises(KillStepInvalid):
        withdraw_kill_step(session, STAFF, kept.id, "  ", version=kept.version)


def test_every_act_is_in_the_audit_log(session: Session, crossing: Town) -> None:
    kept = step(session, STAFF, crossing.dealer.id)
    withdraw_kill_step(session, STAFF, kept.id, "mistake", version=kept.version)

    actions = session.execute(
        select(JournalEntry.kind)
        .where(JournalEntry.kind.like("kill-step.%"))
        .order_by(JournalEntry.id)
    ).scalars()
    assert list(actions) == ["kill-step.recorded", "kill-step.withdrawn"]


def test_row_security_keeps_steps_apart(session: Session, crossing: Town) -> None:
    step(session, STAFF, crossing.dealer.id)
    session.flush()

    def seen(scope: str, enterprise: str) -> int:
        session.execute(text("SET LOCAL ROLE zhiheng_web"))
        session.execute(
            text("SELECT set_config('zhiheng.scope', :s, true), "
                 "set_config('zhiheng.enterprise_id', :e, true)"),
            {"s": scope, "e": enterprise},
        )  # fmt: skip
        count = session.execute(text("SELECT count(*) FROM kill_step")).scalar_one()
        session.execute(text("RESET ROLE"))
        return count

    assert seen("enterprise", str(crossing.dealer.id)) == 1
    assert seen("enterprise", str(crossing.shop.id)) == 0
    assert seen("staff", "") == 1
    assert seen("public", "") == 0


def test_several_lots_at_once(session: Session, load: Load, crossing: Town) -> None:
    a, b = (lot_by_number(session, number).lot_id for number in ("A-1", "B-1"))

    found = trace(session, [a, b], direction="forward")

    assert [(each.lot.number, each.party_id) for each in found.seeds] == [
        ("A-1", None),
        ("B-1", None),
    ]
    assert found.seed == found.seeds[0].lot
    assert {each.side for each in found.lots} == {Side.SEED}
    alone = [trace(session, each, direction="forward").holdings for each in (a, b)]
    assert {h.path for h in found.holdings} == {h.path for group in alone for h in group}


def test_each_lot_may_be_suspect_at_one_holder(session: Session, crossing: Town) -> None:
    a, b = (lot_by_number(session, number).lot_id for number in ("A-1", "B-1"))
    dealer = next(h.party_id for h in trace(session, b).holdings if h.depth == 1)

    found = trace(session, [a, b], party_id=[None, dealer], direction="forward")

    of_b = [h for h in found.holdings if h.lot_id == b]
    assert [(h.party_id == dealer, h.side) for h in of_b] == [
        (True, Side.SEED),
        (False, Side.DOWNSTREAM),
    ]
    with pytest.raises(HolderUnknown):
        trace(session, [a, b], party_id=[dealer + 10**6, None])


def test_seeds_that_do_not_fit(session: Session, crossing: Town) -> None:
    with pytest.raises(SeedsDoNotFit):
        trace(session, [])
    with pytest.raises(SeedsDoNotFit):
        trace(session, [1, 2], party_id=[1])
    with pytest.raises(TooManySeeds):
        trace(session, list(range(1, 1002)))


def test_another_kind_of_step_is_no_kind(session: Session, crossing: Town) -> None:
    with pytest.raises(Exception, match="ck_kill_step_kind"), session.begin_nested():
        step(session, STAFF, crossing.dealer.id, kind="prayer")


def _passing(seed: int, firms: list[str]) -> list[dict[str, str]]:
    """Lots that come to a firm and are sold there within days; few stay, some go into others."""
    chance = random.Random(seed)
    start, rows = date(2026, 1, 1), []
    for number in range(14):
        day = 5 * number + chance.randint(0, 3)
        maker, seller = chance.sample(firms, 2)
        facts: dict[str, Any] = {"批号": f"T{number}", "商品条码": CHARGER, "数量": 5}

        def on(offset: int, since: int = day) -> str:
            return f"{start + timedelta(days=since + offset):%Y-%m-%d}"

        inputs = f"{CHARGER}/T{number - 1}×1" if number % 5 == 4 else "无"
        rows.append(row(事件="生产", 发出单位代码=maker, 日期=on(0), 单据号=f"P{number}",
                        投入批次=inputs, **facts))  # fmt: skip
        rows.append(row(事件="发货", 发出单位代码=maker, 去向单位代码=seller, 日期=on(1),
                        单据号=f"S{number}", **facts))  # fmt: skip
        if number % 6:
            rows.append(row(事件="销售", 发出单位代码=seller, 日期=on(1 + chance.randint(1, 6)),
                            单据号=f"X{number}", **facts))  # fmt: skip
    return rows


@pytest.mark.parametrize(("made", "seed"), [(_passing, 0), (_passing, 1), (_random_ledger, 0)])
def test_reading_beside_misses_nothing(
    session: Session, load: Load, town: Town, seed: int, made: Callable[..., Any]
) -> None:
    owners = (town.parts, town.maker, town.dealer, town.shop)
    assert load(made(seed, [each.code for each in owners])).stored
    first = session.execute(text("SELECT min(earliest_at) FROM trace_event")).scalar_one()
    for number, owner in enumerate(owners):
        step(
            session,
            STAFF,
            owner.id,
            from_at=first + timedelta(days=6 + 3 * number),
            until_at=first + timedelta(days=40) if number % 2 else None,
            carry_over_lots=number,
        )
    lots = session.execute(text("SELECT id FROM lot ORDER BY id")).scalars().all()
    whole = rows_of_lots(session, lots, now())
    parties = {p for e in whole.events for p in (e.source, e.target) if p}
    kills = kills_at(session, parties, now())
    assert len(kills) == 4
    cut = partly = 0

    for lot_id in lots:
        for facts in ({"direction": "forward"}, {"direction": "backward"}, {"dates": "ignored"}):
            found = trace(session, lot_id, contact="station", **facts)
            alone = trace_lots(
                whole.events, whole.uses, lot=lot_id, contact="station", kills=kills, **facts
            )
            assert {replace(h, path=()) for h in found.holdings} == {
                replace(h, path=()) for h in alone.holdings
            }
            partly += "direction" in facts and len(found.lots) < len(lots)
        freely = trace(session, lot_id, contact="station", kill_steps="none")
        cut += _sure(trace(session, lot_id, contact="station")) < _sure(freely)
    assert cut  # the steps do end something in these ledgers
    assert partly or made is _random_ledger  # and where lots pass, not all of them meet


def _sure(found: Trace) -> int:
    return sum(each.certain for each in found.holdings)


def test_a_line_is_where_events_say_they_happened(session: Session, crossing: Town) -> None:
    of_lots = {each.number: each.id for each in session.execute(select(Lot)).scalars()}
    maker = session.execute(
        select(Party.id).where(Party.enterprise_id == crossing.maker.id)
    ).scalar_one()

    def made(lot: str, day: str, place: str) -> None:
        session.add(
            StatementMovement(
                epcis_event_id=1,
                kind="production",
                lot_id=of_lots[lot],
                from_party_id=maker,
                place=place,
                unit="C62",
                earliest_at=at(day),
                latest_at=at(day),
                inputs="untold",
                digest=f"{lot}{place}".encode(),
                recorded_at=now(),
            )
        )
        session.flush()

    made("A-1", "2026-07-01", "urn:line:1")
    made("B-1", "2026-07-02", "urn:line:2")

    def lots_on_lines() -> set[str]:
        found = of(session, "A-1", direction="forward", contact="line")
        return {each.lot.number for each in found.lots}

    assert lots_on_lines() == {"A-1"}
    made("B-1", "2026-07-03", "urn:line:1")
    assert lots_on_lines() == {"A-1", "B-1"}
    (edge,) = [
        each
        for each in of(session, "A-1", direction="forward", contact="line").edges
        if each.kind == "contact"
    ]
    assert (edge.reason, edge.place) == ("same-line", "urn:line:1")
    step(session, STAFF, crossing.maker.id, from_at=at("2026-07-02"), place="urn:line:1")
    assert lots_on_lines() == {"A-1"}  # cleaned between the two
