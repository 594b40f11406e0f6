"""Versions of records as ETags: a change names the version it was made from."""

from __future__ import annotations

from flask import after_this_request, request
from werkzeug.wrappers import Response

from api.errors import PreconditionMissing
from core.errors import Stale


def set(version: int) -> None:
    """Give the record's version with the answer."""

    def add(response: Response) -> Response:
        response.set_etag(f"v{version}")
        return response

    after_this_request(add)


def check(version: int) -> None:
    """Refuse a change that was made from another version.

    Raises
    ------
    PreconditionMissing
        There is no If-Match (428).
    Stale
        Someone else changed the record meanwhile (412).
    """
    if not request.if_match:
        raise PreconditionMissing
    if not request.if_match.contains(f"v{version}"):
        raise Stale
