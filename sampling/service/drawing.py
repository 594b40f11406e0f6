"""The draw: once per plan, from what was committed, with teams from the same seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from core import audit, outbox
from core.actors import Actor
from core.chain import canonical_json
from core.db import copy_rows
from core.progress import Progress, silent
from sampling.errors import EntropyMissing, FrameChanged
from sampling.events import DrawMade
from sampling.maths import bundle
from sampling.maths.assignment import Assignment as Teams
from sampling.maths.assignment import Inspector, Task, assign
from sampling.maths.columns import FrameColumns, root_of
from sampling.maths.commitment import (
    FrameUnit,
    in_frame_order,
    inspector_root,
    plan_hash,
    recusal_salt,
    seed,
)
from sampling.maths.draw import StratifiedDraw, StratumRule, tickets
from sampling.maths.entropy import SourceKind, entropy_bytes
from sampling.maths.ranking import draw_columns
from sampling.maths.replay import has_odds, inspector_of, permanent_of, team_rule_of
from sampling.maths.shortage import Shortage, shortage
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
from sampling.service.frames import store_units, stored_details, stored_frame
from sampling.service.parts import disclose_parts, store_content, stored_records


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
    plan_by_no(session, plan_no, lock=True)
    return store_draw(session, actor, prepare(session, plan_no))


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A draw, computed but not yet stored."""

    plan_no: str
    drawn: StratifiedDraw
    teams: Teams
    parts: dict[str, dict[str, Any]]
    software: str
    columns: FrameColumns
    rows: dict[str, int]  # of the drawn units and the reserves
    lack: Shortage | None  # why there are no teams, in words for people


def prepare(session: Session, plan_no: str, *, progress: Progress = silent) -> Prepared:
    """Everything that a draw computes; changes nothing, so it may take its time.

    Raises
    ------
    The refusals of `draw`.
    """
    plan = plan_by_no(session, plan_no)
    refuse_unless_committed(plan)
    given = settled_values(session, plan)
    committed = Committed(session, plan)
    committed.check()
    value = seed(
        commitment=bytes(plan.commitment or b""),
        entropy=[entropy_bytes(s, g) for s, g in zip(plan.sources, given, strict=True)],
        algorithm=plan.digest,
    )
    drawn = draw_columns(
        seed=value,
        columns=committed.columns,
        rules=[
            StratumRule(rule["key"], rule["quota"], rule["reserve"])
            for rule in committed.document["strata"]
        ],
        algorithm=plan.digest,
        by_odds=has_odds(committed.document),
        permanent=permanent_of(committed.document, given, value),
        progress=progress,
    )
    progress("assign", 0, 1)
    rows = committed.learn([unit.code for unit in drawn.units])
    dispatch = tickets(value, "dispatch", plan.digest)
    order = [unit.code for unit in drawn.selected]
    order.sort(key=lambda code: (dispatch.of(code), in_frame_order(code)))
    teams = committed.teams(value, order, committed.inspectors)
    openings = [committed.opening(code) for code in order]
    lack = None if teams.is_complete else committed.shortage(order)
    parts = {
        "entropy.json": {"sources": given},
        "draw.json": bundle.draw_part(drawn),
        "assignment.json": bundle.assignment_part(teams, openings, lack),
        "history.json": {"replacements": [], "void": None},
    }
    return Prepared(
        plan_no=plan.no,
        drawn=drawn,
        teams=teams,
        parts=parts,
        software=committed.document["software"],
        columns=committed.columns,
        rows=rows,
        lack=lack,
    )


class Committed:
    """What a plan has committed to, read back from its rows."""

    def __init__(self, session: Session, plan: Plan) -> None:
        self.session, self.plan = session, plan
        part = session.get_one(
            PlanPart, (plan.id, "plan.json"), options=[undefer(PlanPart.content)]
        )
        self.document: dict[str, Any] = json.loads(part.content)
        try:
            self.columns, self.roots = stored_frame(session, plan)
        except ValueError as error:
            raise self._changed("roster", str(error), bytes(plan.frame_root or b"").hex()) from None
        self.by_code: dict[str, FrameUnit] = {}
        self.records = stored_records(session, plan)
        self.inspectors = [inspector_of(record) for record in self.records]
        self.secret = bytes.fromhex(session.get_one(PlanSecret, plan.id).recusal_secret)
        self.recused: dict[str, set[str]] = {}
        ties = select(PlanRecusal.code, PlanRecusal.inspector_id)
        for code, inspector in session.execute(ties.where(PlanRecusal.plan_id == plan.id)):
            self.recused.setdefault(code, set()).add(inspector)

    def _changed(self, part: str, found: str, committed: str) -> FrameChanged:
        return FrameChanged(part=part, plan_no=self.plan.no, found=found, committed=committed)

    def learn(self, codes: Iterable[str]) -> dict[str, int]:
        """Look some units up, all at once; returns their rows."""
        rows = self.columns.rows_of(codes)
        self.by_code.update({code: self.columns.unit(row) for code, row in rows.items()})
        return rows

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
            ("roster", root_of(self.roots, digest), bytes(plan.frame_root or b"")),
            (
                "pool of inspectors",
                inspector_root(self.records, digest),
                bytes.fromhex(self.document["inspector_root"]),
            ),
        )
        for part, found, committed in pairs:
            if found != committed:
                raise self._changed(part, found.hex(), committed.hex())

    def task(self, code: str) -> Task:
        """A unit as a task."""
        if code not in self.by_code:
            self.learn([code])
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

    def shortage(self, codes: Sequence[str]) -> Shortage | None:
        """The fewest of some units that prove that they cannot all get teams."""
        return shortage(
            tasks=[self.task(code) for code in codes],
            inspectors=self.inspectors,
            rule=team_rule_of(self.document),
        )


def settled_values(session: Session, plan: Plan) -> list[dict[str, Any]]:
    """The value of each source, in the order of the plan.

    Raises
    ------
    EntropyMissing
        A source has none yet.
    """
    entries = entries_of(session, plan)
    values: list[dict[str, Any]] = []
    missing = []
    for place, source in enumerate(plan.sources):
        standing = [e for e in entries.get(place, ()) if e.settled_at is not None]
        if source["kind"] == SourceKind.PLAN:
            first = plan_by_no(session, source["plan_no"])
            found = session.get(Draw, first.id)
            if found is None:
                missing.append(source_name(source))
            else:
                values.append({"kind": "plan", "value": bytes(found.seed).hex()})
        elif standing:
            values.append(entry_value(source, standing[0].value, standing[0].signature))
        else:
            missing.append(source_name(source))
    if missing:
        raise EntropyMissing(plan_no=plan.no, missing=", ".join(missing))
    return values


def store_draw(
    session: Session, actor: Actor, prepared: Prepared, *, progress: Progress = silent
) -> Draw:
    """Keep a draw that was prepared: all of it, and only once.

    Raises
    ------
    AlreadyDrawn, StateForbids, PlanVoid
        Somebody was faster.
    """
    plan = plan_by_no(session, prepared.plan_no, lock=True)
    refuse_unless_committed(plan)
    progress("store", 0, 1)
    drawn, teams, parts = prepared.drawn, prepared.teams, prepared.parts
    contents = {name: canonical_json(value) for name, value in parts.items()}
    hashes = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in contents.items()
        if name != "history.json"
    }
    said: dict[str, object] = {"no": plan.no, "seed": drawn.seed.hex(), "parts": hashes}
    entry = log.record(session, "draw.made", said)
    embargo.announce(
        session,
        plan,
        drawn,
        lambda code: prepared.columns.unit(prepared.rows[code]),
        hashes,
    )
    row = Draw(
        plan_id=plan.id,
        seed=drawn.seed,
        journal_sequence=entry.sequence,
        software=prepared.software,
        drawn_by=actor.account_id,
        drawn_at=entry.recorded_at,
        blocking=[
            {"code": one.code, "reasons": [[i, reason.value] for i, reason in one.reasons]}
            for one in teams.blocking
        ],
        shortage=None if prepared.lack is None else asdict(prepared.lack),
    )
    session.add(row)
    session.flush()  # the units refer to it
    known = stored_details(session, plan, prepared.rows.values())
    store_units(session, plan, prepared.columns, prepared.rows.values(), known.__getitem__)
    copy_rows(
        session,
        DrawnUnit,
        ("plan_id", "code", "stratum", "rank", "ticket", "is_selected"),
        (
            (plan.id, unit.code, unit.stratum, unit.rank, unit.ticket, unit.is_selected)
            for unit in drawn.units
        ),
    )
    store_seats(session, plan, {team.code: team.inspectors for team in teams.teams}, start=1)
    plan.state = PlanState.DRAWN
    plan.drawn_at = entry.recorded_at
    for name, content in contents.items():
        store_content(session, plan, name, content, public_on=None)
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
    copy_rows(
        session,
        Assignment,
        ("plan_id", "code", "person_id", "position", "dispatch"),
        (
            (plan.id, code, person[inspector], position, number)
            for number, (code, members) in enumerate(teams.items(), start=start)
            for position, inspector in enumerate(members)
        ),
    )
