"""How several informants' ratings of an item become one. Arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from warnings import catch_warnings, filterwarnings

import numpy as np
from numpy.typing import NDArray

from cpeval.errors import OptionError, did_you_mean, is_number, listed

Floats = NDArray[np.float64]

#: From ratings of shape (n_informants, n_cells, n_items) to agreed ones, (n_cells, n_items).
Rule = Callable[[Floats], Floats]

#: A sum of weights that is this near 1 is 1: decimals such as 1/3 are rounded.
_NEAR_ONE = 1e-6


def median(ratings: Floats) -> Floats:
    """Return the median over the informants that rated; of two, the middle between them.

    Parameters
    ----------
    ratings : array, shape (n_informants, n_cells, n_items)
        NaN where an informant didn't rate.

    Returns
    -------
    numpy.ndarray, shape (n_cells, n_items)
        NaN where nobody did.

    Examples
    --------
    >>> median(np.array([[[4.0, 1]], [[5, np.nan]], [[1, 2]]])).tolist()
    [[4.0, 1.5]]
    """
    in_order = np.sort(ratings, axis=0)  # NaN last
    n = (~np.isnan(ratings)).sum(axis=0)
    low, high = np.maximum(n - 1, 0) // 2, np.maximum(n, 1) // 2
    two = [np.take_along_axis(in_order, at[np.newaxis], axis=0)[0] for at in (low, high)]
    return np.where(n > 0, (two[0] + two[1]) / 2, np.nan)


def weighted(ratings: Floats, weights: Sequence[float]) -> Floats:
    """Return the weighted mean over the informants that rated, their weights scaled to sum to 1.

    Parameters
    ----------
    ratings : array, shape (n_informants, n_cells, n_items)
    weights : sequence of float, length n_informants

    Returns
    -------
    numpy.ndarray, shape (n_cells, n_items)
        NaN where nobody with a weight rated.

    Examples
    --------
    >>> weighted(np.array([[[4.0, 1]], [[5, np.nan]]]), [0.25, 0.75]).tolist()
    [[4.75, 1.0]]
    """
    w = np.asarray(weights, dtype=float)[:, np.newaxis, np.newaxis] * ~np.isnan(ratings)
    total = w.sum(axis=0)
    sums = (w * np.where(np.isnan(ratings), 0.0, ratings)).sum(axis=0)
    mean: Floats = np.divide(sums, total, out=np.full_like(total, np.nan), where=total > 0)
    return mean


def unanimous(ratings: Floats, may: NDArray[np.bool_]) -> Floats:
    """Return the rating that all who rated gave, where two did, or the only one who can.

    Parameters
    ----------
    ratings : array, shape (n_informants, n_cells, n_items)
    may : array of bool, shape (n_informants, n_items)
        Who can rate what.

    Returns
    -------
    numpy.ndarray, shape (n_cells, n_items)
        NaN where they differ, or too few rated.
    """
    low, high = np.fmin.reduce(ratings, axis=0), np.fmax.reduce(ratings, axis=0)
    n = (~np.isnan(ratings)).sum(axis=0)
    enough = n >= np.minimum(2, may.sum(axis=0))
    return np.where(enough & (low == high), low, np.nan)


def called(rule: Rule, ratings: Floats, codes: Sequence[tuple[float, float]]) -> Floats:
    """Apply a rule of the caller's own and check what it gives.

    Parameters
    ----------
    rule : callable
    ratings : array, shape (n_informants, n_cells, n_items)
        A copy is passed on.
    codes : sequence of (lowest, highest) code, length n_items

    Raises
    ------
    OptionError
        Another shape, no numbers, infinite ones, or beyond an item's codes.
    """
    shape = ratings.shape[1:]
    with catch_warnings():
        # What numpy says of items that nobody rated; they stay missing.
        filterwarnings("ignore", "All-NaN", RuntimeWarning)
        filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
        given = rule(ratings.copy())
    try:
        made = np.array(given, dtype=float)
    except (TypeError, ValueError):
        made = np.empty(0)
    if made.shape != shape:
        got = getattr(given, "shape", type(given).__name__)
        raise OptionError(
            f"A rule takes ratings of shape (informants, units, items), here {ratings.shape}, and "
            f"returns one rating for each unit and item, shape {shape}. Yours returned {got}. "
            "Such as rule=lambda ratings: np.nanmean(ratings, axis=0)."
        )
    low, high = np.array(codes, dtype=float).reshape(-1, 2).T
    beyond = ~np.isnan(made) & ~((made >= low) & (made <= high))
    if beyond.any():
        raise OptionError(
            f"The rule gives {int(beyond.sum())} ratings beyond an item's lowest and highest "
            f"code, such as {listed(made[beyond], most=3)}. Should it take means, not sums?"
        )
    return np.where(np.isnan(ratings).all(axis=0), np.nan, made)


def checked_weights(
    weights: Mapping[Any, float] | None, informants: Sequence[object]
) -> list[float]:
    """Return each informant's weight.

    Raises
    ------
    OptionError
        Not a mapping; informants without a weight, or that are not there; weights that are no
        numbers from 0, or don't sum to 1. All at once.
    """
    if not isinstance(weights, Mapping):
        example = f"{{{', '.join(f'{who!r}: …' for who in informants)}}}"
        raise OptionError(
            f"rule='weighted' needs weights={example}, which sum to 1. Got {weights!r}."
        )
    wrong = []
    lacks = [who for who in informants if who not in weights]
    if lacks:
        wrong.append(f"no weight for {listed(lacks)} (0 leaves an informant out)")
    unknown = [
        f"{listed([w])}{did_you_mean(w, informants)}" for w in weights if w not in informants
    ]
    if unknown:
        wrong.append(f"there are no informants {', '.join(unknown)}")
    odd = {w: x for w, x in weights.items() if not is_number(x) or not 0 <= x < float("inf")}
    if odd:
        wrong.append(f"weights should be numbers from 0, and are not for {odd!r}")
    else:
        total = float(sum(weights.values()))
        if abs(total - 1) > _NEAR_ONE:
            wrong.append(f"they sum to {total:.6g}, not to 1")
    if wrong:
        raise OptionError(
            f"'weights' can't be used: {'; '.join(wrong)}. Informants: {listed(informants)}."
        )
    return [float(weights[who]) for who in informants]
