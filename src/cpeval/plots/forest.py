"""Effects of sites below each other, then what they say together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cpeval.plots.intervals import rows_of_dots
from cpeval.plots.style import OTHERS, Labels, shown, styled

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
    rows = pd.concat([table[columns], pooled[columns]], ignore_index=True)
    names = [*(shown(site, labels) for site in table["site"]), "All sites"]
    ax = rows_of_dots(rows, names, ax=ax, xlabel=xlabel, guides=[0.0])
    mean, last, mark = pooled.iloc[0], len(table), OTHERS[0]
    with styled():
        ax.axhline(last - 0.5, color=mark.colour, linewidth=0.8)
        # Below the mean, whose own interval is shorter.
        ax.hlines(
            last + 0.25,
            mean["prediction_low"],
            mean["prediction_high"],
            color=mark.colour,
            linewidth=2,
            linestyle=mark.line,
            label="Where another site is to be expected",
        )
        ax.legend(loc="best", fontsize="small")
    return ax
