"""Problems with the other columns: forgotten missing codes, words among numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np
import pandas as pd

from cpeval.checking.found import found
from cpeval.checking.missing_line import FORGOTTEN
from cpeval.errors import listed

#: A number and a unit, such as "30 years", "80kg" or "5 %".
_WITH_UNIT = r"^\s*[<>~]?\s*(-?(?:0|[1-9]\d*)(?:[.,]\d+)?)(\s+[^\W\d].*|\s*%|[^\W\d]{2}.*)$"


def other_columns(
    frame: pd.DataFrame, columns: Sequence[str], outcomes: Collection[str], line: str
) -> Iterator[pd.DataFrame]:
    """Yield what looks wrong in columns that are neither items nor named by the study.

    ``outcomes`` must be numbers; ``line`` declares what looks like a missing code.
    """
    for column in columns:
        values = frame[column]
        if _numeric(values):
            yield _infinite(column, values)
            yield _forgotten(column, values, line)
        elif values.dtype == object or isinstance(values.dtype, pd.StringDtype):
            yield from _text(column, values, outcome=column in outcomes)
        elif column in outcomes and values.notna().any() and values.dtype.kind != "b":
            advice = "It is an outcome, which should be numbers."
            yield found("text in a number column", "error", column, advice=advice)


def forgotten(values: pd.Series) -> np.ndarray:
    """Return the rows of missing codes that lie far from the other values.

    Far is outside three times their range.
    """
    if not _numeric(values):
        return np.array([], dtype=int)
    x = _floats(values)
    suspect = np.isin(x, FORGOTTEN)
    rest = x[~suspect & np.isfinite(x)]
    if not suspect.any() or rest.size < 3:
        return np.array([], dtype=int)
    low, high = rest.min(), rest.max()
    reach = 0.5 * max(high - low, 1.0)
    far = (x < low - reach) | (x > high + reach) | ((x < 0) & (low >= 0))
    return np.flatnonzero(suspect & far)


def _numeric(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _floats(values: pd.Series) -> np.ndarray:
    return values.astype(float).to_numpy(na_value=np.nan)


def _infinite(column: str, values: pd.Series) -> pd.DataFrame:
    x = _floats(values)
    rows = np.flatnonzero(np.isinf(x))
    advice = "No analysis can use it: correct the cells or make them missing."
    return found("infinite value", "error", column, rows, x[rows], advice=advice)


def _forgotten(column: str, values: pd.Series, line: str) -> pd.DataFrame:
    x = _floats(values)
    rows = forgotten(values)
    rest = x[~np.isin(x, FORGOTTEN) & np.isfinite(x)]
    span = f"Others run from {rest.min():g} to {rest.max():g}. " if rest.size else ""
    return found(
        "looks like a missing code",
        "warning",
        column,
        rows,
        x[rows],
        advice=f"{span}If that means missing, declare it under [data]: {line}",
    )


def _text(column: str, values: pd.Series, *, outcome: bool) -> Iterator[pd.DataFrame]:
    present = values.notna()
    numbers = pd.to_numeric(values, errors="coerce")
    odd = present & numbers.isna()
    rows = np.flatnonzero(odd)
    if outcome:
        yield found(
            "text in a number column",
            "error",
            column,
            rows,
            values.iloc[rows],
            advice="It is an outcome, which must be numbers: correct the cells, or declare the "
            "words under missing.",
        )
        if present.any() and not odd.any():
            yield found(
                "numbers stored as text",
                "error",
                column,
                advice=f"Make the column numbers: data[{column!r}] = "
                f"pd.to_numeric(data[{column!r}]).",
            )
    # A few words among many numbers are slips; a column of words is a column of words.
    elif 0 < odd.sum() <= 0.2 * present.sum():
        yield found(
            "text in a column of numbers",
            "warning",
            column,
            rows,
            values.iloc[rows],
            advice="Correct the cells or declare them missing; then the column is numbers.",
        )
    elif odd.any():
        yield from _units(column, values[odd])


def _units(column: str, values: pd.Series) -> Iterator[pd.DataFrame]:
    """Numbers that were written with their unit make a column of words, a group each."""
    texts = pd.Series(values.unique()).astype(str)
    parts = texts.str.extract(_WITH_UNIT)
    like = parts[0].notna()
    if like.mean() >= 0.8 and parts[0].nunique() >= 5 and parts[1].str.strip().nunique() <= 3:
        shown = listed(texts[like], most=3)
        yield found(
            "text where numbers are meant?",
            "warning",
            column,
            advice=f"Cells such as {shown} are text, so that each is a category of its own. Keep "
            "the number only, and say the unit in the column's label.",
        )
