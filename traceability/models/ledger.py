"""Tables of traceability: what ledgers say, kept as it was said.

``trace_event`` and ``lot_link`` are the journal: rows are added, never changed. A correction is a
new row that names the old one. Whatever a trace derives (hops, balances, gaps) is computed from
these rows when it is asked for, so there is no second truth to keep in step.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id


class Lot(Base):
    """A lot of a product; ``key`` is its number as compared, ``number`` as first written."""

    __tablename__ = "lot"
    __table_args__ = (
        UniqueConstraint("product_id", "key"),
        Index("ix_lot_key", "key", postgresql_ops={"key": "text_pattern_ops"}),
    )

    id: Mapped[Id]
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    key: Mapped[str]
    number: Mapped[str]
    recorded_at: Mapped[datetime]


class Party(Base):
    """Whoever may hold goods: an enterprise of the register, or a typed stand-in for another.

    ``key`` keeps stand-ins apart. One written with a code is the same party in every ledger; one
    written by name only stays with the firm that wrote it, since two firms' 同乐商行 need not be
    one; one not written at all stays with a firm, a product and a day.
    """

    __tablename__ = "party"
    __table_args__ = (
        CheckConstraint("kind IN ('enterprise', 'code', 'name', 'unlisted')", name="kind"),
        CheckConstraint("(kind = 'enterprise') = (enterprise_id IS NOT NULL)", name="enterprise"),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"), unique=True)
    code: Mapped[str | None]
    name: Mapped[str | None]
    # The firm whose ledger speaks of a stand-in.
    told_by_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"))


class TraceEvent(Base):
    """One row of a flow ledger (流向台账).

    ``enterprise_id`` is the firm that tells it. ``quantity`` is exact, and NULL where the ledger
    does not say: unknown is not zero. The time is an interval: a day or a month where no more is
    written, and NULL is no bound at all.
    """

    __tablename__ = "trace_event"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('production', 'shipment', 'receipt', 'sale', 'return', 'destruction', "
            "'stock', 'void')",
            name="kind",
        ),
        CheckConstraint("quantity > 0 OR (kind = 'stock' AND quantity = 0)", name="quantity"),
        CheckConstraint("earliest_at <= latest_at", name="interval"),
        CheckConstraint(
            "(kind = 'production') = (inputs IS NOT NULL) AND inputs IN ('told', 'none', 'untold')",
            name="inputs",
        ),
        CheckConstraint("from_party_id <> to_party_id", name="parties"),
        Index("ix_trace_event_from_party_id_id", "from_party_id", "id"),
        Index("ix_trace_event_to_party_id_id", "to_party_id", "id"),
        Index(
            "ix_trace_event_corrects_id",
            "corrects_id",
            postgresql_where=text("corrects_id IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    kind: Mapped[str]
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    from_party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    to_party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    quantity: Mapped[Decimal | None]
    unit: Mapped[str]
    earliest_at: Mapped[datetime | None]
    latest_at: Mapped[datetime | None]
    document_no: Mapped[str | None]
    inputs: Mapped[str | None]
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("trace_event.id"))
    # SHA-256 of what the row says: the same row in a later file is the same fact.
    digest: Mapped[bytes] = mapped_column(unique=True)
    file_sha256: Mapped[str] = mapped_column(index=True)
    file_row: Mapped[int]
    recorded_at: Mapped[datetime]


class LotLink(Base):
    """A lot that went into another, as a production row tells it; its time is the production's."""

    __tablename__ = "lot_link"
    __table_args__ = (
        UniqueConstraint("event_id", "input_lot_id"),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    id: Mapped[Id]
    event_id: Mapped[int] = mapped_column(ForeignKey("trace_event.id"))
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    input_lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    output_lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    quantity: Mapped[Decimal | None]
    unit: Mapped[str]
    earliest_at: Mapped[datetime | None]
    latest_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]


class LedgerFinding(Base):
    """Something a ledger says that cannot be right; a warning kept, never a figure mended."""

    __tablename__ = "ledger_finding"
    __table_args__ = (
        Index("ix_ledger_finding_lot_id_kind", "lot_id", "kind"),
        Index("ix_ledger_finding_open", "id", postgresql_where=text("closed_at IS NULL")),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"), index=True)
    event_ids: Mapped[list[Any]]
    facts: Mapped[dict[str, Any]]
    found_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class LedgerUpload(Base):
    """Whose ledger an import is; the import record tells what became of the file."""

    __tablename__ = "ledger_upload"

    id: Mapped[Id]
    import_id: Mapped[int] = mapped_column(ForeignKey("import_record.id"), unique=True)
    # None where staff uploaded the ledgers of several firms.
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"), index=True)
    role: Mapped[str]
    uploaded_at: Mapped[datetime]
