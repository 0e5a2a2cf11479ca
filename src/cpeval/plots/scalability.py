"""Scalability coefficients of a scale and its items."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cpeval.plots.intervals import rows_of_dots

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: The lower bound that most use for a Mokken scale.
USUAL_BOUND = 0.3


def coefficients(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the scale's coefficient and each item's, with intervals; pairs are left out.

    Parameters
    ----------
    table : pandas.DataFrame
        With level, item, estimate, ci_low, ci_high, and perhaps group and coefficient.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    """
    shown = table[table["level"] != "pair"]
    names = shown["item"].astype(str).where(shown["level"] == "item", "Scale")
    if "coefficient" in shown:
        names = names + ", " + shown["coefficient"]
    if "group" in shown:
        names = shown["group"].astype(str) + ": " + names
    return rows_of_dots(
        shown.reset_index(drop=True),
        list(names),
        ax=ax,
        xlabel="Scalability",
        guides=[0.0, USUAL_BOUND],
    )
