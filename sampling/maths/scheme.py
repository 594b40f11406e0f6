"""How a whole switching scheme behaves in the long run: an exact Markov chain, no simulation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sampling.maths.acceptance_tables import AQLS, HIGHEST_PERCENT, Cell, State, aql_index, cell
from sampling.maths.oc import Model, SinglePlan, acceptance_probabilities
from sampling.maths.ranges import share
from sampling.maths.switching import ACCEPTED_TO_NORMAL, REDUCED_FROM, WINDOW

# A state of the chain: severity; lots since the last rejection that still counts (0: the lot just
# before; None: no rejection in the last four) or accepted lots in a row; switching score.
Place = tuple[State, int | None, int]
NEVER = 1e-50  # a move less probable than this is not made
_START: Place = (State.NORMAL, None, 0)


@dataclass(frozen=True, slots=True)
class SchemeCharacteristic:
    """The long run of a scheme at one quality."""

    letter: str
    aql: float
    quality: float
    with_reduced: bool
    shares: Mapping[State, float]  # of lots, by severity
    acceptance: float
    sample_number: float
    acceptance_by_state: Mapping[State, float]
    sizes: Mapping[State, int]
    places: int  # states of the chain


def _accepts(found: Cell, quality: float, model: Model) -> float:
    plan = SinglePlan(found.size, found.acceptance)
    return acceptance_probabilities(plan, [quality], model=model)[0]


def _moves(
    place: Place, chances: Mapping[State, float], gain: tuple[int, float], with_reduced: bool
) -> list[tuple[Place, float]]:
    """Where one lot leads from a place, with probabilities."""
    state, since, score = place
    accepted = chances[state]
    if state == State.REDUCED:
        return [(place, accepted), (_START, 1 - accepted)]
    if state == State.TIGHTENED:
        run = (since or 0) + 1
        onward: Place = _START if run >= ACCEPTED_TO_NORMAL else (State.TIGHTENED, run, 0)
        return [(onward, accepted), ((State.TIGHTENED, 0, 0), 1 - accepted)]
    points, gaining = gain
    later = None if since is None or since + 1 >= WINDOW - 1 else since + 1
    rejected: Place = (State.NORMAL, 0, 0) if since is None else (State.TIGHTENED, 0, 0)
    risen = score + points if with_reduced else 0
    if risen >= REDUCED_FROM:
        raised: Place = (State.REDUCED, None, 0)
    else:
        raised = (State.NORMAL, later, risen)
    fallen: Place = (State.NORMAL, later, 0)
    return [(raised, gaining), (fallen, accepted - gaining), (rejected, 1 - accepted)]


def scheme_characteristic(
    letter: str,
    aql: float,
    quality: float,
    *,
    with_reduced: bool = True,
    model: Model | None = None,
) -> SchemeCharacteristic:
    """Which share of lots is accepted in the long run, by how large samples, in which severity?

    Parameters
    ----------
    letter : str
        Code letter A to R of table 1.
    aql : float
        One of the 26 preferred values.
    quality : float
        Share of failing items (Poisson: findings per item) of the process, 0 < quality < 1.
    with_reduced : bool
        Whether reduced inspection is used.
    model : Model, optional
        Binomial up to AQL 10, Poisson above, unless given.

    Returns
    -------
    SchemeCharacteristic
        Shares of normal, tightened and reduced inspection, acceptance and sample number.

    Raises
    ------
    OutOfRange
        If an argument lies outside its range.

    Notes
    -----
    Lots of constant quality, independent. Reduced inspection is left on a rejected lot only;
    normal inspection begins with an empty history and score 0. Inspection is not discontinued:
    with the stop of clause 9.4 every scheme ends sooner or later, and a long run does not exist.
    Moves less probable than 1e-50 are left out.

    References
    ----------
    ISO 2859-1:1999, cl. 9.3 and table 12; Stephens, K. S., & Larson, K. E. (1967). An evaluation
    of the MIL-STD-105D system of sampling plans. Industrial Quality Control 23, for the idea.

    Examples
    --------
    >>> round(scheme_characteristic("K", 1.0, 0.015).acceptance, 6)
    0.841009
    """
    share("quality", quality, "0 and 1 need no computation", open_ends=True)
    chosen = model or (Model.BINOMIAL if aql <= HIGHEST_PERCENT else Model.POISSON)
    cells = {state: cell(state, letter, aql) for state in State}
    chances = {state: _accepts(cells[state], quality, chosen) for state in State}
    gain = _gain(cells[State.NORMAL], aql, quality, chosen, chances[State.NORMAL])
    places: list[Place] = [_START]
    edges: list[tuple[int, int, float]] = []
    for at, place in enumerate(places):  # grows while it is walked
        for onward, chance in _moves(place, chances, gain, with_reduced):
            if chance < NEVER:
                continue
            if onward not in places:
                places.append(onward)
            edges.append((at, places.index(onward), chance))
    weights = _stationary(len(places), edges)
    shares = {
        state: float(sum(w for w, place in zip(weights, places, strict=True) if place[0] == state))
        for state in State
    }
    return SchemeCharacteristic(
        letter=letter,
        aql=aql,
        quality=quality,
        with_reduced=with_reduced,
        shares=shares,
        acceptance=sum(shares[state] * chances[state] for state in State),
        sample_number=sum(shares[state] * cells[state].size for state in State),
        acceptance_by_state=chances,
        sizes={state: cells[state].size for state in State},
        places=len(places),
    )


def _gain(
    found: Cell, aql: float, quality: float, model: Model, accepted: float
) -> tuple[int, float]:
    """Points of the switching score that one lot may add, and how probably it does."""
    if found.acceptance <= 1:
        return 2, accepted
    column = aql_index(aql)
    tighter = cell(State.NORMAL, found.letter, AQLS[column - 1]) if column else None
    if tighter is None or tighter.size != found.size:
        return 3, 0.0
    return 3, _accepts(tighter, quality, model)


def _stationary(places: int, edges: list[tuple[int, int, float]]) -> list[float]:
    """The long-run weights of a chain, by elimination without subtraction.

    Grassmann, W. K., Taksar, M. I., & Heyman, D. P. (1985). Regenerative analysis and steady
    state distributions for Markov chains. Operations Research 33: exact to rounding even where
    a severity is visited once in 10**12 lots.
    """
    matrix = np.zeros((places, places))
    for at, onward, chance in edges:
        matrix[at, onward] += chance
    for last in range(places - 1, 0, -1):
        leaving = matrix[last, :last].sum()
        if leaving == 0:  # the rest is left for good: only `last` and what it leads to remain
            weights = [0.0] * places
            weights[last] = 1.0
            return weights
        matrix[:last, last] /= leaving
        matrix[:last, :last] += np.outer(matrix[:last, last], matrix[last, :last])
    weights = [1.0] + [0.0] * (places - 1)
    for at in range(1, places):
        weights[at] = float(np.dot(weights[:at], matrix[:at, at]))
    total = sum(weights)
    return [each / total for each in weights]
