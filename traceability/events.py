"""What traceability announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class LedgerUploaded:
    """A ledger file too large for a request is waiting to be loaded."""

    topic: ClassVar[str] = "traceability.ledger-uploaded"

    upload_id: int


@dataclass(frozen=True, slots=True)
class LedgerStored:
    """Rows of a ledger file were added to the journal."""

    topic: ClassVar[str] = "traceability.ledger-stored"

    file_sha256: str
    rows: int
    first_event_id: int
    last_event_id: int


# Watches


@dataclass(frozen=True, slots=True)
class WatchAlarmed:
    """New movements touch a watched trace."""

    topic: ClassVar[str] = "traceability.watch-alarmed"

    alert_id: int
    freeze_no: str
    added: int
    gone: int
    changed: int


@dataclass(frozen=True, slots=True)
class CaptureRequested:
    """An EPCIS document too large for a request is waiting to be captured."""

    topic: ClassVar[str] = "traceability.capture-requested"

    capture_id: int


@dataclass(frozen=True, slots=True)
class EpcisStored:
    """Events were added to the EPCIS journal: those of one transaction, numbers inclusive."""

    topic: ClassVar[str] = "traceability.epcis-stored"

    first_event_id: int
    last_event_id: int


# Graph


@dataclass(frozen=True, slots=True)
class GraphDue:
    """So much was added that a new snapshot of the graph may be due; also told by the clock."""

    topic: ClassVar[str] = "traceability.graph-due"


@dataclass(frozen=True, slots=True)
class GraphRebuildRequested:
    """There are ledgers from before the graph; told by the migration that made its tables."""

    topic: ClassVar[str] = "traceability.graph-rebuild-requested"


@dataclass(frozen=True, slots=True)
class StatementsDerived:
    """What events say was read into traces.

    The numbers are those of the movements added, inclusive and with gaps; None where nothing was
    added. What was taken back at the same moment has no numbers of its own.
    """

    topic: ClassVar[str] = "traceability.statements-derived"

    first_movement_id: int | None
    last_movement_id: int | None
    retracted: int
