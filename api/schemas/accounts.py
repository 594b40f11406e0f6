"""Shapes of sign-in."""

from __future__ import annotations

from marshmallow import fields, validate

from api.schemas.fields import Schema


class TokenIn(Schema):
    """Login and password."""

    login = fields.String(required=True, validate=validate.Length(min=1, max=200))
    password = fields.String(required=True, load_only=True, validate=validate.Length(max=1000))


class TokenOut(Schema):
    """A bearer token, shown once."""

    token = fields.String()
    role = fields.String()
    name = fields.String()


class ActorOut(Schema):
    """Who is asking."""

    account_id = fields.Integer(allow_none=True)
    name = fields.String()
    role = fields.String()
    enterprise_id = fields.Integer(allow_none=True)
    person_id = fields.Integer(allow_none=True)
