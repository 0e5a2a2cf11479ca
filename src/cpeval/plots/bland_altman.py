"""Differences against means, with limits of agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cpeval.plots.style import DARK, GUIDE, OTHERS, axes, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def bland_altman(table: pd.DataFrame, pairs: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw a dot a pair, and the bias and the limits with bands for their intervals.

    Parameters
    ----------
    table : pandas.DataFrame
        That of `cpeval.measurement.limits_of_agreement`: term, estimate, ci_low, ci_high.
    pairs : pandas.DataFrame
        mean and difference of each pair.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.

    Returns
    -------
    matplotlib.axes.Axes
    """
    with styled():
        ax = axes(ax)
        numbers = table[["estimate", "ci_low", "ci_high"]].to_numpy(dtype=float)
        for term, (estimate, low, high) in zip(table["term"], numbers, strict=True):
            mark = DARK if term == "bias" else OTHERS[0]
            ax.axhspan(low, high, color=mark.colour, alpha=0.12, linewidth=0)
            ax.axhline(estimate, color=mark.colour, linestyle=mark.line, linewidth=1.5)
        ax.axhline(0.0, color=GUIDE, linewidth=1)
        # Many dots hide each other less when they are small and faint.
        many = len(pairs) > 300
        ax.plot(
            pairs["mean"],
            pairs["difference"],
            DARK.marker,
            color=DARK.colour,
            markersize=3 if many else 5,
            alpha=0.35 if many else 0.8,
            linestyle="none",
        )
        ax.set_xlabel("Mean of the two", parse_math=False)
        ax.set_ylabel("Difference (a − b)", parse_math=False)
    return ax
