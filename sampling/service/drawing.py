"""The draw: once per plan, from what was committed, with teams from the same seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, undefer

from core import audit, outbox
from core.actors import Actor
from core.chain import canonical_json
from sampling.errors import EntropyMissing, FrameChanged
from sampling.events import DrawMade
from sampling.maths import bundle
from sampling.maths.assignment import Assignment as Teams
from sampling.maths.assignment import Inspector, Task, assign
from sampling.maths.commitment import (
    FrameUnit,
    frame_tree,
    in_frame_order,
    inspector_root,
    plan_hash,
    recusal_salt,
    seed,
)
from sampling.maths.draw import StratifiedDraw, StratumRule, draw_stratified, tickets
from sampling.maths.entropy import entropy_bytes
from sampling.maths.replay import inspector_of, team_rule_of
from sampling.models.plans import (
    Assignment,
    Draw,
    DrawnUnit,
    Plan,
    PlanInspector,
    PlanPart,
    PlanRecusal,
    PlanSecret,
    PlanState,
)
from sampling.queries.plans import entries_of, plan_by_no, source_name
from sampling.service import embargo, log
from sampling.service.entropy import entry_value, refuse_unless_committed
from sampling.service.parts import disclose_parts, store_part, stored_records, stored_units


def draw(session: Session, actor: Actor, plan_no: str) -> Draw:
    """Draw the units and their inspectors from the committed roster: exactly once.

    Raises
    ------
    AlreadyDrawn
        There is a draw; it cannot be repeated.
    EntropyMissing
        A source has no value yet; it is named.
    FrameChanged
        Stored roster, inspectors or plan are not what was committed.
    StateForbids, PlanVoid, PlanUnknown
        The plan does not wait for a draw.
    """
    plan = plan_by_no(session, plan_no, lock=True)
    refuse_unless_committed(plan)
    given = _settled_values(session, plan)
    committed = Committed(session, plan)
    committed.check()
    value = seed(
        commitment=bytes(plan.commitment or b""),
        entropy=[entropy_bytes(s, g) for s, g in zip(plan.sources, given, strict=True)],
        algorithm=plan.digest,
    )
    drawn = draw_stratified(
        seed=value,
        codes=[unit.code for unit in committed.units],
        strata=[unit.stratum for unit in committed.units],
        rules=[
            StratumRule(rule["key"], rule["quota"], rule["reserve"])
            for rule in committed.document["strata"]
        ],
        algorithm=plan.digest,
    )
    dispatch = tickets(value, "dispatch", plan.digest)
    order = [unit.code for unit in drawn.selected]
    order.sort(key=lambda code: (dispatch.of(code), in_frame_order(code)))
    teams = committed.teams(value, order, committed.inspectors)
    openings = [committed.opening(code) for code in order]
    parts = {
        "entropy.json": {"sources": given},
        "draw.json": bundle.draw_part(drawn),
        "assignment.json": bundle.assignment_part(teams, openings),
        "history.json": {"replacements": [], "void": None},
    }
    software = committed.document["software"]
    return _store(session, actor, plan, drawn, teams, parts, software, committed.by_code)


class Committed:
    """What a plan has committed to, read back from its rows."""

    def __init__(self, session: Session, plan: Plan) -> None:
        self.session, self.plan = session, plan
        part = session.get_one(
            PlanPart, (plan.id, "plan.json"), options=[undefer(PlanPart.content)]
        )
        self.document: dict[str, Any] = json.loads(part.content)
        self.units: list[FrameUnit] = stored_units(session, plan)
        self.by_code = {unit.code: unit for unit in self.units}
        self.records = stored_records(session, plan)
        self.inspectors = [inspector_of(record) for record in self.records]
        self.secret = bytes.fromhex(session.get_one(PlanSecret, plan.id).recusal_secret)
        self.recused: dict[str, set[str]] = {}
        ties = select(PlanRecusal.code, PlanRecusal.inspector_id)
        for code, inspector in session.execute(ties.where(PlanRecusal.plan_id == plan.id)):
            self.recused.setdefault(code, set()).add(inspector)

    def check(self) -> None:
        """Refuse to draw from anything but what was published.

        Raises
        ------
        FrameChanged
            A hash differs; the part is named.
        """
        plan, digest = self.plan, self.plan.digest
        pairs = (
            ("plan", plan_hash(self.document, digest), bytes(plan.plan_hash or b"")),
            ("roster", frame_tree(self.units, digest).root, bytes(plan.frame_root or b"")),
            (
                "pool of inspectors",
                inspector_root(self.records, digest),
                bytes.fromhex(self.document["inspector_root"]),
            ),
        )
        for part, found, committed in pairs:
            if found != committed:
                raise FrameChanged(
                    part=part, plan_no=plan.no, found=found.hex(), committed=committed.hex()
                )

    def task(self, code: str) -> Task:
        """A unit as a task."""
        unit = self.by_code[code]
        recused = frozenset(self.recused.get(code, ()))
        return Task(code, unit.category, unit.region, recused)

    def opening(self, code: str) -> dict[str, Any]:
        """The recusals of a unit, opened."""
        salt = recusal_salt(self.secret, code, self.plan.digest)
        return bundle.opening(code, salt, frozenset(self.recused.get(code, ())))

    def teams(
        self, seed_value: bytes, codes: Sequence[str], inspectors: Sequence[Inspector]
    ) -> Teams:
        """Teams for some units."""
        return assign(
            seed=seed_value,
            tasks=[self.task(code) for code in codes],
            inspectors=inspectors,
            rule=team_rule_of(self.document),
            algorithm=self.plan.digest,
        )


def _settled_values(session: Session, plan: Plan) -> list[dict[str, Any]]:
    entries = entries_of(session, plan)
    values, missing = [], []
    for place, source in enumerate(plan.sources):
        standing = [e for e in entries.get(place, ()) if e.settled_at is not None]
        if standing:
            values.append(entry_value(source, standing[0].value, standing[0].signature))
        else:
            missing.append(source_name(source))
    if missing:
        raise EntropyMissing(plan_no=plan.no, missing=", ".join(missing))
    return values


def _store(
    session: Session,
    actor: Actor,
    plan: Plan,
    drawn: StratifiedDraw,
    teams: Teams,
    parts: Mapping[str, Mapping[str, Any]],
    software: str,
    units: Mapping[str, FrameUnit],
) -> Draw:
    hashes = {
        name: hashlib.sha256(canonical_json(value)).hexdigest()
        for name, value in parts.items()
        if name != "history.json"
    }
    said = {"no": plan.no, "seed": drawn.seed.hex(), "parts": hashes}
    entry = log.record(session, "draw.made", said)
    embargo.announce(session, plan, drawn, units, hashes)
    row = Draw(
        plan_id=plan.id,
        seed=drawn.seed,
        journal_sequence=entry.sequence,
        software=software,
        drawn_by=actor.account_id,
        drawn_at=entry.recorded_at,
        blocking=[
            {"code": one.code, "reasons": [[i, reason.value] for i, reason in one.reasons]}
            for one in teams.blocking
        ],
    )
    session.add(row)
    session.flush()  # the units refer to it
    session.execute(
        insert(DrawnUnit),
        [
            {
                "plan_id": plan.id,
                "code": unit.code,
                "stratum": unit.stratum,
                "rank": unit.rank,
                "ticket": unit.ticket,
                "is_selected": unit.is_selected,
            }
            for unit in drawn.units
        ],
    )
    store_seats(session, plan, {team.code: team.inspectors for team in teams.teams}, start=1)
    plan.state = PlanState.DRAWN
    plan.drawn_at = entry.recorded_at
    for name, value in parts.items():
        store_part(session, plan, name, value, public_on=None)
    disclose_parts(session, plan)
    audit.record(session, actor, "plan.drawn", plan.no, {"seed": drawn.seed.hex()})
    outbox.add(session, DrawMade(plan_no=plan.no, seed=drawn.seed.hex()))
    return row


def store_seats(
    session: Session, plan: Plan, teams: Mapping[str, Sequence[str]], *, start: int
) -> None:
    """Keep the seats of some teams; units count on from ``start`` in the order given."""
    if not teams:
        return
    person = dict(
        session.execute(
            select(PlanInspector.inspector_id, PlanInspector.person_id).where(
                PlanInspector.plan_id == plan.id
            )
        ).all()
    )
    session.execute(
        insert(Assignment),
        [
            {
                "plan_id": plan.id,
                "code": code,
                "person_id": person[inspector],
                "position": position,
                "dispatch": number,
            }
            for number, (code, members) in enumerate(teams.items(), start=start)
            for position, inspector in enumerate(members)
        ],
    )
