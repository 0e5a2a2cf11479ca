"""The matrix of a regression: constant, arm, baseline score, covariates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cpeval.people.pairing import Flags, Floats
from cpeval.people.rows import in_order, plain


@dataclass(frozen=True, kw_only=True, eq=False)
class Design:
    """Columns with their names: ``x`` has shape (n, k), ``terms`` k names.

    ``levels`` are the names of those that stand for a level of a category.
    """

    x: Floats
    terms: tuple[str, ...]
    levels: frozenset[str] = frozenset()


def design(fixed: Mapping[str, Floats], covariates: Mapping[str, pd.Series]) -> Design:
    """Put a constant, terms and covariates side by side, for people without missing values.

    Parameters
    ----------
    fixed : mapping
        Name to numbers, shape (n,): the arm and the baseline score.
    covariates : mapping
        Name to a column: of floats, taken as they are; or of anything else, a category, which
        gets a column of 0 and 1 a level but the first in order. A category with one level gets
        a constant column, for `redundant` to name.

    Returns
    -------
    Design
        The constant stands first. A covariate whose term is there already, such as one called
        "intercept", has " (covariate)" behind its name.
    """
    n = len(next(iter(fixed.values())))
    # A list, since names may be there twice until the end.
    columns: list[tuple[str, Floats]] = [*fixed.items()]
    of_level: list[int] = []
    for name, column in covariates.items():
        if column.dtype == float:
            columns.append((name, column.to_numpy()))
            continue
        codes, found = pd.factorize(column)
        levels = [plain(value) for value in found]
        if len(levels) == 1:
            columns.append((name, np.ones(n)))
        for level in in_order(levels)[1:]:
            of_level.append(1 + len(columns))
            columns.append((f"{name}={level}", (codes == levels.index(level)).astype(float)))
    terms = _unique([name for name, _ in columns], len(fixed))
    values = [np.ones(n), *(column for _, column in columns)]
    return Design(
        x=np.column_stack(values), terms=terms, levels=frozenset(terms[k] for k in of_level)
    )


def _unique(names: Sequence[str], n_fixed: int) -> tuple[str, ...]:
    """Put the constant's name before the others, and say which is a covariate where two clash."""
    fixed = names[:n_fixed]
    terms = ["intercept" if "intercept" not in fixed else "intercept (constant)", *fixed]
    for name in names[n_fixed:]:
        while name in terms:
            name = f"{name} (covariate)"
        terms.append(name)
    return tuple(terms)


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
        before = np.count_nonzero(left)
        for name, (codes, levels) in coded.items():
            counts = np.bincount(codes[left & (codes >= 0)], minlength=len(levels))
            for level in map(int, np.flatnonzero(counts == 1)):
                only = left & (codes == level)
                key = f"{name}={plain(levels[level])}"  # of 1 and of "1"
                found[key] = found.get(key, False) | only
                left = left & ~only
        if np.count_nonzero(left) == before:
            return found
