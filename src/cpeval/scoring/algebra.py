"""What a plan is spelt in: narwhals expressions for any engine, or arrays for numpy's columns.

A plan adds, multiplies and compares with Python's own signs, which both take. The few things that
they say in different words are here. In arrays, missing is NaN; in expressions, null.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

#: A value of either kind: it takes + - * / and comparisons.
Value = Any


class Algebra(Protocol):
    """What a plan needs beyond arithmetic."""

    def column(self, name: str) -> Value:
        """A column of the data: numbers, missing as missing."""

    def answers(self, name: str, codes: Iterable[float], *, checked: bool) -> Value:
        """A column's answers; what is not among the codes is missing, unless that was checked."""

    def text_is(self, name: str, value: str) -> Value:
        """Whether a column's cells are a value that was read as text."""

    def missing(self, x: Value) -> Value:
        """Whether values are missing."""

    def among(self, x: Value, codes: Sequence[float]) -> Value:
        """Whether values are among some; missing ones are not."""

    def where(self, holds: Value, x: Value, other: Value | None = None) -> Value:
        """The one where it holds, else the other, or missing."""

    def filled(self, x: Value) -> Value:
        """Missing made 0."""

    def number(self, holds: Value) -> Value:
        """True made 1 and false 0."""

    def root(self, x: Value) -> Value:
        """The square root."""

    def looked_up(self, x: Value, values: Sequence[float]) -> Value:
        """The value at a place, counted from 0; missing where the place is."""


class Expressions:
    """Narwhals expressions; ``schema`` is the frame's."""

    def __init__(self, schema: Mapping[str, nw.dtypes.DType]) -> None:
        self.schema = schema

    def column(self, name: str) -> nw.Expr:
        raw, dtype = numeric(name, self.schema[name])
        x = raw.cast(nw.Float64)
        return nw.when(~x.is_nan()).then(x) if dtype.is_float() else x

    def answers(self, name: str, codes: Iterable[float], *, checked: bool) -> nw.Expr:
        raw, dtype = numeric(name, self.schema[name])
        # Wide integers stay so until the end: adding them is quicker, and exact.
        x = raw if dtype in (nw.Int64, nw.Int32) else raw.cast(nw.Float64)
        if checked and not dtype.is_float():
            return x
        # NaN is never among the codes; null stays null.
        return nw.when(among(raw, codes, dtype)).then(x)

    def text_is(self, name: str, value: str) -> nw.Expr:
        dtype = self.schema[name]
        if not (dtype.is_numeric() or dtype == nw.Boolean):
            return nw.col(name).cast(nw.String) == value
        # Numbers as numbers: 2.0 in a column that has gaps is the table's 2.
        x, _ = numeric(name, dtype)
        try:
            return x.cast(nw.Float64) == float(value)
        except ValueError:
            return x.is_null() & ~x.is_null()

    def missing(self, x: nw.Expr) -> nw.Expr:
        return x.is_null()

    def among(self, x: nw.Expr, codes: Sequence[float]) -> nw.Expr:
        return x.cast(nw.Float64).is_in([float(code) for code in codes])

    def where(self, holds: nw.Expr, x: Value, other: Value | None = None) -> nw.Expr:
        chosen = nw.when(holds).then(x)
        return chosen if other is None else chosen.otherwise(other)

    def filled(self, x: nw.Expr) -> nw.Expr:
        return x.fill_null(0.0)

    def number(self, holds: nw.Expr) -> nw.Expr:
        return holds.cast(nw.Float64)

    def root(self, x: nw.Expr) -> nw.Expr:
        return x.sqrt()

    def looked_up(self, x: nw.Expr, values: Sequence[float]) -> nw.Expr:
        places = [float(place) for place in range(len(values))]
        return x.cast(nw.Float64).replace_strict(
            places, list(values), default=None, return_dtype=nw.Float64
        )


class Arrays:
    """Some rows of numpy columns, as floats."""

    def __init__(self, columns: Mapping[str, NDArray[Any]], rows: slice) -> None:
        self.columns = columns
        self.rows = rows

    def column(self, name: str) -> NDArray[np.float64]:
        return self.columns[name][self.rows].astype(np.float64)

    def answers(self, name: str, codes: Iterable[float], *, checked: bool) -> NDArray[np.float64]:
        x = self.columns[name][self.rows]
        x = x if x.dtype == np.float64 else x.astype(np.float64)
        return x if checked else np.where(self.among(x, sorted(codes)), x, np.nan)

    def text_is(self, name: str, value: str) -> NDArray[np.bool_]:
        return np.asarray(self.columns[name][self.rows].astype(str) == value)

    def missing(self, x: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.isnan(x)

    def among(self, x: NDArray[np.float64], codes: Sequence[float]) -> NDArray[np.bool_]:
        if consecutive(codes):
            right = np.rint(x) == x
            right &= x >= codes[0]
            right &= x <= codes[-1]
            return np.asarray(right)
        return functools.reduce(operator.or_, (x == code for code in codes))

    def where(
        self, holds: NDArray[np.bool_], x: Value, other: Value | None = None
    ) -> NDArray[np.float64]:
        return np.where(holds, x, np.nan if other is None else other)

    def filled(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(np.isnan(x), 0.0, x)

    def number(self, holds: NDArray[np.bool_]) -> NDArray[np.float64]:
        return holds.astype(np.float64)

    def root(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.sqrt(x)

    def looked_up(self, x: NDArray[np.float64], values: Sequence[float]) -> NDArray[np.float64]:
        gone = np.isnan(x)
        return np.where(gone, np.nan, np.take(values, np.where(gone, 0, x).astype(np.intp)))


def numeric(column: str, dtype: nw.dtypes.DType) -> tuple[nw.Expr, nw.dtypes.DType]:
    """Return a column as numbers, and its type: booleans become 0 and 1, objects floats."""
    if dtype == nw.Boolean:
        return nw.col(column).cast(nw.Int64), nw.Int64()
    if not dtype.is_numeric():
        return nw.col(column).cast(nw.Float64), nw.Float64()
    return nw.col(column), dtype


def among(x: nw.Expr, codes: Iterable[float], dtype: nw.dtypes.DType) -> nw.Expr:
    """Whether a numeric column's cells are among some codes; null where they are null.

    Consecutive whole codes are two comparisons, which is several times faster than a look-up.
    """
    allowed = sorted(codes)
    if not consecutive(allowed):
        return x.cast(nw.Float64).is_in(allowed)
    if dtype.is_integer():
        return x.is_between(int(allowed[0]), int(allowed[-1]))
    x = x.cast(nw.Float64)
    return x.is_between(allowed[0], allowed[-1]) & (x.floor() == x)


def consecutive(codes: Sequence[float]) -> bool:
    """Whether sorted codes are whole numbers without a gap."""
    return list(codes) == [codes[0] + step for step in range(len(codes))] and codes[0] % 1 == 0
