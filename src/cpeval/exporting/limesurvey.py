"""A survey for LimeSurvey, as the tab-separated structure that it imports."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from cpeval.exporting.asked import (
    Question,
    Which,
    code_label,
    code_text,
    instruments_of,
    notice,
    questions_of,
)
from cpeval.exporting.column_names import as_limesurvey, named
from cpeval.exporting.exported import Exported, exported
from cpeval.exporting.file_writing import write_whole
from cpeval.exporting.plain_text import for_limesurvey

_COLUMNS = (
    *("id", "class", "type/scale", "name", "relevance", "text", "help", "language"),
    *("validation", "mandatory", "other", "default", "same_default"),
    *("min_num_value_n", "max_num_value_n", "num_value_int_only"),
)
#: An answer's code has five letters or digits at most.
_LARGEST = 99_999


def to_limesurvey(
    which: Which | Sequence[Which], path: str | Path, *, prefix: str = "", language: str = "en"
) -> Exported:
    """Write a survey's structure for LimeSurvey (.txt, tab-separated).

    Parameters
    ----------
    which : str, pathlib.Path, Instrument, or sequence of them
    path : str or pathlib.Path
        Ends in .txt. A file there is replaced.
    prefix : str, optional
        Put before every question's code.
    language : str, default "en"
        The survey's base language.

    Returns
    -------
    Exported
        ``table``: each item's question code; LimeSurvey allows letters and digits alone, so
        give `cpeval.score` ``items=done.items()``. ``warnings`` says so, and what else differs.

    Raises
    ------
    OptionError
        An instrument needs something said first; codes that would be one; a suffix other than
        .txt.
    OutputError
        The file can't be written.
    DefinitionError
        No such instrument.

    Notes
    -----
    A group an instrument. Items are lists (type L) under their codes. Items with codes other than
    whole numbers from 0 to 99999, or with any number between two ends, are numerical input (N),
    with the lowest and highest code as limits where these are all. Scores are for `cpeval.score`.

    References
    ----------
    LimeSurvey Manual, "Tab Separated Value survey structure".

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> to_limesurvey("swemwbs", f"{folder.name}/swemwbs.txt").items()["1"]
    'swemwbs1'
    >>> folder.cleanup()
    """
    asked = instruments_of(which)
    about = {one.name: f"{prefix}{one.name}_about" for one in asked}
    questions = questions_of(
        asked,
        prefix=prefix,
        rule=as_limesurvey,
        program="LimeSurvey",
        longest=20,
        reserved=list(about.values()),
    )
    names = named(about.values(), as_limesurvey, program="LimeSurvey", longest=20)
    title = for_limesurvey(", ".join(one.title for one in asked))
    rows: list[dict[str, object]] = [
        {"class": "S", "name": "language", "text": language},
        {"class": "SL", "name": "surveyls_title", "text": title, "language": language},
    ]
    number = 0
    for group, one in enumerate(asked, start=1):
        rows.append(
            {
                "id": group,
                "class": "G",
                "type/scale": group,
                "name": for_limesurvey(one.title),
                "relevance": 1,
                "language": language,
            }
        )
        number += 1
        text = {"text": for_limesurvey(notice(one)), "language": language, "relevance": 1}
        kind = {"class": "Q", "type/scale": "X", "name": names[about[one.name]]}
        rows.append({"id": number, **kind, **text})
        for question in questions:
            if question.instrument is one:
                number += 1
                rows += _question(question, number, language)
    done = write_whole(path, ".txt", lambda place: _write(place, rows))
    typed = [q.column for q in questions if not _is_list(q)]
    warnings = (
        [f"Numbers to type in, since the codes can't be answer codes: {', '.join(typed)}."]
        if typed
        else []
    )
    kinds = ["list" if _is_list(question) else "number" for question in questions]
    return exported(done, "LimeSurvey", questions, kinds, prefix=prefix, warnings=warnings)


def _is_list(question: Question) -> bool:
    return not question.whole and all(
        0 <= code <= _LARGEST and code == int(code) for code in question.choices
    )


def _question(question: Question, number: int, language: str) -> list[dict[str, object]]:
    label = for_limesurvey(question.label) or question.item.code
    row: dict[str, object] = {
        "id": number,
        "class": "Q",
        "name": question.column,
        "relevance": 1,
        "text": label,
        "language": language,
        "mandatory": "N",
        "other": "N",
    }
    if _is_list(question):
        return [
            row | {"type/scale": "L"},
            *(
                {
                    "id": number,
                    "class": "A",
                    "type/scale": 0,
                    "name": int(code),
                    "relevance": 0,
                    "text": for_limesurvey(answer) or code_label(code),
                    "language": language,
                }
                for code, answer in question.choices.items()
            ),
        ]
    every = list(question.choices)
    whole = all(code == int(code) for code in every)
    return [
        row
        | {
            "type/scale": "N",
            "help": for_limesurvey(question.spelt),
            "min_num_value_n": code_text(min(every)),
            "max_num_value_n": code_text(max(every)),
            "num_value_int_only": int(whole),
        }
    ]


def _write(place: Path, rows: Sequence[dict[str, object]]) -> None:
    # With a byte-order mark, as LimeSurvey writes such files itself.
    with place.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, _COLUMNS, dialect="excel-tab", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
