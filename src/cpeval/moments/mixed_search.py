"""Where the likelihood of a mixed model is largest: from a few places, and down to zero."""

from __future__ import annotations

from itertools import product

import numpy as np

from cpeval.moments.mixed_likelihood import ProfiledDeviance
from cpeval.moments.mixed_parameters import Floats
from cpeval.moments.mixed_sums import Structure
from cpeval.moments.newton import Minimum, minimise

#: Sizes of the random effects' variance, next to that of a group's mean, where searches may begin.
_STARTS = (0.05, 1.0, 20.0)
#: A variance that changes the deviance by less than this, set to zero, is zero.
_NO_DIFFERENCE = 1e-9


def starting_point(structure: Structure, deviance: ProfiledDeviance) -> Floats:
    """Return the best of a few triangles, diagonal, from small to large variances."""
    parameters = structure.parameters
    sizes = np.sqrt([groups / structure.n for groups in structure.n_groups])
    tried = product(np.sqrt(_STARTS), repeat=len(sizes))
    found = []
    for relative in tried:
        theta = np.zeros(len(parameters.pairs))
        theta[parameters.diagonal] = sizes * relative
        found.append((deviance.value(theta), theta))
    return min(found, key=lambda one: one[0])[1]


def largest_likelihood(deviance: ProfiledDeviance, start: Floats) -> Minimum:
    """Go down, and set entries on the triangle's diagonal to zero where it makes no difference."""
    parameters = deviance.structure.parameters
    best = minimise(deviance, start)
    for position in parameters.diagonal:
        theta = best.x.copy()
        theta[position] = 0.0
        if 0 < abs(best.x[position]) < 0.1 and deviance.value(theta) <= best.value + _NO_DIFFERENCE:
            again = minimise(deviance, theta)
            if abs(again.x[position]) <= abs(best.x[position]):
                best = Minimum(
                    x=again.x,
                    value=again.value,
                    gradient=again.gradient,
                    steps=best.steps + again.steps,
                )
    return best
