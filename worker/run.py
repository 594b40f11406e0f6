"""The RQ worker of one queue, and what it does around each job.

One queue a worker: only then does RQ move a job atomically out of its queue. The process that
runs the job renews the job's lease while it works; when it is killed the lease runs out and the
relay rings for another attempt.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from rq import Worker
from sqlalchemy.exc import SQLAlchemyError

from core import jobs, log, queue
from core.config import settings
from core.db import connect
from core.errors import Refusal
from core.outbox import LEASE, Cancelled, Run, RunState, Superseded, request_number
from core.unit_of_work import unit_of_work
from sampling.maths.hashing import has_numba
from worker.subscriptions import SUBSCRIPTIONS, job_named

PR_SET_PDEATHSIG = 1

# Imported before the first fork, so that no job pays for them.
HEAVY = ("numpy", "scipy.stats", "sqlalchemy.orm", "openpyxl", "python_calamine")


class LeashedWorker(Worker):
    """A worker whose job processes die with it."""

    def main_work_horse(self, *args: Any, **kwargs: Any) -> None:
        """Ask the kernel to kill this process when the worker dies, then work."""
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != self.pid:
                os._exit(1)  # it died before the kernel knew
        super().main_work_horse(*args, **kwargs)


def execute(run_id: int, attempt: int) -> None:
    """Do one attempt at one job; RQ calls this with numbers only."""
    with unit_of_work() as session:
        try:
            run, arguments, number = jobs.take(session, run_id, attempt)
        except LookupError as error:
            log.logger(__name__).info("nothing to do", reason=str(error))
            return
    request_number.set(number)
    logger = log.logger(__name__).bind(run=run.id, job=run.job, attempt=run.attempt)
    job = job_named(run.job)
    if job is None:
        _end(run, RunState.FAILED, f"no job is named {run.job}")
        return
    module, _, function = job.target.partition(":")
    logger.info("job begun")
    try:
        with _lease_kept(run):
            getattr(import_module(module), function)(run, **arguments)
    except Superseded as error:
        logger.info("job superseded", reason=str(error))
    except Cancelled:
        _end(run, RunState.CANCELLED)
        logger.info("job cancelled")
    except Refusal as refusal:
        _end(run, RunState.REFUSED, str(refusal))
        logger.info("job refused", reason=str(refusal))
    except Exception as error:
        logger.exception("job failed")
        _end(run, RunState.FAILED, f"{type(error).__name__}: {error}")
    else:
        # A job without an effect of its own ends here; one with an effect is done already.
        _end(run, RunState.DONE)
        logger.info("job done")


def _end(run: Run, state: RunState, error: str | None = None) -> None:
    with unit_of_work() as session:
        jobs.end(session, run, state, error)


@contextmanager
def _lease_kept(run: Run) -> Iterator[None]:
    """Renew the lease in the background while the job works."""
    stop = threading.Event()

    def keep() -> None:
        while not stop.wait(LEASE.total_seconds() / 4):
            try:
                with unit_of_work() as session:
                    if not jobs.renew(session, run):
                        return
            except SQLAlchemyError:
                continue  # the server is restarting; the next renewal may be in time

    thread = threading.Thread(target=keep, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)


def warm_up(name: str) -> None:
    """Import once what every forked job of a queue would import again; opens no connection."""
    import_module("worker.run")  # RQ looks the entry up by this name, not as __main__
    for module in HEAVY:
        import_module(module)
    for subscribed in SUBSCRIPTIONS.values():
        for job in subscribed:
            import_module(job.target.partition(":")[0])
    if name == queue.LONG and has_numba():
        import_module("sampling.maths.seating")  # the compiler, for rosters of a hundred thousand
    connect(settings().required_database_url)
    # What is there now stays: jobs need not look it through for garbage, nor copy its pages.
    gc.collect()
    gc.freeze()


def main(arguments: list[str] | None = None) -> None:
    """Work off one queue until asked to stop."""
    (name,) = arguments if arguments is not None else sys.argv[1:]
    if name not in queue.QUEUES:
        raise SystemExit(f"there is no queue {name!r}; the queues are {', '.join(queue.QUEUES)}")
    log.configure(f"worker-{name}")
    warm_up(name)
    worker = LeashedWorker(
        [name], connection=queue.worker_connection(), serializer="json", worker_ttl=60
    )
    worker.work(logging_level="WARNING", with_scheduler=False)


if __name__ == "__main__":
    main()
