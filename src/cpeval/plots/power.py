"""Power by the number of people, for several numbers of sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.plots.style import DARK, GUIDE, OTHERS, axes, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def power(table: pd.DataFrame, curve: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw curves of power, and the design itself as a dot.

    Parameters
    ----------
    table, curve : pandas.DataFrame
        Those of `cpeval.sites.power`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    """
    with styled():
        ax = axes(ax)
        ax.axhline(0.8, color=GUIDE, linewidth=1, linestyle=":")
        own = table["sites"].iloc[0]
        others = iter(OTHERS)
        for sites, part in curve.groupby("sites"):
            mark = DARK if sites == own else next(others)
            ax.plot(
                part["people"],
                part["estimate"],
                linestyle=mark.line,
                color=mark.colour,
                label=f"{sites} sites",
            )
        shown = table[np.isfinite(table["people"]) & (table["effect"] == table["effect"].iloc[0])]
        bars = shown.dropna(subset=["ci_low"])
        ax.vlines(bars["people"], bars["ci_low"], bars["ci_high"], color=DARK.colour)
        ax.plot(shown["people"], shown["estimate"], DARK.marker, color=DARK.colour)
        ax.set_ylim(0, 1.02)
        teams = table["teams"].iloc[0] > 1
        ax.set_xlabel(f"People in each {'team' if teams else 'site'}")
        ax.set_ylabel("Power")
        ax.legend(loc="best", fontsize="small")
    return ax
