"""`name_generator_sheet()`: an Excel form in which somebody writes down one network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cpeval.errors import OptionError, is_number, listed
from cpeval.exporting.plain_text import for_sheet
from cpeval.exporting.sheet_writing import write_book, write_cell
from cpeval.networks.name_generator_layout import (
    ALTERS,
    ATTRIBUTES,
    CHOICES,
    EGO,
    MOST,
    NAME,
    NUMBER,
    ROWS,
    TIES,
    address,
)

#: Characters of a list that can be typed into a rule of Excel.
_LIST = 255
_HELP = {
    EGO: "Fill in column B. Then the sheet 'alters', and if it is there, 'ties'.",
    ALTERS: "A row a person, from the top. Leave rows empty that are not needed.",
    TIES: "1 where the two know each other, 0 where they don't: white cells only.",
}


def name_generator_sheet(
    path: str | Path,
    *,
    names: int = 10,
    ties: bool = True,
    attributes: Mapping[str, Sequence[object] | None] | None = None,
) -> Path:
    """Write an Excel form (.xlsx) to collect one person's network.

    Parameters
    ----------
    path : str or pathlib.Path
        Ends in .xlsx. A file there is replaced.
    names : int, default 10
        How many people it takes, up to 60. Sizes can't go beyond: rather too many than too few.
    ties : bool, default True
        Whether it asks who knows whom.
    attributes : mapping, optional
        What to ask about each person, and the answers to choose from (None: any). By default
        relation, gender, and closeness from 1 to 5.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    OptionError
        A number of names, attributes or answers that the form can't have; a suffix other than
        .xlsx.
    OutputError
        The file can't be written.

    See Also
    --------
    read_name_generator_sheet : Reads forms that were filled in.

    Notes
    -----
    The sheet ``ego`` asks for the person's id and the wave, ``alters`` for a row a person named,
    ``ties`` who of them know each other, its names taken over from ``alters``. Excel checks what
    is typed, not what is pasted: the reader checks all.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> name_generator_sheet(f"{folder.name}/form.xlsx", names=5).name
    'form.xlsx'
    >>> folder.cleanup()
    """
    whole = isinstance(names, int) and not isinstance(names, bool)
    if not whole or not 1 <= names <= MOST:
        raise OptionError(f"'names' should be a whole number from 1 to {MOST}. Got {names!r}.")
    asked = _checked(ATTRIBUTES if attributes is None else attributes)

    def fill(book: Any) -> None:  # noqa: ANN401
        head = book.add_format({"bold": True, "bg_color": "#E8EEF4", "border": 1})
        entry = book.add_format({"border": 1})
        closed = book.add_format({"bg_color": "#BFBFBF", "border": 1})
        person = book.add_worksheet(EGO)
        person.set_column(0, 1, 24)
        for row, name in enumerate(ROWS):
            person.write_string(row, 0, name, head)
            person.write_blank(row, 1, None, entry)
        person.write_string(len(ROWS) + 1, 0, _HELP[EGO])
        _alters(book.add_worksheet(ALTERS), names, asked, head, entry)
        if ties:
            _ties(book.add_worksheet(TIES), names, head, entry, closed)
        choices = book.add_worksheet(CHOICES)
        choices.write_string(0, 0, "attribute", head)
        choices.write_string(0, 1, "answer", head)
        rows = [(one, answer) for one, answers in asked.items() for answer in answers or ()]
        for row, (one, answer) in enumerate(rows, start=1):
            write_cell(choices, row, 0, one)
            write_cell(choices, row, 1, answer)

    return write_book(path, fill)


def _checked(attributes: object) -> dict[str, list[Any] | None]:
    """Return attributes and answers that a sheet can hold."""
    if not isinstance(attributes, Mapping):
        raise OptionError(
            "'attributes' maps what is asked to its answers (None: any), such as "
            f"{{'relation': ['family', 'friend'], 'age': None}}. Got {attributes!r}."
        )
    faults = []
    asked: dict[str, list[Any] | None] = {}
    for name, answers in attributes.items():
        said = listed([name])
        if not isinstance(name, str) or not name.strip() or for_sheet(name) != name:
            faults.append(f"{said}: an attribute is text on one line that isn't like a formula")
        elif name.casefold() in (NUMBER, NAME, *ROWS, "alter") or "{" in name:
            faults.append(f"{said}: the form has a column of that name, or it holds a brace")
        if answers is None:
            asked[name] = None
            continue
        if isinstance(answers, str) or not isinstance(answers, Sequence) or not answers:
            faults.append(f"{said}: answers are a list, or None for any; not {answers!r}")
            continue
        odd = [a for a in answers if not is_number(a) and (not isinstance(a, str) or _odd(a))]
        if odd:
            faults.append(f"{said}: answers are numbers, or text without commas: {listed(odd)}")
        elif len(set(map(str, answers))) < len(answers):
            faults.append(f"{said}: an answer is there twice")
        elif len(",".join(map(str, answers))) > _LIST:
            faults.append(f"{said}: the answers are more than {_LIST} characters together")
        asked[name] = list(answers)
    if faults:
        raise OptionError(
            "The form can't be made of these 'attributes':\n"
            + "\n".join(f"- {fault}" for fault in faults)
        )
    return asked


def _odd(text: str) -> bool:
    return "," in text or for_sheet(text) != text or not text.strip()


def _alters(
    sheet: Any,  # noqa: ANN401
    names: int,
    asked: Mapping[str, list[Any] | None],
    head: Any,  # noqa: ANN401
    entry: Any,  # noqa: ANN401
) -> None:
    sheet.freeze_panes(1, 2)
    sheet.set_column(0, 0, 9)
    sheet.set_column(1, 1 + len(asked), 20)
    for column, name in enumerate((NUMBER, NAME, *asked)):
        sheet.write_string(0, column, name, head)
    for row in range(1, names + 1):
        sheet.write_number(row, 0, row, head)
        for column in range(1, 2 + len(asked)):
            sheet.write_blank(row, column, None, entry)
    sheet.write_string(0, len(asked) + 3, _HELP[ALTERS])
    for column, answers in enumerate(asked.values(), start=2):
        if answers is not None:
            rule = {
                "validate": "list",
                "source": [str(answer) for answer in answers],
                "error_title": "Not an answer",
                "error_message": "Choose one from the list, or leave it empty.",
            }
            sheet.data_validation(1, column, names, column, rule)


def _ties(
    sheet: Any,  # noqa: ANN401
    names: int,
    head: Any,  # noqa: ANN401
    entry: Any,  # noqa: ANN401
    closed: Any,  # noqa: ANN401
) -> None:
    """Write the table of pairs: row n, column m, open where n is below m."""
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, 0, 20)
    sheet.write_string(0, 0, _HELP[TIES], head)
    for n in range(1, names + 1):
        shown = f'=IF({ALTERS}!{address(n, 1)}="","",{ALTERS}!{address(n, 1)})'
        sheet.write_formula(n, 0, shown, head, "")
        sheet.write_formula(0, n, shown, head, "")
        for m in range(1, names + 1):
            sheet.write_blank(n, m, None, entry if n < m else closed)
    rule = {
        "validate": "list",
        "source": ["1", "0"],
        "error_title": "1 or 0",
        "error_message": "1: they know each other. 0: they don't. Empty: not known.",
    }
    nothing = {
        "validate": "length",
        "criteria": "equal to",
        "value": 0,
        "error_title": "Not here",
        "error_message": "Each pair is asked for once, in the white cells above.",
    }
    for n in range(1, names + 1):
        sheet.data_validation(n, 1, n, n, nothing)
        if n < names:
            sheet.data_validation(n, n + 1, n, names, rule)
