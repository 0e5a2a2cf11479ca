"""Eigenvalues in order, with those that chance gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cpeval.plots.style import DARK, GUIDE, OTHERS, axes, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def scree(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the items' eigenvalues as dots on a line, those of unrelated items broken.

    Parameters
    ----------
    table : pandas.DataFrame
        estimate, random_mean, random_95, a row a component, the largest first.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    """
    from matplotlib.ticker import MaxNLocator

    with styled():
        ax = axes(ax)
        x = range(1, len(table) + 1)
        ax.plot(
            x,
            table["estimate"],
            DARK.line,
            marker=DARK.marker,
            color=DARK.colour,
            label="These items",
        )
        ax.plot(
            x,
            table["random_95"],
            OTHERS[0].line,
            color=OTHERS[0].colour,
            label="Unrelated items, 95th percentile",
        )
        ax.plot(
            x, table["random_mean"], ":", color=GUIDE, linewidth=2, label="Unrelated items, mean"
        )
        ax.set_xlabel("Component", parse_math=False)
        ax.set_ylabel("Eigenvalue", parse_math=False)
        ax.set_ylim(bottom=min(0.0, float(table["estimate"].min())))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.legend()
    return ax
