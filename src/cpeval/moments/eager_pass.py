"""The pass over a dataframe in memory: columns become arrays, and are multiplied by unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.errors import ColumnError, DataError, listed
from cpeval.moments.arithmetic import ON_ARRAYS, computed
from cpeval.moments.coding import Column, Level, Levels, in_order, plain_level
from cpeval.moments.formula import Factor, Formula
from cpeval.moments.unit_sums import Codes, Floats, UnitSums, near, unit_sums
from cpeval.numeric import ROWS_COUNT, numbers, rows_text


@dataclass(frozen=True, kw_only=True, eq=False)
class Coded:
    """A column of categories: each row's code (-1 is missing), and the labels, sorted."""

    codes: Codes
    labels: tuple[Level, ...]


class Columns:
    """The columns of an eager frame as arrays, each converted once."""

    def __init__(self, frame: nw.DataFrame[Any]) -> None:
        self.frame = frame
        self._numbers: dict[str, Floats] = {}
        self._coded: dict[str, Coded] = {}

    def dtypes(self, names: Sequence[str]) -> dict[str, nw.dtypes.DType]:
        """Return the types, of Python objects what they all are."""
        return {name: self._dtype(name) for name in names}

    def _dtype(self, name: str) -> nw.dtypes.DType:
        dtype = self.frame.schema[name]
        if dtype == nw.String and self.frame[name].is_null().all():
            return nw.Unknown()  # missing throughout, of whatever type
        if dtype != nw.Object:
            return dtype
        kind = pd.api.types.infer_dtype(self.frame[name].to_pandas(), skipna=True)
        if kind in ("string", "boolean"):
            return nw.String() if kind == "string" else nw.Boolean()
        if kind == "empty":
            return nw.Unknown()
        # Numbers as objects; or a mixture, which `numbers` refuses by name, value and row.
        return nw.Float64()

    def numbers(self, name: str) -> Floats:
        """Return a column as floats, missing as NaN."""
        if name not in self._numbers:
            series = self.frame[name]
            if series.dtype.is_numeric() and not series.dtype.is_decimal():
                array = series.cast(nw.Float64).to_numpy()
            elif series.dtype == nw.Boolean:
                array = series.cast(nw.Int8).cast(nw.Float64).to_numpy()
            else:
                table = pd.DataFrame({name: series.to_pandas().reset_index(drop=True)})
                kind = pd.api.types.infer_dtype(table[name], skipna=True)
                if kind == "boolean":
                    table = table.astype(float)
                array = numbers(table, [name])[:, 0]
            self._numbers[name] = np.asarray(array, dtype=float)
        return self._numbers[name]

    def coded(self, name: str) -> Coded:
        """Return a column as codes of its sorted labels."""
        if name not in self._coded:
            series = self.frame[name]
            if series.implementation.is_pandas_like():
                raw, found = pd.factorize(series.to_pandas())
                values = list(found)
            else:
                arrow = series.to_arrow()
                if hasattr(arrow.type, "value_type"):
                    arrow = arrow.cast(arrow.type.value_type)
                import pyarrow as pa

                whole = arrow.combine_chunks() if isinstance(arrow, pa.ChunkedArray) else arrow
                encoded = whole.dictionary_encode()
                raw = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
                values = encoded.dictionary.to_pylist()
            self._coded[name] = _sorted_codes(raw, values)
        return self._coded[name]


def _sorted_codes(raw: NDArray[Any], values: Sequence[Any]) -> Coded:
    """Give codes in the order of the labels; a label that is missing (None, NaN) becomes -1."""
    absent = pd.isna(pd.Series(values, dtype=object))
    plain = [
        None if missing else plain_level(value)
        for value, missing in zip(values, absent.tolist(), strict=True)
    ]
    labels = in_order(list(dict.fromkeys(value for value in plain if value is not None)))
    place = {label: code for code, label in enumerate(labels)}
    # The last entry is what code -1 picks.
    to = np.array([*(-1 if v is None else place[v] for v in plain), -1], dtype=np.intp)
    return Coded(codes=to[raw], labels=labels)


def levels_seen(columns: Columns, names: Sequence[str]) -> dict[str, tuple[Level, ...]]:
    """Return the distinct values of columns."""
    return {name: columns.coded(name).labels for name in names}


@dataclass(frozen=True, kw_only=True, eq=False)
class Units:
    """Which unit each row is in, and the labels of the units, in order."""

    codes: Codes
    labels: tuple[tuple[Level | None, Level | None], ...]


def _units(columns: Columns, site: str, team: str | None) -> Units:
    sites = columns.coded(site)
    if team is None:
        missing = len(sites.labels)
        codes = np.where(sites.codes < 0, missing, sites.codes)
        labels: list[tuple[Level | None, Level | None]] = [(name, None) for name in sites.labels]
        if (codes == missing).any():
            labels.append((None, None))
        return Units(codes=codes, labels=tuple(labels))
    teams = columns.coded(team)
    # A missing label comes last.
    width = len(teams.labels) + 1
    both = np.where(sites.codes < 0, len(sites.labels), sites.codes) * width + np.where(
        teams.codes < 0, width - 1, teams.codes
    )
    raw, found = pd.factorize(both)
    order = np.argsort(found)
    place = np.empty(order.size, dtype=np.intp)
    place[order] = np.arange(order.size)
    in_site, in_team = (*sites.labels, None), (*teams.labels, None)
    labels = [(in_site[pair // width], in_team[pair % width]) for pair in found[order].tolist()]
    return Units(codes=place[raw], labels=tuple(labels))


def eager_sums(
    columns: Columns,
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

    Raises
    ------
    DataError
        Infinite values, negative weights, values out of bounds, or arithmetic that has no value,
        with their rows.
    """
    units = _units(columns, site, team)
    unlabelled = _without_labels(units)
    missing = unlabelled[units.codes] if unlabelled.any() else np.zeros(units.codes.size, bool)
    values: dict[str, Floats] = {}
    for factor in formula.factors:
        if factor.text in levels:
            missing |= columns.coded(factor.columns[0]).codes < 0
        else:
            values[factor.text] = numeric_values(columns, factor)
    made = [product_of(columns, column, values) for column in model]
    made.append(values[formula.outcome.text])
    share = columns.numbers(weights) if weights is not None else None
    if share is not None:
        if (share < 0).any() or np.isinf(share).any():
            wrong = np.flatnonzero((share < 0) | np.isinf(share))
            raise DataError(
                f"Weights in {weights!r} are negative or infinite in {rows_text(wrong)}. "
                f"{ROWS_COUNT}"
            )
        missing |= ~(share > 0)
    # A column is often its factor's numbers themselves: each is looked at once.
    unsound = [
        column
        for column in {id(column): column for column in [*values.values(), *made]}.values()
        if not _finite(column)
    ]
    for column in unsound:
        missing |= np.isnan(column)
    if unsound:
        require_finite(made, [*(c.name for c in model), formula.outcome.text], missing)
    _require_within(values, bounds, missing)
    used = units.codes
    dropped = np.zeros(len(units.labels), dtype=np.int64)
    if missing.any():
        dropped += np.bincount(used[missing], minlength=len(units.labels))
        keep = np.flatnonzero(~missing)
        used = used[keep]
        made = [column[keep] for column in made]
        share = None if share is None else share[keep]
    plain = {column.name for column in model if not column.numbers}
    names = [*(column.name for column in model), ""]
    origin = np.array(
        [
            0.0 if name in plain or not column.size else column.mean()
            for name, column in zip(names, made, strict=True)
        ]
    )
    origin = near(origin)
    n, weight, offset, cross = unit_sums(made, used, len(units.labels), origin, share)
    found = UnitSums(
        n=n,
        weight=weight,
        dropped=dropped,
        origin=origin,
        offset=offset,
        cross=cross,
    )
    return found, units


def _require_within(
    values: Mapping[str, Floats],
    bounds: Mapping[str, tuple[float, float]],
    missing: NDArray[np.bool_],
) -> None:
    """Raise `DataError` that names what is out of bounds, and the rows."""
    faults = []
    for name, (low, high) in bounds.items():
        column = values[name]
        wrong = np.flatnonzero(((column < low) | (column > high)) & ~missing)
        if wrong.size:
            faults.append(f"{name!r} is not from {low:g} to {high:g} in {rows_text(wrong)}")
    if faults:
        raise DataError(
            f"Values out of bounds: {'; '.join(faults)}. Correct them, or move them to the bound "
            f"first, if that is meant. {ROWS_COUNT}"
        )


def _without_labels(units: Units) -> NDArray[np.bool_]:
    """Say which units are rows whose site, or team where there are any, is missing."""
    in_teams = any(team is not None for _, team in units.labels)
    return np.array(
        [site is None or (in_teams and team is None) for site, team in units.labels], dtype=bool
    )


def _finite(column: Floats) -> bool:
    """Say whether all are numbers: a sum shows a gap in one reading; only then is it looked for."""
    with np.errstate(invalid="ignore", over="ignore"):
        return bool(np.isfinite(column.sum()) or np.isfinite(column).all())


def numeric_values(columns: Columns, factor: Factor) -> Floats:
    """Return the numbers of one factor, its transformation applied."""
    raw = {name: columns.numbers(name) for name in factor.columns}
    if factor.tree is None:
        return raw[factor.columns[0]]
    with np.errstate(all="ignore"):
        value = np.asarray(computed(factor, raw, ON_ARRAYS), dtype=float)
    if not _finite(value):
        there = np.all([np.isfinite(array) for array in raw.values()], axis=0)
        wrong = np.flatnonzero(there & ~np.isfinite(value))
        if wrong.size:
            raise DataError(
                f"{factor.text!r} has no value (such as the logarithm of zero) in "
                f"{rows_text(wrong)}. Correct the values, or make them missing. {ROWS_COUNT}"
            )
    return value


def product_of(columns: Columns, column: Column, values: Mapping[str, Floats]) -> Floats:
    """Multiply the numbers and dummies of one column of the model."""
    found: Floats | None = None
    for factor, level in column.dummies:
        coded = columns.coded(factor.columns[0])
        # A level that was given but isn't in the data has no code.
        code = coded.labels.index(level) if level in coded.labels else -2
        dummy = (coded.codes == code).astype(float)
        found = dummy if found is None else found * dummy
    for factor in column.numbers:
        found = values[factor.text] if found is None else found * values[factor.text]
    if found is None:
        raise ColumnError(f"{column.name!r} is made of nothing.")
    return found


def require_finite(made: Sequence[Floats], names: Sequence[str], missing: Any) -> None:  # noqa: ANN401
    """Raise `DataError` that names every column with infinite values, and their rows."""
    faults = []
    for name, column in zip(names, made, strict=True):
        if not _finite(column):
            wrong = np.flatnonzero(~np.isfinite(column) & ~missing)
            if wrong.size:
                faults.append(f"{listed([name])} in {rows_text(wrong)}")
    if faults:
        raise DataError(
            f"Infinite values: {'; '.join(faults)}. Something was divided by zero before; make "
            f"them missing or correct them. {ROWS_COUNT}"
        )
