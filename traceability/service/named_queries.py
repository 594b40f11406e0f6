"""Queries kept under a name, by staff together or by one firm."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import audit
from core.actors import Actor
from core.clock import now
from traceability.errors import NamedQueryKnown
from traceability.models.epcis import EpcisNamedQuery
from traceability.queries import epcis as queries
from traceability.queries.epcis_filters import CONTROLS, Filters, controls, wrong

NAME = re.compile(r"[A-Za-z0-9_.\-]{1,100}").fullmatch
Parameters = Mapping[str, Sequence[str]]


def create(session: Session, actor: Actor, name: str, query: Mapping[str, Any]) -> EpcisNamedQuery:
    """Keep a query under a name; it is checked now, and again whenever it runs.

    Raises
    ------
    QueryRefused
        The name or a parameter makes no sense.
    NamedQueryKnown
        The one who asks has a query of this name.
    """
    if not NAME(name):
        raise wrong("name", "A name has 1 to 100 letters, digits, dots, dashes or underscores.")
    parameters = as_parameters(query)
    controls(parameters)
    filters = Filters(session)
    for each, values in parameters.items():
        if each not in CONTROLS:
            filters.condition(each, values)
    added = session.execute(
        insert(EpcisNamedQuery)
        .values(
            name=name,
            enterprise_id=actor.enterprise_id,
            query={each: list(values) for each, values in parameters.items()},
            created_by=actor.account_id,
            created_at=now(),
        )
        .on_conflict_do_nothing()
        .returning(EpcisNamedQuery.id)
    ).scalar_one_or_none()
    if added is None:
        raise NamedQueryKnown(name=name)
    audit.record(session, actor, "epcis-query.created", name)
    return session.get_one(EpcisNamedQuery, added)


def delete(session: Session, actor: Actor, name: str) -> None:
    """Forget a named query.

    Raises
    ------
    NamedQueryUnknown
        The one who asks has none of this name.
    """
    session.delete(queries.named_query(session, name, enterprise_id=actor.enterprise_id))
    audit.record(session, actor, "epcis-query.deleted", name)


def as_parameters(query: Mapping[str, Any]) -> dict[str, list[str]]:
    """A query of JSON values as parameters, each a list of texts.

    Raises
    ------
    QueryRefused
        A value that no parameter has.
    """
    parameters = {}
    for name, value in query.items():
        if name in ("@context", "nextPageToken"):
            continue
        values = value if isinstance(value, list) else [value]
        if not values or not all(isinstance(each, str | int | float) for each in values):
            raise wrong(name, "Give a text, a number, or a list of them.")
        parameters[name] = [_text(each) for each in values]
    return parameters


def _text(value: str | int | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
