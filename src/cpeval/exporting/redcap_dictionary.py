"""A REDCap data dictionary read as the start of a definition."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from cpeval.definitions.model import Instrument
from cpeval.errors import CpevalWarning, DefinitionError, did_you_mean, listed
from cpeval.exporting.asked import NO_ANSWER, code_text
from cpeval.exporting.plain_text import one_line
from cpeval.exporting.redcap import (
    CHOICES,
    COLUMNS,
    FIELD_NOTE,
    FORM,
    HIGH,
    LABEL,
    LOW,
    NAME,
    TYPE,
    VALIDATION,
)
from cpeval.spreadsheet_safety import defused

#: What REDCap's API calls the columns that matter here.
_API_NAMES = {
    "field_name": NAME,
    "form_name": FORM,
    "field_type": TYPE,
    "field_label": LABEL,
    "select_choices_or_calculations": CHOICES,
    "field_note": FIELD_NOTE,
    "text_validation_type_or_show_slider_number": VALIDATION,
    "text_validation_min": LOW,
    "text_validation_max": HIGH,
}
_NEEDED = (NAME, FORM, TYPE, LABEL, CHOICES)
#: No project's dictionary is this long; a file made to exhaust memory is.
_LARGEST = 20_000_000
_BUILT_IN = {
    "yesno": {1.0: "Yes", 0.0: "No"},
    "truefalse": {1.0: "True", 0.0: "False"},
}
#: A range wider than this is a measurement, not an answer.
_WIDEST = 1000

Row = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class _Answers:
    codes: Mapping[float, str]
    missing: tuple[float, ...] = ()
    between: bool = False

    def key(self) -> tuple[object, ...]:
        """What makes two sets of answers one."""
        return (tuple(self.codes.items()), self.missing, self.between)

    def definition(self) -> dict[str, object]:
        """What a definition says of them."""
        made: dict[str, object] = {"codes": dict(self.codes)}
        if self.between:
            made["between"] = True
        if self.missing:
            made["missing_codes"] = list(self.missing)
        return made


class _NotAnItem(Exception):
    """Why a field can't be an item."""


def from_redcap(
    kind: type[Instrument], path: str | Path, *, form: str | None, name: str | None
) -> Instrument:
    """Start a definition; `Instrument.from_redcap` says how."""
    rows = _rows(path)
    form = _form(path, rows, form)
    mine = [(number, row) for number, row in rows if row[FORM] == form]
    wrong = [*_names_twice(rows, mine)]
    found: list[tuple[Row, _Answers]] = []
    left_out: list[str] = []
    for number, row in mine:
        try:
            found.append((row, _answers(row)))
        except _NotAnItem as why:
            if number != rows[0][0]:  # the first field of all is the record's identifier
                left_out.append(f"{row[NAME]} ({why})")
        except ValueError as problem:
            wrong.append(f"row {number}, {row[NAME]!r}: {problem}")
    if not found and not wrong:
        wrong.append(
            f"form {form!r} has no field with answers to choose from or whole numbers in a range. "
            f"It has {'; '.join(left_out) or 'nothing else'}"
        )
    if wrong:
        lines = "\n".join(f"- {line}" for line in wrong)
        raise DefinitionError(f"{path} can't start a definition:\n{lines}")
    made = _definition(kind, path, form, name, found, left_out)
    if left_out:
        warnings.warn(
            f"{made.name}: fields of {form!r} that are not items were left out: "
            f"{'; '.join(left_out)}.",
            CpevalWarning,
            stacklevel=3,
        )
    return made


def _rows(path: str | Path) -> list[tuple[int, Row]]:
    """Return the fields with their rows in the file, whatever the columns are called."""
    text = _text(Path(path))
    table = csv.reader(io.StringIO(text, newline=""), strict=False)
    try:
        head = [_API_NAMES.get(name.strip(), name.strip()) for name in next(table, [])]
        absent = [name for name in _NEEDED if name not in head]
        if absent:
            near = ", ".join(f"{name!r}{did_you_mean(name, head)}" for name in absent)
            raise DefinitionError(
                f"{path} is not a REDCap data dictionary: it has no columns {near}. Download it "
                "in REDCap under Data Dictionary. Its columns are "
                f"{listed(COLUMNS)}; this file has {listed(head)}."
            )
        rows: list[tuple[int, Row]] = []
        for number, cells in enumerate(table, start=2):
            row = dict.fromkeys((*COLUMNS,), "") | _cells(head, cells)
            if row[NAME]:
                rows.append((number, row))
    except csv.Error as problem:
        raise DefinitionError(f"{path}: this is not a CSV file: {problem}.") from None
    if not rows:
        raise DefinitionError(f"{path} has a header and no fields.")
    return rows


def _cells(head: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Return cells by column; a row that ends early has empty ones."""
    return {name: cell.strip() for name, cell in zip(head, cells, strict=False)}


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise DefinitionError(
                f"{path}: more than {_LARGEST // 1_000_000} MB; is this the right file?"
            )
        raw = path.read_bytes()
    except FileNotFoundError:
        raise DefinitionError(f"There is no file {str(path)!r}.") from None
    except IsADirectoryError:
        raise DefinitionError(f"{str(path)!r} is a folder; name the file in it.") from None
    except OSError as problem:
        raise DefinitionError(f"{path}: can't be read ({problem.strerror}).") from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")  # what Excel on Windows saves


def _form(path: str | Path, rows: Sequence[tuple[int, Row]], form: str | None) -> str:
    """Return the form to take: the one named, or the only one with items."""
    forms = dict.fromkeys(row[FORM] for _, row in rows)
    if form is not None:
        if form not in forms:
            raise DefinitionError(
                f"{path} has no form {form!r}{did_you_mean(form, forms)}. Forms: {listed(forms)}."
            )
        return form
    counts = dict.fromkeys(forms, 0)
    for _, row in rows:
        counts[row[FORM]] += _is_item(row)
    some = [name for name, number in counts.items() if number]
    if len(some) > 1:
        said = ", ".join(f"{name!r} ({counts[name]} items)" for name in some)
        raise DefinitionError(f"{path} has several forms with items. Say which: form= {said}.")
    return some[0] if some else next(iter(forms))


def _is_item(row: Row) -> bool:
    try:
        _answers(row)
    except _NotAnItem:
        return False
    except ValueError:
        return True
    return True


def _names_twice(rows: Sequence[tuple[int, Row]], mine: Sequence[tuple[int, Row]]) -> Iterable[str]:
    where: dict[str, list[int]] = {}
    for number, row in rows:
        where.setdefault(row[NAME], []).append(number)
    for name in dict.fromkeys(row[NAME] for _, row in mine):
        if len(where[name]) > 1:
            yield f"{name!r} names several fields, in rows {', '.join(map(str, where[name]))}"


def _answers(row: Row) -> _Answers:
    """Return a field's answers.

    Raises
    ------
    _NotAnItem
        It is a field of another kind.
    ValueError
        Its choices have mistakes.
    """
    kind = row[TYPE].lower()
    if kind in _BUILT_IN:
        return _Answers(codes=_BUILT_IN[kind])
    if kind in ("radio", "dropdown", "select"):
        return _choices(row[CHOICES])
    if kind == "slider":
        low, high = _range(row) or (0, 100)
        ends = [_shown(text) for text in row[CHOICES].split("|")]
        named = {low: ends[0], high: ends[-1]} if len(ends) > 1 else {low: "", high: ""}
        if len(ends) == 3 and (low + high) % 2 == 0 and ends[1]:
            named[(low + high) // 2] = ends[1]
        codes = {float(code): text or code_text(code) for code, text in named.items()}
        return _Answers(codes=codes, between=True)
    if kind == "text":
        limits = _range(row) if row[VALIDATION].lower() in ("integer", "int") else None
        if limits is not None:
            codes = {float(c): code_text(c) for c in limits} | _noted(row[FIELD_NOTE], *limits)
            return _Answers(codes=codes, between=True)
        raise _NotAnItem("text")
    raise _NotAnItem(kind or "no type")


def _range(row: Row) -> tuple[int, int] | None:
    try:
        low, high = int(row[LOW]), int(row[HIGH])
    except ValueError:
        return None
    return (low, high) if 0 < high - low <= _WIDEST else None


def _noted(note: str, low: int, high: int) -> dict[float, str]:
    """Read what a field's note says of codes, such as ``0 = worst, 100 = best``."""
    pairs = re.findall(r"(-?\d+) = (.+?)(?=, -?\d+ = |$)", _label(note))
    return {float(code): label for code, label in pairs if low <= int(code) <= high}


def _choices(text: str) -> _Answers:
    """Read ``1, label | 2, label``."""
    parts = [part.strip() for part in text.split("|") if part.strip()]
    codes: dict[float, str] = {}
    missing, wrong, twice = [], [], []
    for part in parts:
        code, comma, label = part.partition(",")
        if not comma:
            wrong.append(f"{part!r} has no code before a comma")
            continue
        if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", code.strip()):
            wrong.append(f"{code.strip()!r} is not a number, and scoring needs one")
            continue
        value = float(code)
        if value in codes or value in missing:
            twice.append(code_text(value))
        elif _shown(label) == NO_ANSWER:
            missing.append(value)
        else:
            codes[value] = _shown(label) or code_text(value)
    if twice:
        wrong.append(f"code {', '.join(twice)} stands twice")
    if not parts:
        wrong.append("it has no choices")
    if wrong:
        raise ValueError("; ".join(wrong))
    if len(codes) < 2:
        raise _NotAnItem("one choice alone")
    return _Answers(codes=codes, missing=tuple(missing))


def _shown(text: str) -> str:
    """Return text as REDCap shows it, without markup."""
    return one_line(unescape(re.sub(r"</?[A-Za-z!][^<>]*>", " ", text)))


def _label(text: str) -> str:
    """Return a cell's text, without the apostrophe that keeps it from being a formula."""
    plain = _shown(text)
    return plain[1:] if plain.startswith("'") and defused(plain[1:]) == plain else plain


def _definition(
    kind: type[Instrument],
    path: str | Path,
    form: str,
    name: str | None,
    found: Sequence[tuple[Row, _Answers]],
    left_out: Sequence[str],
) -> Instrument:
    called = name if name is not None else _as_name(form)
    start = f"{called}_"
    shared = all(row[NAME].startswith(start) and row[NAME] != start for row, _ in found)
    keys: dict[tuple[object, ...], str] = {}
    items, responses = [], {}
    for row, answers in found:
        key = keys.setdefault(answers.key(), f"answers_{len(keys) + 1}")
        responses[key] = answers.definition()
        code = row[NAME].removeprefix(start) if shared else row[NAME]
        items.append({"code": code, "label": _label(row[LABEL]) or code, "responses": key})
    notes = [
        f"Started from the form {form!r} of {Path(path).name}: title, citation, licence, "
        "reversed items and scales are to be filled in."
    ]
    if not shared:
        notes.append('Items are called as the data\'s columns: score with items="{code}".')
    if left_out:
        notes.append(f"Left out, since they are no items: {'; '.join(left_out)}.")
    definition = {
        "name": called,
        "title": form,
        "status_note": " ".join(notes),
        "citation": "To be filled in: who published it.",
        "licence": {"terms": "To be filled in: who may use it, and where to ask."},
        "responses": responses,
        "items": items,
        "scales": [{"label": "Sum of all items (to be edited)", "items": "all"}],
    }
    return kind.from_mapping(definition, where=str(path))


def _as_name(form: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", form.lower()).strip("_")
    return plain if plain[:1].isalpha() else f"form_{plain}".rstrip("_")
