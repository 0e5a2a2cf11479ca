"""A number of each ego, from the smallest to the largest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.errors import require_option
from cpeval.plots.style import DARK, axes, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: What says whose number it is.
_LABELS = ("ego", "wave", "group", "term")


def ego_values(table: pd.DataFrame, *, column: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw a dot an ego (and wave), in the order of the values; no name is shown.

    Parameters
    ----------
    table : pandas.DataFrame
        A row an ego.
    column : str, optional
        Which numbers; by default the first column of numbers. Missing values are not drawn.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    """
    options = [
        name
        for name in table.columns
        if name not in _LABELS and pd.api.types.is_numeric_dtype(table[name])
    ]
    column = options[0] if column is None and options else column
    require_option("column", column, options)
    values = np.sort(table[column].dropna().to_numpy(dtype=float))
    with styled():
        ax = axes(ax)
        ax.plot(
            values,
            np.arange(1, values.size + 1),
            linestyle="none",
            marker=DARK.marker,
            color=DARK.colour,
            markersize=4,
        )
        ax.set_xlabel(str(column).replace("_", " ").capitalize(), parse_math=False)
        ax.set_ylabel("Networks, from the smallest value up", parse_math=False)
    return ax
