"""Dots with intervals, a row each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.errors import OptionError, listed, require_option
from cpeval.plots.style import DARK, GUIDE, Labels, axes, shown, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Columns that may say what a row is, the more telling first.
LABELLING = ("scale", "term", "group", "coefficient", "site")

#: With more rows than this, names would make a picture that no screen shows: it stops growing.
MOST_NAMED = 80


def intervals(
    table: pd.DataFrame,
    *,
    ax: Axes | None = None,
    label: str | None = None,
    labels: Labels | None = None,
    xlabel: str = "Estimate",
    zero: bool = True,
) -> Axes:
    """Draw a row's estimate as a dot on its interval, from the top down.

    Parameters
    ----------
    table : pandas.DataFrame
        With estimate, ci_low and ci_high. What is NaN is not drawn; the row stays. More than 80
        rows are drawn without names, closer together.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    label : str, optional
        The column that says what a row is; by default the first there of scale, term, group,
        coefficient, site.
    labels : mapping, optional
        Its values (or their text) to what to show.
    xlabel : str
        What the numbers are.
    zero : bool, default True
        Whether to draw a line at 0.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    OptionError
        The table has no estimates, or no such column.
    """
    absent = [name for name in ("estimate", "ci_low", "ci_high") if name not in table]
    if absent:
        raise OptionError(
            f"There are no intervals to draw: the table has no {listed(absent)}. "
            f"It has {listed(table.columns)}."
        )
    if label is None:
        label = next((name for name in LABELLING if name in table), None)
    else:
        require_option("label", label, list(table.columns))
    names = table[label] if label is not None else [""] * len(table)
    return rows_of_dots(
        table,
        [shown(name, labels) for name in names],
        ax=ax,
        xlabel=xlabel,
        guides=[0.0] if zero else [],
    )


def contrasts(
    table: pd.DataFrame,
    *,
    ax: Axes | None = None,
    labels: Labels | None = None,
    xlabel: str = "Difference",
) -> Axes:
    """Draw differences between two groups; a row is called "group − reference".

    Parameters are those of `intervals`; ``labels`` are of groups.
    """
    pairs = zip(table["group"], table["reference"], strict=True)
    names = [f"{shown(one, labels)} − {shown(other, labels)}" for one, other in pairs]
    return rows_of_dots(table, names, ax=ax, xlabel=xlabel, guides=[0.0])


def rows_of_dots(
    table: pd.DataFrame,
    names: Sequence[str],
    *,
    ax: Axes | None,
    xlabel: str,
    guides: Sequence[float],
    most_named: int = MOST_NAMED,
) -> Axes:
    """Draw estimates below each other, with intervals where the table has them.

    More than ``most_named`` are drawn in the space of 40, without names; an axis says how many.
    """
    many = len(table) > most_named
    with styled():
        ax = axes(ax, height=1.0 + 0.42 * (40 if many else max(len(table), 1)))
        y = range(len(table))
        for guide in guides:
            ax.axvline(guide, color=GUIDE, linewidth=1, linestyle="-" if guide == 0 else ":")
        if "ci_low" in table:
            spans = table.assign(y=y).dropna(subset=["ci_low", "ci_high"])
            bars = ax.hlines(spans["y"], spans["ci_low"], spans["ci_high"], color=DARK.colour)
            bars.set(linewidth=0.8 if many else 2, alpha=0.35 if many else None)
        size = 2.5 if many else 7
        ax.plot(table["estimate"], y, DARK.marker, color=DARK.colour, markersize=size)
        # Texts of axes that were given exist already, so the style can't reach them.
        if many:
            ax.set_yticks([])
            ax.set_ylabel(f"{len(table):,} rows, too many to name")
        else:
            ax.set_yticks(list(y), list(names), parse_math=False)
        ax.set_ylim(len(table) - 0.5, -0.5)
        ax.set_xlabel(xlabel, parse_math=False)
        ax.grid(visible=False, axis="y")
    return ax


def analyses(
    table: pd.DataFrame,
    *,
    ax: Axes | None = None,
    labels: Labels | None = None,
    xlabel: str = "Difference",
) -> Axes:
    """Draw one difference as several analyses give it, the primary first.

    Parameters are those of `intervals`, ``labels`` of groups. An interval without an end ends in an
    arrow. ``table`` has analysis, group and reference beside the estimates.
    """
    first = table.iloc[0]
    ends = table[["ci_low", "ci_high"]].to_numpy(dtype=float)
    finite = ends[np.isfinite(ends).all(axis=1)]
    around = finite if finite.size else table[["estimate"]].to_numpy(dtype=float)
    low, high = float(np.nanmin(around)), float(np.nanmax(around))
    room = 0.05 * (high - low or 1.0)
    shown_ends = np.clip(ends, low - room, high + room)
    drawn = table.assign(ci_low=shown_ends[:, 0], ci_high=shown_ends[:, 1])
    ax = rows_of_dots(drawn, list(map(str, table["analysis"])), ax=ax, xlabel=xlabel, guides=[0.0])
    for y, row in enumerate(ends):
        for side, end in enumerate(row):
            if np.isinf(end):
                edge = (low - room, high + room)[side]
                ax.plot(edge, y, "<>"[side], color=DARK.colour, markersize=7, clip_on=False)
    ax.set_title(
        f"{shown(first['group'], labels)} − {shown(first['reference'], labels)}", parse_math=False
    )
    return ax
