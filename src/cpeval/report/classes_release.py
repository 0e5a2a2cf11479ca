"""What of the categories of delivery may be shown: no small count, and none that tells one.

Beside the flow of people the number of those rated could tell of the few who were not.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

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
        ``limit``, no number is shown, and shares are so coarse that they don't tell it either.
    hidden : bool
        Whether a number of people is withheld elsewhere; then too.

    Notes
    -----
    A small category's row is withheld with one more, by `withhold_parts`; the expected number
    is too, since where error is small it is nearly the observed one. Of fewer than ``limit``
    people nothing is shown.
    """
    cells = table.astype(object)
    of = (table["term"] == "category").to_numpy()
    counts = table["n"][of].to_numpy(dtype=float).astype(int)
    total = int(counts.sum())
    cells.loc[of, "n"] = pd.Series(counts.tolist(), index=cells.index[of], dtype=object)
    if limit <= 1:
        return cells
    if total < limit:
        for column in ("n", "expected", *_SHARES):
            withhold(cells, column, table[column].notna().to_numpy())
        return cells
    parts = withhold_parts(counts, limit)
    told = gated(total, totals, limit, hidden=hidden) == total
    gone = np.zeros(len(table), dtype=bool)
    gone[of] = [isinstance(part, Withheld) for part in parts]
    step = None if told else _step(total)
    for column in _SHARES:
        rounded = [_rounded(share, step) for share in table[column][of]]
        cells.loc[of, column] = pd.Series(rounded, index=cells.index[of], dtype=object)
        withhold(cells, column, gone)
    expected = [_rounded(number, 0.1) for number in table["expected"][of]]
    cells.loc[of, "expected"] = pd.Series(expected, index=cells.index[of], dtype=object)
    withhold(cells, "expected", gone if told else of)
    shown = (
        parts
        if told
        else [_unnumbered(part, int(n), limit) for part, n in zip(parts, counts, strict=True)]
    )
    cells.loc[of, "n"] = pd.Series(shown, index=cells.index[of], dtype=object)
    return cells


def _unnumbered(part: int | Withheld, n: int, limit: int) -> int | Withheld:
    """Say only whether a category is empty, small or not, unless that is withheld too."""
    if n == 0 or part == Withheld():
        return part
    return Withheld(1, limit - 1) if is_small([n], limit)[0] else Withheld(limit)


def _step(total: int) -> float:
    """Return how finely shares of so many people are told; 0 if not at all."""
    return next((step for step in _STEPS if step * total >= _HOLDS), 0.0)


def _rounded(share: float, step: float | None) -> float | Withheld:
    """Round to a step (None: to `_DECIMALS`); what can't be told is withheld."""
    if step is None:
        return round(float(share), _DECIMALS)
    return round(round(float(share) / step) * step, 2) if step else Withheld()
