"""Answers that are not among an item's codes: found in one query, named all at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from cpeval.definitions.model import Instrument
from cpeval.definitions.parts import Item
from cpeval.errors import CodeError

#: Names of counts of one coding's own codes.
_CODING = "__cpeval_coding_"
_LEAST, _MOST = "__cpeval_least", "__cpeval_most"
#: Columns of `invalid_cells`.
CELLS = ("column", "position", "value")


def accepted(definition: Instrument, item: Item) -> list[float]:
    """Return every code that may stand in the item's column, those that mean missing too."""
    responses = definition.answers(item)
    return sorted({*responses.meaning, *responses.missing_codes})


def among(x: nw.Expr, codes: Iterable[float], dtype: nw.dtypes.DType) -> nw.Expr:
    """Whether a numeric column's cells are among some codes; null where they are null.

    Consecutive whole codes are two comparisons, which is several times faster than a look-up.
    """
    allowed = sorted(codes)
    if not _consecutive(allowed):
        return x.cast(nw.Float64).is_in(allowed)
    if dtype.is_integer():
        return x.is_between(int(allowed[0]), int(allowed[-1]))
    x = x.cast(nw.Float64)
    return x.is_between(allowed[0], allowed[-1]) & (x.floor() == x)


def _consecutive(codes: list[float]) -> bool:
    return codes == [codes[0] + step for step in range(len(codes))] and codes[0] % 1 == 0


def numeric(column: str, dtype: nw.dtypes.DType) -> tuple[nw.Expr, nw.dtypes.DType]:
    """Return a column as numbers, and its type: booleans become 0 and 1, objects floats."""
    if dtype == nw.Boolean:
        return nw.col(column).cast(nw.Int64), nw.Int64()
    if not dtype.is_numeric():
        return nw.col(column).cast(nw.Float64), nw.Float64()
    return nw.col(column), dtype


def refuse(
    definition: Instrument,
    columns: Mapping[str, str],
    frame: nw.DataFrame[Any] | nw.LazyFrame[Any],
    schema: Mapping[str, nw.dtypes.DType],
) -> None:
    """Raise one `CodeError` if any answer is not among its item's codes.

    One aggregate query, of one row, also on a lazy frame: the smallest and largest answer where
    codes are consecutive integers, else the count of invalid answers a column, and of answers
    that belong to one coding only. When that finds fault, a second one counts.
    """
    allowed = {code: accepted(definition, definition.item(code)) for code in columns}
    spans = {
        column: (allowed[code][0], allowed[code][-1])
        for code, column in columns.items()
        if schema[column].is_integer()
        and _consecutive(allowed[code])
        and len(definition.answers(definition.item(code)).codings) == 1
    }
    counted = {code: column for code, column in columns.items() if column not in spans}
    row = _row(frame, [*_ends(list(spans)), *_counts(definition, counted, schema)])
    outside = {
        column
        for column, (low, high) in spans.items()
        if row[column + _LEAST] is not None
        and not (low <= row[column + _LEAST] and row[column + _MOST] <= high)
    }
    if outside:
        named = {code: column for code, column in columns.items() if column in outside}
        row |= _row(frame, _counts(definition, named, schema))
    invalid = {(code, c): n for code, c in columns.items() if (n := row.get(c) or 0)}
    mixed = [
        column
        for place, column in enumerate(counted.values())
        if sum(bool(n) for k, n in row.items() if k.startswith(f"{_CODING}{place}_")) > 1
    ]
    if invalid or mixed:
        raise CodeError(_message(definition, invalid, mixed, frame))


def _row(frame: nw.DataFrame[Any] | nw.LazyFrame[Any], aggregates: list[nw.Expr]) -> dict[str, Any]:
    """Run one query that returns one row."""
    if not aggregates:
        return {}
    row = frame.select(*aggregates)
    if isinstance(row, nw.LazyFrame):
        row = row.collect()
    cells = zip(row.columns, row.row(0), strict=True)
    return {name: None if pd.isna(value) else value for name, value in cells}


def _ends(columns: list[str]) -> list[nw.Expr]:
    """The smallest and largest value of every column, in two expressions whatever their number."""
    if not columns:
        return []
    every = nw.col(*columns)
    return [every.min().name.suffix(_LEAST), every.max().name.suffix(_MOST)]


def _counts(
    definition: Instrument, columns: Mapping[str, str], schema: Mapping[str, nw.dtypes.DType]
) -> list[nw.Expr]:
    """How many answers are invalid, by the column's name, and how many tell a coding."""
    counts: list[nw.Expr] = []
    for place, (code, column) in enumerate(columns.items()):
        item = definition.item(code)
        x, dtype = numeric(column, schema[column])
        wrong = ~among(x, accepted(definition, item), dtype)
        if dtype.is_float():
            wrong = wrong & ~x.is_nan()
        # Counting the non-null cells left is the quickest way that every engine knows.
        counts.append(nw.when(wrong).then(x).count())
        for number, only in enumerate(definition.answers(item).telling):
            one = nw.when(among(x, only, dtype)).then(x).count()
            counts.append(one.alias(f"{_CODING}{place}_{number}"))
    return counts


def _message(
    definition: Instrument,
    invalid: Mapping[tuple[str, str], int],
    mixed: list[str],
    frame: nw.DataFrame[Any] | nw.LazyFrame[Any],
) -> str:
    lines = []
    for (code, column), count in invalid.items():
        codes = ", ".join(f"{c:g}" for c in accepted(definition, definition.item(code)))
        noun = "answer" if count == 1 else "answers"
        detail = ""
        if isinstance(frame, nw.DataFrame):
            cells = invalid_cells(definition, {code: column}, frame)
            values = cells["value"].value_counts().sort_index()
            shown = ", ".join(f"{v:g} ({n}×)" for v, n in values.head(12).items())
            more = f" and {len(values) - 12} other values" if len(values) > 12 else ""
            rows = ", ".join(str(p + 1) for p in cells["position"].head(5))
            tail = ", …" if len(cells) > 5 else ""
            detail = f": {shown}{more}, in rows {rows}{tail}"
        lines.append(f"- {column!r}: {count} {noun} not among {codes}{detail}")
    lines += [
        f"- {column!r} mixes two codings of the same answers; recode it to one" for column in mixed
    ]
    return (
        f"{definition.name}: answers that are not among the codes (rows count from 1):\n"
        + "\n".join(lines)
        + "\nIf they mean missing, say so when reading (missing={'*': [-9, 99]}) or score with "
        'on_invalid="missing"; otherwise correct them.'
    )


def invalid_cells(
    definition: Instrument, columns: Mapping[str, str], frame: nw.DataFrame[Any]
) -> pd.DataFrame:
    """Return one row a cell with an answer that is not among its item's codes.

    Parameters
    ----------
    columns : mapping
        Item code to column; numeric or boolean columns only.

    Returns
    -------
    pandas.DataFrame
        column, position (from 0), value; in the order of columns, then of rows.
    """
    found = []
    for code, column in columns.items():
        values = frame[column].cast(nw.Float64).to_numpy().astype(float)
        allowed = np.asarray(accepted(definition, definition.item(code)))
        wrong = np.flatnonzero(~np.isnan(values) & ~np.isin(values, allowed))
        found.append(pd.DataFrame({"column": column, "position": wrong, "value": values[wrong]}))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(CELLS))
