"""Sources of entropy: how each is named in a plan, checked, and turned into bytes."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

FEWEST_DICE: Final = 50  # 50 · log2 6 = 129.2 bit
MOST_DICE: Final = 500
LONGEST_TEXT: Final = 4096
# White_Space of Unicode 15.0 (PropList.txt), written out so that any language agrees.
_BLANKS: Final = re.compile("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")


class SourceKind(StrEnum):
    """Where a value comes from."""

    DICE = "dice"  # thrown by the committee, in the room
    BEACON = "beacon"  # one numbered round of a public randomness beacon
    TEXT = "text"  # another published result, such as a lottery's, by name and date
    DEMO = "demo"  # invented; the bundle says so
    PLAN = "plan"  # the seed of another plan, not yet drawn: the first of a coordinated group


@dataclass(frozen=True, slots=True)
class Network:
    """A drand network: its rounds follow a fixed timetable."""

    name: str
    chain_hash: str
    genesis: int  # Unix seconds of round 1
    period_seconds: int

    def time_of(self, round_number: int) -> datetime:
        """When a round is published."""
        start = datetime.fromtimestamp(self.genesis, UTC)
        return start + timedelta(seconds=self.period_seconds * (round_number - 1))

    def round_after(self, moment: datetime) -> int:
        """The first round published strictly after a moment."""
        elapsed = int((moment - datetime.fromtimestamp(self.genesis, UTC)).total_seconds() // 1)
        return max(1, elapsed // self.period_seconds + 2)


# Published parameters of the League of Entropy's networks (drand, /info of each chain).
NETWORKS: Final[Mapping[str, Network]] = {
    network.name: network
    for network in (
        Network(
            "drand-quicknet",
            "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
            1692803367,
            3,
        ),
        Network(
            "drand-default",
            "8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce",
            1595431050,
            30,
        ),
    )
}


def canonical_dice(typed: str, count: int) -> str:
    """Thrown dice as they enter the seed.

    Parameters
    ----------
    typed : str
        Faces 1 to 6; blanks, commas and line breaks between them do not matter, full-width
        digits are read as digits.
    count : int
        How many dice the plan names.

    Returns
    -------
    str
        ``count`` ASCII digits, nothing else.

    Raises
    ------
    ValueError
        If a face is not 1 to 6 (the message gives its place), or the number of dice is wrong.

    Examples
    --------
    >>> canonical_dice("3 1 6, ２", 4)
    '3162'
    """
    faces = re.sub(r"[,，、;；]", " ", unicodedata.normalize("NFKC", typed))
    dice = _BLANKS.sub("", faces)
    for place, face in enumerate(dice, start=1):
        if face not in "123456":
            raise ValueError(f"die {place} is {face!r}; a die shows 1 to 6")
    if len(dice) != count:
        raise ValueError(f"{len(dice)} dice were typed; the plan names {count}")
    return dice


def differing_dice(first: str, second: str) -> tuple[int, ...]:
    """Places, from 1, where two people typed different faces."""
    pairs = zip(first, second, strict=True)
    return tuple(place for place, (one, other) in enumerate(pairs, start=1) if one != other)


def canonical_text(typed: str) -> str:
    """A published text as it enters the seed.

    Returns
    -------
    str
        NFC; each run of white space becomes one blank; none at the ends.

    Raises
    ------
    ValueError
        If nothing is left, if it is longer than 4096 bytes, or if it holds a control character.
    """
    text = _BLANKS.sub(" ", unicodedata.normalize("NFC", typed)).strip(" ")
    if not text or len(text.encode()) > LONGEST_TEXT:
        raise ValueError(f"a source's text has 1 to {LONGEST_TEXT} bytes")
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") for letter in text):
        raise ValueError("a source's text holds a control or invisible character; type it anew")
    return text


def checked_beacon(value: str, signature: str | None) -> tuple[str, str | None]:
    """A beacon's value and signature in small hexadecimal digits.

    Raises
    ------
    ValueError
        If the value is not 32 bytes, or is not the SHA-256 of the signature.

    Notes
    -----
    That the signature is the network's own (BLS) is not checked here: anyone can look the round
    up. The signature is kept as evidence.
    """
    value = _hexadecimal(value, "value")
    if len(value) != 64:
        raise ValueError(f"a beacon's value has 64 hexadecimal digits, got {len(value)}")
    if not (signature or "").strip():
        return value, None
    signature = _hexadecimal(signature or "", "signature")
    if hashlib.sha256(bytes.fromhex(signature)).hexdigest() != value:
        raise ValueError("the value is not the SHA-256 of the signature; copy both again")
    return value, signature


def _hexadecimal(typed: str, name: str) -> str:
    text = _BLANKS.sub("", typed).lower().removeprefix("0x")
    if not re.fullmatch(r"(?:[0-9a-f]{2})+", text):
        raise ValueError(f"the beacon's {name} must be pairs of hexadecimal digits")
    return text


def checked_sources(sources: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """The sources of a plan in the form in which they are committed.

    Parameters
    ----------
    sources : sequence of mappings
        ``{"kind": "dice", "count": 50}``, ``{"kind": "beacon", "network": "drand-quicknet",
        "round": 1}``, ``{"kind": "text", "name": …, "due_at": …}``, ``{"kind": "demo"}``;
        or alone ``{"kind": "plan", "plan_no": …, "commitment": …}``.

    Raises
    ------
    ValueError
        If one is malformed; unless there are dice, once, and a source that is not dice: dice
        alone trust the committee, a network alone trusts the network.
    """
    checked = tuple(_checked_source(source) for source in sources)
    kinds = [source["kind"] for source in checked]
    if kinds == [SourceKind.PLAN]:
        return checked  # that plan names dice and a public source
    if SourceKind.PLAN in kinds:
        raise ValueError("the seed of another plan is a plan's only source: it has its own dice")
    if kinds.count(SourceKind.DICE) != 1 or len(kinds) < 2:
        raise ValueError("a plan names dice, once, and at least one source outside the committee")
    return checked


def _checked_source(source: Mapping[str, Any]) -> dict[str, Any]:
    kind = source.get("kind")
    if kind == SourceKind.DICE:
        count = source.get("count", FEWEST_DICE)
        if not isinstance(count, int) or not FEWEST_DICE <= count <= MOST_DICE:
            raise ValueError(f"a plan names {FEWEST_DICE} to {MOST_DICE} dice, got {count!r}")
        return {"kind": "dice", "count": count}
    if kind == SourceKind.BEACON:
        network = NETWORKS.get(str(source.get("network")))
        round_number = source.get("round")
        if network is None:
            raise ValueError(f"the beacon must be one of {', '.join(NETWORKS)}")
        if not isinstance(round_number, int) or not 1 <= round_number < 2**40:
            raise ValueError(f"a beacon's round is a number from 1, got {round_number!r}")
        return {
            "kind": "beacon",
            "network": network.name,
            "chain_hash": network.chain_hash,
            "round": round_number,
            "due_at": network.time_of(round_number).isoformat(),
        }
    if kind == SourceKind.TEXT:
        due_at = datetime.fromisoformat(str(source.get("due_at")))
        if due_at.tzinfo is None:
            raise ValueError("a text source's due_at needs a time zone")
        name = canonical_text(str(source.get("name", "")))
        return {"kind": "text", "name": name, "due_at": due_at.astimezone(UTC).isoformat()}
    if kind == SourceKind.DEMO:
        return {"kind": "demo", "name": "invented value for a demonstration, not a public source"}
    if kind == SourceKind.PLAN:
        said = str(source.get("commitment", ""))
        if not re.fullmatch("[0-9a-f]{64}", said) or not str(source.get("plan_no", "")):
            raise ValueError("name the other plan by its number and its commitment")
        return {"kind": "plan", "plan_no": str(source["plan_no"]), "commitment": said}
    raise ValueError(f"a source's kind is one of {', '.join(SourceKind)}, got {kind!r}")


def due_at(source: Mapping[str, Any]) -> datetime | None:
    """When a source's value becomes known; None for dice and invented values."""
    return datetime.fromisoformat(source["due_at"]) if "due_at" in source else None


def entropy_bytes(source: Mapping[str, Any], entry: Mapping[str, Any]) -> bytes:
    """The bytes of one source in the seed, after checking that they fit what the plan names.

    Parameters
    ----------
    source : mapping
        As committed in the plan.
    entry : mapping
        ``kind`` and ``value``, for a beacon also ``round`` and ``signature`` (or None).

    Raises
    ------
    ValueError
        If kind, round, number of dice or form do not fit.
    """
    if entry.get("kind") != source["kind"]:
        raise ValueError(f"the plan names {source['kind']}, got {entry.get('kind')!r}")
    value = str(entry["value"])
    match SourceKind(source["kind"]):
        case SourceKind.DICE:
            canonical = canonical_dice(value, source["count"])
            raw = canonical.encode()
        case SourceKind.BEACON:
            if entry.get("round") != source["round"]:
                raise ValueError(
                    f"the plan names round {source['round']}, got {entry.get('round')}"
                )
            canonical, _ = checked_beacon(value, entry.get("signature"))
            raw = bytes.fromhex(canonical)
        case SourceKind.TEXT:
            canonical = canonical_text(value)
            raw = canonical.encode()
        case SourceKind.PLAN:
            canonical = _hexadecimal(value, "value")
            if len(canonical) != 64:
                raise ValueError("the seed of a plan has 64 hexadecimal digits")
            raw = bytes.fromhex(canonical)
        case SourceKind.DEMO:
            canonical = _hexadecimal(value, "value")
            raw = bytes.fromhex(canonical)
    if canonical != value:
        raise ValueError(f"the value of {source['kind']} is not in canonical form")
    return raw
