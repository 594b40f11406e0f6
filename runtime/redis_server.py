"""A private Redis in the data folder: the bell that wakes the workers."""

from __future__ import annotations

import signal
import socket
import time
from pathlib import Path
from urllib.parse import quote

from runtime.binaries import redis_program
from runtime.leftovers import stop_leftovers
from runtime.processes import Child, ChildFailed, Program, fresh_log
from runtime.sockets import socket_folder


class PrivateRedis:
    """Redis on a socket only its owner can reach; what it holds may be lost at any time.

    Parameters
    ----------
    home : Path
        The installation's data folder; the append-only file lies in ``home/redis``.
    fsync : bool
        False keeps nothing on disk; for tests.
    """

    def __init__(self, home: Path, *, fsync: bool = True) -> None:
        self.home = home
        self.data = home / "redis"
        self.socket = socket_folder(home) / "redis.sock"
        self.server = redis_program()
        self.is_kept = fsync
        self.log = fresh_log(home / "logs", "redis")

    @property
    def url(self) -> str:
        """The address for redis-py."""
        return f"unix://{quote(str(self.socket), safe='/')}?db=0"

    def start(self) -> Child:
        """Start the server and wait until it answers.

        An append-only file that cannot be read is set aside and the server starts empty: the rows
        in PostgreSQL bring the work back.
        """
        self.data.mkdir(mode=0o700, exist_ok=True)
        stop_leftovers(self.data, "redis-server", signals=(signal.SIGTERM,))
        child = Child(self.program())
        try:
            self.wait_until_ready(child)
        except ChildFailed:
            file = self.data / "appendonly.aof"
            if not file.exists():
                raise
            file.replace(file.with_name(f"appendonly.aof.unreadable-{time.time_ns()}"))
            child = Child(self.program())
            self.wait_until_ready(child)
        return child

    def program(self) -> Program:
        """How the server is run."""
        return Program(
            name="redis",
            command=(
                str(self.server),
                *("--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"),
                *("--dir", str(self.data), "--save", ""),
                *("--appendonly", "yes" if self.is_kept else "no", "--appendfsync", "everysec"),
                *("--maxmemory-policy", "noeviction", "--daemonize", "no"),
            ),
            folder=self.data,
            log=self.log,
            on_parent_death=signal.SIGTERM,
        )

    def wait_until_ready(self, child: Child) -> None:
        """Return when the server answers a ping."""
        while not self._answers():
            if not child.is_running:
                raise child.failure()
            time.sleep(0.01)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")  # -LOADING while it reads its file
            except OSError:
                return False
