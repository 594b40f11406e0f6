"""One child process on a leash: how it is started, logged, and stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

LEASH = Path(__file__).with_name("leash.py")
KEPT_LOGS = 3


class ChildFailed(RuntimeError):
    """A program ended before it was ready; the message carries the end of its log."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program the supervisor knows how to start and stop.

    Attributes
    ----------
    name : str
        Names the program on screen and its log file.
    command : tuple[str, ...]
        Program and arguments; never a shell line.
    folder : Path
        Working directory.
    log : Path | None
        Where its output goes; None shares the terminal.
    environment : Mapping[str, str]
        Added to ours.
    identity : str
        ``self``, ``namespace`` or ``nobody`` (see ``runtime.leash``).
    on_parent_death : signal.Signals
        What the kernel sends when the supervisor is killed.
    on_stop : signal.Signals
        What asks it to stop in good order.
    grace_s : float
        Seconds it may take to do so before it is killed.
    descriptors : tuple[int, ...]
        Open files it inherits, such as a listening socket.
    niceness : int
        How far it stands back when the processors are busy.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    log: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    identity: str = "self"
    on_parent_death: signal.Signals = signal.SIGKILL
    on_stop: signal.Signals = signal.SIGTERM
    grace_s: float = 10.0
    descriptors: tuple[int, ...] = ()
    niceness: int = 0


def leashed(
    command: tuple[str, ...],
    *,
    identity: str,
    on_parent_death: signal.Signals,
    niceness: int = 0,
) -> tuple[str, ...]:
    """The command line that runs ``command`` through the leash."""
    return (
        sys.executable,
        "-I",
        "-S",
        str(LEASH),
        str(int(on_parent_death)),
        str(os.getpid()),
        identity,
        str(niceness),
        "--",
        *command,
    )


class Child:
    """A running program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.started_at_s = time.monotonic()
        output = None
        if program.log is not None:
            output = os.open(program.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            # The kernel watches the thread that forks: start children from the main thread.
            self.process = subprocess.Popen(
                leashed(
                    program.command,
                    identity=program.identity,
                    on_parent_death=program.on_parent_death,
                    niceness=program.niceness,
                ),
                cwd=program.folder,
                env={**os.environ, **program.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # A session of its own: Ctrl-C reaches the supervisor, which stops things in order.
                start_new_session=True,
                pass_fds=program.descriptors,
            )
        finally:
            if output is not None:
                os.close(output)

    @property
    def is_running(self) -> bool:
        """True until the process has ended."""
        return self.process.poll() is None

    @property
    def age_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started_at_s

    def ask_to_stop(self) -> None:
        """Send the signal of good order; returns at once."""
        if self.is_running:
            self.process.send_signal(self.program.on_stop)

    def kill(self) -> None:
        """Kill the process and what else is in its group."""
        if self.is_running:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            except PermissionError:  # macOS, for a group whose leader is a zombie
                self.process.kill()

    def stop(self, grace_s: float | None = None) -> None:
        """Ask, wait, then kill."""
        self.ask_to_stop()
        self.wait_or_kill(self.program.grace_s if grace_s is None else grace_s)

    def wait_or_kill(self, grace_s: float) -> None:
        """Wait for the end; kill when the time is up."""
        try:
            self.process.wait(timeout=grace_s)
        except subprocess.TimeoutExpired:
            self.kill()
            self.process.wait()

    def failure(self) -> ChildFailed:
        """What to tell a person about a program that ended too early."""
        code = self.process.poll()
        ending = f"exit code {code}"
        if code is not None and code < 0:
            ending = f"signal {signal.Signals(-code).name}"
        words = f"{self.program.name} ended before it was ready ({ending})."
        if self.program.log is not None:
            words += f" The end of {self.program.log}:\n{tail(self.program.log)}"
        return ChildFailed(words)


def run_to_end(program: Program) -> int:
    """Run a program that finishes by itself; returns its exit code."""
    child = Child(program)
    try:
        return child.process.wait()
    finally:
        child.stop()


def tail(log: Path, lines: int = 60) -> str:
    """The last lines of a log file, indented."""
    try:
        content = log.read_bytes()[-20_000:].decode("utf-8", errors="replace")
    except FileNotFoundError:
        return "    (no output)"
    return "\n".join(f"    {line}" for line in content.splitlines()[-lines:]) or "    (no output)"


def fresh_log(folder: Path, name: str) -> Path:
    """The log file of a program; what earlier starts wrote moves to ``name.log.1`` and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}.log"
    if log.exists() and log.stat().st_size:
        for number in range(KEPT_LOGS - 1, 0, -1):
            older = folder / f"{name}.log.{number}"
            if older.exists():
                older.replace(folder / f"{name}.log.{number + 1}")
        log.replace(folder / f"{name}.log.1")
    return log
