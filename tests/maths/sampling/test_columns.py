"""A roster as columns gives the bytes of a roster as objects."""

from __future__ import annotations

import json
import os
import random
import time
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.chain import canonical_json, hasher, leaf_hash, verify_inclusion
from sampling.maths import bundle, columns, draw, ranking
from sampling.maths.commitment import FrameUnit, closed_recusals, frame_tree
from sampling.maths.spread import spread

SECRET = bytes(range(32))
CODES = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64
) | st.integers(0, 10**6).map("91{:016d}".format)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
UNITS = st.lists(
    st.builds(
        FrameUnit,
        code=CODES,
        stratum=NAMES,
        category=NAMES,
        region=NAMES,
        recused=st.binary(min_size=32, max_size=32),
        odds_num=st.integers(1, 2**60),
        odds_den=st.integers(1, 2**60),
        chance=st.none() | st.integers(0, 2**52 - 1),
    )
    | st.builds(
        FrameUnit,
        code=CODES,
        stratum=NAMES,
        category=NAMES,
        region=NAMES,
        recused=st.binary(min_size=32, max_size=32),
        odds_den=st.just(0),
        chance=st.just(2**52),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda unit: unit.code,
)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of eight units, so that a few units fill several."""
    monkeypatch.setattr(columns, "BLOCK", 8)


def sm3_or_skip(algorithm: str) -> str:
    try:
        hasher(algorithm)
    except ValueError:
        pytest.skip(f"{algorithm.upper()} IS NOT OFFERED BY THIS OPENSSL: it was NOT tried")
    return algorithm


@pytest.mark.parametrize("algorithm", ["sha256", "sm3"])
@given(units=UNITS)
@settings(max_examples=60, deadline=None)
def test_the_root_is_that_of_the_plain_tree(units: list[FrameUnit], algorithm: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "BLOCK", 8)
        roster = columns.columns_of(units)

        roots = columns.block_roots(roster, sm3_or_skip(algorithm))

        assert columns.root_of(roots, algorithm) == frame_tree(units, algorithm).root


@given(units=UNITS)
@settings(max_examples=60, deadline=None)
def test_what_is_kept_is_what_was_given(units: list[FrameUnit]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "BLOCK", 8)
        roster = columns.columns_of(units)

        kept = [columns.encoded(roster.block(n)) for n in range(roster.blocks)]
        again = columns.decoded(kept)

        ordered = sorted(units, key=lambda unit: (len(unit.code), unit.code))
        assert list(again.units()) == ordered
        rows = again.rows_of([*(unit.code for unit in ordered), "no such", "x" * 70, ""])
        assert rows == {unit.code: row for row, unit in enumerate(ordered)}


@given(
    codes=st.lists(CODES, min_size=1, max_size=40, unique=True),
    odd=st.sets(st.integers(0, 39)),
)
@settings(max_examples=60, deadline=None)
def test_recusals_are_hidden_as_one_by_one(codes: list[str], odd: set[int]) -> None:
    recused = {codes[n]: frozenset({"I1", "I02"}) for n in odd if n < len(codes)}
    units = [FrameUnit(code, "A", "", "", bytes(32)) for code in codes]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "BLOCK", 8)

        found, roots = columns.closed(columns.columns_of(units), columns.Closing(SECRET, recused))

        ordered = [unit.code for unit in found.units()]
        assert [unit.recused for unit in found.units()] == closed_recusals(SECRET, ordered, recused)
        assert roots == columns.block_roots(found)


@given(units=UNITS)
@settings(max_examples=60, deadline=None)
def test_tickets_are_those_of_single_codes(units: list[FrameUnit]) -> None:
    roster = columns.columns_of(units)

    found = columns.ticket_column(roster, draw.ticket_prefix(SECRET, "draw"))

    single = draw.tickets(SECRET, "draw")
    assert found == b"".join(single.of(unit.code) for unit in roster.units())


@given(units=UNITS.filter(lambda units: all(u.odds_num < 2**53 > u.odds_den for u in units)))
@settings(max_examples=60, deadline=None)
def test_the_roster_is_written_as_canonical_json(units: list[FrameUnit]) -> None:
    assert columns.frame_json(columns.columns_of(units)) == canonical_json(bundle.frame_part(units))


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("count", [1, 7, 8, 9, 24, 61])
def test_every_unit_has_a_proof_that_it_is_in_the_roster(count: int) -> None:
    units = [FrameUnit(f"91{n:016d}", "A", "c", "r", bytes([n] * 32)) for n in range(count)]
    roster = columns.columns_of(units)
    roots = columns.block_roots(roster)
    root = columns.root_of(roots)

    for row, unit in enumerate(units):
        proof = columns.inclusion_proof(roster, row, roots)

        assert proof == frame_tree(units).inclusion_proof(row)
        assert verify_inclusion(
            leaf=leaf_hash(unit.leaf()), index=row, size=count, proof=proof, root=root
        )


@pytest.mark.usefixtures("small_blocks")
def test_processes_find_what_one_finds() -> None:
    units = [FrameUnit(f"91{n:016d}", "AB"[n % 2], "c", "r", bytes([n] * 32)) for n in range(200)]
    roster = columns.columns_of(units)

    assert columns.block_roots(roster, processes=3) == columns.block_roots(roster, processes=1)
    assert columns.ticket_column(roster, bytes(64), processes=3) == columns.ticket_column(
        roster, bytes(64), processes=1
    )


def test_the_work_of_a_process_that_died_is_done_again() -> None:
    parent = os.getpid()

    def work(block: int) -> bytes:
        if os.getpid() != parent and block == 3:
            os._exit(9)
        return bytes([block])

    assert spread(8, 1, work, processes=2) == [bytes([n]) for n in range(8)]


def test_whoever_stops_the_work_leaves_no_process_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[int] = []
    fork = os.fork

    def recorded() -> int:
        pid = fork()
        begun.append(pid)
        return pid

    monkeypatch.setattr(os, "fork", recorded)

    def work(block: int) -> bytes:
        time.sleep(0.01)  # so that a helper is at work when the stop comes
        return b"x"

    def stop(stage: str, done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spread(10_000, 1, work, processes=2, progress=stop)

    assert len(begun) == 1
    with pytest.raises(ChildProcessError):
        os.waitpid(begun[0], 0)


def test_repeated_and_unusable_codes_are_refused() -> None:
    twice = [FrameUnit("91A", "A", "", "", bytes(32))] * 2
    with pytest.raises(ValueError, match="91A is in the roster twice"):
        columns.columns_of(twice)
    for bad in ("", "a b", "中", "x" * 65, "a\0", "a\0b"):
        with pytest.raises(ValueError, match="printable ASCII"):
            columns.frame_order(["91A", bad])


def test_a_damaged_block_is_named() -> None:
    units = [FrameUnit(f"91{n:016d}", "A", "c", "r", bytes(32)) for n in range(9)]
    kept = columns.encoded(columns.columns_of(units))

    rng = random.Random(1)
    for _ in range(200):
        at = rng.randrange(len(kept))
        harmed = kept[:at] + bytes([kept[at] ^ 1 << rng.randrange(8)]) + kept[at + 1 :]
        with suppress(ValueError):  # nothing else; what reads on is found out by its root
            columns.decoded([harmed])
    with pytest.raises(ValueError, match="not a block"):
        columns.decoded([b"{}"])
    with pytest.raises(ValueError, match="damaged"):
        columns.decoded([kept[:60]])


def test_a_roster_knows_its_strata() -> None:
    units = [FrameUnit(f"91{n:016d}", "AB"[n % 3 == 0], "c", f"r{n}", bytes(32)) for n in range(9)]
    roster = columns.columns_of(units)

    assert roster.sizes() == {"A": 6, "B": 3}
    where, keys = roster.strata()
    assert [keys[n] for n in where.tolist()] == [unit.stratum for unit in units]
    assert json.loads(columns.frame_json(roster))["units"][0][0] == units[0].code
    assert np.array_equal(roster.block(0).codes, roster.codes)


@given(
    units=UNITS,
    quotas=st.lists(st.integers(0, 9), min_size=41, max_size=41),
    by_odds=st.booleans(),
    place=st.none() | st.integers(0, 2),
)
@settings(max_examples=150, deadline=None)
def test_the_sample_is_that_of_the_plain_draw(
    units: list[FrameUnit], quotas: list[int], by_odds: bool, place: int | None
) -> None:
    permanent = None if place is None else draw.Permanent(bytes([7]) * 32, place, 3)
    roster = columns.columns_of(units)
    rules = [
        draw.StratumRule(key, min(quota, size), quota % 3)
        for (key, size), quota in zip(sorted(roster.sizes().items()), quotas, strict=False)
    ]

    found = ranking.draw_columns(
        seed=SECRET, columns=roster, rules=rules, by_odds=by_odds, permanent=permanent
    )

    assert found == draw.draw_stratified(
        seed=SECRET,
        codes=[unit.code for unit in units],
        strata=[unit.stratum for unit in units],
        rules=rules,
        odds=[(unit.odds_num, unit.odds_den) for unit in units] if by_odds else None,
        permanent=permanent,
    )


def test_rules_that_do_not_fit_the_strata_are_refused() -> None:
    roster = columns.columns_of([FrameUnit("91A", "A", "", "", bytes(32))])
    for rules, problem in (
        ([], "'A' has units but no rule"),
        ([draw.StratumRule("A", 2)], "quota 2 is larger than its 1 units"),
        ([draw.StratumRule("A", 1), draw.StratumRule("B", 1)], "larger than its 0 units"),
        ([draw.StratumRule("A", 1)] * 2, "two rules"),
    ):
        with pytest.raises(ValueError, match=problem):
            ranking.draw_columns(seed=SECRET, columns=roster, rules=rules)
