"""Many small round pictures on one pair of axes, and how large things may be there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from cpeval.plots.style import DARK, GUIDE, OTHERS, Mark, axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

#: Shapes that stay different when small and without colour.
SHAPES = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")

#: What is in no group.
UNKNOWN = Mark(GUIDE, "h", "-")

#: Inches of a picture's side if there are so many in a row; of more the last.
_INCHES = (5.4, 4.0, 3.2, 2.8, 2.4)

#: Inches below the pictures, for the legend.
_LEGEND = 1.2

#: Smallest and largest text, in points.
_TEXT = (5.0, 9.0)


class Grid(NamedTuple):
    """Where pictures are. Each has (0, 0) in its middle, its rim at 1 and room around that.

    Attributes
    ----------
    ax : matplotlib.axes.Axes
    width, height : float
        From one picture's middle to the next one's.
    points : float
        Points (1/72 inch) in a picture's radius.
    """

    ax: Axes
    width: float
    height: float
    points: float

    def middle(self, row: int, column: int) -> tuple[float, float]:
        """Return where a picture's (0, 0) is."""
        return column * self.width, -row * self.height

    @property
    def text(self) -> float:
        """The size of text in points."""
        return min(max(self.points / 16, _TEXT[0]), _TEXT[1])


def grid(ax: Axes | None, rows: int, columns: int, *, room: float, titled: bool) -> Grid:
    """Make place for pictures, each with some room, in radiuses, outside its rim.

    Call it in `styled`.
    """
    width = 2 + 2 * room
    height = width + (0.3 if titled else 0.0)
    inches = _INCHES[min(columns, len(_INCHES)) - 1]
    ax = axes(ax, width=inches * columns, height=inches * rows * height / width + _LEGEND)
    ax.set_xlim(-width / 2, (columns - 0.5) * width)
    ax.set_ylim(-(rows - 1) * height - width / 2, height - width / 2)
    ax.set_aspect("equal", adjustable="box")
    ax.grid(False)
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)
    # Where the axes lie before a layout is known to be near enough.
    box = ax.get_window_extent()
    inch = 72 / ax.figure.dpi
    points = min(box.width * inch / (width * columns), box.height * inch / (height * rows))
    return Grid(ax, width, height, points)


def mark_of(group: int) -> Mark:
    """Return what sets a group apart; -1 is unknown."""
    if group < 0:
        return UNKNOWN
    colours = (DARK, *OTHERS)
    return Mark(colours[group % len(colours)].colour, SHAPES[group % len(SHAPES)], "-")


def legend(ax: Axes, handles: Sequence[Line2D], notes: Sequence[str], *, columns: int) -> None:
    """Explain marks below the pictures, and write what else is to be known above them."""
    if not handles and not notes:
        return
    ax.legend(
        handles=list(handles),
        title="\n".join(notes),
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        ncols=min(max(len(handles), 1), 3 if columns == 1 else 5),
        fontsize="small",
        title_fontsize="small",
        alignment="left",
        handletextpad=0.3,
        columnspacing=1.2,
    )
