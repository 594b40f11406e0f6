"""Make a plan: who is to be drawn from, how many, by which entropy, and with what teams."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from core import audit
from core.actors import Actor
from core.chain import hasher
from core.clock import now, today
from core.errors import FieldProblem
from core.numbers import next_number
from registry.queries import category_subtree
from sampling.errors import PlanInvalid
from sampling.maths.assignment import Pool, Qualification, TeamRule
from sampling.maths.entropy import checked_sources
from sampling.models.plans import Plan, PlanState, Purpose, Stratum
from sampling.queries.plans import plan_by_no
from sampling.service.limits import exempt_kinds
from sampling.service.pools import checked_departments, completed, pool_problems
from sampling.service.weighing import checked_method

PREFIX = "CC"  # 抽查
STRATA_BY = ("grade", "risk_tier")
IDENTITIES = ("number", "number-and-name", "salted")
MOST_VISITS = 20  # of one inspector in one plan, unless the plan says otherwise
TEAM = {
    "size": 2,
    "mixed": False,
    "qualification": "all",
    "certificate": True,
    "region": True,
    "cap": MOST_VISITS,
    "pool": Pool.OFFICERS.value,
    "purpose": "inspection",
    "rotation": 0,  # rounds after which somebody may come again; 0: at once
    "departments": [],  # of a joint visit: key, name, size, mixed, qualification, items
}


def create_plan(
    session: Session,
    actor: Actor,
    *,
    title: str,
    strata_by: str,
    strata: Sequence[Mapping[str, Any]],
    visit_on: date,
    sources: Sequence[Mapping[str, Any]],
    team: Mapping[str, Any] | None = None,
    category_codes: Sequence[str] | None = None,
    region_codes: Sequence[str] | None = None,
    exclusions: Sequence[Mapping[str, str]] = (),
    repeat_days: int | None = None,
    digest: str = "sha256",
    identity: str = "number",
    disclose_on: date | None = None,
    purpose: str = "inspection",
    method: Mapping[str, Any] | None = None,
    certain: Sequence[Mapping[str, str]] = (),
    yearly_cap: int | None = None,
    uncapped_reason: str | None = None,
    exemption: Mapping[str, str] | None = None,
    coordination: Mapping[str, Any] | None = None,
) -> Plan:
    """Put a plan on record, as a draft with a number; nothing is frozen or published yet.

    Parameters
    ----------
    strata : sequence of mappings
        ``{"key": "A", "quota": 5, "reserve": 5}``; without reserve, as many as the quota.
    sources : sequence of mappings
        As `sampling.maths.entropy.checked_sources` takes them.
    team : mapping, optional
        Any of ``TEAM``; departments as `sampling.service.pools.checked_departments` takes them.
    category_codes, region_codes : sequence of str, optional
        Only enterprises of these, subcategories and subregions included.
    exclusions : sequence of mappings
        ``{"code": …, "reason": …}``: enterprises left out, with the reason that is published.
    repeat_days : int, optional
        Leave out enterprises inspected within so many days before the visit.
    disclose_on : date, optional
        Keep the drawn list from the public until this day.
    purpose : str
        "inspection", "supervision" or "monitoring".
    method : mapping, optional
        Equal chances (the default), or as `sampling.service.weighing.checked_method` takes it.
    certain : sequence of mappings
        ``{"code": …, "reason": …}``: drawn whatever chance says; only with method "pareto".
    yearly_cap : int, optional
        Leave out enterprises with so many visits in the calendar year of the visit.
    uncapped_reason : str, optional
        Why the plan has no yearly cap; published with the plan. Only without a cap.
    exemption : mapping, optional
        ``{"kind": …, "reason": …}``: set the protection of the same product aside.
    coordination : mapping, optional
        ``{"place": 0, "of": 3}`` for the first plan of a group that shares its tickets,
        ``{"place": 1, "of": 3, "with": "CC-…"}`` for the others, which have no ``sources``.

    Raises
    ------
    PlanInvalid
        A field cannot be meant like this.
    CategoryUnknown
        There is no such category.
    """
    act = "inspection" if purpose == Purpose.INSPECTION else "sampling"
    wanted_team = completed(TEAM, {"purpose": act, **(team or {})})
    if coordination is not None and coordination.get("place"):
        sources = [_source_of_the_first(session, coordination, sources, disclose_on)]
    problems = [
        *_strata_problems(strata),
        *_choice_problems(strata_by, identity),
        *_refused_by("digest", lambda: hasher(digest)),
        *_team_problems(wanted_team, visit_on),
        *_purpose_problems(session, purpose, exemption, visit_on),
        *_cap_problems(yearly_cap, uncapped_reason),
        *_coordination_problems(coordination),
        *_reasoned_problems("certain", certain),
        *_reasoned_problems("exclusions", exclusions),
    ]
    wanted_method = checked_method(method)
    if certain and wanted_method["kind"] == "equal":
        problems.append(FieldProblem("certain", "Only a plan with method pareto has these."))
    if not problems:
        problems.extend(pool_problems(session, wanted_team, visit_on))
        if wanted_team["departments"]:
            wanted_team["departments"], wrong = checked_departments(session, wanted_team)
            problems.extend(wrong)
    if not title.strip():
        problems.append(FieldProblem("title", "Give the plan a title."))
    if visit_on < today():
        problems.append(FieldProblem("visit_on", "The visit lies in the past."))
    if repeat_days is not None and not 1 <= repeat_days <= 3660:
        problems.append(FieldProblem("repeat_days", "Write 1 to 3660 days."))
    checked: tuple[dict[str, Any], ...] = ()
    try:
        checked = checked_sources(sources)
    except ValueError as error:
        problems.append(FieldProblem("sources", "{problem}", {"problem": str(error)}))
    if problems:
        raise PlanInvalid(fields=problems)
    for code in category_codes or ():
        category_subtree(session, code)  # refuses an unknown one
    plan = Plan(
        no=next_number(session, PREFIX, today().year),
        title=title.strip(),
        state=PlanState.DRAFT,
        strata_by=strata_by,
        digest=digest,
        identity=identity,
        visit_on=visit_on,
        disclose_on=disclose_on,
        team=wanted_team,
        sources=list(checked),
        filters={
            "category_codes": list(category_codes) if category_codes is not None else None,
            "region_codes": list(region_codes) if region_codes is not None else None,
            "repeat_days": repeat_days,
            "exclusions": _reasoned(exclusions),
            "certain": _reasoned(certain),
            "yearly_cap": yearly_cap,
            "uncapped_reason": (uncapped_reason or "").strip() or None,
            "exemption": dict(exemption) if exemption else None,
        },
        purpose=purpose,
        method=wanted_method,
        coordination=dict(coordination) if coordination else None,
        created_by=actor.account_id,
        created_at=now(),
    )
    session.add(plan)
    session.flush()  # the strata need its id
    for one in strata:
        reserve = one.get("reserve")
        quota = int(one["quota"])
        session.add(
            Stratum(
                plan_id=plan.id,
                key=one["key"],
                quota=quota,
                reserve=quota if reserve is None else int(reserve),
                size=None,
            )
        )
    session.flush()
    audit.record(session, actor, "plan.created", plan.no)
    return plan


def _reasoned(named: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    return [{"code": one["code"].strip(), "reason": one["reason"].strip()} for one in named]


def _reasoned_problems(field: str, named: Sequence[Mapping[str, str]]) -> list[FieldProblem]:
    return [
        FieldProblem(f"{field}.{place}", "Each needs a code and a reason.")
        for place, one in enumerate(named)
        if not str(one.get("code", "")).strip() or not str(one.get("reason", "")).strip()
    ]


def _purpose_problems(
    session: Session,
    purpose: str,
    exemption: Mapping[str, str] | None,
    visit_on: date,
) -> list[FieldProblem]:
    problems = []
    if purpose not in list(Purpose):
        allowed = ", ".join(Purpose)
        problems.append(FieldProblem("purpose", "Write one of {allowed}.", {"allowed": allowed}))
    if exemption:
        kinds = exempt_kinds(session, visit_on)
        if purpose != Purpose.SUPERVISION:
            problems.append(FieldProblem("exemption", "Only supervision sampling has this guard."))
        elif exemption.get("kind") not in kinds or not str(exemption.get("reason", "")).strip():
            allowed = ", ".join(kinds)
            problems.append(
                FieldProblem(
                    "exemption", "It needs a kind ({allowed}) and a reason.", {"allowed": allowed}
                )
            )
    return problems


def _cap_problems(yearly_cap: int | None, uncapped_reason: str | None) -> list[FieldProblem]:
    problems = []
    if yearly_cap is not None and not (_is_count(yearly_cap) and 1 <= yearly_cap <= 366):
        problems.append(FieldProblem("yearly_cap", "Write 1 to 366 visits, or leave it empty."))
    if yearly_cap is not None and uncapped_reason:
        problems.append(
            FieldProblem("uncapped_reason", "Write a yearly cap or why there is none, not both.")
        )
    return problems


def _source_of_the_first(
    session: Session,
    said: Mapping[str, Any],
    sources: Sequence[Mapping[str, Any]],
    disclose_on: date | None,
) -> dict[str, Any]:
    """The only source of a coordinated plan: the seed of the group's first."""
    first = plan_by_no(session, str(said.get("with", "")))
    if sources or first.commitment is None:
        words = "The plan takes its seed from {first}, which must be committed; name no sources."
        raise PlanInvalid(fields=[FieldProblem("coordination", words, {"first": first.no})])
    if disclose_on is not None and (first.disclose_on is None or first.disclose_on < disclose_on):
        words = "Once the list of {first} is public, its seed tells this one: disclose no later."
        raise PlanInvalid(fields=[FieldProblem("disclose_on", words, {"first": first.no})])
    commitment = bytes(first.commitment).hex()
    return {"kind": "plan", "plan_no": first.no, "commitment": commitment}


def _coordination_problems(said: Mapping[str, Any] | None) -> list[FieldProblem]:
    if said is None:
        return []
    place, of = said.get("place"), said.get("of")
    keys = {"place", "of", "with"} if place else {"place", "of"}
    is_good = isinstance(place, int) and isinstance(of, int) and 2 <= of <= 100 and 0 <= place < of
    if is_good and set(said) == keys:
        return []
    words = "Write place (0 is the first) and of (2 to 100 plans); all but the first also with."
    return [FieldProblem("coordination", words)]


def _strata_problems(strata: Sequence[Mapping[str, Any]]) -> list[FieldProblem]:
    problems = []
    keys = [str(one.get("key", "")) for one in strata]
    if not strata:
        problems.append(FieldProblem("strata", "Name at least one stratum with its quota."))
    for place, (key, one) in enumerate(zip(keys, strata, strict=True)):
        if not key.strip():
            problems.append(FieldProblem(f"strata.{place}.key", "Name the stratum."))
        if keys.index(key) != place:
            problems.append(
                FieldProblem(f"strata.{place}.key", "Stratum {key} is named twice.", {"key": key})
            )
        for name in ("quota", "reserve"):
            value = one.get(name)
            if (value is not None or name == "quota") and not _is_count(value):
                problems.append(
                    FieldProblem(f"strata.{place}.{name}", "Write a whole number of at least 0.")
                )
    if strata and not problems and not sum(int(one["quota"]) for one in strata):
        problems.append(FieldProblem("strata", "All quotas are 0; nobody would be drawn."))
    return problems


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**7


def _choice_problems(strata_by: str, identity: str) -> list[FieldProblem]:
    choices = (
        ("strata_by", strata_by, STRATA_BY),
        ("identity", identity, IDENTITIES),
    )
    return [
        FieldProblem(name, "Write one of {allowed}.", {"allowed": ", ".join(allowed)})
        for name, value, allowed in choices
        if value not in allowed
    ]


def _team_problems(team: Mapping[str, Any], visit_on: date) -> list[FieldProblem]:
    unknown = sorted(set(team) - set(TEAM))
    if unknown:
        names = ", ".join(unknown)
        return [FieldProblem("team", "There is no team rule {names}.", {"names": names})]
    problems = [
        FieldProblem(f"team.{name}", "Write true or false.")
        for name in ("mixed", "certificate", "region")
        if not isinstance(team[name], bool)
    ]
    if not _is_count(team["cap"]) or not team["cap"]:
        problems.append(FieldProblem("team.cap", "Write how many visits one inspector may get."))
    if team["qualification"] not in list(Qualification):
        allowed = ", ".join(Qualification)
        problems.append(
            FieldProblem("team.qualification", "Write one of {allowed}.", {"allowed": allowed})
        )
    if problems:
        return problems
    return _refused_by(
        "team",
        lambda: TeamRule(
            visit_on=visit_on,
            size=team["size"],
            is_mixed=team["mixed"],
            qualification=Qualification(team["qualification"]),
        ),
    )


def _refused_by(field: str, make: Callable[[], object]) -> list[FieldProblem]:
    try:
        make()
    except (TypeError, ValueError) as error:
        return [FieldProblem(field, "{problem}", {"problem": str(error)})]
    return []
