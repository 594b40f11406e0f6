"""Background entries of sampling.

Freezing and drawing read and compute with progress and a way out, then store all at once.
"""

from __future__ import annotations

import secrets

from core.actors import SYSTEM, Actor, Role
from core.errors import Stale
from core.outbox import Run, effect
from core.unit_of_work import read_only
from sampling.service import drawing, freezing
from sampling.service.log import sign_log as sign
from sampling.service.procedure.settling import settle_cases


def sign_log(run: Run, *, sequence: int) -> None:
    """Cover a new entry of the log of draws, and all before it, with a signed checkpoint."""
    run.progress("sign", 0, sequence)
    with effect(run) as session:
        sign(session)


def sign_log_daily(run: Run) -> None:
    """Cover what was not covered; no new entry, no new checkpoint."""
    with effect(run) as session:
        sign(session)


def settle_sampling_cases(run: Run) -> None:
    """Let rights lapse, results stand and due days move, as the day wants."""
    with effect(run) as session:
        settle_cases(session, SYSTEM)


def freeze(
    run: Run,
    *,
    plan_no: str,
    version: int,
    account_id: int | None,
    account_name: str,
    role: str,
    software: str,
) -> None:
    """Freeze a plan and publish its commitment."""
    run.progress("read roster", 0, 0)
    with read_only() as session:
        frozen = freezing.prepare(
            session,
            plan_no,
            secret=secrets.token_bytes(32),
            software=software,
            progress=run.progress,
        )
    if frozen.version != version:
        raise Stale
    with effect(run) as session:
        freezing.store_frozen(
            session, Actor(account_id, account_name, Role(role)), frozen, progress=run.progress
        )


def draw(run: Run, *, plan_no: str, account_id: int | None, account_name: str, role: str) -> None:
    """Draw the units of a plan and their inspectors."""
    run.progress("read roster", 0, 0)
    with read_only() as session:
        prepared = drawing.prepare(session, plan_no, progress=run.progress)
    with effect(run) as session:
        drawing.store_draw(
            session, Actor(account_id, account_name, Role(role)), prepared, progress=run.progress
        )
