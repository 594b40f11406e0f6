"""Ledger files: what is stored, what is refused and in which words, what is recognised."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core import imports, journal
from core.actors import Actor, Role
from core.outbox import Message
from core.unit_of_work import access_of, unit_of_work
from registry.models import Product
from tests.services.traceability.conftest import CAPACITOR, CHARGER, Town, csv_of, row
from traceability.models.ledger import Lot, LotLink, Party, TraceEvent
from traceability.queries.ledger import movement_views, movements
from traceability.recording.writing import STREAM

Load = Callable[..., imports.Outcome]


def messages(outcome: imports.Outcome) -> list[str]:
    return [problem.message for problem in outcome.problems]


def count(session: Session, model: Any) -> int:
    return session.execute(select(func.count()).select_from(model)).scalar_one()


def test_a_ledger_is_stored_row_by_row(session: Session, load: Load, story: list[Any]) -> None:
    outcome = load(story)

    assert outcome.stored
    assert outcome.problems == []
    assert outcome.counts["rows added"] == 8
    assert count(session, TraceEvent) == 8
    assert count(session, Lot) == 2  # ys-17 and YS-17 are one lot
    (link,) = session.execute(select(LotLink)).scalars()
    assert link.quantity == Decimal(10400)
    first = movement_views(session, list(session.execute(movements(kind="production")).scalars()))
    assert [(each.lot.number, each.inputs) for each in first] == [
        ("C-0711", "none"),
        ("YS-17", "told"),
    ]
    assert journal.first_broken(session, STREAM) is None


def test_a_day_is_an_interval_of_a_day_in_china(
    session: Session, load: Load, story: list[Any]
) -> None:
    load(story[:1])

    event = session.execute(select(TraceEvent)).scalar_one()
    assert event.earliest_at is not None
    assert event.latest_at is not None
    assert event.earliest_at.isoformat() == "2026-07-19T16:00:00+00:00"
    assert event.latest_at.isoformat() == "2026-07-20T15:59:59.999999+00:00"


def test_a_dry_run_tells_and_stores_nothing(session: Session, load: Load, story: list[Any]) -> None:
    outcome = load(story, dry_run=True)

    assert outcome.counts["rows added"] == 8
    assert count(session, TraceEvent) == 0
    assert count(session, Message) == 0


def test_the_same_rows_in_a_later_file_are_known_and_not_doubled(
    session: Session, load: Load, story: list[Any]
) -> None:
    load(story[:5])

    outcome = load(story, name="cumulative.csv")

    assert outcome.counts["rows known"] == 5
    assert outcome.counts["rows added"] == 3
    assert count(session, TraceEvent) == 8


def test_two_equal_rows_in_one_file_are_two_facts(
    session: Session, load: Load, story: list[Any]
) -> None:
    load([story[0], story[1], story[1]])

    again = load([story[1], story[1], story[0]], name="other.csv")

    assert count(session, TraceEvent) == 3
    assert again.counts["rows known"] == 3


def test_the_order_of_rows_does_not_matter(session: Session, load: Load, story: list[Any]) -> None:
    outcome = load(list(reversed(story)))

    assert outcome.stored
    assert count(session, LotLink) == 1


@pytest.mark.parametrize(
    ("title", "cell", "field", "words"),
    [
        ("数量", "0", "quantity", "0 moves nothing"),
        ("数量", "-5", "quantity", "below zero"),
        ("数量", "许多", "quantity", "is not a number"),
        ("数量", "1e3000", "quantity", "too many digits"),
        ("数量", "0.1234567891", "quantity", "too many digits"),
        ("单位", "筐", "unit", "not a unit known here"),
        ("日期", "2026-13-40", "on", "is not a date"),
        ("日期", "2026-08-20T25:00", "on", "is not a time"),
        ("事件", "丢失", "kind", "not an event known here"),
        ("商品条码", "02900000000019", "gtin", "last digit"),
        ("去向单位代码", "T-NOBODY", "to_code", "T-NOBODY is not on the register"),
    ],
)
def test_a_bad_cell_is_told_with_what_to_write(
    load: Load, story: list[Any], title: str, cell: str, field: str, words: str
) -> None:
    outcome = load([story[0], {**story[1], title: cell}])

    assert not outcome.stored
    (problem,) = outcome.problems
    assert (problem.row, problem.field) == (3, field)
    assert words in problem.message


def test_an_unknown_partner_gets_near_names_and_is_never_merged(
    session: Session, load: Load, story: list[Any], town: Town
) -> None:
    odd = {**story[1], "去向单位代码": "", "去向单位": "云杉电气有限公司"}

    outcome = load([story[0], odd])

    (message,) = messages(outcome)
    assert f"Near: {town.maker.code} 云杉电器有限公司" in message
    assert count(session, Party) == 0


def test_with_placeholders_an_unknown_partner_is_kept_apart_by_the_firm_that_names_it(
    session: Session, load: Load, story: list[Any], town: Town
) -> None:
    odd = {**story[3], "去向单位代码": "", "去向单位": "同乐商行"}
    other = {**story[5], "去向单位代码": "", "去向单位": "同乐商行"}
    mapping = {
        "columns": {
            field.name: field.title
            for field in _ledger_fields()
            if field.title in story[0] or field.title in odd
        },
        "constants": {"unknown_partners": "placeholder"},
    }

    outcome = load([*story[:3], odd, other], mapping=mapping)

    assert outcome.stored
    stand_ins = session.execute(select(Party).where(Party.kind == "name")).scalars().all()
    assert {each.told_by_id for each in stand_ins} == {town.maker.id, town.dealer.id}
    assert {each.name for each in stand_ins} == {"同乐商行"}


def _ledger_fields() -> Any:
    from traceability.imports import LEDGER

    return LEDGER.fields


def test_a_receiver_that_was_not_written_down_is_a_stand_in_of_firm_product_and_day(
    session: Session, load: Load, story: list[Any]
) -> None:
    nowhere = {**story[3], "去向单位代码": ""}
    later = {**nowhere, "日期": "2026-09-18", "单据号": "TZ-2"}

    outcome = load([*story[:3], nowhere, later])

    assert outcome.counts["receivers not written"] == 2
    assert count(session, Party) == 2 + 2  # two firms, two stand-ins


def test_nothing_can_have_happened_to_a_lot_before_it_was_made(
    load: Load, story: list[Any]
) -> None:
    early = {**story[3], "日期": "2026-08-24"}

    outcome = load([*story[:3], early])

    (problem,) = outcome.problems
    assert (problem.row, problem.field) == (5, "on")
    assert "was made on 2026-08-25 at the earliest" in problem.message


def test_an_input_made_after_the_production_is_refused(load: Load, story: list[Any]) -> None:
    outcome = load([{**story[0], "日期": "2026-09-01"}, story[2]])

    (problem,) = outcome.problems
    assert problem.field == "inputs"
    assert "after this production ended" in problem.message


def test_a_month_that_overlaps_is_no_contradiction(load: Load, story: list[Any]) -> None:
    vague = {**story[3], "日期": "2026-08"}

    assert load([*story[:3], vague]).stored


def test_more_out_than_in_is_stored_as_it_is(
    session: Session, load: Load, story: list[Any]
) -> None:
    outcome = load([story[0], {**story[1], "数量": "30000"}])

    assert outcome.stored


def test_inputs_without_gtin_are_found_among_the_lots_the_maker_got(
    session: Session, load: Load, story: list[Any]
) -> None:
    plain = {**story[2], "投入批次": "C-0711×10400"}

    assert load([*story[:2], plain]).stored
    assert count(session, LotLink) == 1


def test_inputs_the_maker_never_got_must_be_written_with_their_gtin(
    load: Load, story: list[Any]
) -> None:
    outcome = load([{**story[2], "投入批次": "X-1×3;C-0711"}])

    assert [problem.field for problem in outcome.problems] == ["inputs", "inputs"]
    assert "not known to have come to this maker" in outcome.problems[0].message


def test_a_lot_named_twice_as_input_is_added_up(
    session: Session, load: Load, story: list[Any]
) -> None:
    twice = {**story[2], "投入批次": f"{CAPACITOR}/C-0711×10000;{CAPACITOR}/c-0711 * 400个"}

    assert load([*story[:2], twice]).stored
    assert session.execute(select(LotLink.quantity)).scalar_one() == Decimal(10400)


def test_a_product_that_a_maker_names_is_put_on_the_register(
    session: Session, load: Load, town: Town
) -> None:
    fresh = row(
        事件="生产", 批号="A-1", 产品名称="转接头", 产品编号="ZJ-1", 发出单位代码=town.maker.code,
        数量="5", 日期="2026-08-01",
    )  # fmt: skip
    moved = row(
        事件="发货", 批号="A-1", 产品编号="ZJ-1", 生产企业代码=town.maker.code,
        发出单位代码=town.maker.code, 去向单位代码=town.shop.code, 日期="2026-08-02",
    )  # fmt: skip

    outcome = load([moved, fresh])

    assert outcome.stored
    assert outcome.counts["products added"] == 1
    added = session.execute(select(Product).where(Product.number == "ZJ-1")).scalar_one()
    assert added.enterprise_id == town.maker.id


def test_a_product_nobody_described_is_refused(load: Load, town: Town) -> None:
    outcome = load(
        [
            row(
                事件="盘点",
                批号="A-1",
                商品条码="06901234567892",
                发出单位代码=town.shop.code,
                数量=1,
            )
        ]
    )

    assert "No product with GTIN 06901234567892" in messages(outcome)[0]


def test_a_sale_to_a_named_firm_is_a_shipment_to_it(
    session: Session, load: Load, story: list[Any], town: Town
) -> None:
    sold = {**story[3], "事件": "销售"}

    load([*story[:3], sold])

    assert (
        session.execute(
            select(func.count()).select_from(TraceEvent).where(TraceEvent.kind == "shipment")
        ).scalar_one()
        == 2
    )


def test_a_correction_replaces_an_own_row_and_the_old_one_stays(
    session: Session, load: Load, story: list[Any]
) -> None:
    load(story)
    right = {**story[3], "数量": "3300", "单据号": "TZ-1b", "更正单据号": "TZ-1"}

    outcome = load([right], name="correction.csv")

    assert outcome.stored
    new = session.execute(select(TraceEvent).where(TraceEvent.document_no == "TZ-1b")).scalar_one()
    old = session.get_one(TraceEvent, new.corrects_id)
    assert (old.quantity, new.quantity) == (Decimal(3200), Decimal(3300))
    again = load([right, {**right, "单据号": "TZ-1c"}], name="again.csv")
    assert messages(again) == [
        "0 rows of this lot and event in force have the document number TZ-1; a correction needs "
        "exactly one."
    ]


def test_a_void_names_the_row_it_takes_back(session: Session, load: Load, story: list[Any]) -> None:
    load(story)

    refused = load([{**story[7], "事件": "作废", "单据号": "Z-1"}], name="void.csv")
    stored = load(
        [{**story[7], "事件": "作废", "单据号": "Z-1", "更正单据号": "PD-1"}], name="void2.csv"
    )

    assert "needs the document number" in messages(refused)[0]
    assert stored.stored


def test_the_journal_refuses_change(session: Session, load: Load, story: list[Any]) -> None:
    load(story)

    for statement in ("UPDATE trace_event SET quantity = 1", "DELETE FROM lot_link"):
        with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
            session.execute(text(statement))


def test_an_enterprise_uploads_its_own_ledger_only(
    session: Session, load: Load, story: list[Any], town: Town
) -> None:
    load(story[:3])
    actor = Actor(None, "maker", Role.ENTERPRISE, enterprise_id=town.maker.id)

    with unit_of_work(access_of(actor)) as own:
        refused = load([story[5]], actor=actor, on=own, name="foreign.csv")
    with unit_of_work(access_of(actor)) as own:
        stored = load([story[3]], actor=actor, on=own, name="own.csv")

    assert "an enterprise uploads its own ledger only" in messages(refused)[0]
    assert stored.stored, messages(stored)


def test_an_enterprise_sees_its_own_rows_only(
    session: Session, load: Load, story: list[Any], town: Town
) -> None:
    load(story)
    actor = Actor(None, "dealer", Role.ENTERPRISE, enterprise_id=town.dealer.id)

    with unit_of_work(access_of(actor)) as own:
        seen = movement_views(own, list(own.execute(movements()).scalars()))
        lots = own.execute(select(Lot.number)).scalars().all()

    assert [(each.kind, each.document_no) for each in seen] == [
        ("receipt", "TZ-1"),
        ("shipment", "HQ-1"),
    ]
    assert lots == ["YS-17"]


def test_an_enterprise_without_a_number_sees_nothing(
    session: Session, load: Load, story: list[Any]
) -> None:
    from core.unit_of_work import Access

    load(story)

    with unit_of_work(Access("enterprise")) as nobody:
        counts = [count(nobody, model) for model in (TraceEvent, Lot, LotLink)]

    assert counts == [0, 0, 0]


def test_a_ledger_in_gbk_is_right_too(session: Session, story: list[Any]) -> None:
    from core.actors import SYSTEM
    from traceability.imports import LEDGER

    content = csv_of(story).decode("utf-8-sig").encode("gb18030")

    assert imports.run(session, SYSTEM, LEDGER, content, "gbk.csv").stored


def test_twenty_thousand_rows_take_seconds(session: Session, load: Load, town: Town) -> None:
    made = [
        row(事件="生产", 批号=f"L{n}", 商品条码=CHARGER, 数量=100, 发出单位代码=town.maker.code,
            日期="2026-08-01", 单据号=f"M{n}", 投入批次="无")
        for n in range(5000)
    ]  # fmt: skip
    moved = [
        row(事件="发货", 批号=f"L{n % 5000}", 商品条码=CHARGER, 数量=30, 日期="2026-08-02",
            发出单位代码=town.maker.code, 去向单位代码=town.dealer.code, 单据号=f"S{n}")
        for n in range(15000)
    ]  # fmt: skip
    started = time.monotonic()

    outcome = load(made + moved)

    assert outcome.counts["rows added"] == 20000
    assert time.monotonic() - started < 15  # measured 3 s on two busy cores


def test_a_dry_run_tells_of_lots_with_more_out_than_in(
    session: Session, load: Any, story: list[dict[str, str]], town: Town
) -> None:
    surplus = row(
        事件="销售", 批号="YS-17", 商品条码=CHARGER, 数量=9000, 发出单位代码=town.shop.code,
        日期="2026-11-20", 单据号="XS-2",
    )  # fmt: skip
    quiet = load(story, dry_run=True)
    assert "lots with more out than in" not in quiet.counts
    loud = load([*story, surplus], dry_run=True)
    assert loud.counts["lots with more out than in"] == 1
    assert not loud.problems
    assert session.execute(select(func.count()).select_from(TraceEvent)).scalar_one() == 0
