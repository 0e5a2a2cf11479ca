"""Columns of a regression: their size, their leverage, and which say nothing new."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

Floats = NDArray[np.float64]

#: A column whose part that others don't explain is smaller than this share is explained by them.
_EXPLAINED = 1e-9

#: The distance from 1 to the next number.
_EPS = float(np.finfo(float).eps)


def standardised(columns: Floats) -> tuple[Floats, Floats, Floats]:
    """Take from columns their means, and divide them by the largest distance from it.

    Parameters
    ----------
    columns : array, shape (n, k)

    Returns
    -------
    standard : array, shape (n, k)
        Between -1 and 1; zeros where a column is constant up to rounding.
    centre, size : array, shape (k,)
        What was subtracted, and what the rest was divided by (1 where that is zero).
    """
    # The first value first: differences of values that are close are exact, means aren't.
    rest = columns - columns[0]
    shift = rest.mean(axis=0)
    rest = rest - shift
    size = np.abs(rest).max(axis=0, initial=0.0)
    constant = size <= 2 * _EPS * np.abs(columns).max(axis=0, initial=0.0)
    rest[:, constant], size[constant] = 0.0, 1.0
    return rest / size, columns[0] + shift, size


def leverages(x: Floats) -> Floats:
    """Return the diagonal of the hat matrix, shape (n,), without forming that matrix.

    The first column of ``x``, shape (n, k), is the constant.
    """
    q = np.linalg.qr(standardised(x[:, 1:])[0])[0]
    return np.asarray(1 / len(x) + (q**2).sum(axis=1))


def redundant(x: Floats, terms: Sequence[str]) -> dict[str, str]:
    """Find terms that are constant or follow from others.

    Parameters
    ----------
    x : array, shape (n, k)
        The first column is the constant.
    terms : sequence of str
        The k names. Of terms that follow from each other, the later is named as the one too many.

    Returns
    -------
    dict
        Term to what is wrong with it; empty where `least_squares` can tell all terms apart.
    """
    z, _, size = standardised(x[:, 1:])
    norms = np.linalg.norm(z, axis=0)
    constant = norms == 0
    # How far rounding of the data can move a column, as a share of its spread.
    largest = np.abs(x[:, 1:]).max(axis=0, initial=0.0)
    noise = _EPS * np.sqrt(len(x)) * largest / size / np.where(constant, 1.0, norms)
    faults = {terms[1 + k]: "is the same for everyone" for k in map(int, np.flatnonzero(constant))}
    kept: list[int] = []
    for k in map(int, np.flatnonzero(~constant)):
        column = z[:, k] / norms[k]
        basis = z[:, kept] / norms[kept]
        weights = linalg.lstsq(basis, column)[0] if kept else np.empty(0)
        explained = _EXPLAINED + noise[k] + np.abs(weights) @ noise[kept]
        if not kept or np.linalg.norm(column - basis @ weights) > explained:
            kept.append(k)
            continue
        matter = np.abs(weights) > 1e-6 + explained
        sources = [terms[1 + kept[i]] for i in map(int, np.flatnonzero(matter))]
        faults[terms[1 + k]] = f"follows from {', '.join(map(repr, sources))}"
    return faults
