"""Bring the database to what a start needs: its tables, its birth mark, a demo's content.

A process of its own (``python -m runtime.prepare``), so that the supervisor, which stays for weeks,
never loads SQLAlchemy and NumPy.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text

from core.config import settings
from core.db import connect
from core.errors import Refusal
from core.unit_of_work import unit_of_work
from migrations.schema import upgrade
from registry import service
from runtime.bar import ProgressBar
from runtime.quiet import logged_to_file

DEMO = "demo"
PRODUCTION = "production"


class NotADemo(RuntimeError):
    """The database holds real data."""


@contextmanager
def alone() -> Iterator[None]:
    """One preparation at a time, also from several machines on one database."""
    engine = connect(settings().required_database_url)
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(hashtext('zhiheng.prepare'))"))
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(hashtext('zhiheng.prepare'))"))


def furnish(wish: str) -> str:
    """Bring the tables, the birth mark and the rule packs; returns what it was born as.

    Raises
    ------
    NotADemo
        A demo was asked for where real data lie. The other way round is allowed: ``zhiheng up``
        serves a demo database, which goes on saying that it is one.
    """
    upgrade()
    with unit_of_work() as session:
        born = service.born_as(session, wish)
        if wish == DEMO and born != DEMO:
            raise NotADemo(
                "This database was made for real data and cannot become a demo. Use another folder"
                " (ZHIHENG_HOME) or another DATABASE_URL for the demo, or 'zhiheng up' for this"
                " one."
            )
        service.load_packs(session)
    return born


def prepare(wish: str) -> dict[str, Any]:
    """Furnish, and fill a demo; returns what a start must know.

    The seeding goes on where an interrupted start left it.
    """
    with alone():
        born = furnish(wish)
        accounts: list[dict[str, str]] = []
        if born == DEMO:
            from runtime.demo.seed import seed  # the city's builder, which no other start needs

            with ProgressBar() as progress:
                seeded = seed(progress)
            accounts = [{"login": each.login, "password": each.password} for each in seeded]
    return {"born": born, "accounts": accounts}


def main() -> int:
    """Prepare, and write what a start must know to a file."""
    parser = argparse.ArgumentParser(prog="python -m runtime.prepare")
    parser.add_argument("wish", choices=(DEMO, PRODUCTION))
    parser.add_argument("--report", type=Path, required=True)
    options = parser.parse_args()
    try:
        with logged_to_file(settings().home, "prepare"):
            report = prepare(options.wish)
    except (NotADemo, Refusal) as refusal:
        print(refusal, file=sys.stderr)
        return 2
    options.report.write_text(json.dumps(report), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
