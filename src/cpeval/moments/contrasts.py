"""Tests of fixed effects of a mixed model: t for a contrast, F for several together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from cpeval.errors import OptionError, require_option
from cpeval.moments.kenward_roger import (
    adjusted_covariance,
    kenward_roger_df,
    kenward_roger_joint,
)
from cpeval.moments.mixed_fit import MixedFit
from cpeval.moments.mixed_parameters import Floats
from cpeval.moments.satterthwaite import satterthwaite_df, satterthwaite_joint

DegreesOfFreedom = Literal["kenward-roger", "satterthwaite", "normal"]
#: A relative difference that is rounding, when contrasts follow from others.
_SAME = 1e-10
_METHODS = ("kenward-roger", "satterthwaite", "normal")


@dataclass(frozen=True, kw_only=True, eq=False)
class Contrasts:
    """Contrasts on their own, each array of shape (r,). ``df`` is infinite for the normal."""

    estimate: Floats
    se: Floats
    df: Floats
    statistic: Floats
    p: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class JointTest:
    """Contrasts together.

    Attributes
    ----------
    statistic : float
        F, scaled already.
    df_num, df_den : float
        ``df_den`` is infinite for the normal.
    p : float
    scale : float
        What F was multiplied by, 1 but for Kenward and Roger.
    """

    statistic: float
    df_num: int
    df_den: float
    p: float
    scale: float


def fixed_covariance(fit: MixedFit, *, df: DegreesOfFreedom = "kenward-roger") -> Floats:
    """Return the covariance of fixed effects that goes with a method: adjusted, or as it is."""
    require_option("df", df, _METHODS)
    return adjusted_covariance(fit) if df == "kenward-roger" else fit.cov


def contrast_tests(
    fit: MixedFit,
    contrasts: ArrayLike | None = None,
    *,
    df: DegreesOfFreedom = "kenward-roger",
    null: ArrayLike = 0.0,
) -> Contrasts:
    """Estimate and test each contrast on its own.

    Parameters
    ----------
    fit : MixedFit
    contrasts : array_like, shape (r, p), optional
        One a row; each fixed effect on its own by default.
    df : {"kenward-roger", "satterthwaite", "normal"}
    null : array_like, shape (r,) or ()
        Values to test against.

    Returns
    -------
    Contrasts

    Raises
    ------
    OptionError
        A contrast of another length, all zero or not finite; Kenward-Roger for a fit by ML.
    """
    rows = _rows(fit, contrasts)
    covariance = fixed_covariance(fit, df=df)
    estimate = rows @ fit.beta
    se = np.sqrt(np.einsum("ra,ab,rb->r", rows, covariance, rows))
    if df == "normal":
        degrees = np.full(len(rows), np.inf)
    else:
        degrees = (kenward_roger_df if df == "kenward-roger" else satterthwaite_df)(fit, rows)
    statistic = (estimate - np.broadcast_to(np.asarray(null, dtype=float), se.shape)) / se
    size = -np.abs(statistic)
    p = 2.0 * (special.ndtr(size) if df == "normal" else special.stdtr(degrees, size))
    return Contrasts(estimate=estimate, se=se, df=degrees, statistic=statistic, p=p)


def joint_test(
    fit: MixedFit,
    contrasts: ArrayLike,
    *,
    df: DegreesOfFreedom = "kenward-roger",
    null: ArrayLike = 0.0,
) -> JointTest:
    """Test contrasts together.

    Parameters
    ----------
    fit : MixedFit
    contrasts : array_like, shape (r, p)
        One a row. Rows that follow from others are left out of the count.
    df : {"kenward-roger", "satterthwaite", "normal"}
        Normal compares r F with chi square.
    null : array_like, shape (r,) or ()
        Values to test against.

    Returns
    -------
    JointTest

    Raises
    ------
    OptionError
        As `contrast_tests`, or null values that contradict each other.
    TooFewError
        Kenward and Roger's approximation has no answer.
    """
    given = _rows(fit, contrasts)
    rows, values = _independent(fit, given, null)
    r = len(rows)
    covariance = fixed_covariance(fit, df=df)
    distance = rows @ fit.beta - values
    wald = float(distance @ np.linalg.solve(rows @ covariance @ rows.T, distance)) / r
    degrees, scale = np.inf, 1.0
    if df == "kenward-roger":
        degrees, scale = kenward_roger_joint(fit, rows)
    elif df == "satterthwaite":
        degrees = satterthwaite_joint(fit, given)
    statistic = scale * wald
    p = special.chdtrc(r, r * statistic) if df == "normal" else special.fdtrc(r, degrees, statistic)
    return JointTest(statistic=statistic, df_num=r, df_den=degrees, p=float(p), scale=scale)


def _rows(fit: MixedFit, contrasts: ArrayLike | None) -> Floats:
    """Return contrasts as an array (r, p), checked."""
    p = len(fit.beta)
    if contrasts is None:
        return np.eye(p)
    rows = np.atleast_2d(np.asarray(contrasts, dtype=float))
    if rows.ndim != 2 or rows.shape[1] != p or not len(rows):
        raise OptionError(
            f"Contrasts must have one column for each of {p} terms. Got {rows.shape}."
        )
    if not np.isfinite(rows).all() or not rows.any(axis=1).all():
        raise OptionError("Each contrast must be finite, and other than zero for some term.")
    return rows


def _independent(fit: MixedFit, rows: Floats, null: ArrayLike) -> tuple[Floats, Floats]:
    """Replace contrasts by as many independent ones as they hold, in units of standard errors."""
    units = np.sqrt(np.diagonal(fit.cov))
    values = np.broadcast_to(np.asarray(null, dtype=float), (len(rows),))
    left, sizes, right = np.linalg.svd(rows * units, full_matrices=True)
    r = int((sizes > _SAME * sizes[0]).sum())
    along = left.T @ values
    if np.abs(along[r:]).max(initial=0.0) > _SAME * np.abs(values).max():
        raise OptionError(
            "The null values contradict each other: some contrasts follow from others."
        )
    return right[:r] / units, along[:r] / sizes[:r]
