"""What an estimate would be without each cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from cpeval.plots.intervals import rows_of_dots
from cpeval.plots.style import GUIDE, Labels, shown, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: With more rows than this, names would be too small to read.
_MOST = 40


def influence(
    table: pd.DataFrame,
    estimate: float,
    *,
    cluster: str,
    term: str,
    ax: Axes | None = None,
    labels: Labels | None = None,
) -> Axes:
    """Draw the estimate without each cluster, the clusters that weigh most on top.

    Parameters
    ----------
    table : pandas.DataFrame
        That of `cpeval.sites.diagnostics`.
    estimate : float
        With all clusters: a dotted line.
    cluster : str
        "site" or "team".
    term : str
        What is estimated.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    labels : mapping, optional
        Site to what to show.
    """
    rows = table.sort_values("partial_leverage", ascending=False, kind="stable").head(_MOST)
    sites = [shown(site, labels) for site in rows["site"]]
    teams = [f", {shown(team)}" for team in rows["team"]] if "team" in rows else [""] * len(rows)
    names = [
        f"{site}{team} ({share:.0%})"
        for site, team, share in zip(sites, teams, rows["partial_leverage"], strict=True)
    ]
    some = f" ({_MOST} {cluster}s of {len(table)})" if len(table) > _MOST else ""
    ax = rows_of_dots(
        pd.DataFrame({"estimate": rows["without"]}),
        names,
        ax=ax,
        xlabel=f"{term} without the {cluster} (its share of what is known){some}",
        guides=[0.0],
    )
    with styled():
        ax.axvline(estimate, color=GUIDE, linewidth=1, linestyle=":", label="With all")
        ax.legend(loc="best", fontsize="small")
    return ax
