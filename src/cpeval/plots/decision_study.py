"""Precision by numbers of levels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from cpeval.errors import require_option
from cpeval.plots.style import GUIDE, axes, marks, shown, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: What can be drawn, with the axis's name.
WHAT = {
    "phi": "Dependability (phi)",
    "g": "Generalisability coefficient (g)",
    "sem": "Standard error of measurement (points)",
    "sem_relative": "Relative standard error (points)",
}


def decision_study(
    table: pd.DataFrame,
    facets: Sequence[str],
    *,
    what: str = "phi",
    target: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a line by the facet with the most numbers, one for each combination of the others.

    Parameters
    ----------
    table : pandas.DataFrame
        That of `cpeval.fidelity.decision_study`.
    facets : sequence of str
        Its columns with numbers of levels.
    what : {"phi", "g", "sem", "sem_relative"}, default "phi"
    target : float, optional
        Drawn as a line.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    """
    require_option("what", what, list(WHAT))
    counts = {name: len(table[name].unique()) for name in facets}
    along = max(facets, key=lambda name: counts[name])
    others = [name for name in facets if name != along and counts[name] > 1]
    lines = list(table.groupby(others, sort=True)) if others else [((), table)]
    with styled():
        ax = axes(ax)
        if target is not None:
            ax.axhline(target, color=GUIDE, linewidth=1, linestyle=":")
        for (numbers, part), mark in zip(lines, marks(len(lines)), strict=True):
            part = part.sort_values(along)
            label = ", ".join(
                f"{shown(name)} {number:g}" for name, number in zip(others, numbers, strict=True)
            )
            ax.plot(
                part[along],
                part[what],
                color=mark.colour,
                marker=mark.marker,
                linestyle=mark.line,
                label=label,
            )
        if what in ("phi", "g"):
            ax.set_ylim(0, 1.02)
        else:
            ax.set_ylim(bottom=0)
        ax.set_xlabel(f"Levels of {shown(along)}")
        ax.set_ylabel(WHAT[what])
        if others:
            ax.legend(loc="best", fontsize="small")
    return ax
