"""Which items to leave out until no pair of those left violates their order, and H^T."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cpeval.measurement.item_scalability import Covariances, scale_h

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def backward_selection(
    violated: NDArray[np.bool_], found: Covariances
) -> tuple[list[int], NDArray[np.float64]]:
    """Remove, one by one, the item that violates its order with most others.

    Of several, the one whose removal leaves the highest H; if that is equal, the first.

    Parameters
    ----------
    violated : numpy.ndarray, shape (k, k)
        Symmetric: whether a pair has a significant violation.
    found : Covariances
        Of the k items.

    Returns
    -------
    removed : list of int
        In the order of removal.
    counts : numpy.ndarray, shape (k, removed + 1)
        With how many others each item violates its order at each step; NaN once removed.

    Examples
    --------
    >>> from cpeval.measurement.item_scalability import Covariances
    >>> pairs = np.array([[0, 1, 1], [1, 0, 0], [1, 0, 0]], dtype=bool)
    >>> removed, counts = backward_selection(pairs, Covariances(np.eye(3), np.ones((3, 3))))
    >>> removed, counts.tolist()
    ([0], [[2.0, nan], [1.0, 0.0], [1.0, 0.0]])
    """
    left = violated.copy()
    kept = np.ones(len(left), dtype=bool)
    removed: list[int] = []
    counts = [left.sum(axis=1).astype(float)]
    while left.any():
        now = left.sum(axis=1)
        most = np.flatnonzero(now == now.max())
        worst = int(most[0])
        if most.size > 1:
            without = [
                scale_h(found, np.flatnonzero(kept & (places != item)))
                for places in (np.arange(len(left)),)
                for item in most
            ]
            worst = int(most[int(np.argmax(np.nan_to_num(without, nan=-np.inf)))])
        left[worst] = left[:, worst] = False
        kept[worst] = False
        removed.append(worst)
        counts.append(np.where(kept, left.sum(axis=1), np.nan))
    return removed, np.stack(counts, axis=1)


def h_transposed(answers: Integers) -> float:
    r"""Return H^T: how far people agree on the order of the items.

    Parameters
    ----------
    answers : numpy.ndarray, shape (k, n)
        Items by people.

    Returns
    -------
    float
        NaN with fewer than two items, or if nobody tells items apart.

    Notes
    -----
    The sum of the covariances of all pairs of people over items, divided by the highest sum that
    their answers allow [1]_. With :math:`c_i` the sum of item i over people, the sum over all
    pairs, a person with himself included, is that of the squares of :math:`c_i - \bar c`; the
    people's own variances are then taken off. For the highest sum each person's answers are
    sorted first. So pairs of people need not be formed.

    References
    ----------
    .. [1] Ligtvoet, van der Ark, te Marvelde & Sijtsma (2010). Educational and Psychological
       Measurement, 70(4), 578-595.

    Examples
    --------
    >>> h_transposed(np.array([[2, 1, 2], [1, 1, 0], [0, 0, 1]]))
    0.5
    """
    k = len(answers)
    if k < 2:
        return float("nan")
    own = k * (answers**2).sum() - (answers.sum(axis=0) ** 2).sum()
    # Small whole numbers sort fast.
    ordered = np.sort(np.ascontiguousarray(answers.T.astype(np.int16)), axis=1)
    seen, highest = (
        k * (sums**2).sum() - sums.sum() ** 2 - own
        for sums in (answers.sum(axis=1), ordered.sum(axis=0, dtype=np.int64))
    )
    return float(seen / highest) if highest > 0 else float("nan")
