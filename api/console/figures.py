"""Small figures drawn by templates: where the points, shares and steps of a picture lie.

Nothing here computes a statistic; numbers come in, positions go out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SPARK_WIDTH, SPARK_HEIGHT, SPARK_EDGE = 82, 30, 3
HEAT_STEPS = 7


@dataclass(frozen=True, slots=True)
class Spark:
    """A small line: its points, the area under it, and its end."""

    line: str
    area: str
    end: tuple[float, float]


def spark(values: Sequence[float]) -> Spark | None:
    """The line of a few values from left to right; None for fewer than two."""
    if len(values) < 2:
        return None
    low, high = min(values), max(values)
    span = (high - low) or 1
    step = (SPARK_WIDTH - 2 * SPARK_EDGE) / (len(values) - 1)
    points = [
        (
            round(SPARK_EDGE + index * step, 1),
            round(SPARK_HEIGHT - SPARK_EDGE - (value - low) / span * (SPARK_HEIGHT - 9), 1),
        )
        for index, value in enumerate(values)
    ]
    line = " ".join(f"{x},{y}" for x, y in points)
    area = f"{points[0][0]},{SPARK_HEIGHT} {line} {points[-1][0]},{SPARK_HEIGHT}"
    return Spark(line, area, points[-1])


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bar that is split: where it begins and how long it is, in percent."""

    name: str
    count: int
    start: float
    width: float
    middle: float


def split(counts: Sequence[tuple[str, int]], *, gap: float = 1.0, least: float = 9.0) -> list[Part]:
    """Parts of a bar in proportion, none too narrow to hold its number; empty ones are left out."""
    present = [(name, count) for name, count in counts if count > 0]
    total = sum(count for _, count in present)
    if not total:
        return []
    room = 100 - gap * (len(present) - 1) - least * len(present)
    parts, at = [], 0.0
    for name, count in present:
        width = least + room * count / total
        parts.append(Part(name, count, round(at, 2), round(width, 2), round(at + width / 2, 2)))
        at += width + gap
    return parts


def heat_step(value: float | None, highest: float) -> str:
    """The class of a heat cell: one of seven steps, or "none-cell" where nothing is known."""
    if value is None:
        return "none-cell"
    if highest <= 0:
        return "h0"
    return f"h{min(HEAT_STEPS - 1, int(value / highest * HEAT_STEPS))}"


# Places of the dots on a die, in a square of 20.
_DOTS = {
    1: ((10, 10),),
    2: ((6, 6), (14, 14)),
    3: ((6, 6), (10, 10), (14, 14)),
    4: ((6, 6), (14, 6), (6, 14), (14, 14)),
    5: ((6, 6), (14, 6), (10, 10), (6, 14), (14, 14)),
    6: ((6, 5), (14, 5), (6, 10), (14, 10), (6, 15), (14, 15)),
}


def die(face: int) -> tuple[tuple[int, int], ...]:
    """Where the dots of a face lie."""
    return _DOTS[face]
