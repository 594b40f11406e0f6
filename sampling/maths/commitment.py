"""From roster and plan to one commitment, and from commitment and entropy to the seed.

Byte rules: docs/protocol/draw-v1.md. Whatever the draw or the assignment depends on is inside the
commitment, and the commitment is inside the seed: who changes the roster afterwards changes the
seed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from operator import attrgetter
from typing import Any, Final

from core.chain import MerkleTree, canonical_json, digest, hasher, merkle_root, merkle_tree

PROTOCOL: Final = "zhiheng-draw/v1"
WHOLE: Final = 2**52  # a chance of 1: chances are counted in 1/2^52, which JSON holds exactly
_CODE: Final = re.compile(r"[!-~]{1,64}")


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
    return b"".join(
        [
            len(raw).to_bytes(4, "big") + raw
            for raw in [field.encode() if isinstance(field, str) else field for field in fields]
        ]
    )


def checked_code(code: str) -> str:
    """The code of a unit or the id of an inspector, if a draw can use it.

    Raises
    ------
    ValueError
        Unless it is 1 to 64 printable ASCII characters without blanks. So codes are compared
        byte by byte and need no normal form, in any language.
    """
    if _CODE.fullmatch(code) is None:
        raise ValueError(f"code {code!r} must be 1 to 64 printable ASCII characters without blanks")
    return code


def in_frame_order(code: str) -> tuple[int, str]:
    """Sort key of codes and ids: shorter first, then by bytes. This is the order of leaves."""
    return (len(code), code)


@lru_cache(maxsize=4096)
def _shared_fields(stratum: str, odds_num: int, odds_den: int, category: str, region: str) -> bytes:
    return length_prefixed(stratum, str(odds_num), str(odds_den), category, region)


@dataclass(frozen=True, slots=True)
class FrameUnit:
    """One enterprise of the frozen roster, with all that is committed about it.

    ``odds_num`` / ``odds_den`` are 1 / 1 in a draw with equal probabilities, 1 / 0 for a unit that
    is drawn with certainty. ``chance`` is the stated inclusion probability in 1/2^52; None where
    all chances of a stratum are equal (quota / size). ``recused`` is the hash of the inspectors who
    must not visit the unit (see `recused_hash`).
    """

    code: str
    stratum: str
    category: str
    region: str
    recused: bytes
    odds_num: int = 1
    odds_den: int = 1
    chance: int | None = None

    def __post_init__(self) -> None:
        checked_code(self.code)
        is_certain = self.chance == WHOLE and (self.odds_num, self.odds_den) == (1, 0)
        if not is_certain and (self.odds_num < 1 or self.odds_den < 1):
            raise ValueError(f"{self.code}: odds must be a ratio of integers of at least 1")
        if self.chance is not None and (
            not 0 <= self.chance <= WHOLE or (self.chance == WHOLE) != is_certain
        ):
            raise ValueError(f"{self.code}: a chance is 0 to 2^52, and 2^52 has the odds 1/0")
        if len(self.recused) != 32:
            raise ValueError(f"{self.code}: recused must be a hash of 32 bytes")

    def leaf(self) -> bytes:
        """The bytes that stand for this unit in the Merkle tree, before hashing."""
        code = self.code.encode()
        shared = _shared_fields(
            self.stratum, self.odds_num, self.odds_den, self.category, self.region
        )
        # Written out: this runs once for each unit, and many units share their other fields.
        leaf = b"\0\0\0\x04unit%b%b%b\0\0\0\x20%b" % (
            len(code).to_bytes(4, "big"),
            code,
            shared,
            self.recused,
        )
        return leaf if self.chance is None else leaf + length_prefixed(str(self.chance))


def frame_tree(units: Iterable[FrameUnit], algorithm: str = "sha256") -> MerkleTree:
    """The Merkle tree over a roster, whatever order it comes in.

    Raises
    ------
    ValueError
        If a code occurs twice.
    """
    # Two stable sorts by plain keys are faster than one by (length, code).
    ordered = sorted(sorted(units, key=_code_of), key=lambda unit: len(unit.code))
    for before, after in pairwise(ordered):
        if before.code == after.code:
            raise ValueError(f"unit {after.code} is in the roster twice")
    return merkle_tree((unit.leaf() for unit in ordered), algorithm)


_code_of = attrgetter("code")


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


def closed_recusals(
    secret: bytes,
    codes: Iterable[str],
    recused: Mapping[str, Iterable[str]],
    algorithm: str = "sha256",
) -> list[bytes]:
    """`recused_hash` for a whole roster, in the order of the codes.

    Parameters
    ----------
    recused : mapping
        Inspectors by code; most units have none, and must look like the others.
    """
    salts, hashes = hasher(algorithm), hasher(algorithm)
    salts.update(length_prefixed("salt", secret))
    hashes.update(length_prefixed("recused"))
    found = []
    for code in codes:
        taken = salts.copy()
        raw = code.encode()
        taken.update(len(raw).to_bytes(4, "big") + raw)
        salt = taken.digest()
        if recused.get(code):
            found.append(recused_hash(salt, recused[code], algorithm))
        else:
            taken = hashes.copy()
            taken.update(b"\x00\x00\x00\x20" + salt)
            found.append(taken.digest())
    return found


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
