"""The log of draws over HTTP."""

from __future__ import annotations

from marshmallow import fields, validate

from api.schemas.fields import Schema, UtcTime

_NUMBER = validate.Range(min=1, max=2**53)


class EntryArgs(Schema):
    """A range of entries; at most 1,000."""

    first = fields.Integer(data_key="from", load_default=1, validate=_NUMBER)
    last = fields.Integer(data_key="to", load_default=None, allow_none=True, validate=_NUMBER)


class CheckpointArgs(Schema):
    """Older checkpoints than a size."""

    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=500))
    below = fields.Integer(load_default=None, allow_none=True, validate=_NUMBER)


class InclusionArgs(Schema):
    """An entry, and the size of the log it must be in (default: the latest signed)."""

    sequence = fields.Integer(required=True, validate=_NUMBER)
    size = fields.Integer(load_default=None, allow_none=True, validate=_NUMBER)


class ConsistencyArgs(Schema):
    """Two sizes of the log; ``to`` by default the latest signed."""

    first = fields.Integer(data_key="from", required=True, validate=_NUMBER)
    second = fields.Integer(data_key="to", load_default=None, allow_none=True, validate=_NUMBER)


class LogEntryOut(Schema):
    """An entry: always its hash; its whole body once nothing in it warns the inspected.

    A whole one is a receipt: the hash covers stream, sequence, kind, recorded_at and body.
    """

    stream = fields.String()
    sequence = fields.Integer()
    kind = fields.String()
    previous_hash = fields.String()
    hash = fields.String()
    recorded_at = fields.String(allow_none=True, attribute="recorded")
    body = fields.Dict()
    is_whole = fields.Boolean()
    opens_on = fields.Date(allow_none=True)


class LogEntriesOut(Schema):
    """Entries, and the size of the latest checkpoint."""

    size = fields.Integer()
    items = fields.List(fields.Nested(LogEntryOut))


class LogCheckpointOut(Schema):
    """A signed checkpoint; ``note`` is the text to keep."""

    size = fields.Integer()
    root = fields.String()
    note = fields.String()
    key = fields.String()
    signed_at = UtcTime()


class CheckpointsOut(Schema):
    """Checkpoints, newest first."""

    items = fields.List(fields.Nested(LogCheckpointOut))


class InclusionOut(Schema):
    """Hashes from the leaf upwards."""

    size = fields.Integer()
    root = fields.String()
    leaf_hash = fields.String()
    proof = fields.List(fields.String())


class ConsistencyOut(Schema):
    """Hashes that lead from the older root to the newer."""

    size = fields.Integer()
    root = fields.String()
    first_root = fields.String()
    proof = fields.List(fields.String())


class LogKeyOut(Schema):
    """A public key as a verifier line."""

    key = fields.String()
    created_at = UtcTime()
    is_current = fields.Boolean()
    reason = fields.String(allow_none=True)


class LogKeysOut(Schema):
    """All keys, the present one first."""

    items = fields.List(fields.Nested(LogKeyOut))


class UnitInclusionArgs(Schema):
    """Whose entry in a roster, and the token where the roster is not public yet."""

    code = fields.String(required=True, validate=validate.Length(min=1, max=64))
    token = fields.String(load_default="", validate=validate.Length(max=64))


class UnitInclusionOut(Schema):
    """The proof as one file: ``zhiheng verify-draw --inclusion FILE``."""

    format = fields.String()
    unit = fields.List(fields.Raw())
    index = fields.Integer()
    size = fields.Integer()
    path = fields.List(fields.String())
    frame_root = fields.String()
    plan = fields.Dict()
    receipt = fields.Dict()


class OtherLogIn(Schema):
    """A published log of a draw by another method."""

    method = fields.String(
        required=True, validate=validate.OneOf(["rfc3797", "consistent-sampler"])
    )
    log = fields.String(required=True, validate=validate.Length(min=1))


class PickOut(Schema):
    """One pick, as published and as recomputed."""

    number = fields.Integer()
    published = fields.String()
    recomputed = fields.String()
    agrees = fields.Boolean()
    detail = fields.String()


class OtherLogOut(Schema):
    """What became of the log."""

    method = fields.String()
    size = fields.Integer()
    agrees = fields.Boolean()
    picks = fields.List(fields.Nested(PickOut))
    notes = fields.List(fields.String())


class UnitTokenArgs(Schema):
    """Whose token."""

    code = fields.String(required=True, validate=validate.Length(min=1, max=64))


class UnitTokenOut(Schema):
    """What lets somebody without an account read one entry of a closed roster."""

    code = fields.String()
    token = fields.String()
