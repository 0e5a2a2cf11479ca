"""Problems with the data: how many cells each touches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cpeval.plots.style import axes, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Darker is worse, so that the picture reads in grey.
_SHADES = {"error": "#3b3b3b", "warning": "#8c8c8c", "note": "#cfcfcf"}


def problems(summary: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw a bar a problem and column, longest for most cells.

    Parameters
    ----------
    summary : pandas.DataFrame
        severity, problem, column, cells: one row a problem and column.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.

    Returns
    -------
    matplotlib.axes.Axes
    """
    with styled():
        ax = axes(ax)
        if summary.empty:
            ax.text(0.5, 0.5, "No problems found", ha="center", va="center", transform=ax.transAxes)
            ax.set_axis_off()
            return ax
        rows = summary.iloc[::-1]
        names = [
            f"{p}: {c}" if c else p for p, c in zip(rows["problem"], rows["column"], strict=True)
        ]
        places = range(len(rows))
        ax.barh(places, rows["cells"], color=[_SHADES[s] for s in rows["severity"]])
        ax.set_yticks(
            places, [f"{name} ({s})" for name, s in zip(names, rows["severity"], strict=True)]
        )
        ax.set_xlabel("Cells")
    return ax
