"""Variances of any design from its sums of squares and counts: Henderson's first method."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cpeval.fidelity.facet_cells import RatingCells
from cpeval.fidelity.facet_design import Effect

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def components_from_counts(cells: RatingCells) -> Floats:
    r"""Equate uncorrected sums of squares to their expectations.

    Parameters
    ----------
    cells : RatingCells

    Returns
    -------
    numpy.ndarray, shape (m,)
        A variance an effect, in the order of the design. They can be below 0.

    Notes
    -----
    :math:`T_\alpha = \sum_c (\sum y)^2 / n_c` over an effect's levels c has the expectation
    :math:`N \mu^2 + \sum_\beta \sigma^2_\beta \sum_c \sum_d n_{cd}^2 / n_c`, :math:`n_{cd}` being
    the ratings at level c of :math:`\alpha` and d of :math:`\beta`. Less the same for the mean,
    these are as many linear equations as variances: Henderson's (1953) method 1, Brennan's
    (2001, section 7.1) analogous ANOVA. With balanced ratings it is the ANOVA.
    """
    values = cells.y - cells.y.mean()
    totals = [_sum_of_squares(cells, effect, values) for effect in cells.design.effects]
    return np.asarray(np.linalg.solve(_expectations(cells), np.array(totals)))


def _sum_of_squares(cells: RatingCells, effect: Effect, values: Floats) -> float:
    if effect == cells.design.effects[-1]:
        return float((values**2).sum())
    sums = np.bincount(cells.codes[effect], values)
    return float((sums**2 / np.bincount(cells.codes[effect])).sum())


def _expectations(cells: RatingCells) -> Floats:
    """Return how often each variance counts in each sum of squares less that of the mean."""
    effects = cells.design.effects
    counts = {effect: np.bincount(cells.codes[effect]).astype(float) for effect in effects}
    for_mean = np.array([(counts[effect] ** 2).sum() / cells.n for effect in effects])
    first = {effect: first_rows(cells, effect) for effect in effects}
    rows = []
    for one in effects:
        row = []
        for other in effects:
            joint = one | other
            share = counts[joint] ** 2 / counts[one][cells.codes[one][first[joint]]]
            row.append(share.sum())
        rows.append(row)
    return np.asarray(np.array(rows) - for_mean)


def first_rows(cells: RatingCells, effect: Effect) -> Ints:
    """Return a rating of each level of an effect."""
    rows = np.empty(cells.sizes[effect], dtype=np.int64)
    rows[cells.codes[effect]] = np.arange(cells.n)
    return rows
