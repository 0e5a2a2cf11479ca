"""Where the likelihood of a mixed model is largest: from a few places, and down to zero."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import numpy as np

from cpeval.moments.mixed_likelihood import ProfiledDeviance
from cpeval.moments.mixed_parameters import Floats
from cpeval.moments.mixed_sums import Structure
from cpeval.moments.newton import Minimum, minimise

#: Variances of the random effects, next to that of a group's mean, that the search tries.
_TRIED = (0.0, 0.02, 0.5, 5.0, 100.0, 1e4, 1e7)
#: With few groups, whose likelihoods more often have several maxima and cost less.
_TRIED_CLOSELY = (0.0, 0.02, 0.1, 0.4, 1.0, 2.5, 6.0, 20.0, 100.0, 1e3, 1e4, 1e5, 1e6, 1e7)
_FEW_GROUPS = 500
#: Shares of a variance that the start tries for each effect.
_SMALLER = (0.01, 0.2)
#: A variance that changes the deviance by less than this, set to zero, is zero.
_NO_DIFFERENCE = 1e-9
#: A lower deviance elsewhere, by more than this, is worth going there.
_BETTER = 1e-6
_MOST_RESTARTS = 10
#: A standard deviation, next to that of a group's mean, that may as well be zero.
_NEARLY_ZERO = 1e-3


def starting_point(structure: Structure, deviance: ProfiledDeviance) -> Floats:
    """Return the best of a few triangles: variances all alike, then each in turn smaller."""
    tried = [usual_point(structure) * np.sqrt(relative) for relative in _tried(structure)[1:]]
    best: Floats = min(tried, key=deviance.value)
    if len(best) == 1:
        return best
    for place in structure.parameters.diagonal:
        smaller = [best.copy() for _ in _SMALLER]
        for theta, share in zip(smaller, _SMALLER, strict=True):
            theta[place] *= np.sqrt(share)
        best = min([best, *smaller], key=deviance.value)
    return best


def usual_point(structure: Structure) -> Floats:
    """Return a triangle whose effects have the variance of a group's mean."""
    theta = np.zeros(len(structure.parameters.pairs))
    theta[structure.parameters.diagonal] = _sizes(structure)
    return theta


def _tried(structure: Structure) -> tuple[float, ...]:
    return _TRIED_CLOSELY if sum(structure.n_groups) < _FEW_GROUPS else _TRIED


def largest_likelihood(deviance: ProfiledDeviance, start: Floats) -> Minimum:
    """Go down from a start, and on from wherever another variance promises less.

    Likelihoods of few groups can have several maxima, most often one of them at a variance of
    zero. Each variance in turn is tried from zero to large, the others as they are.
    """
    best = minimise(deviance, start)
    for _ in range(_MOST_RESTARTS):
        theta = min(_others(deviance.structure, best.x), key=deviance.value)
        if not deviance.value(theta) < best.value - _BETTER:
            break
        best = _with_steps(minimise(deviance, theta), best)
    return _settled(deviance, best)


def _sizes(structure: Structure) -> Floats:
    """Return the standard deviation of a group's mean, with the residual's as unit, by effect."""
    size = np.sqrt([groups / structure.n for groups in structure.n_groups])
    return np.broadcast_to(size, len(structure.parameters.diagonal))


def _others(structure: Structure, theta: Floats) -> list[Floats]:
    """Return triangles with one effect's variance changed, or two exchanged.

    Where random slopes have a singular covariance, also those along one line through each pair.
    """
    parameters = structure.parameters
    places = parameters.diagonal
    sizes = _sizes(structure)
    found = []
    for size, place in zip(sizes, places, strict=True):
        for relative in _tried(structure):
            other = theta.copy()
            other[place] = size * np.sqrt(relative)
            found.append(other)
    for one, two in combinations(places, 2):
        other = theta.copy()
        other[[one, two]] = theta[[two, one]]
        found.append(other)
    if len(parameters.pairs) > len(places) and (np.abs(theta[places]) < _NEARLY_ZERO * sizes).any():
        for place, (row, column) in enumerate(parameters.pairs):
            for sign, relative in product((-1.0, 1.0), _tried(structure)):
                other = np.zeros_like(theta)
                other[places[column]] = other[place] = sizes[0] * np.sqrt(relative)
                other[place] *= sign if row != column else 1.0
                found.append(other)
    return found


def _settled(deviance: ProfiledDeviance, best: Minimum) -> Minimum:
    """Set entries on the triangle's diagonal to zero where it makes no difference."""
    for position in deviance.structure.parameters.diagonal:
        theta = best.x.copy()
        theta[position] = 0.0
        if best.x[position] != 0 and deviance.value(theta) <= best.value + _NO_DIFFERENCE:
            again = minimise(deviance, theta)
            if again.x[position] == 0 and again.value <= best.value + _NO_DIFFERENCE:
                best = _with_steps(again, best)
    return best


def _with_steps(best: Minimum, before: Minimum) -> Minimum:
    return replace(best, steps=best.steps + before.steps)
