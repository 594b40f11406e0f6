"""From roster and plan to one commitment, and from commitment and entropy to the seed.

Byte rules: docs/protocol/draw-v1.md. Whatever the draw or the assignment depends on is inside the
commitment, and the commitment is inside the seed: who changes the roster afterwards changes the
seed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from core.chain import MerkleTree, canonical_json, digest, merkle_root, merkle_tree

PROTOCOL: Final = "zhiheng-draw/v1"
_CODE_BYTES: Final = 64


def length_prefixed(*fields: bytes | str) -> bytes:
    """Several fields as one byte string that can be cut in only one way.

    Parameters
    ----------
    *fields : bytes or str
        Text enters as UTF-8, as it stands; the caller writes integers in decimal.

    Returns
    -------
    bytes
        For each field, its byte length as four bytes, big-endian, then its bytes.

    Examples
    --------
    >>> length_prefixed("ab", b"c").hex()
    '0000000261620000000163'
    """
    parts = []
    for field in fields:
        raw = field.encode() if isinstance(field, str) else field
        parts.append(len(raw).to_bytes(4, "big"))
        parts.append(raw)
    return b"".join(parts)


def checked_code(code: str) -> str:
    """The code of a unit or the id of an inspector, if a draw can use it.

    Raises
    ------
    ValueError
        Unless it is 1 to 64 printable ASCII characters without blanks. So codes are compared
        byte by byte and need no normal form, in any language.
    """
    usable = 0 < len(code) <= _CODE_BYTES and code.isascii()
    if not usable or not all("!" <= letter <= "~" for letter in code):
        raise ValueError(
            f"code {code!r} must be 1 to {_CODE_BYTES} printable ASCII characters without blanks"
        )
    return code


def in_frame_order(code: str) -> tuple[int, str]:
    """Sort key of codes and ids: shorter first, then by bytes. This is the order of leaves."""
    return (len(code), code)


@dataclass(frozen=True, slots=True)
class FrameUnit:
    """One enterprise of the frozen roster, with all that is committed about it.

    ``odds_num`` / ``odds_den`` are 1 / 1 in a draw with equal probabilities. ``recused`` is the
    hash of the inspectors who must not visit the unit (see `recused_hash`).
    """

    code: str
    stratum: str
    category: str
    region: str
    recused: bytes
    odds_num: int = 1
    odds_den: int = 1

    def __post_init__(self) -> None:
        checked_code(self.code)
        if self.odds_num < 1 or self.odds_den < 1:
            raise ValueError(f"{self.code}: odds must be a ratio of integers of at least 1")
        if len(self.recused) != 32:
            raise ValueError(f"{self.code}: recused must be a hash of 32 bytes")

    def leaf(self) -> bytes:
        """The bytes that stand for this unit in the Merkle tree, before hashing."""
        return length_prefixed(
            "unit",
            self.code,
            self.stratum,
            str(self.odds_num),
            str(self.odds_den),
            self.category,
            self.region,
            self.recused,
        )


def frame_tree(units: Iterable[FrameUnit], algorithm: str = "sha256") -> MerkleTree:
    """The Merkle tree over a roster, whatever order it comes in.

    Raises
    ------
    ValueError
        If a code occurs twice.
    """
    ordered = sorted(units, key=lambda unit: in_frame_order(unit.code))
    for before, after in pairwise(ordered):
        if before.code == after.code:
            raise ValueError(f"unit {after.code} is in the roster twice")
    return merkle_tree((unit.leaf() for unit in ordered), algorithm)


def recusal_salt(secret: bytes, code: str, algorithm: str = "sha256") -> bytes:
    """The salt of one unit's recusals, from the plan's secret.

    Without it nobody can guess from `recused_hash` who is tied to an enterprise. It is opened
    for drawn units only.
    """
    return digest(length_prefixed("salt", secret, code), algorithm)


def recused_hash(salt: bytes, inspectors: Iterable[str], algorithm: str = "sha256") -> bytes:
    """What the roster says about a unit's recusals: a salted hash of the inspectors' ids."""
    ids = sorted(set(inspectors), key=in_frame_order)
    return digest(length_prefixed("recused", salt, *ids), algorithm)


def inspector_root(records: Sequence[Mapping[str, Any]], algorithm: str = "sha256") -> bytes:
    """The Merkle root over the inspectors' records, ordered by id."""
    ordered = sorted(records, key=lambda record: in_frame_order(record["id"]))
    return merkle_root(
        (length_prefixed("inspector", canonical_json(record)) for record in ordered), algorithm
    )


def plan_hash(plan: Mapping[str, Any], algorithm: str = "sha256") -> bytes:
    """The hash of the plan's canonical JSON."""
    return digest(canonical_json(plan), algorithm)


def commitment(*, frame_root: bytes, plan: bytes, algorithm: str = "sha256") -> bytes:
    """The 32 bytes that are published before any source of entropy exists.

    Parameters
    ----------
    frame_root : bytes
        Root of `frame_tree`.
    plan : bytes
        `plan_hash`.
    """
    return digest(length_prefixed("commit/v1", frame_root, plan), algorithm)


def seed(*, commitment: bytes, entropy: Sequence[bytes], algorithm: str = "sha256") -> bytes:
    """The seed of the draw and of the assignment.

    Parameters
    ----------
    entropy : sequence of bytes
        One value for each source, in the order of the plan.

    Raises
    ------
    ValueError
        If there is no source, or an empty value.

    Notes
    -----
    Unbiased if any one source is honest and all are bound before the first is known.
    """
    if not entropy or not all(entropy):
        raise ValueError("a seed needs a value, not empty, from each source of the plan")
    return digest(length_prefixed("seed/v1", commitment, *entropy), algorithm)
