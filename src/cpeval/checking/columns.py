"""Problems with the other columns: forgotten missing codes, words among numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from cpeval.checking.found import found

#: Codes that survey software writes for a missing answer and that people forget to declare.
FORGOTTEN = (
    -1.0,
    -7.0,
    -8.0,
    -9.0,
    -77.0,
    -88.0,
    -99.0,
    -999.0,
    77.0,
    88.0,
    99.0,
    777.0,
    888.0,
    999.0,
    9999.0,
)


def other_columns(frame: pd.DataFrame, columns: list[str]) -> Iterator[pd.DataFrame]:
    """Yield what looks wrong in columns that are neither items nor named by the study."""
    for column in columns:
        values = frame[column]
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            yield _forgotten(column, values)
        elif values.dtype == object or isinstance(values.dtype, pd.StringDtype):
            present = values.notna()
            numbers = pd.to_numeric(values, errors="coerce")
            odd = present & numbers.isna()
            # A few words among many numbers are slips; a column of words is a column of words.
            if 0 < odd.sum() <= 0.2 * present.sum():
                rows = np.flatnonzero(odd)
                yield found(
                    "text in a column of numbers",
                    "warning",
                    column,
                    rows,
                    values.iloc[rows],
                    advice="Correct the cells or declare them missing; then the column is numbers.",
                )


def _forgotten(column: str, values: pd.Series) -> pd.DataFrame:
    """Missing codes that lie far from the other values: outside three times their range."""
    x = values.astype(float).to_numpy(na_value=np.nan)
    suspect = np.isin(x, FORGOTTEN)
    rest = x[~suspect & np.isfinite(x)]
    if not suspect.any() or rest.size < 3:
        return found("", "note", column, [], advice="")
    low, high = rest.min(), rest.max()
    reach = 0.5 * max(high - low, 1.0)
    rows = np.flatnonzero(
        suspect & ((x < low - reach) | (x > high + reach) | ((x < 0) & (low >= 0)))
    )
    return found(
        "looks like a missing code",
        "warning",
        column,
        rows,
        x[rows],
        advice=f"Others run from {low:g} to {high:g}. If that means missing, declare it.",
    )
