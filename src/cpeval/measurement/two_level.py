"""Scalability of people in clusters: within a person, and between people of one cluster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cpeval.measurement.guttman import Guttman, ratio
from cpeval.measurement.item_codes import ItemCodes

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class TwoLevel:
    """Coefficients with standard errors; the first axis is within, between, between / within.

    Attributes
    ----------
    pairs, pair_errors : numpy.ndarray, shape (3, k, k)
    items, item_errors : numpy.ndarray, shape (3, k)
    scale, scale_error : numpy.ndarray, shape (3,)
    """

    pairs: Floats
    pair_errors: Floats
    items: Floats
    item_errors: Floats
    scale: Floats
    scale_error: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class _Sizes:
    """How many people each of L clusters has, and how many ordered pairs of two people."""

    people: Floats
    pairs: Floats

    def coefficients(
        self, within: Floats, between: Floats, expected: Floats
    ) -> tuple[Floats, Floats]:
        """Return coefficients and standard errors from each cluster's errors, summed.

        Parameters
        ----------
        within, between, expected : numpy.ndarray, shape (L, m)
            Errors that people make with their own answers, with answers of two different people,
            and that their answers make one expect (both answers of a pair: twice a share).

        Returns
        -------
        tuple of numpy.ndarray, shape (3, m)
        """
        n, n_pairs = self.people.sum(), self.pairs.sum()
        people, pairs = self.people[:, None], self.pairs[:, None]
        made, across = within.sum(axis=0) / n, between.sum(axis=0) / n_pairs
        foreseen = expected.sum(axis=0) / n / 2
        share, share_across = ratio(made, foreseen), ratio(across, foreseen)
        with np.errstate(invalid="ignore", divide="ignore"):
            surplus = (expected - 2 * foreseen * people) / n
            one = (share * surplus - (within - made * people) / n) / foreseen
            two = (share_across * surplus - (between - across * pairs) / n_pairs) / foreseen
            both = np.where(share != 1, (1 - share_across) / (1 - share), np.nan)
            three = (two - both * one) / (1 - share)
        moved = np.stack([one, two, three])
        n_clusters = len(self.people)
        variance = (moved**2).sum(axis=1) * n_clusters / (n_clusters - 1)
        return np.stack([1 - share, 1 - share_across, both]), np.sqrt(variance)


def two_level(items: ItemCodes, errors: Guttman, cluster: NDArray[np.intp]) -> TwoLevel:
    """Estimate the coefficients within and between, with errors robust to clusters.

    Parameters
    ----------
    items : ItemCodes
        n people without gaps, those of a cluster next to each other.
    errors : Guttman
        Of these people.
    cluster : numpy.ndarray of int, shape (n,)
        Each one's cluster: 0 to L - 1, ascending. Each has two people or more, and L is 2 or more.
    """
    start = np.flatnonzero(np.diff(cluster, prepend=-1))
    people = np.diff(start, append=items.n_people).astype(float)
    sizes = _Sizes(people=people, pairs=people * (people - 1))
    counts = _counts(items, cluster, len(start))
    k = items.n_items
    shape = (3, k, k)
    pairs, pair_errors = np.full(shape, np.nan), np.full(shape, np.nan)
    by_item = np.zeros((3, len(start), k))
    for one in range(k):
        parts = _of_item(one, items, errors, counts, start)
        pairs[:, one], pair_errors[:, one] = sizes.coefficients(*parts)
        by_item[:, :, one] = parts.sum(axis=2)
    of_items = sizes.coefficients(*by_item)
    of_scale = sizes.coefficients(*by_item.sum(axis=2, keepdims=True))
    return TwoLevel(
        pairs=pairs,
        pair_errors=pair_errors,
        items=of_items[0],
        item_errors=of_items[1],
        scale=of_scale[0][:, 0],
        scale_error=of_scale[1][:, 0],
    )


def _counts(items: ItemCodes, cluster: NDArray[np.intp], n_clusters: int) -> Floats:
    """Count the people of each cluster who gave each answer; shape (L, C)."""
    width = items.n_categories
    place = cluster[:, None] * width + items.first + items.codes
    counts = np.bincount(place.ravel(), minlength=n_clusters * width)
    return counts.reshape(n_clusters, width).astype(float)


def _of_item(
    one: int, items: ItemCodes, errors: Guttman, counts: Floats, start: NDArray[np.intp]
) -> Floats:
    """Sum each cluster's errors in the pairs of one item with every other; shape (3, L, k)."""
    first = items.first
    own = np.flatnonzero(items.item == one)
    weight, half = errors.weight[own], errors.half
    answers = first + items.codes
    within = np.add.reduceat(weight[items.codes[:, [one]], answers], start, axis=0)
    everyone = np.add.reduceat((counts[:, own] @ weight) * counts, first, axis=1)
    expected = counts[:, own] @ half[own] + np.add.reduceat(counts * half[:, one], first, axis=1)
    return np.stack([within, everyone - within, expected])
