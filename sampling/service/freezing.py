"""Freeze a plan: snapshot roster and inspectors, commit to them, publish the commitment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit, outbox
from core.actors import Actor
from core.clock import now, today
from core.db import copy_rows
from core.errors import FieldProblem, Stale
from core.progress import Progress, silent
from sampling.errors import (
    BeaconNotInFuture,
    FrameEmpty,
    GroupNotOpen,
    NoEligibleInspector,
    QuotaTooLarge,
    StateForbids,
    StratumWithoutQuota,
    TooFewVisits,
)
from sampling.events import PlanCommitted
from sampling.maths import bundle
from sampling.maths.assignment import Blocked, Inspector, Task, units_without_team
from sampling.maths.columns import Closing, FrameColumns, closed, root_of, with_odds
from sampling.maths.commitment import PROTOCOL, commitment, inspector_root, plan_hash
from sampling.maths.entropy import NETWORKS, SourceKind, due_at
from sampling.maths.replay import team_rule_of
from sampling.models.plans import (
    Plan,
    PlanInspector,
    PlanRecusal,
    PlanSecret,
    PlanState,
    Stratum,
)
from sampling.queries.plans import plan_by_no, source_name
from sampling.service import log
from sampling.service.annual import refuse_unlisted
from sampling.service.frames import Frame, store_blocks, store_units
from sampling.service.framing import frame_of, pool_of, ties_of
from sampling.service.parts import receipt, stand_for_frame, store_part
from sampling.service.weighing import published, weigh

SHOWN = 20  # units and inspectors named in a refusal
FILTERS = ("category_codes", "region_codes", "repeat_days")
AHEAD = timedelta(minutes=10)  # a round suggested instead of one that is known


@dataclass(frozen=True, slots=True, eq=False)
class Frozen:
    """A roster and all that is committed with it, computed but not yet stored."""

    plan_no: str
    version: int  # of the plan when it was read
    secret: bytes
    frame: Frame  # with its recusals hidden
    roots: tuple[bytes, ...]  # of its blocks
    document: dict[str, Any]
    people: list[tuple[int, str]]  # person and inspector id
    records: list[dict[str, Any]]
    ties: dict[str, dict[str, list[str]]]  # unit → inspector → kinds


def freeze(session: Session, actor: Actor, plan_no: str, *, secret: bytes, software: str) -> Plan:
    """Freeze roster, inspectors and plan, and publish the commitment before any entropy exists.

    Parameters
    ----------
    secret : bytes, shape (32,)
        Fresh randomness; salts the recusals, so that nobody can guess who is tied to whom.
    software : str
        The release that draws.

    Raises
    ------
    StateForbids
        The plan is not a draft.
    BeaconNotInFuture, FrameEmpty, StratumWithoutQuota, QuotaTooLarge, CodeUnusable,
    NoEligibleInspector, TooFewVisits
        What stands in the way; nothing is stored.
    """
    plan_by_no(session, plan_no, lock=True)
    return store_frozen(session, actor, prepare(session, plan_no, secret=secret, software=software))


def prepare(
    session: Session,
    plan_no: str,
    *,
    secret: bytes,
    software: str,
    progress: Progress = silent,
) -> Frozen:
    """Everything that freezing computes; changes nothing, so it may take its time.

    Raises
    ------
    The refusals of `freeze`.
    """
    plan = plan_by_no(session, plan_no)
    check_draft(plan)
    refuse_unlisted(session, plan)
    check_sources_lie_ahead(plan)
    frame = frame_of(session, plan, progress=progress)
    progress("inspectors", 0, 1)
    strata = _checked_strata(session, plan, frame)
    pool = pool_of(session, plan, frame, secret)
    ties = ties_of(session, plan, frame, pool)
    recused = {code: frozenset(kinds) for code, kinds in ties.items()}
    records = [
        bundle.inspector_record(member, view.name if plan.identity == "number-and-name" else None)
        for view, member in pool
    ]
    weighed = weigh(plan, frame, strata)
    document = _document(plan, strata, frame, records, software)
    document |= published(plan, weighed)
    if weighed is not None:
        for rule in document["strata"]:
            rule["calibrated"] = weighed.calibrated[rule["key"]]
    if plan.coordination is not None:
        _check_the_group(session, plan, lock=False)
        document["coordination"] = {key: plan.coordination[key] for key in ("place", "of")}
    _check_everyone_can_get_a_team(document, frame, [member for _, member in pool], recused)
    columns = frame.columns
    if weighed is not None:
        codes = columns.codes.tolist()
        columns = with_odds(columns, [weighed.by_code[code.decode("ascii")] for code in codes])
    columns, roots = closed(columns, Closing(secret, recused), plan.digest, progress=progress)
    return Frozen(
        plan_no=plan.no,
        version=plan.version,
        secret=secret,
        frame=replace(frame, columns=columns),
        roots=roots,
        document=document,
        people=[(view.person_id, member.id) for view, member in pool],
        records=records,
        ties=ties,
    )


def store_frozen(
    session: Session, actor: Actor, frozen: Frozen, *, progress: Progress = silent
) -> Plan:
    """Commit to what was prepared, store and publish it: all of it, or nothing.

    Raises
    ------
    StateForbids, BeaconNotInFuture
        Somebody was faster, or a source came due meanwhile.
    Stale
        The plan was changed meanwhile.
    """
    plan = plan_by_no(session, frozen.plan_no, lock=True)
    check_draft(plan)
    if plan.version != frozen.version:
        raise Stale
    _check_the_group(session, plan, lock=True)
    check_sources_lie_ahead(plan)
    plan.frame_root = root_of(frozen.roots, plan.digest)
    plan.plan_hash = plan_hash(frozen.document, plan.digest)
    plan.commitment = commitment(
        frame_root=plan.frame_root, plan=plan.plan_hash, algorithm=plan.digest
    )
    plan.state = PlanState.COMMITTED
    for row in session.execute(select(Stratum).where(Stratum.plan_id == plan.id)).scalars():
        row.size = frozen.frame.sizes[row.key]
    session.add(PlanSecret(plan_id=plan.id, recusal_secret=frozen.secret.hex()))
    store_blocks(session, plan, frozen.frame, frozen.roots, progress=progress)
    _store_rows(session, plan, frozen)
    _publish(session, actor, plan, frozen)
    return plan


def check_draft(plan: Plan) -> None:
    """Only a draft can be frozen.

    Raises
    ------
    StateForbids
    """
    if plan.state != PlanState.DRAFT:
        raise StateForbids(plan_no=plan.no, state=plan.state, needed=PlanState.DRAFT.value)


def check_sources_lie_ahead(plan: Plan) -> None:
    """No source may be known when the commitment is published.

    Raises
    ------
    BeaconNotInFuture
    """
    for source in plan.sources:
        due = due_at(source)
        if due is None or due > now():
            continue
        suggestion = "a later one"
        if source["kind"] == SourceKind.BEACON:
            following = NETWORKS[source["network"]].round_after(now() + AHEAD)
            suggestion = f"{source['network']} {following}"
        raise BeaconNotInFuture(
            source=source_name(source), due_at=due.isoformat(), suggestion=suggestion
        )


def _check_the_group(session: Session, plan: Plan, *, lock: bool) -> None:
    """The first plan of a coordinated group is committed, and nobody knows its seed yet."""
    said = plan.coordination or {"place": 0}
    if not said["place"]:
        return
    first = plan_by_no(session, said["with"], lock=lock)
    (source,) = plan.sources
    fits = (
        first.state == PlanState.COMMITTED
        and bytes(first.commitment or b"").hex() == source["commitment"]
        and (first.coordination or {}).get("of") == said["of"]
    )
    if not fits:
        raise GroupNotOpen(first_no=first.no, state=first.state, plan_no=plan.no)


def _checked_strata(session: Session, plan: Plan, frame: Frame) -> list[Stratum]:
    rows = session.execute(select(Stratum).where(Stratum.plan_id == plan.id)).scalars().all()
    if not len(frame):
        raise FrameEmpty(excluded=len(frame.exclusions))
    known = {row.key for row in rows}
    for key, size in sorted(frame.sizes.items()):
        if key not in known:
            raise StratumWithoutQuota(stratum=key, size=size)
    for row in rows:
        if row.quota > frame.sizes[row.key]:
            raise QuotaTooLarge(stratum=row.key, quota=row.quota, size=frame.sizes[row.key])
    return sorted(rows, key=lambda row: row.key.encode())


def _document(
    plan: Plan,
    strata: Sequence[Stratum],
    frame: Frame,
    records: Sequence[Mapping[str, Any]],
    software: str,
) -> dict[str, Any]:
    """The plan as it is committed (draw-v1, section 4)."""
    sizes = frame.sizes
    return {
        "protocol": PROTOCOL,
        "no": plan.no,
        "title": plan.title,
        "digest": plan.digest,
        "strata_by": plan.strata_by,
        "strata": [
            {"key": row.key, "size": sizes[row.key], "quota": row.quota, "reserve": row.reserve}
            for row in strata
        ],
        "filters": {
            name: plan.filters[name]
            for name in (*FILTERS, "yearly_cap", "uncapped_reason", "exemption")
            if name in FILTERS or plan.filters.get(name) is not None
        },
        "purpose": plan.purpose,
        "exclusions": [{"code": code, "reason": reason} for code, reason in frame.exclusions],
        "inspector_root": inspector_root(records, plan.digest).hex(),
        "entropy": list(plan.sources),
        "fallback": "void",
        "team": {name: value for name, value in plan.team.items() if name != "cap"},
        "visit_on": plan.visit_on.isoformat(),
        "disclose_on": plan.disclose_on.isoformat() if plan.disclose_on else None,
        "software": software,
    }


def _check_everyone_can_get_a_team(
    document: Mapping[str, Any],
    frame: Frame,
    pool: Sequence[Inspector],
    recused: Mapping[str, frozenset[str]],
) -> None:
    drawable = {rule["key"] for rule in document["strata"] if rule["quota"]}
    rule = team_rule_of(document)
    team_size = sum(kind.seats for kind in rule.seat_kinds)
    tasks = _tasks(frame.columns, drawable, recused)
    found = units_without_team([task for task, _ in tasks], pool, rule)
    if found:
        alike = {task.code: rows for task, rows in tasks}
        rows = sorted((row, one) for one in found for row in alike[one.code].tolist()[:SHOWN])
        blocked = [replace(one, code=frame.columns.code(row)) for row, one in rows[:SHOWN]]
        raise NoEligibleInspector(
            count=sum(len(alike[one.code]) for one in found),
            team_size=team_size,
            units=", ".join(one.code for one in blocked),
            fields=[blocked_field(one) for one in blocked],
        )
    # Who is drawn does not matter here: too few visits in all is known before any number exists.
    visits = sum(rule["quota"] for rule in document["strata"])
    needed = visits * team_size
    available = sum(max(0, one.cap - one.load) for one in pool)
    if available < needed:
        raise TooFewVisits(visits=visits, needed=needed, available=available, inspectors=len(pool))


def _tasks(
    columns: FrameColumns, drawable: Collection[str], recused: Mapping[str, frozenset[str]]
) -> list[tuple[Task, npt.NDArray[np.intp]]]:
    """One task for all units that are alike to a team, with their rows."""
    apart = columns.rows_of(recused)
    tasks = []
    for code, row in apart.items():
        unit = columns.unit(row)
        if unit.stratum in drawable:
            task = Task(code, unit.category, unit.region, recused[code])
            tasks.append((task, np.array([row])))
    others = np.ones(len(columns), dtype=bool)
    others[list(apart.values())] = False
    wanted: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, kind in enumerate(columns.kinds):
        if kind.stratum in drawable:
            wanted[kind.category, kind.region].append(number)
    group = np.full(len(columns.kinds), -1)
    for place, numbers in enumerate(wanted.values()):
        group[numbers] = place
    of_row = np.where(others, group[columns.kind], -1)
    order = np.argsort(of_row, kind="stable")
    starts = np.searchsorted(of_row[order], np.arange(len(wanted) + 1))
    for place, (category, region) in enumerate(wanted):
        rows = order[starts[place] : starts[place + 1]]
        if len(rows):
            task = Task(columns.code(int(rows[0])), category, region, frozenset())
            tasks.append((task, rows))
    return tasks


def blocked_field(one: Blocked) -> FieldProblem:
    """A unit without team, and which inspectors cannot go for which reason."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for inspector, reason in one.reasons:
        by_reason[reason.value].append(inspector)
    told = []
    for kind, ids in by_reason.items():
        more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
        told.append(f"{kind}: {', '.join(ids[:SHOWN])}{more}")
    words = "; ".join(told) or "there are too few inspectors"
    return FieldProblem(one.code, "Too few inspectors can go. {reasons}", {"reasons": words})


def _store_rows(session: Session, plan: Plan, frozen: Frozen) -> None:
    copy_rows(
        session,
        PlanInspector,
        ("plan_id", "person_id", "inspector_id", "record"),
        (
            (plan.id, person, inspector, record)
            for (person, inspector), record in zip(frozen.people, frozen.records, strict=True)
        ),
    )
    columns = frozen.frame.columns
    rows = columns.rows_of(frozen.ties)
    store_units(session, plan, columns, rows.values(), frozen.frame.details.at)
    copy_rows(
        session,
        PlanRecusal,
        ("plan_id", "code", "inspector_id", "kinds"),
        (
            (plan.id, code, inspector, list(kinds))
            for code, tied in frozen.ties.items()
            for inspector, kinds in sorted(tied.items())
        ),
    )


def _publish(session: Session, actor: Actor, plan: Plan, frozen: Frozen) -> None:
    said = {
        "commitment": (plan.commitment or b"").hex(),
        "frame_root": (plan.frame_root or b"").hex(),
        "plan_hash": (plan.plan_hash or b"").hex(),
    }
    entry = log.record(session, "plan.committed", {"no": plan.no, **said})
    plan.committed_at = entry.recorded_at
    public = today()
    store_part(session, plan, "plan.json", frozen.document, public_on=public)
    store_part(
        session, plan, "commitment.json", {**said, "receipt": receipt(entry)}, public_on=public
    )
    stand_for_frame(session, plan)
    store_part(
        session, plan, "inspectors.json", bundle.inspectors_part(frozen.records), public_on=None
    )
    audit.record(session, actor, "plan.frozen", plan.no, said)
    outbox.add(session, PlanCommitted(plan_no=plan.no, commitment=said["commitment"]))
