"""One problem as rows of the list of problems."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd


def found(
    problem: str,
    severity: str,
    column: str = "",
    positions: Iterable[int] | None = None,
    values: Iterable[object] | object = None,
    *,
    advice: str,
) -> pd.DataFrame:
    """One row a cell (``positions`` count from 0), or one row for a whole column."""
    rows = [None] if positions is None else np.asarray(list(positions)) + 1
    many = values is not None and positions is not None
    return pd.DataFrame(
        {
            "problem": problem,
            "severity": severity,
            "column": column,
            "row": pd.array(rows, dtype="Int64"),
            "value": [text(v) for v in values] if many else [text(values)] * len(rows),  # type: ignore[union-attr]
            "advice": advice,
        }
    )


def text(value: object) -> str | None:
    """Return a value as it should be shown, None where it is missing."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)
