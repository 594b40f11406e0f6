"""EPC URNs: company prefix and reference apart, check digit left out.

References
----------
GS1 EPC Tag Data Standard 2.0, sections 6.3 to 6.5 (forms) and 7 (correspondence with GS1 keys).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
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


class _Malformed(ValueError):
    """An EPC URN of a known scheme that does not keep to its form."""


# Trade items and lots with nothing to escape: most of what events name, read in one step.
_TRADE_ITEM = re.compile(
    r"urn:epc:(id:sg|class:lg)tin:([0-9]{6,12})\.([0-9]{1,7})\.([0-9A-Za-z._\-]{1,20})"
).fullmatch


def parse_urn(text: str) -> Link | None:
    """The GS1 key an EPC URN writes; with a flaw where its scheme is known and its form wrong."""
    usual = _TRADE_ITEM(text)
    if usual is not None:
        form, prefix, reference, number = usual.groups()
        gtin = _usual_gtin(prefix, reference)
        if gtin is not None:
            if form == "id:sg":
                return Link(f"{HOST}01/{gtin}/21/{number}", Kind.INSTANCE, gtin, None, number)
            return Link(f"{HOST}01/{gtin}/10/{number}", Kind.LOT, gtin, number)
    parts = text.split(":", 4)
    if len(parts) < 5:
        return None
    form, scheme, body = parts[2].lower(), parts[3].lower(), parts[4]
    read = _URN_FORMS.get((form, scheme))
    if read is None:
        return None
    try:
        return read(body)
    except _Malformed as error:
        if form == "idpat":  # wildcards may stand where only a part is fixed: no key, no mistake
            return None
        flaw = f"{text!r} is not a well-formed {scheme} URN: {error}"
        return Link(text, Kind.OPAQUE, flaw=flaw)


def _company(prefix: str, reference: str, digits: int, what: str) -> str:
    """Company prefix and reference, checked together."""
    if not (6 <= len(prefix) <= 12 and prefix.isascii() and prefix.isdigit()):
        raise _Malformed(f"the company prefix needs 6 to 12 digits, got {prefix!r}")
    if len(prefix) + len(reference) != digits or not (
        reference == "" or (reference.isascii() and reference.isdigit())
    ):
        raise _Malformed(
            f"company prefix and {what} need {digits} digits together, "
            f"got {prefix!r} and {reference!r}"
        )
    return prefix + reference


def _split(body: str, count: int) -> list[str]:
    parts = body.split(".", count - 1)
    if len(parts) != count:
        raise _Malformed(f"it needs {count} parts joined by points, got {len(parts)}")
    return parts


@lru_cache(maxsize=1 << 13)
def _usual_gtin(prefix: str, reference: str) -> str | None:
    """The GTIN of a product: few products have many lots."""
    return _gtin(prefix, reference) if len(prefix) + len(reference) == 13 else None


def _pair(body: str) -> tuple[str, str]:
    first, second = _split(body, 2)
    return first, second


def _gtin(prefix: str, reference: str) -> str:
    _company(prefix, reference, 13, "item reference")
    raw = reference[0] + prefix + reference[1:]
    return raw + check_digit(raw)


def _text(value: str, longest: int, what: str) -> str:
    """A serial number or lot as it was meant, its escapes undone."""
    if "%" in value:
        if not ESCAPED(value):
            raise _Malformed(f"{what} {value!r} holds a broken escape; % is written %25")
        value = unquote(value, errors="replace")
    if not (1 <= len(value) <= longest and SERIAL(value)):
        raise _Malformed(
            f"{what} needs 1 to {longest} characters of GS1 character set 82, got {value!r}"
        )
    return value


def _sgtin(body: str) -> Link:
    prefix, reference, rest = _split(body, 3)
    gtin, serial = _gtin(prefix, reference), _text(rest, 20, "the serial number")
    return Link(f"{HOST}01/{gtin}/21/{encoded(serial)}", Kind.INSTANCE, gtin, None, serial)


def _lgtin(body: str) -> Link:
    prefix, reference, rest = _split(body, 3)
    gtin, lot = _gtin(prefix, reference), _text(rest, 20, "the lot")
    return Link(f"{HOST}01/{gtin}/10/{encoded(lot)}", Kind.LOT, gtin, lot)


def _upui(body: str) -> Link:
    prefix, reference, rest = _split(body, 3)
    gtin, serial = _gtin(prefix, reference), _text(rest, 28, "the serial number")
    return Link(f"{HOST}01/{gtin}/235/{encoded(serial)}", Kind.INSTANCE, gtin, None, serial)


def _pieces(piece: str, total: str) -> str:
    if not (len(piece) == len(total) == 2 and DIGITS(piece + total)):
        raise _Malformed(f"piece and total need 2 digits each, got {piece!r} and {total!r}")
    return piece + total


def _itip(body: str) -> Link:
    prefix, reference, piece, total, rest = _split(body, 5)
    gtin, serial = _gtin(prefix, reference), _text(rest, 20, "the serial number")
    uri = f"{HOST}8006/{gtin}{_pieces(piece, total)}/21/{encoded(serial)}"
    return Link(uri, Kind.INSTANCE, gtin, None, serial)


def _sscc(body: str) -> Link:
    prefix, reference = _split(body, 2)
    _company(prefix, reference, 17, "serial reference")
    raw = reference[0] + prefix + reference[1:]
    return Link(f"{HOST}00/{raw}{check_digit(raw)}", Kind.CONTAINER)


def _sgln(body: str) -> Link:
    prefix, reference, rest = _split(body, 3)
    raw = _company(prefix, reference, 12, "location reference")
    uri = f"{HOST}414/{raw}{check_digit(raw)}"
    if rest != "0":
        uri += f"/254/{encoded(_text(rest, 20, 'the extension'))}"
    return Link(uri, Kind.PLACE)


def _pgln(body: str) -> Link:
    raw = _company(*_pair(body), 12, "party reference")
    return Link(f"{HOST}417/{raw}{check_digit(raw)}", Kind.PARTY)


def _grai(body: str) -> Link:
    prefix, reference, rest = _split(body, 3)
    raw = "0" + _company(prefix, reference, 12, "asset type")
    serial = _text(rest, 16, "the serial number")
    return Link(f"{HOST}8003/{raw}{check_digit(raw)}{encoded(serial)}", Kind.ASSET, serial=serial)


def _giai(body: str) -> Link:
    prefix, rest = _split(body, 2)
    _company(prefix, "", len(prefix), "asset reference")
    reference = _text(rest, 30 - len(prefix), "the asset reference")
    return Link(f"{HOST}8004/{prefix}{encoded(reference)}", Kind.ASSET)


def _gsrn(body: str) -> Link:
    raw = _company(*_pair(body), 17, "service reference")
    return Link(f"{HOST}8018/{raw}{check_digit(raw)}", Kind.OPAQUE)


def _gsrnp(body: str) -> Link:
    raw = _company(*_pair(body), 17, "service reference")
    return Link(f"{HOST}8017/{raw}{check_digit(raw)}", Kind.OPAQUE)


def _gdti(body: str) -> Link:
    prefix, reference, rest = _split(body, 3)
    raw = _company(prefix, reference, 12, "document type")
    serial = _text(rest, 17, "the serial number")
    return Link(f"{HOST}253/{raw}{check_digit(raw)}{encoded(serial)}", Kind.DOCUMENT)


def _sgcn(body: str) -> Link:
    prefix, reference, rest = _split(body, 3)
    raw = _company(prefix, reference, 12, "coupon reference")
    if not (len(rest) <= 12 and DIGITS(rest)):
        raise _Malformed(f"the serial number needs 1 to 12 digits, got {rest!r}")
    return Link(f"{HOST}255/{raw}{check_digit(raw)}{rest}", Kind.DOCUMENT)


def _part_number(prefix: str, reference: str) -> str:
    _company(prefix, "", len(prefix), "part reference")
    reference = unquote(reference)
    if not (1 <= len(reference) <= 30 - len(prefix) and PART(reference)):
        raise _Malformed(f"the part reference needs characters of set 39, got {reference!r}")
    return prefix + encoded(reference)


def _cpi(body: str) -> Link:
    prefix, rest = _split(body, 2)
    reference, point, serial = rest.rpartition(".")
    if not (point and len(serial) <= 12 and DIGITS(serial)):
        raise _Malformed(f"the serial number needs 1 to 12 digits, got {serial!r}")
    uri = f"{HOST}8010/{_part_number(prefix, reference)}/8011/{serial}"
    return Link(uri, Kind.INSTANCE, serial=serial)


def _ginc(body: str) -> Link:
    prefix, rest = _split(body, 2)
    _company(prefix, "", len(prefix), "consignment reference")
    reference = _text(rest, 30 - len(prefix), "the consignment reference")
    return Link(f"{HOST}401/{prefix}{encoded(reference)}", Kind.OPAQUE)


def _gsin(body: str) -> Link:
    raw = _company(*_pair(body), 16, "shipper reference")
    return Link(f"{HOST}402/{raw}{check_digit(raw)}", Kind.OPAQUE)


def _whole_class(body: str) -> str:
    """A pattern that leaves open the serial number only."""
    if not body.endswith(".*"):
        raise _Malformed("it needs .* at its end")
    return body[:-2]


def _class_sgtin(body: str) -> Link:
    gtin = _gtin(*_pair(_whole_class(body)))
    return Link(f"{HOST}01/{gtin}", Kind.CLASS, gtin)


def _class_itip(body: str) -> Link:
    prefix, reference, piece, total = _split(_whole_class(body), 4)
    gtin = _gtin(prefix, reference)
    return Link(f"{HOST}8006/{gtin}{_pieces(piece, total)}", Kind.CLASS, gtin)


def _class_grai(body: str) -> Link:
    raw = "0" + _company(*_pair(_whole_class(body)), 12, "asset type")
    return Link(f"{HOST}8003/{raw}{check_digit(raw)}", Kind.CLASS)


def _class_gdti(body: str) -> Link:
    raw = _company(*_pair(_whole_class(body)), 12, "document type")
    return Link(f"{HOST}253/{raw}{check_digit(raw)}", Kind.CLASS)


def _class_sgcn(body: str) -> Link:
    raw = _company(*_pair(_whole_class(body)), 12, "coupon reference")
    return Link(f"{HOST}255/{raw}{check_digit(raw)}", Kind.CLASS)


def _class_cpi(body: str) -> Link:
    return Link(f"{HOST}8010/{_part_number(*_pair(_whole_class(body)))}", Kind.CLASS)


_URN_FORMS: dict[tuple[str, str], Callable[[str], Link]] = {
    ("id", "sgtin"): _sgtin,
    ("id", "sscc"): _sscc,
    ("id", "sgln"): _sgln,
    ("id", "pgln"): _pgln,
    ("id", "grai"): _grai,
    ("id", "giai"): _giai,
    ("id", "gsrn"): _gsrn,
    ("id", "gsrnp"): _gsrnp,
    ("id", "gdti"): _gdti,
    ("id", "sgcn"): _sgcn,
    ("id", "cpi"): _cpi,
    ("id", "ginc"): _ginc,
    ("id", "gsin"): _gsin,
    ("id", "itip"): _itip,
    ("id", "upui"): _upui,
    ("class", "lgtin"): _lgtin,
    ("idpat", "sgtin"): _class_sgtin,
    ("idpat", "upui"): _class_sgtin,
    ("idpat", "itip"): _class_itip,
    ("idpat", "grai"): _class_grai,
    ("idpat", "gdti"): _class_gdti,
    ("idpat", "sgcn"): _class_sgcn,
    ("idpat", "cpi"): _class_cpi,
}
