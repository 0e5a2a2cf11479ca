"""`check()`: every problem with the data in one list, before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from cpeval.checking.answers import answer_problems
from cpeval.checking.columns import other_columns
from cpeval.checking.found import found
from cpeval.checking.people import study_problems
from cpeval.definitions.catalogue import resolve
from cpeval.definitions.model import Instrument
from cpeval.errors import ColumnError, DataError, did_you_mean
from cpeval.item_columns import ANY_COLUMNS, Items, item_columns
from cpeval.result import Result
from cpeval.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Names or definitions, or a mapping from them to where their items are.
Instruments = Sequence[str | Instrument] | Mapping[str, Items] | Mapping[Instrument, Items]

COLUMNS = ("problem", "severity", "column", "row", "value", "advice")
_ORDER = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True, kw_only=True, eq=False)
class Check(Result):
    """What `check` found.

    ``table`` has one row a problem and cell: ``problem``, ``severity`` (error, warning, note),
    ``column``, ``row`` (counted from 1, the first row of data; missing when the whole column is
    meant), ``value``, ``advice``.
    """

    n_rows: int

    @property
    def ok(self) -> bool:
        """Whether there is no error. Warnings and notes don't count."""
        return not (self.table["severity"] == "error").any()

    @property
    def summary(self) -> pd.DataFrame:
        """One row a problem and column: severity, cells, the values and first rows, advice."""
        keys = ["severity", "problem", "column", "advice"]
        if self.table.empty:
            return pd.DataFrame(
                columns=["severity", "problem", "column", "cells", "values", "rows", "advice"]
            )
        groups = self.table.groupby(keys, sort=False, dropna=False)
        short = groups.agg(
            cells=("row", lambda rows: max(int(rows.notna().sum()), 1)),
            values=("value", lambda v: _some(v.dropna().unique())),
            rows=("row", lambda rows: _some(rows.dropna().astype(int))),
        ).reset_index()
        return short[["severity", "problem", "column", "cells", "values", "rows", "advice"]]

    def __str__(self) -> str:
        """Say it problem by problem, with what to do."""
        if self.table.empty:
            return f"No problems found in {self.n_rows} rows."
        lines = []
        for severity, problem, column, cells, values, rows, advice in self.summary.itertuples(
            index=False
        ):
            where = f" in column {column!r}" if column else ""
            what = f" ({values})" if values else ""
            at = (
                f", row {rows}"
                if cells == 1 and rows
                else f", {cells} cells, rows {rows}"
                if rows
                else ""
            )
            lines.append(f"{severity}: {problem}{where}{what}{at}.\n    {advice}")
        return "\n".join([*lines, self.note])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return Result(table=self.summary, note=self.note, warnings=self.warnings)._repr_html_()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how many cells each problem touches."""
        from cpeval.plots.problems import problems

        return problems(self.summary, ax=ax)

    def require_ok(self) -> None:
        """Raise one `DataError` with every error, if there is any."""
        if not self.ok:
            wrong = self.table[self.table["severity"] == "error"]
            said = Check(table=wrong, note="", n_rows=self.n_rows)
            raise DataError(f"The data have problems (rows count from 1):\n{str(said).rstrip()}")


def check(
    data: Any,  # noqa: ANN401
    study: Study | None = None,
    *,
    instruments: Instruments = (),
) -> Check:
    """Find every problem that would spoil an analysis, and say what to do about each.

    Parameters
    ----------
    data : dataframe, shape (n_rows, n_columns)
        One row a person and wave. Any eager frame that narwhals takes; a lazy one is collected.
    study : Study, optional
        Without it only columns and answers are looked at.
    instruments : sequence, or mapping to where their items are
        Names or definitions whose item columns are looked at; a mapping's values are what
        `score` takes as ``items``.

    Returns
    -------
    Check
        ``table`` (problem, severity, column, row, value, advice), ``ok``, ``summary``.

    Raises
    ------
    ColumnError
        ``data`` is not a dataframe.
    DefinitionError
        No such instrument, or a definition with mistakes.

    Notes
    -----
    Errors: no rows; a column absent or there twice; a person or wave missing; a person twice at
    a wave; a wave that the study doesn't name, or names and no row has; arms that are not two,
    or change within a person; answers outside an instrument's codes, text or labels in place of
    codes, two codings in one column. Warnings: names that differ in case or spaces only; text
    in a column of numbers; values that look like missing codes; an arm missing; a person at
    several sites. Notes: items that nobody answered or that don't vary.

    Examples
    --------
    >>> data = pd.DataFrame({"id": [1, 1, 2], "wave": ["t0", "t0", "t9"]})
    >>> study = Study(person="id", wave="wave", baseline="t0", follow_up="t1")
    >>> found = check(data, study)
    >>> found.ok
    False
    >>> found.table[["problem", "row", "value"]].to_string(index=False).splitlines()[1].split()
    ['person', 'twice', 'at', 'a', 'wave', '1', '1', 'at', 't0']
    """
    frame = _as_pandas(data)
    parts: list[pd.DataFrame] = []
    names = [str(name) for name in frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        parts += [
            found("two columns with one name", "error", c, advice="Rename or delete one.")
            for c in twice
        ]
        frame = frame.loc[:, ~frame.columns.duplicated()]
    if frame.empty:
        parts.append(
            found(
                "no rows", "error", advice="Is this the right file, and were all rows filtered out?"
            )
        )
    used = _item_columns(frame, instruments, parts)
    if study is not None:
        parts += study_problems(frame, study)
    for definition, columns in used:
        parts += answer_problems(frame, definition, columns)
    items = {column for _, columns in used for column in columns.values()}
    roles = set(study.columns.values()) if study is not None else set()
    parts += other_columns(frame, [c for c in frame.columns if c not in items | roles])
    return _gathered(parts, len(frame))


def _as_pandas(data: object) -> pd.DataFrame:
    if isinstance(data, pd.DataFrame):
        return data
    try:
        frame = nw.from_native(data)  # type: ignore[call-overload]
    except TypeError:
        raise ColumnError(f"The data should be a dataframe. Got {type(data).__name__}.") from None
    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    pandas: pd.DataFrame = eager.to_pandas()
    return pandas


def _gathered(parts: list[pd.DataFrame], n_rows: int) -> Check:
    parts = [part for part in parts if len(part)]
    if not parts:
        return Check(
            table=pd.DataFrame(columns=list(COLUMNS)), note=f"Checked {n_rows} rows.", n_rows=n_rows
        )
    table = pd.concat(parts, ignore_index=True)
    order = table["severity"].map(_ORDER)
    table = table.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)
    counts = {name: int((table["severity"] == name).sum()) for name in _ORDER}
    said = ", ".join(f"{n} {name}{'' if n == 1 else 's'}" for name, n in counts.items() if n)
    note = f"Checked {n_rows} rows: {said}. Rows count from 1, the first row of data."
    return Check(table=table, note=note, n_rows=n_rows)


def _item_columns(
    frame: pd.DataFrame,
    instruments: Instruments,
    parts: list[pd.DataFrame],
) -> list[tuple[Instrument, dict[str, str]]]:
    """Match items to columns; those absent become problems, the rest are looked at all the same."""
    if isinstance(instruments, str | Instrument):
        instruments = [instruments]
    where = dict(instruments) if isinstance(instruments, Mapping) else dict.fromkeys(instruments)
    used = []
    for which, items in where.items():
        definition = resolve(which)
        columns = item_columns(definition, items, ANY_COLUMNS)
        absent = [column for column in columns.values() if column not in frame.columns]
        for column in absent:
            near = did_you_mean(column, frame.columns)
            advice = (
                f"{definition.name} needs it{near}. Say where its items are, or rename the column."
            )
            parts.append(found("item column absent", "error", column, advice=advice))
        used.append((definition, {i: c for i, c in columns.items() if c not in absent}))
    return used


def _some(values: Any, most: int = 8) -> str:  # noqa: ANN401
    shown = [str(v) for v in list(values)[:most]]
    return ", ".join(shown) + (", …" if len(values) > most else "")
