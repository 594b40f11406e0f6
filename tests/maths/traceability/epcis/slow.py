"""A second, slow canonicaliser: written apart from the product's, by another road.

An event becomes a tree of (name, text, children) as its XML form would be; a table of names orders
it; nothing is remembered and nothing is special. It knows the forms of identifiers these tests use.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any


def words(text: str) -> list[str]:
    return text.split()


ORDER = words("""
eventTime eventTimeZoneOffset certificationInfo parentID epcList inputEPCList childEPCs
quantityList childQuantityList inputQuantityList outputEPCList outputQuantityList action
transformationID bizStep disposition persistentDisposition readPoint bizLocation bizTransactionList
sourceList destinationList sensorElementList""")
INNER = words("""
id type epcClass quantity uom set unset bizTransaction source destination sensorMetadata
sensorReport time startTime endTime exception deviceID deviceMetadata rawData dataProcessingMethod
bizRules reportTime microorganism chemicalSubstance value component stringValue booleanValue
hexBinaryValue uriValue minValue maxValue meanValue sDev percRank percValue unit
coordinateReferenceSystem""")
SKIPPED = {"type", "eventID", "recordTime", "errorDeclaration", "@context"}
WEB = {
    "bizStep": "BizStep-",
    "disposition": "Disp-",
    "set": "Disp-",
    "unset": "Disp-",
    "bizTransactionList": "BTT-",
    "sourceList": "SDT-",
    "destinationList": "SDT-",
    "component": "Comp-",
}


def gs1(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        total += int(digit) * (3 if place % 2 == 0 else 1)
    return digits + str((10 - total % 10) % 10)


def link(text: str) -> str:
    if not text.startswith("urn:epc:"):
        return text
    _, _, form, scheme, body = text.split(":")
    p, r, *rest = body.split(".", 2)
    more = rest[0] if rest else ""
    path = {
        ("id", "sgtin"): lambda: f"01/{gs1(r[0] + p + r[1:])}/21/{more}",
        ("class", "lgtin"): lambda: f"01/{gs1(r[0] + p + r[1:])}/10/{more}",
        ("idpat", "sgtin"): lambda: f"01/{gs1(r[0] + p + r[1:])}",
        ("id", "sscc"): lambda: f"00/{gs1(r[0] + p + r[1:])}",
        ("id", "sgln"): lambda: f"414/{gs1(p + r)}" + (f"/254/{more}" if more != "0" else ""),
        ("id", "pgln"): lambda: f"417/{gs1(p + r)}",
        ("id", "grai"): lambda: f"8003/{gs1('0' + p + r)}{more}",
        ("id", "giai"): lambda: f"8004/{p}{r}",
        ("id", "gdti"): lambda: f"253/{gs1(p + r)}{more}",
    }[form, scheme]()
    return f"https://id.gs1.org/{path}"


def when(text: str) -> str:
    moment = datetime.fromisoformat(text).astimezone(UTC)
    tenths = moment.microsecond // 100
    whole = moment.replace(microsecond=0) + timedelta(milliseconds=(tenths + 5) // 10)
    return whole.strftime("%Y-%m-%dT%H:%M:%S.") + f"{whole.microsecond // 1000:03d}Z"


def scalar(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        exact = Fraction(repr(value))
        return str(exact.numerator) if exact.denominator == 1 else repr(value)
    try:
        return scalar(float(value)) if not value.startswith("2026-") else value
    except ValueError:
        return link(value)


def space(name: str, prefixes: dict[str, str]) -> str:
    prefix, colon, local = name.partition(":")
    return f"{{{prefixes[prefix]}}}{local}" if colon and prefix in prefixes else name


def flat(name: str, value: Any, prefixes: dict[str, str], inside: str) -> list[str]:
    """All strings one entry of an object makes."""
    if isinstance(value, list):
        return [each for one in value for each in flat(name, one, prefixes, inside)]
    if isinstance(value, dict):
        return [space(name, prefixes) + block(value, prefixes, inside or name)]
    if ":" in name:
        return [f"{space(name, prefixes)}={scalar(value)}"]
    if name in {"time", "startTime", "endTime", "eventTime"}:
        return [f"{name}={when(value)}"]
    if inside == "sensorElementList" and name in {"type", "exception"}:
        return [f"{name}=https://gs1.org/voc/{value}"]
    word = WEB.get(inside if name == "type" else name)
    if word and ":" not in str(value):
        return [f"{name}=https://ref.gs1.org/cbv/{word}{value}"]
    if name in {"eventTimeZoneOffset", "uom", "action"}:
        return [f"{name}={value}"]
    return [f"{name}={scalar(value)}"]


def block(given: dict[str, Any], prefixes: dict[str, str], inside: str) -> str:
    """An object: known names in their order, others behind them, sorted."""
    order = [name for name in INNER if name in given]
    if inside == "sensorElementList" and "value" in given and "uom" in given:
        order.remove("uom")  # in a sensor report the unit stands behind the values
        order.append("uom")
    text = "".join("".join(sorted(flat(name, given[name], prefixes, inside))) for name in order)
    others = [
        each
        for name in given
        if name not in order
        for each in flat(name, given[name], prefixes, inside)
    ]
    return text + "".join(sorted(others))


def canonical(event: dict[str, Any], prefixes: dict[str, str]) -> str:
    """The string an event is hashed of."""
    text = "eventType=" + event["type"]
    for name in ORDER:
        value = event.get(name)
        if not value:
            continue
        if name == "childEPCs" or name.endswith("EPCList") or name == "epcList":
            text += name + "".join(sorted("epc=" + link(each) for each in value))
        elif name.endswith("uantityList"):
            text += name
            text += "".join(
                sorted("quantityElement" + block(each, prefixes, name) for each in value)
            )
        elif name == "sensorElementList":
            text += name
            text += "".join(sorted("sensorElement" + block(each, prefixes, name) for each in value))
        elif name.endswith("List"):
            text += name + "".join(sorted(block(each, prefixes, name) for each in value))
        else:
            text += "".join(sorted(flat(name, value, prefixes, "")))
    others = [
        each
        for name in event
        if name not in ORDER and name not in SKIPPED
        for each in flat(name, event[name], prefixes, "")
    ]
    return text + "".join(sorted(others))


def digest(event: dict[str, Any], prefixes: dict[str, str]) -> bytes:
    return hashlib.sha256(canonical(event, prefixes).encode()).digest()
