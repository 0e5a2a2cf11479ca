"""What of the categories of delivery may be shown: no small count, and none that tells one.

Beside the flow of people the number of those rated could tell of the few who were not.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.report.disclosure import Withheld, is_small, withhold, withhold_parts
from cpeval.report.sizes import gated

CLASSES = "fidelity/classification"
#: Steps to which shares are rounded, from fine to coarse.
_STEPS = (0.01, 0.05, 0.1, 0.2)
#: People that a step must hold, lest shares tell how many people they are of.
_HOLDS = 3
#: Decimals of a share beside numbers that are shown.
_DECIMALS = 3
_SHARES = ("estimate", "expected_share")


def protect_classes(
    table: pd.DataFrame, limit: int, totals: Collection[int] = (), hidden: bool = False
) -> pd.DataFrame:
    """Withhold small categories, with what would give them away.

    Parameters
    ----------
    table : pandas.DataFrame
        Of `cpeval.delivery_classes`.
    limit : int
        Counts from 1 to ``limit - 1`` are withheld; 1 shows everything.
    totals : collection of int
        Numbers of people shown elsewhere. If all those classified differ from one by less than
        ``limit``, no number is shown, and shares only as coarsely as every such number allows.
    hidden : bool
        Whether a number of people is withheld elsewhere; then too.

    Notes
    -----
    A small category's row is withheld with one more, by `withhold_parts`; the expected number
    is too, since where error is small it is nearly the observed one. Of fewer than ``limit``
    people nothing is shown. Where no number is shown a small category takes all others with it.
    """
    cells = table.astype(object)
    of = (table["term"] == "category").to_numpy()
    counts = table["n"][of].to_numpy(dtype=float).astype(int)
    total = int(counts.sum())
    cells.loc[of, "n"] = pd.Series(counts.tolist(), index=cells.index[of], dtype=object)
    if limit <= 1:
        return cells
    size = gated(total, totals, limit, hidden=hidden)
    told = size == total
    if total < limit or size == Withheld():
        for column in ("n", "expected", *_SHARES):
            withhold(cells, column, table[column].notna().to_numpy())
        return cells
    step = _step(size, counts, limit) if isinstance(size, Withheld) else None
    shown = withhold_parts(counts, limit) if told else _unnumbered(counts, limit)
    gone = np.zeros(len(table), dtype=bool)
    gone[of] = [part == Withheld() or (told and isinstance(part, Withheld)) for part in shown]
    for column in _SHARES:
        rounded = [_rounded(share, step) for share in table[column][of]]
        cells.loc[of, column] = pd.Series(rounded, index=cells.index[of], dtype=object)
        withhold(cells, column, gone)
    expected = [_rounded(number, 0.1) for number in table["expected"][of]]
    cells.loc[of, "expected"] = pd.Series(expected, index=cells.index[of], dtype=object)
    withhold(cells, "expected", gone if told else of)
    cells.loc[of, "n"] = pd.Series(shown, index=cells.index[of], dtype=object)
    return cells


def _unnumbered(counts: NDArray[np.intp], limit: int) -> list[int | Withheld]:
    """Say only which categories are empty; which are not small, if none is."""
    said = Withheld() if is_small(counts, limit).any() else Withheld(limit)
    return [0 if n == 0 else said for n in counts]


def _step(size: Withheld, counts: NDArray[np.intp], limit: int) -> float:
    """Return how finely shares of so many people are told; 0 if not at all.

    The step comes from the least number that a reader may think of, as from the number itself it
    would tell it. Rounded shares must fit every number that there may be.
    """
    least = size.low or 0
    most = size.high or least + 2 * limit - 1
    step = next((step for step in _STEPS if step * least >= _HOLDS), 0.0)
    if not step:
        return 0.0
    totals = np.arange(least, most + 1)[:, None]
    share = np.round(counts / counts.sum() / step) * step
    # Strictly within half a step, so that how halves are rounded doesn't matter.
    low = np.maximum(np.floor((share - step / 2) * totals + 1e-9) + 1, limit)
    high = np.ceil((share + step / 2) * totals - 1e-9) - 1
    low, high = np.where(counts == 0, 0, low), np.where(counts == 0, 0, high)
    possible = (low <= high).all(axis=1)
    possible &= (low.sum(axis=1) <= totals[:, 0]) & (totals[:, 0] <= high.sum(axis=1))
    return step if possible.all() else 0.0


def _rounded(share: float, step: float | None) -> float | Withheld:
    """Round to a step (None: to `_DECIMALS`); what can't be told is withheld."""
    if step is None:
        return round(float(share), _DECIMALS)
    return round(round(float(share) / step) * step, 2) if step else Withheld()
