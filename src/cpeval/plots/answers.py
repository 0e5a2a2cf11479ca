"""How people answered each item: a stacked bar an item."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.plots.style import Labels, axes, shown, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: More answers than this are not told apart in a legend.
_MOST_IN_LEGEND = 12
#: The least share of a bar into which its per cent is written.
_LEAST_WRITTEN = 0.07


def answers(
    distribution: pd.DataFrame, *, ax: Axes | None = None, labels: Labels | None = None
) -> Axes:
    """Draw shares of answers, the first item on top, the lowest answer left and lightest.

    Parameters
    ----------
    distribution : pandas.DataFrame
        item, code, share: each code of each item once, codes in order.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    labels : mapping, optional
        Item or code (or its text) to what to show.
    """
    import matplotlib as mpl

    names = list(dict.fromkeys(distribution["item"]))
    codes = list(dict.fromkeys(distribution["code"]))
    share = distribution["share"].to_numpy().reshape(len(names), len(codes))
    before = np.cumsum(share, axis=1) - share
    # Lightness falls evenly along this map, so that grey tells the answers apart too.
    colours = mpl.colormaps["YlGnBu"](np.linspace(0.08, 0.95, max(len(codes), 2)))
    with styled():
        ax = axes(ax, height=1.4 + 0.38 * len(names))
        y = np.arange(len(names))
        for place, code in enumerate(codes):
            colour = colours[place]
            bars = ax.barh(
                y,
                100 * share[:, place],
                left=100 * before[:, place],
                height=0.78,
                color=colour,
                edgecolor="white",
                linewidth=0.8,
                label=shown(f"{code:g}", labels),
            )
            dark = np.dot(colour[:3], (0.2126, 0.7152, 0.0722)) < 0.45
            texts = [f"{100 * s:.0f}" if s >= _LEAST_WRITTEN else "" for s in share[:, place]]
            ax.bar_label(
                bars, texts, label_type="center", fontsize=8, color="white" if dark else "black"
            )
        ax.set_yticks(y, [shown(name, labels) for name in names], parse_math=False)
        ax.set_ylim(len(names) - 0.5, -0.5)
        ax.set_xlim(0, 100)
        ax.set_xlabel("Per cent of answers", parse_math=False)
        ax.grid(visible=False)
        if len(codes) <= _MOST_IN_LEGEND:
            ax.legend(
                loc="lower left",
                bbox_to_anchor=(0, 1.0),
                ncols=min(len(codes), 7),
                fontsize=8,
                handlelength=1.2,
                columnspacing=1.0,
            )
    return ax
