"""`score()`: one expression plan from a definition, for any dataframe engine.

Nothing here knows an engine, loops over rows, or collects a lazy frame but for one small
aggregate query: the number of answers that are not among the codes.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw
from narwhals.stable.v2.typing import IntoFrameT

from cpeval.answers_as_text import text_columns, text_message
from cpeval.definitions.catalogue import resolve
from cpeval.definitions.model import Instrument
from cpeval.definitions.parts import Item, Scale
from cpeval.errors import (
    CodeError,
    ColumnError,
    DataError,
    OptionError,
    listed,
    require_option,
)
from cpeval.invalid_answers import among, numeric, refuse
from cpeval.item_columns import ANY_COLUMNS, Items, item_columns

#: Column to type, as narwhals tells it.
Schema = Mapping[str, nw.dtypes.DType]
Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]


def score(
    data: IntoFrameT,
    instrument: str | Path | Instrument,
    *,
    items: Items = None,
    prefix: str = "",
    on_invalid: str = "raise",
    answered: bool = False,
) -> IntoFrameT:
    """Score an instrument: add one column a scale.

    Parameters
    ----------
    data : dataframe, eager or lazy, shape (n_rows, n_columns)
        pandas, Polars, PyArrow, DuckDB, PySpark, Dask: whatever narwhals takes. One row is
        one answer sheet. Item columns hold codes, as numbers or booleans.
    instrument : str, pathlib.Path or Instrument
        A shipped one by name, the path of a definition, or one that is loaded.
    items : str, sequence of str or mapping, optional
        Where the items are. By default ``<name>_1``, ``<name>_2`` … by item code. A pattern
        with ``{n}``, ``{letter}`` or ``{code}``; the columns in order; or a mapping from item
        code to column.
    prefix : str, default ""
        Put before the names of the new columns.
    on_invalid : {"raise", "missing"}
        What to do with an answer that is not among the item's codes: raise an error, or treat
        it as missing.
    answered : bool, default False
        Add ``<column>_answered`` too: how many of the scale's items were answered.

    Returns
    -------
    dataframe of the type given
        The same rows in the same order, and the new columns, as 64-bit floats. ``data`` is
        left as it was. Missing (null, NaN, a code declared missing) is handled by each scale's
        own rule, shown by ``cp.instrument(name).describe()``.

    Raises
    ------
    ColumnError
        Item columns absent, text, or there twice; a new column exists already.
    CodeError
        Answers outside the codes, or a column that mixes two codings: all columns and values
        with counts. On a lazy frame this runs one query that returns one row.
    DefinitionError
        No such instrument, or a definition with mistakes.
    OptionError
        ``items`` or ``on_invalid`` is not of its form.

    Examples
    --------
    >>> import pandas as pd
    >>> sheet = pd.DataFrame([[1, 2, 3, 4, 5, 4, 3]], columns=[f"q{i}" for i in range(1, 8)])
    >>> score(sheet, "swemwbs", items="q{n}")[["swemwbs", "swemwbs_metric"]]
       swemwbs  swemwbs_metric
    0     22.0           19.98
    """
    plan, frame = _planned(data, instrument, items, on_invalid, prefix=prefix)
    new = [prefix + column for column in plan.definition.columns]
    new += [f"{column}_answered" for column in new] if answered else []
    there = [column for column in new if column in plan.schema]
    if there:
        raise ColumnError(
            f"The data have columns {listed(there)} already. Scoring would write over them: "
            "drop them first, or give prefix=."
        )
    scored: Any = plan.run(frame, answered=answered).to_native()
    about = getattr(data, "attrs", None)
    if isinstance(about, dict) and about:
        # What pandas knows of the frame (labels, that it is simulated) holds for the scores too.
        scored.attrs = {**about}
    made: IntoFrameT = scored
    return made


def item_points(
    data: IntoFrameT,
    instrument: str | Path | Instrument,
    *,
    items: Items = None,
    on_invalid: str = "raise",
) -> IntoFrameT:
    """Return what each answer is worth, before it is combined: reversed, recoded, mapped.

    Parameters
    ----------
    data, instrument, items, on_invalid
        As `score` takes them.

    Returns
    -------
    dataframe of the type given, shape (n_rows, n_items)
        One column an item, named by its code.

    Raises
    ------
    ColumnError, CodeError, DefinitionError, OptionError
        As `score` does.

    Examples
    --------
    >>> import pandas as pd
    >>> sheet = pd.DataFrame([[0] * 20], columns=[f"q{i}" for i in range(1, 21)])
    >>> item_points(sheet, "ces_d", items="q{n}")[["3", "4"]].iloc[0].tolist()
    [0.0, 3.0]
    """
    plan, frame = _planned(data, instrument, items, on_invalid, prefix="")
    worth = {item.code: plan.points(item) for item in plan.definition.items}
    columns = (value.cast(nw.Float64).alias(code) for code, value in worth.items())
    points: IntoFrameT = frame.select(*columns).to_native()
    return points


def _planned(
    data: object, instrument: str | Path | Instrument, items: Items, on_invalid: str, *, prefix: str
) -> tuple[_Plan, Frame]:
    """Check the data against the definition, and lay out the plan.

    What is wrong with some columns doesn't keep the others from being looked at.
    """
    definition = resolve(instrument)
    require_option("on_invalid", on_invalid, ("raise", "missing"))
    if not isinstance(prefix, str):
        raise OptionError(f"'prefix' should be text, such as \"t0_\". Got {prefix!r}.")
    frame, schema = _opened(data)
    wrong: list[DataError] = []
    try:
        columns = item_columns(definition, items, list(schema))
    except ColumnError as error:
        wrong.append(error)
        matched = item_columns(definition, items, ANY_COLUMNS)
        columns = {code: column for code, column in matched.items() if column in schema}
    text = text_columns(columns, frame, schema)
    if text:
        wrong.append(CodeError(text_message(definition, text, frame)))
    codes = {code: column for code, column in columns.items() if code not in text}
    if on_invalid == "raise" and codes:
        try:
            refuse(definition, codes, frame, schema)
        except CodeError as error:
            wrong.append(error)
    if wrong:
        raise type(wrong[0])("\n".join(map(str, wrong)))
    plan = _Plan(definition, columns, schema, masked=on_invalid == "missing", prefix=prefix)
    return plan, frame


def _opened(data: object) -> tuple[Frame, Schema]:
    """Wrap a frame of any engine; two columns of one name are our error, not the engine's."""
    try:
        frame: Frame = nw.from_native(data)
        schema = frame.collect_schema()
    except nw.exceptions.DuplicateError:
        names = [str(name) for name in getattr(data, "columns", [])]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ColumnError(
            f"The data have more than one column named {listed(twice)}. "
            "Rename or delete the ones that are not meant."
        ) from None
    except TypeError:
        raise ColumnError(
            "The data should be a dataframe (pandas, Polars, PyArrow, DuckDB, PySpark, Dask). "
            f"Got {type(data).__name__}."
        ) from None
    return frame, schema


@dataclass(frozen=True)
class _Plan:
    """The stages of expressions: points of items first, then each scale from what is there."""

    definition: Instrument
    columns: Mapping[str, str]
    schema: Schema
    masked: bool
    prefix: str

    def run(self, frame: Frame, *, answered: bool) -> Frame:
        kept = self._kept(answered=answered)
        parts = {code: nw.col(name) for code, name in kept.items()}
        for item in self.definition.items:
            parts.setdefault(item.code, self.points(item))
        if kept:
            frame = frame.with_columns(
                *(self.points(self.definition.item(c)).alias(name) for c, name in kept.items())
            )
        for scales in self._stages():
            new = {self.prefix + self.definition.column(s): self._scale(s, parts) for s in scales}
            frame = frame.with_columns(
                *(value.cast(nw.Float64).alias(name) for name, value in new.items())
            )
        if answered:
            frame = frame.with_columns(
                *(
                    _count([parts[code] for code in self.definition.items_of(s)])
                    .cast(nw.Int64)
                    .alias(f"{self.prefix}{self.definition.column(s)}_answered")
                    for s in self.definition.scales
                )
            )
        return frame.drop(*kept.values()) if kept else frame

    def _kept(self, *, answered: bool) -> dict[str, str]:
        """Items whose points are used more than once: computed once, in a column of their own."""
        uses: dict[str, int] = {}
        for scale in self.definition.scales:
            direct = self.definition.items_of(scale) if scale.items is not None else []
            for code in direct:
                uses[code] = uses.get(code, 0) + (2 if answered or not _all_needed(scale) else 1)
        several = [code for code, n in uses.items() if n > 1]
        return {code: f"__cpeval_points_{place}" for place, code in enumerate(several)}

    def _stages(self) -> Iterator[list[Scale]]:
        """Scales that depend only on earlier ones go together in one pass."""
        depth: dict[str, int] = {}
        for scale in self.definition.scales:
            sources = [scale.of] if scale.of is not None else [t.scale for t in scale.terms or []]
            depth[scale.name] = 1 + max((depth[s] for s in sources), default=-1)
        for level in range(max(depth.values()) + 1):
            yield [s for s in self.definition.scales if depth[s.name] == level]

    def _answer(self, item: Item) -> nw.Expr:
        """The item's standard codes; missing codes, and invalid ones, as null."""
        column = self.columns[item.code]
        responses = self.definition.answers(item)
        raw, dtype = numeric(column, self.schema[column])
        # Wide integers stay so until the end: adding them is quicker, and exact.
        x = raw if dtype in (nw.Int64, nw.Int32) else raw.cast(nw.Float64)
        if self.masked or responses.missing_codes or dtype.is_float():
            # NaN is never among the codes; null stays null.
            x = _when(among(raw, responses.meaning, dtype), x)
        other = {code: to for code, to in responses.meaning.items() if code != to}
        return _mapped(x, responses.meaning) if other else x

    def points(self, item: Item) -> nw.Expr:
        """What the answer is worth."""
        x = self._answer(item)
        points = _mapped(x, self.definition.points(item))
        for rule in reversed(item.rules):
            other = self._answer(self.definition.item(rule.item))
            holds = (
                other.is_null()
                if rule.codes == "missing"
                else other.cast(nw.Float64).is_in([float(c) for c in rule.codes])
            )
            points = nw.when(holds).then(_mapped(x, rule.values)).otherwise(points)
        return points

    def _scale(self, scale: Scale, parts: Mapping[str, nw.Expr]) -> nw.Expr:
        if scale.terms is not None:
            return self._weighted(scale)
        if scale.of is not None:
            source = next(s for s in self.definition.scales if s.name == scale.of)
            raw = nw.col(self.prefix + self.definition.column(source))
        else:
            raw = _combined(scale, [parts[code] for code in self.definition.items_of(scale)])
        if scale.lookup is not None:
            return _mapped(raw, scale.lookup)
        if scale.linear is not None:
            (a, b), (c, d) = scale.linear.start, scale.linear.end
            return (raw - a) * ((d - c) / (b - a)) + c
        return raw

    def _weighted(self, scale: Scale) -> nw.Expr:
        by_name = {s.name: s for s in self.definition.scales}
        parts = [
            (nw.col(self.prefix + self.definition.column(by_name[t.scale])) - t.mean)
            / t.sd
            * t.weight
            for t in scale.terms or []
        ]
        return _added(parts) * scale.multiply + scale.constant


def _all_needed(scale: Scale) -> bool:
    """Whether plain addition will do: it carries a missing item through by itself."""
    return scale.answered is None and scale.combine != "maximum"


def _combined(scale: Scale, points: list[nw.Expr]) -> nw.Expr:
    """Sum, mean or maximum, missing unless enough items were answered."""
    if _all_needed(scale):
        return _added(points) / len(points) if scale.combine == "mean" else _added(points)
    count = _count(points)
    if scale.combine == "maximum":
        value = functools.reduce(_larger, points)
    else:
        value = _added([p.fill_null(0.0) for p in points])
    if scale.combine == "mean":
        value = value / count
    elif scale.prorate:
        value = value * len(points) / count
    return _when(count >= (scale.answered or len(points)), value)


def _added(parts: list[nw.Expr]) -> nw.Expr:
    return functools.reduce(operator.add, parts)


def _larger(one: nw.Expr, other: nw.Expr) -> nw.Expr:
    """The larger of two, or the one that is there."""
    return nw.when((one >= other) | other.is_null()).then(one).otherwise(other)


def _count(points: list[nw.Expr]) -> nw.Expr:
    # Plain addition: what Dask makes of a horizontal sum can't be combined with other columns.
    return _added([(~p.is_null()).cast(nw.Float64) for p in points])


def _when(holds: nw.Expr, value: nw.Expr) -> nw.Expr:
    return nw.when(holds).then(value)


def _mapped(x: nw.Expr, table: Mapping[float, float]) -> nw.Expr:
    """Map codes to values: by a straight line where it is one, else case by case."""
    line = _line(table)
    if line is not None:
        slope, start = line
        if slope == -1:
            return start - x
        scaled = x if slope == 1 else x * slope
        return scaled if start == 0 else scaled + start
    value = nw.lit(None, nw.Float64)
    for code, to in reversed(list(table.items())):
        value = nw.when(x == code).then(nw.lit(to, nw.Float64)).otherwise(value)
    return value


def _line(table: Mapping[float, float]) -> tuple[int, int] | None:
    """Slope and intercept in whole numbers, if the table is exactly that."""
    (a, fa), (b, fb) = min(table.items()), max(table.items())
    if a == b:
        return None
    slope = round((fb - fa) / (b - a))
    start = round(fa - slope * a)
    exact = all(slope * code + start == value for code, value in table.items())
    return (slope, start) if exact else None
