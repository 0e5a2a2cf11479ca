"""Columns of text, of one type whatever was drawn."""

from __future__ import annotations

import pandas as pd
from numpy.typing import ArrayLike

#: What this pandas makes of text: ``str`` since pandas 3, ``object`` before.
TEXT = pd.Series(["a"]).dtype


def text(values: ArrayLike) -> pd.Series:
    """Return a column of text with None as missing, also where all are missing or there is none.

    >>> text([None]).dtype == text(["a"]).dtype
    True
    """
    return pd.Series(values, dtype=TEXT)
