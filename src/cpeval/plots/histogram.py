"""A histogram whose bars were counted before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cpeval.plots.style import DARK, axes, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def histogram(bars: pd.DataFrame, *, ax: Axes | None = None, xlabel: str = "Score") -> Axes:
    """Draw bars whose areas are numbers of people: bars may differ in width.

    Parameters
    ----------
    bars : pandas.DataFrame
        low, high, n.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    xlabel : str
        What the numbers are.
    """
    with styled():
        ax = axes(ax)
        width = bars["high"] - bars["low"]
        ax.bar(
            bars["low"],
            bars["n"] / width,
            width=width,
            align="edge",
            color=DARK.colour,
            edgecolor="white",
            linewidth=0.8,
        )
        ax.set_xlabel(xlabel, parse_math=False)
        ax.set_ylabel("People per point", parse_math=False)
        ax.grid(visible=False, axis="x")
    return ax
