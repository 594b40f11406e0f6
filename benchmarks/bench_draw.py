"""A draw from a million enterprises, against consistent_sampler in the same run.

    python benchmarks/bench_draw.py [--units 1000000] [--sample 10000] [--repeats 3]

Both rank by SHA-256 tickets that depend on seed and id alone, so both can be replayed and neither
depends on the order of the roster. Compared is the draw (tickets, ranking, selection); apart from
it our whole procedure: recusal salts, leaves, Merkle root, commitment, seed, draw.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).parent.parent))

from consistent_sampler import sampler

from sampling.maths.commitment import (
    FrameUnit,
    closed_recusals,
    commitment,
    frame_tree,
    seed,
)
from sampling.maths.draw import StratumRule, draw_stratified

Result = TypeVar("Result")
STRATA = (("A", 0.55), ("B", 0.30), ("C", 0.12), ("D", 0.03))
SEED = hashlib.sha256(b"bench").digest()


def roster(count: int) -> tuple[list[str], list[str]]:
    """Codes like unified social credit codes, and their strata."""
    codes = [f"91370{n:013d}" for n in range(count)]
    strata: list[str] = []
    for key, share in STRATA:
        strata.extend([key] * round(count * share))
    return codes, (strata + ["A"] * count)[:count]


def ours(codes: list[str], strata: list[str], rules: list[StratumRule]) -> dict[str, list[str]]:
    """The sample by stratum."""
    drawn = draw_stratified(seed=SEED, codes=codes, strata=strata, rules=rules)
    found: dict[str, list[str]] = {rule.key: [] for rule in rules}
    for unit in drawn.selected:
        found[unit.stratum].append(unit.code)
    return found


def theirs(codes: list[str], strata: list[str], rules: list[StratumRule]) -> dict[str, list[str]]:
    """The same by consistent_sampler, a call for each stratum."""
    members: dict[str, list[str]] = {rule.key: [] for rule in rules}
    for code, key in zip(codes, strata, strict=True):
        members[key].append(code)
    return {
        rule.key: list(sampler(members[rule.key], SEED.hex(), take=rule.quota, output="id"))
        for rule in rules
    }


def whole_procedure(codes: list[str], strata: list[str], rules: list[StratumRule]) -> bytes:
    """From the bare roster to the drawn units, with everything an outsider verifies."""
    closed = closed_recusals(SEED, codes, {})
    units = [
        FrameUnit(code, key, "toys", "370100", recused)
        for code, key, recused in zip(codes, strata, closed, strict=True)
    ]
    value = commitment(frame_root=frame_tree(units).root, plan=bytes(32))
    drawn = draw_stratified(
        seed=seed(commitment=value, entropy=[b"3" * 50, bytes(32)]),
        codes=codes,
        strata=strata,
        rules=rules,
    )
    return drawn.seed


def best_of(repeats: int, run: Callable[[], Result]) -> tuple[float, Result]:
    """The shortest of some runs, in seconds, and the last result."""
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - begun)
    return min(times), result


def machine() -> str:
    """Processor, cores and versions."""
    name = platform.processor()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            name = next(
                line.split(":")[1].strip() for line in file if line.startswith("model name")
            )
    except (OSError, StopIteration):
        pass
    return f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}"


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run and print one table; returns the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args(arguments)
    codes, strata = roster(options.units)
    rules = [
        StratumRule(key, min(strata.count(key), round(options.sample * share)))
        for key, share in STRATA
    ]
    draw_s, drawn = best_of(options.repeats, lambda: ours(codes, strata, rules))
    rival_s, rival = best_of(1, lambda: theirs(codes, strata, rules))
    whole_s, _ = best_of(1, lambda: whole_procedure(codes, strata, rules))
    assert {k: len(v) for k, v in drawn.items()} == {k: len(v) for k, v in rival.items()}

    size = f"{options.units:,} units, {options.sample:,} drawn, {len(rules)} strata"
    print(f"draw: {size}; {machine()}")
    print(f"{'':44}{'seconds':>9}{'ratio':>8}")
    for name, seconds in (
        ("consistent_sampler (one run)", rival_s),
        (f"zhiheng, draw (best of {options.repeats})", draw_s),
        ("zhiheng, whole procedure with commitment", whole_s),
    ):
        print(f"{name:44}{seconds:9.2f}{rival_s / seconds:7.1f}x")
    return {"draw_s": draw_s, "rival_s": rival_s, "whole_s": whole_s}


if __name__ == "__main__":
    main()
