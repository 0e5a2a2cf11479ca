"""A column of categories as whole numbers, in an order that doesn't depend on the rows'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cpeval.errors import DataError, OptionError, did_you_mean, listed
from cpeval.moments.coding import in_order
from cpeval.networks.blocks import Ints
from cpeval.numeric import rows_text

#: More categories than these are names or numbers, not groups.
MOST = 100


@dataclass(frozen=True, eq=False)
class Groups:
    """Labels, and for each row the number of its label; -1 where it is missing."""

    labels: tuple[object, ...]
    codes: Ints


def groups_of(
    column: pd.Series, name: str, *, categories: Sequence[object] | None = None
) -> Groups:
    """Code a column of categories.

    Parameters
    ----------
    column : pandas.Series, shape (n,)
    name : str
        What a message calls it.
    categories : sequence, optional
        All categories there may be, in order; by default those there are, sorted (of a pandas
        category, in its order).

    Raises
    ------
    OptionError
        More than 100 categories, so that the column holds names or measurements; categories that
        are given twice.
    DataError
        Values that are not among ``categories``.
    """
    if categories is not None:
        labels = tuple(categories)
        if isinstance(categories, str) or len(set(labels)) < len(labels) or not labels:
            raise OptionError(
                f"'categories' must be a list of values, each once. Got {categories!r}."
            )
        codes = pd.Index(labels, dtype=object).get_indexer(pd.Index(column, dtype=object))
        gone = (codes < 0) & column.notna().to_numpy()
        if gone.any():
            wrong = column[gone].unique().tolist()
            first = f"{listed([wrong[0]])}{did_you_mean(wrong[0], labels)}"
            rest = f", {listed(wrong[1:])}" if len(wrong) > 1 else ""
            raise DataError(
                f"{name!r} has values that are not among the categories {listed(labels)}: "
                f"{first}{rest} in {rows_text(np.flatnonzero(gone))}."
            )
        return Groups(labels, codes.astype(np.int64))
    codes, unique = pd.factorize(column)
    values = unique.tolist()
    if len(values) > MOST:
        raise OptionError(
            f"{name!r} has {len(values):,} different values, such as {listed(values[:3])}: too "
            f"many for groups (at most {MOST}). Put them into classes first."
        )
    if isinstance(column.dtype, pd.CategoricalDtype):
        there = set(values)
        order = [label for label in column.cat.categories if label in there]
    else:
        order = _sorted(values)
    place = {label: k for k, label in enumerate(order)}
    into = np.array([place[value] for value in values] + [-1], dtype=np.int64)
    return Groups(tuple(order), into[codes])


def _sorted(values: list[Any]) -> list[Any]:
    """Sort numbers by size and then text; kinds that don't compare, by their text."""
    try:
        return list(in_order(values))
    except TypeError:
        return sorted(values, key=str)
