"""A table written as the kind of file that its name says: .csv or .xlsx."""

from __future__ import annotations

import secrets
from pathlib import Path

import pandas as pd

from cpeval.errors import OptionError, OutputError
from cpeval.spreadsheet_safety import defuse, require_place, write_csv

_SUFFIXES = (".csv", ".xlsx")


def require_writable(path: Path) -> None:
    """Raise before any work is done if ``path`` can't be written for what it is.

    Raises
    ------
    OptionError
        Its suffix is not .csv or .xlsx.
    OutputError
        Its folder doesn't exist, it is a folder, or its name is too long.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise OptionError(f"The file to write should end in .csv or .xlsx. Got {str(path)!r}.")
    require_place(path, "scored.csv")


def write_table(table: pd.DataFrame, path: str | Path, *, sheet: str = "scores") -> Path:
    """Write a table without its index; text that a spreadsheet would run is made harmless.

    A file that is there is replaced once the new one is whole. ``sheet`` names an Excel sheet.

    Raises
    ------
    OptionError, OutputError
        As `require_writable`; or the file can't be written.
    """
    path = Path(path)
    require_writable(path)
    if path.suffix.lower() == ".csv":
        return write_csv(table, path)
    temporary = path.with_name(f".{secrets.token_hex(4)}.part.xlsx")
    options = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": False}
    try:
        with pd.ExcelWriter(
            temporary, engine="xlsxwriter", engine_kwargs={"options": options}
        ) as book:
            defuse(table).to_excel(book, sheet_name=sheet, index=False)
        temporary.replace(path)
    except (OSError, ValueError) as problem:
        temporary.unlink(missing_ok=True)
        raise OutputError(f"{str(path)!r} can't be written: {problem}.") from None
    return path
