"""Sets of alters as bits in words: what asks who is in, and who is in both, of many at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: The last axis holds a set's words; alter i is bit i % bits of word i // bits.
Sets = NDArray[np.unsignedinteger]
Bools = NDArray[np.bool_]


def as_sets(members: Bools) -> Sets:
    """Pack the last axis of n into words of as few bits as will do, 64 at most.

    >>> as_sets(np.array([[True, False, True], [False, True, False]]))
    array([[5],
           [2]], dtype=uint8)
    """
    n = members.shape[-1]
    bits = next((b for b in (8, 16, 32) if n <= b), 64)
    words = -(-n // bits)
    padded = np.zeros((*members.shape[:-1], words * bits), dtype=bool)
    padded[..., :n] = members
    packed: Sets = np.packbits(padded, axis=-1, bitorder="little").view(f"<u{bits // 8}")
    return packed


def members_of(sets: Sets, n: int) -> Bools:
    """Return which of n alters are in each set, shape (len(sets), n).

    >>> members_of(np.array([[5], [2]], dtype=np.uint8), 3).tolist()
    [[True, False, True], [False, True, False]]
    """
    octets = np.ascontiguousarray(sets).view(np.uint8)
    return np.unpackbits(octets, axis=1, count=n, bitorder="little").view(bool)


def each_in(sets: Sets, n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Go through all alters of all sets: which set, and which alter.

    >>> each_in(np.array([[5], [2]], dtype=np.uint8), 3)
    (array([0, 0, 1]), array([0, 2, 1]))
    """
    # Numpy finds what isn't zero more quickly on one axis than on two.
    cell = np.flatnonzero(members_of(sets, n))
    which = cell // n
    return which, cell - which * n


def any_in(sets: Sets) -> Bools:
    """Say which sets hold an alter; the last axis goes."""
    # Numpy is slow to reduce an axis of one, which nearly all sets have.
    return np.asarray(sets[..., 0] != 0 if sets.shape[-1] == 1 else sets.any(axis=-1))


def how_many(sets: Sets) -> NDArray[np.int64]:
    """Count the alters of each set; the last axis goes.

    >>> how_many(np.array([[5], [2]], dtype=np.uint8))
    array([2, 1])
    """
    counts = np.bitwise_count(sets)
    if sets.shape[-1] == 1:
        return counts[..., 0].astype(np.int64)
    return np.asarray(counts.sum(axis=-1, dtype=np.int64))


def earlier(n: int) -> Sets:
    """Return for each of n alters the set of those before it."""
    return as_sets(np.tri(n, k=-1, dtype=bool))
