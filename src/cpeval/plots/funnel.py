"""Sites by size, inside or outside a funnel of limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from cpeval.plots.style import DARK, GUIDE, OTHERS, Labels, axes, shown, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Lines of the limits, the narrowest first.
_LINES = (":", "--", "-.", "-")


def funnel(
    table: pd.DataFrame,
    curve: pd.DataFrame,
    *,
    target: float,
    limits: Sequence[float],
    xlabel: str,
    ylabel: str,
    labels: Labels | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a dot a site, the target, and the limits by size.

    Parameters
    ----------
    table, curve : pandas.DataFrame
        Those of `cpeval.sites.funnel`.
    target : float
    limits : sequence of float
        The levels, the narrowest first.
    xlabel, ylabel : str
        What sizes and estimates are.
    labels : mapping, optional
        Site to what to show. Sites outside the narrowest limits are named.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    """
    outside = table["side"] != "within"
    with styled():
        ax = axes(ax, width=7.0, height=4.5)
        ax.axhline(target, color=GUIDE, linewidth=1)
        for level, line in zip(limits, _LINES * len(limits), strict=False):
            name = f"{100 * level:g}"
            for side, label in (("low", f"{name} % limits"), ("high", None)):
                y = curve[f"{side}_{name}"]
                ax.plot(curve["n"], y, line, color=DARK.colour, linewidth=1.3, label=label)
        for rows, mark, face in ((~outside, DARK, "white"), (outside, OTHERS[0], None)):
            ax.plot(
                table.loc[rows, "n"],
                table.loc[rows, "estimate"],
                mark.marker,
                color=mark.colour,
                markerfacecolor=face or mark.colour,
                markersize=6,
            )
        for row in table[outside].itertuples():
            ax.annotate(
                shown(row.site, labels),
                (row.n, row.estimate),
                xytext=(5, 4 if row.side == "above" else -4),
                textcoords="offset points",
                va="bottom" if row.side == "above" else "top",
                fontsize="small",
                parse_math=False,
            )
        ax.set_xlabel(xlabel, parse_math=False)
        ax.set_ylabel(ylabel, parse_math=False)
        ax.legend(loc="best", fontsize="small")
    return ax
