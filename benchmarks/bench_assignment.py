"""Inspectors for ten thousand visits, against a convex min-cost flow in the same run.

    python benchmarks/bench_assignment.py [--visits 10000] [--inspectors 2000] [--repeats 5]

All fill every seat from the same eligible pairs, about a million. The rival, OR-tools' min-cost
flow, gives the n-th visit of an inspector the cost n, so that its loads are as level as loads can
be; once with a random cost on each pair (then chance decides between equals, as in a draw) and once
without. Only its solve is timed, not the making of its graph. The prototype is the bare greedy idea
with a random number generator: nobody can recompute it, and its pairs are given to it. Ours is
timed whole: from tasks and inspectors to teams, eligibility, tickets and ties included.

Seconds are of the processor, all on one thread: other work on the machine does not count. The best
of several runs counts, so loading compiled code does not; it is told apart. Half of the pairs are
level with the least load when their turn comes: half a million tickets, as the rule asks.

Two cities: in one, visits fall evenly on districts; in the other unevenly, and open visits differ.
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

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from ortools.graph.python import min_cost_flow

from benchmarks.bench_draw import machine
from sampling.maths.assignment import Inspector, Task, TeamRule, assign, static_reason
from sampling.maths.seating import warm_up

SEED = hashlib.sha256(b"bench").digest()
VISIT = date(2026, 11, 20)
RULE = TeamRule(visit_on=VISIT)
TARGET = 0.25  # of the flow's time
PROTOTYPES = 3.0  # times the prototype's time
SPREAD = 1.05  # of the flow's standard deviation of loads
CITIES = ("even", "uneven")


def city(kind: str, visits: int, inspectors: int) -> tuple[list[Task], list[Inspector]]:
    """Each inspector knows some of twelve categories and works in one of some districts."""
    dice = random.Random(7)
    even = kind == "even"
    categories = [f"category-{n}" for n in range(12)]
    regions = [f"3701{n:02}" for n in range(8 if even else 16)]
    weights = [1.0 if even else dice.uniform(0.5, 1.1) for _ in regions]
    mean = 2 * visits / inspectors
    people = []
    for n in range(inspectors):
        load = 0 if even else dice.choice((0, 0, 0, 1, 2, 3))
        known = 5 if even else dice.choice((6, 9, 12))
        people.append(
            Inspector(
                id=f"J{n:05}",
                is_senior=n % 4 == 0,
                categories=frozenset(dice.sample(categories, known)),
                regions=frozenset({regions[n % len(regions)]}),
                certificate_until=date(2030, 1, 1),
                load=load,
                cap=load + round(mean * (1.1 if even else 1.6)),
            )
        )
    tasks = [
        Task(
            code=f"91370{n:013d}",
            category=dice.choice(categories),
            region=regions[n % len(regions)] if even else dice.choices(regions, weights)[0],
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
    tails: np.ndarray, heads: np.ndarray, visits: int, people: list[Inspector], bits: int
) -> tuple[float, list[int]]:
    """Seconds of the solve, and the load of each inspector; with random costs of some bits."""
    solver = min_cost_flow.SimpleMinCostFlow()
    sink = visits + len(people)
    solver.add_arcs_with_capacity_and_unit_cost(
        tails,
        visits + heads,
        np.ones_like(tails),
        np.random.default_rng(7).integers(0, 2**bits, len(tails)),
    )
    levels = [(n, level) for n, one in enumerate(people) for level in range(one.load, one.cap)]
    end = solver.add_arcs_with_capacity_and_unit_cost(
        np.array([visits + n for n, _ in levels]),
        np.full(len(levels), sink),
        np.ones(len(levels), dtype=np.int64),
        np.array([2**bits * (level + 1) for _, level in levels]),
    )
    solver.set_nodes_supplies(np.arange(visits), np.full(visits, RULE.size))
    solver.set_node_supply(sink, -RULE.size * visits)
    begun = time.process_time()
    status = solver.solve()
    seconds = time.process_time() - begun
    if status != solver.OPTIMAL:
        raise SystemExit(f"the flow has no solution: {status}")
    taken = Counter(n for (n, _), used in zip(levels, solver.flows(end), strict=True) if used)
    return seconds, [one.load + taken[n] for n, one in enumerate(people)]


def prototype(
    tails: np.ndarray, heads: np.ndarray, visits: int, people: list[Inspector]
) -> tuple[float, list[int]]:
    """The bare idea: least load first, ties by a random number; no tickets, no look-ahead.

    Its eligible pairs are given to it, and nobody can recompute what it draws.
    """
    able = np.split(heads, np.flatnonzero(np.diff(tails)) + 1)
    dice = np.random.default_rng(7)
    load = np.array([float(one.load) for one in people])
    cap = np.array([one.cap for one in people])
    begun = time.process_time()
    for number in dice.permutation(visits):
        near = able[number]
        keys = load[near] + dice.random(near.size)
        taken = near[np.argpartition(keys, RULE.size)[: RULE.size]]
        load[taken] += 1
        load[taken[load[taken] >= cap[taken]]] = np.inf
    seconds = time.process_time() - begun
    return seconds, [
        one.cap if np.isinf(n) else int(n) for n, one in zip(load, people, strict=True)
    ]


def compared(kind: str, visits: int, inspectors: int, repeats: int) -> dict[str, float]:
    """Run all on one city and print a table."""
    tasks, people = city(kind, visits, inspectors)
    tails, heads = pairs(tasks, people)
    times = []
    for _ in range(repeats):
        begun = time.process_time()
        found = assign(seed=SEED, tasks=tasks, inspectors=people, rule=RULE)
        times.append(time.process_time() - begun)
    own_s = min(times)
    if not found.is_complete:
        raise SystemExit("ours left a seat empty")
    taken = Counter(member for team in found.teams for member in team.inspectors)
    own_sd = statistics.pstdev([one.load + taken[one.id] for one in people])
    given = (tails, heads, visits, people)
    bare = [prototype(*given) for _ in range(repeats)]
    lots = [flow(*given, bits=24) for _ in range(min(3, repeats))]
    plain = [flow(*given, bits=0) for _ in range(min(3, repeats))]

    print(f"\n{kind} city: {len(tails):,} eligible pairs")
    print(f"{'':58}{'seconds':>9}{'load sd':>9}")
    figures = {"own_s": own_s, "own_sd": own_sd}
    for name, label, runs in (
        ("lots", "OR-tools min-cost flow, convex, random costs (solve)", lots),
        ("flow", "OR-tools min-cost flow, convex (solve)", plain),
        ("bare", "greedy prototype, random numbers, pairs given", bare),
    ):
        seconds, spread = min(s for s, _ in runs), statistics.pstdev(runs[0][1])
        figures |= {f"{name}_s": seconds, f"{name}_sd": spread}
        print(f"{label:58}{seconds:9.3f}{spread:9.3f}")
    print(f"{f'zhiheng, whole (best of {repeats})':58}{own_s:9.3f}{own_sd:9.3f}")
    lots_share, share = own_s / figures["lots_s"], own_s / figures["flow_s"]
    print(f"time / flow: {lots_share:.2f} with random costs, {share:.2f} without (target {TARGET})")
    print(f"time / prototype: {own_s / figures['bare_s']:.2f} (target {PROTOTYPES})")
    best = figures["flow_sd"]
    ratio = f"{own_sd / best:.3f}" if best else f"optimum 0, ours {own_sd:.3f}"
    print(f"spread / optimum's: {ratio} (target {SPREAD})")
    return figures


def main(arguments: list[str] | None = None) -> dict[str, dict[str, float]]:
    """Run and print a table for each city; returns the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visits", type=int, default=10_000)
    parser.add_argument("--inspectors", type=int, default=2_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args(arguments)
    begun = time.process_time()
    warm_up()
    warmed = time.process_time() - begun
    print(
        f"assignment: {options.visits:,} visits, {options.inspectors:,} inspectors, "
        f"teams of {RULE.size}; {machine()}"
    )
    print(f"compiled code loaded beforehand in {warmed:.2f} s (made once for each machine)")
    return {
        kind: compared(kind, options.visits, options.inspectors, options.repeats) for kind in CITIES
    }


if __name__ == "__main__":
    main()
