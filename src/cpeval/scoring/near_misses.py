"""Columns that were probably meant by names that the data lack, each proposed once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence


def near_misses(absent: Sequence[str], columns: Iterable[str]) -> dict[str, str]:
    """Pair absent names with columns that are like them.

    Parameters
    ----------
    absent : sequence of str
        Names that the data lack.
    columns : iterable of str
        Columns without a use.

    Returns
    -------
    dict
        Absent name to column. First those that differ in case, spaces and punctuation only, then
        the most alike that end in the same number or letter; no column is proposed twice.

    Examples
    --------
    >>> near_misses(["q_1", "q_2"], ["Q 2", "Q1", "q_22"])
    {'q_1': 'Q1', 'q_2': 'Q 2'}
    >>> near_misses(["well_3"], ["wel_2", "wel_3"])
    {'well_3': 'wel_3'}
    """
    free = {name: _plain(name) for name in columns}
    found: dict[str, str] = {}
    for name in absent:
        same = next((column for column, plain in free.items() if plain == _plain(name)), None)
        if same is not None:
            found[name] = same
            del free[same]
    for name in absent:
        if name in found:
            continue
        plain = _plain(name)
        alike = {p: column for column, p in free.items() if _end(p) == _end(plain)}
        near = difflib.get_close_matches(plain, alike, n=1, cutoff=0.6)
        if near:
            found[name] = alike[near[0]]
            del free[found[name]]
    return {name: found[name] for name in absent if name in found}


def _plain(name: str) -> str:
    """A name without case, spaces and punctuation, and numbers without leading zeros."""
    letters = re.sub(r"[\W_]+", " ", name.casefold())
    return re.sub(r"(?<!\d)0+(?=\d)", "", letters).replace(" ", "")


def _end(plain: str) -> str:
    """The number that a name ends in, or its last letter."""
    match = re.search(r"\d+$|.$", plain)
    return match[0] if match else ""
