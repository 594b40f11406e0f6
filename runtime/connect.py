"""How a command finds the database: given, running, or started for the moment."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from core.config import Settings, settings
from runtime.locks import HomeLock, find_running
from runtime.servers import EmbeddedServers

START_PATIENCE_S = 60.0


@contextmanager
def connected() -> Iterator[Settings]:
    """Settings with a database address, for as long as the block lasts.

    ``DATABASE_URL`` comes first; then what ``zhiheng up`` runs in the same data folder; else the
    private database is started and stopped with the block.

    Raises
    ------
    AlreadyRunning
        Another command holds the data folder and runs nothing that could be shared.
    """
    if settings().database_url is not None:
        yield settings()
        return
    home = settings().home
    running = find_running(home, patience_s=START_PATIENCE_S)
    if running is not None:
        os.environ.setdefault("REDIS_URL", running.redis_url)
        os.environ["DATABASE_URL"] = running.database_url
        yield settings()
        return
    with HomeLock(home) as lock:
        lock.acquire(f"zhiheng {' '.join(sys.argv[1:2])}")
        with EmbeddedServers(home, redis=False, lock=lock) as servers:
            os.environ["DATABASE_URL"] = servers.database_url
            try:
                yield settings()
            finally:
                _close_connections()


def _close_connections() -> None:
    """A fast shutdown would cut open connections; that is no news worth an error."""
    if "core.db" in sys.modules:
        from core.db import connect

        connect(os.environ["DATABASE_URL"]).dispose()
