"""Item columns that hold text where codes should be: which, and what to do about each."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

import narwhals.stable.v2 as nw

from cpeval.definitions.model import Instrument
from cpeval.errors import listed


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
    return all(isinstance(value, Real) for value in values.unique().to_list())


def text_message(
    definition: Instrument, text: Mapping[str, str], frame: nw.DataFrame[Any] | nw.LazyFrame[Any]
) -> str:
    """Say which columns hold text; when every text is one of the labels, offer the mapping."""
    lines = []
    for code, column in text.items():
        kind = frame.collect_schema()[column]
        if not isinstance(frame, nw.DataFrame) or kind.is_temporal():
            lines.append(f"- {column!r} holds {kind}")
            continue
        found = [v for v in frame[column].drop_nulls().unique().to_list() if str(v).strip()]
        labels = definition.answers(definition.item(code)).codes_by_label
        if not found:
            lines.append(f"- {column!r} is empty text; make it a number column")
        elif all(str(value).strip().casefold() in labels for value in found):
            pairs = {value: labels[str(value).strip().casefold()] for value in found}
            lines.append(f"- {column!r} holds labels; recode it with {pairs}")
        else:
            odd = [value for value in found if not _is_number(value)] or found
            lines.append(f"- {column!r} holds text: {listed(sorted(map(str, odd)), most=8)}")
    return (
        f"{definition.name}: items should be codes (numbers), and these columns are not:\n"
        + "\n".join(lines)
        + "\nRecode labels to codes, or correct the cells, then score again."
    )


def _is_number(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return True
