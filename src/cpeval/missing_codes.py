"""Codes that mean "no answer", such as -9 and 99, made missing and counted."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping

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
        From `checked`. A column's own codes add to those of ``"*"``.
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
    made = data.copy(deep=False)
    counts: Counts = {}
    for column in data.columns:
        own = missing.get(column, [])
        codes = list(dict.fromkeys([*own, *([] if column in spare else everywhere)]))
        if not codes:
            continue
        emptied, found = _empty(data[column], codes)
        kept = {code: n for code, n in found.items() if n or code in own}
        if kept:
            counts[str(column)] = kept
        if any(found.values()):
            made[column] = emptied
    return made, counts


def _empty(cells: pd.Series, codes: list[Code]) -> tuple[pd.Series, dict[Code, int]]:
    """Empty the cells equal to a code; a code stands for itself only as the whole cell."""
    kind = cells.dtype
    if types.is_bool_dtype(kind) or types.is_datetime64_any_dtype(kind):
        return cells, dict.fromkeys(codes, 0)
    if types.is_numeric_dtype(kind):
        numbers = {code: _number(code) for code in codes}
        hits = {c: cells.eq(n) for c, n in numbers.items() if n is not None}
    else:
        texts = cells.astype(str).str.strip() if types.is_object_dtype(kind) else cells.str.strip()
        hits = {code: texts.isin(_forms(code)) for code in codes}
    found = dict.fromkeys(codes, 0)
    gone = pd.Series(False, index=cells.index)
    for code, hit in hits.items():
        new = hit.fillna(False).astype(bool) & ~gone
        found[code] = int(new.sum())
        gone |= new
    return (cells.mask(gone) if gone.any() else cells), found


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
