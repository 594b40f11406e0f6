"""Reference values of allocation, limits, estimation and unequal probabilities."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from runtime.validation.tally import Tally
from sampling.maths import allocation, estimation, joint, limits, sizes, whole_units
from sampling.maths.strata import StratumSpread, variance_of_total

Document = Mapping[str, Any]

EXACT = 1e-10  # the files carry 15 digits; ours and theirs differ by rounding alone
SINGLE = 1e-7  # the weights of the survey example are single-precision numbers
ITERATED = 2e-6  # the package finds the odds of the design of largest entropy to 1e-6 only


def _holds(document: Any, *names: str) -> bool:
    return isinstance(document, Mapping) and set(names) <= set(document)


def is_allocation(document: Any) -> bool:
    """Tell whether a file holds allocations over strata."""
    return _holds(document, "cases", "optcost", "pop10")


def allocations(document: Document, tally: Tally) -> None:
    """Neyman, proportional, bounded and cost-optimal allocations.

    The published whole numbers are a rounding rule's; ours are the optimum, so they must sum to
    the same and be no worse.
    """
    for case in document["cases"]:
        with tally.case(f"n={case['n']}"):
            _allocation_case(case, tally)
    cost = document["optcost"]
    with tally.case("optcost"):
        strata = [
            _spread(place, int(most), weight / most, cost=price, upper=int(most))
            for place, (weight, most, price) in enumerate(
                zip(cost["A"], cost["M"], cost["unit_costs"], strict=True)
            )
        ]
        # Only A is given; what stands beside the fraction depends on how A is split into N and S.
        ours = math.fsum(one.weight * one.spread for one in strata)
        found = allocation.optimal_for_variance(strata, cost["V"] + cost["A0"] - ours)
        _vector(tally, "x", list(found.units.values()), cost["x"], rel=EXACT)
    ten = document["pop10"]
    with tally.case("pop10"):
        data = ten["data"]
        strata = [
            _spread(place, size, spread, cost=price, lower=low, upper=high)
            for place, (size, spread, price, low, high) in enumerate(
                zip(data["N"], data["S"], data["unit_cost"], data["m"], data["M"], strict=True)
            )
        ]
        best = allocation.optimal(strata, ten["n"])
        _vector(tally, "box", list(best.units.values()), ten["box"], rel=EXACT)
        tally.same("optimal", True, allocation.optimality_gap(best) < EXACT)


def _allocation_case(case: Document, tally: Tally) -> None:
    def strata(*, lower: bool, upper: bool) -> list[StratumSpread]:
        return [
            _spread(
                place,
                size,
                spread,
                lower=case["lower"][place] if lower else 0,
                upper=case["upper"][place] if upper else None,
            )
            for place, (size, spread) in enumerate(zip(case["N"], case["S"], strict=True))
        ]

    free, boxed = strata(lower=False, upper=False), strata(lower=True, upper=True)
    total = case["n"]
    found = {
        "neyman": allocation.neyman(free, total),
        "proportional": allocation.proportional(free, total),
        "upper_only": allocation.optimal(strata(lower=False, upper=True), total),
        "box": allocation.optimal(boxed, total),
    }
    if "lower_only" in case:
        found["lower_only"] = allocation.optimal(strata(lower=True, upper=False), total)
    for name, each in found.items():
        _vector(tally, name, list(each.units.values()), case[name], rel=EXACT)
    tally.close("var_box", found["box"].variance, case["var_box"], rel=EXACT)
    tally.same("optimal", True, allocation.optimality_gap(found["box"]) < EXACT)
    whole = whole_units.integer_optimum(boxed, total)
    rounded = {str(place): value for place, value in enumerate(case["box_rounded_oric"])}
    tally.same("rounded: strata", len(boxed), len(rounded))
    tally.same("rounded: units", int(whole.total), sum(rounded.values()))
    theirs = variance_of_total(boxed, rounded)
    tally.same("whole units no worse than rounded", True, whole.variance <= theirs * (1 + EXACT))
    # A published rounding that beat neither the optimum nor came near it would be damaged.
    tally.close("variance of the rounding", whole.variance, theirs, rel=1e-3)


def _spread(
    place: int,
    size: int,
    spread: float,
    *,
    cost: float = 1,
    lower: int = 0,
    upper: int | None = None,
) -> StratumSpread:
    return StratumSpread(str(place), size, float(spread), Decimal(str(cost)), lower, upper)


def is_limits(document: Any) -> bool:
    """Tell whether a file holds confidence limits of shares and of rosters."""
    return _holds(document, "binomial", "hypergeometric")


def confidence_limits(document: Document, tally: Tally) -> None:
    """Clopper-Pearson, Wilson, Jeffreys and one-sided limits; whole limits of a roster."""
    for case in document["binomial"]:
        x, n, confidence = case["x"], case["n"], case["conf"]
        with tally.case(f"{x} of {n}, {confidence}"):
            for name, method in (
                ("clopper_pearson", limits.clopper_pearson),
                ("wilson", limits.wilson),
                ("jeffreys", limits.jeffreys),
            ):
                found = method(x, n, confidence=confidence)
                _vector(tally, name, [found.lower, found.upper], case[name], rel=EXACT)
            upper = limits.upper_limit(x, n, confidence=confidence)
            tally.close("upper_one_sided", upper, case["upper_one_sided"], rel=EXACT)
    for case in document["hypergeometric"]:
        x, n, size, confidence = case["x"], case["n"], case["N"], case["conf"]
        with tally.case(f"{x} of {n} from {size}, {confidence}"):
            both = limits.roster_limits(x, n, size, confidence=confidence)
            one = limits.roster_limits(x, n, size, confidence=confidence, sides=1)
            tally.same("D_lower", both.lower, case["D_lower"])
            tally.same("D_upper", both.upper, case["D_upper"])
            tally.same("D_upper_one_sided", one.upper, case["D_upper_one_sided"])


def is_survey(document: Any) -> bool:
    """Tell whether a file holds estimates of a stratified and of an unequal-probability draw."""
    return _holds(document, "stratified") and _holds(document, "pps")


def survey_estimates(document: Document, tally: Tally) -> None:
    """A stratified rate with its limits; totals by Horvitz and Thompson, Brewer's variance.

    The standard error of the file's ``ht`` part needs joint probabilities that the file does not
    hold; it is named as not recomputed.
    """
    one = document["stratified"]
    rows = list(zip(one["stype"], one["fpc"], one["pw"], one["awd"], strict=True))
    with tally.case("stratified"):
        size_of = {stratum: size for stratum, size, _, _ in rows}
        tally.same("fpc by stratum", len({(s, n) for s, n, _, _ in rows}), len(size_of))
        strata = [
            limits.StratumCount(
                key,
                size_of[key],
                sum(stratum == key for stratum, *_ in rows),
                sum(value for stratum, _, _, value in rows if stratum == key),
            )
            for key in sorted(size_of)
        ]
        found = estimation.stratified_rate(strata)
        answers = [estimation.Answer(stratum, 1 / weight, y) for stratum, _, weight, y in rows]
        tally.close("mean by the weights", estimation.hajek_mean(answers), one["mean"], rel=EXACT)
        tally.close("mean", found.rate, one["mean"], rel=SINGLE)
        tally.close("se", found.standard_error or 0.0, one["se"], rel=SINGLE)
        tally.same("df", found.degrees, one["df"])
    for name, method in (
        ("logit", limits.rate_limits),
        ("asin", limits.arcsine_limits),
        ("mean", limits.plain_limits),
    ):
        with tally.case(f"limits {name}"):
            both = method(one["mean"], one["se"], one["df"])
            stated = one["ciprop"][name]
            _vector(tally, name, [one["mean"], both.lower, both.upper], stated, rel=EXACT)
    _totals(document["pps"], tally)


def _totals(pps: Document, tally: Tally) -> None:
    for place, name in enumerate(("Bush", "Kerry")):
        with tally.case(f"totals {name}"):
            values, pi = pps[name], pps["p"]
            answers = [estimation.Answer("all", p, y) for p, y in zip(pi, values, strict=True)]
            total = estimation.horvitz_thompson(answers)
            tally.close("brewer total", total, pps["brewer"]["total"][place], rel=EXACT)
            tally.close("ht total", total, pps["ht"]["total"][place], rel=EXACT)
            error = math.sqrt(estimation.variance_brewer(values, pi))
            tally.close("brewer se", error, pps["brewer"]["se"][place], rel=EXACT)
            # Not recomputed, see below; but it must be a number that can be a standard error.
            tally.same("ht se above 0", True, 0 < float(pps["ht"]["se"][place]) < math.inf)
    tally.not_recomputed.append("pps.ht.se: needs joint inclusion probabilities, not in the file")


def is_unequal(document: Any) -> bool:
    """Tell whether a file holds unequal-probability draws and joint probabilities."""
    return _holds(document, "order_pps", "joint_inclusion")


def unequal_probabilities(document: Document, tally: Tally) -> None:
    """Probabilities by size, order samples from given uniform numbers, joint probabilities."""
    for number, case in enumerate(document["inclusionprobabilities"], start=1):
        with tally.case(f"by size {number}"):
            found = sizes.inclusion_by_size(case["size"], case["n"])
            _vector(tally, "pik", found.tolist(), case["pik"], rel=EXACT)
    for case in document["order_pps"]:
        tally_name = f"order sampling {case['n']} of {case['N']}"
        with tally.case(tally_name):
            found = sizes.inclusion_by_size(case["size"], case["n"])
            tally.same("N", len(found), case["N"])
            _vector(tally, "pik", found.tolist(), case["pik"], rel=EXACT)
            for name, selected in case["selected_by_formula"].items():
                drawn = sizes.order_sample(case["pik"], case["u"], case["n"], sizes.Order(name))
                tally.same(name, [place + 1 for place in drawn], selected)
    stated = document["joint_inclusion"]
    for name, method, rel in (
        ("UPmaxentropypi2", joint.joint_maximum_entropy, ITERATED),
        ("UPtillepi2", joint.joint_elimination, EXACT),
        ("UPmidzunopi2", joint.joint_midzuno, EXACT),
    ):
        with tally.case(name):
            both = method(np.asarray(stated["pik"], dtype=float))
            tally.same("rows", len(both), len(stated[name]))
            for place, (row, line) in enumerate(zip(both, stated[name], strict=True), start=1):
                _vector(tally, f"row {place}", row.tolist(), line, rel=rel)


def _vector(
    tally: Tally, what: str, found: Sequence[float], stated: Sequence[Any], *, rel: float
) -> None:
    tally.same(f"{what}: length", len(found), len(stated))
    for place, (ours, theirs) in enumerate(zip(found, stated, strict=True), start=1):
        tally.close(f"{what} {place}", ours, theirs, rel=rel)
