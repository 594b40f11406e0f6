"""Tables of the EPCIS journal: events as they were captured, and what they speak of.

Rows are added, never changed. One writer at a time adds events (see ``recording.journal``), so the
order of ``epcis_event.id`` is the order of commits: whoever has read up to a number has read
everything below it. The hot tables carry no foreign keys: that writer is the only one, and a
check per row and key would cost more than the row.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

import registry.models  # noqa: F401 - foreign keys name its tables
from core.db import Base, Id, Versioned

# Identifiers are compared byte by byte: no language orders them, and "C" is the fastest there is.
Code = Text(collation="C")


class EpcisCapture(Base):
    """A capture job: one document, and how far it is.

    ``position`` is how many events of the document have been dealt with; it is stored in the
    transaction of those events, so a job that was killed goes on where its last commit ended.
    """

    __tablename__ = "epcis_capture"
    __table_args__ = (
        CheckConstraint("error_behaviour IN ('rollback', 'proceed')", name="error_behaviour"),
        CheckConstraint("running = (finished_at IS NULL)", name="running"),
    )

    id: Mapped[Id]
    capture_id: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    running: Mapped[bool]
    success: Mapped[bool]
    error_behaviour: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    stored: Mapped[int] = mapped_column(default=0)
    known: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    aliases: Mapped[int] = mapped_column(default=0)
    conflicts: Mapped[int] = mapped_column(default=0)
    pending: Mapped[int] = mapped_column(default=0)
    errors: Mapped[list[Any]]
    warnings: Mapped[list[Any]]
    first_event_id: Mapped[int | None]
    last_event_id: Mapped[int | None]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    # The firm that tells; None where staff brought the document.
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"), index=True)
    document_sha256: Mapped[str]
    document_size: Mapped[int]
    message_id: Mapped[int | None]


# Kinds of identifiers that places have, told apart from the multitude of things.
PLACE_KINDS = text("kind IN ('place', 'party', 'opaque')")


class EpcisIdentifier(Base):
    """Dictionary: one row for one thing, place or party, however it was written."""

    __tablename__ = "epcis_identifier"
    __table_args__ = (Index("ix_epcis_identifier_places", "key", postgresql_where=PLACE_KINDS),)
    id: Mapped[Id]
    key: Mapped[str] = mapped_column(Code, unique=True)
    kind: Mapped[str]
    gtin: Mapped[str | None]
    lot: Mapped[str | None]
    serial: Mapped[str | None]
    given: Mapped[str]


class EpcisEvent(Base):
    """One event. Declarations of error are events of their own, with the hash of the declared."""

    __tablename__ = "epcis_event"
    __table_args__ = (
        UniqueConstraint("hash", "declaration_hash"),
        CheckConstraint("length(hash) = 32", name="hash"),
        Index("ix_epcis_event_event_id", "event_id"),
        Index("ix_epcis_event_event_time", "event_time"),
        Index(
            "ix_epcis_event_enterprise_id",
            "enterprise_id",
            postgresql_where=text("enterprise_id IS NOT NULL"),
        ),
        Index(
            "ix_epcis_event_read_point_id",
            "read_point_id",
            postgresql_where=text("read_point_id IS NOT NULL"),
        ),
        Index(
            "ix_epcis_event_biz_location_id",
            "biz_location_id",
            postgresql_where=text("biz_location_id IS NOT NULL"),
        ),
        Index(
            "ix_epcis_event_transformation_id",
            "transformation_id",
            postgresql_where=text("transformation_id IS NOT NULL"),
        ),
        # A few words on many rows: their entries share one key, so they cost little.
        Index("ix_epcis_event_type", "type"),
        Index(
            "ix_epcis_event_biz_step",
            "biz_step",
            postgresql_where=text("biz_step IS NOT NULL"),
        ),
        Index(
            "ix_epcis_event_disposition",
            "disposition",
            postgresql_where=text("disposition IS NOT NULL"),
        ),
        # Grows with the table, so its blocks hold narrow ranges: a BRIN costs next to nothing.
        Index("ix_epcis_event_recorded_at", "recorded_at", postgresql_using="brin"),
    )

    id: Mapped[Id]
    hash: Mapped[bytes]
    # Empty where the event carries no error declaration.
    declaration_hash: Mapped[bytes]
    # As given; without one, the hash as an ni: URI. Not unique: see EpcisConflict.
    event_id: Mapped[str] = mapped_column(Code)
    event_time: Mapped[datetime]
    offset: Mapped[str]
    type: Mapped[str] = mapped_column(Code)
    action: Mapped[str | None]
    biz_step: Mapped[str | None] = mapped_column(Code)
    disposition: Mapped[str | None] = mapped_column(Code)
    read_point_id: Mapped[int | None]
    biz_location_id: Mapped[int | None]
    transformation_id: Mapped[str | None] = mapped_column(Code)
    capture_id: Mapped[int]
    enterprise_id: Mapped[int | None]
    recorded_at: Mapped[datetime]


class EpcisDocument(Base):
    """The event alone as JSON, deflated."""

    __tablename__ = "epcis_document"

    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes]


class EpcisItem(Base):
    """A thing, or an amount of a class, in an event; NULL is not said, which is not zero."""

    __tablename__ = "epcis_item"
    __table_args__ = (Index("ix_epcis_item_identifier_id_event_id", "identifier_id", "event_id"),)

    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    role: Mapped[str]
    identifier_id: Mapped[int]
    quantity: Mapped[Decimal | None]
    unit: Mapped[str | None]


class EpcisParty(Base):
    """A source or destination of an event, in its role."""

    __tablename__ = "epcis_party"
    __table_args__ = (Index("ix_epcis_party_identifier_id_event_id", "identifier_id", "event_id"),)

    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    role: Mapped[str]  # source, destination
    type: Mapped[str]  # owning_party, possessing_party, location
    identifier_id: Mapped[int]


class EpcisTransaction(Base):
    """A business transaction that an event names."""

    __tablename__ = "epcis_transaction"
    __table_args__ = (Index("ix_epcis_transaction_identifier", "identifier", "event_id"),)

    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    type: Mapped[str | None]
    identifier: Mapped[str] = mapped_column(Code)


class EpcisDeclaration(Base):
    """An error declaration: ``event_id`` is the row that carries it.

    What it declares is the event of the same hash, and of the same ``given_id``, that carries
    none; where there is no such event yet, the declaration is pending.
    """

    __tablename__ = "epcis_declaration"

    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    given_id: Mapped[str] = mapped_column(Code, index=True)
    hash: Mapped[bytes] = mapped_column(index=True)
    declared_at: Mapped[datetime]
    reason: Mapped[str | None]
    corrective_ids: Mapped[list[Any]]
    recorded_at: Mapped[datetime]


class EpcisAlias(Base):
    """Another eventID under which a stored event came."""

    __tablename__ = "epcis_alias"

    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    alias: Mapped[str] = mapped_column(Code, primary_key=True, index=True)
    capture_id: Mapped[int]
    enterprise_id: Mapped[int | None]
    recorded_at: Mapped[datetime]


class EpcisDelivery(Base):
    """A firm that delivered an event which another had delivered before; it may see it too."""

    __tablename__ = "epcis_delivery"

    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    enterprise_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, index=True)
    capture_id: Mapped[int]
    recorded_at: Mapped[datetime]


class EpcisConflict(Base):
    """Two stored events that say different things under one eventID."""

    __tablename__ = "epcis_conflict"

    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    earlier_id: Mapped[int] = mapped_column(index=True)
    given_id: Mapped[str] = mapped_column(Code, index=True)
    found_at: Mapped[datetime]


class EpcisNamedQuery(Base, Versioned):
    """A query kept under a name, by staff or by one firm."""

    __tablename__ = "epcis_named_query"
    __table_args__ = (
        UniqueConstraint("enterprise_id", "name", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[Id]
    name: Mapped[str]
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id"))
    query: Mapped[dict[str, Any]]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime]
