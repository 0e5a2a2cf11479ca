"""How the free numbers of a mixed model, theta, make the variances of its random effects.

The optimiser works with theta: the entries of a lower triangle L, where L L' is the covariance of
the random effects relative to the residual variance. Any theta is allowed, a variance of zero is an
ordinary point, and the deviance is smooth there. Likelihoods are derived in the variances and
covariances themselves ("gamma"), in which the covariance of the outcome is linear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Parameters:
    """Which entries of the triangle are free.

    Attributes
    ----------
    size : int
        Random effects of a group, k; with two nested factors their intercepts, 2.
    pairs : tuple of (int, int)
        The m free entries (row, column), row >= column.
    """

    size: int
    pairs: tuple[tuple[int, int], ...]

    @property
    def diagonal(self) -> NDArray[np.intp]:
        """Positions among the pairs of the k variances."""
        return np.array([i for i, (a, b) in enumerate(self.pairs) if a == b])

    def triangle(self, theta: Floats) -> Floats:
        """Return L, shape (k, k)."""
        lower = np.zeros((self.size, self.size))
        for value, (row, column) in zip(theta, self.pairs, strict=True):
            lower[row, column] = value
        return lower

    def gamma(self, theta: Floats) -> Floats:
        """Return the entries of L L' at the pairs, shape (m,)."""
        lower = self.triangle(theta)
        return self.entries(lower @ lower.T)

    def entries(self, matrix: Floats) -> Floats:
        """Take the entries of a (k, k) matrix at the pairs, shape (m,)."""
        return np.array([matrix[pair] for pair in self.pairs])

    def matrix(self, gamma: Floats) -> Floats:
        """Return the symmetric (k, k) matrix with these entries, zero elsewhere."""
        full = np.zeros((self.size, self.size))
        for value, (row, column) in zip(gamma, self.pairs, strict=True):
            full[row, column] = full[column, row] = value
        return full

    def jacobian(self, theta: Floats) -> Floats:
        """Return the derivatives of gamma (rows) by theta (columns), shape (m, m)."""
        lower = self.triangle(theta)
        columns = []
        for row, column in self.pairs:
            change = np.zeros((self.size, self.size))
            change[row] = lower[:, column]
            columns.append(self.entries(change + change.T))
        return np.array(columns).T

    def curvature(self, slope: Floats) -> Floats:
        """Return the sum over gamma of ``slope`` times its second derivatives by theta, (m, m)."""
        m = len(self.pairs)
        total = np.zeros((m, m))
        for i, (a, b) in enumerate(self.pairs):
            for j, (c, d) in enumerate(self.pairs):
                if b == d:
                    change = np.zeros((self.size, self.size))
                    change[a, c] += 1.0
                    change[c, a] += 1.0
                    total[i, j] = slope @ self.entries(change)
        return total


def unstructured(size: int) -> Parameters:
    """All variances and covariances free."""
    return Parameters(size=size, pairs=tuple((a, b) for b in range(size) for a in range(b, size)))


def diagonal(size: int) -> Parameters:
    """Variances only."""
    return Parameters(size=size, pairs=tuple((a, a) for a in range(size)))


def linear_map(parameters: Parameters, change: Floats) -> Floats:
    """Return the (m, m) matrix that takes the entries of D to those of ``change @ D @ change.T``.

    For unstructured parameters any (k, k) ``change`` will do; for a diagonal D it must be diagonal.
    """
    columns: Sequence[Floats] = [
        parameters.entries(change @ parameters.matrix(unit) @ change.T)
        for unit in np.eye(len(parameters.pairs))
    ]
    return np.array(columns).T
