"""Standardised effects: the difference of arms, its small-sample factor, noncentral t intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats


def hedges_j(df: float) -> float:
    r"""Return Hedges' exact factor, :math:`\Gamma(df/2) / (\sqrt{df/2}\,\Gamma((df-1)/2))` [1]_.

    It takes the bias of small samples out of a standardised difference. NaN below 2 degrees of
    freedom, where the difference has no mean that could be put right.

    References
    ----------
    .. [1] Hedges (1981). Journal of Educational Statistics, 6(2), 107-128.

    Examples
    --------
    >>> round(hedges_j(10), 6)
    0.922746
    """
    if df < 2:
        return float("nan")
    return float(np.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / np.sqrt(df / 2))


def noncentrality_interval(t: float, df: float, level: float) -> tuple[float, float]:
    r"""Return the noncentralities under which ``t`` lies at the tails (Cumming, 2012).

    Parameters
    ----------
    t : float
        A t statistic; NaN gives NaN.
    df : float
        Its degrees of freedom, above 0.
    level : float
        Coverage, between 0 and 1.

    Returns
    -------
    low, high : float
        Where :math:`P(T \le t)` is ``(1 + level) / 2`` and ``(1 - level) / 2``.
    """
    if not (np.isfinite(t) and df > 0):
        return float("nan"), float("nan")
    return _noncentrality(t, df, (1 + level) / 2), _noncentrality(t, df, (1 - level) / 2)


def _noncentrality(t: float, df: float, probability: float) -> float:
    """Solve ``P(T <= t) = probability`` for the noncentrality."""

    def gap(noncentrality: float) -> float:
        with np.errstate(all="ignore"):  # older SciPy flags values that it gets right
            return float(stats.nct.cdf(t, df, noncentrality)) - probability

    # SciPy's inverse is good to about 1e-7 only, and its forward function to 1e-12, except far
    # from t, where it is NaN. So: a bracket near the inverse, then a root of the forward one.
    near = float(special.nctdtrinc(df, probability, t))
    if not np.isfinite(near):
        near = t - float(special.ndtri(probability)) * np.sqrt(1 + t**2 / (2 * df))
    width = 1e-4 * (1 + abs(near))
    low, high = near - width, near + width
    while gap(low) < 0:
        width *= 2
        low -= width
    while gap(high) > 0:
        width *= 2
        high += width
    return float(optimize.brentq(gap, low, high, xtol=1e-12, rtol=1e-14))


def standardised_difference(means: NDArray[np.float64], variances: NDArray[np.float64]) -> float:
    """Standardise the difference of two arms; NaN without two, or without spread."""
    if means.size != 2 or not variances.sum() > 0:
        return float("nan")
    return float((means[1] - means[0]) / np.sqrt(variances.mean()))
