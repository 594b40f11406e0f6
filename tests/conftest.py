"""What tests stand on: a real PostgreSQL and a real Redis.

Most tests run inside one transaction that is rolled back (``session``, ``client``); tests that
need real commits take a database of their own (``committed``).
"""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.orm import Session

from core.actors import Actor, Role
from core.config import normalised_database_url, secret_key
from core.db import connect
from core.unit_of_work import bound_to

# A busy machine is no reason for a test to fail: times are measured in benchmarks, never here.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "zhiheng_test"


@dataclass(frozen=True)
class Servers:
    """Addresses of the servers this run uses."""

    database_url: str
    redis_url: str

    def database(self, name: str) -> str:
        """The address of another database on the same server."""
        return make_url(self.database_url).set(database=name).render_as_string(hide_password=False)


def run_sql(url: str, *statements: str) -> None:
    """Run statements outside any transaction, as CREATE DATABASE needs."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """External servers where DATABASE_URL and REDIS_URL are set, else private ones."""
    given_database = os.environ.get("ZHIHENG_TEST_DATABASE_URL") or os.environ.get("DATABASE_URL")
    given_redis = os.environ.get("ZHIHENG_TEST_REDIS_URL") or os.environ.get("REDIS_URL")
    home = tmp_path_factory.mktemp("home")
    os.environ["ZHIHENG_HOME"] = str(home)
    os.environ["ZHIHENG_SECRET"] = secrets.token_hex(32)
    secret_key.cache_clear()
    with ExitStack() as stack:
        if not (given_database and given_redis):
            from runtime.servers import EmbeddedServers

            embedded = stack.enter_context(EmbeddedServers(home, fsync=False))
            given_database = given_database or embedded.database_url
            given_redis = given_redis or embedded.redis_url
        yield Servers(normalised_database_url(given_database), given_redis)


@pytest.fixture(scope="session")
def template(servers: Servers) -> Iterator[str]:
    """A migrated, empty database that others are copied from."""
    from migrations.schema import upgrade

    name = f"{PREFIX}_{os.getpid()}_template"
    run_sql(servers.database_url, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    upgrade(servers.database(name))
    yield name
    run_sql(servers.database_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


_copies = itertools.count(1)


def _copy(servers: Servers, template: str) -> str:
    name = f"{PREFIX}_{os.getpid()}_{next(_copies)}"
    run_sql(servers.database_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    return name


def _drop(servers: Servers, name: str) -> None:
    connect(servers.database(name)).dispose()
    run_sql(servers.database_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def _work_database(servers: Servers, template: str) -> Iterator[str]:
    name = _copy(servers, template)
    yield name
    _drop(servers, name)


def _point_at(monkeypatch: pytest.MonkeyPatch, database_url: str, redis_url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)


@pytest.fixture
def session(
    servers: Servers, _work_database: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Session]:
    """A session whose changes vanish; every unit of work of the test nests inside it."""
    url = servers.database(_work_database)
    _point_at(monkeypatch, url, servers.redis_url)
    with connect(url).connect() as connection:
        outer = connection.begin()
        with bound_to(connection):
            session = Session(
                connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
            )
            yield session
            session.close()
        outer.rollback()


@pytest.fixture
def committed(servers: Servers, template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a database of the test's own, where commits are real."""
    name = _copy(servers, template)
    url = servers.database(name)
    _point_at(monkeypatch, url, servers.redis_url)
    yield url
    _drop(servers, name)


@pytest.fixture
def packs(session: Session) -> None:
    """The rule packs and the holiday table, loaded."""
    from registry.service import load_packs

    load_packs(session)


@pytest.fixture(scope="session")
def _app() -> Any:
    from api.app import create_app

    return create_app(testing=True)


@pytest.fixture
def app(session: Session, _app: Any) -> Any:
    """The web application, inside the test's transaction."""
    return _app


@pytest.fixture
def client(app: Any) -> Any:
    """A browser without a face."""
    return app.test_client()


@pytest.fixture
def sign_in(session: Session) -> Callable[..., Actor]:
    """Give a client a bearer token for a role; returns the actor."""
    from registry.service import issue_token
    from tests import factories

    def _sign_in(client: Any, role: Role, **facts: Any) -> Actor:
        account = factories.account(session, role=role, **facts)
        secret = issue_token(session, account.id, kind="token")
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        return Actor(
            account.id, account.display_name, role, account.enterprise_id, account.person_id
        )

    return _sign_in


@pytest.fixture
def frozen_clock() -> Iterator[Callable[[str], datetime]]:
    """Let the clock stand still: ``frozen_clock("2026-11-18T01:00:00+00:00")``."""
    from core.clock import frozen

    with ExitStack() as stack:

        def freeze(instant: str) -> datetime:
            at = datetime.fromisoformat(instant)
            stack.enter_context(frozen(at))
            return at

        yield freeze


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The reference files kept beside the project; the test is skipped where they are absent."""
    path = Path(os.environ.get("ZHIHENG_SHARED") or ROOT.parent / "shared")
    if not (path / "vectors").is_dir():
        pytest.skip(
            f"REFERENCE FILES ABSENT: {path} has no vectors/; set ZHIHENG_SHARED to run this test"
        )
    return path
