"""A data dictionary that REDCap imports: an instrument's items as fields, its scores computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from cpeval.definitions.model import Instrument
from cpeval.errors import OptionError
from cpeval.exporting.asked import (
    Question,
    Which,
    code_label,
    code_text,
    instruments_of,
    notice,
    questions_of,
)
from cpeval.exporting.column_names import as_redcap, named, shortened
from cpeval.exporting.exported import Exported, exported
from cpeval.exporting.file_writing import write_whole
from cpeval.exporting.formulas import REDCAP, left_out_message, score_formulas
from cpeval.exporting.plain_text import for_redcap, for_redcap_choice
from cpeval.spreadsheet_safety import defused

#: The columns of a data dictionary, as REDCap names and orders them.
COLUMNS = (
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
)
NAME, FORM, HEADER, TYPE, LABEL, CHOICES, FIELD_NOTE, VALIDATION, LOW, HIGH = COLUMNS[:10]
ANNOTATION = COLUMNS[-1]
#: REDCap's hard limit on a variable's name; statistics programs prefer 26.
_LONGEST, _ADVISED = 100, 26
#: The end of a calculated field's name.
_CALC = "_calc"


def to_redcap(
    which: Which | Sequence[Which],
    path: str | Path,
    *,
    prefix: str = "",
    form: str | None = None,
    record: str | None = "record_id",
    scores: bool = True,
) -> Exported:
    """Write a data dictionary (CSV) for REDCap.

    Parameters
    ----------
    which : str, pathlib.Path, Instrument, or sequence of them
    path : str or pathlib.Path
        Ends in .csv. A file there is replaced.
    prefix : str, optional
        Put before every variable's name, such as ``"t0_"``.
    form : str, optional
        The form (REDCap's instrument) for all. Without it, each has one of its own name.
    record : str, default "record_id"
        The record's identifier, which must be a project's first field. None leaves it out, for
        rows to add to the dictionary of a project that has it.
    scores : bool, default True
        Add calculated fields ``<column>_calc`` for the scores that REDCap can compute.

    Returns
    -------
    Exported
        ``table``: each item's variable. ``warnings``: names that were changed or are long, scores
        that are left out, missing codes that can't be entered.

    Raises
    ------
    OptionError
        An instrument needs something said first; names that REDCap can't take; a suffix other
        than .csv.
    OutputError
        The file can't be written.
    DefinitionError
        No such instrument.

    Notes
    -----
    Uploading a dictionary replaces the project's whole dictionary: start with it, or add its rows
    to the one you download. Fields are radio buttons, or whole numbers with a range where any
    number between two ends is an answer. Nothing is required. Labels can't pipe (``[x]``, ``{x}``
    stand in round brackets) nor hold HTML. Codes that would begin the cell with a minus sign are
    offered from the highest down, so that no cell begins like a formula. REDCap advises names of
    26 characters at most: those of calculated fields are cut to that where words can be; each
    one's field annotation has the score's column. Items keep their names, by which they are found.

    References
    ----------
    REDCap, Help & FAQ, "Data Dictionary"; and "Creating a Data Dictionary" (Vanderbilt
    University, 2015): the columns, and the syntax of choices and calculations.

    Examples
    --------
    >>> import tempfile, pandas as pd
    >>> folder = tempfile.TemporaryDirectory()
    >>> done = to_redcap("swemwbs", f"{folder.name}/swemwbs.csv")
    >>> pd.read_csv(done.path).iloc[2, [0, 3, 5]].tolist()[:2]
    ['swemwbs_1', 'radio']
    >>> folder.cleanup()
    """
    asked = instruments_of(which)
    head = [] if record is None else [record]
    about = {one.name: f"{prefix}{one.name}_about" for one in asked}
    calc = {c: f"{prefix}{c}{_CALC}" for one in asked for c in one.columns} if scores else {}
    own = [*head, *about.values(), *calc.values()]
    questions = questions_of(
        asked, prefix=prefix, rule=as_redcap, program="REDCap", longest=_LONGEST, reserved=own
    )
    names = named(own, as_redcap, program="REDCap", longest=_LONGEST)
    names |= _calc_names(calc, names, [q.column for q in questions], prefix)
    forms = {one.name: as_redcap(form or f"{prefix}{one.name}") for one in asked}
    rows: list[dict[str, object]] = []
    if record is not None:
        first = forms[asked[0].name]
        rows.append({NAME: names[record], FORM: first, TYPE: "text", LABEL: "Record"})
    warnings = _missing_codes(questions)
    kinds = []
    for one in asked:
        on = {FORM: forms[one.name]}
        rows.append(
            {
                **on,
                NAME: names[about[one.name]],
                HEADER: _text(one.title),
                TYPE: "descriptive",
                LABEL: _text(notice(one)),
            }
        )
        mine = [question for question in questions if question.instrument is one]
        fields = [_field(question) for question in mine]
        kinds += [str(field[TYPE]) for field in fields]
        rows += [on | field for field in fields]
        if scores:
            computed, warned = _computed(one, mine, {c: names[calc[c]] for c in one.columns})
            rows += [on | field for field in computed]
            warnings += warned
    there = [str(row[NAME]) for row in rows]
    warnings += [*_cut_names(calc, names, there), *_long_names(there)]
    table = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object).fillna("")
    done = write_whole(
        path, ".csv", lambda place: table.to_csv(place, index=False, lineterminator="\n")
    )
    return exported(done, "REDCap", questions, kinds, prefix=prefix, warnings=warnings)


def _text(text: str) -> str:
    return defused(for_redcap(text))


def _field(question: Question) -> dict[str, object]:
    """Return the field of an item: a choice, or a whole number."""
    field: dict[str, object] = {
        NAME: question.column,
        LABEL: _text(question.label) or question.item.code,
    }
    low, high = int(question.low), int(question.high)
    number = {TYPE: "text", VALIDATION: "integer", FIELD_NOTE: _text(question.spelt)}
    if question.whole:
        # With codes beyond the ends, a range would refuse them.
        range_: dict[str, object] = {} if question.missing else {LOW: low, HIGH: high}
        return field | number | range_
    choices = _from_a_plain_sign(question.choices)
    if next(iter(choices)) < 0:
        raise OptionError(
            f"{question.instrument.name}: all codes of item {question.item.code} are negative, "
            "and a cell of choices must not begin like a formula. Give the form other codes."
        )
    said = " | ".join(
        f"{code_text(code)}, {for_redcap_choice(label) or code_label(code)}"
        for code, label in choices.items()
    )
    return field | {TYPE: "radio", CHOICES: said}


def _from_a_plain_sign(choices: dict[float, str]) -> dict[float, str]:
    """Order choices so that the first has no minus sign: the order given, else downwards."""
    if next(iter(choices)) >= 0:
        return choices
    return dict(sorted(choices.items(), reverse=True))


def _computed(
    one: Instrument, questions: Sequence[Question], names: dict[str, str]
) -> tuple[list[dict[str, object]], list[str]]:
    columns = {question.item.code: question.column for question in questions}
    formulas, left_out = score_formulas(one, columns, names, REDCAP)
    made = ((one.column(scale), scale.label) for scale in one.scored)
    fields: list[dict[str, object]] = [
        {
            NAME: names[column],
            TYPE: "calc",
            LABEL: _text(label),
            CHOICES: formulas[names[column]],
            ANNOTATION: column,
        }
        for column, label in made
        if names[column] in formulas
    ]
    if fields:
        fields[0][HEADER] = "Scores"
    return fields, left_out_message(one, left_out)


def _missing_codes(questions: Sequence[Question]) -> list[str]:
    some = [q.column for q in questions if q.whole and q.missing]
    if not some:
        return []
    return [
        f"{', '.join(some)}: the range isn't checked, since codes beyond it mean no answer. "
        "cpeval.check finds what lies outside."
    ]


def _calc_names(
    calc: Mapping[str, str], names: Mapping[str, str], items: Sequence[str], prefix: str
) -> dict[str, str]:
    """Return shorter names for the calculated fields whose names are longer than advised."""
    taken = {*names.values(), *items}
    keep = len(as_redcap(f"{prefix}x")) - 1
    made: dict[str, str] = {}
    for wanted in calc.values():
        stem = names[wanted].removesuffix(_CALC)
        stems = {name.removesuffix(_CALC) for name in taken if name.endswith(_CALC)}
        short = shortened(stem, most=_ADVISED - len(_CALC), keep=keep, taken=stems) + _CALC
        if short != names[wanted]:
            made[wanted] = short
            taken.add(short)
    return made


def _cut_names(
    calc: Mapping[str, str], names: Mapping[str, str], there: Sequence[str]
) -> list[str]:
    some = [
        f"{names[wanted]} ({column})"
        for column, wanted in calc.items()
        if names[wanted] != as_redcap(wanted) and names[wanted] in there
    ]
    if not some:
        return []
    return [
        f"Names of calculated fields were cut to the {_ADVISED} characters that REDCap advises: "
        f"{', '.join(some)}."
    ]


def _long_names(names: Sequence[str]) -> list[str]:
    some = [name for name in names if len(name) > _ADVISED]
    if not some:
        return []
    return [
        f"REDCap advises names of {_ADVISED} characters at most: {', '.join(some[:5])}"
        + (f" and {len(some) - 5} more" if len(some) > 5 else "")
        + " are longer. They work."
    ]
