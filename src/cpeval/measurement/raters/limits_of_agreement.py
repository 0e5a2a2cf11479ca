"""Bland & Altman's limits: how far two ways to measure the same may differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from cpeval.errors import DataError, TooFewError, require_level
from cpeval.measurement.raters.noncentral_t import noncentral_t_quantile
from cpeval.measurement.raters.paired_columns import paired
from cpeval.numeric import ROWS_COUNT, numbers, rows_text
from cpeval.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

#: How much of the differences the limits span.
_SPAN = 0.95

#: Below this, a p of the checks is called small.
_SMALL = 0.05

_FEW_PAIRS = 50


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LimitsOfAgreement(Result):
    """A `Result` that also has the pairs, for the plot, and checks of what limits assume.

    Attributes
    ----------
    checks : pandas.DataFrame
        term, estimate, se, statistic (t), df, p, ci_low, ci_high. ``proportional_bias`` is the
        slope of the differences on the pairs' means; ``spread`` the slope of the absolute
        residuals of that regression, whether differences scatter more where values are larger. With
        clusters, both are of people's means.
    sd : float
        Standard deviation of the differences; with clusters, of a difference of a new person.
    pairs : pandas.DataFrame
        mean and difference (a - b) of each pair used.
    n_excluded : int
        Pairs that lack a value.
    """

    checks: pd.DataFrame
    sd: float
    pairs: pd.DataFrame
    n_excluded: int

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw differences against means, with the bias, the limits and their intervals.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        """
        from cpeval.plots.bland_altman import bland_altman

        return bland_altman(self.table, self.pairs, ax=ax)


def limits_of_agreement(
    a: ArrayLike, b: ArrayLike, *, cluster: ArrayLike | None = None, level: float = 0.95
) -> LimitsOfAgreement:
    r"""Say how far two measurements of the same differ: bias and limits of agreement.

    Parameters
    ----------
    a, b : sequence of numbers, shape (n,)
        Columns (pandas, Polars) or arrays, in the same unit, paired by position. Pairs that lack a
        value are left out and counted.
    cluster : sequence, shape (n,), optional
        Who each pair is of, when people have several pairs: what is measured may change between
        them.
    level : float, default 0.95
        Coverage of the intervals, between 0 and 1. The limits are always for 95 % of differences.

    Returns
    -------
    LimitsOfAgreement
        ``table``, rows bias, lower, upper: term, estimate (a - b), se, ci_low, ci_high, n (pairs);
        with clusters also people. se of a limit is that of large samples [1]_.

    Raises
    ------
    OptionError
        Not columns; of different lengths; pandas columns with the same rows in another order.
    ColumnError, DataError
        Not numbers; infinite values; a pair without a cluster.
    TooFewError
        Fewer than three pairs, or differences that are all equal; with clusters fewer than three
        people, or nobody with two pairs.
    LevelError
        ``level`` is not between 0 and 1.

    Notes
    -----
    The limits are mean ± 1.96 sd of the differences [1]_. Their intervals are exact for normal
    differences: mean + t sd / √n with t a quantile of the noncentral t distribution with n - 1
    degrees of freedom and noncentrality ±1.96 √n [2]_. With a small sample the outer end is much
    further off than the inner.

    With clusters, the mean is that of the m people's means. The variance of a new person's
    difference is :math:`s_b^2 + (1 - 1/h) s_w^2`, with :math:`s_b^2` the variance of people's
    means, :math:`s_w^2` that within people, h the harmonic mean of their numbers of pairs; the
    intervals recover variance estimates (MOVER) [3]_. Where people have equally many pairs, limits
    are those of [4]_.

    The slope on the mean is also different from 0 when one way has more error than the other.

    References
    ----------
    .. [1] Bland & Altman (1999). Statistical Methods in Medical Research, 8(2), 135-160.
    .. [2] Carkeet (2015). Optometry and Vision Science, 92(3), e71-e80.
    .. [3] Zou (2013). Statistical Methods in Medical Research, 22(6), 630-642.
    .. [4] Bland & Altman (2007). Journal of Biopharmaceutical Statistics, 17(4), 571-582.

    Examples
    --------
    >>> found = limits_of_agreement([9, 6, 8, 7, 10, 6], [8, 3, 6, 9, 8, 6])
    >>> found.table.estimate.round(2).tolist()
    [1.0, -2.51, 4.51]
    """
    require_level(level)
    pairs, who, n_rows = _pairs(a, b, cluster)
    difference = pairs["difference"].to_numpy()
    n = len(difference)
    if n < 3:
        raise TooFewError(
            f"Limits of agreement need three pairs. There are {n_rows} rows, {n} with both values."
        )
    size = max(float(np.abs(pairs.to_numpy()).max()), 1e-300)
    if np.ptp(difference) <= 1e-13 * size:
        raise TooFewError(
            f"All {n} differences are equal ({difference[0]:.6g}): limits need differences that "
            "vary."
        )
    if who is None:
        table, sd = _independent(difference, level)
        checked = pairs.to_numpy()
    else:
        table, sd = _clustered(difference, who, level)
        checked = pairs.groupby(who).mean().to_numpy()
    checks = _checks(checked[:, 0], checked[:, 1], level)
    people = f" of {int(table['people'].iloc[0])} people" if who is not None else ""
    how = (
        "exact intervals (Carkeet, 2015)"
        if who is None
        else "intervals that recover variance estimates (Zou, 2013)"
    )
    return LimitsOfAgreement(
        table=table,
        note=(
            f"Bias and 95 % limits of agreement of {n} pairs{people} (Bland & Altman, 1999), with "
            f"{100 * level:g} % {how}, for normal differences."
        ),
        warnings=tuple(_worries(table, checks, n_rows - n, clustered=who is not None)),
        checks=checks,
        sd=sd,
        pairs=pairs,
        n_excluded=n_rows - n,
    )


def _pairs(
    a: ArrayLike, b: ArrayLike, cluster: ArrayLike | None
) -> tuple[pd.DataFrame, NDArray[np.intp] | None, int]:
    """The complete pairs with who they are of, and how many rows there were."""
    table = paired({"a": a, "b": b, "cluster": cluster}, needed=("a", "b"))
    values = numbers(table, ["a", "b"])
    kept = ~np.isnan(values).any(axis=1)
    pairs = pd.DataFrame(
        {"mean": values[kept].mean(axis=1), "difference": values[kept, 0] - values[kept, 1]}
    )
    if cluster is None:
        return pairs, None, len(table)
    unknown = np.flatnonzero(kept & table["cluster"].isna().to_numpy(dtype=bool))
    if unknown.size:
        raise DataError(
            f"Pairs without a cluster: {rows_text(unknown)}. Say who they are of, or leave them "
            f"out. {ROWS_COUNT}"
        )
    return pairs, pd.factorize(table["cluster"].to_numpy()[kept])[0], len(table)


def _independent(difference: Floats, level: float) -> tuple[pd.DataFrame, float]:
    n = len(difference)
    bias, sd = float(difference.mean()), float(difference.std(ddof=1))
    z = float(stats.norm.ppf((1 + _SPAN) / 2))
    error = sd / np.sqrt(n)
    half = float(stats.t.ppf((1 + level) / 2, n - 1))
    inner = noncentral_t_quantile((1 - level) / 2, n - 1, z * np.sqrt(n))
    outer = noncentral_t_quantile((1 + level) / 2, n - 1, z * np.sqrt(n))
    of_limit = sd * np.sqrt(1 / n + z**2 / (2 * (n - 1)))
    table = pd.DataFrame(
        {
            "term": ["bias", "lower", "upper"],
            "estimate": [bias, bias - z * sd, bias + z * sd],
            "se": [error, of_limit, of_limit],
            "ci_low": bias + error * np.array([-half, -outer, inner]),
            "ci_high": bias + error * np.array([half, -inner, outer]),
            "n": n,
        }
    )
    return table, sd


def _clustered(
    difference: Floats, who: NDArray[np.intp], level: float
) -> tuple[pd.DataFrame, float]:
    """Zou's limits, for pairs whose true value may change within a person."""
    n = len(difference)
    times = np.bincount(who)
    people = len(times)
    if people < 3 or n == people:
        raise TooFewError(
            "Limits of agreement with clusters need three people, and one with two pairs. There "
            f"are {people} people with {n} pairs; without cluster=, pairs are independent."
        )
    means = np.bincount(who, weights=difference) / times
    bias = float(means.mean())
    between = float(means.var(ddof=1))
    within = float(((difference - means[who]) ** 2).sum() / (n - people))
    share = 1 - float((1 / times).mean())
    variance = between + share * within
    tail = (1 - level) / 2
    parts = np.array([between, share * within])
    df = np.array([people - 1, n - people])
    low = variance - np.sqrt(((parts * (1 - df / stats.chi2.isf(tail, df))) ** 2).sum())
    high = variance + np.sqrt(((parts * (df / stats.chi2.ppf(tail, df) - 1)) ** 2).sum())
    z = float(stats.norm.ppf((1 + _SPAN) / 2))
    sd = float(np.sqrt(variance))
    error = float(np.sqrt(between / people))
    half = float(stats.norm.ppf(1 - tail)) * error
    inner = np.hypot(half, z * (sd - np.sqrt(max(low, 0.0))))
    outer = np.hypot(half, z * (np.sqrt(high) - sd))
    # The variance of sd by the delta method, from those of its two parts.
    of_limit = np.sqrt(error**2 + z**2 * (2 * parts**2 / df).sum() / (4 * variance))
    lower, upper = bias - z * sd, bias + z * sd
    exact = float(stats.t.ppf(1 - tail, people - 1)) * error
    table = pd.DataFrame(
        {
            "term": ["bias", "lower", "upper"],
            "estimate": [bias, lower, upper],
            "se": [error, of_limit, of_limit],
            "ci_low": [bias - exact, lower - outer, upper - inner],
            "ci_high": [bias + exact, lower + inner, upper + outer],
            "n": n,
            "people": people,
        }
    )
    return table, sd


def _checks(mean: Floats, difference: Floats, level: float) -> pd.DataFrame:
    slope, residual = _slope(mean, difference, level)
    spread, _ = _slope(mean, np.abs(residual), level)
    return pd.DataFrame([{"term": "proportional_bias", **slope}, {"term": "spread", **spread}])


def _slope(x: Floats, y: Floats, level: float) -> tuple[dict[str, float], Floats]:
    """The slope of y on x with its error and test; NaN when x doesn't vary."""
    df = len(x) - 2
    about = x - x.mean()
    square = float(about @ about)
    if square <= 1e-24 * max(float(np.abs(x).max()) ** 2, 1e-300) * len(x):
        keys = ("estimate", "se", "statistic", "df", "p", "ci_low", "ci_high")
        return dict.fromkeys(keys, float("nan")), y - y.mean()
    slope = float(about @ y) / square
    residual = y - y.mean() - slope * about
    se = float(np.sqrt(residual @ residual / df / square))
    half = float(stats.t.ppf((1 + level) / 2, df)) * se
    statistic = slope / se if se > 0 else float("nan")
    row = {
        "estimate": slope,
        "se": se,
        "statistic": statistic,
        "df": df,
        "p": float(2 * stats.t.sf(abs(statistic), df)),
        "ci_low": slope - half,
        "ci_high": slope + half,
    }
    return row, residual


def _worries(
    table: pd.DataFrame, checks: pd.DataFrame, left_out: int, *, clustered: bool
) -> list[str]:
    said = []
    if left_out:
        said.append(f"{left_out} pairs that lack a value were left out.")
    bias, spread = checks["p"].tolist()
    if bias < _SMALL:
        said.append(
            "Differences change with the size of what is measured (proportional bias, p "
            f"{bias:.2g}): one pair of limits doesn't hold for all. Or one way has "
            "more error than the other."
        )
    if spread < _SMALL:
        said.append(
            "Differences scatter otherwise where values are larger (p "
            f"{spread:.2g}): limits are too wide for some and too narrow for others. "
            "Logarithms may help."
        )
    n = int(table["people" if clustered else "n"].iloc[0])
    if n < _FEW_PAIRS:
        lower, upper = table.iloc[1], table.iloc[2]
        said.append(
            f"Only {n} {'people' if clustered else 'pairs'}: the limits could be as far apart as "
            f"{lower['ci_low']:.3g} to {upper['ci_high']:.3g}."
        )
    return said
