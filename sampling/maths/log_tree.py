"""A Merkle tree that only grows, kept as the hashes of its complete subtrees.

A complete subtree never changes again, so its hash can be written once. Everything else, the root
of any earlier size and every proof, is put together from about log₂ n of them.

References
----------
RFC 9162 (2021). Certificate Transparency Version 2.0, section 2.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.chain import digest, leaf_hash, node_hash


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """A complete subtree: its leaves are ``index · 2^level`` up to ``(index + 1) · 2^level``."""

    level: int
    index: int


Fetch = Callable[[Sequence[Node]], Mapping[Node, bytes]]


def grown(
    size: int, right_edge: Mapping[Node, bytes], leaves: Iterable[bytes]
) -> dict[Node, bytes]:
    """Which complete subtrees come to be when leaves are added?

    Parameters
    ----------
    size : int, >= 0
        Leaves before.
    right_edge : mapping
        Hashes of `peaks(0, size)`.
    leaves : iterable of bytes
        The new entries themselves; hashed here as leaves.

    Returns
    -------
    dict
        Each new subtree with its hash, leaves included.

    Raises
    ------
    LookupError
        If the edge lacks a subtree.
    """
    known, made = dict(right_edge), dict[Node, bytes]()
    for index, data in enumerate(leaves, start=size):
        node, reached = Node(0, index), leaf_hash(data)
        made[node] = known[node] = reached
        while node.index & 1:
            left = known[Node(node.level, node.index - 1)]
            node = Node(node.level + 1, node.index >> 1)
            reached = node_hash(left, reached)
            made[node] = known[node] = reached
    return made


def peaks(low: int, high: int) -> list[Node]:
    """The complete subtrees, left to right, that together are the leaves [low, high).

    Parameters
    ----------
    low, high : int
        A range as RFC 9162 cuts them: ``low`` is a multiple of the largest power of two that is
        not above ``high − low``.
    """
    found, at = [], low
    while at < high:
        level = (high - at).bit_length() - 1
        found.append(Node(level, at >> level))
        at += 1 << level
    return found


def root_of(size: int, fetch: Fetch) -> bytes:
    """The root of the first ``size`` leaves; of none, the hash of nothing."""
    if size == 0:
        return digest(b"")
    return _joined([(0, size)], fetch)[0]


def inclusion_proof(index: int, size: int, fetch: Fetch) -> tuple[bytes, ...]:
    """The siblings from leaf ``index`` to the root of ``size`` leaves (RFC 9162, 2.1.3.1).

    Raises
    ------
    ValueError
        If there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"index must lie in [0, {size}), got {index}")
    ranges, low, high = [], 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return _joined(ranges[::-1], fetch)


def consistency_proof(first: int, second: int, fetch: Fetch) -> tuple[bytes, ...]:
    """Proof that the tree of ``first`` leaves is the beginning of that of ``second`` (2.1.4.1).

    Raises
    ------
    ValueError
        Unless 1 <= first <= second.
    """
    if not 1 <= first <= second:
        raise ValueError(f"first must lie in [1, {second}], got {first}")
    ranges, low, high, is_whole = [], 0, second, True
    while high != first:
        middle = low + _split(high - low)
        if first <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low, is_whole = middle, False
    if not is_whole:
        ranges.append((low, high))
    return _joined(ranges[::-1], fetch)


def _split(count: int) -> int:
    """The largest power of two below ``count``."""
    return 1 << ((count - 1).bit_length() - 1)


def _joined(ranges: Sequence[tuple[int, int]], fetch: Fetch) -> tuple[bytes, ...]:
    """The hash over each range of leaves; all subtrees are fetched at once."""
    cut = [peaks(low, high) for low, high in ranges]
    known = fetch([node for nodes in cut for node in nodes])
    found = []
    for nodes in cut:
        reached = known[nodes[-1]]
        for node in reversed(nodes[:-1]):
            reached = node_hash(known[node], reached)
        found.append(reached)
    return tuple(found)
