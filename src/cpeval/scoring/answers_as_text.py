"""Item columns that hold text where codes should be: which, and what to do about each."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from cpeval.definitions.model import Instrument
from cpeval.errors import listed

#: As many codes as a message can say with their labels.
_FEW_CODES = 8


def text_columns(
    columns: Mapping[str, str],
    frame: nw.DataFrame[Any] | nw.LazyFrame[Any],
    schema: Mapping[str, nw.dtypes.DType],
) -> dict[str, str]:
    """Return the items (code to column) whose columns hold anything but numbers.

    A column of Python objects, or of categories, that are all numbers counts as numbers; so does
    one without any value, whatever its type.
    """
    return {
        code: column
        for code, column in columns.items()
        if not (
            schema[column].is_numeric()
            or schema[column] in (nw.Boolean, nw.Unknown)
            or _objects_that_are_numbers(frame, column, schema[column])
        )
    }


def _objects_that_are_numbers(
    frame: nw.DataFrame[Any] | nw.LazyFrame[Any], column: str, dtype: nw.dtypes.DType
) -> bool:
    if not isinstance(frame, nw.DataFrame):
        return False
    values = frame[column].drop_nulls()
    if len(values) == 0:
        return True
    if dtype not in (nw.Object, nw.Categorical, nw.Enum):
        return False
    return all(isinstance(value, Real) for value in _present(values))


def _present(values: nw.Series[Any]) -> list[Any]:
    """The different values of a column but for missing ones, whatever stands for these."""
    column = pd.Series(values.to_list(), dtype=object)
    column = column[column.notna()]
    try:
        return list(column.unique())
    except TypeError:  # lists and the like, which can't be compared
        return list(column)


def text_message(
    definition: Instrument, text: Mapping[str, str], frame: nw.DataFrame[Any] | nw.LazyFrame[Any]
) -> str:
    """Say which columns hold text; when every text is one of the labels, offer the mapping."""
    lines: list[str] = []
    recodes: dict[tuple[tuple[str, float], ...], list[str]] = {}
    for code, column in text.items():
        kind = frame.collect_schema()[column]
        if not isinstance(frame, nw.DataFrame) or kind.is_temporal():
            lines.append(f"- {column!r} holds {'text' if kind == nw.String else kind}")
            continue
        every = _present(frame[column])
        found = [value for value in every if str(value).strip()]
        labels = definition.answers(definition.item(code)).codes_by_label
        odd = [value for value in found if not _is_number(value)]
        if found and all(str(value).strip().casefold() in labels for value in found):
            pairs = {str(value): labels[str(value).strip().casefold()] for value in found}
            in_order = sorted(pairs.items(), key=lambda pair: (pair[1], pair[0]))
            recodes.setdefault(tuple(in_order), []).append(column)
        elif odd:
            meant = definition.answers(definition.item(code)).labels
            codes = ", ".join(f"{c:g} {label}" for c, label in sorted(meant.items()))
            told = f" (codes: {codes})" if len(meant) <= _FEW_CODES else ""
            lines.append(f"- {column!r} holds text: {listed(sorted(map(str, odd)), most=8)}{told}")
        elif len(found) < len(every):
            lines.append(f"- {column!r} holds cells of blanks; make them missing")
        else:
            lines.append(f"- {column!r} holds numbers stored as text; make it a number column")
    for shared, alike in recodes.items():
        named, pairs = listed(alike, most=40), dict(shared)
        lines.append(f"- {named}: labels in place of codes; recode them: {pairs}")
    advice = "Correct the cells, then score again."
    if recodes:
        column = next(iter(recodes.values()))[0]
        advice = (
            f"Recode as shown, in Python with data[{column!r}] = data[{column!r}].map({{…}}), in a "
            f"study file with recode = {{ … }} under [instruments.{definition.name}]; then score "
            "again."
        )
    return (
        f"{definition.name}: items should be codes (numbers), and these columns are not:\n"
        + "\n".join(lines)
        + f"\n{advice}"
    )


def _is_number(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return True
