"""The restricted likelihood of variances of crossed and nested effects, with its slopes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cpeval.fidelity.facet_cells import RatingCells
from cpeval.fidelity.facet_design import Effect

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class At:
    """Minus twice the log restricted likelihood at some variances, but for a constant.

    Attributes
    ----------
    value : float
    gradient : numpy.ndarray, shape (m,)
    information : numpy.ndarray, shape (m, m)
        The mean of observed and expected second derivatives ("average information").
    """

    value: float
    gradient: Floats
    information: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class _Blocks:
    """Rows of all blocks that have the same number of ratings.

    ``rows`` has shape (blocks, n); ``same[k]``, (blocks, n, n), says which ratings share a level
    of the k-th effect within blocks.
    """

    rows: Ints
    same: Floats


class RestrictedLikelihood:
    r"""The model :math:`y = \mu + \sum_k Z_k u_k + e` of ratings.

    Notes
    -----
    Ratings fall into blocks by one factor, such as the unit. Effects that hold that factor are
    correlated within blocks only; their covariance matrix W^-1 is inverted block by block. The
    others, :math:`B = [1, Z_0]`, have few levels. With these taken out,
    :math:`P = W - W B H B' W` for a small matrix H, and all that the likelihood and its slopes
    need are products with it: no matrix of all ratings by all ratings is made.
    """

    def __init__(self, cells: RatingCells, block: str, y: Floats) -> None:
        design = cells.design
        self._y = y
        self._random = design.effects[:-1]
        self._inner = [k for k, effect in enumerate(self._random) if block in effect]
        self._outer = [k for k, effect in enumerate(self._random) if block not in effect]
        self._blocks = _blocks(cells, block, [self._random[k] for k in self._inner])
        self._levels = [_indicator(cells, effect) for effect in self._random]
        ones = sparse.csr_matrix(np.ones((cells.n, 1)))
        self._b = sparse.hstack([ones, *(self._levels[k] for k in self._outer)], format="csr")
        sizes = [1, *(self._levels[k].shape[1] for k in self._outer)]
        #: Which variance each column of B has; that of the mean has none.
        self._owner = np.repeat([-1, *self._outer], sizes)

    @property
    def n_variances(self) -> int:
        """Return how many variances there are, that of error included."""
        return len(self._random) + 1

    def at(self, variances: Floats) -> At:
        """Return the criterion at variances that are not below 0, that of error above 0."""
        wb, wy, log_det, w_same, w_trace = self._within(variances)
        btwb = np.asarray(self._b.T @ wb)
        btwy = np.asarray(self._b.T @ wy)
        h, log_det_outer, log_mean = self._outside(btwb, variances)
        py = wy - wb @ (h @ btwy)
        value = log_det + log_det_outer + log_mean + float(self._y @ py)
        traces = self._traces(wb, btwb, h, w_same, w_trace)
        directions = np.empty((self._y.size, self.n_variances))
        slopes = np.empty(self.n_variances)
        for k, levels in enumerate(self._levels):
            sums = levels.T @ py
            directions[:, k] = levels @ sums
            slopes[k] = sums @ sums
        directions[:, -1] = py
        slopes[-1] = py @ py
        pulled = self._weighted(directions)
        shared = np.asarray(self._b.T @ pulled)
        information = directions.T @ pulled - shared.T @ h @ shared
        return At(
            value=value,
            gradient=traces - slopes,
            information=np.asarray((information + information.T) / 2),
        )

    def _within(self, variances: Floats) -> tuple[Floats, Floats, float, Floats, float]:
        """Invert the blocks; return WB, Wy, log|V| of blocks, and traces of W with each effect."""
        n, p = self._b.shape
        wb, wy = np.empty((n, p)), np.empty(n)
        log_det, trace = 0.0, 0.0
        same = np.zeros(len(self._inner))
        self._inverses = []
        for blocks in self._blocks:
            size = blocks.rows.shape[1]
            covariance = np.einsum("k,kjab->jab", variances[self._inner], blocks.same)
            covariance[:, np.arange(size), np.arange(size)] += variances[-1]
            factor = np.linalg.cholesky(covariance)
            log_det += 2 * float(np.log(np.diagonal(factor, axis1=1, axis2=2)).sum())
            inverse = np.linalg.inv(covariance)
            self._inverses.append(inverse)
            rows = blocks.rows
            dense = self._b[rows.ravel()].toarray().reshape(*rows.shape, p)
            wb[rows] = inverse @ dense
            wy[rows] = (inverse @ self._y[rows][..., None])[..., 0]
            same += np.einsum("jab,kjab->k", inverse, blocks.same)
            trace += float(np.trace(inverse, axis1=1, axis2=2).sum())
        return wb, wy, log_det, same, trace

    def _weighted(self, columns: Floats) -> Floats:
        """Return W times columns, with the blocks last inverted."""
        out = np.empty_like(columns)
        for blocks, inverse in zip(self._blocks, self._inverses, strict=True):
            out[blocks.rows] = inverse @ columns[blocks.rows]
        return out

    def _outside(self, btwb: Floats, variances: Floats) -> tuple[Floats, float, float]:
        """Return H, log|V| of the outer effects given the blocks, and log of 1'V^-1 1."""
        root = np.sqrt(np.where(self._owner < 0, 0.0, variances[self._owner]))[1:]
        gram = np.eye(root.size) + root[:, None] * btwb[1:, 1:] * root
        log_det = float(np.linalg.slogdet(gram)[1])
        inverse = root[:, None] * np.linalg.inv(gram) * root
        column = np.append(1.0, -inverse @ btwb[1:, 0])
        total = float(btwb[0, 0] - btwb[0, 1:] @ inverse @ btwb[1:, 0])
        h = np.outer(column, column) / total
        h[1:, 1:] += inverse
        # Rounding can make it negative at variances far off; such a point is then passed over.
        return h, log_det, float(np.log(total)) if total > 0 else np.inf

    def _traces(
        self, wb: Floats, btwb: Floats, h: Floats, w_same: Floats, w_trace: float
    ) -> Floats:
        """Return the trace of P with each effect's pattern, that of error last."""
        traces = np.empty(self.n_variances)
        for k, pattern in zip(self._inner, w_same, strict=True):
            sums = np.asarray(self._levels[k].T @ wb)
            traces[k] = pattern - ((sums @ h) * sums).sum()
        left = np.diagonal(btwb) - ((btwb @ h) * btwb).sum(axis=1)
        for k in self._outer:
            traces[k] = left[self._owner == k].sum()
        traces[-1] = w_trace - float((h * (wb.T @ wb)).sum())
        return traces


def work(cells: RatingCells, block: str) -> float:
    """Return about how many multiplications one step takes with blocks by a factor."""
    design = cells.design
    sizes = np.bincount(cells.codes[design.above[block]]).astype(float)
    outer = [e for e in design.effects[:-1] if block not in e]
    inner = len(design.effects) - len(outer)
    p = 1.0 + sum(cells.sizes[effect] for effect in outer)
    by_block = (sizes**3).sum() + (sizes**2).sum() * (p + inner)
    return float(by_block + inner * cells.n * p**2 + p**3)


def best_block(cells: RatingCells) -> tuple[str, float]:
    """Return the factor whose blocks make the least work, and the work."""
    costs = {name: work(cells, name) for name in cells.design.factors}
    name = min(costs, key=lambda one: costs[one])
    return name, costs[name]


def _blocks(cells: RatingCells, block: str, inner: list[Effect]) -> list[_Blocks]:
    code = cells.codes[cells.design.above[block]]
    order = np.argsort(code, kind="stable")
    sizes = np.bincount(code)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    found = []
    for size in np.unique(sizes):
        rows = order[starts[sizes == size][:, None] + np.arange(size)]
        same = np.empty((len(inner), *rows.shape, size))
        for k, effect in enumerate(inner):
            own = cells.codes[effect][rows]
            same[k] = own[:, :, None] == own[:, None, :]
        found.append(_Blocks(rows=rows, same=same))
    return found


def _indicator(cells: RatingCells, effect: Effect) -> sparse.csr_matrix:
    rows = np.arange(cells.n)
    return sparse.csr_matrix(
        (np.ones(cells.n), (rows, cells.codes[effect])), shape=(cells.n, cells.sizes[effect])
    )
