"""Items as dots, with where they were before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cpeval.plots.style import DARK, GUIDE, axes, shown, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def now_and_before(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw a filled dot for now, an open one for before, and a line between.

    Parameters
    ----------
    table : pandas.DataFrame
        item, label, estimate and previous; items without an estimate are left out.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    """
    drawn = table.dropna(subset=["estimate"])
    y = range(len(drawn))
    names = [
        shown(f"{code} {text}") for code, text in zip(drawn["item"], drawn["label"], strict=True)
    ]
    with styled():
        ax = axes(ax, height=1.0 + 0.3 * max(len(drawn), 1))
        pairs = drawn.assign(y=y).dropna(subset=["previous"])
        ax.hlines(pairs["y"], pairs["previous"], pairs["estimate"], color=GUIDE, linewidth=1.5)
        if len(pairs):
            ax.plot(
                pairs["previous"], pairs["y"], "o", color=DARK.colour, markerfacecolor="white",
                markersize=7, label="before",
            )  # fmt: skip
        ax.plot(drawn["estimate"], y, "o", color=DARK.colour, markersize=7, label="now")
        ax.set_yticks(list(y), names, parse_math=False)
        ax.set_ylim(len(drawn) - 0.5, -0.5)
        ax.set_xlabel("Mean rating")
        ax.grid(visible=False, axis="y")
        if len(pairs):
            ax.legend(loc="best", fontsize="small")
    return ax
