"""The pass that a lazy engine makes itself: one aggregate by unit; a few numbers come back."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from functools import partial, reduce
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from cpeval.errors import DataError, listed
from cpeval.moments.arithmetic import ON_EXPRESSIONS, computed
from cpeval.moments.coding import Column, Level, Levels, in_order, plain_level
from cpeval.moments.eager_pass import Units
from cpeval.moments.formula import Formula
from cpeval.moments.unit_sums import Codes, Floats, UnitSums, near

Lazy = nw.LazyFrame[Any]

#: Rows that the first query looks at, to know about where each column lies.
_LOOK = 1000

#: Where the spread of units' means is so many times the spread within units (as variances), the
#: products about a common origin have lost half the digits: the units' own means are subtracted.
_FAR_APART = 1e6

#: What counts rows that no analysis should go over in silence, and how a message names them.
_FAULTS = {
    "wrong": "a term that has no value there (such as the logarithm of zero)",
    "infinite": "infinite values in the outcome, a term or the weights",
    "bad_weight": "weights that are negative",
    "outside": "values out of bounds",
}


def levels_seen(frame: Lazy, names: Sequence[str]) -> dict[str, list[Level]]:
    """Return the distinct values of columns: a query each."""
    found = {}
    for name in names:
        # `unique` numbers all rows on some engines; a count by value keeps none of them.
        counted = frame.select(value=nw.col(name)).group_by("value").agg(nw.len().alias("rows"))
        values = counted.collect()["value"].to_list()
        there = [plain_level(value) for value in values if not pd.isna(value)]
        found[name] = list(in_order(list(dict.fromkeys(there))))
    return found


def lazy_sums(
    frame: Lazy,
    formula: Formula,
    model: Sequence[Column],
    levels: Mapping[str, Levels],
    bounds: Mapping[str, tuple[float, float]],
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
        Infinite values, negative weights, values out of bounds, or arithmetic that has no value,
        with their numbers.
    """
    names = [f"z{k}" for k in range(len(model) + 1)]
    prepare = partial(
        _prepared, frame, formula, model, levels, bounds, site=site, team=team, weights=weights
    )
    origin = _origin(prepare(np.zeros(len(names))), names, [not c.numbers for c in model])
    rows = prepare(origin)
    labels = ["site", "team"] if team is not None else ["site"]
    # Each row's weight is in every product; without weights nothing is multiplied by one.
    share = nw.col("w") if weights is not None else None
    counted = [nw.len().alias("rows"), *_sums(["kept", *_faults(formula, levels, bounds, weights)])]
    counted += _sums([] if weights is None else ["w"])
    summed = [_times(nw.col(name), share).alias(f"s_{name}") for name in names]
    summed += _products(names, share)
    table = _collected(
        # Products are columns first: Dask sums nothing but columns.
        rows.with_columns(summed)
        .group_by(labels)
        .agg(*counted, *_sums([f"s_{name}" for name in names]), *_sums(_product_names(names)))
    )
    _require_sound(table)
    order, units = _sorted_units(table, labels)
    table = table.iloc[order].reset_index(drop=True)
    n = table["kept"].fillna(0).to_numpy(dtype=np.int64)
    weight = table["kept" if weights is None else "w"].fillna(0).to_numpy(dtype=float)
    total = table[[f"s_{name}" for name in names]].fillna(0).to_numpy(dtype=float)
    offset = total / np.where(weight > 0, weight, 1.0)[:, np.newaxis]
    cross = _square(table, len(names))
    with np.errstate(over="ignore", invalid="ignore"):
        between = offset[:, :, np.newaxis] * offset[:, np.newaxis, :]
        cross -= weight[:, np.newaxis, np.newaxis] * between
    if _lossy(n, weight, offset, cross):
        cross = _about_own_means(rows, names, labels, share, table)
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
    bounds: Mapping[str, tuple[float, float]],
    origin: Floats,
    *,
    site: str,
    team: str | None,
    weights: str | None,
) -> Lazy:
    """Make the columns that are summed: site, team, w, kept, faults, z0 … (null where not kept).

    Few steps a row: a sum of sizes is finite where no number is missing or infinite.
    """
    schema = frame.collect_schema()
    place = {name: k for k, name in enumerate(formula.columns)}
    numeric = [factor for factor in formula.factors if factor.text not in levels]
    category = {f.columns[0] for f in formula.factors if f.text in levels}
    in_numbers = {name for factor in numeric for name in factor.columns}

    def present(name: str) -> nw.Expr:
        there = ~nw.col(name).is_null()
        return there & ~nw.col(name).is_nan() if schema[name].is_float() else there

    def label(name: str) -> nw.Expr:
        # Not a number is as missing as null: one group.
        value = nw.col(name)
        return nw.when(present(name)).then(value) if schema[name].is_float() else value

    def number(name: str) -> nw.Expr:
        value = nw.col(name)
        if schema[name] == nw.Boolean:
            value = value.cast(nw.Int8)
        return value if schema[name] == nw.Float64 else value.cast(nw.Float64)

    needed = [site, *([team] if team is not None else []), *sorted(category)]
    labels = ["site", "team"] if team is not None else ["site"]
    weighed = [number(weights).alias("w")] if weights is not None else []
    taken = frame.select(
        label(site).alias("site"),
        *([label(team).alias("team")] if team is not None else []),
        *(nw.col(name).alias(f"c{place[name]}") for name in sorted(category)),
        *(number(name).alias(f"n{place[name]}") for name in sorted(in_numbers)),
        *weighed,
        reduce(operator.and_, map(present, needed)).alias("labelled"),
    )
    inputs = {name: nw.col(f"n{place[name]}") for name in in_numbers}
    computed_ones = [factor for factor in numeric if factor.tree is not None]
    values = {
        factor.text: nw.col(f"v{k}") if factor.tree is not None else inputs[factor.columns[0]]
        for k, factor in enumerate(numeric)
    }
    taken = taken.with_columns(
        *(
            computed(factor, inputs, ON_EXPRESSIONS).alias(f"v{k}")
            for k, factor in enumerate(numeric)
            if factor.tree is not None
        ),
        size=_sizes([*inputs.values(), *([nw.col("w")] if weights is not None else [])]),
    )
    whole = _sizes([nw.col("size"), *(values[factor.text] for factor in computed_ones)])
    given = nw.col("labelled") & nw.col("size").is_finite()
    kept = nw.col("labelled") & whole.is_finite()
    # Infinity is in the sum of sizes even where another infinity would cancel it.
    faults = {"infinite": nw.col("labelled") & (nw.col("size") == float("inf"))}
    if weights is not None:
        kept = kept & (nw.col("w") > 0)
        faults["bad_weight"] = nw.col("w") < 0
    if computed_ones:
        # A number that is computed from numbers and isn't one, null or not finite.
        sound = [values[f.text] for f in computed_ones]
        unsound = [~(~value.is_null() & value.is_finite()) for value in sound]
        faults["wrong"] = given & reduce(operator.or_, unsound)
    if bounds:
        beyond = [
            (values[name] < low) | (values[name] > high) for name, (low, high) in bounds.items()
        ]
        faults["outside"] = kept & reduce(operator.or_, beyond)
    made = [_product(column, values, place) for column in model]
    made.append(values[formula.outcome.text])
    return taken.with_columns(
        use=kept, kept=_flag(kept), **{name: _flag(found) for name, found in faults.items()}
    ).select(
        *labels,
        "kept",
        *faults,
        *([nw.when(nw.col("use")).then(nw.col("w")).alias("w")] if weighed else []),
        *(
            nw.when(nw.col("use")).then(z - float(c) if c else z).alias(f"z{k}")
            for k, (z, c) in enumerate(zip(made, origin, strict=True))
        ),
    )


def _sizes(values: Sequence[nw.Expr]) -> nw.Expr:
    """Add up absolute values: null or not finite where one of them is."""
    return reduce(operator.add, (value.abs() for value in values))


def _product(column: Column, values: Mapping[str, nw.Expr], place: Mapping[str, int]) -> nw.Expr:
    """Multiply the numbers and dummies of one column of the model."""
    parts = [
        nw.when(nw.col(f"c{place[factor.columns[0]]}") == level)
        .then(nw.lit(1.0))
        .otherwise(nw.lit(0.0))
        for factor, level in column.dummies
    ]
    return reduce(operator.mul, [*parts, *(values[factor.text] for factor in column.numbers)])


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
    with np.errstate(over="ignore", invalid="ignore"):
        within = np.maximum(np.einsum("uqq->uq", cross), 0.0).sum(axis=0)
        around = (weight[:, np.newaxis] * offset**2).sum(axis=0)
    # Small whole numbers add up without rounding: then nothing within is nothing.
    return bool(((around > _FAR_APART * within) & (within > 0)).any() and (n > 1).any())


def _about_own_means(
    rows: Lazy,
    names: Sequence[str],
    labels: Sequence[str],
    share: nw.Expr | None,
    table: pd.DataFrame,
) -> Floats:
    """Make the second aggregate: the engine joins each unit's means to its rows."""
    used = rows.filter(nw.col("kept") == 1)
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


def _sorted_units(table: pd.DataFrame, labels: Sequence[str]) -> tuple[Codes, Units]:
    """Return the rows of the table in the order of their labels, missing ones last."""
    columns: list[list[Level | None]] = [
        [
            None if missing else plain_level(value)
            for value, missing in zip(table[name].tolist(), table[name].isna(), strict=True)
        ]
        for name in labels
    ]
    places = []
    for column in columns:
        ordered = in_order(list(dict.fromkeys(v for v in column if v is not None)))
        place: dict[Level | None, int] = {value: k for k, value in enumerate(ordered)}
        place[None] = len(ordered)
        places.append([place[value] for value in column])
    order = np.lexsort(places[::-1])
    sites, teams = columns[0], columns[-1] if len(columns) > 1 else [None] * len(columns[0])
    return order, Units(
        codes=np.empty(0, dtype=np.intp),
        labels=tuple((sites[row], teams[row]) for row in order.tolist()),
    )


def _faults(
    formula: Formula,
    levels: Mapping[str, Levels],
    bounds: Mapping[str, tuple[float, float]],
    weights: str | None,
) -> tuple[str, ...]:
    """Name the faults that can occur: each costs the engine a step a row."""
    arithmetic = any(f.tree is not None for f in formula.factors if f.text not in levels)
    possible = {"wrong": arithmetic, "infinite": True, "bad_weight": weights is not None}
    possible["outside"] = bool(bounds)
    return tuple(name for name, may in possible.items() if may)


def _require_sound(table: pd.DataFrame) -> None:
    found = [
        f"{int(table[name].sum()):,} rows have {text} (sites: "
        f"{listed(dict.fromkeys(table.loc[table[name] > 0, 'site']), most=5)})"
        for name, text in _FAULTS.items()
        if name in table and table[name].sum() > 0
    ]
    if found:
        raise DataError(
            f"{'; '.join(found)}. Correct these values, or make them missing, before the pass."
        )
