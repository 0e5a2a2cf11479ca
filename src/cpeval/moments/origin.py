"""Cross-products as estimators take them: about one origin near the data, with the way back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cpeval.moments.coding import Level
from cpeval.moments.unit_sums import symmetric

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Origin:
    """What was subtracted from the columns of a model, and how coefficients go back.

    Attributes
    ----------
    x : array, shape (p,)
        Subtracted from the columns; 0 for the intercept, and everywhere in a model without one.
    y : float
        Subtracted from the outcome.
    """

    x: Floats
    y: float

    def back(self, beta: Floats, vcov: Floats) -> tuple[Floats, Floats]:
        """Take coefficients and their covariance to the columns as they were.

        Parameters
        ----------
        beta : array, shape (p,)
        vcov : array, shape (p, p)

        Returns
        -------
        beta, vcov : arrays of the same shapes
            Only what concerns the intercept changes: b0 + y - x'b.
        """
        mapped = self.matrix
        back = mapped @ beta
        back[0] += self.y
        return back, mapped @ vcov @ mapped.T

    @property
    def matrix(self) -> Floats:
        """The linear part of the way back, shape (p, p)."""
        mapped = np.eye(self.x.size)
        mapped[0] -= self.x
        return mapped


@dataclass(frozen=True, kw_only=True, eq=False)
class Blocks:
    """Cross-products by cluster, for estimators.

    Attributes
    ----------
    blocks : array, shape (G, q, q)
        [X y]'[X y] of each cluster about ``origin``; y is last, the intercept (if any) first.
        With weights, [X y]'W[X y].
    counts : array of int, shape (G,)
        Rows.
    group : array of int, shape (G,)
        Which site each cluster is in, as a place in ``sites``; 0 to G - 1 where clusters are sites.
    labels : tuple
        The clusters, as the data name them: the same team name may stand in two sites.
    sites : tuple
        The sites.
    by : str
        What a cluster is, "site" or "team".
    terms : tuple of str
        The p = q - 1 columns of X.
    origin : Origin
    """

    blocks: Floats
    counts: NDArray[np.int64]
    group: NDArray[np.intp]
    labels: tuple[Level | None, ...]
    sites: tuple[Level, ...]
    by: str
    terms: tuple[str, ...]
    origin: Origin

    def name(self, cluster: int) -> str:
        """Name a cluster for a message: a team with its site."""
        site, own = self.sites[self.group[cluster]], self.labels[cluster]
        return repr(own) if self.by == "site" else f"{own!r} of {site!r}"

    def keep(self, terms: tuple[str, ...]) -> Blocks:
        """Keep some terms, which stay in their order."""
        which = [k for k, term in enumerate(self.terms) if term in terms]
        if len(which) == len(self.terms):
            return self
        chosen = [*which, len(self.terms)]
        return Blocks(
            blocks=self.blocks[:, chosen][:, :, chosen],
            counts=self.counts,
            group=self.group,
            labels=self.labels,
            sites=self.sites,
            by=self.by,
            terms=tuple(self.terms[k] for k in which),
            origin=Origin(x=self.origin.x[which], y=self.origin.y),
        )


def combined(
    weight: Floats, offset: Floats, cross: Floats, into: NDArray[np.intp], n_into: int
) -> tuple[Floats, Floats, Floats]:
    """Pool units' moments (Chan, Golub & LeVeque, 1983).

    Parameters
    ----------
    weight : array, shape (U,)
    offset : array, shape (U, q)
        Means, about one origin.
    cross : array, shape (U, q, q)
        About each unit's own mean.
    into : array of int, shape (U,)
        Which of the pooled units each goes into.
    n_into : int

    Returns
    -------
    weight, offset, cross : arrays of shapes (V,), (V, q), (V, q, q)
    """
    q = offset.shape[1]
    total, sums = np.zeros(n_into), np.zeros((n_into, q))
    pooled = np.zeros((n_into, q, q))
    np.add.at(total, into, weight)
    np.add.at(sums, into, weight[:, np.newaxis] * offset)
    mean = sums / np.where(total > 0, total, 1.0)[:, np.newaxis]
    rest = offset - mean[into]
    # Of units without rows the mean is nothing, and stands for nothing.
    between = weight[:, np.newaxis, np.newaxis] * rest[:, :, np.newaxis] * rest[:, np.newaxis, :]
    np.add.at(pooled, into, cross + between)
    return total, mean, symmetric(pooled)


def about_origin(
    weight: Floats, offset: Floats, cross: Floats, origin: Floats, *, intercept: bool
) -> tuple[Floats, Origin]:
    """Turn moments into the blocks that estimators take.

    Parameters
    ----------
    weight, offset, cross : arrays of shapes (G,), (G, q'), (G, q', q')
        As in `combined`; q' columns without the intercept, the outcome last.
    origin : array, shape (q',)
        What ``offset`` is about.
    intercept : bool
        Whether the model has one; then blocks are about the grand means, otherwise about 0.

    Returns
    -------
    blocks : array, shape (G, q, q)
        q is q' + 1 with an intercept.
    origin : Origin
    """
    grand = weight @ offset / weight.sum() if intercept else -origin
    rest = offset - grand
    whole = weight[:, np.newaxis, np.newaxis]
    blocks = cross + whole * rest[:, :, np.newaxis] * rest[:, np.newaxis, :]
    shift = origin + grand
    if not intercept:
        return blocks, Origin(x=np.zeros(shift.size - 1), y=0.0)
    with_one = np.empty((weight.size, shift.size + 1, shift.size + 1))
    with_one[:, 0, 0] = weight
    with_one[:, 0, 1:] = with_one[:, 1:, 0] = weight[:, np.newaxis] * rest
    with_one[:, 1:, 1:] = blocks
    return with_one, Origin(x=np.append(0.0, shift[:-1]), y=float(shift[-1]))
