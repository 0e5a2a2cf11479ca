"""Ratings as a matrix of rows by items on the definition's codes, from wide or from long data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.definitions.model import Instrument
from cpeval.errors import CodeError, DataError, OptionError, did_you_mean, listed
from cpeval.fidelity.ordered_codes import Codes, any_twice, coded, combined, first_rows
from cpeval.numeric import ROWS_COUNT, numbers, rows_text
from cpeval.people.rows import plain
from cpeval.scoring.algebra import Arrays
from cpeval.scoring.invalid_answers import accepted, codes_text
from cpeval.scoring.item_columns import Items
from cpeval.scoring.plan import Plan, Use
from cpeval.scoring.uses import opened, uses_of, verify

Floats = NDArray[np.float64]

#: What ratings have and answers have not.
_BETWEEN = "A rating between two anchors needs a code of its own in the definition."


@dataclass(frozen=True, kw_only=True, eq=False)
class ItemRatings:
    """What was rated.

    Attributes
    ----------
    instrument : Instrument
        Less the optional items that the data lack, and the scales that take them.
    values : array of float, shape (n_rows, n_items)
        On the definition's codes; NaN where there is no rating.
    row : array of int, shape (n_rows,)
        The first row of the data behind each.
    n_invalid : int
        Ratings that were not among the codes, and became missing.
    """

    instrument: Instrument
    values: Floats
    row: Codes
    n_invalid: int


def item_columns_of(
    instrument: Instrument, items: Items, columns: Sequence[str], on_invalid: str
) -> Use:
    """Return which columns should hold which item, whether or not they are there."""
    schema = dict.fromkeys(columns)
    [use] = uses_of(
        [instrument],
        schema,  # type: ignore[arg-type]  # only the names are looked at
        items=[items],
        weights=[None],
        prefix="",
        on_invalid=on_invalid,
    )
    return use


def wide_ratings(table: pd.DataFrame, use: Use, items: Items) -> ItemRatings:
    """Take ratings from a column an item.

    Parameters
    ----------
    table : pandas.DataFrame, shape (n_rows, n_columns)
        With the columns of ``use``.
    use : Use
        From `item_columns_of`.
    items : as `score` takes them

    Raises
    ------
    ColumnError, CodeError
        As `cpeval.score`: columns absent or text, ratings that are not among the codes.
    """
    frame, schema = opened(table)
    try:
        verify([use], [items], frame, schema, counted=not use.masked)
    except CodeError as error:
        raise CodeError(f"{error}\n{_BETWEEN}") from None
    raw = {
        name: table[name].to_numpy(dtype=float, na_value=np.nan) for name in use.columns.values()
    }
    values = _standard(use, raw)
    n_invalid = 0
    if use.masked:
        n_invalid = _invalid(use, np.column_stack(list(raw.values())), values)
    return ItemRatings(
        instrument=use.definition,
        values=values,
        row=np.arange(len(table)),
        n_invalid=n_invalid,
    )


def long_ratings(
    table: pd.DataFrame,
    instrument: Instrument,
    rating: str,
    *,
    sheet: Codes,
    place: Codes,
    masked: bool,
) -> tuple[ItemRatings, Codes]:
    """Take ratings from a row an item; where a sheet rates an item twice, it has more rows.

    Parameters
    ----------
    table : pandas.DataFrame, shape (n, n_columns)
    rating : str
        The column of ratings.
    sheet, place : array of int, shape (n,)
        The sheet that each row belongs to, and its item.
    masked : bool
        Whether ratings that are not among the codes become missing.

    Returns
    -------
    ItemRatings
    sheet : array of int, shape (n_rows,)
        That of each of its rows.

    Raises
    ------
    ColumnError
        Ratings that are not numbers.
    CodeError
        Ratings that are not among the item's codes.
    """
    given = numbers(table, [rating])[:, 0]
    n_items = len(instrument.items)
    key = sheet * n_items + place
    if any_twice(key):
        again = np.asarray(pd.Series(key).groupby(key).cumcount(), dtype=np.intp)
        row_of, first = combined(sheet, again)
    else:
        row_of, first = sheet, first_rows(sheet, int(sheet.max(initial=-1)) + 1)
    raw = np.full((first.size, n_items), np.nan)
    raw[row_of, place] = given
    columns = {one.code: one.code for one in instrument.items}
    use = Use(definition=instrument, columns=columns, masked=masked)
    if not masked:
        _refuse_others(use, raw, row_of, place, rating)
    values = _standard(use, dict(zip(columns, raw.T, strict=True)))
    rated = ItemRatings(
        instrument=instrument,
        values=values,
        row=first,
        n_invalid=_invalid(use, raw, values) if masked else 0,
    )
    return rated, sheet[first]


def _standard(use: Use, raw: dict[str, Floats]) -> Floats:
    plan = Plan(use, Arrays(raw, slice(None)))
    values = np.empty((len(next(iter(raw.values()))), len(use.columns)))
    for number, code in enumerate(use.columns):
        values[:, number] = plan.answer(use.definition.item(code))
    return values


def _invalid(use: Use, raw: Floats, values: Floats) -> int:
    """Count the ratings that were there, mean no gap, and went missing."""
    gone = ~np.isnan(raw) & np.isnan(values)
    for number, code in enumerate(use.columns):
        missing = use.definition.answers(use.definition.item(code)).missing_codes
        gone[:, number] &= ~np.isin(raw[:, number], missing)
    return int(gone.sum())


def item_places(column: pd.Series, instrument: Instrument, name: str) -> Codes:
    """Return each row's item by its place in the definition.

    Raises
    ------
    DataError
        Rows without an item, or with one that the definition hasn't: all of them.
    """
    codes, values = coded(column)
    if (codes < 0).any():
        raise DataError(
            f"Rows without an item in {name!r}: {rows_text(np.flatnonzero(codes < 0))}. Fill them "
            f"in, or leave the rows out. {ROWS_COUNT}"
        )
    known, texts = _places_by_name(instrument), [str(plain(value)).strip() for value in values]
    unknown = [k for k, text in enumerate(texts) if text not in known]
    if unknown:
        lines = [
            f"- {listed([values[k]])} in {rows_text(np.flatnonzero(codes == k), most=5)}"
            f"{did_you_mean(texts[k], known)}"
            for k in unknown[:20]
        ]
        more = [f"- and {len(unknown) - 20} more"] if len(unknown) > 20 else []
        raise DataError(
            "\n".join(
                [
                    f"{instrument.name} has no such items as {name!r} names:",
                    *lines,
                    *more,
                    f"Its items: {listed(list(known)[: len(instrument.items)], most=40)}. "
                    + ROWS_COUNT,
                ]
            )
        )
    return np.array([known[text] for text in texts], dtype=np.intp)[codes]


def found_places(column: pd.Series, instrument: Instrument) -> Codes:
    """Return each row's item by its place in the definition; -1 where it hasn't such an item."""
    codes, values = coded(column)
    known = _places_by_name(instrument)
    places = [known.get(str(plain(value)).strip(), -1) for value in values]
    return np.array([*places, -1], dtype=np.intp)[codes]


def _places_by_name(instrument: Instrument) -> dict[str, int]:
    known = {item.code: place for place, item in enumerate(instrument.items)}
    return known | {f"{instrument.name}_{code}": place for code, place in known.items()}


def _refuse_others(use: Use, raw: Floats, row_of: Codes, place: Codes, rating: str) -> None:
    """Raise `CodeError` with the rows of every rating that is not among its item's codes."""
    one, lines = use.definition, []
    for number, item in enumerate(one.items):
        allowed = accepted(one, item)
        wrong = ~np.isnan(raw[:, number]) & ~np.isin(raw[:, number], allowed)
        if not wrong.any():
            continue
        rows = np.flatnonzero((place == number) & wrong[row_of])
        bad = pd.Series(raw[row_of[rows], number], index=rows)
        shown = [
            f"{listed([value])} in {rows_text(at.index, most=5)}"
            for value, at in list(bad.groupby(bad))[:5]
        ]
        lines.append(f"- item {item.code} takes {codes_text(allowed)}: {'; '.join(shown)}")
    if lines:
        raise CodeError(
            "\n".join(
                [
                    f"{one.name}: {rating!r} holds ratings that are not among the codes:",
                    *lines,
                    f'Correct them. {_BETWEEN} on_invalid="missing" makes them missing. '
                    + ROWS_COUNT,
                ]
            )
        )
    if any(one.answers(item).telling for item in one.items):
        frame, schema = opened(pd.DataFrame(raw, columns=list(use.columns.values())))
        verify([use], [list(use.columns.values())], frame, schema, counted=True)


def require_form(item: str | None, rating: str | None, items: Items) -> bool:
    """Say whether the data are long, or raise `OptionError` if the arguments don't say."""
    if (item is None) != (rating is None):
        lacks = "rating" if rating is None else "item"
        raise OptionError(
            f"Long data need item= and rating=, the columns of the item's code and of the rating. "
            f"{lacks!r} is not given. Without both, each item is a column."
        )
    if item is not None and items is not None:
        raise OptionError(
            "items= says which column holds which item of wide data; with item= and rating= the "
            "data are long. Give one or the other."
        )
    return item is not None


def require_items(instrument: Instrument) -> None:
    """Raise `OptionError` for an instrument of goals, which has no items to rate."""
    if instrument.goals is not None:
        raise OptionError(
            f"{instrument.name} rates a person's own goals, not a programme: cp.score_goals."
        )
