"""Means and covariances of items, and what each person adds to a function of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ItemMoments:
    """Moments of scores, complete or with gaps.

    Attributes
    ----------
    means : numpy.ndarray, shape (k,)
    covariance : numpy.ndarray, shape (k, k)
        Divisor n - 1. With gaps each pair's is that of the people who answered both.
    shares : numpy.ndarray, shape (k, k)
        Which part of all n people answered both items of a pair.
    n : int
        The fewest people who answered a pair; without gaps all.
    centred : numpy.ndarray, shape (n, k)
        Scores less their means, 0 where missing.
    there : numpy.ndarray, shape (n, k)
        1 where there is an answer.
    """

    means: Floats
    covariance: Floats
    shares: Floats
    n: int
    centred: Floats
    there: Floats

    @classmethod
    def of(cls, values: Floats) -> ItemMoments:
        """Take them from scores, shape (n, k), with NaN where missing."""
        there = (~np.isnan(values)).astype(float)
        means = np.nanmean(values, axis=0)
        centred = np.nan_to_num(values - means)
        pairs = there.T @ there
        with np.errstate(invalid="ignore", divide="ignore"):
            sums = centred.T @ there
            products = centred.T @ centred - sums * sums.T / pairs
            covariance = np.where(pairs > 1, products / (pairs - 1), np.nan)
        return cls(means, covariance, pairs / len(values), int(pairs.min()), centred, there)

    def influence(self, slope: Floats) -> Floats:
        """Return how far each of the n people moves a function of the covariances.

        ``slope``, shape (k, k), is that of the function. The squares of these over n squared add
        up to the function's squared error, whatever the distribution of the items.
        """
        weight = slope / self.shares
        seen = ((self.centred @ weight) * self.centred).sum(axis=1)
        expected = ((self.there @ (weight * self.covariance)) * self.there).sum(axis=1)
        return np.asarray(seen - expected)


def resampled_covariances(
    values: Floats, draws: int, seed: int | np.random.Generator | None
) -> Floats:
    """Draw people with replacement: covariance matrices of the draws, shape (draws, k, k).

    ``values``, shape (n, k), are complete.
    """
    n, k = values.shape
    first, second = np.triu_indices(k)
    centred = values - values.mean(axis=0)

    def columns(part: Floats) -> Floats:
        return np.hstack([part, part[:, first] * part[:, second]])

    means = _resampled_means(centred, columns, len(first) + k, draws, seed)
    mean, product = means[:, :k], means[:, k:]
    covariance = (product - mean[:, first] * mean[:, second]) * n / (n - 1)
    result = np.empty((draws, k, k))
    result[:, first, second] = covariance
    result[:, second, first] = covariance
    return result


def resampled_alpha(values: Floats, draws: int, seed: int | np.random.Generator | None) -> Floats:
    """Alpha in the draws of `resampled_covariances`, without the covariances: much faster."""
    k = values.shape[1]
    centred = values - values.mean(axis=0)

    def columns(part: Floats) -> Floats:
        squares = (part**2).sum(axis=1), part.sum(axis=1) ** 2
        return np.column_stack([part, *squares])

    means = _resampled_means(centred, columns, k + 2, draws, seed)
    trace = means[:, k] - (means[:, :k] ** 2).sum(axis=1)
    total = means[:, k + 1] - means[:, :k].sum(axis=1) ** 2
    total = np.where(total > 1e-12 * trace, total, np.nan)
    return np.asarray(k / (k - 1) * (1 - trace / total))


def _resampled_means(
    rows: Floats,
    columns: Callable[[Floats], Floats],
    n_columns: int,
    draws: int,
    seed: int | np.random.Generator | None,
) -> Floats:
    """Means of columns made of the rows, one set a draw: shape (draws, n_columns).

    How often each person is drawn, times the columns, is one matrix product for many draws.
    """
    rng, n = np.random.default_rng(seed), len(rows)
    some, people = max(1, 4_000_000 // n), max(1, 8_000_000 // n_columns)
    result = np.zeros((draws, n_columns))
    for at in range(0, draws, some):
        size = min(some, draws - at)
        times = np.empty((size, n))
        for one in times:  # a draw at a time stays in the cache, where counting is fastest
            one[:] = np.bincount(rng.integers(n, size=n), minlength=n)
        for begin in range(0, n, people):
            part = slice(begin, begin + people)
            result[at : at + size] += times[:, part] @ columns(rows[part])
    return result / n
