"""SimpleEventQuery: parameters by name, each a condition on events (EPCIS 2.0, section 8.2.7)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from sqlalchemy import ColumnElement, CompoundSelect, and_, false, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from core.errors import FieldProblem
from traceability.errors import QueryRefused
from traceability.maths.epcis.event import EventType, IdentifierKind, Role
from traceability.maths.epcis.identifiers import identify
from traceability.maths.epcis.times import NoInstant, instant
from traceability.maths.epcis.vocabulary import URNS, Term
from traceability.models.epcis import (
    EpcisAlias,
    EpcisDeclaration,
    EpcisDelivery,
    EpcisEvent,
    EpcisIdentifier,
    EpcisItem,
    EpcisParty,
    EpcisTransaction,
)

Condition = ColumnElement[bool]
Values = Sequence[str]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LARGEST_PAGE = 1000
USUAL_PAGE = 100
# Values of one parameter.
MOST_VALUES = 1000

# Parts of the standard that ask for what is not kept as columns here.
_NOT_HERE = re.compile(
    r"(EQ|GT|GE|LT|LE|EXISTS|HASATTR|EQ_ATTR)_(.*[:_].*|persistentDisposition.*|sensor.*|deviceID"
    r"|type|dataProcessingMethod|microorganism|chemicalSubstance|bizRules|stringValue"
    r"|booleanValue|hexBinaryValue|uriValue|percRank|time|startTime|endTime|sensorElementList)"
).fullmatch

_MATCHES: dict[str, frozenset[Role]] = {
    "MATCH_epc": frozenset({Role.EPC, Role.CHILD}),
    "MATCH_parentID": frozenset({Role.PARENT}),
    "MATCH_inputEPC": frozenset({Role.INPUT}),
    "MATCH_outputEPC": frozenset({Role.OUTPUT}),
    "MATCH_anyEPC": frozenset(Role),
    "MATCH_epcClass": frozenset({Role.EPC, Role.CHILD}),
    "MATCH_inputEPCClass": frozenset({Role.INPUT}),
    "MATCH_outputEPCClass": frozenset({Role.OUTPUT}),
    "MATCH_anyEPCClass": frozenset(Role),
}
_LAST_PART_OPEN = re.compile(r"urn:epc:idpat:(sgtin|lgtin):([0-9]+\.[0-9]+)\.\*").fullmatch


def bare_word(term: Term, text: str) -> str:
    """A word of the vocabulary, however it was written."""
    for urn, kind in URNS:
        if kind is term and text.startswith(urn):
            return text[len(urn) :]
    return text.removeprefix(term.value).removeprefix("cbv:" + term.value.rpartition("/")[2])


class Filters:
    """Turns parameters into conditions, looking identifiers up in the dictionary."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def condition(self, name: str, values: Values) -> Condition:
        """The condition of one parameter.

        Raises
        ------
        QueryRefused
            There is no such parameter, or its value makes no sense.
        """
        if not values or len(values) > MOST_VALUES:
            raise wrong(name, "Give 1 to {most} values.", most=MOST_VALUES)
        if any("\0" in value for value in values):
            raise wrong(name, "No value holds the character U+0000.")
        simple = _SIMPLE.get(name)
        if simple is not None:
            return simple(self, name, values)
        if name in _MATCHES:
            return self._items(name, _MATCHES[name], values)
        for prefix, build in _OPEN.items():
            if name.startswith(prefix) and len(name) > len(prefix):
                return build(self, name, values)
        if _NOT_HERE(name):
            raise wrong(name, "This parameter of the standard is not supported here.")
        raise wrong(name, "Unknown query parameter.")

    def _ids(self, keys: Sequence[str]) -> list[int]:
        return list(
            self.session.execute(
                select(EpcisIdentifier.id).where(EpcisIdentifier.key.in_(keys))
            ).scalars()
        )

    def _items(self, name: str, roles: frozenset[Role], values: Values) -> Condition:
        patterns = [found for value in values if (found := _LAST_PART_OPEN(value))]
        if any("*" in value for value in values if not _LAST_PART_OPEN(value)):
            raise wrong(name, "Only the last part of an SGTIN or LGTIN pattern may be open (*).")
        ids = self._ids([identify(value).key for value in values if not _LAST_PART_OPEN(value)])
        for kind, numbers in (found.groups() for found in patterns):
            ids.extend(self._lots_or_instances(kind, numbers))
        if not ids:
            return false()
        items = select(EpcisItem.event_id).where(EpcisItem.identifier_id.in_(ids))
        if roles != frozenset(Role):
            items = items.where(EpcisItem.role.in_([role.value for role in roles]))
        return EpcisEvent.id.in_(items)

    def _lots_or_instances(self, kind: str, numbers: str) -> list[int]:
        """Every known instance, or lot, of a GTIN."""
        gtin = identify(f"urn:epc:id:sgtin:{numbers}.0").gtin
        if gtin is None:
            return []
        step = "21" if kind == "sgtin" else "10"
        prefix = f"https://id.gs1.org/01/{gtin}/{step}/"
        wanted = IdentifierKind.INSTANCE if kind == "sgtin" else IdentifierKind.LOT
        # "0" is the character after "/": a range, so that the index serves it.
        return list(
            self.session.execute(
                select(EpcisIdentifier.id).where(
                    EpcisIdentifier.key >= prefix,
                    EpcisIdentifier.key < prefix[:-1] + "0",
                    EpcisIdentifier.kind == wanted.value,
                )
            ).scalars()
        )

    def _place(self, name: str, values: Values) -> Condition:
        column = EpcisEvent.read_point_id if "readPoint" in name else EpcisEvent.biz_location_id
        keys = [identify(value).key for value in values]
        ids = self._ids(keys)
        if name.startswith("WD_"):  # and what is below it: the GLN with any extension
            for key in keys:
                below = and_(
                    EpcisIdentifier.key >= f"{key}/254/", EpcisIdentifier.key < f"{key}/2540"
                )
                ids.extend(self.session.execute(select(EpcisIdentifier.id).where(below)).scalars())
        return column.in_(ids) if ids else false()

    def _party(self, name: str, values: Values) -> Condition:
        _, role, kind = name.split("_", 2)
        ids = self._ids([identify(value).key for value in values])
        return EpcisEvent.id.in_(
            select(EpcisParty.event_id).where(
                EpcisParty.identifier_id.in_(ids),
                EpcisParty.role == role,
                EpcisParty.type == bare_word(Term.PARTY, kind),
            )
        )

    def _transaction(self, name: str, values: Values) -> Condition:
        kind = bare_word(Term.TRANSACTION, name.removeprefix("EQ_bizTransaction_"))
        return EpcisEvent.id.in_(
            select(EpcisTransaction.event_id).where(
                EpcisTransaction.identifier.in_(values), EpcisTransaction.type == kind
            )
        )

    def _quantity(self, name: str, values: Values) -> Condition:
        operator, _, rest = name.partition("_")
        unit = rest.removeprefix("quantity").removeprefix("_") or None
        compare = _COMPARISONS[operator]
        conditions = []
        for value in values:
            try:
                amount = Decimal(value)
            except InvalidOperation:
                amount = Decimal("NaN")
            if not amount.is_finite():
                raise wrong(name, "{value} is not a number.", value=value)
            conditions.append(compare(EpcisItem.quantity, amount))
        items = select(EpcisItem.event_id).where(
            EpcisItem.event_id == EpcisEvent.id, or_(*conditions)
        )
        if unit is not None:
            items = items.where(EpcisItem.unit == unit)
        # No index knows quantities: events are looked at one by one until the page is full.
        return items.limit(1).scalar_subquery().is_not(None)

    def _times(self, name: str, values: Values) -> Condition:
        operator, _, rest = name.partition("_")
        bound = moment(name, values)
        compare = _COMPARISONS[operator]
        if rest == "eventTime":
            return compare(EpcisEvent.event_time, bound)
        if rest == "recordTime":
            return compare(EpcisEvent.recorded_at, bound)
        return EpcisEvent.id.in_(
            select(EpcisDeclaration.event_id).where(compare(EpcisDeclaration.declared_at, bound))
        )

    def _event_id(self, name: str, values: Values) -> Condition:
        return EpcisEvent.id.in_(named(values))

    def _event_type(self, name: str, values: Values) -> Condition:
        wanted = [value.removeprefix("epcis:") for value in values]
        unknown = [value for value in wanted if value not in set(EventType)]
        if unknown:
            raise wrong(name, "There is no event type {value}.", value=unknown[0])
        return EpcisEvent.type.in_(wanted)

    def _action(self, name: str, values: Values) -> Condition:
        unknown = [value for value in values if value not in ("ADD", "OBSERVE", "DELETE")]
        if unknown:
            raise wrong(name, "An action is ADD, OBSERVE or DELETE, not {value}.", value=unknown[0])
        return EpcisEvent.action.in_(values)

    def _step(self, name: str, values: Values) -> Condition:
        return EpcisEvent.biz_step.in_([bare_word(Term.STEP, value) for value in values])

    def _disposition(self, name: str, values: Values) -> Condition:
        words = [bare_word(Term.DISPOSITION, value) for value in values]
        return EpcisEvent.disposition.in_(words)

    def _transformation(self, name: str, values: Values) -> Condition:
        return EpcisEvent.transformation_id.in_(values)

    def _declared(self, name: str, values: Values) -> Condition:
        return EpcisEvent.id.in_(select(EpcisDeclaration.event_id))

    def _reason(self, name: str, values: Values) -> Condition:
        words = [bare_word(Term.REASON, value) for value in values]
        return EpcisEvent.id.in_(
            select(EpcisDeclaration.event_id).where(EpcisDeclaration.reason.in_(words))
        )

    def _corrective(self, name: str, values: Values) -> Condition:
        named = or_(*[EpcisDeclaration.corrective_ids.contains([value]) for value in values])
        return EpcisEvent.id.in_(select(EpcisDeclaration.event_id).where(named))


Build = Callable[[Filters, str, Values], Condition]

_COMPARISONS: Mapping[str, Callable[..., Condition]] = {
    "EQ": lambda column, value: column == value,
    "GT": lambda column, value: column > value,
    "GE": lambda column, value: column >= value,
    "LT": lambda column, value: column < value,
    "LE": lambda column, value: column <= value,
}

_SIMPLE: dict[str, Build] = {
    "eventType": Filters._event_type,
    "GE_eventTime": Filters._times,
    "LT_eventTime": Filters._times,
    "GE_recordTime": Filters._times,
    "LT_recordTime": Filters._times,
    "GE_errorDeclaration_Time": Filters._times,
    "LT_errorDeclaration_Time": Filters._times,
    # The abstract query language and the REST binding spell it differently.
    "GE_errorDeclaration_time": Filters._times,
    "LT_errorDeclaration_time": Filters._times,
    "GE_errorDeclarationTime": Filters._times,
    "LT_errorDeclarationTime": Filters._times,
    "EQ_action": Filters._action,
    "EQ_bizStep": Filters._step,
    "EQ_disposition": Filters._disposition,
    "EQ_readPoint": Filters._place,
    "WD_readPoint": Filters._place,
    "EQ_bizLocation": Filters._place,
    "WD_bizLocation": Filters._place,
    "EQ_transformationID": Filters._transformation,
    "EQ_eventID": Filters._event_id,
    "EXISTS_errorDeclaration": Filters._declared,
    "EQ_errorReason": Filters._reason,
    "EQ_correctiveEventID": Filters._corrective,
    **{f"{operator}_quantity": Filters._quantity for operator in _COMPARISONS},
}

# The rest of the name says more: a type, a unit.
_OPEN: dict[str, Build] = {
    "EQ_bizTransaction_": Filters._transaction,
    "EQ_source_": Filters._party,
    "EQ_destination_": Filters._party,
    **{f"{operator}_quantity_": Filters._quantity for operator in _COMPARISONS},
}


def named(event_ids: Values) -> CompoundSelect[tuple[int]]:
    """Numbers of the events of these eventIDs, as given first or later."""
    event = aliased(EpcisEvent)  # of its own, so that the index on eventIDs is looked into
    return union_all(
        select(event.id).where(event.event_id.in_(event_ids)),
        select(EpcisAlias.event_id).where(EpcisAlias.alias.in_(event_ids)),
    )


def delivered_by(enterprise_id: int) -> CompoundSelect[tuple[int]]:
    """Numbers of the events a firm delivered, first or after others.

    The database lets a firm see nothing else; said here too, the search begins with them.
    """
    event = aliased(EpcisEvent)
    return union_all(
        select(event.id).where(event.enterprise_id == enterprise_id),
        select(EpcisDelivery.event_id).where(EpcisDelivery.enterprise_id == enterprise_id),
    )


def names() -> tuple[str, ...]:
    """Every parameter with a fixed name that restricts events."""
    return (*_SIMPLE, *_MATCHES)


@dataclass(frozen=True, slots=True)
class Controls:
    """What a query says about its answer, not about events."""

    order_by: str = "recordTime"
    descending: bool = False
    event_count_limit: int | None = None
    max_event_count: int | None = None
    per_page: int = USUAL_PAGE
    token: str | None = None


CONTROLS = (
    *("orderBy", "orderDirection", "eventCountLimit", "maxEventCount"),
    *("perPage", "nextPageToken"),
)


def controls(parameters: Mapping[str, Values]) -> Controls:
    """The controls among the parameters.

    Raises
    ------
    QueryRefused
        A value that no control has.
    """
    order = single(parameters, "orderBy") or "recordTime"
    if order not in ("eventTime", "recordTime"):
        raise wrong("orderBy", "Order by eventTime or recordTime, not by {value}.", value=order)
    direction = single(parameters, "orderDirection") or (
        "DESC" if "orderBy" in parameters else "ASC"
    )
    if direction not in ("ASC", "DESC"):
        raise wrong("orderDirection", "A direction is ASC or DESC, not {value}.", value=direction)
    limit = count(parameters, "eventCountLimit", most=10**9)
    most = count(parameters, "maxEventCount", most=10**9)
    if limit is not None and most is not None:
        raise wrong("maxEventCount", "Give eventCountLimit or maxEventCount, not both.")
    page = count(parameters, "perPage", most=LARGEST_PAGE)
    return Controls(
        order,
        direction == "DESC",
        limit,
        most,
        page or USUAL_PAGE,
        single(parameters, "nextPageToken"),
    )


def single(parameters: Mapping[str, Values], name: str) -> str | None:
    """The one value of a parameter."""
    values = parameters.get(name)
    if values is None:
        return None
    if len(values) != 1:
        raise wrong(name, "Give one value.")
    return values[0]


def count(parameters: Mapping[str, Values], name: str, *, most: int) -> int | None:
    """A parameter that counts."""
    value = single(parameters, name)
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", value) or not 1 <= int(value) <= most:
        raise wrong(name, "Give a whole number from 1 to {most}.", most=most)
    return int(value)


def moment(name: str, values: Values) -> datetime:
    """A parameter that is an instant."""
    try:
        return EPOCH + timedelta(microseconds=instant(values[0]).micros)
    except NoInstant:
        raise wrong(
            name, "{value} is not a time; write 2026-01-31T08:30:00+08:00.", value=values[0]
        ) from None


def wrong(name: str, words: str, **facts: object) -> QueryRefused:
    """A refusal that names the parameter."""
    problem = FieldProblem(name, words, dict(facts))
    return QueryRefused(reason=f"{name}: {problem}", fields=[problem])
