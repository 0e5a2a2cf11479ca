"""One informant's sheet of a rating workbook: its cells checked, every mistake with its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.definitions.kinds import brief
from cpeval.definitions.model import Instrument
from cpeval.errors import ReadError, did_you_mean, listed
from cpeval.exporting.rating_layout import GUIDE, REMARK, Layout, from_cell, item_column
from cpeval.reading.workbooks import Sheet, empty, read_sheet
from cpeval.scoring.invalid_answers import accepted, codes_text

#: The row of the sheet that the first row below the names is.
_FIRST = 2


@dataclass(frozen=True, kw_only=True)
class SheetRatings:
    """What an informant's sheet holds.

    ``rows`` are the rows of the sheet that hold ratings, shape (n,); ``before`` the cells of unit,
    occasion and assessor, ``items`` the ratings by column, ``remarks`` the text, each as long.
    ``wrong`` has a line for each mistake.
    """

    file: str
    informant: str
    title: str
    rows: NDArray[np.int64]
    before: dict[str, list[Any]]
    items: dict[str, NDArray[np.float64]]
    remarks: list[str | None]
    n_unrated: int
    wrong: list[str]


def ratings_of(
    one: Instrument, layout: Layout, path: Path, informant: str, title: str
) -> SheetRatings:
    """Read and check one sheet.

    Raises
    ------
    ReadError
        The sheet has no names in its first row, or formulas without values.
    """
    sheet = read_sheet(path, title)
    where = f"{path.name}, sheet {title!r}"
    if sheet.first_row != _FIRST:
        raise ReadError(f"{where}: the names of the columns should stand in row 1.")
    able = one.items_for(informant) if informant in one.all_informants else one.items
    items = {item_column(one, item): item for item in able}
    wrong, at = _columns(sheet, [*layout.before, *items, REMARK], where)
    cells = {name: np.array([*sheet.columns[k], None], dtype=object)[:-1] for name, k in at.items()}
    n = sheet.n_rows
    there = {name: ~_empties(column) for name, column in cells.items()}
    guide = np.zeros(n, dtype=bool)
    for one_column in sheet.columns:  # wherever sorting has put it
        guide |= np.array([_is_guide(cell) for cell in one_column], dtype=bool)
    none = np.zeros(n, dtype=bool)
    rated = np.logical_or.reduce([none, *(there[c] for c in (*items, REMARK) if c in there)])
    named = np.logical_or.reduce([none, *(there[c] for c in layout.before if c in there)])
    kept = np.flatnonzero(rated & ~guide)
    ratings = {}
    for column, item in items.items():
        if column not in at:
            continue
        values, odd = _codes(cells[column][kept], there[column][kept], accepted(one, item))
        ratings[column] = values
        allowed = codes_text(accepted(one, item))
        wrong += [
            f"{_place(where, kept[k], at[column], column)}: {brief(cells[column][kept[k]])} "
            f"is not among {allowed}"
            for k in np.flatnonzero(odd)
        ]
    wrong += _gaps(layout, cells, there, kept, at, where)
    before = {
        name: [_plain(c) for c in cells[name][kept]] if name in cells else [None] * len(kept)
        for name in layout.before
    }
    wrong += _occasions(layout, before, kept, at, where)
    remarks = cells.get(REMARK, np.full(n, None, dtype=object))[kept]
    return SheetRatings(
        file=path.name,
        informant=informant,
        title=title,
        rows=kept + _FIRST,
        before=before,
        items=ratings,
        remarks=[None if empty(c) else str(_plain(c)) for c in remarks],
        n_unrated=int((named & ~rated & ~guide).sum()),
        wrong=wrong,
    )


def _columns(sheet: Sheet, wanted: Sequence[str], where: str) -> tuple[list[str], dict[str, int]]:
    """Match names with columns; say which are absent, unknown or there twice."""
    names = [from_cell(name.strip()) for name in sheet.names]
    filled = [any(not empty(c) and not _is_guide(c) for c in column) for column in sheet.columns]
    wrong = []
    absent = [name for name in wanted if name not in names and name != REMARK]
    if absent:
        hints = ", ".join(f"{n!r}{did_you_mean(n, set(names) - {*wanted})}" for n in absent)
        wrong.append(f"{where}: there are no columns {hints}")
    strange = [
        f"{_letter(k)} ({name!r})" if name else f"{_letter(k)} (without a name)"
        for k, name in enumerate(names)
        if name not in wanted and filled[k]
    ]
    if strange:
        wrong.append(
            f"{where}: columns that are not asked of this informant: {', '.join(strange)}. Delete "
            f"them, or put words under {REMARK!r}"
        )
    twice = [name for name in wanted if names.count(name) > 1]
    if twice:
        wrong.append(f"{where}: more than one column is named {listed(twice)}")
    return wrong, {name: names.index(name) for name in wanted if name in names}


def _is_guide(cell: object) -> bool:
    return isinstance(cell, str) and cell.startswith(GUIDE)


def _empties(cells: NDArray[Any]) -> NDArray[np.bool_]:
    return np.fromiter((empty(cell) for cell in cells), dtype=bool, count=cells.size)


def _codes(
    cells: NDArray[Any], there: NDArray[np.bool_], allowed: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return cells as numbers, and which of them are no codes; dates and TRUE are none."""
    plain = pd.Series(
        [
            c if isinstance(c, int | float | str) and not isinstance(c, bool) else None
            for c in cells
        ],
        dtype=object,
    )
    numbers = pd.to_numeric(plain, errors="coerce").to_numpy(dtype=float)
    odd = there & ~np.isin(numbers, np.asarray(allowed))
    return np.where(there & ~odd, numbers, np.nan), odd


def _gaps(
    layout: Layout,
    cells: dict[str, NDArray[Any]],
    there: dict[str, NDArray[np.bool_]],
    kept: NDArray[np.int64],
    at: dict[str, int],
    where: str,
) -> list[str]:
    """Say where a rating has no unit or no occasion."""
    needed = [*layout.units, *([] if layout.occasion is None else [layout.occasion])]
    return [
        f"{_place(where, row, at[name], name)}: is empty, and there are ratings in the row"
        for name in needed
        if name in cells
        for row in kept[~there[name][kept]]
    ]


def _occasions(
    layout: Layout,
    before: dict[str, list[Any]],
    kept: NDArray[np.int64],
    at: dict[str, int],
    where: str,
) -> list[str]:
    """Say which occasions the sheet doesn't know."""
    name = layout.occasion
    if name is None or name not in at or not layout.occasions:
        return []
    said = [None if empty(cell) else _shown(cell) for cell in before[name]]
    return [
        f"{_place(where, kept[k], at[name], name)}: {text!r} is not among "
        f"{listed(layout.occasions)}"
        for k, text in enumerate(said)
        if text is not None and text not in layout.occasions
    ]


def _plain(cell: Any) -> Any:  # noqa: ANN401
    return from_cell(cell) if isinstance(cell, str) else cell


def _shown(cell: Any) -> str:  # noqa: ANN401
    """Return a cell as the writer shows an occasion: a date without its midnight, 2.0 as 2."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).removesuffix(" 00:00:00")


def _place(where: str, row: Any, column: int, name: str) -> str:  # noqa: ANN401
    return f"{where}, row {int(row) + _FIRST}, column {_letter(column)} ({name!r})"


def _letter(column: int) -> str:
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(column + 1))
