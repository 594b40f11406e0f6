"""What the registry announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class GradeSet:
    """An enterprise's credit-risk class changed."""

    topic: ClassVar[str] = "registry.grade-set"

    enterprise_id: int
    grade: str
    model: str
