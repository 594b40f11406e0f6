"""Health for machines: alive, ready, and how much waits."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify
from prometheus_client import REGISTRY, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from api.auth import client_address, current_actor, public
from core import queue
from core.actors import Role
from core.clock import now
from core.db import SCHEMA_REVISION
from core.errors import Forbidden
from core.outbox import JobRun, Message
from core.unit_of_work import read_only

blueprint = Blueprint("health", __name__)

LOOPBACK = frozenset({"127.0.0.1", "::1"})


@blueprint.route("/healthz")
@public
def healthz() -> Any:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.route("/readyz")
@public
def readyz() -> Any:
    """The database answers and has the schema this code needs.

    Without Redis the house still accepts work: messages wait in the outbox, so it is degraded,
    not unready.
    """
    try:
        with read_only() as session:
            revision = session.execute(
                text("SELECT version_num FROM alembic_version")
            ).scalar_one_or_none()
    except (SQLAlchemyError, RuntimeError):
        return jsonify(status="unready", database="unreachable"), 503
    if revision != SCHEMA_REVISION:
        return jsonify(
            status="unready", database="migrate first", at=revision, needs=SCHEMA_REVISION
        ), 503
    reachable = queue.is_reachable()
    return jsonify(
        status="ok" if reachable else "degraded",
        database="ok",
        redis="ok" if reachable else "unreachable",
    )


@blueprint.route("/metrics")
@public
def metrics() -> Any:
    """Prometheus text; from this machine, or by an administrator."""
    if client_address() not in LOOPBACK and current_actor().role is not Role.ADMINISTRATOR:
        raise Forbidden
    registry = CollectorRegistry()
    jobs = Gauge("zhiheng_jobs", "Jobs by queue and state", ("queue", "state"), registry=registry)
    unsent = Gauge("zhiheng_outbox_unsent", "Messages not yet sent", registry=registry)
    age = Gauge(
        "zhiheng_outbox_oldest_seconds", "Age of the oldest unsent message", registry=registry
    )
    with read_only() as session:
        for name, state, count in session.execute(
            select(JobRun.queue, JobRun.state, func.count()).group_by(JobRun.queue, JobRun.state)
        ):
            jobs.labels(name, state).set(count)
        count, oldest = session.execute(
            select(func.count(), func.min(Message.created_at)).where(
                Message.fanned_out_at.is_(None)
            )
        ).one()
    unsent.set(count)
    age.set((now() - oldest).total_seconds() if oldest else 0)
    return Response(
        generate_latest(registry) + generate_latest(REGISTRY),
        mimetype="text/plain; version=0.0.4",
    )
