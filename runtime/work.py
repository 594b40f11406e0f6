"""``zhiheng worker``: the relay and the workers alone, for a machine that serves no pages."""

from __future__ import annotations

import sys
import time

from core.config import Settings
from runtime import programs
from runtime.locks import find_running, make_home
from runtime.supervisor import StopRequested, Supervisor, say_on_screen
from runtime.up import REFUSED, start_workers


def work(settings: Settings) -> int:
    """Run relay and workers until a signal comes; returns the exit code.

    The addresses come from ``DATABASE_URL`` and ``REDIS_URL``, else from what ``zhiheng up`` runs
    in the same data folder. Their output goes to the terminal, as containers want it.
    """
    database_url, redis_url = settings.database_url, settings.redis_url
    running = find_running(settings.home)
    if running is not None:
        database_url = database_url or running.database_url
        redis_url = redis_url or running.redis_url
    if database_url is None or redis_url is None:
        print(
            "Workers need a database and a Redis: set DATABASE_URL and REDIS_URL, or start"
            f" 'zhiheng up' in {settings.home} first (it brings workers of its own).",
            file=sys.stderr,
        )
        return REFUSED
    make_home(settings.home)
    environment = programs.surroundings(
        home=settings.home, database_url=database_url, redis_url=redis_url
    )
    say = say_on_screen(time.monotonic())
    supervisor = Supervisor(say)
    with supervisor.stopped_by_signals():
        try:
            start_workers(supervisor, settings.home, environment, logged=False)
            say("relay and workers started")
            supervisor.watch()
        except StopRequested as request:
            say(f"{request}: stopping")
            return 0
        finally:
            supervisor.stop()
