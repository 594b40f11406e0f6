"""Is this a sound EPCIS event? Every reason why not, with its place and what would be right.

The form is a JSON schema (``epcis-2.0.json``, written from the standard's sections); what a schema
says badly or cannot say is in ``rules``. The schema runs compiled: one pass over an event that is
sound costs some microseconds, and only an event that is not is looked at closely.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs
import orjson

from traceability.maths.epcis.envelope import open_envelope
from traceability.maths.epcis.event import EventType, Fault
from traceability.maths.epcis.limits import DEFAULT, Limits, deeper
from traceability.maths.epcis.messages import explain, shown
from traceability.maths.epcis.rules import broken_rules, exceeded
from traceability.maths.epcis.vocabulary import WORDS, Term

_WORD_SETS = {
    "step": Term.STEP,
    "disposition": Term.DISPOSITION,
    "transaction": Term.TRANSACTION,
    "party": Term.PARTY,
    "reason": Term.REASON,
    "component": Term.COMPONENT,
}


@cache
def event_schema(kind: str) -> dict[str, Any]:
    """The JSON schema of one type of event, complete."""
    text = files("traceability.maths.epcis").joinpath("epcis-2.0.json").read_bytes()
    definitions = orjson.loads(text)["$defs"]
    for name, term in _WORD_SETS.items():
        definitions[f"words-of-{name}"] = {
            "anyOf": [{"enum": sorted(WORDS[term])}, {"$ref": "#/$defs/uri"}]
        }
    common, own = definitions.pop("common"), definitions[kind]
    properties = {**common["properties"], **own["properties"]}
    for name, more in own["properties"].items():
        if name in common["properties"]:
            properties[name] = {**common["properties"][name], **more}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": {name: value for name, value in definitions.items() if name not in set(EventType)},
        "type": "object",
        "required": [*common["required"], *own.get("required", ())],
        "properties": properties,
        "patternProperties": common["patternProperties"],
        "additionalProperties": False,
    }


@cache
def _validator(kind: str) -> Any:
    return jsonschema_rs.Draft202012Validator(event_schema(kind))


_TYPES = frozenset(str(each) for each in EventType)


def check_event(
    event: object, limits: Limits = DEFAULT, *, position: int | None = None
) -> tuple[Fault, ...]:
    """Every reason why an event cannot be taken; none where it can.

    Parameters
    ----------
    event : object
        As parsed from JSON.
    limits : Limits
        Bounds of one capture.
    position : int | None
        Place of the event in its document, from 0; stands in each fault.
    """
    if not isinstance(event, Mapping):
        return (
            _fault(position, None, "", "type", f"an event needs an object, got {shown(event)}"),
        )
    name = event.get("eventID")
    event_id = name if isinstance(name, str) else None
    kind = event.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        known = ", ".join(sorted(_TYPES))
        words = f"type needs one of {known}; got {shown(kind)}"
        return (_fault(position, event_id, "/type", "enum", words),)
    found = exceeded(event, limits)
    if found is None and deeper(event, limits.depth):
        found = "", "limit", f"the event is nested deeper than {limits.depth} levels: flatten it"
    if found is None:
        reasons = [*_misshapen(event, kind)]
        if not reasons:
            reasons = [*broken_rules(event)]
    else:
        reasons = [found]
    return tuple(_fault(position, event_id, *reason) for reason in reasons)


def check_document(document: object, limits: Limits = DEFAULT) -> tuple[Fault, ...]:
    """Every reason why a document cannot be taken, or one of its events; none where all can.

    Parameters
    ----------
    document : object
        As parsed from JSON: a document, a query document, an event, or a list of events.
    """
    opened = open_envelope(document)
    if isinstance(opened, Fault):
        return (opened,)
    _, events = opened
    return tuple(
        fault
        for position, event in enumerate(events)
        for fault in check_event(event, limits, position=position)
    )


def _fault(position: int | None, event_id: str | None, path: str, rule: str, message: str) -> Fault:
    return Fault(position, event_id, path, rule, message)


def _misshapen(event: Mapping[str, Any], kind: str) -> Iterator[tuple[str, str, str]]:
    validator = _validator(kind)
    if not validator.is_valid(event):
        for error in validator.iter_errors(event):
            yield explain(error)


def well_formed(event: Mapping[str, Any], limits: Limits = DEFAULT) -> bool:
    """Whether the form is sound, at the least cost; the rules beyond it are not looked at."""
    kind = event.get("type")
    if not isinstance(kind, str) or kind not in _TYPES or exceeded(event, limits) is not None:
        return False
    try:
        return bool(_validator(kind).is_valid(event))
    except ValueError:  # nested beyond what the validator follows
        return False
