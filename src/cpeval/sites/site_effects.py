"""The difference between the arms within each site, by itself. Arrays in, arrays out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

#: The distance from 1 to the next number.
_EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, kw_only=True, eq=False)
class ArmMoments:
    """Counts, means and squares of two arms in each site; arrays of shape (2, n_sites)."""

    n: Floats
    mean: Floats
    squares: Floats


def arm_moments(y: Floats, arm: Codes, site: Codes, n_sites: int) -> ArmMoments:
    """Sum up an outcome by arm and site.

    Parameters
    ----------
    y : array, shape (n,)
    arm : array of int, shape (n,)
        0 the comparison, 1 the intervention.
    site : array of int, shape (n,)
        From 0 to ``n_sites`` - 1.
    n_sites : int
    """
    cell = arm * n_sites + site
    size = 2 * n_sites
    n = np.bincount(cell, minlength=size).astype(float)
    # Distances from a middle value first: means of large numbers lose digits.
    middle = float(np.median(y)) if y.size else 0.0
    rest = y - middle
    with np.errstate(invalid="ignore"):
        mean = np.bincount(cell, rest, size) / n
    squares = np.bincount(cell, (rest - mean[cell]) ** 2, size).astype(float)
    # What rounding of the outcome leaves is no spread.
    largest = np.abs(y).max(initial=0.0)
    squares[squares <= n * (4 * _EPS * largest) ** 2] = 0.0
    shape = (2, n_sites)
    return ArmMoments(
        n=n.reshape(shape), mean=(mean + middle).reshape(shape), squares=squares.reshape(shape)
    )


def differences(found: ArmMoments, *, variance: str) -> tuple[Floats, Floats, Floats]:
    """Return each site's difference (intervention minus comparison), its error and df.

    Parameters
    ----------
    found : ArmMoments
    variance : {"welch", "pooled", "common"}
        Each arm of each site has its own variance; the two arms of a site share one; all sites
        share one.

    Returns
    -------
    estimate, se, df : array, shape (n_sites,)
        NaN where an arm has no people; se and df NaN where there is no spread to measure.
    """
    n, squares = found.n, found.squares
    estimate = found.mean[1] - found.mean[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        if variance == "welch":
            share = squares / (n - 1) / n
            share[n < 2] = np.nan
            total = share.sum(axis=0)
            df = total**2 / (share**2 / (n - 1)).sum(axis=0)
        elif variance == "pooled":
            df = n.sum(axis=0) - 2
            total = squares.sum(axis=0) / df * (1 / n).sum(axis=0)
        else:
            cells = n > 0
            shared = float((n - 1)[cells].sum())
            df = np.full(n.shape[1], shared)
            total = squares.sum() / shared * (1 / n).sum(axis=0)
        usable = (total > 0) & np.isfinite(total) & np.isfinite(estimate) & (df > 0)
        se = np.sqrt(np.where(usable, total, np.nan))
    return estimate, se, np.where(usable, df, np.nan)
