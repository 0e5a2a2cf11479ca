"""Intervals of variances that are sums and differences of mean squares, and of others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cpeval.fidelity.balanced_components import MeanSquares

Floats = NDArray[np.float64]

#: Quantiles that stand in for draws of chi-squared variables.
_POINTS = 2**12


def modified_large_sample(squares: MeanSquares, level: float) -> tuple[Floats, Floats]:
    r"""Return an interval of each variance of a balanced design.

    Parameters
    ----------
    squares : MeanSquares
    level : float

    Returns
    -------
    low, high : numpy.ndarray, shape (m,)
        Not cut at 0.

    Notes
    -----
    Ting, Burdick, Graybill, Jeyaratnam & Lu's (1990) interval of a difference of sums of mean
    squares: exact for a single mean square, and in the limit where one outweighs the others.
    """
    tail = (1 - level) / 2
    ends = [_ends(weights, squares, tail) for weights in squares.weights]
    low, high = np.array(ends).T
    return low, high


#: Weights below this share of the largest are rounding of zero.
_ROUNDING = 1e-12


def _ends(weights: Floats, squares: MeanSquares, tail: float) -> tuple[float, float]:
    used = np.abs(weights) > _ROUNDING * np.abs(weights).max()
    terms = np.where(used, weights * squares.square, 0.0)
    plus, minus = used & (weights > 0), used & (weights < 0)
    df = squares.df
    estimate = terms.sum()
    below = _spread(terms[plus], df[plus], -terms[minus], df[minus], tail, upper=False)
    above = _spread(terms[plus], df[plus], -terms[minus], df[minus], tail, upper=True)
    return float(estimate - np.sqrt(below)), float(estimate + np.sqrt(above))


def _spread(
    plus: Floats, df_plus: Floats, minus: Floats, df_minus: Floats, tail: float, *, upper: bool
) -> float:
    """Return the squared distance from the estimate to one of its ends.

    The lower end needs how far the terms that add may be too large and those that are taken off
    too small; the upper end the reverse. ``tail`` is one end's share.
    """
    if upper:
        # With the roles exchanged, estimate - end becomes end - estimate.
        plus, df_plus, minus, df_minus = minus, df_minus, plus, df_plus
    g = _shrunk(df_plus, tail)
    h = _grown(df_minus, tail)
    total = float((g**2 * plus**2).sum() + (h**2 * minus**2).sum())
    if plus.size and minus.size:
        f = stats.f.isf(tail, df_plus[:, None], df_minus[None, :])
        cross = ((f - 1) ** 2 - (g[:, None] * f) ** 2 - h[None, :] ** 2) / f
        total += float(plus @ cross @ minus)
    if plus.size > 1:
        one, other = df_plus[:, None], df_plus[None, :]
        both = _shrunk(one + other, tail) ** 2 * (one + other) ** 2 / (one * other)
        star = both - g[:, None] ** 2 * one / other - g[None, :] ** 2 * other / one
        upper_half = np.triu(star, 1) / (plus.size - 1)
        total += float(plus @ upper_half @ plus)
    return max(total, 0.0)


def _shrunk(df: Floats, tail: float) -> Floats:
    """How far, as a share, a mean square can lie above its expectation."""
    return np.asarray(1 - df / stats.chi2.isf(tail, df))


def _grown(df: Floats, tail: float) -> Floats:
    """How far, as a share, a mean square can lie below its expectation."""
    return np.asarray(df / stats.chi2.ppf(tail, df) - 1)


def mean_square_draws(squares: MeanSquares) -> Floats:
    """Return variances that the mean squares are compatible with, shape (4096, m).

    Each mean square over a chi-squared variable over its degrees of freedom stands for its
    expectation (Weerahandi 1993); variances below 0 are set to 0.
    """
    expectations = squares.square / _chi_squared(squares.df)
    return np.asarray(np.maximum(expectations @ squares.weights.T, 0.0))


def _chi_squared(df: Floats) -> Floats:
    """Chi-squared variables over their degrees of freedom: a Latin square of quantiles."""
    rng = np.random.default_rng(0)
    places = rng.permuted(np.tile(np.arange(_POINTS), (df.size, 1)), axis=1).T
    return np.asarray(stats.chi2.ppf((places + 0.5) / _POINTS, df) / df)
