"""Histories of complaints for tests: quiet, seasonal, with or without an outbreak."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np

NOW = "2026-11-18T01:00:00+00:00"  # a Wednesday; the last whole week is 2026-W46
LAST_MONDAY = date(2026, 11, 9)
LAST_WEEK = "2026-W46"


def complaints(
    region: str,
    category: str,
    *,
    weeks: int = 280,
    mean: float = 5.0,
    extra: int = 0,
    kind: str = "complaint",
    last: date = LAST_MONDAY,
    seed: int = 1,
) -> list[dict[str, Any]]:
    """Poisson complaints by week up to ``last``, with ``extra`` more in the last one."""
    random = np.random.default_rng(seed)
    counts = random.poisson(mean, size=weeks)
    counts[-1] += extra
    rows: list[dict[str, Any]] = []
    for back, count in enumerate(counts[::-1]):
        monday = last - timedelta(days=7 * back)
        rows += [
            {
                "kind": kind,
                "source": "12315",
                "source_no": f"{region}-{category}-{kind}-{monday}-{n}",
                "received_on": monday + timedelta(days=n % 7),
                "region_code": region,
                "category_code": category,
            }
            for n in range(count)
        ]
    return rows


def results(
    region: str, category: str, *, weeks: int = 280, failing_now: int = 1, seed: int = 1
) -> list[dict[str, Any]]:
    """Inspection results: 20 units a week, one in twenty fails; every tenth week none at all."""
    random = np.random.default_rng(seed)
    rows = []
    for back in range(weeks):
        if back % 10 == 7:
            continue
        failing = failing_now if back == 0 else int(random.binomial(20, 0.1))
        monday = LAST_MONDAY - timedelta(days=7 * back)
        rows.append(
            {
                "source_id": f"{region}-{category}-{back}",
                "on": monday.isoformat(),
                "region_code": region,
                "category_code": category,
                "enterprise_id": None,
                "inspected": 20,
                "failing": failing,
            }
        )
    return rows
