"""What an ego gains from alters who don't know each other: Burt's measures and betweenness.

Arrays in, arrays out, many networks of one size at once. The ego is in the network.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cpeval.networks.blocks import Floats


@dataclass(frozen=True, eq=False)
class Brokerage:
    """Burt's measures, each of shape (k,)."""

    effective_size: Floats
    efficiency: Floats
    constraint: Floats
    hierarchy: Floats


def burt(weight: Floats, ego_weight: Floats) -> Brokerage:
    """Compute Burt's measures of k networks of n alters, n at least 1.

    Parameters
    ----------
    weight : array, shape (k, n, n)
        Ties among alters: 0 or 1, or their strength. Symmetric, the diagonal 0.
    ego_weight : array, shape (k, n)
        Ties between ego and alters, above 0.

    Returns
    -------
    Brokerage
    """
    n = ego_weight.shape[1]
    share = ego_weight / ego_weight.sum(axis=1, keepdims=True)
    strength = weight.sum(axis=2) + ego_weight
    strongest = np.maximum(weight.max(axis=2), ego_weight)
    # Of an alter j: over the other alters q, the sum of share q times q's share of j, or j's of q.
    through = _times(weight, share / strength)
    redundancy = _times(weight, share) / strongest
    return _measures(n - redundancy.sum(axis=1), share + through)


def burt_of_ties(adjacent: Floats, degree: Floats) -> Brokerage:
    """Compute the same with all ties alike, where sums come down to counts.

    Parameters
    ----------
    adjacent : array, shape (k, n, n)
    degree : array, shape (k, n)
        Ties of each alter to other alters.
    """
    n = degree.shape[1]
    through = _times(adjacent, 1 / (degree + 1))
    return _measures(n - degree.sum(axis=1) / n, (1 + through) / n)


def _times(weight: Floats, values: Floats) -> Floats:
    """Multiply each symmetric matrix, shape (k, n, n), with its vector, shape (k, n)."""
    return np.asarray((weight @ values[:, :, np.newaxis])[:, :, 0])


def _measures(effective: Floats, invested: Floats) -> Brokerage:
    """Make all measures of the effective size and of what the ego invests in each alter."""
    n = invested.shape[1]
    part = invested**2
    constraint = part.sum(axis=1)
    return Brokerage(
        effective_size=effective,
        efficiency=effective / n,
        constraint=constraint,
        hierarchy=_hierarchy(part, constraint),
    )


def _hierarchy(part: Floats, constraint: Floats) -> Floats:
    """Return the Coleman-Theil disorder of constraint over alters; 1 with a single alter."""
    k, n = part.shape
    if n == 1:
        return np.ones(k)
    ratio = part / (constraint / n)[:, np.newaxis]
    return np.asarray((ratio * np.log(ratio)).sum(axis=1) / (n * np.log(n)))


def betweenness(adjacent: Floats, common: Floats) -> Floats:
    """Return how many pairs of alters meet through the ego, shape (k,).

    Two alters who aren't tied are two steps apart, through the ego or an alter that both are tied
    to: the ego has one of 1 + c shortest paths, c the alters in common.

    Parameters
    ----------
    adjacent : array, shape (k, n, n)
        0 or 1.
    common : array, shape (k, n, n)
        Alters that two alters are both tied to; on the diagonal an alter's ties.
    """
    paths = (1 - adjacent) / (1 + common)
    own = np.diagonal(paths, axis1=1, axis2=2).sum(axis=1)
    return np.asarray((paths.sum(axis=(1, 2)) - own) / 2)
