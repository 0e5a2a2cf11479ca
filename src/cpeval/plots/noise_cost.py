"""How much errors grow with noise, a dot each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cpeval.plots.intervals import rows_of_dots
from cpeval.plots.style import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def growth(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw each term's error with noise, next to what it was.

    Parameters
    ----------
    table : pandas.DataFrame
        With term and growth. A line is at 1, no cost.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.

    Returns
    -------
    matplotlib.axes.Axes
    """
    return rows_of_dots(
        table[["growth"]].rename(columns={"growth": "estimate"}),
        [shown(name, None) for name in table["term"]],
        ax=ax,
        xlabel="Error with noise, times as large",
        guides=[1.0],
    )
