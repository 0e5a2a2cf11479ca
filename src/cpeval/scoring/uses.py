"""What a call means: instruments made ready, their columns found, everything wrong named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from cpeval.definitions.catalogue import resolve
from cpeval.definitions.model import Instrument
from cpeval.definitions.value_sets import ValueSet
from cpeval.errors import (
    CodeError,
    ColumnError,
    DataError,
    OptionError,
    did_you_mean,
    listed,
    require_option,
)
from cpeval.scoring.answers_as_text import text_columns, text_message
from cpeval.scoring.invalid_answers import (
    Frame,
    Schema,
    accepted,
    codes_text,
    refuse,
    speaks_sql,
)
from cpeval.scoring.item_columns import Items, item_columns, numbered_columns, placed
from cpeval.scoring.plan import Use

#: One instrument, as a caller may name it.
Which = str | Path | Instrument


def opened(data: object) -> tuple[Frame, Schema]:
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


def columns_there(new: Sequence[str], frame: Frame, schema: Schema) -> list[str]:
    """Return columns of the data that new ones would write over.

    SQL knows no upper and lower case in names, so there ``PHQ_9`` is ``phq_9``.
    """
    if not speaks_sql(frame):
        return [name for name in new if name in schema]
    folded = {name.casefold() for name in new}
    return [name for name in schema if name.casefold() in folded]


def ready(
    instrument: Which, *, coding: str | None = None, value_set: str | Path | ValueSet | None = None
) -> Instrument:
    """Return a definition with its coding and value set chosen, or say what is missing."""
    one = resolve(instrument)
    if coding is not None:
        one = one.with_coding(coding)
    if value_set is not None:
        one = one.with_value_set(value_set)
    one.require_ready()
    return one


def each(
    name: str,
    given: Any,  # noqa: ANN401
    instruments: Sequence[Instrument],
    *,
    several: bool,
) -> list[Any]:
    """Deal out an argument to several instruments: a mapping from their names, or nothing."""
    if not several:
        return [given]
    names = [one.name for one in instruments]
    if given is None:
        return [None] * len(names)
    if not isinstance(given, Mapping) or not set(given) <= set(names):
        odd = [k for k in given if k not in names] if isinstance(given, Mapping) else []
        near = "".join(f" There is no {k!r}{did_you_mean(k, names)}." for k in odd)
        raise OptionError(
            f"With several instruments, {name}= is a mapping from an instrument's name to its "
            f"own: {{{names[0]!r}: …}}.{near} Got {given!r}."
        )
    return [given.get(one) for one in names]


def uses_of(
    instruments: Sequence[Instrument],
    schema: Schema,
    *,
    items: Sequence[Items],
    weights: Sequence[Items],
    prefix: str,
    on_invalid: str,
) -> list[Use]:
    """Find the columns of each instrument; those that are absent are left for `verify`."""
    require_option("on_invalid", on_invalid, ("raise", "missing"))
    if not isinstance(prefix, str):
        raise OptionError(f"'prefix' should be text, such as \"t0_\". Got {prefix!r}.")
    twice = [one.name for one in instruments]
    if len(set(twice)) < len(twice):
        raise OptionError(f"An instrument is named twice: {listed(twice)}.")
    made = []
    for one, where, weight in zip(instruments, items, weights, strict=True):
        whole, columns = placed(one, where, list(schema))
        weighing: dict[str, str] = {}
        if weight is not None:
            if one.goals is None:
                raise OptionError(f"{one.name} has items, not goals, so it takes no weights=.")
            given = numbered_columns(one.name, "weights", weight, "", list(schema), len(columns))
            weighing = dict(zip(columns, given, strict=True))
        made.append(
            Use(
                definition=whole,
                columns=columns,
                weights=weighing,
                prefix=prefix,
                masked=on_invalid == "missing",
            )
        )
    return made


def with_plain_numbers(
    uses: Sequence[Use], frame: Frame, schema: Schema
) -> tuple[Frame, Schema, dict[str, Any]]:
    """Make floats of pandas columns of Python objects that are numbers, for the time of a plan.

    Any sign of a missing cell (None, pd.NA, NaT) becomes NaN. Returns also the columns as they
    were.
    """
    objects = [name for use in uses for name in use.needed if schema.get(name) == nw.Object]
    if not objects or not isinstance(frame, nw.DataFrame) or not frame.implementation.is_pandas():
        return frame, schema, {}
    text = text_columns({name: name for name in objects}, frame, schema)
    native: Any = frame.to_native()
    kept = {name: native[name] for name in dict.fromkeys(objects) if name not in text}
    floats = {
        name: column.where(column.notna(), np.nan).to_numpy(dtype=np.float64)
        for name, column in kept.items()
    }
    frame, schema = opened(native.assign(**floats))
    return frame, schema, kept


def verify(
    uses: Sequence[Use], items: Sequence[Items], frame: Frame, schema: Schema, *, counted: bool
) -> None:
    """Raise one error with all that is wrong: columns absent or text, answers outside the codes.

    What is wrong with some columns doesn't keep the others from being looked at. Without
    ``counted``, answers are not looked at.
    """
    wrong: list[DataError] = []
    sound = []
    for use, where in zip(uses, items, strict=True):
        one = use.definition
        try:
            item_columns(one, where if one.goals is None else list(use.columns.values()), schema)
        except ColumnError as error:
            wrong.append(error)
        others = [c for c in (*use.weights.values(), *use.by) if c not in schema]
        if others:
            near = ", ".join(f"{c!r}{did_you_mean(c, schema)}" for c in others)
            by = f" The value set differs by {listed(use.by)}." if use.by else ""
            wrong.append(ColumnError(f"{one.name}: the data have no columns {near}.{by}"))
        columns = {code: column for code, column in use.columns.items() if column in schema}
        text = text_columns(columns, frame, schema)
        if text:
            wrong.append(CodeError(text_message(one, text, frame)))
        yes_no = [
            f"- {column!r} holds true and false, and item {code} takes {codes_text(codes)}"
            for code, column in columns.items()
            if schema[column] == nw.Boolean
            and not {0.0, 1.0} <= set(codes := accepted(one, one.item(code)))
        ]
        if yes_no:
            wrong.append(CodeError("\n".join([f"{one.name}: these are no answers:", *yes_no])))
        heavy = {c: w for c, w in use.weights.items() if w in schema}
        odd = list(text_columns(heavy, frame, schema).values())
        if odd:
            wrong.append(ColumnError(f"{one.name}: weights should be numbers: {listed(odd)}."))
        sound.append(
            Use(
                definition=one if not others else one.model_copy(update={"value_set": None}),
                columns={code: column for code, column in columns.items() if code not in text},
                weights={c: w for c, w in heavy.items() if w not in odd and c not in text},
                masked=use.masked,
            )
        )
    if counted:
        try:
            refuse(sound, frame, schema)
        except CodeError as error:
            wrong.append(error)
    if wrong:
        raise type(wrong[0])("\n".join(map(str, wrong)))
