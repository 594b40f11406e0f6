"""With what chance each enterprise of a roster is drawn, where chances are not equal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import FieldProblem
from registry.queries import RosterUnit
from sampling.errors import CertainUnknown, ChancesImpossible, PlanInvalid
from sampling.maths import pareto
from sampling.maths.commitment import WHOLE
from sampling.models.plans import Plan, Stratum
from sampling.service.frames import Frame

MEASURES = ("none", "grade", "risk_tier", "category", "given")
EQUAL: Mapping[str, Any] = {"kind": "equal"}
LARGEST_SIZE = 10**12


@dataclass(frozen=True, slots=True)
class Weighed:
    """Chances and odds by code, and by stratum whether the odds are calibrated and how well."""

    by_code: Mapping[str, tuple[int, int, int]]  # odds_num, odds_den, chance
    calibrated: Mapping[str, bool]
    error: Mapping[str, float]
    certain: Sequence[Mapping[str, str]]  # code in the draw, and reason


def checked_method(method: Mapping[str, Any] | None) -> dict[str, Any]:
    """How a plan draws, in the form in which it is kept.

    Parameters
    ----------
    method : mapping or None
        ``{"kind": "equal"}``, or ``{"kind": "pareto", "by": …, "weights": {…}, "sizes": {…},
        "equal_share_percent": 0}``.

    Raises
    ------
    PlanInvalid
        A field cannot be meant like this.
    """
    given = dict(method or EQUAL)
    kind = given.pop("kind", None)
    if kind == "equal":
        if given:
            names = ", ".join(sorted(given))
            raise _invalid("method", "Equal chances take no {names}.", names=names)
        return dict(EQUAL)
    if kind != "pareto":
        raise _invalid("method.kind", "Write one of {allowed}.", allowed="equal, pareto")
    unknown = sorted(set(given) - {"by", "weights", "sizes", "equal_share_percent"})
    if unknown:
        raise _invalid("method", "A method has no {names}.", names=", ".join(unknown))
    by, share = given.get("by", "none"), given.get("equal_share_percent", 0)
    if by not in MEASURES:
        raise _invalid("method.by", "Write one of {allowed}.", allowed=", ".join(MEASURES))
    if not _is_whole(share, 100):
        raise _invalid("method.equal_share_percent", "Write a whole number from 0 to 100.")
    checked = {"kind": "pareto", "by": by, "equal_share_percent": share}
    wanted = {"none": None, "given": "sizes"}.get(by, "weights")
    for name in ("weights", "sizes"):
        values = given.get(name)
        if (values is not None) != (name == wanted):
            raise _invalid(
                f"method.{name}", "Chances by {by} need {wanted}.", by=by, wanted=wanted or "none"
            )
        if values is not None:
            wrong = [key for key, value in values.items() if not _is_whole(value, LARGEST_SIZE)]
            if not values or wrong:
                raise _invalid(
                    f"method.{name}",
                    "Give at least one, and whole numbers from 0 to {most}. Not so: {keys}.",
                    most=LARGEST_SIZE,
                    keys=", ".join(map(str, wrong[:10])) or "none given",
                )
            checked[name] = {str(key): int(value) for key, value in values.items()}
    return checked


def _is_whole(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _invalid(field: str, words: str, **facts: Any) -> PlanInvalid:
    return PlanInvalid(fields=[FieldProblem(field, words, facts)])


def weigh(plan: Plan, frame: Frame, strata: Sequence[Stratum]) -> Weighed | None:
    """Chances and calibrated odds of a roster; None in a plan with equal chances.

    Raises
    ------
    CertainUnknown
        An enterprise named certain is not on the roster.
    ChancesImpossible
        A stratum cannot have such chances: the stratum and the reason are named.
    """
    if plan.method["kind"] == "equal":
        return None
    rows, certain = _members(frame), _certain(plan)
    named = {name: code for code, _, unit in frame.units for name in (unit.code, code)}
    if missing := sorted(certain - named.keys()):
        raise CertainUnknown(codes=", ".join(missing[:20]), plan_no=plan.no)
    by_code, calibrated, error = {}, {}, {}
    for row in strata:
        members = rows[row.key]
        found = pareto.with_odds(_chances(plan, row, members, certain), row.quota)
        calibrated[row.key], error[row.key] = found.is_calibrated, found.error
        for (code, _), odds, chance in zip(members, found.odds, found.chance, strict=True):
            by_code[code] = (*odds, chance)
    told = [
        {"code": named[one["code"]], "reason": one["reason"]}
        for one in plan.filters.get("certain", ())
    ]
    return Weighed(by_code, calibrated, error, told)


def _members(frame: Frame) -> dict[str, list[tuple[str, RosterUnit]]]:
    """Code in the draw and unit, by stratum."""
    rows: dict[str, list[tuple[str, RosterUnit]]] = defaultdict(list)
    for code, stratum, unit in frame.units:
        rows[stratum].append((code, unit))
    return rows


def _certain(plan: Plan) -> set[str]:
    return {one["code"] for one in plan.filters.get("certain", ())}


def _chances(
    plan: Plan,
    row: Stratum,
    members: Sequence[tuple[str, RosterUnit]],
    certain: set[str],
) -> list[int]:
    try:
        return pareto.chances(
            [_size(plan.method, code, unit) for code, unit in members],
            row.quota,
            certain=[not certain.isdisjoint((code, unit.code)) for code, unit in members],
            equal_share=plan.method["equal_share_percent"] / 100,
        )
    except ValueError as error:
        raise ChancesImpossible(stratum=row.key, reason=str(error)) from None


def _size(method: Mapping[str, Any], code: str, unit: RosterUnit) -> int:
    match method["by"]:
        case "none":
            return 1
        case "given":
            sizes = method["sizes"]
            return int(sizes.get(code, sizes.get(unit.code, 0)))
        case "category":
            return int(method["weights"].get(unit.category_code or "", 0))
        case by:
            return int(method["weights"].get(getattr(unit, by) or "", 0))


def published(plan: Plan, weighed: Weighed | None) -> dict[str, Any]:
    """What plan.json says of the method (draw-v1, section 4).

    Sizes given one by one may be figures of a firm's business: their chances are published with
    the roster, the sizes are not.
    """
    if weighed is None:
        return {"method": "equal"}
    measure = {key: plan.method[key] for key in ("by", "equal_share_percent")}
    if "weights" in plan.method:
        measure["weights"] = plan.method["weights"]
    return {
        "method": "pareto",
        "measure": measure,
        "certain": [dict(one) for one in weighed.certain],
    }


def planned_chances(
    plan: Plan, frame: Frame, strata: Sequence[Stratum]
) -> dict[str, list[float]] | None:
    """The chance of every unit by stratum, without calibrating odds; None with equal chances.

    Raises
    ------
    ChancesImpossible
        A stratum cannot have such chances.
    """
    if plan.method["kind"] == "equal":
        return None
    rows, certain = _members(frame), _certain(plan)
    return {
        row.key: [each / WHOLE for each in _chances(plan, row, rows[row.key], certain)]
        for row in strata
    }
