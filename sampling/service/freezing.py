"""Freeze a plan: snapshot roster and inspectors, commit to them, publish the commitment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core import audit, journal, outbox
from core.actors import Actor
from core.clock import now, today
from core.errors import FieldProblem
from registry import queries as registry
from sampling.errors import (
    BeaconNotInFuture,
    CodeUnusable,
    FrameEmpty,
    NoEligibleInspector,
    QuotaTooLarge,
    StateForbids,
    StratumWithoutQuota,
    TooFewVisits,
)
from sampling.events import PlanCommitted
from sampling.maths import bundle
from sampling.maths.assignment import Blocked, Inspector, Task, units_without_team
from sampling.maths.commitment import (
    PROTOCOL,
    checked_code,
    closed_recusals,
    commitment,
    frame_tree,
    inspector_root,
    plan_hash,
)
from sampling.maths.commitment import FrameUnit as Unit
from sampling.maths.entropy import NETWORKS, SourceKind, due_at
from sampling.maths.replay import team_rule_of
from sampling.models.plans import (
    FrameUnit,
    Plan,
    PlanInspector,
    PlanRecusal,
    PlanSecret,
    PlanState,
    Stratum,
)
from sampling.queries.plans import plan_by_no, source_name
from sampling.service.framing import Frame, frame_of, pool_of, ties_of
from sampling.service.parts import receipt, store_part

STREAM = "draw"  # one journal chain for all plans: a head published later covers them all
SHOWN = 20  # units and inspectors named in a refusal
AHEAD = timedelta(minutes=10)  # a round suggested instead of one that is known


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
    plan = plan_by_no(session, plan_no, lock=True)
    if plan.state != PlanState.DRAFT:
        raise StateForbids(plan_no=plan_no, state=plan.state, needed=PlanState.DRAFT.value)
    _check_sources_lie_ahead(plan)
    frame = frame_of(session, plan)
    strata = _checked_strata(session, plan, frame)
    pool = pool_of(session, plan, frame, secret)
    ties = ties_of(session, plan, frame, pool)
    recused = {code: frozenset(kinds) for code, kinds in ties.items()}
    records = [
        bundle.inspector_record(member, view.name if plan.identity == "number-and-name" else None)
        for view, member in pool
    ]
    document = _document(plan, strata, frame, records, software)
    _check_everyone_can_get_a_team(document, frame, [member for _, member in pool], recused)

    closed = closed_recusals(secret, [unit[0] for unit in frame.units], recused, plan.digest)
    units = [
        Unit(code, stratum, unit.category_code or "", unit.region_code or "", hidden)
        for (code, stratum, unit), hidden in zip(frame.units, closed, strict=True)
    ]
    plan.frame_root = frame_tree(units, plan.digest).root
    plan.plan_hash = plan_hash(document, plan.digest)
    plan.commitment = commitment(
        frame_root=plan.frame_root, plan=plan.plan_hash, algorithm=plan.digest
    )
    plan.state = PlanState.COMMITTED
    for row in strata:
        row.size = frame.sizes[row.key]
    session.add(PlanSecret(plan_id=plan.id, recusal_secret=secret.hex()))
    _store_rows(session, plan, frame, units, pool, records, ties)
    _publish(session, actor, plan, document, units, records)
    return plan


def _check_sources_lie_ahead(plan: Plan) -> None:
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


def _checked_strata(session: Session, plan: Plan, frame: Frame) -> list[Stratum]:
    rows = session.execute(select(Stratum).where(Stratum.plan_id == plan.id)).scalars().all()
    if not frame.units:
        raise FrameEmpty(excluded=len(frame.exclusions))
    known = {row.key for row in rows}
    for key, size in sorted(frame.sizes.items()):
        if key not in known:
            raise StratumWithoutQuota(stratum=key, size=size)
    for row in rows:
        if row.quota > frame.sizes[row.key]:
            raise QuotaTooLarge(stratum=row.key, quota=row.quota, size=frame.sizes[row.key])
    for code, _, _ in frame.units:
        try:
            checked_code(code)
        except ValueError as error:
            raise CodeUnusable(unit_code=code, reason=str(error)) from None
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
        "method": "equal",
        "strata_by": plan.strata_by,
        "strata": [
            {"key": row.key, "size": sizes[row.key], "quota": row.quota, "reserve": row.reserve}
            for row in strata
        ],
        "filters": {
            name: plan.filters[name] for name in ("category_codes", "region_codes", "repeat_days")
        },
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
    tasks = [
        Task(code, unit.category_code or "", unit.region_code or "", recused.get(code, frozenset()))
        for code, stratum, unit in frame.units
        if stratum in drawable
    ]
    rule = team_rule_of(document)
    team_size = sum(kind.seats for kind in rule.seat_kinds)
    blocked = units_without_team(tasks, pool, rule)
    if blocked:
        raise NoEligibleInspector(
            count=len(blocked),
            team_size=team_size,
            units=", ".join(one.code for one in blocked[:SHOWN]),
            fields=[blocked_field(one) for one in blocked[:SHOWN]],
        )
    # Who is drawn does not matter here: too few visits in all is known before any number exists.
    visits = sum(rule["quota"] for rule in document["strata"])
    needed = visits * team_size
    available = sum(max(0, one.cap - one.load) for one in pool)
    if available < needed:
        raise TooFewVisits(visits=visits, needed=needed, available=available, inspectors=len(pool))


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


def _store_rows(
    session: Session,
    plan: Plan,
    frame: Frame,
    units: Sequence[Unit],
    pool: Sequence[tuple[registry.InspectorView, Inspector]],
    records: Sequence[Mapping[str, Any]],
    recused: Mapping[str, Mapping[str, Sequence[str]]],
) -> None:
    session.execute(
        insert(FrameUnit),
        [
            {
                "plan_id": plan.id,
                "code": unit.code,
                "enterprise_id": source.enterprise_id,
                "name": source.name,
                "stratum": unit.stratum,
                "category_code": unit.category,
                "region_code": unit.region,
                "grade": source.grade,
                "risk_tier": source.risk_tier,
                "recused": unit.recused,
            }
            for unit, (_, _, source) in zip(units, frame.units, strict=True)
        ],
    )
    if pool:
        session.execute(
            insert(PlanInspector),
            [
                {
                    "plan_id": plan.id,
                    "person_id": view.person_id,
                    "inspector_id": member.id,
                    "record": record,
                }
                for (view, member), record in zip(pool, records, strict=True)
            ],
        )
    ties = [
        {"plan_id": plan.id, "code": code, "inspector_id": inspector, "kinds": list(kinds)}
        for code, tied in recused.items()
        for inspector, kinds in sorted(tied.items())
    ]
    if ties:
        session.execute(insert(PlanRecusal), ties)


def _publish(
    session: Session,
    actor: Actor,
    plan: Plan,
    document: Mapping[str, Any],
    units: Sequence[Unit],
    records: Sequence[Mapping[str, Any]],
) -> None:
    said = {
        "commitment": (plan.commitment or b"").hex(),
        "frame_root": (plan.frame_root or b"").hex(),
        "plan_hash": (plan.plan_hash or b"").hex(),
    }
    entry = journal.append(session, STREAM, "plan.committed", {"no": plan.no, **said})
    plan.committed_at = entry.recorded_at
    public = today()
    store_part(session, plan, "plan.json", document, public_on=public)
    store_part(
        session, plan, "commitment.json", {**said, "receipt": receipt(entry)}, public_on=public
    )
    store_part(session, plan, "frame.json", bundle.frame_part(units), public_on=None)
    store_part(session, plan, "inspectors.json", bundle.inspectors_part(records), public_on=None)
    audit.record(session, actor, "plan.frozen", plan.no, said)
    outbox.add(session, PlanCommitted(plan_no=plan.no, commitment=said["commitment"]))
