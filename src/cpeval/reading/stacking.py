"""Columns of several waves or files on top of each other, whatever each was read as."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas.api import types


def kind_of(cells: pd.Series) -> str | None:
    """Say what a column holds: number, truth, date or text; None when it holds nothing.

    >>> kind_of(pd.Series([1, None])), kind_of(pd.Series([None, None]))
    ('number', None)
    """
    if not cells.notna().any():
        return None
    kind = cells.dtype
    if types.is_bool_dtype(kind):
        return "truth"
    if types.is_numeric_dtype(kind):
        return "number"
    if types.is_datetime64_any_dtype(kind):
        return "date"
    inferred = types.infer_dtype(cells, skipna=True)
    if inferred == "boolean":
        return "truth"
    return "number" if inferred in ("integer", "floating", "mixed-integer-float") else "text"


def as_text(cells: pd.Series) -> pd.Series:
    """Return a column as the text that it would be in a CSV file; missing stays missing.

    >>> as_text(pd.Series([1.0, 2.5, None])).tolist()
    ['1', '2.5', nan]
    """
    default = pd.Series(["text"]).dtype
    there = cells.notna()
    if kind_of(cells) == "number":
        numbers = cells[there].astype("float64").to_numpy()
        whole = numbers == np.trunc(numbers)
        texts = np.where(whole, np.trunc(numbers).astype("int64").astype(str), numbers.astype(str))
        said = pd.Series(texts, index=cells.index[there], dtype=object)
    else:
        said = cells[there].astype(str).astype(object)
    made = said.reindex(cells.index).astype(default)
    return made.where(there)


def stack(parts: Sequence[pd.Series | None], lengths: Sequence[int]) -> tuple[pd.Series, bool]:
    """Put columns on top of each other.

    Parameters
    ----------
    parts : sequence of pandas.Series or None
        None: that part has no such column, so its cells are missing.
    lengths : sequence of int
        Rows of each part.

    Returns
    -------
    cells : pandas.Series
        Numbered anew. Of one kind where the parts are, else text.
    mixed : bool
        Whether the parts were of different kinds.
    """
    types_there = {None if part is None else part.dtype for part in parts}
    first = types_there.pop() if len(types_there) == 1 else None
    if isinstance(first, np.dtype) and first.kind in "iufb":  # The usual case, done quickly.
        values = np.concatenate([part.to_numpy() for part in parts if part is not None])
        return pd.Series(values, dtype=first), False
    kinds = {kind_of(part) for part in parts if part is not None} - {None}
    if not kinds:
        return pd.Series(np.full(sum(lengths), np.nan)), False
    mixed = len(kinds) > 1
    kind = "text" if mixed else kinds.pop()
    columns = [
        _as_kind(part, kind) if part is not None and part.notna().any() else _gap(n, kind)
        for part, n in zip(parts, lengths, strict=True)
    ]
    cells = pd.concat(columns, ignore_index=True)
    if kind == "truth" and not cells.isna().any():
        cells = cells.astype("bool")
    return cells, mixed


def _as_kind(cells: pd.Series, kind: str | None) -> pd.Series:
    if kind == "text":
        return as_text(cells)
    if kind == "truth":
        return cells.astype("boolean")
    if kind == "number" and not types.is_integer_dtype(cells.dtype):
        return cells.astype("float64")
    return cells


def _gap(n: int, kind: str | None) -> pd.Series:
    """Return ``n`` missing cells in a dtype that changes nothing when they are joined."""
    if kind == "number":
        return pd.Series(np.full(n, np.nan))
    if kind == "truth":
        return pd.Series([pd.NA] * n, dtype="boolean")
    if kind == "date":
        return pd.Series(np.full(n, np.datetime64("NaT"), dtype="datetime64[us]"))
    return pd.Series([None] * n, dtype=object).astype(pd.Series(["text"]).dtype)
