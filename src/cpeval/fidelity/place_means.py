"""Means of units in places, with intervals that know of the teams between. Arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cpeval.fidelity.ordered_codes import Codes
from cpeval.moments.cluster_robust import cluster_robust
from cpeval.moments.whitening import whitened

Floats = NDArray[np.float64]

#: A spread below this share of the values' size is what rounding leaves of none.
_ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True, eq=False)
class PlaceMeans:
    """Means of P places, arrays of shape (P,).

    ``se`` and ``df`` are NaN where clusters are too few, or don't differ. ``n`` counts units,
    ``n_clusters`` clusters.
    """

    estimate: Floats
    se: Floats
    df: Floats
    n: Codes
    n_clusters: Codes

    def interval(self, level: float, ends: tuple[float, float] | None) -> tuple[Floats, Floats]:
        """Return t intervals, cut at the ends of the scale."""
        known = np.isfinite(self.df)
        quantile = np.full(self.df.shape, np.nan)
        quantile[known] = stats.t.isf((1 - level) / 2, self.df[known])
        half = quantile * self.se
        low, high = self.estimate - half, self.estimate + half
        if ends is None:
            return low, high
        return np.maximum(low, ends[0]), np.minimum(high, ends[1])


def place_means(
    y: Floats, place: Codes, cluster: Codes, n_places: int, *, pooled: bool
) -> PlaceMeans:
    r"""Average units in places; errors from the spread of clusters' means.

    Parameters
    ----------
    y : array of float, shape (n,)
        No gaps.
    place : array of int, shape (n,)
        From 0 to ``n_places`` - 1; a place may have no unit.
    cluster : array of int, shape (n,)
        From 0; a cluster is in one place. Each unit its own where there are none between.
    pooled : bool
        Whether one variance of clusters' means is taken for all places; else each place's own.

    Returns
    -------
    PlaceMeans

    Notes
    -----
    A place's mean is over its N units, of which a cluster has :math:`n_t`. Pooled, its variance is
    :math:`\tau^2 \sum n_t^2 / N^2 + \sigma^2 / N`, components by analysis of variance of units
    in clusters in places: :math:`a B + (1/N - a) W`, with the mean squares B of clusters and W of
    units, :math:`a = \sum n_t^2 / (N^2 k)`, :math:`k = \sum_p (N_p - \sum n_t^2 / N_p) / (C - P)`
    [1]_; its degrees of freedom are Satterthwaite's. With clusters of one size that is B / N on
    C - P degrees of freedom. It is not taken below W / N, where clusters differ less than by
    chance. Else the error is CR2's, with its own degrees of freedom, place by place [2]_.

    References
    ----------
    .. [1] Searle, Casella & McCulloch (1992). Variance Components, chapter 3. Wiley.
    .. [2] Bell & McCaffrey (2002). Survey Methodology, 28(2), 169-181.

    Examples
    --------
    >>> y, place = np.array([3.0, 4, 2, 4]), np.array([0, 0, 1, 1])
    >>> made = place_means(y, place, np.arange(4), 2, pooled=True)
    >>> made.estimate.tolist(), made.se.round(3).tolist(), made.df.tolist()
    ([3.5, 3.0], [0.791, 0.791], [2.0, 2.0])
    """
    n = np.bincount(place, minlength=n_places)
    sums = np.bincount(place, weights=y, minlength=n_places)
    estimate = np.divide(sums, n, out=np.full(n_places, np.nan), where=n > 0)
    _, code, size = np.unique(cluster, return_inverse=True, return_counts=True)
    home = np.zeros(size.size, dtype=np.intp)
    home[code] = place
    n_clusters = np.bincount(home, minlength=n_places)
    if pooled:
        se, df = _pooled(y, code, home, size, n, n_clusters)
    else:
        se, df = _own(y, place, code, n_places)
    small = se <= _ROUNDING * np.abs(estimate)
    se[small], df[small] = np.nan, np.nan
    return PlaceMeans(estimate=estimate, se=se, df=df, n=n, n_clusters=n_clusters)


def _pooled(
    y: Floats, code: Codes, home: Codes, size: Codes, n: Codes, n_clusters: Codes
) -> tuple[Floats, Floats]:
    n_places, here = n.size, n_clusters > 0
    se, df = np.full(n_places, np.nan), np.full(n_places, np.nan)
    df_between = float(size.size - here.sum())
    if df_between <= 0:
        return se, df
    means = np.bincount(code, weights=y) / size
    middle = np.bincount(home, weights=means * size, minlength=n_places) / np.maximum(n, 1)
    between = float((size * (means - middle[home]) ** 2).sum()) / df_between
    df_within = float(y.size - size.size)
    within = float(((y - means[code]) ** 2).sum()) / df_within if df_within > 0 else 0.0
    squares = np.bincount(home, weights=size.astype(float) ** 2, minlength=n_places)[here]
    units = n[here].astype(float)
    scale = float((units - squares / units).sum()) / df_between
    of_between = squares / units**2 / scale
    of_within = 1 / units - of_between if df_within > 0 else np.zeros(units.size)
    variance = of_between * between + of_within * within
    spread = (of_between * between) ** 2 / df_between
    if df_within > 0:
        spread += (of_within * within) ** 2 / df_within
        # Not below what it would be if teams were alike.
        variance = np.maximum(variance, within / units)
    se[here] = np.sqrt(variance)
    df[here] = np.divide(variance**2, spread, out=np.full(units.size, np.nan), where=spread > 0)
    return se, np.minimum(df, df_between + df_within)


def _own(y: Floats, place: Codes, code: Codes, n_places: int) -> tuple[Floats, Floats]:
    se, df = np.full(n_places, np.nan), np.full(n_places, np.nan)
    order = np.lexsort((code, place))
    y, place, code = y[order], place[order], code[order]
    bounds = np.searchsorted(place, np.arange(n_places + 1))
    for one in range(n_places):
        rows = slice(bounds[one], bounds[one + 1])
        clusters, starts, counts = np.unique(code[rows], return_index=True, return_counts=True)
        if clusters.size < 2:
            continue
        # About the place's mean, so that the spread loses no digits.
        off = y[rows] - y[rows].mean()
        blocks = np.empty((clusters.size, 2, 2))
        blocks[:, 0, 0] = counts
        blocks[:, 0, 1] = blocks[:, 1, 0] = np.add.reduceat(off, starts)
        blocks[:, 1, 1] = np.add.reduceat(off**2, starts)
        robust = cluster_robust(whitened(blocks, counts), kind="CR2")
        se[one], df[one] = robust.se[0], robust.df[0]
    return se, df


def mean_of_places(estimate: Floats) -> tuple[float, float, float]:
    """Return the mean of places, each counting once, its error and degrees of freedom.

    Parameters
    ----------
    estimate : array, shape (P,)
        NaN for places without a mean, which are passed over.

    Examples
    --------
    >>> mean_of_places(np.array([3.0, 4, np.nan, 5]))
    (4.0, 0.5773502691896258, 2.0)
    """
    there = estimate[~np.isnan(estimate)]
    if there.size == 0:
        return np.nan, np.nan, np.nan
    mean = float(there.mean())
    if there.size == 1:
        return mean, np.nan, np.nan
    se = float(there.std(ddof=1) / np.sqrt(there.size))
    if se <= _ROUNDING * abs(mean):
        return mean, np.nan, np.nan
    return mean, se, float(there.size - 1)
