"""A reach of any size folded to enterprises: how much is where, before anybody is named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from traceability.maths.answer import PartyView, Side
from traceability.maths.reach import Ints
from traceability.queries.ledger import parties
from traceability.queries.reached import places_of
from traceability.service.reaching import SIDES, Found


@dataclass(frozen=True, slots=True)
class FoldedParty:
    """A holder, and how many lots of one tier it has or had."""

    party: PartyView
    lots: int


@dataclass(frozen=True, slots=True)
class FoldedTier:
    """What lies so many steps away on one side.

    ``cards`` are the holders with the most lots; ``others`` are the holders beyond them, and
    ``other_holdings`` what those hold.
    """

    side: Side
    depth: int
    holdings: int
    lots: int
    parties: int
    cards: tuple[FoldedParty, ...]
    others: int
    other_holdings: int


@dataclass(frozen=True, slots=True)
class Folded:
    """Tiers from the furthest upstream to the furthest downstream, and the whole."""

    tiers: tuple[FoldedTier, ...]
    holdings: int
    lots: int
    parties: int
    party: Ints  # of each node of the answer, in its order


def fold(session: Session, found: Found, *, most: int = 12) -> Folded:
    """Show what an answer of any size holds, by tier, and at whom most of it is.

    Parameters
    ----------
    found : Found
    most : int, >= 1
        Holders named in each tier; at equal counts those with the lower number come first.
    """
    lot, party = places_of(session, found.node)
    tiers = []
    named: set[int] = set()
    counted: list[tuple[Side, int, Ints, Ints, int]] = []
    for side, depth, _ in found.totals:
        here = (found.side == SIDES.index(side)) & (found.depth == depth)
        # A node is a lot at a holder, so at one holder nodes and lots are as many.
        holder, count = np.unique(party[here], return_counts=True)
        order = np.lexsort((holder, -count))
        holder, count = holder[order], count[order]
        named |= set(holder[:most].tolist())
        counted.append((side, depth, holder, count, len(np.unique(lot[here]))))
    views = parties(session, named)
    for side, depth, holder, count, lots in counted:
        tiers.append(
            FoldedTier(
                side=side,
                depth=depth,
                holdings=int(count.sum()),
                lots=lots,
                parties=len(holder),
                cards=tuple(
                    FoldedParty(views[each], lots_there)
                    for each, lots_there in zip(
                        holder[:most].tolist(), count[:most].tolist(), strict=True
                    )
                ),
                others=max(len(holder) - most, 0),
                other_holdings=int(count[most:].sum()),
            )
        )
    return Folded(
        tiers=tuple(sorted(tiers, key=_along)),
        holdings=len(found.node),
        lots=len(np.unique(lot)),
        parties=len(np.unique(party)),
        party=party,
    )


def _along(tier: FoldedTier) -> tuple[int, int]:
    """From where goods come to where they go."""
    if tier.side is Side.UPSTREAM:
        return -1, -tier.depth
    return (0 if tier.side is Side.SEED else 1), tier.depth


def part_of(
    found: Found,
    folded: Folded,
    *,
    side: Side | None = None,
    depth: int | None = None,
    party_id: int | None = None,
) -> Ints:
    """Places of an answer's rows on one side, so many steps away, or at one holder."""
    kept = np.ones(len(found.node), dtype=np.bool_)
    if side is not None:
        kept &= found.side == SIDES.index(side)
    if depth is not None:
        kept &= found.depth == depth
    if party_id is not None:
        kept &= folded.party == party_id
    return np.flatnonzero(kept)
