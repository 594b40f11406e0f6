"""Cursor paging with exact totals."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from flask import after_this_request, request
from marshmallow import fields, validate
from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session
from werkzeug.wrappers import Response

from api.errors import InputRefused
from api.schemas.fields import Schema
from core.errors import FieldProblem

LARGEST_PAGE = 200


class PageArgs(Schema):
    """Query parameters of every list."""

    limit = fields.Integer(
        strict=False, load_default=50, validate=validate.Range(min=1, max=LARGEST_PAGE)
    )
    cursor = fields.String(load_default=None, allow_none=True)


def _encoded(values: Sequence[Any]) -> str:
    plain = [value.isoformat() if isinstance(value, date | datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _decoded(cursor: str, columns: Sequence[InstrumentedAttribute[Any]]) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(columns):
            raise ValueError(cursor)
        return [
            kind.fromisoformat(value)
            if (kind := column.type.python_type) in (date, datetime)
            else kind(value)
            for column, value in zip(columns, values, strict=True)
        ]
    except (ValueError, TypeError, binascii.Error) as error:
        raise InputRefused(
            [FieldProblem("cursor", "Not a cursor of this list; begin without one.")], status=400
        ) from error


def page(
    session: Session,
    statement: Select[Any],
    *,
    key: tuple[InstrumentedAttribute[Any], ...],
    limit: int,
    cursor: str | None,
    descending: bool = False,
    view: Callable[[Any], Any] | None = None,
) -> dict[str, Any]:
    """One page of a list.

    Parameters
    ----------
    statement : Select
        Selects one entity, unordered.
    key : tuple of columns
        Unique together; the order of the list.
    view : callable, optional
        Turns an entity into what the schema dumps.

    Returns
    -------
    dict
        ``items``, ``total`` (exact, over all pages) and ``next`` (a cursor, or None).
    """
    total = session.execute(
        select(func.count()).select_from(statement.order_by(None).subquery())
    ).scalar_one()
    part = statement.order_by(*[column.desc() if descending else column.asc() for column in key])
    if cursor:
        after = tuple_(*_decoded(cursor, key))
        part = part.where(tuple_(*key) < after if descending else tuple_(*key) > after)
    rows = list(session.execute(part.limit(limit + 1)).scalars())
    more = len(rows) > limit
    rows = rows[:limit]
    following = _encoded([getattr(rows[-1], column.key) for column in key]) if more else None
    if following:
        link_next(request.args.to_dict(flat=False) | {"cursor": [following]})
    return {
        "items": [view(row) for row in rows] if view else rows,
        "total": total,
        "next": following,
    }


def link_next(arguments: dict[str, list[str]], *, path: str | None = None) -> None:
    """Tell in the Link header where the next page is; without a path where this one is."""
    place = path or request.path

    def add(response: Response) -> Response:
        from urllib.parse import urlencode

        query = urlencode(arguments, doseq=True)
        response.headers["Link"] = f'<{place}?{query}>; rel="next"'
        return response

    after_this_request(add)
