"""Where a problem's cells are: the row and column of the file that the user can open."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cpeval.reading.origin import Origin

#: The columns that a table of problems gains when the data were read by cpeval.
FILE_COLUMNS = ("file", "file_row", "file_column")


def with_files(table: pd.DataFrame, origin: Origin) -> pd.DataFrame:
    """Add each cell's file, its row there (counted from 1 below the names) and its column there.

    ``file_column`` is missing where it is the table's own.
    """
    file = np.full(len(table), None, dtype=object)
    row = np.zeros(len(table), dtype=np.int64)
    column = np.full(len(table), None, dtype=object)
    known = table["row"].notna()
    for name, cells in table[known].groupby("column", sort=False):
        at = cells.index.to_numpy()
        file[at], row[at], column[at] = origin.cells(
            str(name), cells["row"].to_numpy(dtype=np.int64) - 1
        )
    return table.assign(
        file=pd.Series(file, index=table.index, dtype=object),
        file_row=pd.Series(row, index=table.index, dtype="Int64").where(row > 0),
        file_column=pd.Series(column, index=table.index, dtype=object),
    )


def said(cells: pd.DataFrame, first_rows: Mapping[str, int | None]) -> str:
    """Say where the cells of one problem are; empty when it is a whole column's.

    ``cells`` are of one file and one column of it; ``first_rows`` holds the row of a spreadsheet
    that each file's first row of data is in.
    """
    table_rows = cells["row"].dropna().astype(int)
    if table_rows.empty:
        return ""
    file = cells["file"].iloc[0] if "file" in cells else None
    if file is None or pd.isna(file):
        return _rows(table_rows) + (" of the table" if "file" in cells else "")
    rows = cells["file_row"].dropna().astype(int).drop_duplicates()
    there = f"{_rows(rows)} of {file}"
    first = first_rows.get(str(file))
    if first is not None:
        there += f" (Excel {_rows(rows + first - 1, count=False)})"
    column = cells["file_column"].iloc[0]
    return there if column is None or pd.isna(column) else f"{there}, column {column!r}"


def _rows(rows: pd.Series, *, count: bool = True) -> str:
    if len(rows) == 1:
        return f"row {rows.iloc[0]}"
    return (f"{len(rows)} cells, " if count else "") + f"rows {some(rows)}"


def some(values: object, most: int = 8) -> str:
    """Return the first values, with commas between."""
    every = list(values)  # type: ignore[call-overload]
    return ", ".join(str(v) for v in every[:most]) + (", …" if len(every) > most else "")
