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

#: Inches of a line of the legend.
_LINE = 0.22

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
        return min(max(self.points / 10, _TEXT[0]), _TEXT[1])


def line(text: object, *, most: int = 24) -> str:
    r"""Return text on one line, cut if it is long, whatever it holds.

    >>> line("Ann\n\tLee"), line("a" * 30, most=5)
    ('Ann Lee', 'aaaa…')
    """
    printed = "".join(c if c.isprintable() else " " for c in str(text))
    short = " ".join(printed.split())
    return short if len(short) <= most else f"{short[: most - 1]}…"


def room_for(letters: int, columns: int) -> float:
    """Return the room, in radiuses, that text of so many letters needs outside the rim.

    >>> room_for(0, 1), room_for(12, 1) < room_for(12, 3)
    (0.1, True)
    """
    # A letter is about 4.5 points wide in the text of a picture of usual size.
    share = min(4.5 * letters / (72 * 0.85 * _inches(columns)), 0.24)
    return (0.1 + 2 * share) / (1 - 2 * share)


def grid(ax: Axes | None, rows: int, columns: int, *, room: float, title: int, lines: int) -> Grid:
    """Make place for pictures. Call it in `styled`.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
    rows, columns : int
        How many pictures.
    room : float
        Room in radiuses outside the rim of each.
    title : int
        Lines above each.
    lines : int
        Lines of the legend.
    """
    width = 2 + 2 * room
    height = width + 0.2 * title
    inches = _inches(columns)
    ax = axes(
        ax, width=inches * columns, height=inches * rows * height / width + _LINE * (lines + 0.5)
    )
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


def _inches(columns: int) -> float:
    return _INCHES[min(columns, len(_INCHES)) - 1]


def mark_of(group: int) -> Mark:
    """Return what sets a group apart; -1 is unknown."""
    if group < 0:
        return UNKNOWN
    colours = (DARK, *OTHERS)
    return Mark(colours[group % len(colours)].colour, SHAPES[group % len(SHAPES)], "-")


def across(columns: int) -> int:
    """Return how many marks stand in a line of the legend below so many pictures."""
    return 3 if columns == 1 else 5


def legend(ax: Axes, handles: Sequence[Line2D], notes: Sequence[str], *, columns: int) -> None:
    """Explain marks below the pictures, and write what else is to be known above them."""
    if not handles and not notes:
        return
    ax.legend(
        handles=list(handles),
        title="\n".join(line(note, most=100) for note in notes),
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        ncols=min(max(len(handles), 1), across(columns)),
        fontsize="small",
        title_fontsize="small",
        alignment="left",
        handletextpad=0.3,
        columnspacing=1.2,
    )
