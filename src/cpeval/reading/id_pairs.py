"""The ids of two tables, numbered so that equal ids have equal numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from pandas.api import types

from cpeval.errors import JoinError, listed
from cpeval.reading.stacking import kind_of


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Each row's key as a number, equal where keys are, and whether the other side lacks it."""

    left: np.ndarray
    right: np.ndarray
    left_only: np.ndarray
    right_only: np.ndarray


def pair_ids(left: nw.DataFrame[Any], right: nw.DataFrame[Any], keys: Mapping[str, str]) -> Pairs:
    """Number the ids of both tables alike.

    Parameters
    ----------
    left, right : narwhals.DataFrame
    keys : mapping of str to str
        The left table's columns, and the right table's that hold the same.

    Raises
    ------
    JoinError
        Ids are missing (rows are named), or are numbers in one table and text in the other.
    """
    ours = {a: left[a].to_pandas().reset_index(drop=True) for a in keys}
    theirs = {b: right[b].to_pandas().reset_index(drop=True) for b in keys.values()}
    _require_ids(ours, "left")
    _require_ids(theirs, "right")
    _require_alike(ours, theirs, keys)
    n = len(left)
    codes = np.zeros(n + len(right), dtype=np.int64)
    for a, b in keys.items():
        numbers, distinct = pd.factorize(_together(ours[a], theirs[b]))
        # Numbered anew for each column, so that the product of their numbers can't overflow.
        codes = pd.factorize(codes * max(len(distinct), 1) + numbers)[0]
    first, second = codes[:n], codes[n:]
    return Pairs(
        left=first,
        right=second,
        left_only=~np.isin(first, second),
        right_only=~np.isin(second, first),
    )


def _together(left: pd.Series, right: pd.Series) -> pd.Series:
    """Stack ids in a form in which 7 and 7.0 are one, and text is itself."""
    numbers = {kind_of(left), kind_of(right)} - {None} == {"number"}
    pair = [cells.astype("float64" if numbers else object) for cells in (left, right)]
    if numbers and all(
        types.is_integer_dtype(cells.dtype) or len(cells) == 0 for cells in (left, right)
    ):
        # Beyond 2**53 floats can't tell neighbours apart.
        pair = [cells.astype("int64") for cells in (left, right)]
    return pd.concat(pair, ignore_index=True)


def _require_ids(keys: Mapping[str, pd.Series], side: str) -> None:
    empty = {name: np.flatnonzero(cells.isna()) + 1 for name, cells in keys.items()}
    found = [f"{name!r} in rows {listed(rows)}" for name, rows in empty.items() if len(rows)]
    if found:
        raise JoinError(
            f"The {side} table lacks ids: {'; '.join(found)} (the first row is 1). "
            "Fill them in, or delete the rows."
        )


def _require_alike(
    left: Mapping[str, pd.Series], right: Mapping[str, pd.Series], keys: Mapping[str, str]
) -> None:
    wrong = []
    for a, b in keys.items():
        kinds = [_kind(left[a]), _kind(right[b])]
        if "mixed" in kinds or (None not in kinds and kinds[0] != kinds[1]):
            said = [
                f"{_said(kind)} (such as {listed(cells.iloc[:1])})" if len(cells) else "empty"
                for kind, cells in zip(kinds, (left[a], right[b]), strict=True)
            ]
            wrong.append(f"{a!r} holds {said[0]} in the left table, {b!r} {said[1]} in the right")
    if wrong:
        raise JoinError(
            f"Ids of different kinds never match: {'; '.join(wrong)}. Make both text or both "
            "numbers; mind that 007 as a number is 7."
        )


def _kind(cells: pd.Series) -> str | None:
    inferred = types.infer_dtype(cells, skipna=True)
    return "mixed" if inferred in ("mixed", "mixed-integer") else kind_of(cells)


def _said(kind: str | None) -> str:
    names = {
        "number": "numbers",
        "truth": "true or false",
        "date": "dates",
        "mixed": "both text and numbers",
    }
    return names.get(kind or "", "text")
