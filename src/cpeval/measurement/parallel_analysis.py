"""How many dimensions: eigenvalues against chance, and Velicer's average partial correlations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cpeval.measurement.consistency import correlations
from cpeval.measurement.polychoric import polychoric

Floats = NDArray[np.float64]

_BLOCK = 4_000_000


def eigenvalues(correlation: Floats) -> Floats:
    """Eigenvalues of matrices of shape (..., k, k), the largest first."""
    return np.asarray(np.linalg.eigvalsh(correlation)[..., ::-1])


def random_eigenvalues(
    n: int, k: int, draws: int, seed: int | np.random.Generator | None
) -> Floats:
    """Eigenvalues of correlations among k unrelated normal items, shape (draws, k) (Horn 1965).

    Scatter matrices of n people are drawn directly, as products of triangular ones (Bartlett), so
    that the work doesn't grow with n.
    """
    rng = np.random.default_rng(seed)
    result, some = np.empty((draws, k)), max(1, _BLOCK // k**2)
    for at in range(0, draws, some):
        size = min(some, draws - at)
        if n > k:
            root = np.tril(rng.standard_normal((size, k, k)), -1)
            freedom = np.tile(n - 1.0 - np.arange(k), (size, 1))
            root[:, np.arange(k), np.arange(k)] = np.sqrt(rng.chisquare(freedom))
        else:
            root = rng.standard_normal((size, k, n - 1))
        scatter = root @ root.transpose(0, 2, 1)
        result[at : at + size] = eigenvalues(correlations(scatter))
    return result


def random_polychoric_eigenvalues(
    values: Floats, draws: int, seed: int | np.random.Generator | None
) -> Floats:
    """Eigenvalues of polychoric correlations among unrelated items, shape (draws, k).

    Each item's answers are drawn with the shares that they have in ``values``, shape (n, k).
    """
    rng = np.random.default_rng(seed)
    n, k = values.shape
    codes, steps = [], []
    for column in values.T:
        seen, counts = np.unique(column[~np.isnan(column)], return_counts=True)
        codes.append(seen)
        steps.append(counts.cumsum() / counts.sum())
    result = np.empty((draws, k))
    for draw in range(draws):
        chance = rng.random((n, k))
        drawn = np.empty((n, k))
        for item in range(k):
            place = np.searchsorted(steps[item][:-1], chance[:, item], side="right")
            drawn[:, item] = codes[item][place]
        result[draw] = eigenvalues(polychoric(drawn))
    return result


def leading(observed: Floats, bar: Floats) -> int:
    """Count eigenvalues above a bar until the first that isn't."""
    under = np.flatnonzero(~(observed > bar))
    return int(under[0]) if under.size else len(observed)


def average_partials(correlation: Floats) -> Floats:
    r"""Return average partial correlations, squared and to the 4th power, shape (k - 1, 2).

    Row m: among items after m principal components are taken out, m = 0 ... k - 2 (Velicer 1976;
    the 4th power: Velicer, Eaton & Fava 2000). NaN where an item is left without variance.
    """
    k = len(correlation)
    values, vectors = np.linalg.eigh(correlation)
    loadings = vectors[:, ::-1] * np.sqrt(np.maximum(values[::-1], 0.0))
    taken = np.cumsum(loadings.T[: k - 2, :, None] * loadings.T[: k - 2, None, :], axis=0)
    left = np.concatenate([correlation[None], correlation - taken])
    variance = np.diagonal(left, axis1=1, axis2=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        partial = correlations(left)
    squares = partial[:, *np.triu_indices(k, 1)] ** 2
    found = np.column_stack([squares.mean(axis=1), (squares**2).mean(axis=1)])
    found[~(variance > 1e-10).all(axis=1)] = np.nan
    return found
