"""A genetic algorithm that looks for the partition of items into the largest Mokken scales."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cpeval.measurement.item_selection import Evidence

Floats = NDArray[np.float64]
#: Partitions: one a row, each item's scale from 1, 0 for none; shape (p, k).
Partitions = NDArray[np.int64]

POPULATION = 60
CROSSED = 0.5
#: The share of items that get another scale, drawn for each child: small steps and large ones.
MUTATED = (0.02, 0.05, 0.1, 0.2)
#: Generations without a better partition before the search ends, and in all.
PATIENCE = 1_000
MOST_GENERATIONS = 20_000


def genetic(
    evidence: Evidence,
    start: NDArray[np.int64],
    *,
    bound: float,
    alpha: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], int]:
    """Search from a first partition and from random ones.

    Parameters
    ----------
    evidence : Evidence
        Of k items; tests are Mokken's Z.
    start : numpy.ndarray of int, shape (k,)
        A partition, such as `aisp` gives. What is found is at least as good, once items that
        don't fit are taken out of it.
    bound, alpha : float
        An item fits if its Hi is at least ``bound`` and above 0 at this level, and none of its
        pairs in the scale is negative.

    Returns
    -------
    numpy.ndarray of int, shape (k,)
        Each item's scale, the largest first; 0 for none.
    int
        Generations searched.
    """
    k = len(start)
    most = max(2, min(k // 2, int(start.max()) + 2))
    rules = _Rules(evidence, bound=bound, alpha=alpha, most=most)
    people = rng.integers(1, most + 1, (POPULATION, k))
    people[0] = start
    people[1] = start > 0
    people = rules.repaired(people)
    order = rules.ranked(people)
    best, key = people[order[0]].copy(), rules.key(people[order[0]][None])
    since = generation = 0
    while since < PATIENCE and generation < MOST_GENERATIONS:
        generation += 1
        people = _next(people[order], most, rng)
        people[-1] = best
        people = rules.repaired(people)
        order = rules.ranked(people)
        found = rules.key(people[order[:1]])
        since += 1
        if tuple(found[0]) > tuple(key[0]):
            best, key, since = people[order[0]].copy(), found, 0
    return best, generation


def _next(people: Partitions, most: int, rng: np.random.Generator) -> Partitions:
    """Breed a generation from one that is sorted, the best first."""
    n, k = people.shape
    # Of two drawn at random the better one is a parent.
    parents = people[rng.integers(0, n, (2, n)).min(axis=0)]
    other = people[rng.integers(0, n, (2, n)).min(axis=0)]
    cut = np.sort(rng.integers(0, k + 1, (n, 2)), axis=1)
    place = np.arange(k)
    part = (place >= cut[:, [0]]) & (place < cut[:, [1]]) & (rng.random((n, 1)) < CROSSED)
    children = np.where(part, other, parents)
    changed = rng.random((n, k)) < rng.choice(MUTATED, (n, 1))
    return np.where(changed, rng.integers(1, most + 1, (n, k)), children)


class _Rules:
    """What makes a partition one of Mokken scales, for many partitions at once."""

    def __init__(self, evidence: Evidence, *, bound: float, alpha: float, most: int) -> None:
        self.observed = evidence.of.observed
        self.largest = evidence.of.largest
        self.independent = evidence.of.independent
        pairs = evidence.pairs
        self.negative = (pairs < 0).astype(float)
        self.varied = np.isfinite(pairs).any(axis=1)
        self.bound = bound
        self.critical = float(stats.norm.isf(alpha))
        self.numbers = np.arange(1, most + 1)

    def repaired(self, people: Partitions) -> Partitions:
        """Take out of each scale the worst item until all fit; number scales by size."""
        people = np.where(self.varied, people, 0)
        member = people[:, None, :] == self.numbers[:, None]  # (p, scales, k)
        while True:
            weights = member.astype(float)
            observed = weights @ self.observed
            with np.errstate(invalid="ignore", divide="ignore"):
                by_item = observed / (weights @ self.largest)
                z = observed / np.sqrt(weights @ self.independent)
            fits = (by_item >= self.bound) & (z >= self.critical)
            misfit = member & ~(fits & (weights @ self.negative == 0))
            if not misfit.any():
                break
            # A single item has no Hi: the lowest of all.
            worth = np.where(misfit, np.nan_to_num(by_item, nan=-np.inf), np.inf)
            worst = worth.argmin(axis=2)
            one, two = np.nonzero(misfit.any(axis=2))
            member[one, two, worst[one, two]] = False
        return self._numbered(member)

    def _numbered(self, member: NDArray[np.bool_]) -> Partitions:
        """Number scales by size; of equals, by their first item."""
        size, first = member.sum(axis=2), member.argmax(axis=2)
        order = np.lexsort((first, -size), axis=1)
        ordered = np.take_along_axis(member, order[:, :, None], axis=1)
        return np.asarray((ordered * self.numbers[:, None]).sum(axis=1), dtype=np.int64)

    def key(self, people: Partitions) -> Floats:
        """Say how good partitions are: the sizes of their scales, then H over all pairs in them.

        Returns
        -------
        numpy.ndarray, shape (p, scales + 1)
            The larger in the first number that differs, the better.
        """
        weights = (people[:, None, :] == self.numbers[:, None]).astype(float)
        observed = ((weights @ self.observed) * weights).sum(axis=(1, 2))
        largest = ((weights @ self.largest) * weights).sum(axis=(1, 2))
        whole = np.divide(observed, largest, out=np.zeros_like(observed), where=largest > 0)
        # Rounded, so that sums in another order don't decide.
        return np.column_stack([weights.sum(axis=2), whole.round(10)])

    def ranked(self, people: Partitions) -> NDArray[np.intp]:
        """Return the order of partitions, the best first."""
        return np.lexsort(-self.key(people).T[::-1])
