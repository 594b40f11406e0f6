"""Mass balance: exact where all is known, an interval where it is not, never mended."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traceability.maths.amounts import UNKNOWN, Amount, exactly, plain, total
from traceability.maths.balance import (
    INFLOW,
    NEGATIVE_STOCK,
    OUTFLOW,
    UNITS_DIFFER,
    Entry,
    Part,
    balance,
    lot_balance,
    weight_yield,
)

exact_quantities = st.decimals(
    min_value=Decimal("0.000000001"), max_value=Decimal("999999999999999"), places=9
)


def entry(part: Part, quantity: str | int | None, day: int = 1, unit: str = "C62") -> Entry:
    return Entry(part, None if quantity is None else Decimal(quantity), unit, day, day)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(INFLOW), exact_quantities, st.integers(0, 9)), min_size=1),
    st.lists(st.tuples(st.sampled_from(OUTFLOW), exact_quantities, st.integers(0, 9))),
    exact_quantities,
)
def test_parts_and_unaccounted_are_exactly_what_came_in(
    came: list[tuple[Part, Decimal, int]], went: list[tuple[Part, Decimal, int]], count: Decimal
) -> None:
    rows = [Entry(part, quantity, "KGM", day, day) for part, quantity, day in [*came, *went]]

    of = balance([*rows, Entry(Part.COUNTED, count, "KGM", 5, 5)])

    inflow = total((of.produced, of.received, of.returned_in))
    rest = total(
        (of.shipped, of.returned_out, of.sold, of.destroyed, of.consumed, of.on_hand,
         of.unaccounted)
    )  # fmt: skip
    assert rest == inflow
    assert inflow.is_exact


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([Part.RECEIVED, Part.SOLD, Part.SHIPPED, Part.COUNTED]),
            st.integers(1, 50),
            st.booleans(),
            st.integers(1, 5),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_an_interval_holds_the_truth_whatever_the_unknown_quantities_are(
    rows: list[tuple[Part, int, bool, int]],
) -> None:
    if not any(part is Part.RECEIVED for part, *_ in rows):
        rows = [*rows, (Part.RECEIVED, 500, False, 1)]
    truth = balance([entry(part, quantity, day) for part, quantity, _, day in rows])
    told = balance(
        [
            entry(part, None if hidden and part is not Part.COUNTED else quantity, day)
            for part, quantity, hidden, day in rows
        ]
    )
    if NEGATIVE_STOCK in truth.findings:
        return  # the interval assumes that what is unknown is not more than was there

    for part in ("received", "sold", "shipped", "on_hand", "unaccounted"):
        inner, outer = getattr(truth, part), getattr(told, part)
        assert outer.lo is None or inner.lo is None or outer.lo <= inner.lo
        assert outer.hi is None or (inner.hi is not None and inner.hi <= outer.hi)


def test_a_counted_holding_by_hand() -> None:
    # 1200 came, 900 shipped, 250 counted: 1200 - 900 - 250 = 50 nobody can account for.
    of = balance(
        [
            entry(Part.RECEIVED, 1200, day=1),
            entry(Part.SHIPPED, 900, day=2),
            entry(Part.COUNTED, 250, day=3),
        ]
    )

    assert of.unaccounted == exactly(50)
    assert of.on_hand == exactly(250)
    assert of.counted


def test_what_comes_and_goes_after_the_count_changes_the_stock_and_not_the_loss() -> None:
    # Counted 250 on day 3; then 100 came and 30 went: 320 on hand, still 50 unaccounted.
    of = balance(
        [
            entry(Part.RECEIVED, 1200, day=1),
            entry(Part.SHIPPED, 900, day=2),
            entry(Part.COUNTED, 250, day=3),
            entry(Part.RECEIVED, 100, day=4),
            entry(Part.SOLD, 30, day=5),
        ]
    )

    assert of.on_hand == exactly(320)
    assert of.unaccounted == exactly(50)


def test_without_a_count_stock_and_loss_share_what_remains() -> None:
    of = balance([entry(Part.RECEIVED, 100), entry(Part.SOLD, 60)])

    assert of.on_hand == Amount(Decimal(0), Decimal(40))
    assert of.unaccounted == Amount(Decimal(0), Decimal(40))
    assert not of.counted


def test_more_out_than_in_is_a_finding_and_is_not_clipped() -> None:
    of = balance([entry(Part.RECEIVED, 100), entry(Part.SHIPPED, 130)])

    assert of.unaccounted == exactly(-30)
    assert of.findings == (NEGATIVE_STOCK,)
    assert of.shipped == exactly(130)


def test_an_unknown_quantity_is_not_zero() -> None:
    of = balance(
        [entry(Part.RECEIVED, 100), entry(Part.SHIPPED, None), entry(Part.COUNTED, 20, day=2)]
    )

    assert of.shipped == UNKNOWN
    assert of.unaccounted == Amount(Decimal(0), Decimal(80))


def test_inflow_that_nobody_wrote_down_is_unknown() -> None:
    of = balance([entry(Part.SHIPPED, 50)])

    assert of.unaccounted.hi is None
    assert of.findings == ()


def test_units_of_one_dimension_add_up_exactly() -> None:
    of = balance(
        [
            entry(Part.PRODUCED, "1.5", unit="TNE"),
            entry(Part.SHIPPED, "1499750", unit="GRM"),
            entry(Part.COUNTED, "0.25", day=2, unit="KGM"),
        ]
    )

    assert of.unit == "KGM"
    assert of.unaccounted == exactly(0)


def test_pieces_and_weights_are_never_added() -> None:
    of = balance(
        [
            entry(Part.RECEIVED, 100),
            entry(Part.SHIPPED, 40),
            entry(Part.SHIPPED, "3.5", unit="KGM"),
        ]
    )

    assert UNITS_DIFFER in of.findings
    assert of.shipped == Amount(Decimal(40), None)


def test_a_lot_over_all_its_holders_by_hand() -> None:
    # Made 5200: the maker shipped 4400, has 700 and cannot say where 100 are; the shop received
    # 4400, sold 3016, has 1068 and cannot say where 316 are. Held 1768, unaccounted 416.
    maker = balance(
        [
            entry(Part.PRODUCED, 5200),
            entry(Part.SHIPPED, 4400, day=2),
            entry(Part.COUNTED, 700, day=3),
        ]
    )
    shop = balance(
        [
            entry(Part.RECEIVED, 4400, day=2),
            entry(Part.SOLD, 3016, day=3),
            entry(Part.COUNTED, 1068, day=4),
        ]
    )

    of = lot_balance([maker, shop], unit="C62", is_made=True)

    assert of.held == exactly(1768)
    assert of.unaccounted == exactly(416)
    assert total((of.held, of.sold, of.destroyed, of.consumed, of.unaccounted)) == of.produced


def test_what_went_to_nobody_known_is_unaccounted() -> None:
    maker = balance([entry(Part.PRODUCED, 100), entry(Part.SHIPPED, 100), entry(Part.COUNTED, 0)])
    nobody = balance([entry(Part.RECEIVED, 100)])

    of = lot_balance([maker, nobody], unit="C62", is_made=True, unlisted=[False, True])

    assert of.unaccounted == exactly(100)
    assert of.held == exactly(0)


def test_a_lot_without_a_production_row_has_no_total() -> None:
    of = lot_balance([balance([entry(Part.RECEIVED, 10)])], unit="C62", is_made=False)

    assert of.produced == UNKNOWN
    assert of.unaccounted.hi is None


def test_yield_compares_weights_only() -> None:
    ten_out = (Decimal("10.1"), "KGM")
    weighed = [(Decimal(9000), "GRM"), (Decimal(1), "KGM")]
    assert weight_yield(ten_out, weighed) == (Decimal("10.1"), Decimal(10))
    assert weight_yield((Decimal(100), "C62"), weighed) is None
    assert weight_yield(ten_out, [*weighed, (None, "KGM")]) is None
    assert weight_yield(ten_out, []) is None


def test_amounts_refuse_the_wrong_way_round_and_print_plainly() -> None:
    with pytest.raises(ValueError, match="lo <= hi"):
        Amount(Decimal(2), Decimal(1))
    assert plain(Decimal("1.50E+3")) == "1500"
    assert str(Amount(Decimal(0), None)) == "0–?"
    with pytest.raises(ValueError, match="not exact"):
        _ = UNKNOWN.value
