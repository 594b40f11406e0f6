"""Alembic's entry."""

from __future__ import annotations

from alembic import context
from sqlalchemy import pool, text
from sqlalchemy.engine import create_engine

import migrations.tables  # noqa: F401 - declares every table
from core.config import normalised_database_url, settings
from core.db import Base


def run() -> None:
    """Migrate inside one transaction: a step that fails leaves nothing behind."""
    url = context.config.get_main_option("sqlalchemy.url") or settings().required_database_url
    engine = create_engine(normalised_database_url(url), poolclass=pool.NullPool)
    alone = engine.execution_options(isolation_level="AUTOCOMMIT")
    with alone.connect() as gate, engine.connect() as connection:
        # Two starters migrating at once: the second waits, then finds nothing left to do.
        gate.execute(text("SELECT pg_advisory_lock(hashtext('zhiheng.migrate'))"))
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
