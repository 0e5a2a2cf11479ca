"""Parquet files as plain columns: numbers, text, truth values and dates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cpeval.errors import ReadError, listed
from cpeval.reading.cell_values import text_series


def read_parquet(path: Path) -> tuple[list[str], pd.DataFrame]:
    """Read a Parquet file.

    Returns
    -------
    names : list of str
        The columns' names, of which two may be equal.
    data : pandas.DataFrame
        The columns in the same order, named by position. A named index that pandas wrote is a
        column; row numbers are not.

    Raises
    ------
    ReadError
        The file is damaged, or columns hold lists or records.
    """
    import pyarrow.parquet as pq

    try:
        # ParquetFile reads two columns of one name, which the simpler read_table refuses.
        with pq.ParquetFile(path) as file:
            table = file.read()
    except (pa.ArrowException, OSError, ValueError) as problem:
        raise ReadError(
            f"{path.name}: the file is damaged or incomplete ({problem}). Copy or export it again."
        ) from None
    plain = [
        i for i, name in enumerate(table.column_names) if not name.startswith("__index_level_")
    ]
    nested = [table.column_names[i] for i in plain if pa.types.is_nested(table.schema.types[i])]
    if nested:
        raise ReadError(
            f"{path.name}: columns hold lists or records: {listed(nested)}. "
            "Spread them over columns of single values, or leave them out."
        )
    columns = {i: _series(table.column(i)) for i in plain}
    return [table.column_names[i] for i in plain], pd.DataFrame(columns)


def _series(column: pa.ChunkedArray) -> pd.Series:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_null(kind):
        return pd.Series(np.full(len(column), np.nan))
    if pa.types.is_decimal(kind):
        return pd.Series(column.cast(pa.float64()).to_pandas())
    if pa.types.is_boolean(kind):
        return pd.Series(column.to_pandas(), dtype="boolean" if column.null_count else "bool")
    if pa.types.is_integer(kind):
        return _whole(column)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _text(column.cast(pa.string()))
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_time(kind):
        return _text(column.cast(pa.string()))
    return pd.Series(column.to_pandas(date_as_object=False))


def _whole(column: pa.ChunkedArray) -> pd.Series:
    """Return whole numbers; as text where neither int64 nor, with gaps, a double can hold them."""
    kind = pa.float64() if column.null_count else pa.int64()
    try:
        return pd.Series(column.cast(kind).to_pandas())
    except pa.ArrowInvalid:
        return _text(column.cast(pa.string()))


def _text(column: pa.ChunkedArray) -> pd.Series:
    texts = column.combine_chunks()
    blank = pc.equal(pc.utf8_trim_whitespace(texts), "")
    return text_series(pc.if_else(pc.fill_null(blank, False), pa.scalar(None, pa.string()), texts))
