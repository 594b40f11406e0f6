"""While a drawn list is closed: fix it in the log, and give everybody what may be given."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import today
from core.journal import JournalEntry
from sampling.errors import NotDrawnYet, NothingClosed
from sampling.maths.commitment import FrameUnit
from sampling.maths.draw import StratifiedDraw
from sampling.maths.embargo import drawn_entry, drawn_root, embargoed_form
from sampling.models.plans import DrawnUnit, EntropyEntry, Plan
from sampling.models.plans import FrameUnit as FrameRow
from sampling.queries.disclosed import public_plan
from sampling.queries.log import STREAM
from sampling.service import log
from sampling.service.entropy import entry_value
from sampling.service.inclusion import leaves_of, part_of
from sampling.service.parts import receipt

CLOSED = "draw.closed"


def announce(
    session: Session,
    plan: Plan,
    drawn: StratifiedDraw,
    unit_of: Callable[[str], FrameUnit],
    parts: Mapping[str, str],
) -> None:
    """Fix a list that stays closed in the log, by hashes that tell nothing of it."""
    if plan.disclose_on is None or plan.disclose_on <= today():
        return
    entries = [
        drawn_entry(
            unit=unit_of(one.code),
            rank=one.rank,
            ticket=one.ticket,
            is_selected=one.is_selected,
            algorithm=plan.digest,
        )
        for one in drawn.units
    ]
    root = drawn_root(entries, plan.digest).hex()
    log.record(session, CLOSED, {"no": plan.no, "drawn_root": root, "parts": dict(parts)})


def public_form(session: Session, plan_no: str) -> dict[str, Any]:
    """What everybody may have of a drawn plan before, and after, its list is public.

    Reads what a visitor may not: give it the system's access.

    Raises
    ------
    PlanUnknown
        No such commitment is public.
    NotDrawnYet
        There is no draw.
    NothingClosed
        The list was public at once.
    """
    plan = public_plan(session, plan_no)
    if plan.drawn_at is None:
        raise NotDrawnYet(plan_no=plan.no)
    announced = session.execute(
        select(JournalEntry).where(
            JournalEntry.stream == STREAM,
            JournalEntry.kind == CLOSED,
            JournalEntry.body["no"].astext == plan.no,
        )
    ).scalar_one_or_none()
    if announced is None:
        raise NothingClosed(plan_no=plan.no)
    return embargoed_form(
        plan=part_of(session, plan, "plan.json"),
        published=json.loads(part_of(session, plan, "commitment.json")),
        leaves=leaves_of(session, plan),
        values=_public_values(session, plan),
        entries=_entries(session, plan),
        announced=receipt(announced),
    )


def _entries(session: Session, plan: Plan) -> list[bytes]:
    same = (FrameRow.plan_id == DrawnUnit.plan_id) & (FrameRow.code == DrawnUnit.code)
    rows = session.execute(
        select(DrawnUnit, FrameRow).join(FrameRow, same).where(DrawnUnit.plan_id == plan.id)
    )
    return [
        drawn_entry(
            unit=FrameUnit(
                row.code, row.stratum, row.category_code, row.region_code, bytes(row.recused)
            ),
            rank=drawn.rank,
            ticket=bytes(drawn.ticket),
            is_selected=drawn.is_selected,
            algorithm=plan.digest,
        )
        for drawn, row in rows
    ]


def _public_values(session: Session, plan: Plan) -> list[dict[str, Any] | None]:
    settled = {
        entry.source: entry
        for entry in session.execute(
            select(EntropyEntry).where(
                EntropyEntry.plan_id == plan.id, EntropyEntry.settled_at.is_not(None)
            )
        ).scalars()
    }
    return [
        None
        if source["kind"] in ("dice", "plan")
        else entry_value(source, settled[place].value, settled[place].signature)
        for place, source in enumerate(plan.sources)
    ]
