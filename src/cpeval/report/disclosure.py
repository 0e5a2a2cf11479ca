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
        *("analysis", "coefficient", "column", "group", "level", "n_items", "problem"),
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


def withhold_parts(counts: ArrayLike, limit: int) -> list[int | Withheld]:
    """Withhold the small counts among parts of a total that is shown.

    Parameters
    ----------
    counts : array_like of int, shape (n_parts,)
        They add up to a total that the reader knows.
    limit : int
        Counts from 1 to ``limit - 1`` are withheld.

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
    small = is_small(values, limit)
    shown: list[int | Withheld] = [int(value) for value in values]
    if not small.any():
        return shown
    n_small, first = int(small.sum()), int(small.argmax())
    order = (first + 1 + np.arange(values.size)) % values.size
    total = values[small].sum() + values[order]
    fits = order[(values[order] >= limit) & (total >= 2 * (limit - 1) + n_small)]
    if fits.size == 0:
        return [value if value == 0 else Withheld() for value in shown]
    partner = int(fits[0])
    sum_ = int(values[small].sum() + values[partner])
    for part in np.flatnonzero(small):
        shown[part] = Withheld(1, limit - 1)
    shown[partner] = Withheld(max(limit, sum_ - n_small * (limit - 1)), sum_ - n_small)
    return shown


def protect_statistics(
    table: pd.DataFrame, limit: int, *, hidden: Collection[tuple[Hashable, Hashable]] = ()
) -> pd.DataFrame:
    """Withhold small counts, and every statistic about fewer than ``limit`` people.

    Parameters
    ----------
    table : pandas.DataFrame, shape (n_rows, n_columns)
        Of any `Result`. Columns in `PEOPLE` are counts; those in `KEYS` are left as they are.
    limit : int
        The smallest count that is shown, beside zero.
    hidden : collection of (group, wave)
        Where the number of people is withheld in the flow of people: how many of them did
        not answer is then withheld as well, as it would give that number away.

    Returns
    -------
    pandas.DataFrame, shape (n_rows, n_columns less `SINGLE_VALUES`)
    """
    cells = table.drop(columns=[c for c in SINGLE_VALUES if c in table]).astype(object)
    sizes = [column for column in SIZES if column in table]
    if sizes:
        few = np.logical_or.reduce([is_small(table[c], limit) for c in sizes])
        for column in (str(c) for c in cells if c not in KEYS and c not in sizes):
            _withhold(cells, column, few & table[column].notna().to_numpy())
    for column in (c for c in PEOPLE if c in table):
        _withhold(cells, column, is_small(table[column], limit), Withheld(1, limit - 1))
    if set(SIZES) <= set(table):
        _withhold_whole(cells)
    if hidden and {"group", "wave"} <= set(table):
        places = [place in hidden for place in zip(table["group"], table["wave"], strict=True)]
        for column in (c for c in ("missing", "excluded") if c in table):
            _withhold(cells, column, np.array(places) & ~is_small(table[column], limit))
    return cells


def _withhold_whole(cells: pd.DataFrame) -> None:
    """Let ``n`` say no more than the two parts that it adds up."""
    whole, *parts = SIZES
    for row, cell in enumerate(map(_sum, cells[parts].to_numpy())):
        if isinstance(cell, Withheld):
            _withhold(cells, whole, np.arange(len(cells)) == row, cell)


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
        _withhold(cells, column, any_small & table[column].notna().to_numpy())
    for column in counts:
        _withhold(cells, column, small[column] & ~both, Withheld(1, limit - 1))
    left = small.get("lost", never) & ~small["n"] & ~tiny_arm & ~np.isnan(start)
    for row in np.flatnonzero(left):
        least = max(limit, int(start[row]) - (limit - 1))
        _withhold(cells, "n", np.arange(len(cells)) == row, Withheld(least))
    return cells


def hidden_places(participants: pd.DataFrame) -> set[tuple[Hashable, Hashable]]:
    """Return the (group, wave) whose number of people is withheld."""
    rows = participants[participants["n"].map(lambda cell: isinstance(cell, Withheld))]
    return set(zip(rows["group"], rows["wave"], strict=True))


def protect_baseline(table: pd.DataFrame, limit: int) -> pd.DataFrame:
    """Withhold small categories, and the cells that would give them away.

    Parameters
    ----------
    table : pandas.DataFrame
        Of ``outcomes.baseline``: term, level, group, n, count, percent, mean, sd, median, smd …
        The group ``"all"`` adds up the arms; levels add up to n.
    limit : int
        The smallest count that is shown, beside zero.

    Returns
    -------
    pandas.DataFrame
        Without minimum, maximum and missing: n says how many answered.

    Notes
    -----
    Within an arm `withhold_parts` guards the levels. A level that is withheld in one arm is
    withheld in ``"all"`` too, whose cell then says only what the arms' cells say. The
    standardised difference of such a level goes, as it contains its share.
    An arm with fewer than ``limit`` answers goes as a whole, and the statistics of ``"all"``
    with it, since they less the other arm's would be the few people's.
    """
    columns = [c for c in (*SINGLE_VALUES, "missing") if c in table]
    cells = table.drop(columns=columns).astype(object).reset_index(drop=True)
    for _, rows in cells.groupby("term", sort=False, dropna=False):
        _protect_term(cells, rows, limit)
    return cells


def _protect_term(cells: pd.DataFrame, rows: pd.DataFrame, limit: int) -> None:
    """Guard the rows of one characteristic, in place."""
    groups = {name: part.index for name, part in rows.groupby("group", sort=False)}
    whole = groups.pop("all", None) if len(groups) > 1 else None
    few = [name for name, where in groups.items() if is_small(rows.loc[where, "n"], limit).any()]
    for name, where in groups.items():
        if name in few:
            _withhold_all(cells, cells.index.isin(where), Withheld(1, limit - 1))
        else:
            _protect_levels(cells, where, limit)
    if whole is None:
        return
    arms = [cells.loc[where] for where in groups.values()]
    at = cells.index.isin(whole)
    if few:  # the sum of what is said of the arms, lest a small total say more of them
        total = _sum(arm["n"].iloc[0] for arm in arms)
        _withhold_all(cells, at, total if isinstance(total, Withheld) else None)
    elif is_small(rows.loc[whole, "n"], limit).any():
        _withhold_all(cells, at, Withheld(1, limit - 1))
    else:
        _protect_levels(cells, whole, limit, arms=arms)


def _protect_levels(
    cells: pd.DataFrame, where: pd.Index, limit: int, arms: Iterable[pd.DataFrame] = ()
) -> None:
    """Guard the levels of one characteristic in one group; ``arms`` add up to it if given."""
    counts = cells.loc[where, "count"] if "count" in cells else pd.Series(dtype=float)
    counted = counts.dropna()
    if counted.empty:
        return
    levels = cells.loc[counted.index, "level"]
    by_arm = [dict(zip(arm["level"], arm["count"], strict=True)) for arm in arms]
    sums = [_sum(arm.get(level, 0) for arm in by_arm) for level in levels]
    own = zip(sums, counted, strict=True)
    if by_arm and all(isinstance(total, Withheld) or total == count for total, count in own):
        shown = sums
    else:
        # Alone, or people without an arm are in "all" only: guard it by itself, and hide there
        # what is hidden in an arm.
        parts = zip(withhold_parts(counted.to_numpy(), limit), sums, strict=True)
        shown = [t if isinstance(t, Withheld) and isinstance(p, int) else p for p, t in parts]
    for row, cell in zip(counted.index, shown, strict=True):
        if isinstance(cell, Withheld):
            at = cells.index == row
            _withhold_all(cells, at)
            _withhold(cells, "count", at, cell)


def _sum(cells: Iterable[object]) -> int | Withheld:
    """Add shown counts and bounds."""
    found = list(cells)
    total = sum(int(c) for c in found if not isinstance(c, Withheld) and not pd.isna(c))  # type: ignore[call-overload]
    bounds = [c for c in found if isinstance(c, Withheld)]
    if not bounds:
        return total
    return sum(bounds, start=Withheld(total, total))


def _withhold_all(cells: pd.DataFrame, at: Flags, n: Withheld | None = None) -> None:
    """Withhold all that was found in these rows; ``n`` takes the place of n unless None."""
    for column in (str(c) for c in cells if c not in KEYS and c != "n"):
        _withhold(cells, column, at & cells[column].notna().to_numpy())
    if n is not None:
        _withhold(cells, "n", at, n)


def _withhold(cells: pd.DataFrame, column: str, at: Flags, by: Withheld | None = None) -> None:
    """Put a `Withheld` into some rows of a column, in place."""
    if at.any():
        values = cells[column].to_numpy(dtype=object, copy=True)
        values[at] = by or Withheld()
        cells[column] = pd.Series(values, index=cells.index, dtype=object)
