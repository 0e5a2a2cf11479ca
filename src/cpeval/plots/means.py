"""Means by wave and arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cpeval.plots.style import Labels
from cpeval.plots.waves import lines_by_wave

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def means(
    table: pd.DataFrame,
    *,
    ax: Axes | None = None,
    group_labels: Labels | None = None,
    wave_labels: Labels | None = None,
    xlabel: str | None = None,
    ylabel: str = "Mean",
) -> Axes:
    """Draw means over waves, a line an arm, with intervals.

    Parameters
    ----------
    table : pandas.DataFrame
        That of `cpeval.outcomes.means`: group, wave, estimate, ci_low, ci_high.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    group_labels, wave_labels : mapping, optional
        Arm or wave (or its text) to what to show.
    xlabel, ylabel : str, optional
        Names of the axes.
    """
    return lines_by_wave(
        table,
        "estimate",
        ax=ax,
        group_labels=group_labels,
        wave_labels=wave_labels,
        xlabel=xlabel,
        ylabel=ylabel,
    )
