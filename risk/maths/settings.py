"""How a week is judged, and the words for why it was not.

References
----------
Noufaily, A., Enki, D. G., Farrington, P., Garthwaite, P., Andrews, N., & Charlett, A.
(2013). An improved algorithm for outbreak detection in multiple surveillance systems.
Statistics in Medicine, 32(7), 1206-1222; section 4 (the chosen settings).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from risk.maths.thresholds import Power

Method = Literal["nbPlugin", "muan", "delta"]


class Judgement(IntEnum):
    """Whether a week was judged, and if not, why."""

    JUDGED = 0
    TOO_LITTLE_HISTORY = 1
    TOO_FEW_RECENT_CASES = 2
    NOTHING_UNDER_OBSERVATION = 3  # population 0: no case could have been seen
    NO_COUNT = 4
    NO_BASELINE = 5  # no earlier week around this time, or too few weeks in all, can be used


@dataclass(frozen=True, slots=True)
class FarringtonSettings:
    """How to judge. The defaults are the improved algorithm of 2013.

    Parameters
    ----------
    years_back : int, >= 1
        Years of history used where there are as many.
    fewest_years : int, 1 <= fewest_years <= years_back
        With less history a week is not judged.
    half_window : int, >= 0
        Weeks on each side of the same week of an earlier year.
    seasons : int, >= 1
        Levels of the season factor. 1: windows only, as in 1996.
    weeks_excluded : int, >= 0
        Most recent weeks left out of the baseline.
    reweight : bool
        Whether past outbreaks lose weight.
    weights_threshold : float, >= 1
        Anscombe residual above which a past week counts as outbreak.
    trend : bool
        Whether to try a slope. It is kept if the history has three years, the slope is
        significant and the prediction is not above the largest past count.
    trend_p_below : float, 0 < p <= 1
        Significance the slope must reach; 1 keeps every slope (2013).
    method : {"nbPlugin", "muan", "delta"}
        Bound: negative binomial at the estimated mean, at the raised mean, or normal on
        the transformed scale.
    alpha : float, 0 < alpha < 1
        One-sided probability of exceeding the bound.
    power : {"2/3", "1/2", "none"}
        Transformation of method "delta".
    recent_cases, recent_weeks : int
        A week is judged if the last ``recent_weeks`` weeks, itself included, hold at least
        ``recent_cases`` cases.
    empty_window : {"half-case", "as-fitted"}
        What to expect where the windows saw no case at all. The fitted level is then zero
        and any case an alarm; "half-case" expects half a case over all window weeks (the
        posterior mean under Jeffreys' prior), with variance 2 of the log mean.
    error_from : {"pearson", "working"}
        Which dispersion enters the significance of the slope and the error of the
        predicted mean. "pearson" is right. After reweighting, R surveillance (1.20.3)
        takes a sum of squared relative residuals instead; "working" reproduces that.
        Method "nbPlugin" with ``trend_p_below=1`` is not touched by it.
    """

    years_back: int = 5
    fewest_years: int = 2
    half_window: int = 3
    seasons: int = 10
    weeks_excluded: int = 26
    reweight: bool = True
    weights_threshold: float = 2.58
    trend: bool = True
    trend_p_below: float = 1.0
    method: Method = "nbPlugin"
    alpha: float = 0.005
    power: Power = "2/3"
    recent_cases: int = 5
    recent_weeks: int = 4
    empty_window: Literal["half-case", "as-fitted"] = "half-case"
    error_from: Literal["pearson", "working"] = "pearson"

    def __post_init__(self) -> None:
        if not 1 <= self.fewest_years <= self.years_back:
            raise ValueError(
                f"fewest_years must lie in 1..years_back={self.years_back}, got {self.fewest_years}"
            )
        if self.half_window < 0 or self.weeks_excluded < 0 or self.seasons < 1:
            raise ValueError("half_window and weeks_excluded must be >= 0, seasons >= 1")
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha must lie between 0 and 1, got {self.alpha}")
        if not 0 < self.trend_p_below <= 1:
            raise ValueError(f"trend_p_below must lie in (0, 1], got {self.trend_p_below}")
        if self.weights_threshold < 1:
            raise ValueError(f"weights_threshold must be >= 1, got {self.weights_threshold}")
        if self.recent_cases < 0 or self.recent_weeks < 1:
            raise ValueError("recent_cases must be >= 0 and recent_weeks >= 1")
