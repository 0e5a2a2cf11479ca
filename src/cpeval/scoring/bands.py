"""`band()`: the published category that a score falls into."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import narwhals.stable.v2 as nw
from narwhals.stable.v2.typing import IntoFrameT

from cpeval.definitions.catalogue import resolve
from cpeval.definitions.model import Instrument
from cpeval.definitions.scales import Bands, Scale
from cpeval.errors import (
    CodeError,
    ColumnError,
    OptionError,
    ProvisionalWarning,
    did_you_mean,
    listed,
)
from cpeval.scoring.algebra import numeric
from cpeval.scoring.invalid_answers import Frame, Schema, speaks_sql, total
from cpeval.scoring.uses import Which, columns_there, opened


def band(
    scored: IntoFrameT,
    instrument: Which,
    *,
    bands: str | Mapping[str, str] | None = None,
    prefix: str = "",
) -> IntoFrameT:
    """Say which published band each score falls into: add ``<column>_band``.

    Parameters
    ----------
    scored : dataframe, eager or lazy
        With the instrument's scores, from `score`: the columns of all its scales that have
        bands.
    instrument : str, pathlib.Path or Instrument
        A shipped one by name, the path of a definition, or one that is loaded.
        ``Instrument.with_bands`` gives it bands of your own.
    bands : str or mapping, optional
        Which set of bands, by name, where a scale has several; or column to name. A scale with
        one set takes that.
    prefix : str, default ""
        What `score` put before the columns.

    Returns
    -------
    dataframe of the type given
        With a text column for each scale that has bands. A band goes from its lowest score to
        just below the next one's: a score between two published ends belongs to the lower
        band. Missing where the score is missing, or below the first band.

    Raises
    ------
    ColumnError
        A scale's column is absent or not numbers, or the new one exists already.
    CodeError
        Scores that the scale can't give, counted by column: these are other numbers. On a lazy
        frame this runs one query that returns one row.
    OptionError
        The instrument has no bands, or a scale has several sets and none is named.

    Warns
    -----
    ProvisionalWarning
        Bands that were recalled, not verified.

    Examples
    --------
    >>> import pandas as pd
    >>> scores = pd.DataFrame({"ces_d": [4.0, 16.0, None]})
    >>> own = {"below": (0, 15), "at risk": (16, 60)}
    >>> ces_d = resolve("ces_d").with_bands("ces_d", own, source="Radloff (1977)")
    >>> band(scores, ces_d)["ces_d_band"].tolist()
    ['below', 'at risk', nan]
    """
    one = resolve(instrument)
    chosen = _chosen(one, bands)
    frame, schema = opened(scored)
    columns = {prefix + one.column(scale): (scale, some) for scale, some in chosen}
    _require(one, columns, frame, schema, prefix)
    _refuse_beyond(columns, frame, schema)
    doubtful = [
        f"{name} ({some.source})" for name, (_, some) in columns.items() if not some.verified
    ]
    if doubtful:
        warnings.warn(
            f"Bands from memory, to be checked against their source: {'; '.join(doubtful)}.",
            ProvisionalWarning,
            stacklevel=2,
        )
    new = [
        _label(numeric(name, schema[name])[0].cast(nw.Float64), some).alias(f"{name}_band")
        for name, (_, some) in columns.items()
    ]
    made: Any = frame.with_columns(*new).to_native()
    result: IntoFrameT = made
    return result


def _chosen(one: Instrument, bands: str | Mapping[str, str] | None) -> list[tuple[Scale, Bands]]:
    """The set of bands for each scale that has any."""
    having = [scale for scale in one.scored if scale.bands]
    if not having:
        raise OptionError(
            f"{one.name} has no bands: none was published, or none could be verified. Give it "
            'your own: cp.instrument(…).with_bands(column, {"low": (0, 9), …}, source="…").'
        )
    columns = [one.column(scale) for scale in having]
    if isinstance(bands, Mapping):
        odd = [f"{name!r}{did_you_mean(name, columns)}" for name in bands if name not in columns]
        if odd:
            raise OptionError(
                f"{one.name}: bands= names columns without bands: {', '.join(odd)}. "
                f"With bands: {listed(columns)}."
            )
    every = {some.name for scale in having for some in scale.bands}
    if isinstance(bands, str) and bands not in every:
        raise OptionError(
            f"{one.name} has no bands {bands!r}{did_you_mean(bands, every)}. "
            f"It has {listed(sorted(filter(None, every)))}."
        )
    chosen, wrong = [], []
    for scale, column in zip(having, columns, strict=True):
        name = bands.get(column) if isinstance(bands, Mapping) else bands
        names = [some.name for some in scale.bands]
        if len(names) == 1 and (name in (None, names[0]) or name == bands):
            chosen.append((scale, scale.bands[0]))
        elif name in names:
            chosen.append((scale, scale.bands[names.index(name)]))
        else:
            there = ", ".join(f"{some.name!r} ({some.source})" for some in scale.bands)
            got = "" if name is None else f" There is no {name!r}{did_you_mean(name, names)}."
            wrong.append(f"{column} has the sets {there}. Say which with bands=.{got}")
    if wrong:
        raise OptionError("\n".join(wrong))
    return chosen


def _require(
    one: Instrument,
    columns: Mapping[str, tuple[Scale, Bands]],
    frame: Frame,
    schema: Schema,
    prefix: str,
) -> None:
    wrong = []
    absent = [name for name in columns if name not in schema]
    if absent:
        near = ", ".join(f"{name!r}{did_you_mean(name, schema)}" for name in absent)
        wrong.append(
            f"The data have no scores {near}. Score first: cp.score(data, {one.name!r}"
            f"{f', prefix={prefix!r}' if prefix else ''}). Columns there: "
            f"{listed(schema, most=30)}."
        )
    text = [name for name in columns if name in schema and not schema[name].is_numeric()]
    if text:
        wrong.append(f"Columns that should hold scores hold no numbers: {listed(text)}.")
    there = columns_there([f"{name}_band" for name in columns], frame, schema)
    if there:
        wrong.append(f"The data have columns {listed(there)} already. Drop them first.")
    if wrong:
        raise ColumnError("\n".join(wrong))


def _refuse_beyond(
    columns: Mapping[str, tuple[Scale, Bands]], frame: Frame, schema: Schema
) -> None:
    """Raise `CodeError` for scores beyond a scale's range; one query of one row."""
    counts = []
    for name, (scale, _) in columns.items():
        if scale.range is not None:
            x, dtype = numeric(name, schema[name])
            # Prorated sums may miss the ends by rounding.
            beyond = ~x.is_between(scale.range[0] - 1e-9, scale.range[1] + 1e-9)
            beyond = beyond & ~x.is_nan() if dtype.is_float() else beyond
            counts.append(total(beyond, sql=speaks_sql(frame)).alias(name))
    if not counts:
        return
    row = frame.select(*counts)
    if isinstance(row, nw.LazyFrame):
        row = row.collect()
    found = {name: n for name, n in zip(row.columns, row.row(0), strict=True) if n == n and n}
    if found:
        ranges = {name: scale.range or (0.0, 0.0) for name, (scale, _) in columns.items()}
        lines = [
            f"- {name!r}: {n:g} beyond {ranges[name][0]:g} to {ranges[name][1]:g}"
            for name, n in found.items()
        ]
        raise CodeError(
            "Scores that the scale can't give; are these its scores?\n" + "\n".join(lines)
        )


def _label(x: nw.Expr, some: Bands) -> nw.Expr:
    """The label of the band that a score is in, by lower ends."""
    last = some.bands[-1]
    inside = (x >= last.low) & (x <= last.high)
    value: nw.Expr = nw.when(inside).then(nw.lit(last.label))
    for lower, upper in reversed(list(pairwise(some.bands))):
        inside = (x >= lower.low) & (x < upper.low)
        value = nw.when(inside).then(nw.lit(lower.label)).otherwise(value)
    return value
