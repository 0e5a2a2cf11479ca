"""Least squares with errors that fit the design. Arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, stats

from cpeval.errors import ColumnError

Floats = NDArray[np.float64]

#: Errors for people who are independent, in the words of this package and of statsmodels.
INDEPENDENT = {
    "classical": "nonrobust",
    "HC0": "HC0",
    "HC1": "HC1",
    "HC2": "HC2",
    "HC3": "HC3",
}

#: A column whose part that others don't explain is smaller than this share is explained by them.
_EXPLAINED = 1e-9


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

    Parameters
    ----------
    y : array, shape (n,)
    x : array, shape (n, k)
        Of full column rank, n above k, with a constant if one is wanted.
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

    model = OLS(y, x)
    if clusters is None:
        fitted = model.fit(cov_type=INDEPENDENT[vcov], use_t=True)
        df = x.shape[0] - x.shape[1]
    else:
        fitted = model.fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
        df = int(np.unique(clusters).size) - 1
    estimate = np.asarray(fitted.params, dtype=float)
    se = np.sqrt(np.diag(fitted.cov_params()))
    # The size that rounding alone gives an error: 1e-12 of the scores over the column's spread.
    rounding = 1e-12 * np.abs(y).max() / np.maximum(np.abs(x).max(axis=0), 1e-300)
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


def leverages(x: Floats) -> Floats:
    """Return the diagonal of the hat matrix, shape (n,), without forming that matrix."""
    q = np.linalg.qr(x)[0]
    return np.asarray((q**2).sum(axis=1))


def require_full_rank(x: Floats, terms: Sequence[str]) -> None:
    """Raise `ColumnError` that names terms that are constant or follow from others.

    Parameters
    ----------
    x : array, shape (n, k)
        The first column is the constant.
    terms : sequence of str
        The k names. Of terms that follow from each other, the later is named as the one too many.
    """
    centred = x[:, 1:] - x[:, 1:].mean(axis=0)
    spread = np.linalg.norm(centred, axis=0)
    constant = spread <= _EXPLAINED * np.linalg.norm(x[:, 1:], axis=0)
    faults = [
        f"{terms[1 + k]!r} is the same for everyone" for k in map(int, np.flatnonzero(constant))
    ]
    kept: list[int] = []
    for k in map(int, np.flatnonzero(~constant)):
        column = centred[:, k] / spread[k]
        basis = centred[:, kept] / spread[kept]
        weights = linalg.lstsq(basis, column)[0] if kept else np.empty(0)
        if np.linalg.norm(column - basis @ weights) > _EXPLAINED:
            kept.append(k)
            continue
        sources = [terms[1 + kept[i]] for i in map(int, np.flatnonzero(np.abs(weights) > 1e-6))]
        faults.append(f"{terms[1 + k]!r} follows from {', '.join(map(repr, sources))}")
    if faults:
        raise ColumnError(
            f"The regression can't tell terms apart: {'; '.join(faults)}. "
            "Leave those covariates out (among the people analysed they add nothing)."
        )
