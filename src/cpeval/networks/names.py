"""How alike two names are: many pairs at once."""

from __future__ import annotations

import unicodedata

import numpy as np
import pandas as pd

from cpeval.networks.blocks import Floats, Ints

#: Pairs that are compared side by side.
_PAIRS = 2**16

#: What comes after so many letters is not compared: it isn't a name any more.
_LETTERS = 60


def plain(names: pd.Series) -> pd.Series:
    """Return names as they are compared: case, accents' spelling and outer spaces don't matter.

    >>> plain(pd.Series(["  Ann  LEE ", None, 7])).tolist()
    ['ann lee', None, '7']
    """
    codes, unique = pd.factorize(names.astype(object))
    texts = [
        " ".join(unicodedata.normalize("NFKC", str(name)).casefold().split()) for name in unique
    ]
    found = np.array([text or None for text in texts] + [None], dtype=object)
    return pd.Series(found[codes], index=names.index, dtype=object)


def similarity(one: pd.Series, other: pd.Series) -> Floats:
    """Return 1 less the edits that turn one name into the other, over the longer one's length.

    Parameters
    ----------
    one, other : pandas.Series of str, shape (n,)
        No name is empty.

    Returns
    -------
    array, shape (n,)
        From 0 to 1, of the first 60 letters. Edits are a letter put in, taken out or replaced, or
        two neighbours swapped (optimal string alignment).

    Examples
    --------
    >>> similarity(pd.Series(["john", "ann"]), pd.Series(["jhon", "anna"])).tolist()
    [0.75, 0.75]
    """
    found = np.empty(len(one))
    for start in range(0, len(one), _PAIRS):
        piece = slice(start, start + _PAIRS)
        (a, n), (b, m) = _letters(one.iloc[piece]), _letters(other.iloc[piece])
        found[piece] = 1 - _edits(a, n, b, m) / np.maximum(n, m)
    return found


def _letters(names: pd.Series) -> tuple[np.ndarray, Ints]:
    """Return code points, shape (n, longest), 0 after the end, and lengths."""
    # An array of this type cuts off what is longer.
    texts = np.array(names.tolist(), dtype=f"U{_LETTERS}")
    length = np.strings.str_len(texts)
    return texts.view(np.uint32).reshape(-1, _LETTERS)[:, : length.max()], length


def _edits(a: np.ndarray, n: Ints, b: np.ndarray, m: Ints) -> Ints:
    """Count edits of each pair: a table a pair, all filled side by side, a row after another."""
    rows = np.arange(len(a))
    before = current = np.broadcast_to(np.arange(b.shape[1] + 1), (len(a), b.shape[1] + 1))
    found = np.where(n == 0, m, 0)
    for i in range(1, a.shape[1] + 1):
        older, before = before, current
        current = np.empty_like(before)
        current[:, 0] = i
        for j in range(1, b.shape[1] + 1):
            differ = a[:, i - 1] != b[:, j - 1]
            best = np.minimum(before[:, j], current[:, j - 1]) + 1
            best = np.minimum(best, before[:, j - 1] + differ)
            if i > 1 and j > 1:
                swapped = (a[:, i - 1] == b[:, j - 2]) & (a[:, i - 2] == b[:, j - 1])
                best = np.where(swapped, np.minimum(best, older[:, j - 2] + 1), best)
            current[:, j] = best
        ends = n == i
        found[ends] = current[rows[ends], m[ends]]
    return found
