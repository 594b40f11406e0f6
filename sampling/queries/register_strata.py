"""Strata of a roster: how many enterprises each holds, and which share of it a plan draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from registry.models import Category, Enterprise
from sampling.views import PlanDetail, StratumView

GRADES = ("A", "B", "C", "D")
# The usual ones, by falling risk; a register may have others.
TIERS = ("high", "高", "medium", "中", "low", "低")
_COLUMNS = {"grade": Enterprise.grade, "risk_tier": Enterprise.risk_tier}


@dataclass(frozen=True, slots=True)
class RegisterStrata:
    """The active enterprises of the register by stratum; ``without`` have none and are left out."""

    sizes: Mapping[str, int]
    without: int


@dataclass(frozen=True, slots=True)
class StratumRoster:
    """A stratum of a plan on its roster, frozen or as it stands now; ``share`` is 0 to 1."""

    stratum: StratumView
    size: int
    share: float | None  # None where there are none, or fewer than the quota


def stratum_keys(session: Session, strata_by: str) -> tuple[str, ...]:
    """The strata that a plan of today may have: the grades, or the risk tiers of the register."""
    if strata_by == "grade":
        return GRADES
    statement = select(Enterprise.risk_tier).where(Enterprise.risk_tier.is_not(None)).distinct()
    found = {str(tier) for tier in session.execute(statement).scalars()}
    return tuple(sorted(found, key=_by_risk))


def _by_risk(key: str) -> tuple[int, str]:
    """Where a stratum stands in a list: known tiers by falling risk, then the others by name."""
    return (TIERS.index(key) if key in TIERS else len(TIERS), key)


def register_strata(
    session: Session, *, strata_by: str, category_codes: Sequence[str] | None = None
) -> RegisterStrata:
    """How many active enterprises each stratum has as the register stands.

    Parameters
    ----------
    strata_by : str
        "grade" or "risk_tier".
    category_codes : sequence of str, optional
        Only enterprises of these; None means all.
    """
    column = _COLUMNS[strata_by]
    statement = select(column, func.count()).where(Enterprise.status == "active").group_by(column)
    if category_codes is not None:
        ids = select(Category.id).where(Category.code.in_(category_codes))
        statement = statement.where(Enterprise.category_id.in_(ids))
    counts = dict(session.execute(statement).all())
    without = counts.pop(None, 0)
    return RegisterStrata({str(key): size for key, size in counts.items()}, without)


def stratum_rosters(detail: PlanDetail, sizes: Mapping[str, int]) -> list[StratumRoster]:
    """Size and drawn share of each stratum; ``sizes`` tells those that are not frozen yet."""
    found = []
    for stratum in sorted(detail.strata, key=lambda each: _by_risk(each.key)):
        size = sizes.get(stratum.key, 0) if stratum.size is None else stratum.size
        is_possible = size and stratum.quota <= size
        share = stratum.quota / size if is_possible else None
        found.append(StratumRoster(stratum, size, share))
    return found
