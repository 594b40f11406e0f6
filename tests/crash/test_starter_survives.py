"""Starting, stopping and killing the whole house."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from core.outbox import add
from core.unit_of_work import unit_of_work
from runtime.servers import EmbeddedServers
from tests.crash.house import House, environment, house, processes_of, until, zhiheng
from worker.probe import ProbeSent

pytestmark = pytest.mark.crash


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data folder with blanks and Chinese in its path."""
    return tmp_path / "a b" / "数据" / "var"


def send(house: House, monkeypatch: pytest.MonkeyPatch, name: str, work_s: float) -> None:
    """Commit one probe and wait until it is at work."""
    monkeypatch.setenv("DATABASE_URL", house.running.database_url)
    with unit_of_work() as session:
        add(session, ProbeSent(name, work_s))
    until(lambda: house.state_of(name) == "running", what="the job to begin")


def test_a_killed_starter_leaves_nothing_behind_and_the_next_start_goes_on(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house(home) as first:
        send(first, monkeypatch, "unfinished", 4.0)
        assert len(processes_of(home)) > 8

        first.process.kill()
        first.process.wait()

        until(lambda: not processes_of(home), seconds=10, what="every process to end")

    with house(home) as second:
        until(lambda: second.answers(["unfinished"]), seconds=60, what="the unfinished job")
        assert second.stop() == 0
        assert processes_of(home) == {}


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything_and_waits_for_the_job_at_hand(
    home: Path, monkeypatch: pytest.MonkeyPatch, signal_number: signal.Signals
) -> None:
    with house(home) as running:
        send(running, monkeypatch, "at-hand", 3.0)

        if signal_number is signal.SIGINT:  # as Ctrl-C does: to the whole group of the terminal
            os.killpg(running.process.pid, signal_number)
        else:
            running.process.send_signal(signal_number)

        assert running.process.wait(timeout=40) == 0
        assert processes_of(home) == {}
        assert not (home / "run.json").exists()

    with EmbeddedServers(home, redis=False) as servers:
        url = servers.database_url.replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            states = connection.execute(
                "SELECT state, attempt FROM job_run WHERE job = 'worker.probe'"
            ).fetchall()
    assert states == [("done", 1)]


def test_of_two_starts_at_once_one_says_so_and_goes(home: Path) -> None:
    home.parent.mkdir(parents=True)
    both = [zhiheng(home, "up") for _ in range(2)]
    try:
        loser = until(lambda: next((each for each in both if each.poll() is not None), None))
        winner = both[1 - both.index(loser)]
        output, errors = loser.communicate()
        assert loser.returncode == 3
        assert output == ""
        assert f"{home} is in use by" in errors
        assert winner.stdout is not None
        assert winner.stdout.readline().startswith("READY ")

        third = zhiheng(home, "up")
        _, errors = third.communicate(timeout=20)
        assert third.returncode == 3
        assert f"process {winner.pid} (up on http://127.0.0.1:" in errors
    finally:
        for each in both:
            each.terminate()
            each.communicate(timeout=40)
    assert processes_of(home) == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="already a normal user: every test here shows it")
def test_a_normal_user_can_start_it(tmp_path: Path) -> None:
    if shutil.which("setpriv") is None:
        pytest.skip("NOT RUN AS A NORMAL USER: there is no setpriv here")
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    # A child of a child: setpriv itself still has root's right to pass every folder.
    script = (
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-P', '-c', 'import runtime.up, sqlalchemy'], check=True)"
    )
    readable = subprocess.run(
        [*user, sys.executable, "-P", "-c", script],
        env=environment(tmp_path),
        capture_output=True,
        check=False,
    )
    if readable.returncode != 0:
        pytest.skip("NOT RUN AS A NORMAL USER: user 65534 cannot read this Python or checkout")
    place = Path("/tmp") / f"zhiheng-nobody-{os.getpid()}"
    place.mkdir(mode=0o700)
    os.chown(place, 65534, 65534)
    try:
        home = place / "a b" / "数据"
        process = subprocess.Popen(
            [*user, sys.executable, "-P", "-m", "runtime.cli", "up"],
            cwd=place,
            env={**environment(home), "HOME": str(place)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        ready = process.stdout.readline()
        process.terminate()
        _, errors = process.communicate(timeout=40)
        assert ready.startswith("READY "), errors
        assert process.returncode == 0
        assert processes_of(home) == {}
    finally:
        shutil.rmtree(place)
