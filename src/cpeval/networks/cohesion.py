"""How the alters hang together without the ego: arrays in, arrays out, many networks at once."""

from __future__ import annotations

import numpy as np

from cpeval.networks.alter_sets import Sets, any_in, as_sets, earlier, how_many
from cpeval.networks.blocks import Floats, Ints


def components(near: Sets) -> tuple[Ints, Ints]:
    """Count the connected components of each network, and the alters of the largest.

    Parameters
    ----------
    near : array, shape (k, n, words)
        The set of alters that each is tied to.

    Returns
    -------
    components, largest : array of int, shape (k,)

    Notes
    -----
    Warshall's closure, a whole set at a time: for each alter, those who reach it reach all that
    it reaches. Each component is counted at its first alter.
    """
    n = near.shape[1]
    reach = near | as_sets(np.eye(n, dtype=bool))
    bits = 8 * near.itemsize
    one = near.dtype.type(1)
    for alter in range(n):
        word, bit = divmod(alter, bits)
        reaches = (reach[:, :, word] >> near.dtype.type(bit)) & one
        # Zero less one is a word full of ones.
        reach |= (near.dtype.type(0) - reaches)[:, :, np.newaxis] & reach[:, alter, np.newaxis]
    first = ~any_in(reach & earlier(n))
    return first.sum(axis=1), how_many(reach).max(axis=1)


def transitivity(closed: Floats, degree: Floats) -> Floats:
    """Return the share of paths of two ties among alters that a third tie closes, shape (k,).

    Parameters
    ----------
    closed : array, shape (k,)
        Ordered paths of two ties whose ends are tied: six times the triangles.
    degree : array, shape (k, n)

    Returns
    -------
    array, shape (k,)
        NaN where no alter has two ties.
    """
    paths = (degree * (degree - 1)).sum(axis=1)
    return np.asarray(np.divide(closed, paths, out=np.full(paths.shape, np.nan), where=paths > 0))


def degree_centralisation(degree: Floats) -> Floats:
    """Return how far one alter holds the ties: 1 for a star, 0 where all have as many.

    Parameters
    ----------
    degree : array, shape (k, n)

    Returns
    -------
    array, shape (k,)
        NaN for fewer than three alters.
    """
    k, n = degree.shape
    if n < 3:
        return np.full(k, np.nan)
    below = degree.max(axis=1, keepdims=True) - degree
    return np.asarray(below.sum(axis=1) / ((n - 1) * (n - 2)))
