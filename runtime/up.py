"""``zhiheng up`` and ``zhiheng demo``: everything, started in order and stopped together."""

from __future__ import annotations

import http.client
import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.config import Settings
from runtime import programs
from runtime.binaries import ServersUnavailable
from runtime.locks import AlreadyRunning, HomeLock, Running, publish
from runtime.ports import PortTaken, listen
from runtime.postgres import PrivatePostgres
from runtime.processes import Child, ChildFailed, Program, run_to_end
from runtime.redis_server import PrivateRedis
from runtime.sockets import UnsafeSocketFolder, remove_socket_folder
from runtime.supervisor import StopRequested, Supervisor, say_on_screen

QUEUES = ("quick", "long")
LONGEST_START_S = 120.0

FAILED = 1
REFUSED = 2
ALREADY_RUNNING = 3


class PreparationFailed(RuntimeError):
    """The database could not be prepared; the reason is already on the screen."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the database could not be prepared (exit code {code})")
        self.code = code


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for on the command line."""

    settings: Settings
    demo: bool
    host: str
    port: int | None


def up(wish: Wish) -> int:
    """Start everything, say READY, and stay until a signal comes; returns the exit code."""
    say = say_on_screen(time.monotonic())
    lock = HomeLock(wish.settings.home)
    supervisor = Supervisor(say)
    with supervisor.stopped_by_signals():
        try:
            lock.acquire("starting")
            with listen(wish.host, wish.port) as listener:
                _start(wish, lock, supervisor, listener, say)
                supervisor.watch()
        except StopRequested as request:
            say(f"{request}: stopping")
            return 0
        except AlreadyRunning as problem:
            print(problem, file=sys.stderr)
            return ALREADY_RUNNING
        except PreparationFailed as problem:
            return problem.code
        except (
            *(ServersUnavailable, UnsafeSocketFolder, ChildFailed),
            *(PortTaken, PermissionError, TimeoutError),
        ) as problem:
            print(problem, file=sys.stderr)
            return FAILED
        finally:
            supervisor.stop()
            if lock.descriptor is not None:
                remove_socket_folder(wish.settings.home)
            lock.release()


def _start(
    wish: Wish,
    lock: HomeLock,
    supervisor: Supervisor,
    listener: socket.socket,
    say: Callable[[str], None],
) -> None:
    home = wish.settings.home
    port: int = listener.getsockname()[1]
    address = _address(wish.host, port)
    lock.describe(f"{'demo' if wish.demo else 'up'} on {address}")
    say(f"data folder {home}")
    database_url, redis_url = start_servers(wish.settings, supervisor, say)
    environment = programs.surroundings(home=home, database_url=database_url, redis_url=redis_url)

    prepared = _prepare("demo" if wish.demo else "production", home, environment)
    publish(home, Running(os.getpid(), database_url, redis_url, address))
    say("database ready")

    # The web first: four programs that all load NumPy at once make people wait for the pages.
    # What they ask for meanwhile waits in the outbox.
    _begin(supervisor, programs.web(home, environment, listener.fileno()), rank=0)
    _wait_for_web(supervisor, wish.host, port)
    start_workers(supervisor, home, environment)
    print(_ready_line(address, prepared), flush=True)


def start_servers(
    settings: Settings, supervisor: Supervisor, say: Callable[[str], None]
) -> tuple[str, str]:
    """Start the servers that no address was given for; returns both addresses."""
    database_url, redis_url = settings.database_url, settings.redis_url
    started = []
    if database_url is None:
        postgres = PrivatePostgres(settings.home)
        if not postgres.data.exists():
            say("making a private PostgreSQL")
        supervisor.start("postgres", postgres.start, rank=4)
        database_url = postgres.url
        started.append("PostgreSQL")
    if redis_url is None:
        redis = PrivateRedis(settings.home)
        supervisor.start("redis", redis.start, rank=3)
        redis_url = redis.url
        started.append("Redis")
    say(f"private {' and '.join(started)} started" if started else "using the servers given")
    return database_url, redis_url


def start_workers(
    supervisor: Supervisor, home: Path, environment: dict[str, str], *, logged: bool = True
) -> None:
    """Start the relay and one worker for each queue."""
    _begin(supervisor, programs.relay(home, environment, logged=logged), rank=1)
    for queue in QUEUES:
        _begin(supervisor, programs.worker(home, environment, queue, logged=logged), rank=2)


def _begin(supervisor: Supervisor, program: Program, *, rank: int) -> None:
    supervisor.start(program.name, lambda: Child(program), rank=rank)


def _prepare(wish: str, home: Path, environment: dict[str, str]) -> dict[str, object]:
    """Migrate and seed in a process of its own; returns its report."""
    handle, name = tempfile.mkstemp(prefix="prepared-", dir=home)
    os.close(handle)
    report = Path(name)
    try:
        code = run_to_end(
            Program(
                name="prepare",
                command=programs.python("-m", "runtime.prepare", wish, "--report", str(report)),
                folder=home,
                environment=environment,
            )
        )
        if code != 0:
            raise PreparationFailed(code if code > 0 else FAILED)
        content: dict[str, object] = json.loads(report.read_text(encoding="utf-8"))
        return content
    finally:
        report.unlink()


def _wait_for_web(supervisor: Supervisor, host: str, port: int) -> None:
    """Return when ``/readyz`` answers 200.

    Raises
    ------
    ChildFailed
        A program ended instead.
    TimeoutError
        It took unreasonably long; the message carries the last answer.
    """
    deadline = time.monotonic() + LONGEST_START_S
    answer = "no answer"
    while time.monotonic() < deadline:
        supervisor.check_started()
        # http.client, not urllib: a proxy in the environment must not be asked about ourselves.
        connection = http.client.HTTPConnection(_reachable(host), port, timeout=10)
        try:
            connection.request("GET", "/readyz")
            response = connection.getresponse()
            if response.status == 200:
                return
            answer = f"{response.status} {response.read(300).decode('utf-8', 'replace')}"
        except (OSError, http.client.HTTPException) as error:
            answer = str(error) or type(error).__name__
        finally:
            connection.close()
        time.sleep(0.1)
    raise TimeoutError(f"The web did not become ready in {LONGEST_START_S:.0f} s: {answer}")


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


def _address(host: str, port: int) -> str:
    shown = _reachable(host)
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"


def _ready_line(address: str, prepared: dict[str, object]) -> str:
    """The one line that scripts wait for."""
    line = f"READY {address}"
    accounts = prepared.get("accounts")
    if isinstance(accounts, list) and accounts:
        logins = "  ".join(f"{each['login']} / {each['password']}" for each in accounts)
        line += f"  demo accounts: {logins}"
    return line
