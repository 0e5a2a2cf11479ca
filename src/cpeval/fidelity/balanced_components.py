"""Variances of a balanced design from its mean squares."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.fidelity.facet_cells import RatingCells
from cpeval.fidelity.facet_design import Effect, FacetDesign

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class MeanSquares:
    """Mean squares of the m effects, in the order of the design, and what they estimate.

    Attributes
    ----------
    df, square : numpy.ndarray, shape (m,)
        Degrees of freedom; mean squares in squared points.
    expected : numpy.ndarray, shape (m, m)
        Row by row, how often each variance counts in the expectation of a mean square.
    """

    df: Floats
    square: Floats
    expected: Floats

    @property
    def weights(self) -> Floats:
        """Return what each mean square counts in each variance, a row a variance."""
        return np.asarray(np.linalg.inv(self.expected))

    @property
    def components(self) -> Floats:
        """Return the variances, which can be below 0."""
        return np.asarray(np.linalg.solve(self.expected, self.square))


def level_counts(cells: RatingCells) -> dict[str, int] | None:
    """Return how many levels each factor has in what it is nested in, or None if unbalanced.

    A design is balanced when each factor has as many levels everywhere and every combination was
    rated.
    """
    design, counts, product = cells.design, {}, 1
    for name in design.factors:
        whole, above = design.above[name], design.above[name] - {name}
        if above:
            numbers = np.bincount(_parents(cells, name))
            if np.ptp(numbers):
                return None
            counts[name] = int(numbers[0])
        else:
            counts[name] = cells.sizes[whole]
        product *= counts[name]
    return counts if product == cells.n else None


def _parents(cells: RatingCells, name: str) -> Ints:
    """Of each level of a nested factor, the combination of levels that it is nested in."""
    design = cells.design
    own = cells.codes[design.above[name]]
    parent = np.empty(cells.sizes[design.above[name]], dtype=np.int64)
    parent[own] = _combined(cells, design.above[name] - {name})
    return parent


def _combined(cells: RatingCells, names: Effect) -> Ints:
    """Number the combinations of factors; together they are an effect."""
    return cells.codes[cells.design.effects[cells.design.place(names)]]


def mean_squares(cells: RatingCells, counts: dict[str, int]) -> MeanSquares:
    r"""Return the mean squares of balanced ratings.

    Parameters
    ----------
    cells : RatingCells
    counts : dict
        From `level_counts`.

    Notes
    -----
    An effect's deviations are means over the other factors, with means over its own top factors
    taken off in turn (inclusion and exclusion). With all factors random
    :math:`E(MS_\alpha) = \sum_{\beta \supseteq \alpha} \sigma^2_\beta \prod_{f \notin \beta} n_f`
    (Brennan 2001, section 3.4).
    """
    design = cells.design
    array = _as_array(cells, counts)
    array = array - array.mean()
    df, square = [], []
    for effect in design.effects:
        deviations = _deviations(array, effect, design)
        repeats = array.size / deviations.size
        freedom = np.prod(
            [
                counts[name] - (name in design.tops(effect))
                for name in design.factors
                if name in effect
            ]
        )
        df.append(float(freedom))
        square.append(float((deviations**2).sum() * repeats / freedom))
    repeats = np.array([cells.n / cells.sizes[effect] for effect in design.effects])
    return MeanSquares(
        df=np.array(df), square=np.array(square), expected=_expected(design, repeats)
    )


def implied_mean_squares(cells: RatingCells, components: Floats) -> MeanSquares | None:
    """Return what variances imply for the mean squares of ratings that are not balanced.

    As if balanced: ratings at a level of an effect are their harmonic mean, and degrees of
    freedom the levels less those of coarser effects (inclusion and exclusion). None where that
    leaves an effect no degree of freedom.
    """
    design = cells.design
    repeats = np.array(
        [1 / np.mean(1 / np.bincount(cells.codes[effect])) for effect in design.effects]
    )
    sizes = {**cells.sizes, frozenset(): 1}
    df = np.array(
        [
            sum(
                (-1) ** size * sizes[effect - set(dropped)]
                for size in range(len(design.tops(effect)) + 1)
                for dropped in combinations(design.tops(effect), size)
            )
            for effect in design.effects
        ],
        dtype=float,
    )
    if (df < 1).any():
        return None
    expected = _expected(design, repeats)
    return MeanSquares(df=df, square=expected @ components, expected=expected)


def _expected(design: FacetDesign, repeats: Floats) -> Floats:
    """Return how often each variance, a column, counts in the mean square of each effect."""
    finer = [[coarse <= fine for fine in design.effects] for coarse in design.effects]
    return np.where(finer, repeats, 0.0)


def _as_array(cells: RatingCells, counts: dict[str, int]) -> Floats:
    """Lay the ratings out with an axis a factor; a nested level is numbered within its parent."""
    design = cells.design
    index: list[NDArray[np.integer]] = []
    for name in design.factors:
        whole = design.above[name]
        own: NDArray[np.integer] = cells.codes[whole]
        if len(whole) > 1:
            parents = _parents(cells, name)
            own = pd.Series(parents).groupby(parents).cumcount().to_numpy()[own]
        index.append(own)
    array = np.empty([counts[name] for name in design.factors])
    array[tuple(index)] = cells.y
    return array


def _deviations(array: Floats, effect: Effect, design: FacetDesign) -> Floats:
    tops = design.tops(effect)
    total: Floats = np.zeros(())
    for size in range(len(tops) + 1):
        for dropped in combinations(tops, size):
            kept = effect - set(dropped)
            axes = tuple(k for k, name in enumerate(design.factors) if name not in kept)
            total = total + (-1) ** size * array.mean(axis=axes, keepdims=True)
    return total
