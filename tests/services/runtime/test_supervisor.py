"""The supervisor, with small programs in place of ours."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from runtime.processes import Child, ChildFailed, Program, fresh_log, tail
from runtime.supervisor import StopRequested, Supervisor


def program(folder: Path, script: str, *, name: str = "small", **more: object) -> Program:
    """A Python program with a log."""
    return Program(
        name=name,
        command=(sys.executable, "-c", script),
        folder=folder,
        log=folder / f"{name}.log",
        **more,  # type: ignore[arg-type]
    )


def signalled(after_s: float, number: signal.Signals = signal.SIGTERM) -> None:
    """Send ourselves a signal a little later."""
    threading.Timer(after_s, os.kill, (os.getpid(), number)).start()


def test_what_dies_is_started_again_with_growing_pauses(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    starts: list[float] = []

    def start() -> Child:
        starts.append(time.monotonic())
        return Child(program(tmp_path, "raise SystemExit(3)"))

    supervisor.start("small", start, rank=0)
    signalled(2.5)
    with supervisor.stopped_by_signals(), pytest.raises(StopRequested):
        supervisor.watch(pause_s=0.02)
    supervisor.stop()

    pauses = [after - before for before, after in itertools.pairwise(starts)]
    assert len(starts) in (3, 4)  # at once, after 0.5 s, after 1.5 s
    assert pauses == sorted(pauses)
    assert any("small ended before it was ready (exit code 3)" in words for words in said)


def test_ranks_stop_in_order_and_the_stubborn_are_killed(tmp_path: Path) -> None:
    polite = (
        "import pathlib, signal, sys, time\n"
        "def leave(*_):\n"
        "    pathlib.Path('order').open('a').write(sys.argv[1]); sys.exit()\n"
        "signal.signal(signal.SIGTERM, leave); print('ready', flush=True); time.sleep(60)"
    )
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('ready', flush=True); time.sleep(60)"
    )
    supervisor = Supervisor(lambda words: None)
    children = []
    for name, rank in (("c", 2), ("a", 0), ("b", 1)):
        made = program(tmp_path, polite, name=name)
        made = Program(made.name, (*made.command, name), tmp_path, made.log)
        children.append(Child(made))
        supervisor.start(name, lambda child=children[-1]: child, rank=rank)
    children.append(Child(program(tmp_path, stubborn, name="s", grace_s=0.3)))
    supervisor.start("s", lambda: children[-1], rank=0)
    for child in children:
        while "ready" not in (tmp_path / f"{child.program.name}.log").read_text():
            time.sleep(0.02)

    supervisor.stop()

    assert (tmp_path / "order").read_text() == "abc"
    assert children[-1].process.returncode == -signal.SIGKILL
    assert not any(child.is_running for child in children)


def test_a_second_signal_while_stopping_means_faster(tmp_path: Path) -> None:
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1); time.sleep(60)"
    supervisor = Supervisor(lambda words: None)
    began = time.monotonic()

    with supervisor.stopped_by_signals():
        supervisor.start("s", lambda: Child(program(tmp_path, stubborn, grace_s=30.0)), rank=0)
        signalled(0.3)
        with pytest.raises(StopRequested):
            supervisor.watch()
        signalled(0.3, signal.SIGINT)
        supervisor.stop()

    assert time.monotonic() - began < 10


def test_a_program_that_fails_while_starting_shows_the_end_of_its_log(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda words: None)
    member = supervisor.start(
        "small",
        lambda: Child(program(tmp_path, "print('no such module: tea'); raise SystemExit(4)")),
        rank=0,
    )
    assert member.child is not None
    member.child.process.wait()

    with pytest.raises(ChildFailed, match=r"(?s)exit code 4.*no such module: tea"):
        supervisor.check_started()


def test_children_have_sessions_of_their_own(tmp_path: Path) -> None:
    child = Child(program(tmp_path, "import time; time.sleep(60)"))

    assert os.getsid(child.process.pid) == child.process.pid

    child.stop()


def test_logs_of_earlier_starts_are_kept_by_number(tmp_path: Path) -> None:
    for number in range(6):
        fresh_log(tmp_path, "web").write_text(f"start {number}\n", encoding="utf-8")

    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["web.log", "web.log.1", "web.log.2", "web.log.3"]
    assert (tmp_path / "web.log.1").read_text(encoding="utf-8") == "start 4\n"
    assert tail(tmp_path / "web.log") == "    start 5"
