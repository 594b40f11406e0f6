"""Event hash and declaration hash: what makes two deliveries of one event the same.

References
----------
GS1 Core Business Vocabulary 2.0, section 8.9 (event hash identifiers); RFC 6920 (``ni`` URIs).
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from traceability.maths.epcis.canonical import declaration_text, pre_hash
from traceability.maths.epcis.contexts import Names
from traceability.maths.epcis.times import instant


def event_hash(event: Mapping[str, Any], names: Names) -> bytes:
    """SHA-256 of the canonical string of an event.

    Raises
    ------
    NoInstant
        If one of its times is none.
    """
    text = pre_hash(event, names, instant(event["eventTime"]).text)
    return sha256(text.encode()).digest()


def declaration_hash(declaration: Mapping[str, Any] | None, names: Names) -> bytes:
    """SHA-256 of an error declaration; empty where there is none.

    The event hash leaves the declaration out: an event and the message that it was wrong hash
    alike, and only this tells them apart.
    """
    if declaration is None:
        return b""
    return sha256(declaration_text(declaration, names).encode()).digest()


def event_hash_id(digest: bytes) -> str:
    """The event identifier made of an event hash."""
    return f"ni:///sha-256;{digest.hex()}?ver=CBV2.0"
