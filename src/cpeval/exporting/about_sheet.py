"""What a file says of its questionnaires: whose they are, who may use them, how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cpeval.definitions.description import open_questions
from cpeval.definitions.model import Instrument
from cpeval.exporting.plain_text import for_sheet
from cpeval.exporting.sheet_writing import Cell, write_cell

#: What no file may leave out, since its labels look like a questionnaire.
NOTICE = (
    "Labels are neutral ones, not the questionnaire's wording: take the wording from the source, "
    "as its licence allows."
)
_WIDTHS = {
    "instrument": 16,
    "title": 34,
    "version": 10,
    "citation": 50,
    "licence": 50,
    "status": 12,
    "remark": 40,
    "notice": 40,
}


def about(one: Instrument) -> dict[str, str]:
    """Return an instrument's row: title, version, citation, licence, status, remark, notice."""
    said = {
        "instrument": one.name,
        "title": one.title,
        "version": one.version,
        "citation": one.citation,
        "licence": f"{one.licence.terms} {one.licence.address}",
        "status": one.status,
        "remark": " ".join(open_questions(one)),
        "notice": NOTICE,
    }
    return {name: for_sheet(text) for name, text in said.items()}


def add_about(book: Any, instruments: Sequence[Instrument]) -> None:  # noqa: ANN401
    """Add the sheet ``about``, a row an instrument."""
    sheet = book.add_worksheet("about")
    head = book.add_format({"bold": True})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for place, (name, width) in enumerate(_WIDTHS.items()):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, name, head)
    for number, one in enumerate(instruments, start=1):
        row: dict[str, Cell] = {**about(one)}
        for place, name in enumerate(_WIDTHS):
            write_cell(sheet, number, place, row[name], wrapped)
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
