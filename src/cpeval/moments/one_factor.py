"""Random effects of one factor: what the likelihood needs, summed over the factor's groups.

In each group let Z (n x k) be the columns with random effects, Q an orthonormal basis of what they
span, and Q'Z = C. With the residual variance as unit the covariance of the group's outcomes is
V = I + Z D Z' = I + Q K Q', K = C D C', so that V^-1 = (I - QQ') + Q H Q', H = (I + K)^-1.
The part outside Q doesn't depend on D and is summed over all groups once; the part inside has k
rows a group. All sums are of squares, so nothing cancels when D is large.
"""

from __future__ import annotations

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
        moved = [self._swap(score, i) for i in range(len(self.parameters.pairs))]
        carried = [_times(inner, one) for one in moved]
        traced = [self._swap_rows(inner, i) for i in range(len(self.parameters.pairs))]
        cross = self.within + _gram(self._between, weighted)
        first = [_gram(score, one) for one in moved]
        second = [[_gram(left, right) for right in carried] for left in moved]
        trace = [np.einsum("aag->", one) for one in traced]
        traces = [[np.vdot(left, _transposed(right)) for right in traced] for left in traced]
        found = Sums(
            n=self.n,
            log_det=log_det,
            cross=cross,
            first=np.array(first),
            second=np.array(second),
            trace=np.array(trace),
            traces=np.array(traces),
        )
        if not residual:
            return found
        twice = _times(inverse, weighted)
        score_twice = _times(across, twice)
        inverse_root = _matrices(inverse, self._root)
        inner_twice = _matrices(_transposed(inverse_root), inverse_root)
        inside = inverse.shape[0] * inverse.shape[2]
        return with_residual(
            found,
            first=self.within + _gram(weighted, weighted),
            second=[_gram(score_twice, one) for one in moved],
            third=self.within + _gram(weighted, twice),
            trace=self.n - inside + np.einsum("aag->", inverse),
            traces=[np.einsum("aag->", self._swap_rows(inner_twice, i)) for i in range(len(moved))],
            trace_twice=self.n - inside + np.vdot(inverse, inverse),
        )

    def _inverse(self, gamma: Floats) -> tuple[Floats, float]:
        """Return H = (I + C D C')^-1 of each group, (k, k, G), and the sum of log det (I + K)."""
        covariance = self.parameters.matrix(gamma)
        spread = _matrices(
            self._root, np.einsum("ab,cbg->acg", covariance, self._root, optimize=True)
        )
        return _inverted(spread)

    def _swap(self, score: Floats, index: int) -> Floats:
        """Apply the derivative of D by a parameter to (q, k, G)."""
        row, column = self.parameters.pairs[index]
        moved = np.zeros_like(score)
        moved[:, row] = score[:, column]
        moved[:, column] = score[:, row]
        return moved

    def _swap_rows(self, inner: Floats, index: int) -> Floats:
        """Apply the derivative of D by a parameter from the left to (k, k, G)."""
        row, column = self.parameters.pairs[index]
        moved = np.zeros_like(inner)
        moved[row] = inner[column]
        moved[column] = inner[row]
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
    product: Floats
    if len(matrices) == 1:
        product = matrices[0] * columns
    else:
        product = np.einsum("abg,qbg->qag", matrices, columns)
    return product


def _matrices(left: Floats, right: Floats) -> Floats:
    """Multiply (k, k, G) by (k, k, G) in each group."""
    product: Floats
    product = left * right if len(left) == 1 else np.einsum("abg,bcg->acg", left, right)
    return product


def _gram(left: Floats, right: Floats) -> Floats:
    """Sum over groups of ``left' right``: (q, q)."""
    product: Floats = left.reshape(len(left), -1) @ right.reshape(len(right), -1).T
    return product
