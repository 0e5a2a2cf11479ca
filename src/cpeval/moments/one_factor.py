"""Random effects of one factor: what the likelihood needs, summed over the factor's groups.

In each group let Z (n x k) be the columns with random effects, Q an orthonormal basis of what they
span, and Q'Z = C. With the residual variance as unit the covariance of the group's outcomes is
V = I + Z D Z' = I + Q K Q', K = C D C', so that V^-1 = (I - QQ') + Q H Q', H = (I + K)^-1.
The part outside Q doesn't depend on D and is summed over all groups once; the part inside has k
rows a group. All sums are of squares, so nothing cancels when D is large.
"""

from __future__ import annotations

from copy import copy

import numpy as np

from cpeval.moments.mixed_parameters import Floats, Parameters
from cpeval.moments.mixed_sums import Sums, with_residual

#: A direction whose square is smaller than this, next to the largest, is not in the group's data.
_RANK_TOLERANCE = 1e-11


class OneFactor:
    """Cross-products of groups, split into what lies within and what between.

    Parameters
    ----------
    blocks : numpy.ndarray, shape (G, q, q)
        ``W'W`` of each group, W = [X y].
    random : numpy.ndarray, shape (q, k)
        Z = W @ random; the last row, the outcome's, is zero.
    n : float
        Rows in all groups.
    parameters : Parameters
        Which variances and covariances are free.

    Attributes
    ----------
    rank : int
        Dimensions that random effects take up, summed over groups.
    within : numpy.ndarray, shape (q, q)
        Cross-products of what random effects can't reach.
    """

    def __init__(self, blocks: Floats, random: Floats, n: float, parameters: Parameters) -> None:
        self.n = n
        self.parameters = parameters
        rows = np.einsum("gab,bk->kag", blocks, random, optimize=True)  # Z'W: (k, q, G)
        inner = np.einsum("kag,al->klg", rows, random, optimize=True)  # Z'Z: (k, k, G)
        self._root, self._between, self.rank = _split(inner, rows)
        flat = self._between.reshape(len(rows[0]), -1)
        self.within = blocks.sum(axis=0) - flat @ flat.T

    @property
    def n_groups(self) -> tuple[int, ...]:
        """Groups of the factor."""
        return (self._between.shape[2],)

    def turned(self, turn: Floats) -> OneFactor:
        """Return the same for the columns Z @ turn, turn a (k, k) matrix."""
        other = copy(self)
        other._root = np.einsum("dag,ab->dbg", self._root, turn)
        return other

    def cross(self, gamma: Floats) -> tuple[float, Floats]:
        """Return log det V and W'V^-1 W, shape (q, q)."""
        inverse, log_det = self._inverse(gamma)
        weighted = _times(inverse, self._between)
        return log_det, self.within + _gram(self._between, weighted)

    def scores(self, gamma: Floats) -> Floats:
        """Return Z'V^-1 W of each group, shape (q, k, G)."""
        return _times(_transposed(self._root), _times(self._inverse(gamma)[0], self._between))

    def unexplained(self, theta: Floats) -> Floats:
        """Return D - D Z'V^-1 Z D of each group, (k, k, G), as L (I + L'Z'Z L)^-1 L'."""
        lower = self.parameters.triangle(theta)
        spread = np.einsum("dag,ab->dbg", self._root, lower)
        inverse, _ = _inverted(_matrices(_transposed(spread), spread))
        found: Floats = np.einsum("ab,bcg,dc->adg", lower, inverse, lower, optimize=True)
        return found

    def sums(self, gamma: Floats, *, residual: bool = False) -> Sums:
        """Return all that the likelihood and its derivatives need; see `Sums`."""
        inverse, log_det = self._inverse(gamma)
        across = _transposed(self._root)
        weighted = _times(inverse, self._between)
        score = _times(across, weighted)
        inner = _matrices(across, _matrices(inverse, self._root))
        every = range(len(self.parameters.pairs))
        carried = np.array([_times(inner, self._swap(score, i, axis=1)) for i in every])
        traced = [self._swap(inner, i) for i in every]
        found = Sums(
            n=self.n,
            log_det=log_det,
            cross=self.within + _gram(self._between, weighted),
            first=self._by_pairs(_products(score, score)),
            second=self._by_pairs(_products(score, carried)).transpose(0, 2, 1, 3),
            trace=np.array([np.einsum("aag->", one) for one in traced]),
            traces=np.array(
                [[np.vdot(left, _transposed(right)) for right in traced] for left in traced]
            ),
        )
        if not residual:
            return found
        twice = _times(inverse, weighted)
        inverse_root = _matrices(inverse, self._root)
        inner_twice = _matrices(_transposed(inverse_root), inverse_root)
        inside = inverse.shape[0] * inverse.shape[2]
        return with_residual(
            found,
            first=self.within + _gram(weighted, weighted),
            second=list(self._by_pairs(_products(_times(across, twice), score))),
            third=self.within + _gram(weighted, twice),
            trace=self.n - inside + np.einsum("aag->", inverse),
            traces=[np.einsum("aag->", self._swap(inner_twice, i)) for i in every],
            trace_twice=self.n - inside + np.vdot(inverse, inverse),
        )

    def _by_pairs(self, products: Floats) -> Floats:
        """Put the derivatives of D between: (q, k, ..., k) becomes (m, q, ...)."""
        found = []
        for row, column in self.parameters.pairs:
            one = products[:, row, ..., column]
            found.append(one if row == column else one + products[:, column, ..., row])
        return np.array(found)

    def _inverse(self, gamma: Floats) -> tuple[Floats, float]:
        """Return H = (I + C D C')^-1 of each group, (k, k, G), and the sum of log det (I + K)."""
        covariance = self.parameters.matrix(gamma)
        moved = _times(covariance[:, :, np.newaxis], self._root)  # C D
        return _inverted(_matrices(self._root, _transposed(moved)))

    def _swap(self, values: Floats, index: int, axis: int = 0) -> Floats:
        """Apply the derivative of D by a parameter along the axis of the k random effects."""
        row, column = self.parameters.pairs[index]
        if values.shape[axis] == 1:
            return values
        moved = np.zeros_like(values)
        source, target = np.moveaxis(values, axis, 0), np.moveaxis(moved, axis, 0)
        target[row] = source[column]
        target[column] = source[row]
        return moved


def _split(inner: Floats, rows: Floats) -> tuple[Floats, Floats, int]:
    """Return C = Q'Z, (k, k, G), Q'W, (q, k, G), and the sum of the ranks of Z."""
    if len(inner) == 1:
        square = np.maximum(inner[0, 0], 0.0)
        root = np.sqrt(square)
        there = square > 0
        scale = np.divide(1.0, root, out=np.zeros_like(root), where=there)
        return root[None, None], np.ascontiguousarray((rows[0] * scale)[:, None]), int(there.sum())
    values, vectors = np.linalg.eigh(np.moveaxis(inner, 2, 0))  # (G, k), (G, k, k)
    there = values > _RANK_TOLERANCE * np.maximum(values[:, -1:], 0.0)
    size = np.sqrt(np.where(there, values, 0.0))
    scale = np.divide(1.0, size, out=np.zeros_like(size), where=there)
    root = np.einsum("gd,gad->dag", size, vectors)
    between = np.einsum("gd,gad,aqg->qdg", scale, vectors, rows, optimize=True)
    return np.ascontiguousarray(root), np.ascontiguousarray(between), int(there.sum())


def _inverted(spread: Floats) -> tuple[Floats, float]:
    """Invert I + ``spread`` in each group, by elimination over the k rows: (k, k, G)."""
    k = len(spread)
    work = spread.copy()
    for j in range(k):
        work[j, j] += 1.0
    log_det = 0.0
    for j in range(k):
        pivot = work[j, j].copy()
        log_det += float(np.log(pivot).sum())
        row = work[j] / pivot
        column = work[:, j].copy()
        if k > 1:
            work -= column[:, None] * row[None]
        work[j] = row
        work[:, j] = -column / pivot
        work[j, j] = 1.0 / pivot
    return work, log_det


def _transposed(matrices: Floats) -> Floats:
    return matrices.transpose(1, 0, 2)


def _times(matrices: Floats, columns: Floats) -> Floats:
    """Multiply (k, k, G) by (q, k, G) in each group."""
    k = len(matrices)
    product = np.empty_like(columns)
    for row in range(k):
        np.multiply(columns[:, 0], matrices[row, 0], out=product[:, row])
        for column in range(1, k):
            product[:, row] += columns[:, column] * matrices[row, column]
    return product


def _matrices(left: Floats, right: Floats) -> Floats:
    """Multiply (k, k, G) by (k, k, G) in each group."""
    return _transposed(_times(left, _transposed(right)))


def _gram(left: Floats, right: Floats) -> Floats:
    """Sum over groups of ``left' right``: (q, q)."""
    product: Floats = left.reshape(len(left), -1) @ right.reshape(len(right), -1).T
    return product


def _products(left: Floats, right: Floats) -> Floats:
    """Sum over groups of all products, (q, k, G) with (..., q, k, G): (q, k, ..., q, k)."""
    n_groups = left.shape[-1]
    flat: Floats = left.reshape(-1, n_groups) @ right.reshape(-1, n_groups).T
    return flat.reshape(*left.shape[:-1], *right.shape[:-1])
