"""Columns that describe people: which are numbers, and which are categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.errors import ColumnError, OptionError, listed, require_option
from cpeval.numeric import holds_numbers
from cpeval.study import Study

#: Names of columns, or names with "number" or "category" where the values don't tell.
Variables: TypeAlias = (
    "Sequence[str] | Mapping[str, str] | pd.Index[str] | pd.Series[str] | NDArray[np.str_]"
)

#: What holds names in an order. pandas and NumPy have sequences of their own.
_LISTS = (Sequence, Mapping, pd.Index, pd.Series, np.ndarray)

KINDS = ("number", "category")


def variable_names(given: Variables, argument: str, study: Study, *taken: str) -> list[str]:
    """Return the names, checked.

    Parameters
    ----------
    given : sequence of str, or mapping of str to "number" or "category"
    argument : str
        What the caller calls it, for messages.
    study : Study
        Its person, wave and arm can't be among them.
    *taken : str
        Nor can these.

    Raises
    ------
    OptionError
        Not a list of names or a mapping, a kind that is neither, a name twice, a name taken.
    """
    if isinstance(given, str | bytes) or not isinstance(given, _LISTS):
        raise OptionError(
            f"{argument!r} must be a list of columns, such as ['age'], or a mapping such as "
            f"{{'age': 'number', 'ward': 'category'}}. Got {given!r}."
        )
    names = list(given)
    if isinstance(given, Mapping):
        for name, kind in given.items():
            require_option(f"{argument}[{name!r}]", kind, KINDS)
    odd = [name for name in names if not isinstance(name, str)]
    if odd:
        raise OptionError(f"{argument!r} must hold names of columns. Got {listed(odd)}.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise OptionError(f"{argument!r} names columns twice: {listed(twice)}.")
    roles = {study.person: "the person", study.wave: "the wave", study.arm: "the arm"}
    clash = [f"{n!r} ({roles.get(n, 'the outcome')})" for n in names if n in roles or n in taken]
    if clash:
        raise OptionError(
            f"{argument!r} can't hold {', '.join(clash)}: the analysis has it already."
        )
    return names


def variable_kinds(table: pd.DataFrame, names: Sequence[str], given: Variables) -> dict[str, str]:
    """Say of each column whether it is a number or a category.

    What the caller says counts; otherwise numbers are numbers, and text, true/false and
    categories are categories. Dates are neither, and numbers mixed with text could be either.

    Raises
    ------
    ColumnError
        Dates, text among numbers, or numbers stored as text, that the caller says nothing of.
    """
    said = given if isinstance(given, Mapping) else {}
    dates = [name for name in names if name not in said and _is_date(table[name])]
    if dates:
        raise ColumnError(
            f"Columns hold dates: {listed(dates)}. Give a number, such as an age in years or days "
            "since the start."
        )
    mixed = [
        f"{name!r} ({listed(values)})"
        for name in names
        if name not in said and (values := _text_among_numbers(table[name]))
    ]
    if mixed:
        raise ColumnError(
            f"Columns hold text among numbers: {', '.join(mixed)}. Correct it, declare it as "
            "missing when reading, or say that the column is a category: "
            "a mapping of names to 'number' or 'category'."
        )
    stored = [name for name in names if name not in said and _numbers_as_text(table[name])]
    if stored:
        raise ColumnError(
            f"Columns hold numbers stored as text: {listed(stored)}. Make them numbers, or say "
            f"{{{stored[0]!r}: 'category'}} if categories are meant."
        )
    return {
        name: said.get(name, "number" if holds_numbers(table[name]) else "category")
        for name in names
    }


def _is_date(column: pd.Series) -> bool:
    kind = pd.api.types.infer_dtype(column, skipna=True)
    return kind.startswith(("date", "time", "period"))


def _numbers_as_text(column: pd.Series) -> bool:
    """Say whether there is text, and all of it reads as numbers."""
    if holds_numbers(column) or isinstance(column.dtype, pd.CategoricalDtype):
        return False
    present = pd.Series(column.dropna().unique(), dtype=object)
    text = present[[isinstance(value, str) for value in present]]
    return not text.empty and bool(pd.to_numeric(text, errors="coerce").notna().all())


def _text_among_numbers(column: pd.Series) -> list[object]:
    """Return the values that aren't numbers, where others are."""
    if holds_numbers(column) or isinstance(column.dtype, pd.CategoricalDtype):
        return []
    present = pd.Series(column.dropna().unique(), dtype=object)
    text = pd.to_numeric(present, errors="coerce").isna()
    return [] if text.all() else list(present[text])
