"""Which people a plan may send: certified officers, agency staff, several departments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from core.errors import FieldProblem
from registry import queries as registry
from registry.errors import RuleNotInForce
from sampling.maths.teams import LARGEST_TEAM, DepartmentRule, Pool, Qualification

PURPOSES = ("inspection", "sampling")  # 行政检查, 监督抽查
MOST_ROUNDS = 10
MOST_DEPARTMENTS = 6
MOST_ITEMS = 50
# Where the law says how many go at least.
LEAST = {
    Pool.OFFICERS: ("CN-DRAW", "draw.inspectors"),
    Pool.AGENCY: ("CN-IND", "sampling.samplers"),
}
_DEPARTMENT_KEYS = {"key", "name", "size", "mixed", "qualification", "items"}


def completed(defaults: Mapping[str, Any], team: Mapping[str, Any]) -> dict[str, Any]:
    """A team rule with all its keys; agency staff hold no officers' certificates."""
    whole = {**defaults, **team}
    if whole["pool"] == Pool.AGENCY and "certificate" not in team:
        whole["certificate"] = False
    return whole


def pool_problems(session: Session, team: Mapping[str, Any], visit_on: date) -> list[FieldProblem]:
    """What the law forbids in a team rule: who may do which act, and how many go at least."""
    choices = (("pool", list(Pool)), ("purpose", PURPOSES))
    problems = [
        FieldProblem(f"team.{name}", "Write one of {allowed}.", {"allowed": ", ".join(allowed)})
        for name, allowed in choices
        if team[name] not in allowed
    ]
    rounds = team["rotation"]
    if not isinstance(rounds, int) or isinstance(rounds, bool) or not 0 <= rounds <= MOST_ROUNDS:
        problems.append(
            FieldProblem(
                "team.rotation",
                "Write 0 to {most} rounds, got {value}.",
                {"most": MOST_ROUNDS, "value": str(rounds)},
            )
        )
    if problems:
        return problems
    pool = Pool(team["pool"])
    if pool is Pool.AGENCY and team["purpose"] != "sampling":
        problems.append(
            FieldProblem(
                "team.pool",
                "Staff of a sampling agency may only sample (purpose sampling); an "
                "administrative inspection needs certified officers.",
            )
        )
    if pool is Pool.OFFICERS and not team["certificate"]:
        problems.append(
            FieldProblem(
                "team.certificate",
                "Officers need a certificate that is valid on the day of the visit.",
            )
        )
    least = _least(session, pool, visit_on)
    if team["size"] < least:
        problems.append(
            FieldProblem(
                "team.size",
                "At least {least} people must go, got {size}.",
                {"least": least, "size": team["size"]},
            )
        )
    return problems


def _least(session: Session, pool: Pool, on: date) -> int:
    try:
        value = registry.rule_on(session, *LEAST[pool], on).value
    except RuleNotInForce:
        return 0  # the protocol itself asks for two
    return int(value or 0)


def checked_departments(
    session: Session, team: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[FieldProblem]]:
    """The departments of a joint visit (跨部门联合检查), complete; and what is wrong with them.

    Parameters
    ----------
    team : mapping
        Its ``departments`` are mappings with ``key`` (code of the department) and ``items`` (what
        it inspects, at least one); optional ``name``, ``size`` (2), ``mixed`` (false),
        ``qualification`` (all).
    """
    given = team["departments"]
    known = registry.departments(session)
    problems: list[FieldProblem] = []

    def wrong(field: str, message: str, **facts: Any) -> None:
        problems.append(FieldProblem(f"team.departments{field}", message, facts))

    if not isinstance(given, list) or not all(isinstance(one, Mapping) for one in given):
        wrong("", "Write a list of departments, each with key and items.")
        return [], problems
    if not 2 <= len(given) <= MOST_DEPARTMENTS:
        wrong("", "A joint visit has 2 to {most} departments.", most=MOST_DEPARTMENTS)
    if team["pool"] != Pool.OFFICERS:
        wrong("", "A joint visit is an administrative inspection: its pool is officers.")
    if team["mixed"]:
        wrong("", "Write mixed with each department, not with the team.")
    keys = [str(one.get("key", "")) for one in given]
    found = []
    for place, (key, one) in enumerate(zip(keys, given, strict=True)):
        unknown = sorted(set(one) - _DEPARTMENT_KEYS)
        if unknown:
            wrong(f".{place}", "There is no department rule {names}.", names=", ".join(unknown))
        if key not in known:
            wrong(f".{place}.key", "There is no department {key}.", key=key)
        elif keys.index(key) != place:
            wrong(f".{place}.key", "Department {key} is named twice.", key=key)
        items = one.get("items")
        if not _are_items(items):
            wrong(f".{place}.items", "Name 1 to {most} items, each once.", most=MOST_ITEMS)
        whole = {
            "key": key,
            "name": str(one.get("name") or known.get(key, key)),
            "size": one.get("size", 2),
            "mixed": one.get("mixed", False),
            "qualification": one.get("qualification", "all"),
            "items": [str(item).strip() for item in items] if _are_items(items) else [],
        }
        try:
            if not isinstance(whole["mixed"], bool):
                raise ValueError("mixed is true or false")
            DepartmentRule(
                key, whole["size"], whole["mixed"], Qualification(whole["qualification"])
            )
        except (TypeError, ValueError) as error:
            wrong(f".{place}", "{problem}", problem=str(error))
        found.append(whole)
    sizes = [one["size"] for one in found if isinstance(one["size"], int)]
    if sum(sizes) > LARGEST_TEAM * 2:
        wrong("", "At most {most} people go to one visit.", most=LARGEST_TEAM * 2)
    return found, problems


def _are_items(items: Any) -> bool:
    if not isinstance(items, list) or not 1 <= len(items) <= MOST_ITEMS:
        return False
    words = [one.strip() if isinstance(one, str) else "" for one in items]
    return all(words) and len(set(words)) == len(words)
