"""Values of columns as numbers from 0 in the order of the values, alone and combined."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.people.rows import in_order, plain

Codes = NDArray[np.intp]


def coded(column: pd.Series, first: Sequence[object] = ()) -> tuple[Codes, list[object]]:
    """Number a column's values: those of ``first`` in that order, then the rest sorted.

    Parameters
    ----------
    column : pandas.Series, shape (n,)
    first : sequence
        Values that come before the others, such as a study's waves. Those that the column lacks
        get no number.

    Returns
    -------
    codes : array of int, shape (n,)
        From 0; -1 for a missing value.
    values : list
        By code, as Python's own.

    Examples
    --------
    >>> coded(pd.Series(["b", "a", None, "z"]), first=["z"])
    (array([ 2,  1, -1,  0]), ['z', 'a', 'b'])
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    codes, uniques = pd.factorize(column)
    values = [plain(value) for value in uniques]
    known = [value for value in first if value in values]
    rest = [value for value in values if value not in known] if known else values
    ordered: list[object] = [*known, *in_order(rest)]
    place = {value: number for number, value in enumerate(ordered)}
    rank = np.array([*(place[value] for value in values), -1], dtype=np.intp)
    return rank[codes], ordered


def combined(*columns: Codes) -> tuple[Codes, Codes]:
    """Number the combinations of codes, in the order of the first column, then of the others.

    Parameters
    ----------
    *columns : arrays of int, shape (n,)
        From -1.

    Returns
    -------
    codes : array of int, shape (n,)
        From 0, in order.
    rows : array of int, shape (n_combinations,)
        The first row of each.
    """
    one, *rest = columns
    key = one.astype(np.int64) + 1
    for column in rest:
        size = int(column.max(initial=-1)) + 2
        if int(key.max(initial=0)) > np.iinfo(np.int64).max // (size + 1):
            key = _ranked(key)[0].astype(np.int64)
        key = key * size + (column + 1)
    return _ranked(key)


def _ranked(key: NDArray[np.int64]) -> tuple[Codes, Codes]:
    codes, uniques = pd.factorize(key)
    order = np.argsort(uniques)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    found = rank[codes].astype(np.intp)
    return found, first_rows(found, order.size)


def first_rows(codes: Codes, n: int) -> Codes:
    """Return the first row of each of n codes, all of which are there.

    >>> first_rows(np.array([1, 0, 1]), 2).tolist()
    [1, 0]
    """
    rows = np.full(n, codes.size, dtype=np.intp)
    # From the last row to the first, so that the first is what stays.
    rows[codes[::-1]] = np.arange(codes.size - 1, -1, -1)
    return rows


def any_twice(codes: Codes) -> bool:
    """Say whether a code from 0 stands in two rows; cheap where codes are few or dense.

    >>> any_twice(np.array([2, 0, 2])), any_twice(np.array([2, 0]))
    (True, False)
    """
    return bool(np.bincount(codes).max(initial=0) > 1)
