"""Links told as the edges of an answer."""

from __future__ import annotations

from traceability.maths.amounts import UNKNOWN, told
from traceability.maths.answer import Edge, Side, instant
from traceability.maths.network import Link


def edge_of(link: Link, end: Side, start: Side, certain: bool) -> Edge:
    """A link as the answer tells it, on the side of its ends."""
    side = end if start is Side.SEED else start
    if start is end is Side.SEED and link.use is None:
        side = Side.SEED
    lo, hi = instant(link.lo), instant(link.hi)
    if link.meeting is not None:
        place = link.meeting.station[1]
        return Edge(
            link.key, "contact", *link.source, *link.target, lo, hi, UNKNOWN, "C62",
            None, None, None, link.state, link.event_ids, side, certain,
            "same-station" if place is None else "same-line", place,
        )  # fmt: skip
    if link.use is not None:
        use = link.use
        return Edge(
            link.key, "use", *link.source, *link.target, lo, hi, told(use.quantity), use.unit,
            None, None, None, link.state, link.event_ids, side, certain,
        )  # fmt: skip
    assert link.hop is not None
    first, received = link.hop.first, link.hop.received
    both = link.hop.sent is not None and received is not None
    return Edge(
        key=link.key,
        kind=first.kind.value,
        from_lot_id=link.source[0],
        from_party_id=link.source[1],
        to_lot_id=link.target[0],
        to_party_id=link.target[1],
        earliest_at=lo,
        latest_at=hi,
        quantity=told(first.quantity),
        unit=first.unit,
        received=told(received.quantity) if both and received else None,
        received_unit=received.unit if both and received else None,
        document_no=first.document or (received.document if received else None),
        state=link.state,
        event_ids=link.event_ids,
        side=side,
        certain=certain,
    )
