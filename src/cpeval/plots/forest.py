"""Effects of sites below each other, then what they say together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cpeval.plots.intervals import MOST_NAMED, rows_of_dots
from cpeval.plots.style import DARK, OTHERS, Labels, shown, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def forest(
    table: pd.DataFrame,
    pooled: pd.DataFrame,
    *,
    ax: Axes | None = None,
    labels: Labels | None = None,
    xlabel: str = "Estimate",
) -> Axes:
    """Draw sites' effects, and below them the mean effect with both its intervals.

    More than 80 sites are drawn without names, in order of their effects, largest on top.

    Parameters
    ----------
    table, pooled : pandas.DataFrame
        Those of `cpeval.sites.heterogeneity`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    labels : mapping, optional
        Site to what to show.
    xlabel : str
        What the numbers are.
    """
    columns = ["estimate", "ci_low", "ci_high"]
    many, mean, mark = len(table) > MOST_NAMED, pooled.iloc[0], OTHERS[0]
    if many:
        table = table.sort_values("estimate", ascending=False, kind="stable")
    rows, names = table[columns], [shown(site, labels) for site in table["site"]]
    if not many:
        rows, names = pd.concat([rows, pooled[columns]]), [*names, "All sites"]
    most = MOST_NAMED + (0 if many else 1)
    ax = rows_of_dots(rows, names, ax=ax, xlabel=xlabel, guides=[0.0], most_named=most)
    # Among many rows one would not be seen: the last then has the space of some.
    last, row = (len(table) * 1.03, len(table) / 40) if many else (len(table), 1)
    with styled():
        if many:
            ax.set_ylabel(f"{len(table):,} sites, in order of size")
            ax.set_yticks([last], ["All sites"])
            ax.set_ylim(last + row, -0.5)
            ax.hlines(last, mean["ci_low"], mean["ci_high"], color=DARK.colour, linewidth=2)
            ax.plot(mean["estimate"], last, DARK.marker, color=DARK.colour, markersize=7)
        ax.axhline(last - row / 2, color=mark.colour, linewidth=0.8)
        # Below the mean, whose own interval is shorter.
        ax.hlines(
            last + row / 4,
            mean["prediction_low"],
            mean["prediction_high"],
            color=mark.colour,
            linewidth=2,
            linestyle=mark.line,
            label="Where another site is to be expected",
        )
        ax.legend(loc="best", fontsize="small")
    return ax
