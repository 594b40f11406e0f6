"""What a sampling record says, as bytes that can be hashed: canonical and without personal data.

References
----------
RFC 8785 (2020). JSON Canonicalization Scheme, as `core.chain.canonical_json` writes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from core.chain import canonical_json
from sampling.maths.record_cells import SampleFacts, plain

FORMAT: Final = "sampling-record/1"
# 64 bits of the hash stand in the short link: nobody guesses another record's, and it still
# fits into a small QR code.
SHORT: Final = 16


@dataclass(frozen=True, slots=True)
class NumberedSample:
    """A sealed sample with its number."""

    no: str
    facts: SampleFacts


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A photo or file by its hash."""

    kind: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Said:
    """All that is signed.

    Attributes
    ----------
    values : mapping
        Fields without the personal ones; these enter by ``personal_sha256`` only.
    samplers : sequence of str
        Work numbers, the leading one first.
    replaces : (edition, sha256) or None
        The edition that this one corrects.
    """

    no: str
    edition: int
    purpose: str
    channel: str
    plan_no: str | None
    unit_code: str | None
    standalone_reason: str | None
    replaces: tuple[int, str] | None
    correction_reason: str | None
    values: Mapping[str, str]
    personal_sha256: str
    samplers: Sequence[str]
    samples: Sequence[NumberedSample]
    attachments: Sequence[AttachedFile]


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature; the name of a person who is not a sampler enters by its salted hash."""

    role: str
    who: str
    statement: str | None
    signed_at: datetime


def hidden(salt: bytes, value: Any) -> str:
    """The salted hash by which personal data enters a document.

    Parameters
    ----------
    salt : bytes, at least 16
        Secret of this record: without it, a telephone number would be found by trying all.
    """
    if len(salt) < 16:
        raise ValueError(f"salt must have at least 16 bytes, got {len(salt)}")
    return hashlib.sha256(salt + canonical_json(value)).hexdigest()


def content_of(said: Said) -> dict[str, Any]:
    """What is signed, as a JSON value in one order whatever the order of the rows."""
    replaces = said.replaces
    return {
        "no": said.no,
        "edition": said.edition,
        "purpose": said.purpose,
        "channel": said.channel,
        "plan_no": said.plan_no,
        "unit_code": said.unit_code,
        "standalone_reason": said.standalone_reason,
        "replaces": None if replaces is None else {"edition": replaces[0], "sha256": replaces[1]},
        "correction_reason": said.correction_reason,
        "values": dict(said.values),
        "personal_sha256": said.personal_sha256,
        "samplers": list(said.samplers),
        "samples": [
            {
                "no": each.no,
                "kind": each.facts.kind.value,
                "quantity": plain(each.facts.quantity),
                "seal_no": each.facts.seal_no,
                "place": each.facts.place,
                "storage": each.facts.storage,
            }
            for each in sorted(said.samples, key=lambda one: one.no)
        ],
        "attachments": [
            {"kind": each.kind, "sha256": each.sha256, "size": each.size}
            for each in sorted(said.attachments, key=lambda one: (one.kind, one.sha256))
        ],
    }


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical bytes, in hex."""
    return hashlib.sha256(canonical_json(content)).hexdigest()


def signed_document(said: Said, signatures: Sequence[Signed], *, sealed_at: datetime) -> bytes:
    """The canonical bytes of a signed record, whose SHA-256 is its hash for ever."""
    content = content_of(said)
    ordered = sorted(signatures, key=lambda one: (one.role, one.who))
    return canonical_json(
        {
            "format": FORMAT,
            "content": content,
            "content_sha256": digest_of(content),
            "signatures": [
                {
                    "role": each.role,
                    "who": each.who,
                    "statement": each.statement,
                    "signed_at": each.signed_at.isoformat(),
                }
                for each in ordered
            ],
            "sealed_at": sealed_at.isoformat(),
        }
    )


def sample_numbers(no: str, samples: Sequence[SampleFacts]) -> list[NumberedSample]:
    """Give each sample its number: that of the record, J (检样) or B (备样), and a count.

    Examples
    --------
    >>> from decimal import Decimal
    >>> from sampling.maths.record_fields import SampleKind
    >>> one = SampleFacts(kind=SampleKind.RETAINED, quantity=Decimal(2), seal_no="F1")
    >>> [each.no for each in sample_numbers("CY-2026-0001", [one, one])]
    ['CY-2026-0001-B1', 'CY-2026-0001-B2']
    """
    letters = {"test": "J", "retained": "B"}
    counts: dict[str, int] = {}
    numbered = []
    for each in samples:
        letter = letters[each.kind.value]
        counts[letter] = counts.get(letter, 0) + 1
        numbered.append(NumberedSample(f"{no}-{letter}{counts[letter]}", each))
    return numbered
