"""Prove to one enterprise that it was in a roster, and with what chance."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from core.actors import Actor, Role
from core.chain import leaf_hash
from core.clock import today
from sampling.errors import NotInRoster, TokenWrong, UnitExcluded
from sampling.maths.columns import FrameColumns
from sampling.maths.columns import inclusion_proof as proof_of
from sampling.maths.commitment import FrameUnit
from sampling.maths.inclusion import inclusion_part, inclusion_token, is_token
from sampling.models.plans import Plan, PlanPart, PlanSecret
from sampling.queries.disclosed import public_plan
from sampling.service.frames import stored_columns, stored_details, stored_roots


def inclusion_proof(
    session: Session, actor: Actor, plan_no: str, *, code: str, token: str = ""
) -> dict[str, Any]:
    """Let an enterprise verify by itself that it was in the roster, and with what chance.

    Open to staff, to the enterprise itself, to whoever has the code and its token, and to
    everybody once the roster is public. Reads what a visitor may not: give it the system's access.

    Raises
    ------
    PlanUnknown
        No such commitment is public.
    UnitExcluded
        It was left out by name, with the reason.
    NotInRoster
        It is not there; told to who may know.
    TokenWrong
        The asker may not know. Says the same for enterprises in the roster and others.
    """
    plan = public_plan(session, plan_no)
    wanted = code.strip()
    document = part_of(session, plan, "plan.json")
    _refuse_excluded(plan, json.loads(document), wanted)
    row = _row(session, plan, wanted)
    if not _may_know(session, actor, plan, row, token):
        raise TokenWrong(plan_no=plan.no)
    if row is None:
        raise NotInRoster(unit_code=wanted, plan_no=plan.no)
    columns = _roster_of(session, plan)
    return inclusion_part(
        unit=row.unit,
        index=row.index,
        size=len(columns),
        path=proof_of(columns, row.index, stored_roots(session, plan), plan.digest),
        root=bytes(plan.frame_root or b""),
        plan=document,
        receipt=json.loads(part_of(session, plan, "commitment.json"))["receipt"],
    )


def token_for(session: Session, actor: Actor, plan_no: str, *, code: str) -> dict[str, str]:
    """The token to hand to an enterprise with its notice; for staff, or for the enterprise itself.

    Raises
    ------
    PlanUnknown, TokenWrong, NotInRoster
        As in `inclusion_proof`.
    """
    plan = public_plan(session, plan_no)
    row = _row(session, plan, code.strip())
    is_own = (
        row is not None
        and actor.role is Role.ENTERPRISE
        and actor.enterprise_id == row.enterprise_id
    )
    if not (actor.is_staff or is_own):
        raise TokenWrong(plan_no=plan.no)
    if row is None:
        raise NotInRoster(unit_code=code, plan_no=plan.no)
    secret = bytes.fromhex(session.get_one(PlanSecret, plan.id).recusal_secret)
    return {"code": row.code, "token": inclusion_token(secret, row.code, plan.digest)}


def _row(session: Session, plan: Plan, code: str) -> _Entry | None:
    columns = _roster_of(session, plan)
    found = columns.rows_of([code]) or columns.rows_of([code.upper()])
    for index in found.values():
        detail = stored_details(session, plan, [index])[index]
        return _Entry(columns.unit(index), index, detail.enterprise_id)
    return None


def part_of(session: Session, plan: Plan, name: str) -> bytes:
    """The bytes of a stored part, whoever may read it."""
    part = session.get_one(PlanPart, (plan.id, name), options=[undefer(PlanPart.content)])
    return bytes(part.content)


def _refuse_excluded(plan: Plan, document: dict[str, Any], code: str) -> None:
    for one in document["exclusions"]:
        if one["code"] in (code, code.upper()):
            raise UnitExcluded(unit_code=one["code"], plan_no=plan.no, reason=one["reason"])


def _may_know(session: Session, actor: Actor, plan: Plan, row: _Entry | None, token: str) -> bool:
    if actor.is_staff:
        return True
    frame = select(PlanPart.public_on).where(
        PlanPart.plan_id == plan.id, PlanPart.name == "frame.json"
    )
    opened = session.execute(frame).scalar_one()
    if opened is not None and opened <= today():
        return True
    if row is None:
        return False
    if actor.role is Role.ENTERPRISE and actor.enterprise_id == row.enterprise_id:
        return True
    secret = bytes.fromhex(session.get_one(PlanSecret, plan.id).recusal_secret)
    return bool(token) and is_token(token, secret, row.code, plan.digest)


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    """A unit of a roster, where it stands, and whose it is."""

    unit: FrameUnit
    index: int
    enterprise_id: int

    @property
    def code(self) -> str:
        """The code in the draw."""
        return self.unit.code


# The last roster asked for: on the day after a commitment many ask for the same one. A roster is
# frozen, so what is kept cannot grow old.
_kept: dict[bytes, FrameColumns] = {}
_keeping = threading.Lock()


def leaves_of(session: Session, plan: Plan) -> list[bytes]:
    """The leaf hashes of a frozen roster, in frame order."""
    columns = _roster_of(session, plan)
    return [leaf_hash(unit.leaf(), plan.digest) for unit in columns.units()]


def _roster_of(session: Session, plan: Plan) -> FrameColumns:
    root = bytes(plan.frame_root or b"")
    with _keeping:
        if root not in _kept:
            columns = stored_columns(session, plan)
            _kept.clear()
            _kept[root] = columns
        return _kept[root]
