"""What an act's effect works on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from core.actors import Actor
from sampling.maths.procedure import Move
from sampling.models.procedure import SamplingCase


@dataclass(slots=True)
class Step:
    """One act under way.

    Attributes
    ----------
    day : date
        The day of the act, as stated, or today.
    party_id : int or None
        The party whose clocks it concerns; None concerns all.
    told : dict
        What the audit log keeps beside act and case: numbers only.
    """

    session: Session
    actor: Actor
    case: SamplingCase
    move: Move
    facts: dict[str, Any]
    day: date
    party_id: int | None = None
    told: dict[str, Any] = field(default_factory=dict)
