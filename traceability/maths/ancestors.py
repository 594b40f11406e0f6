"""What several findings have in common: every lot that lies behind some of them, by one sweep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from traceability.maths import workspace
from traceability.maths.csr import CsrEngine, walks
from traceability.maths.reach import Direction, Question

Ints = NDArray[np.int64]

BLOCK = 64  # findings in one sweep: bits of a machine word


@dataclass(frozen=True, slots=True)
class CommonNodes:
    """Nodes behind (or ahead of) findings.

    Attributes
    ----------
    node : (nodes,) int64
        Ascending.
    count : (nodes,) int64
        How many of the findings each explains.
    masks : (nodes, blocks) uint64
        Which: finding f is bit ``f % 64`` of block ``f // 64``, in the order given.
    """

    node: Ints
    count: Ints
    masks: NDArray[np.uint64]

    def explains(self, finding: int) -> NDArray[np.bool_]:
        """For each node, whether a finding (by its place) lies on its way."""
        block, bit = divmod(finding, BLOCK)
        found: NDArray[np.bool_] = (self.masks[:, block] >> np.uint64(bit)) & np.uint64(1) != 0
        return found


def common_nodes(
    engine: CsrEngine,
    findings: Ints,
    *,
    at_least: int = 2,
    direction: Direction = "backward",
    respects_dates: bool = False,
    certain: bool = False,
) -> CommonNodes:
    """Which nodes lie behind at least so many of some findings?

    Parameters
    ----------
    engine : CsrEngine
    findings : (findings,) int64
        Nodes; a node may be found twice.
    at_least : int, >= 1
    direction : {"backward", "forward"}
        Backward: common sources. Forward: what several sources may have gone into.
    respects_dates, certain : bool
        As in `Question`. Without dates one sweep serves 64 findings; with them each finding is
        walked by itself, since each has its own time at every node.

    Returns
    -------
    CommonNodes
        A finding counts as behind itself.

    Raises
    ------
    ValueError
        If there is no finding, or a number lies outside its range.

    Notes
    -----
    Bits run along the edges until none is new, so cycles end, and the work is once per edge and
    round in which a node learned something: far less than a walk for each finding. What the sweep
    gives without dates holds all that is there with dates: candidates first, dates for the few.
    """
    findings = np.asarray(findings, dtype=np.int64)
    if not len(findings):
        raise ValueError("common sources need at least one finding")
    if at_least < 1:
        raise ValueError(f"at_least must be at least 1, got {at_least}")
    if certain and not respects_dates:
        raise ValueError("certain needs dates; only a possible reach may ignore them")
    nodes = engine.overlay.nodes
    if findings.min() < 0 or findings.max() >= nodes:
        raise ValueError(f"a finding lies outside 0..{nodes - 1}")
    blocks = []
    for begin in range(0, len(findings), BLOCK):
        part = findings[begin : begin + BLOCK]
        if respects_dates:
            blocks.append(_walked(engine, part, direction, certain=certain))
        else:
            blocks.append(_swept(engine, part, direction))
    if len(blocks) == 1:
        node, masks = blocks[0][0], blocks[0][1][:, None]
    else:
        node = np.unique(np.concatenate([each for each, _ in blocks]))
        masks = np.zeros((len(node), len(blocks)), dtype=np.uint64)
        for column, (found, mask) in enumerate(blocks):
            masks[np.searchsorted(node, found), column] = mask
    count = np.bitwise_count(masks).sum(axis=1, dtype=np.int64)
    kept = count >= at_least
    return CommonNodes(node[kept].astype(np.int64), count[kept], masks[kept])


def _swept(
    engine: CsrEngine, findings: Ints, direction: Direction
) -> tuple[Ints, NDArray[np.uint64]]:
    overlay = engine.overlay
    way = overlay.backward if direction == "backward" else overlay.forward
    with workspace.SHARED.one() as room:
        node, mask = walks(engine.fast).sweep(way, room.masks(overlay.nodes), findings)
    return node, mask


def _walked(
    engine: CsrEngine, findings: Ints, direction: Direction, *, certain: bool
) -> tuple[Ints, NDArray[np.uint64]]:
    seen: list[Ints] = []
    with workspace.SHARED.one() as room:  # the walks take another: this one keeps the bits
        masks = room.masks(engine.overlay.nodes)[:, 0]
        for place, finding in enumerate(findings):
            seed = np.array([finding])
            question = Question(seed, seed[:0], direction=direction, certain=certain)
            reached = engine.reach(question).node
            seen.append(reached[masks[reached] == 0])
            masks[reached] |= np.uint64(1 << place)
        node = np.sort(np.concatenate(seen))
        found = masks[node]
        masks[node] = 0
    return node, found
