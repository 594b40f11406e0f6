"""Whom a plan means: its roster, its inspectors, and who must not visit whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from operator import attrgetter

from sqlalchemy.orm import Session

from core.progress import Progress, silent
from registry import queries as registry
from sampling.maths.assignment import Inspector, Pool
from sampling.maths.commitment import checked_code, in_frame_order
from sampling.maths.recusal import RecusalKind
from sampling.models.plans import Plan
from sampling.queries.seats import recent_visitors
from sampling.queries.work import last_inspected, open_loads
from sampling.service.frames import Frame, Reading
from sampling.service.limits import rules_of
from sampling.service.parts import salted_id

_POOLS = {"officer": Pool.OFFICERS, "agency": Pool.AGENCY}
STEP = 2**14  # enterprises read between two looks at whether to stop


def unit_code(unit: registry.RosterUnit) -> str:
    """The code of an enterprise in a draw: another register's number carries its name."""
    return unit.code if unit.code_scheme == "uscc" else f"{unit.code_scheme}:{unit.code}"


def frame_of(session: Session, plan: Plan, *, progress: Progress = silent) -> Frame:
    """The roster as it would be frozen now; changes nothing.

    Raises
    ------
    CategoryUnknown
        A category of the filters is no longer there.
    CodeUnusable
        A code of the roster cannot take part in a draw.
    """
    filters = plan.filters
    categories, regions = _meant(session, plan)
    limits = rules_of(session, plan)
    named = {one["code"]: one["reason"] for one in filters["exclusions"]}
    visited = last_inspected(session) if filters["repeat_days"] else {}
    since = plan.visit_on - timedelta(days=filters["repeat_days"] or 0)
    total = 0
    if progress is not silent:
        total = registry.roster_count(session, category_codes=categories, region_codes=regions)
    found, exclusions = Reading(), []
    strata_by = attrgetter(plan.strata_by)
    units = registry.roster_stream(session, category_codes=categories, region_codes=regions)
    for place, unit in enumerate(units):
        if place % STEP == 0:
            progress("read roster", place, total)
        code, stratum = unit_code(unit), strata_by(unit)
        reason = named.get(unit.code) or named.get(code)
        if reason is None and unit.status != "active":
            reason = f"status {unit.status}"
        if reason is None and stratum is None:
            reason = "no grade" if plan.strata_by == "grade" else "no risk tier"
        if reason is None and visited and visited.get(unit.enterprise_id, date.min) > since:
            reason = f"inspected on {visited[unit.enterprise_id].isoformat()}"
        if reason is None and limits:
            reason = next(filter(None, (rule(unit) for rule in limits)), None)
        if reason is None:
            found.add(code, str(stratum), unit)
        else:
            exclusions.append((code, reason))
    return found.frame(sorted(exclusions, key=lambda pair: in_frame_order(pair[0])))


def _meant(session: Session, plan: Plan) -> tuple[list[str] | None, list[str] | None]:
    """Categories and regions of the filters with everything under them; None: all."""
    categories, regions = plan.filters["category_codes"], plan.filters["region_codes"]
    if categories is not None:
        categories = [n.code for c in categories for n in registry.category_subtree(session, c)]
    if regions is not None:
        above = _lines(registry.regions(session, plan.visit_on))
        regions = [code for code, line in above.items() if not line.isdisjoint(regions)]
    return categories, regions


def holds_more_than(session: Session, plan: Plan, units: int) -> bool:
    """Does the register hold more enterprises for this plan? Counts no further than that."""
    categories, regions = _meant(session, plan)
    found = registry.roster_count(
        session, category_codes=categories, region_codes=regions, most=units + 1
    )
    return found > units


def pool_of(
    session: Session, plan: Plan, frame: Frame, secret: bytes
) -> list[tuple[registry.InspectorView, Inspector]]:
    """Active inspectors with what is committed about them; trees are resolved to the roster."""
    loads = open_loads(session)
    category_lines = _lines(registry.categories(session))
    region_lines = _lines(registry.regions(session, plan.visit_on))
    categories, regions = frame.category_codes, frame.region_codes

    def within(
        codes: Iterable[str], lines: Mapping[str, frozenset[str]], wanted: frozenset[str]
    ) -> frozenset[str]:
        return frozenset(c for c in codes if not lines.get(c, frozenset({c})).isdisjoint(wanted))

    # Plans made before there were pools and departments say nothing of them.
    wanted = Pool(plan.team.get("pool", Pool.OFFICERS))
    departments = {one["key"] for one in plan.team.get("departments") or ()}
    pool = []
    for view in registry.inspectors(session):
        if not view.is_active or _POOLS[view.pool] is not wanted:
            continue
        if departments and view.department_code not in departments:
            continue
        load = loads.get(view.person_id, 0)
        skills, home = view.qualifications, view.region_code
        member = Inspector(
            id=_inspector_id(plan, secret, view),
            is_senior=view.senior,
            categories=within(categories, category_lines, skills) if skills else None,
            regions=within(regions, region_lines, frozenset({home})) if home else None,
            certificate_until=view.certificate_until,
            load=load,
            cap=load + plan.team["cap"],
            pool=wanted if "pool" in plan.team else None,
            department=view.department_code if departments else None,
        )
        pool.append((view, member))
    return sorted(pool, key=lambda pair: in_frame_order(pair[1].id))


def _inspector_id(plan: Plan, secret: bytes, view: registry.InspectorView) -> str:
    if plan.identity == "salted":
        return salted_id(secret, view)
    try:
        return checked_code(view.number)
    except ValueError:  # a number in Chinese, say
        return salted_id(secret, view)


def _lines(nodes: Sequence[registry.Node]) -> dict[str, frozenset[str]]:
    """Each code with the codes above it, itself included."""
    by_id = {node.id: node for node in nodes}
    lines = {}
    for node in nodes:
        line, above = {node.code}, node.parent_id
        while above is not None and above in by_id and by_id[above].code not in line:
            line.add(by_id[above].code)
            above = by_id[above].parent_id
        lines[node.code] = frozenset(line)
    return lines


def recusals_of(
    session: Session,
    plan: Plan,
    frame: Frame,
    pool: Sequence[tuple[registry.InspectorView, Inspector]],
) -> dict[str, frozenset[str]]:
    """Inspector ids by unit code, of ties in force on the day of the visit."""
    ties = ties_of(session, plan, frame, pool)
    return {code: frozenset(kinds) for code, kinds in ties.items()}


def ties_of(
    session: Session,
    plan: Plan,
    frame: Frame,
    pool: Sequence[tuple[registry.InspectorView, Inspector]],
) -> dict[str, dict[str, list[str]]]:
    """Who must not visit whom, and by which kinds of ties: {unit: {inspector: kinds}}.

    Ties of the register in force on the day of the visit; and, where the plan rotates teams, the
    inspectors of the last so many rounds at the same enterprise.
    """
    members = {view.person_id: member.id for view, member in pool}
    ties = registry.recusals(session)
    rounds = plan.team.get("rotation", 0)
    visitors = recent_visitors(session, rounds=rounds) if rounds else {}
    codes = frame.codes_of({tie.enterprise_id for tie in ties} | set(visitors))
    found: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for tie in ties:
        in_force = tie.since <= plan.visit_on and (tie.until is None or tie.until >= plan.visit_on)
        if in_force and tie.person_id in members and tie.enterprise_id in codes:
            kinds = found[codes[tie.enterprise_id]].setdefault(members[tie.person_id], [])
            kinds.append(tie.kind)
    for enterprise_id, people in visitors.items():
        for person_id in sorted(people):
            if person_id in members and enterprise_id in codes:
                kinds = found[codes[enterprise_id]].setdefault(members[person_id], [])
                kinds.append(RecusalKind.ROTATION.value)
    return dict(found)
