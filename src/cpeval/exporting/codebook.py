"""A codebook: every item, every answer, what it is worth and where it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from cpeval.definitions.catalogue import resolve
from cpeval.definitions.description import open_questions
from cpeval.definitions.items import Item
from cpeval.definitions.model import Instrument
from cpeval.errors import OptionError
from cpeval.exporting.about_sheet import NOTICE, about, add_about
from cpeval.exporting.asked import NO_ANSWER, Which, code_text
from cpeval.exporting.plain_text import for_sheet
from cpeval.exporting.sheet_writing import print_above, write_book, write_rows
from cpeval.result import Result

#: Columns that are there only where a definition says something of ratings.
_OF_RATINGS = ("anchor", "automatic", "evidence", "informants")


@dataclass(frozen=True, kw_only=True, eq=False)
class Codebook(Result):
    """A `Result` that can be written as a file.

    Attributes
    ----------
    instruments : tuple of Instrument
        What is described.
    """

    instruments: tuple[Instrument, ...]

    def write(self, path: str | Path) -> Path:
        """Write the table as .csv or .xlsx; text is never a formula there.

        Title, version, citation, licence, status, what is not certain, and that the labels are
        not the questionnaire's wording stand in an Excel file's sheet ``about``, and in columns
        of a CSV file.

        Raises
        ------
        OptionError
            Another suffix.
        OutputError
            The file can't be written.
        """
        from cpeval.table_writing import require_writable, write_table

        path = Path(path)
        require_writable(path)
        safe = self.table.map(lambda cell: for_sheet(cell) if isinstance(cell, str) else cell)
        if path.suffix.lower() == ".csv":
            said = {one.name: about(one) for one in self.instruments}
            whose = pd.DataFrame([said[name] for name in safe["instrument"]])
            return write_table(safe.join(whose.drop(columns="instrument")), path)
        head = [str(name) for name in safe]
        cells = safe.astype(object).where(safe.notna(), None).to_numpy()
        rows = [dict(zip(head, row, strict=True)) for row in cells]

        def fill(book: Any) -> None:  # noqa: ANN401
            sheet = book.add_worksheet("codebook")
            write_rows(sheet, head, rows)
            sheet.freeze_panes(1, 0)
            print_above(sheet, f"{NOTICE} {', '.join(one.name for one in self.instruments)}")
            add_about(book, self.instruments)

        return write_book(path, fill)

    def _repr_html_(self) -> str:
        """Return every row for a notebook: a codebook cut short is none."""
        body = self.table.to_html(index=False, na_rep="", border=0, escape=True)
        notes = "".join(f"<p><strong>{escape(text)}</strong></p>" for text in self.warnings)
        return f"<div class='cpeval-result'>{body}<p>{escape(self.note)}</p>{notes}</div>"


def codebook(which: Which | Sequence[Which]) -> Codebook:
    """Make a codebook of one instrument or several.

    Parameters
    ----------
    which : str, pathlib.Path, Instrument, or sequence of them

    Returns
    -------
    Codebook
        ``table``: instrument, column, item, label, code, meaning, points, reversed, scales, rule
        (what makes an answer worth something else). A row an item and answer; with any whole
        number as an answer, the first and the last alone. What a definition says of ratings
        follows in columns of its own where any of them says it: anchor (what the level looks
        like), automatic (the values of data that lead to the level), evidence, informants.

    Raises
    ------
    DefinitionError
        No such instrument.
    OptionError
        None is named.

    Examples
    --------
    >>> codebook("ces_d").table[["column", "code", "points", "scales"]].head(1)
        column  code  points scales
    0  ces_d_1     0       0  ces_d
    """
    given = [which] if isinstance(which, str | Path | Instrument) else list(which)
    asked = tuple(resolve(one) for one in given)
    if not asked:
        raise OptionError("There is no instrument to describe.")
    rows = [row for one in asked for row in _rows(one)]
    columns = [
        *("instrument", "column", "item", "label", "code", "meaning", "points", "reversed"),
        *("scales", "rule"),
        *(name for name in _OF_RATINGS if any(row[name] for row in rows)),
    ]
    said = [
        f"{one.title}: {one.licence.terms} {one.licence.address}".strip() + f" {one.citation}"
        for one in asked
    ]
    return Codebook(
        table=pd.DataFrame(rows, columns=columns).astype({"reversed": bool}),
        note=f"{NOTICE} {' '.join(said)}",
        warnings=tuple(text for one in asked for text in open_questions(one)),
        instruments=asked,
    )


def _rows(one: Instrument) -> list[dict[str, object]]:
    if one.goals is not None and not one.items:
        every = [Item(code="{n}", label=one.goals.label, responses=one.goals.responses)]
    else:
        every = one.items
    made: list[dict[str, object]] = []
    for item in every:
        answers = one.answers(item)
        points = one.points(item)
        meaning = answers.meaning
        shown = answers.labels
        if answers.between:
            ends = (min(shown), max(shown), *item.anchors, *(item.auto.levels if item.auto else ()))
            shown = {c: label for c, label in shown.items() if c in ends or label != code_text(c)}
        about = {
            "instrument": one.name,
            "column": f"{one.name}_{item.code}",
            "item": item.code,
            "label": item.label,
            "reversed": item.reversed,
            "scales": ", ".join(
                one.column(scale) for scale in one.scored if item.code in one.items_of(scale)
            ),
            "rule": "; ".join(_rule(rule.item, rule.codes) for rule in item.rules),
            "anchor": "",
            "automatic": "",
            "evidence": "; ".join(item.evidence),
            "informants": ", ".join(one.informants_of(item)),
        }
        spans = {} if item.auto is None else dict(item.auto.spelt)
        made += [
            about
            | {"code": _plain(c), "meaning": label, "points": _plain(points[meaning[c]])}
            | {"anchor": item.anchors.get(meaning[c], "")}
            | {"automatic": f"{item.auto.value}: {spans[c]}" if item.auto and c in spans else ""}
            for c, label in shown.items()
        ]
        made += [
            about | {"code": _plain(c), "meaning": NO_ANSWER, "points": None}
            for c in answers.missing_codes
        ]
    return made


def _rule(item: str, codes: Sequence[float] | str) -> str:
    said = "missing" if isinstance(codes, str) else " or ".join(map(code_text, codes))
    return f"worth something else when item {item} is {said}"


def _plain(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value
