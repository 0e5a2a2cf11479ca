"""Crit: how much the violations of an assumption by an item should worry the reader."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: From this on, Molenaar and Sijtsma call violations serious; below `MINOR`, chance explains them.
SERIOUS = 80
MINOR = 40


def crit(
    h: Floats,
    *,
    active: Floats,
    violations: Floats,
    largest: Floats,
    total: Floats,
    statistic: Floats,
    significant: Floats,
) -> Floats:
    r"""Weigh an item's violations into one number.

    Parameters
    ----------
    h : numpy.ndarray, shape (k,)
        The items' H.
    active, violations : numpy.ndarray, shape (k,)
        How many comparisons could fail, and how many do.
    largest, total : numpy.ndarray, shape (k,)
        Size of the largest violation, and their sum.
    statistic, significant : numpy.ndarray, shape (k,)
        The largest test statistic, and how many violations are significant.

    Returns
    -------
    numpy.ndarray, shape (k,)
        Whole numbers, rounded down, at least 0. 0 without violations, NaN without comparisons.

    Notes
    -----
    :math:`50(0.3 - H) + \sqrt{v} + 100 v/a + 100 m + 10\sqrt{s} + 1000 s/a + 5 t + 10\sqrt{g} +
    100 g/a` [1]_, with a, v, m, s, t and g in the order of the parameters.

    References
    ----------
    .. [1] Molenaar & Sijtsma (2000). MSP5 for Windows: User's manual. Groningen: iec ProGAMMA.
    """
    compared = np.where(active > 0, active, np.nan)
    weighed = (
        50 * (0.3 - h)
        + np.sqrt(violations)
        + 100 * violations / compared
        + 100 * largest
        + 10 * np.sqrt(total)
        + 1000 * total / compared
        + 5 * statistic
        + 10 * np.sqrt(significant)
        + 100 * significant / compared
    )
    quiet = np.where(np.isnan(compared) | np.isnan(h), np.nan, 0.0)
    return np.where(violations > 0, np.maximum(np.floor(weighed), 0.0), quiet)
