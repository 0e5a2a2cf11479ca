"""Which comparison of arms a design allows: a rule of the numbers of units, never of outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cpeval.errors import OptionError, TooFewError

Comparison = Literal["sites", "cells", "arms"]

#: With so many sites that hold both arms, their own differences have enough degrees of freedom.
_ENOUGH_SITES = 4

#: Units in each arm and site from which their own variances are of use.
_ENOUGH_UNITS = 3

#: How many more sites of each arm than sites of both make it better not to pair.
_MANY_MORE = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Layout:
    """U units, each in one arm and one site."""

    #: Arm 1, shape (U,); code of the site, shape (U,).
    treated: NDArray[np.bool_]
    site: NDArray[np.intp]
    #: Labels of the sites, shape (N,); units in arm 0 and arm 1 of each, shape (N, 2).
    labels: NDArray[np.generic]
    units: NDArray[np.intp]

    @property
    def both(self) -> NDArray[np.bool_]:
        """Sites that hold both arms, shape (N,)."""
        held: NDArray[np.bool_] = np.all(self.units > 0, axis=1)
        return held


@dataclass(frozen=True, kw_only=True, eq=False)
class ArmPlan:
    """What to compare.

    Attributes
    ----------
    comparison : {"sites", "cells", "arms"} or None
        The differences of sites; units within sites, by the variance of each arm of a site; all
        sites of one arm with those of the other. None where no comparison has an error.
    n_sites : int
        Sites whose difference counts: 0 for "arms".
    n_treated, n_compared : int
        Units of each arm that count; for "arms" sites, each with one mean an arm.
    least_df : int
        Degrees of freedom of the variance that is known least: 0 for None.
    """

    comparison: Comparison | None
    n_sites: int
    n_treated: int
    n_compared: int
    least_df: int


def layout(arm: ArrayLike, site: ArrayLike | None = None) -> Layout:
    """Check arms and sites of units.

    Parameters
    ----------
    arm : array, shape (U,)
        1 for units with the programme, 0 for the others.
    site : array, shape (U,), optional
        Labels, which can be sorted; without it each unit is a site of its own.

    Raises
    ------
    OptionError
        The shapes differ, or an arm is neither 0 nor 1.
    TooFewError
        All units are in one arm.
    """
    given = np.asarray(arm)
    places = np.arange(given.size) if site is None else np.asarray(site)
    if given.ndim != 1 or places.shape != given.shape or not np.isin(given, (0, 1)).all():
        raise OptionError(
            "'arm' must be 1 or 0 for each unit, and 'site' of the same length. "
            f"Got shapes {given.shape} and {places.shape}."
        )
    treated = given == 1
    if treated.all() or not treated.any():
        raise TooFewError(f"All {given.size} units are in one arm: there is nothing to compare.")
    labels, codes = np.unique(places, return_inverse=True)
    counts = np.bincount(2 * codes + treated, minlength=2 * labels.size).reshape(-1, 2)
    return Layout(
        treated=treated,
        site=codes.astype(np.intp),
        labels=labels,
        units=counts.astype(np.intp),
    )


def arm_plan(arm: ArrayLike, site: ArrayLike | None = None) -> ArmPlan:
    """Choose the comparison of arms that errs no more than it says.

    Parameters
    ----------
    arm, site
        As in `layout`.

    Returns
    -------
    ArmPlan

    Raises
    ------
    OptionError, TooFewError
        As in `layout`.

    Notes
    -----
    S sites hold both arms. With four or more their differences are compared with zero by t,
    which is right whatever the variances [1]_. With two or three that is so too, unless
    there are three or more units in each arm of each (then "cells" has more degrees of freedom),
    or two or more further sites in each arm ("arms"). With one site its own units are compared
    where there are no others, and with none all sites. An arm with a single unit has no error.
    The simulation behind the rule is in docs/few-sites.md.

    References
    ----------
    .. [1] Ibragimov & Müller (2010). Journal of Business & Economic Statistics, 28(4), 453-468.

    Examples
    --------
    >>> arm_plan([1, 0] * 5, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]).comparison
    'sites'
    >>> plan = arm_plan([1, 1, 1, 0, 0])
    >>> plan.comparison, plan.least_df
    ('arms', 1)
    """
    return plan_of(layout(arm, site))


def plan_of(design: Layout) -> ArmPlan:
    """Choose for a layout that was checked."""
    own = design.units[design.both]
    sites, holding = len(own), (design.units > 0).sum(axis=0)
    least_cell = int(own.min()) if sites else 0
    more = int(holding.min()) - sites
    if sites >= _ENOUGH_SITES:
        return _plan("sites", design, sites, sites - 1)
    if sites >= 2:
        if least_cell >= _ENOUGH_UNITS:
            return _plan("cells", design, sites, least_cell - 1)
        if more < _MANY_MORE:
            return _plan("sites", design, sites, sites - 1)
    if holding.min() >= 2:
        return _plan("arms", design, 0, int(holding.min()) - 1)
    if sites == 1 and least_cell >= 2:
        return _plan("cells", design, sites, least_cell - 1)
    return _plan(None, design, sites, 0)


def _plan(comparison: Comparison | None, design: Layout, sites: int, least_df: int) -> ArmPlan:
    within = comparison in ("sites", "cells")
    counts = design.units[design.both].sum(axis=0) if within else (design.units > 0).sum(axis=0)
    return ArmPlan(
        comparison=comparison,
        n_sites=sites if within else 0,
        n_treated=int(counts[1]),
        n_compared=int(counts[0]),
        least_df=least_df,
    )
