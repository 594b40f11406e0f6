"""Shapes of the evidence behind traces."""

from __future__ import annotations

from marshmallow import fields, validate

from api.schemas.fields import Schema, UtcTime
from api.schemas.traceability import LotOut, PartyOut, PlainQuantity


class EvidenceArgs(Schema):
    """Numbers of rows, as traces, gaps and findings name them."""

    id = fields.List(fields.Integer(), required=True, validate=validate.Length(min=1, max=200))


class StatedRowOut(Schema):
    """What one row says, and where it is written: file and row, or event."""

    id = fields.Integer()
    source = fields.String()
    kind = fields.String()
    lot = fields.Nested(LotOut)
    from_party = fields.Nested(PartyOut, allow_none=True)
    to_party = fields.Nested(PartyOut, allow_none=True)
    owner = fields.Nested(PartyOut, allow_none=True)
    place = fields.String(allow_none=True)
    quantity = PlainQuantity(allow_none=True)
    unit = fields.String()
    earliest_at = UtcTime(allow_none=True)
    latest_at = UtcTime(allow_none=True)
    document_no = fields.String(allow_none=True)
    inputs = fields.String(allow_none=True)
    process = fields.String(allow_none=True)
    file_sha256 = fields.String(allow_none=True)
    file_row = fields.Integer(allow_none=True)
    epcis_event_id = fields.Integer(allow_none=True)
    event_name = fields.String(allow_none=True)
    event_hash = fields.String(allow_none=True)
    valid_from = UtcTime()
    valid_until = UtcTime(allow_none=True)


class StatedRowsOut(Schema):
    """Rows by number."""

    items = fields.List(fields.Nested(StatedRowOut))


class ContentsArgs(Schema):
    """A container, and when."""

    container = fields.String(required=True, validate=validate.Length(min=1, max=512))
    at = UtcTime(load_default=None)
    as_of = UtcTime(load_default=None)


class ContainerContentOut(Schema):
    """Something inside for a time; no bound where nobody told it."""

    child = fields.String()
    lot = fields.Nested(LotOut, allow_none=True)
    quantity = PlainQuantity(allow_none=True)
    unit = fields.String()
    from_at = UtcTime(allow_none=True)
    until_at = UtcTime(allow_none=True)
    is_asset = fields.Boolean()
    epcis_event_id = fields.Integer()


class ContainerContentsOut(Schema):
    """What lay in a container."""

    items = fields.List(fields.Nested(ContainerContentOut))
