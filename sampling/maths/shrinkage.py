"""Failing rates expected from few past inspections."""

from __future__ import annotations

from collections.abc import Mapping

PRIOR_STRENGTH = 20.0  # inspections that the overall rate counts for; our own choice


def shrunken_rates(
    counts: Mapping[str, tuple[int, int]], *, strength: float = PRIOR_STRENGTH
) -> dict[str, float]:
    """Failing rates by stratum from past inspections, few of them pulled to the overall rate.

    Parameters
    ----------
    counts : mapping of str to (inspected, failing)
        0 <= failing <= inspected, by stratum.
    strength : float, > 0
        Inspections that the overall rate counts for.

    Returns
    -------
    dict of str to float
        ``(failing + strength * overall) / (inspected + strength)`` with the overall rate
        ``(failing + 1/2) / (inspected + 1)``; strictly between 0 and 1. Without any inspection
        everything is 1/2, the rate that asks for the largest sample.

    Examples
    --------
    >>> rates = shrunken_rates({"A": (99, 0), "D": (0, 0)})
    >>> round(rates["A"], 4), round(rates["D"], 4)
    (0.0008, 0.005)
    """
    for key, (inspected, failing) in counts.items():
        if not 0 <= failing <= inspected:
            raise ValueError(f"stratum {key}: {failing} failing of {inspected} inspected")
    inspected, failing = (sum(column) for column in zip((0, 0), *counts.values(), strict=True))
    overall = (failing + 0.5) / (inspected + 1)
    return {
        key: (bad + strength * overall) / (seen + strength) for key, (seen, bad) in counts.items()
    }
