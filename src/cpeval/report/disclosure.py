"""What may leave: small counts are withheld, and with them whatever would give them away.

Frames in, frames out. A cell that may not leave holds a `Withheld` instead of its number.

Zero is shown. Suppression guards what is known about the few people in a cell, and a cell with
nobody in it holds nobody; "fewer than 5" therefore means 1 to 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable

    from numpy.typing import ArrayLike, NDArray

    Flags = NDArray[np.bool_]

#: Columns that count people. ``n_items`` counts questions and is always shown.
PEOPLE = ("n", "n_intervention", "n_comparison", "missing", "excluded", "lost", "joined", "count")
#: Of these, the ones that say how many people a statistic is about.
SIZES = ("n", "n_intervention", "n_comparison")
#: One person's value each. They never leave.
SINGLE_VALUES = ("minimum", "maximum")
#: Columns that say what a row is about, not what was found.
KEYS = frozenset(
    (
        *("analysis", "coefficient", "column", "group", "level", "method", "n_items", "problem"),
        *("reference", "scale", "severity", "site", "team", "term", "unit", "wave"),
    )
)


@dataclass(frozen=True)
class Withheld:
    """What stands in the place of a number that may not leave, with what may be said of it.

    Parameters
    ----------
    low, high : int, optional
        Bounds that a reader may know, both included.

    Examples
    --------
    >>> str(Withheld(1, 4)), Withheld(1, 4).spoken
    ('<5', 'fewer than 5')
    >>> str(Withheld(231)), str(Withheld(53, 56)), str(Withheld())
    ('231 or more', '53 to 56', 'withheld')
    """

    low: int | None = None
    high: int | None = None

    def __str__(self) -> str:
        return f"<{self.high + 1}" if self._few and self.high else self._bounds

    @property
    def spoken(self) -> str:
        """The same for a screen reader, which may pass over ``<``."""
        return f"fewer than {self.high + 1}" if self._few and self.high else self._bounds

    @property
    def _few(self) -> bool:
        return self.low == 1 and self.high is not None

    @property
    def _bounds(self) -> str:
        if self.low is None:
            return "withheld"
        return f"{self.low} or more" if self.high is None else f"{self.low} to {self.high}"

    def __add__(self, other: Withheld) -> Withheld:
        """Add bounds, so that a total says what its parts allow."""
        if self.low is None or other.low is None:
            return Withheld()
        known = self.high is not None and other.high is not None
        return Withheld(
            self.low + other.low,
            (self.high or 0) + (other.high or 0) if known else None,
        )


def is_small(counts: ArrayLike, limit: int) -> Flags:
    """Say which counts are small: at least 1 and below ``limit``. A missing count is not.

    >>> is_small([0, 1, 4, 5, None], 5).tolist()
    [False, True, True, False, False]
    """
    values = np.asarray(pd.to_numeric(pd.Series(counts), errors="coerce"), dtype=float)
    return (values >= 1) & (values < limit)


def withhold_parts(
    counts: ArrayLike, limit: int, alike: Collection[int] = ()
) -> list[int | Withheld]:
    """Withhold the small counts among parts of a total that is shown.

    Parameters
    ----------
    counts : array_like of int, shape (n_parts,)
        They add up to a total that the reader knows.
    limit : int
        Counts from 1 to ``limit - 1`` are withheld.
    alike : collection of int
        Positions of parts that are shown as 0 to ``limit - 1`` where they are, so that it isn't
        told which are zero.

    Returns
    -------
    list of int or Withheld, shape (n_parts,)

    Notes
    -----
    One more part is withheld: the next one that is large enough. With m small parts, and
    T = their sum plus that part, every small part can still be anything from 1 to limit - 1
    exactly when T >= 2 (limit - 1) + m. If no part is large enough, all that are not zero are
    withheld, and nothing is said of which of them are small.

    Examples
    --------
    >>> [str(part) for part in withhold_parts([2, 55, 176], 5)]
    ['<5', '53 to 56', '176']
    >>> [str(part) for part in withhold_parts([3, 4, 0], 5)]
    ['withheld', 'withheld', '0']
    """
    values = np.asarray(counts, dtype=np.int64)
    masked = np.isin(np.arange(values.size), list(alike)) & (values < limit) & (limit > 1)
    small = is_small(values, limit) | masked
    shown: list[int | Withheld] = [int(value) for value in values]
    if not small.any():
        return shown
    n_small, first = int(small.sum()), int(small.argmax())
    order = (first + 1 + np.arange(values.size)) % values.size
    total = values[small].sum() + values[order]
    fits = order[(values[order] >= limit) & (total >= 2 * (limit - 1) + n_small)]
    if fits.size == 0:
        return [
            value if value == 0 and not hide else Withheld()
            for value, hide in zip(shown, masked, strict=True)
        ]
    partner = int(fits[0])
    sum_ = int(values[small].sum() + values[partner])
    for part in np.flatnonzero(small):
        shown[part] = Withheld(0 if masked[part] else 1, limit - 1)
    least = n_small - int(masked.sum())
    shown[partner] = Withheld(max(limit, sum_ - n_small * (limit - 1)), sum_ - least)
    return shown


def protect_participants(
    table: pd.DataFrame, limit: int, *, baseline: Hashable | None
) -> pd.DataFrame:
    """Withhold small numbers of people who were lost or joined, and the numbers beside them.

    Parameters
    ----------
    table : pandas.DataFrame
        Of ``outcomes.participants``: group, wave, n, lost, joined, percent. At each wave
        n = n at baseline - lost + joined.
    limit : int
        The smallest count that is shown, beside zero.
    baseline : hashable
        The value of ``wave`` at baseline.

    Returns
    -------
    pandas.DataFrame, of the same shape

    Notes
    -----
    Where one of the three numbers is small all three are withheld, so that none is the
    difference of the others. Where ``n`` and ``lost`` both are small, nothing is said of either:
    their sum could leave one value only. In an arm that started with fewer than ``limit``,
    every number is withheld.
    """
    cells = table.astype(object)
    counts = [c for c in ("n", "lost", "joined") if c in table]
    small = {column: is_small(table[column], limit) for column in counts}
    never = np.zeros(len(table), dtype=bool)
    at_start = (table["wave"] == baseline).to_numpy()
    start = table["n"].where(at_start).groupby(table["group"]).transform("max").to_numpy(float)
    tiny_arm = is_small(start, limit)
    any_small = np.column_stack([*small.values(), tiny_arm & ~at_start]).any(axis=1)
    both = small["n"] & small.get("lost", never) & ~at_start
    for column in (*counts, *(c for c in ("percent",) if c in table)):
        withhold(cells, column, any_small & table[column].notna().to_numpy())
    for column in counts:
        withhold(cells, column, small[column] & ~both, Withheld(1, limit - 1))
    left = small.get("lost", never) & ~small["n"] & ~tiny_arm & ~np.isnan(start)
    for row in np.flatnonzero(left):
        least = max(limit, int(start[row]) - (limit - 1))
        withhold(cells, "n", np.arange(len(cells)) == row, Withheld(least))
    return cells


def hidden_places(participants: pd.DataFrame) -> set[tuple[Hashable, Hashable]]:
    """Return the (group, wave) whose number of people is withheld."""
    rows = participants[participants["n"].map(lambda cell: isinstance(cell, Withheld))]
    return set(zip(rows["group"], rows["wave"], strict=True))


def totalled(cells: Iterable[object]) -> int | Withheld:
    """Add shown counts and bounds.

    >>> str(totalled([3, Withheld(1, 4)]))
    '4 to 7'
    """
    found = list(cells)
    total = sum(int(c) for c in found if not isinstance(c, Withheld) and not pd.isna(c))  # type: ignore[call-overload]
    bounds = [c for c in found if isinstance(c, Withheld)]
    if not bounds:
        return total
    return sum(bounds, start=Withheld(total, total))


def withhold_rows(cells: pd.DataFrame, at: Flags, n: Withheld | None = None) -> None:
    """Withhold all that was found in these rows; ``n`` takes the place of n unless None."""
    for column in (str(c) for c in cells if c not in KEYS and c != "n"):
        withhold(cells, column, at & cells[column].notna().to_numpy())
    if n is not None:
        withhold(cells, "n", at, n)


def withhold(cells: pd.DataFrame, column: str, at: Flags, by: Withheld | None = None) -> None:
    """Put a `Withheld` into some rows of a column, in place."""
    if at.any():
        values = cells[column].to_numpy(dtype=object, copy=True)
        values[at] = by or Withheld()
        cells[column] = pd.Series(values, index=cells.index, dtype=object)
