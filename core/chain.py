"""Canonical bytes, a hash chain, and Merkle trees. Pure: only the standard library.

References
----------
RFC 8785 (2020). JSON Canonicalization Scheme. Here without floats: every number is an integer.
RFC 9162 (2021). Certificate Transparency Version 2.0, section 2.1: Merkle trees and their proofs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

DIGESTS: Final = ("sha256", "sm3")
GENESIS: Final = bytes(32)  # what the first entry of a chain follows
_LARGEST_INTEGER: Final = 2**53 - 1  # RFC 8785 numbers are IEEE 754 doubles (RFC 7493, 2.2)


class Hasher(Protocol):
    """The part of a hashlib object that we use."""

    def update(self, data: bytes, /) -> object:
        """Take more bytes; returns nothing."""

    def digest(self) -> bytes:
        """The hash of all bytes taken."""

    def copy(self) -> Hasher:
        """An independent hasher that has taken the same bytes."""


def hasher(algorithm: str = "sha256") -> Hasher:
    """A new hasher.

    Raises
    ------
    ValueError
        If the algorithm is neither "sha256" nor "sm3", or if this Python's OpenSSL lacks SM3.
    """
    if algorithm not in DIGESTS:
        raise ValueError(f"digest must be one of {', '.join(DIGESTS)}, got {algorithm!r}")
    if algorithm == "sha256":
        return hashlib.sha256()
    try:
        return hashlib.new("sm3")
    except ValueError:
        raise ValueError(
            "SM3 is not offered by the OpenSSL of this Python; use a Python built with "
            "OpenSSL 1.1.1 or newer that includes SM3, or a plan with digest sha256"
        ) from None


def digest(data: bytes, algorithm: str = "sha256") -> bytes:
    """The 32-byte hash of some bytes."""
    taken = hasher(algorithm)
    taken.update(data)
    return taken.digest()


def hash_all(start: Hasher, messages: Iterable[bytes]) -> list[bytes]:
    """The hash of each message after what ``start`` has taken already; in their order.

    The one tight loop under every tree and every ticket: a call saved here is a tenth of a draw.
    """
    fresh = start.copy
    return [taken.digest() for data in messages if not (taken := fresh()).update(data)]


def grown(nodes: Sequence[bytes], algorithm: str = "sha256") -> bytes:
    """The root over hashes that stand for full subtrees of one size, the last one for the rest.

    So a tree may be hashed in blocks of 2^k leaves, by several processes: its root is this over
    the roots of the blocks (RFC 9162, 2.1.1: every left half is a power of two).
    """
    return _grown(list(nodes), algorithm).root


# Canonical JSON


def canonical_json(value: Any) -> bytes:
    """The one byte string that stands for a JSON value.

    Parameters
    ----------
    value
        Objects with text keys, arrays, text, integers within ±(2^53 − 1), booleans, null.

    Returns
    -------
    bytes
        RFC 8785: no blanks, keys in the order of their UTF-16 code units, UTF-8.

    Raises
    ------
    ValueError
        For a float, an integer that a double cannot hold, an unpaired surrogate, a key that is
        not text, or any other type. The message names the place.

    Notes
    -----
    Floats are refused, although RFC 8785 defines them: what is counted or decides a draw is a
    whole number, or a ratio of two.
    """
    try:
        ordered = _ready(value)
    except _Unready:
        ordered = _ordered(value, "$")  # again, to name the place
    text = json.dumps(ordered, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"text holds an unpaired surrogate U+{ord(text[error.start]):04X}"
        ) from None


class _Unready(Exception):
    """Something that is not plain."""


def _ready(value: Any) -> Any:
    """The value in order, where all of it is of the plainest types: most values are."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is int and -_LARGEST_INTEGER <= value <= _LARGEST_INTEGER:
        return value
    if kind is dict:
        if not all(type(key) is str and key.isascii() for key in value):
            raise _Unready
        return {
            key: item if type(item := value[key]) is str else _ready(item) for key in sorted(value)
        }
    if kind is list or kind is tuple:
        return [item if type(item) is str else _ready(item) for item in value]
    raise _Unready


def _ordered(value: Any, place: str) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        if abs(value) > _LARGEST_INTEGER:
            raise ValueError(f"{place}: {value} does not fit into 53 bits; write it as text")
        return value
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise ValueError(f"{place}: key {key!r} is not text")
        keys = sorted(value, key=_utf16)
        return {key: _ordered(value[key], f"{place}.{key}") for key in keys}
    if isinstance(value, list | tuple):
        return [_ordered(item, f"{place}[]") for item in value]
    if isinstance(value, float):
        raise ValueError(f"{place}: {value!r} is a float; use an integer, a ratio or text")
    raise ValueError(f"{place}: {type(value).__name__} has no JSON form here")


def _utf16(key: str) -> bytes:
    # An unpaired surrogate passes here and is refused when the text is encoded.
    return key.encode("utf-16-be", "surrogatepass")


# Hash chain


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """One link: its number from 1, what it says, and its hash."""

    sequence: int
    body: Any
    hash: bytes


def chain_hash(previous: bytes, body: Any, algorithm: str = "sha256") -> bytes:
    """The hash of an entry that follows ``previous``: H(0x02 ‖ previous ‖ canonical body).

    0x02 keeps links apart from Merkle leaves (0x00) and nodes (0x01).
    """
    return digest(b"\x02" + previous + canonical_json(body), algorithm)


def verify_chain(
    entries: Iterable[ChainEntry], *, previous: bytes = GENESIS, algorithm: str = "sha256"
) -> int | None:
    """The number of the first entry that does not follow from the one before it, or None.

    Parameters
    ----------
    entries : iterable of ChainEntry
        In order of their numbers, from 1 without gaps.
    previous : bytes
        What the first entry follows.
    """
    for expected, entry in enumerate(entries, start=1):
        if entry.sequence != expected:
            return expected
        if entry.hash != chain_hash(previous, entry.body, algorithm):
            return entry.sequence
        previous = entry.hash
    return None


# Merkle tree


def leaf_hash(data: bytes, algorithm: str = "sha256") -> bytes:
    """H(0x00 ‖ data)."""
    return digest(b"\x00" + data, algorithm)


def node_hash(left: bytes, right: bytes, algorithm: str = "sha256") -> bytes:
    """H(0x01 ‖ left ‖ right)."""
    return digest(b"\x01" + left + right, algorithm)


@dataclass(frozen=True, slots=True)
class MerkleTree:
    """A tree over leaf hashes; ``levels[0]`` are the leaves, the last level the root.

    Notes
    -----
    Built from below: neighbours pair up, a last one without a neighbour rises unchanged. This is
    the tree of RFC 9162, whose left half is the largest power of two below the number of leaves.
    """

    levels: tuple[tuple[bytes, ...], ...]
    algorithm: str

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self.levels[0])

    @property
    def root(self) -> bytes:
        """The root hash; of an empty tree, the hash of nothing (RFC 9162, 2.1.1)."""
        return self.levels[-1][0] if self.size else digest(b"", self.algorithm)

    def inclusion_proof(self, index: int) -> tuple[bytes, ...]:
        """The siblings that lead from leaf ``index`` to the root (RFC 9162, 2.1.3.1).

        Raises
        ------
        ValueError
            If there is no such leaf.
        """
        if not 0 <= index < self.size:
            raise ValueError(f"index must lie in [0, {self.size}), got {index}")
        proof = []
        for level in self.levels[:-1]:
            sibling = index ^ 1
            if sibling < len(level):
                proof.append(level[sibling])
            index >>= 1
        return tuple(proof)

    def consistency_proof(self, first: int) -> tuple[bytes, ...]:
        """Proof that the first ``first`` leaves are those of the earlier tree (2.1.4.1).

        Raises
        ------
        ValueError
            If ``first`` is below one or above the number of leaves.
        """
        if not 1 <= first <= self.size:
            raise ValueError(f"first must lie in [1, {self.size}], got {first}")
        if first == self.size:
            return ()
        # Climb while the earlier tree's last subtree is complete on its own.
        height = 0
        node, last = first - 1, self.size - 1
        while node & 1:
            node, last, height = node >> 1, last >> 1, height + 1
        proof = [] if node == 0 else [self.levels[height][node]]
        while last:
            sibling = node ^ 1
            if sibling < len(self.levels[height]):
                proof.append(self.levels[height][sibling])
            node, last, height = node >> 1, last >> 1, height + 1
        return tuple(proof)


def merkle_tree(leaves: Iterable[bytes], algorithm: str = "sha256") -> MerkleTree:
    """The tree over some data entries, in their order.

    Parameters
    ----------
    leaves : iterable of bytes
        The entries themselves; they are hashed here.
    """
    make = hasher(algorithm)
    make.update(b"\x00")
    return _grown(hash_all(make, leaves), algorithm)


def merkle_root(leaves: Iterable[bytes], algorithm: str = "sha256") -> bytes:
    """The root over some data entries, in their order."""
    return merkle_tree(leaves, algorithm).root


def _grown(level: list[bytes], algorithm: str) -> MerkleTree:
    make = hasher(algorithm)
    make.update(b"\x01")
    levels = [tuple(level)]
    while len(level) > 1:
        neighbours = zip(level[0::2], level[1::2], strict=False)
        paired = hash_all(make, [left + right for left, right in neighbours])
        if len(level) & 1:
            paired.append(level[-1])
        level = paired
        levels.append(tuple(level))
    return MerkleTree(levels=tuple(levels), algorithm=algorithm)


def verify_inclusion(
    *,
    leaf: bytes,
    index: int,
    size: int,
    proof: Sequence[bytes],
    root: bytes,
    algorithm: str = "sha256",
) -> bool:
    """Does the proof lead from this leaf hash to this root? (RFC 9162, 2.1.3.2)

    Parameters
    ----------
    leaf : bytes
        The leaf's hash, ``leaf_hash(data)``.
    index, size : int
        The leaf's place from 0, and the number of leaves of the tree.
    """
    if not 0 <= index < size:
        return False
    node, last, reached = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            reached = node_hash(sibling, reached, algorithm)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            reached = node_hash(reached, sibling, algorithm)
        node, last = node >> 1, last >> 1
    return last == 0 and reached == root


def verify_consistency(
    *,
    first: int,
    second: int,
    first_root: bytes,
    second_root: bytes,
    proof: Sequence[bytes],
    algorithm: str = "sha256",
) -> bool:
    """Is the tree of ``first`` leaves the beginning of the tree of ``second``? (2.1.4.2)"""
    if not 1 <= first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    path = list(proof)
    if first & (first - 1) == 0:  # a power of two: the old root itself is the first node
        path.insert(0, first_root)
    if not path:
        return False
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old = node_hash(sibling, old, algorithm)
            new = node_hash(sibling, new, algorithm)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling, algorithm)
        node, last = node >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root
