"""Sites in order, raw and shrunken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.plots.style import DARK, GUIDE, OTHERS, Labels, axes, shown, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: With more sites than this, names would overlap.
_MOST_NAMED = 80


def caterpillar(
    table: pd.DataFrame,
    mean: float,
    *,
    comparison: bool = False,
    labels: Labels | None = None,
    xlabel: str = "Estimate",
    ax: Axes | None = None,
) -> Axes:
    """Draw sites below each other, the highest on top.

    Parameters
    ----------
    table : pandas.DataFrame
        That of `cpeval.sites.caterpillar`.
    mean : float
        Of all sites.
    comparison : bool
        Whether bars are comparison intervals.
    labels : mapping, optional
        Site to what to show.
    xlabel : str
        What the numbers are.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    """
    low, high = ("compare_low", "compare_high") if comparison else ("ci_low", "ci_high")
    y = np.arange(len(table))
    with styled():
        ax = axes(ax, height=1.2 + min(0.3 * len(table), 14.0))
        ax.axvline(mean, color=GUIDE, linewidth=1)
        ax.hlines(y, table[low], table[high], color=DARK.colour, linewidth=1.5)
        name = "Its own (bars to compare pairs)" if comparison else "Its own, with interval"
        ax.plot(table["estimate"], y, DARK.marker, color=DARK.colour, markersize=5, label=name)
        if table["weight"].notna().any():
            mark = OTHERS[0]
            ax.plot(
                table["shrunken"],
                y,
                mark.marker,
                color=mark.colour,
                markerfacecolor="white",
                markersize=5,
                label="In the light of the others",
            )
        if len(table) <= _MOST_NAMED:
            names = [shown(site, labels) for site in table["site"]]
            ax.set_yticks(y, names, parse_math=False)
        else:
            ax.set_yticks([])
        ax.set_ylim(-0.5, len(table) - 0.5)
        ax.set_xlabel(xlabel, parse_math=False)
        ax.grid(visible=False, axis="y")
        ax.legend(loc="best", fontsize="small")
    return ax
