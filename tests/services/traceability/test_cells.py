"""What the cells of a ledger say."""

from __future__ import annotations

from decimal import Decimal

import pytest

from traceability.maths.ledger import EventKind
from traceability.recording.cells import UNDATED, Input, Span, event_kind, inputs, quantity, span


def utc(found: Span) -> tuple[str, str]:
    assert found.earliest_at is not None
    assert found.latest_at is not None
    return found.earliest_at.isoformat(), found.latest_at.isoformat()


@pytest.mark.parametrize("cell", ["2026-08-20", "2026/8/20", "2026年8月20日", "20260820"])
def test_a_day_in_all_its_ways(cell: str) -> None:
    assert utc(span(cell)) == ("2026-08-20T00:00:00+08:00", "2026-08-20T23:59:59.999999+08:00")


@pytest.mark.parametrize("cell", ["2026-02", "2026年2月", "2026.02"])
def test_a_month_is_as_wide_as_it_is(cell: str) -> None:
    assert utc(span(cell)) == ("2026-02-01T00:00:00+08:00", "2026-02-28T23:59:59.999999+08:00")


def test_an_instant_keeps_its_zone_and_has_that_of_china_without_one() -> None:
    assert utc(span("2026-08-20T09:30:00+00:00"))[0] == "2026-08-20T09:30:00+00:00"
    assert utc(span("2026-08-20 09:30"))[0] == "2026-08-20T09:30:00+08:00"


def test_what_is_not_known_has_no_bounds() -> None:
    assert span("不详") == UNDATED
    assert quantity("未知") is None


@pytest.mark.parametrize("cell", ["2026-13", "昨天", "2026-02-30", "9999999999"])
def test_what_is_no_time_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match=r"not a (date|month|time)"):
        span(cell)


def test_inputs_in_all_their_ways() -> None:
    assert inputs("02900000000025/C-0711×10400；W-118*5,200件; AX12 ;T-77×不详") == (
        Input("02900000000025", "C-0711", Decimal(10400), None),
        Input(None, "W-118", Decimal(5200), "C62"),
        Input(None, "AX12", None, None),
        Input(None, "T-77", None, None),
    )
    assert inputs("C-1×2.5千克") == (Input(None, "C-1", Decimal("2.5"), "KGM"),)
    assert inputs("无") == ()


@pytest.mark.parametrize("cell", [";", "C-1×0", "C-1×5筐", "C-1×1.2.3"])
def test_inputs_that_say_nothing_are_refused(cell: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        inputs(cell)


def test_events_by_their_usual_names() -> None:
    assert [event_kind(each) for each in ("出库", "入库", "零售", "SHIPMENT", "库存")] == [
        EventKind.SHIPMENT,
        EventKind.RECEIPT,
        EventKind.SALE,
        EventKind.SHIPMENT,
        EventKind.STOCK,
    ]
