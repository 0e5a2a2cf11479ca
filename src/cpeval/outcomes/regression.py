"""Least squares with errors that fit the design. Arrays in, arrays out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cpeval.people.columns import standardised

Floats = NDArray[np.float64]

#: Errors for people who are independent, in the words of this package and of statsmodels.
INDEPENDENT = {
    "classical": "nonrobust",
    "HC0": "HC0",
    "HC1": "HC1",
    "HC2": "HC2",
    "HC3": "HC3",
}

#: The distance from 1 to the next number.
_EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, kw_only=True, eq=False)
class Fit:
    """Coefficients with t inference: arrays of shape (k,), and the degrees of freedom."""

    estimate: Floats
    se: Floats
    statistic: Floats
    p: Floats
    ci_low: Floats
    ci_high: Floats
    df: int

    def without_errors(self) -> Fit:
        """Keep the coefficients only: the rest is NaN."""
        none = np.full_like(self.estimate, np.nan)
        return Fit(
            estimate=self.estimate,
            se=none,
            statistic=none,
            p=none,
            ci_low=none,
            ci_high=none,
            df=self.df,
        )


def least_squares(
    y: Floats,
    x: Floats,
    *,
    vcov: str,
    level: float,
    clusters: NDArray[np.intp] | None = None,
) -> Fit:
    """Regress ``y`` on ``x`` by statsmodels.

    Fitted on columns and outcome less their means, over their size, and put back: far from zero
    (a year, a date as a number) the constant would otherwise drown the rest.

    Parameters
    ----------
    y : array, shape (n,)
    x : array, shape (n, k)
        Of full column rank, n above k. The first column is the constant.
    vcov : str
        A key of `INDEPENDENT`; or "CR1S" with ``clusters``: the sandwich over clusters times
        G / (G - 1) x (n - 1) / (n - k), Stata's, on G - 1 degrees of freedom.
    level : float
        Coverage of the intervals.
    clusters : array of int, shape (n,), optional
        Which of the G clusters a row is in.

    Returns
    -------
    Fit
        Where residuals or errors are zero up to rounding, the statistic, p and interval are NaN.
    """
    from statsmodels.regression.linear_model import OLS

    z, centre, size = standardised(x[:, 1:])
    (score,), (mean,), (unit,) = (part.T for part in standardised(y[:, np.newaxis]))
    n, k = x.shape
    model = OLS(score, np.column_stack([np.ones(n), z]))
    if clusters is None:
        fitted = model.fit(cov_type=INDEPENDENT[vcov], use_t=True)
        df = n - k
    else:
        fitted = model.fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
        df = int(np.unique(clusters).size) - 1
    # The linear map to the columns as they were; the constant takes up what was subtracted.
    back = np.diag(unit / np.append(1.0, size))
    back[0, 1:] = -back.diagonal()[1:] * centre
    standard = np.asarray(fitted.params, dtype=float)
    estimate = back @ standard
    estimate[0] += mean
    variance = back @ np.asarray(fitted.cov_params(), dtype=float) @ back.T
    se = np.sqrt(np.maximum(np.diag(variance), 0.0))
    # What rounding of the data alone leaves, in units of ``score``: of residuals and of errors.
    of_y = np.abs(y).max() / unit
    of_x = (np.abs(x[:, 1:]).max(axis=0, initial=0.0) / size) @ np.abs(standard[1:])
    if np.abs(fitted.resid).max() <= 1e-12 + 2 * _EPS * (of_y + of_x):
        se = np.full(k, np.nan)
    rounding = (1e-12 + _EPS * of_y / np.sqrt(n)) * np.linalg.norm(back, axis=1)
    se = np.where(se > rounding, se, np.nan)
    statistic = estimate / se
    half = stats.t.isf((1 - level) / 2, df) * se
    return Fit(
        estimate=estimate,
        se=se,
        statistic=statistic,
        p=2 * stats.t.sf(np.abs(statistic), df),
        ci_low=estimate - half,
        ci_high=estimate + half,
        df=df,
    )
