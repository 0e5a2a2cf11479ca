"""The automated item selection procedure: scales built up from the best pair, item by item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cpeval.measurement.guttman import Covariances, Guttman
from cpeval.measurement.item_codes import ItemCodes

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Coefficients that differ by less are equal: rounding alone makes larger differences rarely.
_EQUAL = 1e-10


@dataclass(frozen=True, kw_only=True, eq=False)
class Influence:
    """How people move the Guttman errors of pairs: sums of squares and products over people.

    Attributes
    ----------
    products : numpy.ndarray, shape (k, 2k, 2k)
        For each item, of its errors made and expected in the pairs with items 1 to k (made first,
        then expected), each less its mean.
    observed, expected : numpy.ndarray, shape (k, k)
        Errors a person.
    n : int
        People.
    """

    products: Floats
    observed: Floats
    expected: Floats
    n: int

    def z(self, chosen: Flags, bound: float) -> Floats:
        """Return (Hi - bound) / se of each item as it would be among those chosen; shape (k,)."""
        made, foreseen = self.observed[:, chosen].sum(axis=1), self.expected[:, chosen].sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = made / foreseen
            more = np.broadcast_to(np.where(chosen, -1.0, 0.0), self.observed.shape)
            direction = np.hstack([more, np.multiply.outer(share, chosen)])
            squares = np.einsum("ia,iab,ib->i", direction, self.products, direction, optimize=True)
            # Rounding may leave squares that should be 0 below it.
            se = np.sqrt(np.maximum(squares, 0.0)) / foreseen / self.n
            return np.asarray((1 - share - bound) / se)


def influence(items: ItemCodes, errors: Guttman) -> Influence:
    """Sum the squares and products of what people add to pairs; ``items`` without gaps."""
    k, first = items.n_items, items.first
    products = np.zeros((k, 2 * k, 2 * k))
    for rows in items.chunks():
        answers = items.codes[rows] + first
        for one in range(k):
            seen = errors.weight[answers[:, [one]], answers] - errors.observed[one]
            foreseen = errors.half[answers[:, one]] + errors.half[answers, one]
            foreseen -= 2 * errors.expected[one]
            both = np.hstack([seen, foreseen])
            products[one] += both.T @ both
    return Influence(
        products=products, observed=errors.observed, expected=errors.expected, n=items.n_people
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """What the selection of items looks at.

    Attributes
    ----------
    of : Covariances
        Of all k items.
    influence : Influence or None
        To test that Hi is above the lower bound, by its standard error; without it, that it is
        above 0, by Mokken's Z.
    """

    of: Covariances
    influence: Influence | None = None

    @property
    def pairs(self) -> Floats:
        """Hij; NaN for items that don't vary, and on the diagonal."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.of.observed / self.of.largest)

    def z_pairs(self) -> Floats:
        """Return the tests of Hij > 0; shape (k, k)."""
        if self.influence is None:
            return self.of.z()[0]
        single = np.eye(len(self.of.observed), dtype=bool)
        return np.stack([self.influence.z(one, 0.0) for one in single], axis=1)

    def z_items(self, chosen: Flags, bound: float) -> Floats:
        """Return the test of each item's Hi as it would be among those chosen; shape (k,)."""
        if self.influence is not None:
            return self.influence.z(chosen, bound)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(
                self.of.observed[:, chosen].sum(axis=1)
                / np.sqrt(self.of.independent[:, chosen].sum(axis=1))
            )

    def scalabilities(self, chosen: Flags) -> tuple[Floats, float]:
        """Return Hi of each item among those chosen, shape (k,), and their H."""
        observed, largest = self.of.observed[:, chosen], self.of.largest[:, chosen]
        with np.errstate(invalid="ignore", divide="ignore"):
            by_item = observed.sum(axis=1) / largest.sum(axis=1)
            whole = observed[chosen].sum() / largest[chosen].sum()
        return by_item, float(whole)


@dataclass(frozen=True, kw_only=True)
class Step:
    """An item that joined a scale, and the scale's H from then on."""

    scale: int
    item: int
    H: float


def aisp(evidence: Evidence, *, bound: float, alpha: float) -> tuple[NDArray[np.int64], list[Step]]:
    """Select scales one after the other, as Mokken does.

    Returns
    -------
    numpy.ndarray of int, shape (k,)
        Each item's scale from 1; 0 for items in none.
    list of Step
        In the order of selection.
    """
    pairs, z_pairs = evidence.pairs, evidence.z_pairs()
    scale = np.zeros(len(pairs), dtype=np.int64)
    varied = np.isfinite(pairs).any(axis=1)
    steps: list[Step] = []
    while True:
        free = varied & (scale == 0)
        n_tests = free.sum() * (free.sum() - 1) / 2
        if n_tests < 1:
            return scale, steps
        start = _best_pair(pairs, z_pairs, free, stats.norm.isf(alpha / n_tests))
        if start is None or not _starts(evidence, start, bound, alpha / n_tests):
            return scale, steps
        number = int(scale.max()) + 1
        chosen = np.zeros(len(pairs), dtype=bool)
        chosen[start] = True
        steps += [Step(scale=number, item=item, H=float(pairs[tuple(start)])) for item in start]
        while True:
            rest = free & ~chosen & ~(pairs[:, chosen] < 0).any(axis=1)
            n_tests += rest.sum()
            item = _best_item(evidence, chosen, rest, bound, alpha / n_tests)
            if item is None:
                break
            chosen[item] = True
            steps.append(Step(scale=number, item=item, H=evidence.scalabilities(chosen)[1]))
        scale[chosen] = number


def _best_pair(pairs: Floats, z: Floats, free: Flags, critical: float) -> list[int] | None:
    """Return the pair with the largest Hij that is significant; of equals, the earliest."""
    one, two = np.nonzero(np.tril(np.multiply.outer(free, free) & (z >= critical), -1))
    if not len(one):
        return None
    value = pairs[one, two]
    best = int(np.flatnonzero(value >= value.max() - _EQUAL)[0])
    return [int(two[best]), int(one[best])]


def _starts(evidence: Evidence, start: list[int], bound: float, alpha: float) -> bool:
    """Say whether a pair is good enough to start a scale."""
    if evidence.influence is None:
        return bool(evidence.pairs[tuple(start)] >= bound)
    chosen = np.zeros(len(evidence.pairs), dtype=bool)
    chosen[start[0]] = True
    return bool(evidence.z_items(chosen, bound)[start[1]] >= stats.norm.isf(alpha))


def _best_item(
    evidence: Evidence, chosen: Flags, rest: Flags, bound: float, alpha: float
) -> int | None:
    """Return the item that may join and gives the largest H; of equals, the earliest."""
    if not rest.any():
        return None
    by_item, _ = evidence.scalabilities(chosen)
    fits = rest & (by_item >= bound)
    fits &= evidence.z_items(chosen, bound) >= stats.norm.isf(alpha)
    if not fits.any():
        return None
    observed, largest = evidence.of.observed, evidence.of.largest
    own = np.ix_(chosen, chosen)
    # Each pair stands twice in the sums of those chosen.
    whole = (observed[own].sum() / 2 + observed[:, chosen].sum(axis=1)) / (
        largest[own].sum() / 2 + largest[:, chosen].sum(axis=1)
    )
    # Old pairs and new ones both reach the bound, so the whole does.
    return int(np.flatnonzero(fits & (whole >= whole[fits].max() - _EQUAL))[0])
