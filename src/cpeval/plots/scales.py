"""Which item is in which scale, for one lower bound or several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.plots.style import DARK, OTHERS, axes, shown, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def items_by_bound(table: pd.DataFrame, bounds: list[str], *, ax: Axes | None = None) -> Axes:
    """Draw a square with the scale's number for each item and lower bound; a dot for none.

    Parameters
    ----------
    table : pandas.DataFrame
        A column "item", then one of scale numbers for each bound.
    bounds : list of str
        What to write below each.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    """
    numbers = table.drop(columns="item").to_numpy()
    y, x = np.indices(numbers.shape)
    every = (DARK, *OTHERS)
    with styled():
        ax = axes(ax, height=1.0 + 0.36 * max(len(table), 1))
        none = numbers == 0
        ax.plot(x[none], y[none], ".", color="#767676", markersize=4)
        for number in map(int, np.unique(numbers[~none])):
            here = numbers == number
            mark = every[(number - 1) % len(every)]
            ax.plot(x[here], y[here], "s", color=mark.colour, markersize=15)
            for at, row in zip(x[here], y[here], strict=True):
                ax.text(
                    at, row, str(number), color="white", ha="center", va="center", weight="bold"
                )
        ax.set_yticks(range(len(table)), [shown(name) for name in table["item"]], parse_math=False)
        ax.set_xticks(range(len(bounds)), bounds, parse_math=False)
        ax.set_xlim(-0.6, len(bounds) - 0.4)
        ax.set_ylim(len(table) - 0.5, -0.5)
        ax.set_xlabel("Lower bound of the items' scalability")
        ax.grid(visible=False)
    return ax
