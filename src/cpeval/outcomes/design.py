"""The matrix of a regression: constant, arm, baseline score, covariates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cpeval.outcomes.pairing import Flags, Floats
from cpeval.outcomes.rows import in_order, plain


@dataclass(frozen=True, kw_only=True, eq=False)
class Design:
    """Columns with their names: ``x`` has shape (n, k), ``terms`` k names."""

    x: Floats
    terms: tuple[str, ...]


def design(fixed: Mapping[str, Floats], covariates: Mapping[str, pd.Series]) -> Design:
    """Put a constant, terms and covariates side by side, for people without missing values.

    Parameters
    ----------
    fixed : mapping
        Name to numbers, shape (n,): the arm and the baseline score.
    covariates : mapping
        Name to a column: of floats, taken as they are; or of anything else, a category, which
        gets a column of 0 and 1 a level but the first in order. A category with one level gets
        a constant column, for `require_full_rank` to name.

    Returns
    -------
    Design
    """
    n = len(next(iter(fixed.values())))
    # A list: a covariate may be called "intercept".
    columns: list[tuple[str, Floats]] = [("intercept", np.ones(n)), *fixed.items()]
    for name, column in covariates.items():
        if column.dtype == float:
            columns.append((name, column.to_numpy()))
            continue
        codes, found = pd.factorize(column)
        levels = [plain(value) for value in found]
        if len(levels) == 1:
            columns.append((name, np.ones(n)))
        for level in in_order(levels)[1:]:
            columns.append((f"{name}={level}", (codes == levels.index(level)).astype(float)))
    terms, values = zip(*columns, strict=True)
    return Design(x=np.column_stack(values), terms=terms)


def alone_in_level(covariates: Mapping[str, pd.Series], people: Flags) -> dict[str, Flags]:
    """Find people who are the only one with a level of a category.

    A regression fits them exactly, whatever their outcome. They say nothing of the arms, and
    errors such as HC3 divide by zero for them.

    Parameters
    ----------
    covariates : mapping
        Name to a category's column, a row a person.
    people : array of bool, shape (n_people,)
        Who would be analysed.

    Returns
    -------
    dict
        "name=level" to a flag for that person, until nobody is alone.
    """
    left = people.copy()
    found: dict[str, Flags] = {}
    coded = {name: pd.factorize(column) for name, column in covariates.items()}
    while True:
        before = len(found)
        for name, (codes, levels) in coded.items():
            counts = np.bincount(codes[left & (codes >= 0)], minlength=len(levels))
            for level in map(int, np.flatnonzero(counts == 1)):
                only = left & (codes == level)
                found[f"{name}={plain(levels[level])}"] = only
                left = left & ~only
        if len(found) == before:
            return found
