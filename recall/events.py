"""What recall announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class RecallReported:
    """A producer filed a recall; its scope is still to be traced."""

    topic: ClassVar[str] = "recall.reported"
    recall_id: int


@dataclass(frozen=True, slots=True)
class NoticePublished:
    """The public notice of a recall is out."""

    topic: ClassVar[str] = "recall.notice-published"
    recall_id: int
    number: str
    edition: int


@dataclass(frozen=True, slots=True)
class RecallMoved:
    """A recall reached another state."""

    topic: ClassVar[str] = "recall.moved"
    recall_id: int
    number: str
    state: str
