"""Common sources over stored ledgers: hubs stay behind, ties stay ties, passes count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from tests.services.traceability.conftest import row
from traceability.errors import NoFindings
from traceability.models.ledger import Lot
from traceability.service.graphing import refresh
from traceability.service.reaching import Seed
from traceability.service.sources import common_sources

Load = Callable[..., Any]
GTINS = ("02900000000056", "02900000000063", "02900000000070")


@pytest.fixture
def city(session: Session, load: Load) -> dict[str, int]:
    """Two copper lots go into wire and plugs; one dealer has everything. Lots by number."""
    copper, plant, dealer = (factories.enterprise(session) for _ in range(3))
    for firm, gtin in zip((copper, plant, plant), GTINS, strict=True):
        factories.product(session, enterprise_id=firm.id, gtin=gtin, name=gtin)
    raw, wire, plug = GTINS
    rows = []

    def made(lot: str, gtin: str, firm: Any, inputs: str, day: str) -> None:
        rows.append(
            row(事件="生产", 批号=lot, 商品条码=gtin, 数量=100, 发出单位代码=firm.code, 日期=day,
                单据号=f"P-{lot}", 投入批次=inputs)
        )  # fmt: skip

    def sent(lot: str, gtin: str, one: Any, other: Any, day: str) -> None:
        rows.append(
            row(事件="发货", 批号=lot, 商品条码=gtin, 数量=100, 发出单位代码=one.code,
                去向单位代码=other.code, 日期=day, 单据号=f"S-{lot}")
        )  # fmt: skip

    for lot in ("CU-1", "CU-2"):
        made(lot, raw, copper, "无", "2026-01-05")
        sent(lot, raw, copper, plant, "2026-01-10")
    for number in range(1, 9):
        source = "CU-1" if number <= 4 else "CU-2"
        made(f"W-{number}", wire, plant, f"{raw}/{source}×10", "2026-02-01")
        made(f"G-{number}", plug, plant, f"{wire}/W-{number}×10", "2026-03-01")
        sent(f"G-{number}", plug, plant, dealer, "2026-03-05")
    outcome = load(rows)
    assert outcome.stored, outcome.problems
    lots = {lot.number: lot.id for lot in session.execute(select(Lot)).scalars()}
    refresh(session, lots.values())
    return lots


def seeds(city: dict[str, int], *numbers: int) -> list[Seed]:
    return [Seed(city[f"G-{number}"]) for number in numbers]


def test_the_copper_behind_all_failures_and_no_pass_comes_first(
    session: Session, city: dict[str, int]
) -> None:
    passed = [city[f"G-{number}"] for number in (5, 6, 7)]
    found = common_sources(session, seeds(city, 1, 2, 3), passed)
    best = found.ranking.classes[0]
    assert [found.lots[found.candidates[each]].number for each in best.members] == ["CU-1"]
    assert (best.hits, best.tested) == (3, 3)
    assert min(found.depths[each] for each in best.members) > 0
    # CU-2 explains nothing; it and each wire behind a pass are counted among what was looked at.
    with pytest.raises(ValueError, match="explains no finding"):
        found.ranking.of(found.candidates.index(city["CU-2"]))
    assert city["CU-2"] not in found.lots
    assert found.ranking.family == len(found.ranking.classes) + 4
    assert [len(chosen) for chosen in found.explanation.sets] == [1]


def test_the_firms_that_handled_all_are_a_tie_and_no_source(
    session: Session, city: dict[str, int]
) -> None:
    passed = [city[f"G-{number}"] for number in (5, 6, 7)]
    found = common_sources(session, seeds(city, 1, 2, 3), passed, by="party")
    (only,) = found.ranking.classes
    assert len(only.members) == 2  # who made the copper, and who made the plugs
    assert (only.hits, only.tested, only.lift, only.p) == (3, 6, 1.0, 1.0)
    assert found.ranking.is_hub(only)


def test_the_next_sample_is_a_lot_that_only_one_suspect_stands_behind(
    session: Session, city: dict[str, int]
) -> None:
    found = common_sources(session, seeds(city, 1))
    told = [found.lots[found.untested[each.lot]].number for each in found.next]
    assert told
    # Lot 1 is explained by itself, its wire or its copper; lot 4 shares the copper alone.
    assert {"G-2", "G-3", "G-4", "W-2", "W-3", "W-4"} & set(told[:7])
    assert not {"G-5", "W-5"} & set(told)


def test_nothing_failed_is_no_question(session: Session, city: dict[str, int]) -> None:
    with pytest.raises(NoFindings):
        common_sources(session, [], [city["G-1"]])


def test_the_answer_does_not_depend_on_the_order_of_findings(
    session: Session, city: dict[str, int]
) -> None:
    passed = [city["G-5"]]
    one = common_sources(session, seeds(city, 1, 2), passed)
    other = common_sources(session, seeds(city, 2, 1), passed)
    assert one.candidates == other.candidates
    assert [(c.members, c.posterior) for c in one.ranking.classes] == [
        (c.members, c.posterior) for c in other.ranking.classes
    ]
