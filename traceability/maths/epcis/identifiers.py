"""One key for one thing, place or party, whatever the writing."""

from __future__ import annotations

import re
from typing import NamedTuple

from traceability.maths.epcis.event import Identifier, IdentifierKind
from traceability.maths.epcis.keys import HOST, SERIAL, Link, encoded
from traceability.maths.epcis.links import parse
from traceability.maths.epcis.values import plain_value

_LONGEST = 512  # characters; longer texts are no keys of GS1 and are not remembered
_MOST = 1 << 15  # texts of one generation: some 15 MB
_BRACKETED = re.compile(r"\((01)\)([0-9]{8,14})((?:\((?:10|21|22|235)\)[^()]+)*)").fullmatch
_QUALIFIER = re.compile(r"\((10|21|22|235)\)([^()]+)").findall
_TRANSACTION = re.compile(r"urn:epcglobal:cbv:bt:", re.IGNORECASE).match
_CASELESS = re.compile(r"urn:(?:uuid|oid):[0-9a-f.\-]+", re.IGNORECASE).fullmatch


class Known(NamedTuple):
    """All that is known of one text.

    ``value`` is its canonical writing for the event hash, ``flaw`` why it is no sound identifier,
    ``doubt`` what is odd about it.
    """

    value: str
    identifier: Identifier
    flaw: str | None
    doubt: str | None


class _Texts(dict[str, Known]):
    """Texts met lately, in two generations: what is met again outlives what was met once."""

    def __init__(self) -> None:
        super().__init__()
        self._older: dict[str, Known] = {}

    def forget(self) -> None:
        """Remember nothing."""
        self.clear()
        self._older = {}

    def __missing__(self, text: str) -> Known:
        found = self._older.get(text)
        if found is None:
            found = _learn(text)
        if len(text) <= _LONGEST:
            if len(self) >= _MOST:
                self._older = dict(self)
                self.clear()
            self[text] = found
        return found


TEXTS = _Texts()


def identify(text: str) -> Identifier:
    """The identifier a text writes.

    Parameters
    ----------
    text : str
        An EPC URN, a GS1 Digital Link on any host, GS1 element strings in brackets
        ("(01)…(10)…"), or anything else.

    Returns
    -------
    Identifier
        Whatever is no GS1 key (Ecode, OID, MA.156 codes, UUID, addresses of others) is opaque:
        compared as written, but for idle blanks and the case of UUIDs.

    Notes
    -----
    Never raises. A damaged EPC URN is opaque here; ``links.parse`` tells its flaw.

    Examples
    --------
    >>> identify("urn:epc:class:lgtin:4012345.012345.Lot987").key
    'https://id.gs1.org/01/04012345123456/10/Lot987'
    >>> identify("(01)04012345123456(10)Lot987").key
    'https://id.gs1.org/01/04012345123456/10/Lot987'
    >>> identify("MA.156.M07000.1").kind
    <IdentifierKind.OPAQUE: 'opaque'>
    """
    return TEXTS[text].identifier


def _learn(text: str) -> Known:
    given = text.strip()
    link = parse(given)
    if link is not None and link.flaw is None:
        identifier = Identifier(link.uri, link.kind, given, link.gtin, link.lot, link.serial)
        return Known(link.uri, identifier, None, link.doubt)
    flaw = None if link is None else link.flaw
    value = plain_value(given)
    link = _element_strings(given) if given[:1] == "(" else None
    if link is None:
        return Known(value, _opaque(given), flaw, None)
    identifier = Identifier(link.uri, link.kind, given, link.gtin, link.lot, link.serial)
    return Known(value, identifier, flaw, link.doubt)


def _opaque(given: str) -> Identifier:
    key = given.strip()
    if _CASELESS(key):
        key = key.lower()
    kind = IdentifierKind.DOCUMENT if _TRANSACTION(key) else IdentifierKind.OPAQUE
    return Identifier(key, kind, given)


def _element_strings(text: str) -> Link | None:
    """GS1 element strings as people read them, with identifiers in brackets."""
    found = _BRACKETED(text)
    if found is None:
        return None
    steps = "".join(f"/{ai}/{encoded(value)}" for ai, value in _QUALIFIER(found[3]))
    return parse(f"{HOST}01/{found[2]}{steps}")


def identify_lot(gtin: str, lot: str) -> Identifier:
    """The identifier of a lot from its GTIN and lot code, as ledgers have them.

    Raises
    ------
    ValueError
        If the GTIN is not 8, 12, 13 or 14 digits, or the lot not 1 to 20 characters of GS1
        character set 82. Lots with other characters have no GS1 key.
    """
    if not (1 <= len(lot) <= 20 and SERIAL(lot)):
        raise ValueError(
            f"a lot needs 1 to 20 letters, digits or signs of GS1 character set 82, got {lot!r}"
        )
    link = parse(f"{HOST}01/{gtin}/10/{encoded(lot)}")
    if link is None:
        raise ValueError(f"a GTIN needs 8, 12, 13 or 14 digits, got {gtin!r}")
    return Identifier(link.uri, link.kind, f"({gtin}, {lot})", link.gtin, link.lot)
