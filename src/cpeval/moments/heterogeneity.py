"""How much an effect differs between sites: each site's own, and what they say together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from cpeval.errors import DataError, OptionError, TooFewError, listed, require_level, require_option

Floats = NDArray[np.float64]

#: What is left of a square after its explanation, if it isn't rounding.
_ROUNDING = 1e-11


@dataclass(frozen=True, kw_only=True, eq=False)
class OwnEffects:
    """A term's effect in each of G sites on its own, each array of shape (G,).

    Attributes
    ----------
    estimate, se : numpy.ndarray
        NaN where ``estimable`` is false.
    df : numpy.ndarray
        Rows less terms that vary in the site.
    estimable : numpy.ndarray of bool
        The term varies in the site beyond the other terms, and rows are left for its error.
    """

    estimate: Floats
    se: Floats
    df: Floats
    estimable: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Pooled:
    """Effects of sites together, by a random-effects model.

    Attributes
    ----------
    estimate, se, df, statistic, p, ci_low, ci_high : float
        The mean effect; Hartung and Knapp's error, t with k - 1 degrees of freedom.
    tau2 : float
        Variance of effects between sites, by REML.
    i2 : float
        Share of the variance of estimates that is between sites, 0 to 1.
    q, q_p : float
        Cochran's test that effects are equal, chi square with k - 1 degrees of freedom.
    prediction_low, prediction_high : float
        Where the effect of another site is to be expected; NaN if it has no degrees of freedom.
    k : int
        Sites.
    """

    estimate: float
    se: float
    df: int
    statistic: float
    p: float
    ci_low: float
    ci_high: float
    tau2: float
    i2: float
    q: float
    q_p: float
    prediction_low: float
    prediction_high: float
    k: int


def own_effects(blocks: ArrayLike, counts: ArrayLike, term: int) -> OwnEffects:
    """Estimate a term's effect in each site by least squares from the site's own cross-products.

    Parameters
    ----------
    blocks : array_like, shape (G, q, q)
        [X y]'[X y] of each site, the outcome last, about a common origin.
    counts : array_like of int, shape (G,)
        Rows.
    term : int
        Which column of X.

    Returns
    -------
    OwnEffects

    Raises
    ------
    OptionError
        Arrays that don't fit together, or no such term.
    """
    values, rows = np.asarray(blocks, dtype=float), np.asarray(counts, dtype=float)
    if values.ndim != 3 or values.shape[1] != values.shape[2] or rows.shape != values.shape[:1]:
        raise OptionError(
            "'blocks' must have the shape (sites, q, q) and 'counts' (sites,). "
            f"Got {values.shape} and {rows.shape}."
        )
    p = values.shape[1] - 1
    if not 0 <= term < p:
        raise OptionError(f"'term' must be from 0 to {p - 1}. Got {term!r}.")
    # Columns of unit length in each site; one that is zero there stays zero.
    size = np.sqrt(np.maximum(np.einsum("gaa->ga", values), 0.0))
    scale = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
    unit = values * scale[:, :, None] * scale[:, None, :]
    others = [i for i in range(p) if i != term]
    inverse, rank = _inverse(unit[:, others][:, :, others])
    along = np.einsum("gij,gjk->gik", inverse, unit[:, others][:, :, [term, p]])
    left = unit[:, [term, p]][:, :, [term, p]] - np.einsum(
        "gik,gil->gkl", unit[:, others][:, :, [term, p]], along
    )
    own, cross, outcome = left[:, 0, 0], left[:, 0, 1], left[:, 1, 1]
    df = rows - rank - (own > _ROUNDING)
    estimable = (own > _ROUNDING) & (df > 0)
    safe = np.where(estimable, own, 1.0)
    slope = cross / safe
    squares = np.maximum(outcome - slope * cross, 0.0)
    # An outcome that the terms explain but for rounding has no error to weigh the site by.
    estimable &= squares > _ROUNDING
    unit_scale = size[:, p] * scale[:, term]
    se = np.sqrt(squares / np.maximum(df, 1.0) / safe)
    return OwnEffects(
        estimate=np.where(estimable, slope * unit_scale, np.nan),
        se=np.where(estimable, se * unit_scale, np.nan),
        df=df,
        estimable=estimable,
    )


def _inverse(square: Floats) -> tuple[Floats, Floats]:
    """Return the pseudo-inverse of each (k, k) matrix, and its rank."""
    values, vectors = np.linalg.eigh(square)
    there = values > _ROUNDING
    weight = np.divide(1.0, values, out=np.zeros_like(values), where=there)
    inverse: Floats = np.einsum("gai,gi,gbi->gab", vectors, weight, vectors)
    return inverse, there.sum(axis=1).astype(float)


def pool_effects(
    estimate: ArrayLike,
    se: ArrayLike,
    *,
    level: float = 0.95,
    prediction: Literal["hartung-knapp", "higgins"] = "hartung-knapp",
) -> Pooled:
    """Pool effects of sites: REML, Hartung and Knapp's interval, and a prediction interval.

    Parameters
    ----------
    estimate, se : array_like, shape (k,)
        From `own_effects`, the sites that were estimable.
    level : float
        Of both intervals.
    prediction : {"hartung-knapp", "higgins"}
        t with k - 1 degrees of freedom, or with k - 2.

    Returns
    -------
    Pooled

    Raises
    ------
    OptionError
        Arrays that don't fit together, or an unknown option.
    DataError
        Values that aren't finite, or standard errors that aren't positive.
    TooFewError
        Fewer than two sites.

    Notes
    -----
    Estimates have weights 1 / (se^2 + tau2), the error of their mean is the weighted variance of
    estimates over k - 1 and the sum of weights [1]_. The prediction interval is
    estimate +- t sqrt(tau2 + se^2) [2]_ [3]_. I2 is tau2 / (tau2 + s2), s2 the typical squared
    error [4]_.

    References
    ----------
    .. [1] Hartung & Knapp (2001). Statistics in Medicine, 20, 3875-3889.
    .. [2] Higgins, Thompson & Spiegelhalter (2009). Journal of the Royal Statistical Society A,
           172, 137-159.
    .. [3] IntHout, Ioannidis, Rovers & Goeman (2016). BMJ Open, 6, e010247.
    .. [4] Higgins & Thompson (2002). Statistics in Medicine, 21, 1539-1558.

    Examples
    --------
    >>> found = pool_effects([0.2, 0.6, 0.9, 0.1], [0.2, 0.2, 0.25, 0.15])
    >>> round(found.estimate, 3), round(found.tau2, 3)
    (0.42, 0.088)
    """
    require_level(level)
    require_option("prediction", prediction, ("hartung-knapp", "higgins"))
    y, error = np.asarray(estimate, dtype=float), np.asarray(se, dtype=float)
    if y.ndim != 1 or y.shape != error.shape:
        raise OptionError(
            f"'estimate' and 'se' must be as long as each other. Got {y.shape}, {error.shape}."
        )
    k = len(y)
    if k < 2:
        raise TooFewError(
            f"{k} sites with an effect of their own are too few to pool: it takes two."
        )
    wrong = np.flatnonzero(~(np.isfinite(y) & np.isfinite(error) & (error > 0)))
    if len(wrong):
        raise DataError(
            f"Effects or errors that can't be pooled, at {listed(wrong)} (counted from 0): they "
            "must be finite, and errors positive."
        )
    variance = error**2
    tau2 = _between(y, variance)
    weight = 1.0 / (variance + tau2)
    mean = float(weight @ y / weight.sum())
    squared = float(weight @ (y - mean) ** 2 / (k - 1) / weight.sum())
    fixed = 1.0 / variance
    q = float(fixed @ (y - fixed @ y / fixed.sum()) ** 2)
    typical = (k - 1) / float(fixed.sum() - (fixed @ fixed) / fixed.sum())
    half = special.stdtrit(k - 1, (1 + level) / 2) * np.sqrt(squared)
    df_next = k - 1 if prediction == "hartung-knapp" else k - 2
    wide = np.nan
    if df_next > 0:
        wide = special.stdtrit(df_next, (1 + level) / 2) * np.sqrt(squared + tau2)
    statistic = mean / np.sqrt(squared) if squared > 0 else np.nan
    return Pooled(
        estimate=mean,
        se=float(np.sqrt(squared)),
        df=k - 1,
        statistic=float(statistic),
        p=float(2 * special.stdtr(k - 1, -abs(statistic))),
        ci_low=float(mean - half),
        ci_high=float(mean + half),
        tau2=tau2,
        i2=tau2 / (tau2 + typical),
        q=q,
        q_p=float(special.chdtrc(k - 1, q)),
        prediction_low=float(mean - wide),
        prediction_high=float(mean + wide),
        k=k,
    )


#: Places where the search for tau2 may begin, next to the variance of estimates.
_GRID = np.concatenate([[0.0], np.geomspace(1e-6, 1e2, 65)])


def _between(y: Floats, variance: Floats) -> float:
    """Return the variance between sites that makes the restricted likelihood largest."""
    # Twice the mean square of deviations is beyond any maximum.
    scale = float(((y - y.mean()) ** 2).sum()) / (len(y) - 1)
    if scale == 0:
        return 0.0
    grid = scale * _GRID
    weight = 1.0 / (variance + grid[:, None])
    total = weight.sum(axis=1)
    distance = y - (weight @ y / total)[:, None]
    deviance = -np.log(weight).sum(axis=1) + np.log(total) + (weight * distance**2).sum(axis=1)
    best = int(deviance.argmin())
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    if _slope(low, y, variance) >= 0:
        return float(low)
    # Bisection to the last digit: the slope is negative below the minimum, positive above.
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return float(middle)
        if _slope(middle, y, variance) < 0:
            low = middle
        else:
            high = middle


def _slope(tau2: float, y: Floats, variance: Floats) -> float:
    """Return the derivative of the deviance by tau2."""
    weight = 1.0 / (variance + tau2)
    total = weight.sum()
    distance = y - weight @ y / total
    return float(total - weight @ weight / total - (weight * distance) @ (weight * distance))
