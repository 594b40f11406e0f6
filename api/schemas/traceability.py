"""Shapes of traces, lots, ledger rows and uploads. Quantities are strings: no digit is lost."""

from __future__ import annotations

from typing import Any

from flask_smorest.fields import Upload
from marshmallow import ValidationError, fields, validate, validates_schema

from api.paging import PageArgs
from api.schemas.fields import Schema, UtcTime, page_of
from traceability.maths.amounts import Amount, plain
from traceability.maths.answer import Level
from traceability.maths.ledger import EventKind

DIRECTIONS = ("forward", "backward", "both")


class AmountField(fields.Field[Any]):
    """Bounds of a quantity: ``{"lo": "10", "hi": null}``; null where no bound is known."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        if not isinstance(value, Amount):
            return None
        return {
            "lo": None if value.lo is None else plain(value.lo),
            "hi": None if value.hi is None else plain(value.hi),
        }


class PlainQuantity(fields.Field[Any]):
    """An exact quantity without exponent; null where the ledger does not say."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else plain(value)


class TraceArgs(Schema):
    """What to trace, and how far."""

    lot = fields.String(load_default=None, metadata={"description": "lot number"})
    lot_id = fields.List(
        fields.Integer(),
        load_default=None,
        validate=validate.Length(min=1),
        metadata={"description": "repeat it for several lots suspect together"},
    )
    gtin = fields.String(load_default=None, metadata={"description": "where lots share a number"})
    maker = fields.String(load_default=None, metadata={"description": "credit code of the maker"})
    party_id = fields.List(
        fields.Integer(),
        load_default=None,
        metadata={
            "description": "only what this holder has of the lot; with several lots one for each, "
            "0 where the whole lot is suspect"
        },
    )
    direction = fields.String(load_default="both", validate=validate.OneOf(DIRECTIONS))
    dates = fields.String(
        load_default="respected", validate=validate.OneOf(("respected", "ignored"))
    )
    as_of = UtcTime(load_default=None)
    contact = fields.String(
        load_default="none",
        validate=validate.OneOf(("none", "station", "line")),
        metadata={"description": "count lots that met at a station or on a line as linked"},
    )
    kill_steps = fields.String(
        load_default="confirmed",
        validate=validate.OneOf(("confirmed", "recorded", "none")),
        metadata={"description": "which cleanings and other steps end contact"},
    )
    max_depth = fields.Integer(load_default=50)
    max_nodes = fields.Integer(load_default=20_000)

    @validates_schema
    def one_lot(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Either a number or an id."""
        if bool(data.get("lot")) == (data.get("lot_id") is not None):
            raise ValidationError("Give the lot's number as lot, or its lot_id.", "lot")


class HolderOut(Schema):
    """Who holds goods."""

    party_id = fields.Integer()
    kind = fields.String()
    enterprise_id = fields.Integer(allow_none=True)
    code = fields.String(allow_none=True)
    name = fields.String(allow_none=True)


class PartyOut(HolderOut):
    """Who holds goods, and what it did with the lots of the answer."""

    roles = fields.List(fields.String())


class LotOut(Schema):
    """A lot and its product."""

    lot_id = fields.Integer()
    number = fields.String()
    product_id = fields.Integer()
    product_name = fields.String()
    gtin = fields.String(allow_none=True)
    category_id = fields.Integer(allow_none=True)
    maker_id = fields.Integer(allow_none=True)


class LotBalanceOut(Schema):
    """produced = held + sold + destroyed + consumed + unaccounted."""

    unit = fields.String()
    produced = AmountField()
    held = AmountField()
    sold = AmountField()
    destroyed = AmountField()
    consumed = AmountField()
    unaccounted = AmountField()
    findings = fields.List(fields.String())


class BalanceOut(Schema):
    """A lot at one holder: inflow = outflow + on hand + unaccounted."""

    unit = fields.String()
    produced = AmountField()
    received = AmountField()
    returned_in = AmountField()
    shipped = AmountField()
    returned_out = AmountField()
    sold = AmountField()
    destroyed = AmountField()
    consumed = AmountField()
    on_hand = AmountField()
    unaccounted = AmountField()
    counted = fields.Boolean()
    findings = fields.List(fields.String())


class TracedLotOut(Schema):
    """A lot in the answer."""

    lot = fields.Nested(LotOut)
    side = fields.String()
    depth = fields.Integer()
    earliest_at = UtcTime(allow_none=True)
    certain = fields.Boolean()
    level = fields.String(metadata={"enum": [level.value for level in Level]})
    balance = fields.Nested(LotBalanceOut)


class HoldingOut(Schema):
    """A lot at a holder, and the path that leads there."""

    lot_id = fields.Integer()
    party_id = fields.Integer()
    side = fields.String()
    depth = fields.Integer()
    earliest_at = UtcTime(allow_none=True)
    certain = fields.Boolean()
    path = fields.List(fields.String())
    weakest = fields.String()
    level = fields.String(metadata={"enum": [level.value for level in Level]})
    balance = fields.Nested(BalanceOut)


class EdgeOut(Schema):
    """A hop, or the use of a lot in another."""

    key = fields.String()
    kind = fields.String()
    from_lot_id = fields.Integer()
    from_party_id = fields.Integer()
    to_lot_id = fields.Integer()
    to_party_id = fields.Integer()
    earliest_at = UtcTime(allow_none=True)
    latest_at = UtcTime(allow_none=True)
    quantity = AmountField()
    unit = fields.String()
    received = AmountField(allow_none=True)
    received_unit = fields.String(allow_none=True)
    document_no = fields.String(allow_none=True)
    state = fields.String()
    event_ids = fields.List(fields.Integer())
    side = fields.String()
    certain = fields.Boolean()
    reason = fields.String(allow_none=True)
    place = fields.String(allow_none=True)


class GapOut(Schema):
    """Where the trail ends, and who can be asked."""

    reason = fields.String()
    ask_party_id = fields.Integer()
    lot_id = fields.Integer()
    party_id = fields.Integer()
    quantity = AmountField()
    unit = fields.String()
    event_id = fields.Integer(allow_none=True)


class FindingOut(Schema):
    """What in the ledgers cannot be right."""

    kind = fields.String()
    lot_id = fields.Integer()
    party_id = fields.Integer(allow_none=True)
    event_ids = fields.List(fields.Integer())
    facts = fields.Dict(keys=fields.String(), values=fields.String())


class SeedOut(Schema):
    """A lot asked about."""

    lot = fields.Nested(LotOut)
    party_id = fields.Integer(allow_none=True)


class TraceOut(Schema):
    """The whole answer; ``digest`` is the same for the same rows and question."""

    seed = fields.Nested(LotOut)
    seed_party_id = fields.Integer(allow_none=True)
    seeds = fields.List(fields.Nested(SeedOut))
    direction = fields.String()
    dates = fields.String()
    as_of = UtcTime()
    algorithm = fields.String()
    last_event_id = fields.Integer()
    truncated = fields.Boolean()
    truncated_because = fields.String(allow_none=True)
    contact = fields.String()
    kill_step_ids = fields.List(fields.Integer())
    digest = fields.Function(lambda trace: trace.digest())
    parties = fields.List(fields.Nested(PartyOut))
    lots = fields.List(fields.Nested(TracedLotOut))
    holdings = fields.List(fields.Nested(HoldingOut))
    edges = fields.List(fields.Nested(EdgeOut))
    gaps = fields.List(fields.Nested(GapOut))
    findings = fields.List(fields.Nested(FindingOut))


class LotArgs(PageArgs):
    """Search for lots."""

    q = fields.String(load_default="", validate=validate.Length(max=200))


LotPage = page_of(LotOut, "LotPage")


class HeldLotOut(Schema):
    """A lot at one holder."""

    party = fields.Nested(PartyOut)
    balance = fields.Nested(BalanceOut)


class LotDetailOut(Schema):
    """A lot, what became of it, and where it is."""

    lot = fields.Nested(LotOut)
    balance = fields.Nested(LotBalanceOut)
    holders = fields.List(fields.Nested(HeldLotOut))
    findings = fields.List(fields.Nested(FindingOut))
    events = fields.Integer()
    as_of = UtcTime()


class MovementArgs(PageArgs):
    """Filter of ledger rows; an enterprise sees its own."""

    lot_id = fields.Integer(load_default=None)
    enterprise_id = fields.Integer(load_default=None)
    kind = fields.String(
        load_default=None, validate=validate.OneOf([kind.value for kind in EventKind])
    )


class MovementOut(Schema):
    """A ledger row."""

    id = fields.Integer()
    enterprise_id = fields.Integer()
    kind = fields.String()
    lot = fields.Nested(LotOut)
    from_party = fields.Nested(PartyOut, allow_none=True)
    to_party = fields.Nested(PartyOut, allow_none=True)
    quantity = PlainQuantity(allow_none=True)
    unit = fields.String()
    earliest_at = UtcTime(allow_none=True)
    latest_at = UtcTime(allow_none=True)
    document_no = fields.String(allow_none=True)
    inputs = fields.String(allow_none=True)
    corrects_id = fields.Integer(allow_none=True)
    file_sha256 = fields.String()
    file_row = fields.Integer()
    recorded_at = UtcTime()


MovementPage = page_of(MovementOut, "MovementPage")


class LedgerFindingArgs(PageArgs):
    """Filter of the findings that stand."""

    lot_id = fields.Integer(load_default=None)
    kind = fields.String(load_default=None)


class LedgerFindingOut(Schema):
    """A finding that stands."""

    id = fields.Integer()
    kind = fields.String()
    lot = fields.Nested(LotOut)
    party = fields.Nested(PartyOut, allow_none=True)
    event_ids = fields.List(fields.Integer())
    facts = fields.Dict(keys=fields.String(), values=fields.String())
    found_at = UtcTime()


LedgerFindingPage = page_of(LedgerFindingOut, "LedgerFindingPage")


class LedgerArgs(Schema):
    """How to treat an uploaded ledger."""

    dry_run = fields.Boolean(load_default=False)
    good_rows_only = fields.Boolean(load_default=False)
    placeholders = fields.Boolean(
        load_default=False,
        metadata={"description": "keep partners that are not on the register as placeholders"},
    )


class LedgerFile(Schema):
    """The file itself: CSV (UTF-8 or GBK) or XLSX."""

    file = Upload(required=True)


class LedgerOut(Schema):
    """An uploaded ledger and what became of it."""

    id = fields.Integer()
    enterprise_id = fields.Integer(allow_none=True)
    file_name = fields.String()
    file_sha256 = fields.String()
    state = fields.String()
    row_count = fields.Integer()
    problem_count = fields.Integer()
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    problems = fields.List(fields.List(fields.Raw()))
    has_marked_file = fields.Function(lambda upload: upload.marked_sha256 is not None)
    message_id = fields.Integer(allow_none=True)
    uploaded_at = UtcTime()
    finished_at = UtcTime(allow_none=True)


LedgerPage = page_of(LedgerOut, "LedgerPage")
