"""Answers that are not among an item's codes: found in one query, named all at once."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from cpeval.definitions.items import Item
from cpeval.definitions.model import Instrument
from cpeval.errors import CodeError, listed
from cpeval.scoring.algebra import Expressions, among, numeric
from cpeval.scoring.plan import Use

#: Columns of `invalid_cells`.
CELLS = ("column", "position", "value")

Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]
Schema = Mapping[str, nw.dtypes.DType]


def accepted(definition: Instrument, item: Item) -> list[float]:
    """Return every code that may stand in the item's column, those that mean missing too."""
    responses = definition.answers(item)
    return sorted({*responses.meaning, *responses.missing_codes})


@dataclass(frozen=True)
class _Question:
    """One thing counted in a column: the cells that are wrong, or that tell a coding."""

    column: str
    codes: tuple[float, ...]
    #: Whether cells among the codes are counted, or those that are not.
    inside: bool


def refuse(
    uses: Sequence[Use],
    frame: Frame,
    schema: Schema,
    *,
    never_missing: Sequence[str] = (),
) -> None:
    """Raise one `CodeError` if any answer of any use is not as it should be.

    One aggregate query of one row, also on a lazy frame: the count of invalid answers a column,
    of answers that only one coding has, and of cells without a value where each needs one.
    """
    asked = [use for use in uses if not use.masked]
    counts = _ask(
        [question for use in asked for question in _questions(use)]
        + [question for use in asked for question in _coding_questions(use)],
        [
            *_weight_checks(asked, schema),
            *_by_checks(asked, schema),
            *((_gap_name(c), nw.col(c).is_null()) for c in never_missing),
        ],
        frame,
        schema,
    )
    # Uses may share a column, which is then named once.
    answers = list(dict.fromkeys(x for use in asked for x in _lines(use, counts, frame)))
    others = list(dict.fromkeys(x for use in asked for x in _other_lines(use, counts)))
    for column in never_missing:
        count = counts[_gap_name(column)]
        if count:
            others.append(f"- {column!r}: {count} row{'' if count == 1 else 's'} without a value")
    names = ", ".join(dict.fromkeys(use.definition.name for use in asked))
    said = []
    if answers:
        said.append(
            "\n".join(
                [
                    f"{names}: answers that are not among the codes (rows count from 1):",
                    *answers,
                    "If they mean missing, say so when reading (missing={'*': [-9, 99]}) or score "
                    'with on_invalid="missing"; otherwise correct them.',
                ]
            )
        )
    if others:
        said.append("\n".join([f"{names}: columns to correct beside the answers:", *others]))
    if said:
        raise CodeError("\n".join(said))


def _questions(use: Use) -> list[_Question]:
    return [
        _Question(column, tuple(accepted(use.definition, use.definition.item(code))), inside=False)
        for code, column in use.columns.items()
    ]


def _coding_questions(use: Use) -> list[_Question]:
    return [
        _Question(column, tuple(only), inside=True)
        for code, column in use.columns.items()
        for only in use.definition.answers(use.definition.item(code)).telling
    ]


def _ask(
    questions: Sequence[_Question],
    others: Sequence[tuple[str, nw.Expr]],
    frame: Frame,
    schema: Schema,
) -> dict[object, int]:
    """Run the one query: one expression for all integer columns that are asked alike."""
    sql = speaks_sql(frame)
    one_at_a_time = sql or frame.implementation.is_dask()
    aggregates = [total(holds, sql=sql).alias(name) for name, holds in others]
    names: dict[str, object] = {name: name for name, _ in others}
    together: dict[tuple[tuple[float, ...], bool, str], list[_Question]] = {}
    for number, one in enumerate(dict.fromkeys(questions)):
        dtype = schema[one.column]
        if dtype.is_integer() and not one_at_a_time:
            together.setdefault((one.codes, one.inside, str(dtype)), []).append(one)
            continue
        # Floats need two conditions, which narwhals combines for one column at a time.
        x, dtype = numeric(one.column, dtype)
        holds = among(x, one.codes, dtype)
        wrong = ~holds & ~x.is_nan() if dtype.is_float() else ~holds
        name = f"__cpeval_{number}"
        names[name] = one
        aggregates.append(total(holds if one.inside else wrong, sql=sql).alias(name))
    for place, ((codes, inside, _), alike) in enumerate(together.items()):
        columns = [one.column for one in alike]
        holds = among(nw.col(*columns), codes, schema[columns[0]])
        suffix = f"__cpeval_all_{place}"
        names |= {one.column + suffix: one for one in alike}
        aggregates.append(total(holds if inside else ~holds, sql=sql).name.suffix(suffix))
    if not aggregates:
        return {}
    row = frame.select(*aggregates)
    if isinstance(row, nw.LazyFrame):
        row = row.collect()
    cells = zip(row.columns, row.row(0), strict=True)
    return {names[name]: 0 if pd.isna(value) else int(value) for name, value in cells}


def speaks_sql(frame: Frame) -> bool:
    """Whether the engine takes SQL: it adds no booleans, and compares one column at a time.

    Dask compares one at a time too.
    """
    return frame.implementation.is_spark_like() or frame.implementation.is_duckdb()


def total(holds: nw.Expr, *, sql: bool) -> nw.Expr:
    """Count where something holds.

    Made numbers first, booleans cost three times as much to add, so only where they must be.
    """
    return holds.cast(nw.Int8).sum() if sql else holds.sum()


def _weight_checks(uses: Sequence[Use], schema: Schema) -> list[tuple[str, nw.Expr]]:
    """Rated goals whose weight is missing, negative or infinite, by the weight's column."""
    checks = []
    for use in uses:
        for code, column in use.weights.items():
            x = numeric(column, schema[column])[0].cast(nw.Float64)
            right = (x >= 0) & (x < float("inf"))
            level, kind = numeric(use.columns[code], schema[use.columns[code]])
            rated = ~level.is_null()
            if kind.is_float():
                rated = rated & ~level.is_nan()
            bad = rated & ~right.fill_null(value=False)
            checks.append((_weight_name(column), bad))
    return checks


def _by_checks(uses: Sequence[Use], schema: Schema) -> list[tuple[str, nw.Expr]]:
    """Values that a value set doesn't know, by column; a missing one leaves no score."""
    checks = []
    for use in uses:
        for place, column in enumerate(use.by):
            expressions = Expressions(schema)
            known = functools.reduce(
                operator.or_,
                (expressions.text_is(column, text) for text in {s[place] for s in _tables(use)}),
            )
            there = ~nw.col(column).is_null()
            there = there & ~nw.col(column).is_nan() if schema[column].is_float() else there
            checks.append((_by_name(column), there & ~known.fill_null(value=False)))
    return checks


def _tables(use: Use) -> list[tuple[str, ...]]:
    assert use.definition.value_set is not None
    return list(use.definition.value_sets[use.definition.value_set].tables)


def _weight_name(column: str) -> str:
    return f"{column}__cpeval_weight"


def _by_name(column: str) -> str:
    return f"{column}__cpeval_by"


def _gap_name(column: str) -> str:
    return f"{column}__cpeval_gap"


def _lines(use: Use, counts: Mapping[object, int], frame: Frame) -> list[str]:
    """Say what is wrong with a use's columns, a line each."""
    lines = []
    for (code, column), question in zip(use.columns.items(), _questions(use), strict=True):
        if counts[question]:
            lines.append(_invalid_line(use.definition, code, column, counts[question], frame))
    for code, column in use.columns.items():
        telling = use.definition.answers(use.definition.item(code)).telling
        seen = [counts[_Question(column, tuple(only), inside=True)] for only in telling]
        if sum(bool(n) for n in seen) > 1:
            lines.append(f"- {column!r} mixes two codings of the same answers; recode it to one")
    return lines


def _other_lines(use: Use, counts: Mapping[object, int]) -> list[str]:
    """Say what is wrong with columns that stand beside the answers."""
    lines = []
    for column in use.weights.values():
        count = counts[_weight_name(column)]
        if count:
            lines.append(
                f"- {column!r}: {count} rated goal{'' if count == 1 else 's'} with a weight that "
                "is missing or not a number from 0 up"
            )
    for place, column in enumerate(use.by):
        count = counts[_by_name(column)]
        if count:
            known = sorted({stratum[place] for stratum in _tables(use)})
            lines.append(
                f"- {column!r}: {count} value{'' if count == 1 else 's'} that the value set "
                f"doesn't know. It knows {listed(known)}"
            )
    return lines


def _invalid_line(definition: Instrument, code: str, column: str, count: int, frame: Frame) -> str:
    allowed = accepted(definition, definition.item(code))
    noun = "answer" if count == 1 else "answers"
    line = f"- {column!r}: {count} {noun} not among {codes_text(allowed)}"
    if isinstance(frame, nw.DataFrame):
        cells = invalid_cells(definition, {code: column}, frame)
        values = cells["value"].value_counts().sort_index()
        shown = ", ".join(f"{_digits(v)} ({n}×)" for v, n in values.head(12).items())
        more = f" and {len(values) - 12} other values" if len(values) > 12 else ""
        rows = ", ".join(str(p + 1) for p in cells["position"].head(5))
        tail = ", …" if len(cells) > 5 else ""
        line += f": {shown}{more}, in rows {rows}{tail}"
        other = other_coding(definition, definition.item(code), list(values.index))
        line += f". Is it the coding {other!r}?" if other else ""
    return line


def codes_text(codes: Sequence[float]) -> str:
    """List codes for a message, a long run of whole numbers by its ends.

    >>> codes_text([0.0, 1.0, 2.0])
    '0, 1, 2'
    >>> codes_text([float(code) for code in range(101)])
    '0, 1 … 100'
    """
    texts = [f"{code:g}" for code in codes]
    return ", ".join(texts) if len(texts) <= 15 else f"{texts[0]}, {texts[1]} … {texts[-1]}"


def _digits(value: Any) -> str:  # noqa: ANN401
    """A number in few digits, or in all where few would show another."""
    short = f"{value:g}"
    return short if float(short) == value else repr(float(value))


def other_coding(definition: Instrument, item: Item, values: Sequence[float]) -> str | None:
    """Another named coding that has all of the invalid answers."""
    responses = definition.answers(item)
    return next(
        (
            name
            for name, coding in responses.codings.items()
            if name != responses.coding and all(value in coding for value in values)
        ),
        None,
    )


def invalid_cells(
    definition: Instrument, columns: Mapping[str, str], frame: nw.DataFrame[Any]
) -> pd.DataFrame:
    """Return one row a cell with an answer that is not among its item's codes.

    Parameters
    ----------
    columns : mapping
        Item code to column; numeric or boolean columns only.

    Returns
    -------
    pandas.DataFrame
        column, position (from 0), value; in the order of columns, then of rows.
    """
    found = []
    for code, column in columns.items():
        floats = numeric(column, frame.collect_schema()[column])[0].cast(nw.Float64).alias("x")
        values = frame.select(floats)["x"].to_numpy().astype(float)
        allowed = np.asarray(accepted(definition, definition.item(code)))
        wrong = np.flatnonzero(~np.isnan(values) & ~np.isin(values, allowed))
        found.append(pd.DataFrame({"column": column, "position": wrong, "value": values[wrong]}))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(CELLS))
