"""Progress of long work that is not a job: the same three numbers, shown by whoever listens."""

from __future__ import annotations

from collections.abc import Callable

# stage, done, total. A job passes ``run.progress``; the command line passes a bar.
Progress = Callable[[str, int, int], None]


def silent(stage: str, done: int, total: int) -> None:
    """Listen to nothing."""
