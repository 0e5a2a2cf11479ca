"""One sheet of an Excel workbook, as the values that Excel last worked out."""

from __future__ import annotations

import datetime as dt
import re
import warnings
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from cpeval.errors import ReadError, did_you_mean, listed
from cpeval.reading.cell_values import Column, Values, convert

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The cells of a sheet by column, below the row of names."""

    name: str
    names: list[str]
    columns: list[tuple[Any, ...]]
    n_rows: int
    first_row: int | None
    """The row of the sheet below the names, when these are in the first."""


def read_sheet(path: Path, sheet: str | None) -> Sheet:
    """Read one sheet's cells; formulas count as the values that were saved with them.

    Parameters
    ----------
    path : pathlib.Path
        A workbook (.xlsx).
    sheet : str or None
        Its name. None: the one sheet that holds anything.

    Raises
    ------
    ReadError
        A damaged workbook, an unknown sheet, several sheets that hold something when none is
        named, formulas that were saved without their values or whose value is an error.
    """
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    damaged = (
        zipfile.BadZipFile, InvalidFileException, ET.ParseError, KeyError, ValueError, OSError,
        TypeError, AttributeError, EOFError,
    )  # fmt: skip
    with warnings.catch_warnings():
        # openpyxl warns of drop-down lists and styles that it doesn't keep: we keep none.
        warnings.simplefilter("ignore", UserWarning)
        try:
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        except damaged as problem:
            raise ReadError(_damaged(path, problem)) from None
        try:
            name = _choose(book, sheet, path.name)
            rows = _rows(book, name)
            uncached = _uncached(path, book, name) if _has_formulas(path) else []
        except ReadError:
            raise
        except damaged as problem:
            raise ReadError(_damaged(path, problem)) from None
        finally:
            book.close()
    if uncached:
        raise ReadError(
            f"{path.name}, sheet {name!r}: formulas were saved without their values in "
            f"{_cells(uncached)}. Open the workbook in Excel or LibreOffice, save it, and read it "
            "again; or replace the formulas by values."
        )
    return _table(rows, name, path.name)


def _damaged(path: Path, problem: Exception) -> str:
    return (
        f"{path.name}: the workbook is damaged or incomplete ({type(problem).__name__}: {problem})."
        " Copy it again, or open it in Excel and save it anew."
    )


def _choose(book: Workbook, sheet: str | None, name: str) -> str:
    sheets: list[str] = [tab.title for tab in book.worksheets]
    if sheet is not None:
        if sheet not in sheets:
            raise ReadError(
                f"{name}: there is no sheet {sheet!r}{did_you_mean(sheet, sheets)}. "
                f"Sheets: {listed(sheets)}."
            )
        return sheet
    filled = [tab for tab in sheets if _holds_anything(book, tab)]
    if len(filled) > 1:
        raise ReadError(
            f"{name}: several sheets hold data: {listed(filled)}. Say which one to read, such as "
            f"sheet={filled[0]!r}."
        )
    if not filled:
        raise ReadError(f"{name}: no sheet of the workbook holds anything.")
    return filled[0]


def _holds_anything(book: Workbook, sheet: str) -> bool:
    return any(cell is not None for row in _values(book, sheet) for cell in row)


def _values(book: Workbook, sheet: str) -> Iterable[tuple[Any, ...]]:
    tab = book[sheet]
    # Some programs write a wrong extent of the sheet, and openpyxl would stop there.
    tab.reset_dimensions()
    return tab.iter_rows(values_only=True)  # type: ignore[no-any-return]


def _rows(book: Workbook, sheet: str) -> list[tuple[Any, ...]]:
    # openpyxl gives blank rows above the first that holds anything as lists.
    return [tuple(row) for row in _values(book, sheet)]


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        sheets = (n for n in archive.namelist() if n.startswith("xl/worksheets/"))
        return any(re.search(rb"<(\w+:)?f[ >/]", archive.read(name)) for name in sheets)


def _uncached(path: Path, book: Workbook, sheet: str) -> list[str]:
    """Name the cells that hold a formula and no value."""
    import openpyxl

    formulas = openpyxl.load_workbook(path, read_only=True, data_only=False)
    try:
        pairs = zip(_values(formulas, sheet), book[sheet].iter_rows(), strict=True)
        return [
            _address(r, c)
            for r, (texts, cells) in enumerate(pairs)
            for c, (text, cell) in enumerate(zip(texts, cells, strict=True))
            # A formula may also say "": its cell is then text without a value.
            if text is not None and cell.value is None and cell.data_type != "str"
        ]
    finally:
        formulas.close()


def _address(row: int, column: int) -> str:
    from openpyxl.utils import get_column_letter

    return f"{get_column_letter(column + 1)}{row + 1}"


def _cells(addresses: Sequence[str], most: int = 20) -> str:
    rest = len(addresses) - most
    return ", ".join(addresses[:most]) + (f" and {rest} more cells" if rest > 0 else "")


def _table(rows: list[tuple[Any, ...]], sheet: str, name: str) -> Sheet:
    """Part the names from the rows below, and make all rows as long as the longest."""
    filled = [i for i, row in enumerate(rows) if any(not empty(cell) for cell in row)]
    if not filled:
        raise ReadError(f"{name}: the sheet {sheet!r} is empty.")
    first = filled[0]
    broken = [
        f"{_address(r, c)} ({cell})"
        for r, row in enumerate(rows)
        for c, cell in enumerate(row)
        if isinstance(cell, str) and cell in _ERRORS
    ]
    if broken:
        raise ReadError(
            f"{name}, sheet {sheet!r}: formulas gave errors in {_cells(broken)}. "
            "Correct them, or clear the cells if there is no value."
        )
    width = max(len(row) for row in rows[first:])
    whole = [row + (None,) * (width - len(row)) for row in rows[first:]]
    names = ["" if cell is None else _text(cell) for cell in whole[0]]
    body = whole[1:]
    return Sheet(
        name=sheet,
        names=names,
        columns=list(zip(*body, strict=True)) if body else [()] * width,
        n_rows=len(body),
        first_row=2 if first == 0 else None,
    )


#: ``#N/A`` isn't among them: it is how people write "missing" on purpose.
_ERRORS = {"#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!"}


def empty(cell: object) -> bool:
    """Say whether a cell holds nothing or only blanks."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _text(cell: object) -> str:
    """Return a cell as it would stand in a CSV file."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ") if cell.time() != dt.time() else cell.date().isoformat()
    return str(cell)


def values(columns: dict[str, tuple[Any, ...]], *, decimal: str | None, name: str) -> Values:
    """Make columns of values from columns of cells.

    A column of numbers, of truth values or of dates is taken as it is. Where a column mixes
    these, or holds text, its cells are read as if they stood in a CSV file: numbers that were
    typed as text are numbers, and ``007`` is text.
    """
    made: dict[str, pd.Series] = {}
    texts: list[Column] = []
    for title, cells in columns.items():
        taken = _typed(cells)
        if taken is None:
            read_as = pa.array([None if empty(c) else _text(c) for c in cells], pa.string())
            texts.append(Column.of(title, read_as))
        else:
            made[title] = taken
    converted = convert(texts, decimal=decimal, separator=None, name=name)
    together = {**made, **converted.columns}
    return Values(
        columns={title: together[title] for title in columns},
        decimal=converted.decimal,
        decimal_comma=converted.decimal_comma,
        words=converted.words,
    )


def _typed(cells: tuple[Any, ...]) -> pd.Series | None:
    """Return the column when its cells are of one kind that isn't text."""
    kinds = {type(cell) for cell in cells if not empty(cell)}
    if not kinds:
        return pd.Series(np.full(len(cells), np.nan))
    if kinds <= {int, float}:
        numbers = pd.Series([np.nan if empty(c) else c for c in cells], dtype="float64")
        whole = int in kinds and kinds == {int} and numbers.notna().all()
        return numbers.astype("int64") if whole else numbers
    if kinds <= {dt.datetime, dt.date}:
        return pd.Series(
            pd.to_datetime(pd.Series([None if empty(c) else c for c in cells], dtype=object))
        )
    return None
