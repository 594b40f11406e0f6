"""The draw from a roster in columns: the same sample as `draw.draw_stratified`, faster.

Ranks need no comparison of codes: rows are in frame order already.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sampling.maths.columns import FrameColumns, ticket_column
from sampling.maths.draw import (
    RankedUnit,
    StratifiedDraw,
    StratumRule,
    below_cut,
    ticket_prefix,
)
from sampling.maths.spread import Listener, silent


def draw_columns(
    *,
    seed: bytes,
    columns: FrameColumns,
    rules: Sequence[StratumRule],
    algorithm: str = "sha256",
    processes: int | None = None,
    progress: Listener = silent,
) -> StratifiedDraw:
    """Which units are drawn, with equal probability within each stratum?

    Parameters
    ----------
    seed : bytes, shape (32,)
    columns : FrameColumns
    rules : sequence of StratumRule
        One for each stratum.
    algorithm : str
        "sha256" or "sm3".
    processes : int, optional
        Default: as many as there are processors.
    progress : callable
        Told ("tickets", blocks done, blocks); may raise to stop.

    Returns
    -------
    StratifiedDraw
        Equal to that of `draw_stratified` for the same units.

    Raises
    ------
    ValueError
        If a stratum has no rule or two, or a quota is larger than its stratum.
    """
    where, keys = columns.strata()
    named = {rule.key for rule in rules}
    if len(named) != len(rules):
        raise ValueError("a stratum has two rules")
    sizes = columns.sizes()
    for key in sizes:
        if key not in named:
            raise ValueError(f"stratum {key!r} has units but no rule")
    for rule in rules:
        if rule.quota > sizes.get(rule.key, 0):
            raise ValueError(
                f"stratum {rule.key}: quota {rule.quota} is larger than its "
                f"{sizes.get(rule.key, 0)} units"
            )
    all_tickets = ticket_column(
        columns, ticket_prefix(seed, "draw"), algorithm, processes=processes, progress=progress
    )
    heads = np.frombuffer(all_tickets, dtype=">u8")[::4].astype(np.uint64)
    place = {key: number for number, key in enumerate(keys)}
    units: list[RankedUnit] = []
    for rule in sorted(rules, key=lambda rule: rule.key.encode()):
        rows = np.flatnonzero(where == place.get(rule.key, -1))
        needed = min(rule.quota + rule.reserve, rows.size)
        near = rows[below_cut(heads[rows], needed)].tolist()
        ranked = sorted((all_tickets[32 * row : 32 * row + 32], row) for row in near)
        units.extend(
            RankedUnit(rule.key, rank, columns.code(row), ticket, rank <= rule.quota)
            for rank, (ticket, row) in enumerate(ranked[:needed], start=1)
        )
    return StratifiedDraw(seed=seed, units=tuple(units))
