"""A REDCap data dictionary read as the start of a definition."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cpeval.definitions.model import Instrument
from cpeval.errors import CpevalWarning, DefinitionError, did_you_mean, listed
from cpeval.exporting.asked import NO_ANSWER, code_text
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
from cpeval.exporting.redcap_fields import Answers, NotAnItem, Row, answers_of, label_of

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
#: So many fields are named when none of them can be an item.
_MOST_NAMED = 100


@dataclass(frozen=True, kw_only=True)
class _Fields:
    """The fields of a form: those that are items, and the others with their rows and why."""

    items: Sequence[tuple[Row, Answers]]
    others: Sequence[tuple[int, str, str]]


def from_redcap(
    kind: type[Instrument], path: str | Path, *, form: str | None, name: str | None
) -> Instrument:
    """Start a definition; `Instrument.from_redcap` says how."""
    rows = _rows(path)
    chosen = _form(path, rows, form)
    fields = _fields(rows, chosen)
    if chosen is None or not fields.items:
        lines = [f"- row {number}, {called!r}: {why}" for number, called, why in fields.others]
        more = len(lines) - _MOST_NAMED
        lines = [*lines[:_MOST_NAMED], *([f"- and {more} more"] if more > 0 else [])]
        where = f"form {form!r}" if form is not None else "it"
        raise DefinitionError(
            f"{path} can't start a definition: {where} has no field with answers to choose from, "
            "under codes that are numbers, or with whole numbers in a range.\n" + "\n".join(lines)
        )
    made, said = _definition(kind, path, chosen, name, fields)
    if said:
        warnings.warn(f"{made.name}: {' '.join(said)}", CpevalWarning, stacklevel=3)
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


def _form(path: str | Path, rows: Sequence[tuple[int, Row]], form: str | None) -> str | None:
    """Return the form to take: the one named, or the only one with items; None if none has."""
    forms = dict.fromkeys(row[FORM] for _, row in rows)
    if form is not None:
        if form not in forms:
            raise DefinitionError(
                f"{path} has no form {form!r}{did_you_mean(form, forms)}. Forms: {listed(forms)}."
            )
        return form
    counts = dict.fromkeys(forms, 0)
    for row, _ in _fields(rows, None).items:
        counts[row[FORM]] += 1
    some = [name for name, number in counts.items() if number]
    if len(some) > 1:
        said = ", ".join(f"{name!r} ({counts[name]} items)" for name in some)
        raise DefinitionError(f"{path} has several forms with items. Say which: form= {said}.")
    return some[0] if some else None


def _fields(rows: Sequence[tuple[int, Row]], form: str | None) -> _Fields:
    """Part the fields of a form, or of all, into items and others."""
    places: dict[str, list[int]] = {}
    for number, row in rows:
        places.setdefault(row[NAME], []).append(number)
    items: list[tuple[Row, Answers]] = []
    others: list[tuple[int, str, str]] = []
    for number, row in rows:
        if form not in (None, row[FORM]):
            continue
        same = places[row[NAME]]
        if len(same) > 1 and row[NAME] in (name for _, name, _ in others):
            continue
        try:
            if len(same) > 1:
                raise NotAnItem(f"names several fields, in rows {', '.join(map(str, same))}")
            items.append((row, answers_of(row)))
        except NotAnItem as why:
            # The first field of all is the record's identifier, which nobody takes for an item.
            if number != rows[0][0] or row[TYPE].lower() != "text":
                others.append((number, row[NAME], str(why)))
    return _Fields(items=items, others=others)


def _definition(
    kind: type[Instrument], path: str | Path, form: str, name: str | None, fields: _Fields
) -> tuple[Instrument, list[str]]:
    """Make the definition, and say what its user has to look at."""
    called = name if name is not None else _as_name(form)
    start = f"{called}_"
    found = fields.items
    shared = all(row[NAME].startswith(start) and row[NAME] != start for row, _ in found)
    codes = [row[NAME].removeprefix(start) if shared else row[NAME] for row, _ in found]
    keys: dict[tuple[object, ...], str] = {}
    items, responses = [], {}
    for code, (row, answers) in zip(codes, found, strict=True):
        key = keys.setdefault(answers.key(), f"answers_{len(keys) + 1}")
        responses[key] = answers.definition()
        items.append({"code": code, "label": label_of(row[LABEL]) or code, "responses": key})
    notes = [
        f"Started from the form {form!r} of {Path(path).name}. Before use, edit title, citation, "
        'licence, reversed items, codes that mean no answer, and scales; then set status = "own".'
    ]
    if not shared:
        notes.append('Items are called as the data\'s columns: score with items="{code}".')
    said = _said(fields)
    definition = {
        "name": called,
        "title": form,
        "status": "provisional",
        "status_note": " ".join([*notes, *said]),
        "citation": "To be filled in: who published it.",
        "licence": {"terms": "To be filled in: who may use it, and where to ask."},
        "responses": responses,
        "items": items,
        "scales": _scales(codes, [answers for _, answers in found], items),
    }
    return kind.from_mapping(definition, where=str(path)), said


def _scales(
    codes: Sequence[str], answers: Sequence[Answers], items: Sequence[Mapping[str, str]]
) -> list[dict[str, object]]:
    """Return the sum of the items with choices; where there are none, a score an item."""
    chosen = [code for code, one in zip(codes, answers, strict=True) if not one.between]
    if not chosen:
        return [
            {"name": f"item_{place}", "label": str(item["label"]), "items": [item["code"]]}
            for place, item in enumerate(items, start=1)
        ]
    some: str | list[str] = "all" if len(chosen) == len(codes) else chosen
    return [{"label": "Sum of the items (to be edited)", "items": some}]


def _said(fields: _Fields) -> list[str]:
    """Say what was left out, and what was guessed."""
    said = []
    if fields.others:
        left = "; ".join(f"{name} ({why})" for _, name, why in fields.others)
        said.append(f"Left out, since scoring can't use them: {left}.")
    gone = _by_label((row[NAME], answers.no_answer) for row, answers in fields.items)
    if gone:
        said.append(f"Taken for no answer (missing_codes): {gone}.")
    doubtful = _by_label((row[NAME], answers.doubtful) for row, answers in fields.items)
    if doubtful:
        said.append(f"Kept as answers, since they stand between others: {doubtful}.")
    numbers = [row[NAME] for row, answers in fields.items if answers.between]
    if numbers:
        sum_ = "not in the sum" if len(numbers) < len(fields.items) else "each a score by itself"
        said.append(f"Sliders and numbers typed in, {sum_}: {', '.join(numbers)}.")
    sets = {answers.key() for _, answers in fields.items if not answers.between}
    if len(sets) > 1:
        said.append(f"The sum adds items with {len(sets)} different sets of answers.")
    return said


def _by_label(found: Iterable[tuple[str, Mapping[float, str]]]) -> str:
    """Name codes with their label and the fields that have them; ours need no second look."""
    fields: dict[tuple[float, str], list[str]] = {}
    for name, labels in found:
        for code, label in labels.items():
            if label != NO_ANSWER:
                fields.setdefault((code, label), []).append(name)
    return "; ".join(
        f"{code_text(code)} {label!r} in {', '.join(names)}"
        for (code, label), names in fields.items()
    )


def _as_name(form: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", form.lower()).strip("_")
    return plain if plain[:1].isalpha() else f"form_{plain}".rstrip("_")
