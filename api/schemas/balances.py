"""Shapes of an enterprise's balance. Quantities are strings or bounds: no digit is lost."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.fields import Schema, UtcTime
from api.schemas.traceability import (
    AmountField,
    BalanceOut,
    FindingOut,
    LotOut,
    PartyOut,
    PlainQuantity,
)


class FirmBalanceArgs(Schema):
    """Which lots: those with a ledger row in the period, as the ledgers stood at ``as_of``."""

    since = fields.Date(load_default=None, metadata={"description": "default: a year before until"})
    until = fields.Date(load_default=None, metadata={"description": "default: today"})
    as_of = UtcTime(load_default=None)


class ToldOut(Schema):
    """How much has a known neighbour; ``whole`` is null where the ledger does not say."""

    known = PlainQuantity()
    whole = PlainQuantity(allow_none=True)
    share = fields.Float()


class FirmLotOut(Schema):
    """A lot at the enterprise."""

    lot_id = fields.Integer()
    balance = fields.Nested(BalanceOut)
    origin = fields.Nested(ToldOut)
    destination = fields.Nested(ToldOut)


class ProductBalanceOut(Schema):
    """All lots of a product: came = went + on hand + unaccounted."""

    product_id = fields.Integer()
    lots = fields.Integer()
    unit = fields.String(allow_none=True)
    came = AmountField()
    went = AmountField()
    on_hand = AmountField()
    unaccounted = AmountField()


class ProcessOut(Schema):
    """A production and its yield by weight."""

    event_id = fields.Integer()
    lot_id = fields.Integer()
    product_id = fields.Integer()
    out_kg = PlainQuantity(allow_none=True)
    in_kg = PlainQuantity(allow_none=True)
    ratio = fields.Float(allow_none=True)
    inputs = fields.String(allow_none=True)
    is_low = fields.Boolean()


class FirmAccountOut(Schema):
    """The balance of an enterprise, with how complete its ledger is."""

    enterprise_id = fields.Integer()
    since = fields.Date()
    until = fields.Date()
    as_of = UtcTime()
    party = fields.Nested(PartyOut)
    truncated = fields.Boolean()
    origin_share = fields.Float(allow_none=True, attribute="balance.origin_share")
    destination_share = fields.Float(allow_none=True, attribute="balance.destination_share")
    products = fields.List(fields.Nested(ProductBalanceOut), attribute="balance.products")
    processes = fields.List(fields.Nested(ProcessOut), attribute="balance.processes")
    findings = fields.List(fields.Nested(FindingOut), attribute="balance.findings")
    lots = fields.List(fields.Nested(FirmLotOut), attribute="balance.lots")
    named = fields.Function(
        lambda account: LotOut(many=True).dump([account.lots[key] for key in sorted(account.lots)])
    )
