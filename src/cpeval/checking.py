"""`check()`: every problem with the data in one list, before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from cpeval.definitions.catalogue import resolve
from cpeval.definitions.model import Instrument, Item
from cpeval.errors import ColumnError, DataError, did_you_mean, listed
from cpeval.invalid_answers import accepted
from cpeval.item_columns import ANY_COLUMNS, Items, item_columns
from cpeval.result import Result
from cpeval.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Names or definitions, or a mapping from them to where their items are.
Instruments = Sequence[str | Instrument] | Mapping[str, Items] | Mapping[Instrument, Items]

COLUMNS = ("problem", "severity", "column", "row", "value", "advice")
#: Codes that survey software writes for a missing answer and that people forget to declare.
FORGOTTEN = (
    -1.0,
    -7.0,
    -8.0,
    -9.0,
    -77.0,
    -88.0,
    -99.0,
    -999.0,
    77.0,
    88.0,
    99.0,
    777.0,
    888.0,
    999.0,
    9999.0,
)
#: The problem that a study may excuse by ``on_invalid = "missing"``.
OUTSIDE = "answer outside the codes"
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
            _found("two columns with one name", "error", c, advice="Rename or delete one.")
            for c in twice
        ]
        frame = frame.loc[:, ~frame.columns.duplicated()]
    if frame.empty:
        parts.append(
            _found(
                "no rows", "error", advice="Is this the right file, and were all rows filtered out?"
            )
        )
    used = _item_columns(frame, instruments, parts)
    if study is not None:
        parts += _study_problems(frame, study)
    for definition, columns in used:
        parts += _answer_problems(frame, definition, columns)
    items = {column for _, columns in used for column in columns.values()}
    roles = set(study.columns.values()) if study is not None else set()
    parts += _other_columns(frame, [c for c in frame.columns if c not in items | roles])
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


def _found(
    problem: str,
    severity: str,
    column: str = "",
    positions: Iterable[int] | None = None,
    values: Iterable[object] | object = None,
    *,
    advice: str,
) -> pd.DataFrame:
    """One row a cell (``positions`` count from 0), or one row for a whole column."""
    rows = [None] if positions is None else np.asarray(list(positions)) + 1
    many = values is not None and positions is not None
    return pd.DataFrame(
        {
            "problem": problem,
            "severity": severity,
            "column": column,
            "row": pd.array(rows, dtype="Int64"),
            "value": [_text(v) for v in values] if many else [_text(values)] * len(rows),  # type: ignore[union-attr]
            "advice": advice,
        }
    )


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
            parts.append(_found("item column absent", "error", column, advice=advice))
        used.append((definition, {i: c for i, c in columns.items() if c not in absent}))
    return used


def _study_problems(frame: pd.DataFrame, study: Study) -> Iterator[pd.DataFrame]:
    absent = {role: c for role, c in study.columns.items() if c not in frame.columns}
    for role, column in absent.items():
        near = did_you_mean(column, frame.columns)
        yield _found(
            "column absent",
            "error",
            column,
            advice=f"The study names it as {role}{near}. Columns there: {listed(frame.columns)}.",
        )
    here = {role: column for role, column in study.columns.items() if role not in absent}
    if "person" in here:
        yield _missing(
            frame, study.person, "person missing", "error", "Every row needs its person's id."
        )
        yield from _twice(frame, study)
    if "wave" in here:
        yield from _waves(frame, study)
    if "arm" in here:
        yield from _arms(frame, study)
    for role in ("site", "team", "arm", "wave", "worker"):
        if role in here:
            yield _variants(frame, here[role])
    for role in ("site", "team"):
        if "person" in here and role in here:
            yield _wanderers(
                frame,
                study.person,
                here[role],
                f"person in several {role}s",
                "warning",
                f"Is the person's {role} right? Analyses use the one at baseline.",
            )


def _missing(
    frame: pd.DataFrame, column: str, problem: str, severity: str, advice: str
) -> pd.DataFrame:
    return _found(problem, severity, column, np.flatnonzero(frame[column].isna()), advice=advice)


def _twice(frame: pd.DataFrame, study: Study) -> Iterator[pd.DataFrame]:
    keys = [c for c in (study.person, study.wave) if c is not None and c in frame.columns]
    if study.wave is not None and study.wave not in keys:
        return
    known = frame[study.person].notna()
    repeated = np.flatnonzero(frame.duplicated(keys, keep=False) & known)
    problem = "person twice at a wave" if len(keys) == 2 else "person twice"
    values = [
        " at ".join(str(_text(v)) for v in row)
        for row in frame[keys].iloc[repeated].to_numpy(dtype=object)
    ]
    yield _found(
        problem,
        "error",
        study.person,
        repeated,
        values,
        advice="Keep one row for each person and wave; delete or correct the others.",
    )


def _waves(frame: pd.DataFrame, study: Study) -> Iterator[pd.DataFrame]:
    column = frame[study.wave]
    yield _missing(frame, str(study.wave), "wave missing", "error", "Every row needs its wave.")
    if not study.waves:
        return
    unknown = np.flatnonzero(column.notna() & ~column.isin(list(study.waves)))
    values = column.iloc[unknown]
    hints = {v: _wave_hint(v, study) for v in values.unique()}
    for value, hint in hints.items():
        rows = unknown[(values == value).to_numpy()]
        yield _found(
            "wave unknown to the study",
            "error",
            str(study.wave),
            rows,
            values[values == value],
            advice=hint,
        )
    there = sorted(column.dropna().unique(), key=str)
    for wave in study.waves:
        if not (column == wave).any():
            yield _found(
                "wave without rows",
                "error",
                str(study.wave),
                None,
                wave,
                advice=f"No row has it. Waves there: {listed(there)}.",
            )


def _wave_hint(value: object, study: Study) -> str:
    for wave in study.waves:
        if str(value).strip().casefold() == str(wave).strip().casefold():
            return f"The study says {wave!r} ({type(wave).__name__}); write both the same way."
    return (
        f"The study names {listed(study.waves)}{did_you_mean(value, study.waves)}. "
        "Correct it, or list it among follow_up."
    )


def _arms(frame: pd.DataFrame, study: Study) -> Iterator[pd.DataFrame]:
    arm = str(study.arm)
    yield _missing(
        frame, arm, "arm missing", "warning", "These rows take no part in comparisons of arms."
    )
    there = sorted(frame[arm].dropna().unique(), key=str)
    if study.intervention not in there:
        yield _found(
            "intervention not found",
            "error",
            arm,
            None,
            study.intervention,
            advice=f"No row has the study's intervention. Values there: {listed(there)}"
            f"{did_you_mean(study.intervention, there)}.",
        )
    if len(there) != 2:
        yield _found(
            "arms are not two",
            "error",
            arm,
            None,
            listed(there),
            advice="A comparison needs two arms; filter the rows or recode the column.",
        )
    if study.person in frame.columns:
        yield _wanderers(
            frame,
            study.person,
            arm,
            "arm changes within a person",
            "error",
            "A person belongs to one arm; correct these rows.",
        )


def _wanderers(
    frame: pd.DataFrame, person: str, column: str, problem: str, severity: str, advice: str
) -> pd.DataFrame:
    """Rows of people who have more than one value in a column that should be theirs alone."""
    several = frame.groupby(person, sort=False)[column].transform("nunique") > 1
    rows = np.flatnonzero(several)
    return _found(problem, severity, column, rows, frame[column].iloc[rows], advice=advice)


def _variants(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Names that differ in case or spaces only are most likely one."""
    names = pd.Series(frame[column].dropna().unique())
    text = names[names.map(lambda v: isinstance(v, str))].astype(str)
    plain = text.str.split().str.join(" ").str.casefold()
    doubtful = text[plain.duplicated(keep=False)]
    # The commonest spelling stands; the rows with another are named.
    common = frame[column].value_counts()
    keep = common[doubtful].groupby(plain[doubtful.index].to_numpy()).idxmax()
    rows = np.flatnonzero(frame[column].isin([s for s in doubtful if s not in set(keep)]))
    return _found(
        "name spelt in two ways",
        "warning",
        column,
        rows,
        frame[column].iloc[rows],
        advice=f"Most rows say {listed(keep)}; write it one way, or they count as different.",
    )


def _answer_problems(
    frame: pd.DataFrame, definition: Instrument, columns: Mapping[str, str]
) -> Iterator[pd.DataFrame]:
    for code, column in columns.items():
        item = definition.item(code)
        values = frame[column]
        numbers = pd.to_numeric(values, errors="coerce").astype(float)
        numeric = pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)
        if not numeric:
            yield from _text_answers(definition, item, column, values, numbers)
        allowed = accepted(definition, item)
        wrong = np.flatnonzero(numbers.notna() & ~numbers.isin(allowed))
        codes = ", ".join(f"{c:g}" for c in allowed)
        yield _found(
            OUTSIDE,
            "error",
            column,
            wrong,
            numbers.iloc[wrong],
            advice=f"{definition.name}, item {code}, takes {codes}. If it means missing, declare "
            "it (missing = …); otherwise correct it.",
        )
        yield from _mixed(definition, item, column, numbers)
        if len(frame) and values.isna().all():
            yield _found(
                "nobody answered", "note", column, advice="Is the column empty on purpose?"
            )
        elif len(frame) > 1 and (numbers == numbers.iloc[0]).all():
            yield _found(
                "answers don't vary",
                "note",
                column,
                None,
                numbers.iloc[0],
                advice="All answers are the same.",
            )


def _text_answers(
    definition: Instrument, item: Item, column: str, values: pd.Series, numbers: pd.Series
) -> Iterator[pd.DataFrame]:
    labels = {label.casefold(): code for code, label in definition.answers(item).codes.items()}
    text = np.flatnonzero(values.notna() & numbers.isna())
    found = values.iloc[text]
    known = found.astype(str).str.strip().str.casefold().isin(list(labels))
    pairs = {str(v): int(labels[str(v).strip().casefold()]) for v in found[known].unique()}
    yield _found(
        "label in place of a code",
        "error",
        column,
        text[known.to_numpy()],
        found[known],
        advice=f"Recode it: {pairs}.",
    )
    yield _found(
        "text in a number column",
        "error",
        column,
        text[~known.to_numpy()],
        found[~known],
        advice=f"{definition.name} needs a code; correct it or declare it missing.",
    )
    if not len(text) and values.notna().any():
        yield _found(
            "numbers stored as text",
            "error",
            column,
            advice=f"Make the column numbers: data[{column!r}] = pd.to_numeric(data[{column!r}]).",
        )


def _mixed(
    definition: Instrument, item: Item, column: str, numbers: pd.Series
) -> Iterator[pd.DataFrame]:
    codings = definition.answers(item).codings
    if len(codings) > 1:
        own = [one - frozenset().union(*(o for o in codings if o is not one)) for one in codings]
        both = " and ".join(listed(sorted(one)) for one in codings)
        if sum(numbers.isin(list(only)).any() for only in own) > 1:
            yield _found(
                "two codings in one column",
                "error",
                column,
                advice=f"It mixes {both}; recode it to one.",
            )


def _other_columns(frame: pd.DataFrame, columns: list[str]) -> Iterator[pd.DataFrame]:
    for column in columns:
        values = frame[column]
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            yield _forgotten(column, values)
        elif values.dtype == object or isinstance(values.dtype, pd.StringDtype):
            present = values.notna()
            numbers = pd.to_numeric(values, errors="coerce")
            odd = present & numbers.isna()
            # A few words among many numbers are slips; a column of words is a column of words.
            if 0 < odd.sum() <= 0.2 * present.sum():
                rows = np.flatnonzero(odd)
                yield _found(
                    "text in a column of numbers",
                    "warning",
                    column,
                    rows,
                    values.iloc[rows],
                    advice="Correct the cells or declare them missing; then the column is numbers.",
                )


def _forgotten(column: str, values: pd.Series) -> pd.DataFrame:
    """Missing codes that lie far from the other values: outside three times their range."""
    x = values.astype(float).to_numpy(na_value=np.nan)
    suspect = np.isin(x, FORGOTTEN)
    rest = x[~suspect & np.isfinite(x)]
    if not suspect.any() or rest.size < 3:
        return _found("", "note", column, [], advice="")
    low, high = rest.min(), rest.max()
    reach = 0.5 * max(high - low, 1.0)
    rows = np.flatnonzero(
        suspect & ((x < low - reach) | (x > high + reach) | ((x < 0) & (low >= 0)))
    )
    return _found(
        "looks like a missing code",
        "warning",
        column,
        rows,
        x[rows],
        advice=f"Others run from {low:g} to {high:g}. If that means missing, declare it.",
    )


def _text(value: object) -> str | None:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _some(values: Any, most: int = 8) -> str:  # noqa: ANN401
    shown = [str(v) for v in list(values)[:most]]
    return ", ".join(shown) + (", …" if len(values) > most else "")
