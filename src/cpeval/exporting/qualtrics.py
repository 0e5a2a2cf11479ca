"""A survey for Qualtrics, as the text file that it calls Advanced Format."""

from __future__ import annotations

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
from cpeval.exporting.column_names import as_identifier, named
from cpeval.exporting.exported import Exported, exported
from cpeval.exporting.file_writing import write_whole
from cpeval.exporting.plain_text import for_qualtrics


def to_qualtrics(which: Which | Sequence[Which], path: str | Path, *, prefix: str = "") -> Exported:
    """Write a survey in Qualtrics' Advanced Format (.txt).

    Parameters
    ----------
    which : str, pathlib.Path, Instrument, or sequence of them
    path : str or pathlib.Path
        Ends in .txt. A file there is replaced.
    prefix : str, optional
        Put before every question's ID.

    Returns
    -------
    Exported
        ``table``: each item's ID. ``warnings``: what the format can't say.

    Raises
    ------
    OptionError
        An instrument needs something said first; IDs that would be one; a suffix other than .txt.
    OutputError
        The file can't be written.
    DefinitionError
        No such instrument.

    Notes
    -----
    A block an instrument. Items are multiple choice with one answer, each choice under its code.
    Items whose codes are not whole numbers from 0 up, or any number between two ends, are text
    entries that say what to enter, since the format has no such choices and no validation. Scores
    are for `cpeval.score`. After the import, look at the recode values once.

    References
    ----------
    Qualtrics Support, "Import & Export Surveys", section "Preparing an Advanced Format TXT File".

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> done = to_qualtrics("swemwbs", f"{folder.name}/swemwbs.txt")
    >>> done.path.read_text(encoding="utf-8").splitlines()[0]
    '[[AdvancedFormat]]'
    >>> folder.cleanup()
    """
    asked = instruments_of(which)
    about = {one.name: f"{prefix}{one.name}_about" for one in asked}
    questions = questions_of(
        asked,
        prefix=prefix,
        rule=as_identifier,
        program="Qualtrics",
        reserved=list(about.values()),
    )
    names = named(about.values(), as_identifier, program="Qualtrics", longest=255)
    lines = ["[[AdvancedFormat]]", ""]
    for one in asked:
        said = for_qualtrics(notice(one))
        lines += [f"[[Block:{one.name}]]", "", "[[Question:DB]]"]
        lines += [f"[[ID:{names[about[one.name]]}]]", said, ""]
        for question in questions:
            if question.instrument is one:
                lines += _question(question)
    text = "\n".join(lines)
    done = write_whole(
        path, ".txt", lambda place: place.write_text(text, encoding="utf-8", newline="\n")
    )
    typed = [question.column for question in questions if not _has_choices(question)]
    warnings = (
        [f"Text entries, which Qualtrics doesn't check as imported: {', '.join(typed)}."]
        if typed
        else []
    )
    kinds = ["multiple choice" if _has_choices(q) else "text entry" for q in questions]
    return exported(done, "Qualtrics", questions, kinds, prefix=prefix, warnings=warnings)


def _has_choices(question: Question) -> bool:
    codes = question.choices
    return not question.whole and all(code >= 0 and code == int(code) for code in codes)


def _question(question: Question) -> list[str]:
    label = for_qualtrics(question.label) or question.item.code
    if not _has_choices(question):
        said = for_qualtrics(f"Enter {question.span} ({question.spelt}).")
        return [
            "[[Question:TE:SingleLine]]",
            f"[[ID:{question.column}]]",
            f"{label}. {said}",
            "",
        ]
    lines = ["[[Question:MC:SingleAnswer:Vertical]]", f"[[ID:{question.column}]]", label, ""]
    lines.append("[[AdvancedChoices]]")
    for code, answer in question.choices.items():
        lines += [f"[[Choice:{code_text(code)}]]", for_qualtrics(answer) or code_label(code)]
    return [*lines, ""]
