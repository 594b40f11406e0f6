"""Scores and reach as FoodChain-Lab has them, on networks small enough to check on paper."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.validate import AGREES, DIFFERS, validate_file
from traceability.maths.foodchain import (
    DateMode,
    Delivery,
    FoodChain,
    Observed,
    Station,
    count_scores,
    seen_from,
    weight_scores,
)
from traceability.maths.foodchain_dates import ALWAYS, NEVER, Day, inferred_limits, may_precede


def day(text: str | None) -> Day | None:
    return Day.parse(text) if text else None


def sent(
    id: str, departure: str | None = None, arrival: str | None = None, **facts: Any
) -> Delivery:
    """A delivery whose id names its ends: ``AB1`` goes from A to B."""
    return Delivery(id, id[0], id[1], day(departure), day(arrival), **facts)


def chain(
    deliveries: list[Delivery],
    relations: list[tuple[str, str]] = [],  # noqa: B006 - never changed
    dates: DateMode = DateMode.EXPLICIT,
    **marks: dict[str, Any],
) -> FoodChain:
    ends = {end for each in deliveries for end in (each.source, each.target)}
    stations = [Station(each, **marks.get(each, {})) for each in sorted(ends)]
    return FoodChain.of(stations, deliveries, relations, dates=dates)


# A sends to B twice; B mixes what it gets and sends to C and D.
MIXING = [
    sent("AB1", "2026-01-01"),
    sent("AB2", "2026-01-05"),
    sent("BC1", "2026-01-03"),
    sent("BD1", "2026-01-06"),
]


def test_a_relation_is_followed_and_nothing_else() -> None:
    found = chain(MIXING, [("AB1", "BC1")])

    assert found.forward("AB1") == {"BC1"}
    assert found.backward("BD1") == frozenset()
    assert found.forward_of_station("A") == ({"B", "C"}, {"AB1", "AB2", "BC1"})
    assert found.backward_of_station("C") == ({"A", "B"}, {"AB1", "BC1"})


def test_all_that_came_before_may_have_gone_into_all_that_left_later() -> None:
    found = chain(MIXING, B={"contact": True})

    assert found.forward("AB1") == {"BC1", "BD1"}
    assert found.forward("AB2") == {"BD1"}  # it came after BC1 had left


def test_without_dates_everything_may() -> None:
    found = chain(MIXING, dates=DateMode.IGNORED, B={"contact": True})

    assert found.forward("AB2") == {"BC1", "BD1"}


def test_deliveries_marked_together_share_what_they_went_into() -> None:
    marked = [
        sent("AB1", "2026-01-01", contact=True),
        sent("AB2", "2026-01-02", contact=True),
        sent("AB3", "2026-01-02"),
        *MIXING[2:],
    ]
    found = chain(marked, [("AB1", "BC1"), ("AB3", "BD1")])

    assert found.forward("AB2") == {"BC1"}
    assert found.forward("AB3") == {"BD1"}


@pytest.mark.parametrize(
    ("one", "other", "may"),
    [
        ("2026-01-05", "2026-01-05", True),
        ("2026-01-06", "2026-01-05", False),
        ("2026-01-31", "2026-01", True),  # compared by month
        ("2026-02-01", "2026-01", False),
        ("2026-12", "2026", True),
        ("2027", "31.12.2026", False),
        (None, "2026", True),
        ("2026", None, True),
    ],
)
def test_dates_are_compared_as_precisely_as_both_are_known(
    one: str | None, other: str | None, may: bool
) -> None:
    assert may_precede(day(one), day(other)) is may


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("2016-01-05", (2016, 1, 5)),
        ("2016-01", (2016, 1)),
        ("2016", (2016,)),
        ("05.01.2016", (2016, 1, 5)),
        ("01.2016", (2016, 1)),
    ],
)
def test_ways_to_write_a_date(text: str, parts: tuple[int, ...]) -> None:
    assert Day.parse(text).parts == parts


@pytest.mark.parametrize("text", ["2016-13-01", "2016-02-30", "5/1/2016", "", "20160105"])
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError):
        Day.parse(text)


def test_a_missing_date_is_the_other_one() -> None:
    late = [sent("AB1", None, "2026-01-04"), sent("BC1", None, "2026-01-03")]

    assert chain(late, B={"contact": True}).forward("AB1") == frozenset()


def test_a_kill_at_a_station_lets_nothing_through() -> None:
    found = chain(MIXING, [("AB1", "BC1")], B={"kill": True, "contact": True})

    assert found.forward("AB1") == frozenset()
    assert found.forward_of_station("A")[0] == {"B"}
    assert found.forward_of_station("B")[0] == frozenset()
    assert found.backward_of_station("C")[0] == frozenset()
    assert found.backward_of_station("B")[0] == {"A"}


def test_a_kill_on_a_delivery_goes_no_further() -> None:
    first, *rest = MIXING
    killed = sent("AB1", "2026-01-01", kill=True)
    found = chain([killed, *rest], [("AB1", "BC1"), ("AB2", "BD1")])

    assert found.forward("AB1") == frozenset()
    assert found.forward("AB2") == {"BD1"}
    assert first.id == killed.id


def test_scores_by_weight() -> None:
    # Σ+ = 3, Σ− = −1: divided by 3.
    found = weight_scores(
        chain(
            MIXING,
            [("AB1", "BC1"), ("AB2", "BD1")],
            C={"weight": 1.0},
            D={"weight": 2.0},
            A={"weight": -1.0},
        )
    )

    assert found.stations == pytest.approx({"A": 2 / 3, "B": 1.0, "C": 1 / 3, "D": 2 / 3})
    assert found.deliveries == pytest.approx(
        {"AB1": 1 / 3, "AB2": 2 / 3, "BC1": 1 / 3, "BD1": 2 / 3}
    )
    assert found.common_links == ("B",)


def test_the_larger_side_divides() -> None:
    found = weight_scores(chain(MIXING, C={"weight": 1.0}, D={"weight": -4.0}))

    assert found.stations["C"] == 0.25
    assert found.stations["D"] == -1.0
    assert found.stations["B"] == -0.75


def test_scores_by_count() -> None:
    found = count_scores(
        chain(MIXING, [("AB1", "BC1"), ("AB2", "BD1")], C={"weight": 1.0}, D={"weight": 7.0})
    )

    assert found.stations == {"A": 1.0, "B": 1.0, "C": 0.5, "D": 0.5}
    assert found.common_links == ("A", "B")


def test_without_findings_every_score_is_zero() -> None:
    found = chain(MIXING)

    assert set(weight_scores(found).stations.values()) == {0.0}
    assert count_scores(found).common_links == ()


def test_what_is_seen_from_a_station_and_a_delivery() -> None:
    found = chain(MIXING, [("AB1", "BC1")])

    seen = seen_from(found, {"A": Observed.FORWARD, "BC1": Observed.FULL, "D": Observed.NONE})

    assert seen.forward_stations == {"B", "C"}
    assert seen.forward_deliveries == {"AB1", "AB2", "BC1"}
    assert seen.backward_stations == {"A", "B"}
    assert seen.backward_deliveries == {"AB1"}
    with pytest.raises(ValueError, match="neither"):
        seen_from(found, {"Z": Observed.FULL})


@pytest.mark.parametrize(
    ("deliveries", "relations", "words"),
    [
        ([sent("AB1"), sent("AB1")], [], "twice"),
        ([sent("AB1"), sent("AC1")], [("AB1", "AC1")], "do not meet"),
        ([sent("AB1")], [("AB1", "BC1")], "not both"),
    ],
)
def test_networks_that_are_none(
    deliveries: list[Delivery], relations: list[tuple[str, str]], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        chain(deliveries, relations)
    with pytest.raises(ValueError, match="is not given"):
        FoodChain.of([Station("A")], [sent("AB1")], [])


def test_limits_are_inferred_along_relations() -> None:
    # AB1 left on the 4th; BC1 was made of it, so it left on the 4th or later, by the 9th.
    by_id = {each.id: each for each in (sent("AB1", "2026-01-04"), sent("BC1", None, "2026-01-09"))}
    first, last = (Day(2026, 1, n).span[0] for n in (4, 9))

    found = inferred_limits(by_id, [("AB1", "BC1")])

    assert found["AB1"].departure == (first, first)
    assert found["AB1"].arrival == (first, last)
    assert found["BC1"].departure == (first, last)
    assert found["BC1"].arrival == (last, last)
    alone = inferred_limits(by_id, [])
    assert (alone["BC1"].departure, alone["AB1"].arrival) == ((ALWAYS, last), (first, NEVER))


def test_dates_that_contradict_each_other_are_dropped() -> None:
    odd = {"AB1": sent("AB1", "2026-01-04", "2026-01-02")}
    related = {each.id: each for each in (sent("AB1", "2026-01-09"), sent("BC1", "2026-01-03"))}
    third = Day(2026, 1, 3).span

    assert inferred_limits(odd, [])["AB1"].departure == (ALWAYS, NEVER)
    assert inferred_limits(related, [("AB1", "BC1")])["BC1"].departure == third


def test_modes_differ_where_a_date_is_missing() -> None:
    # AB1 has no date; it went into BC1, which left on the 3rd: so it came by then.
    # BD1 left on the 1st. Explicit: nothing forbids. Inferred: neither does, it may be earlier.
    # AB2 came on the 2nd by its relation to nothing: BD1 left before.
    rows = [
        sent("XA1", "2026-01-02"),
        sent("AB1"),
        sent("BD1", "2026-01-01"),
    ]
    relations = [("XA1", "AB1")]

    def into(dates: DateMode) -> frozenset[str]:
        return chain(rows, relations, dates=dates, B={"contact": True}).forward("AB1")

    assert into(DateMode.EXPLICIT) == {"BD1"}  # a missing date forbids nothing
    assert into(DateMode.INFERRED) == frozenset()  # it left A on the 2nd or later
    assert into(DateMode.IGNORED) == {"BD1"}


@st.composite
def chains(draw: st.DrawFn) -> FoodChain:
    names = "ABCDE"
    stations = [
        Station(
            each,
            draw(st.booleans()),
            draw(st.integers(0, 5)) == 0,
            draw(st.sampled_from([0.0, 0.0, 1.0, 2.0, -1.0])),
        )
        for each in names
    ]
    deliveries = []
    for number in range(draw(st.integers(0, 9))):
        ends = draw(st.tuples(st.sampled_from(names), st.sampled_from(names)))
        when = draw(st.one_of(st.none(), st.integers(1, 9)))
        deliveries.append(
            Delivery(
                f"{number}",
                *ends,
                Day(2026, 1, when) if when else None,
                contact=draw(st.booleans()),
                kill=draw(st.integers(0, 5)) == 0,
                weight=draw(st.sampled_from([0.0, 0.0, 1.0, -2.0])),
            )
        )
    pairs = [
        (a.id, b.id) for a in deliveries for b in deliveries if a.target == b.source and a != b
    ]
    relations = draw(st.lists(st.sampled_from(pairs), max_size=8)) if pairs else []
    return FoodChain.of(stations, deliveries, relations, dates=draw(st.sampled_from(DateMode)))


@settings(max_examples=300, deadline=None)
@given(chains())
def test_scores_are_the_weights_ahead(found: FoodChain) -> None:
    everything = [*found.stations.values(), *found.deliveries.values()]
    plus = sum(each.weight for each in everything if each.weight > 0)
    minus = sum(-each.weight for each in everything if each.weight < 0)
    whole = max(plus, minus) or 1.0

    def ahead(stations: frozenset[str], deliveries: frozenset[str]) -> float:
        return (
            sum(found.stations[each].weight for each in stations)
            + sum(found.deliveries[each].weight for each in deliveries)
        ) / whole

    scores = weight_scores(found)

    for each in found.stations:
        stations, deliveries = found.forward_of_station(each)
        assert scores.stations[each] == pytest.approx(ahead(stations | {each}, deliveries))
    for each in found.deliveries:
        stations, deliveries = found.forward_of_delivery(each)
        assert scores.deliveries[each] == pytest.approx(ahead(stations, deliveries | {each}))


@settings(max_examples=200, deadline=None)
@given(chains())
def test_one_delivery_is_ahead_exactly_when_the_other_is_behind(found: FoodChain) -> None:
    for one in found.deliveries:
        for other in found.deliveries:
            assert (other in found.forward(one)) == (one in found.backward(other))


@pytest.mark.shared
def test_the_reference_networks_agree(shared_dir: Path) -> None:
    folder = shared_dir / "vectors" / "traceability" / "foodchainlab"

    lines = {path.name: validate_file(path).line for path in sorted(folder.glob("*.json"))}

    assert {name: line["mismatches"] for name, line in lines.items()} == {
        "fclweb_ExampleData.json": 0,
        "fclweb_executed_ExampleData.json": 0,
        "small_network.json": 0,
    }
    assert lines["small_network.json"]["cases"] == 9 * 6
    assert lines["fclweb_executed_ExampleData.json"]["cases"] == 6 * (1 + 24 + 29)


DOCUMENT = {
    "source": "own network, in the form of TracingTest.java",
    "deliveries": [
        {"id": "AB1", "source": "A", "target": "B", "departure": "2026-01-01", "arrival": None},
        {"id": "BC1", "source": "B", "target": "C", "departure": "2026-01", "arrival": None},
    ],
    "relations": [["AB1", "BC1"]],
    "scenarios": {
        "weights": {
            "settings": {
                "cc": [], "ccd": [], "kill": [], "killd": [],
                "ws": {"C": 1.0}, "wd": {"AB1": -2.0}, "temporal": True,
            },
            # Σ+ = 1, Σ− = −2: divided by 2. A and AB1 have both ahead: (1 − 2) ÷ 2.
            "station_score": {"A": -0.5, "B": 0.5, "C": 0.5},
            "delivery_score": {"AB1": -0.5, "BC1": 0.5},
            "forward_deliveries": {"AB1": ["BC1"], "BC1": []},
            "backward_deliveries": {"AB1": [], "BC1": ["AB1"]},
            "forward_stations": {"A": ["B", "C"], "B": ["C"], "C": []},
            "backward_stations": {"A": [], "B": ["A"], "C": ["A", "B"]},
        }
    },
}  # fmt: skip


def test_a_file_that_agrees_and_one_that_does_not(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    path.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    assert validate_file(path).exit_code == AGREES, validate_file(path)

    for part in DOCUMENT["scenarios"]["weights"]:  # type: ignore[attr-defined, index]
        wrong: Any = copy.deepcopy(DOCUMENT)
        if part == "settings":
            wrong["relations"] = []
        elif part.endswith("_score"):
            wrong["scenarios"]["weights"][part]["A" if "station" in part else "AB1"] = 0.25
        else:
            wrong["scenarios"]["weights"][part]["C" if "stations" in part else "BC1"] = ["Z"]
        path.write_text(json.dumps(wrong), encoding="utf-8")
        assert validate_file(path).exit_code == DIFFERS, part
