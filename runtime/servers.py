"""The embedded servers: a private PostgreSQL and a private Redis, together."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from runtime.locks import HomeLock
from runtime.postgres import PrivatePostgres
from runtime.processes import Child
from runtime.redis_server import PrivateRedis
from runtime.sockets import remove_socket_folder


class EmbeddedServers:
    """Runs the servers of a data folder for as long as the block lasts.

    They stop with the block, and with the process even where it is killed. Nobody restarts them in
    between: that is the supervisor's work.

    Parameters
    ----------
    home : Path
        The data folder; made where it does not exist.
    fsync : bool
        False for tests, whose data may die with the machine.
    postgres, redis : bool
        Which of the two to run.
    lock : HomeLock | None
        The caller's hold on the folder; taken here where the caller has none.

    Raises
    ------
    AlreadyRunning
        Another process holds the folder.
    ServersUnavailable
        This system has no such programs.

    Examples
    --------
    >>> with EmbeddedServers(Path("var")) as servers:  # doctest: +SKIP
    ...     print(servers.database_url)
    """

    def __init__(
        self,
        home: Path,
        *,
        fsync: bool = True,
        postgres: bool = True,
        redis: bool = True,
        lock: HomeLock | None = None,
    ) -> None:
        self.home = home.resolve()
        self.fsync = fsync
        self.wanted = (postgres, redis)
        self.outer_lock = lock
        self.own_lock = HomeLock(self.home)
        self.postgres: PrivatePostgres | None = None
        self.redis: PrivateRedis | None = None
        self.children: dict[str, Child] = {}

    @property
    def database_url(self) -> str:
        """The private database's address."""
        if self.postgres is None:
            raise RuntimeError("the private PostgreSQL is not running")
        return self.postgres.url

    @property
    def redis_url(self) -> str:
        """The private Redis' address."""
        if self.redis is None:
            raise RuntimeError("the private Redis is not running")
        return self.redis.url

    def __enter__(self) -> EmbeddedServers:
        """Start what is wanted and wait until it answers."""
        if self.outer_lock is None:
            self.own_lock.acquire("embedded servers")
        try:
            if self.wanted[0]:
                self.postgres = PrivatePostgres(self.home, fsync=self.fsync)
                self.children["postgres"] = self.postgres.start()
            if self.wanted[1]:
                self.redis = PrivateRedis(self.home, fsync=self.fsync)
                self.children["redis"] = self.redis.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop both."""
        self.stop()

    def stop(self) -> None:
        """Stop Redis, then PostgreSQL, and let the folder go."""
        for name in ("redis", "postgres"):
            child = self.children.pop(name, None)
            if child is not None:
                child.stop()
        remove_socket_folder(self.home)
        self.own_lock.release()
