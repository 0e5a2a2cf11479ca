"""Scores of items as categories: whole numbers, counted, or refused with what is at fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cpeval.errors import DataError, listed
from cpeval.measurement.whole_codes import NO_FRACTIONS
from cpeval.numeric import ROWS_COUNT, rows_text

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: A visual analogue scale from 0 to 100 has this many; what has more is an amount, not an answer.
MOST_CATEGORIES = 101

#: From here on it may be, and a result asks.
_MANY = 25

#: Whole numbers in a float have no gaps up to here, and sums over people stay exact.
_LARGEST = 2**31


@dataclass(frozen=True, kw_only=True, eq=False)
class ItemCodes:
    """Answers as numbers of categories. C is the number of categories of all items together.

    Attributes
    ----------
    codes : numpy.ndarray of int16, shape (n, k)
        Each answer's category within its item, from 0; -1 where there is none.
    score : numpy.ndarray, shape (C,)
        What each category is worth, ascending within an item.
    item : numpy.ndarray of int, shape (C,)
        Whose category it is.
    first : numpy.ndarray of int, shape (k,)
        Where each item's categories start.
    """

    codes: NDArray[np.int16]
    score: Floats
    item: NDArray[np.intp]
    first: NDArray[np.intp]

    @property
    def n_people(self) -> int:
        """The number of rows."""
        return len(self.codes)

    @property
    def n_items(self) -> int:
        """The number of items."""
        return len(self.first)

    @property
    def n_categories(self) -> int:
        """The number of categories of all items together, C."""
        return len(self.score)

    def indicators(
        self, rows: slice, *, single: bool = False
    ) -> tuple[NDArray[Any], NDArray[np.intp]]:
        """Return who gave which answer.

        Parameters
        ----------
        rows : slice
            Which people.
        single : bool
            In single precision: counts of them are exact up to 16,777,216 people.

        Returns
        -------
        numpy.ndarray, shape (r, C)
            1 where the person's answer is that category, else 0.
        numpy.ndarray of int, shape (r, k)
            Where in it each answer stands, counted through all rows. For an answer that is
            missing, some category of the item, where there is 0.
        """
        codes = self.codes[rows]
        n_rows, width = len(codes), self.n_categories
        answered = codes >= 0
        place = np.maximum(codes, 0) + self.first
        place += (np.arange(n_rows) * width)[:, None]
        flags = np.zeros(n_rows * width, dtype=np.float32 if single else np.float64)
        flags[place if answered.all() else place[answered]] = 1.0
        return flags.reshape(n_rows, width), place

    def chunks(self, *, numbers: int = 100_000) -> list[slice]:
        """Cut the people into parts whose indicators have at most this many numbers."""
        step = max(numbers // max(self.n_categories, 1), 256)
        return [slice(at, at + step) for at in range(0, self.n_people, step)]


def item_codes(values: Floats, names: list[str], rows: NDArray[np.intp], *, what: str) -> ItemCodes:
    """Find the categories of each item.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, k)
        Scores; NaN where there is none.
    names : list of str
        The k items.
    rows : numpy.ndarray of int, shape (n,)
        Where the people stand in the data, for messages.
    what : str
        Names the analysis in messages.

    Raises
    ------
    DataError
        Scores that are not whole numbers, negative or above 2,147,483,648, with their rows;
        items of more than 101 categories. All that are at fault are named.
    """
    missing = np.isnan(values)
    gaps = bool(missing.any())
    known = np.where(missing, 0.0, values) if gaps else values
    _require_scores(known, names, rows, what)
    whole = known.astype(np.int64)
    codes = np.empty(values.shape, dtype=np.int16)
    scores: list[Ints] = []
    many: list[str] = []
    for place, name in enumerate(names):
        answers = whole[:, place][~missing[:, place]] if gaps else whole[:, place]
        found, code = _categories(answers)
        if len(found) > MOST_CATEGORIES:
            many.append(f"{name!r} ({len(found)} from {found[0]} to {found[-1]})")
            continue
        if gaps:
            codes[:, place] = -1
            codes[~missing[:, place], place] = code
        else:
            codes[:, place] = code
        scores.append(found)
    if many:
        raise DataError(
            f"{what} is for answers in categories, at most {MOST_CATEGORIES} an item. More have: "
            f"{'; '.join(many)}. Leave out what isn't an item, or cut amounts into classes."
        )
    counts = np.array([len(found) for found in scores])
    return ItemCodes(
        codes=codes,
        score=np.concatenate(scores).astype(float),
        item=np.repeat(np.arange(len(names)), counts),
        first=np.concatenate([[0], counts[:-1].cumsum()]).astype(np.intp),
    )


def _categories(answers: Ints) -> tuple[Ints, Ints]:
    """Return the values that occur, ascending, and each answer's place among them."""
    low, high = int(answers.min()), int(answers.max())
    if high - low > 10_000:  # a table of all values between would be long
        found, code = np.unique(answers, return_inverse=True)
        return found, code
    there = np.bincount(answers - low) > 0
    return np.flatnonzero(there) + low, (there.cumsum() - 1)[answers - low]


def _require_scores(values: Floats, names: list[str], rows: NDArray[np.intp], what: str) -> None:
    """Raise `DataError` unless all are whole numbers from 0 up; ``values`` has no NaN."""
    wrong = (values < 0) | (values > _LARGEST) | (values != np.rint(values))
    if not wrong.any():
        return
    faults = []
    for place in map(int, np.flatnonzero(wrong.any(axis=0))):
        at = np.flatnonzero(wrong[:, place])
        shown = np.unique(values[at, place])
        faults.append(f"- {names[place]!r}: {listed(shown, most=5)} in {rows_text(rows[at])}")
    negative = bool((values < 0).any())
    hint = (
        "Negative codes often mean that an answer is missing: make them missing. If they are "
        "answers, add a number to the item; no coefficient changes."
        if negative
        else "Give scores as whole numbers, such as 0, 1, 2; amounts and means are no categories. "
        + NO_FRACTIONS
    )
    raise DataError(
        f"{what} takes whole numbers from 0 up as scores. Others are:\n"
        + "\n".join(faults)
        + f"\n{hint} {ROWS_COUNT}"
    )


def many_categories(codes: ItemCodes, names: list[str]) -> list[str]:
    """Name items with more categories than questions have, as ages and numbers of people do."""
    counts = np.bincount(codes.item, minlength=codes.n_items)
    return [f"{names[at]!r} ({counts[at]})" for at in map(int, np.flatnonzero(counts > _MANY))]
