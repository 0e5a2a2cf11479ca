"""Maximal cliques of many networks at once: sets of alters in bits, all branches side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cpeval.networks.alter_sets import Bools, Sets, earlier, members_of
from cpeval.networks.blocks import Ints

#: Branches that are followed side by side, so that their sets stay in the cache.
_MOST = 2**15

#: With so few who may join, a pivot saves less than it costs.
_FEW = 4


@dataclass(frozen=True, eq=False)
class _Branches:
    """Cliques that were begun: their network, who may join, who would but was tried before."""

    depth: int
    net: Ints
    may_join: Sets
    tried: Sets

    def __len__(self) -> int:
        return self.net.size

    def __getitem__(self, rows: Bools | slice) -> _Branches:
        return _Branches(self.depth, self.net[rows], self.may_join[rows], self.tried[rows])


def maximal_cliques(near: Sets, *, least: int = 3) -> Ints:
    """Count the sets of alters who are all tied to each other and to no further alter alike.

    Parameters
    ----------
    near : array, shape (k, n, words)
        The set of alters that each is tied to, of k networks of n.
    least : int, default 3
        The smallest clique that counts; at least 2.

    Returns
    -------
    array of int, shape (k,)

    Notes
    -----
    Bron & Kerbosch's branches with Tomita's pivot: whoever may join is tried except those tied to
    the alter that is tied to most of them. The number of maximal cliques can grow as
    :math:`3^{n/3}`; in networks that people have it stays near n.

    References
    ----------
    .. [1] Tomita, Tanaka & Takahashi (2006). The worst-case time complexity for generating all
       maximal cliques. Theoretical Computer Science, 363(1), 28-42.
    """
    k, n, _ = near.shape
    found = np.zeros(k, dtype=np.int64)
    below = earlier(n)
    net, alter = np.nonzero(np.bitwise_count(near).sum(axis=2) >= least - 1)
    begun = _Branches(1, net, near[net, alter] & ~below[alter], near[net, alter] & below[alter])
    waiting = [begun]
    while waiting:
        branches = waiting.pop()
        if len(branches) > _MOST:
            waiting += [branches[_MOST:], branches[:_MOST]]
            continue
        ended: Bools = ~np.asarray(branches.may_join.any(axis=1))
        if branches.depth >= least:
            maximal = ended & ~branches.tried.any(axis=1)
            found += np.bincount(branches.net[maximal], minlength=k)
        open_ones = branches[~ended]
        if len(open_ones):
            waiting.append(_grown(open_ones, near, below))
    return found


def _grown(branches: _Branches, near: Sets, below: Sets) -> _Branches:
    """Let every alter who may join do so, each after those before it were tried."""
    n = near.shape[1]
    joining = branches.may_join.copy()
    many = np.bitwise_count(joining).sum(axis=1) > _FEW
    if many.any():
        heavy = branches[many]
        there = near[heavy.net]
        score = np.bitwise_count(there & heavy.may_join[:, np.newaxis]).sum(axis=2, dtype=np.int32)
        score[~members_of(heavy.may_join | heavy.tried, n)] = -1
        pivot = score.argmax(axis=1)
        joining[many] &= ~there[np.arange(len(heavy)), pivot]
    row, alter = np.nonzero(members_of(joining, n))
    net, before = branches.net[row], joining[row] & below[alter]
    known = near[net, alter]
    return _Branches(
        branches.depth + 1,
        net,
        branches.may_join[row] & ~before & known,
        (branches.tried[row] | before) & known,
    )
