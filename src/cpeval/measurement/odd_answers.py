"""Answers and items that are odd in any analysis: codes for missing, items that are copies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cpeval.errors import listed

Floats = NDArray[np.float64]

#: A gap below this is between neighbours in a scale, however few of its codes were used.
_GAP = 4.0


def odd_codes(values: Floats, names: list[str]) -> list[str]:
    """Name items with an answer that may be a code for missing, such as 99 or -9 among 0 to 4.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, k)
        NaN where there is no answer.
    names : list of str

    Examples
    --------
    >>> odd_codes(np.array([[0.0, 1], [2, -9], [1, 2], [99, 0]]), ["a", "b"])
    ["Scores far above the others: 'a' (99 above 2). Is it a code for missing?", \
"Negative scores beside others: 'b' (-9). Is it a code for missing?"]
    """
    if not values.size:
        return []
    low, high = values.min(axis=0), values.max(axis=0)
    if np.isnan(low).any():
        low, high = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
    above = [
        f"{names[place]!r} ({listed([high[place]])} above {listed([below])})"
        for place in map(int, np.flatnonzero(high - low > _GAP))
        if (below := _far_below(values[:, place], float(low[place]), float(high[place])))
        is not None
    ]
    negative = [
        f"{names[place]!r} ({listed(seen)})"
        for place in map(int, np.flatnonzero((low < 0) & (high >= 0)))
        if (seen := _stray(values[:, place], float(high[place]))) is not None
    ]
    return [
        f"{what}: {'; '.join(which)}. Is it a code for missing?"
        for what, which in (
            ("Scores far above the others", above),
            ("Negative scores beside others", negative),
        )
        if which
    ]


def _far_below(answers: Floats, low: float, high: float) -> float | None:
    """Return the second highest answer if the highest is far above it, among three or more."""
    below = float(np.fmax.reduce(answers[answers < high]))
    return below if below > low and high - below >= max(_GAP, below - low) else None


def _stray(answers: Floats, high: float) -> Floats | None:
    """Return the negative answers if they are no end of a scale around 0, such as -2 to 2."""
    negative = np.unique(answers[answers < 0])
    if (negative != np.rint(negative)).any():
        return None
    lone = negative.size == 1 and -negative[0] != high
    return negative if lone or -negative[0] > high + 1 else None


def same_items(values: Floats, names: list[str]) -> list[str]:
    """Name pairs of items that correlate perfectly: one is a copy, or turned round.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, k)
        Without gaps.
    names : list of str

    Examples
    --------
    >>> same_items(np.array([[0.0, 1, 1], [2, 5, 2], [1, 3, 1]]), ["a", "b", "c"])
    ["Items that depend on each other perfectly (one twice?): 'a' and 'b'."]
    """
    if len(values) < 3:  # two people make any two items depend
        return []
    centred = values - values.mean(axis=0)
    centred[:, np.ptp(values, axis=0) == 0] = 0.0
    products = centred.T @ centred
    spread = np.outer(np.diag(products), np.diag(products))
    perfect = (products**2 >= (1 - 1e-12) * spread) & (spread > 0)
    pairs = np.argwhere(np.triu(perfect, 1)).tolist()
    if not pairs:
        return []
    text = "; ".join(f"{names[a]!r} and {names[b]!r}" for a, b in pairs[:10])
    more = f"; and {len(pairs) - 10} more pairs" if len(pairs) > 10 else ""
    return [f"Items that depend on each other perfectly (one twice?): {text}{more}."]
