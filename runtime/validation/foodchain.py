"""Reference networks of FoodChain-Lab: reach, scores, and what is seen from a station."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from runtime.validation.tally import Tally
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
from traceability.maths.foodchain_dates import Day

Document = Mapping[str, Any]

_MODES = (DateMode.EXPLICIT, DateMode.INFERRED, DateMode.IGNORED)


def is_scenarios(document: Any) -> bool:
    """Tell whether a file holds a network with scenarios of the desktop version."""
    return isinstance(document, Mapping) and {"deliveries", "relations", "scenarios"} <= set(
        document
    )


def is_executed(document: Any) -> bool:
    """Tell whether a file holds networks with results of the web version."""
    return (
        isinstance(document, list)
        and bool(document)
        and all(
            isinstance(each, Mapping)
            and {"mode", "stations", "deliveries", "expected"} <= set(each)
            for each in document
        )
    )


def is_model(document: Any) -> bool:
    """Tell whether a file holds a network of the web version, without results."""
    data = document.get("data") if isinstance(document, Mapping) else None
    return isinstance(data, Mapping) and {"stations", "deliveries", "deliveryRelations"} <= set(
        data
    )


def _day(text: str | None) -> Day | None:
    return Day.parse(text) if text else None


def scenarios(document: Document, tally: Tally) -> None:
    """Reach both ways and scores by weight, for each scenario."""
    for name, scenario in document["scenarios"].items():
        chain = _chain(document, scenario["settings"])
        scores = weight_scores(chain)
        found: dict[str, Mapping[str, Iterable[str]]] = {
            "forward_deliveries": {each: chain.forward(each) for each in chain.deliveries},
            "backward_deliveries": {each: chain.backward(each) for each in chain.deliveries},
            "forward_stations": {
                each: chain.forward_of_station(each)[0] for each in chain.stations
            },
            "backward_stations": {
                each: chain.backward_of_station(each)[0] for each in chain.stations
            },
        }
        for part, by_id in found.items():
            with tally.case(f"{name}: {part}"):
                ours = {each: sorted(ids) for each, ids in by_id.items()}
                theirs = {each: sorted(ids) for each, ids in scenario[part].items()}
                tally.same(part, ours, theirs)
        for part, values in (
            ("station_score", scores.stations),
            ("delivery_score", scores.deliveries),
        ):
            with tally.case(f"{name}: {part}"):
                tally.same("ids", sorted(values), sorted(scenario[part]))
                for each, value in values.items():
                    tally.close(each, value, scenario[part].get(each), rel=1e-12)


def _chain(document: Document, settings: Document) -> FoodChain:
    ends = {each[end] for each in document["deliveries"] for end in ("source", "target")}
    weight, weights = settings["ws"], settings["wd"]
    return FoodChain.of(
        [
            Station(each, each in settings["cc"], each in settings["kill"], weight.get(each, 0.0))
            for each in sorted(ends)
        ],
        [
            Delivery(
                each["id"],
                each["source"],
                each["target"],
                _day(each["departure"]),
                _day(each["arrival"]),
                each["id"] in settings["ccd"],
                each["id"] in settings["killd"],
                weights.get(each["id"], 0.0),
            )
            for each in document["deliveries"]
        ],
        [(one, other) for one, other in document["relations"]],
        dates=DateMode.EXPLICIT if settings["temporal"] else DateMode.IGNORED,
    )


def executed(document: list[Document], tally: Tally) -> None:
    """Share of outbreaks, common links, and what is ahead of and behind all that is observed."""
    for case in document:
        chain = _executed_chain(case)
        scores = count_scores(chain)
        links = set(scores.common_links)
        seen = seen_from(
            chain,
            {each["id"]: Observed(each["observed"]) for each in case["stations"]}
            | {each["id"]: Observed(each["observed"]) for each in case["deliveries"]},
        )
        name = f"{case['name']} mode {case['mode']}"
        expected = case["expected"]
        with tally.case(f"{name}: ids"):
            tally.same("stations", sorted(expected["stations"]), sorted(chain.stations))
            tally.same("deliveries", sorted(expected["deliveries"]), sorted(chain.deliveries))
        for each, stated in expected["stations"].items():
            with tally.case(f"{name}: station {each}"):
                tally.close("score", scores.stations[each], stated["score"], rel=1e-12)
                tally.same("commonLink", each in links, stated["commonLink"])
                tally.same("forward", each in seen.forward_stations, stated["forward"])
                tally.same("backward", each in seen.backward_stations, stated["backward"])
        for each, stated in expected["deliveries"].items():
            with tally.case(f"{name}: delivery {each}"):
                tally.close("score", scores.deliveries[each], stated["score"], rel=1e-12)
                tally.same("forward", each in seen.forward_deliveries, stated["forward"])
                tally.same("backward", each in seen.backward_deliveries, stated["backward"])


def _executed_chain(case: Document) -> FoodChain:
    return FoodChain.of(
        [
            Station(
                each["id"],
                each["crossContamination"],
                each["killContamination"],
                float(each["outbreak"]),
            )
            for each in case["stations"]
        ],
        [
            Delivery(
                each["id"],
                each["source"],
                each["target"],
                _day(each["dateOut"]),
                _day(each["dateIn"]),
                kill=each["killContamination"],
                weight=float(each["outbreak"]),
            )
            for each in case["deliveries"]
        ],
        [(one, other) for one, other in case["relations"]],
        dates=_MODES[case["mode"]],
    )


def model(document: Document, tally: Tally) -> None:
    """A network without results: that it is one, with every end known and every date read."""
    data = document["data"]

    def rows(table: str) -> list[dict[str, Any]]:
        return [{cell["id"]: cell["value"] for cell in row} for row in data[table]["data"]]

    with tally.case("network"):
        chain = FoodChain.of(
            [Station(each["ID"]) for each in rows("stations")],
            [
                Delivery(
                    each["ID"],
                    each["from"],
                    each["to"],
                    _day(each.get("Date Delivery Departure")),
                    _day(each.get("Date Delivery Arrival")),
                )
                for each in rows("deliveries")
            ],
            [(each["from"], each["to"]) for each in rows("deliveryRelations")],
        )
        tally.same("stations", len(chain.stations), len(data["stations"]["data"]))
        tally.same("deliveries", len(chain.deliveries), len(data["deliveries"]["data"]))
    tally.not_recomputed.append("results: the file holds none")
