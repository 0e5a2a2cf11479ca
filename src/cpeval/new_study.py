"""A study folder to start from: study.toml with comments, an entry sheet, a README."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from cpeval.definitions.catalogue import resolve
from cpeval.definitions.model import Instrument
from cpeval.errors import OutputError

#: The columns of the entry sheet before the items, and the values that a cell may take.
ROLES: dict[str, list[str] | None] = {
    "person": None,
    "site": None,
    "team": None,
    "arm": ["programme", "comparison"],
    "wave": ["t0", "t1"],
}
#: How many rows of the sheet have drop-downs.
_ROWS = 2000


def start(folder: str | Path, instruments: Sequence[str | Instrument] = ("swemwbs",)) -> Path:
    """Make a folder with ``study.toml``, ``entry.xlsx`` and ``README.md``.

    Parameters
    ----------
    folder : str or pathlib.Path
        Must not exist yet, or be empty.
    instruments : sequence of str or Instrument
        What people are asked. The first one's first score is the primary outcome.

    Returns
    -------
    pathlib.Path
        The study file.

    Raises
    ------
    OutputError
        The folder has files already, or can't be made.
    DefinitionError
        No such instrument.
    """
    folder = Path(folder)
    asked = [resolve(one) for one in instruments]
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{str(folder)!r} has files already. Name a folder that is new or empty.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".cpeval-") as parent:
            made = Path(parent) / "study"
            made.mkdir()
            (made / "study.toml").write_text(_study(asked), encoding="utf-8")
            (made / "README.md").write_text(_template("README.md"), encoding="utf-8")
            entry_sheet(made / "entry.xlsx", asked)
            if folder.exists():
                folder.rmdir()
            made.rename(folder)
    except OSError as error:
        raise OutputError(f"{str(folder)!r} can't be made: {error.strerror}.") from None
    return folder / "study.toml"


def _template(name: str) -> str:
    return (files("cpeval") / "templates" / name).read_text(encoding="utf-8")


def _study(asked: Sequence[Instrument]) -> str:
    parts = []
    for one in asked:
        columns = f"{one.name}_1, {one.name}_2 …"
        parts.append(
            f"[instruments.{one.name}] # {one.title}\n"
            f'items = "{one.name}_{{code}}" # the columns {columns}; or a list of them\n'
            '# on_invalid = "missing" # treat answers outside the codes as missing\n'
        )
    primary = asked[0].columns[-1] if asked[0].name == "swemwbs" else asked[0].columns[0]
    text = _template("study.toml")
    return text.replace("@INSTRUMENTS@", "\n".join(parts)).replace("@PRIMARY@", primary)


def entry_sheet(path: Path, asked: Sequence[Instrument]) -> None:
    """Write an Excel sheet that takes only codes, and a sheet that explains them."""
    import xlsxwriter

    with xlsxwriter.Workbook(
        path, {"strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        head = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E8EEF4"}
        )
        entry = book.add_worksheet("entry")
        entry.freeze_panes(1, 1)
        entry.set_column(0, len(ROLES) - 1, 14)
        for place, (name, values) in enumerate(ROLES.items()):
            entry.write_string(0, place, name, head)
            if values is not None:
                rule = {"validate": "list", "source": values}
                entry.data_validation(1, place, _ROWS, place, rule)
        place = len(ROLES)
        for one in asked:
            for item in one.items:
                answers = one.answers(item)
                codes = sorted({*answers.codes, *answers.missing_codes})
                entry.write_string(0, place, f"{one.name}_{item.code}", head)
                shown = [f"{code:g}" for code in codes]
                rule = {
                    "validate": "list",
                    "source": shown,
                    "input_title": f"{one.name} {item.code}"[:32],
                    "input_message": item.label[:255],
                    "error_title": "Not a code",
                    "error_message": f"Enter {', '.join(shown)}, or leave it empty."[:255],
                }
                entry.data_validation(1, place, _ROWS, place, rule)
                place += 1
        _codes_sheet(book.add_worksheet("codes"), head, asked)


def _codes_sheet(sheet: object, head: object, asked: Sequence[Instrument]) -> None:
    from xlsxwriter.worksheet import Worksheet

    assert isinstance(sheet, Worksheet)
    for place, (title, width) in enumerate(
        [("column", 22), ("item", 34), ("code", 8), ("meaning", 28), ("questionnaire", 60)]
    ):
        sheet.write_string(0, place, title, head)
        sheet.set_column(place, place, width)
    row = 1
    for one in asked:
        for item in one.items:
            for code, label in one.answers(item).codes.items():
                sheet.write_string(row, 0, f"{one.name}_{item.code}")
                sheet.write_string(row, 1, item.label)
                sheet.write_number(row, 2, code)
                sheet.write_string(row, 3, label)
                sheet.write_string(
                    row, 4, f"{one.title}. {one.licence.terms} {one.licence.address}".strip()
                )
                row += 1
