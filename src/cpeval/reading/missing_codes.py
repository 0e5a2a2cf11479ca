"""Codes that mean "no answer", such as -9 and 99, made missing and counted."""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from cpeval.errors import OptionError, listed, require_columns

Code = str | int | float
#: Codes by column; ``"*"`` stands for every column.
Missing = Mapping[str, Iterable[Code] | Code]
#: Columns, then codes, then how many cells each code emptied.
Counts = dict[str, dict[Code, int]]


def checked(missing: Missing | None) -> dict[str, list[Code]]:
    """Return the codes of each column as lists.

    >>> checked({"*": [-9, 99], "age": 0})
    {'*': [-9, 99], 'age': [0]}

    Raises
    ------
    OptionError
        ``missing`` isn't a mapping of columns to codes, or a code isn't text or a number.
    """
    if missing is None:
        return {}
    if not isinstance(missing, Mapping):
        raise OptionError(
            "'missing' should name columns and their codes, such as "
            f'missing={{"*": [-9, 99], "age": [999]}}; "*" means all columns. Got {missing!r}.'
        )
    codes = {
        str(column): [given]
        if isinstance(given, str) or not isinstance(given, Iterable)
        else list(given)
        for column, given in missing.items()
    }
    odd = [
        code
        for given in codes.values()
        for code in given
        if isinstance(code, bool)
        or not isinstance(code, str | int | float)
        or (isinstance(code, float) and not math.isfinite(code))
    ]
    if odd:
        raise OptionError(
            f"'missing' takes codes that are text or numbers. Got {listed(odd)}. "
            "Empty cells are missing already."
        )
    return codes


def make_missing(
    data: pd.DataFrame,
    missing: Mapping[str, list[Code]],
    *,
    what: str,
    spare: Collection[str] = (),
) -> tuple[pd.DataFrame, Counts]:
    """Empty the cells that hold a code.

    Parameters
    ----------
    data : pandas.DataFrame
        Left as it is.
    missing : mapping of str to list
        From `checked`. A column's own codes add to those of ``"*"``; an empty list spares it.
    what : str
        How to name the data in a message.
    spare : collection of str
        Columns that ``"*"`` doesn't mean.

    Returns
    -------
    data : pandas.DataFrame
    counts : dict
        How many cells each code emptied. A code of ``"*"`` is listed where it emptied any; a
        column's own code always, so that one without effect shows as 0.

    Raises
    ------
    ColumnError
        A column that the data don't have.
    """
    require_columns(list(data.columns), *(c for c in missing if c != "*"), what=what)
    everywhere = missing.get("*", [])
    made: dict[Hashable, pd.Series] = {}
    counts: Counts = {}
    for column, cells in data.items():
        own = missing.get(str(column), [])
        spared = column in spare or (str(column) in missing and not own)
        codes = list(dict.fromkeys([*own, *([] if spared else everywhere)]))
        gone, found = _hits(cells, codes) if codes else (None, {})
        kept = {code: n for code, n in found.items() if n or code in own}
        if kept:
            counts[str(column)] = kept
        made[column] = cells if gone is None else cells.mask(gone)
    return pd.DataFrame(made, index=data.index), counts


def _hits(cells: pd.Series, codes: list[Code]) -> tuple[np.ndarray | None, dict[Code, int]]:
    """Find the cells equal to a code; a code stands for itself only as the whole cell."""
    found = dict.fromkeys(codes, 0)
    kind = cells.dtype
    forms: dict[Code, list[Any]]
    if types.is_bool_dtype(kind) or types.is_datetime64_any_dtype(kind):
        return None, found
    if types.is_numeric_dtype(kind):
        values: np.ndarray | pd.Series = cells.to_numpy(dtype="float64", na_value=np.nan)
        forms = {c: [n] for c in codes if (n := _number(c)) is not None}
        hit = np.isin(values, [n for same in forms.values() for n in same])
    else:
        texts = cells.astype(str) if types.is_object_dtype(kind) else cells
        values = texts.str.strip()
        forms = {code: _forms(code) for code in codes}
        hit = values.isin([form for same in forms.values() for form in same]).to_numpy(dtype=bool)
    if not hit.any():
        return None, found
    rest = hit.copy()
    for code, same in forms.items():
        new = rest & np.isin(np.asarray(values, dtype=object), same)
        found[code] = int(new.sum())
        rest &= ~new
    return hit, found


def _number(code: Code) -> float | None:
    try:
        return float(code)
    except ValueError:
        return None


def _forms(code: Code) -> list[str]:
    """Return how a code may stand in a column of text.

    >>> _forms(99), _forms("UNK"), _forms(-1.5)
    (['99', '99.0'], ['UNK'], ['-1.5'])
    """
    if isinstance(code, str):
        return [code.strip()]
    if float(code).is_integer():
        return [str(int(code)), f"{int(code)}.0"]
    return [repr(float(code))]
