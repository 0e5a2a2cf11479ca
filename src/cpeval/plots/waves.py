"""Lines over waves, one a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.plots.style import Labels, Mark, axes, marks, shown, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def lines_by_wave(
    table: pd.DataFrame,
    value: str,
    *,
    ax: Axes | None,
    group_labels: Labels | None,
    wave_labels: Labels | None,
    xlabel: str | None,
    ylabel: str,
) -> Axes:
    """Draw a column of numbers over waves, a line a group, with intervals if there are any.

    Waves that are numbers stand as far apart as they are; others stand evenly. Groups are moved
    aside a little, so that intervals don't hide each other.
    """
    groups = list(dict.fromkeys(table["group"]))
    waves = list(dict.fromkeys(table["wave"]))
    timed = all(isinstance(w, int | float) and not isinstance(w, bool) for w in waves)
    at = dict(zip(waves, map(float, waves if timed else range(len(waves))), strict=True))
    step = 0.012 * (max(at.values()) - min(at.values()) or 1.0)
    with styled():
        ax = axes(ax)
        for k, (group, mark) in enumerate(zip(groups, marks(len(groups)), strict=True)):
            rows = table[table["group"] == group]
            x = rows["wave"].map(at).to_numpy() + step * (k - (len(groups) - 1) / 2)
            _line(ax, x, rows, value, mark, shown(group, group_labels))
        names = ["" if wave is None else shown(wave, wave_labels) for wave in waves]
        ax.set_xticks(list(at.values()), names, parse_math=False)
        if len(waves) == 1:
            ax.set_xlim(next(iter(at.values())) - 1, next(iter(at.values())) + 1)
        ax.set_ylabel(ylabel, parse_math=False)
        if xlabel is not None:
            ax.set_xlabel(xlabel, parse_math=False)
        if len(groups) > 1:
            ax.legend()
    return ax


def _line(ax: Axes, x: np.ndarray, rows: pd.DataFrame, value: str, mark: Mark, name: str) -> None:
    if "ci_low" in rows:
        spans = rows.assign(x=x).dropna(subset=["ci_low", "ci_high"])
        ax.vlines(spans["x"], spans["ci_low"], spans["ci_high"], color=mark.colour, linewidth=1.5)
    ax.plot(
        x,
        rows[value],
        color=mark.colour,
        marker=mark.marker,
        linestyle=mark.line,
        linewidth=2,
        markersize=7,
        label=name,
    )
