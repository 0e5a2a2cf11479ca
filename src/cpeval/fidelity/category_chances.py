"""Chances of categories when scores err: arrays in, arrays out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ScoreModel:
    """True scores are normal around a mean, and observed ones around a true one.

    Attributes
    ----------
    unit_variance : float
        Variance of true scores.
    relative, absolute : float
        Error variances; what absolute error has beyond relative error all units share.
    """

    unit_variance: float
    relative: float
    absolute: float


def true_scores(observed: Floats, model: ScoreModel, mean: float, n: int) -> tuple[Floats, float]:
    r"""Return the mean and standard deviation of true scores, given the observed ones.

    Parameters
    ----------
    observed : numpy.ndarray, shape (k,)
    model : ScoreModel
    mean : float
        Of n observed scores.
    n : int

    Notes
    -----
    :math:`X_j = \mu + C + t_j + e_j`, where t has the variance of units, e relative error and C,
    which all units share, the rest of absolute error. Without knowledge of :math:`\mu`, the true
    score :math:`\mu + t_j` has, given all X, the mean :math:`\bar X + g (X_j - \bar X)` (Kelley's
    regressed score) and the variance :math:`g \sigma^2_\delta + (\sigma^2_\Delta -
    \sigma^2_\delta) + (1 - g)^2 (\sigma^2_\tau + \sigma^2_\delta) / n`.
    """
    spread = model.unit_variance + model.relative
    g = model.unit_variance / spread if spread > 0 else 1.0
    variance = g * model.relative + (model.absolute - model.relative) + (1 - g) ** 2 * spread / n
    return mean + g * (observed - mean), float(np.sqrt(max(variance, 0.0)))


def category_chances(centre: Floats, sd: float, starts: Floats) -> Floats:
    """Return the chance of each category, shape (k, categories).

    Parameters
    ----------
    centre : numpy.ndarray, shape (k,)
    sd : float
        If 0, the category that holds the centre has the chance 1.
    starts : numpy.ndarray, shape (categories - 1,)
        Where each category but the lowest starts.
    """
    if sd == 0:
        return np.asarray(np.eye(starts.size + 1)[place(centre, starts)])
    above = special.ndtr((centre[:, None] - starts) / sd)
    edges = np.column_stack([np.ones(centre.size), above, np.zeros(centre.size)])
    return np.asarray(edges[:, :-1] - edges[:, 1:])


#: A score that is below a start by less than this share is at it but for rounding.
_ROUNDING = 1e-9


def place(scores: Floats, starts: Floats) -> NDArray[np.intp]:
    """Return which category each score is in: that with the last start it reaches."""
    slack = _ROUNDING * np.maximum(1.0, np.abs(starts))
    return np.searchsorted(starts - slack, scores, side="right")


def joint_chances(first: Floats, second: Floats, correlation: float) -> Floats:
    """Return the chances of two standard normal variables in intervals, a table.

    Parameters
    ----------
    first, second : numpy.ndarray, shape (categories - 1,)
        Where intervals meet, ascending.
    correlation : float
        From 0 to 1.
    """
    edges_first = np.concatenate([[-np.inf], first, [np.inf]])
    edges_second = np.concatenate([[-np.inf], second, [np.inf]])
    below = _both_below(edges_first[:, None], edges_second[None, :], correlation)
    return np.asarray(np.maximum(np.diff(np.diff(below, axis=0), axis=1), 0.0))


def _both_below(h: Floats, k: Floats, correlation: float) -> Floats:
    """Return the chance that both variables are below h and k, by Owen's T (1956)."""
    h, k = np.broadcast_arrays(h, k)
    if correlation >= 1:
        return np.asarray(special.ndtr(np.minimum(h, k)))
    finite = np.isfinite(h) & np.isfinite(k)
    out = np.minimum(special.ndtr(h), special.ndtr(k))  # right where an edge is infinite
    a, b = h[finite], k[finite]
    root = np.sqrt(1 - correlation**2)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        slope_a = np.where(a == 0, np.inf * np.sign(b), (b / a - correlation) / root)
        slope_b = np.where(b == 0, np.inf * np.sign(a), (a / b - correlation) / root)
    apart = (a * b < 0) | ((a * b == 0) & (a + b < 0))
    found = (
        0.5 * (special.ndtr(a) + special.ndtr(b))
        - special.owens_t(a, slope_a)
        - special.owens_t(b, slope_b)
        - 0.5 * apart
    )
    at_origin = 0.25 + np.arcsin(correlation) / (2 * np.pi)
    out[finite] = np.where((a == 0) & (b == 0), at_origin, found)
    return np.asarray(out)
