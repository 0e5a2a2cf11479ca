"""Quantiles of the noncentral t distribution, by quadrature."""

from __future__ import annotations

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy import stats
from scipy.optimize import brentq
from scipy.special import ndtr

#: Pieces of the integral, of two kinds, and points in each: more change no digit that counts.
_PIECES, _POINTS = 64, 24


def noncentral_t_quantile(probability: float, df: int, noncentrality: float) -> float:
    r"""Return t with P(T ≤ t) = ``probability``.

    Parameters
    ----------
    probability : float
        Between 0 and 1.
    df : int
        Degrees of freedom, 1 or more.
    noncentrality : float
        Up to 5 √(df + 1) either way; further off, quadrature loses digits.

    Returns
    -------
    float

    Notes
    -----
    :math:`P(T \le t) = E\,\Phi(tS - \delta)` with S² a chi-squared variable over its degrees of
    freedom. The expectation is a composite Gauss-Legendre sum over all of S but 1e-17 at each end;
    series such as R's lose digits far from 0.
    """
    if noncentrality < 0:
        return -noncentral_t_quantile(1 - probability, df, -noncentrality)
    spread = stats.chi(df)
    first, last = spread.ppf(1e-17), spread.isf(1e-17)
    # Even pieces follow the normal's step; growing ones the far quantiles of few degrees of
    # freedom, which are decided near 0.
    ends = np.union1d(np.linspace(first, last, _PIECES + 1), np.geomspace(first, last, _PIECES + 1))
    nodes, weights = leggauss(_POINTS)
    half = np.diff(ends)[:, None] / 2
    at = (ends[:-1, None] + half * (nodes + 1)).ravel()
    mass = (half * weights).ravel() * spread.pdf(at)
    scale = at / np.sqrt(df)

    def excess(t: float) -> float:
        return float(mass @ ndtr(t * scale - noncentrality)) - probability

    low, high = noncentrality - 1.0, noncentrality + 1.0
    while excess(low) > 0:
        low -= 2 * (high - low)
    while excess(high) < 0:
        high += 2 * (high - low)
    return float(brentq(excess, low, high, xtol=1e-13, rtol=1e-14))
