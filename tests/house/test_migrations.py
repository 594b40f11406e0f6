from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from core.db import SCHEMA_REVISION, Base, connect
from migrations.schema import (
    configuration,
    current_revision,
    downgrade,
    newest_revision,
    upgrade,
)


def differences(url: str) -> list[Any]:
    import migrations.tables  # noqa: F401 - loads every model

    with connect(url).connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": False}
        )
        return list(compare_metadata(context, Base.metadata))


def test_there_is_one_head_and_the_code_asks_for_it() -> None:
    assert ScriptDirectory.from_config(configuration()).get_heads() == [SCHEMA_REVISION]


def test_the_models_are_what_the_migrations_build(committed: str) -> None:
    assert differences(committed) == []


def test_every_migration_goes_down_and_up_again(committed: str) -> None:
    downgrade("base", committed)
    engine = create_engine(committed)
    tables = set(inspect(engine).get_table_names())
    engine.dispose()
    upgrade(committed)

    assert tables == {"alembic_version"}
    assert current_revision(connect(committed)) == newest_revision()
    assert differences(committed) == []


def test_every_table_is_granted_or_kept_from_requests_on_purpose(committed: str) -> None:
    kept_from_requests = {
        "alembic_version",
        "account",
        "access_token",
        "sign_in_failure",
        "log_secret",
    }
    with connect(committed).connect() as connection:
        granted = set(
            connection.execute(
                text(
                    "SELECT table_name FROM information_schema.role_table_grants"
                    " WHERE grantee = 'zhiheng_web' AND privilege_type = 'SELECT'"
                )
            ).scalars()
        )
        tables = set(
            connection.execute(
                text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            ).scalars()
        )

    assert tables - granted == kept_from_requests
