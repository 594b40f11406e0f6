"""The rows in which one party takes part."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from traceability.maths.ledger import Event, Use
from traceability.models.ledger import Party
from traceability.queries.stated import STATED_EVENTS, STATED_USES, event_of, span


def party_of_enterprise(session: Session, enterprise_id: int) -> int | None:
    """The party an enterprise is in ledgers; None where no ledger speaks of it."""
    return session.execute(
        select(Party.id).where(Party.enterprise_id == enterprise_id)
    ).scalar_one_or_none()


@dataclass(frozen=True, slots=True)
class PartyRows:
    """What is told of a party, as it stood at a record time.

    ``lots`` are those with a row in the period, ``truncated`` where there are more of them.
    """

    lots: tuple[int, ...]
    events: tuple[Event, ...]
    uses: tuple[Use, ...]
    truncated: bool


_MINE = "(e.from_party_id = :party OR e.to_party_id = :party)"
_PERIOD = "(e.latest_at IS NULL OR e.latest_at >= :since) AND (e.earliest_at IS NULL OR e.earliest_at < :until)"  # noqa: E501

_LOTS = text(
    f"""
    SELECT e.lot_id, max(e.id) AS newest FROM {STATED_EVENTS} e
    WHERE {_MINE} AND e.kind <> 'void' AND {_PERIOD}
    GROUP BY e.lot_id ORDER BY newest DESC LIMIT :most
    """  # noqa: S608 - the parts put in are constants of this module
)


_EVENTS = text(
    f"""
    SELECT e.id, e.kind, e.lot_id, COALESCE(e.from_party_id, 0), COALESCE(e.to_party_id, 0),
           e.quantity, e.unit, {span("e")}, e.document_no, e.inputs, e.place
    FROM {STATED_EVENTS} e
    WHERE {_MINE} AND e.lot_id = ANY(CAST(:lots AS bigint[]))
    ORDER BY e.id
    """  # noqa: S608 - the parts put in are constants of this module
)
_USES = text(
    f"""
    SELECT u.id, u.event_id, u.party_id, u.input_lot_id, u.output_lot_id, u.quantity, u.unit,
           {span("u")}, u.place
    FROM {STATED_USES} u
    WHERE u.party_id = :party
      AND (u.input_lot_id = ANY(CAST(:lots AS bigint[]))
           OR u.output_lot_id = ANY(CAST(:lots AS bigint[])))
    ORDER BY u.id
    """  # noqa: S608 - the parts put in are constants of this module
)


def rows_of_party(
    session: Session,
    party_id: int,
    *,
    as_of: datetime,
    since: datetime,
    until: datetime,
    most_lots: int,
) -> PartyRows:
    """All rows, whatever their time, of the lots that a party moved, made or counted in a period.

    The lots told of most recently come first where there are more than ``most_lots``.
    """
    given: dict[str, Any] = {"party": party_id, "as_of": as_of}
    period = {"since": since, "until": until, "most": most_lots + 1}
    found = [row.lot_id for row in session.execute(_LOTS, given | period).all()]
    lots = sorted(found[:most_lots])
    events = session.execute(_EVENTS, given | {"lots": lots}).all()
    uses = session.execute(_USES, given | {"lots": lots}).all()
    return PartyRows(
        lots=tuple(lots),
        events=tuple(event_of(row) for row in events),
        uses=tuple(Use(*row) for row in uses),
        truncated=len(found) > most_lots,
    )
