"""One starter per data folder, and how other commands find what it started."""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType


class AlreadyRunning(RuntimeError):
    """Another process holds the data folder; the message names it."""


@dataclass(frozen=True, slots=True)
class Running:
    """What a starter tells other commands about itself: the content of ``home/run.json``."""

    pid: int
    database_url: str
    redis_url: str
    address: str | None


class HomeLock:
    """Holds a data folder for one process; the kernel lets go when that process dies."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.path = home / ".lock"
        self.descriptor: int | None = None

    def acquire(self, purpose: str) -> None:
        """Take the folder.

        Raises
        ------
        AlreadyRunning
            Somebody else has it.
        """
        make_home(self.home)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 1000).decode("utf-8", errors="replace").strip()
            os.close(descriptor)
            raise AlreadyRunning(
                f"{self.home} is in use by {holder or 'a start that is just under way'}."
            ) from None
        self.descriptor = descriptor
        self.describe(purpose)
        (self.home / "run.json").unlink(missing_ok=True)  # of a holder that was killed

    def describe(self, purpose: str) -> None:
        """Write who we are, for whoever finds the folder taken."""
        if self.descriptor is None:
            raise RuntimeError("the lock is not held")
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, f"process {os.getpid()} ({purpose})\n".encode(), 0)

    def release(self) -> None:
        """Let go. The file stays: removing it would let two starters lock two files."""
        if self.descriptor is not None:
            (self.home / "run.json").unlink(missing_ok=True)
            os.ftruncate(self.descriptor, 0)
            os.close(self.descriptor)
            self.descriptor = None

    def __enter__(self) -> HomeLock:
        """Acquired by ``acquire``; the block ends with the release."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release."""
        self.release()


def make_home(home: Path) -> None:
    """Make the data folder, ours alone.

    Raises
    ------
    PermissionError
        It belongs to another user; the message says so.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        raise PermissionError(
            f"{home} belongs to another user. Choose a folder of your own with ZHIHENG_HOME."
        )


def publish(home: Path, running: Running) -> None:
    """Write ``home/run.json``, whole or not at all."""
    draft = home / "run.json.new"
    draft.write_text(json.dumps(asdict(running), ensure_ascii=False, indent=1), encoding="utf-8")
    draft.chmod(0o600)
    draft.replace(home / "run.json")


def find_running(home: Path, *, patience_s: float = 0.0) -> Running | None:
    """What is running in a data folder, or None where nothing is.

    ``patience_s`` waits for a start that is under way: the folder is taken, its addresses are not
    yet written.
    """
    deadline = time.monotonic() + patience_s
    while _is_held(home):
        try:
            content = json.loads((home / "run.json").read_text(encoding="utf-8"))
            return Running(**content)
        except FileNotFoundError:
            if time.monotonic() >= deadline:
                return None
            time.sleep(0.1)
    return None


def _is_held(home: Path) -> bool:
    """True while a living process holds the lock."""
    try:
        descriptor = os.open(home / ".lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
