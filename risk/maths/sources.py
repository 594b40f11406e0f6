"""Where series come from."""

from __future__ import annotations

from enum import StrEnum


class Source(StrEnum):
    """One kind of series: what its weekly number counts."""

    INSPECTION = "inspection"  # failing units, of units inspected
    COMPLAINT = "complaint"  # complaints
    INCIDENT = "incident"  # accidents, injuries and leads

    @property
    def incident_kinds(self) -> tuple[str, ...]:
        """Kinds of incidents that it counts."""
        if self is Source.COMPLAINT:
            return ("complaint",)
        return ("accident", "injury", "lead") if self is Source.INCIDENT else ()
