"""A draw from a million enterprises, against consistent_sampler and others in the same run.

    python benchmarks/bench_draw.py [--units 1000000] [--sample 10000] [--repeats 3]
                                    [--large 10000000 | --large 0] [--database URL]

Three tables. Draw alone: tickets, ranking and selection; consistent_sampler ranks by SHA-256
tickets too, numpy and R draw without proof. The whole procedure: everything from reading the
register to the stored list, by the services themselves, on a real PostgreSQL (a private one unless
--database names a server). The same for ten million, from a roster in memory, in a process of its
own whose peak is told; run where there are 6 GB of free memory, or where --large asks for it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
from consistent_sampler import sampler

from sampling.maths.columns import FrameColumns, Kind, ticket_column
from sampling.maths.draw import StratumRule, draw_stratified, ticket_prefix
from sampling.maths.ranking import draw_columns

Result = TypeVar("Result")
STRATA = (("A", 0.55), ("B", 0.30), ("C", 0.12), ("D", 0.03))
SEED = hashlib.sha256(b"bench").digest()
INSPECTORS = 2000
PLACES = 20  # regions, and categories
ENOUGH = 6 * 2**30
DICE = "31625143625114632516434215632154326154321654321635"


def roster(count: int) -> tuple[list[str], list[str]]:
    """Codes like unified social credit codes, and their strata."""
    codes = [f"91370{n:013d}" for n in range(count)]
    strata: list[str] = []
    for key, share in STRATA:
        strata.extend([key] * round(count * share))
    return codes, (strata + ["A"] * count)[:count]


def rules_for(strata: list[str], sample: int) -> list[StratumRule]:
    """A proportional sample."""
    return [
        StratumRule(key, min(strata.count(key), round(sample * share))) for key, share in STRATA
    ]


def columns_for(count: int) -> FrameColumns:
    """The same roster as columns, as a plan keeps it; nothing is hidden in it yet."""
    width = np.arange(count)
    table = np.full((count, 18), ord("0"), dtype=np.uint8)
    table[:, :5] = np.frombuffer(b"91370", dtype=np.uint8)
    for place in range(17, 4, -1):
        table[:, place] += (width % 10).astype(np.uint8)
        width //= 10
    kinds = tuple(
        Kind(key, f"C{place:03}", f"37{place:04}") for key, _ in STRATA for place in range(PLACES)
    )
    ends = np.cumsum([round(count * share) for _, share in STRATA])
    stratum = np.minimum(np.searchsorted(ends, np.arange(count), side="right"), len(STRATA))
    stratum = np.where(stratum == len(STRATA), 0, stratum)
    return FrameColumns(
        codes=table.reshape(-1).view("S18"),
        kind=(stratum * PLACES + np.arange(count) % PLACES).astype(np.uint32),
        kinds=kinds,
        recused=np.broadcast_to(np.zeros((1, 32), dtype=np.uint8), (count, 32)),
    )


def theirs(codes: list[str], strata: list[str], rules: list[StratumRule]) -> dict[str, list[str]]:
    """The sample by stratum, by consistent_sampler, a call for each."""
    members: dict[str, list[str]] = {rule.key: [] for rule in rules}
    for code, key in zip(codes, strata, strict=True):
        members[key].append(code)
    return {
        rule.key: list(sampler(members[rule.key], SEED.hex(), take=rule.quota, output="id"))
        for rule in rules
    }


def numpys(codes: list[str], strata: list[str], rules: list[StratumRule]) -> dict[str, list[str]]:
    """The same by numpy's generator: nobody can check it."""
    chance = np.random.default_rng(1)
    where = np.array(strata)
    return {
        rule.key: [
            codes[row]
            for row in chance.choice(np.flatnonzero(where == rule.key), rule.quota, replace=False)
        ]
        for rule in rules
    }


def by_r(units: int, rules: list[StratumRule]) -> float | None:
    """Seconds of R's sample() on the same strata, or None where there is no R."""
    program = shutil.which("Rscript")
    if program is None:
        return None
    calls = "; ".join(
        f"s{n} <- sample.int({max(round(units * share), 1)}, {rule.quota})"
        for n, ((_, share), rule) in enumerate(zip(STRATA, rules, strict=True))
    )
    told = subprocess.run(
        [program, "-e", f"cat(system.time({{{calls}}})[['elapsed']])"],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(told.stdout)


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


def row(name: str, seconds: float, against: float, note: str = "") -> None:
    """One line of a table."""
    print(f"{name:46}{seconds:9.2f}{against / seconds:8.1f}x  {note}".rstrip())


def cpu_seconds() -> float:
    """What this process and its helpers have computed: does not grow with the neighbours' load."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


# The whole procedure


class Stages:
    """Seconds by stage: a listener to progress."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.stage, self.since = "", time.perf_counter()

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        """The work is at this stage now."""
        at = time.perf_counter()
        if self.stage:
            self.seconds[self.stage] += at - self.since
        self.stage, self.since = stage, at

    @contextmanager
    def of(self, act: str) -> Iterator[Callable[[str, int, int], None]]:
        """Count the stages of one act under its name."""
        self(f"{act}: begin")
        yield lambda stage, done, total: self(f"{act}: {stage}", done, total)
        self("")


def whole_procedure(units: int, sample: int, *, from_register: bool) -> dict[str, Any]:
    """Freeze, commit, numbers, draw, assignment, all stored: seconds by stage, and the peak."""
    from core import queue
    from core.actors import SYSTEM
    from core.unit_of_work import read_only, unit_of_work
    from sampling.maths import seating
    from sampling.service import drawing, entropy, freezing
    from worker.run import warm_up

    plan_no, frame = _office(columns_for(units), sample, from_register)
    if not from_register:
        # Ten million rows in the register would take a quarter of an hour to fill.
        freezing.frame_of = lambda *_, **__: frame  # type: ignore[assignment]
    begun = time.perf_counter()
    warm_up(queue.LONG)  # as the worker does before its first job
    warmed = time.perf_counter() - begun
    seating.warm_up()
    compiled = time.perf_counter() - begun - warmed
    stages, busy = Stages(), cpu_seconds()
    with stages.of("freeze") as told:
        with read_only() as session:
            told("read roster", 0, 0)
            frozen = freezing.prepare(
                session, plan_no, secret=SEED, software="bench", progress=told
            )
        with unit_of_work() as session:
            told("store", 0, 0)
            freezing.store_frozen(session, SYSTEM, frozen, progress=told)
            told("commit to disk", 0, 0)
    del frozen
    _numbers_come(plan_no, entropy)
    with stages.of("draw") as told:
        with read_only() as session:
            told("read roster", 0, 0)
            prepared = drawing.prepare(session, plan_no, progress=told)
        stages("")
        if not from_register:
            _put_on_register(prepared)
        with unit_of_work() as session:
            told("store", 0, 0)
            drawing.store_draw(session, SYSTEM, prepared, progress=told)
            told("commit to disk", 0, 0)
    assert len(prepared.drawn.selected) == sum(
        min(round(sample * share), units) for _, share in STRATA
    )
    return {
        "stages": dict(stages.seconds),
        "warm_s": warmed,
        "compiled_s": compiled,
        "cpu_s": cpu_seconds() - busy,
        "blocked": len(prepared.teams.blocking),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
        "helper_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000,
    }


def _office(columns: FrameColumns, sample: int, from_register: bool) -> tuple[str, Any]:
    """Regions, categories, inspectors, enterprises if wanted, and a draft."""
    from core.actors import SYSTEM
    from core.clock import now, today
    from core.db import copy_rows
    from core.unit_of_work import unit_of_work
    from registry.models import Category, Enterprise, Person, Region
    from sampling.maths.details import Details
    from sampling.service import planning
    from sampling.service.frames import Frame

    count = len(columns)
    with unit_of_work() as session:
        for place in range(PLACES):
            session.add(Region(code=f"37{place:04}", name=f"{place}", valid_from=today()))
            session.add(Category(code=f"C{place:03}", name=f"{place}"))
        session.flush()
        for n in range(INSPECTORS):
            home = n % PLACES + 1  # a hundred inspectors for each region: a million pairs
            person = Person(number=f"P{n:05}", name=f"检查员{n}", senior=n % 3 == 0)
            person.region_id = home
            person.certificate_until = today()
            session.add(person)
        session.flush()
        ids = np.arange(1, count + 1)
        names = [f"岚州市第{n}号电器制造有限公司" for n in range(count)]
        if from_register:
            at = now()
            copy_rows(
                session,
                Enterprise,
                ("code_scheme", "code", "name", "region_id", "category_id", "status", "grade",
                 "code_warnings", "created_at", "updated_at"),
                (
                    ("uscc", columns.code(n), names[n], n % PLACES + 1, n % PLACES + 1, "active",
                     columns.kinds[columns.kind[n]].stratum, [], at, at)
                    for n in range(count)
                ),
            )  # fmt: skip
        plan = planning.create_plan(
            session,
            SYSTEM,
            title="bench",
            strata_by="grade",
            strata=[{"key": k, "quota": round(sample * s), "reserve": 10} for k, s in STRATA],
            visit_on=today(),
            sources=[{"kind": "dice", "count": 50}, {"kind": "demo"}],
            team={"qualification": "none", "cap": 20},
        )
        plan_no = plan.no
    frame = Frame(
        columns=columns,
        details=Details(
            enterprise_ids=ids,
            names=names,
            group=(columns.kind // PLACES).astype(np.uint32),
            groups=tuple((key, None) for key, _ in STRATA),
        ),
        exclusions=(),
    )
    return plan_no, None if from_register else frame


def _numbers_come(plan_no: str, entropy: Any) -> None:
    from core.actors import Actor, Role
    from core.clock import now
    from core.unit_of_work import unit_of_work
    from registry.models import Account

    with unit_of_work() as session:
        people = []
        for n in range(2):
            row = Account(
                login=f"lead{n}",
                display_name="lead",
                role="lead_inspector",
                password_hash="!",
                created_at=now(),
            )
            session.add(row)
            session.flush()
            people.append(Actor(row.id, "lead", Role.LEAD_INSPECTOR))
    for actor in people:
        with unit_of_work() as session:
            entropy.enter_dice(session, actor, plan_no, dice=DICE)
    with unit_of_work() as session:
        entropy.enter_public_value(session, people[0], plan_no, value="ab" * 32)


def _put_on_register(prepared: Any) -> None:
    """The drawn enterprises, which rows of the list refer to."""
    from core.clock import now
    from core.db import copy_rows
    from core.unit_of_work import unit_of_work
    from registry.models import Enterprise

    at = now()
    with unit_of_work() as session:
        copy_rows(
            session,
            Enterprise,
            ("id", "code_scheme", "code", "name", "status", "code_warnings", "created_at",
             "updated_at"),
            (
                (place + 1, "uscc", code, code, "active", [], at, at)
                for code, place in prepared.rows.items()
            ),
        )  # fmt: skip


def in_a_process(options: argparse.Namespace, units: int, *, from_register: bool) -> dict[str, Any]:
    """`whole_procedure` by itself, so that the peak is its own."""
    command = [sys.executable, __file__, "--units", str(units), "--sample", str(options.sample)]
    command += ["--procedure", "register" if from_register else "memory"]
    command += ["--database", options.database] if options.database else []
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(told.stdout.splitlines()[-1]))


def tell_procedure(found: dict[str, Any], rival_s: float) -> float:
    """Print the stages of a whole procedure; returns its seconds without reading the register."""
    stages = dict(found["stages"])
    reading = stages.pop("freeze: read roster", 0.0)
    total = sum(stages.values())
    for name, seconds in stages.items():
        if seconds >= 0.005:
            print(f"  {name:44}{seconds:9.2f}{seconds / total:8.0%}")
    row("zhiheng, whole procedure, all stored", total, rival_s)
    if reading > 0.005:
        row("  and reading the register", total + reading, rival_s)
    print(
        f"  before it, not counted: {found['warm_s']:.2f} s of imports once for each worker, "
        f"{found['compiled_s']:.2f} s to load compiled code (or, once for each machine, to make it)"
    )
    print(f"  CPU {found['cpu_s']:.2f} s with helpers and with reading, without the server's")
    print(
        f"  peak {found['peak_mb']:,.0f} MB in the process, {found['helper_mb']:,.0f} MB in its "
        "largest helper (shared pages counted twice)"
    )
    return total


def available_bytes() -> int:
    """Memory that may be used now."""
    try:
        with open("/proc/meminfo", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if "MemAvailable" in line) * 1024
    except (OSError, StopIteration):
        return 0


def tell_large(options: argparse.Namespace) -> dict[str, Any]:
    """The table for ten million; says loudly why where it is left out."""
    units = options.large if options.large is not None else 10_000_000
    if options.large is None and available_bytes() < ENOUGH:
        print(f"\nSKIPPED: {units:,} units need 6 GB of free memory; ask for it by --large {units}")
        return {}
    if units == 0:
        return {}
    print(f"\n{units:,} units, {options.sample:,} drawn, roster given in memory")
    columns = columns_for(units)
    ticket_s, _ = best_of(1, lambda: ticket_column(columns, ticket_prefix(SEED, "draw")))
    rules = [StratumRule(key, round(options.sample * share)) for key, share in STRATA]
    draw_s, _ = best_of(1, lambda: draw_columns(seed=SEED, columns=columns, rules=rules))
    print(f"  draw alone {draw_s:.2f} s; tickets {units / ticket_s / 1e6:.1f} M/s")
    found = in_a_process(options, units, from_register=False)
    total = sum(found["stages"].values())
    for name, seconds in found["stages"].items():
        if seconds >= 0.005:
            print(f"  {name:44}{seconds:9.2f}{seconds / total:8.0%}")
    print(f"  whole procedure {total:.2f} s; peak {found['peak_mb']:,.0f} MB")
    return {"large_draw_s": draw_s, "large_whole_s": total, "large_peak_mb": found["peak_mb"]}


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run and print the tables; returns the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--large", type=int, help="units of the large run; 0: none")
    parser.add_argument("--database", help="a PostgreSQL server; default: a private one")
    parser.add_argument("--procedure", choices=("register", "memory"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.procedure:
        from _database import database  # late: what it imports is told beside the stages

        with database(options.database):
            found = whole_procedure(
                options.units, options.sample, from_register=options.procedure == "register"
            )
        print(json.dumps(found))
        return found

    codes, strata = roster(options.units)
    rules = rules_for(strata, options.sample)
    columns = columns_for(options.units)
    size = f"{options.units:,} units, {options.sample:,} drawn, {len(rules)} strata"
    print(f"draw: {size}; {machine()}")
    print(f"{'':46}{'seconds':>9}{'ratio':>9}")
    busy = cpu_seconds()
    rival_s, rival = best_of(1, lambda: theirs(codes, strata, rules))
    busy = cpu_seconds() - busy
    row("consistent_sampler (one run)", rival_s, rival_s, f"CPU {busy:.2f} s")
    draw_s, drawn = best_of(
        options.repeats, lambda: draw_columns(seed=SEED, columns=columns, rules=rules)
    )
    ticket_s, _ = best_of(
        options.repeats, lambda: ticket_column(columns, ticket_prefix(SEED, "draw"))
    )
    speed = f"tickets {options.units / ticket_s / 1e6:.1f} M/s"
    row(f"zhiheng, draw from the roster kept (best of {options.repeats})", draw_s, rival_s, speed)
    one_s, alone = best_of(
        1, lambda: draw_columns(seed=SEED, columns=columns, rules=rules, processes=1)
    )
    row("  the same in one process", one_s, rival_s)
    plain_s, plain = best_of(
        1, lambda: draw_stratified(seed=SEED, codes=codes, strata=strata, rules=rules)
    )
    row("  the same from lists of text, plainly", plain_s, rival_s)
    numpy_s, _ = best_of(options.repeats, lambda: numpys(codes, strata, rules))
    row("numpy choice (cannot be verified)", numpy_s, rival_s)
    r_s = by_r(options.units, rules)
    if r_s is None:
        print("SKIPPED: R's sample(); there is no Rscript on this machine")
    else:
        row("R sample() (cannot be verified)", max(r_s, 0.001), rival_s)
    assert drawn == alone == plain
    assert {k: len(v) for k, v in rival.items()} == {rule.key: rule.quota for rule in rules}

    print("\nthe whole procedure: where the time goes")
    found = in_a_process(options, options.units, from_register=True)
    total_s = tell_procedure(found, rival_s)
    return {
        "draw_s": draw_s,
        "rival_s": rival_s,
        "whole_s": total_s,
        "tickets_per_s": options.units / ticket_s,
        "peak_mb": found["peak_mb"],
        **tell_large(options),
    }


if __name__ == "__main__":
    main()
