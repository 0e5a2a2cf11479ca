"""Networks as people around the ego, on circles: a large picture or many small ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cpeval.plots.panels import Grid, grid, legend, line, mark_of, room_for
from cpeval.plots.style import GUIDE, shown, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from numpy.typing import NDArray

    from cpeval.networks.sociogram import Panel, Sociogram

    Floats = NDArray[np.float64]

#: The diameter of an alter in points: no less, no more.
_SMALL, _LARGE = 3.0, 19.0

#: An alter's number fits in from this diameter on, in points.
_HOLDS_NUMBER = 9.0

#: The smallest alter against the largest, where size says something.
_LEAST = 0.6

#: Labels this far apart, in radians, don't meet when they are not turned.
_FLAT = np.radians(25)

#: Text is a bit lighter than black; what is behind it stays in the background.
_INK, _RING, _TIE = "#1a1a1a", "#c4c4c4", "#8a8a8a"


def draw(drawing: Sociogram, *, ax: Axes | None = None) -> Axes:
    """Draw networks that were laid out.

    Parameters
    ----------
    drawing : Sociogram
    ax : matplotlib.axes.Axes, optional
        Where to draw; without it, on new axes.
    """
    panels = drawing.panels
    rows, columns = (
        1 + max(place) for place in zip(*((p.row, p.column) for p in panels), strict=True)
    )
    with styled():
        handles = _handles(drawing)
        letters = max((len(line(text)) for panel in panels for text in panel.label), default=0)
        place = grid(
            ax,
            (rows, columns),
            # A number may stand there as well.
            room=room_for(letters + 3, columns),
            title=int(any(panel.title for panel in panels)),
            labels=[str(handle.get_label()) for handle in handles],
            notes=drawing.notes,
        )
        largest = _diameter(panels, place.points)
        inside = largest * (_LEAST if len(drawing.sizes) == 2 else 1) >= _HOLDS_NUMBER
        for panel in panels:
            _draw_panel(panel, drawing, place, largest, inside=inside)
        legend(place, handles)
    return place.ax


def _diameter(panels: tuple[Panel, ...], points: float) -> float:
    """Return the largest diameter, in points, at which hardly any two alters touch."""
    from scipy.spatial import cKDTree

    nearest = [0.25 * points]
    for panel in panels:
        # The ego is there as well.
        spots = np.column_stack([np.append(panel.x, 0.0), np.append(panel.y, 0.0)])
        if len(spots) > 1:
            nearest.append(float(cKDTree(spots).query(spots, k=2)[0][:, 1].min()) * points)
    return float(np.clip(0.9 * min(nearest), _SMALL, _LARGE))


def _draw_panel(
    panel: Panel, drawing: Sociogram, place: Grid, largest: float, *, inside: bool
) -> None:
    """Draw one network: from what is behind to what is in front."""
    from matplotlib.collections import LineCollection

    ax, (x0, y0) = place.ax, place.middle(panel.row, panel.column)
    if panel.title:
        above = y0 + place.width / 2
        ax.text(
            x0,
            above,
            line(panel.title, most=32),
            ha="center",
            va="bottom",
            fontsize=place.text + 1,
            color=_INK,
        )
    if not panel.asked:
        ax.text(x0, y0, "No network", ha="center", va="center", fontsize=place.text, color=_INK)
        return
    _draw_rings(drawing, place, x0, y0)
    spots = np.column_stack([panel.x + x0, panel.y + y0])
    width = max(0.5, largest / 16)
    ax.add_collection(
        LineCollection(
            list(spots[panel.ties]), colors=_TIE, linewidths=width, zorder=2, gid="ties"
        ),
        autolim=False,
    )
    diameter = largest * (_LEAST + (1 - _LEAST) * np.nan_to_num(panel.size))
    for group in np.unique(panel.group):
        mark, own = mark_of(int(group)), panel.group == group
        ax.scatter(
            spots[own, 0],
            spots[own, 1],
            s=diameter[own] ** 2,
            marker=mark.marker,
            facecolors="white" if inside else mark.colour,
            edgecolors=mark.colour,
            linewidths=max(0.8, largest / 11),
            zorder=3,
            gid=f"alters-{group}",
        )
    ax.scatter(x0, y0, s=min(0.7 * largest, 9.0) ** 2, color=_INK, marker="o", zorder=3, gid="ego")
    if inside:
        for (x, y), number, wide in zip(spots, panel.number, diameter, strict=True):
            # A small alter's number is as small as it.
            size = min(place.text, 0.62 * wide)
            ax.text(
                x,
                y,
                str(number),
                ha="center",
                va="center_baseline",
                fontsize=size,
                color=_INK,
                zorder=4,
            )
    _label_at_rim(panel, place, x0, y0, numbered=not inside)


def _draw_rings(drawing: Sociogram, place: Grid, x0: float, y0: float) -> None:
    """Draw the circles, their values above the ego, where nobody is."""
    from matplotlib.patches import Circle

    rings = [(ring.radius, ring.broken) for ring in drawing.rings] or [(1.0, False)]
    for radius, broken in rings:
        style = (0, (4, 3)) if broken else "-"
        place.ax.add_patch(
            Circle(
                (x0, y0),
                radius,
                fill=False,
                edgecolor=_RING,
                linewidth=0.8,
                linestyle=style,
                zorder=1,
            )
        )
    if place.points < 50:
        return
    for ring in drawing.rings:
        place.ax.text(
            x0,
            y0 + ring.label_at,
            line(ring.label, most=12),
            ha="center",
            va="center",
            fontsize=min(place.text, 7.0),
            color="#595959",
            zorder=1.5,
        )


def _label_at_rim(panel: Panel, place: Grid, x0: float, y0: float, *, numbered: bool) -> None:
    """Write labels around the rim, each in its alter's direction, so that none meet."""
    turns = np.sort(panel.angle)
    step = float(np.diff(turns).min()) if turns.size > 1 else np.pi
    flat = step >= _FLAT
    size = min(place.text, max(0.75 * step * place.points, 3.5))
    texts = [
        " ".join(part for part in (str(number) if numbered else "", line(label, most=40)) if part)
        for number, label in zip(panel.number, panel.label, strict=True)
    ]
    for x, y, angle, text in zip(panel.x, panel.y, panel.angle, texts, strict=True):
        if not text:
            continue
        out = np.array([np.cos(angle), np.sin(angle)])
        place.ax.plot(
            [x0 + x, x0 + 1.03 * out[0]],
            [y0 + y, y0 + 1.03 * out[1]],
            ":",
            color=_TIE,
            linewidth=0.7,
            zorder=1.2,
        )
        left = out[0] < 0
        below = flat and abs(out[0]) < 0.1
        place.ax.text(
            x0 + 1.06 * out[0],
            y0 + 1.06 * out[1],
            text,
            ha="center" if below else "right" if left else "left",
            va=("top" if out[1] < 0 else "bottom") if below else "center",
            rotation=0 if flat else np.degrees(angle) + (180 if left else 0),
            rotation_mode="anchor",
            fontsize=size,
            color=_INK,
        )


def _handles(drawing: Sociogram) -> list[Line2D]:
    """Return a mark for each group and size that there is."""
    from matplotlib.lines import Line2D

    def dot(mark: str, colour: str, size: float, label: str) -> Line2D:
        return Line2D(
            [], [], linestyle="none", marker=mark, color=colour, markersize=size, label=label
        )

    handles = []
    if drawing.groups:
        used = {int(g) for panel in drawing.panels for g in np.unique(panel.group)}
        for group, label in enumerate(drawing.groups):
            if group in used:
                mark = mark_of(group)
                handles.append(dot(mark.marker, mark.colour, 8, shown(line(label))))
        if -1 in used:
            mark = mark_of(-1)
            handles.append(dot(mark.marker, mark.colour, 8, "not known"))
    if len(drawing.sizes) == 2:
        for text, size in zip(drawing.sizes, (9 * _LEAST, 9.0), strict=True):
            handles.append(dot("o", GUIDE, size, text))
    return handles
