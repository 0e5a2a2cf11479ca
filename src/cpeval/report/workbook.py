"""``tables.xlsx``: one sheet a result, behind a page of contents."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pandas as pd

from cpeval.report.disclosure import PEOPLE, Withheld
from cpeval.report.naming import COLUMNS, Names, printable
from cpeval.report.numbers import is_number
from cpeval.report.page import title

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from cpeval.evaluated import Evaluation
    from cpeval.report.release import Release, Released

CONTENTS = "Contents"
#: Excel's own limits.
LONGEST_NAME, LONGEST_TEXT = 31, 32_767
WIDEST = 60
#: A workbook that says when it was made is never the same twice.
MADE = datetime(2000, 1, 1)
#: Columns whose values are codes of the data, by the role whose labels they have.
ARMS = ("group", "reference")
_COUNTS = frozenset((*PEOPLE, "n_items", "cells"))


def workbook(evaluation: Evaluation, release: Release) -> bytes:
    """Return the workbook as bytes.

    Parameters
    ----------
    evaluation : Evaluation
        For its names; its results are not looked at.
    release : Release
        The results as they may be shown.

    Notes
    -----
    Text is written as strings only, never as formulas, links or numbers, and marked so that
    Excel keeps it text when someone edits the cell or pastes it: "=1+1" stays what it says.
    """
    from xlsxwriter import Workbook

    names = Names(evaluation)
    out = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
        "nan_inf_to_errors": False,
    }
    with Workbook(out, options) as book:
        book.set_properties(
            {"title": _text(title(evaluation)), "author": "cpeval", "created": MADE}
        )
        formats = _formats(book)
        sheets = sheet_names(_short(name, names) for name in release.results)
        front = book.add_worksheet(CONTENTS)
        _contents(front, evaluation, release, sheets, formats)
        for sheet, (name, released) in zip(sheets, release.results.items(), strict=True):
            page = book.add_worksheet(sheet)
            _sheet(page, name, released, names, formats)
    return out.getvalue()


def sheet_names(titles: Iterable[str]) -> list[str]:
    r"""Make names that Excel takes: at most 31 characters, none of ``[]:*?/\``, each once.

    Examples
    --------
    >>> sheet_names(["Mood: means", "mood/means", "", "History"])
    ['Mood means', 'mood means (2)', 'Table', 'History (2)']
    """
    used = {CONTENTS.casefold(), "history"}  # Excel keeps "History" for itself
    made = []
    for text in titles:
        plain = " ".join(re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", printable(text)).split())
        plain = _cut(plain, LONGEST_NAME).strip("' ") or "Table"
        name, number = plain, 1
        while name.casefold() in used:
            number += 1
            tail = f" ({number})"
            name = _cut(plain, LONGEST_NAME - len(tail)).rstrip("' ") + tail
        used.add(name.casefold())
        made.append(name)
    return made


def _cut(text: str, most: int) -> str:
    """Cut to what Excel counts: units of UTF-16, never half a character."""
    return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", "ignore")


def _short(name: str, names: Names) -> str:
    """Put what tells sheets apart first: Excel shows the beginning of a tab."""
    outcome, parts = names.outcome_of(name)
    if outcome is None:
        return names.result(name)
    what = " ".join(parts)
    label = _cut(outcome.label, max(LONGEST_NAME - len(what) - 1, 8))
    if label != outcome.label and " " in label:  # no half words
        label = label.rsplit(" ", 1)[0]
    return f"{label.strip()} {what}"


def _formats(book: Workbook) -> dict[str, Format]:
    base = {"font_name": "Calibri", "font_size": 11, "valign": "top"}
    text = {**base, "quote_prefix": True}
    wide = {**text, "text_wrap": True}
    head = {**wide, "bold": True, "bottom": 1, "top": 1, "valign": "bottom"}
    specs: dict[str, dict[str, Any]] = {
        "title": {**text, "bold": True, "font_size": 14},
        "text": text,
        "wrapped": wide,
        "warning": {**wide, "font_color": "#8A4B08"},
        "banner": {**wide, "bold": True, "font_color": "#5C3100", "bg_color": "#FDF3E3"},
        "head": head,
        "head_number": {**head, "align": "right"},
        "withheld": {**text, "align": "right", "font_color": "#4D5761"},
        "link": {**base, "font_color": "#1F4E6B", "underline": 1, "quote_prefix": True},
        "count": {**base, "num_format": "#,##0"},
        "percent": {**base, "num_format": "0.0"},
        "p": {**base, "num_format": "0.000"},
        "number": {**base, "num_format": "#,##0.00"},
        "fine": {**base, "num_format": "#,##0.000"},
    }  # fmt: skip
    return {name: book.add_format(spec) for name, spec in specs.items()}


def _contents(
    sheet: Worksheet,
    evaluation: Evaluation,
    release: Release,
    sheets: list[str],
    formats: dict[str, Format],
) -> None:
    """The first sheet: what the workbook holds, with links."""
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 72)
    sheet.hide_gridlines(2)
    _write(sheet, 0, 0, title(evaluation), formats["title"])
    row = 1
    if evaluation.simulated:
        said = "Simulated data. No person stands behind any number in this workbook."
        sheet.merge_range(row, 0, row, 1, "", formats["banner"])
        _write(sheet, row, 0, said, formats["banner"])
        row += 1
    row += 1
    for column, text in enumerate(("Sheet", "What it holds")):
        _write(sheet, row, column, text, formats["head"])
    for name, released in zip(sheets, release.results.values(), strict=True):
        row += 1
        target = "internal:'{}'!A1".format(name.replace("'", "''"))
        sheet.write_url(row, 0, target, formats["link"], string=_text(name))
        _write(sheet, row, 1, released.title, formats["wrapped"])
    row += 2
    for text in release.not_computed:
        _write(sheet, row, 1, f"Warning: {text}", formats["warning"])
        row += 1
    limit = evaluation.small_count
    if limit > 1:
        said = (
            f"Counts of 1 to {limit - 1} people are withheld and shown as <{limit}, and with them "
            "what would give them away. report.html says more."
        )
        _write(sheet, row, 1, said, formats["wrapped"])


def _sheet(
    sheet: Worksheet, name: str, released: Released, names: Names, formats: dict[str, Format]
) -> None:
    """One result: title, header, rows, and below them the note and the warnings."""
    table = released.table
    simulated = " (simulated data)" if names.evaluation.simulated else ""
    _write(sheet, 0, 0, released.title + simulated, formats["title"])
    top = 2
    roles = _roles(name, table, names)
    for column, label in enumerate(table.columns):
        numeric = label not in roles and table[label].map(_is_cell_number).any()
        style = formats["head_number" if numeric else "head"]
        _write(sheet, top, column, COLUMNS.get(str(label), printable(label)), style)
        of = table["term"] if label == "level" and "term" in table else table[label]
        shown = [
            _shown(label, t, cell, roles, names) for t, cell in zip(of, table[label], strict=True)
        ]
        style = formats[_number_format(str(label))]
        for row, cell in enumerate(shown, start=top + 1):
            if isinstance(cell, Withheld):
                _write(sheet, row, column, str(cell), formats["withheld"])
            elif _is_cell_number(cell):
                sheet.write_number(row, column, float(cell), style)  # type: ignore[arg-type]
            elif cell not in (None, ""):
                _write(sheet, row, column, str(cell), formats["text"])
        sheet.set_column(column, column, _width(str(label), shown))
    sheet.freeze_panes(top + 1, 0)
    row = top + len(table) + 2
    last = max(len(table.columns) - 1, 5)
    for text, style in (
        (released.note, "wrapped"),
        *((f"Warning: {text}", "warning") for text in released.warnings),
    ):
        sheet.merge_range(row, 0, row, last, "", formats[style])
        _write(sheet, row, 0, text, formats[style])
        sheet.set_row(row, 15 * (1 + len(text) // 95))
        row += 1
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(top)


def _roles(name: str, table: pd.DataFrame, names: Names) -> dict[str, str | None]:
    """Which columns hold words or codes rather than numbers, and whose labels they take."""
    study = names.evaluation.study
    roles: dict[str, str | None] = dict.fromkeys(ARMS, study.arm)
    roles["wave"] = study.wave
    for column in ("term", "level", "scale", "column"):
        roles[column] = None
    return {column: role for column, role in roles.items() if column in table}


def _shown(
    label: object, term: object, cell: object, roles: dict[str, str | None], names: Names
) -> object:
    """Return what a cell shows: labels in the place of codes."""
    if isinstance(cell, Withheld) or cell is None:
        return cell
    if not isinstance(cell, str) and pd.isna(cell):  # type: ignore[call-overload]
        return None
    if label in ARMS:
        return "all" if cell == "all" else names.arm(cell)
    if label == "wave":
        return names.head_of_wave(cell)
    if label == "level":
        return names.value(str(term), cell)
    if label in roles:
        return names.column(cell)
    return cell


def _is_cell_number(cell: object) -> bool:
    return not isinstance(cell, bool) and is_number(cell)


def _number_format(column: str) -> str:
    if column in _COUNTS or column.startswith("n_"):
        return "count"
    if column == "percent":
        return "percent"
    if column == "p":
        return "p"
    fine = column.startswith(("hedges_g", "d_", "se", "smd", "statistic"))
    return "fine" if fine else "number"


def _width(label: str, cells: list[object]) -> float:
    lengths = [len(f"{c:,.2f}") if isinstance(c, float) else len(str(c or "")) for c in cells]
    head = max(len(word) for word in COLUMNS.get(label, label).split() or [""])
    return min(WIDEST, max(9, head + 2, max(lengths, default=0) + 2))


def _write(sheet: Worksheet, row: int, column: int, text: str, style: Format) -> None:
    sheet.write_string(row, column, _text(text), style)


def _text(text: str) -> str:
    return _cut(printable(text), LONGEST_TEXT)
