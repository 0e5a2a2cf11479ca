"""Moments of a model's columns that are at hand as arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cpeval.errors import OptionError
from cpeval.moments.coding import INTERCEPT, Level
from cpeval.moments.site_moments import SiteMoments
from cpeval.moments.unit_sums import Floats, UnitSums, near, require_sizes, unit_sums

Codes = NDArray[np.intp]


def moments_of_arrays(
    y: Floats,
    x: Floats,
    *,
    outcome: str,
    terms: Sequence[str],
    unit: Codes,
    site: Sequence[Level | None],
    team: Sequence[Level | None] | None = None,
    site_column: str = "site",
    team_column: str = "team",
) -> SiteMoments:
    """Make moments of arrays without missing values.

    Parameters
    ----------
    y : array, shape (n,)
        The outcome.
    x : array, shape (n, p)
        The model's columns; the first is the intercept.
    outcome : str
        What y is called.
    terms : sequence of str
        What the columns of x but the first are called.
    unit : array of int, shape (n,)
        Each row's unit, 0 to U - 1.
    site : sequence, length U
        Which site each unit is, or is in.
    team : sequence, length U, optional
        Which team each unit is.
    site_column, team_column : str
        What sites and teams are called.

    Returns
    -------
    SiteMoments
        As `SiteMoments.from_data` gives them; units in the order given, which should be sorted.

    Raises
    ------
    OptionError
        Lengths don't fit.
    DataError
        Values too large or too small to multiply.

    Examples
    --------
    >>> x = np.array([[1.0, 0], [1, 1], [1, 0], [1, 1]])
    >>> moments = moments_of_arrays(
    ...     np.array([3.0, 5, 4, 8]), x, outcome="y", terms=["arm"],
    ...     unit=np.array([0, 0, 1, 1]), site=["A", "B"])
    >>> moments.mean.tolist()
    [[0.5, 4.0], [0.5, 6.0]]
    """
    units = len(site)
    if y.shape != unit.shape or x.shape != (y.size, 1 + len(terms)):
        raise OptionError(
            f"Rows of 'y', 'x' and 'unit', and columns of 'x' and 'terms', must go together. "
            f"Got shapes {y.shape}, {x.shape}, {unit.shape} and {len(terms)} terms."
        )
    columns = [*np.ascontiguousarray(x[:, 1:].T), y]
    origin = near(np.array([column.mean() for column in columns]))
    n, weight, offset, cross = unit_sums(columns, unit, units, origin, None)
    dropped = np.zeros(units, np.int64)
    sums = UnitSums(n=n, weight=weight, dropped=dropped, origin=origin, offset=offset, cross=cross)
    require_sizes(sums, [*terms, outcome])
    return SiteMoments(
        formula=f"{outcome} ~ {' + '.join(terms) or '1'}",
        outcome=outcome,
        terms=(INTERCEPT, *terms),
        parts=(INTERCEPT, *terms),
        levels={},
        site_column=site_column,
        team_column=None if team is None else team_column,
        weights_column=None,
        site=tuple(site),
        team=(None,) * units if team is None else tuple(team),
        n=n,
        dropped=dropped,
        weight=weight,
        origin=origin,
        offset=offset,
        cross=cross,
        bounds=np.full((len(columns), 2), np.nan),
    )
