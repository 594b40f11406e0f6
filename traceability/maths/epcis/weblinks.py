"""GS1 Digital Links: a key and its qualifiers in the path of a web address, on any host.

References
----------
GS1 Digital Link Standard: URI Syntax 1.2, sections 4.3 (keys), 4.5 (order of qualifiers) and 5.4
(canonical form); names of application identifiers as in its section 4.8.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from traceability.maths.epcis.event import IdentifierKind as Kind
from traceability.maths.epcis.keys import (
    DIGITS,
    ESCAPED,
    HOST,
    PART,
    SERIAL,
    Link,
    check_digit,
    encoded,
)

_NAMES = {
    "gtin": "01",
    "itip": "8006",
    "cpid": "8010",
    "gln": "414",
    "party": "417",
    "gsrnp": "8017",
    "gsrn": "8018",
    "gcn": "255",
    "sscc": "00",
    "gdti": "253",
    "ginc": "401",
    "gsin": "402",
    "grai": "8003",
    "giai": "8004",
    "cpv": "22",
    "lot": "10",
    "ser": "21",
}
_GTIN_LENGTHS = frozenset({8, 12, 13, 14})


def _digits(value: str, length: int) -> bool:
    return len(value) == length and DIGITS(value) is not None


def _checked(digits: str, what: str) -> str | None:
    """The doubt about a check digit, if there is one."""
    right = check_digit(digits[:-1])
    if digits[-1] == right:
        return None
    return f"the check digit of {what} {digits} should be {right}"


def _characters(value: str, longest: int) -> bool:
    return len(value) <= longest and SERIAL(value) is not None


def _trade_item(head: str, gtin: str, rest: dict[str, str], doubt: str | None) -> Link | None:
    """A trade item or a piece of one, at its finest level."""
    lot, serial, controlled = rest.get("10"), rest.get("21"), rest.get("235")
    for value, longest in ((lot, 20), (serial, 20), (rest.get("22"), 20), (controlled, 28)):
        if value is not None and not _characters(value, longest):
            return None
    if serial is not None:
        uri, kind = f"{head}/21/{encoded(serial)}", Kind.INSTANCE
    elif controlled is not None:
        uri, kind, serial = f"{head}/235/{encoded(controlled)}", Kind.INSTANCE, controlled
    elif lot is not None:
        uri, kind = f"{head}/10/{encoded(lot)}", Kind.LOT
    else:
        uri, kind = head, Kind.CLASS
    return Link(uri, kind, gtin, lot, serial, doubt=doubt)


def _gtin(value: str, rest: dict[str, str]) -> Link | None:
    if len(value) not in _GTIN_LENGTHS or not DIGITS(value):
        return None
    gtin = value.zfill(14)
    return _trade_item(f"{HOST}01/{gtin}", gtin, rest, _checked(gtin, "GTIN"))


def _itip(value: str, rest: dict[str, str]) -> Link | None:
    if not _digits(value, 18) or "235" in rest:
        return None
    gtin = value[:14]
    return _trade_item(f"{HOST}8006/{value}", gtin, rest, _checked(gtin, "GTIN"))


def _part(value: str, rest: dict[str, str]) -> Link | None:
    if not (len(value) <= 30 and value[:4].isdigit() and PART(value)):
        return None
    uri, serial = f"{HOST}8010/{encoded(value)}", rest.get("8011")
    if serial is None:
        return Link(uri, Kind.CLASS)
    if not (len(serial) <= 12 and DIGITS(serial)):
        return None
    return Link(f"{uri}/8011/{serial}", Kind.INSTANCE, serial=serial)


def _place(value: str, rest: dict[str, str]) -> Link | None:
    if not _digits(value, 13):
        return None
    uri, doubt, extension = f"{HOST}414/{value}", _checked(value, "GLN"), rest.get("254")
    if extension is not None:
        if not _characters(extension, 20):
            return None
        uri += f"/254/{encoded(extension)}"
    return Link(uri, Kind.PLACE, doubt=doubt)


def _fixed(ai: str, length: int, kind: Kind, what: str) -> Callable[..., Link | None]:
    """A key of digits only."""

    def read(value: str, rest: dict[str, str]) -> Link | None:
        if not _digits(value, length):
            return None
        return Link(f"{HOST}{ai}/{value}", kind, doubt=_checked(value, what))

    return read


def _with_serial(
    ai: str, length: int, longest: int, kind: Kind, what: str
) -> Callable[..., Link | None]:
    """A key of digits that a serial number may follow without a break."""

    def read(value: str, rest: dict[str, str]) -> Link | None:
        digits, serial = value[:length], value[length:]
        if not _digits(digits, length) or (serial and not _characters(serial, longest)):
            return None
        doubt = _checked(digits, what)
        if not serial:
            return Link(f"{HOST}{ai}/{digits}", Kind.CLASS, doubt=doubt)
        number = serial if kind is Kind.ASSET else None
        return Link(f"{HOST}{ai}/{digits}{encoded(serial)}", kind, serial=number, doubt=doubt)

    return read


def _free(ai: str, kind: Kind) -> Callable[..., Link | None]:
    """A company prefix and a free reference."""

    def read(value: str, rest: dict[str, str]) -> Link | None:
        if not (value[:4].isdigit() and _characters(value, 30)):
            return None
        return Link(f"{HOST}{ai}/{encoded(value)}", kind)

    return read


# Application identifier of the key: how to read it, and which qualifiers may follow.
_KEYS: dict[str, tuple[Callable[..., Link | None], frozenset[str]]] = {
    "01": (_gtin, frozenset({"22", "10", "21", "235"})),
    "8006": (_itip, frozenset({"22", "10", "21"})),
    "8010": (_part, frozenset({"8011"})),
    "414": (_place, frozenset({"254"})),
    "417": (_fixed("417", 13, Kind.PARTY, "party GLN"), frozenset()),
    "00": (_fixed("00", 18, Kind.CONTAINER, "SSCC"), frozenset()),
    "402": (_fixed("402", 17, Kind.OPAQUE, "GSIN"), frozenset()),
    "8017": (_fixed("8017", 18, Kind.OPAQUE, "GSRN"), frozenset()),
    "8018": (_fixed("8018", 18, Kind.OPAQUE, "GSRN"), frozenset()),
    "253": (_with_serial("253", 13, 17, Kind.DOCUMENT, "GDTI"), frozenset()),
    "255": (_with_serial("255", 13, 12, Kind.DOCUMENT, "GCN"), frozenset()),
    "8003": (_with_serial("8003", 14, 16, Kind.ASSET, "GRAI"), frozenset()),
    "401": (_free("401", Kind.OPAQUE), frozenset()),
    "8004": (_free("8004", Kind.ASSET), frozenset()),
}


def parse_web(text: str) -> Link | None:
    """The GS1 key in the path of a web address; None where there is none.

    The first step of the path that names a key counts, if all steps behind it belong to it.
    """
    start = text.find("//") + 2
    path = text[start:].partition("#")[0].partition("?")[0].split("/")[1:]
    if path and not path[-1]:
        path.pop()
    for place, step in enumerate(path[:-1]):
        ai = _NAMES.get(step, step)
        form = _KEYS.get(ai)
        if form is None or (len(path) - place) % 2:
            continue
        found = _read(form, path[place + 1], path[place + 2 :])
        if found is not None:
            return found
    return None


def _read(
    form: tuple[Callable[..., Link | None], frozenset[str]], value: str, steps: list[str]
) -> Link | None:
    read, allowed = form
    rest: dict[str, str] = {}
    for name, given in zip(steps[::2], steps[1::2], strict=True):
        ai = _NAMES.get(name, name)
        if ai not in allowed or ai in rest:
            return None
        plain = _plain(given)
        if plain is None:
            return None
        rest[ai] = plain
    plain = _plain(value)
    return None if plain is None else read(plain, rest)


def _plain(value: str) -> str | None:
    """A step of the path, its escapes undone; None where they are broken or it is empty."""
    if "%" not in value:
        return value or None
    if not ESCAPED(value):
        return None
    return unquote(value, errors="replace")
