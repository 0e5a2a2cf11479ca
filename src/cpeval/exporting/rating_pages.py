"""The sheets of a workbook for ratings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from cpeval.errors import is_number
from cpeval.exporting.asked import Question, code_text, notice
from cpeval.exporting.cell_rules import code_rule, list_rule, messages
from cpeval.exporting.plain_text import for_sheet, one_line
from cpeval.exporting.rating_layout import (
    ABOVE,
    DEFINITION,
    GUIDE,
    KEYS,
    LEVELS,
    REMARK,
    Layout,
    to_cell,
)
from cpeval.exporting.sheet_writing import print_above, write_cell

#: The longest text of a cell.
_CELL = 32_767
_NOTE = {"x_scale": 3.0, "y_scale": 2.5}
#: Widths in characters; the height of a line in points, and Excel's highest row.
_BEFORE, _ITEM, _REMARK, _LINE, _HIGHEST = 14, 30, 40, 12.5, 409
_LEVEL_COLUMNS = {"column": 24, "item": 34, "code": 8, "meaning": 20, "anchor": 70, "evidence": 50}
#: Where the codes stand among these, as rules for long lists of codes expect.
_CODE = 2


def informant_sheet(
    book: Any,  # noqa: ANN401
    sheet: Any,  # noqa: ANN401
    layout: Layout,
    mine: Sequence[tuple[Question, tuple[int, int]]],
    entries: Sequence[Sequence[object]],
    rows: int,
) -> None:
    """Write one informant's sheet: names, what is rated, and rows to fill in.

    Parameters
    ----------
    book, sheet : xlsxwriter.Workbook, xlsxwriter.worksheet.Worksheet
    layout : Layout
    mine : sequence of (Question, (int, int))
        The items that this informant can rate, with their rows in the sheet of levels.
    entries : sequence of sequence
        The rows that are filled in already: units, and the occasion where some are known.
    rows : int
        How many rows beyond these check what is entered.
    """
    head = book.add_format(
        {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E8EEF4"}
    )
    guide = book.add_format({"text_wrap": True, "valign": "top", "font_size": 9, "bottom": 2})
    date = book.add_format({"num_format": "yyyy-mm-dd"})
    before, last = layout.before, ABOVE + len(entries) + rows - 1
    sheet.freeze_panes(ABOVE, len(before))
    sheet.set_column(0, len(before) - 1, _BEFORE)
    sheet.set_column(len(before), len(before) + max(len(mine) - 1, 0), _ITEM)
    sheet.set_column(len(before) + len(mine), len(before) + len(mine), _REMARK)
    guides = [_guide(question) for question, _ in mine]
    lines = max([4, *(sum(ceil(len(part) / _ITEM) or 1 for part in g) for g in guides)])
    sheet.set_row(1, min(_LINE * lines, _HIGHEST))
    for place, name in enumerate(before):
        sheet.write_string(0, place, name, head)
        sheet.write_string(1, place, GUIDE if place == 0 else "", guide)
    for number, (question, where) in enumerate(mine):
        place = len(before) + number
        sheet.write_string(0, place, for_sheet(question.column), head)
        sheet.write_string(1, place, "\n".join(map(for_sheet, guides[number]))[:_CELL], guide)
        if number == 0:
            sheet.write_comment(0, place, one_line(notice(question.instrument))[:_CELL], _NOTE)
        rule = code_rule(question, place, where, first=ABOVE + 1, sheet=LEVELS)
        shown = messages(question, "\n".join(guides[number]))
        sheet.data_validation(ABOVE, place, last, place, rule | shown)
    sheet.write_string(0, len(before) + len(mine), REMARK, head)
    sheet.write_string(1, len(before) + len(mine), "What was seen, and where.", guide)
    if layout.occasions:
        place = before.index(str(layout.occasion))
        rule = list_rule([to_cell(value) for value in layout.occasions])
        sheet.data_validation(ABOVE, place, last, place, rule)
    for row, entry in enumerate(entries, start=ABOVE):
        for place, cell in enumerate(entry):
            _write(sheet, row, place, cell, date)
    named = 'Neutral labels. Sources and licences: sheet "about".'
    print_above(sheet, f"{named} {layout.instrument}, {sheet.get_name()}")
    sheet.repeat_rows(0, 1)
    sheet.set_landscape()


def _guide(question: Question) -> list[str]:
    """Return the lines that say what is rated: the label, what levels look like, the evidence."""
    item = question.item
    meaning = question.instrument.answers(item).meaning
    lines = [one_line(question.label)]
    for code, label in question.codes.items():
        anchor = item.anchors.get(meaning[code])
        if anchor is not None:
            lines.append(f"{code_text(code)}: {one_line(anchor)}")
        elif not item.anchors and not question.whole:
            lines.append(f"{code_text(code)}: {one_line(label)}")
    if item.evidence:
        lines.append(f"Evidence: {one_line('; '.join(item.evidence))}")
    return lines


def _write(sheet: Any, row: int, place: int, cell: object, date: Any) -> None:  # noqa: ANN401
    if isinstance(cell, dt.datetime | dt.date):
        sheet.write_datetime(row, place, cell, date)
    elif is_number(cell) and abs(float(cell)) < 2**53:  # type: ignore[arg-type]
        sheet.write_number(row, place, float(cell))  # type: ignore[arg-type]
    else:
        sheet.write_string(row, place, to_cell(str(cell)))


def levels_sheet(
    book: Any,  # noqa: ANN401
    questions: Sequence[Question],
) -> list[tuple[int, int]]:
    """Write every code with what it looks like; return the first and last row of each item."""
    sheet = book.add_worksheet(LEVELS)
    head = book.add_format({"bold": True})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for place, (title, width) in enumerate(_LEVEL_COLUMNS.items()):
        sheet.write_string(0, place, title, head)
        sheet.set_column(place, place, width)
    sheet.freeze_panes(1, 0)
    row, places = 1, []
    for question in questions:
        item = question.item
        meaning = question.instrument.answers(item).meaning
        shown = question.choices
        if question.whole:
            ends = (question.low, question.high, *question.missing, *item.anchors)
            shown = {c: text for c, text in shown.items() if c in ends or text != code_text(c)}
        first = row
        for code, label in shown.items():
            anchor = item.anchors.get(meaning[code], "") if code in meaning else ""
            evidence = "; ".join(item.evidence)
            write_cell(sheet, row, _CODE, code, wrapped)
            texts = {0: question.column, 1: question.label, 3: label, 4: anchor, 5: evidence}
            for place, cell in texts.items():
                write_cell(sheet, row, place, for_sheet(cell), wrapped)
            row += 1
        places.append((first, row - 1))
    return places


def definition_sheet(book: Any, layout: Layout) -> None:  # noqa: ANN401
    """Write of which definition the workbook is, for the reader."""
    sheet = book.add_worksheet(DEFINITION)
    rows: list[Mapping[str, str]] = [
        dict(zip(KEYS, map(to_cell, row), strict=True)) for row in layout.rows()
    ]
    for place, name in enumerate(KEYS):
        sheet.write_string(0, place, name)
        for number, row in enumerate(rows, start=1):
            write_cell(sheet, number, place, row[name])
    sheet.set_column(0, 2, 24)
