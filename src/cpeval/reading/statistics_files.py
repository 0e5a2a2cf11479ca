"""SPSS, Stata and SAS files: codes in the cells, labels beside them, declared missing counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from cpeval.errors import ReadError
from cpeval.reading.cell_values import text_series

#: Beyond this a double can't tell neighbouring whole numbers apart.
_EXACT = 2.0**53


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A table with what its file says of it."""

    data: pd.DataFrame
    labels: dict[str, str]
    value_labels: dict[str, dict[Any, str]]
    declared_missing: dict[str, dict[Any, int]]
    encoding: str | None


def read_labelled(path: Path, kind: str) -> Labelled:
    """Read a file of SPSS (``sav``), Stata (``dta``) or SAS (``sas7bdat``).

    Values that the file declares missing (SPSS's user-missing values and ranges, Stata's
    ``.a`` to ``.z``, SAS's ``.A`` to ``.Z``) become missing, and are counted.

    Raises
    ------
    ReadError
        The file is damaged, or its text has no encoding that fits.
    """
    import pyreadstat

    readers: dict[str, Any] = {
        "sav": pyreadstat.read_sav,
        "dta": pyreadstat.read_dta,
        "sas7bdat": pyreadstat.read_sas7bdat,
    }
    data, meta = _read(readers[kind], path)
    declared: dict[str, dict[Any, int]] = {}
    columns: dict[str, pd.Series] = {}
    for column in data.columns:
        cells, found = _without_declared(
            data[column],
            meta.missing_ranges.get(column, []),
            meta.missing_user_values.get(column, []),
        )
        columns[column] = _plain(cells)
        if found:
            declared[column] = found
    return Labelled(
        data=pd.DataFrame(columns, columns=list(data.columns)),
        labels={c: text for c, text in meta.column_names_to_labels.items() if text},
        value_labels={
            column: {_code(code): str(label) for code, label in labels.items()}
            for column, labels in meta.variable_value_labels.items()
        },
        declared_missing=declared,
        encoding=meta.file_encoding,
    )


def _read(read: Callable[..., Any], path: Path) -> tuple[pd.DataFrame, Any]:
    """Read with the encoding that the file names, or with Windows-1252 if that fails."""
    import pyreadstat

    # Older releases have no name for their own errors outside.
    own = getattr(pyreadstat, "PyreadstatError", pyreadstat.ReadstatError)
    problems = (pyreadstat.ReadstatError, own, ValueError, OSError)
    try:
        return read(path, user_missing=True)  # type: ignore[no-any-return]
    except UnicodeDecodeError as problem:
        first: Exception = problem
    except problems as problem:
        first = problem
    if "encoding" in str(first).lower() or isinstance(first, UnicodeDecodeError):
        try:
            return read(path, user_missing=True, encoding="WINDOWS-1252")  # type: ignore[no-any-return]
        except (UnicodeDecodeError, *problems) as problem:
            first = problem
    raise ReadError(
        f"{path.name}: the file is damaged or incomplete ({str(first).rstrip('.')}). "
        "Copy or export it again."
    ) from None


def _without_declared(
    cells: pd.Series, ranges: list[dict[str, Any]], values: list[Any]
) -> tuple[pd.Series, dict[Any, int]]:
    """Empty the cells that the file declares missing, and count each code."""
    gone = cells.isin(values) if values else pd.Series(False, index=cells.index)
    numeric = types.is_numeric_dtype(cells.dtype)
    for span in ranges:
        low, high = span["lo"], span["hi"]
        if numeric:
            gone |= cells.between(low, high)
        else:
            gone |= cells.isin([low, high])
    if not gone.any():
        return cells, {}
    counts = cells[gone].value_counts(sort=False)
    found = {_code(code): int(n) for code, n in counts.items()}
    kept = cells.mask(gone)
    # Stata's and SAS's letters made a column of numbers look like text.
    return (pd.to_numeric(kept) if values else kept), found


def _plain(cells: pd.Series) -> pd.Series:
    """Return whole numbers as int64, dates as datetime64, blank text as missing."""
    kind = cells.dtype
    if types.is_float_dtype(kind):
        numbers = cells.to_numpy(dtype="float64")
        whole = np.isfinite(numbers).all() and (numbers == np.trunc(numbers)).all()
        exact = whole and (np.abs(numbers) < _EXACT).all()
        return pd.Series(numbers.astype("int64") if exact else numbers)
    if types.is_numeric_dtype(kind) or types.is_datetime64_any_dtype(kind):
        return cells
    return _text_or_dates(cells)


def _text_or_dates(cells: pd.Series) -> pd.Series:
    import pyarrow as pa

    said = cells[cells.notna()]
    if len(said) and {type(value).__name__ for value in said} <= {"date", "datetime", "Timestamp"}:
        return pd.Series(pd.to_datetime(cells))
    texts = cells.where(cells.isna(), cells.astype(str)).astype(object)
    blank = texts.isna() | (texts.astype(str).str.strip() == "")
    return text_series(pa.array(texts.mask(blank, None), pa.string(), from_pandas=True))


def _code(code: Any) -> Any:  # noqa: ANN401
    """Return a whole number as int: labels are looked up by codes such as 1, not 1.0."""
    return int(code) if isinstance(code, float) and code.is_integer() else code
