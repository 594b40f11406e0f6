"""Keeps programs running, and stops them in order."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

from runtime.processes import Child

LONGEST_PAUSE_S = 30.0
SETTLED_S = 60.0  # a program that ran this long starts again with a clean record
YOUNG_S = 10.0  # the end of the log of a program that lived no longer tells why it cannot start
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal. Not an Exception: nothing may swallow it."""


@dataclass(slots=True)
class Member:
    """One program under supervision."""

    name: str
    start: Callable[[], Child]
    rank: int
    child: Child | None = None
    failures: int = 0
    restart_at_s: float = 0.0


class Supervisor:
    """Starts members, restarts those that die, stops all by rank, the lowest first.

    Start and watch from the main thread: the kernel ties children to the thread that made them.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.members: list[Member] = []
        self.is_stopping = False
        self.is_hurried = False

    @contextmanager
    def stopped_by_signals(self) -> Iterator[None]:
        """The first signal ends the block with ``StopRequested``; the next one means: faster."""
        before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.is_stopping:
            self.is_hurried = True
            return
        self.is_stopping = True
        raise StopRequested(signal.Signals(number).name)

    def start(self, name: str, start: Callable[[], Child], *, rank: int) -> Member:
        """Start a member for the first time; its failure is the caller's."""
        member = Member(name, start, rank)
        self.members.append(member)
        member.child = start()
        return member

    def check_started(self) -> None:
        """While starting up, a program that ended is a failure, not a case for a restart.

        Raises
        ------
        ChildFailed
            With the end of its log.
        """
        for member in self.members:
            if member.child is not None and not member.child.is_running:
                raise member.child.failure()

    def watch(self, pause_s: float = 0.2) -> NoReturn:
        """Restart what dies, with growing pauses, until a signal ends the wait."""
        while True:
            for member in self.members:
                self._look_after(member)
            time.sleep(pause_s)

    def _look_after(self, member: Member) -> None:
        if member.child is not None and member.child.is_running:
            return
        if member.child is not None:
            if member.child.age_s > SETTLED_S:
                member.failures = 0
            reason = f"{member.name} ended (code {member.child.process.returncode})"
            if member.child.age_s < YOUNG_S:
                reason = str(member.child.failure())
            self._plan_restart(member, reason)
            member.child = None
        if time.monotonic() < member.restart_at_s:
            return
        try:
            member.child = member.start()
        except (RuntimeError, OSError) as error:
            self._plan_restart(member, str(error))
            return
        self.say(f"{member.name} runs again")

    def _plan_restart(self, member: Member, reason: str) -> None:
        pause_s = min(LONGEST_PAUSE_S, 0.5 * (2**member.failures - 1))
        member.failures += 1
        member.restart_at_s = time.monotonic() + pause_s
        self.say(f"{reason}; starting it again{f' in {pause_s:.0f} s' if pause_s >= 1 else ''}")

    def stop(self) -> None:
        """Ask each rank to stop, wait its members' grace, then kill what is left of it."""
        self.is_stopping = True
        for rank in sorted({member.rank for member in self.members}):
            children = [
                member.child
                for member in self.members
                if member.rank == rank and member.child is not None and member.child.is_running
            ]
            for child in children:
                child.ask_to_stop()
            self._wait(children)
        self.members.clear()

    def _wait(self, children: list[Child]) -> None:
        asked_at_s = time.monotonic()
        told = False
        while waiting := [child for child in children if child.is_running]:
            waited_s = time.monotonic() - asked_at_s
            for child in waiting:
                patience_s = child.program.grace_s
                if self.is_hurried and child.program.on_stop is not signal.SIGINT:
                    patience_s = 0.0  # all but PostgreSQL, which is quick and better not killed
                if waited_s > patience_s:
                    child.kill()
            if waited_s > 2 and not told:
                told = True
                names = ", ".join(child.program.name for child in waiting)
                self.say(f"waiting for {names} (Ctrl-C again: do not wait)")
            time.sleep(0.02)


def say_on_screen(started_at_s: float) -> Callable[[str], None]:
    """A line to stderr with the seconds since the start."""

    def say(words: str) -> None:
        # Where the terminal is gone, stopping in order matters more than saying so.
        with suppress(OSError):
            print(f"{time.monotonic() - started_at_s:7.1f} s  {words}", file=sys.stderr, flush=True)

    return say
