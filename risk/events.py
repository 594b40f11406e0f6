"""What risk announces, and the wishes it hears."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class DetectionRequested:
    """Somebody, or the schedule, wants a week judged.

    ``through_week`` is a name such as "2026-W47"; None means the last whole week.
    """

    topic: ClassVar[str] = "risk.detection-requested"

    through_week: str | None = None
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class SignalsRaised:
    """A detection raised new signals."""

    topic: ClassVar[str] = "risk.signals-raised"

    run_id: int
    week: str
    signal_numbers: tuple[str, ...]
    levels: dict[str, int]
