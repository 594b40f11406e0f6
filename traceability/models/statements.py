"""What EPCIS events say in the words of ledgers: derived, bitemporal, rebuildable.

A statement is valid from ``recorded_at`` until ``retracted_at``, and its content never changes:
what is seen otherwise later is retracted and said anew. Movements and uses take their numbers from
the journal of ledgers, so that a number means one row whichever source it is from.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id

Code = Text(collation="C")
RowId = Annotated[
    int,
    mapped_column(
        BigInteger,
        primary_key=True,
        autoincrement=False,
        server_default=text("nextval('trace_event_id_seq'::regclass)"),
    ),
]
LinkId = Annotated[
    int,
    mapped_column(
        BigInteger,
        primary_key=True,
        autoincrement=False,
        server_default=text("nextval('lot_link_id_seq'::regclass)"),
    ),
]


class StatementMovement(Base):
    """One lot in one event: what a row of `TraceEvent` would tell."""

    __tablename__ = "statement_movement"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('production', 'shipment', 'receipt', 'sale', 'return', 'destruction', "
            "'stock')",
            name="kind",
        ),
        CheckConstraint("earliest_at <= latest_at", name="interval"),
        CheckConstraint("recorded_at <= retracted_at", name="validity"),
        CheckConstraint("from_party_id <> to_party_id", name="parties"),
        Index("ix_statement_movement_from_party_id_id", "from_party_id", "id"),
        Index("ix_statement_movement_to_party_id_id", "to_party_id", "id"),
        Index(
            "uq_statement_movement_said",
            "epcis_event_id",
            "digest",
            unique=True,
            postgresql_where=text("retracted_at IS NULL"),
        ),
    )

    id: Mapped[RowId]
    # Of epcis_event, which carries no foreign keys.
    epcis_event_id: Mapped[int]
    kind: Mapped[str]
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    from_party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    to_party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    # Who owned the goods, where the event names an owner who is not the holder.
    owner_party_id: Mapped[int | None] = mapped_column(ForeignKey("party.id"))
    # Where it happened: key of an identifier.
    place: Mapped[str | None] = mapped_column(Code)
    quantity: Mapped[Decimal | None]
    unit: Mapped[str]
    earliest_at: Mapped[datetime | None]
    latest_at: Mapped[datetime | None]
    document_no: Mapped[str | None]
    inputs: Mapped[str | None]
    # transformationID, or the name of the one event: productions of one process share inputs.
    process: Mapped[str | None] = mapped_column(Code)
    digest: Mapped[bytes]
    recorded_at: Mapped[datetime]
    retracted_at: Mapped[datetime | None]


class StatementUse(Base):
    """A lot that went into another: what a row of `LotLink` would tell."""

    __tablename__ = "statement_use"
    __table_args__ = (
        CheckConstraint("earliest_at <= latest_at", name="interval"),
        CheckConstraint("recorded_at <= retracted_at", name="validity"),
        Index(
            "uq_statement_use_said",
            "epcis_event_id",
            "digest",
            unique=True,
            postgresql_where=text("retracted_at IS NULL"),
        ),
    )

    id: Mapped[LinkId]
    # The production.
    movement_id: Mapped[int] = mapped_column(ForeignKey("statement_movement.id"), index=True)
    # The event that tells the output, and the one that tells the input.
    epcis_event_id: Mapped[int]
    input_event_id: Mapped[int]
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    input_lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    output_lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    quantity: Mapped[Decimal | None]
    unit: Mapped[str]
    earliest_at: Mapped[datetime | None]
    latest_at: Mapped[datetime | None]
    digest: Mapped[bytes]
    recorded_at: Mapped[datetime]
    retracted_at: Mapped[datetime | None]


class StatementContainment(Base):
    """Something that lay inside something else, [from_at, until_at); NULL is no bound."""

    __tablename__ = "statement_containment"
    __table_args__ = (
        CheckConstraint("from_at < until_at", name="interval"),
        CheckConstraint("recorded_at <= retracted_at", name="validity"),
        Index("ix_statement_containment_parent_id_from_at", "parent_id", "from_at"),
        Index("ix_statement_containment_child_id_from_at", "child_id", "from_at"),
        Index("ix_statement_containment_epcis_event_id", "epcis_event_id"),
    )

    id: Mapped[Id]
    # Both of epcis_identifier.
    parent_id: Mapped[int]
    child_id: Mapped[int]
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lot.id"), index=True)
    quantity: Mapped[Decimal | None]
    unit: Mapped[str]
    from_at: Mapped[datetime | None]
    until_at: Mapped[datetime | None]
    is_asset: Mapped[bool]
    epcis_event_id: Mapped[int]
    digest: Mapped[bytes]
    recorded_at: Mapped[datetime]
    retracted_at: Mapped[datetime | None]


class StatementHolder(Base):
    """Who holds what is at a place, as the first event to name both tells; one row for each pair.

    Of several parties named for one place, the one named first in event time is believed.
    """

    __tablename__ = "statement_holder"
    __table_args__ = (
        CheckConstraint("recorded_at <= retracted_at", name="validity"),
        Index(
            "uq_statement_holder_said",
            "place",
            "party",
            unique=True,
            postgresql_where=text("retracted_at IS NULL"),
        ),
        Index("ix_statement_holder_epcis_event_id", "epcis_event_id"),
    )

    id: Mapped[Id]
    place: Mapped[str] = mapped_column(Code)
    party: Mapped[str] = mapped_column(Code)
    epcis_event_id: Mapped[int]
    event_time: Mapped[datetime]
    hash: Mapped[bytes]
    recorded_at: Mapped[datetime]
    retracted_at: Mapped[datetime | None]
