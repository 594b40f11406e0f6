"""Gunicorn's settings; it reads the names of this module (``-c python:runtime.web``)."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from typing import Any

from core.db import connect
from runtime.leash import PR_SET_PDEATHSIG

# Threads, because slow clients and long exports must not hold a whole process.
worker_class = "gthread"
workers = int(os.environ.get("ZHIHENG_WEB_PROCESSES") or 2)
threads = int(os.environ.get("ZHIHENG_WEB_THREADS") or 4)
timeout = 60
graceful_timeout = 8
keepalive = 5
# Heartbeat files in memory: a busy disk must not look like a dead process.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
# Gunicorn's own remote control would listen in the user's home folder.
control_socket_disable = True
proc_name = "zhiheng-web"
# Loaded once and shared by fork: half the memory, and one traceback where it cannot be loaded.
preload_app = True


def post_fork(server: Any, worker: Any) -> None:
    """A web process dies with its master, whatever it is doing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != server.pid:
            os._exit(1)
    # No connection made while loading may be shared by two processes.
    connect.cache_clear()
    threading.Thread(target=_warm_traces, daemon=True).start()


def _warm_traces() -> None:
    """Load the compiled walks where there is a graph to walk, before the first question comes.

    Beside the requests: it takes seconds, and a house without large traces never needs it.
    """
    from traceability.service.snapshots import place

    if place().is_dir():
        from traceability.maths.csr import warm

        warm()
