"""Average networks: categories as circles, ties within and between them as shades and lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cpeval.errors import OptionError
from cpeval.plots.panels import Grid, grid, legend, line
from cpeval.plots.style import DARK, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: More categories overlap.
_MOST = 12

#: The largest circle's radius, of a picture whose rim is 1, and lines' width in that.
_RADIUS, _WIDTH = 0.3, 0.16

_INK, _TIE = "#1a1a1a", "#8a8a8a"


def clustered_graph(
    table: pd.DataFrame,
    between: pd.DataFrame,
    sizes: pd.DataFrame,
    *,
    column: str,
    ax: Axes | None = None,
) -> Axes:
    """Draw a graph a group and wave; circles and lines mean the same in all.

    Parameters
    ----------
    table : pandas.DataFrame
        term, share, mean, density; group and wave if there are several.
    between : pandas.DataFrame
        term, other, density, and the same.
    sizes : pandas.DataFrame
        n, mean, and the same: a row a picture.
    column : str
        What the categories are of.
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.

    Raises
    ------
    OptionError
        More than twelve categories.
    """
    keys = [name for name in ("group", "wave") if name in sizes.columns]
    terms = list(dict.fromkeys(table["term"]))
    if len(terms) > _MOST:
        raise OptionError(
            f"{len(terms)} categories of {column!r} overlap in a picture (at most {_MOST}). Put "
            "them into classes first."
        )
    n_waves = sizes["wave"].nunique() if "wave" in keys else 1
    n = max(len(sizes), 1)
    # A row a group where there are waves; otherwise groups side by side.
    columns = n_waves if n_waves > 1 else min(n, 3)
    spots = _around(len(terms))
    largest = _RADIUS * min(1.0, 6 / max(len(terms), 1))
    scale = largest / np.sqrt(max(float(table["mean"].max()) if len(table) else 0.0, 1e-12))
    notes = [
        f"Circles: mean alters a network, by {column}, and the share of networks with any.",
        "Darker circles, broader lines, and the numbers there: mean density of ties.",
    ]
    with styled():
        place = grid(ax, (-(-n // columns), columns), room=0.5, title=2, labels=[], notes=notes)
        if sizes.empty:
            place.ax.text(0, 0, "No networks", ha="center", va="center")
        for k, cell in enumerate(sizes.to_dict("records")):
            own, pairs = (_of(frame, cell, keys) for frame in (table, between))
            title = ", ".join([*(line(cell[key]) for key in keys), f"n = {cell['n']}"])
            title += f"\n{cell['mean']:.1f} alters"
            _graph(place, (k // columns, k % columns), title, own, pairs, (spots, scale))
        legend(place, [])
    return place.ax


def _around(n: int) -> Any:  # noqa: ANN401
    """Place n circles around the middle, clockwise from the top; one is in it."""
    angle = np.pi / 2 - 2 * np.pi * np.arange(n) / max(n, 1)
    return (0.0 if n == 1 else 0.85) * np.column_stack([np.cos(angle), np.sin(angle)])


def _of(frame: pd.DataFrame, cell: dict[Any, Any], keys: list[str]) -> pd.DataFrame:
    """Return the rows of a picture."""
    keep = np.ones(len(frame), dtype=bool)
    for key in keys:
        keep &= (frame[key] == cell[key]).to_numpy()
    return frame[keep]


def _graph(
    place: Grid,
    at: tuple[int, int],
    title: str,
    own: pd.DataFrame,
    pairs: pd.DataFrame,
    how: tuple[Any, float],
) -> None:
    """Draw one graph: lines, then circles, then text."""
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Circle

    spots, scale = how
    ax, middle = place.ax, np.array(place.middle(*at))
    where = dict(zip(own["term"], middle + spots, strict=True))
    above = middle[1] + place.width / 2
    ax.text(middle[0], above, title, ha="center", va="bottom", fontsize=place.text + 1, color=_INK)
    small = max(0.8 * place.text, 5.0)
    for pair in pairs.to_dict("records"):
        density = pair["density"]
        if not density > 0:
            continue
        ends = np.array([where[pair["term"]], where[pair["other"]]])
        width = _WIDTH * place.points * density
        ax.plot(*ends.T, color=_TIE, linewidth=width, solid_capstyle="butt", zorder=2, alpha=0.75)
        # Off the middle: there lines cross.
        x, y = ends[0] + 0.38 * (ends[1] - ends[0])
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85}
        ax.text(
            x,
            y,
            f"{density:.2f}" if density >= 0.01 else "<0.01",
            ha="center",
            va="center",
            fontsize=small,
            color=_INK,
            zorder=3,
            bbox=box,
        )
    for row in own.to_dict("records"):
        spot = where[row["term"]]
        radius = max(scale * np.sqrt(row["mean"]), 0.02) if row["mean"] == row["mean"] else 0.02
        density = row["density"]
        known = density == density
        # White without ties, the dark colour where all are tied.
        shade = 1 - (np.clip(density, 0, 1) if known else 0) * (1 - np.array(to_rgb(DARK.colour)))
        ax.add_patch(
            Circle(
                tuple(spot),
                radius,
                facecolor=shade,
                edgecolor=DARK.colour,
                linewidth=1.2,
                linestyle="-" if known else (0, (3, 2)),
                zorder=4,
            )
        )
        if known and radius * place.points > 1.2 * small:
            colour = "white" if density > 0.68 else _INK
            ax.text(
                spot[0],
                spot[1],
                f"{density:.2f}",
                ha="center",
                va="center",
                fontsize=small,
                color=colour,
                zorder=5,
            )
        told = [f"{row['mean']:.1f}"] if row["mean"] == row["mean"] else []
        told += [f"{row['share']:.0%}"] if row["share"] == row["share"] else []
        text = f"{line(row['term'], most=20)}\n{', '.join(told)}"
        up = spot[1] >= middle[1] - 1e-9
        ax.text(
            spot[0],
            spot[1] + (1 if up else -1) * (radius + 0.04),
            text,
            ha="center",
            va="bottom" if up else "top",
            fontsize=place.text,
            color=_INK,
            zorder=5,
        )
