"""A drawn list that is fixed before it is public: what everybody may have at once, and what waits.

Codes of enterprises can be guessed from a register, so nothing that is a plain function of a code
may be published early: no code, no place in frame order (the order of codes), no ticket, no seed
(it gives all tickets) and no dice (they give the seed). Every hash below covers 256 bits that
nobody outside knows until disclosure: the salted ``recused`` of the unit, or its ticket.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from core.chain import DIGESTS, canonical_json, chain_hash, digest, leaf_hash, merkle_root
from sampling.maths.commitment import FrameUnit, commitment, in_frame_order, length_prefixed
from sampling.maths.replay import PartCheck

FORMAT: Final = "zhiheng-draw-embargoed/v1"
_BOUND: Final = ("entropy.json", "draw.json", "assignment.json")
_SAID: Final = ("stream", "sequence", "kind", "recorded_at", "body")

# What cannot be verified until the list is public; printed, so that nobody takes more from it.
WAITS: Final = (
    "that the strata have the sizes that the plan states (leaves do not show their stratum)",
    "the dice and the seed, and so who is drawn: the seed would give every ticket",
    "the teams of inspectors",
)


def drawn_entry(
    *, unit: FrameUnit, rank: int, ticket: bytes, is_selected: bool, algorithm: str = "sha256"
) -> bytes:
    """The hash that stands for one drawn unit or reserve while the list is closed.

    Hidden twice: by the unit's salted ``recused``, and by its ticket, which needs the seed.
    """
    fields = ("drawn/v1", unit.recused, unit.code, unit.stratum, str(rank), ticket)
    return digest(length_prefixed(*fields, "1" if is_selected else "0"), algorithm)


def drawn_root(entries: Iterable[bytes], algorithm: str = "sha256") -> bytes:
    """The Merkle root over the entries, in the order of their bytes: it tells nothing of ranks."""
    return merkle_root(sorted(entries), algorithm)


def embargoed_form(
    *,
    plan: bytes,
    published: Mapping[str, Any],
    leaves: Sequence[bytes],
    values: Sequence[Mapping[str, Any] | None],
    entries: Iterable[bytes],
    announced: Mapping[str, Any],
) -> dict[str, Any]:
    """What everybody may have of a draw whose list is closed.

    Parameters
    ----------
    plan : bytes
        plan.json.
    published : mapping
        commitment.json.
    leaves : sequence of bytes
        Leaf hashes of the roster, in frame order.
    values : sequence
        Values of the public sources in the order of the plan, None for dice.
    entries : iterable of bytes
        `drawn_entry` of each drawn unit and reserve.
    announced : mapping
        The log's entry draw.closed.
    """
    return {
        "format": FORMAT,
        "plan": json.loads(plan),
        "commitment": dict(published),
        "leaves": base64.b64encode(b"".join(leaves)).decode(),
        "values": list(values),
        "drawn": [one.hex() for one in sorted(entries)],
        "announced": dict(announced),
    }


def check_embargoed(form: Mapping[str, Any], noted: str = "") -> tuple[PartCheck, ...]:
    """Which statements of an embargoed form hold? See `WAITS` for what it cannot show."""
    checks = []
    for part, check in (
        ("plan", _check_plan),
        ("roster", _check_roster),
        ("commitment", _check_commitment),
        ("values", _check_values),
        ("drawn", _check_drawn),
    ):
        try:
            problem = check(form, noted.strip().lower())
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            problem = f"malformed: {error}"
        checks.append(PartCheck(part, not problem, problem))
    return tuple(checks)


def check_disclosed(form: Mapping[str, Any], parts: Mapping[str, bytes]) -> tuple[PartCheck, ...]:
    """Is a full bundle the draw that the embargoed form stood for?

    Parameters
    ----------
    form : mapping
        Judged by `check_embargoed`.
    parts : mapping
        Bundle, judged by `check_bundle`.
    """
    try:
        return _disclosed(form, parts)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return (PartCheck("(forms)", False, f"malformed: {error}"),)


def _disclosed(form: Mapping[str, Any], parts: Mapping[str, bytes]) -> tuple[PartCheck, ...]:
    algorithm = _algorithm(form)
    units = [
        FrameUnit(code, stratum, category, region, bytes.fromhex(recused), num, den)
        for code, stratum, num, den, category, region, recused in json.loads(parts["frame.json"])[
            "units"
        ]
    ]
    units.sort(key=lambda unit: in_frame_order(unit.code))
    by_code = {unit.code: unit for unit in units}
    problems = {
        "plan.json": canonical_json(form["plan"]) != parts["plan.json"],
        "commitment.json": canonical_json(form["commitment"]) != parts["commitment.json"],
    }
    found = [
        PartCheck(name, not other, "not the one of the embargoed form" if other else "")
        for name, other in problems.items()
    ]
    told = ""
    leaves = _leaves(form)
    for place, unit in enumerate(units):
        if place >= len(leaves) or leaf_hash(unit.leaf(), algorithm) != leaves[place]:
            told = f"{unit.code}: not leaf {place} of the embargoed form"
            break
    if not told and len(units) != len(leaves):
        told = f"{len(units)} units, the embargoed form has {len(leaves)} leaves"
    found.append(PartCheck("frame.json", not told, told))
    told = ""
    waiting = set(form["drawn"])
    for unit in json.loads(parts["draw.json"])["units"]:
        if unit["code"] not in by_code:
            told = f"{unit['code']} is not in the roster"
            break
        entry = drawn_entry(
            unit=by_code[unit["code"]],
            rank=unit["rank"],
            ticket=bytes.fromhex(unit["ticket"]),
            is_selected=unit["selected"],
            algorithm=algorithm,
        ).hex()
        if entry not in waiting:
            told = f"{unit['code']}, rank {unit['rank']}: not among the closed entries"
            break
        waiting.remove(entry)
    if not told and waiting:
        told = f"{len(waiting)} closed entries were not disclosed"
    if not told:
        told = _other_part(form, parts)
    found.append(PartCheck("draw.json", not told, told))
    return tuple(found)


def _other_part(form: Mapping[str, Any], parts: Mapping[str, bytes]) -> str:
    for name in _BOUND:
        announced = form["announced"]["body"]["parts"][name]
        if hashlib.sha256(parts[name]).hexdigest() != announced:
            return f"{name} is not the one announced in the log when the list was closed"
    return ""


def _algorithm(form: Mapping[str, Any]) -> str:
    algorithm = str(form["plan"]["digest"])
    if algorithm not in DIGESTS:
        raise ValueError(f"the digest {algorithm} is not known here")
    return algorithm


def _leaves(form: Mapping[str, Any]) -> list[bytes]:
    try:
        raw = base64.b64decode(form["leaves"], validate=True)
    except binascii.Error as error:
        raise ValueError(f"leaves are not base64: {error}") from None
    if len(raw) % 32:
        raise ValueError("leaves are not whole hashes of 32 bytes")
    return [raw[place : place + 32] for place in range(0, len(raw), 32)]


def _check_plan(form: Mapping[str, Any], _noted: str) -> str:
    if form["format"] != FORMAT:
        return f"this is not a {FORMAT} file"
    own = digest(canonical_json(form["plan"]), _algorithm(form)).hex()
    return "" if own == form["commitment"]["plan_hash"] else "its hash is not plan_hash"


def _check_roster(form: Mapping[str, Any], _noted: str) -> str:
    leaves = _leaves(form)
    if sum(rule["size"] for rule in form["plan"]["strata"]) != len(leaves):
        return "the number of leaves is not the sum of the strata"
    root = _root_of_hashes(leaves, _algorithm(form)).hex()
    return "" if root == form["commitment"]["frame_root"] else "its root is not frame_root"


def _root_of_hashes(level: list[bytes], algorithm: str) -> bytes:
    while len(level) > 1:
        paired = [
            digest(b"\x01" + left + right, algorithm)
            for left, right in zip(level[0::2], level[1::2], strict=False)
        ]
        level = paired + level[len(paired) * 2 :]
    return level[0] if level else digest(b"", algorithm)


def _check_commitment(form: Mapping[str, Any], noted: str) -> str:
    said = {key: form["commitment"][key] for key in ("commitment", "frame_root", "plan_hash")}
    value = commitment(
        frame_root=bytes.fromhex(said["frame_root"]),
        plan=bytes.fromhex(said["plan_hash"]),
        algorithm=_algorithm(form),
    ).hex()
    if value != said["commitment"]:
        return "it does not follow from its two hashes"
    if noted not in ("", value):
        return "it is not the commitment you noted"
    receipt = form["commitment"]["receipt"]
    if receipt["body"] != {"no": form["plan"]["no"], **said}:
        return "the receipt is for something else"
    return _entry_problem(receipt)


def _entry_problem(entry: Mapping[str, Any]) -> str:
    said = {key: entry[key] for key in _SAID}
    same = chain_hash(bytes.fromhex(entry["previous_hash"]), said).hex() == entry["hash"]
    return "" if same else f"the hash of entry {entry['sequence']} does not follow from it"


def _check_values(form: Mapping[str, Any], _noted: str) -> str:
    named, given = form["plan"]["entropy"], form["values"]
    if len(named) != len(given):
        return "other sources than in the plan"
    for source, value in zip(named, given, strict=True):
        if (source["kind"] == "dice") != (value is None):
            return "dice are open, or a public value is missing"
        if value is None:
            continue
        if value["kind"] != source["kind"] or value.get("round") != source.get("round"):
            return "another source or round than in the plan"
        signature = value.get("signature")
        if signature and hashlib.sha256(bytes.fromhex(signature)).hexdigest() != value["value"]:
            return "beacon: value is not the SHA-256 of the signature"
    return ""


def _check_drawn(form: Mapping[str, Any], _noted: str) -> str:
    entries = form["drawn"]
    expected = sum(
        min(rule["quota"] + rule["reserve"], rule["size"]) for rule in form["plan"]["strata"]
    )
    if len(set(entries)) != expected:
        return f"{len(set(entries))} entries, the plan draws and reserves {expected}"
    announced = form["announced"]
    if announced["kind"] != "draw.closed" or announced["body"]["no"] != form["plan"]["no"]:
        return "the entry of the log is for something else"
    root = drawn_root([bytes.fromhex(one) for one in entries], _algorithm(form)).hex()
    if root != announced["body"]["drawn_root"]:
        return "their root is not drawn_root in the log"
    return _entry_problem(announced)
