"""Plans, curves and schemes on demand: the maths of acceptance sampling, refusals with fields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from core.errors import FieldProblem
from sampling.errors import AcceptanceInvalid
from sampling.maths.acceptance import Kind, LotPlan, NoDoublePlan, plan_for_lot
from sampling.maths.acceptance_tables import State
from sampling.maths.audit_plans import Audit, audit_limit, audit_plan, with_power
from sampling.maths.oc import (
    AnyPlan,
    Characteristic,
    DoublePlan,
    Model,
    SinglePlan,
    acceptance_probabilities,
    characteristics,
    quality_accepted_with,
)
from sampling.maths.plan_search import FoundPlan, Risks, find_plan
from sampling.maths.ranges import OutOfRange, whole
from sampling.maths.scheme import SchemeCharacteristic, scheme_characteristic
from sampling.maths.switching import Lot, Scheme, Standing, Step, next_step
from sampling.maths.variables import (
    FoundVariablesPlan,
    VariablesPlan,
    find_variables_plan,
    variables_acceptance,
)

FEWEST_POINTS, MOST_POINTS = 2, 201
MOST_LOTS = 500  # of a posted history
CONSUMER, PRODUCER = 0.10, 0.95  # where a curve is read off
WIDEST = 0.001  # acceptance at the last point of a curve


@contextmanager
def named(prefix: str = "") -> Iterator[None]:
    """Turn an argument out of range into a refusal that names the field.

    Raises
    ------
    AcceptanceInvalid
        With field, bound, value and next step.
    """
    try:
        yield
    except OutOfRange as error:
        facts = {
            "field": error.field,
            "bound": error.bound,
            "value": error.value
            if isinstance(error.value, int | float | str)
            else str(error.value),
            "advice": error.advice,
        }
        problem = FieldProblem(
            f"{prefix}{error.field}", "“{field}” must be {bound}, got {value}; {advice}.", facts
        )
        raise AcceptanceInvalid(fields=[problem]) from error


NUMBERS = ("size", "acceptance", "second_size", "first_acceptance", "first_rejection")


def plan_of_numbers(
    *,
    size: int,
    acceptance: int,
    second_size: int | None = None,
    first_acceptance: int = 0,
    first_rejection: int = 2,
) -> AnyPlan:
    """A plan from its numbers: double if it has a second size.

    Raises
    ------
    AcceptanceInvalid
        The numbers make no plan.
    """
    with named():
        if second_size is None:
            return SinglePlan(size, acceptance)
        return DoublePlan(size, second_size, first_acceptance, first_rejection, acceptance)


@dataclass(frozen=True, slots=True)
class Curve:
    """A plan's operating characteristic, and where it is usually read off.

    ``producer_quality``: accepted with 95 %; ``consumer_quality``: accepted with 10 %. Shares
    (findings per item under the Poisson model); None where the plan rejects no lot.
    """

    plan: AnyPlan
    model: Model
    lot_size: int | None
    points: tuple[Characteristic, ...]
    producer_quality: float | None
    consumer_quality: float | None


def curve(
    plan: AnyPlan,
    *,
    model: Model,
    lot_size: int | None = None,
    points: int = 41,
    qualities: Sequence[float] | None = None,
) -> Curve:
    """How does a plan behave, from perfect lots to such as are nearly always rejected?

    Parameters
    ----------
    points : int, 2 to 201
        How many points, evenly spread; fewer where a lot has fewer counts.
    qualities : sequence of float, optional
        These points instead: shares, findings per item, or counts of failing items.

    Raises
    ------
    AcceptanceInvalid
        An argument lies outside its range.
    """
    with named():
        whole("points", points, FEWEST_POINTS, MOST_POINTS, "41 draw a smooth curve")
        if model == Model.HYPERGEOMETRIC and lot_size is not None and plan.most > lot_size:
            raise OutOfRange(
                "lot_size",
                f"at least the sample's {plan.most}",
                lot_size,
                "or inspect the whole lot",
            )
        if qualities is None:
            qualities = _spread(plan, model, lot_size, points)
        return Curve(
            plan=plan,
            model=model,
            lot_size=lot_size,
            points=tuple(characteristics(plan, qualities, model=model, lot_size=lot_size)),
            producer_quality=_read_off(plan, PRODUCER, model, lot_size),
            consumer_quality=_read_off(plan, CONSUMER, model, lot_size),
        )


def _read_off(plan: AnyPlan, chance: float, model: Model, lot_size: int | None) -> float | None:
    try:
        found = quality_accepted_with(plan, chance, model=model, lot_size=lot_size)
    except OutOfRange:
        return None  # a plan that rejects no lot has no such quality
    return found / lot_size if model == Model.HYPERGEOMETRIC and lot_size else found


def _spread(plan: AnyPlan, model: Model, lot_size: int | None, points: int) -> list[float]:
    try:
        last = quality_accepted_with(plan, WIDEST, model=model, lot_size=lot_size)
    except OutOfRange:
        last = float(lot_size or 1) if model == Model.HYPERGEOMETRIC else 1.0
    if model == Model.HYPERGEOMETRIC:
        return [
            float(each)
            for each in sorted({round(last * at / (points - 1)) for at in range(points)})
        ]
    return [last * at / (points - 1) for at in range(points)]


def lot_plan(
    *, lot_size: int, aql: float, level: str = "II", state: str = "normal", kind: str = "single"
) -> LotPlan:
    """Which plan of GB/T 2828.1 applies to a lot?

    Raises
    ------
    AcceptanceInvalid
        An argument lies outside its range, or there is no such double plan.
    """
    with named():
        return plan_for_lot(lot_size, aql, level=level, state=State(state), kind=Kind(kind))


def searched_plan(
    *,
    aql: float,
    limit: float,
    producer_risk: float,
    consumer_risk: float,
    model: str,
    lot_size: int | None = None,
) -> FoundPlan:
    """The smallest plan that keeps both risks, with the proof that none is smaller.

    Raises
    ------
    AcceptanceInvalid
        An argument lies outside its range, or no sample serves.
    """
    with named():
        risks = Risks(aql, limit, producer_risk, consumer_risk)
        return find_plan(risks, model=Model(model), lot_size=lot_size)


def audit_of(
    *,
    lot_size: int,
    claimed: int,
    worse: int | None = None,
    size: int | None = None,
    risk: float = 0.05,
    missed: float = 0.10,
) -> Audit:
    """A plan to check a declaration.

    With ``size`` its limit; with ``worse`` the smallest size; with both, the power of that size.

    Raises
    ------
    AcceptanceInvalid
        An argument lies outside its range, or no sample serves.
    """
    with named():
        if size is not None:
            found = audit_limit(lot_size=lot_size, claimed=claimed, size=size, risk=risk)
            return found if worse is None else with_power(found, worse)
        if worse is None:
            raise OutOfRange("worse", "given where no sample size is", None, "name either")
        return audit_plan(lot_size=lot_size, claimed=claimed, worse=worse, risk=risk, missed=missed)


def searched_variables(
    *,
    aql: float,
    limit: float,
    producer_risk: float,
    consumer_risk: float,
    spread_known: bool,
) -> FoundVariablesPlan:
    """The smallest variables plan that keeps both risks.

    Raises
    ------
    AcceptanceInvalid
        An argument lies outside its range, or no sample serves.
    """
    with named():
        risks = Risks(aql, limit, producer_risk, consumer_risk)
        return find_variables_plan(risks, spread_known=spread_known)


def variables_curve(
    shares: Sequence[float], *, size: int, constant: float, spread_known: bool
) -> list[float]:
    """Acceptance of a variables plan at each share of failing items.

    Raises
    ------
    AcceptanceInvalid
        An argument lies outside its range.
    """
    with named():
        return variables_acceptance(VariablesPlan(size, constant, spread_known), shares)


def long_run(
    *, letter: str, aql: float, qualities: Sequence[float], with_reduced: bool
) -> list[SchemeCharacteristic]:
    """How a switching scheme behaves in the long run, at several qualities.

    Raises
    ------
    AcceptanceInvalid
        An argument lies outside its range.
    """
    with named():
        return [
            scheme_characteristic(letter, aql, each, with_reduced=with_reduced)
            for each in qualities
        ]


def replayed(
    *, aql: float, level: str, reduced_allowed: bool, lots: Sequence[dict[str, int | bool | None]]
) -> list[Step]:
    """The switching rules over a posted history of lots, each step with its clause.

    Raises
    ------
    AcceptanceInvalid
        A lot cannot be meant like this; the field names its place.
    """
    with named():
        scheme = Scheme(aql, level, reduced_allowed)
    if len(lots) > MOST_LOTS:
        problem = FieldProblem("lots", "At most {most} lots at once.", {"most": MOST_LOTS})
        raise AcceptanceInvalid(fields=[problem])
    now, steps = Standing(), []
    for place, each in enumerate(lots):
        with named(f"lots.{place}."):
            step = next_step(scheme, now, Lot(**each))  # type: ignore[arg-type]
        steps.append(step)
        now = step.after
    return steps


@dataclass(frozen=True, slots=True)
class Comparison:
    """A lot's plan beside the other severities and the whole scheme, at the same qualities.

    ``chances``: acceptance by severity, of the plans asked for (double where there is one).
    ``scheme``: the long run with switching. ``points``: the lot's own plan, with sample number
    and outgoing quality.
    """

    qualities: tuple[float, ...]
    chances: dict[State, tuple[float, ...]]
    scheme: tuple[SchemeCharacteristic, ...]
    points: tuple[Characteristic, ...]
    producer_risk: float  # of the lot's own plan, at the AQL
    consumer_quality: float | None  # accepted with 10 %


def compared(found: LotPlan, *, points: int = 41) -> Comparison:
    """How a lot's plan behaves beside the other severities and within the switching scheme.

    Parameters
    ----------
    found : LotPlan
        From `lot_plan`.
    points : int
        Qualities, evenly spread from 0 to where the plan accepts one lot in a thousand.

    Raises
    ------
    AcceptanceInvalid
        The plan rejects no lot.
    """
    model = Model.BINOMIAL if found.is_percent else Model.POISSON
    with named():
        last = quality_accepted_with(found.plan, WIDEST, model=model)
        grid = [last * at / (points - 1) for at in range(points)]
        chances = {}
        for state in State:
            other = _plan_beside(found, state)
            chances[state] = tuple(acceptance_probabilities(other, grid, model=model))
        scheme = tuple(
            scheme_characteristic(found.first_letter, found.aql, each)
            for each in grid[1:]
            if each < 1
        )
        own = characteristics(found.plan, grid, model=model, lot_size=found.lot_size)
        (at_aql,) = acceptance_probabilities(found.plan, [found.aql / 100], model=model)
        return Comparison(
            qualities=tuple(grid),
            chances=chances,
            scheme=scheme,
            points=tuple(own),
            producer_risk=1 - at_aql,
            consumer_quality=quality_accepted_with(found.plan, CONSUMER, model=model),
        )


def _plan_beside(found: LotPlan, state: State) -> AnyPlan:
    """The plan of another severity for the same lot; double if there is one and it is asked for."""
    if state == found.state:
        return found.plan
    kind = Kind.DOUBLE if isinstance(found.plan, DoublePlan) else Kind.SINGLE
    try:
        return plan_for_lot(
            found.lot_size, found.aql, level=found.level, state=state, kind=kind
        ).plan
    except NoDoublePlan:
        return plan_for_lot(found.lot_size, found.aql, level=found.level, state=state).plan
