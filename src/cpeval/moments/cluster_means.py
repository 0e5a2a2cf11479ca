"""Two-stage analysis of clusters: a mean each, adjusted for covariates; then t on the means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from cpeval.errors import OptionError, require_level
from cpeval.moments.least_squares import Floats, independent_terms

#: What is left of means that fit exactly, relative to their size.
_ROUNDING = 1e-12


@dataclass(frozen=True, kw_only=True, eq=False)
class MeansTest:
    """A difference of arms, 1 less 0. NaN where too few clusters, or no spread, allow no more."""

    estimate: float
    se: float
    df: float
    statistic: float
    p: float
    ci_low: float
    ci_high: float
    #: Clusters in arm 1, in arm 0; strata that hold both arms (1 without strata).
    n_treated: int
    n_compared: int
    n_strata: int


def adjusted_means(
    blocks: ArrayLike,
    counts: ArrayLike,
    *,
    covariates: Sequence[int] = (),
    strata: ArrayLike | None = None,
    intercept: int = 0,
) -> Floats:
    """Return each cluster's mean outcome, less what the covariates explain.

    Parameters
    ----------
    blocks : array, shape (G, p + 1, p + 1)
        Each cluster's [X y]'[X y], the outcome last, about one origin near the means.
    counts : array of int, shape (G,)
        People in each cluster, none empty.
    covariates : sequence of int
        Positions of the terms to adjust for: not the arm, nor its interactions.
    strata : array, shape (G,), optional
        Stratum of each cluster: the covariates' coefficients are then those within strata.
    intercept : int, default 0
        Position of the term that is 1 for everyone.

    Returns
    -------
    numpy.ndarray, shape (G,)
        Mean outcome at the origin of the covariates. Without covariates, the plain means.

    Notes
    -----
    The first stage regresses people's outcomes on covariates and strata, without the arm; the
    second compares its mean residuals [1]_. These are those residuals plus a constant a stratum.

    References
    ----------
    .. [1] Hayes & Moulton (2017). Cluster Randomised Trials, 2nd ed. Chapman & Hall/CRC.

    Examples
    --------
    >>> z = np.array([[1.0, -1, 3], [1, 1, 5]])  # intercept, covariate, outcome
    >>> adjusted_means([z.T @ z], [2]).tolist()
    [4.0]
    """
    blocks, n = np.asarray(blocks, dtype=float), np.asarray(counts, dtype=float)
    sums = blocks[:, intercept, :]
    terms = np.asarray(covariates, dtype=np.intp)
    if terms.size == 0:
        plain: Floats = sums[:, -1] / n
        return plain
    codes = np.zeros(n.size, np.intp) if strata is None else _codes(strata)
    member = (codes[:, np.newaxis] == np.arange(codes.max() + 1)).astype(float)
    of_stratum = member.T @ sums
    within = blocks.sum(axis=0) - (of_stratum / (member.T @ n)[:, np.newaxis]).T @ of_stratum
    # What rounding leaves of a covariate that is constant within strata.
    floor = 1e-14 * np.diag(blocks.sum(axis=0))[terms]
    kept = terms[independent_terms(within[np.ix_(terms, terms)], floor=floor)]
    beta = np.linalg.solve(within[np.ix_(kept, kept)], within[kept, -1])
    adjusted: Floats = (sums[:, -1] - sums[:, kept] @ beta) / n
    return adjusted


def means_adjusted_within(
    blocks: ArrayLike,
    counts: ArrayLike,
    *,
    covariates: Sequence[int] = (),
    strata: ArrayLike | None = None,
    intercept: int = 0,
) -> Floats:
    """Return clusters' mean outcomes, less what covariates explain within clusters.

    Parameters
    ----------
    blocks, counts, covariates, strata, intercept
        As in `adjusted_means`.

    Returns
    -------
    numpy.ndarray, shape (G,)

    Notes
    -----
    Slopes come from within clusters, so that arms which differ in a covariate don't bend them.
    Covariates that are constant within clusters are then taken out of the means, within strata.
    Neither step knows the arms, so that arms may be exchanged after it.

    Examples
    --------
    >>> z = np.array([[1.0, -1, 3], [1, 1, 5]])  # intercept, covariate, outcome
    >>> means_adjusted_within([z.T @ z], [2], covariates=[1]).tolist()
    [4.0]
    """
    blocks, n = np.asarray(blocks, dtype=float), np.asarray(counts, dtype=float)
    terms = np.asarray(covariates, dtype=np.intp)
    each = np.arange(n.size)
    adjusted = adjusted_means(blocks, n, covariates=covariates, strata=each, intercept=intercept)
    sums = blocks[:, intercept]
    inside = (blocks - sums[:, :, np.newaxis] * sums[:, np.newaxis] / n[:, None, None]).sum(axis=0)
    floor = 1e-14 * np.diag(blocks.sum(axis=0))[terms]
    kept = terms[independent_terms(inside[np.ix_(terms, terms)], floor=floor)]
    rest = np.setdiff1d(terms, kept)
    if rest.size == 0:
        return adjusted
    codes = np.zeros(n.size, np.intp) if strata is None else _codes(strata)
    member = (codes[:, np.newaxis] == np.arange(codes.max() + 1)).astype(float)
    columns = np.column_stack([sums[:, rest] / n[:, np.newaxis], adjusted])
    centred = columns - member @ (member.T @ columns / member.sum(axis=0)[:, np.newaxis])
    slopes = np.linalg.lstsq(centred[:, :-1], centred[:, -1], rcond=1e-9)[0]
    return np.asarray(adjusted - columns[:, :-1] @ slopes)


def unmatched(
    means: ArrayLike,
    arm: ArrayLike,
    *,
    pooled: bool = True,
    null: float = 0.0,
    df_lost: int = 0,
    level: float = 0.95,
) -> MeansTest:
    """Compare the means of two arms' clusters by t.

    Parameters
    ----------
    means : array, shape (G,)
        A number for each cluster, such as `adjusted_means`.
    arm : array, shape (G,)
        1 for clusters with the programme, 0 for the others.
    pooled : bool, default True
        One variance for both arms, on G - 2 degrees of freedom; else Welch's.
    null : float, default 0.0
        The difference under the hypothesis.
    df_lost : int, default 0
        Covariates of clusters, not of people, that the means are adjusted for: each takes a
        degree of freedom.
    level : float, default 0.95
        Coverage of the interval.

    Returns
    -------
    MeansTest

    Notes
    -----
    The pooled t is exact for normal means of equal variance: clusters of equal size, or none of
    whose variance is within clusters. With others it is robust [1]_.

    References
    ----------
    .. [1] Hayes & Moulton (2017). Cluster Randomised Trials, 2nd ed. Chapman & Hall/CRC.

    Examples
    --------
    >>> test = unmatched([4, 6, 8, 5, 9, 10], [0, 0, 0, 1, 1, 1])
    >>> test.estimate, round(test.se, 3), test.df
    (2.0, 1.915, 4.0)
    """
    require_level(level)
    y, treated = means_and_arm(means, arm)
    groups = [y[treated], y[~treated]]
    counts = [group.size for group in groups]
    if min(counts) == 0:
        return _answer(np.nan, np.nan, np.nan, null, level, treated, 0)
    estimate = float(groups[0].mean() - groups[1].mean())
    squares = [float(((group - group.mean()) ** 2).sum()) for group in groups]
    df, variance = float(sum(counts) - 2 - df_lost), np.nan
    if pooled and df > 0:
        variance = sum(squares) / df * sum(1 / n for n in counts)
    elif not pooled and min(counts) > 1:
        parts = [s / (n - 1) / n for s, n in zip(squares, counts, strict=True)]
        variance = sum(parts)
        below = sum(part**2 / (n - 1) for part, n in zip(parts, counts, strict=True))
        df = (variance**2 / below if below > 0 else np.nan) - df_lost
    return _answer(estimate, variance, df, null, level, treated, 1, scale=float(y @ y))


def stratified(
    means: ArrayLike,
    arm: ArrayLike,
    strata: ArrayLike,
    *,
    null: float = 0.0,
    df_lost: int = 0,
    level: float = 0.95,
) -> MeansTest:
    """Compare arms within strata of clusters; with one cluster an arm and stratum, paired t.

    Parameters
    ----------
    means, arm : array, shape (G,)
        As in `unmatched`.
    strata : array, shape (G,)
        Stratum of each cluster: pair, Trust.
    null, df_lost, level
        As in `unmatched`.

    Returns
    -------
    MeansTest
        On G less strata less 1 degrees of freedom. A stratum without one of the arms tells
        nothing of the difference, only of the spread.

    Notes
    -----
    Means are arm plus stratum plus an error of one variance: the difference is the strata's own
    differences, weighted by n1 n0 / (n1 + n0) of their clusters.

    Examples
    --------
    >>> test = stratified([4, 6, 8, 5, 9, 10], [0, 0, 0, 1, 1, 1], list("abcabc"))
    >>> test.estimate, round(test.se, 3), test.df
    (2.0, 0.577, 2.0)
    """
    require_level(level)
    y, treated = means_and_arm(means, arm)
    member, weight = strata_weights(treated, strata)
    if weight.sum() == 0:
        return _answer(np.nan, np.nan, np.nan, null, level, treated, 0)
    # Within strata: outcome and arm less their strata's means.
    size = member.sum(axis=0)
    x = treated - member @ (member.T @ treated / size)
    rest = y - member @ (member.T @ y / size)
    estimate = float(x @ rest / (x @ x))
    squares = float(((rest - estimate * x) ** 2).sum())
    df = float(y.size - size.size - 1 - df_lost)
    variance = squares / df / float(x @ x) if df > 0 else np.nan
    used = int((weight > 0).sum())
    return _answer(estimate, variance, df, null, level, treated, used, scale=float(y @ y))


def strata_weights(treated: NDArray[np.bool_], strata: ArrayLike) -> tuple[Floats, Floats]:
    """Return who is in which stratum, shape (G, S), and n1 n0 / (n1 + n0) of each, shape (S,)."""
    codes = _codes(strata)
    if codes.shape != treated.shape:
        raise OptionError(f"'strata' must name one for each of the {treated.size} clusters.")
    member = (codes[:, np.newaxis] == np.arange(codes.max(initial=-1) + 1)).astype(float)
    with_arm, size = member.T @ treated, member.sum(axis=0)
    weight: Floats = with_arm * (size - with_arm) / size
    return member, weight


def _codes(labels: ArrayLike) -> NDArray[np.intp]:
    """Return labels as 0, 1, ..."""
    return np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.intp)


def means_and_arm(means: ArrayLike, arm: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the means as floats and who is in arm 1."""
    y, given = np.asarray(means, dtype=float), np.asarray(arm)
    if y.ndim != 1 or y.shape != given.shape or not np.isin(given, (0, 1)).all():
        raise OptionError(
            "'means' and 'arm' must be of one length, and 'arm' 1 or 0 for each cluster. "
            f"Got shapes {y.shape} and {given.shape}."
        )
    return y, given == 1


def _answer(
    estimate: float,
    variance: float,
    df: float,
    null: float,
    level: float,
    treated: NDArray[np.bool_],
    strata: int,
    scale: float = 0.0,
) -> MeansTest:
    """Add t, p and the interval; NaN where the variance is zero up to rounding or unknown."""
    se = float(np.sqrt(variance)) if variance > _ROUNDING**2 * scale and df > 0 else np.nan
    df = df if np.isfinite(se) else np.nan
    statistic = (estimate - null) / se
    half = float(stats.t.isf((1 - level) / 2, df)) * se
    return MeansTest(
        estimate=estimate,
        se=se,
        df=df,
        statistic=statistic,
        p=float(2 * stats.t.sf(abs(statistic), df)),
        ci_low=estimate - half,
        ci_high=estimate + half,
        n_treated=int(treated.sum()),
        n_compared=int((~treated).sum()),
        n_strata=strata,
    )
