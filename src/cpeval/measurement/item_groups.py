"""Columns that stand beside the items: which group or cluster each row belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.errors import OptionError, listed, require_columns
from cpeval.numeric import eager


@dataclass(frozen=True, kw_only=True, eq=False)
class Labels:
    """Which group each row is in.

    Attributes
    ----------
    name : str
        The column, or "groups" or "cluster" where values were given.
    code : numpy.ndarray of int, shape (n_rows,)
        The place of each row's label among ``labels``; -1 where it has none.
    labels : list
        Ascending; categories in their own order.
    """

    name: str
    code: NDArray[np.intp]
    labels: list[object]


def labels_of(
    items: IntoDataFrame, given: str | Sequence[object] | None, option: str
) -> Labels | None:
    """Read a column, or values given a row each.

    A pandas Series beside a pandas frame goes by the labels of its rows, anything else by position.

    Raises
    ------
    ColumnError
        The data have no such column.
    OptionError
        Values that are not one a row, or whose labels are not those of the rows.
    """
    if given is None:
        return None
    frame = eager(items)
    if isinstance(given, str):
        require_columns(frame.columns, given)
        column = frame.select(given).to_pandas()[given]
    else:
        values: Any = given
        if not isinstance(values, pd.Series) and np.ndim(values) != 1:
            raise OptionError(
                f"{option!r} must be the name of a column, or one value for each of the "
                f"{len(frame)} rows. Got {type(given).__name__}."
            )
        if len(given) != len(frame):
            raise OptionError(
                f"{option!r} must be the name of a column, or a value for each of the "
                f"{len(frame)} rows. Got {len(given)} values."
            )
        if isinstance(values, pd.Series) and isinstance(items, pd.DataFrame):
            values = _by_row_label(values, items.index, option)
        known = isinstance(values, pd.Series | pd.Categorical)
        column = pd.Series(values if known else list(values)).reset_index(drop=True)
    return Labels(name=given if isinstance(given, str) else option, **_coded(column))


def _by_row_label(values: pd.Series, rows: pd.Index, option: str) -> pd.Series:
    """Put values in the order of the rows, as pandas does when it adds a column."""
    if values.index.equals(rows):
        return values
    strange = values.index.difference(rows)
    lacking = rows.difference(values.index)
    if len(strange) or len(lacking) or not (values.index.is_unique and rows.is_unique):
        why = (
            f"Rows that only {option!r} has: {listed(strange, most=5)}; that only the data have: "
            f"{listed(lacking, most=5)}"
            if len(strange) or len(lacking)
            else "Labels that stand twice don't say which row is meant"
        )
        raise OptionError(
            f"{option!r} is a pandas Series, whose labels (index) are not those of the rows of the "
            f"data. {why}. Make it a column of the data, or give {option}=...to_numpy() if it is "
            "in the order of the rows."
        )
    return values.loc[rows]


def _coded(column: pd.Series) -> dict[str, Any]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.cat.remove_unused_categories()
        return {
            "code": column.cat.codes.to_numpy().astype(np.intp),
            "labels": list(column.cat.categories),
        }
    try:
        code, found = pd.factorize(column, sort=True)
    except TypeError:  # numbers and text in one column
        text = column.astype(str).where(column.notna())
        code, found = pd.factorize(text, sort=True)
    return {"code": code.astype(np.intp), "labels": list(found)}


def without(items: IntoDataFrame, *beside: str | Sequence[object] | None) -> IntoDataFrame:
    """Return the frame without the columns that are named."""
    names = [name for name in beside if isinstance(name, str)]
    if not names:
        return items
    frame: Any = eager(items).drop(*dict.fromkeys(names)).to_native()
    return frame  # type: ignore[no-any-return]
