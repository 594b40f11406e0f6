"""The parts of a plan's proof: written when they come to be, read when somebody wants to verify."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from importlib import resources
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session, undefer

from core.chain import canonical_json
from core.clock import today
from core.journal import JournalEntry
from registry.queries import InspectorView
from sampling.errors import NotDisclosed, NotDrawnYet
from sampling.maths import bundle
from sampling.maths.columns import frame_json
from sampling.maths.commitment import PROTOCOL, length_prefixed
from sampling.models.plans import Plan, PlanInspector, PlanPart
from sampling.queries.seats import seat_changes_of
from sampling.queries.units import replacements_of
from sampling.service.frames import stored_columns

FRAME: Final = "frame.json"


def verifier() -> bytes:
    """The text of the standalone verifier."""
    return resources.files("sampling.verifier").joinpath("verify_draw.py").read_bytes()


def store_part(
    session: Session, plan: Plan, name: str, value: Mapping[str, Any], *, public_on: date | None
) -> bytes:
    """Keep one part as canonical bytes; returns them."""
    content = canonical_json(value)
    store_content(session, plan, name, content, public_on=public_on)
    return content


def store_content(
    session: Session, plan: Plan, name: str, content: bytes, *, public_on: date | None
) -> None:
    """The same for bytes that are canonical already."""
    sha256 = hashlib.sha256(content).hexdigest()
    known = session.get(PlanPart, (plan.id, name))
    if known is None:
        session.add(
            PlanPart(
                plan_id=plan.id, name=name, content=content, sha256=sha256, public_on=public_on
            )
        )
    else:
        known.content, known.sha256, known.public_on = content, sha256, public_on
    session.flush()


def stand_for_frame(session: Session, plan: Plan) -> None:
    """Mark that the plan has a frame.json: it is written from the blocks when it is asked for."""
    empty = hashlib.sha256(b"").hexdigest()
    session.add(PlanPart(plan_id=plan.id, name=FRAME, content=b"", sha256=empty, public_on=None))
    session.flush()


def disclose_parts(session: Session, plan: Plan) -> date:
    """Let every part be public, now or from the day the plan names; returns that day."""
    on = max(plan.disclose_on or today(), today())
    session.execute(
        update(PlanPart)
        .where(PlanPart.plan_id == plan.id, PlanPart.public_on.is_(None))
        .values(public_on=on)
    )
    return on


def receipt(entry: JournalEntry) -> dict[str, Any]:
    """A journal entry as anyone can recompute its hash."""
    return {
        "stream": entry.stream,
        "sequence": entry.sequence,
        "kind": entry.kind,
        "recorded_at": entry.recorded_at.isoformat(timespec="microseconds"),
        "body": entry.body,
        "previous_hash": bytes(entry.previous_hash).hex(),
        "hash": bytes(entry.hash).hex(),
    }


def stored_records(session: Session, plan: Plan) -> list[dict[str, Any]]:
    """The committed records of the inspectors, from their rows."""
    return list(
        session.execute(
            select(PlanInspector.record).where(PlanInspector.plan_id == plan.id)
        ).scalars()
    )


def salted_id(secret: bytes, inspector: InspectorView) -> str:
    """An id that tells nobody who it is, the same throughout one plan."""
    return (
        "S" + hashlib.sha256(length_prefixed("person", secret, inspector.number)).hexdigest()[:16]
    )


def history_part(session: Session, plan: Plan, opened: Mapping[str, Any]) -> dict[str, Any]:
    """What happened after the draw.

    Parameters
    ----------
    opened : mapping
        For each reserve called up: its opening, and the ids of its team as ``inspectors``.
    """
    steps = [
        {**opened[step.code], "replaces": step.replaces, "reason": step.reason}
        for step in replacements_of(session, plan.id)
    ]
    void = None
    if plan.voided_at is not None:
        void = {"reason": plan.void_reason, "at": plan.voided_at.isoformat()}
    history = {"replacements": steps, "void": void}
    recusals = _recusals(session, plan)
    return {**history, "recusals": recusals} if recusals else history


def _recusals(session: Session, plan: Plan) -> list[dict[str, Any]]:
    changes = seat_changes_of(session, plan.id)
    if not changes:
        return []
    ids = dict(
        session.execute(
            select(PlanInspector.person_id, PlanInspector.inspector_id).where(
                PlanInspector.plan_id == plan.id
            )
        ).all()
    )
    return [
        {
            "after": change.after,
            "code": change.code,
            "position": change.position,
            "out": ids[change.person_out],
            "in": ids[change.person_in],
            "kind": change.kind,
        }
        for change in changes
    ]


def parts_of(session: Session, plan: Plan, *, only_public: bool) -> dict[str, bytes]:
    """The parts that exist (and are public by now), without manifest."""
    statement = (
        select(PlanPart).where(PlanPart.plan_id == plan.id).options(undefer(PlanPart.content))
    )
    if only_public:
        statement = statement.where(PlanPart.public_on <= today())
    found = {
        part.name: bytes(part.content) for part in session.execute(statement).scalars().unique()
    }
    if FRAME in found:
        found[FRAME] = frame_json(stored_columns(session, plan))
    return found


def sealed_bundle(session: Session, plan: Plan, *, only_public: bool) -> dict[str, bytes]:
    """All parts of a drawn plan, with verifier and manifest.

    Raises
    ------
    NotDrawnYet
        There is no draw.
    NotDisclosed
        The drawn list is not public yet.
    """
    if plan.drawn_at is None:
        raise NotDrawnYet(plan_no=plan.no)
    parts = parts_of(session, plan, only_public=only_public)
    if "draw.json" not in parts:
        raise NotDisclosed(plan_no=plan.no, disclose_on=str(plan.disclose_on))
    return sealed(parts)


def sealed(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """Parts with those that every bundle has alike, and the manifest over all."""
    whole = {
        "protocol.json": canonical_json({"protocol": PROTOCOL}),
        **parts,
        "README.txt": bundle.README.encode(),
        "verify_draw.py": verifier(),
    }
    return {**whole, "manifest.json": bundle.manifest(whole)}
