"""Control charts as small multiples: a row a site, a column a scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.errors import OptionError, did_you_mean, listed
from cpeval.plots.style import DARK, GUIDE, OTHERS, Labels, axes, shown, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: As many sites as fit on a screen.
MOST_SITES = 12
#: With more occasions not each is named.
_MOST_NAMED = 8


def control_charts(
    charts: pd.DataFrame,
    *,
    ax: Axes | None = None,
    scales: Sequence[str] | None = None,
    sites: Sequence[object] | None = None,
    scale_labels: Labels | None = None,
    site_labels: Labels | None = None,
) -> Axes:
    """Draw means over occasions with their centre line and limits; signals stand out in shape.

    Parameters
    ----------
    charts : pandas.DataFrame
        scale, site, occasion, estimate, centre, low, high, signals: of `cpeval.fidelity.drift`.
    ax : matplotlib.axes.Axes, optional
        Its place is divided; without it, on new axes.
    scales, sites : sequence, optional
        Which. By default all scales, and of more than 12 sites those with signals first; below
        the charts it says how many are not drawn.
    scale_labels, site_labels : mapping, optional
        Values (or their text) to what to show.

    Raises
    ------
    OptionError
        There is no such scale or site.
    """
    every = list(dict.fromkeys(charts["site"]))
    columns = _chosen("scales", scales, list(dict.fromkeys(charts["scale"])))
    rows = _chosen("sites", sites, every) if sites is not None else _first_sites(charts, every)
    occasions = list(dict.fromkeys(charts["occasion"]))
    drawn = charts[charts["site"].isin(rows) & charts["scale"].isin(columns)]
    spread = drawn[["estimate", "low", "high"]].to_numpy(dtype=float)
    low, high = (np.nanmin(spread), np.nanmax(spread)) if (~np.isnan(spread)).any() else (0.0, 1.0)
    room = 0.06 * (high - low or 1.0)
    height, left, below = 1.5 * len(rows) + 0.9, 0.16, 0.75
    with styled():
        ax = axes(ax, width=2.0 + 2.3 * len(columns), height=height)
        ax.set_axis_off()
        bottom, top = below / height, 1 - 0.4 / height
        wide, tall = (1 - left) / len(columns), (top - bottom) / len(rows)
        ax.set(xlim=(0, 1), ylim=(0, 1))
        for i, site in enumerate(rows):
            # A line below each site keeps its name with its charts.
            under = top - (i + 1.06) * tall if i < len(rows) - 1 else 0.0
            ax.plot([0, 1], [under, under], color=GUIDE, linewidth=0.5)
            for k, scale in enumerate(columns):
                place = (left + k * wide, top - (i + 1) * tall, 0.93 * wide, 0.88 * tall)
                panel = ax.inset_axes(place)
                of = drawn[(drawn["site"] == site) & (drawn["scale"] == scale)]
                _panel(panel, of, occasions)
                panel.set_ylim(low - room, high + room)
                panel.tick_params(labelleft=k == 0, labelbottom=i == len(rows) - 1)
                if k == 0:
                    panel.set_ylabel(
                        shown(site, site_labels), parse_math=False, rotation=0, ha="right"
                    )
                    panel.yaxis.set_label_coords(-0.22, 0.42)
                if i == 0:
                    panel.set_title(shown(scale, scale_labels), parse_math=False, fontsize="small")
        hidden = len(every) - len(rows)
        if hidden and sites is None:
            text = f"{hidden} more sites are not drawn"
            ax.text(left, 0.01, text, transform=ax.transAxes, color=GUIDE, va="bottom")
    return ax


def _panel(panel: Axes, rows: pd.DataFrame, occasions: Sequence[object]) -> None:
    x = np.arange(len(occasions))
    y = rows["estimate"].to_numpy(dtype=float)
    there = ~np.isnan(y)
    centre, low, high = (float(rows[name].iloc[0]) for name in ("centre", "low", "high"))
    for level, line in ((centre, "-"), (low, "--"), (high, "--")):
        panel.axhline(level, color=GUIDE, linewidth=1, linestyle=line)
    panel.plot(x[there], y[there], color=DARK.colour, marker="o", markersize=4, linewidth=1.4)
    told = (rows["signals"] != "").to_numpy() & there
    mark = OTHERS[0]
    panel.plot(
        x[told],
        y[told],
        "D",
        color=mark.colour,
        markersize=8,
        markeredgecolor="black",
        linestyle="",
    )
    step = -(-len(occasions) // _MOST_NAMED)
    names = [shown(one) if number % step == 0 else "" for number, one in enumerate(occasions)]
    panel.set_xticks(x, names, parse_math=False, fontsize="small", rotation=45 if step > 1 else 0)
    panel.set_xlim(-0.4, len(occasions) - 0.6)
    panel.grid(visible=False)


def _first_sites(charts: pd.DataFrame, sites: list[object]) -> list[object]:
    if len(sites) <= MOST_SITES:
        return sites
    signalling = set(charts.loc[charts["signals"] != "", "site"])
    first = sorted(sites, key=lambda site: site not in signalling)[:MOST_SITES]
    return [site for site in sites if site in first]


def _chosen(name: str, wanted: Sequence[object] | None, known: list[object]) -> list[object]:
    if wanted is None:
        return known
    asked: list[object] = [wanted] if isinstance(wanted, str) else list(wanted)
    absent = [one for one in asked if one not in known]
    if absent or not asked:
        hints = ", ".join(f"{one!r}{did_you_mean(one, known)}" for one in absent) or "none"
        raise OptionError(f"{name}: {hints} can't be drawn. There are {listed(known)}.")
    return asked
