"""Coefficients of a scale that are closed forms of its covariance matrix, and their slopes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Coefficient:
    """One coefficient: its value for many matrices at once, and its slope at one.

    Attributes
    ----------
    estimate : callable
        Covariance matrices of shape (..., k, k) to values of shape (...).
    slope : callable
        One matrix C to the symmetric G, shape (k, k), for which a small change dC changes the
        value by the sum of G * dC.
    """

    estimate: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]


def variances(covariance: Floats) -> Floats:
    """Return the diagonals: shape (..., k, k) to (..., k)."""
    return np.diagonal(covariance, axis1=-2, axis2=-1)


def correlations(covariance: Floats) -> Floats:
    """Return correlation matrices; NaN where an item is constant."""
    with np.errstate(invalid="ignore", divide="ignore"):
        sd = np.sqrt(variances(covariance))
        return np.asarray(covariance / (sd[..., :, None] * sd[..., None, :]))


def alpha(covariance: Floats) -> Floats:
    """Cronbach's alpha; NaN where the sum doesn't vary."""
    k, trace = covariance.shape[-1], variances(covariance).sum(axis=-1)
    total = covariance.sum(axis=(-2, -1))
    # Items that cancel out leave only rounding in their sum.
    total = np.where(total > 1e-12 * trace, total, np.nan)
    return np.asarray(k / (k - 1) * (1 - trace / total))


def alpha_slope(covariance: Floats) -> Floats:
    """Slope of `alpha`."""
    k, total, trace = len(covariance), covariance.sum(), np.trace(covariance)
    return np.asarray(k / (k - 1) * (trace / total**2 - np.eye(k) / total))


def standardized_alpha(covariance: Floats) -> Floats:
    """Alpha of the correlation matrix."""
    return alpha(correlations(covariance))


def standardized_alpha_slope(covariance: Floats) -> Floats:
    """Slope of `standardized_alpha`."""
    correlation = correlations(covariance)
    of_correlation, variance = alpha_slope(correlation), np.diag(covariance)
    sd = np.sqrt(variance)
    own = np.diag((of_correlation @ correlation).diagonal() / variance)
    return np.asarray(of_correlation / np.outer(sd, sd) - own)


def _between(covariance: Floats) -> Floats:
    """Covariances between items, the diagonal zero."""
    return np.asarray(covariance * (1 - np.eye(covariance.shape[-1])))


def lambda2(covariance: Floats) -> Floats:
    """Guttman's lambda 2."""
    k, between = covariance.shape[-1], _between(covariance)
    squares = (between**2).sum(axis=(-2, -1))
    shared = between.sum(axis=(-2, -1)) + np.sqrt(k / (k - 1) * squares)
    return np.asarray(shared / covariance.sum(axis=(-2, -1)))


def lambda2_slope(covariance: Floats) -> Floats:
    """Slope of `lambda2`."""
    k, between, total = len(covariance), _between(covariance), covariance.sum()
    root = np.sqrt((between**2).sum())
    if root == 0:
        return np.full((k, k), np.nan)
    numerator = (1 - np.eye(k)) + np.sqrt(k / (k - 1)) * between / root
    return np.asarray(numerator / total - lambda2(covariance) / total)


def lambda6(covariance: Floats) -> Floats:
    """Guttman's lambda 6: what an item shares with the others is its squared multiple R."""
    inverse: Floats = np.linalg.inv(covariance).astype(float)
    alone = 1 / variances(inverse)
    return np.asarray(1 - alone.sum(axis=-1) / covariance.sum(axis=(-2, -1)))


def lambda6_slope(covariance: Floats) -> Floats:
    """Slope of `lambda6`."""
    inverse, total = np.linalg.inv(covariance), covariance.sum()
    alone = 1 / inverse.diagonal()
    return np.asarray(alone.sum() / total**2 - (inverse * alone**2) @ inverse / total)


def _odd_even(k: int) -> tuple[Floats, Floats]:
    odd = (np.arange(k) % 2 == 0).astype(float)
    return odd, 1 - odd


def split_half(covariance: Floats) -> Floats:
    """Items 1, 3, 5 ... against 2, 4, 6 ..., lengthened by Spearman and Brown."""
    odd, even = _odd_even(covariance.shape[-1])
    of_odd, of_even = covariance @ odd, covariance @ even
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (of_odd @ even) / np.sqrt((of_odd @ odd) * (of_even @ even))
        return np.asarray(2 * r / (1 + r))


def split_half_slope(covariance: Floats) -> Floats:
    """Slope of `split_half`."""
    odd, even = _odd_even(len(covariance))
    first, second = odd @ covariance @ odd, even @ covariance @ even
    root = np.sqrt(first * second)
    r = odd @ covariance @ even / root
    both = (np.outer(odd, even) + np.outer(even, odd)) / (2 * root)
    own = r / 2 * (np.outer(odd, odd) / first + np.outer(even, even) / second)
    return np.asarray(2 / (1 + r) ** 2 * (both - own))


def normal_alpha_error(covariance: Floats, n: int) -> float:
    """Duhachek & Iacobucci's equation 2: the error of alpha where items are normal."""
    k = len(covariance)
    total, trace = covariance.sum(), np.trace(covariance)
    squared = covariance @ covariance
    inner = total * (np.trace(squared) + trace**2) - 2 * trace * squared.sum()
    # Items that agree perfectly leave rounding below zero.
    return float(np.sqrt(2 * k**2 / ((k - 1) ** 2 * total**3) * max(inner, 0.0) / n))


ALPHA = Coefficient(alpha, alpha_slope)
STANDARDIZED_ALPHA = Coefficient(standardized_alpha, standardized_alpha_slope)
LAMBDA2 = Coefficient(lambda2, lambda2_slope)
LAMBDA6 = Coefficient(lambda6, lambda6_slope)
SPLIT_HALF = Coefficient(split_half, split_half_slope)
