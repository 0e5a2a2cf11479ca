"""`read_name_generator_sheet()`: forms that were filled in, one network each, put together."""

from __future__ import annotations

import warnings
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from cpeval.errors import CpevalError, NetworkError, OptionError, ReadError, is_number, listed
from cpeval.networks.ego_networks import EgoNetworks
from cpeval.networks.export_files import require_safe_archive
from cpeval.networks.name_generator_layout import (
    ALTERS,
    CHOICES,
    EGO,
    MOST,
    NAME,
    NUMBER,
    ROWS,
    TIES,
    address,
)
from cpeval.networks.wide_tables import from_wide
from cpeval.reading.file_kinds import existing_file, require_kind

#: A form unpacks to some 100,000 bytes.
_BYTES = 2**25
#: And has so many rows and columns at most; what lies beyond was never ours.
_ROWS, _COLUMNS = MOST + 200, MOST + 200
#: What openpyxl calls the kind of a cell that holds a formula.
_FORMULA = "f"
_Cells = list[tuple[Any, ...]]


@dataclass
class _Form:
    """What one form says, as a row of a wide table."""

    values: dict[str, object] = field(default_factory=dict)
    attributes: list[str] = field(default_factory=list)
    places: int = 0
    ties: bool = False
    faults: list[str] = field(default_factory=list)


def read_name_generator_sheet(paths: str | Path | Iterable[str | Path]) -> EgoNetworks:
    """Read forms of `name_generator_sheet` that were filled in.

    Parameters
    ----------
    paths : str, pathlib.Path, or sequence of them
        Files (.xlsx), or a folder with them. A form is one ego (at one wave).

    Returns
    -------
    EgoNetworks
        ``alter`` is the number in the form and ``name`` what the ego called them, so that waves are
        compared with ``change(…, match="name")``. There are waves if the forms say so. If a pair
        is left empty in a form in which others say 0, it is no tie, and ``warnings`` counts it.

    Raises
    ------
    ReadError
        There are no forms, or files that are none or can't be read.
    NetworkError
        All mistakes of all forms, by file and cell: no ego, a wave in some forms only, the same ego
        (and wave) in two, text in rows without a name, answers that were not to be chosen, ties
        that are not 1 or 0, of nobody, or in a grey cell; forms with other questions.

    Examples
    --------
    >>> import tempfile, openpyxl
    >>> from cpeval.networks.name_generator import name_generator_sheet
    >>> folder = tempfile.TemporaryDirectory()
    >>> form = name_generator_sheet(f"{folder.name}/form.xlsx")
    >>> book = openpyxl.load_workbook(form)
    >>> book["ego"]["B1"], book["alters"]["B2"], book["alters"]["B3"] = "P1", "Ann", "Ben"
    >>> book["ties"]["C2"] = 1
    >>> book.save(form)
    >>> read_name_generator_sheet(form)
    EgoNetworks: 1 networks, 2 alters, 1 ties
    >>> folder.cleanup()
    """
    files = _files(paths)
    forms, unread = {}, []
    for path in files:
        try:
            forms[path.name if len(files) == 1 else str(path)] = _form(path)
        except CpevalError as problem:
            unread.append(str(problem))
    if unread:
        raise ReadError(
            "Forms can't be read:\n" + "\n".join(f"- {one}" for one in unread)
            if len(unread) > 1
            else unread[0]
        )
    faults = [f"{name}: {fault}" for name, form in forms.items() for fault in form.faults]
    faults += _between(forms)
    if faults:
        raise NetworkError(
            "The forms have mistakes:\n" + "\n".join(f"- {fault}" for fault in faults)
        )
    table = pd.DataFrame([form.values for form in forms.values()]).infer_objects()
    wave = "wave" if table["wave"].notna().any() else None
    if wave is None:
        table = table.drop(columns="wave")
    first = next(iter(forms.values()))
    return from_wide(
        table,
        "alter{n}_{attribute}",
        "tie_{n}_{m}" if first.ties and first.places > 1 else None,
        wave=wave,
        present=NAME,
        name=NAME,
    )


def _files(paths: object) -> list[Path]:
    """Return the files, those of a folder sorted by name."""
    given = [paths] if isinstance(paths, str | Path) else paths
    every = list(given) if isinstance(given, Iterable) else [given]
    odd = [one for one in every if not isinstance(one, str | Path)]
    if odd:
        raise OptionError(f"'paths' are files or a folder. Got {listed(odd)}.")
    found: list[Path] = []
    for one in (Path(str(p)) for p in every):
        # Excel leaves ~$ files beside those that are open.
        inside = (p for p in one.glob("*.xlsx") if not p.name.startswith((".", "~$")))
        found += sorted(inside) if one.is_dir() else [one]
    if not found:
        raise ReadError(f"There are no forms (.xlsx) in {listed(map(str, every))}.")
    return found


def _form(path: Path) -> _Form:
    """Read one file."""
    path = existing_file(path)
    if require_kind(path) != "xlsx":
        raise ReadError(f"{path.name}: a form is an Excel workbook (.xlsx).")
    require_safe_archive(path, most=_BYTES)
    sheets = _sheets(path)
    absent = [name for name in (EGO, ALTERS, CHOICES) if name not in sheets]
    if absent:
        raise ReadError(
            f"{path.name}: this is no form of cpeval.social_capital.name_generator_sheet: it has "
            f"no sheet {listed(absent)}. Sheets there: {listed(sheets)}."
        )
    head = [_text(cell) for cell in sheets[ALTERS][0]] if sheets[ALTERS] else []
    if head[:2] != [NUMBER, NAME]:
        raise ReadError(
            f"{path.name}: the first row of sheet {ALTERS!r} should begin with {NUMBER!r} and "
            f"{NAME!r}. It holds {listed(head)}."
        )
    form = _Form(ties=TIES in sheets)
    _read_ego(sheets[EGO], form)
    # The form's own text stands beyond an empty column.
    form.attributes = head[2 : head.index("", 2) if "" in head[2:] else None]
    form.places = sum(1 for row in sheets[ALTERS][1:] if is_number(row[0]) if row)
    if not 1 <= form.places <= MOST:
        raise ReadError(f"{path.name}: sheet {ALTERS!r} has {form.places} numbered rows.")
    named = _read_alters(sheets, form)
    if form.ties:
        _read_ties(sheets[TIES], form, named)
    return form


def _sheets(path: Path) -> dict[str, _Cells]:
    """Return the cells of all sheets."""
    from openpyxl.utils.exceptions import InvalidFileException

    damaged = (
        zipfile.BadZipFile, InvalidFileException, ET.ParseError, KeyError, ValueError, OSError,
        TypeError, AttributeError, EOFError,
    )  # fmt: skip
    with warnings.catch_warnings():
        # openpyxl warns of rules for cells that it doesn't keep: none is needed.
        warnings.simplefilter("ignore", UserWarning)
        try:
            cells, formulas = _cells(path, values=True), _cells(path, values=False)
        except damaged as problem:
            raise ReadError(
                f"{path.name}: the workbook is damaged or incomplete ({problem}). Open it in Excel "
                "and save it anew."
            ) from None
    unknown = [
        f"{name!r} {address(r, c)}"
        for name, rows in formulas.items()
        for r, row in enumerate(rows)
        for c, cell in enumerate(row)
        if cell == _FORMULA and _at(cells[name], r, c) is None and not _heading(name, r, c)
    ]
    if unknown:
        raise ReadError(
            f"{path.name}: formulas were saved without their values in {', '.join(unknown[:20])}. "
            "Write what they should say."
        )
    return cells


def _cells(path: Path, *, values: bool) -> dict[str, _Cells]:
    """Return the values of cells, or which of them are formulas."""
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=values)
    try:
        return {
            tab.title: [
                tuple(cell.value if values else cell.data_type for cell in row)
                for row in tab.iter_rows(max_row=_ROWS, max_col=_COLUMNS)
            ]
            for tab in book.worksheets
        }
    finally:
        book.close()


def _heading(sheet: str, row: int, column: int) -> bool:
    """Say whether the form itself has a formula there: the names above and beside the ties."""
    return sheet == TIES and (row == 0 or column == 0)


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _at(cells: _Cells, row: int, column: int) -> object:
    """Return a cell, None where it is blank or beyond the sheet."""
    if row >= len(cells) or column >= len(cells[row]):
        return None
    cell = cells[row][column]
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return cell.strip() or None if isinstance(cell, str) else cell


def _read_ego(cells: _Cells, form: _Form) -> None:
    for row, name in enumerate(ROWS):
        if _text(_at(cells, row, 0)) != name:
            form.faults.append(f"sheet {EGO!r}, {address(row, 0)} should say {name!r}")
        value = _at(cells, row, 1)
        if isinstance(value, str) or is_number(value) or value is None:
            form.values[name] = value
        else:
            form.faults.append(f"sheet {EGO!r}, {address(row, 1)}: {value!r} is no text or number")
    if form.values.get("ego") is None:
        form.faults.append(f"sheet {EGO!r}, {address(0, 1)}: who was asked is missing")


def _read_alters(sheets: dict[str, _Cells], form: _Form) -> set[int]:
    """Take the people who were named, and return their numbers."""
    choices: dict[str, list[object]] = {}
    for row in range(1, len(sheets[CHOICES])):
        attribute, answer = _at(sheets[CHOICES], row, 0), _at(sheets[CHOICES], row, 1)
        if attribute is not None and answer is not None:
            choices.setdefault(str(attribute), []).append(answer)
    named = set()
    for n in range(1, form.places + 1):
        name = _at(sheets[ALTERS], n, 1)
        form.values[f"alter{n}_{NAME}"] = None if name is None else str(name)
        if name is not None:
            named.add(n)
        for column, attribute in enumerate(form.attributes, start=2):
            answer = _at(sheets[ALTERS], n, column)
            where = f"sheet {ALTERS!r}, {address(n, column)}"
            if answer is not None and name is None:
                form.faults.append(
                    f"{where}: {attribute!r} is filled and {address(n, 1)}, the name, is not"
                )
            options = choices.get(attribute)
            if answer is not None and options is not None:
                # Excel may keep what was chosen from a list as text.
                alike = [one for one in options if str(one) == str(answer)]
                if not alike:
                    form.faults.append(f"{where}: {answer!r} is none of {listed(options)}")
                    continue
                answer = alike[0]
            form.values[f"alter{n}_{attribute}"] = answer
    return named


def _read_ties(cells: _Cells, form: _Form, named: set[int]) -> None:
    """Take the answers on pairs."""
    for n in range(1, form.places + 1):
        for m in range(1, form.places + 1):
            answer = _at(cells, n, m)
            if n < m:
                form.values[f"tie_{n}_{m}"] = None
            if answer is None:
                continue
            where = f"sheet {TIES!r}, {address(n, m)}"
            if n >= m:
                form.faults.append(
                    f"{where}: {answer!r} is in a grey cell; the pair belongs in {address(m, n)}"
                    if n > m
                    else f"{where}: nobody is asked about themselves"
                )
            elif str(answer) not in ("0", "1"):
                form.faults.append(f"{where}: {answer!r} is not 1 or 0")
            elif str(answer) == "1" and not {n, m} <= named:
                lost = [k for k in (n, m) if k not in named]
                form.faults.append(f"{where}: a tie of number {listed(lost)}, who has no name")
            else:
                form.values[f"tie_{n}_{m}"] = float(str(answer))


def _between(forms: dict[str, _Form]) -> list[str]:
    """Name forms that don't go together."""
    faults = []
    first_name, first = next(iter(forms.items()))
    for name, form in forms.items():
        if (form.attributes, form.places, form.ties) != (
            first.attributes,
            first.places,
            first.ties,
        ):
            faults.append(
                f"{name}: it asks {form.places} names for {listed(form.attributes)}"
                f"{' and ties' if form.ties else ''}, {first_name} asks {first.places} for "
                f"{listed(first.attributes)}{' and ties' if first.ties else ''}; read the two "
                "kinds apart, and put them together with +"
            )
    waves = {name: form.values.get("wave") for name, form in forms.items()}
    without = [name for name, wave in waves.items() if wave is None]
    if without and len(without) < len(waves):
        faults.append(f"no wave in {listed(without)}, and one in the others: sheet 'ego', B2")
    kinds = {
        row: {
            isinstance(value, str)
            for form in forms.values()
            if (value := form.values.get(row)) is not None
        }
        for row in ROWS
    }
    faults += [
        f"{row!r} is a number in some forms and text in others: write them alike"
        for row, found in kinds.items()
        if len(found) > 1
    ]
    same: dict[tuple[object, object], list[str]] = {}
    for name, form in forms.items():
        if form.values.get("ego") is not None:
            same.setdefault((form.values["ego"], waves[name]), []).append(name)
    faults += [
        f"ego {ego!r}{'' if wave is None else f' at wave {wave!r}'} has several forms: "
        f"{listed(names)}"
        for (ego, wave), names in same.items()
        if len(names) > 1
    ]
    return faults
