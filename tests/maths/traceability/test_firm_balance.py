"""One enterprise accounted for: parts add up, and what is not told lowers completeness."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traceability.maths.amounts import EXACT, exactly
from traceability.maths.answer import FindingKind
from traceability.maths.firm_balance import FirmBalance, Told, firm_balance
from traceability.maths.ledger import Event, EventKind, Inputs, Use

FIRM, SHOP, SUPPLIER, NOBODY = 1, 2, 3, 4
DAY = 86_400_000_000


def event(id: int, kind: EventKind, lot: int, source: int, day: int, **facts: Any) -> Event:
    quantity = facts.pop("quantity", 100)
    return Event(
        id=id,
        kind=kind,
        lot=lot,
        source=source,
        target=facts.pop("target", 0),
        quantity=None if quantity is None else Decimal(quantity),
        unit=facts.pop("unit", "KGM"),
        lo=day * DAY,
        hi=day * DAY,
        document=facts.pop("document", None),
        inputs=facts.pop("inputs", Inputs.UNTOLD if kind is EventKind.PRODUCTION else None),
    )


def made(id: int, lot: int, day: int = 1, quantity: Any = 100, **facts: Any) -> Event:
    return event(id, EventKind.PRODUCTION, lot, FIRM, day, quantity=quantity, **facts)


def answer(events: list[Event], uses: list[Use] | None = None, **given_: Any) -> FirmBalance:
    lots = {each.lot for each in events} | {each.input for each in uses or []}
    return firm_balance(events, uses or [], party=FIRM, product_of=dict.fromkeys(lots, 7), **given_)


def test_a_lot_that_is_told_to_the_end_is_complete() -> None:
    found = answer(
        [
            made(1, 10, inputs=Inputs.NONE),
            event(2, EventKind.SHIPMENT, 10, FIRM, 2, target=SHOP, quantity=60),
            event(3, EventKind.SALE, 10, FIRM, 3, quantity=30),
            event(4, EventKind.STOCK, 10, FIRM, 4, quantity=10),
        ]
    )
    (lot,) = found.lots
    assert lot.origin == Told(Decimal(100), Decimal(100))
    assert lot.destination == Told(Decimal(100), Decimal(100))
    assert (found.origin_share, found.destination_share) == (1.0, 1.0)
    (product,) = found.products
    assert (product.came, product.went) == (exactly(100), exactly(90))
    assert (product.on_hand, product.unaccounted) == (exactly(10), exactly(0))


def test_what_nobody_wrote_down_is_no_known_neighbour() -> None:
    found = answer(
        [
            event(1, EventKind.RECEIPT, 10, NOBODY, 1, target=FIRM, quantity=40),
            event(2, EventKind.RECEIPT, 10, SUPPLIER, 1, target=FIRM, quantity=60),
            event(3, EventKind.SHIPMENT, 10, FIRM, 2, target=NOBODY, quantity=25),
            event(4, EventKind.SHIPMENT, 10, FIRM, 2, target=SHOP, quantity=50),
        ],
        nameless=frozenset({NOBODY}),
        unlisted=frozenset({NOBODY}),
    )
    (lot,) = found.lots
    assert lot.origin == Told(Decimal(60), Decimal(100))
    # 25 went to nobody, and the 25 that remain were never counted.
    assert lot.destination == Told(Decimal(50), Decimal(100))


def test_a_lot_without_quantities_counts_as_nothing_known() -> None:
    found = answer(
        [made(1, 10, quantity=None), made(2, 11, inputs=Inputs.NONE),
         event(3, EventKind.SALE, 11, FIRM, 2, quantity=100)]
    )  # fmt: skip
    assert [each.lot_id for each in found.lots] == [10, 11]  # unbounded first
    assert found.lots[0].origin == Told(Decimal(0), None)
    assert (found.origin_share, found.destination_share) == (0.5, 0.5)


def test_more_out_than_in_stays_negative_and_is_a_finding() -> None:
    found = answer([made(1, 10), event(2, EventKind.SALE, 10, FIRM, 2, quantity=130)])
    assert found.lots[0].balance.unaccounted == exactly(-30)
    assert [each.kind for each in found.findings] == [FindingKind.NEGATIVE_STOCK]


def test_the_sender_sees_that_less_arrived() -> None:
    found = answer(
        [
            made(1, 10),
            event(2, EventKind.SHIPMENT, 10, FIRM, 2, target=SHOP, document="A"),
            event(3, EventKind.RECEIPT, 10, FIRM, 3, target=SHOP, quantity=98, document="A"),
        ]
    )
    assert [each.kind for each in found.findings] == [FindingKind.SHIPPED_RECEIVED_DIFFER]
    assert found.lots[0].balance.shipped == exactly(100)


def use(id: int, of: Event, quantity: int) -> Use:
    return Use(id, of.id, FIRM, 1000 + of.id, of.lot, Decimal(quantity), "KGM", of.lo, of.hi)


def test_a_yield_far_under_the_others_is_marked() -> None:
    rows = [made(i, 10 + i, quantity=90 + i % 3, inputs=Inputs.TOLD) for i in range(1, 10)] + [
        made(10, 30, quantity=40, inputs=Inputs.TOLD)
    ]
    found = answer(rows, [use(each.id, each, 100) for each in rows])
    assert [each.event_id for each in found.processes if each.is_low] == [10]
    few = answer(rows[-3:], [use(each.id, each, 100) for each in rows[-3:]])
    assert not any(each.is_low for each in few.processes)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([EventKind.SALE, EventKind.DESTRUCTION, EventKind.SHIPMENT]),
            st.integers(1, 3),
            st.integers(1, 500),
        ),
        max_size=12,
    ),
    st.integers(1, 1000),
)
def test_sums_over_lots_are_sums_of_their_bounds(
    moves: list[tuple[EventKind, int, int]], quantity: int
) -> None:
    events = [made(i, i, quantity=quantity) for i in (1, 2, 3)]
    for number, (kind, lot, amount) in enumerate(moves, start=10):
        target = SHOP if kind is EventKind.SHIPMENT else 0
        events.append(event(number, kind, lot, FIRM, 2, target=target, quantity=amount))
    found = answer(events)
    (product,) = found.products
    assert product.came.value == 3 * quantity
    went = Decimal(sum(amount for _, _, amount in moves))
    assert product.went.value == went
    lo = sum((each.balance.unaccounted.lo or Decimal(0) for each in found.lots), Decimal(0))
    hi = sum((each.balance.unaccounted.hi or Decimal(0) for each in found.lots), Decimal(0))
    assert (product.unaccounted.lo, product.unaccounted.hi) == (lo, hi)
    # Nobody counted: what is neither out nor surplus may be on hand or lost, never both more.
    assert hi == sum(
        (
            EXACT.subtract(Decimal(quantity), sum(
                (Decimal(a) for _, lot, a in moves if lot == each), Decimal(0)))
            for each in (1, 2, 3)
        ),
        Decimal(0),
    )  # fmt: skip


def test_a_share_of_nothing_told_is_nothing() -> None:
    assert Told(Decimal(0), None).share == 0.0
    assert Told(Decimal(1), Decimal(4)).share == pytest.approx(0.25)
