"""An XLSForm, which ODK and Kobo take: a sheet of questions, one of choices, one of settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cpeval.definitions.model import Instrument
from cpeval.exporting.asked import (
    Question,
    Which,
    code_label,
    code_text,
    instruments_of,
    notice,
    questions_of,
)
from cpeval.exporting.column_names import as_identifier, named
from cpeval.exporting.exported import Exported, exported
from cpeval.exporting.formulas import XPATH, left_out_message, score_formulas
from cpeval.exporting.plain_text import for_xlsform
from cpeval.exporting.sheet_writing import Cell, write_book, write_rows

_SURVEY = (
    *("type", "name", "label", "hint", "required", "constraint", "constraint_message"),
    "calculation",
)


def to_xlsform(
    which: Which | Sequence[Which],
    path: str | Path,
    *,
    prefix: str = "",
    record: str | None = "person",
    scores: bool = True,
) -> Exported:
    """Write an XLSForm (.xlsx) for ODK, Kobo and others that take it.

    Parameters
    ----------
    which : str, pathlib.Path, Instrument, or sequence of them
    path : str or pathlib.Path
        Ends in .xlsx. A file there is replaced.
    prefix : str, optional
        Put before every question's name.
    record : str, default "person"
        A first question, required, for who answers. None leaves it out.
    scores : bool, default True
        Add ``calculate`` fields ``<column>_calc`` for the scores that a form can compute.

    Returns
    -------
    Exported
        ``table``: each item's name. ``warnings``: names that were changed, scores left out.

    Raises
    ------
    OptionError
        An instrument needs something said first; names that would be one; a suffix other than
        .xlsx.
    OutputError
        The file can't be written.
    DefinitionError
        No such instrument.

    Notes
    -----
    Items are ``select_one``, or ``integer`` with a constraint where any number between two ends
    is an answer. No item is required. Labels can't refer to fields (``${x}``) nor hold HTML.

    References
    ----------
    XLSForm.org, "XLSForm reference table"; ODK Docs, "Form logic".

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> to_xlsform("swemwbs", f"{folder.name}/swemwbs.xlsx").table.kind.unique().tolist()
    ['select_one']
    >>> folder.cleanup()
    """
    asked = instruments_of(which)
    head = [] if record is None else [record]
    about = {one.name: f"{prefix}{one.name}_about" for one in asked}
    calc = {c: f"{prefix}{c}_calc" for one in asked for c in one.columns} if scores else {}
    own = [*head, *about.values(), *calc.values()]
    questions = questions_of(
        asked, prefix=prefix, rule=as_identifier, program="XLSForm", reserved=own
    )
    names = named(own, as_identifier, program="XLSForm", longest=255)
    rows: list[dict[str, Cell]] = []
    if record is not None:
        rows.append({"type": "text", "name": names[record], "label": "Person", "required": "yes"})
    lists: dict[tuple[str, tuple[tuple[float, str], ...]], str] = {}
    warnings: list[str] = []
    for one in asked:
        said = for_xlsform(notice(one))
        rows.append({"type": "note", "name": names[about[one.name]], "label": said})
        mine = [question for question in questions if question.instrument is one]
        rows += [_row(question, lists) for question in mine]
        if scores:
            computed, left_out = _computed(one, mine, {c: names[calc[c]] for c in one.columns})
            rows += computed
            warnings += left_out_message(one, left_out)
    choices: list[dict[str, Cell]] = [
        {"list_name": name, "name": code, "label": for_xlsform(label) or code_label(code)}
        for (_, answers), name in lists.items()
        for code, label in answers
    ]
    title = ", ".join(one.title for one in asked)
    settings: dict[str, Cell] = {
        "form_title": for_xlsform(title),
        "form_id": as_identifier("_".join(one.name for one in asked)),
        "version": for_xlsform("; ".join(one.version for one in asked)),
    }

    def fill(book: Any) -> None:  # noqa: ANN401
        write_rows(book.add_worksheet("survey"), _SURVEY, rows)
        write_rows(book.add_worksheet("choices"), ("list_name", "name", "label"), choices)
        write_rows(book.add_worksheet("settings"), tuple(settings), [settings])

    done = write_book(path, fill)
    kinds = ["integer" if question.whole else "select_one" for question in questions]
    return exported(done, "ODK and Kobo", questions, kinds, prefix=prefix, warnings=warnings)


def _row(
    question: Question, lists: dict[tuple[str, tuple[tuple[float, str], ...]], str]
) -> dict[str, Cell]:
    """Return the question's row; its choices get a list unless one holds them already."""
    label = for_xlsform(question.label) or question.item.code
    row: dict[str, Cell] = {"name": question.column, "label": label}
    if question.whole:
        low, high = code_text(question.low), code_text(question.high)
        more = "".join(f" or . = {code_text(code)}" for code in question.missing)
        return row | {
            "type": "integer",
            "hint": for_xlsform(question.spelt),
            "constraint": f"(. >= {low} and . <= {high}){more}",
            "constraint_message": for_xlsform(f"Enter {question.span}."),
        }
    one = question.instrument
    key = (one.name, tuple(question.choices.items()))
    taken = lists.setdefault(key, f"{as_identifier(one.name)}_answers_{len(lists) + 1}")
    return row | {"type": f"select_one {taken}"}


def _computed(
    one: Instrument, questions: Sequence[Question], names: dict[str, str]
) -> tuple[list[dict[str, Cell]], list[str]]:
    columns = {question.item.code: question.column for question in questions}
    formulas, left_out = score_formulas(one, columns, names, XPATH)
    return [
        {"type": "calculate", "name": name, "calculation": formula}
        for name, formula in formulas.items()
    ], left_out
