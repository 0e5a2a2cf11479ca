"""Fidelity by component and site: dots with intervals, and a map of items by sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.plots.style import DARK, GUIDE, OTHERS, axes, shown, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: As many sites as can be told apart.
_MOST_SITES = 6
#: And as many as have room for their values on a map.
_MOST_VALUES = 30


def dots(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw a row a component: the programme's interval, and the sites below it.

    Parameters
    ----------
    table : pandas.DataFrame
        term, site (or team, in a study without sites), label, estimate, ci_low, ci_high. Up to
        six sites have names and intervals; more are grey dots.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    """
    whole = table[table["term"] == "programme"]
    word = "site" if (table["term"] == "site").any() else "team"
    places = table[table["term"] == word]
    names = list(dict.fromkeys(places[word])) if word in places else []
    place = {label: row for row, label in enumerate(dict.fromkeys(whole["label"]))}
    several = len(names) <= _MOST_SITES
    with styled():
        ax = axes(
            ax, width=8.4, height=1.2 + (0.35 + 0.14 * min(len(names), _MOST_SITES)) * len(place)
        )
        _row(ax, whole, place, 0.0, (DARK.colour, DARK.marker, 8), "Programme")
        for number, name in enumerate(names):
            one = places[places[word] == name]
            if several:
                mark = OTHERS[number % len(OTHERS)]
                off = 0.75 * (number + 1) / (len(names) + 1)
                filled = number < len(OTHERS)
                look = (mark.colour, mark.marker, 5)
                _row(ax, one, place, off, look, shown(name), filled=filled)
            else:
                label = f"{len(names)} {word}s" if number == 0 else None
                y = [place[x] + 0.3 for x in one["label"]]
                ax.plot(one["estimate"], y, ".", color=GUIDE, alpha=0.6, label=label)
        ax.set_yticks(list(place.values()), [shown(x) for x in place], parse_math=False)
        ax.set_ylim(len(place) - 0.05, -0.45)
        ax.set_xlabel("Fidelity")
        ax.grid(visible=False, axis="y")
        legend = ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        for text in legend.get_texts():
            text.set_parse_math(False)
    return ax


def _row(
    ax: Axes,
    rows: pd.DataFrame,
    place: dict[str, int],
    off: float,
    look: tuple[str, str, int],
    name: str,
    *,
    filled: bool = True,
) -> None:
    colour, marker, size = look
    y = np.array([place[label] + off for label in rows["label"]])
    there = rows[["ci_low", "ci_high"]].notna().all(axis=1).to_numpy()
    spans = rows[there]
    ax.hlines(y[there], spans["ci_low"], spans["ci_high"], color=colour, linewidth=size / 4)
    face = colour if filled else "white"
    ax.plot(
        rows["estimate"], y, marker, color=colour, markersize=size, markerfacecolor=face, label=name
    )


def _is_dark(grey: float) -> bool:
    """Whether white has more contrast with a grey than black has (WCAG's luminance)."""
    linear = grey / 12.92 if grey <= 0.04045 else ((grey + 0.055) / 1.055) ** 2.4
    return linear < 0.179


def heat_map(items: pd.DataFrame, ends: tuple[float, float], *, ax: Axes | None = None) -> Axes:
    """Draw items by sites, darker for higher means, with the values.

    Parameters
    ----------
    items : pandas.DataFrame
        site, item, label, estimate: every item in every site, sites in their order.
    ends : tuple of float
        The lowest and the highest possible rating.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.

    Notes
    -----
    Greys, so that it can be copied. Beyond 30 sites there is no room for values.
    """
    sites = list(dict.fromkeys(items["site"]))
    n_items = len(items) // max(len(sites), 1)
    mean = items["estimate"].to_numpy(dtype=float).reshape(len(sites), n_items).T
    rows = items.head(n_items)
    pairs = zip(rows["item"], rows["label"], strict=True)
    with styled():
        ax = axes(ax, width=4.0 + 0.55 * min(len(sites), 40), height=1.4 + 0.3 * n_items)
        image = ax.imshow(mean, cmap="Greys", vmin=ends[0], vmax=ends[1], aspect="auto")
        if len(sites) <= _MOST_VALUES:
            for (row, column), value in np.ndenumerate(mean):
                known = not np.isnan(value)
                ax.text(
                    column,
                    row,
                    f"{value:.1f}" if known else "–",
                    ha="center",
                    va="center",
                    fontsize=8,
                    color="white" if known and _is_dark(image.to_rgba(value)[0]) else "black",
                )
        ax.set_yticks(range(n_items), [shown(f"{code} {label}") for code, label in pairs])
        ax.set_xticks(range(len(sites)), [shown(site) for site in sites], rotation=90)
        for text in (*ax.get_xticklabels(), *ax.get_yticklabels()):
            text.set_parse_math(False)
        ax.grid(visible=False)
    return ax
