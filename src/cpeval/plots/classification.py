"""Chances of categories by score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from cpeval.plots.style import GUIDE, axes, marks, shown, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def classification(
    table: pd.DataFrame, cuts: Mapping[str, float], *, ax: Axes | None = None
) -> Axes:
    """Draw a dot a unit and category: the chance that it is the true one, by the score.

    Parameters
    ----------
    table : pandas.DataFrame
        That of `cpeval.fidelity.classify`.
    cuts : mapping
        Category to where it starts.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    """
    part = table.sort_values("estimate")
    with styled():
        ax = axes(ax)
        for start in list(cuts.values())[1:]:
            ax.axvline(start, color=GUIDE, linewidth=1, linestyle=":")
        for name, mark in zip(cuts, marks(len(cuts)), strict=True):
            ax.plot(
                part["estimate"],
                part[f"p_{name}"],
                color=mark.colour,
                marker=mark.marker,
                linestyle=mark.line,
                markersize=4,
                label=shown(name),
            )
        ax.set_ylim(-0.02, 1.02)
        ax.set_xlabel("Score")
        ax.set_ylabel("Chance of being the true category")
        ax.legend(loc="best", fontsize="small")
    return ax
