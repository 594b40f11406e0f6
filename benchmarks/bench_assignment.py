"""Inspectors for ten thousand visits, against a convex min-cost flow in the same run.

    python benchmarks/bench_assignment.py [--visits 10000] [--inspectors 2000] [--repeats 5]

Both fill every seat from the same eligible pairs. The rival, OR-tools' min-cost flow, gives the
n-th visit of an inspector the cost n, so that its loads are as level as loads can be; only its
solve is timed, not the making of its graph. Ours is timed whole: from tasks and inspectors to
teams, eligibility, tickets and ties included.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import statistics
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from ortools.graph.python import min_cost_flow

from benchmarks.bench_draw import best_of, machine
from sampling.maths.assignment import Inspector, Task, TeamRule, assign, static_reason

SEED = hashlib.sha256(b"bench").digest()
VISIT = date(2026, 11, 20)
RULE = TeamRule(visit_on=VISIT)
TARGET = 0.25  # of the flow's time; 3 x the share of a greedy prototype
SPREAD = 1.05  # of the flow's standard deviation of loads


def city(visits: int, inspectors: int) -> tuple[list[Task], list[Inspector]]:
    """Eight regions and ten categories, four of which an inspector knows: about 1 in 20 may go."""
    dice = random.Random(7)
    categories = [f"category-{n}" for n in range(10)]
    regions = [f"3701{n:02}" for n in range(8)]
    people = [
        Inspector(
            id=f"J{n:05}",
            is_senior=n % 4 == 0,
            categories=frozenset(dice.sample(categories, 4)),
            regions=frozenset({regions[n % len(regions)]}),
            certificate_until=date(2030, 1, 1),
            load=0,
            cap=-(-2 * visits // inspectors) + 1,
        )
        for n in range(inspectors)
    ]
    tasks = [
        Task(
            code=f"91370{n:013d}",
            category=dice.choice(categories),
            region=regions[n % len(regions)],
            recused=frozenset(one.id for one in dice.sample(people, 3)),
        )
        for n in range(visits)
    ]
    return tasks, people


def pairs(tasks: list[Task], people: list[Inspector]) -> tuple[np.ndarray, np.ndarray]:
    """Who may visit what, as two arrays of places."""
    known: dict[tuple[str, str], list[int]] = {}
    heads, tails = [], []
    for number, task in enumerate(tasks):
        key = (task.category, task.region)
        if key not in known:
            anyone = Task("", *key)
            known[key] = [
                n for n, one in enumerate(people) if static_reason(anyone, one, RULE) is None
            ]
        able = [n for n in known[key] if people[n].id not in task.recused]
        heads.extend(able)
        tails.extend([number] * len(able))
    return np.array(tails), np.array(heads)


def flow(
    tails: np.ndarray, heads: np.ndarray, visits: int, people: list[Inspector]
) -> tuple[float, list[int]]:
    """Seconds of the solve, and the load of each inspector."""
    solver = min_cost_flow.SimpleMinCostFlow()
    sink = visits + len(people)
    solver.add_arcs_with_capacity_and_unit_cost(
        tails, visits + heads, np.ones_like(tails), np.zeros_like(tails)
    )
    levels = [(n, level) for n, one in enumerate(people) for level in range(one.load, one.cap)]
    end = solver.add_arcs_with_capacity_and_unit_cost(
        np.array([visits + n for n, _ in levels]),
        np.full(len(levels), sink),
        np.ones(len(levels), dtype=np.int64),
        np.array([level + 1 for _, level in levels]),
    )
    solver.set_nodes_supplies(np.arange(visits), np.full(visits, RULE.size))
    solver.set_node_supply(sink, -RULE.size * visits)
    begun = time.perf_counter()
    status = solver.solve()
    seconds = time.perf_counter() - begun
    if status != solver.OPTIMAL:
        raise SystemExit(f"the flow has no solution: {status}")
    taken = Counter(n for (n, _), used in zip(levels, solver.flows(end), strict=True) if used)
    return seconds, [taken[n] for n in range(len(people))]


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run and print one table; returns the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visits", type=int, default=10_000)
    parser.add_argument("--inspectors", type=int, default=2_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args(arguments)
    tasks, people = city(options.visits, options.inspectors)
    tails, heads = pairs(tasks, people)
    own_s, found = best_of(
        options.repeats, lambda: assign(seed=SEED, tasks=tasks, inspectors=people, rule=RULE)
    )
    if not found.is_complete:
        raise SystemExit("ours left a seat empty")
    taken = Counter(member for team in found.teams for member in team.inspectors)
    own_sd = statistics.pstdev([taken[one.id] for one in people])
    solves = [flow(tails, heads, len(tasks), people) for _ in range(min(3, options.repeats))]
    flow_s, flow_sd = min(s for s, _ in solves), statistics.pstdev(solves[0][1])

    print(
        f"assignment: {options.visits:,} visits, {options.inspectors:,} inspectors, "
        f"{len(tails):,} eligible pairs, teams of {RULE.size}; {machine()}"
    )
    print(f"{'':52}{'seconds':>9}{'load sd':>9}")
    print(f"{'OR-tools min-cost flow, convex (solve alone)':52}{flow_s:9.3f}{flow_sd:9.3f}")
    print(f"{f'zhiheng, whole (best of {options.repeats})':52}{own_s:9.3f}{own_sd:9.3f}")
    share, spread = own_s / flow_s, own_sd / flow_sd if flow_sd else float("inf")
    print(f"time, share of the flow's: {share:.3f} (wanted: at most {TARGET})")
    print(f"spread of loads, ratio to the optimum's: {spread:.3f} (wanted: at most {SPREAD})")
    return {"own_s": own_s, "flow_s": flow_s, "own_sd": own_sd, "flow_sd": flow_sd}


if __name__ == "__main__":
    main()
