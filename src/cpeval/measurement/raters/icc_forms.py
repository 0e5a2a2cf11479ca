"""The six forms of Shrout & Fleiss from sums of ratings."""

from __future__ import annotations

import numpy as np
from scipy import stats

from cpeval.measurement.raters.crossed_moments import CrossedMoments
from cpeval.measurement.raters.crossed_reml import Components, components
from cpeval.measurement.raters.generalised_interval import MeanSquares
from cpeval.measurement.raters.variance_ratio import SubjectModel

# Own code, not pingouin's intraclass_corr: that refuses gaps or drops the subjects that have any,
# where REML uses all ratings. With no gaps its six forms are the same.

#: What each form means.
KINDS = {
    "ICC1": "one rating, raters differ between subjects",
    "ICC2": "one rating, raters at random, absolute agreement",
    "ICC3": "one rating, these raters, consistency",
    "ICC1k": "mean of all raters, raters differ between subjects",
    "ICC2k": "mean of all raters, raters at random, absolute agreement",
    "ICC3k": "mean of all raters, these raters, consistency",
}

#: Of the sum of squares, less than this is rounding.
ROUNDING = 1e-13


def of_moments(
    moments: CrossedMoments, level: float, *, complete: bool
) -> tuple[list[dict[str, object]], Components]:
    """Return the six forms as rows, and the variances with raters at random."""
    k = moments.r
    one_way = SubjectModel(moments=moments, raters=False)
    fixed = SubjectModel(moments=moments, raters=True)
    tiny = ROUNDING * moments.total[-1, -1]
    singles = {}
    for name, model in (("ICC1", one_way), ("ICC3", fixed)):
        if model.df[1] < 1:
            singles[name] = (np.nan,) * 5
        elif model.error() <= tiny:
            singles[name] = (1.0, np.inf, 0.0, 1.0, 1.0)
        else:
            statistic, p = model.test()
            ratio = (statistic - 1) / k if complete else model.reml()[0]
            low, high = (_share(bound) for bound in model.interval(level))
            singles[name] = (_share(ratio), statistic, p, low, high)
    if complete:
        found = _from_mean_squares(moments, fixed)
    elif singles["ICC1"][0] == 1:
        found = Components(subjects=_variance(moments), raters=0.0, error=0.0)
    elif singles["ICC3"][0] == 1 or fixed.df[1] < 1:
        # No error: the restricted likelihood has no maximum.
        found = Components(subjects=np.nan, raters=np.nan, error=0.0 if fixed.df[1] else np.nan)
    else:
        found = components(moments)
    estimate = found.subjects / (found.subjects + found.raters + found.error)
    low, high = _agreement_interval(found, estimate, implied(found, moments), level)
    singles["ICC2"] = (estimate, singles["ICC3"][1], singles["ICC3"][2], low, high)
    rows: list[dict[str, object]] = []
    for raters in (1, k):
        for name in ("ICC1", "ICC2", "ICC3"):
            estimate, statistic, p, low, high = singles[name]
            df = one_way.df if name == "ICC1" else fixed.df
            full = name if raters == 1 else f"{name}k"
            rows.append(
                {
                    "coefficient": full,
                    "kind": KINDS[full],
                    "estimate": stepped_up(estimate, raters),
                    "statistic": statistic,
                    "df1": df[0],
                    "df2": df[1],
                    "p": p,
                    "ci_low": stepped_up(low, raters),
                    "ci_high": stepped_up(high, raters),
                }
            )
    return rows, found


def _variance(moments: CrossedMoments) -> float:
    """The variance of subjects whose ratings are all the same."""
    means = moments.sums[:, -1, -1] / moments.times**2
    middle = (moments.sums[:, :-1, -1].sum(axis=1) / moments.times**2).sum() / moments.n
    return float((means.sum() - moments.n * middle**2) / (moments.n - 1))


def _share(ratio: float) -> float:
    """Subjects' share of variance, from its ratio to the rest."""
    return float(ratio / (1 + ratio)) if np.isfinite(ratio) else 1.0


def stepped_up(single: float, raters: int) -> float:
    """Spearman & Brown: the reliability of the mean of so many ratings."""
    below = 1 + (raters - 1) * single
    return -np.inf if below <= 0 else float(raters * single / below)


def _from_mean_squares(moments: CrossedMoments, fixed: SubjectModel) -> Components:
    """Without gaps: variances that mean squares give, which can be below 0."""
    n, k = moments.n, moments.r
    rest = max(fixed.error(), 0.0)
    between = fixed.residual(0.0) - rest
    raters = moments.total[-1, -1] - between - rest
    error = rest / ((n - 1) * (k - 1))
    return Components(
        subjects=(between / (n - 1) - error) / k,
        raters=(raters / (k - 1) - error) / n,
        error=error,
    )


def implied(found: Components, moments: CrossedMoments) -> MeanSquares | None:
    """Return the mean squares that variances imply, or None when there is no error."""
    r, n_ratings = moments.r, moments.n_ratings
    df = (moments.n - 1, r - 1, n_ratings - moments.n - r + 1)
    if df[2] < 1 or not found.error > 0:
        return None
    k, n = (n_ratings - r) / df[0], (n_ratings - moments.n) / df[1]
    return MeanSquares(
        subjects=max(found.error + k * found.subjects, 0.0),
        raters=max(found.error + n * found.raters, 0.0),
        error=found.error,
        df=df,
        k=k,
        n=n,
    )


def _agreement_interval(
    found: Components, estimate: float, squares: MeanSquares | None, level: float
) -> tuple[float, float]:
    """Shrout & Fleiss' interval of ICC2."""
    if squares is None:
        return (1.0, 1.0) if found.error == found.raters == 0 else (np.nan, np.nan)
    k, n, between = squares.k, squares.n, squares.subjects
    scaled = k * estimate * squares.raters / squares.error
    rest = n * (1 + (k - 1) * estimate) - k * estimate
    if scaled + rest <= 0 or between <= 0:  # Satterthwaite's approximation breaks down
        return np.nan, np.nan
    df = (scaled + rest) ** 2 / (scaled**2 / squares.df[1] + rest**2 / squares.df[2])
    others = k * squares.raters + (k * n - k - n) * squares.error
    tail = (1 - level) / 2
    above = stats.f.isf(tail, squares.df[0], df)
    below = stats.f.isf(tail, df, squares.df[0])
    # Divided by the quantiles, which have no bound when df is near 0.
    low = n * (between / above - squares.error) / (others + n * between / above)
    high = n * (between - squares.error / below) / (others / below + n * between)
    return float(low), float(high)
