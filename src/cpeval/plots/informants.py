"""Scores by informant, and what units' informants agree on with the range of what they said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.plots.style import DARK, GUIDE, axes, marks, shown, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def by_informant(
    table: pd.DataFrame, informant: str, labels: dict[str, str], *, ax: Axes | None = None
) -> Axes:
    """Draw every sheet's score as a dot: a row a scale, informants below each other.

    Parameters
    ----------
    table : pandas.DataFrame
        scale, estimate, and the column of informants.
    informant : str
    labels : mapping
        Scale to what to show.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    """
    scales = list(dict.fromkeys(table["scale"]))
    row = table["scale"].map({name: place for place, name in enumerate(scales)}).to_numpy(float)
    who = list(dict.fromkeys(table[informant]))
    with styled():
        ax = axes(ax, width=8.0, height=1.2 + 0.18 * len(scales) * (len(who) + 1))
        for number, (name, mark) in enumerate(zip(who, marks(len(who)), strict=True)):
            mine = (table[informant] == name).to_numpy()
            off = 0.8 * (number + 0.5) / len(who)
            x = table["estimate"].to_numpy(float)[mine]
            dots = ax.plot(x, row[mine] + off, mark.marker, color=mark.colour, markersize=4)
            dots[0].set(alpha=0.4, label=shown(name))
        names = [shown(name, labels) for name in scales]
        ax.set_yticks([place + 0.4 for place in range(len(scales))], names, parse_math=False)
        ax.set_ylim(len(scales), -0.2)
        ax.set_xlabel("Score")
        ax.grid(visible=False, axis="y")
        for text in ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5)).get_texts():
            text.set_parse_math(False)
    return ax


def agreed_and_range(table: pd.DataFrame, label: str, *, ax: Axes | None = None) -> Axes:
    """Draw units from the lowest to the highest agreed score, each with its informants' range.

    Parameters
    ----------
    table : pandas.DataFrame
        Of one scale: estimate, low, high.
    label : str
        What the scale is called.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    """
    drawn = table.dropna(subset=["estimate"]).sort_values("estimate", kind="stable")
    x = np.arange(1, len(drawn) + 1)
    with styled():
        ax = axes(ax)
        ax.vlines(x, drawn["low"], drawn["high"], color=GUIDE, linewidth=1, label="informants")
        ax.plot(x, drawn["estimate"], ".", color=DARK.colour, label="agreed")
        ax.set_xlabel("Units, from the lowest to the highest")
        ax.set_ylabel(shown(label), parse_math=False)
        ax.grid(visible=False, axis="x")
        ax.legend()
    return ax
