"""Means of agreed ratings over some units: of each item and scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.fidelity.assessments import Agreed
from cpeval.people.rows import plain

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class PlaceItems:
    """What a place was rated on an occasion.

    Attributes
    ----------
    items, scales : array, shape (n_items,) and (n_scales,)
        Means over units; NaN where there are none.
    item_n, scale_n : array of int, the same shapes
        Units that have a rating.
    n_units : int
        Units with any rating.
    occasion : object
    """

    items: Floats
    scales: Floats
    item_n: NDArray[np.intp]
    scale_n: NDArray[np.intp]
    n_units: int
    occasion: object


def place_items(agreed: Agreed, here: NDArray[np.bool_], occasion: object) -> PlaceItems:
    """Average the cells that are ``here``.

    Parameters
    ----------
    agreed : Agreed
    here : array of bool, shape (n_cells,)
    occasion : object
        What to call the occasion.
    """
    n = len(agreed.cells)
    scores = agreed.table["estimate"].to_numpy(dtype=float).reshape(n, -1)
    items, item_n = _means(agreed.agreed[here])
    scales, scale_n = _means(scores[here])
    rated = ~np.isnan(agreed.agreed[here]).all(axis=1)
    return PlaceItems(
        items=items,
        scales=scales,
        item_n=item_n,
        scale_n=scale_n,
        n_units=int(rated.sum()),
        occasion=occasion,
    )


def _means(x: Floats) -> tuple[Floats, NDArray[np.intp]]:
    there = ~np.isnan(x)
    n = there.sum(axis=0)
    sums = np.where(there, x, 0.0).sum(axis=0)
    return np.divide(sums, n, out=np.full(n.shape, np.nan), where=n > 0), n


def values_in(column: pd.Series) -> list[object]:
    """Return the values of a column once each, in order of appearance, as Python's own."""
    return [plain(value) for value in column.dropna().unique()]
