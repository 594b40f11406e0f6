"""FoodChain-Lab's scores over our own network: what share of the findings lies ahead?

A score ranks by eye. It does not know how much of everything each holder had, so a large holder
scores high by size alone; as evidence for a source it is no more than a beginning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from traceability.maths.contact import Kill, Scope
from traceability.maths.ledger import Event, Use
from traceability.maths.network import Dates, Network
from traceability.maths.walking import Asked, reached_from

Counting = Literal["weight", "count"]


@dataclass(frozen=True, slots=True)
class WeightedFinding:
    """A finding at a lot.

    Attributes
    ----------
    party : int | None
        Where the sample was taken; None where it tells of the whole lot.
    weight : float
        How much it counts; negative for evidence against.
    """

    lot: int
    party: int | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class FindingScores:
    """Scores from -1 to 1 of all that findings lie ahead of; everything else scores 0.

    Attributes
    ----------
    lots : dict
        Lot: score.
    stations : dict
        Party: score.
    holdings : dict
        (lot, party): score.
    findings : tuple of WeightedFinding
        As given.
    """

    lots: dict[int, float]
    stations: dict[int, float]
    holdings: dict[tuple[int, int], float]
    findings: tuple[WeightedFinding, ...]

    @property
    def common_links(self) -> tuple[int, ...]:
        """Parties that all findings lie ahead of."""
        return tuple(sorted(each for each, score in self.stations.items() if score == 1))


def score_findings(
    events: Sequence[Event],
    uses: Sequence[Use],
    findings: Sequence[WeightedFinding],
    *,
    counting: Counting = "weight",
    dates: Dates = "respected",
    contact: Scope = "none",
    kills: Sequence[Kill] = (),
    longest: int | None = None,
    unlisted: frozenset[int] = frozenset(),
    unread: frozenset[int] = frozenset(),
) -> FindingScores:
    """What share of some findings lies ahead of each lot, each holder, and each lot at a holder?

    Parameters
    ----------
    events, uses, dates, contact, kills, longest, unlisted, unread
        As for `trace_lots`.
    findings : sequence of WeightedFinding
        Several at one lot count each.
    counting : {"weight", "count"}
        Weight ahead ÷ max(sum of positive weights, absolute sum of negative ones), as the desktop
        version has it; or number ahead ÷ number of findings, as the web version.

    Returns
    -------
    FindingScores
        By number, ascending.

    Raises
    ------
    ValueError
        Without a finding.

    Notes
    -----
    One walk back from each finding in possible order of time: what a finding lies ahead of is what
    lies behind it. A finding counts for its own lot and for all who held it.
    """
    if not findings:
        raise ValueError("scores need at least one finding")
    network = Network.of(events, uses, stand_ins=unlisted, unread=unread)
    weights = [each.weight if counting == "weight" else 1.0 for each in findings]
    whole = max(sum(w for w in weights if w > 0), -sum(w for w in weights if w < 0)) or 1.0
    lots: dict[int, float] = defaultdict(float)
    stations: dict[int, float] = defaultdict(float)
    holdings: dict[tuple[int, int], float] = defaultdict(float)
    for finding, weight in zip(findings, weights, strict=True):
        starts = [
            node
            for node in network.of_lot(finding.lot)
            if finding.party in (None, network.nodes[node][1])
        ]
        asked = Asked(frozenset({finding.lot}), dates, longest, contact, tuple(kills), unlisted)
        reach = reached_from(network, starts, asked, backward=True)
        behind = {network.nodes[int(node)] for node in reach.reached()}
        for node in behind:
            holdings[node] += weight
        for lot in {lot for lot, _ in behind} | {finding.lot}:
            lots[lot] += weight
        for party in {party for _, party in behind}:
            stations[party] += weight
    return FindingScores(
        {each: lots[each] / whole for each in sorted(lots)},
        {each: stations[each] / whole for each in sorted(stations)},
        {each: holdings[each] / whole for each in sorted(holdings)},
        tuple(findings),
    )
