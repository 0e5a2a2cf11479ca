"""Names of the files with sites' sheets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpeval.report.naming import printable

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
