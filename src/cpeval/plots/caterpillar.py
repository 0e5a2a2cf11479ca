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
    """Draw sites below each other, the highest on top; more than 80 without names.

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
    y, many = np.arange(len(table)), len(table) > _MOST_NAMED
    size = 2.5 if many else 5
    width, alpha = (0.8, 0.35) if many else (1.5, 1.0)
    with styled():
        ax = axes(ax, height=1.2 + min(0.3 * len(table), 14.0))
        ax.axvline(mean, color=GUIDE, linewidth=1)
        ax.hlines(y, table[low], table[high], color=DARK.colour, linewidth=width, alpha=alpha)
        name = "Its own (bars to compare pairs)" if comparison else "Its own, with interval"
        ax.plot(table["estimate"], y, DARK.marker, color=DARK.colour, markersize=size, label=name)
        if table["weight"].notna().any():
            mark = OTHERS[0]
            ax.plot(
                table["shrunken"],
                y,
                mark.marker,
                color=mark.colour,
                markerfacecolor="white",
                markersize=size,
                label="In the light of the others",
            )
        if many:
            ax.set_yticks([])
            ax.set_ylabel(f"{len(table):,} sites, in order")
        else:
            names = [shown(site, labels) for site in table["site"]]
            ax.set_yticks(y, names, parse_math=False)
        ax.set_ylim(-0.5, len(table) - 0.5)
        ax.set_xlabel(xlabel, parse_math=False)
        ax.grid(visible=False, axis="y")
        ax.legend(loc="best", fontsize="small")
    return ax
