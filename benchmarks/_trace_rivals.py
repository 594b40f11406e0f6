"""Other ways to ask the same question of the same network: each builds, then counts descendants."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _trace_graph import Network

TABLE = "bench_edge"
QUERY = f"""
WITH RECURSIVE reached (id) AS (
    SELECT %s::int
    UNION
    SELECT edge.target FROM reached JOIN {TABLE} edge ON edge.source = reached.id
)
SELECT count(*) FROM reached
"""


@dataclass(frozen=True)
class Rival:
    """One way, built: how long that took, and how to ask it."""

    name: str
    build_s: float
    ask: Callable[[int], int]  # how many nodes, with the seed


def built(name: str, build: Callable[[], Callable[[int], int]]) -> Rival:
    """Build and take the time."""
    begun = time.perf_counter()
    ask = build()
    return Rival(name, time.perf_counter() - begun, ask)


def igraph_rival(network: Network) -> Rival:
    """igraph: C, from Python."""
    import igraph

    def build() -> Callable[[int], int]:
        edges = np.column_stack((network.source, network.target))
        graph = igraph.Graph(n=network.nodes, edges=edges, directed=True)
        return lambda seed: len(graph.subcomponent(seed, mode="out"))

    return built(f"igraph {igraph.__version__}", build)


def rustworkx_rival(network: Network) -> Rival:
    """rustworkx: Rust, from Python."""
    import rustworkx

    def build() -> Callable[[int], int]:
        graph = rustworkx.PyDiGraph(multigraph=True)
        graph.add_nodes_from(range(network.nodes))
        edges = zip(network.source.tolist(), network.target.tolist(), strict=True)
        graph.add_edges_from_no_data(list(edges))
        return lambda seed: len(rustworkx.descendants(graph, seed)) + 1

    return built(f"rustworkx {rustworkx.__version__}", build)


def networkx_rival(network: Network) -> Rival:
    """networkx: plain Python."""
    import networkx

    def build() -> Callable[[int], int]:
        graph = networkx.DiGraph()
        graph.add_nodes_from(range(network.nodes))
        graph.add_edges_from(zip(network.source.tolist(), network.target.tolist(), strict=True))
        return lambda seed: len(networkx.descendants(graph, seed)) + 1

    return built(f"networkx {networkx.__version__}", build)


@contextmanager
def postgresql_rival(network: Network, server: str | None) -> Iterator[Rival]:
    """PostgreSQL's recursive query in a database of its own, dropped in the end."""
    import psycopg

    from core.config import normalised_database_url
    from runtime.servers import EmbeddedServers

    with ExitStack() as stack:
        home = stack.enter_context(tempfile.TemporaryDirectory())
        os.environ.setdefault("ZHIHENG_HOME", home)
        if server is None:
            servers = EmbeddedServers(Path(home) / "servers", redis=False)
            server = stack.enter_context(servers).database_url
        plain = normalised_database_url(server).replace("postgresql+psycopg://", "postgresql://")
        base, _, _ = plain.rpartition("/")
        name = f"zhiheng_trace_{os.getpid()}"
        admin = stack.enter_context(psycopg.connect(plain, autocommit=True))
        admin.execute(f"CREATE DATABASE {name}")
        try:
            with psycopg.connect(f"{base}/{name}", autocommit=True) as connection:
                begun = time.perf_counter()
                _fill(connection, network)
                version = connection.info.server_version // 10000
                yield Rival(
                    f"PostgreSQL {version} recursive query",
                    time.perf_counter() - begun,
                    lambda seed: int(connection.execute(QUERY, (seed,)).fetchone()[0]),
                )
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _fill(connection: Any, network: Network) -> None:
    connection.execute(f"CREATE UNLOGGED TABLE {TABLE} (source int, target int, at bigint)")
    size, columns = 200_000, (network.source, network.target, network.at)
    with connection.cursor().copy(f"COPY {TABLE} FROM STDIN") as copy:
        for begin in range(0, len(network.source), size):
            rows = zip(*(each[begin : begin + size].tolist() for each in columns), strict=True)
            copy.write("".join(f"{source}\t{target}\t{at}\n" for source, target, at in rows))
    connection.execute(f"CREATE INDEX ON {TABLE} (source) INCLUDE (target, at)")
    connection.execute(f"VACUUM ANALYZE {TABLE}")
