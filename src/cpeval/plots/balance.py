"""Standardised differences between arms at baseline (a love plot)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from cpeval.plots.intervals import rows_of_dots
from cpeval.plots.style import OTHERS, Labels, shown, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_XLABEL = "Standardised difference, intervention minus comparison"
_GUIDES = (0.0, -0.1, 0.1)


def balance(
    table: pd.DataFrame,
    *,
    ax: Axes | None = None,
    labels: Labels | None = None,
    value_labels: Mapping[str, Mapping[str, str]] | None = None,
) -> Axes:
    """Draw standardised differences, with lines at 0 and at 0.1 to either side.

    Parameters
    ----------
    table : pandas.DataFrame
        That of `cpeval.outcomes.baseline`: term, level, group, smd.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    labels : mapping, optional
        Column to what to show.
    value_labels : mapping, optional
        Column to a mapping of its values' text to what to show.
    """
    rows = table[table["group"] == "all"]
    return rows_of_dots(
        pd.DataFrame({"estimate": rows["smd"]}),
        _names(rows, labels, value_labels),
        ax=ax,
        xlabel=_XLABEL,
        guides=_GUIDES,
    )


def love(
    table: pd.DataFrame,
    *,
    ax: Axes | None = None,
    clusters: str | None = None,
    labels: Labels | None = None,
    value_labels: Mapping[str, Mapping[str, str]] | None = None,
) -> Axes:
    """Draw standardised differences of people, and beside them those of clusters.

    Parameters
    ----------
    table : pandas.DataFrame
        That of `cpeval.sites.balance`: term, level, smd, smd_clusters.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    clusters : str, optional
        What the clusters are called; without it they are not drawn.
    labels : mapping, optional
        Column to what to show.
    value_labels : mapping, optional
        Column to a mapping of its values' text to what to show.
    """
    ax = rows_of_dots(
        pd.DataFrame({"estimate": table["smd"]}),
        _names(table, labels, value_labels),
        ax=ax,
        xlabel=_XLABEL,
        guides=_GUIDES,
    )
    if clusters is not None:
        ax.lines[-1].set_label("People")
        with styled():
            mark = OTHERS[0]
            ax.plot(
                table["smd_clusters"],
                range(len(table)),
                mark.marker,
                color=mark.colour,
                markerfacecolor="none",
                label=f"Clusters: {shown(clusters, labels).strip()}",
            )
            legend = ax.legend(loc="best", fontsize="small")
            for text in legend.get_texts():
                text.set_parse_math(False)
    return ax


def _names(
    rows: pd.DataFrame,
    labels: Labels | None,
    value_labels: Mapping[str, Mapping[str, str]] | None,
) -> list[str]:
    """Name rows by variable, and by level where there is one."""
    names = []
    for term, level in zip(rows["term"], rows["level"], strict=True):
        of_term = dict((value_labels or {}).get(term, {}))
        name = shown(term, labels)
        names.append(name if pd.isna(level) else f"{name}: {shown(level, of_term).strip()}")
    return names
