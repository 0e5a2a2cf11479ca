"""Shares of categories: as observed, and as expected once scores' error is allowed for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.plots.style import axes, marks, shown, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHIFT = 0.12


def category_shares(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw two dots a category, the first category on top.

    Parameters
    ----------
    table : pandas.DataFrame
        A row a category: category, estimate and expected_share, from 0 to 1.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    """
    y = np.arange(len(table), dtype=float)
    series = {"Observed": "estimate", "Expected": "expected_share"}
    with styled():
        ax = axes(ax, height=1.2 + 0.45 * len(table))
        for place, (name, mark) in enumerate(zip(series, marks(2), strict=True)):
            ax.plot(
                100 * table[series[name]].to_numpy(dtype=float),
                y + (2 * place - 1) * _SHIFT,
                color=mark.colour,
                marker=mark.marker,
                linestyle="none",
                label=name,
            )
        ax.set_yticks(y, [shown(name) for name in table["category"]], parse_math=False)
        ax.set_ylim(len(table) - 0.5, -0.5)
        ax.set_xlim(-2, 102)
        ax.set_xlabel("Per cent")
        ax.legend(loc="best", fontsize="small")
    return ax
