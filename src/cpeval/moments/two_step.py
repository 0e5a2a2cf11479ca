"""Arms compared in two steps: covariates' slopes within units, then t on the units' means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from cpeval.errors import DataError, OptionError, listed, require_level, require_option
from cpeval.moments.arm_plan import Layout, layout, plan_of
from cpeval.moments.compared_rows import ComparedRows, Kind, compared_rows
from cpeval.moments.least_squares import Floats
from cpeval.moments.unit_slopes import UnitSlopes, terms_within_units, unit_slopes

Freedom = Literal["bounded", "welch", "least"]

#: What is left of means that fit exactly, relative to their size.
_ROUNDING = 1e-12

#: The weight of the least degrees of freedom m is this over m: what kept false positives below
#: 6 % for any ratio of variances in the simulation that docs/few-sites.md describes.
_CAUTION = 2 / 3

#: Fewer degrees of freedom than this are none, but for rounding.
_LEAST_DF = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class TwoStep:
    """A difference of arms, 1 less 0. NaN where there is no error to be had.

    Attributes
    ----------
    comparison : {"sites", "cells", "arms", "pooled", "stratified"} or None
        What was compared: see `two_step`. None where the rule finds nothing with an error; the
        estimate is then that of "arms" (of "cells" within a single site).
    estimate, se, df, statistic, p, ci_low, ci_high : float
    se_means, df_means : float
        The part of the error that is of the units' means.
    se_slopes, df_slopes : float
        The part of the covariates' slopes; 0 and NaN without any.
    means : array, shape (U,)
        Units' mean outcomes at the origin of the covariates within units.
    used : array of bool, shape (U,)
        Units that say something of the difference.
    sites : array, shape (S,)
        Labels of sites that hold both arms.
    differences : array, shape (S,)
        The sites' own differences of means of ``means``.
    within, between : tuple of int
        Covariates that the slopes within units adjust for; those adjusted for between units, each
        of which costs a degree of freedom. Others of those given say nothing more.
    slopes : array, shape (k,)
        Of ``within``; their covariance is ``slopes_vcov``, shape (k, k).
    n_treated, n_compared, n_sites : int
        Units of each arm that were compared ("arms", "pooled": sites of each arm); sites that
        hold both arms.
    """

    comparison: Kind | None
    estimate: float
    se: float
    df: float
    statistic: float
    p: float
    ci_low: float
    ci_high: float
    se_means: float
    df_means: float
    se_slopes: float
    df_slopes: float
    means: Floats
    used: NDArray[np.bool_]
    sites: NDArray[np.generic]
    differences: Floats
    within: tuple[int, ...]
    between: tuple[int, ...]
    slopes: Floats
    slopes_vcov: Floats
    n_treated: int
    n_compared: int
    n_sites: int


@dataclass(frozen=True, kw_only=True, eq=False)
class MeansDifference:
    """What `compare_means` found, each of the shape of the leading axes."""

    estimate: Floats
    se: Floats
    df: Floats
    statistic: Floats
    p: Floats
    ci_low: Floats
    ci_high: Floats
    se_means: Floats
    df_means: Floats
    se_slopes: Floats
    df_slopes: float


def two_step(
    blocks: ArrayLike,
    counts: ArrayLike,
    arm: ArrayLike,
    *,
    site: ArrayLike | None = None,
    covariates: Sequence[int] = (),
    comparison: Kind | None = None,
    df: Freedom = "bounded",
    intercept: int = 0,
    null: float = 0.0,
    level: float = 0.95,
) -> TwoStep:
    r"""Compare arms through units that are in one arm each, such as teams.

    Parameters
    ----------
    blocks : array, shape (U, p + 1, p + 1)
        Each unit's [X y]'[X y], the outcome last, about one origin near the means.
    counts : array of int, shape (U,)
        People in each unit, none empty.
    arm : array, shape (U,)
        1 for units with the programme, 0 for the others.
    site : array, shape (U,), optional
        Site of each unit; without it each unit is a site of its own.
    covariates : sequence of int
        Positions of terms to adjust for: not the arm, nor its interactions.
    comparison : {"sites", "cells", "arms", "pooled", "stratified"}, optional
        By default `cpeval.moments.arm_plan.arm_plan` chooses among the first three. "sites": the
        unweighted mean of the differences of sites that hold both arms. "cells": the same, its
        error from the units of each arm and site. "arms": all sites of one arm less those of the
        other, a mean of units for each, by both arms' variances. "pooled": as "arms", with one
        variance. "stratified": units less their sites' means, with one variance.
    df : {"bounded", "welch", "least"}
        For an error made of several variances: Satterthwaite's (Welch's) degrees of freedom, the
        least of any, or such in between as keep the promised rate of errors with few units.
    intercept : int, default 0
        Position of the term that is 1 for everyone.
    null : float, default 0.0
        The difference under the hypothesis.
    level : float, default 0.95
        Coverage of the interval.

    Returns
    -------
    TwoStep

    Raises
    ------
    OptionError
        Arrays don't fit together, an arm is not 0 or 1, an option isn't known, or no site holds
        both arms and they were to be compared within sites.
    DataError
        Something isn't finite, or a unit is empty.
    TooFewError
        All units are in one arm; too few people for the slopes.
    LevelError
        ``level`` is not between 0 and 1.

    Notes
    -----
    Slopes are those within units, so a difference of units or arms in a covariate has no part in
    them [1]_ [2]_. Then the adjusted means are compared; covariates that are constant within
    units join there. With d the same contrast of the units' covariates, and V the covariance of
    the slopes,

    .. math:: se^2 = se_{means}^2 + d'Vd

    Without covariates t is exact for normal errors for "sites" with equal variances; with others
    it errs on the careful side [3]_. For "cells" and "arms" the error is Welch's, the sum of each
    cell's or arm's variance over its number of units. For a sum of variances with degrees of
    freedom :math:`f_c`, :math:`\nu` those of Welch and Satterthwaite for it, and m the least,

    .. math:: 1/df = (1 - w)/\nu + w/m, \quad w = 2/(3m).

    Satterthwaite's own are too many where one of the variances has few; the least are always
    enough [4]_.

    "sites", "arms" and "pooled" speak of sites like these; "cells" of these sites. With rows
    weighted, means are. That a slope within units also holds between them is assumed: where a
    unit's mean of a covariate matters by itself, give that mean as a covariate too.

    References
    ----------
    .. [1] Donald & Lang (2007). Review of Economics and Statistics, 89(2), 221-233.
    .. [2] Wooldridge (2003). American Economic Review, 93(2), 133-138.
    .. [3] Ibragimov & Müller (2010). Journal of Business & Economic Statistics, 28(4), 453-468.
    .. [4] Ibragimov & Müller (2016). Review of Economics and Statistics, 98(1), 83-96.

    Examples
    --------
    Eight people in four teams, two teams a site.

    >>> y = [[3.0, 5], [4, 6], [5, 7], [8, 10]]
    >>> blocks = [[[2, sum(team)], [sum(team), sum(v * v for v in team)]] for team in y]
    >>> found = two_step(blocks, [2] * 4, [0, 1, 0, 1], site=["a", "a", "b", "b"])
    >>> found.comparison, found.estimate, found.se, found.df, found.differences.tolist()
    ('sites', 2.0, 1.0, 1.0, [1.0, 3.0])
    """
    require_level(level)
    require_option("comparison", comparison, (None, *get_args(Kind)))
    require_option("df", df, get_args(Freedom))
    design = layout(arm, site)
    z, n = _blocks(blocks, counts, design, covariates, intercept)
    chosen: Kind | None = plan_of(design).comparison if comparison is None else comparison
    sites = int(design.both.sum())
    if chosen in ("sites", "cells", "stratified") and not sites:
        raise OptionError(
            f"comparison={chosen!r} compares arms within sites, and no site holds both. "
            "Take 'arms'."
        )
    within, rest, values = terms_within_units(z, covariates, intercept=intercept)
    slopes = unit_slopes(z, n, within, intercept=intercept)
    # Of a comparison without an error the estimate still stands.
    alone: Kind = "cells" if sites == design.labels.size else "arms"
    rows = compared_rows(design, alone if chosen is None else chosen)
    kept = rows.independent(values)
    between = rows.take(values[kept])
    tests = compare_means(slopes, rows, between=between, df=df, null=null, level=level)
    return TwoStep(
        comparison=chosen,
        estimate=float(tests.estimate),
        se=float(tests.se),
        df=float(tests.df),
        statistic=float(tests.statistic),
        p=float(tests.p),
        ci_low=float(tests.ci_low),
        ci_high=float(tests.ci_high),
        se_means=float(tests.se_means),
        df_means=float(tests.df_means),
        se_slopes=float(tests.se_slopes),
        df_slopes=tests.df_slopes,
        means=slopes.means,
        used=rows.used,
        sites=design.labels[design.both],
        differences=compared_rows(design, "sites").take(slopes.means),
        within=tuple(map(int, within)),
        between=tuple(map(int, rest[kept])),
        slopes=slopes.slopes,
        slopes_vcov=slopes.vcov,
        n_treated=rows.n_treated,
        n_compared=rows.n_compared,
        n_sites=sites,
    )


def compare_means(
    slopes: UnitSlopes,
    rows: ComparedRows,
    *,
    between: Floats | None = None,
    df: Freedom = "bounded",
    null: float = 0.0,
    level: float = 0.95,
) -> MeansDifference:
    """Test a difference of arms from adjusted means, for any number of replicates at once.

    Parameters
    ----------
    slopes : UnitSlopes
        Its leading axes are replicates.
    rows : ComparedRows
    between : array, shape (l, R), optional
        Covariates of the observations, none following from the others.
    df, null, level
        As in `two_step`.

    Returns
    -------
    MeansDifference
        NaN for all but the estimate where a variance has no degrees of freedom, or is zero up
        to rounding.
    """
    y = rows.take(slopes.means)
    column = rows.column if between is None else np.vstack([rows.column, between])
    weights, basis = _weights(rows, column)
    rest = rows.centred(y)
    rest = rest - (rest @ basis) @ basis.T
    squares, taken, length = map(rows.class_sums, (rest**2, (basis**2).sum(axis=1), weights**2))
    freedom = rows.members - 1 - taken
    if not rows.by_class:
        squares, length = squares.sum(axis=-1, keepdims=True), length.sum(keepdims=True)
        freedom = np.array([float(y.shape[-1] - rows.members.size - basis.shape[1])])
    estimate = y @ weights
    if freedom.min() < _LEAST_DF:
        variance = df_means = np.full(estimate.shape, np.nan)
    else:
        parts = squares / freedom * length
        variance = parts.sum(axis=-1)
        variance = np.where(variance > _ROUNDING**2 * (y**2).sum(axis=-1), variance, np.nan)
        df_means = _degrees(parts, variance, freedom, df)
    total, degrees = variance, df_means
    extra, df_slopes = np.zeros(estimate.shape), np.nan
    if slopes.slopes.shape[-1]:
        moved = rows.take(slopes.covariates) @ weights
        extra = np.einsum("...i,...ij,...j->...", moved, slopes.vcov, moved)
        total, df_slopes = variance + extra, float(slopes.df)
        if freedom.min() >= _LEAST_DF:
            parts = np.concatenate([parts, extra[..., np.newaxis]], axis=-1)
            degrees = _degrees(parts, total, np.append(freedom, df_slopes), df)
    se = np.sqrt(total)
    statistic = (estimate - null) / se
    half = stats.t.isf((1 - level) / 2, degrees) * se
    return MeansDifference(
        estimate=estimate,
        se=se,
        df=degrees,
        statistic=statistic,
        p=2 * stats.t.sf(np.abs(statistic), degrees),
        ci_low=estimate - half,
        ci_high=estimate + half,
        se_means=np.sqrt(variance),
        df_means=df_means,
        se_slopes=np.sqrt(extra),
        df_slopes=df_slopes,
    )


def _weights(rows: ComparedRows, column: Floats) -> tuple[Floats, Floats]:
    """Return the estimate's weights of observations, shape (R,), and a basis of the covariates.

    The basis, shape (R, l), is orthonormal, and orthogonal to the classes.
    """
    weights = np.repeat(rows.weights / rows.members, rows.members)
    if not len(column):
        return weights, np.zeros((weights.size, 0))
    basis, triangle = np.linalg.qr(rows.centred(column).T)
    wanted = -rows.class_means(column) @ rows.weights
    wanted[: len(rows.column)] += 1.0
    return weights + basis @ np.linalg.solve(triangle.T, wanted), basis


def _degrees(parts: Floats, variance: Floats, freedom: Floats, df: Freedom) -> Floats:
    """Return the degrees of freedom of a sum of variances; ``freedom`` is each one's, (C,)."""
    least = float(freedom.min())
    if freedom.size == 1 or df == "least":
        return np.full(variance.shape, least)
    welch: Floats = variance**2 / (parts**2 / freedom).sum(axis=-1)
    if df == "welch":
        return welch
    caution = min(_CAUTION / least, 1.0)
    bounded: Floats = 1 / ((1 - caution) / welch + caution / least)
    return bounded


def _blocks(
    blocks: ArrayLike,
    counts: ArrayLike,
    design: Layout,
    covariates: Sequence[int],
    intercept: int,
) -> tuple[Floats, NDArray[np.int64]]:
    """Check what units are made of."""
    z, n = np.asarray(blocks, dtype=float), np.asarray(counts)
    units = design.site.size
    if z.ndim != 3 or z.shape[0] != units or z.shape[1] != z.shape[2] or n.shape != (units,):
        raise OptionError(
            f"'blocks' must have a square matrix, and 'counts' a number, for each of the {units} "
            f"units of 'arm'. Got shapes {z.shape} and {n.shape}."
        )
    last = z.shape[1] - 2
    wrong = [k for k in covariates if not 0 <= k <= last or k == intercept]
    if wrong or not 0 <= intercept <= last or len(set(covariates)) < len(covariates):
        raise OptionError(
            f"'covariates' must be different places from 0 to {last}, without the intercept's "
            f"({intercept}); the last column is the outcome. Got {list(covariates)}."
        )
    bad = ~np.isfinite(z).all(axis=(1, 2)) | ~(n >= 1) | ~(z[:, intercept, intercept] > 0)
    if bad.any():
        raise DataError(
            "Units without people, or with numbers that aren't finite: "
            f"{listed(np.flatnonzero(bad))} (counted from 0). Leave them out."
        )
    return z, n.astype(np.int64)
