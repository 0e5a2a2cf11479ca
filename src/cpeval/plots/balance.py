"""Standardised differences between arms at baseline (a love plot)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from cpeval.plots.intervals import rows_of_dots
from cpeval.plots.style import Labels, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
    names = []
    for term, level in zip(rows["term"], rows["level"], strict=True):
        of_term = dict((value_labels or {}).get(term, {}))
        name = shown(term, labels)
        names.append(name if pd.isna(level) else f"{name}: {shown(level, of_term).strip()}")
    return rows_of_dots(
        pd.DataFrame({"estimate": rows["smd"]}),
        names,
        ax=ax,
        xlabel="Standardised difference, intervention minus comparison",
        guides=[0.0, -0.1, 0.1],
    )
