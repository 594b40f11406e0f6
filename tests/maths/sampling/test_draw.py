"""The draw: against the full sort, by property, by distribution, and against older vectors."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling.maths.draw import (
    StratumRule,
    draw_stratified,
    ticket_prefix,
    tickets,
)
from sampling.maths.legacy import replay_illustrative

SEED = hashlib.sha256(b"seed").digest()


def roster(count: int) -> tuple[list[str], list[str]]:
    codes = [f"9137{n:014}" for n in range(count)]
    return codes, ["ABC"[n % 3] for n in range(count)]


def by_full_sort(
    codes: list[str], strata: list[str], rules: list[StratumRule]
) -> list[tuple[str, int, str, bool]]:
    """The rule written down naively: hash everything, sort everything."""
    prefix = SEED + b"\x00\x00\x00\x04draw" + bytes(24)
    expected = []
    for rule in sorted(rules, key=lambda rule: rule.key):
        members = [code for code, key in zip(codes, strata, strict=True) if key == rule.key]
        members.sort(
            key=lambda code: hashlib.sha256(
                prefix + len(code).to_bytes(4, "big") + code.encode()
            ).digest()
        )
        for rank, code in enumerate(members[: rule.quota + rule.reserve], start=1):
            expected.append((rule.key, rank, code, rank <= rule.quota))
    return expected


@settings(deadline=None)
@given(st.integers(3, 400), st.data())
def test_the_threshold_gives_what_the_full_sort_gives(count: int, data: st.DataObject) -> None:
    codes, strata = roster(count)
    rules = [
        StratumRule(
            key, data.draw(st.integers(0, strata.count(key))), data.draw(st.integers(0, 30))
        )
        for key in "ABC"
    ]

    drawn = draw_stratified(seed=SEED, codes=codes, strata=strata, rules=rules)

    found = [(unit.stratum, unit.rank, unit.code, unit.is_selected) for unit in drawn.units]
    assert found == by_full_sort(codes, strata, rules)


def test_a_large_roster_is_cut_by_the_threshold_and_still_equals_the_full_sort() -> None:
    codes, strata = roster(30_000)
    rules = [StratumRule("A", 100, 20), StratumRule("B", 1), StratumRule("C", 3_000, 50)]

    drawn = draw_stratified(seed=SEED, codes=codes, strata=strata, rules=rules)

    found = [(unit.stratum, unit.rank, unit.code, unit.is_selected) for unit in drawn.units]
    assert found == by_full_sort(codes, strata, rules)


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_roster_does_not_matter(shuffler: random.Random) -> None:
    codes, strata = roster(90)
    rules = [StratumRule("A", 5, 3), StratumRule("B", 7, 3), StratumRule("C", 0, 2)]
    pairs = list(zip(codes, strata, strict=True))
    shuffler.shuffle(pairs)

    drawn = draw_stratified(
        seed=SEED,
        codes=[code for code, _ in pairs],
        strata=[key for _, key in pairs],
        rules=shuffler.sample(rules, 3),
    )

    assert drawn == draw_stratified(seed=SEED, codes=codes, strata=strata, rules=rules)


@given(st.integers(0, 30), st.integers(0, 40))
def test_sizes_are_exact_and_reserves_follow_the_rank(quota: int, reserve: int) -> None:
    codes, strata = roster(90)
    rules = [StratumRule("A", quota, reserve), StratumRule("B", 1), StratumRule("C", 1)]

    drawn = draw_stratified(seed=SEED, codes=codes, strata=strata, rules=rules)

    of_a = [unit for unit in drawn.units if unit.stratum == "A"]
    assert sum(unit.is_selected for unit in of_a) == quota
    assert len(of_a) == min(30, quota + reserve)
    assert [unit.rank for unit in of_a] == list(range(1, len(of_a) + 1))
    assert [unit.ticket for unit in of_a] == sorted(unit.ticket for unit in of_a)
    assert list(drawn.reserves("A")) == of_a[quota:]


def test_a_larger_quota_keeps_the_smaller_sample() -> None:
    codes, strata = roster(300)
    small, large = (
        draw_stratified(
            seed=SEED,
            codes=codes,
            strata=strata,
            rules=[StratumRule("A", quota, 0), StratumRule("B", 0), StratumRule("C", 0)],
        )
        for quota in (10, 40)
    )

    assert [u.code for u in large.units[:10]] == [u.code for u in small.units]


def test_every_unit_has_the_same_chance() -> None:
    # 4 000 draws of 3 out of 10: each unit expects 1 200, standard deviation 29. Five of them.
    codes = [f"U{n}" for n in range(10)]
    counts = dict.fromkeys(codes, 0)
    for number in range(4_000):
        drawn = draw_stratified(
            seed=hashlib.sha256(str(number).encode()).digest(),
            codes=codes,
            strata=["A"] * 10,
            rules=[StratumRule("A", 3)],
        )
        for unit in drawn.units:
            counts[unit.code] += 1

    assert all(abs(count - 1_200) < 5 * 29 for count in counts.values())


@pytest.mark.parametrize(("size", "quota"), [(2999, 1000), (1999, 700), (1000, 300)])
def test_the_tail_of_the_roster_is_drawn_too(size: int, quota: int) -> None:
    # Sizes at which systematic draws with a truncated stride never reach the last units.
    codes = [f"U{n:05}" for n in range(size)]
    tail = set(codes[-(size - size // quota * quota or 1) :])
    drawn: set[str] = set()
    for number in range(20):
        result = draw_stratified(
            seed=hashlib.sha256(str(number).encode()).digest(),
            codes=codes,
            strata=["A"] * size,
            rules=[StratumRule("A", quota)],
        )
        drawn |= {unit.code for unit in result.units}

    # A unit stays out of 20 draws with probability (1 − 1/3)^20 < 0.0003.
    assert len(tail & drawn) > 0.98 * len(tail)


def test_a_ticket_is_the_hash_of_one_block_of_prefix_and_the_code() -> None:
    prefix = ticket_prefix(SEED, "draw")

    assert len(prefix) == 64
    assert tickets(SEED, "draw").of("91") == hashlib.sha256(prefix + b"\0\0\0\x0291").digest()
    assert tickets(SEED, "draw").of_codes(["91"]) == [tickets(SEED, "draw").of("91")]
    assert tickets(SEED, "pair").under("U").of("P") == tickets(SEED, "pair").of("U", "P")


@pytest.mark.parametrize(
    ("strata", "rules", "words"),
    [
        (["A", "A"], [StratumRule("A", 3)], "stratum A: quota 3 is larger than its 2 units"),
        (["A", "B"], [StratumRule("A", 1)], "stratum 'B' has units but no rule"),
        (["A", "A"], [StratumRule("A", 1), StratumRule("A", 1)], "a stratum has two rules"),
        (["A"], [StratumRule("A", 1)], "2 codes but 1 strata"),
    ],
)
def test_a_draw_that_makes_no_sense_is_refused(
    strata: list[str], rules: list[StratumRule], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        draw_stratified(seed=SEED, codes=["U1", "U2"], strata=strata, rules=rules)


def test_a_code_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="unit U1 is in the roster twice"):
        draw_stratified(
            seed=SEED, codes=["U1", "U1"], strata=["A", "A"], rules=[StratumRule("A", 1)]
        )


@pytest.mark.shared
def test_the_illustrative_draw_is_replayed_value_for_value(shared_dir: Path) -> None:
    path = shared_dir / "vectors" / "sampling" / "protocol_example.json"
    vector = json.loads(path.read_text(encoding="utf-8"))

    found = replay_illustrative(
        units=[tuple(unit) for unit in vector["units"]],
        quotas=vector["n"],
        plan=bytes.fromhex(vector["plan"]),
        entropy=[bytes.fromhex(value) for value in vector["entropy"]],
    )

    assert found.population == vector["pop"]
    assert found.commitment == vector["commit"]
    assert found.seed == vector["seed"]
    assert found.tickets == vector["ticket"]
    for key, rank in vector["rank"].items():
        assert list(found.equal_rank[key]) == rank["equal"]
        assert list(found.pareto_rank[key]) == rank["pareto"]
