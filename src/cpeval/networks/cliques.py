"""Maximal cliques of many networks at once: sets of alters in bits, all branches side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cpeval.networks.alter_sets import Bools, Sets, any_in, each_in, earlier, how_many, members_of
from cpeval.networks.blocks import Ints

#: Branches that are followed side by side, so that their sets stay in the cache.
_MOST = 2**15

#: With so few who may join, a pivot saves less than it costs.
_FEW = 4


@dataclass(frozen=True, eq=False)
class _Branches:
    """Cliques that were begun: their network, who may join, who would but was tried before."""

    net: Ints
    may_join: Sets
    tried: Sets

    def __len__(self) -> int:
        return self.net.size

    def __getitem__(self, rows: slice) -> _Branches:
        return _Branches(self.net[rows], self.may_join[rows], self.tried[rows])

    def where(self, which: Bools) -> _Branches:
        rows = np.flatnonzero(which)
        return _Branches(
            self.net.take(rows), self.may_join.take(rows, axis=0), self.tried.take(rows, axis=0)
        )


def maximal_cliques(near: Sets, ties: tuple[Ints, Ints, Ints]) -> Ints:
    """Count the sets of three alters or more, all tied to each other, that no other is tied to.

    Parameters
    ----------
    near : array, shape (k, n, words)
        The set of alters that each is tied to, of k networks of n.
    ties : tuple of three arrays of int, shape (t,)
        The same: the network of each tie, and its two alters.

    Returns
    -------
    array of int, shape (k,)

    Notes
    -----
    Bron & Kerbosch's branches, begun with each tie, with Tomita's pivot: whoever may join is
    tried, except those tied to the alter that is tied to most of them. The number of maximal
    cliques can grow as :math:`3^{n/3}`; in networks that people have it stays near n.

    References
    ----------
    .. [1] Tomita, Tanaka & Takahashi (2006). The worst-case time complexity for generating all
       maximal cliques. Theoretical Computer Science, 363(1), 28-42.
    """
    k, n, words = near.shape
    found = np.zeros(k, dtype=np.int64)
    below, rows = earlier(n), near.reshape(k * n, words)
    waiting = [_begun(ties, n, rows, below)]
    while waiting:
        branches = waiting.pop()
        if len(branches) > _MOST:
            waiting += [branches[_MOST:], branches[:_MOST]]
            continue
        grown = _grown(branches, near, rows, below)
        ended = ~any_in(grown.may_join)
        maximal = ended & ~any_in(grown.tried)
        found += np.bincount(grown.net[maximal], minlength=k)
        if not ended.all():
            waiting.append(grown.where(~ended))
    return found


def _begun(ties: tuple[Ints, Ints, Ints], n: int, rows: Sets, below: Sets) -> _Branches:
    """Begin with each tie that a later alter may join."""
    net, first, second = ties
    common = rows.take(net * n + first, axis=0) & rows.take(net * n + second, axis=0)
    before = below.take(np.maximum(first, second), axis=0)
    # The later one of the tie is none of the common ones, so not below is above.
    begun = _Branches(net, common & ~before, common & before)
    return begun.where(any_in(begun.may_join))


def _grown(branches: _Branches, near: Sets, rows: Sets, below: Sets) -> _Branches:
    """Let every alter who may join do so, each after those before it were tried."""
    n = near.shape[1]
    joining = branches.may_join
    many = how_many(joining) > _FEW
    if many.any():
        heavy, joining = branches.where(many), joining.copy()
        there = near.take(heavy.net, axis=0)
        score = how_many(there & heavy.may_join[:, np.newaxis])
        score[~members_of(heavy.may_join | heavy.tried, n)] = -1
        pivot = score.argmax(axis=1)
        joining[many] &= ~there[np.arange(len(heavy)), pivot]
    row, alter = each_in(joining, n)
    net = branches.net.take(row)
    before = joining.take(row, axis=0) & below.take(alter, axis=0)
    known = rows.take(net * n + alter, axis=0)
    return _Branches(
        net,
        branches.may_join.take(row, axis=0) & ~before & known,
        (branches.tried.take(row, axis=0) | before) & known,
    )
