"""The same informant twice for a unit and occasion: refused, or made one as the caller says."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.errors import DuplicateError, listed
from cpeval.fidelity.layout import Layout
from cpeval.fidelity.ordered_codes import Codes, any_twice
from cpeval.numeric import ROWS_COUNT, rows_text

Floats = NDArray[np.float64]

#: What to do with a second sheet.
DUPLICATES = ("refuse", "mean", "first", "last")


def merged(values: Floats, sheet: Codes, n_sheets: int, *, how: str) -> Floats:
    """Make one row of each sheet's, item by item.

    Parameters
    ----------
    values : array, shape (n_rows, n_items)
        NaN where there is no rating.
    sheet : array of int, shape (n_rows,)
        From 0 to ``n_sheets`` - 1, each there.
    how : {"refuse", "mean", "first", "last"}
        The mean of the ratings there; or the first or last of them in the data's order. With
        "refuse", sheets have a row each.

    Returns
    -------
    numpy.ndarray, shape (n_sheets, n_items)
    """
    if n_sheets == len(sheet):
        made = np.empty_like(values)
        made[sheet] = values
        return made
    order = np.argsort(sheet, kind="stable")
    values, starts = values[order], np.searchsorted(sheet[order], np.arange(n_sheets))
    there = ~np.isnan(values)
    if how == "mean":
        sums = np.add.reduceat(np.where(there, values, 0.0), starts, axis=0)
        count = np.add.reduceat(there.astype(float), starts, axis=0)
        return np.divide(sums, count, out=np.full_like(sums, np.nan), where=count > 0)
    row = np.arange(len(values))[:, np.newaxis]
    if how == "last":
        chosen = np.maximum.reduceat(np.where(there, row, -1), starts, axis=0)
    else:
        chosen = np.minimum.reduceat(np.where(there, row, len(values)), starts, axis=0)
    known = (chosen >= 0) & (chosen < len(values))
    column = np.arange(values.shape[1])
    return np.where(known, values[np.where(known, chosen, 0), column], np.nan)


def refuse_duplicates(sheet: Codes, key: Codes, sheets: pd.DataFrame, layout: Layout) -> None:
    """Raise `DuplicateError` that names the rows of each sheet that is there more than once.

    Parameters
    ----------
    sheet : array of int, shape (n_rows,)
        Each row's sheet.
    key : array of int, shape (n_rows,)
        What should be there once: the sheet, or in long data its item.
    sheets : pandas.DataFrame
        What identifies the sheets.
    """
    if not any_twice(key):
        return
    twice = pd.Series(key).duplicated(keep=False).to_numpy()
    rows = np.flatnonzero(twice)
    faults = pd.Series(rows).groupby(sheet[rows]).apply(list)
    shown = []
    about = sheets.loc[faults.index[:20]].to_dict("records")
    for one, at in zip(about, faults.iloc[:20], strict=True):
        when = "" if layout.occasion is None else f" at {listed([one[layout.occasion]])}"
        unit = listed([one[layout.key[-1]]])
        shown.append(f"- {listed([one[layout.informant]])} on {unit}{when}: {rows_text(at)}")
    if len(faults) > 20:
        shown.append(f"- and {len(faults) - 20} more")
    if layout.assessor is None:
        advice = "If they are several people, name the column that tells them apart: assessor=. "
    else:
        advice = ""
    raise DuplicateError(
        "\n".join(
            [
                f"An informant ({layout.informant!r}) rated a unit more than once on an occasion:",
                *shown,
                f"{advice}Correct the rows, or say what to take: duplicates='mean', 'first' or "
                f"'last'. {ROWS_COUNT}",
            ]
        )
    )
