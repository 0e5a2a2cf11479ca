"""Sites as dots in a plane, with names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cpeval.plots.style import DARK, GUIDE, Labels, axes, shown, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: With more, names would lie over each other.
_MOST_NAMED = 15


def site_dots(
    table: pd.DataFrame,
    *,
    x: str,
    xlabel: str,
    ylabel: str,
    labels: Labels | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a dot a site; up to 15 are named.

    Parameters
    ----------
    table : pandas.DataFrame
        site, ``x``, estimate.
    x : str
        The column across.
    xlabel, ylabel : str
    labels : mapping, optional
        Site to what to show.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    """
    with styled():
        ax = axes(ax)
        ax.axhline(0, color=GUIDE, linewidth=1)
        ax.plot(table[x], table["estimate"], "o", color=DARK.colour, markersize=7)
        if len(table) <= _MOST_NAMED:
            for name, across, up in table[["site", x, "estimate"]].itertuples(index=False):
                ax.annotate(
                    shown(name, labels), (across, up), xytext=(6, 4), textcoords="offset points",
                    fontsize="small", parse_math=False,
                )  # fmt: skip
        ax.margins(0.12)
        ax.set_xlabel(xlabel, parse_math=False)
        ax.set_ylabel(ylabel, parse_math=False)
    return ax
