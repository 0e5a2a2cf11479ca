"""Ratings as a table of subjects by raters: wide as given, or made from long data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.errors import (
    CodeError,
    ColumnError,
    DataError,
    DuplicateError,
    OptionError,
    TooFewError,
    listed,
)
from cpeval.numeric import ROWS_COUNT, eager, holds_numbers, numbers, rows_text, select

Codes = NDArray[np.intp]

#: More different ratings than this are measurements: for `icc`, not for categories.
_MOST_CATEGORIES = 500


@dataclass(frozen=True, kw_only=True, eq=False)
class RatingData:
    """Ratings as they were given, and where each belongs.

    Attributes
    ----------
    table : pandas.DataFrame
        A column a rater (n rows), or one column of N ratings.
    raters : list of str
        The r raters.
    places : numpy.ndarray, shape (N,), or None
        Of one column of ratings: subject * r + rater.
    n : int
        Subjects.
    """

    table: pd.DataFrame
    raters: list[str]
    places: NDArray[np.intp] | None
    n: int

    def spread(self, values: NDArray[Any], gap: float) -> NDArray[Any]:
        """Return values of ``table``'s cells as subjects by raters, shape (n, r)."""
        if self.places is None:
            return values
        wide = np.full(self.n * len(self.raters), gap, dtype=values.dtype)
        wide[self.places] = values[:, 0]
        return wide.reshape(self.n, len(self.raters))


@dataclass(frozen=True, kw_only=True, eq=False)
class Categorised:
    """Ratings as places in a list of categories.

    Attributes
    ----------
    codes : numpy.ndarray, shape (n, r)
        Places in ``categories``; -1 where a rater didn't rate a subject.
    categories : list
        The q categories, in their order.
    ordered : bool
        Whether that order means something: numbers, or an order that was given.
    """

    codes: Codes
    categories: list[object]
    ordered: bool


def rating_data(
    data: IntoDataFrame, *, subject: str | None, rater: str | None, rating: str | None, what: str
) -> RatingData:
    """Take ratings from a frame with a column a rater, or with a row a rating.

    Parameters
    ----------
    data : eager dataframe
        A row a subject and a column a rater; or, when the three columns are named, a row a
        rating.
    subject, rater, rating : str or None
        Columns of long data: all three or none.
    what : str
        Names the analysis in messages.

    Raises
    ------
    OptionError
        ``data`` is not an eager dataframe; some of the three are named and others not.
    ColumnError
        A column is absent, or a name stands for two.
    DataError
        A rating without a subject or a rater.
    DuplicateError
        A rater rated a subject twice.
    TooFewError
        Fewer than two raters, no rows, or raters without any rating (all named).
    """
    given = {"subject": subject, "rater": rater, "rating": rating}
    absent = [name for name, value in given.items() if value is None]
    if not absent:
        ratings = _long(data, str(subject), str(rater), str(rating))
    elif len(absent) == 3:
        table = eager(data).to_pandas().reset_index(drop=True)
        names = [str(name) for name in table.columns]
        table.columns = pd.Index(names)
        ratings = RatingData(table=table, raters=names, places=None, n=len(table))
    else:
        raise OptionError(
            f"Long ratings need subject=, rater= and rating=. Not given: {listed(absent)}."
        )
    names = ratings.raters
    if len(names) < 2:
        raise TooFewError(
            f"{what} needs two raters, a column each (or subject=, rater= and rating= for a row a "
            f"rating). There {'is' if len(names) == 1 else 'are'} {len(names)}"
            f"{f': {listed(names)}' if names else ''}, in {len(ratings.table)} rows."
        )
    if not ratings.n:
        raise TooFewError(f"{what} needs two subjects. There are 0 rows.")
    rated = ratings.spread(ratings.table.notna().to_numpy(), gap=False)
    nobody = [name for name, some in zip(names, rated.T, strict=True) if not some.any()]
    if nobody:
        raise TooFewError(f"{what}: {listed(nobody)} rated nobody. Leave them out.")
    return ratings


def _long(data: IntoDataFrame, subject: str, rater: str, rating: str) -> RatingData:
    frame = select(data, subject, rater, rating)
    unknown = frame[subject].isna() | frame[rater].isna()
    if unknown.any():
        raise DataError(
            f"Ratings without {subject!r} or {rater!r}: {rows_text(np.flatnonzero(unknown))}. "
            f"Fill them in, or leave these rows out. {ROWS_COUNT}"
        )
    rows, subjects = pd.factorize(frame[subject])
    columns, raters = pd.factorize(frame[rater], sort=True)
    places = rows * max(len(raters), 1) + columns
    twice = pd.Series(places).duplicated(keep=False).to_numpy()
    if twice.any():
        shown = [
            f"{listed(frame.loc[at[:1], rater])} on {listed(frame.loc[at[:1], subject])} "
            f"({rows_text(at)})"
            for at in pd.Series(np.flatnonzero(twice)).groupby(places[twice]).apply(list)
        ]
        more = f" and {len(shown) - 20} more" if len(shown) > 20 else ""
        raise DuplicateError(
            f"A rater rated a subject more than once: {', '.join(shown[:20])}{more}. "
            f"Keep one rating, or make the occasion part of {subject!r}. {ROWS_COUNT}"
        )
    return RatingData(
        table=frame[[rating]],
        raters=[str(name) for name in raters],
        places=places,
        n=len(subjects),
    )


def categorised(ratings: RatingData, categories: Sequence[object] | None) -> Categorised:
    """Turn ratings into places in a list of categories.

    Parameters
    ----------
    ratings : RatingData
        Numbers, or text, or true and false; gaps are missing.
    categories : sequence or None
        What ratings can be, in order. None takes what is there: numbers by size, text by
        alphabet, and ordered categories that all columns share as they are declared.

    Raises
    ------
    OptionError
        ``categories`` are fewer than two, not different, or missing values.
    ColumnError
        Some raters gave numbers and others text; dates; text that is empty.
    CodeError
        Ratings that are not among ``categories`` (all named).
    DataError
        Numbers that are not whole and not declared; more than 500 different ratings.
    """
    codes, seen, ordered = _coded(ratings.table, categories)
    return Categorised(codes=ratings.spread(codes, gap=-1), categories=seen, ordered=ordered)


def _coded(
    table: pd.DataFrame, categories: Sequence[object] | None
) -> tuple[Codes, list[object], bool]:
    names = list(table.columns)
    kinds = table.dtypes.tolist()
    shared = kinds[0] if all(kind == kinds[0] for kind in kinds) else None
    declared = isinstance(shared, pd.CategoricalDtype) and bool(shared.ordered)
    if categories is None and isinstance(shared, pd.CategoricalDtype) and declared:
        categories = shared.categories.tolist()
    values = {name: _plain(table[name]) for name in names}
    numeric = all(holds_numbers(column) for column in values.values())
    if not numeric:
        _require_text(values, table)
    if categories is not None:
        allowed = _allowed(categories)
        codes = np.column_stack([_places(column, allowed) for column in values.values()])
        _require_allowed(codes, values, allowed)
        return codes, allowed, True
    if numeric:
        return *_by_size(numbers(table, names), names), True
    seen = sorted({value for column in values.values() for value in column.dropna().unique()})
    _require_few(len(seen))
    codes = np.column_stack([_places(column, seen) for column in values.values()])
    return codes, list(seen), False


def _plain(column: pd.Series) -> pd.Series:
    return column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column


def _by_size(values: NDArray[np.float64], names: list[str]) -> tuple[Codes, list[object]]:
    flat = pd.unique(values.ravel())
    seen = np.sort(flat[~np.isnan(flat)])
    broken = seen[seen != np.floor(seen)]
    if broken.size:
        faults = [
            f"{name!r} in {rows_text(np.flatnonzero(np.isin(values[:, k], broken)))}"
            for k, name in enumerate(names)
            if np.isin(values[:, k], broken).any()
        ]
        raise DataError(
            f"Ratings that are not whole numbers, such as {listed(broken, most=3)}: "
            f"{', '.join(faults)}. If they are categories, list all in categories=; if they are "
            f"measurements, use icc(). {ROWS_COUNT}"
        )
    _require_few(seen.size)
    codes = np.where(np.isnan(values), -1, np.searchsorted(seen, values))
    return codes, [int(value) for value in seen]


def _require_few(n: int) -> None:
    if n > _MOST_CATEGORIES:
        raise DataError(
            f"There are {n} different ratings, more than the {_MOST_CATEGORIES} that can be "
            "categories. For measurements use icc()."
        )


def _require_text(values: dict[str, pd.Series], table: pd.DataFrame) -> None:
    """Raise `ColumnError` unless every column holds text, or true and false."""
    kinds = {name: pd.api.types.infer_dtype(column) for name, column in values.items()}
    with_numbers = [n for n, column in values.items() if holds_numbers(column)]
    others = [name for name in values if name not in with_numbers]
    if with_numbers:
        raise ColumnError(
            f"Some raters gave numbers ({listed(with_numbers)}) and others did not "
            f"({listed(others)}). Code all ratings in one way."
        )
    if set(kinds.values()) not in ({"string"}, {"boolean"}):
        numbers(table, list(values))  # names what is neither a number nor text throughout
        raise ColumnError(
            f"Ratings must all be numbers, all text, or all true/false. They are: {listed(kinds)}."
        )
    blank = {
        name: np.flatnonzero(column.astype("string").str.strip().eq("").fillna(False))
        for name, column in values.items()
    }
    faults = [f"{name!r} in {rows_text(rows)}" for name, rows in blank.items() if rows.size]
    if faults:
        raise ColumnError(
            f"Ratings that are empty text: {', '.join(faults)}. If they mean that the subject was "
            f"not rated, make them missing. {ROWS_COUNT}"
        )


def _allowed(categories: Sequence[object]) -> list[object]:
    if isinstance(categories, str) or not np.iterable(categories):
        raise OptionError(f"'categories' must be a list of all categories. Got {categories!r}.")
    allowed = [getattr(value, "item", lambda v=value: v)() for value in categories]
    if len(allowed) < 2 or len(set(allowed)) < len(allowed) or any(map(pd.isna, allowed)):
        raise OptionError(
            "'categories' must be two or more, all different and none missing. "
            f"Got {listed(allowed)}."
        )
    _require_few(len(allowed))
    return allowed


def _places(column: pd.Series, allowed: list[object]) -> Codes:
    """The place of each value among ``allowed``; -1 for a gap, -2 for what is not there."""
    known = {value: place for place, value in enumerate(allowed)}
    codes, seen = pd.factorize(column)
    places = np.array([known.get(value, -2) for value in seen.tolist()] + [-1], dtype=np.intp)
    return places[codes]


def _require_allowed(codes: Codes, values: dict[str, pd.Series], allowed: Sequence[object]) -> None:
    if (codes != -2).all():
        return
    faults = []
    for k, (name, column) in enumerate(values.items()):
        wrong = column.reset_index(drop=True)[codes[:, k] == -2]
        for value, rows in list(wrong.groupby(wrong, sort=False))[:20]:
            faults.append(f"{name!r} has {listed([value])} in {rows_text(rows.index)}")
    more = f"; and {len(faults) - 20} more" if len(faults) > 20 else ""
    raise CodeError(
        f"Ratings that are not among the categories ({listed(allowed)}): "
        f"{'; '.join(faults[:20])}{more}. Correct them, or add them to categories=. {ROWS_COUNT}"
    )
