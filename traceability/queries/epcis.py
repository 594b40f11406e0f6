"""Reading the EPCIS journal: events by query, by name, by capture."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, func, literal, select, tuple_
from sqlalchemy.orm import Session

from core import outbox
from traceability.errors import (
    CaptureUnknown,
    EpcisEventUnknown,
    NamedQueryUnknown,
    QueryTooLarge,
)
from traceability.models.epcis import (
    PLACE_KINDS,
    EpcisCapture,
    EpcisDocument,
    EpcisEvent,
    EpcisIdentifier,
    EpcisItem,
    EpcisNamedQuery,
)
from traceability.queries.epcis_filters import (
    CONTROLS,
    Controls,
    Filters,
    Values,
    controls,
    delivered_by,
    named,
    wrong,
)
from traceability.recording.documents import inflate


@dataclass(frozen=True, slots=True)
class EventView:
    """A stored event; ``document`` is its JSON as captured."""

    number: int
    event_id: str
    recorded_at: datetime
    document: bytes


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events, and the token of the next page."""

    events: list[EventView]
    next_token: str | None


@dataclass(frozen=True, slots=True)
class CaptureView:
    """A capture job as people see it."""

    capture_id: str
    created_at: datetime
    finished_at: datetime | None
    running: bool
    success: bool
    error_behaviour: str
    errors: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    position: int
    stored: int
    known: int
    refused: int
    aliases: int
    conflicts: int
    pending: int
    document_sha256: str
    document_size: int
    message_id: int | None


@dataclass(frozen=True, slots=True)
class CapturePage:
    """Some capture jobs, and the token of the next page."""

    captures: list[CaptureView]
    next_token: str | None


def event_query(
    session: Session,
    parameters: Mapping[str, Values],
    *,
    extra: Mapping[str, Values] | None = None,
    enterprise_id: int | None = None,
) -> EventPage:
    """The events that meet every parameter, one page of them.

    Parameters
    ----------
    extra : mapping, optional
        Further conditions, of the path; a parameter of the same name does not replace them.
    enterprise_id : int, optional
        The firm that asks.

    Raises
    ------
    QueryRefused
        A parameter that is unknown or makes no sense.
    QueryTooLarge
        More events match than ``maxEventCount``.
    """
    wish = controls(parameters)
    filters = Filters(session)
    statement = select(EpcisEvent.id)
    if enterprise_id is not None:
        statement = statement.where(EpcisEvent.id.in_(delivered_by(enterprise_id)))
    for given in (parameters, extra or {}):
        for name, values in given.items():
            if name not in CONTROLS:
                statement = statement.where(filters.condition(name, values))
    if wish.max_event_count is not None:
        _refuse_too_many(session, statement, wish.max_event_count)
    mark = _mark(parameters, extra or {})
    return _page(session, statement, wish, mark)


def _refuse_too_many(session: Session, statement: Select[Any], most: int) -> None:
    some = statement.limit(most + 1).subquery()
    if session.execute(select(func.count()).select_from(some)).scalar_one() > most:
        raise QueryTooLarge(most=most)


def _mark(parameters: Mapping[str, Values], extra: Mapping[str, Values]) -> str:
    """What a token belongs to: the query without its place in the answer."""
    kept = {name: values for name, values in parameters.items() if name not in CONTROLS[-2:]}
    content = json.dumps([kept, dict(extra)], sort_keys=True, default=list)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def _page(session: Session, statement: Select[Any], wish: Controls, mark: str) -> EventPage:
    # Numbers are given in the order of recording, so they stand for it.
    by_time = wish.order_by == "eventTime"
    key = (EpcisEvent.event_time, EpcisEvent.id) if by_time else (EpcisEvent.id,)
    served = 0
    if wish.token is not None:
        served, after = _read_token(wish.token, mark, by_time)
        bound = tuple_(*[literal(value) for value in after])
        statement = statement.where(
            tuple_(*key) < bound if wish.descending else tuple_(*key) > bound
        )
    size = wish.per_page
    if wish.event_count_limit is not None:
        size = min(size, wish.event_count_limit - served)
    ordered = statement.order_by(*[each.desc() if wish.descending else each.asc() for each in key])
    ids = list(session.execute(ordered.limit(size + 1)).scalars())
    more = len(ids) > size
    events = views(session, ids[:size])
    served += len(events)
    if wish.event_count_limit is not None and served >= wish.event_count_limit:
        more = False
    if not more:
        return EventPage(events, None)
    last = session.get_one(EpcisEvent, ids[size - 1])
    place = [last.event_time.isoformat(), last.id] if by_time else [last.id]
    return EventPage(events, _token([mark, served, *place]))


def _token(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _read_token(token: str, mark: str, by_time: bool) -> tuple[int, list[Any]]:
    try:
        of, served, *place = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        if of != mark or len(place) != (2 if by_time else 1) or not isinstance(served, int):
            raise ValueError(token)
        values = [datetime.fromisoformat(place[0]).astimezone(UTC)] if by_time else []
        return served, [*values, int(place[-1])]
    except (ValueError, TypeError, binascii.Error):
        raise wrong("nextPageToken", "This token is not of this query.") from None


def views(session: Session, numbers: Sequence[int]) -> list[EventView]:
    """Stored events by number, in the order given."""
    rows = session.execute(
        select(EpcisEvent.id, EpcisEvent.event_id, EpcisEvent.recorded_at, EpcisDocument.content)
        .join(EpcisDocument, EpcisDocument.event_id == EpcisEvent.id)
        .where(EpcisEvent.id.in_(numbers))
    )
    found = {
        number: EventView(number, event_id, recorded_at, inflate(content))
        for number, event_id, recorded_at, content in rows
    }
    return [found[number] for number in numbers if number in found]


def events_named(session: Session, event_id: str) -> list[EventView]:
    """Everything stored under an eventID: the event, its declarations, and conflicting ones.

    Raises
    ------
    EpcisEventUnknown
        There is none, or none that the actor may see.
    """
    numbers = session.execute(
        select(EpcisEvent.id)
        .where(EpcisEvent.id.in_(named([event_id])))
        .order_by(EpcisEvent.id)
        .limit(100)
    ).scalars()
    found = views(session, list(numbers))
    if not found:
        raise EpcisEventUnknown(event_id=event_id[:200])
    return found


def capture(session: Session, capture_id: str) -> CaptureView:
    """A capture job.

    Raises
    ------
    CaptureUnknown
        There is no such job, or none that the actor may see.
    """
    row = session.execute(
        select(EpcisCapture).where(EpcisCapture.capture_id == capture_id)
    ).scalar_one_or_none()
    if row is None:
        raise CaptureUnknown(capture_id=capture_id[:100])
    return capture_view(session, row)


def captures(session: Session, *, limit: int, before: str = "") -> CapturePage:
    """Capture jobs, newest first.

    Raises
    ------
    QueryRefused
        ``before`` is no token of this list.
    """
    statement = select(EpcisCapture).order_by(EpcisCapture.id.desc()).limit(limit + 1)
    if before:
        if not re.fullmatch(r"[0-9]{1,18}", before):
            raise wrong("nextPageToken", "This token is not of this query.")
        statement = statement.where(EpcisCapture.id < int(before))
    rows = list(session.execute(statement).scalars())
    token = str(rows[limit - 1].id) if len(rows) > limit else None
    return CapturePage([capture_view(session, row) for row in rows[:limit]], token)


def capture_view(session: Session, row: EpcisCapture) -> CaptureView:
    """A capture job with what became of the job that carries it out."""
    running, finished_at, errors = row.running, row.finished_at, list(row.errors)
    if running and row.message_id is not None:
        for run in outbox.runs_of(session, message_id=row.message_id):
            if run.state in (outbox.RunState.FAILED, outbox.RunState.CANCELLED):
                running, finished_at = False, run.finished_at
                words = f"The capture ended early: {run.error or run.state}"
                errors.append(
                    {
                        "position": None,
                        "event_id": None,
                        "path": "",
                        "rule": "job",
                        "message": words,
                    }
                )
    return CaptureView(
        capture_id=row.capture_id,
        created_at=row.created_at,
        finished_at=finished_at,
        running=running,
        success=row.success and not running,
        error_behaviour=row.error_behaviour,
        errors=errors,
        warnings=list(row.warnings),
        position=row.position,
        stored=row.stored,
        known=row.known,
        refused=row.refused,
        aliases=row.aliases,
        conflicts=row.conflicts,
        pending=row.pending,
        document_sha256=row.document_sha256,
        document_size=row.document_size,
        message_id=row.message_id,
    )


# What the repository knows: values of the top-level resources

_WORDS = {"bizSteps": EpcisEvent.biz_step, "dispositions": EpcisEvent.disposition}
_PLACES = {"bizLocations": EpcisEvent.biz_location_id, "readPoints": EpcisEvent.read_point_id}


def known_values(
    session: Session, resource: str, *, after: str, limit: int, enterprise_id: int | None = None
) -> list[str]:
    """Values of a top-level resource that occur in events, in order, after one of them.

    A firm's own are few and looked up from its events; everybody's are read in order.
    """
    if enterprise_id is not None:
        statement = _values_of_firm(resource, enterprise_id)
        column = statement.selected_columns[0]
        ordered = statement.where(column > after).order_by(column).limit(limit)
        return list(session.execute(ordered).scalars())
    if resource in _WORDS:
        return _known_words(session, _WORDS[resource], after=after, limit=limit)
    used = select(EpcisItem.event_id).where(EpcisItem.identifier_id == EpcisIdentifier.id)
    statement = select(EpcisIdentifier.key)
    if resource in _PLACES:
        used = select(EpcisEvent.id).where(_PLACES[resource] == EpcisIdentifier.id)
        statement = statement.where(PLACE_KINDS)
    # A limit inside keeps the planner from reading every event before the first answer.
    is_used = used.limit(1).scalar_subquery().is_not(None)
    ordered = (
        statement.where(EpcisIdentifier.key > after, is_used)
        .order_by(EpcisIdentifier.key)
        .limit(limit)
    )
    return list(session.execute(ordered).scalars())


def _values_of_firm(resource: str, enterprise_id: int) -> Select[Any]:
    own = EpcisEvent.id.in_(delivered_by(enterprise_id))
    if resource in _WORDS:
        return select(_WORDS[resource]).where(own).distinct()
    if resource in _PLACES:
        used = select(_PLACES[resource]).where(own)
    else:
        used = select(EpcisItem.identifier_id).where(
            EpcisItem.event_id.in_(delivered_by(enterprise_id))
        )
    return select(EpcisIdentifier.key).where(EpcisIdentifier.id.in_(used))


def _known_words(session: Session, column: Any, *, after: str, limit: int) -> list[str]:
    """Words that occur: one look into an index for each of them."""
    found: list[str] = []
    while len(found) < limit:
        value = session.execute(select(func.min(column)).where(column > after)).scalar()
        if value is None:
            return found
        found.append(value)
        after = value
    return found


# Named queries


def named_queries(session: Session, *, enterprise_id: int | None) -> list[EpcisNamedQuery]:
    """The named queries of staff together, or of one firm, by name."""
    own = EpcisNamedQuery.enterprise_id.is_not_distinct_from(enterprise_id)
    return list(
        session.execute(select(EpcisNamedQuery).where(own).order_by(EpcisNamedQuery.name)).scalars()
    )


def named_query(session: Session, name: str, *, enterprise_id: int | None) -> EpcisNamedQuery:
    """A named query.

    Raises
    ------
    NamedQueryUnknown
        The one who asks has none of this name.
    """
    row = session.execute(
        select(EpcisNamedQuery).where(
            EpcisNamedQuery.name == name,
            EpcisNamedQuery.enterprise_id.is_not_distinct_from(enterprise_id),
        )
    ).scalar_one_or_none()
    if row is None:
        raise NamedQueryUnknown(name=name[:100])
    return row
