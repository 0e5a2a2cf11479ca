"""An Excel sheet to type answers into: it takes codes alone, and says what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cpeval.definitions.model import Instrument
from cpeval.errors import OptionError, listed
from cpeval.exporting.about_sheet import add_about
from cpeval.exporting.asked import (
    Question,
    Which,
    code_text,
    instruments_of,
    notice,
    questions_of,
)
from cpeval.exporting.cell_rules import code_rule, list_rule, messages
from cpeval.exporting.column_names import unchanged
from cpeval.exporting.exported import Exported, exported
from cpeval.exporting.plain_text import for_sheet, one_line
from cpeval.exporting.sheet_writing import Cell, print_above, write_book, write_cell

#: The columns before the items, and the values that a cell may take (None: any).
ROLES: dict[str, Sequence[str] | None] = {
    "person": None,
    "site": None,
    "team": None,
    "arm": ["programme", "comparison"],
    "wave": ["t0", "t1"],
}
#: Excel's limits: columns and rows of a sheet.
_COLUMNS, _ROWS = 16_384, 1_048_575
#: And the text of a cell or a note.
_CELL = 32_767
_CODES = (("column", 22), ("item", 34), ("code", 8), ("meaning", 28))
#: Size of a note in pixels, which holds the longest notice of a shipped instrument.
_NOTE = {"x_scale": 3.0, "y_scale": 2.5}


def to_excel(
    which: Which | Sequence[Which],
    path: str | Path,
    *,
    prefix: str = "",
    rows: int = 2000,
    roles: Mapping[str, Sequence[str] | None] | None = None,
) -> Exported:
    """Write a sheet to enter answers into (.xlsx): only codes are taken.

    Parameters
    ----------
    which : str, pathlib.Path, Instrument, or sequence of them
    path : str or pathlib.Path
        Ends in .xlsx. A file there is replaced.
    prefix : str, optional
        Put before the items' columns.
    rows : int, default 2000
        How many rows check what is entered.
    roles : mapping, optional
        Columns before the items, and the values that each takes (None: any text). Without it,
        person, site, team, arm (programme, comparison) and wave (t0, t1).

    Returns
    -------
    Exported
        ``table``: each item's column, and what it takes.

    Raises
    ------
    OptionError
        An instrument needs something said first; columns that would be one; ``rows`` is not a
        positive whole number; too many columns for Excel; a suffix other than .xlsx.
    OutputError
        The file can't be written.
    DefinitionError
        No such instrument.

    Notes
    -----
    The sheet ``entry`` is empty but for its header, and is read by `cpeval.read` as it is; the
    sheet ``codes`` explains the codes, and ``about`` says where the questionnaires are to be had
    and who may use them. The same stands in a note on each questionnaire's first column, and is
    printed in short above each page. Excel checks what is typed, not what is pasted:
    `cpeval.check` finds that.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> done = to_excel("swemwbs", f"{folder.name}/entry.xlsx", roles={"person": None})
    >>> done.table.answers[0]
    '1, 2, 3, 4, 5'
    >>> folder.cleanup()
    """
    asked = instruments_of(which)
    before = {str(name): values for name, values in (ROLES if roles is None else roles).items()}
    if not isinstance(rows, int) or isinstance(rows, bool) or not 1 <= rows <= _ROWS:
        raise OptionError(f"'rows' should be a whole number from 1 to {_ROWS:,}. Got {rows!r}.")
    odd = [name for name in before if for_sheet(name) != name or not name]
    if odd:
        raise OptionError(
            f"Names of columns should be text on one line that doesn't begin with =, +, - or @. "
            f"roles names {listed(odd)}."
        )
    questions = questions_of(
        asked, prefix=prefix, rule=unchanged, program="Excel", reserved=list(before)
    )
    if len(before) + len(questions) > _COLUMNS:
        raise OptionError(f"Excel has {_COLUMNS:,} columns; these would be more. Make two sheets.")

    def fill(book: Any) -> None:  # noqa: ANN401
        head = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E8EEF4"}
        )
        entry, codes = book.add_worksheet("entry"), book.add_worksheet("codes")
        entry.freeze_panes(1, 1)
        entry.set_column(0, max(len(before) - 1, 0), 14)
        places = _codes_sheet(codes, head, questions)
        add_about(book, asked)
        for sheet in (entry, codes):
            print_above(sheet, _short_notice(asked))
        for place, (name, values) in enumerate(before.items()):
            entry.write_string(0, place, name, head)
            if values is not None:
                rule = list_rule([str(value) for value in values])
                entry.data_validation(1, place, rows, place, rule)
        for number, question in enumerate(questions):
            place = len(before) + number
            entry.write_string(0, place, for_sheet(question.column), head)
            if number == 0 or questions[number - 1].instrument is not question.instrument:
                entry.write_comment(0, place, one_line(notice(question.instrument))[:_CELL], _NOTE)
            rule = code_rule(question, place, places[number])
            entry.data_validation(
                1, place, rows, place, rule | messages(question, one_line(question.label))
            )

    done = write_book(path, fill)
    kinds = ["whole number" if question.whole else "list" for question in questions]
    return exported(done, "Excel", questions, kinds, prefix=prefix)


def _short_notice(asked: Sequence[Instrument]) -> str:
    return (
        'Neutral labels, not the questionnaires\' wording. Sources and licences: sheet "about". '
        f"{', '.join(one.name for one in asked)}"
    )


def _codes_sheet(
    sheet: Any,  # noqa: ANN401
    head: Any,  # noqa: ANN401
    questions: Sequence[Question],
) -> list[tuple[int, int]]:
    """Write the codes and return the first and last row of each question's."""
    for place, (title, width) in enumerate(_CODES):
        sheet.write_string(0, place, title, head)
        sheet.set_column(place, place, width)
    sheet.freeze_panes(1, 0)
    row, places = 1, []
    for question in questions:
        shown = {
            code: label
            for code, label in question.choices.items()
            if not question.whole
            or code in (question.low, question.high, *question.missing)
            or label != code_text(code)
        }
        first = row
        for code, label in shown.items():
            cells: list[Cell] = [for_sheet(question.column), for_sheet(question.label), code]
            cells.append(for_sheet(label))
            for place, cell in enumerate(cells):
                write_cell(sheet, row, place, cell)
            row += 1
        places.append((first, row - 1))
    return places
