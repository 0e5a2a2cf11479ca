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
    below = counts.cumsum(axis=1)
    n = below[0, -1]

    def score_of(person: Integers) -> Integers:
        """The score of each row's person with this number, counted from the lowest, from 1."""
        # Rows one above the other make one ascending list.
        ascending = (below + (every * (n + 1))[:, None]).ravel()
        place = np.searchsorted(ascending, person + every * (n + 1)) - every * scores
        found: Integers = np.minimum(place, scores - 1)
        return found

    ends = []
    taken = np.zeros(rows, dtype=np.int64)
    going = np.ones(rows, dtype=bool)
    while True:
        # The score of the person who completes the group; all who share it are in the group.
        last = score_of(taken + min_size)
        taken = below[every, last]
        going = going & (n - taken >= min_size)
        if not going.any():
            break
        ends.append(np.where(going, last, -1))
    high = np.full((rows, len(ends) + 1), -1)
    high[:, :-1] = np.array(ends).reshape(-1, rows).T
    n_groups = (high >= 0).sum(axis=1) + 1
    starts = np.zeros((rows, scores + 1), dtype=np.int64)
    row, place = np.nonzero(high >= 0)
    starts[row, high[row, place] + 1] = 1
    high[every, n_groups - 1] = score_of(np.full(rows, n))
    low = np.where(high >= 0, np.roll(high, 1, axis=1) + 1, -1)
    low[:, 0] = score_of(np.ones(rows, dtype=np.int64))
    return RestGroups(starts.cumsum(axis=1)[:, :-1], n_groups, low, high)
