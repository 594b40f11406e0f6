"""Row-level security: an enterprise sees its own recalls, the public the announced ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from core.unit_of_work import (
    PUBLIC_ACCESS,
    STAFF_ACCESS,
    Access,
    access_of,
    read_only,
    unit_of_work,
)
from recall.errors import RecallUnknown
from recall.maths.lifecycle import Action
from recall.queries import files, publications
from recall.service.execution import carry_on
from recall.service.filing import file_plan
from tests.services.recall.conftest import MORNING, PLAN, Cast, announced, filed

pytestmark = pytest.mark.usefixtures("at_work")

TABLES = (
    "defect_case",
    "recall",
    "recall_plan",
    "recall_scope",
    "recall_scope_line",
    "recall_notice",
    "recall_deadline",
)


@pytest.fixture
def at_work(frozen_clock: Callable[[str], Any]) -> None:
    frozen_clock(MORNING)


def rows_seen(access: Access) -> dict[str, int]:
    with read_only(access) as reader:
        return {
            table: reader.execute(select(func.count()).select_from(text(table))).scalar_one()
            for table in TABLES
        }


def test_an_enterprise_never_sees_another_ones_recall(session: Session, cast: Cast) -> None:
    recall = announced(session, cast)

    assert set(rows_seen(access_of(cast.stranger)).values()) == {0}
    with read_only(access_of(cast.stranger)) as reader, pytest.raises(RecallUnknown):
        files.recall_file(reader, recall.number)
    with read_only(access_of(cast.stranger)) as reader, pytest.raises(RecallUnknown):
        files.history(reader, recall.number)


def test_no_organisation_set_means_no_rows(session: Session, cast: Cast) -> None:
    announced(session, cast)

    assert set(rows_seen(Access("enterprise", None)).values()) == {0}


def test_the_producer_and_staff_see_the_whole_file(session: Session, cast: Cast) -> None:
    recall = announced(session, cast)

    for access in (access_of(cast.producer), STAFF_ACCESS):
        assert 0 not in rows_seen(access).values()
        with read_only(access) as reader:
            assert len(files.recall_file(reader, recall.number).lines) == 3


def test_the_public_sees_announced_recalls_and_notices_and_no_holder(
    session: Session, cast: Cast
) -> None:
    filed(session, cast.producer, lot_no="C-0712")
    recall = announced(session, cast)

    seen = rows_seen(PUBLIC_ACCESS)

    assert {table for table, rows in seen.items() if rows} == {"recall", "recall_notice"}
    assert seen["recall"] == 1
    with read_only(PUBLIC_ACCESS) as reader:
        assert publications.public_recall(reader, recall.number).number == recall.number


def test_an_enterprise_files_and_plans_under_its_own_rights(session: Session, cast: Cast) -> None:
    access = access_of(cast.producer)

    with unit_of_work(access) as own:
        number = filed(own, cast.producer).number
    with unit_of_work(access) as own:
        file_plan(own, cast.producer, number, PLAN)

    with read_only(access) as reader:
        assert files.recall_file(reader, number).recall.state == "plan_filed"


def test_an_enterprise_cannot_write_a_recall_for_another(session: Session, cast: Cast) -> None:
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        unit_of_work(access_of(cast.stranger)) as own,
    ):
        filed(own, cast.producer)


def test_a_leader_publishes_and_voids_under_the_rights_of_staff(
    session: Session, cast: Cast
) -> None:
    recall = announced(session, cast)

    with unit_of_work(STAFF_ACCESS) as staff:
        carry_on(staff, cast.leader, recall.number, Action.VOID, {"reason": "误报"})

    with read_only(PUBLIC_ACCESS) as reader:
        assert publications.public_recall(reader, recall.number).state == "voided"
