"""Loevinger's H from covariances, and what they say about items that don't fit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Covariances(NamedTuple):
    """Covariances of all pairs, times n squared: whole numbers, exact as floats below 2**53.

    Attributes
    ----------
    seen : numpy.ndarray, shape (k, k)
        As the answers have them; variances on the diagonal.
    highest : numpy.ndarray, shape (k, k)
        The highest that the items' distributions allow: both items in the same order.
    """

    seen: Floats
    highest: Floats

    def take(self, items: Integers) -> Covariances:
        """Return those of some of the items, in this order."""
        square = np.ix_(items, items)
        return Covariances(self.seen[square], self.highest[square])


def covariances(answers: Integers, steps: int) -> Covariances:
    """Return the covariances that H is made of.

    Parameters
    ----------
    answers : numpy.ndarray, shape (k, n)
        Steps from 0 to ``steps``.

    Notes
    -----
    An answer is the number of steps passed, so the highest sum of products of two items is the
    sum over pairs of steps of the smaller of the numbers of people who pass them.
    """
    k, n = answers.shape
    values = answers.astype(float)
    sums = answers.sum(axis=1)
    frequencies = np.stack([np.bincount(row, minlength=steps + 1) for row in answers])
    passed = frequencies[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    highest = np.empty((k, k))
    for item in range(k):
        highest[item] = np.minimum(passed[item][:, None, None], passed).sum(axis=(0, 2))
    expected = np.outer(sums, sums).astype(float)
    return Covariances(n * (values @ values.T) - expected, n * highest - expected)


def item_h(found: Covariances) -> Floats:
    """Return H of each item, shape (k,); NaN for an item that is constant."""
    seen, highest = (_between(part).sum(axis=1) for part in found)
    h: Floats = np.divide(seen, highest, out=np.full(len(seen), np.nan), where=highest > 0)
    return h


def scale_h(found: Covariances, items: Integers) -> float:
    """Return H of some of the items as a scale; NaN with fewer than two."""
    seen, highest = (float(_between(part).sum()) for part in found.take(items))
    return seen / highest if highest > 0 else float("nan")


def alike(found: Covariances) -> list[tuple[int, int]]:
    """Return the pairs of items that correlate perfectly, up or down."""
    variances = np.diag(found.seen)
    product = np.outer(variances, variances)
    # Rounding is far below: the parts are whole numbers.
    perfect = (found.seen**2 >= (1 - 1e-12) * product) & (product > 0)
    return [(int(a), int(b)) for a, b in np.argwhere(np.triu(perfect, 1))]


def _between(part: Floats) -> Floats:
    return part - np.diag(np.diag(part))
