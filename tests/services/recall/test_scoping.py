"""The scope comes from everybody's ledgers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.actors import SYSTEM
from recall.errors import UnitUnknown
from recall.queries import files
from recall.service.notices import preview_notice
from recall.service.scoping import trace_scope
from tests.services.recall.conftest import MORNING, PLAN, Cast, filed, told, traced

pytestmark = pytest.mark.usefixtures("at_work")


@pytest.fixture
def at_work(frozen_clock: Callable[[str], Any]) -> None:
    frozen_clock(MORNING)


def amount(low: str | None, high: str | None) -> dict[str, str | None]:
    return {"low": low, "high": high}


def test_before_the_trace_the_scope_is_the_word_of_the_producer(
    session: Session, cast: Cast
) -> None:
    recall = filed(session, cast.producer)

    found = files.recall_file(session, recall.number)
    assert recall.scope_pending
    assert (found.scope.edition, found.scope.basis) == (1, "stated")
    assert [(line.lot_no, line.holder_name, line.evidence) for line in found.lines] == [
        ("C-0711", "云汐市充电器厂", "stated")
    ]
    assert found.scope.balance["unaccounted"] == amount("0", "1000")


def test_the_trace_replaces_it_with_every_hand_and_its_amounts(
    session: Session, cast: Cast
) -> None:
    recall = filed(session, cast.producer)

    traced(session, recall, cast)

    found = files.recall_file(session, recall.number)
    assert not recall.scope_pending
    assert (found.scope.edition, found.scope.basis) == (2, "traced")
    lines = {line.holder_name: line for line in found.lines}
    assert set(lines) == {"云汐市充电器厂", "甲店", "乙店"}
    assert lines["甲店"].amounts["came"] == amount("600", "600")
    assert lines["甲店"].amounts["sold"] == amount("340", "340")
    assert lines["乙店"].amounts["came"] == amount("0", None)
    assert found.scope.balance["sold"] == amount("340", "340")
    assert len(found.scope.trace_digest) == 64


def test_the_first_edition_is_kept(session: Session, cast: Cast) -> None:
    recall = filed(session, cast.producer)
    traced(session, recall, cast)

    trace_scope(session, SYSTEM, recall.id)

    scope = files.latest_scope(session, recall.id)
    assert scope.edition == 3
    kinds = [one.kind for one in files.history(session, recall.number)]
    assert kinds == ["report", "scope-traced", "scope-traced"]


def test_a_lot_that_no_ledger_knows_keeps_its_line_and_says_so(
    session: Session, cast: Cast
) -> None:
    recall = filed(session, cast.producer, plan=PLAN)

    trace_scope(session, SYSTEM, recall.id)

    scope = files.latest_scope(session, recall.id)
    assert not recall.scope_pending
    assert (scope.basis, scope.oddities) == ("stated", ["lot-not-in-ledger"])
    text, _ = preview_notice(session, recall.number)
    assert (text.quantity, text.unit) == ("1000", "个")


def test_a_lot_number_of_two_products_is_not_guessed(session: Session, cast: Cast) -> None:
    from tests import factories

    other = factories.product(session, enterprise_id=cast.enterprise.id, name="加湿器")
    recall = filed(session, cast.producer, gtin=None, product="移动电源")
    told(session, cast.enterprise, cast.product, recall.lot_no)
    told(session, cast.enterprise, other, recall.lot_no)

    trace_scope(session, SYSTEM, recall.id)

    assert files.latest_scope(session, recall.id).oddities == ["lot-ambiguous"]


def test_a_producer_who_states_another_figure_than_its_ledger_is_shown_to_do_so(
    session: Session, cast: Cast
) -> None:
    recall = filed(session, cast.producer, quantity=Decimal(800))
    traced(session, recall, cast)

    scope = files.latest_scope(session, recall.id)
    assert scope.balance["produced"] == amount("1000", "1000")
    assert "stated-differs" in scope.oddities


def test_a_unit_that_cannot_be_read_is_refused_at_the_door(session: Session, cast: Cast) -> None:
    with pytest.raises(UnitUnknown, match="箩"):
        filed(session, cast.producer, unit="箩")
