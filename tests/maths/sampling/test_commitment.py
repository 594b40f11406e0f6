"""Bytes of the commitment: by hand, and what a change does to them."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chain import leaf_hash, verify_inclusion
from sampling.maths.commitment import (
    FrameUnit,
    closed_recusals,
    commitment,
    frame_tree,
    in_frame_order,
    inspector_root,
    length_prefixed,
    recusal_salt,
    recused_hash,
    seed,
)

NOBODY = recused_hash(b"salt", [])


def unit(code: str, stratum: str = "A") -> FrameUnit:
    return FrameUnit(code, stratum, "toys", "3701", NOBODY)


def test_a_length_comes_before_each_field() -> None:
    # By hand: 4 bytes "unit", 2 bytes "91", the 3 bytes of 玩 in UTF-8.
    assert length_prefixed("unit", b"91", "玩") == (
        b"\x00\x00\x00\x04unit\x00\x00\x00\x0291\x00\x00\x00\x03\xe7\x8e\xa9"
    )


@given(st.lists(st.binary(max_size=5), max_size=5), st.lists(st.binary(max_size=5), max_size=5))
def test_different_fields_never_give_the_same_bytes(one: list[bytes], other: list[bytes]) -> None:
    assert (length_prefixed(*one) == length_prefixed(*other)) is (one == other)


@given(st.lists(st.from_regex(r"[0-9A-Z]{1,4}", fullmatch=True), unique=True, min_size=1))
def test_the_root_does_not_depend_on_the_order_of_the_roster(codes: list[str]) -> None:
    units = [unit(code) for code in codes]

    assert frame_tree(units).root == frame_tree(units[::-1]).root


def test_a_leaf_is_its_fields_with_their_lengths() -> None:
    one = FrameUnit("91", "高", "toys", "", NOBODY, odds_num=3, odds_den=7)

    assert one.leaf() == length_prefixed("unit", "91", "高", "3", "7", "toys", "", NOBODY)


@given(st.lists(st.from_regex(r"[!-~]{1,6}", fullmatch=True), unique=True))
def test_frame_order_is_the_order_of_leaves(codes: list[str]) -> None:
    units = [unit(code) for code in codes]

    by_code = sorted(units, key=lambda one: in_frame_order(one.code))

    assert by_code == sorted(units, key=lambda one: one.leaf())


def test_an_enterprise_can_prove_that_it_was_in_the_frame() -> None:
    units = sorted((unit(f"91{n:02}") for n in range(11)), key=lambda one: one.code)
    tree = frame_tree(units)

    proof = tree.inclusion_proof(4)

    assert verify_inclusion(
        leaf=leaf_hash(units[4].leaf()), index=4, size=11, proof=proof, root=tree.root
    )


def test_a_code_twice_in_the_roster_is_refused() -> None:
    with pytest.raises(ValueError, match="unit 91 is in the roster twice"):
        frame_tree([unit("91"), unit("92"), unit("91", "B")])


@pytest.mark.parametrize("code", ["", "a b", "企业", "x" * 65, "tab\t"])
def test_a_code_that_two_languages_could_read_differently_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        unit(code)


def test_recusals_cannot_be_guessed_without_the_salt_of_the_unit() -> None:
    secret = b"s" * 32

    one, other = recusal_salt(secret, "91"), recusal_salt(secret, "92")

    assert recused_hash(one, ["P1"]) != recused_hash(other, ["P1"])
    assert recused_hash(one, ["P2", "P1"]) == recused_hash(one, ["P1", "P2", "P1"])


@pytest.mark.parametrize("algorithm", ["sha256", "sm3"])
def test_a_whole_roster_of_recusals_is_closed_as_one_by_one(algorithm: str) -> None:
    secret, codes = b"s" * 32, ["91", "92", "licence:3"]

    closed = closed_recusals(secret, codes, {"92": ["P2", "P1"]}, algorithm)

    assert closed == [
        recused_hash(
            recusal_salt(secret, code, algorithm), ["P1", "P2"] if code == "92" else [], algorithm
        )
        for code in codes
    ]


def test_commitment_and_seed_are_the_hashes_the_protocol_writes_down() -> None:
    root, plan = b"r" * 32, b"p" * 32

    value = commitment(frame_root=root, plan=plan)

    prefixed = b"\0\0\0\x09commit/v1" + b"\0\0\0\x20" + root + b"\0\0\0\x20" + plan
    assert value == hashlib.sha256(prefixed).digest()
    told = b"\0\0\0\x07seed/v1" + b"\0\0\0\x20" + value + b"\0\0\0\x03123"
    assert seed(commitment=value, entropy=[b"123"]) == hashlib.sha256(told).digest()


def test_a_seed_needs_every_source() -> None:
    with pytest.raises(ValueError, match="a value, not empty, from each source"):
        seed(commitment=b"c" * 32, entropy=[b"123", b""])


def test_the_inspectors_root_does_not_depend_on_their_order() -> None:
    records = [{"id": f"P{n}", "cap": n} for n in range(12)]

    assert inspector_root(records) == inspector_root(records[::-1])
