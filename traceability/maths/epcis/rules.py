"""What an event must keep beside its form: things named, times that exist, amounts kept exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from traceability.maths.epcis.limits import Limits, deeper
from traceability.maths.epcis.links import parse
from traceability.maths.epcis.messages import Reason, pointer, shown
from traceability.maths.epcis.times import NoInstant, instant

Event = Mapping[str, Any]

_THINGS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
AMOUNTS = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
_PAIRS = (
    ("bizTransactionList", "bizTransaction"),
    ("sourceList", "source"),
    ("destinationList", "destination"),
)
# Lists whose entries the schema holds flat: no need to look how deep they go.
_FLAT = frozenset({*_THINGS, *AMOUNTS, *(name for name, _ in _PAIRS)})
_MOST_INT = 10**15
_MOST = Decimal(_MOST_INT)  # ledger quantities have at most 15 digits before the point
_PLACES = 9  # and 9 behind it
_FEW = 10  # characters that are within both bounds however they are spread
_SURE = 15  # significant digits a JSON number keeps on every road


def exceeded(event: Event, limits: Limits) -> Reason | None:
    """The bound an event goes beyond, if one."""
    items = 0
    for name, value in event.items():
        if name in _FLAT:
            if type(value) is list:
                items += len(value)
        elif (type(value) is dict or type(value) is list) and deeper(value, limits.depth - 1):
            words = f"{name} is nested deeper than {limits.depth} levels: flatten it"
            return pointer([name]), "limit", words
    if items > limits.items:
        words = (
            f"the event names {items} things; at most {limits.items} are taken in one event: "
            "split it into several"
        )
        return "", "limit", words
    return None


def broken_rules(event: Event) -> Iterator[Reason]:
    """Every rule an event of sound form breaks."""
    yield from _times(event)
    yield from _nothing_named(event)
    yield from _identifiers(event)
    for name in AMOUNTS:
        for place, each in enumerate(event.get(name) or ()):
            quantity = each.get("quantity")
            if quantity is not None:
                yield from _quantity(quantity, [name, place, "quantity"])


def _times(event: Event) -> Iterator[Reason]:
    yield from _time(event["eventTime"], ["eventTime"])
    if "recordTime" in event:
        yield from _time(event["recordTime"], ["recordTime"])
    declaration = event.get("errorDeclaration")
    if declaration is not None:
        yield from _time(declaration["declarationTime"], ["errorDeclaration", "declarationTime"])
    for place, element in enumerate(event.get("sensorElementList") or ()):
        here: list[str | int] = ["sensorElementList", place]
        metadata = element.get("sensorMetadata") or {}
        for name in ("time", "startTime", "endTime"):
            if name in metadata:
                yield from _time(metadata[name], [*here, "sensorMetadata", name])
        for number, report in enumerate(element["sensorReport"]):
            if "time" in report:
                yield from _time(report["time"], [*here, "sensorReport", number, "time"])


def _time(text: str, path: list[str | int]) -> Iterator[Reason]:
    try:
        instant(text)
    except NoInstant as error:
        yield pointer(path), "format", str(error)


def _nothing_named(event: Event) -> Iterator[Reason]:
    missing = lacking(event)
    if missing:
        yield missing


def lacking(event: Event) -> Reason | None:
    """What a type of event must name and this one does not (EPCIS 2.0, 7.4.2 to 7.4.7)."""
    kind, action = event["type"], event.get("action")
    if kind == "ObjectEvent":
        if "ilmd" in event and action != "ADD":
            words = f"master data of a lot (ilmd) goes with action ADD, not {action}"
            return "/ilmd", "ilmd", words
        missing = _without_things(event, kind, action)
    elif kind == "TransformationEvent":
        missing = _without_sides(event)
    elif kind == "TransactionEvent":
        missing = _without_things(event, kind, action)
    else:
        missing = _without_children(event, kind, action)
    return ("", "required", missing) if missing else None


def _without_sides(event: Event) -> str | None:
    if any(event.get(name) for name in _THINGS + AMOUNTS):
        return None
    return (
        "a transformation needs inputs or outputs: fill inputEPCList, inputQuantityList, "
        "outputEPCList or outputQuantityList"
    )


def _without_things(event: Event, kind: str, action: str | None) -> str | None:
    if "epcList" in event or event.get("quantityList"):
        return None
    if kind == "TransactionEvent":
        return None if action == "DELETE" else "a transaction event needs epcList or quantityList"
    if event.get("sensorElementList") and event.get("readPoint"):
        return None
    return "an object event needs epcList or quantityList, or sensorElementList with readPoint"


def _without_children(event: Event, kind: str, action: str | None) -> str | None:
    if "parentID" not in event and action != "OBSERVE":
        return f"{kind} with action {action} needs parentID"
    if event.get("childEPCs") or event.get("childQuantityList") or action == "DELETE":
        return None
    return (
        f"{kind} with action {action} needs childEPCs or childQuantityList; only DELETE may leave "
        "both out and means all"
    )


def _identifiers(event: Event) -> Iterator[Reason]:
    for name in ("parentID", "transformationID"):
        if name in event:
            yield from _identifier(event[name], name)
    for name in _THINGS:
        given: Sequence[str] = event.get(name) or ()
        for place, text in enumerate(given):
            yield from _identifier(text, name, place)
    for name in AMOUNTS:
        for place, each in enumerate(event.get(name) or ()):
            yield from _identifier(each["epcClass"], name, place, "epcClass")
    for name in ("readPoint", "bizLocation"):
        if name in event:
            yield from _identifier(event[name]["id"], name, "id")
    for name, field in _PAIRS:
        for place, each in enumerate(event.get(name) or ()):
            yield from _identifier(each[field], name, place, field)


def _identifier(text: str, *path: str | int) -> Iterator[Reason]:
    link = parse(text)
    if link is not None and link.flaw is not None:
        yield pointer(list(path)), "identifier", link.flaw


def exact(value: float) -> Decimal:
    """A JSON number as the shortest decimal that reads back as it."""
    return Decimal(int(value)) if value == int(value) else Decimal(repr(value))


def kept(value: float) -> Decimal | None:
    """A quantity as the ledger keeps it; None where it cannot keep it."""
    if type(value) is int:
        return Decimal(value) if 0 <= value < _MOST_INT else None
    text = repr(value)
    if len(text) <= _FEW and "e" not in text and value >= 0:
        return Decimal(int(value)) if text.endswith(".0") else Decimal(text)
    found = exact(value)
    return None if inexact(found) else found


def inexact(value: Decimal) -> bool:
    """Whether a quantity is negative, too great, or finer than the ledger keeps."""
    if not 0 <= value < _MOST:
        return True
    _, digits, exponent = value.as_tuple()
    return -int(exponent) > _PLACES or len(digits) > _SURE


def _quantity(given: float, path: list[str | int]) -> Iterator[Reason]:
    value = exact(given)
    if not inexact(value):
        return
    if value < 0:
        words = f"a quantity cannot be negative, got {shown(given)}"
    elif value >= _MOST:
        words = f"a quantity needs to be below 10^15, got {shown(given)}"
    else:
        words = (
            f"a quantity is kept exactly to {_SURE} digits, {_PLACES} behind the point: "
            f"round {shown(given)}"
        )
    yield pointer(path), "quantity", words
