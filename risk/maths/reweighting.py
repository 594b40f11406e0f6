"""How much past outbreaks may still say about the baseline.

References
----------
Davison, A. C., & Snell, E. J. (1991). Residuals and diagnostics. In Statistical Theory and
Modelling: Anscombe residuals of the Poisson distribution.
Farrington, C. P., Andrews, N. J., Beale, A. D., & Catchpole, M. A. (1996). A statistical
algorithm for the early detection of outbreaks of infectious disease. J. R. Statist. Soc. A
159, 547-563; section 3.4.
"""

from __future__ import annotations

import numpy as np

from risk.maths.quasi_poisson import Floats, QuasiPoissonFit


def anscombe_residuals(counts: Floats, fit: QuasiPoissonFit, dispersion: Floats) -> Floats:
    """How surprising was each week, on a scale that is nearly normal?

    Parameters
    ----------
    counts : (series, weeks)
        Cases.
    fit : QuasiPoissonFit
        Their fit.
    dispersion : (series,)
        Dispersion to standardise with, already bounded below by 1.

    Returns
    -------
    (series, weeks)
        ``1.5 (y^(2/3) - mu^(2/3)) / (mu^(1/6) sqrt(dispersion (1 - leverage)))``;
        0 where the mean is 0.

    References
    ----------
    Davison & Snell (1991); Farrington et al. (1996), section 3.4.
    """
    mean = np.where(fit.mean > 0, fit.mean, 1.0)
    root = np.cbrt(mean)
    raw = 1.5 * (np.cbrt(counts) ** 2 - root**2) / np.sqrt(root)
    free = np.maximum(1.0 - fit.leverage, 1e-12)  # a week alone in its season has leverage 1
    scaled = raw / np.sqrt(dispersion[:, None] * free)
    return np.where(fit.mean > 0, scaled, 0.0)


def outbreak_weights(residuals: Floats, weights: Floats, threshold: float) -> Floats:
    """How much should a past week with an outbreak still say?

    Parameters
    ----------
    residuals : (series, weeks)
        Anscombe residuals.
    weights : (series, weeks)
        Prior weights; only whether they are 0 matters, and those stay 0.
    threshold : float, >= 1
        Residuals above it count as past outbreaks. Below 1 a weight would exceed that of
        an ordinary week.

    Returns
    -------
    (series, weeks)
        Proportional to 1, or to the inverse square of a residual above the threshold;
        the weights of a series sum to the number of its weeks.

    Raises
    ------
    ValueError
        If the threshold is below 1.

    References
    ----------
    Farrington et al. (1996), section 3.4, threshold 1; Noufaily et al. (2013), section
    3.3, threshold 2.58.

    Examples
    --------
    One outbreak of residual 4 in four weeks keeps a sixteenth of an ordinary week's say:

    >>> import numpy as np
    >>> shares = outbreak_weights(np.array([[0.0, 4.0, 0.0, 0.0]]), np.ones((1, 4)), 2.58)
    >>> (shares[0, 1] / shares[0, 0]).item(), shares.sum().item()
    (0.0625, 4.0)
    """
    if threshold < 1:
        raise ValueError(f"threshold must be at least 1, got {threshold}")
    used = weights > 0
    raised = residuals > threshold
    share = np.where(raised, 1.0 / np.where(raised, residuals, 1.0) ** 2, 1.0) * used
    total = share.sum(axis=1, keepdims=True)
    scale = used.sum(axis=1, keepdims=True) / np.where(total > 0, total, 1.0)
    result: Floats = share * scale
    return result
