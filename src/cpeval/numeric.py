"""Columns that should hold numbers: made floats, or refused with the values at fault."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.errors import ColumnError, DataError, OptionError, listed, require_columns

#: What pandas calls the kinds of value that are numbers.
_NUMBERS = {"integer", "floating", "mixed-integer-float", "decimal"}

#: How a message names kinds of value that are not.
_KINDS = {
    "boolean": "true/false, which 1 and 0 would say as numbers",
    "datetime": "dates",
    "datetime64": "dates",
    "date": "dates",
    "timedelta": "lengths of time",
    "timedelta64": "lengths of time",
    "complex": "complex numbers",
}


def eager(data: IntoDataFrame) -> nw.DataFrame[Any]:
    """Return narwhals' view of a dataframe in memory.

    Raises
    ------
    OptionError
        It isn't one.
    ColumnError
        A name stands for two columns.
    """
    if isinstance(data, pd.DataFrame):
        # narwhals has its own error for names that stand twice; ours says what to do.
        require_columns(list(data.columns))
    try:
        return nw.from_native(data, eager_only=True)
    except TypeError:
        kind = type(data)
        raise OptionError(
            "The data must be a dataframe that is in memory (pandas, Polars, PyArrow). Got "
            f"{kind.__module__.partition('.')[0]}.{kind.__name__}; a lazy frame needs .collect()."
        ) from None


def select(data: IntoDataFrame, *names: str | None) -> pd.DataFrame:
    """Take columns of any eager dataframe as a pandas frame with rows numbered from 0.

    Parameters
    ----------
    data : eager dataframe
        pandas, Polars, PyArrow or what else narwhals reads. It is not modified.
    *names : str or None
        Columns; None is passed over, and a name given twice is taken once.

    Raises
    ------
    OptionError
        ``data`` is not an eager dataframe.
    ColumnError
        A column is absent, or a name stands for two columns.
    """
    frame = eager(data)
    require_columns(frame.columns, *names)
    wanted = list(dict.fromkeys(name for name in names if name is not None))
    return frame.select(wanted).to_pandas().reset_index(drop=True)


def holds_numbers(column: pd.Series) -> bool:
    """Say whether the values are numbers (true/false and dates are not, all missing is)."""
    if _numpy_numbers(column) or column.isna().all():
        return True
    if isinstance(column.dtype, pd.CategoricalDtype):
        return False
    return pd.api.types.infer_dtype(column, skipna=True) in _NUMBERS


def _numpy_numbers(column: pd.Series) -> bool:
    """Say whether the type alone tells that there are numbers or NaN: no value need be seen."""
    return isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf"


def numbers(table: pd.DataFrame, names: Sequence[str]) -> NDArray[np.float64]:
    """Return columns as floats, missing values as NaN.

    Parameters
    ----------
    table : pandas.DataFrame, shape (n_rows, n_columns)
        From `select`.
    names : sequence of str
        The k columns that should hold numbers; categories that are numbers will do.

    Returns
    -------
    numpy.ndarray, shape (n_rows, k)

    Raises
    ------
    ColumnError
        Values that are not numbers; the message has every such column with its values and rows.
    DataError
        Infinite values, likewise; columns whose numbers are too large or too small to square.
    """
    columns = {name: _values(table[name]) for name in names}
    faults = [
        _not_numbers(name, column) for name, column in columns.items() if not holds_numbers(column)
    ]
    if faults:
        raise ColumnError(
            "Columns that should hold numbers don't:\n"
            + "\n".join(f"- {fault}" for fault in faults)
            + "\nCorrect the values, or declare codes for missing when reading (missing=...). "
            + ROWS_COUNT
        )
    values = np.empty((len(table), len(names)))
    for position, name in enumerate(names):
        column = columns[name]
        if _numpy_numbers(column):
            values[:, position] = column.to_numpy()
            continue
        # Missing values only: of whatever type, which may not convert.
        column = column if column.notna().any() else pd.Series(np.nan, table.index)
        values[:, position] = column.to_numpy(dtype=float, na_value=np.nan)
    infinite = np.isinf(values)
    if infinite.any():
        found = "; ".join(
            f"{name!r} in {rows_text(np.flatnonzero(infinite[:, position]))}"
            for position, name in enumerate(names)
            if infinite[:, position].any()
        )
        raise DataError(
            f"Infinite values: {found}. Something was divided by zero before; make them missing "
            f"or correct them. {ROWS_COUNT}"
        )
    _require_sizes(values, names)
    return values


#: Powers of larger numbers, or of smaller ones, don't fit into a float.
_LARGEST = 1e40


def _require_sizes(values: NDArray[np.float64], names: Sequence[str]) -> None:
    """Raise `DataError` for columns whose largest value can't be computed with."""
    largest = np.nanmax(np.abs(values), axis=0, initial=0.0)
    for wrong, word in (
        (largest > _LARGEST, "large"),
        ((largest > 0) & (largest < 1 / _LARGEST), "small"),
    ):
        if wrong.any():
            found = ", ".join(
                f"{names[k]!r} (up to {largest[k]:.3g}, in "
                f"{rows_text([int(np.nanargmax(np.abs(values[:, k])))])})"
                for k in map(int, np.flatnonzero(wrong))
            )
            raise DataError(
                f"Values too {word} to compute with: {found}. Correct them, or take another unit. "
                f"{ROWS_COUNT}"
            )


def _values(column: pd.Series) -> pd.Series:
    """Return a column of categories as the values that they stand for."""
    return column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column


#: Closes every message that names rows.
ROWS_COUNT = "(The first row of data is row 1.)"


def rows_text(positions: Iterable[int], *, most: int = 20) -> str:
    """Name rows, counted from 1 without the header.

    >>> rows_text([3])
    'row 4'
    >>> rows_text([0, 2, 5], most=2)
    'rows 1, 3 and 1 more'
    """
    every = list(positions)
    rows = [int(position) + 1 for position in every[:most]]
    rest = len(every) - most
    more = f" and {rest} more" if rest > 0 else ""
    return f"{'row' if len(every) == 1 else 'rows'} {listed(rows, most=most)}{more}"


def _not_numbers(name: str, column: pd.Series) -> str:
    """Say which values of a column are at fault, each with its rows."""
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in _KINDS:
        return f"{name!r} holds {_KINDS[kind]}."
    present = column.astype(object).dropna()
    faulty = present[pd.to_numeric(present, errors="coerce").isna()]
    if faulty.empty:
        return f"{name!r} holds numbers as text, such as {listed(present.iloc[:1])}: convert it."
    group = faulty.groupby(faulty, sort=False).ngroup()
    few = faulty[group < 20]
    shown = [
        f"{listed([value])} in {rows_text(rows.index)}"
        for value, rows in few.groupby(few, sort=False)
    ]
    more = int(group.max()) + 1 - len(shown)
    told = f"{name!r} holds {', '.join(shown)}" + (f" and {more} other values." if more else ".")
    if len(shown) == 2 and not more and len(faulty) == len(present):
        last = listed([sorted(map(str, set(faulty)))[-1]])
        told += f" Two words become 1 and 0 by (data[{name!r}] == {last}).astype(int)."
    return told
