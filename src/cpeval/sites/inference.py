"""Estimates as a tidy table with t or normal inference, and joint tests as a Result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats

from cpeval.result import Result

Floats = NDArray[np.float64]


def tidy(
    terms: Sequence[str], estimate: Floats, se: Floats, df: Floats, level: float
) -> pd.DataFrame:
    """Make the table of estimates.

    Parameters
    ----------
    terms : sequence of str
        p names.
    estimate, se, df : arrays, shape (p,)
        Degrees of freedom are infinite where the normal distribution is meant. NaN carries through.
    level : float
        Coverage of the intervals.
    """
    statistic = estimate / se
    half = -special.stdtrit(df, (1 - level) / 2) * se
    return pd.DataFrame(
        {
            "term": list(terms),
            "estimate": estimate,
            "se": se,
            "df": df,
            "statistic": statistic,
            "p": 2 * special.stdtr(df, -np.abs(statistic)),
            "ci_low": estimate - half,
            "ci_high": estimate + half,
        }
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class JointTest(Result):
    """A test that several terms are zero at once.

    Attributes
    ----------
    table : pandas.DataFrame, shape (1, 5)
        term (all of them), statistic (F), df_num, df (of the denominator), p. NaN where there are
        too few clusters for the test.
    """


def joint(
    terms: Sequence[str], statistic: float, df_num: float, df: float, p: float, note: str
) -> JointTest:
    """Wrap a joint test."""
    row = {"term": ", ".join(terms), "statistic": statistic, "df_num": df_num, "df": df, "p": p}
    warnings = (
        ()
        if np.isfinite(p)
        else ("There are too few clusters for this test: no statistic can be had.",)
    )
    return JointTest(table=pd.DataFrame([row]), note=note, warnings=warnings)


def f_test(estimate: Floats, vcov: Floats, df: float) -> tuple[float, float]:
    """Return F and its p for q estimates with their covariance, shape (q, q), on q and df."""
    q = estimate.size
    statistic = float(estimate @ np.linalg.solve(vcov, estimate)) / q
    return statistic, float(stats.f.sf(statistic, q, df))
