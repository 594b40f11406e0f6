"""A real house for crash tests: started by command, looked at from outside, killed at will."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import psycopg

from runtime.locks import Running, find_running
from worker.probe import ACTION

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")

OURS = ("DATABASE_URL", "REDIS_URL", "ZHIHENG_PORT", "ZHIHENG_SECRET")


def environment(home: Path) -> dict[str, str]:
    """Ours, without what other tests have set."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    return {**kept, "ZHIHENG_HOME": str(home), "PYTHONPATH": str(ROOT)}


def zhiheng(home: Path, *arguments: str, **options: object) -> subprocess.Popen[str]:
    """Start a zhiheng command."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "runtime.cli", *arguments],
        cwd=home.parent,
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,  # type: ignore[call-overload]
    )


def until(look: Callable[[], T], *, seconds: float = 30.0, what: str = "it") -> T:
    """Look until there is something true to see."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain for {what}"
        time.sleep(0.05)
    return seen


def processes_of(home: Path) -> dict[int, str]:
    """Every living process of a data folder, by its environment or its place: pid → command."""
    mark = b"ZHIHENG_HOME=" + os.fsencode(home) + b"\0"
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            surroundings = (entry / "environ").read_bytes() + b"\0"
            place = os.readlink(entry / "cwd")
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z" and (mark in surroundings or Path(place).is_relative_to(home)):
            found[int(entry.name)] = command
    return found


def get(address: str) -> int:
    """The status of a page, asked for without any proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=30) as answer:
        return int(answer.status)


def parent_of(pid: int) -> int:
    """The parent's number, or 0 where the process has just ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


class House:
    """``zhiheng up`` on a data folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.parent.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        self.process = zhiheng(home, "up")
        self.errors: list[str] = []
        # Read on, or the starter would stand still at a full pipe.
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()
        assert self.process.stdout is not None
        self.ready = self.process.stdout.readline()
        assert self.ready.startswith("READY http://127.0.0.1:"), "".join(self.errors)
        self.ready_after_s = time.monotonic() - began
        self.address = self.ready.split()[1]

    def _listen(self) -> None:
        for line in self.process.stderr or ():
            self.errors.append(line)

    @property
    def running(self) -> Running:
        """The addresses of the servers."""
        running = find_running(self.home)
        assert running is not None
        return running

    def ask(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Ask the house's database, and again while it is coming back."""
        deadline = time.monotonic() + 20
        while True:
            try:
                url = self.running.database_url.replace("+psycopg", "")
                with psycopg.connect(url, autocommit=True) as connection:
                    cursor = connection.execute(statement, values)
                    return cursor.fetchall() if cursor.description else []
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def pid(self, words: str) -> int:
        """The number of the program the starter runs whose command line holds these words."""
        return until(
            lambda: next(
                (
                    pid
                    for pid, command in processes_of(self.home).items()
                    if words in command and parent_of(pid) == self.process.pid
                ),
                0,
            ),
            what=words,
        )

    def horse(self, queue: str = "quick") -> int:
        """The process that RQ forked for the job at hand."""
        worker = self.pid(f"worker.run {queue}")
        return until(
            lambda: next((pid for pid in processes_of(self.home) if parent_of(pid) == worker), 0),
            what="a work horse",
        )

    def answers(self, names: list[str]) -> dict[str, int]:
        """How often each probe had its effect."""
        rows = self.ask(
            "SELECT body->>'subject', count(*) FROM journal_entry"
            " WHERE kind = %s AND body->>'subject' = ANY(%s) GROUP BY 1",
            ACTION,
            names,
        )
        return {str(name): int(str(count)) for name, count in rows}

    def state_of(self, name: str) -> str:
        """Where a probe's job stands."""
        rows = self.ask(
            "SELECT state FROM job_run JOIN outbox_message ON outbox_message.id = message_id"
            " WHERE payload->>'name' = %s",
            name,
        )
        return str(rows[0][0]) if rows else ""

    def stop(self, number: signal.Signals = signal.SIGTERM, *, seconds: float = 40.0) -> int:
        """Stop in good order; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=seconds)

    def close(self) -> None:
        """Let go of a starter that has ended."""
        self.process.wait()
        self.listener.join(timeout=10)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


@contextmanager
def house(home: Path) -> Iterator[House]:
    """A house for a block; whatever happens in it, nothing is left behind."""
    made = House(home)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.stop()
        for pid in processes_of(home):
            os.kill(pid, signal.SIGKILL)
        made.close()
