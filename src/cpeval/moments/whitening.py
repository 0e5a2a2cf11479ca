"""Clusters in coordinates in which the terms' cross-product is the identity matrix.

There each cluster's cross-product P_g is its share of the whole: the shares add up to I, and the
eigenvalues of P_g are those of the cluster's block of the hat matrix, between 0 and 1. That holds
whatever the rank of a cluster's own X, so a cluster in which a term is constant needs no care.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cpeval.errors import OptionError
from cpeval.moments.least_squares import Fit, Floats, least_squares

#: A leverage nearer to 1 is 1: the direction is known from that cluster alone.
ALONE = 1e-9

#: A contrast has part in a direction if its share of the squared length is above this.
_PART = 1e-10


@dataclass(frozen=True, kw_only=True, eq=False)
class Whitened:
    """G clusters, r terms kept. From `whitened`."""

    fit: Fit
    counts: NDArray[np.int64]
    #: P_g = W S_g W', shape (G, r, r).
    shares: Floats
    #: Eigenvalues of P_g, shape (G, r), exactly 1 where `ALONE`; eigenvectors (G, r, r).
    leverages: Floats
    directions: Floats
    #: W X_g'e_g, the residuals' scores, shape (G, r).
    scores: Floats

    def contrasts(self, contrasts: ArrayLike | None) -> Contrasts:
        """Take contrasts of the p terms, shape (m, p) or (p,); each term's own for None."""
        p = self.fit.beta.size
        given = np.eye(p) if contrasts is None else np.atleast_2d(np.asarray(contrasts, float))
        if given.ndim != 2 or given.shape[1] != p:
            raise OptionError(
                f"Contrasts need a weight for each of the {p} terms: shape (m, {p}). "
                f"Got shape {given.shape}."
            )
        estimable = ~(given[:, self.fit.dropped] != 0).any(axis=1) & (given != 0).any(axis=1)
        white = given[:, self.fit.kept] @ self.fit.whitener.T
        beta = np.where(np.isnan(self.fit.beta), 0.0, self.fit.beta)
        parts = self.directions.transpose(0, 2, 1) @ white.T
        length = np.maximum((white**2).sum(axis=1), np.finfo(float).tiny)
        lone = np.where(self.leverages[:, :, np.newaxis] == 1.0, parts, 0.0)
        return Contrasts(
            white=white,
            parts=parts,
            estimate=np.where(estimable, given @ beta, np.nan),
            estimable=estimable,
            alone=((lone**2).sum(axis=1) > _PART * length).T,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Contrasts:
    """m contrasts of coefficients, in whitened coordinates."""

    #: W c, shape (m, r), and its parts along each cluster's eigenvectors, shape (G, r, m).
    white: Floats
    parts: Floats
    #: Shape (m,); NaN where not estimable.
    estimate: Floats
    #: Whether it has no part in a term that was dropped, and is not zero, shape (m,).
    estimable: NDArray[np.bool_]
    #: Whether it can't be known without that cluster, shape (m, G).
    alone: NDArray[np.bool_]


def whitened(blocks: ArrayLike, counts: ArrayLike, *, floor: ArrayLike | None = None) -> Whitened:
    """Fit by least squares, and take each cluster's share of the cross-product.

    Parameters are those of `cpeval.moments.least_squares.least_squares`. A cluster without people
    counts as a cluster: leave it out before.

    Examples
    --------
    >>> z = np.array([[1.0, 0, 1], [1, 1, 3], [1, 2, 4], [1, 3, 8]])
    >>> white = whitened([z[:2].T @ z[:2], z[2:].T @ z[2:]], [2, 2])
    >>> np.allclose(white.shares.sum(axis=0), np.eye(2))
    True
    """
    blocks = np.asarray(blocks, dtype=float)
    fit = least_squares(blocks, counts, floor=floor)
    kept, w = fit.kept, fit.whitener
    cross = blocks[:, kept[:, np.newaxis], kept]
    shares = w @ cross @ w.T
    shares = (shares + shares.transpose(0, 2, 1)) / 2
    values, vectors = np.linalg.eigh(shares)
    values = np.clip(values, 0.0, 1.0)
    scores = (blocks[:, kept, -1] - cross @ fit.beta[kept]) @ w.T
    return Whitened(
        fit=fit,
        counts=np.asarray(counts, dtype=np.int64),
        shares=shares,
        leverages=np.where(values > 1 - ALONE, 1.0, values),
        directions=vectors,
        scores=scores,
    )
