"""The RQ queues: the only door to Redis for the domains and the web.

Job arguments are numbers; the payload stays in PostgreSQL. JSON, not pickle, so that whoever can
write to Redis still cannot run code of their own.
"""

from __future__ import annotations

from functools import cache

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.job import Job

from core.config import settings

QUICK = "quick"  # seconds
LONG = "long"  # imports, detection over all series
QUEUES = (QUICK, LONG)

ENTRY = "worker.run.execute"

# What the rest of the house catches when Redis is away.
Unreachable = RedisError


@cache
def connection(url: str) -> Redis:
    """One Redis connection pool per address."""
    return Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5, health_check_interval=15)


def redis() -> Redis:
    """The Redis of this installation."""
    return connection(settings().required_redis_url)


def worker_connection() -> Redis:
    """A connection for a worker, whose blocking reads outlast any ordinary time limit."""
    return Redis.from_url(settings().required_redis_url, health_check_interval=15)


def job_id(message_id: int, job: str, attempt: int) -> str:
    """The RQ id of one attempt: RQ allows letters, digits, ``_`` and ``-``."""
    return f"{message_id}_{job.replace('.', '-')}_{attempt}"


def enqueue(queue: str, run_id: int, attempt: int, *, rq_id: str, timeout_s: int) -> None:
    """Ring for a worker.

    Raises
    ------
    redis.exceptions.RedisError
        Redis cannot be reached; the row stays and is sent again.
    """
    Queue(queue, connection=redis(), serializer="json").enqueue(
        ENTRY,
        args=(run_id, attempt),
        job_id=rq_id,
        job_timeout=timeout_s,
        result_ttl=0,
        failure_ttl=3600,
    )


def is_known(rq_id: str) -> bool:
    """True while Redis still holds the call; False after it was lost or eaten."""
    try:
        job = Job.fetch(rq_id, connection=redis(), serializer="json")
    except NoSuchJobError:
        return False
    return not (job.is_finished or job.is_failed or job.is_stopped or job.is_canceled)


def is_reachable() -> bool:
    """True when Redis answers; the web stays ready without it."""
    try:
        return bool(redis().ping())
    except (RedisError, RuntimeError):
        return False
