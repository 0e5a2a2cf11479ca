"""How many people were seen, by wave and arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cpeval.plots.style import Labels
from cpeval.plots.waves import lines_by_wave

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def participants(
    table: pd.DataFrame,
    *,
    ax: Axes | None = None,
    group_labels: Labels | None = None,
    wave_labels: Labels | None = None,
    xlabel: str | None = None,
) -> Axes:
    """Draw numbers of people over waves, a line an arm, from zero up.

    Parameters
    ----------
    table : pandas.DataFrame
        That of `cpeval.outcomes.participants`: group, wave, n.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    group_labels, wave_labels : mapping, optional
        Arm or wave (or its text) to what to show.
    xlabel : str, optional
        Name of the axis of waves.
    """
    ax = lines_by_wave(
        table[["group", "wave", "n"]],
        "n",
        ax=ax,
        group_labels=group_labels,
        wave_labels=wave_labels,
        xlabel=xlabel,
        ylabel="People",
    )
    ax.set_ylim(0, 1.08 * max(table["n"].max(), 1))
    return ax
