"""Alembic's entry; the one place that imports every model."""

from __future__ import annotations

from importlib import import_module

from alembic import context
from sqlalchemy import pool, text
from sqlalchemy.engine import create_engine

from core.config import normalised_database_url, settings
from core.db import Base

MODEL_MODULES = (
    "core.files",
    "core.idempotency",
    "core.imports",
    "core.journal",
    "core.meta",
    "core.numbers",
    "core.outbox",
    "registry.models",
    "sampling.models",
    "traceability.models",
    "risk.models",
    "recall.models",
)

for module in MODEL_MODULES:
    import_module(module)


def run() -> None:
    """Migrate inside one transaction: a step that fails leaves nothing behind."""
    url = context.config.get_main_option("sqlalchemy.url") or settings().required_database_url
    engine = create_engine(normalised_database_url(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        # Two starters migrating at once: the second waits, then finds nothing left to do.
        connection.execute(text("SELECT pg_advisory_lock(hashtext('zhiheng.migrate'))"))
        connection.commit()
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
