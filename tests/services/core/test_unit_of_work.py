from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.orm import Session

from core import meta
from core.unit_of_work import (
    PUBLIC_ACCESS,
    STAFF_ACCESS,
    Access,
    read_only,
    unit_of_work,
)
from tests import factories


def test_a_clean_exit_commits(committed: str) -> None:
    with unit_of_work() as session:
        meta.put(session, "colour", "green")

    with read_only() as session:
        assert meta.get(session, "colour") == "green"


def test_an_exception_leaves_nothing_behind(committed: str) -> None:
    with pytest.raises(ZeroDivisionError), unit_of_work() as session:
        meta.put(session, "colour", "green")
        1 / 0  # noqa: B018

    with read_only() as session:
        assert meta.get(session, "colour") is None


def test_a_read_only_transaction_can_change_nothing(committed: str) -> None:
    with pytest.raises(DBAPIError, match="read-only"), read_only() as session:
        meta.put(session, "colour", "green")


def test_the_rights_of_a_request_end_with_its_transaction(committed: str) -> None:
    with unit_of_work(STAFF_ACCESS) as session:
        role = session.execute(text("SELECT current_user")).scalar_one()
    with unit_of_work() as session:
        after = session.execute(text("SELECT current_user")).scalar_one()

    assert role == "zhiheng_web"
    assert after != "zhiheng_web"


def test_a_request_cannot_read_accounts(committed: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        read_only(STAFF_ACCESS) as session,
    ):
        session.execute(text("SELECT * FROM account"))


def test_the_web_role_cannot_bypass_row_level_security(session: Session) -> None:
    row = session.execute(
        text("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'zhiheng_web'")
    ).one()

    assert tuple(row) == (False, False)


def test_an_enterprise_sees_only_its_own_grades(session: Session) -> None:
    from core.actors import SYSTEM
    from registry import service

    one, other = factories.enterprise(session), factories.enterprise(session)
    for each in (one, other):
        service.set_grade(session, SYSTEM, each, "C", model="m-1", reason="r")
    session.flush()

    def seen(access: Access) -> list[int]:
        with read_only(access) as inner:
            found = inner.execute(text("SELECT enterprise_id FROM grade_change")).scalars()
            return sorted(each for each in found if each in (one.id, other.id))

    assert seen(Access("enterprise", one.id)) == [one.id]
    assert seen(STAFF_ACCESS) == sorted([one.id, other.id])
    assert seen(PUBLIC_ACCESS) == []
    assert seen(Access("enterprise", None)) == []


def test_the_public_cannot_change_the_register(session: Session) -> None:
    one = factories.enterprise(session)

    with unit_of_work(PUBLIC_ACCESS) as inner:
        changed = inner.execute(
            text("UPDATE enterprise SET name = 'x' WHERE id = :id"), {"id": one.id}
        )

    assert changed.rowcount == 0  # type: ignore[attr-defined]
