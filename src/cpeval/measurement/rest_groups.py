"""Groups of people with like rest scores, large enough to compare."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


class RestGroups(NamedTuple):
    """How scores are grouped, for several rest scores at once.

    Attributes
    ----------
    group : numpy.ndarray, shape (rows, scores)
        The group of each score, from 0.
    n_groups : numpy.ndarray, shape (rows,)
    low, high : numpy.ndarray, shape (rows, most groups)
        The scores of each group. A group starts after the one before it, also where nobody has
        that score. -1 where a row has no such group.
    """

    group: Integers
    n_groups: Integers
    low: Integers
    high: Integers


def default_min_size(n: int) -> int:
    """Return the least size of a group that mokken takes for n people [1]_.

    References
    ----------
    .. [1] Molenaar & Sijtsma (2000). MSP5 for Windows: User's manual. Groningen: iec ProGAMMA.

    Examples
    --------
    >>> [default_min_size(n) for n in (100, 200, 400, 1000)]
    [50, 66, 80, 100]
    """
    if n < 150:
        return 50
    if n <= 250:
        return n // 3
    return n // 5 if n < 500 else n // 10


def rest_groups(counts: Integers, min_size: int) -> RestGroups:
    """Join scores, from the lowest up, into groups of at least ``min_size`` people.

    Parameters
    ----------
    counts : numpy.ndarray, shape (rows, scores)
        How many people have each score. The rows have the same sum.
    min_size : int
        A group takes scores until it has so many. The rest, if fewer, joins the last group.

    Examples
    --------
    >>> found = rest_groups(np.array([[3, 0, 1, 2, 1]]), 3)
    >>> found.group.tolist(), found.low.tolist(), found.high.tolist()
    ([[0, 1, 1, 1, 1]], [[0, 1]], [[0, 4]])
    """
    rows, scores = counts.shape
    every = np.arange(rows)
    place = np.arange(scores)
    below = counts.cumsum(axis=1)
    n = below[:, -1]
    group = np.zeros_like(counts)
    taken = np.zeros(rows, dtype=np.int64)
    going = np.ones(rows, dtype=bool)
    while going.any():
        # The score of the person who completes the group; all who share it are in the group.
        last = (below < (taken + min_size)[:, None]).sum(axis=1).clip(max=scores - 1)
        taken = np.where(going, below[every, last], taken)
        going &= n - taken >= min_size
        group += going[:, None] & (place > last[:, None])
    n_groups = group[:, -1] + 1
    low = np.full((rows, n_groups.max()), -1)
    high = low.copy()
    there = counts > 0
    for number in range(low.shape[1]):
        inside = (group == number) & there
        has = inside.any(axis=1)
        high[has, number] = scores - 1 - inside[has, ::-1].argmax(axis=1)
        first = inside[has].argmax(axis=1)
        low[has, number] = first if number == 0 else high[has, number - 1] + 1
    return RestGroups(group, n_groups, low, high)
