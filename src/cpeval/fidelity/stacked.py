"""Ratings as an array of informants by units and occasions by items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.fidelity.assessments import Floats, Ratings
from cpeval.fidelity.ordered_codes import Codes
from cpeval.fidelity.sheets import cells_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Stacked:
    """Ratings by informant.

    Attributes
    ----------
    ratings : array, shape (n_informants, n_cells, n_items)
        NaN where an informant didn't rate; the mean where several assessors did.
    cells : pandas.DataFrame, shape (n_cells, n_columns)
        The columns of unit and occasion.
    averaged : int
        Sheets beyond the first of an informant's on a unit and occasion: other assessors.
    """

    ratings: Floats
    cells: pd.DataFrame
    averaged: int


def cell_columns(ratings: Ratings) -> list[str]:
    """Return the columns of unit and occasion."""
    return [*ratings.unit, *([] if ratings.occasion is None else [ratings.occasion])]


def informant_codes(ratings: Ratings, informants: Sequence[object]) -> Codes:
    """Return each sheet's place among some informants, -1 for others."""
    names = pd.Index(list(informants), dtype=object)
    return names.get_indexer(pd.Index(ratings.sheets[ratings.informant].astype(object)))


def stacked(ratings: Ratings, informants: Sequence[object]) -> Stacked:
    """Stack the sheets of some informants, a layer each; cells of others are there too."""
    columns = cell_columns(ratings)
    cell, first = cells_of(ratings.sheets, columns)
    who = informant_codes(ratings, informants)
    n_cells, n_items = first.size, ratings.given.shape[1]
    flat = np.full((len(informants) * n_cells, n_items), np.nan)
    kept = np.flatnonzero(who >= 0)
    place = who[kept] * n_cells + cell[kept]
    order = np.argsort(place, kind="stable")
    values, place = ratings.given[kept][order], place[order]
    new = np.ones(place.size, dtype=bool)
    new[1:] = place[1:] != place[:-1]
    if new.all():
        flat[place] = values
    else:
        starts = np.flatnonzero(new)
        there = ~np.isnan(values)
        sums = np.add.reduceat(np.where(there, values, 0.0), starts, axis=0)
        count = np.add.reduceat(there.astype(float), starts, axis=0)
        made = np.divide(sums, count, out=np.full_like(sums, np.nan), where=count > 0)
        flat[place[starts]] = made
    return Stacked(
        ratings=flat.reshape(len(informants), n_cells, n_items),
        cells=ratings.sheets[columns].take(first).reset_index(drop=True),
        averaged=int((~new).sum()),
    )


def absent_informants(
    there: NDArray[np.bool_], informants: Sequence[object], cells: pd.DataFrame
) -> pd.DataFrame:
    """List the units and occasions that lack informants.

    Parameters
    ----------
    there : array of bool, shape (n_informants, n_cells)
    informants : sequence, length n_informants
    cells : pandas.DataFrame, shape (n_cells, n_columns)

    Returns
    -------
    pandas.DataFrame
        The columns of ``cells``, n (how many are absent), informants (who).
    """
    n = (~there).sum(axis=0)
    lacking = np.flatnonzero(n)
    patterns, which = np.unique(~there[:, lacking], axis=1, return_inverse=True)
    names = [
        ", ".join(str(who) for who, gone in zip(informants, pattern, strict=True) if gone)
        for pattern in patterns.T
    ]
    rows = cells.take(lacking).reset_index(drop=True)
    rows["n"] = n[lacking]
    text = pd.Series(names, dtype="str")
    rows["informants"] = text.take(which.ravel()).reset_index(drop=True)
    return rows
