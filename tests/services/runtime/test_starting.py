"""What a start decides before any program runs: folder, lock, port, words."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.cli import main
from runtime.locks import AlreadyRunning, HomeLock, Running, find_running, publish
from runtime.ports import PortTaken, listen
from runtime.release import release

ROOT = Path(__file__).resolve().parents[3]


def test_the_lock_names_its_holder(tmp_path: Path) -> None:
    with HomeLock(tmp_path) as lock:
        lock.acquire("starting")
        lock.describe("demo on http://127.0.0.1:8808/")

        with pytest.raises(AlreadyRunning, match=rf"process {os.getpid()} \(demo on http"):
            HomeLock(tmp_path).acquire("second")


def test_a_lock_that_says_nothing_yet_is_told_as_a_start_under_way(tmp_path: Path) -> None:
    with HomeLock(tmp_path) as lock:
        lock.acquire("starting")
        (tmp_path / ".lock").write_text("", encoding="ascii")

        with pytest.raises(AlreadyRunning, match="a start that is just under way"):
            HomeLock(tmp_path).acquire("second")


def test_what_runs_is_found_only_while_it_runs(tmp_path: Path) -> None:
    running = Running(os.getpid(), "postgresql+psycopg://x", "unix://y", "http://127.0.0.1:1/")
    with HomeLock(tmp_path) as lock:
        lock.acquire("up")
        publish(tmp_path, running)
        assert find_running(tmp_path) == running

    assert find_running(tmp_path) is None

    publish(tmp_path, running)  # as a holder leaves it that was killed
    assert find_running(tmp_path) is None


def test_the_data_folder_is_closed_to_others(tmp_path: Path) -> None:
    with HomeLock(tmp_path / "var") as lock:
        lock.acquire("up")

        assert (tmp_path / "var").stat().st_mode & 0o077 == 0


def test_a_taken_port_is_passed_over_unless_it_was_asked_for() -> None:
    with listen("127.0.0.1", None) as first, listen("127.0.0.1", None) as second:
        taken = first.getsockname()[1]
        assert second.getsockname()[1] > taken >= 8808

        with pytest.raises(PortTaken, match=f"Port {taken} on 127.0.0.1 is taken"):
            listen("127.0.0.1", taken)


def test_a_port_given_wrongly_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZHIHENG_PORT", "eighty")

    assert main(["up"]) == 2
    assert "ZHIHENG_PORT='eighty' is not a port" in capsys.readouterr().err


def test_the_version_is_that_of_the_checkout(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        main(["--version"])

    assert ending.value.code == 0
    assert capsys.readouterr().out == f"zhiheng {release()}\n"
    assert f"version = {release()}\n" in (ROOT / "setup.cfg").read_text(encoding="utf-8")


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    script = (
        "import sys; from runtime.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'sqlalchemy', 'flask', 'numpy', 'rq'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )

    for command in ("demo", "up", "worker", "migrate", "import", "account", "verify-draw"):
        assert f"    {command}" in answer.stdout
    assert answer.stdout.endswith("[]\n")


def test_the_supervisor_loads_nothing_heavy() -> None:
    script = (
        "import sys, runtime.up, runtime.work\n"
        "print(sorted({'sqlalchemy', 'psycopg', 'redis', 'flask', 'numpy'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert answer.stdout == "[]\n"


def test_workers_alone_say_what_they_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZHIHENG_HOME", str(tmp_path / "none"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)

    assert main(["worker"]) == 2
    assert "DATABASE_URL and REDIS_URL" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_listening_sockets_are_not_shared_by_accident() -> None:
    with listen("127.0.0.1", None) as listener:
        assert isinstance(listener, socket.socket)
        assert not os.get_inheritable(listener.fileno())
