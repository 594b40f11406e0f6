"""The only commit in the house."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from core.actors import Actor, Role
from core.config import settings
from core.db import connect
from core.errors import Stale

WEB_ROLE = "zhiheng_web"


@dataclass(frozen=True, slots=True)
class Access:
    """What rows a transaction may see (row-level security).

    ``system`` runs as the owner of the tables. Every other scope runs under a database role that
    cannot bypass the policies; a scope of ``enterprise`` without an enterprise sees no rows.
    """

    scope: Literal["system", "staff", "enterprise", "public"]
    enterprise_id: int | None = None


SYSTEM_ACCESS = Access("system")
STAFF_ACCESS = Access("staff")
PUBLIC_ACCESS = Access("public")


def access_of(actor: Actor) -> Access:
    """The rows an actor may see."""
    if actor.role is Role.SYSTEM:
        return SYSTEM_ACCESS
    if actor.is_staff:
        return STAFF_ACCESS
    if actor.role is Role.ENTERPRISE:
        return Access("enterprise", actor.enterprise_id)
    return PUBLIC_ACCESS


# Set by tests: units of work then nest as savepoints inside one connection that is rolled back.
_bound: ContextVar[Connection | None] = ContextVar("bound_connection", default=None)


# Run once, inside the next unit of work of this context: the entrance ties an Idempotency-Key
# to the act itself, so that both are stored or neither.
first_act: ContextVar[Callable[[Session], None] | None] = ContextVar("first_act", default=None)


@contextmanager
def bound_to(connection: Connection) -> Iterator[None]:
    """Let every unit of work in this context nest inside an outer transaction (tests)."""
    token = _bound.set(connection)
    try:
        yield
    finally:
        _bound.reset(token)


def _begin(access: Access, *, reading: bool = False) -> Session:
    connection = _bound.get()
    if connection is not None:
        session = Session(
            connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        )
    else:
        engine = connect(settings().required_database_url)
        if reading:
            engine = engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        session = Session(engine, expire_on_commit=False)
    if access.scope != "system":
        # One round trip. LOCAL: gone at the end of the transaction, so a pooled connection
        # can never carry one person's rights into another's request.
        session.execute(
            text(
                "SELECT set_config('zhiheng.scope', :scope, true),"
                " set_config('zhiheng.enterprise_id', :enterprise, true),"
                " set_config('role', :role, true)"
            ),
            {
                "scope": access.scope,
                "enterprise": str(access.enterprise_id or ""),
                "role": WEB_ROLE,
            },
        )
    return session


def _finish(session: Session, access: Access) -> None:
    if _bound.get() is not None and access.scope != "system":
        # The outer transaction of a test goes on: give the owner's rights back.
        session.execute(
            text("SELECT set_config('role', 'none', true), set_config('zhiheng.scope', '', true)")
        )


@contextmanager
def unit_of_work(access: Access = SYSTEM_ACCESS) -> Iterator[Session]:
    """All or nothing: commits on a clean exit, rolls back on any exception.

    Raises
    ------
    Stale
        A versioned row was changed by someone else since it was read.
    """
    session = _begin(access)
    try:
        act = first_act.get()
        if act is not None:
            first_act.set(None)
            act(session)
        yield session
        session.flush()
        _finish(session, access)
        session.commit()
    except StaleDataError as error:
        session.rollback()
        raise Stale from error
    except BaseException:
        session.rollback()
        raise
    finally:
        session.close()


@contextmanager
def read_only(access: Access = SYSTEM_ACCESS) -> Iterator[Session]:
    """A transaction that can change nothing, with one consistent view of the data."""
    session = _begin(access, reading=True)
    try:
        yield session
    finally:
        # close, not rollback: what was read stays readable after the transaction has ended.
        session.close()
