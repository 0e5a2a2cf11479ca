"""The pass that a lazy engine makes itself: one aggregate by unit; a few numbers come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from cpeval.errors import DataError, listed
from cpeval.moments.arithmetic import ON_EXPRESSIONS, computed
from cpeval.moments.coding import Column, Level, Levels, in_order, plain_level
from cpeval.moments.eager_pass import Units
from cpeval.moments.formula import Formula
from cpeval.moments.unit_sums import Floats, UnitSums, near

Lazy = nw.LazyFrame[Any]

#: Rows that the first query looks at, to know about where each column lies.
_LOOK = 1000

#: Where the spread of units' means is so many times the spread within units (as variances), the
#: products about a common origin have lost half the digits: the units' own means are subtracted.
_FAR_APART = 1e6


def levels_seen(frame: Lazy, names: Sequence[str]) -> dict[str, list[Level]]:
    """Return the distinct values of columns: a query each."""
    found = {}
    for name in names:
        values = frame.select(name).unique().collect()[name].to_list()
        there = [plain_level(value) for value in values if not pd.isna(value)]
        found[name] = list(in_order(list(dict.fromkeys(there))))
    return found


def lazy_sums(
    frame: Lazy,
    formula: Formula,
    model: Sequence[Column],
    levels: Mapping[str, Levels],
    *,
    site: str,
    team: str | None,
    weights: str | None,
) -> tuple[UnitSums, Units]:
    """Sum the cross-products of the model's columns and the outcome, which is last, by unit.

    The first 1,000 rows give an origin near the data; one aggregate by unit gives counts, sums and
    products about it. A second aggregate, about each unit's own mean, is made only where those
    means lie more than a thousand times the spread within units apart.

    Raises
    ------
    DataError
        Infinite values, negative weights, or arithmetic that has no value, with their numbers.
    """
    rows = _prepared(frame, formula, model, levels, site=site, team=team, weights=weights)
    names = [f"z{k}" for k in range(len(model) + 1)]
    origin = _origin(rows, names, [not column.numbers for column in model])
    labels = ["site", "team"] if team is not None else ["site"]
    shifted = [(nw.col(name) - float(c)).alias(name) for name, c in zip(names, origin, strict=True)]
    # Each row's weight is in every product; without weights nothing is multiplied by one.
    share = nw.col("w") if weights is not None else None
    counted = [
        nw.len().alias("rows"),
        *_sums(["kept", "wrong", "infinite", "bad_weight"]),
        *_sums([] if weights is None else ["w"]),
    ]
    summed = [_times(nw.col(name), share).alias(f"s_{name}") for name in names]
    summed += _products(names, share)
    table = _collected(
        # Products are columns first: Dask sums nothing but columns.
        rows.with_columns(shifted)
        .with_columns(summed)
        .group_by(labels)
        .agg(*counted, *_sums([f"s_{name}" for name in names]), *_sums(_product_names(names)))
    )
    _require_sound(table, weights)
    units = _sorted_units(table, labels)
    table = table.iloc[_order(table, labels)].reset_index(drop=True)
    n = table["kept"].fillna(0).to_numpy(dtype=np.int64)
    weight = table["kept" if weights is None else "w"].fillna(0).to_numpy(dtype=float)
    total = table[[f"s_{name}" for name in names]].fillna(0).to_numpy(dtype=float)
    offset = total / np.where(weight > 0, weight, 1.0)[:, np.newaxis]
    cross = _square(table, len(names))
    between = offset[:, :, np.newaxis] * offset[:, np.newaxis, :]
    cross -= weight[:, np.newaxis, np.newaxis] * between
    if _lossy(n, weight, offset, cross):
        cross = _about_own_means(rows, names, labels, shifted, share, table)
    # What rounding leaves of nothing may be below it.
    squares = np.einsum("uqq->uq", cross)
    np.maximum(squares, 0.0, out=squares)
    return UnitSums(
        n=n,
        weight=weight,
        dropped=table["rows"].to_numpy(dtype=np.int64) - n,
        origin=origin,
        offset=offset,
        cross=cross,
    ), units


def _prepared(
    frame: Lazy,
    formula: Formula,
    model: Sequence[Column],
    levels: Mapping[str, Levels],
    *,
    site: str,
    team: str | None,
    weights: str | None,
) -> Lazy:
    """Make the columns that are summed: site, team, z0 … (null in rows not used), kept, faults."""
    schema = frame.collect_schema()

    def present(name: str) -> nw.Expr:
        there = ~nw.col(name).is_null()
        return there & ~nw.col(name).is_nan() if schema[name].is_float() else there

    def number(name: str) -> nw.Expr:
        value = nw.col(name)
        if schema[name] == nw.Boolean:
            value = value.cast(nw.Int8)
        # Not a number and null are the same gap, whatever the engine makes of the first.
        return nw.when(present(name)).then(value.cast(nw.Float64))

    numeric = [factor for factor in formula.factors if factor.text not in levels]
    kept = present(site) if team is None else present(site) & present(team)
    for name in formula.columns:
        kept = kept & present(name)
    first = [
        nw.when(present(site)).then(nw.col(site)).alias("site"),
        *([nw.when(present(team)).then(nw.col(team)).alias("team")] if team is not None else []),
        *(nw.col(name).alias(f"c{k}") for k, name in enumerate(formula.columns)),
        *(
            number(name).alias(f"n{k}")
            for k, name in enumerate(formula.columns)
            if schema[name].is_numeric() or schema[name] == nw.Boolean
        ),
        *([number(weights).alias("w")] if weights is not None else []),
        kept.alias("complete"),
    ]
    place = {name: k for k, name in enumerate(formula.columns)}
    inputs = {name: nw.col(f"n{k}") for name, k in place.items()}
    values = [
        computed(factor, inputs, ON_EXPRESSIONS).alias(f"v{k}") for k, factor in enumerate(numeric)
    ]
    value_of = {factor.text: nw.col(f"v{k}") for k, factor in enumerate(numeric)}

    def product(column: Column) -> nw.Expr:
        parts = [
            nw.when(nw.col(f"c{place[factor.columns[0]]}") == level)
            .then(nw.lit(1.0))
            .otherwise(nw.lit(0.0))
            for factor, level in column.dummies
        ]
        parts += [value_of[factor.text] for factor in column.numbers]
        whole = parts[0]
        for part in parts[1:]:
            whole = whole * part
        return whole

    made = [*(product(column) for column in model), value_of[formula.outcome.text]]
    sound = ~nw.lit(False)
    for value in value_of.values():
        sound = sound & ~value.is_null()
    complete = nw.col("complete")
    finite = ~nw.lit(False)
    for k in range(len(made)):
        finite = finite & nw.col(f"z{k}").is_finite()
    weighed = nw.col("w") > 0 if weights is not None else ~nw.lit(False)
    bad_weight = (
        (nw.col("w") < 0) | ~nw.col("w").is_finite() if weights is not None else nw.lit(False)
    )
    labels = ["site", "team"] if team is not None else ["site"]
    keep = [*labels, "complete", *(["w"] if weights is not None else [])]
    staged = (
        frame.select(first)
        .with_columns(values)
        .select(*keep, sound.alias("sound"), *(z.alias(f"z{k}") for k, z in enumerate(made)))
        .with_columns(finite=finite, weighed=weighed, bad=bad_weight)
    )
    usable = complete & nw.col("sound") & nw.col("finite") & nw.col("weighed")
    return staged.select(
        *labels,
        usable.alias("usable"),
        _flag(usable).alias("kept"),
        _flag(complete & ~nw.col("sound")).alias("wrong"),
        _flag(complete & nw.col("sound") & ~nw.col("finite")).alias("infinite"),
        _flag(nw.col("bad")).alias("bad_weight"),
        *([nw.when(usable).then(nw.col("w")).alias("w")] if weights is not None else []),
        *(nw.when(usable).then(nw.col(f"z{k}")).alias(f"z{k}") for k in range(len(made))),
    )


def _flag(condition: nw.Expr) -> nw.Expr:
    """Return 1 where true, else (false or unknown) 0."""
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0))


def _times(value: nw.Expr, share: nw.Expr | None) -> nw.Expr:
    return value if share is None else value * share


def _products(names: Sequence[str], share: nw.Expr | None) -> list[nw.Expr]:
    return [
        _times(nw.col(one) * nw.col(other), share).alias(f"p_{j}_{k}")
        for j, one in enumerate(names)
        for k, other in enumerate(names)
        if j <= k
    ]


def _product_names(names: Sequence[str]) -> list[str]:
    return [f"p_{j}_{k}" for j in range(len(names)) for k in range(j, len(names))]


def _sums(names: Sequence[str]) -> list[nw.Expr]:
    return [nw.col(name).sum() for name in names]


def _collected(rows: Lazy) -> pd.DataFrame:
    return rows.collect().to_pandas()


def _origin(rows: Lazy, names: Sequence[str], plain: Sequence[bool]) -> Floats:
    """Take the means of the first rows; 0 for dummies, whose sums are then exact."""
    first = _collected(rows.head(_LOOK).select(names))
    means = first.astype(float).mean().fillna(0).to_numpy(dtype=float)
    return near(np.where([*plain, False], 0.0, means))


def _square(table: pd.DataFrame, q: int) -> Floats:
    found = np.zeros((len(table), q, q))
    for j in range(q):
        for k in range(j, q):
            found[:, j, k] = found[:, k, j] = table[f"p_{j}_{k}"].fillna(0).to_numpy(dtype=float)
    return found


def _lossy(n: Any, weight: Floats, offset: Floats, cross: Floats) -> bool:  # noqa: ANN401
    """Say whether a column varies within units so much less than around the origin."""
    within = np.maximum(np.einsum("uqq->uq", cross), 0.0).sum(axis=0)
    around = (weight[:, np.newaxis] * offset**2).sum(axis=0)
    # Small whole numbers add up without rounding: then nothing within is nothing.
    return bool(((around > _FAR_APART * within) & (within > 0)).any() and (n > 1).any())


def _about_own_means(
    rows: Lazy,
    names: Sequence[str],
    labels: Sequence[str],
    shifted: Sequence[nw.Expr],
    share: nw.Expr | None,
    table: pd.DataFrame,
) -> Floats:
    """Make the second aggregate: the engine joins each unit's means to its rows."""
    used = rows.filter(nw.col("usable")).with_columns(shifted)
    summed = [_times(nw.col(name), share).alias(f"m_{name}") for name in names]
    summed.append((nw.col("kept") if share is None else share).alias("m_weight"))
    means = (
        used.select(*labels, *summed)
        .group_by(labels)
        .agg(*_sums([*(f"m_{name}" for name in names), "m_weight"]))
    )
    rest = [(nw.col(name) - nw.col(f"m_{name}") / nw.col("m_weight")).alias(name) for name in names]
    centred = used.join(means, on=list(labels), how="inner").with_columns(rest)
    multiplied = centred.with_columns(_products(names, share)).group_by(labels)
    again = _collected(multiplied.agg(*_sums(_product_names(names))))
    key = table[list(labels)]
    return _square(key.merge(again, on=list(labels), how="left"), len(names))


def _order(table: pd.DataFrame, labels: Sequence[str]) -> list[int]:
    """Return the rows of the table in the order of their labels, missing ones last."""
    keys = [[_plain(value) for value in table[name]] for name in labels]
    places = []
    for column in keys:
        ordered = in_order(list(dict.fromkeys(v for v in column if v is not None)))
        place: dict[Level | None, int] = {value: k for k, value in enumerate(ordered)}
        place[None] = len(ordered)
        places.append([place[value] for value in column])
    return sorted(range(len(table)), key=lambda row: [place[row] for place in places])


def _plain(value: Any) -> Level | None:  # noqa: ANN401
    return None if pd.isna(value) else plain_level(value)


def _sorted_units(table: pd.DataFrame, labels: Sequence[str]) -> Units:
    rows = _order(table, labels)
    sites = [_plain(value) for value in table["site"]]
    teams = [_plain(value) for value in table["team"]] if "team" in labels else [None] * len(sites)
    return Units(
        codes=np.empty(0, dtype=np.intp), labels=tuple((sites[row], teams[row]) for row in rows)
    )


def _require_sound(table: pd.DataFrame, weights: str | None) -> None:
    faults = {
        "wrong": "a term that has no value there (such as the logarithm of zero)",
        "infinite": "infinite values in the outcome or a term",
        "bad_weight": f"weights in {weights!r} that are negative or infinite",
    }
    found = [
        f"{int(table[name].sum()):,} rows have {text} (sites: "
        f"{listed(dict.fromkeys(table.loc[table[name] > 0, 'site']), most=5)})"
        for name, text in faults.items()
        if table[name].sum() > 0
    ]
    if found:
        raise DataError(
            f"{'; '.join(found)}. Correct these values, or make them missing, before the pass."
        )
