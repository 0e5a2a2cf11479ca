"""An interval of the agreement ICC that holds with few raters, from pivots of mean squares."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

#: Points that stand in for draws: a power of 2; the quantiles are then good to about 0.001.
_POINTS = 2**13


@dataclass(frozen=True, kw_only=True)
class MeanSquares:
    """Mean squares of subjects, raters and error, each with its degrees of freedom.

    Attributes
    ----------
    subjects, raters, error : float
        Expected: error + k times the variance of subjects; error + n times that of raters; error.
    df : tuple of int
        Of the three.
    k, n : float
        Raters and subjects, or with gaps what takes their place.
    """

    subjects: float
    raters: float
    error: float
    df: tuple[int, int, int]
    k: float
    n: float


def generalised_interval(squares: MeanSquares, level: float) -> tuple[float, float]:
    r"""Return the generalised interval of ICC2.

    Parameters
    ----------
    squares : MeanSquares
        With error above 0.
    level : float

    Returns
    -------
    low, high : float

    Notes
    -----
    Each mean square over a chi-squared variable over its degrees of freedom stands for its
    expectation; the interval has the quantiles of the ICC of these three [1]_. In place of random
    draws the three take the quantiles at 8,192 points of Sobol's sequence, so the answer is always
    the same. With few raters it covers where Shrout & Fleiss' interval does not [2]_.

    References
    ----------
    .. [1] Weerahandi (1993). Journal of the American Statistical Association, 88(423), 899-905.
    .. [2] Ionan, Polley, McShane & Dobbin (2014). BMC Medical Research Methodology, 14, 121.
    """
    share = [
        stats.chi2.ppf(points, df) / df for points, df in zip(_points(), squares.df, strict=True)
    ]
    subjects, raters, error = (
        square / one
        for square, one in zip(
            (squares.subjects, squares.raters, squares.error), share, strict=True
        )
    )
    k, n = squares.k, squares.n
    ratio = n * (subjects - error) / (n * subjects + k * raters + (k * n - k - n) * error)
    low, high = np.quantile(ratio, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


@lru_cache(maxsize=1)
def _points() -> Floats:
    """Points that fill the unit cube evenly, shape (3, 8192), none on its faces."""
    from scipy.stats import qmc

    points: Floats = qmc.Sobol(3, scramble=False).random(_POINTS).T + 0.5 / _POINTS
    return points
