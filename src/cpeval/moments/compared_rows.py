"""What a comparison of arms takes as its observations: differences of sites, means, or units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cpeval.moments.arm_plan import Layout
from cpeval.moments.least_squares import Floats, Ints, independent_terms

#: The comparisons that `cpeval.moments.arm_plan` chooses from, and two that take one variance.
Kind = Literal["sites", "cells", "arms", "pooled", "stratified"]

#: What rounding leaves of the squares of a covariate without differences.
_CONSTANT = 1e-14


@dataclass(frozen=True, kw_only=True, eq=False)
class ComparedRows:
    """R observations, sorted by class: each class has a mean of its own.

    Attributes
    ----------
    order, starts, sizes : arrays
        Units sorted; where each mean of units begins among them; how many units it has.
    plus, minus : arrays of int, shape (R,)
        Each observation is the mean of ``plus``, less that of ``minus`` (if there is one).
    classes, members : arrays of int, shape (A,)
        Where each class begins among observations, and how many it has.
    weights : array, shape (A,)
        The contrast, as weights of the classes' means.
    column : array, shape (1, R) or (0, R)
        The arm, where the contrast is its coefficient.
    by_class : bool
        Whether each class has a variance of its own, or all have one.
    used : array of bool, shape (U,)
        Units that say something of the difference.
    n_compared, n_treated : int
        Units (for "arms" and "pooled" sites) of arm 0 and of arm 1 that count.
    """

    order: Ints
    starts: Ints
    sizes: Ints
    plus: Ints
    minus: Ints | None
    classes: Ints
    members: Ints
    weights: Floats
    column: Floats
    by_class: bool
    used: NDArray[np.bool_]
    n_compared: int
    n_treated: int

    def take(self, values: Floats) -> Floats:
        """Turn what units have, shape (..., U), into observations, shape (..., R)."""
        sums = np.add.reduceat(values[..., self.order], self.starts, axis=-1)
        means: Floats = sums / self.sizes
        taken: Floats = means[..., self.plus]
        return taken if self.minus is None else taken - means[..., self.minus]

    def class_sums(self, values: Floats) -> Floats:
        """Sum observations, shape (..., R), by class, shape (..., A)."""
        sums: Floats = np.add.reduceat(values, self.classes, axis=-1)
        return sums

    def class_means(self, values: Floats) -> Floats:
        """Return the classes' means of observations, shape (..., A)."""
        means: Floats = self.class_sums(values) / self.members
        return means

    def centred(self, values: Floats) -> Floats:
        """Subtract the classes' means from observations, shape (..., R)."""
        rest: Floats = values - np.repeat(self.class_means(values), self.members, axis=-1)
        return rest

    def independent(self, values: Floats) -> Ints:
        """Find covariates of units, shape (l, U), that differ here and don't follow from others.

        Returns
        -------
        numpy.ndarray
            Positions among the l, in their order.
        """
        rest = self.centred(np.vstack([self.column, self.take(values)]))
        # Differences of a constant are what rounding leaves of it: compare with units' own values.
        size = np.append(np.zeros(len(self.column)), (values**2).sum(axis=1))
        kept = independent_terms(rest @ rest.T, floor=_CONSTANT * size)
        first = len(self.column)
        return kept[kept >= first] - first


def compared_rows(design: Layout, kind: Kind) -> ComparedRows:
    """Arrange units for a comparison.

    Parameters
    ----------
    design : Layout
    kind : {"sites", "cells", "arms", "pooled", "stratified"}
        All but "arms" and "pooled" need a site that holds both arms.
    """
    if kind == "stratified":
        return _units_by_site(design)
    cell = 2 * design.site + design.treated
    both = design.both
    inside = both[design.site]
    order = np.argsort(cell, kind="stable")
    if kind == "cells":
        order = order[inside[order]]
        _, first, members = np.unique(cell[order], return_index=True, return_counts=True)
        each = np.arange(order.size)
        return ComparedRows(
            order=order,
            starts=each,
            sizes=np.ones(order.size, np.intp),
            plus=each,
            minus=None,
            classes=first,
            members=members,
            weights=np.tile([-1.0, 1.0], int(both.sum())) / both.sum(),
            column=np.zeros((0, order.size)),
            by_class=True,
            used=inside,
            n_compared=int((inside & ~design.treated).sum()),
            n_treated=int((inside & design.treated).sum()),
        )
    there, starts, sizes = np.unique(cell[order], return_index=True, return_counts=True)
    if kind == "sites":
        own = np.flatnonzero((there % 2 == 0) & both[there // 2])
        return ComparedRows(
            order=order,
            starts=starts,
            sizes=sizes,
            plus=own + 1,
            minus=own,
            classes=np.zeros(1, np.intp),
            members=np.array([own.size]),
            weights=np.ones(1),
            column=np.zeros((0, own.size)),
            by_class=False,
            used=inside,
            n_compared=int((inside & ~design.treated).sum()),
            n_treated=int((inside & design.treated).sum()),
        )
    arms = np.bincount(there % 2, minlength=2)
    return ComparedRows(
        order=order,
        starts=starts,
        sizes=sizes,
        plus=np.argsort(there % 2, kind="stable"),
        minus=None,
        classes=np.array([0, arms[0]]),
        members=arms,
        weights=np.array([-1.0, 1.0]),
        column=np.zeros((0, there.size)),
        by_class=kind == "arms",
        used=np.ones(design.site.size, dtype=bool),
        n_compared=int(arms[0]),
        n_treated=int(arms[1]),
    )


def _units_by_site(design: Layout) -> ComparedRows:
    """Arrange all units; those of sites with one arm tell of the spread alone."""
    order = np.argsort(design.site, kind="stable")
    each, members = np.arange(order.size), design.units.sum(axis=1)
    return ComparedRows(
        order=order,
        starts=each,
        sizes=np.ones(order.size, np.intp),
        plus=each,
        minus=None,
        classes=np.cumsum(members) - members,
        members=members,
        weights=np.zeros(members.size),
        column=design.treated[order].astype(float)[np.newaxis],
        by_class=False,
        used=design.both[design.site],
        n_compared=int((~design.treated).sum()),
        n_treated=int(design.treated.sum()),
    )
