"""Bars of how far informants are apart, an item each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cpeval.plots.style import DARK, axes, shown, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: As many items as can be read.
_MOST = 40


def item_gaps(by_item: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw each item's mean gap, the largest first; at most 40 items.

    Parameters
    ----------
    by_item : pandas.DataFrame
        item, label, estimate; items without an estimate are left out.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    """
    drawn = by_item.dropna(subset=["estimate"]).sort_values(
        "estimate", ascending=False, kind="stable"
    )
    drawn = drawn.head(_MOST)
    names = [
        shown(f"{code} {label}") for code, label in zip(drawn["item"], drawn["label"], strict=True)
    ]
    with styled():
        ax = axes(ax, height=1.0 + 0.3 * max(len(drawn), 1))
        ax.barh(range(len(drawn)), drawn["estimate"], color=DARK.colour, height=0.6)
        ax.set_yticks(range(len(drawn)), names, parse_math=False)
        ax.set_ylim(len(drawn) - 0.5, -0.5)
        ax.set_xlabel("Levels between the lowest and the highest rating, mean")
        ax.grid(visible=False, axis="y")
    return ax
