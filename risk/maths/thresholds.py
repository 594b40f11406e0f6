"""Upper bounds and tail probabilities of a predicted count.

References
----------
Farrington, C. P., Andrews, N. J., Beale, A. D., & Catchpole, M. A. (1996). J. R. Statist.
Soc. A 159, 547-563; section 3.6 (power transformation).
Noufaily, A., Enki, D. G., Farrington, P., Garthwaite, P., Andrews, N., & Charlett, A.
(2013). Statistics in Medicine, 32(7), 1206-1222; section 3.5 (negative binomial).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import special

from risk.maths.quasi_poisson import Floats

Power = Literal["2/3", "1/2", "none"]

LARGEST_EXACT = 1e12
LARGEST_MEAN = 1e15  # above it a count is no whole number in double precision any more

_EXPONENT: dict[Power, float] = {"2/3": 2 / 3, "1/2": 1 / 2, "none": 1.0}


def negative_binomial_upper(mean: Floats, dispersion: Floats, alpha: float) -> Floats:
    """The smallest count that is exceeded with probability at most ``alpha``.

    Parameters
    ----------
    mean : array, >= 0
        Expected count.
    dispersion : array, >= 1
        Variance over mean. 1: Poisson.
    alpha : float, 0 < alpha < 1
        One-sided.

    Returns
    -------
    array of whole numbers
        An observation strictly above it is an alarm.

    Notes
    -----
    Found by bisection on the same tail that gives the p-value, so that a count is above the
    bound exactly if its p-value is at most alpha. Library quantiles are not used: beyond a
    mean of about 1e9 they loop, or end the process. Means beyond 1e12 get the normal bound.

    Examples
    --------
    Variance three times the mean 2 is geometric, P(Y > u) = (2/3)^(u+1):

    >>> negative_binomial_upper(np.array([2.0, 2.0]), np.array([1.0, 3.0]), 0.005).tolist()
    [6.0, 13.0]
    """
    mean, dispersion = np.broadcast_arrays(mean, dispersion)
    deviation = np.sqrt(dispersion * mean)
    odds = alpha / (1 - alpha)
    # Cantelli's inequality brackets the answer, whatever the distribution: at `low` the tail is
    # too large, at `high` small enough.
    low = np.ceil(mean - np.sqrt(odds) * deviation) - 1.0
    high = np.maximum(np.ceil(mean + deviation / np.sqrt(odds)), 0.0)
    rows = np.flatnonzero((high - low > 1) & (mean < LARGEST_EXACT))
    low_at, high_at = low.ravel(), high.ravel()
    means, dispersions = mean.ravel(), dispersion.ravel()
    while rows.size:
        middle = np.floor((low_at[rows] + high_at[rows]) / 2)
        fits = negative_binomial_tail(middle + 1.0, means[rows], dispersions[rows]) <= alpha
        high_at[rows[fits]] = middle[fits]
        low_at[rows[~fits]] = middle[~fits]
        rows = rows[high_at[rows] - low_at[rows] > 1]
    normal = np.ceil(mean + special.ndtri(1 - alpha) * deviation)
    upper: Floats = np.where(mean < LARGEST_EXACT, high_at.reshape(mean.shape), normal)
    return upper


def negative_binomial_tail(counts: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """Probability of a count at least as large as the observed one.

    Parameters
    ----------
    counts : array, >= 0
        Observed.
    mean, dispersion : array
        As in :func:`negative_binomial_upper`.

    Returns
    -------
    array
        P(Y >= y); 1 for y = 0.

    Notes
    -----
    Through the incomplete beta (or gamma) function, so that small tails keep their digits.

    Examples
    --------
    Poisson of mean 1: P(Y >= 2) = 1 - 2/e.

    >>> round(negative_binomial_tail(np.array([2.0]), np.array([1.0]), np.array([1.0])).item(), 6)
    0.264241
    """
    counts, mean, dispersion = np.broadcast_arrays(counts, mean, dispersion)
    tail = np.ones(counts.shape)
    some = (counts > 0) & (mean > 0)
    tail[(counts > 0) & ~(mean > 0)] = 0.0
    wide = some & (dispersion > 1)
    plain = some & ~wide
    tail[plain] = special.gammainc(counts[plain], mean[plain])
    phi = dispersion[wide]
    tail[wide] = special.betainc(counts[wide], mean[wide] / (phi - 1), 1 - 1 / phi)
    return tail


def raised_mean(mean: Floats, log_variance: Floats, alpha: float) -> Floats:
    """The mean at the upper end of its own one-sided confidence interval.

    Parameters
    ----------
    mean : array, > 0
        Estimated mean.
    log_variance : array, >= 0
        Variance of its logarithm.
    alpha : float
        One-sided.

    Returns
    -------
    array
        ``mean * exp(z sqrt(log_variance))``, at most 1e15. Bounds built on it allow for the
        error of estimation ("muan" in the literature on Farrington-type methods).
    """
    with np.errstate(over="ignore"):
        raised = mean * np.exp(special.ndtri(1 - alpha) * np.sqrt(log_variance))
    return np.minimum(raised, LARGEST_MEAN)


def _power_scale(mean: Floats, dispersion: Floats, log_variance: Floats, power: float) -> Floats:
    """Standard error of the transformed prediction, by the delta method."""
    tau = dispersion + log_variance * mean
    scale: Floats = power * mean ** (power - 0.5) * np.sqrt(tau)
    return scale


def power_upper(
    mean: Floats, dispersion: Floats, log_variance: Floats, alpha: float, power: Power
) -> Floats:
    """Upper bound on a scale where the prediction error is nearly normal.

    Parameters
    ----------
    mean : array, > 0
        Expected count.
    dispersion : array, >= 1
        Variance over mean.
    log_variance : array, >= 0
        Variance of the estimated log mean.
    alpha : float
        One-sided. The classic algorithm of 1996 is two-sided: give half its alpha.
    power : {"2/3", "1/2", "none"}
        2/3 takes the skewness away, 1/2 the dependence of the variance on the mean.

    Returns
    -------
    array
        A real bound; an observation strictly above it is an alarm.

    References
    ----------
    Farrington et al. (1996), section 3.6.
    """
    exponent = _EXPONENT[power]
    scale = _power_scale(mean, dispersion, log_variance, exponent)
    top = mean**exponent + special.ndtri(1 - alpha) * scale
    upper: Floats = np.maximum(top, 0.0) ** (1 / exponent)
    return upper


def power_tail(
    counts: Floats, mean: Floats, dispersion: Floats, log_variance: Floats, power: Power
) -> Floats:
    """Tail probability that belongs to :func:`power_upper`."""
    exponent = _EXPONENT[power]
    scale = _power_scale(mean, dispersion, log_variance, exponent)
    tail: Floats = special.ndtr((mean**exponent - counts**exponent) / scale)
    return tail
