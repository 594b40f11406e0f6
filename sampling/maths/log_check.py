"""A bundle against the log of draws: what was left out of a bundle still stands in the log.

A bundle can be judged by itself only as far as its parts bind each other. That a replacement, a
void or another draw is missing shows in the log, whose entries bind each other by their hashes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.chain import chain_hash
from sampling.maths.replay import PartCheck

_SAID: Final = ("stream", "sequence", "kind", "recorded_at", "body")  # what an entry's hash covers
_KINDS: Final = ("plan.committed", "draw.made", "unit.replaced", "seat.recused", "plan.void")
_BOUND: Final = ("entropy.json", "draw.json", "assignment.json")  # parts named in draw.made


def check_against_log(
    parts: Mapping[str, bytes], entries: Sequence[Mapping[str, Any]]
) -> tuple[PartCheck, ...]:
    """Does a bundle tell everything that the log tells of its plan?

    Parameters
    ----------
    parts : mapping
        The bundle, already judged by `check_bundle`.
    entries : sequence of mappings
        Entries of the log as it is published, in order, from the commitment on or earlier.

    Returns
    -------
    tuple of PartCheck
        First the log itself, then the parts that it speaks of. If the log is not whole, only that.

    Notes
    -----
    That these entries are the log itself shows by `verify-log`: the last one must be included in
    a checkpoint.
    """
    broken = _broken(entries)
    if broken:
        return (PartCheck("(log)", False, broken),)
    try:
        told = {name: json.loads(parts[name]) for name in ("plan.json", "commitment.json")}
        history, made = json.loads(parts["history.json"]), json.loads(parts["draw.json"])
        no, receipt = str(told["plan.json"]["no"]), told["commitment.json"]["receipt"]
        mine = [entry for entry in entries if entry["body"].get("no") == no]
        by_kind = {kind: [entry for entry in mine if entry["kind"] == kind] for kind in _KINDS}
        return (
            PartCheck("(log)", True, ""),
            _judged("commitment.json", _committed(receipt, by_kind["plan.committed"])),
            _judged("draw.json", _drawn(parts, made, by_kind["draw.made"])),
            _judged("history.json", _since(history, by_kind)),
        )
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        return (PartCheck("(log)", False, f"malformed: {error}"),)


def _judged(part: str, problem: str) -> PartCheck:
    return PartCheck(part, not problem, problem)


def _broken(entries: Sequence[Mapping[str, Any]]) -> str:
    """What is wrong with the entries themselves."""
    if not entries:
        return "the log given has no entry"
    try:
        for before, entry in zip([None, *entries], entries, strict=False):
            number = entry["sequence"]
            if before is not None and (
                number != before["sequence"] + 1 or entry["previous_hash"] != before["hash"]
            ):
                return f"entry {number} does not follow from the one before it"
            if entry.get("is_whole", True):
                said = {key: entry[key] for key in _SAID}
                found = chain_hash(bytes.fromhex(entry["previous_hash"]), said).hex()
                if found != entry["hash"]:
                    return f"the hash of entry {number} does not follow from what it says"
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        return f"malformed: {error}"
    return ""


def _committed(receipt: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> str:
    if not entries:
        return "the log given does not hold its commitment"
    if len(entries) > 1:
        return f"the log has {len(entries)} commitments of this plan"
    return "" if entries[0]["hash"] == receipt["hash"] else "the log has another commitment"


def _drawn(
    parts: Mapping[str, bytes], made: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]
) -> str:
    if len(entries) != 1:
        return f"the log has {len(entries)} draws of this plan"
    (entry,) = entries
    for name in _BOUND:
        if entry["body"]["parts"][name] != hashlib.sha256(parts[name]).hexdigest():
            return f"the log has another {name}"
    if entry.get("is_whole", True) and entry["body"]["seed"] != made["seed"]:
        return "the log has another seed"
    return ""


def _recused(shown: Sequence[Mapping[str, Any]], logged: Sequence[Mapping[str, Any]]) -> str:
    if len(logged) != len(shown):
        return f"the log has {len(logged)} seats passed on, the bundle {len(shown)}"
    for number, (entry, step) in enumerate(zip(logged, shown, strict=True), start=1):
        for name in ("code", "position", "out", "in", "kind"):
            if entry.get("is_whole", True) and entry["body"][name] != step[name]:
                return f"seat {number} passed on: the log has another {name}"
    return ""


def _since(history: Mapping[str, Any], by_kind: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    logged, shown = by_kind["unit.replaced"], history["replacements"]
    if len(logged) != len(shown):
        return f"the log has {len(logged)} replacements, the bundle {len(shown)}"
    for number, (entry, step) in enumerate(zip(logged, shown, strict=True), start=1):
        for name in ("replaces", "code", "reason"):
            if entry.get("is_whole", True) and entry["body"][name] != step[name]:
                return f"replacement {number}: the log has another {name}"
    problem = _recused(history.get("recusals", []), by_kind["seat.recused"])
    if problem:
        return problem
    void = by_kind["plan.void"]
    if bool(void) != (history["void"] is not None):
        return "the log says that the plan is void" if void else "the log knows of no void"
    if void and void[-1]["body"]["reason"] != history["void"]["reason"]:
        return "the log has another reason of the void"
    return ""
