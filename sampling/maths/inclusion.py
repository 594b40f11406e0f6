"""Was this enterprise in the roster, and with what chance? A proof that fits on a page.

It needs no other enterprise: a leaf, the hashes beside its way to the root, the plan.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from core.chain import (
    DIGESTS,
    canonical_json,
    chain_hash,
    digest,
    leaf_hash,
    verify_inclusion,
)
from sampling.maths.commitment import PROTOCOL, WHOLE, FrameUnit, commitment, length_prefixed

FORMAT: Final = "zhiheng-inclusion/v1"


def inclusion_token(secret: bytes, code: str, algorithm: str = "sha256") -> str:
    """What an enterprise shows to read its own entry before the roster is public.

    Credit codes are printed on every licence: a code alone proves nothing about who asks. The
    token is not the salt of the recusals, so it opens nothing about inspectors.
    """
    return digest(length_prefixed("inclusion", secret, code), algorithm).hex()[:32]


def is_token(given: str, secret: bytes, code: str, algorithm: str = "sha256") -> bool:
    """Tell whether a token is the one of this code, in constant time."""
    right = inclusion_token(secret, code, algorithm)
    return hmac.compare_digest(given.strip().lower().encode(), right.encode())


def entry_salt(secret: bytes, kind: str, code: str, algorithm: str = "sha256") -> str:
    """The salt of a log entry that names an enterprise and is shown only later.

    The hash of such an entry is public at once. Without a salt whoever has a register could try
    every code until the hash fits.
    """
    return digest(length_prefixed("log", secret, kind, code), algorithm).hex()


def inclusion_part(
    *,
    unit: FrameUnit,
    index: int,
    size: int,
    path: Sequence[bytes],
    root: bytes,
    plan: bytes,
    receipt: Mapping[str, Any],
) -> dict[str, Any]:
    """The proof for one unit, as an enterprise keeps it.

    Parameters
    ----------
    index : int
        The unit's place in frame order, from 0.
    size : int
        Units of the roster.
    path : sequence of bytes
        From the unit's leaf to the root.
    root : bytes
        Of the roster.
    plan : bytes
        plan.json as it was committed.
    receipt : mapping
        The journal entry of the commitment.
    """
    return {
        "format": FORMAT,
        "unit": [
            unit.code,
            unit.stratum,
            unit.odds_num,
            unit.odds_den,
            unit.category,
            unit.region,
            unit.recused.hex(),
            *(() if unit.chance is None else (unit.chance,)),
        ],
        "index": index,
        "size": size,
        "path": [one.hex() for one in path],
        "frame_root": root.hex(),
        "plan": json.loads(plan),
        "receipt": dict(receipt),
    }


@dataclass(frozen=True, slots=True)
class Inclusion:
    """What a proof shows.

    Attributes
    ----------
    probability : Fraction
        Chance of being drawn, as it was promised: quota / size, or the unit's own.
    """

    plan_no: str
    code: str
    stratum: str
    size: int
    quota: int
    reserve: int
    probability: Fraction
    commitment: str


def check_inclusion(proof: Mapping[str, Any], noted: str = "") -> Inclusion:
    """Does the proof lead from the enterprise to the commitment, and what chance did it have?

    Parameters
    ----------
    proof : mapping
        As `inclusion_part` made it.
    noted : str
        The commitment that somebody noted before the draw, in hexadecimal.

    Raises
    ------
    ValueError
        At the first step that does not hold, in words.

    Notes
    -----
    Strata sizes are those the plan states. That they are the true counts of the roster shows
    only when the whole roster is public; the draw refuses anything else.
    """
    try:
        return _checked(proof, noted.strip().lower())
    except (AttributeError, LookupError, TypeError) as error:
        raise ValueError(f"the proof lacks something or is malformed: {error}") from None


def _checked(proof: Mapping[str, Any], noted: str) -> Inclusion:
    plan = proof["plan"]
    algorithm = str(plan["digest"])
    _need(proof["format"] == FORMAT, f"this is not a {FORMAT} file")
    _need(plan["protocol"] == PROTOCOL and algorithm in DIGESTS, "the protocol is not known here")
    code, stratum, num, den, category, region, recused, *own = proof["unit"]
    chance = own[0] if own else None
    unit = FrameUnit(code, stratum, category, region, bytes.fromhex(recused), num, den, chance)
    _need((chance is not None) == (plan["method"] == "pareto"), "the unit is of another method")
    root = bytes.fromhex(proof["frame_root"])
    reaches = verify_inclusion(
        leaf=leaf_hash(unit.leaf(), algorithm),
        index=proof["index"],
        size=proof["size"],
        proof=[bytes.fromhex(one) for one in proof["path"]],
        root=root,
        algorithm=algorithm,
    )
    _need(reaches, "the path does not lead from this enterprise to frame_root")
    plan_value = digest(canonical_json(plan), algorithm)
    value = commitment(frame_root=root, plan=plan_value, algorithm=algorithm).hex()
    _need(noted in ("", value), f"frame_root and plan make the commitment {value}, not yours")
    said = {"commitment": value, "frame_root": root.hex(), "plan_hash": plan_value.hex()}
    _check_receipt(proof["receipt"], {"no": plan["no"], **said})
    rule = _rule_of(plan["strata"], stratum)
    _need(sum(one["size"] for one in plan["strata"]) == proof["size"], "strata are not the roster")
    equal = Fraction(rule["quota"], rule["size"])
    return Inclusion(
        plan_no=plan["no"],
        code=code,
        stratum=stratum,
        size=rule["size"],
        quota=rule["quota"],
        reserve=rule["reserve"],
        probability=equal if chance is None else Fraction(chance, WHOLE),
        commitment=value,
    )


def _check_receipt(receipt: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    entry = dict(receipt)
    before, after = bytes.fromhex(entry.pop("previous_hash")), entry.pop("hash")
    _need(entry["body"] == body, "the receipt is for another commitment")
    _need(chain_hash(before, entry).hex() == after, "the receipt's hash does not follow from it")


def _rule_of(strata: Sequence[Mapping[str, Any]], key: str) -> Mapping[str, Any]:
    for rule in strata:
        if rule["key"] == key:
            return rule
    raise ValueError(f"the plan has no stratum {key!r}")


def _need(holds: bool, problem: str) -> None:
    if not holds:
        raise ValueError(problem)
