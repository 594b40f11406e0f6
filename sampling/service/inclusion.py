"""Prove to one enterprise that it was in a roster, and with what chance."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from core.actors import Actor, Role
from core.chain import MerkleTree
from core.clock import today
from sampling.errors import NotInRoster, TokenWrong, UnitExcluded
from sampling.maths.commitment import FrameUnit, frame_tree, in_frame_order
from sampling.maths.inclusion import inclusion_part, inclusion_token, is_token
from sampling.models.plans import FrameUnit as FrameRow
from sampling.models.plans import Plan, PlanPart, PlanSecret
from sampling.queries.disclosed import public_plan
from sampling.service.parts import stored_units


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
    unit = FrameUnit(row.code, row.stratum, row.category_code, row.region_code, bytes(row.recused))
    grown = _grown(session, plan)
    return inclusion_part(
        unit=unit,
        index=grown.index(unit.code),
        tree=grown.tree,
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


def _row(session: Session, plan: Plan, code: str) -> FrameRow | None:
    return session.get(FrameRow, (plan.id, code)) or session.get(FrameRow, (plan.id, code.upper()))


def part_of(session: Session, plan: Plan, name: str) -> bytes:
    """The bytes of a stored part, whoever may read it."""
    part = session.get_one(PlanPart, (plan.id, name), options=[undefer(PlanPart.content)])
    return bytes(part.content)


def _refuse_excluded(plan: Plan, document: dict[str, Any], code: str) -> None:
    for one in document["exclusions"]:
        if one["code"] in (code, code.upper()):
            raise UnitExcluded(unit_code=one["code"], plan_no=plan.no, reason=one["reason"])


def _may_know(session: Session, actor: Actor, plan: Plan, row: FrameRow | None, token: str) -> bool:
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


@dataclass(frozen=True, slots=True)
class _Grown:
    """The tree over a roster, and the order of its codes."""

    tree: MerkleTree
    codes: npt.NDArray[np.bytes_]

    def index(self, code: str) -> int:
        """The place of a code in frame order."""
        return int(np.flatnonzero(self.codes == code.encode())[0])


# The last tree asked for: on the day after a commitment many ask for the same one. About 150 bytes
# for each unit; a roster is frozen, so what is kept cannot grow old.
_kept: dict[bytes, _Grown] = {}
_keeping = threading.Lock()


def tree_of(session: Session, plan: Plan) -> MerkleTree:
    """The tree over a frozen roster."""
    return _grown(session, plan).tree


def _grown(session: Session, plan: Plan) -> _Grown:
    root = bytes(plan.frame_root or b"")
    with _keeping:
        if root not in _kept:
            units = stored_units(session, plan)
            codes = sorted((unit.code for unit in units), key=in_frame_order)
            grown = _Grown(frame_tree(units, plan.digest), np.array(codes, dtype=np.bytes_))
            _kept.clear()
            _kept[root] = grown
        return _kept[root]
