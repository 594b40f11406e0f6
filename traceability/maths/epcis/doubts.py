"""What is odd about an event that is taken all the same."""

from __future__ import annotations

from traceability.maths.epcis.event import CapturedEvent, EventType, Fault, Role
from traceability.maths.epcis.hashing import event_hash_id
from traceability.maths.epcis.identifiers import TEXTS
from traceability.maths.units import UNITS

_HASH = "ni:///sha-256;"


def doubts_of(event: CapturedEvent) -> list[Fault]:
    """Doubts, in the form of faults; they refuse nothing.

    Wrong check digits (real registers hold such codes), units of quantity that cannot be added to
    others here, transformations with one side only (a link still to be completed), and names that
    are the hash of another event (or made by an older edition of the rules).
    """
    found: list[tuple[str, str]] = []
    roles = set[Role]()
    for item in event.items:
        roles.add(item.role)
        doubt = TEXTS[item.identifier.given].doubt
        if doubt is not None:
            found.append(("check", doubt))
        if item.unit is not None and item.unit not in UNITS:
            found.append(("unit", f"the unit {item.unit} cannot be converted here"))
    if (
        event.type is EventType.TRANSFORMATION
        and event.transformation_id is None
        and len(roles) == 1
    ):
        (only,) = roles
        other = "outputs" if only is Role.INPUT else "inputs"
        found.append(("incomplete", f"the transformation names no {other} and no transformationID"))
    name = event.event_id
    if name is not None and name.startswith(_HASH) and name != event_hash_id(event.hash):
        right = event_hash_id(event.hash)
        found.append(
            ("hash", f"the eventID is an event hash, and not this event's: that is {right}")
        )
    if not found:
        return []
    return [
        Fault(event.position, event.event_id, "", rule, message)
        for rule, message in dict.fromkeys(found)
    ]
