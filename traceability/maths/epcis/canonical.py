"""The one string an event is, however it was written: what the event hash is taken of.

References
----------
GS1 Core Business Vocabulary 2.0, section 8.9: order of fields, sorting of lists, canonical values,
names of extensions. Where it leaves a choice, the choice is told beside the code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from traceability.maths.epcis.contexts import Names
from traceability.maths.epcis.times import instant
from traceability.maths.epcis.values import number
from traceability.maths.epcis.vocabulary import Term

Event = Mapping[str, Any]

# Not part of what happened: names, notes, and what was said about the event later.
_LEFT_OUT = frozenset(
    {"@context", "type", "eventID", "recordTime", "errorDeclaration", "comment", "rdfs:comment"}
)
_PLACE = frozenset({"id"})
_METADATA = (
    "time",
    "startTime",
    "endTime",
    "deviceID",
    "deviceMetadata",
    "rawData",
    "dataProcessingMethod",
    "bizRules",
)
_REPORT = (
    "type",
    "exception",
    "deviceID",
    "deviceMetadata",
    "rawData",
    "dataProcessingMethod",
    "time",
    "microorganism",
    "chemicalSubstance",
    "value",
    "component",
    "stringValue",
    "booleanValue",
    "hexBinaryValue",
    "uriValue",
    "minValue",
    "maxValue",
    "meanValue",
    "sDev",
    "percRank",
    "percValue",
    "uom",
    "coordinateReferenceSystem",
)
_TIMES = frozenset({"time", "startTime", "endTime"})
_REPORT_TERMS = {"type": Term.MEASURE, "exception": Term.MEASURE, "component": Term.COMPONENT}
_STANDARD = frozenset(
    {
        "eventTime",
        "eventTimeZoneOffset",
        "certificationInfo",
        "parentID",
        "epcList",
        "inputEPCList",
        "childEPCs",
        "quantityList",
        "childQuantityList",
        "inputQuantityList",
        "outputEPCList",
        "outputQuantityList",
        "action",
        "transformationID",
        "bizStep",
        "disposition",
        "persistentDisposition",
        "readPoint",
        "bizLocation",
        "bizTransactionList",
        "sourceList",
        "destinationList",
        "sensorElementList",
    }
)
_KNOWN = _STANDARD | _LEFT_OUT


def pre_hash(event: Event, names: Names, event_time: str) -> str:
    """The canonical string of an event.

    Parameters
    ----------
    event : Event
        As parsed from JSON; its shape has been checked.
    names : Names
        What the prefixes in the event stand for.
    event_time : str
        ``eventTime`` in UTC to the millisecond.

    Notes
    -----
    The order of fields is that of the standard's table for all types of event at once: no two
    types order the fields they share differently. An extension inside a standard element follows
    the element's own fields. ILMD and the event's extensions come last, sorted.

    Raises
    ------
    NoInstant
        If a sensor time is none.
    """
    get = event.get
    parts = ["eventType=", event["type"], "eventTime=", event_time]
    offset = get("eventTimeZoneOffset")
    if offset:
        parts += ("eventTimeZoneOffset=", offset)
    certified = get("certificationInfo")
    if certified:
        parts.append(_several("certificationInfo", certified, names))
    parent = get("parentID")
    if parent:
        parts += ("parentID=", names.known(parent).value)
    if "epcList" in event:
        _things(parts, event["epcList"], "epcList", names)
    if "inputEPCList" in event:
        _things(parts, event["inputEPCList"], "inputEPCList", names)
    if "childEPCs" in event:
        _things(parts, event["childEPCs"], "childEPCs", names)
    if "quantityList" in event:
        _amounts(parts, event["quantityList"], "quantityList", names)
    if "childQuantityList" in event:
        _amounts(parts, event["childQuantityList"], "childQuantityList", names)
    if "inputQuantityList" in event:
        _amounts(parts, event["inputQuantityList"], "inputQuantityList", names)
    if "outputEPCList" in event:
        _things(parts, event["outputEPCList"], "outputEPCList", names)
    if "outputQuantityList" in event:
        _amounts(parts, event["outputQuantityList"], "outputQuantityList", names)
    action = get("action")
    if action:
        parts += ("action=", action)
    process = get("transformationID")
    if process:
        parts += ("transformationID=", names.known(process).value)
    step = get("bizStep")
    if step:
        parts += ("bizStep=", names.term(Term.STEP, step))
    disposition = get("disposition")
    if disposition:
        parts += ("disposition=", names.term(Term.DISPOSITION, disposition))
    _rest(parts, event, names)
    return "".join(parts)


def _rest(parts: list[str], event: Event, names: Names) -> None:
    """From the persistent disposition to the extensions."""
    get = event.get
    lasting = get("persistentDisposition")
    if lasting:
        parts.append("persistentDisposition")
        for name in ("set", "unset"):
            words = [names.term(Term.DISPOSITION, each) for each in lasting.get(name) or ()]
            parts += sorted(f"{name}={word}" for word in words)
    for name in ("readPoint", "bizLocation"):
        place = get(name)
        if place:
            parts += (name, "id=", names.known(place["id"]).value)
            if len(place) > 1:
                parts += _extensions(place, _PLACE, names)
    _pairs(parts, get("bizTransactionList"), "bizTransaction", Term.TRANSACTION, names)
    _pairs(parts, get("sourceList"), "source", Term.PARTY, names)
    _pairs(parts, get("destinationList"), "destination", Term.PARTY, names)
    sensors = get("sensorElementList")
    if sensors:
        parts.append("sensorElementList")
        parts += sorted(_sensor(each, names) for each in sensors)
    if not event.keys() <= _KNOWN:
        parts += _extensions(event, _KNOWN, names)


def _several(name: str, given: Any, names: Names) -> str:
    values = [given] if isinstance(given, str) else given
    return "".join(sorted(f"{name}={names.value(each)}" for each in values))


def _things(parts: list[str], given: Sequence[str] | None, name: str, names: Names) -> None:
    if given:
        parts.append(name)
        known = names.known
        parts += sorted(["epc=" + known(each).value for each in given])


def _amounts(parts: list[str], given: Sequence[Event] | None, name: str, names: Names) -> None:
    if given:
        parts.append(name)
        parts += sorted([_amount(each, names) for each in given])


def _amount(given: Event, names: Names) -> str:
    text = "quantityElementepcClass=" + names.known(given["epcClass"]).value
    quantity, unit = given.get("quantity"), given.get("uom")
    if quantity is not None:
        text += "quantity=" + number(quantity)
    if unit:
        text += "uom=" + unit
    return text


def _pairs(
    parts: list[str], given: Sequence[Event] | None, name: str, term: Term, names: Names
) -> None:
    if not given:
        return
    parts.append(name + "List")
    told = []
    for each in given:
        kind = each.get("type")
        head = f"type={names.term(term, kind)}" if kind else ""
        told.append(f"{head}{name}={names.known(each[name]).value}")
    parts += sorted(told)


def _sensor(element: Event, names: Names) -> str:
    text = "sensorElement"
    metadata = element.get("sensorMetadata")
    if metadata:
        text += "sensorMetadata" + _fields(metadata, _METADATA, names)
    reports = element.get("sensorReport") or ()
    text += "".join(sorted("sensorReport" + _fields(each, _REPORT, names) for each in reports))
    return text + "".join(_extensions(element, _SENSOR_FIELDS, names))


_SENSOR_FIELDS = frozenset({"sensorMetadata", "sensorReport"})
_FIELD_SETS: dict[tuple[str, ...], frozenset[str]] = {
    each: frozenset(each) for each in (_METADATA, _REPORT)
}


def _fields(element: Event, order: tuple[str, ...], names: Names) -> str:
    """Fields in their order, extensions behind them."""
    parts = []
    for name in order:
        value = element.get(name)
        if value is None or value == "":
            continue
        if name in _TIMES:
            parts.append(f"{name}={instant(value).text}")
        elif name in _REPORT_TERMS and order is _REPORT:
            parts.append(f"{name}={names.term(_REPORT_TERMS[name], value)}")
        else:
            parts.append(f"{name}={_scalar(value, names)}")
    known = _FIELD_SETS[order]
    if not element.keys() <= known:
        parts += _extensions(element, known, names)
    return "".join(parts)


def _extensions(element: Event, known: frozenset[str], names: Names) -> list[str]:
    """What is not of the standard, sorted by its canonical string."""
    told: list[str] = []
    for key, value in element.items():
        if key not in known:
            told += _named(names.key(key), value, names)
    return sorted(told)


def _named(name: str, value: Any, names: Names) -> list[str]:
    """One extension: as many strings as it has values."""
    if isinstance(value, list):
        return [text for each in value for text in _named(name, each, names)]
    if isinstance(value, dict):
        return [name + "".join(_extensions(value, _NOTES, names))]
    if value is None:
        return []  # JSON-LD: a null says nothing
    text = _scalar(value, names)
    return [f"{name}={text}" if text else name]


_NOTES = frozenset({"comment", "rdfs:comment"})


def _scalar(value: Any, names: Names) -> str:
    if isinstance(value, str):
        return names.value(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return number(value)


_DECLARATION = frozenset({"declarationTime", "reason", "correctiveEventIDs"})


def declaration_text(declaration: Event, names: Names) -> str:
    """The canonical string of an error declaration.

    The standard defines none; this one is made by its rules for events. Corrective events are a
    set: their order says nothing.
    """
    parts = ["errorDeclarationdeclarationTime=", instant(declaration["declarationTime"]).text]
    reason = declaration.get("reason")
    if reason:
        parts += ("reason=", names.term(Term.REASON, reason))
    corrective = declaration.get("correctiveEventIDs")
    if corrective:
        parts.append("correctiveEventIDs")
        parts += sorted({f"correctiveEventID={each.strip()}" for each in corrective})
    return "".join(parts + _extensions(declaration, _DECLARATION, names))
