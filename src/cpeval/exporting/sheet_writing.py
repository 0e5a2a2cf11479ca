"""Excel files whose text is never a formula or a link."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cpeval.exporting.file_writing import write_whole

#: A cell: text (made safe already), a number, true or false, or nothing.
Cell = str | float | bool | None
#: How much text Excel prints above a page.
_PRINTED = 255


def write_book(path: str | Path, fill: Callable[[Any], None]) -> Path:
    """Write a workbook whole or not at all; ``fill`` takes the xlsxwriter workbook.

    Raises
    ------
    OptionError, OutputError
        As `write_whole`.
    """

    def write(place: Path) -> None:
        import xlsxwriter
        from xlsxwriter.exceptions import FileCreateError

        book = xlsxwriter.Workbook(place, {"strings_to_formulas": False, "strings_to_urls": False})
        fill(book)
        try:
            book.close()
        except FileCreateError as problem:
            raise OSError(str(problem)) from None

    return write_whole(path, ".xlsx", write)


def write_cell(sheet: Any, row: int, column: int, cell: Cell, look: Any = None) -> None:  # noqa: ANN401
    """Write a cell as what it is."""
    if cell is None or cell == "":
        return
    if isinstance(cell, str):
        sheet.write_string(row, column, cell, look)
    elif isinstance(cell, bool):
        sheet.write_boolean(row, column, cell, look)
    else:
        sheet.write_number(row, column, cell, look)


def print_above(sheet: Any, text: str) -> None:  # noqa: ANN401
    """Print a text above each page, cut to what Excel takes, and the first row below it."""
    # An ampersand begins a code of Excel's; a plus sign reads the same.
    said = text.replace("&", "+")
    most = _PRINTED - len("&L&8")
    sheet.set_header("&L&8" + (said if len(said) <= most else said[: most - 1] + "\u2026"))
    sheet.repeat_rows(0)


def write_rows(sheet: Any, head: Sequence[str], rows: Sequence[dict[str, Cell]]) -> None:  # noqa: ANN401
    """Write a table by the names of its columns."""
    for place, name in enumerate(head):
        sheet.write_string(0, place, name)
    for number, row in enumerate(rows, start=1):
        for place, name in enumerate(head):
            write_cell(sheet, number, place, row.get(name))
