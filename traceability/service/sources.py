"""The common source of several findings: candidates by tracing back, ranked by what was tested."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.clock import now
from traceability.errors import NoFindings, TooManyTested
from traceability.maths.answer import LotView, PartyView
from traceability.maths.reach import Ints
from traceability.maths.source import (
    Explanation,
    NextSample,
    ResultModel,
    SourceRanking,
    explain,
    next_samples,
    rank_sources,
)
from traceability.models.graph import TraceNode
from traceability.queries.ledger import lots, parties
from traceability.service.reaching import Found, Seed, Wish, find_reach

MOST_TESTED = 400
MOST_CANDIDATES_FOLLOWED = 40
MOST_UNTESTED = 400

By = Literal["lot", "party"]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CommonSources:
    """The answer.

    Attributes
    ----------
    candidates : tuple of int
        Lots or parties upstream of anything tested, by their number, in the order of the rows of
        ``ranking``; only those that explain a finding are named.
    depths : tuple of int
        Fewest steps from a candidate to a finding, or to a tested lot where it explains none.
    next : tuple of NextSample
        ``lot`` is the place in ``untested``.
    truncated_because : str | None
        Where a trace back was cut: candidates further up are not in.
    """

    by: By
    findings: tuple[int, ...]
    compliant: tuple[int, ...]
    candidates: tuple[int, ...]
    depths: tuple[int, ...]
    ranking: SourceRanking
    explanation: Explanation
    next: tuple[NextSample, ...]
    untested: tuple[int, ...]
    lots: dict[int, LotView]
    parties: dict[int, PartyView]
    as_of: datetime
    engines: tuple[str, ...]
    truncated_because: str | None


def common_sources(
    session: Session,
    failing: Sequence[Seed],
    compliant: Iterable[int] = (),
    *,
    by: By = "lot",
    model: ResultModel | None = None,
    as_of: datetime | None = None,
) -> CommonSources:
    """Which lots, or whose hands, do the findings have in common?

    Parameters
    ----------
    failing : sequence of Seed
        Lots that failed, each at the holder where the sample was taken if that is known.
    compliant : iterable of int
        Lots that were tested and passed: without them a hub cannot be told from a source.
    by : {"lot", "party"}
        Candidates are lots upstream, or the firms that had them.

    Raises
    ------
    NoFindings, TooManyTested, LotUnknown, HolderUnknown, FutureRecordTime
    """
    good = sorted(set(compliant) - {seed.lot_id for seed in failing})
    if not failing:
        raise NoFindings
    if len(failing) + len(good) > MOST_TESTED:
        raise TooManyTested(count=len(failing) + len(good), most=MOST_TESTED)
    at = as_of or now()
    back = [_back(session, seed, as_of) for seed in [*failing, *(Seed(lot) for lot in good)]]
    places = _places(session, back)
    behind = [_reached(found, places, by) for found in back]
    candidates = sorted(set().union(*(each.keys() for each in behind)))
    covered = _matrix(candidates, behind[: len(failing)])
    exposed = _matrix(candidates, behind[len(failing) :])
    ranking = rank_sources(covered, exposed, model=model)
    untested, ahead = _untested(session, ranking, candidates, by, places, failing, good, as_of)
    suspects = {candidates[row] for each in ranking.classes for row in each.members}
    named = {seed.lot_id for seed in failing} | set(good) | set(untested)
    return CommonSources(
        by=by,
        findings=tuple(seed.lot_id for seed in failing),
        compliant=tuple(good),
        candidates=tuple(candidates),
        depths=tuple(_nearest(each, behind[: len(failing)], behind) for each in candidates),
        ranking=ranking,
        explanation=explain(ranking),
        next=next_samples(ranking, ahead, model=model),
        untested=tuple(untested),
        lots=lots(session, named | (suspects if by == "lot" else set())),
        parties=parties(session, suspects) if by == "party" else {},
        as_of=at,
        engines=tuple(sorted({engine for found in back for engine in found.engines})),
        truncated_because=next(
            (found.truncated_because for found in back if found.truncated_because), None
        ),
    )


def _back(session: Session, seed: Seed, as_of: datetime | None) -> Found:
    return find_reach(session, Wish(seeds=(seed,), direction="backward", as_of=as_of))


def _places(session: Session, answers: Iterable[Found]) -> dict[int, tuple[int, int]]:
    """Node → (lot, party) of everything reached."""
    nodes: Ints = np.unique(np.concatenate([np.empty(0, np.int64), *(f.node for f in answers)]))
    rows = session.execute(
        select(TraceNode.id, TraceNode.lot_id, TraceNode.party_id).where(
            TraceNode.id == func.any(nodes.tolist())
        )
    ).all()
    return {row.id: (row.lot_id, row.party_id) for row in rows}


def _reached(found: Found, places: dict[int, tuple[int, int]], by: By) -> dict[int, int]:
    """Lot or party → fewest steps."""
    which = 0 if by == "lot" else 1
    depth: dict[int, int] = {}
    for node, steps in zip(found.node.tolist(), found.depth.tolist(), strict=True):
        key = places[node][which]
        depth[key] = min(steps, depth.get(key, steps))
    return depth


def _nearest(
    candidate: int, failing: Sequence[dict[int, int]], tested: Sequence[dict[int, int]]
) -> int:
    steps = [each[candidate] for each in failing if candidate in each]
    return min(steps or [each[candidate] for each in tested if candidate in each])


def _matrix(candidates: Sequence[int], behind: Sequence[dict[int, int]]) -> Bools:
    matrix = np.zeros((len(candidates), len(behind)), dtype=np.bool_)
    place = {candidate: row for row, candidate in enumerate(candidates)}
    for column, each in enumerate(behind):
        for key in each:
            if key in place:
                matrix[place[key], column] = True
    return matrix


def _untested(
    session: Session,
    ranking: SourceRanking,
    candidates: Sequence[int],
    by: By,
    places: dict[int, tuple[int, int]],
    failing: Sequence[Seed],
    good: Sequence[int],
    as_of: datetime | None,
) -> tuple[list[int], Bools]:
    """Lots not tested yet behind the likeliest candidates, and who of them stands before each."""
    tested = {seed.lot_id for seed in failing} | set(good)
    at_party: dict[int, list[Seed]] = defaultdict(list)
    for lot, party in places.values():
        at_party[party].append(Seed(lot, party))
    followed = [member for each in ranking.classes for member in each.members]
    ahead: dict[int, set[int]] = {}
    for row in followed[:MOST_CANDIDATES_FOLLOWED]:
        key = candidates[row]
        seeds = (Seed(key),) if by == "lot" else tuple(sorted(
            at_party[key], key=lambda seed: seed.lot_id))[:200]  # fmt: skip
        found = find_reach(session, Wish(seeds=seeds, direction="forward", as_of=as_of))
        reached = _places(session, [found])
        ahead[row] = {lot for lot, _ in reached.values()} - tested
    counted = sorted({lot for each in ahead.values() for lot in each})[:MOST_UNTESTED]
    matrix = np.zeros((len(candidates), len(counted)), dtype=np.bool_)
    for row, reached_lots in ahead.items():
        for column, lot in enumerate(counted):
            matrix[row, column] = lot in reached_lots
    return counted, matrix
