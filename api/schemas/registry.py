"""Shapes of the shared nouns."""

from __future__ import annotations

from marshmallow import fields, validate

from api.paging import PageArgs
from api.schemas.fields import Schema, UtcTime, page_of


class EnterpriseArgs(PageArgs):
    """Filters of the enterprise list."""

    text = fields.String(load_default=None, metadata={"description": "part of the name or code"})
    region = fields.String(load_default=None)
    category = fields.String(load_default=None)
    grade = fields.String(load_default=None, validate=validate.OneOf("ABCD"))


class EnterpriseOut(Schema):
    """An enterprise, as staff see it."""

    id = fields.Integer()
    code_scheme = fields.String()
    code = fields.String()
    name = fields.String()
    region_id = fields.Integer(allow_none=True)
    category_id = fields.Integer(allow_none=True)
    address = fields.String(allow_none=True)
    status = fields.String()
    risk_tier = fields.String(allow_none=True)
    grade = fields.String(allow_none=True)
    code_warnings = fields.List(fields.String())
    updated_at = UtcTime()
    version = fields.Integer()


EnterprisePage = page_of(EnterpriseOut, "EnterprisePage")


class NodeOut(Schema):
    """A region or category in its tree."""

    id = fields.Integer()
    code = fields.String()
    name = fields.String()
    parent_id = fields.Integer(allow_none=True)


class GradeIn(Schema):
    """A new credit-risk class."""

    grade = fields.String(required=True, validate=validate.OneOf("ABCD"))
    model = fields.String(required=True, validate=validate.Length(min=1, max=200))
    reason = fields.String(required=True, validate=validate.Length(min=1, max=2000))


class RuleArgs(Schema):
    """Which rule, on which day."""

    on = fields.Date(load_default=None)


class InspectorOut(Schema):
    """An inspector."""

    person_id = fields.Integer()
    number = fields.String()
    name = fields.String()
    department_code = fields.String(allow_none=True)
    region_code = fields.String(allow_none=True)
    senior = fields.Boolean()
    qualifications = fields.List(fields.String())
    certificate_until = fields.Date(allow_none=True)
    is_active = fields.Boolean()
