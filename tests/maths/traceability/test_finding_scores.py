"""FoodChain-Lab's scores over ledgers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.maths.traceability.test_contact import busy_ledgers, steps
from tests.maths.traceability.test_tracing import LOTS, event, use
from traceability.maths.contact import Kill
from traceability.maths.finding_scores import WeightedFinding, score_findings
from traceability.maths.foodchain import Delivery, FoodChain, Station, weight_scores
from traceability.maths.foodchain_dates import Day
from traceability.maths.ledger import Event, EventKind, Use
from traceability.maths.tracing import trace_lots

# Farm 1 sends lot 10 to 3, farm 2 lot 20; 3 makes 30 of 10 and 40 of both; they go to 4 and 5.
ROWS = [
    event(1, EventKind.SHIPMENT, 10, 1, target=3, day=1),
    event(2, EventKind.SHIPMENT, 20, 2, target=3, day=1),
    event(3, EventKind.PRODUCTION, 30, 3, day=2),
    event(4, EventKind.PRODUCTION, 40, 3, day=3),
    event(5, EventKind.SHIPMENT, 30, 3, target=4, day=4),
    event(6, EventKind.SHIPMENT, 40, 3, target=5, day=4),
]
USES = [use(1, 3, 10, 30, day=2), use(2, 3, 10, 40, day=3), use(3, 3, 20, 40, day=3)]


def test_scores_by_hand() -> None:
    findings = [WeightedFinding(30, 4, 1.0), WeightedFinding(40, 5, 2.0)]

    found = score_findings(ROWS, USES, findings)
    counted = score_findings(ROWS, USES, findings, counting="count")

    assert found.lots == pytest.approx({10: 1.0, 20: 2 / 3, 30: 1 / 3, 40: 2 / 3})
    assert found.stations == pytest.approx({1: 1.0, 2: 2 / 3, 3: 1.0, 4: 1 / 3, 5: 2 / 3})
    assert found.common_links == (1, 3)
    assert counted.lots == {10: 1.0, 20: 0.5, 30: 0.5, 40: 0.5}


def test_it_is_the_score_of_the_same_network_there() -> None:
    chain = FoodChain.of(
        [Station("1"), Station("2"), Station("3"), Station("4", weight=1), Station("5", weight=2)],
        [
            Delivery("10", "1", "3", Day(2026, 1, 1)),
            Delivery("20", "2", "3", Day(2026, 1, 1)),
            Delivery("30", "3", "4", Day(2026, 1, 4)),
            Delivery("40", "3", "5", Day(2026, 1, 4)),
        ],
        [("10", "30"), ("10", "40"), ("20", "40")],
    )
    theirs = weight_scores(chain)

    ours = score_findings(ROWS, USES, [WeightedFinding(30, 4, 1.0), WeightedFinding(40, 5, 2.0)])

    assert {str(each): score for each, score in ours.stations.items()} == theirs.stations
    assert {str(each): score for each, score in ours.lots.items()} == theirs.deliveries


def test_evidence_against_and_nothing_at_all() -> None:
    found = score_findings(ROWS, USES, [WeightedFinding(30, 4), WeightedFinding(40, 5, -4.0)])

    assert found.stations == {1: -0.75, 2: -1.0, 3: -0.75, 4: 0.25, 5: -1.0}
    assert score_findings(ROWS, USES, [WeightedFinding(77)]).lots == {77: 1.0}
    with pytest.raises(ValueError, match="at least one finding"):
        score_findings(ROWS, USES, [])


@settings(max_examples=150, deadline=None)
@given(
    busy_ledgers(),
    st.lists(
        st.tuples(st.integers(1, LOTS), st.sampled_from([1.0, 2.0, -1.0])), min_size=1, max_size=4
    ),
    steps(),
    st.sampled_from(["none", "station"]),
)
def test_a_lot_scores_the_findings_that_a_forward_trace_of_it_reaches(
    ledger: tuple[list[Event], list[Use]],
    weights: list[tuple[int, float]],
    kills: list[Kill],
    contact: str,
) -> None:
    events, uses = ledger
    facts: dict[str, Any] = {"contact": contact, "kills": kills}
    findings = [WeightedFinding(lot, None, weight) for lot, weight in weights]
    whole = max(sum(w for _, w in weights if w > 0), -sum(w for _, w in weights if w < 0)) or 1.0

    found = score_findings(events, uses, findings, **facts)

    for lot in range(1, LOTS + 1):
        ahead = {
            each.lot_id
            for each in trace_lots(events, uses, lot=lot, direction="forward", **facts).lots
        }
        expected = sum(weight for other, weight in weights if other in ahead) / whole
        assert found.lots.get(lot, 0.0) == pytest.approx(expected)
