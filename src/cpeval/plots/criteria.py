"""Estimates beside the bounds that they are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cpeval.errors import OptionError
from cpeval.plots.intervals import rows_of_dots
from cpeval.plots.style import OTHERS, Labels, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def against_bounds(
    table: pd.DataFrame, *, ax: Axes | None = None, labels: Labels | None = None
) -> Axes:
    """Draw each estimate with its interval, and its bound as a bar across the row.

    Parameters
    ----------
    table : pandas.DataFrame
        statistic, estimate, ci_low, ci_high, bound (NaN without one).
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    labels : mapping, optional
        Statistic to what to show.

    Raises
    ------
    OptionError
        The table is empty.
    """
    if table.empty:
        raise OptionError("There are no coefficients to draw: none could be computed.")
    table = table.reset_index(drop=True)
    names = [shown(name, labels) for name in table["statistic"]]
    ax = rows_of_dots(table, names, ax=ax, xlabel="Coefficient", guides=[0.0])
    bounds = table["bound"].dropna()
    ax.plot(
        bounds,
        bounds.index,
        "|",
        color=OTHERS[0].colour,
        markersize=18,
        markeredgewidth=2.5,
        label="Criterion",
    )
    if len(bounds):
        ax.legend()
    return ax
