"""Sensitivity against false alarms, with the cuts that were chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cpeval.plots.style import DARK, GUIDE, axes, marks, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: What the cuts are called in the legend.
_NAMES = {"mid_youden": "Youden's cut", "mid_closest": "nearest to the corner"}


def roc_curve(roc: pd.DataFrame, table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the curve, the line of chance, and a mark for each cut.

    Parameters
    ----------
    roc : pandas.DataFrame
        cut, sensitivity, specificity, from one end of the curve to the other.
    table : pandas.DataFrame
        That of `cpeval.measurement.responsiveness`, with rows mid_youden and mid_closest.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.

    Returns
    -------
    matplotlib.axes.Axes
    """
    with styled():
        ax = axes(ax, width=4.6, height=4.6)
        ax.plot([0, 1], [0, 1], color=GUIDE, linewidth=1, linestyle=":")
        ax.plot(1 - roc["specificity"], roc["sensitivity"], color=DARK.colour, linewidth=2)
        found = table[table["term"].isin(_NAMES)]
        columns = ["estimate", "sensitivity", "specificity"]
        values = found[columns].to_numpy(dtype=float)
        for term, mark, (cut, up, right) in zip(found["term"], marks(3), values, strict=False):
            ax.plot(
                [1 - right],
                [up],
                mark.marker,
                color=mark.colour,
                markersize=8,
                linestyle="none",
                label=f"{_NAMES[term]}: {cut:.3g}",
            )
        ax.set_xlim(-0.02, 1.02)
        ax.set_ylim(-0.02, 1.02)
        ax.set_xlabel("1 − specificity", parse_math=False)
        ax.set_ylabel("Sensitivity", parse_math=False)
        ax.legend(loc="lower right")
    return ax
