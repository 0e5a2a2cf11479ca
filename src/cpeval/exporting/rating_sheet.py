"""An Excel workbook for ratings: a sheet an informant, what each level looks like in view."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.definitions.model import Instrument
from cpeval.errors import OptionError, listed
from cpeval.exporting.about_sheet import add_about
from cpeval.exporting.asked import Question, Which, code_text, instruments_of, questions_of
from cpeval.exporting.column_names import unchanged
from cpeval.exporting.exported import Exported, exported
from cpeval.exporting.plain_text import for_sheet
from cpeval.exporting.rating_layout import (
    INFORMANT,
    REMARK,
    Layout,
    fits_cell,
    mark_of_anchors,
    mark_of_codes,
    titles,
)
from cpeval.exporting.rating_pages import definition_sheet, informant_sheet, levels_sheet
from cpeval.exporting.sheet_writing import write_book

#: The columns that say who or what is rated, where ``units`` doesn't.
UNITS = ("site", "team", "person")
_ROWS, _COLUMNS = 100_000, 16_384


def to_rating_sheet(
    which: Which,
    path: str | Path,
    *,
    informants: Sequence[str] | None = None,
    units: IntoDataFrame | Sequence[str] = UNITS,
    occasion: str | None = "wave",
    occasions: Sequence[str | int | dt.date] | None = None,
    assessor: str | None = "assessor",
    rows: int = 500,
) -> Exported:
    """Write a workbook to enter ratings into (.xlsx), which `read_rating_sheet` reads.

    Parameters
    ----------
    which : str, pathlib.Path or Instrument
        The fidelity scale.
    path : str or pathlib.Path
        Ends in .xlsx. A file there is replaced.
    informants : sequence of str, optional
        Who rates: a sheet each. Without it, the definition's informants.
    units : eager dataframe, or sequence of str, default ("site", "team", "person")
        What is rated. A table: a row is written for each of its rows (and each of ``occasions``),
        all its columns say which unit. Names: columns to fill in by hand.
    occasion : str or None, default "wave"
        The column of the occasion; None for none.
    occasions : sequence of str, int or date, optional
        The occasions that the column takes; without it, any.
    assessor : str or None, default "assessor"
        The column of who did the rating; None for none.
    rows : int, default 500
        How many rows check what is entered, beyond those that ``units`` fills.

    Returns
    -------
    Exported
        ``table``: each item's column, and what it takes. ``warnings``: items that no informant
        here can rate.

    Raises
    ------
    OptionError
        No informant is named; one twice, or unknown to the definition; columns that would be one;
        units without rows, with missing cells or the same twice; text that no cell can hold;
        ``rows`` is not a whole number from 1; too many rows or columns; the instrument needs
        something said first; a suffix other than .xlsx.
    OutputError
        The file can't be written.
    DefinitionError
        No such instrument.

    Notes
    -----
    A sheet has the items that its informant can rate. Below the names, the second row shows each
    item with its anchors and evidence; the same appears beside a cell that is chosen, and stands
    in the sheet ``levels``. Excel checks what is typed, not what is pasted:
    `cpeval.fidelity.read_rating_sheet` finds that. Text that a spreadsheet would run begins
    with an apostrophe, which the reader takes off.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> done = to_rating_sheet("connecting_people", f"{folder.name}/ratings.xlsx", units=["team"])
    >>> len(done.table)
    18
    >>> folder.cleanup()
    """
    (one,) = instruments_of(which)
    if not isinstance(rows, int) or isinstance(rows, bool) or not 1 <= rows <= _ROWS:
        raise OptionError(f"'rows' should be a whole number from 1 to {_ROWS:,}. Got {rows!r}.")
    asked = _informants(one, informants)
    columns, filled = _units(units)
    if not columns:
        raise OptionError("'units' names no column: say what is rated, such as units=['team'].")
    times = _occasions(occasion, occasions)
    layout = Layout(
        instrument=one.name,
        version=one.version,
        codes=mark_of_codes(one),
        anchors=mark_of_anchors(one),
        sheets=titles(asked),
        units=columns,
        texts=_text_columns(columns, filled),
        occasion=occasion,
        occasions=[_shown(value) for value in times],
        assessor=assessor,
    )
    _require_names(layout.before)
    questions = questions_of(
        [one],
        prefix="",
        rule=unchanged,
        program="Excel",
        reserved=[*layout.before, REMARK, INFORMANT],
    )
    if len(layout.before) + len(questions) + 1 > _COLUMNS:
        raise OptionError(f"Excel has {_COLUMNS:,} columns; these would be more. Make two sheets.")
    entries = [[*unit, *when] for unit, when in product(filled, [[t] for t in times] or [[]])]
    if len(entries) > _ROWS:
        raise OptionError(f"There would be {len(entries):,} rows to a sheet; at most {_ROWS:,}.")

    def fill(book: Any) -> None:  # noqa: ANN401
        sheets = {name: book.add_worksheet(title) for name, title in layout.sheets.items()}
        where = levels_sheet(book, questions)
        for name, sheet in sheets.items():
            able = {item.code for item in one.items_for(name)} if one.all_informants else None
            mine = [
                (question, span)
                for question, span in zip(questions, where, strict=True)
                if able is None or question.item.code in able
            ]
            informant_sheet(book, sheet, layout, mine, entries, rows)
        add_about(book, [one])
        definition_sheet(book, layout)

    done = write_book(path, fill)
    kinds = ["whole number" if question.whole else "list" for question in questions]
    return exported(
        done, "Excel", questions, kinds, prefix="", warnings=_unrated(one, asked, questions)
    )


# ---- what is asked for


def _informants(one: Instrument, given: Sequence[str] | None) -> list[str]:
    known = one.all_informants
    if isinstance(given, str):
        raise OptionError(f"'informants' should be a list of names. Got {given!r}.")
    asked = known if given is None else list(given)
    if not asked:
        raise OptionError(
            f"{one.name} doesn't say who rates it. Name the informants: "
            'informants=["worker", "observer"].'
        )
    odd = [name for name in asked if not isinstance(name, str) or not name.strip()]
    if odd:
        raise OptionError(f"'informants' should be names, as text. Got {listed(odd)}.")
    unfit = [name for name in asked if not fits_cell(name)]
    if unfit:
        raise OptionError(f"No cell can hold the informants' names {listed(unfit)}.")
    strange = [name for name in asked if known and name not in known]
    if strange:
        raise OptionError(
            f"{one.name} has no informants {listed(strange)}. It has {listed(known)}."
        )
    folded = [" ".join(name.split()).casefold() for name in asked]
    twice = [name for name, key in zip(asked, folded, strict=True) if folded.count(key) > 1]
    if twice:
        raise OptionError(f"'informants' names one twice: {listed(twice)}.")
    return asked


def _units(given: object) -> tuple[list[str], list[list[object]]]:
    """Return the unit columns, and the rows to fill in."""
    if isinstance(given, str):
        raise OptionError(f"'units' should be a table, or a list of columns. Got {given!r}.")
    if isinstance(given, Sequence):
        return list(given), []
    try:
        table = nw.from_native(given, eager_only=True).to_pandas()  # type: ignore[call-overload]
    except nw.exceptions.DuplicateError:
        raise OptionError("'units' has two columns of one name. Rename or delete one.") from None
    except TypeError:
        raise OptionError(
            "'units' should be a table in memory (pandas, Polars, PyArrow), or a list of columns. "
            f"Got {type(given).__name__}."
        ) from None
    table = table.reset_index(drop=True)
    if not len(table) or not table.shape[1]:
        raise OptionError("'units' has no rows. Give names of columns to fill them in by hand.")
    empty = table.isna() | table.map(lambda cell: isinstance(cell, str) and not cell.strip())
    if empty.to_numpy().any():
        raise OptionError(f"'units' has empty cells: {_cells(table, empty)}. Fill them in.")
    unfit = table.map(lambda cell: isinstance(cell, str) and not fits_cell(cell))
    if unfit.to_numpy().any():
        raise OptionError(
            f"'units' has text that no cell can hold as it is: {_cells(table, unfit)}. Put it on "
            "one line, without control characters."
        )
    twice = table.duplicated(keep=False)
    if twice.any():
        rows = [place + 1 for place in twice.to_numpy().nonzero()[0]]
        raise OptionError(f"'units' has the same unit twice, in rows {listed(rows)}.")
    return [str(name) for name in table.columns], table.astype(object).to_numpy().tolist()


def _cells(table: pd.DataFrame, found: pd.DataFrame) -> str:
    """Name columns and rows, counted from 1."""
    rows = {str(name): found.iloc[:, k].to_numpy().nonzero()[0] for k, name in enumerate(table)}
    return "; ".join(f"{k!r} in rows {listed(at + 1)}" for k, at in rows.items() if at.size)


def _text_columns(columns: Sequence[str], filled: Sequence[Sequence[object]]) -> list[str]:
    return [
        name
        for name, cells in zip(columns, zip(*filled, strict=True), strict=False)
        if any(isinstance(cell, str) for cell in cells)
    ]


def _occasions(column: str | None, given: Sequence[Any] | None) -> list[Any]:
    if given is None:
        return []
    if isinstance(given, str) or not given:
        raise OptionError(f"'occasions' should be a list, such as ['t0', 't1']. Got {given!r}.")
    if column is None:
        raise OptionError("'occasions' needs a column: give 'occasion' a name.")
    shown = [_shown(value) for value in given]
    odd = [value for value in shown if not value.strip() or not fits_cell(value)]
    twice = [value for value in dict.fromkeys(shown) if shown.count(value) > 1]
    if odd or twice:
        raise OptionError(
            f"'occasions' should be different values, none empty. Got {listed(odd + twice)}."
        )
    return list(given)


def _shown(value: object) -> str:
    """Return a value as text, as the reader shows what it finds in a cell."""
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ") if value.time() != dt.time() else value.date().isoformat()
    if isinstance(value, float):
        return code_text(value)
    return str(value)


def _require_names(names: Sequence[object]) -> None:
    odd = [n for n in names if not isinstance(n, str) or not n.strip() or for_sheet(n) != n]
    if odd:
        raise OptionError(
            "Names of columns should be text on one line, without blanks around it, that doesn't "
            f"begin with =, +, - or @. Got {listed(odd)}."
        )


def _unrated(one: Instrument, asked: Sequence[str], questions: Sequence[Question]) -> list[str]:
    if not one.all_informants:
        return []
    able = {item.code for name in asked for item in one.items_for(name)}
    left = [q.item.code for q in questions if q.item.code not in able]
    return [f"No informant here can rate items {listed(left)}."] if left else []
