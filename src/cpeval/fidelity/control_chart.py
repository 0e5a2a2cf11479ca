"""Charts of individual values and moving ranges: limits, and runs that chance rarely makes.

Arrays in, arrays out: many series at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: The mean of the range of two normal values, in standard deviations, as tables of control charts
#: have it (2 / sqrt(pi) = 1.1284): 3 / 1.128 is the 2.66 of textbooks.
D2 = 1.128
#: How many mean ranges a moving range may reach (1 + 3 sqrt(1 - 2 / pi) sqrt(pi / 2)), likewise.
D4 = 3.267

#: The rules, in the order in which they are told.
RULES = (
    "beyond the limits",
    "two of three beyond two thirds of the way",
    "four of five beyond one third of the way",
    "eight in a row on one side",
    "six in a row rising or falling",
    "jump larger than its limit",
)

#: Differences of this share of the values' size are rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Chart:
    """Control charts of k series over T occasions.

    Attributes
    ----------
    centre, low, high : array, shape (k,)
        The mean, and the limits; NaN with fewer than two values.
    mean_range : array, shape (k,)
    ranges : array, shape (k, T)
        How far each value is from the one before it; NaN at the first, and in gaps.
    signals : array of bool, shape (k, T, 6)
        Which of `RULES` a value completes.
    """

    centre: Floats
    low: Floats
    high: Floats
    mean_range: Floats
    ranges: Floats
    signals: Flags


def individuals_chart(values: Floats) -> Chart:
    r"""Return limits and signals of each series.

    Parameters
    ----------
    values : array, shape (k, T)
        A row a series, in the order of time. NaN where there is none: the values before and
        after a gap count as neighbours.

    Notes
    -----
    Limits are :math:`\bar x \pm 3\,\overline{MR} / 1.128`, that is 2.66 mean moving ranges [1]_
    [2]_. The first four rules are those of the Western Electric handbook [3]_, the fifth is
    Nelson's third [4]_, the last compares a range with 3.267 times the mean range [1]_.

    References
    ----------
    .. [1] Wheeler & Chambers (1992). Understanding Statistical Process Control, 2nd ed.
    .. [2] NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2.
    .. [3] Western Electric Company (1956). Statistical Quality Control Handbook.
    .. [4] Nelson (1984). Journal of Quality Technology, 16(4), 237-239.

    Examples
    --------
    >>> chart = individuals_chart(np.array([[3.0, 4, 3, 4, 3, 9]]))
    >>> chart.centre.round(2).item(), chart.high.round(2).item()
    (4.33, 9.65)
    """
    order = np.argsort(np.isnan(values), axis=1, kind="stable")
    x = np.take_along_axis(values, order, axis=1)  # gaps last
    n = (~np.isnan(x)).sum(axis=1)
    ranges = np.full(x.shape, np.nan)
    ranges[:, 1:] = np.abs(np.diff(x, axis=1))
    size = np.max(np.abs(np.nan_to_num(x)), axis=1, initial=0.0) * _ROUNDING
    ranges = np.where(ranges <= size[:, None], ranges * 0.0, ranges)
    centre = _mean(x, n)
    mean_range = _mean(ranges, n - 1)
    sigma = mean_range / D2
    signals = _signals(x, ranges, centre, sigma, mean_range, size)
    back = np.argsort(order, axis=1)
    return Chart(
        centre=centre,
        low=centre - 3 * sigma,
        high=centre + 3 * sigma,
        mean_range=mean_range,
        ranges=np.take_along_axis(ranges, back, axis=1),
        signals=np.take_along_axis(signals, back[:, :, None], axis=1),
    )


def _mean(x: Floats, n: NDArray[np.intp]) -> Floats:
    total = np.nansum(x, axis=1)
    mean: Floats = np.divide(total, n, out=np.full(total.shape, np.nan), where=n > 0)
    return mean


def _signals(
    x: Floats, ranges: Floats, centre: Floats, sigma: Floats, mean_range: Floats, size: Floats
) -> Flags:
    """Return which rule each value completes; comparisons with NaN are false."""
    away, room = x - centre[:, None], size[:, None]
    sides = [[sign * away > k * sigma[:, None] + room for k in range(4)] for sign in (1.0, -1.0)]
    step = np.full(x.shape, np.nan)
    step[:, 1:] = np.diff(x, axis=1)
    found = np.zeros((*x.shape, len(RULES)), dtype=bool)
    for above in sides:
        found[:, :, 0] |= above[3]
        found[:, :, 1] |= above[2] & (_last(above[2], 3) >= 2)
        found[:, :, 2] |= above[1] & (_last(above[1], 5) >= 4)
        found[:, :, 3] |= _last(above[0], 8) == 8
    for moves in (step > room, step < -room):
        found[:, :, 4] |= _last(moves, 5) == 5
    found[:, :, 5] = ranges > D4 * mean_range[:, None] + room
    return found


def _last(flags: Flags, k: int) -> NDArray[np.intp]:
    """Count the true ones among each value and the k - 1 before it."""
    sums = np.cumsum(flags, axis=1)
    before = np.zeros_like(sums)
    before[:, k:] = sums[:, :-k]
    return sums - before
