"""How drawings look: colours that also differ in grey, and nothing changed globally."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from matplotlib.axes import Axes


#: Values, or their text, to what to show.
Labels = Mapping[Any, str]


class Mark(NamedTuple):
    """What sets a group apart: three ways, so that one may fail."""

    colour: str
    marker: str
    line: str


#: The intervention, or the only group. Dark.
DARK = Mark("#003F5C", "o", "-")

#: The other groups, the comparison first. All have a contrast of 3:1 or more on white, and the
#: first differs from `DARK` by 30 of 100 in lightness.
OTHERS = (
    Mark("#C9700A", "s", "--"),
    Mark("#AA4499", "^", ":"),
    Mark("#117733", "D", "-."),
    Mark("#882255", "v", (0, (5, 1, 1, 1, 1, 1))),  # type: ignore[arg-type]
)

#: Lines that help to read, such as zero.
GUIDE = "#767676"


def marks(n: int) -> list[Mark]:
    """Return a mark for each of n groups, of which the last is the intervention."""
    return [*(OTHERS[k % len(OTHERS)] for k in range(n - 1)), DARK][:n]


@contextmanager
def styled() -> Iterator[None]:
    """Draw in cpeval's style inside ``with``; matplotlib's settings are as before after it.

    Text made inside is taken as it is: a dollar sign starts no formula.
    """
    import matplotlib as mpl
    import seaborn as sns

    style = {**sns.axes_style("whitegrid"), **sns.plotting_context("notebook", font_scale=0.95)}
    interactive = mpl.is_interactive()
    try:
        with mpl.rc_context(
            {**style, "axes.edgecolor": GUIDE, "legend.frameon": False, "text.parse_math": False}
        ):
            try:
                yield
            finally:
                interactive = mpl.is_interactive()
    finally:
        # A notebook turns this on when the first figure is made, and shows no other without it.
        mpl.interactive(interactive)


def axes(ax: Axes | None, *, width: float = 6.4, height: float = 4.0) -> Axes:
    """Return ``ax``, or new axes of a size in inches. No window opens."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def shown(value: object, labels: Labels | None = None) -> str:
    """Return what to show for a value: its label, found by the value or its text, or the text.

    A name that starts with an underscore gets a space before it, so that it stays in a legend.
    """
    known: Mapping[object, str] = labels or {}
    text = str(known.get(value, known.get(str(value), value)))
    return f" {text}" if text.startswith("_") else text
