"""Intervals of reliability coefficients: Feldt's, by each person's influence, bootstrapped."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
Interval = tuple[float, float]


def feldt(alpha: float, n: int, k: int, level: float) -> Interval:
    """Alpha's interval (Feldt 1965): exact where items are parallel and normal."""
    tail = (1 - level) / 2
    df = (n - 1, (n - 1) * (k - 1))
    low, high = (1 - (1 - alpha) * f for f in (stats.f.isf(tail, *df), stats.f.ppf(tail, *df)))
    return float(low), float(high)


def by_influence(estimate: float, influence: Floats, level: float) -> tuple[float, Interval]:
    """Return the standard error and a normal interval on the scale of log(1 - estimate).

    That scale keeps the interval below 1 and lets it be wider downwards, as it should be.
    """
    error = float(np.sqrt((influence**2).sum())) / len(influence)
    rest = 1 - estimate
    if not rest > 0 or not np.isfinite(error):
        return error, (float("nan"), float("nan"))
    width = stats.norm.isf((1 - level) / 2) * error / rest
    return error, (float(1 - rest * np.exp(width)), float(1 - rest * np.exp(-width)))


def bias_corrected(
    estimate: float, draws: Floats, influence: Floats, level: float
) -> tuple[float, Interval]:
    """Return the bootstrap's standard error and its BCa interval (Efron 1987).

    ``draws`` are the coefficient in each sample, NaN where it was undefined; the acceleration
    comes from each person's ``influence``.
    """
    draws = draws[np.isfinite(draws)]
    if draws.size < 2 or not np.isfinite(estimate):
        return float("nan"), (float("nan"), float("nan"))
    error = float(draws.std(ddof=1))
    below = ((draws < estimate).mean() + (draws <= estimate).mean()) / 2
    if not 0 < below < 1:
        return error, (float("nan"), float("nan"))
    bias = stats.norm.ppf(below)
    size = (influence**2).sum() ** 1.5
    speed = (influence**3).sum() / (6 * size) if size > 0 and np.isfinite(size) else 0.0
    tail = (1 - level) / 2
    z = bias + np.array([stats.norm.ppf(tail), stats.norm.isf(tail)])
    low, high = np.quantile(draws, stats.norm.cdf(bias + z / (1 - speed * z)))
    return error, (float(low), float(high))
