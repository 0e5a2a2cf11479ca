"""The one gate: what of an evaluation may be shown, before any page, sheet or file sees it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from cpeval.report.characteristics import protect_baseline
from cpeval.report.classes_release import CLASSES, protect_classes
from cpeval.report.delivery_release import OUTCOME, PREFIX, delivery_prose, protect_delivery
from cpeval.report.disclosure import SINGLE_VALUES, Withheld, hidden_places, protect_participants
from cpeval.report.naming import Names, capital, printable
from cpeval.report.networks_release import (
    PREFIX as NETWORKS,
    networks_prose,
    protect_networks,
)
from cpeval.report.prose import protect_prose, protect_warnings
from cpeval.report.sizes import (
    Totals,
    protect_change,
    protect_comparison,
    protect_means,
    protect_other,
    protect_reliability,
)
from cpeval.report.wording import lowered

if TYPE_CHECKING:
    from collections.abc import Callable

    from cpeval.evaluated import Evaluation
    from cpeval.result import Result

#: Problems are told by kind and column only: neither rows nor values nor identifiers leave.
PROBLEM = ["severity", "problem", "column", "cells"]
_CHECKED = (
    "Problems found when the data were checked, by kind and column. Rows and values stay with "
    "the data: 'cpeval check' lists them."
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Released:
    """A result as it may be shown.

    Attributes
    ----------
    title : str
    table : pandas.DataFrame
        Cells hold a value, None, or a `Withheld`.
    note : str
    warnings : tuple of str
    result : Result
        What it was made from; figures call its ``plot`` on numbers that may be shown.
    """

    title: str
    table: pd.DataFrame
    note: str
    warnings: tuple[str, ...]
    result: Result

    @cached_property
    def n_withheld(self) -> int:
        """How many cells were withheld."""
        return int(self.table.map(lambda cell: isinstance(cell, Withheld)).to_numpy().sum())

    @property
    def numbers(self) -> pd.DataFrame:
        """The table with withheld cells missing, each column of its own type, to draw from."""
        shown = self.table.map(lambda cell: None if isinstance(cell, Withheld) else cell)
        original = self.result.table
        for column in shown.columns.intersection(original.columns):
            if pd.api.types.is_numeric_dtype(original[column]):
                shown[column] = pd.to_numeric(shown[column])
        return shown


@dataclass(frozen=True, kw_only=True, eq=False)
class Release:
    """All of an evaluation that may be shown."""

    results: dict[str, Released]
    rows_shown: bool
    not_computed: tuple[str, ...] = ()

    @property
    def n_withheld(self) -> int:
        """How many cells were withheld, over all tables."""
        return sum(one.n_withheld for one in self.results.values())

    def get(self, name: str) -> Released | None:
        """Return a result if the evaluation has it and it holds a row."""
        found = self.results.get(name)
        return found if found is not None and len(found.table) else None


def release(evaluation: Evaluation) -> Release:
    """Withhold what may not leave.

    Parameters
    ----------
    evaluation : Evaluation
        Its ``small_count`` is the smallest count that is shown, beside zero.

    Returns
    -------
    Release
        Results in the order and under the names of ``evaluation.results``. The number of rows
        of the files is shown only if no number of people at a wave is withheld, for the rows
        are their sum.
    """
    limit, names = evaluation.small_count, Names(evaluation)
    tables = _tables(evaluation, names)
    results = {}
    for name, result in evaluation.results.items():
        if name == "data":
            results[name] = _problems(result, limit, names)
            continue
        table, note = tables[name], result.note
        if name == "participants":
            note = note.replace("Lost:", "Not seen:")
        said = result.warnings
        if name.startswith(PREFIX):
            of = _delivery_limit(evaluation, name)
            note, said = delivery_prose(note, of), tuple(delivery_prose(w, of) for w in said)
        if name.startswith(NETWORKS):
            note, said = networks_prose(note, limit), tuple(networks_prose(w, limit) for w in said)
        results[name] = Released(
            title=names.result(name),
            table=table.reset_index(drop=True),
            note=protect_prose(_readable(note, evaluation, names), limit),
            warnings=protect_warnings(
                [_readable(text, evaluation, names) for text in said], table, limit
            ),
            result=result,
        )
    return Release(
        results=results,
        rows_shown=_rows_may_be_shown(evaluation, tables),
        not_computed=tuple(names.not_computed(name) for name in evaluation.left_out),
    )


def _tables(evaluation: Evaluation, names: Names) -> dict[str, pd.DataFrame]:
    """Gate every table, those first whose totals the others are compared with."""
    limit, baseline = evaluation.small_count, evaluation.study.baseline
    found = {
        name: result.table.drop(columns=[c for c in SINGLE_VALUES if c in result.table])
        for name, result in evaluation.results.items()
        if name != "data"
    }
    tables: dict[str, pd.DataFrame] = {}
    if "participants" in found:
        tables["participants"] = protect_participants(
            found["participants"], limit, baseline=baseline
        )
    if "baseline" in found:
        scores = [outcome.column for outcome in evaluation.outcomes]
        tables["baseline"] = protect_baseline(found["baseline"], limit, scores=scores)
    totals = Totals.of(tables.get("participants"), baseline, limit)
    measures = [o.column for o in names.outcomes if o not in evaluation.outcomes]
    totals.beside = {one: tuple(o for o in measures if o != one) for one in measures}
    for kind, protect in (
        ("means", protect_means),
        ("change", protect_change),
        ("compare", protect_comparison),
    ):
        for name, table in found.items():
            outcome, parts = names.outcome_of(name)
            if outcome is not None and parts[0] == kind:
                tables[name] = protect(table, outcome.column, totals)
    for name in (name for name in found if name.startswith(PREFIX)):
        if name == CLASSES:
            of = _delivery_limit(evaluation, name)
            tables[name] = protect_classes(found[name], of, *totals.all_known())
        else:
            tables[name] = protect_delivery(found[name], _delivery_limit(evaluation, name))
    for name in (name for name in found if name.startswith(NETWORKS) and name not in tables):
        tables[name] = protect_networks(name, found[name], totals, measures)
    if "reliability" in found:
        tables["reliability"] = protect_reliability(found["reliability"], totals)
    return {
        name: tables[name] if name in tables else protect_other(table, totals)
        for name, table in found.items()
    }


def _delivery_limit(evaluation: Evaluation, name: str) -> int:
    """Return the smallest count shown: any, where teams or sites were rated and not people.

    Beside a site's outcome stands the number of people who have it.
    """
    told = evaluation.delivery
    open_to_all = told is not None and not told.units_are_people and name != OUTCOME
    return 1 if open_to_all else evaluation.small_count


def _rows_may_be_shown(evaluation: Evaluation, tables: dict[str, pd.DataFrame]) -> bool:
    """Say whether the numbers of rows of the files tell no small number of people."""
    if "participants" not in tables:
        return True
    if hidden_places(tables["participants"]):
        return False
    seen = tables["participants"]["n"]
    few = evaluation.small_count * max(len(evaluation.study.waves), 1)
    gaps = [abs(source.n_rows - sum(seen)) for source in evaluation.sources]
    return evaluation.small_count <= 1 or not any(0 < gap < few for gap in gaps)


def _problems(check: Result, limit: int, names: Names) -> Released:
    """Count problems by kind and column; a problem of a whole column counts no cells."""
    found = check.table.reindex(columns=["severity", "problem", "column", "row"])
    keys = ["severity", "problem", "column"]
    counts = found.groupby(keys, sort=False, dropna=False)["row"].count().reset_index(name="cells")
    order = counts["severity"].map({"error": 0, "warning": 1, "note": 2})
    counts = counts.iloc[order.argsort(kind="stable").to_numpy()].reset_index(drop=True)
    cells = [Withheld(1, limit - 1) if 0 < n < limit else (int(n) or None) for n in counts["cells"]]
    counts["cells"] = pd.Series(cells, dtype=object)
    return Released(
        title=names.result("data"),
        table=counts[PROBLEM].astype(object),
        note=_CHECKED,
        warnings=(),
        result=check,
    )


def _readable(text: str, evaluation: Evaluation, names: Names) -> str:
    """Put labels in the place of columns and codes that a result's sentences name."""
    study = evaluation.study
    for outcome in names.outcomes:
        label = lowered(outcome.label)
        # An ordinary word such as "score" is left alone unless quoted.
        plain = [] if outcome.column.isalpha() and outcome.column.islower() else [outcome.column]
        for written in (repr(outcome.column), *plain):
            pattern = rf"(?<![\w'-]){re.escape(written)}(?![\w'-])"
            text = re.sub(rf"(?<=without ){pattern}", "a score", text)
            text = re.sub(pattern, _constant(label), text)
    for column in (c for c in evaluation.covariates if not (c.isalpha() and c.islower())):
        pattern = rf"(?<![\w'-]){re.escape(column)}(?![\w'-])"
        text = re.sub(pattern, _constant(lowered(names.column(column))), text)
    if study.arm is not None:
        text = re.sub(
            rf"\b{re.escape(study.arm)} (\S+) minus (\S+?)(?=[,:]? )",
            lambda m: " minus ".join(names.arm(value) for value in m.groups()),
            text,
        )
    for value in _arms(evaluation):
        arm = names.the_arm(value)
        for written in (repr(value), str(value)):
            pattern = rf"\barm {re.escape(written)}(?![\w'])"
            text = re.sub(pattern, _constant(arm), text)
            text = re.sub(rf"\bArm {re.escape(written)}(?![\w'])", _constant(capital(arm)), text)
    return printable(text)


def _arms(evaluation: Evaluation) -> list[object]:
    """Values of the arm, from the study's labels and from the tables."""
    found: dict[object, None] = dict.fromkeys(
        evaluation.value_labels.get(evaluation.study.arm or "", {})
    )
    for result in evaluation.results.values():
        if "group" in result.table:
            found |= dict.fromkeys(result.table["group"])
    return [value for value in found if value != "all"]


def _constant(text: str) -> Callable[[re.Match[str]], str]:
    """A replacement that is taken as it is: a label may hold a backslash."""
    return lambda _: text
