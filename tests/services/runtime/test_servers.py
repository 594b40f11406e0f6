"""The private servers, in folders of their own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from runtime import binaries, sockets
from runtime.leftovers import processes_in
from runtime.locks import AlreadyRunning
from runtime.postgres import PrivatePostgres
from runtime.servers import EmbeddedServers

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="private servers run on Linux only")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data folder whose path holds blanks, Chinese and too many letters for a socket."""
    return tmp_path / "a b" / "数据" / ("long" * 20)


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    """Ask the database."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def until(condition: Callable[[], bool], *, seconds: float = 20.0) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def test_the_servers_start_answer_and_stop(home: Path) -> None:
    with EmbeddedServers(home, fsync=False) as servers:
        (facts,) = query(
            servers.database_url,
            "SELECT current_user, encoding, datlocprovider, lower('ÄÖ质') FROM pg_database"
            " WHERE datname = current_database()",
        )
        assert redis.Redis.from_url(servers.redis_url).ping()
        folder = sockets.socket_folder(home)
        mode = folder.stat().st_mode & 0o777

    assert facts == ("zhiheng", 6, "b", "äö质")  # 6: UTF8
    assert mode == 0o700
    assert not folder.exists()
    assert processes_in(home / "postgres", "postgres") == []
    assert processes_in(home / "redis", "redis-server") == []


def test_nothing_listens_on_the_network(home: Path) -> None:
    with EmbeddedServers(home, fsync=False) as servers:
        inodes = set()
        for child in servers.children.values():
            for entry in Path(f"/proc/{child.process.pid}/fd").iterdir():
                target = os.readlink(entry)
                if target.startswith("socket:["):
                    inodes.add(target[8:-1])
        tables = [Path(f"/proc/net/{name}").read_text() for name in ("tcp", "tcp6")]

    listening = {
        line.split()[9]
        for table in tables
        for line in table.splitlines()[1:]
        if line.split()[3] == "0A"
    }
    assert inodes
    assert not inodes & listening


def test_what_was_stored_is_there_after_a_restart(home: Path) -> None:
    with EmbeddedServers(home) as servers:
        query(servers.database_url, "CREATE TABLE kept (n int)")
        query(servers.database_url, "INSERT INTO kept VALUES (7) RETURNING n")
        redis.Redis.from_url(servers.redis_url).set("kept", "7")

    with EmbeddedServers(home) as servers:
        assert query(servers.database_url, "SELECT n FROM kept") == [(7,)]
        assert redis.Redis.from_url(servers.redis_url).get("kept") == b"7"


def test_a_folder_in_use_is_refused(home: Path) -> None:
    with (
        EmbeddedServers(home, fsync=False, redis=False),
        pytest.raises(AlreadyRunning, match=f"in use by process {os.getpid()}"),
        EmbeddedServers(home, fsync=False, redis=False),
    ):
        pass


def test_a_killed_starter_leaves_no_server_behind(home: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from runtime.servers import EmbeddedServers\n"
        "with EmbeddedServers(Path(sys.argv[1])): print('up', flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", script, str(home)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    assert starter.stdout.readline() == "up\n"
    assert processes_in(home / "postgres", "postgres")
    assert processes_in(home / "redis", "redis-server")

    starter.kill()
    starter.communicate()

    until(lambda: not processes_in(home / "postgres", "postgres"))
    until(lambda: not processes_in(home / "redis", "redis-server"))


def test_a_server_left_over_by_whatever_means_is_stopped_before_the_next_start(home: Path) -> None:
    postgres = PrivatePostgres(home) if home.mkdir(parents=True) is None else None
    assert postgres is not None
    postgres.prepare()
    program = postgres.program()
    # Without a leash, as if an older release had started it.
    stray = subprocess.Popen(
        [
            *(sys.executable, "-I", "-S", str(ROOT / "runtime" / "leash.py"), "0"),
            *(str(os.getpid()), program.identity, "0", "--", *program.command),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: (home / "postgres" / "postmaster.pid").exists())

    with EmbeddedServers(home, redis=False) as servers:
        assert query(servers.database_url, "SELECT 1") == [(1,)]

    assert stray.wait(timeout=5) is not None


@pytest.mark.parametrize("content", ["", f"{os.getpid()}\n/elsewhere\n", "4194000\n"])
def test_a_stale_pid_file_does_not_stop_a_start(home: Path, content: str) -> None:
    with EmbeddedServers(home, fsync=False, redis=False):
        pass
    # Empty, naming a living stranger (ourselves), naming nobody.
    (home / "postgres" / "postmaster.pid").write_text(content, encoding="ascii")

    with EmbeddedServers(home, fsync=False, redis=False) as servers:
        assert query(servers.database_url, "SELECT 1") == [(1,)]


def test_an_interrupted_creation_is_begun_again(home: Path) -> None:
    half = home / "postgres.new-half"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n", encoding="ascii")

    with EmbeddedServers(home, fsync=False, redis=False) as servers:
        assert query(servers.database_url, "SELECT 1") == [(1,)]

    assert not half.exists()


def test_data_of_another_postgresql_are_told_in_words(home: Path) -> None:
    with EmbeddedServers(home, fsync=False, redis=False):
        pass
    (home / "postgres" / "PG_VERSION").write_text("14\n", encoding="ascii")

    with (
        pytest.raises(binaries.ServersUnavailable, match="written by PostgreSQL 14"),
        EmbeddedServers(home, fsync=False, redis=False),
    ):
        pass


def test_an_unreadable_append_only_file_is_set_aside(home: Path) -> None:
    (home / "redis").mkdir(parents=True)
    (home / "redis" / "appendonly.aof").write_bytes(b"*3\r\nnot a command of redis\r\n")

    with EmbeddedServers(home, postgres=False) as servers:
        assert redis.Redis.from_url(servers.redis_url).dbsize() == 0

    assert list((home / "redis").glob("appendonly.aof.unreadable-*"))


def test_a_socket_folder_prepared_by_somebody_is_refused(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(sockets, "LONGEST_SOCKET_PATH", 1000)
    folder = sockets.socket_folder(home)

    folder.chmod(0o755)
    with pytest.raises(sockets.UnsafeSocketFolder, match="Others may enter"):
        sockets.socket_folder(home)

    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises((sockets.UnsafeSocketFolder, FileExistsError)):
        sockets.socket_folder(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_can_change_the_identity_of_a_data_folder(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for identity in ("namespace", "nobody", "namespace"):
        monkeypatch.setenv("ZHIHENG_POSTGRES_IDENTITY", identity)
        binaries.postgres_identity.cache_clear()
        with EmbeddedServers(home, fsync=False, redis=False) as servers:
            assert query(servers.database_url, "SELECT 1") == [(1,)]
    binaries.postgres_identity.cache_clear()


def test_a_system_without_the_programs_is_told_what_to_set(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries.sys, "platform", "darwin")

    with (
        pytest.raises(binaries.ServersUnavailable, match=r"DATABASE_URL=.*REDIS_URL="),
        EmbeddedServers(home),
    ):
        pass


def test_the_address_of_a_socket_that_is_too_long_is_never_used(home: Path) -> None:
    folder = sockets.socket_folder(home)

    with socket.socket(socket.AF_UNIX) as probe:
        probe.bind(str(folder / "probe"))
    (folder / "probe").unlink()
