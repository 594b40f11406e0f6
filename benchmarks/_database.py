"""A database for a benchmark: new, migrated, named by DATABASE_URL, dropped in the end."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from sqlalchemy import create_engine, make_url, text

from core.config import normalised_database_url
from core.db import connect
from migrations.schema import upgrade
from runtime.servers import EmbeddedServers


@contextmanager
def database(server: str | None) -> Iterator[str]:
    """A database of its own on a server; on a private one where none is named.

    The data folder is a new one as well, so that nothing of an installation is touched.
    """
    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory())
        os.environ["ZHIHENG_HOME"] = home
        if server is None:
            embedded = EmbeddedServers(Path(home) / "servers", redis=False)
            server = stack.enter_context(embedded).database_url
        name = f"zhiheng_bench_{os.getpid()}"
        admin = create_engine(normalised_database_url(server), isolation_level="AUTOCOMMIT")
        url = make_url(normalised_database_url(server)).set(database=name)
        address = url.render_as_string(hide_password=False)
        try:
            with admin.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {name}"))
            os.environ["DATABASE_URL"] = address
            upgrade(address)
            yield address
        finally:
            connect(address).dispose()
            with admin.connect() as connection:
                connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            admin.dispose()
