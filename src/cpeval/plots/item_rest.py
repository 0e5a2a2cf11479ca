"""Items over groups of people with like rest scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.errors import OptionError, did_you_mean, listed
from cpeval.plots.style import DARK, OTHERS, Labels, Mark, axes, shown, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def step_curves(
    table: pd.DataFrame,
    steps: pd.DataFrame,
    *,
    ax: Axes | None = None,
    item: str | None = None,
    labels: Labels | None = None,
) -> Axes:
    """Draw an item's shares at or above each code over its rest-score groups.

    Parameters
    ----------
    table, steps : pandas.DataFrame
        Those of `cpeval.measurement.Monotonicity`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    item : str, optional
        By default the item with the largest crit, the first where several have it.
    labels : mapping, optional
        Item or code (or its text) to what to show.

    Raises
    ------
    OptionError
        The table has no such item.
    """
    names = list(table["item"])
    if item is None:
        item = names[int(np.argmax(table["crit"].fillna(-np.inf)))]
    if item not in names:
        raise OptionError(
            f"There is no item {item!r}{did_you_mean(item, names)}. Items there: {listed(names)}."
        )
    rows = steps[steps["item"] == item]
    codes = list(dict.fromkeys(rows["code"]))
    with styled():
        ax = axes(ax)
        for place, code in enumerate(codes):
            one = rows[rows["code"] == code]
            name = f"{shown(code, labels)} or higher"
            _curve(ax, one, "estimate", ("ci_low", "ci_high"), _mark(place), name, place, codes)
        _name_groups(ax, rows["group"])
        ax.set_ylim(-0.03, 1.03)
        ax.set_ylabel("Share of people", parse_math=False)
        ax.set_title(shown(item, labels), parse_math=False)
        if 1 < len(codes) <= 10:
            ax.legend(fontsize="small")
    return ax


def pair_means(
    pairs: pd.DataFrame,
    groups: pd.DataFrame,
    *,
    ax: Axes | None = None,
    items: tuple[str, str] | None = None,
    labels: Labels | None = None,
) -> Axes:
    """Draw two items' means over their rest-score groups: where they cross, the order turns.

    Parameters
    ----------
    pairs, groups : pandas.DataFrame
        Those of `cpeval.measurement.InvariantOrdering`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    items : (str, str), optional
        Two items, in any order. By default the pair with most significant violations, then the
        largest sum of violations.
    labels : mapping, optional
        Item (or its text) to what to show.

    Raises
    ------
    OptionError
        There is no such pair.
    """
    if items is None:
        worst = pairs.sort_values(
            ["significant", "sum_violation"], ascending=False, kind="stable"
        ).iloc[0]
        items = (worst["item"], worst["item_2"])
    both = set(items)
    of = groups["item"].isin(both) & groups["item_2"].isin(both)
    rows = groups[of] if len(both) == 2 else groups[:0]
    if rows.empty:
        there = dict.fromkeys([*pairs["item"], *pairs["item_2"]])
        raise OptionError(
            f"'items' must be two of the items that were compared, {listed(there)}. Got {items!r}."
        )
    with styled():
        ax = axes(ax)
        for place, (name, mean) in enumerate((("item", "mean"), ("item_2", "mean_2"))):
            span = (f"{mean}_low", f"{mean}_high")
            mark = (DARK, OTHERS[0])[place]
            _curve(ax, rows, mean, span, mark, shown(rows[name].iloc[0], labels), place, [0, 1])
        _name_groups(ax, rows["group"])
        ax.set_ylabel("Mean", parse_math=False)
        ax.legend()
    return ax


def _mark(place: int) -> Mark:
    return (DARK, *OTHERS)[place % (len(OTHERS) + 1)]


def _curve(
    ax: Axes,
    rows: pd.DataFrame,
    value: str,
    span: tuple[str, str],
    mark: Mark,
    name: str,
    place: int,
    every: list[object],
) -> None:
    """Draw a line with intervals, moved aside so that those of others don't hide it."""
    x = rows["group"].to_numpy() + 0.05 * (place - (len(every) - 1) / 2)
    ax.vlines(x, rows[span[0]], rows[span[1]], color=mark.colour, linewidth=1.2)
    ax.plot(x, rows[value], color=mark.colour, marker=mark.marker, linestyle=mark.line, label=name)


def _name_groups(ax: Axes, group: pd.Series) -> None:
    ax.set_xticks(sorted(set(group)))
    ax.set_xlabel("Group by rest score, lowest first", parse_math=False)
