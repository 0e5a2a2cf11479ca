"""``results.json``: the released results for machines, the same bytes for the same input."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cpeval.report.disclosure import Withheld
from cpeval.report.naming import plain_value, printable
from cpeval.report.page import title

if TYPE_CHECKING:
    from cpeval.evaluated import Evaluation
    from cpeval.report.release import Release

#: Raised when a reader of the old file could misread the new one.
SCHEMA = "cpeval-results/1"
#: Significant digits. The last digits of a float differ between machines, ten don't.
DIGITS = 10


def record(evaluation: Evaluation, release: Release) -> bytes:
    """Return the file, UTF-8 and indented, as ``results.schema.json`` describes it.

    Parameters
    ----------
    evaluation : Evaluation
        For what was asked and what was read; its results are not looked at.
    release : Release
        The results as they may be shown.

    Notes
    -----
    A number that is missing or infinite is null; one that is withheld is an object with
    ``withheld`` true and the bounds that may be known. Nothing says when the file was made.
    """
    study = {
        name: getattr(evaluation.study, name)
        for name in (
            "person", "site", "team", "worker", "arm", "intervention", "wave", "baseline",
            "randomised",
        )
    }  # fmt: skip
    used = _columns(evaluation, release)
    content = {
        "schema": SCHEMA,
        "title": title(evaluation),
        "simulated": evaluation.simulated,
        "question": evaluation.question,
        "study": {**study, "follow_ups": list(evaluation.study.follow_ups)},
        "outcomes": [asdict(outcome) for outcome in evaluation.outcomes],
        "covariates": list(evaluation.covariates),
        "labels": {c: label for c, label in evaluation.labels.items() if c in used},
        "value_labels": {
            c: _of_levels(c, of, release) for c, of in evaluation.value_labels.items() if c in used
        },
        "small_count": evaluation.small_count,
        "results": {
            name: {
                "title": released.title,
                "columns": [str(column) for column in released.table.columns],
                "rows": [
                    {str(column): cell for column, cell in row.items()}
                    for row in released.table.to_dict("records")
                ],
                "note": released.note,
                "warnings": list(released.warnings),
            }
            for name, released in release.results.items()
        },
        "not_computed": list(release.not_computed),
        "instruments": [asdict(note) for note in evaluation.instruments],
        "sources": [
            {**asdict(source), "n_rows": source.n_rows if release.rows_shown else Withheld()}
            for source in evaluation.sources
        ],
        "versions": dict(evaluation.versions),
    }
    text = json.dumps(_plain(content), ensure_ascii=False, indent=2, allow_nan=False)
    return (text + "\n").encode()


def _columns(evaluation: Evaluation, release: Release) -> set[str]:
    """Columns that the file tells of. Labels of others, or of people, have no place in it."""
    study = evaluation.study
    used = {*evaluation.covariates, *(outcome.column for outcome in evaluation.outcomes)}
    used |= {str(column) for column in (study.site, study.team, study.arm, study.wave) if column}
    for released in release.results.values():
        for column in ("term", "scale", "column"):
            used |= {str(name) for name in released.table.get(column, ())}
    return used - {study.person}


def _of_levels(column: str, labels: dict[str, str], release: Release) -> dict[str, str]:
    """Labels of the categories that are shown: others might name people."""
    found = release.get("baseline")
    if found is None or column not in set(found.table["term"]):
        return dict(labels)
    levels = found.table.loc[found.table["term"] == column, "level"]
    shown = {text for level in levels for text in (plain_value(level), str(level))}
    return {value: label for value, label in labels.items() if value in shown}


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Return a value as JSON has it."""
    if isinstance(value, Withheld):
        return {"withheld": True, "at_least": value.low, "at_most": value.high}
    if isinstance(value, dict):
        return {printable(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return _rounded(value) if math.isfinite(value) else None
    return None if value is pd.NaT or value is pd.NA else printable(value)


def _rounded(value: float) -> float | int:
    """Round to `DIGITS` significant digits; whole counts that came as floats are integers."""
    short = float(f"{value:.{DIGITS}g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short
