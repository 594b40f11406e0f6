"""Shapes of sampling records."""

from __future__ import annotations

from typing import Any

from flask_smorest.fields import Upload
from marshmallow import fields, validate

from api.paging import PageArgs
from api.schemas.fields import Quantity, Schema, UtcTime, page_of
from sampling.maths.record_cells import masked
from sampling.maths.record_fields import FIELDS, PERSONAL, Channel, Evidence, Purpose, SampleKind

PURPOSES = tuple(Purpose)
CHANNELS = tuple(Channel)
NAMES = ", ".join(field.name for field in FIELDS)


class RecordArgs(PageArgs):
    """Filters of the list of records."""

    state = fields.String(
        load_default=None, validate=validate.OneOf(("draft", "signed", "discarded"))
    )
    purpose = fields.String(load_default=None, validate=validate.OneOf(PURPOSES))
    channel = fields.String(load_default=None, validate=validate.OneOf(CHANNELS))
    plan_no = fields.String(load_default=None)
    text = fields.String(
        load_default=None, metadata={"description": "part of number, unit, product"}
    )


class EditionArgs(Schema):
    """Which edition; the one that is worked on, else the newest, without."""

    edition = fields.Integer(strict=False, load_default=None, validate=validate.Range(min=1))


class ValuesField(fields.Dict):
    """Field name → text; which names there are is told by the refusal of any other."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(
            keys=fields.String(),
            values=fields.String(allow_none=True),
            metadata={"description": f"fields of the form: {NAMES}"},
            **facts,
        )


class RecordIn(Schema):
    """A new record, for a drawn unit or standing alone."""

    channel = fields.String(required=True, validate=validate.OneOf(CHANNELS))
    purpose = fields.String(load_default="supervision", validate=validate.OneOf(PURPOSES))
    plan_no = fields.String(load_default=None, allow_none=True)
    code = fields.String(load_default=None, allow_none=True)
    standalone_reason = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(max=2000)
    )
    enterprise_code = fields.String(load_default=None, allow_none=True)
    samplers = fields.List(fields.String(), load_default=list)
    product_no = fields.String(load_default=None, allow_none=True)
    values = ValuesField(load_default=dict)


class SampleIn(Schema):
    """A sealed sample."""

    kind = fields.String(required=True, validate=validate.OneOf(tuple(SampleKind)))
    quantity = fields.String(required=True)
    seal_no = fields.String(required=True)
    place = fields.String(load_default="")
    storage = fields.String(load_default="")


class RecordChange(Schema):
    """What is to be kept; what is not named stays, an empty value is removed."""

    values = ValuesField(load_default=None, allow_none=True)
    samples = fields.List(fields.Nested(SampleIn), load_default=None, allow_none=True)
    samplers = fields.List(fields.String(), load_default=None, allow_none=True)


class RecordReason(Schema):
    """A reason."""

    reason = fields.String(required=True, validate=validate.Length(min=1, max=2000))


class UnitSignatureIn(Schema):
    """The unit's signature, or its refusal with a witness."""

    name = fields.String(load_default="", validate=validate.Length(max=100))
    refusal = fields.String(load_default="", validate=validate.Length(max=2000))
    witness = fields.String(load_default="", validate=validate.Length(max=100))


class AttachmentArgs(Schema):
    """What a file shows."""

    kind = fields.String(required=True, validate=validate.OneOf(tuple(Evidence)))
    note = fields.String(load_default=None, validate=validate.Length(max=300))


class AttachmentFile(Schema):
    """The file itself."""

    file = Upload(required=True)


class SamplerOut(Schema):
    """A sampler."""

    number = fields.String()
    name = fields.String()
    certificate_no = fields.String(allow_none=True)


class SampleOut(Schema):
    """A sealed sample with its number."""

    no = fields.String()
    kind = fields.String()
    quantity = Quantity()
    seal_no = fields.String()
    place = fields.String()
    storage = fields.String()


class AttachmentOut(Schema):
    """A photo or file by its hash."""

    kind = fields.String()
    sha256 = fields.String()
    name = fields.String()
    media_type = fields.String()
    size = fields.Integer()
    note = fields.String(allow_none=True)
    added_at = UtcTime()


class SignatureOut(Schema):
    """A signature; names are masked."""

    role = fields.String()
    name = fields.Function(lambda view: masked(view.name))
    statement = fields.String(allow_none=True)
    signed_at = UtcTime()
    is_current = fields.Boolean()


def shown_values(view: Any) -> dict[str, str]:
    """The fields of a record, the personal ones masked."""
    return {name: masked(text) if name in PERSONAL else text for name, text in view.values.items()}


class RecordOut(Schema):
    """One edition of a record."""

    no = fields.String()
    edition = fields.Integer()
    state = fields.String()
    purpose = fields.String()
    channel = fields.String()
    plan_no = fields.String(allow_none=True)
    code = fields.String(allow_none=True)
    standalone_reason = fields.String(allow_none=True)
    enterprise_code = fields.String(allow_none=True)
    values = fields.Function(shown_values, metadata={"type": "object"})
    samplers = fields.List(fields.Nested(SamplerOut))
    samples = fields.List(fields.Nested(SampleOut))
    attachments = fields.List(fields.Nested(AttachmentOut))
    signatures = fields.List(fields.Nested(SignatureOut))
    content_sha256 = fields.String()
    sha256 = fields.String(allow_none=True)
    journal_sequence = fields.Integer(allow_none=True)
    correction_reason = fields.String(allow_none=True)
    discard_reason = fields.String(allow_none=True)
    created_at = UtcTime()
    updated_at = UtcTime()
    signed_at = UtcTime(allow_none=True)
    version = fields.Integer()


class ProblemOut(Schema):
    """Something that keeps a record from being signed."""

    field = fields.String()
    problem = fields.String()


class VerdictOut(Schema):
    """Whether a printed record is genuine; nothing else."""

    verdict = fields.String(metadata={"description": "genuine, replaced or not_genuine"})


RecordPage = page_of(RecordOut, "RecordPage")
