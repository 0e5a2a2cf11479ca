"""Ratings out of the workbooks that `Instrument.to_rating_sheet` wrote: one table, all checked."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cpeval.definitions.catalogue import instruments, resolve
from cpeval.definitions.model import Instrument
from cpeval.errors import CpevalWarning, DefinitionError, ReadError, listed
from cpeval.exporting.rating_layout import (
    DEFINITION,
    INFORMANT,
    KEYS,
    REMARK,
    Layout,
    from_cell,
    item_column,
    mark_of_anchors,
    mark_of_codes,
)
from cpeval.fidelity.rating_cells import SheetRatings, ratings_of
from cpeval.reading.file_kinds import existing_file, require_kind
from cpeval.reading.origin import Part, signed
from cpeval.reading.workbooks import empty, read_sheet, values

#: How many mistakes a message shows.
_SHOWN = 50


def read_rating_sheet(
    path: str | Path | Sequence[str | Path],
    *,
    instrument: str | Path | Instrument | None = None,
) -> pd.DataFrame:
    """Read ratings from workbooks that `Instrument.to_rating_sheet` wrote.

    Parameters
    ----------
    path : str or pathlib.Path, or a sequence of these
        A workbook (.xlsx), or several of one definition with the same columns: one from each site.
    instrument : str, pathlib.Path or Instrument, optional
        The definition, where it isn't one that ships with cpeval.

    Returns
    -------
    pandas.DataFrame
        A row a rating occasion: the unit columns, the occasion, informant, assessor, the items
        (`cpeval.score` finds them), remark. Missing: what was left empty, and items that an
        informant can't rate. Rows without a rating and a remark are left out; ``attrs["read"]``
        counts them by informant (``unrated``), and names absent and further sheets.

    Raises
    ------
    ReadError
        A file is absent, damaged or no rating sheet; it belongs to another definition or version
        of it; columns are absent, unknown or there twice; ratings outside the codes; units or
        occasions left empty, or occasions that the sheet doesn't know. All at once, each with
        file, sheet, row, column and value.
    DefinitionError
        No such instrument.

    Warns
    -----
    CpevalWarning
        An informant's sheet is absent; anchors were changed since the workbook was written.

    Examples
    --------
    >>> import tempfile
    >>> import cpeval as cp
    >>> import openpyxl
    >>> folder = tempfile.TemporaryDirectory()
    >>> scale = cp.instrument("connecting_people")
    >>> units = pd.DataFrame({"team": ["north"]})
    >>> done = scale.to_rating_sheet(f"{folder.name}/r.xlsx", units=units, occasions=["t0"])
    >>> book = openpyxl.load_workbook(done.path)
    >>> book["worker"]["D3"], book["observer"]["D3"] = 4, 3
    >>> book.save(done.path)
    >>> read_rating_sheet(done.path).iloc[:, [0, 1, 2, 4]]
        team wave informant  connecting_people_1
    0  north   t0    worker                    4
    1  north   t0  observer                    3
    >>> folder.cleanup()
    """
    paths = [path] if isinstance(path, str | Path) else list(path)
    if not paths:
        raise ReadError("There is no file to read: name one.")
    files = [existing_file(one) for one in paths]
    layouts = [_layout(file) for file in files]
    one = _definition(layouts[0], files[0], instrument)
    _require_same(one, layouts, files)
    found, absent, others = _all_sheets(one, files, layouts)
    wrong = [line for ratings in found for line in ratings.wrong]
    if wrong:
        more = f"\n… and {len(wrong) - _SHOWN:,} more" if len(wrong) > _SHOWN else ""
        raise ReadError(
            f"Ratings of {one.name} can't be taken as they are:\n"
            + "\n".join(f"- {line}" for line in wrong[:_SHOWN])
            + more
            + "\nCorrect the workbook and read it again."
        )
    if absent:
        said = "; ".join(f"{file}: {listed(names)}" for file, names in absent.items())
        warnings.warn(f"No sheet of these informants: {said}.", CpevalWarning, stacklevel=2)
    if any(layout.anchors != mark_of_anchors(one) for layout in layouts):
        warnings.warn(
            f"The anchors of {one.name} were changed since the workbook was written: its ratings "
            "were made by the earlier ones.",
            CpevalWarning,
            stacklevel=2,
        )
    table = _table(one, layouts, found)
    table.attrs.update(_attrs(table, found, absent, others))
    return table


# ---- of which definition


def _layout(path: Path) -> Layout:
    if require_kind(path) != "xlsx":
        raise ReadError(f"{path.name}: a rating sheet is an Excel workbook, and ends in .xlsx.")
    not_one = (
        f"{path.name}: no rating sheet: it has no sheet {DEFINITION!r} as to_rating_sheet writes "
        "it. Ratings in another form: cp.read reads them."
    )
    if DEFINITION not in _sheet_names(path):
        raise ReadError(not_one)
    sheet = read_sheet(path, DEFINITION)
    if sheet.names[: len(KEYS)] != list(KEYS):
        raise ReadError(not_one)
    rows = zip(*([_said(c) for c in column] for column in sheet.columns[: len(KEYS)]), strict=True)
    try:
        return Layout.of_rows(rows)
    except KeyError:
        raise ReadError(not_one) from None


def _said(cell: object) -> str:
    return "" if empty(cell) else from_cell(str(cell))


def _sheet_names(path: Path) -> list[str]:
    import zipfile

    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, TypeError) as problem:
        raise ReadError(
            f"{path.name}: the workbook is damaged ({type(problem).__name__}). Copy it again, or "
            "open it in Excel and save it anew."
        ) from None
    try:
        return [str(name) for name in book.sheetnames]
    finally:
        book.close()


def _definition(
    layout: Layout, path: Path, instrument: str | Path | Instrument | None
) -> Instrument:
    if instrument is not None:
        return resolve(instrument)
    if layout.instrument not in list(instruments()):
        raise DefinitionError(
            f"{path.name}: its ratings are of {layout.instrument!r}, which doesn't ship with "
            f'cpeval. Give the definition: instrument="{layout.instrument}.toml".'
        )
    return resolve(layout.instrument)


def _require_same(one: Instrument, layouts: Sequence[Layout], files: Sequence[Path]) -> None:
    """Raise unless every workbook is of this definition, and all have the same columns."""
    wrong = []
    for layout, file in zip(layouts, files, strict=True):
        if layout.instrument != one.name:
            wrong.append(f"{file.name} is of {layout.instrument!r}, not of {one.name!r}")
        elif layout.version != one.version:
            wrong.append(
                f"{file.name} is of version {layout.version!r}, and the definition given is "
                f"version {one.version!r}"
            )
        elif layout.codes != mark_of_codes(one):
            wrong.append(
                f"{file.name} was written when {one.name} had other items or codes, though the "
                f"version is {one.version!r} in both"
            )
        elif layout.before != layouts[0].before:
            wrong.append(
                f"{file.name} has the columns {listed(layout.before)} before the items, and "
                f"{files[0].name} has {listed(layouts[0].before)}"
            )
    if wrong:
        raise ReadError(
            "Not the same definition:\n"
            + "\n".join(f"- {line}" for line in wrong)
            + "\nRead with the definition that the workbook was written from (instrument=), or "
            "write a new workbook and copy the ratings."
        )


# ---- the ratings


def _all_sheets(
    one: Instrument, files: Sequence[Path], layouts: Sequence[Layout]
) -> tuple[list[SheetRatings], dict[str, list[str]], dict[str, list[str]]]:
    """Read each informant's sheet; return also which are absent, and further ones, by file."""
    found: list[SheetRatings] = []
    absent: dict[str, list[str]] = {}
    others: dict[str, list[str]] = {}
    for layout, file in zip(layouts, files, strict=True):
        there = _sheet_names(file)
        for informant, title in layout.sheets.items():
            if title not in there:
                absent.setdefault(file.name, []).append(informant)
                continue
            found.append(ratings_of(one, layout, file, informant, title))
        known = {*layout.sheets.values(), DEFINITION, "levels", "about"}
        further = [title for title in there if title not in known]
        if further:
            others[file.name] = further
    if not found:
        raise ReadError(f"{listed([f.name for f in files])}: every informant's sheet is gone.")
    return found, absent, others


def _table(
    one: Instrument, layouts: Sequence[Layout], found: Sequence[SheetRatings]
) -> pd.DataFrame:
    layout = layouts[0]
    texts = {name for each in layouts for name in each.texts}
    made: dict[str, Any] = {}
    for name in layout.before:
        made[name] = _values(
            name, [c for r in found for c in r.before[name]], as_text=name in texts
        )
    sizes = [len(r.rows) for r in found]
    who = np.repeat(np.array([r.informant for r in found], dtype=object), sizes)
    items = {}
    for item in one.items:
        column = item_column(one, item)
        gone = np.array([np.nan])
        cells = [r.items.get(column, np.repeat(gone, n)) for r, n in zip(found, sizes, strict=True)]
        joined = np.concatenate(cells)
        whole = joined.size and not np.isnan(joined).any() and (joined == np.floor(joined)).all()
        items[column] = joined.astype(np.int64) if whole else joined
    remarks = pd.Series([c for r in found for c in r.remarks], dtype=object).infer_objects()
    first = [n for n in layout.before if n != layout.assessor]
    rest = [n for n in layout.before if n == layout.assessor]
    return pd.DataFrame(
        {
            **{name: made[name] for name in first},
            INFORMANT: pd.Series(who, dtype=object).infer_objects(),
            **{name: made[name] for name in rest},
            **items,
            REMARK: remarks,
        }
    )


def _values(name: str, cells: list[Any], *, as_text: bool) -> pd.Series:
    """Return a column of cells; text where it was, and where a name would read as a gap (NA)."""
    if not as_text:
        made = values({name: tuple(cells)}, decimal=None, name="the rating sheet").columns[name]
        if made.isna().sum() == sum(empty(cell) for cell in cells):
            return made.reset_index(drop=True)
    texts = [None if empty(cell) else _as_text(cell) for cell in cells]
    return pd.Series(texts, dtype=object).infer_objects()


def _as_text(cell: Any) -> str:  # noqa: ANN401
    """Return a cell as text: 7, which a program made of the text 7, is 7 again."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _attrs(
    table: pd.DataFrame,
    found: Sequence[SheetRatings],
    absent: dict[str, list[str]],
    others: dict[str, list[str]],
) -> dict[str, Any]:
    """Say what was read, and where each row is, for `cpeval.check`."""
    read = {
        file: {
            "file": file,
            "format": "xlsx",
            "n_rows": sum(len(r.rows) for r in mine),
            "n_columns": table.shape[1],
            "unrated": {r.informant: r.n_unrated for r in mine if r.n_unrated},
            "absent_sheets": absent.get(file, []),
            "other_sheets": others.get(file, []),
        }
        for file, mine in _by_file(found)
    }
    part = Part(
        files=[(f"{r.file}, sheet {r.title!r}", 2) for r in found],
        file=np.repeat(np.arange(len(found)), [len(r.rows) for r in found]),
        row=np.concatenate([r.rows for r in found]) - 2,
    )
    own = {"read": next(iter(read.values()))} if len(read) == 1 else {"stacked": {"read": read}}
    return {**own, "origin": signed(table, [part])}


def _by_file(found: Sequence[SheetRatings]) -> Iterator[tuple[str, list[SheetRatings]]]:
    for file in dict.fromkeys(r.file for r in found):
        yield file, [r for r in found if r.file == file]
