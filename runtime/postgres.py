"""A private PostgreSQL in the data folder."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from runtime.binaries import ServersUnavailable, give_to, postgres_identity, postgres_programs
from runtime.leftovers import stop_leftovers
from runtime.processes import Child, Program, fresh_log, leashed
from runtime.sockets import socket_folder

OWNER = "zhiheng"  # superuser role and owner of the database; requests use zhiheng_web
DATABASE = "zhiheng"
PORT = 5432  # of the socket's name only; nothing listens on the network

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "jit": "off",  # our queries are short; compiling them costs more than it saves
}
# For tests, whose data may die with the machine.
UNSAFE_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PrivatePostgres:
    """PostgreSQL on a socket only its owner can reach.

    Parameters
    ----------
    home : Path
        The installation's data folder; the cluster lies in ``home/postgres``.
    fsync : bool
        False trades safety on power loss for speed; for tests.
    """

    def __init__(self, home: Path, *, fsync: bool = True) -> None:
        self.home = home
        self.data = home / "postgres"
        self.sockets = socket_folder(home)
        self.programs = postgres_programs()
        self.identity = postgres_identity()
        self.settings = SETTINGS | ({} if fsync else UNSAFE_SETTINGS)
        self.initdb_options = () if fsync else ("--no-sync",)
        self.log = fresh_log(home / "logs", "postgres")

    @property
    def url(self) -> str:
        """The database's address for SQLAlchemy."""
        host = quote(str(self.sockets), safe="/")
        return f"postgresql+psycopg://{OWNER}@/{DATABASE}?host={host}&port={PORT}"

    def prepare(self) -> None:
        """Make the cluster once, and clear what an earlier start left behind."""
        for unfinished in self.home.glob("postgres.new-*"):
            shutil.rmtree(unfinished)
        if self.data.exists():
            self._clear_leftovers()
        else:
            self._make_cluster()
        self._check_version()
        give_to(self.identity, self.data)

    def start(self) -> Child:
        """Start the server and wait until it answers.

        Raises
        ------
        ChildFailed
            It ended instead; the message carries its log's end.
        """
        self.prepare()
        child = Child(self.program())
        self.wait_until_ready(child)
        return child

    def program(self) -> Program:
        """How the server is run."""
        settings = {**self.settings, "unix_socket_directories": f'"{self.sockets}"'}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return Program(
            name="postgres",
            command=(str(self.programs / "postgres"), "-D", str(self.data), *options),
            folder=self.home,
            log=self.log,
            identity=self.identity,
            # Fast shutdown: sessions end, the data are written, nothing stays behind.
            on_parent_death=signal.SIGINT,
            on_stop=signal.SIGINT,
            grace_s=30.0,
        )

    def wait_until_ready(self, child: Child) -> None:
        """Return when the server accepts connections, however long a recovery takes."""
        while not self._is_ready(child.process.pid):
            if not child.is_running:
                raise child.failure()
            time.sleep(0.02)

    def _is_ready(self, pid: int) -> bool:
        """Line 1 of the pid file names the server, line 8 its state."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except (FileNotFoundError, UnicodeDecodeError):
            return False
        return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"

    def _clear_leftovers(self) -> None:
        """Stop servers and orphaned sessions at work in our data, then drop their pid file.

        PostgreSQL itself refuses to start while the number in the pid file belongs to any living
        process, even a stranger, and while an orphaned session holds the shared memory.
        """
        stop_leftovers(self.data, "postgres", signals=(signal.SIGINT, signal.SIGQUIT))
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _make_cluster(self) -> None:
        """Build the cluster under another name and rename it: whole or not at all."""
        draft = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self.home))
        give_to(self.identity, draft)
        # No ICU in these binaries, and lc_* = C exists everywhere. The built-in provider sorts by
        # code point; an order that people see is made in SQL or Python, never by the locale.
        self._run(
            "initdb",
            *("-D", str(draft), "-U", OWNER, "--auth=trust", "--encoding=UTF8"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--no-instructions", *self.initdb_options),
        )
        # Single-user mode needs no server yet: the database is part of the same rename.
        self._run(
            "postgres",
            *("--single", "-D", str(draft), "postgres"),
            statement=f"CREATE DATABASE {DATABASE};\n",
        )
        draft.rename(self.data)

    def _run(self, program: str, *arguments: str, statement: str = "") -> None:
        command = leashed(
            (str(self.programs / program), *arguments),
            identity=self.identity,
            on_parent_death=signal.SIGKILL,
        )
        answer = subprocess.run(
            command, input=statement, capture_output=True, text=True, cwd=self.home, check=False
        )
        if answer.returncode != 0:
            raise ServersUnavailable(
                f"{program} failed in {self.home}:\n{answer.stdout}{answer.stderr}"
            )

    def _check_version(self) -> None:
        """Say plainly that another PostgreSQL wrote these data, before the server does."""
        written = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        answer = subprocess.run(
            [self.programs / "postgres", "-V"], capture_output=True, text=True, check=True
        )
        ours = answer.stdout.split()[-1].split(".")[0]
        if written != ours:
            raise ServersUnavailable(
                f"{self.data} was written by PostgreSQL {written}; this installation brings {ours}."
                " Dump it with the old release and load it with the new one."
            )
