"""Farrington-flexible detection: all series in one batch, against one regression at a time.

    python benchmarks/bench_farrington.py [--series 10000] [--rival 200] [--sparse]

Both sides fit the same weeks twice (before and after reweighting) with the same settings and
judge one week. The rival is statsmodels' GLM, called per series; it is timed on ``--rival`` series
and scaled per series, since all would take minutes. Expected values must agree on those.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from typing import Any

import numpy as np
import statsmodels
import statsmodels.api as sm
from scipy import stats

from risk.maths.detection import detect
from risk.maths.reference import WeekAxis, reference_weeks
from risk.maths.settings import FarringtonSettings

WEEKS = 320
WEEK = WEEKS - 1
AGREEMENT = 1e-5  # relative; both stop on the deviance, at 1e-8
TIES = 0.01  # share of bounds that may differ: a tail that lies on alpha tips either way


def simulated(series: int, *, sparse: bool, seed: int = 20261124) -> np.ndarray:
    """Seasonal negative binomial counts with variance 1.5 means (Noufaily et al. 2013, 4.1)."""
    random = np.random.default_rng(seed)
    time_ = np.arange(WEEKS)
    level = (
        random.uniform(-2.0, 0.0, size=(series, 1))
        if sparse
        else random.uniform(0.5, 3.5, size=(series, 1))
    )
    wave = 0.6 * np.cos(2 * np.pi * time_ / 52) + 0.6 * np.sin(2 * np.pi * time_ / 52)
    mean = np.exp(level + 0.001 * time_ + wave)
    return random.negative_binomial(2 * mean, 1 / 1.5)


def by_statsmodels(counts: np.ndarray, settings: FarringtonSettings) -> tuple[float, float]:
    """Expected value and bound of one series, by two GLM fits and a prediction."""
    reference = reference_weeks(
        WeekAxis(length=WEEKS),
        WEEK,
        years_back=settings.years_back,
        half_window=settings.half_window,
        seasons=settings.seasons,
        weeks_excluded=settings.weeks_excluded,
    )
    assert reference is not None
    y = counts[reference.week].astype(float)
    seasons = (reference.season[:, None] == np.arange(settings.seasons)).astype(float)
    design = np.column_stack([seasons, reference.week - WEEK])
    family = sm.families.Poisson()
    fit = sm.GLM(y, design, family=family).fit(scale="X2")
    hat = fit.get_hat_matrix_diag(observed=False)
    phi = max(fit.scale, 1.0)
    residual = (
        1.5 * (y ** (2 / 3) - fit.mu ** (2 / 3)) / (fit.mu ** (1 / 6) * np.sqrt(phi * (1 - hat)))
    )
    weight = np.where(residual > settings.weights_threshold, 1 / residual**2, 1.0)
    weight *= y.size / weight.sum()
    fit = sm.GLM(y, design, family=family, var_weights=weight).fit(scale="X2")
    now = np.zeros(design.shape[1])
    now[settings.seasons - 1] = 1.0
    mean = float(np.exp(fit.params @ now))
    if mean > y.max():  # the slope extrapolates: leave it out
        fit = sm.GLM(y, seasons, family=family, var_weights=weight).fit(scale="X2")
        mean = float("nan")  # reweighted anew in the original; not compared
    phi = max(fit.scale, 1.0)
    upper = (
        stats.nbinom.ppf(1 - settings.alpha, mean / (phi - 1), 1 / phi)
        if phi > 1
        else (stats.poisson.ppf(1 - settings.alpha, mean))
    )
    return mean, float(upper)


def measure(series: int, rival: int, *, sparse: bool) -> dict[str, Any]:
    """Time both sides in one run; returns the figures."""
    settings = FarringtonSettings()
    counts = simulated(series, sparse=sparse)
    axis = WeekAxis(length=WEEKS)
    detect(counts[:500], axis, [WEEK], settings)  # load libraries
    batched = min(_timed(lambda: detect(counts, axis, [WEEK], settings)) for _ in range(3))
    found = detect(counts, axis, [WEEK], settings)

    started = time.perf_counter()
    rows = [by_statsmodels(counts[row], settings) for row in range(rival)]
    one_by_one = time.perf_counter() - started

    theirs = np.array([mean for mean, _ in rows])
    bounds = np.array([upper for _, upper in rows])
    same = np.isfinite(theirs) & found.trend[:rival, 0]
    error = np.abs(found.expected[:rival, 0][same] / theirs[same] - 1)
    judged = same & found.evaluated[:rival, 0]
    return {
        "series": series,
        "batched_s": batched,
        "batched_us": 1e6 * batched / series,
        "rival": rival,
        "rival_ms": 1e3 * one_by_one / rival,
        "ratio": (one_by_one / rival) / (batched / series),
        "compared": int(same.sum()),
        "max_rel_error": float(error.max()),
        "bounds_differ": int((bounds[judged] != found.upper[:rival, 0][judged]).sum()),
        "judged": int(found.evaluated.sum()),
        "alarms": int(found.alarm.sum()),
    }


def _timed(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> int:
    """Run and print; 1 where the two sides disagree."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--rival", type=int, default=200)
    parser.add_argument("--sparse", action="store_true", help="about one case in four weeks")
    chosen = parser.parse_args()
    if any(os.environ.get(name) != "1" for name in THREADS):
        # One thread on both sides, so that seconds mean work; read when numpy is loaded.
        os.environ.update(dict.fromkeys(THREADS, "1"))
        os.execv(
            sys.executable, [sys.executable, "-m", "benchmarks.bench_farrington", *sys.argv[1:]]
        )
    found = measure(chosen.series, chosen.rival, sparse=chosen.sparse)
    print(
        f"Farrington-flexible, 1 week, {WEEKS} weeks of history, one thread; "
        f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}, "
        f"statsmodels {statsmodels.__version__}"
    )
    print(
        f"  batched      {found['series']:>7,} series  {found['batched_s']:8.3f} s  "
        f"{found['batched_us']:9.1f} us a series  (best of 3; {found['judged']:,} judged, "
        f"{found['alarms']:,} alarms)"
    )
    print(
        f"  statsmodels  {found['rival']:>7,} series  "
        f"{found['rival'] * found['rival_ms'] / 1e3:8.3f} s  "
        f"{1e3 * found['rival_ms']:9.1f} us a series  "
        f"(timed on {found['rival']}; {found['series']:,} would take "
        f"{found['series'] * found['rival_ms'] / 1e3:,.0f} s)"
    )
    print(f"  ratio {found['ratio']:.0f} x")
    print(
        f"  expected values agree on {found['compared']} series: largest relative difference "
        f"{found['max_rel_error']:.1e}; bounds that differ: {found['bounds_differ']}"
    )
    agrees = (
        found["max_rel_error"] < AGREEMENT and found["bounds_differ"] <= TIES * found["compared"]
    )
    print("  AGREE" if agrees else "  DISAGREE")
    return 0 if agrees else 1


if __name__ == "__main__":
    raise SystemExit(main())
