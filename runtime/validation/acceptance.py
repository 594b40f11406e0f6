"""Reference values of acceptance sampling.

Tolerances
----------
Tables (letters, sizes, acceptance and rejection numbers): equal, as whole numbers.
Probabilities of acceptance of attributes plans: relative 1e-9, or absolute 1e-12; the files carry
15 digits, and far tails lose some of them in either program.
Variables plans: relative 1e-7, or absolute 1e-12, for probabilities (the noncentral t distribution
is a series in both programs); relative 1e-5 for the constant k with unknown spread, which the
reference finds by minimisation and rounds off there; sizes are equal.
Switching schemes: relative 1e-9, or absolute 1e-12, for shares, acceptance and sample number;
the number of states of the chain is equal.

Stated differences
------------------
Double plans of the reference follow ANSI/ASQ Z1.4 (ISO 2859-1:1989). The 1999 edition, which the
product uses, changed four pairs of numbers; a row with one of these must hold the earlier pair
exactly. In tightened inspection, letter A, AQL 10, the reference goes on to letter D; GB/T 2828.1
and the diagonal have a plan with acceptance number 0 in the cell itself, beside which there is
no double plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runtime.validation.tally import Tally
from sampling.maths.acceptance import EARLIER_RUNGS, NoDoublePlan, double_plan
from sampling.maths.acceptance_tables import (
    AQLS,
    LAST_ROW,
    LETTERS,
    LEVELS,
    Cell,
    State,
    cell,
    code_letter,
)
from sampling.maths.oc import (
    AnyPlan,
    DoublePlan,
    Model,
    SinglePlan,
    acceptance_probabilities,
)
from sampling.maths.plan_search import Risks, find_plan
from sampling.maths.scheme import scheme_characteristic
from sampling.maths.variables import VariablesPlan, find_variables_plan, variables_acceptance

Document = Mapping[str, Any]

SINGLE: Final = "GB/T 2828.1-2012 (idt ISO 2859-1:1999)"
SCHEMES: Final = "exact stationary Markov chain of ISO 2859-1:1999"
DOUBLES: Final = "AAZ14Double"
CURVES: Final = "AcceptanceSampling"

PROBABILITY: Final = 1e-9
NONCENTRAL: Final = 1e-7
CONSTANT: Final = 1e-5

EDITION: Final = "the 1999 edition changed this double plan"
LETTER_A: Final = "tightened, letter A, AQL 10: GB/T 2828.1 has acceptance number 0 in the cell"

_MODELS: Final = {
    "binomial": Model.BINOMIAL,
    "poisson": Model.POISSON,
    "hypergeom": Model.HYPERGEOMETRIC,
}
_SEVERITIES: Final = {"N": State.NORMAL, "T": State.TIGHTENED, "R": State.REDUCED}


def is_single_tables(document: Any) -> bool:
    """Tell whether a file holds the tables of single plans."""
    return isinstance(document, Mapping) and {"code_letters", "single", "aql"} <= set(document)


def single_tables(document: Document, tally: Tally) -> None:
    """Regrow table 1 and all cells of tables 2-A, 2-B and 2-C; a case is one cell."""
    with tally.case("axes"):
        tally.same("aql", list(AQLS), document["aql"])
        tally.same("levels", sorted(LEVELS), sorted(document["code_letters"]))
        tally.same("states", sorted(State), sorted(document["single"]))
    bounds = document["lot_upper"]
    for level, letters in document["code_letters"].items():
        for place, (bound, stated) in enumerate(zip(bounds, letters, strict=True)):
            with tally.case(f"{level} up to {bound}"):
                smallest = bounds[place - 1] + 1 if place else 2
                tally.same("first letter of the class", code_letter(smallest, level), stated)
                if bound is not None:
                    tally.same("last letter of the class", code_letter(bound, level), stated)
    for name, table in document["single"].items():
        state = State(name)
        with tally.case(f"{name} letters"):
            last = LAST_ROW if state == State.TIGHTENED else ""
            tally.same("letters", LETTERS + last, "".join(table))
        for letter, cells in table.items():
            for aql, stated in zip(AQLS, cells, strict=True):
                with tally.case(f"{name} {letter} {aql:g}"):
                    tally.same("plan", _cell(state, letter, aql), stated)


def _cell(state: State, letter: str, aql: float) -> list[Any] | None:
    if letter == LAST_ROW and not _stands_in_last_row(aql):
        return None
    found = cell(state, letter, aql)
    return [found.letter, found.size, found.acceptance, found.rejection]


def _stands_in_last_row(aql: float) -> bool:
    """Whether row S, reached by arrows only, has a plan for this AQL."""
    return cell(State.TIGHTENED, "R", aql).letter == LAST_ROW


def is_schemes(document: Any) -> bool:
    """Tell whether a file holds long-run figures of switching schemes."""
    return (
        isinstance(document, Mapping)
        and isinstance(document.get("provenance"), str)
        and SCHEMES in document["provenance"]
        and "cases" in document
    )


def schemes(document: Document, tally: Tally) -> None:
    """Recompute shares of severities, acceptance and sample number of each scheme."""
    for stated in document["cases"]:
        name = f"{stated['letter']} {stated['aql']:g} p={stated['p']:g} {stated['reduced']}"
        with tally.case(name):
            found = scheme_characteristic(
                stated["letter"], stated["aql"], stated["p"], with_reduced=stated["reduced"]
            )
            tally.same("states", found.places, stated["states"])
            tally.close("scheme_pa", found.acceptance, stated["scheme_pa"], rel=PROBABILITY)
            tally.close("asn", found.sample_number, stated["asn"], rel=PROBABILITY)
            for short, state in _SEVERITIES.items():
                tally.close(
                    f"share of {state}", found.shares[state], stated["frac"][short], rel=PROBABILITY
                )
                tally.close(
                    f"pa_{state}",
                    found.acceptance_by_state[state],
                    stated[f"pa_{state.value}"],
                    rel=PROBABILITY,
                )


def is_double_plans(document: Any) -> bool:
    """Tell whether a file holds double plans of the edition before 1999."""
    return (
        isinstance(document, Mapping)
        and DOUBLES in str(document.get("provenance"))
        and {"columns", "rows"} <= set(document)
    )


def double_plans(document: Document, tally: Tally) -> None:
    """Derive each double plan; where editions are known to differ, hold it to the earlier one."""
    for row in document["rows"]:
        stated = dict(zip(document["columns"], row, strict=True))
        state, aql = State(stated["state"]), stated["aql"]
        with tally.case(f"{state} {stated['level']} {stated['lot_size']} {aql:g}"):
            letter = code_letter(stated["lot_size"], stated["level"])
            found = cell(state, letter, aql)
            numbers = [stated[name] for name in ("n1", "n2", "Ac1", "Re1", "Ac2", "Re2")]
            if (state, letter, aql) == (State.TIGHTENED, "A", 10.0):
                tally.same("plan of the other source", _numbers(_LETTER_D), numbers)
                tally.expect(LETTER_A)
                continue
            try:
                plan = double_plan(state, found)
            except NoDoublePlan as error:
                tally.differ("plan", str(error), numbers)
                continue
            earlier = EARLIER_RUNGS.get((state, found.acceptance))
            if earlier is None:
                tally.same("plan", _numbers(plan), numbers)
            else:
                before = DoublePlan(plan.first_size, plan.second_size, *earlier)
                tally.same("plan of the earlier edition", _numbers(before), numbers)
                tally.expect(EDITION)


_LETTER_D: Final = double_plan(State.TIGHTENED, Cell("D", 8, 1))


def _numbers(plan: DoublePlan) -> list[int]:
    return [
        plan.first_size,
        plan.second_size,
        plan.first_acceptance,
        plan.first_rejection,
        plan.acceptance,
        plan.rejection,
    ]


def is_characteristics(document: Any) -> bool:
    """Tell whether a file holds operating characteristics and searched plans."""
    return isinstance(document, Mapping) and {"find_plan", "variables", "single"} <= set(document)


def operating_characteristics(document: Document, tally: Tally) -> None:
    """Recompute curves of single, double and variables plans, and search plans again."""
    for group in ("single", "hypergeometric", "double_multiple"):
        for number, stated in enumerate(document[group]):
            plan = _plan_of(stated)
            at = stated["D"] if "D" in stated else stated["pd"]
            found = acceptance_probabilities(
                plan, at, model=_MODELS[stated["type"]], lot_size=stated.get("N")
            )
            _compare(tally, f"{group} {number}", at, found, stated["pa"], PROBABILITY)
    for number, stated in enumerate(document["variables"]):
        variables = VariablesPlan(stated["n"], stated["k"], _spread_known(stated))
        found = variables_acceptance(variables, stated["pd"])
        _compare(tally, f"variables {number}", stated["pd"], found, stated["pa"], NONCENTRAL)
    for number, stated in enumerate(document["find_plan"]):
        with tally.case(f"find_plan {number}"):
            _search(tally, stated)


def _spread_known(stated: Document) -> bool:
    return bool({"known": True, "unknown": False}[stated["s_type"]])


def _plan_of(stated: Document) -> AnyPlan:
    if stated["kind"] == "single":
        return SinglePlan(stated["n"], stated["Ac"])
    (first, second), (accept, final), (reject, last) = stated["n"], stated["c"], stated["r"]
    if last != final + 1:
        raise ValueError(f"the last rejection number {last} does not follow {final}")
    return DoublePlan(first, second, accept, reject, final)


def _compare(
    tally: Tally, name: str, at: list[float], found: list[float], stated: list[float], rel: float
) -> None:
    for quality, ours, theirs in zip(at, found, stated, strict=True):
        with tally.case(f"{name} at {quality:g}"):
            tally.close("pa", ours, theirs, rel=rel)


def _search(tally: Tally, stated: Document) -> None:
    (good, accepted), (bad, missed) = stated["PRP"], stated["CRP"]
    risks = Risks(good, bad, round(1 - accepted, 12), missed)
    if stated["type"] == "normal":
        known = _spread_known(stated)
        found = find_variables_plan(risks, spread_known=known)
        tally.same("n", found.plan.size, stated["n"])
        rel = PROBABILITY if known else CONSTANT
        tally.close("k", found.plan.constant, stated["k"], rel=rel)
        return
    plan = find_plan(risks, model=_MODELS[stated["type"]], lot_size=stated.get("N")).plan
    tally.same("n", plan.size, stated["n"])
    tally.same("Ac", plan.acceptance, stated["Ac"])
    if "Re" in stated:
        tally.same("Re", plan.acceptance + 1, stated["Re"])
