"""What a GS1 key is made of: its canonical writing, its check digit, its characters."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote

from traceability.maths.epcis.event import IdentifierKind as Kind

HOST = "https://id.gs1.org/"

PART = re.compile(r"[#\-/0-9A-Z]+").fullmatch  # GS1 character set 39
SERIAL = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]+").fullmatch  # GS1 character set 82
ESCAPED = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})+").fullmatch
DIGITS = re.compile(r"[0-9]+").fullmatch
_PLAIN = re.compile(r"[0-9A-Za-z._\-';=]+").fullmatch


class Link(NamedTuple):
    """A GS1 key.

    ``flaw`` says why a text that claims to be an EPC URN is none; ``doubt`` what is odd about one
    that is well formed.
    """

    uri: str
    kind: Kind
    gtin: str | None = None
    lot: str | None = None
    serial: str | None = None
    flaw: str | None = None
    doubt: str | None = None


def check_digit(digits: str) -> str:
    """The check digit that belongs behind these digits.

    References
    ----------
    GS1 General Specifications, section 7.9: weights 3 and 1 alternating from the right.

    Examples
    --------
    >>> check_digit("629104150021")
    '3'
    """
    values = digits.encode("ascii")
    weighted, plain = values[::-2], values[-2::-2]
    total = 3 * sum(weighted) + sum(plain) - 48 * (3 * len(weighted) + len(plain))
    return "0987654321"[total % 10]


def encoded(value: str) -> str:
    """A value as it stands in the path of a Digital Link."""
    return value if _PLAIN(value) else quote(value, safe="';=")
