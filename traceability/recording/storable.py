"""What cannot be stored although it can be read: a guard before the database."""

from __future__ import annotations

from collections.abc import Iterator

from traceability.maths.epcis.event import CapturedEvent, Fault
from traceability.recording.parts import named_by

# Bytes of an identifier: an entry of an index must fit a third of its page of 8 kB.
LONGEST = 2000
# Powers of ten of a quantity; beyond, nobody weighed it.
LARGEST_EXPONENT = 30


def storing_fault(event: CapturedEvent) -> Fault | None:
    """Why an event cannot be stored; None where it can."""
    for path, value in _texts(event):
        if len(value) > LONGEST // 4 and len(value.encode()) > LONGEST:
            return Fault(
                event.position,
                (event.event_id or "")[:100] or None,
                path,
                "limit",
                f"This identifier has {len(value.encode())} bytes; at most {LONGEST} are kept.",
            )
        if "\x1f" in value:
            return Fault(
                event.position,
                event.event_id,
                path,
                "text",
                "This identifier holds the control character U+001F; remove it.",
            )
    for item in event.items:
        amount = item.quantity
        if amount and not -LARGEST_EXPONENT <= amount.adjusted() <= LARGEST_EXPONENT:
            return Fault(
                event.position,
                event.event_id,
                f"/{item.role.value}",
                "limit",
                f"The quantity {amount} is beyond 10^{LARGEST_EXPONENT}; look at its unit.",
            )
    return None


def _texts(event: CapturedEvent) -> Iterator[tuple[str, str]]:
    if event.event_id:
        yield "/eventID", event.event_id
    if event.transformation_id:
        yield "/transformationID", event.transformation_id
    for path, value in (("/bizStep", event.biz_step), ("/disposition", event.disposition)):
        if value:
            yield path, value
    for identifier in named_by(event):
        yield "/epcList", identifier.given
    for _, name in event.transactions:
        yield "/bizTransactionList", name
    if event.declaration is not None and event.declaration.reason:
        yield "/errorDeclaration/reason", event.declaration.reason
