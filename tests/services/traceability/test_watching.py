"""Frozen traces stay as they were; a watch tells what extends one, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.actors import SYSTEM
from core.errors import Stale
from core.outbox import Message
from tests.services.traceability.conftest import CHARGER, Town, row
from traceability.errors import (
    AlertSeen,
    FreezeUnknown,
    NotWatched,
    WatchArmed,
    WatchReasonMissing,
)
from traceability.models.ledger import TraceEvent
from traceability.models.watch import TraceFreeze, WatchAlert
from traceability.queries.ledger import lot_by_number
from traceability.queries.watches import alert_views, from_rows
from traceability.service.watching import (
    arm,
    changes_since,
    check_watches,
    disarm,
    freeze_trace,
    lots_of_rows,
    note_alert,
)

Load = Callable[..., Any]


@pytest.fixture
def frozen(session: Session, load: Load, story: list[dict[str, str]]) -> TraceFreeze:
    """The story, and the way of YS-17 frozen."""
    assert load(story).stored
    lot = lot_by_number(session, "YS-17")
    return freeze_trace(session, SYSTEM, lot.lot_id, reason="抽检不合格")


def onward(town: Town, document: str = "HQ-9", day: str = "2026-10-20") -> dict[str, str]:
    """The dealer sends more, to the maker of the capacitors this time."""
    return row(
        事件="发货", 批号="YS-17", 商品条码=CHARGER, 数量=100, 发出单位代码=town.dealer.code,
        去向单位代码=town.parts.code, 日期=day, 单据号=document,
    )  # fmt: skip


def told(session: Session) -> list[WatchAlert]:
    return list(session.execute(select(WatchAlert).order_by(WatchAlert.id)).scalars())


def check(session: Session) -> int:
    """What the job does after a file."""
    ids = list(session.execute(select(TraceEvent.id)).scalars())
    return check_watches(session, lots_of_rows(session, max(ids), max(ids)))


def test_a_frozen_trace_says_what_came_since(
    session: Session, load: Load, frozen: TraceFreeze, town: Town
) -> None:
    _, now, what = changes_since(session, frozen.no)
    assert what.is_empty
    assert now.digest() != frozen.digest  # as_of is part of the answer
    assert load([onward(town)], name="more.csv").stored
    _, _, what = changes_since(session, frozen.no)
    assert [each.depth for each in what.added] == [2]
    # The dealer has less on hand than was thought.
    assert [each.after.party_id for each in what.changed] == [what.changed[0].before.party_id]
    assert what.changed[0].before.on_hand != what.changed[0].after.on_hand
    assert not what.gone


def test_a_watch_tells_of_each_movement_once(
    session: Session, load: Load, frozen: TraceFreeze, town: Town
) -> None:
    arm(session, SYSTEM, frozen.no)
    assert load([onward(town)], name="more.csv").stored
    assert check(session) == 1
    assert check(session) == 0  # the job again: nothing new
    (alert,) = told(session)
    (view,) = alert_views(session, [alert])
    assert view.freeze_no == frozen.no
    assert [each.depth for each in view.added] == [2]
    topics = session.execute(select(Message.topic)).scalars()
    assert "traceability.watch-alarmed" in set(topics)


def test_what_came_between_freeze_and_watch_is_told_at_once(
    session: Session, load: Load, frozen: TraceFreeze, town: Town
) -> None:
    assert load([onward(town)], name="more.csv").stored
    arm(session, SYSTEM, frozen.no)
    assert len(told(session)) == 1


def test_a_correction_takes_a_holder_away_again(
    session: Session, load: Load, frozen: TraceFreeze, town: Town
) -> None:
    arm(session, SYSTEM, frozen.no)
    assert load([onward(town)], name="more.csv").stored
    check(session)
    void = row(
        事件="作废", 批号="YS-17", 商品条码=CHARGER, 发出单位代码=town.dealer.code,
        更正单据号="HQ-9", 日期="2026-10-21", 单据号="V-1",
    )  # fmt: skip
    outcome = load([void], name="void.csv")
    assert outcome.stored, outcome.problems
    assert check(session) == 1
    first, second = told(session)
    assert from_rows(second.gone) == from_rows(first.added)


def test_rows_of_other_lots_do_not_disturb(
    session: Session, frozen: TraceFreeze, load: Load, town: Town
) -> None:
    arm(session, SYSTEM, frozen.no)
    assert check_watches(session, {10**9}) == 0
    assert told(session) == []


def test_a_disarmed_watch_is_silent_and_can_be_armed_again(
    session: Session, load: Load, frozen: TraceFreeze, town: Town
) -> None:
    watch = arm(session, SYSTEM, frozen.no)
    with pytest.raises(WatchArmed):
        arm(session, SYSTEM, frozen.no)
    with pytest.raises(WatchReasonMissing):
        disarm(session, SYSTEM, frozen.no, version=watch.version, reason=" ")
    with pytest.raises(Stale):
        disarm(session, SYSTEM, frozen.no, version=watch.version + 1, reason="已召回")
    disarm(session, SYSTEM, frozen.no, version=watch.version, reason="已召回")
    with pytest.raises(NotWatched):
        disarm(session, SYSTEM, frozen.no, version=1, reason="已召回")
    assert load([onward(town)], name="more.csv").stored
    assert check(session) == 0
    arm(session, SYSTEM, frozen.no)
    assert len(told(session)) == 1


def test_an_alert_is_noted_once_by_who_saw_its_version(
    session: Session, load: Load, frozen: TraceFreeze, town: Town
) -> None:
    assert load([onward(town)], name="more.csv").stored
    arm(session, SYSTEM, frozen.no)
    (alert,) = told(session)
    with pytest.raises(Stale):
        note_alert(session, SYSTEM, alert.id, version=alert.version + 1, note="已通知")
    note_alert(session, SYSTEM, alert.id, version=alert.version, note="已通知")
    with pytest.raises(AlertSeen):
        note_alert(session, SYSTEM, alert.id, version=alert.version, note="已通知")


def test_nothing_frozen_can_be_changed(session: Session, frozen: TraceFreeze) -> None:
    frozen.reason = "改口"
    with pytest.raises(DBAPIError, match="append"), session.begin_nested():
        session.flush()


def test_a_freeze_needs_a_reason_and_a_number_that_is_known(
    session: Session, load: Load, story: list[dict[str, str]]
) -> None:
    assert load(story).stored
    with pytest.raises(WatchReasonMissing):
        freeze_trace(session, SYSTEM, lot_by_number(session, "YS-17").lot_id, reason="")
    with pytest.raises(FreezeUnknown):
        arm(session, SYSTEM, "ZS-1999-0001")


def test_what_a_cut_trace_leaves_out_is_not_told_to_be_gone(
    session: Session, load: Load, frozen: TraceFreeze, town: Town
) -> None:
    arm(session, SYSTEM, frozen.no)
    assert load([onward(town)], name="more.csv").stored

    _, now, what = changes_since(session, frozen.no, max_depth=1)

    assert now.truncated
    assert not what.gone
    touched = {row[0] for row in frozen.standings}
    check_watches(session, touched, max_depth=1)
    assert [alert.gone for alert in told(session) if alert.gone] == []
    check_watches(session, touched)
    added = [row for alert in told(session) for row in alert.added]
    assert [row[3] for row in added] == [2]  # told once, though it was out of sight meanwhile
