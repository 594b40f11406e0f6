"""Compiled code gives the bytes of `hashlib`, and the teams of the plain program."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.chain import grown
from sampling.maths import assignment, columns, hashing
from sampling.maths.assignment import Assignment, Inspector, Qualification, Task, TeamRule, assign
from sampling.maths.commitment import FrameUnit
from sampling.maths.draw import ticket_prefix
from sampling.maths.spread import ahead, spread

pytestmark = pytest.mark.skipif(
    not hashing.has_numba(), reason="NUMBA IS NOT HERE: the compiled code was NOT tried"
)
SEED = hashlib.sha256(b"compiled").digest()
VISIT = date(2026, 11, 20)


def both(monkeypatch: pytest.MonkeyPatch, run: Callable[[], object]) -> tuple[object, object]:
    """What is found by compiled code, and without."""
    found = []
    for is_compiled in (True, False):
        for module in (columns, assignment):
            monkeypatch.setattr(module, "is_compiled", lambda *_, answer=is_compiled: answer)
        found.append(run())
    return found[0], found[1]


def test_published_hashes() -> None:
    # FIPS 180-2 (2002), appendix B.1 and B.2: messages of one block and of two.
    one = hashing.digests(1, [b"abc"], compiled=True)
    two = hashing.digests(
        1, [b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"], compiled=True
    )

    assert bytes(one[0]).hex() == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert bytes(two[0]).hex() == (
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    )


@pytest.mark.parametrize("count", [1, 15, 16, 17, 4097])
@pytest.mark.parametrize("shared", [0, 1, 55, 56, 63, 64, 65, 128, 200])
@pytest.mark.parametrize("width", [0, 1, 54, 55, 56, 64, 119, 120])
def test_every_length_round_a_block_is_hashed_as_hashlib_does(
    count: int, shared: int, width: int
) -> None:
    chance = np.random.default_rng(count + shared + width)
    table = chance.integers(0, 256, (count, width), dtype=np.uint8)
    before = chance.bytes(shared)

    found = hashing.digests(count, [before, table, b"end"], compiled=True)

    for row in {0, count // 2, count - 1}:
        message = before + table[row].tobytes() + b"end"
        assert bytes(found[row]) == hashlib.sha256(message).digest()


@pytest.mark.parametrize("count", [1, 2, 3, 31, 32, 33, 1000])
def test_a_tree_has_the_root_of_the_plain_tree(count: int) -> None:
    nodes = np.random.default_rng(count).integers(0, 256, (count, 32), dtype=np.uint8)

    assert hashing.tree_root(nodes) == grown([bytes(node) for node in nodes])


def test_a_roster_of_many_shapes_has_the_same_roots_tickets_and_hidden_recusals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(columns, "BLOCK", 64)
    roster = columns.columns_of(
        [
            FrameUnit(
                code=f"{n:0{1 + n % 40}d}x{n}",
                stratum="甲" * (n % 3),
                category="c" * (n % 5),
                region="3701",
                recused=bytes(32),
                odds_num=3**n if n % 7 else 1,
                odds_den=2 ** (n % 9) if n % 7 else 0,
                chance=n * 10**9 if n % 7 else 2**52,
            )
            for n in range(300)
        ]
    )
    ties = {roster.code(row): frozenset({"P1", f"P{row}"}) for row in range(0, 300, 11)}
    closing = columns.Closing(bytes(range(32)), ties | {"nobody": frozenset({"P1"})})

    def run() -> tuple[bytes, tuple[bytes, ...], tuple[bytes, ...], bytes]:
        hidden, roots = columns.closed(roster, closing)
        tickets = columns.ticket_column(roster, ticket_prefix(SEED, "draw"))
        return hidden.recused.tobytes(), roots, columns.block_roots(hidden), tickets

    compiled, plain = both(monkeypatch, run)

    assert compiled == plain


@st.composite
def offices(draw: st.DrawFn) -> tuple[list[Task], list[Inspector], TeamRule]:
    names = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64)
    ids = draw(st.lists(names, min_size=2, max_size=40, unique=True))
    people = [
        Inspector(
            id=name,
            is_senior=draw(st.booleans()),
            categories=draw(st.sampled_from([None, frozenset("a"), frozenset("ab")])),
            regions=None,
            certificate_until=VISIT,
            load=(load := draw(st.integers(0, 3))),
            cap=load + draw(st.integers(0, 6)),
        )
        for name in ids
    ]
    tasks = [
        Task(code, draw(st.sampled_from("ab")), "", frozenset(draw(st.sets(st.sampled_from(ids)))))
        for code in draw(st.lists(names, min_size=1, max_size=12, unique=True))
    ]
    is_mixed = draw(st.booleans())
    size = draw(st.integers(2, 9))
    return tasks, people, TeamRule(VISIT, size, is_mixed, Qualification.ALL)


@settings(max_examples=300, deadline=None)
@given(office=offices())
def test_seats_are_filled_by_the_same_people(
    office: tuple[list[Task], list[Inspector], TeamRule],
) -> None:
    tasks, people, rule = office

    def run() -> Assignment:
        return assign(seed=SEED, tasks=tasks, inspectors=people, rule=rule)

    with pytest.MonkeyPatch.context() as patch:
        compiled, plain = both(patch, run)

    assert compiled == plain


@pytest.mark.parametrize("cap", [10, 11, 30])  # every cap binds, some, none
def test_seats_of_a_large_plan_are_filled_by_the_same_people(
    monkeypatch: pytest.MonkeyPatch, cap: int
) -> None:
    people = [
        Inspector(f"P{n:03}", n % 2 == 0, None, frozenset({f"{n % 2}"}), VISIT, 0, cap)
        for n in range(200)
    ]
    tasks = [
        Task(f"U{n}", "", f"{n % 2}", frozenset({f"P{n % 200:03}", f"P{n * 7 % 200:03}"}))
        for n in range(1000)
    ]

    compiled, plain = both(
        monkeypatch,
        lambda: assign(seed=SEED, tasks=tasks, inspectors=people, rule=TeamRule(VISIT)),
    )

    assert compiled == plain
    assert isinstance(compiled, Assignment)
    assert len(compiled.teams) == 1000


def test_only_sha256_and_large_rosters_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "sampling.maths.lanes", raising=False)

    assert hashing.is_compiled(hashing.MANY)
    assert not hashing.is_compiled(hashing.MANY - 1)
    assert not hashing.is_compiled(hashing.MANY, "sm3")


def test_a_small_draw_does_not_load_the_compiler_and_it_can_be_forbidden() -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, sampling.maths.ranking, sampling.maths.assignment;"
            "from sampling.maths.hashing import MANY, is_compiled;"
            "print('numba' in sys.modules, is_compiled(MANY))",
        ],
        env={**os.environ, "ZHIHENG_NUMBA": "0"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.split() == ["False", "False"]


def test_threads_give_their_blocks_in_order_and_can_be_stopped() -> None:
    def work(block: int) -> bytes:
        return b"%d" % block

    def stop(stage: str, done: int, total: int) -> None:
        if done == 3:
            raise InterruptedError(stage)

    assert spread(9, 1, work, processes=2, by_threads=True) == [b"%d" % n for n in range(9)]
    with pytest.raises(InterruptedError, match="leaves"):
        spread(9, 1, work, processes=2, stage="leaves", progress=stop, by_threads=True)


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_work_ahead_gives_every_block_once_and_in_order(count: int) -> None:
    made: list[int] = []

    def work(block: int) -> int:
        made.append(block)
        return block * block

    found = list(ahead(count, work))

    assert found == [n * n for n in range(count)]
    assert made == list(range(count))
