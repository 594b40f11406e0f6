"""Shapes of background jobs."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.fields import Schema, UtcTime


class JobArgs(Schema):
    """Filter of the job list."""

    message_id = fields.Integer(load_default=None)
    limit = fields.Integer(load_default=50)


class JobOut(Schema):
    """A job: its stage, how far it is, how it ended."""

    id = fields.Integer()
    message_id = fields.Integer()
    topic = fields.String()
    job = fields.String()
    state = fields.String()
    stage = fields.String(allow_none=True)
    done = fields.Integer()
    total = fields.Integer()
    attempt = fields.Integer()
    error = fields.String(allow_none=True)
    cancel_requested = fields.Boolean()
    created_at = UtcTime()
    started_at = UtcTime(allow_none=True)
    finished_at = UtcTime(allow_none=True)
