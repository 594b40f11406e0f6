"""Shapes of uploads."""

from __future__ import annotations

from flask_smorest.fields import Upload
from marshmallow import fields

from api.schemas.fields import Schema, UtcTime


class UploadArgs(Schema):
    """How to treat the file."""

    dry_run = fields.Boolean(load_default=True)
    good_rows_only = fields.Boolean(load_default=False)
    mapping = fields.String(load_default=None, metadata={"description": "name of a mapping file"})


class UploadFile(Schema):
    """The file itself."""

    file = Upload(required=True)


class UploadOut(Schema):
    """An upload and what was found in it."""

    id = fields.Integer()
    kind = fields.String()
    file_name = fields.String()
    file_sha256 = fields.String()
    state = fields.String()
    row_count = fields.Integer()
    problem_count = fields.Integer()
    counts = fields.Dict()
    grouped_problems = fields.List(fields.List(fields.Raw()), allow_none=True)
    marked_sha256 = fields.String(allow_none=True)
    good_rows_only = fields.Boolean()
    message_id = fields.Integer(allow_none=True)
    created_at = UtcTime()
    finished_at = UtcTime(allow_none=True)
