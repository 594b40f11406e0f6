"""With what probability two units are drawn together: exact for three designs, near for others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sampling.maths.sizes import inclusion_by_size

Floats = npt.NDArray[np.float64]
_MOST_STEPS = 200


def joint_hajek(inclusion: Sequence[float] | Floats) -> Floats:
    """Joint probabilities as in designs of large entropy, Pareto order sampling among them.

    Parameters
    ----------
    inclusion : shape (units,), 0 < each <= 1
        Probabilities of all units of the roster.

    Returns
    -------
    ndarray, shape (units, units)
        ``pi_k pi_l (1 - (1 - pi_k)(1 - pi_l) / d)`` with ``d = sum pi (1 - pi)``; the diagonal
        is ``pi_k``.

    Notes
    -----
    An approximation, good once ``d`` is above about 10; certain units are exact.

    References
    ----------
    Hájek, J. (1964). Ann. Math. Statist. 35, 1491-1523, eq. (5.27).
    """
    pi = _checked(inclusion)
    spread = float(np.sum(pi * (1 - pi)))
    joint = np.outer(pi, pi)
    if spread > 0:
        joint = joint * (1 - np.outer(1 - pi, 1 - pi) / spread)
    np.fill_diagonal(joint, pi)
    return joint


def joint_maximum_entropy(inclusion: Sequence[float] | Floats) -> Floats:
    """Joint probabilities of the design of largest entropy (conditional Poisson), exactly.

    Parameters
    ----------
    inclusion : shape (units,), 0 < each < 1, sum a whole number of at least 2
        Probabilities of all units.

    Returns
    -------
    ndarray, shape (units, units)
        Relative error about 1e-12.

    Raises
    ------
    ValueError
        If the sum is not whole, or the odds do not converge.

    Notes
    -----
    Odds ``w`` with ``pi_k = w_k R(n - 1, without k) / R(n)``, where ``R`` is the elementary
    symmetric polynomial, are found by the fixed point ``w <- w pi / pi(w)``; two units are then
    drawn together with ``w_k w_l R(n - 2, without k and l) / R(n)``, by the recursion over units
    for every pair: ``O(N**3 n)``, for reference values and small strata.

    References
    ----------
    Chen, X.-H., Dempster, A. P., & Liu, J. S. (1994). Biometrika 81, 457-469.
    """
    pi = _checked(inclusion)
    total = _whole(pi)
    if (pi >= 1).any():
        raise ValueError("certain units are drawn apart: leave them out")
    odds = pi / (1 - pi)
    units = len(pi)
    for _ in range(_MOST_STEPS):
        found = np.array(
            [odds[k] * _symmetric(np.delete(odds, k), total - 1) for k in range(units)]
        ) / _symmetric(odds, total)
        # Damped by the odds, so that units near 1 do not swing.
        odds = odds * (pi / (1 - pi)) / (found / (1 - found))
        if np.max(np.abs(found / pi - 1)) < 1e-14:
            break
    else:
        if np.max(np.abs(found / pi - 1)) > 1e-10:
            raise ValueError("the odds of the design of largest entropy did not converge")
    whole = _symmetric(odds, total)
    joint = np.diag(pi).astype(float)
    for k in range(units):
        for other in range(k):
            rest = np.delete(odds, (k, other))
            both = odds[k] * odds[other] * _symmetric(rest, total - 2) / whole
            joint[k, other] = joint[other, k] = both
    return joint


def joint_elimination(inclusion: Sequence[float] | Floats) -> Floats:
    """Joint probabilities of Tillé's elimination: one unit leaves at each step.

    Parameters
    ----------
    inclusion : shape (units,), 0 < each <= 1, sum a whole number of at least 1
        Probabilities of all units.

    Returns
    -------
    ndarray, shape (units, units)
        ``prod over steps of (1 - r_k - r_l)``, with ``r = 1 - pi(i) / pi(i + 1)`` the probability
        of leaving when the sample shrinks from ``i + 1`` to ``i``.

    References
    ----------
    Tillé, Y. (1996). Biometrika 83, 238-241.
    """
    pi = _checked(inclusion)
    total = _whole(pi)
    before = np.ones_like(pi)
    joint = np.ones((len(pi), len(pi)))
    for step in range(len(pi) - 1, total - 1, -1):
        after = inclusion_by_size(pi, step)
        leaves = 1 - after / before
        joint *= 1 - leaves[:, None] - leaves[None, :]
        before = after
    np.fill_diagonal(joint, pi)
    return joint


def joint_midzuno(inclusion: Sequence[float] | Floats) -> Floats:
    """Joint probabilities of the generalised design of Midzuno: elimination of the complement.

    Parameters
    ----------
    inclusion : shape (units,), 0 < each < 1, sum a whole number below the number of units
        Probabilities of all units.

    Returns
    -------
    ndarray, shape (units, units)
        ``pi_k + pi_l - 1`` plus the joint probability of the two left out.

    Notes
    -----
    Where every probability is at least ``(n - 1)/(N - 1)`` this is Midzuno's own design, one unit
    with unequal probability and the rest at random, with
    ``pi_kl = (n - 1)/(N - 2) * (pi_k + pi_l - n/(N - 1))``.

    References
    ----------
    Midzuno, H. (1951). Ann. Inst. Statist. Math. 3, 99-107.
    Deville, J.-C., & Tillé, Y. (1998). Biometrika 85, 89-101.
    """
    pi = _checked(inclusion)
    if (pi >= 1).any():
        raise ValueError("certain units are drawn apart: leave them out")
    joint = pi[:, None] + pi[None, :] - 1 + joint_elimination(1 - pi)
    np.fill_diagonal(joint, pi)
    return joint


def _symmetric(odds: Floats, total: int) -> float:
    """The elementary symmetric polynomial of a degree, by the recursion over units."""
    row = np.zeros(total + 1)
    row[0] = 1.0
    for each in odds:
        row[1:] += each * row[:-1]
    return float(row[total])


def _checked(inclusion: Sequence[float] | Floats) -> Floats:
    pi = np.asarray(inclusion, dtype=np.float64)
    if pi.ndim != 1 or not ((pi > 0) & (pi <= 1)).all():
        raise ValueError("inclusion probabilities must be above 0 and at most 1")
    return pi


def _whole(pi: Floats) -> int:
    total = float(pi.sum())
    if abs(total - round(total)) > 1e-9 * len(pi) or round(total) < 1:
        raise ValueError(f"the probabilities must add up to a whole number, got {total:.12g}")
    return round(total)
