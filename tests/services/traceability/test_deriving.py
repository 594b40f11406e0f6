"""Captured events become statements: step by step what the whole would say at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from core.actors import SYSTEM
from core.clock import now
from registry.models import Product
from tests import factories
from tests.maths.traceability.epcis.test_deriving_laws import histories
from tests.told_events import (
    GTIN,
    commission,
    gln,
    lot,
    make,
    pack,
    pallet,
    party,
    place,
    receive,
    recorded,
    ship,
    thing,
)
from traceability.events import StatementsDerived
from traceability.maths.amounts import plain
from traceability.maths.epcis.deriving import derive
from traceability.maths.epcis.event import CapturedEvent, Identifier, IdentifierKind
from traceability.maths.epcis.statements import UNTOLD, Statements
from traceability.maths.responsibility import Duty
from traceability.models.statements import StatementMovement
from traceability.queries.ledger import lot_view
from traceability.queries.statements import contents, events_behind, evidence
from traceability.recording.journal import Journal
from traceability.service.deriving import (
    Derived,
    derive_events,
    rebuild,
    take_in,
    take_up_registered,
)
from traceability.service.proving import who_answers
from traceability.service.tracing import lot_detail, trace, weigh
from traceability.service.watching import arm, freeze_trace

CHARGER = "02900000000018"

Capture = Callable[..., Derived]


@pytest.fixture
def capture(session: Session) -> Capture:
    """Store events and derive what they say."""

    def _capture(*events: CapturedEvent) -> Derived:
        return derive_events(session, stored(session, events))

    return _capture


def stored(session: Session, events: Sequence[CapturedEvent]) -> list[int]:
    journal = Journal(capture_id=1, enterprise_id=None)
    return journal.add(session, list(events), at=now()).event_ids


def lot_id(session: Session, number: str) -> int:
    found: int = session.execute(
        text("SELECT id FROM lot WHERE number = :number"), {"number": number}
    ).scalar_one()
    return found


MOVEMENTS = text(
    """
    SELECT e.hash, m.kind, l.number, s.kind = 'unlisted', s.code, t.kind = 'unlisted', t.code,
           o.code, m.place, m.quantity, m.unit, m.earliest_at, m.document_no, m.inputs, m.process
    FROM statement_movement m JOIN lot l ON l.id = m.lot_id
    JOIN epcis_event e ON e.id = m.epcis_event_id
    LEFT JOIN party s ON s.id = m.from_party_id LEFT JOIN party t ON t.id = m.to_party_id
    LEFT JOIN party o ON o.id = m.owner_party_id
    WHERE m.recorded_at <= :at AND (m.retracted_at IS NULL OR m.retracted_at > :at)
    """
)
USES = text(
    """
    SELECT e.hash, i.hash, p.code, a.number, b.number, u.quantity, u.unit, u.earliest_at,
           u.latest_at, m.retracted_at IS NULL OR m.retracted_at > :at, m.lot_id = u.output_lot_id
    FROM statement_use u JOIN statement_movement m ON m.id = u.movement_id
    JOIN epcis_event e ON e.id = u.epcis_event_id JOIN epcis_event i ON i.id = u.input_event_id
    JOIN party p ON p.id = u.party_id
    JOIN lot a ON a.id = u.input_lot_id JOIN lot b ON b.id = u.output_lot_id
    WHERE u.recorded_at <= :at AND (u.retracted_at IS NULL OR u.retracted_at > :at)
    """
)
INSIDE = text(
    """
    SELECT e.hash, p.key, c.key, l.number, s.quantity, s.unit, s.from_at, s.until_at
    FROM statement_containment s JOIN epcis_identifier p ON p.id = s.parent_id
    JOIN epcis_identifier c ON c.id = s.child_id JOIN epcis_event e ON e.id = s.epcis_event_id
    LEFT JOIN lot l ON l.id = s.lot_id
    WHERE s.recorded_at <= :at AND (s.retracted_at IS NULL OR s.retracted_at > :at)
    """
)


def said(session: Session, at: datetime | None = None) -> list[str]:
    """All that is valid at a record time, in words."""
    facts = {"at": at or now()}
    lines = []
    for statement in (MOVEMENTS, USES, INSIDE):
        for row in session.execute(statement, facts).all():
            lines.append(repr([_word(each) for each in row]))
    return sorted(lines)


def should_say(found: Statements, events: Iterable[CapturedEvent]) -> list[str]:
    """The same words from statements derived at once."""
    name = {number: each.hash for number, each in enumerate(events, start=1)}
    lines = []
    for m in found.movements:
        lines.append(
            [name[m.event], m.kind.value, m.goods.number, *_holder(m.source), *_holder(m.target),
             m.owner, m.place, m.quantity, m.unit, _time(m.lo), m.document,
             m.inputs.value if m.inputs else None, m.process]
        )  # fmt: skip
    for c in found.consumptions:
        lines.append(
            [name[c.event], name[c.input_event], c.holder or None, c.input.number, c.output.number,
             c.quantity, c.unit, _time(c.lo), _time(c.hi), True, True]
        )  # fmt: skip
    for i in found.inside:
        lines.append(
            [name[i.event], i.parent, i.child, i.goods.number if i.goods else None, i.quantity,
             i.unit, _time(i.lo), _time(i.hi)]
        )  # fmt: skip
    return sorted(repr([_word(each) for each in line]) for line in lines)


def _holder(key: str | None) -> tuple[bool | None, str | None]:
    return (None if key is None else key == UNTOLD), key or None


def _time(instant: int | None) -> datetime | None:
    return (
        None
        if instant is None
        else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)
    )


def _word(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.hex() if isinstance(value, bytes | memoryview) else value


STORY = (
    make([("RAW", 100, "KGM")], [("MIX", 90, "KGM")], "A", at=1),
    ship("MIX", 90, "A", "B", at=2, unit="KGM", papers=[("desadv", "D1")], read_point=place("A")),
    receive("MIX", 88, "A", "B", at=3, unit="KGM", papers=[("desadv", "D1")], here=place("B")),
    make([("MIX", 80, "KGM")], [("BOX", 400)], "B", at=4),
    pack(pallet("P1"), [("BOX", 300)], at=5, here=place("B")),
    ship(pallet("P1"), None, "B", "C", at=6),
    receive(pallet("P1"), None, "B", "C", at=7),
)


def test_a_trace_follows_events_through_making_packing_and_shipping(session, capture):
    capture(*STORY)

    found = trace(session, lot_id(session, "RAW"), direction="forward")

    assert [each.lot.number for each in found.lots] == ["RAW", "MIX", "BOX"]
    assert {each.code for each in found.parties} >= {gln("A"), gln("B"), gln("C")}
    held = [h for h in found.holdings if h.lot_id == lot_id(session, "BOX")]
    assert {next(p.code for p in found.parties if p.party_id == h.party_id) for h in held} == {
        gln("B"), gln("C"),
    }  # fmt: skip


def test_a_trace_goes_back_from_the_shop_to_the_raw_material(session, capture):
    capture(*STORY)

    found = trace(session, lot_id(session, "BOX"), direction="backward")

    assert {each.lot.number for each in found.lots} == {"RAW", "MIX", "BOX"}


def test_a_balance_counts_what_events_tell(session, capture):
    capture(*STORY)

    balance = lot_detail(session, lot_id(session, "BOX")).balance

    assert str(balance.produced) == "400"
    assert str(balance.held) == "0–400"


def test_findings_on_lots_come_from_events_too(session, capture):
    weigh(session, capture(*STORY).lots)

    rows = session.execute(text("SELECT kind, facts->>'shipped', facts->>'received' FROM"
                                " ledger_finding WHERE closed_at IS NULL")).all()  # fmt: skip

    assert ("shipped-received-differ", "90", "88") in [tuple(row) for row in rows]


def test_ledgers_and_events_tell_of_one_lot(session, capture, load, story, town):
    load(story)
    shop = f"https://example.org/firm/{town.shop.code}"
    sold_on = ship(lot("ys-17", CHARGER), 30, "A", "B", at=500_000)
    seller = ("owning_party", Identifier(shop, IdentifierKind.OPAQUE, shop))
    capture(replace(sold_on, sources=(seller,)))

    found = trace(session, lot_id(session, "C-0711"), direction="forward")

    assert [each.lot.number for each in found.lots] == ["C-0711", "YS-17"]
    assert gln("B") in {each.code for each in found.parties}


def test_a_gtin_on_the_register_is_that_product(session, capture, town):
    owned = factories.product(session, enterprise_id=town.maker.id, gtin=GTIN, name="电池")
    capture(commission("L", 5, "A", at=1))

    product_id = session.execute(text("SELECT product_id FROM lot WHERE key = 'L'")).scalar_one()

    assert product_id == owned.id


def test_a_gtin_not_on_the_register_gets_a_product_without_a_firm(session, capture):
    capture(commission("L", 5, "A", at=1))

    product = session.query(Product).filter_by(gtin=GTIN).one()

    assert product.enterprise_id is None
    assert trace(session, lot_id(session, "L")).seed.maker_id is None


def test_what_is_registered_later_is_taken_up_by_a_rebuild(session, capture, town):
    capture(commission("L", 5, "A", at=1))
    owned = factories.product(session, enterprise_id=town.maker.id, gtin=GTIN, name="电池")

    rebuild(session)

    now_said = session.execute(
        text("SELECT l.product_id FROM statement_movement m JOIN lot l ON l.id = m.lot_id"
             " WHERE m.retracted_at IS NULL")
    ).scalar_one()  # fmt: skip
    assert now_said == owned.id


def test_a_party_with_a_registered_code_is_that_enterprise(session, capture, town):
    key = f"https://example.org/firm/{town.maker.code}"
    firm = Identifier(key, IdentifierKind.OPAQUE, key)
    capture(replace(ship("L", 5, "A", "B", at=1), sources=(("possessing_party", firm),)))

    firms = session.execute(
        text(
            "SELECT p.enterprise_id FROM statement_movement m"
            " JOIN party p ON p.id = m.from_party_id"
        )
    ).scalars()

    assert list(firms) == [town.maker.id]


def test_deriving_again_changes_nothing(session, capture):
    ids = stored(session, STORY)
    derive_events(session, ids)

    again = derive_events(session, ids)

    assert (again.added, again.retracted, again.lots) == (0, 0, frozenset())


def test_a_trace_as_of_a_time_is_what_it_was_then(session, capture, frozen_clock):
    then = frozen_clock("2026-11-18T01:00:00+00:00")
    capture(*STORY[:4])
    before = trace(session, lot_id(session, "RAW"))
    frozen_clock("2026-11-18T02:00:00+00:00")
    capture(*STORY[4:])
    frozen_clock("2026-11-18T03:00:00+00:00")
    capture(make([("RAW", 100, "KGM")], [("MIX", 90, "KGM")], "A", at=1, declares=()))

    assert trace(session, lot_id(session, "RAW"), as_of=then) == before
    assert len(before.lots) == 3
    assert [each.lot.number for each in trace(session, lot_id(session, "RAW")).lots] == ["RAW"]


def test_a_place_learnt_later_moves_what_was_said_of_it(session, capture):
    capture(make([("X", 5)], [("P", 5)], "D", at=1))
    capture(ship("P", 5, "A", "B", at=2, read_point=place("D")))

    codes = session.execute(
        text("SELECT DISTINCT s.code FROM statement_movement m JOIN party s"
             " ON s.id = m.from_party_id WHERE m.retracted_at IS NULL")
    ).scalars()  # fmt: skip

    assert list(codes) == [gln("A")]


def test_a_lot_learnt_later_names_its_things(session, capture):
    capture(pack(pallet("P1"), [(thing("7"),)], at=2), ship(pallet("P1"), None, "A", "B", at=3))
    capture(commission(thing("7"), None, "A", at=1, ilmd={"cbvmda:lotNumber": "L"}))

    numbers = session.execute(
        text("SELECT DISTINCT l.number FROM statement_movement m JOIN lot l ON l.id = m.lot_id"
             " WHERE m.retracted_at IS NULL")
    ).scalars()  # fmt: skip

    assert list(numbers) == ["L"]


def test_evidence_tells_the_file_and_row_or_the_event(session, capture, load, story, town):
    load(story)
    capture(*STORY)
    ledger = trace(session, lot_id(session, "YS-17"), direction="forward")
    events = trace(session, lot_id(session, "MIX"), direction="forward")

    rows = evidence(session, [i for each in ledger.edges for i in each.event_ids])
    said = evidence(session, [i for each in events.edges for i in each.event_ids])

    assert {each.source for each in rows} == {"ledger"}
    assert all(each.file_row and each.event_name is None for each in rows)
    assert {each.source for each in said} == {"event"}
    assert {each.event_hash for each in said} <= {each.hash.hex() for each in STORY}


def test_the_events_behind_a_trace_are_all_those_it_rests_on(session, capture):
    capture(*STORY)
    found = trace(session, lot_id(session, "RAW"), direction="forward")

    ids = events_behind(session, {i for each in found.edges for i in each.event_ids})

    kinds = session.execute(
        text("SELECT type FROM epcis_event WHERE id = ANY(:ids) ORDER BY id"), {"ids": ids}
    ).scalars()
    assert list(kinds) == [
        "TransformationEvent", "ObjectEvent", "ObjectEvent", "TransformationEvent",
        "ObjectEvent", "ObjectEvent",
    ]  # fmt: skip


def test_the_graph_and_armed_watches_follow_new_events(session):
    first = stored(session, STORY[:3])
    take_in(session, first[0], first[-1])
    freeze = freeze_trace(session, SYSTEM, lot_id(session, "RAW"), reason="召回")
    arm(session, SYSTEM, freeze.no)
    count = text("SELECT count(*) FROM trace_edge")
    before = session.execute(count).scalar_one()

    more = stored(session, STORY[3:])
    take_in(session, more[0], more[-1])

    edges = session.execute(count).scalar_one()
    alerts = session.execute(text("SELECT count(*) FROM watch_alert")).scalar_one()
    assert 0 < before < edges
    assert alerts == 1


def test_an_owner_who_is_not_the_holder_is_kept(session, capture):
    told = ship("L", 5, "A", "B", at=1)
    capture(replace(told, sources=(*told.sources, ("owning_party", party("O")))))

    (said,) = evidence(session, session.scalars(select(StatementMovement.id)))

    assert said.owner is not None
    assert (said.owner.code, said.from_party and said.from_party.code) == (gln("O"), gln("A"))


def test_an_owner_answers_beside_the_holder(session, capture):
    told = ship("L", 5, "A", "B", at=1)
    capture(replace(told, sources=(*told.sources, ("owning_party", party("O")))))

    found = who_answers(session, trace(session, lot_id(session, "L")))

    codes = {each.party_id: each.code for each in (*found.owners, *found.trace.parties)}
    duties = {(each.duty, codes[each.party_id or 0]) for each in found.duties}
    assert (Duty.OWNED, gln("O")) in duties
    assert (Duty.HAD, gln("A")) in duties
    assert gln("O") not in {each.code for each in found.trace.parties}


def test_contents_of_a_container_at_an_instant(session, capture):
    capture(*STORY)
    hour = datetime(1970, 1, 1, 6, tzinfo=UTC)

    (inside,) = contents(session, pallet("P1").key, as_of=now(), at=hour)

    assert inside.lot is not None
    assert (inside.lot.number, inside.quantity) == ("BOX", 300)
    assert contents(session, pallet("P1").key, as_of=now(), at=hour - timedelta(hours=2)) == []


def test_what_is_registered_with_a_ledger_is_taken_up(session, capture, town):
    capture(commission("L", 5, "A", at=1))
    owned = factories.product(session, enterprise_id=town.maker.id, gtin=GTIN, name="电池")

    found = take_up_registered(session)

    assert found is not None
    assert (found.added, found.retracted) == (1, 1)
    assert take_up_registered(session) is None
    assert lot_view(session, max(found.lots)).product_id == owned.id


def test_new_events_are_taken_in_once_and_announced(session):
    ids = stored(session, STORY)

    first = take_in(session, ids[0], ids[-1])
    again = take_in(session, ids[0], ids[-1])

    topics = session.execute(
        text("SELECT count(*) FROM outbox_message WHERE topic = :topic"),
        {"topic": StatementsDerived.topic},
    ).scalar_one()
    assert (topics, again.added) == (1, 0)
    assert first.first_movement_id is not None


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(histories(), st.data())
def test_step_by_step_in_any_order_is_as_at_once(session, events, data):
    whole = should_say(derive(recorded(*events)), events)
    order = data.draw(st.permutations(events)) if events else []
    cuts = sorted(data.draw(st.lists(st.integers(0, len(order)), max_size=4)))
    parts = [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    savepoint = session.begin_nested()
    try:
        for part in parts:
            derive_events(session, stored(session, part))
        stepwise = said(session)
        ids = session.execute(text("SELECT id FROM statement_movement ORDER BY id")).scalars().all()
        rebuild(session)
        assert stepwise == whole
        assert said(session) == whole
        assert ids == (
            session.execute(text("SELECT id FROM statement_movement ORDER BY id")).scalars().all()
        )
    finally:
        savepoint.rollback()
