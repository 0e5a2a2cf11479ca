"""`check()`: every problem with the data in one list, before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from cpeval.checking.answers import answer_problems, suspects
from cpeval.checking.columns import forgotten, other_columns
from cpeval.checking.found import found
from cpeval.checking.item_layout import absent_advice, wide_advice
from cpeval.checking.missing_line import missing_line
from cpeval.checking.people import study_problems
from cpeval.checking.places import FILE_COLUMNS, said, some, with_files
from cpeval.checking.reading_notes import reading_notes
from cpeval.definitions.catalogue import resolve
from cpeval.definitions.model import Instrument
from cpeval.errors import ColumnError, DataError, listed
from cpeval.reading.origin import Origin, origin_of
from cpeval.result import Result
from cpeval.scoring.item_columns import Items, placed, unused_by_pattern
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
    meant), ``value``, ``advice``. When cpeval read the data, also ``file``, ``file_row`` (counted
    from 1, the row below the names; blank rows count) and, where a column of the file became
    another (`cpeval.read_wide`), ``file_column``. ``first_rows`` holds the row of a spreadsheet
    that each file's first row of data is in, None where that isn't certain.
    """

    n_rows: int
    first_rows: Mapping[str, int | None] = field(default_factory=dict)

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
            values=("value", lambda v: some(v.dropna().unique())),
            rows=("row", lambda rows: some(rows.dropna().astype(int))),
        ).reset_index()
        return short[["severity", "problem", "column", "cells", "values", "rows", "advice"]]

    def __str__(self) -> str:
        """Say it problem by problem, with what to do."""
        if self.table.empty:
            return f"No problems found in {self.n_rows} rows."
        keys = ["severity", "problem", "column", "advice"]
        keys += [name for name in ("file", "file_column") if name in self.table]
        # Whole columns with one advice are said together.
        heads: dict[tuple[str, str, str, str], list[str]] = {}
        for (severity, problem, column, advice, *_), cells in self.table.groupby(
            keys, sort=False, dropna=False
        ):
            values = some(cells["value"].dropna().unique())
            rows = said(cells, self.first_rows)
            where = (f" ({values})" if values else "") + (f", {rows}" if rows else "")
            columns = heads.setdefault((f"{severity}: {problem}", where, str(advice), rows), [])
            if column and column not in columns:
                columns.append(str(column))
        lines = []
        for (head, where, advice, _), columns in heads.items():
            noun = "column" if len(columns) == 1 else "columns"
            named = f" in {noun} {listed(columns)}" if columns else ""
            lines.append(f"{head}{named}{where}.\n    {advice}")
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
            errors = str(replace(self, table=wrong, note="")).rstrip()
            raise DataError(f"The data have problems (rows count from 1):\n{errors}")


def check(
    data: Any,  # noqa: ANN401
    study: Study | None = None,
    *,
    instruments: Instruments = (),
    outcomes: Sequence[str] = (),
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
    outcomes : sequence of str, optional
        Columns that are analysed as numbers. Those that the data lack, such as scores to come,
        are passed over.

    Returns
    -------
    Check
        ``table`` (problem, severity, column, row, value, advice; and file, file_row, file_column
        when cpeval read the data), ``ok``, ``summary``.

    Raises
    ------
    ColumnError
        ``data`` is not a dataframe.
    DefinitionError
        No such instrument, or a definition with mistakes.
    OptionError
        An instrument whose codings clash: give it as ``cp.instrument(name).with_coding(…)``.

    Notes
    -----
    Errors: no rows; a column absent or there twice; a person or wave missing; a person twice at
    a wave; a wave that the study doesn't name, or names and no row has; arms that are not two,
    or change within a person; answers outside an instrument's codes, text or labels in place of
    codes, two codings in one column; text in an outcome; infinite values. Warnings: names that
    differ in case or spaces only; text in a column of numbers; numbers written with their unit;
    values that look like missing codes; an arm missing; a person at several sites. Notes: items
    that nobody answered or that don't vary; rows that a join dropped or kept, and codes that
    were made missing, as far as the data's ``attrs`` say so.

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
    roles = set(study.columns.values()) if study is not None else set()
    used, wide = _item_columns(frame, instruments, roles, parts)
    if study is not None:
        parts += study_problems(frame, study, wide=wide)
    items = {column for _, columns in used for column in columns.values()}
    rest = [c for c in frame.columns if c not in items | roles]
    line = _declared(frame, used, rest)
    for definition, columns in used:
        parts += answer_problems(frame, definition, columns, line)
    parts += other_columns(frame, rest, set(outcomes), line)
    parts += reading_notes(frame)
    return _gathered(parts, len(frame), origin_of(frame))


def _declared(
    frame: pd.DataFrame, used: list[tuple[Instrument, dict[str, str]]], rest: list[str]
) -> str:
    """Return the line for the study file that declares all that looks like missing codes."""
    codes = {
        c: v
        for definition, columns in used
        for c, v in suspects(frame, definition, columns).items()
    }
    for column in rest:
        rows = forgotten(frame[column])
        if len(rows):
            codes[column] = sorted({float(v) for v in frame[column].iloc[rows]})
    return missing_line(frame, codes) if codes else ""


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


def _gathered(parts: list[pd.DataFrame], n_rows: int, origin: Origin | None) -> Check:
    parts = [part for part in parts if len(part)]
    first_rows = {} if origin is None else origin.first_rows
    if not parts:
        columns = [*COLUMNS, *(FILE_COLUMNS if origin is not None else ())]
        return Check(
            table=pd.DataFrame(columns=columns),
            note=f"Checked {n_rows} rows.",
            n_rows=n_rows,
            first_rows=first_rows,
        )
    table = pd.concat(parts, ignore_index=True)
    order = table["severity"].map(_ORDER)
    table = table.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)
    counts = {name: int((table["severity"] == name).sum()) for name in _ORDER}
    counted = ", ".join(f"{n} {name}{'' if n == 1 else 's'}" for name, n in counts.items() if n)
    note = f"Checked {n_rows} rows: {counted}. Rows count from 1, the first row of data."
    if origin is not None:
        table = with_files(table, origin)
    return Check(table=table, note=note, n_rows=n_rows, first_rows=first_rows)


def _item_columns(
    frame: pd.DataFrame,
    instruments: Instruments,
    roles: set[str],
    parts: list[pd.DataFrame],
) -> tuple[list[tuple[Instrument, dict[str, str]]], str]:
    """Match items to columns; those absent become problems, the rest are looked at all the same.

    Returns also advice when the columns hold several waves.
    """
    if isinstance(instruments, str | Instrument):
        instruments = [instruments]
    where = dict(instruments) if isinstance(instruments, Mapping) else dict.fromkeys(instruments)
    matched = []
    for which, items in where.items():
        definition = resolve(which)
        definition.require_coding()
        matched.append(placed(definition, items, list(frame.columns)))
        more = (
            []
            if definition.goals
            else unused_by_pattern(items, len(matched[-1][1]), list(frame.columns))
        )
        if more:
            parts.append(
                found(
                    "more columns fit the pattern",
                    "warning",
                    more[0],
                    advice=f"{definition.name} takes {len(matched[-1][1])} columns by the pattern "
                    f"{items!r}, and {listed(more, most=5)} would fit it too. If these are a "
                    "longer form, list the columns.",
                )
            )
    taken = roles | {column for _, columns in matched for column in columns.values()}
    free = [str(c) for c in frame.columns if c not in taken]
    used, wide = [], ""
    for definition, columns in matched:
        absent = [column for column in columns.values() if column not in frame.columns]
        several = wide_advice(absent, free)
        wide = wide or several
        for column in absent:
            advice = several or absent_advice(definition.name, column, free)
            parts.append(found("item column absent", "error", column, advice=advice))
        used.append((definition, {i: c for i, c in columns.items() if c not in absent}))
    return used, wide
