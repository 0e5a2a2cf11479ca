"""The sheet of a consensus meeting: what to settle, and columns for the outcome."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from cpeval.definitions.model import Instrument
from cpeval.errors import OptionError
from cpeval.exporting.plain_text import for_sheet
from cpeval.exporting.sheet_writing import Cell, write_book, write_cell
from cpeval.fidelity.consensus_values import BY, ON, RATING
from cpeval.scoring.invalid_answers import codes_text
from cpeval.spreadsheet_safety import write_csv

#: The columns to fill in.
REMARK = "remark"
TO_FILL = (RATING, BY, ON, REMARK)
#: The columns that help a meeting, and say nothing to who reads the sheet back.
SHOWN = ("label", "gap", "low", "high", "n", "said", "takes")
#: What Excel takes of a list of values typed into a rule; rows of a sheet.
_LIST, _ROWS = 255, 1_048_575


def write_sheet(table: pd.DataFrame, instrument: Instrument, path: str | Path) -> Path:
    """Write the sheet, as its suffix says.

    Parameters
    ----------
    table : pandas.DataFrame
        From `disagreements`: the columns of unit and occasion, item, and those of ``SHOWN``.
    instrument : Instrument
    path : str or pathlib.Path
        Ends in .xlsx or .csv.

    Raises
    ------
    OptionError
        Another suffix; no rows; more than a sheet has; columns that the sheet needs.
    OutputError
        It can't be written.
    """
    path = Path(path)
    if path.suffix.lower() not in (".xlsx", ".csv"):
        raise OptionError(f"The file to write should end in .xlsx or .csv. Got {str(path)!r}.")
    if table.empty:
        raise OptionError("There is nothing to settle: no item is that far apart.")
    taken = [name for name in (*TO_FILL, "takes") if name in table.columns]
    if taken:
        raise OptionError(f"The sheet needs columns of its own: rename {taken} in the data.")
    codes = {item.code: sorted(instrument.answers(item).codes) for item in instrument.items}
    filled = table.assign(takes=table["item"].map({c: codes_text(x) for c, x in codes.items()}))
    for name in TO_FILL:
        filled[name] = None
    if path.suffix.lower() == ".csv":
        return write_csv(filled, path)
    if len(filled) > _ROWS:
        raise OptionError(f"Excel has {_ROWS:,} rows. Ask for larger gaps (least=), or write .csv.")

    def fill(book: Any) -> None:  # noqa: ANN401
        head = book.add_format({"bold": True, "text_wrap": True, "bg_color": "#E8EEF4"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet("consensus")
        sheet.freeze_panes(1, 0)
        for place, name in enumerate(filled.columns):
            sheet.write_string(0, place, for_sheet(str(name)), head)
            sheet.set_column(place, place, 34 if name in ("label", "said", REMARK) else 13)
            for row, value in enumerate(filled[name].tolist(), start=1):
                write_cell(sheet, row, place, _cell(value))
        at = {name: place for place, name in enumerate(filled.columns)}
        sheet.set_column(at[ON], at[ON], 13, day)
        for row, code in enumerate(filled["item"].tolist(), start=1):
            rule = _rule([f"{x:g}" for x in codes[code]])
            sheet.data_validation(row, at[RATING], row, at[RATING], rule)
        dates = {
            "validate": "date",
            "criteria": ">=",
            "value": date(1990, 1, 1),
            "error_message": "Enter a date, such as 2026-01-31.",
        }
        sheet.data_validation(1, at[ON], len(filled), at[ON], dates)

    return write_book(path, fill)


def _rule(codes: list[str]) -> dict[str, object]:
    message = {
        "error_title": "Not a code",
        "error_message": f"Enter one of {codes_text([float(x) for x in codes])}.",
    }
    if len(",".join(codes)) <= _LIST:
        return {"validate": "list", "source": codes, **message}
    low, high = float(codes[0]), float(codes[-1])
    between = {"criteria": "between", "minimum": low, "maximum": high}
    return {"validate": "decimal", **between, **message}


def _cell(value: object) -> Cell:
    """A value as a cell can hold it: dates as text, missing ones empty."""
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, bool | int | float):
        return value
    return for_sheet(str(value).removesuffix(" 00:00:00"))
