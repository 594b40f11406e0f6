"""What sampling announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

LARGEST_CHUNK = 500  # results in one message: a job's effect stays short


@dataclass(frozen=True, slots=True)
class PlanCommitted:
    """Roster and plan are frozen and the commitment is public."""

    topic: ClassVar[str] = "sampling.plan-committed"

    plan_no: str
    commitment: str


@dataclass(frozen=True, slots=True)
class DrawMade:
    """The units of a plan are drawn."""

    topic: ClassVar[str] = "sampling.draw-made"

    plan_no: str
    seed: str


@dataclass(frozen=True, slots=True)
class ResultsRecorded:
    """Inspections have results.

    ``results``: neutral facts, one dict each: source_id (also as id), enterprise_id,
    enterprise_code, region_code, category_code, on (ISO day), inspected and failing (counts),
    severity ("critical", "serious", "minor" or None).
    """

    topic: ClassVar[str] = "sampling.results-recorded"

    results: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class LogExtended:
    """The log of draws has a new entry, for which nothing else is announced."""

    topic: ClassVar[str] = "sampling.log-extended"

    sequence: int


# Sampling records


@dataclass(frozen=True, slots=True)
class RecordSigned:
    """A sampling record is sealed; ``edition`` above 1 corrects the one before."""

    topic: ClassVar[str] = "sampling.record-signed"

    record_no: str
    edition: int
    sha256: str
    plan_no: str | None
    code: str | None
    purpose: str


# ---- what is published ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PaperPublished:
    """Everybody may read an edition of an item list, annual plan, scheme or rules."""

    topic: ClassVar[str] = "sampling.paper-published"

    no: str
    edition: int
    sha256: str


@dataclass(frozen=True, slots=True)
class RecordPublished:
    """Everybody may read the record of a result."""

    topic: ClassVar[str] = "sampling.record-published"

    no: str
    sha256: str


@dataclass(frozen=True, slots=True)
class RecordWithdrawn:
    """A published record was taken back; it stays to be read, struck through, with the reason."""

    topic: ClassVar[str] = "sampling.record-withdrawn"

    no: str
    reason: str


@dataclass(frozen=True, slots=True)
class FailureConfirmed:
    """A failed sample stands: nobody objected in time, or the re-test agreed.

    Neutral facts, no judgement of the enterprise: who was sampled, who made it, what failed.
    ``failed_items``: one dict each with part, item, measured, standard, is_serious.
    """

    topic: ClassVar[str] = "sampling.failure-confirmed"

    case_no: str
    enterprise_id: int
    producer_id: int | None
    producer_name: str | None
    product: str
    brand: str | None
    model: str | None
    lot_no: str | None
    category_code: str
    confirmed_on: str
    failed_items: list[dict[str, Any]]


# ---- long steps done by a worker -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FreezeRequested:
    """Somebody asked for a plan to be frozen in the background, in the version he saw."""

    topic: ClassVar[str] = "sampling.freeze-requested"

    plan_no: str
    version: int
    account_id: int | None
    account_name: str
    role: str
    software: str


@dataclass(frozen=True, slots=True)
class DrawRequested:
    """Somebody asked for the draw of a plan in the background."""

    topic: ClassVar[str] = "sampling.draw-requested"

    plan_no: str
    account_id: int | None
    account_name: str
    role: str
