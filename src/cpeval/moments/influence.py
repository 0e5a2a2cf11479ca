"""How much each cluster weighs, and how many clusters there are in effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cpeval.errors import OptionError
from cpeval.moments.least_squares import Floats
from cpeval.moments.whitening import Whitened


@dataclass(frozen=True, kw_only=True, eq=False)
class Influence:
    """What each of G clusters does to one contrast of coefficients."""

    estimate: float
    #: Trace of each cluster's block of the hat matrix, shape (G,): they add up to the terms kept.
    leverage: Floats
    #: Each cluster's share of the information on the contrast, shape (G,): they add up to 1.
    partial_leverage: Floats
    #: The estimate without that cluster, shape (G,); NaN where there is none.
    without: Floats
    #: Clusters of equal weight that would serve as well: people independent within clusters.
    effective: float
    #: The same with a correlation of ``rho`` between people of a cluster; NaN without ``sums``.
    effective_rho: float


def influence(
    white: Whitened, contrast: ArrayLike, *, sums: ArrayLike | None = None, rho: float = 1.0
) -> Influence:
    r"""Say how far a contrast hangs on single clusters.

    Parameters
    ----------
    white : Whitened
        From `cpeval.moments.whitening.whitened`.
    contrast : array, shape (p,)
        Weights for the terms.
    sums : array, shape (G, p), optional
        Each cluster's sum of each term: the row of its block that belongs to an intercept.
    rho : float, default 1.0
        Correlation between people of a cluster, 0 to 1, for ``effective_rho``.

    Returns
    -------
    Influence
        Partial leverage and what follows from it are NaN where the contrast is not estimable.

    Raises
    ------
    OptionError
        More than one contrast, ``rho`` outside 0 to 1, or ``sums`` of another shape.

    Notes
    -----
    With a = X (X'X)^{-1} c, the partial leverage of cluster g is a_g'a_g / a'a [1]_; for a single
    term that is the cluster's share of the squared residuals of the term on the others. The
    effective number is :math:`G / (1 + \Gamma)`, with :math:`\Gamma` the squared coefficient of
    variation (over G) of :math:`a_g'(\rho 1 1' + (1 - \rho) I) a_g` [2]_.

    References
    ----------
    .. [1] MacKinnon, Nielsen & Webb (2023). Stata Journal, 23(4), 942-982.
    .. [2] Carter, Schnepel & Steigerwald (2017). Review of Economics and Statistics, 99(4),
       698-709.

    Examples
    --------
    Site 2 has four people, the others two each; one mean for all.

    >>> from cpeval.moments.whitening import whitened
    >>> y = [[3.0, 4], [5, 5, 8, 8], [6, 2]]
    >>> z = [np.array([[1, value] for value in site]) for site in y]
    >>> found = influence(whitened([rows.T @ rows for rows in z], [2, 4, 2]), [1])
    >>> found.partial_leverage.round(3).tolist(), round(found.effective, 3)
    ([0.25, 0.5, 0.25], 2.667)
    >>> found.without.round(3).tolist()
    [5.667, 3.75, 5.5]
    """
    if not 0 <= rho <= 1:
        raise OptionError(f"'rho' must be between 0 and 1. Got {rho!r}.")
    chosen = white.contrasts(contrast)
    if len(chosen.white) != 1:
        raise OptionError(f"One contrast at a time: got {len(chosen.white)}.")
    c, parts = chosen.white[0], chosen.parts[:, :, 0]
    own = (white.leverages * parts**2).sum(axis=1)
    length = float(c @ c) if chosen.estimable[0] else np.nan
    rest = np.where(white.leverages == 1.0, np.inf, 1 - white.leverages)
    along = (white.directions.transpose(0, 2, 1) @ white.scores[:, :, np.newaxis])[:, :, 0]
    change = (parts * along / rest).sum(axis=1)
    together = np.nan
    if sums is not None:
        given = np.asarray(sums, dtype=float)
        if given.shape != (white.counts.size, white.fit.beta.size):
            raise OptionError(
                f"'sums' must have shape ({white.counts.size}, {white.fit.beta.size}): a row for "
                f"each cluster, a column for each term. Got {given.shape}."
            )
        whole = (given[:, white.fit.kept] @ white.fit.whitener.T @ c) ** 2
        together = _effective(rho * whole + (1 - rho) * own) if length > 0 else np.nan
    return Influence(
        estimate=float(chosen.estimate[0]),
        leverage=white.leverages.sum(axis=1),
        partial_leverage=own / length,
        without=np.where(chosen.alone[0], np.nan, chosen.estimate[0] - change),
        effective=_effective(own) if length > 0 else np.nan,
        effective_rho=together,
    )


def _effective(weights: Floats) -> float:
    """Return G / (1 + squared coefficient of variation)."""
    total = weights.sum()
    return float(total**2 / (weights**2).sum()) if total > 0 else np.nan


@dataclass(frozen=True, kw_only=True)
class Unevenness:
    """How unequal the clusters are, in size or in anything else that is not negative."""

    #: Standard deviation (divisor G - 1) over the mean.
    cv: float
    #: 0 where all are equal, towards 1 where one has all.
    gini: float
    largest_share: float


def unevenness(values: ArrayLike) -> Unevenness:
    """Describe how unequal values are, such as the sizes of clusters.

    Parameters
    ----------
    values : array, shape (G,)
        Not negative. With fewer than two, the coefficient of variation is NaN.

    Notes
    -----
    Gini's coefficient is the mean absolute difference of all G x G pairs, over twice the mean.

    Examples
    --------
    >>> found = unevenness([10, 20, 30])
    >>> found.cv, round(found.gini, 6), found.largest_share
    (0.5, 0.222222, 0.5)
    """
    x = np.sort(np.asarray(values, dtype=float))
    g, total = x.size, x.sum()
    if g == 0 or total <= 0:
        return Unevenness(cv=np.nan, gini=np.nan, largest_share=np.nan)
    return Unevenness(
        cv=float(x.std(ddof=1) / x.mean()) if g > 1 else np.nan,
        gini=float(((2 * np.arange(1, g + 1) - g - 1) @ x) / (g * total)),
        largest_share=float(x[-1] / total),
    )
