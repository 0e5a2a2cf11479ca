"""How much of the variance of a unit's mean score is error, and of which kind."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cpeval.fidelity.count_components import first_rows
from cpeval.fidelity.facet_cells import RatingCells
from cpeval.fidelity.facet_design import FacetDesign

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Shares:
    """What each variance counts in the three that matter; each has shape (m,)."""

    unit: Floats
    relative: Floats
    absolute: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Precision:
    """Coefficients of one design, or arrays of them for many variances.

    Attributes
    ----------
    unit_variance : numpy.ndarray
        Variance of the units' true scores (Brennan's universe scores).
    g, phi : numpy.ndarray
        Its share in the variance of scores: with relative error, and with absolute.
    sem_relative, sem : numpy.ndarray
        Roots of the two error variances, in points.
    """

    unit_variance: Floats
    g: Floats
    phi: Floats
    sem_relative: Floats
    sem: Floats


def precision(components: Floats, shares: Shares) -> Precision:
    """Put variances, shape (m,) or (draws, m), together."""
    unit = components @ shares.unit
    relative, absolute = components @ shares.relative, components @ shares.absolute
    with np.errstate(invalid="ignore", divide="ignore"):
        g, phi = unit / (unit + relative), unit / (unit + absolute)
    return Precision(
        unit_variance=np.asarray(unit),
        g=np.asarray(g),
        phi=np.asarray(phi),
        sem_relative=np.sqrt(relative),
        sem=np.sqrt(absolute),
    )


def planned_shares(
    design: FacetDesign, levels: Mapping[str, float], fixed: Collection[str] = ()
) -> Shares:
    """Return the shares when every unit is rated with so many levels of each facet.

    Notes
    -----
    A variance is divided by the numbers of levels of the facets in its effect. Effects without a
    random facet that the unit has a part in are true score; those with a random facet are
    absolute error; of these, those that the unit has a part in are relative error (Brennan 2001,
    sections 4.1 and 4.4). What the unit is nested in counts as the unit's.
    """
    random = set(design.facets) - set(fixed)
    objects = design.above[design.unit]
    divided = np.array(
        [
            1 / np.prod([levels[name] for name in effect if name in levels])
            for effect in design.effects
        ]
    )
    error = np.array([bool(effect & random) for effect in design.effects])
    own = np.array([bool(effect & objects) for effect in design.effects])
    return Shares(
        unit=np.where(~error & own, divided, 0.0),
        relative=np.where(error & own, divided, 0.0),
        absolute=np.where(error, divided, 0.0),
    )


def study_shares(cells: RatingCells) -> Shares:
    r"""Return the shares for the ratings as they are: each unit's mean of all its ratings.

    Notes
    -----
    With :math:`w_{jc}` the share of unit j's ratings at level c of an effect, its variance counts
    :math:`\sum_c w_{jc}^2`, on average over units. Where the unit has no part in the effect, but
    units don't all share its levels, relative error has
    :math:`\sum_{jc} (w_{jc} - \bar w_c)^2 / (J - 1)`. For balanced ratings these are the shares
    of `planned_shares`.
    """
    design = cells.design
    objects = design.above[design.unit]
    of_unit = cells.codes[objects]
    per_unit = np.bincount(of_unit).astype(float)
    j = per_unit.size
    unit, relative, absolute = np.zeros((3, len(design.effects)))
    for k, effect in enumerate(design.effects):
        if not effect & set(design.facets):
            unit[k] = 1.0
            continue
        joint = effect | objects
        first = first_rows(cells, joint)
        owner = of_unit[first]
        share = np.bincount(cells.codes[joint]) / per_unit[owner]
        absolute[k] = (share**2).sum() / j
        if effect & objects:
            relative[k] = absolute[k]
            continue
        mean = np.bincount(cells.codes[effect][first], share) / j
        spread = j / (j - 1) * (absolute[k] - (mean**2).sum())
        relative[k] = spread if spread > _ROUNDING else 0.0
    return Shares(unit=unit, relative=relative, absolute=absolute)


#: Shares below this are rounding of zero.
_ROUNDING = 1e-12


def mean_levels(cells: RatingCells) -> dict[str, float]:
    """Return each facet's number of levels per unit, within what it is nested in.

    Harmonic means over units and over what the facet is nested in, as error variances are
    divided by such numbers.
    """
    design = cells.design
    objects = design.above[design.unit]
    found = {}
    for name in design.facets:
        whole = design.above[name] | objects
        parent = whole - {name}
        first = first_rows(cells, whole)
        numbers = np.bincount(cells.codes[parent][first])
        found[name] = float(numbers.size / (1 / numbers).sum())
    return found
