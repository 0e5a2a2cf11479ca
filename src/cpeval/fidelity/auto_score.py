"""Items that rate themselves: counts in the data become ratings, by the definition's rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from cpeval.definitions.catalogue import resolve
from cpeval.definitions.model import Instrument
from cpeval.errors import (
    CodeError,
    ColumnError,
    DataError,
    OptionError,
    did_you_mean,
    listed,
    require_columns,
    require_option,
)
from cpeval.fidelity.auto_filling import COUNTS, Filling, counted, filled
from cpeval.numeric import ROWS_COUNT, numbers, rows_text
from cpeval.result import Result
from cpeval.scoring.algebra import Expressions
from cpeval.scoring.invalid_answers import Frame, Schema
from cpeval.scoring.item_columns import ANY_COLUMNS, Items, item_columns
from cpeval.scoring.uses import opened

#: How many differing ratings a message shows for an item.
_SHOWN = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class AutoScored(Result):
    """A `Result` with the ratings filled in.

    Attributes
    ----------
    data : dataframe of the type given
        The rows as they were, with the items' columns filled or added, as 64-bit floats.
    instrument : Instrument
        The definition whose rules were applied.
    """

    data: Any
    instrument: Instrument


def auto_score(
    data: Any,  # noqa: ANN401
    instrument: str | Path | Instrument,
    *,
    items: Items = None,
    only: Sequence[str | int] | None = None,
    columns: Mapping[str, str] | None = None,
    on_difference: str = "raise",
) -> AutoScored:
    """Rate the items whose definition has an automatic rule, from columns of the data.

    Parameters
    ----------
    data : dataframe, eager or lazy, shape (n_rows, n_columns)
        One row a rating occasion: a team or site and its counts. pandas, Polars, PyArrow,
        DuckDB, PySpark, Dask.
    instrument : str, pathlib.Path or Instrument
        A definition in which items have ``auto``.
    items : str, sequence of str or mapping, optional
        Where the items are, or are to be, as `cpeval.score` takes it. By default
        ``<name>_<code>``. Columns that aren't there are added.
    only : sequence of str, optional
        The codes of the items to fill; by default all that have a rule.
    columns : mapping, optional
        What the data call the columns that the rules name: ``{"clients": "n_people"}``.
    on_difference : {"raise", "keep", "replace"}
        What to do where there is a rating already and the rule gives another: raise an error,
        keep the rating, or replace it. Codes that mean no answer are ratings here.

    Returns
    -------
    AutoScored
        ``data``: the frame of the type given. ``table``: a row an item: item, label, column, rule,
        n (ratings now), n_filled (of them new), n_differ (ratings unlike the rule's: kept or
        replaced), n_missing (rows whose inputs are missing), n_zero (rows that would divide by 0).
        In rows of the last two a rating that was there stays.

    Raises
    ------
    ColumnError
        Columns that a rule needs are absent or hold text; all are named.
    CodeError
        Ratings that differ from the rule's: their rows, of data in memory.
    DataError
        Inputs that can't be: infinite, a denominator below 0, a value outside the rule's range.
    OptionError
        No item has a rule; ``only``, ``columns`` or ``on_difference`` is not of its form.

    Notes
    -----
    The value is the column, or numerator / denominator, times 100 in percent, rounded to nine
    decimals. Its level is that between the two cuts around it; at a cut, the rule's ``at_cut`` says
    which. On a lazy frame one query of one row counts, and the filling stays lazy.

    Examples
    --------
    >>> import pandas as pd
    >>> teams = pd.DataFrame(
    ...     {"team": ["north", "south"], "clients": [40, 66], "employment_specialists": [2, 2]}
    ... )
    >>> done = auto_score(teams, "ips_25", only=["1"])
    >>> done.data[["team", "ips_25_1"]]
        team  ips_25_1
    0  north       5.0
    1  south       2.0
    """
    require_option("on_difference", on_difference, ("raise", "keep", "replace"))
    frame, schema = opened(data)
    one = resolve(instrument)
    fillings = _fillings(one, schema, items=items, only=only, columns=columns)
    frame, schema = _numbers(fillings, frame, schema)
    at = Expressions(schema)
    counts = counted(fillings, at, frame)
    _refuse_inputs(fillings, counts, at, frame)
    if on_difference == "raise":
        _refuse_differences(one, fillings, counts, at, frame)
    native: Any = frame.with_columns(
        *(filled(one_, at, replace=on_difference == "replace") for one_ in fillings)
    ).to_native()
    about = getattr(data, "attrs", None)
    if isinstance(about, dict) and about:
        native.attrs = {**about}
    return AutoScored(
        table=_table(fillings, counts),
        note=f"{one.title}: items {listed([f.code for f in fillings])} rated from data by the "
        f"definition's rules. {_sources(fillings)}".strip(),
        warnings=tuple(_warnings(fillings, counts, on_difference)),
        data=native,
        instrument=one,
    )


def _fillings(
    one: Instrument,
    schema: Schema,
    *,
    items: Items,
    only: Sequence[str | int] | None,
    columns: Mapping[str, str] | None,
) -> list[Filling]:
    """Match rules with columns; everything wrong with the arguments is said at once."""
    rules = {item.code: item.auto for item in one.items if item.auto is not None}
    if not rules:
        raise OptionError(
            f"{one.name}: no item has an automatic rule (auto = …) in its definition."
        )
    if isinstance(only, str):
        raise OptionError(f"'only' should be a list of items' codes. Got {only!r}.")
    asked = list(rules) if only is None else list(dict.fromkeys(map(str, only)))
    wrong = [
        f"item {code!r} has no rule{did_you_mean(code, rules)}"
        for code in asked
        if code not in rules
    ]
    if not asked:
        wrong.append("'only' names no item")
    called = dict(columns or {})
    needed = list(dict.fromkeys(name for rule in rules.values() for name in rule.columns))
    wrong += [
        f"no rule needs a column {name!r}{did_you_mean(name, needed)}"
        for name in called
        if name not in needed
    ]
    if wrong:
        raise OptionError(
            f"{one.name}: {'; '.join(wrong)}. Items with a rule: {listed(rules)}; columns that "
            f"they need: {listed(needed)}."
        )
    where = item_columns(one, items, ANY_COLUMNS)
    made = [
        Filling(
            code=code,
            label=one.item(code).label,
            rule=rules[code],
            column=where[code],
            inputs=[called.get(name, name) for name in rules[code].columns],
            there=where[code] in schema,
        )
        for code in asked
        if code in where
    ]
    _require_inputs(one, made, schema)
    return made


def _require_inputs(one: Instrument, fillings: Sequence[Filling], schema: Schema) -> None:
    able = [f.code for f in fillings if all(name in schema for name in f.inputs)]
    try:
        require_columns(list(schema), *(name for f in fillings for name in f.inputs))
    except ColumnError as absent:
        more = f" Or fill only some: only={able!r}." if able else ""
        raise ColumnError(
            f"{one.name}: {absent} If the data call them otherwise, say so: "
            f'columns={{"{fillings[0].rule.columns[0]}": "…"}}.{more}'
        ) from None


def _numbers(fillings: Sequence[Filling], frame: Frame, schema: Schema) -> tuple[Frame, Schema]:
    """Make plain numbers of columns that some engine has as objects; refuse text."""
    used = [name for f in fillings for name in (*f.inputs, *([f.column] if f.there else []))]
    odd = [
        name
        for name in dict.fromkeys(used)
        if not (schema[name].is_numeric() or schema[name] == nw.Boolean)
    ]
    if not odd:
        return frame, schema
    if isinstance(frame, nw.LazyFrame):
        raise ColumnError(
            f"Columns should hold numbers: {listed(odd)}. Make them numbers before rating."
        )
    values = numbers(frame.select(odd).to_pandas(), odd)
    frame = frame.with_columns(
        *(
            nw.new_series(name, values[:, place], nw.Float64, backend=frame.implementation)
            for place, name in enumerate(odd)
        )
    )
    return frame, frame.collect_schema()


def _sources(fillings: Sequence[Filling]) -> str:
    said = dict.fromkeys(f.rule.source for f in fillings if f.rule.source)
    return f"Source of the rules: {'; '.join(said)}." if said else ""


def _rows(number: int) -> str:
    return f"{number:,} {'row' if number == 1 else 'rows'}"


def _arrays(exprs: Mapping[str, nw.Expr], frame: nw.DataFrame[Any]) -> dict[str, np.ndarray]:
    made = frame.select(*(expr.alias(name) for name, expr in exprs.items()))
    return {name: made[name].to_numpy() for name in exprs}


def _refuse_inputs(
    fillings: Sequence[Filling],
    counts: Mapping[str, Mapping[str, int]],
    at: Expressions,
    frame: Frame,
) -> None:
    lines = []
    for one in fillings:
        if not counts[one.code]["wrong"]:
            continue
        limits = one.rule.range
        span = "" if limits is None else f"; from {limits[0]:g} to {limits[1]:g}"
        line = f"- item {one.code!r} ({one.rule.value}{span}): {_rows(counts[one.code]['wrong'])}"
        if isinstance(frame, nw.DataFrame):
            columns = {str(n): at.column(name) for n, name in enumerate(one.inputs)}
            cells = _arrays({**columns, "wrong": one.wrong(at)}, frame)
            rows = np.flatnonzero(cells["wrong"].astype(bool))
            shown = "; ".join(
                f"row {row + 1}: "
                + ", ".join(f"{name} = {cells[str(n)][row]:g}" for n, name in enumerate(one.inputs))
                for row in rows[:_SHOWN]
            )
            line += f". {shown}" + ("; …" if len(rows) > _SHOWN else "")
        lines.append(line)
    if lines:
        raise DataError(
            "Counts that can't be (infinite, a denominator below 0, or out of the rule's range):\n"
            + "\n".join(lines)
            + f"\nCorrect them, or make them missing. {ROWS_COUNT}"
        )


def _refuse_differences(
    definition: Instrument,
    fillings: Sequence[Filling],
    counts: Mapping[str, Mapping[str, int]],
    at: Expressions,
    frame: Frame,
) -> None:
    lines = []
    for one in fillings:
        differ = counts[one.code]["n_differ"]
        if not differ:
            continue
        line = f"- {one.column!r} ({one.rule}): {_rows(differ)}"
        if isinstance(frame, nw.DataFrame):
            cells = _arrays({"old": at.column(one.column), "new": one.level(at)}, frame)
            old, new = cells["old"].astype(float), cells["new"].astype(float)
            rows = np.flatnonzero((old != new) & ~np.isnan(old) & ~np.isnan(new))
            shown = "; ".join(
                f"row {row + 1} has {old[row]:g}, the rule gives {new[row]:g}"
                for row in rows[:_SHOWN]
            )
            line += f": {shown}"
            line += f"; and {rows_text(rows[_SHOWN:])}" if len(rows) > _SHOWN else ""
        lines.append(line)
    if lines:
        raise CodeError(
            f"{definition.name}: ratings that differ from what the data give by the rule:\n"
            + "\n".join(lines)
            + '\nCorrect the rating or the counts, or say which holds: on_difference="keep" (the '
            f'ratings) or "replace" (the rule\'s). {ROWS_COUNT}'
        )


def _table(fillings: Sequence[Filling], counts: Mapping[str, Mapping[str, int]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "item": one.code,
            "label": one.label,
            "column": one.column,
            "rule": str(one.rule),
            **{name: counts[one.code][name] for name in COUNTS},
        }
        for one in fillings
    )


def _warnings(
    fillings: Sequence[Filling], counts: Mapping[str, Mapping[str, int]], on_difference: str
) -> list[str]:
    said = []
    done = {"keep": "kept", "replace": "replaced by the rule's"}.get(on_difference, "")
    for one in fillings:
        found = counts[one.code]
        if found["n_differ"]:
            said.append(
                f"Item {one.code} ({one.label}): ratings unlike the rule's in "
                f"{_rows(found['n_differ'])}; they were {done}."
            )
        if found["n_zero"]:
            said.append(
                f"Item {one.code} ({one.label}): not rated by the rule in "
                f"{_rows(found['n_zero'])}, where {one.inputs[1]!r} is 0."
            )
        if found["n_missing"]:
            inputs = " or ".join(map(repr, one.inputs))
            said.append(
                f"Item {one.code} ({one.label}): not rated by the rule in "
                f"{_rows(found['n_missing'])}, where {inputs} is missing."
            )
    return said
