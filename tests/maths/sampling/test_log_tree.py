from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chain import merkle_tree, verify_consistency, verify_inclusion
from sampling.maths import log_tree
from sampling.maths.log_tree import Node


def kept(size: int, *, steps: int = 1) -> dict[Node, bytes]:
    """The complete subtrees of a log that grew to ``size`` in some steps."""
    known: dict[Node, bytes] = {}
    leaves = [str(n).encode() for n in range(size)]
    for first in range(0, size, max(1, -(-size // steps))):
        edge = {node: known[node] for node in log_tree.peaks(0, first)}
        part = leaves[first : first + max(1, -(-size // steps))]
        known |= log_tree.grown(first, edge, part)
    return known


@given(size=st.integers(1, 70), steps=st.integers(1, 9), data=st.data())
def test_root_and_proofs_are_those_of_the_whole_tree(
    size: int, steps: int, data: st.DataObject
) -> None:
    nodes = kept(size, steps=steps)

    def fetch(wanted: object) -> dict[Node, bytes]:
        return {node: nodes[node] for node in wanted}  # type: ignore[attr-defined]

    at = data.draw(st.integers(1, size))
    tree = merkle_tree(str(n).encode() for n in range(at))
    index = data.draw(st.integers(0, at - 1))
    first = data.draw(st.integers(1, at))

    assert log_tree.root_of(at, fetch) == tree.root
    assert log_tree.inclusion_proof(index, at, fetch) == tree.inclusion_proof(index)
    assert log_tree.consistency_proof(first, at, fetch) == tree.consistency_proof(first)


def test_a_proof_of_a_hundred_thousand_entries_reads_few_hashes() -> None:
    nodes = kept(100_000, steps=3)
    read: list[Node] = []

    def fetch(wanted: object) -> dict[Node, bytes]:
        read.extend(wanted)  # type: ignore[call-overload]
        return nodes

    proof = log_tree.inclusion_proof(77_777, 99_999, fetch)
    link = log_tree.consistency_proof(54_321, 99_999, fetch)

    assert len(read) < 100
    root = log_tree.root_of(99_999, fetch)
    assert verify_inclusion(
        leaf=nodes[Node(0, 77_777)], index=77_777, size=99_999, proof=proof, root=root
    )
    assert verify_consistency(
        first=54_321,
        second=99_999,
        first_root=log_tree.root_of(54_321, fetch),
        second_root=root,
        proof=link,
    )


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="index must lie in"):
        log_tree.inclusion_proof(index, size, lambda _: {})


def test_an_empty_log_has_the_hash_of_nothing_as_root() -> None:
    assert log_tree.root_of(0, lambda _: {}) == merkle_tree([]).root
