"""What the sheets of sites and teams are called, and their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpeval.report.naming import Names, printable

if TYPE_CHECKING:
    from cpeval.evaluated import Evaluation

#: Letters of a site that stand in the name of its file.
_LONGEST = 60


def sheet_files(evaluation: Evaluation) -> dict[str, str]:
    """Return the name of each site's file: its letters and digits, each name once."""
    if evaluation.delivery is None:
        return {}
    used: set[str] = set()
    files = {}
    for place in evaluation.delivery.sheets:
        letters = "".join(c if c.isalnum() else " " for c in printable(place).lower())
        plain = "-".join(letters.split())[:_LONGEST].strip("-") or "site"
        name, number = plain, 1
        while name in used:
            number += 1
            name = f"{plain}-{number}"
        used.add(name)
        files[place] = f"feedback-{name}.html"
    return files


def place_in_words(evaluation: Evaluation, place: str) -> str:
    """Return what a sheet's site and team are called."""
    told, names = evaluation.delivery, Names(evaluation)
    assert told is not None
    sheet, study = told.sheets[place], evaluation.study
    parts = ((study.site, sheet.site), (study.team, sheet.team))
    return " · ".join(names.value(column, one) for column, one in parts if one is not None)
