"""An exact interval for the intraclass correlation of clusters of any sizes: Wald's pivot.

With y = X b + Z u + e, a random intercept u for each cluster and ratio = var(u) / var(e), the least
value over b and u of |y - X b - Z u|^2 + |u|^2 / ratio is the generalised residual sum of squares.
What it exceeds the residual sum of squares within clusters by, N(ratio), is in var(e) units
chi-squared with the degrees of freedom that clusters add to X, and independent of the latter. N is
here the least value of a sum of squares over p numbers, so nothing cancels, and costs G x p^2: the
eigenvalues of the G x G matrix Z'(I - H)Z are not needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from cpeval.errors import DataError, TooFewError, require_level
from cpeval.moments.least_squares import DEPENDENT, PERFECT, Floats, Ints, least_squares

#: Newton steps come from below and square the distance each time: eight are usual.
_MOST_STEPS = 200
_SMALLEST_STEP = 1e-14


@dataclass(frozen=True, kw_only=True, eq=False)
class IccInterval:
    """An interval of the intraclass correlation, and the test that it is zero."""

    low: float
    high: float
    #: Whether the values that the test doesn't reject all lie below zero, so that the interval is
    #: the one value zero.
    below_zero: bool
    #: F of the hypothesis that clusters don't differ, its degrees of freedom and p.
    statistic: float
    df_between: int
    df_within: int
    p: float


def icc_interval(
    blocks: ArrayLike, counts: ArrayLike, *, level: float = 0.95, floor: ArrayLike | None = None
) -> IccInterval:
    r"""Invert Wald's exact test of the ratio of variances between and within clusters.

    Parameters
    ----------
    blocks : array, shape (G, p + 1, p + 1)
        Each cluster's [X y]'[X y], the intercept first and the outcome last, about one origin near
        the means. With weights, [X y]'W[X y].
    counts : array of int, shape (G,)
        Rows of each cluster.
    level : float, default 0.95
        Coverage of the interval.
    floor : array, shape (p + 1,), optional
        As in `cpeval.moments.least_squares.least_squares`.

    Returns
    -------
    IccInterval
        Ends below zero are zero.

    Raises
    ------
    LevelError
        ``level`` is not between 0 and 1.
    TooFewError
        Clusters add nothing to the terms, or leave no rows for the variance within.
    DataError
        Nothing varies within clusters beyond what the terms explain.

    Notes
    -----
    .. math:: \frac{N(\gamma) / r}{S / f} \sim F_{r, f}, \quad
       N(\gamma) = \min_{b, u} \{|y - Xb - Zu|^2 + |u|^2 / \gamma\} - S

    at the true ratio :math:`\gamma` of variances, S the residual sum of squares given X and
    clusters, :math:`r = \mathrm{rank}(X, Z) - \mathrm{rank}(X)` and
    :math:`f = n - \mathrm{rank}(X, Z)` [1]_ [2]_. N falls as the ratio grows, so the ratios where
    the pivot lies between two quantiles are an interval, and :math:`\gamma / (1 + \gamma)` of its
    ends that of the intraclass correlation. For clusters of one size without covariates it is the
    interval of Shrout and Fleiss for ICC(1).

    References
    ----------
    .. [1] Wald (1940). Annals of Mathematical Statistics, 11(1), 96-99.
    .. [2] Harville & Fenech (1985). Biometrics, 41(1), 137-152.

    Examples
    --------
    Two outcomes in each of three sites.

    >>> y = np.array([[1.0, 3.0], [4.0, 6.0], [8.0, 8.0]])
    >>> blocks = [[[2, site.sum()], [site.sum(), site @ site]] for site in y]
    >>> found = icc_interval(blocks, [2, 2, 2])
    >>> round(found.low, 4), round(found.high, 4), round(found.statistic, 4)
    (0.0, 0.9962, 13.5)
    """
    require_level(level)
    between = _Between(np.asarray(blocks, dtype=float), np.asarray(counts, np.intp), floor)
    r, f = between.df_between, between.df_within
    unit = between.within / f * r
    largest, slope = between.value(0.0)
    ends = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        ratio = _ratio(between, unit * float(stats.f.isf(tail, r, f)), largest, slope)
        ends.append(ratio / (1 + ratio))
    return IccInterval(
        low=ends[0],
        high=ends[1],
        below_zero=bool(largest < unit * float(stats.f.isf((1 + level) / 2, r, f))),
        statistic=largest / unit,
        df_between=r,
        df_within=f,
        p=float(stats.f.sf(largest / unit, r, f)),
    )


class _Between:
    """N(ratio) with its slope, from cluster means in coordinates in which X'X is I.

    There the part of X'X within clusters is turned to be diagonal: ``share``, from 0 for a term
    that is constant within clusters to 1 for one whose mean is the same in all.
    """

    def __init__(self, blocks: Floats, counts: Ints, floor: ArrayLike | None) -> None:
        fit = least_squares(blocks, counts, floor=floor)
        kept, p = fit.kept, blocks.shape[1] - 1
        # From [X y] to whitened terms and residuals.
        turn = np.zeros((p + 1, kept.size + 1))
        turn[kept, :-1] = fit.whitener.T
        turn[kept, -1], turn[p, -1] = -fit.beta[kept], 1.0
        self.size = blocks[:, 0, 0]
        means = blocks[:, 0] / self.size[:, np.newaxis]
        about = blocks.sum(axis=0) - (self.size[:, np.newaxis] * means).T @ means
        inside, means = turn.T @ about @ turn, means @ turn
        values, vectors = np.linalg.eigh(inside[:-1, :-1])
        there = values > DEPENDENT
        self.share = np.where(there, values, 0.0)
        along = np.where(there, vectors.T @ inside[:-1, -1], 0.0)
        beta = np.divide(along, self.share, out=np.zeros_like(along), where=there)
        #: What is left within clusters.
        self.within = max(float(inside[-1, -1] - along @ beta), 0.0)
        self.x = means[:, :-1] @ vectors
        self.y = means[:, -1] - self.x @ beta
        rank = blocks.shape[0] + int(there.sum())
        self.df_between, self.df_within = rank - kept.size, fit.n - rank
        if self.df_between < 1:
            raise TooFewError(
                "The terms tell all clusters apart, so that nothing is left to differ at random "
                "between them. Leave out the terms that do, or take more clusters."
            )
        if self.df_within < 1:
            raise TooFewError(
                f"{fit.n} rows in {len(blocks)} clusters leave none for the variance within "
                "clusters: it takes several rows in some, and more than the terms use up."
            )
        lowest = 0.0 if floor is None else float(np.asarray(floor, dtype=float)[-1])
        if self.within <= max(PERFECT * fit.tss, lowest):
            raise DataError(
                "Within clusters the outcome doesn't vary beyond what the terms explain: the "
                "intraclass correlation is 1, and has no interval."
            )

    def value(self, ratio: float) -> tuple[float, float]:
        """Return N and how fast it falls, as a sum of squares: nothing is subtracted."""
        weight = self.size / (1.0 + ratio * self.size)
        weighted = weight[:, np.newaxis] * self.x
        cross = weighted.T @ self.x
        cross[np.diag_indices_from(cross)] += self.share
        unit = np.sqrt(np.diagonal(cross))
        away = np.linalg.solve(cross / np.outer(unit, unit), weighted.T @ self.y / unit) / unit
        rest = self.y - self.x @ away
        return float(self.share @ away**2 + weight @ rest**2), float(weight**2 @ rest**2)


def _ratio(between: _Between, wanted: float, value: float, slope: float) -> float:
    """Return the ratio at which N has the wanted value; 0 where it lies below that already.

    1 / N is concave (N is a sum of squares over 1 + ratio x eigenvalues), so Newton's steps on
    it come from below, and never go too far.
    """
    ratio = 0.0
    for _ in range(_MOST_STEPS):
        if not value > wanted:
            break
        step = (value / wanted - 1) * value / slope
        ratio += step
        if step <= _SMALLEST_STEP * ratio:
            break
        value, slope = between.value(ratio)
    return ratio
