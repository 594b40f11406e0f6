"""Blueprints whose arguments are strict: an unknown query parameter is an error (400)."""

from __future__ import annotations

from typing import Any, NoReturn

import flask_smorest
import marshmallow
from flask import Request
from webargs.flaskparser import FlaskParser

from api.errors import InputRefused


class StrictParser(FlaskParser):
    """Refuses what the schema does not name, wherever it comes from."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - webargs reads it as a class attribute
        "json": marshmallow.RAISE,
        "form": marshmallow.RAISE,
        "query": marshmallow.RAISE,
        "files": marshmallow.RAISE,
        "headers": marshmallow.EXCLUDE,
        "cookies": marshmallow.EXCLUDE,
    }

    def handle_error(
        self, error: marshmallow.ValidationError, req: Request, schema: Any, **_: Any
    ) -> NoReturn:
        """Turn validation messages into one refusal with fields."""
        raise InputRefused.of(error)


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """A flask-smorest blueprint with the strict parser."""

    ARGUMENTS_PARSER = StrictParser()
