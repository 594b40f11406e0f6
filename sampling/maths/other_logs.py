"""Published logs of other draws: read as JSON or as plain lines, and compared pick by pick."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any, Final

from sampling.maths.others import consistent_picks, nomcom_key, nomcom_selection

LARGEST_LIST: Final = 1_000_000
LARGEST_DROP: Final = 100_000
_YES: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
# What the same thing is called in logs that are about.
_NAMES: Final = {
    "seed_lines": "sources",
    "sources": "sources",
    "source": "sources",
    "selected": "picks",
    "picks": "picks",
    "out": "picks",
    "sample": "picks",
    "pool": "pool",
    "key": "key",
    "names": "names",
    "seed": "seed",
    "ids": "ids",
    "with_replacement": "with_replacement",
    "digits": "digits",
    "drop": "drop",
}


class OtherMethod(StrEnum):
    """A way of drawing that is not ours."""

    RFC3797 = "rfc3797"
    CONSISTENT_SAMPLER = "consistent-sampler"


@dataclass(frozen=True, slots=True)
class PickCheck:
    """One pick as published and as recomputed; ``detail`` shows the ticket or the hash."""

    number: int
    published: str
    recomputed: str
    agrees: bool
    detail: str


@dataclass(frozen=True, slots=True)
class OtherCheck:
    """What became of a published log."""

    method: OtherMethod
    size: int
    picks: tuple[PickCheck, ...]
    notes: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether every published pick follows from the seed and the list."""
        return bool(self.picks) and all(pick.agrees for pick in self.picks)


def check_log(method: OtherMethod, text: str) -> OtherCheck:
    """Does a published selection follow from its own seed and list?

    Parameters
    ----------
    method : OtherMethod
    text : str
        JSON object, or lines ``name: value``; a name with nothing after it begins a list, one
        item on each line. Names: RFC 3797 ``pool`` (or ``names``), ``source`` (repeated) or
        ``key``, ``selected``; consistent_sampler ``seed``, ``ids``, ``picks``, and where they are
        not the usual ones ``with_replacement``, ``digits``, ``drop``.

    Raises
    ------
    ValueError
        If the text cannot be read, lacks something, or holds a value out of range; named.

    Notes
    -----
    Neither method commits to the list beforehand: a log that agrees shows that the arithmetic is
    right, not that the list or the seed was chosen before the outcome was known.
    """
    told = _read(text)
    if "picks" not in told:
        raise ValueError("selected (or picks) is missing: there is nothing to compare with")
    return _nomcom(told) if method is OtherMethod.RFC3797 else _consistent(told)


def _nomcom(told: Mapping[str, Any]) -> OtherCheck:
    names = [str(one) for one in _list(told, "names")]
    pool = _whole(told, "pool", default=len(names) or None)
    if names and len(names) != pool:
        raise ValueError(f"pool is {pool}, but names has {len(names)}")
    published = [_number(one, "selected") for one in _list(told, "picks")]
    key, notes = str(told.get("key", "")), []
    if "sources" in told:
        made = nomcom_key([_numbers(one) for one in _list(told, "sources")])
        if key and key != made:
            raise ValueError(f"the sources make the key {made}, the log says {key}")
        key = made
    else:
        notes.append("The sources are not in the log: the key is taken as it stands.")
    if not key:
        raise ValueError("source (or key) is missing")
    steps = nomcom_selection(key=key, pool=pool, count=len(published))
    found = [
        PickCheck(
            number=number,
            published=_named(one, names),
            recomputed=_named(step.position, names),
            agrees=one == step.position,
            detail=f"MD5 {step.md5} mod {step.remaining}",
        )
        for number, (one, step) in enumerate(zip(published, steps, strict=True), start=1)
    ]
    return OtherCheck(OtherMethod.RFC3797, pool, tuple(found), (f"key {key}", *notes))


def _consistent(told: Mapping[str, Any]) -> OtherCheck:
    for name in ("seed", "ids"):
        if name not in told:
            raise ValueError(f"{name} is missing")
    ids = [str(one) for one in _list(told, "ids")]
    published = [_pick(one) for one in _list(told, "picks")]
    drop, replaced = _whole(told, "drop", default=0), _flag(told, "with_replacement")
    if drop > LARGEST_DROP:
        raise ValueError(f"drop must lie in [0, {LARGEST_DROP}], got {drop}")
    if not replaced and drop + len(published) > len(ids):
        raise ValueError(f"{drop + len(published)} picks without replacement from {len(ids)} ids")
    picks = islice(
        consistent_picks(
            seed=str(told["seed"]),
            ids=ids,
            with_replacement=replaced,
            digits=_whole(told, "digits", default=9),
        ),
        drop,
        drop + len(published),
    )
    found = []
    for number, (given, pick) in enumerate(zip(published, picks, strict=True), start=1):
        ticket, one, generation = given
        agrees = (
            one == pick.id
            and (ticket is None or _is_cut_of(ticket, pick.ticket))
            and generation in (None, pick.generation)
        )
        shown = f"{pick.ticket} ({pick.generation})"
        found.append(PickCheck(number, one, pick.id, agrees, f"ticket {shown}"))
    return OtherCheck(OtherMethod.CONSISTENT_SAMPLER, len(ids), tuple(found), ())


def _is_cut_of(published: str, whole: str) -> bool:
    """Tickets are printed with different numbers of figures; one must begin the other."""
    short, long = sorted((published, whole), key=len)
    return len(short) > 4 and long.startswith(short)


def _read(text: str) -> dict[str, Any]:
    if text.lstrip()[:1] == "{":
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"this is not valid JSON: {error}") from None
        told = {_NAMES[name]: value for name, value in found.items() if name in _NAMES}
    else:
        told = _from_lines(text)
    return told


def _from_lines(text: str) -> dict[str, Any]:
    told: dict[str, Any] = {}
    listing: list[Any] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.strip()
        name, colon, value = words.partition(":")
        known = _NAMES.get(name.strip().lower()) if colon else None
        if not words or words.startswith("#"):
            continue
        if known == "sources":
            told.setdefault("sources", []).append(value)
            listing = None
        elif known and value.strip():
            told[known] = value.split() if known in ("picks", "ids") else value.strip()
            listing = None
        elif known:
            listing = told.setdefault(known, [])
        elif listing is not None:
            listing.append(words)
        else:
            raise ValueError(
                f"line {number} is neither 'name: value' nor part of a list: {words!r}"
            )
    return told


def _list(told: Mapping[str, Any], name: str) -> Sequence[Any]:
    found = told.get(name, [])
    if not isinstance(found, list):
        raise ValueError(f"{name} must be a list")
    if len(found) > LARGEST_LIST:
        raise ValueError(f"{name} has {len(found)} items; at most {LARGEST_LIST} are read")
    return found


def _number(value: Any, name: str) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdigit()) or len(text) > 400:
        raise ValueError(f"{name}: {value!r} is not a whole number of at least 0")
    return int(text)


def _numbers(source: Any) -> list[int]:
    items = source if isinstance(source, list) else str(source).replace(",", " ").split()
    return [_number(one, "source") for one in items]


def _whole(told: Mapping[str, Any], name: str, *, default: int | None) -> int:
    if name not in told and default is None:
        raise ValueError(f"{name} is missing")
    return _number(told.get(name, default), name)


def _flag(told: Mapping[str, Any], name: str) -> bool:
    value = str(told.get(name, "no")).strip().lower()
    if value not in _YES:
        raise ValueError(f"{name} must be yes or no, got {value!r}")
    return _YES[value]


def _pick(value: Any) -> tuple[str | None, str, int | None]:
    """A pick is an id, or ticket, id and generation."""
    items = value if isinstance(value, list) else str(value).split()
    if len(items) == 3 and str(items[0]).startswith("0."):
        return str(items[0]), str(items[1]), _number(items[2], "picks")
    if isinstance(value, list):
        raise ValueError(f"picks: {value!r} is neither an id nor ticket, id, generation")
    return None, str(value), None


def _named(position: int, names: Sequence[str]) -> str:
    if names and 1 <= position <= len(names):
        return f"{position} {names[position - 1]}"
    return str(position)
