"""A table written as the kind of file that its name says: .csv or .xlsx."""

from __future__ import annotations

import secrets
from pathlib import Path

import pandas as pd

from cpeval.errors import OptionError, OutputError
from cpeval.spreadsheet_safety import defuse, write_csv

_SUFFIXES = (".csv", ".xlsx")


def require_writable(path: Path) -> None:
    """Raise before any work is done if ``path`` can't be written for what it is.

    Raises
    ------
    OptionError
        Its suffix is not .csv or .xlsx.
    OutputError
        Its folder doesn't exist, or it is a folder.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise OptionError(f"The file to write should end in .csv or .xlsx. Got {str(path)!r}.")
    if path.is_dir():
        raise OutputError(f"{str(path)!r} is a folder; name a file in it, such as scored.csv.")
    if not path.parent.is_dir():
        raise OutputError(f"There is no folder {str(path.parent)!r}. Make it, or name another.")


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
