"""How much two categories agree: 1 when they are the same, less the further they are apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cpeval.errors import OptionError, listed, require_option
from cpeval.measurement.raters.ratings import Categorised

Floats = NDArray[np.float64]

NAMED = ("identity", "linear", "quadratic", "ordinal")


def agreement_weights(weights: str | ArrayLike, ratings: Categorised) -> Floats:
    """Return the weights that a name stands for, or those given.

    Parameters
    ----------
    weights : {"identity", "linear", "quadratic", "ordinal"}, array or DataFrame of shape (q, q)
        With c the categories (numbers as they are, text by place), 1 - |c_k - c_l| / range;
        1 - (c_k - c_l)² / range²; or, by place alone, 1 - C(|k - l| + 1, 2) / C(q, 2) [1]_.
        An array is in the order of the categories; a pandas DataFrame goes by its labels.
    ratings : Categorised
        With q categories.

    Returns
    -------
    numpy.ndarray, shape (q, q)
        Symmetric, 1 on the diagonal.

    Raises
    ------
    OptionError
        No such name; weights that need an order which text doesn't have; an array of another
        shape, not symmetric, or without 1 on its diagonal; labels that are not the categories.

    References
    ----------
    .. [1] Gwet (2014). Handbook of Inter-Rater Reliability, 4th ed., chapter 3.
    """
    if not isinstance(weights, str):
        return _checked(weights, ratings.categories)
    require_option("weights", weights, NAMED)
    q = len(ratings.categories)
    if weights == "identity" or q == 1:
        return np.eye(q)
    if not ratings.ordered:
        raise OptionError(
            f"weights={weights!r} needs categories in an order, and text has none. Say it with "
            f"categories=, the lowest first. They are: {listed(ratings.categories)}."
        )
    places = np.arange(q, dtype=float)
    at = _positions(ratings.categories, weights)
    apart = np.abs(at[:, None] - at)
    if weights == "ordinal":
        apart = np.abs(places[:, None] - places)
        apart *= (apart + 1) / 2
    elif weights == "quadratic":
        apart *= apart
    agree: Floats = 1 - apart / apart.max()
    return agree


def _positions(categories: Sequence[Any], weights: str) -> Floats:
    """Numbers as they are, anything else by its place."""
    if not all(isinstance(c, int | float) and not isinstance(c, bool) for c in categories):
        return np.arange(len(categories), dtype=float)
    at = np.array(categories, dtype=float)
    if (np.diff(at) <= 0).any() or not np.isfinite(at).all():
        raise OptionError(
            f"weights={weights!r} needs categories from the lowest to the highest. "
            f"Got categories={listed(categories)}."
        )
    return at


def _checked(weights: ArrayLike, categories: Sequence[object]) -> Floats:
    q = len(categories)
    if isinstance(weights, pd.DataFrame):
        weights = _by_label(weights, categories)
    try:
        matrix = np.array(weights, dtype=float)
    except (TypeError, ValueError):
        raise OptionError(
            f"'weights' must be one of {listed(NAMED)} or an array of numbers. Got {weights!r}."
        ) from None
    if matrix.shape != (q, q):
        raise OptionError(
            f"'weights' must have a row and a column for each of the {q} categories "
            f"({listed(categories)}). Its shape is {matrix.shape}. Categories that nobody used "
            "count when categories= lists them."
        )
    if not (np.isfinite(matrix).all() and (matrix >= 0).all() and (matrix <= 1).all()):
        raise OptionError("'weights' must lie between 0 (no agreement) and 1 (full agreement).")
    if not (np.diag(matrix) == 1).all():
        raise OptionError(
            "'weights' must be 1 on the diagonal: they say how much two categories agree, not how "
            f"far they are apart. The diagonal is {listed(np.diag(matrix))}."
        )
    unlike = np.argwhere(np.triu(matrix != matrix.T))
    if unlike.size:
        pairs = ", ".join(f"{listed([categories[k], categories[m]])}" for k, m in unlike[:20])
        raise OptionError(f"'weights' must be symmetric. They differ for {pairs}.")
    if (matrix == 1).all():
        raise OptionError("'weights' that are all 1 count everything as agreement.")
    return matrix


def _by_label(weights: pd.DataFrame, categories: Sequence[object]) -> ArrayLike:
    """Put a table's rows and columns in the order of the categories, if it names them."""
    for side, labels in (("rows", weights.index), ("columns", weights.columns)):
        lacking = [c for c in categories if c not in labels]
        strange = [label for label in labels if label not in categories]
        if lacking or strange or not labels.is_unique:
            raise OptionError(
                f"'weights' must be labelled by the categories, {listed(categories)}, each once. "
                f"Its {side} are {listed(labels)}. Give an array to go by place."
            )
    return weights.loc[list(categories), list(categories)].to_numpy()
