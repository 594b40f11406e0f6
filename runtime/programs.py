"""The programs of this installation that are written in Python: web, relay, workers."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import runtime
from runtime.processes import Program, fresh_log

ROOT = Path(next(iter(runtime.__path__))).parent


def surroundings(*, home: Path, database_url: str, redis_url: str) -> dict[str, str]:
    """The environment that connects a program to this installation."""
    inherited = os.environ.get("PYTHONPATH")
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "ZHIHENG_HOME": str(home),
        # Also for a checkout that is not installed, and wherever the command was called.
        "PYTHONPATH": os.pathsep.join([str(ROOT), *([inherited] if inherited else [])]),
        "PYTHONUNBUFFERED": "1",
    }


def python(*arguments: str) -> tuple[str, ...]:
    """This interpreter; ``-P``: the working directory is not a place to import from."""
    return (sys.executable, "-P", *arguments)


def web(home: Path, environment: Mapping[str, str], listener: int) -> Program:
    """Gunicorn on a socket that the supervisor holds open across restarts."""
    return Program(
        name="web",
        command=python(
            *("-m", "gunicorn", "-c", "python:runtime.web"),
            *("--bind", f"fd://{listener}", "api.app:create_app()"),
        ),
        folder=home,
        log=fresh_log(home / "logs", "web"),
        environment=environment,
        grace_s=12.0,
        descriptors=(listener,),
    )


def relay(home: Path, environment: Mapping[str, str], *, logged: bool = True) -> Program:
    """Turns saved messages into jobs."""
    return Program(
        name="relay",
        command=python("-m", "worker.relay"),
        folder=home,
        log=fresh_log(home / "logs", "relay") if logged else None,
        environment=environment,
    )


def worker(
    home: Path, environment: Mapping[str, str], queue: str, *, logged: bool = True
) -> Program:
    """Runs the jobs of one queue. Asked to stop, it finishes the job at hand first."""
    return Program(
        name=f"worker-{queue}",
        command=python("-m", "worker.run", queue),
        folder=home,
        log=fresh_log(home / "logs", f"worker-{queue}") if logged else None,
        environment=environment,
        # RQ answers every gentler signal by finishing its job, which nobody would then collect.
        on_parent_death=signal.SIGKILL,
        grace_s=15.0,
        niceness=5,  # people at the pages go first
    )
