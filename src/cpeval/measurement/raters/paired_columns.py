"""Columns of one length, given one by one, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from cpeval.errors import OptionError, listed


def paired(given: Mapping[str, ArrayLike | None], *, needed: Sequence[str]) -> pd.DataFrame:
    """Put columns side by side, by position.

    Parameters
    ----------
    given : mapping of str to column or None
        pandas, Polars or PyArrow columns, arrays, lists; None is passed over.
    needed : sequence of str
        Those that may not be None.

    Raises
    ------
    OptionError
        Not columns; of different lengths; pandas columns that hold the same rows in another order.
    """
    absent = [name for name in needed if given[name] is None]
    if absent:
        raise OptionError(f"{listed(absent)} must be columns of values. Got None.")
    columns = {name: _column(name, values) for name, values in given.items() if values is not None}
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name!r} has {length}" for name, length in lengths.items())
        raise OptionError(f"The columns must have equally many rows: {shown}.")
    first = next(iter(columns.values())).index
    moved = [
        name
        for name, column in columns.items()
        if not column.index.equals(first) and column.index.sort_values().equals(first.sort_values())
    ]
    if moved:
        raise OptionError(
            f"{listed(moved)} has the rows of {next(iter(columns))!r} in another order. Columns "
            "are paired by position: take them from one frame, or sort both alike."
        )
    return pd.DataFrame({name: c.reset_index(drop=True) for name, c in columns.items()})


def _column(name: str, values: ArrayLike) -> pd.Series:
    made = None
    if not isinstance(values, str | bytes | pd.DataFrame) and np.ndim(values) == 1:
        convert = getattr(values, "to_pandas", None)
        made = pd.Series(convert() if callable(convert) else values)
    if made is None:
        raise OptionError(f"{name!r} must be a column of values. Got {type(values).__name__}.")
    return made
