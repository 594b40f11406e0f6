"""Traces in a supply network, against igraph, rustworkx, networkx and PostgreSQL in the same run.

    python benchmarks/bench_trace.py [--quick] [--sizes 1000000x5000000,2000000x10000000]
                                     [--repeats 7] [--database URL | --no-sql] [--no-networkx]
    python benchmarks/bench_trace.py --grow

All engines get the same network, of nine tiers, with dates in order, and the same lots to trace;
they take turns. Told are the median and the best of all runs on the clock, and the median of
processor time, which does not grow with the neighbours' load (PostgreSQL computes elsewhere). Ours
answers with depth, time, witness edge and the lot it came from for each lot, in order; the others
count what they reach.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from _trace_graph import SEED, Network, network
from _trace_rivals import Rival, igraph_rival, networkx_rival, postgresql_rival, rustworkx_rival

from traceability.maths.adjacency import TraceGraph
from traceability.maths.ancestors import common_nodes
from traceability.maths.compiled import has_numba
from traceability.maths.csr import CsrEngine
from traceability.maths.overlay import Overlay
from traceability.maths.reach import Question

WANTED = (10, 1_000, 100_000)
SEEDS = 3
NETWORKX_MOST = 5_500_000  # edges: at ten million it takes 3 GB and minutes
NONE = np.empty(0, dtype=np.int64)


def question(seed: int, **how: Any) -> Question:
    """What can be got to from one lot."""
    return Question(np.array([seed]), NONE, **how)


def machine() -> str:
    """Processor, cores, load and versions."""
    name = platform.processor()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            name = next(
                line.split(":")[1].strip() for line in file if line.startswith("model name")
            )
    except (OSError, StopIteration):
        pass
    load = os.getloadavg()[0]
    return f"{name}, {os.cpu_count()} cores (load {load:.1f}), Python {platform.python_version()}"


@dataclass
class Times:
    """What runs took on the clock, and of a processor in this thread."""

    clock: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def take(self, run: Callable[[], Any]) -> Any:
        """Run once more."""
        begun, busy = time.perf_counter(), time.thread_time()
        result = run()
        self.cpu.append(time.thread_time() - busy)
        self.clock.append(time.perf_counter() - begun)
        return result

    def told(self, elsewhere: bool = False) -> str:
        """Milliseconds: median and best on the clock, median of a processor."""
        cpu = f"{'–':>10}" if elsewhere else f"{statistics.median(self.cpu) * 1e3:10.3f}"
        return f"{statistics.median(self.clock) * 1e3:11.3f}{min(self.clock) * 1e3:10.3f}{cpu}"


def graph_of(net: Network, *, fast: bool | None = None, shift: int = 0) -> TraceGraph:
    """Ours; with a shift the times are no whole seconds any more and need a table."""
    at = net.at + (np.arange(len(net.at)) % 999_983 if shift else 0)
    return TraceGraph.of(net.source, net.target, at, at, net.number, nodes=net.nodes, fast=fast)


def lots_to_trace(engine: CsrEngine, nodes: int) -> dict[int, list[int]]:
    """A few lots for each number of descendants wanted, the nearest of some hundreds."""
    random = np.random.default_rng(SEED)
    sizes: dict[int, int] = {}
    # Lots of the first tiers reach far, those of the last nothing: try all along.
    for part in (0.01, 0.05, 0.2, 0.6):
        for lot in random.integers(0, max(int(nodes * part), 1), 150):
            sizes[int(lot)] = len(engine.reach(question(int(lot))).node) - 1
    found = {}
    for wanted in WANTED:
        near = sorted(sizes, key=lambda lot: abs(np.log((sizes[lot] + 0.5) / wanted)))[:SEEDS]
        if all(wanted / 2 <= sizes[lot] <= wanted * 2 for lot in near):
            found[wanted] = near
    return found


def ours(graph: TraceGraph) -> dict[str, Callable[[int], int]]:
    """Our engine in its modes."""
    found: dict[str, Callable[[int], int]] = {}
    for kind in ("numba", "numpy") if has_numba() else ("numpy",):
        engine = CsrEngine.over(graph, fast=kind == "numba")
        for mode, how in (("in order of time", {}), ("plain", {"respects_dates": False})):
            found[f"zhiheng {kind}, {mode}"] = lambda lot, engine=engine, how=how: len(
                engine.reach(question(lot, **how)).node
            )
    return found


def take_turns(
    ways: dict[str, Callable[[int], int]], lots: dict[int, list[int]], repeats: int
) -> dict[str, dict[int, Times]]:
    """Times of each way; all must count alike."""
    times: dict[str, dict[int, Times]] = {name: {n: Times() for n in lots} for name in ways}
    for wanted, seeds in lots.items():
        for turn in range(repeats):
            for name, ask in ways.items():
                took = times[name][wanted]
                if turn >= 3 and took.clock[-1] > 1:
                    continue
                for seed in seeds:
                    count = took.take(lambda ask=ask, seed=seed: ask(seed))
                    assert count == len(expected(ways, seed)), (name, seed, count)
    return times


_expected: dict[int, range] = {}


def expected(ways: dict[str, Callable[[int], int]], seed: int) -> range:
    """As many as the first way counts."""
    if seed not in _expected:
        _expected[seed] = range(next(iter(ways.values()))(seed))
    return _expected[seed]


def tell_traces(times: dict[str, dict[int, Times]], builds: dict[str, float]) -> None:
    """The table of all ways; ratios are to the first, of processor time where all of it is here."""
    first = next(iter(times.values()))
    head = "".join(f"{f'{n:,}: median':>16}{'best':>10}{'CPU':>10}{'ratio':>7}" for n in first)
    print(f"milliseconds{'build s':>34}{head}")
    for name, found in times.items():
        cells, elsewhere = "", name.startswith("PostgreSQL")
        for wanted, took in found.items():
            mine = first[wanted]
            ratio = statistics.median(took.cpu) / statistics.median(mine.cpu)
            if elsewhere:
                ratio = min(took.clock) / min(mine.clock)
            cells += f"     {took.told(elsewhere)}{ratio:6.1f}x"
        build = builds.get(name)
        print(f"{name:38}{f'{build:8.2f}' if build is not None else '':>8}{cells}")


def tell_more(net: Network, graph: TraceGraph, lots: dict[int, list[int]], repeats: int) -> None:
    """What is asked less often: build, backward, common sources, additions, files."""
    edges, scale = graph.edges, 1e7 / graph.edges
    print(f"\n{'milliseconds':62}{'median':>11}{'best':>10}{'CPU':>10}")

    def row(name: str, run: Callable[[], Any], turns: int = repeats, *, factor: float = 1) -> Times:
        took = Times()
        for _ in range(turns):
            took.take(run)
        took.clock = [each * factor for each in took.clock]
        took.cpu = [each * factor for each in took.cpu]
        print(f"{name:62}{took.told()}")
        return took

    row("build, both ways, per 10M edges (whole seconds)", lambda: graph_of(net), 3, factor=scale)
    row("build, both ways, per 10M edges (times need a table)", lambda: graph_of(net, shift=1), 3,
        factor=scale)  # fmt: skip
    if has_numba():
        row("  the first in numpy", lambda: graph_of(net, fast=False), 1, factor=scale)
    engine = CsrEngine.over(graph)
    longest = max(lots)
    seed = lots[longest][0]
    timed = row(f"{longest:,} descendants", lambda: engine.reach(question(seed)), 2 * repeats)
    row("  certain ones", lambda: engine.reach(question(seed, certain=True)))
    plain = row("  without dates", lambda: engine.reach(question(seed, respects_dates=False)),
                2 * repeats)  # fmt: skip
    ratio = statistics.median(timed.cpu) / statistics.median(plain.cpu)
    print(f"  in order of time ÷ plain: {ratio:.2f}")
    shop = graph.nodes - 1 - np.random.default_rng(SEED).integers(0, graph.nodes // 8, 64)
    count = len(engine.reach(question(int(shop[0]), direction="backward")).node)
    row(f"{count:,} ancestors of a shop's lot",
        lambda: engine.reach(question(int(shop[0]), direction="backward")))  # fmt: skip
    common = common_nodes(engine, shop)
    row(f"64 findings, {len(common.node):,} common sources", lambda: common_nodes(engine, shop))
    row("  with dates, a walk for each",
        lambda: common_nodes(engine, shop, respects_dates=True), 1)  # fmt: skip
    if has_numba():
        slow = CsrEngine.over(graph, fast=False)
        row("  the sweep in numpy", lambda: common_nodes(slow, shop), 1)
    row(f"edges of the {longest:,}", lambda: engine.edges(question(seed)))
    tell_overlay(net, seed, longest, row)
    tell_files(graph, row)
    both = graph.nbytes / edges
    table = graph_of(net, shift=1).nbytes / edges
    print(
        f"memory {graph.nbytes / 1e6:,.0f} MB: {both / 2:.1f} bytes per edge and direction, starts "
        f"and names counted; {table / 2:.1f} where times need a table"
    )


def tell_overlay(net: Network, seed: int, longest: int, row: Callable[..., Times]) -> None:
    """One in a hundred edges came after the graph was built, and one in a thousand went."""
    new = np.arange(len(net.source)) % 100 == 0
    old = TraceGraph.of(
        net.source[~new], net.target[~new], net.at[~new], net.at[~new], net.number[~new],
        nodes=net.nodes,
    )  # fmt: skip
    gone = np.flatnonzero(~new)[::1000]

    def overlay(*, retracted: bool) -> Overlay:
        return Overlay.of(
            old, source=net.source[new], target=net.target[new], lo=net.at[new], hi=net.at[new],
            number=net.number[new],
            retracted_source=net.source[gone] if retracted else NONE,
            retracted_number=net.number[gone] if retracted else NONE,
        )  # fmt: skip

    whole = CsrEngine(overlay(retracted=False))
    reached = len(whole.reach(question(seed)).node)
    assert reached == len(expected({}, seed)), "added edges must give the same answer"
    row(f"{longest:,} with 1 % of the edges added since", lambda: whole.reach(question(seed)))
    less = CsrEngine(overlay(retracted=True))
    row("  and 0.1 % taken back", lambda: less.reach(question(seed)))
    row("making the addition of 1 %", lambda: overlay(retracted=False))


def tell_files(graph: TraceGraph, row: Callable[..., Times]) -> None:
    """To files and back."""
    with tempfile.TemporaryDirectory() as home:
        row("write to files, with checksums", lambda: graph.write(Path(home)), 1)
        row("map the files", lambda: TraceGraph.open(Path(home)))
        row("map and compare the checksums", lambda: TraceGraph.open(Path(home), thorough=True), 1)


def compare(options: argparse.Namespace, nodes: int, edges: int) -> None:
    """One size, all ways."""
    print(f"\n{nodes:,} lots, {edges:,} edges wanted; {machine()}")
    _expected.clear()
    net = network(nodes, edges)
    out = np.bincount(net.source, minlength=nodes)
    print(f"{len(net.source):,} edges, out-degree at most {out.max():,}")
    graph_of(net)  # compiled by now
    begun = time.perf_counter()
    graph = graph_of(net)
    build_s = time.perf_counter() - begun
    lots = lots_to_trace(CsrEngine.over(graph), nodes)
    for wanted in set(WANTED) - set(lots):
        print(f"SKIPPED: no lots with about {wanted:,} descendants in a network of this size")
    ways = ours(graph)
    builds = dict.fromkeys([name for name in ways if name.endswith("time")], build_s)
    with ExitStack() as stack:
        rivals: list[Rival] = [igraph_rival(net), rustworkx_rival(net)]
        if options.no_networkx:
            print("SKIPPED: networkx, as asked")
        elif edges > NETWORKX_MOST:
            print(f"SKIPPED: networkx, above {NETWORKX_MOST:,} edges it takes gigabytes")
        else:
            rivals.append(networkx_rival(net))
        if options.no_sql:
            print("SKIPPED: PostgreSQL, as asked")
        else:
            rivals.append(stack.enter_context(postgresql_rival(net, options.database)))
        ways |= {rival.name: rival.ask for rival in rivals}
        builds |= {rival.name: rival.build_s for rival in rivals}
        tell_traces(take_turns(ways, lots, options.repeats), builds)
    tell_more(net, graph, lots, options.repeats)


def grow(repeats: int, most: int) -> None:
    """How cost grows with the graph: a line for each power of ten."""
    print(f"\n{machine()}; CPU ms, best of {repeats} runs; build is for both ways")
    heads = [f"{wanted:,} lots" for wanted in WANTED]
    print(f"{'edges':>12}{'MB':>8}{'B/edge/way':>12}{'build':>10}{'64 common':>12}"
          + "".join(f"{head:>14}" for head in heads))  # fmt: skip
    size = 10_000
    while size <= most:
        net = network(size // 5, size)
        graph_of(net)
        build, common = Times(), Times()
        for _ in range(3):
            graph = build.take(lambda net=net: graph_of(net))
        engine = CsrEngine.over(graph)
        lots = lots_to_trace(engine, net.nodes)
        shop = graph.nodes - 1 - np.random.default_rng(SEED).integers(0, graph.nodes // 8, 64)
        for _ in range(repeats):
            common.take(lambda engine=engine, shop=shop: common_nodes(engine, shop))
        cells = ""
        for wanted in WANTED:
            took = Times()
            for lot in lots.get(wanted, ()):
                for _ in range(repeats):
                    took.take(lambda engine=engine, lot=lot: engine.reach(question(lot)))
            cells += f"{min(took.cpu) * 1e3:14.3f}" if took.cpu else f"{'–':>14}"
        print(
            f"{graph.edges:12,}{graph.nbytes / 1e6:8.1f}{graph.nbytes / graph.edges / 2:12.1f}"
            f"{min(build.cpu) * 1e3:10.1f}{min(common.cpu) * 1e3:12.2f}{cells}"
        )
        size *= 10


def main(arguments: list[str] | None = None) -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="1000000x5000000,2000000x10000000")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="100,000 lots, 3 runs, no networkx")
    parser.add_argument("--database", default=os.environ.get("DATABASE_URL"))
    parser.add_argument("--no-sql", action="store_true")
    parser.add_argument("--no-networkx", action="store_true")
    parser.add_argument("--grow", action="store_true", help="only how cost grows with the graph")
    parser.add_argument("--grow-most", type=int, default=10_000_000)
    options = parser.parse_args(arguments)
    if options.quick:
        options.sizes, options.repeats, options.no_networkx = "100000x500000", 3, True
    if options.grow:
        grow(options.repeats, options.grow_most)
        return
    for size in options.sizes.split(","):
        nodes, edges = (int(each) for each in size.split("x"))
        compare(options, nodes, edges)


if __name__ == "__main__":
    main()
