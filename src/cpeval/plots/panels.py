"""Many small round pictures on one pair of axes, and how large things may be there."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
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
_INCHES = (5.0, 4.0, 3.2, 2.8, 2.6)

#: Smallest and largest text, in points; and the width of a letter and the height of a line of it.
_TEXT = (5.0, 9.0)
_LETTER, _LINE = 0.56, 1.5


class Grid(NamedTuple):
    """Where pictures are. Each has (0, 0) in its middle, its rim at 1 and room around that.

    Attributes
    ----------
    ax : matplotlib.axes.Axes
    width, height : float
        From one picture's middle to the next one's.
    points : float
        Points (1/72 inch) in a picture's radius.
    legend : Legend
    """

    ax: Axes
    width: float
    height: float
    points: float
    legend: Legend

    def middle(self, row: int, column: int) -> tuple[float, float]:
        """Return where a picture's (0, 0) is."""
        return column * self.width, -row * self.height

    @property
    def text(self) -> float:
        """The size of text in points."""
        return min(max(self.points / 9, _TEXT[0]), _TEXT[1])


class Legend(NamedTuple):
    """What is written below the pictures: notes, then marks in some columns.

    It stands inside the axes, so that no layout makes these smaller.
    """

    notes: tuple[str, ...]
    columns: int
    text: float
    height: float


def _legend(width: float, labels: Sequence[str], notes: Sequence[str]) -> Legend:
    """Lay out notes and marks in a width; all lengths are points."""
    text = 8.5 if width > 250 else 6.5
    letters = max(int(width / (_LETTER * text)), 20)
    wrapped = [part for note in notes for part in wrap(line(note, most=160), letters)]
    columns = 1
    if labels:
        # A mark and the gap after a label take the room of five letters.
        columns = min(max(letters // (max(map(len, labels)) + 5), 1), len(labels))
    n_lines = len(wrapped) - (-len(labels) // columns)
    return Legend(tuple(wrapped), columns, text, _LINE * text * (n_lines + 1) if n_lines else 0.0)


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
    share = min(4.5 * letters / (72 * _inches(columns)), 0.24)
    return (0.1 + 2 * share) / (1 - 2 * share)


def grid(
    ax: Axes | None,
    shape: tuple[int, int],
    *,
    room: float,
    title: int,
    labels: Sequence[str],
    notes: Sequence[str],
) -> Grid:
    """Make place for pictures, and for a legend below. Call it in `styled`.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
    shape : tuple of int
        Rows and columns of pictures.
    room : float
        Room in radiuses outside the rim of each.
    title : int
        Lines above each.
    labels : sequence of str
        Of the marks that the legend will explain.
    notes : sequence of str
        What it says beside.
    """
    rows, columns = shape
    width = 2 + 2 * room
    height = width + 0.2 * title
    if ax is None:
        wide = 72 * _inches(columns) * columns
        below = _legend(wide, labels, notes)
        high = wide * rows * height / (columns * width) + below.height
        ax = axes(None, width=wide / 72, height=high / 72)
    else:
        # Where the axes lie before any layout is near enough.
        box, inch = ax.get_window_extent(), 72 / ax.figure.dpi
        wide, high = box.width * inch, box.height * inch
        below = _legend(wide, labels, notes)
    left = max(high - below.height, 0.3 * high)
    points = 0.97 * min(wide / (width * columns), left / (height * rows))
    ax.set_xlim(-width / 2, (columns - 0.5) * width)
    bottom = -(rows - 1) * height - width / 2
    ax.set_ylim(bottom - below.height / points, height - width / 2)
    ax.set_aspect("equal", adjustable="box")
    ax.grid(False)
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)
    return Grid(ax, width, height, points, below)


def _inches(columns: int) -> float:
    return _INCHES[min(columns, len(_INCHES)) - 1]


def mark_of(group: int) -> Mark:
    """Return what sets a group apart; -1 is unknown."""
    if group < 0:
        return UNKNOWN
    colours = (DARK, *OTHERS)
    return Mark(colours[group % len(colours)].colour, SHAPES[group % len(SHAPES)], "-")


def legend(place: Grid, handles: Sequence[Line2D]) -> None:
    """Explain marks below the pictures, and write what else is to be known above them."""
    how = place.legend
    if not handles and not how.notes:
        return
    place.ax.legend(
        handles=list(handles),
        title="\n".join(how.notes),
        loc="lower center",
        borderaxespad=0.0,
        ncols=how.columns,
        fontsize=how.text,
        title_fontsize=how.text,
        alignment="left",
        handletextpad=0.3,
        columnspacing=1.2,
    )
