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


# Graph


@dataclass(frozen=True, slots=True)
class GraphDue:
    """So much was added that a new snapshot of the graph may be due; also told by the clock."""

    topic: ClassVar[str] = "traceability.graph-due"
