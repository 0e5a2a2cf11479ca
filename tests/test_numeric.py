from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cpeval.errors import ColumnError, DataError
from cpeval.numeric import holds_numbers, numbers, rows_text, select


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_columns_of_any_engine_become_floats(make):
    data = make({"a": [1, 2, None], "b": [0.5, None, 2.0], "c": ["x", "y", None]})
    values = numbers(select(data, "a", None, "b", "a"), ["b", "a"])
    np.testing.assert_array_equal(values, [[0.5, 1], [np.nan, 2], [2.0, np.nan]])


def test_decimals_are_numbers():
    data = pl.DataFrame({"a": [Decimal("1.5"), None]})
    np.testing.assert_array_equal(numbers(select(data, "a"), ["a"]), [[1.5], [np.nan]])


@pytest.mark.parametrize(
    "empty",
    [
        pd.Series([None, np.nan], dtype=object),
        pd.Series([pd.NA, pd.NA]),
        pd.Series([None, None], dtype="str"),
        pd.Series([None, None], dtype="category"),
        pd.Series([pd.NaT, pd.NaT]),
        pd.Series([None, None], dtype="Int64"),
    ],
)
def test_a_column_of_missing_values_is_numbers(empty):
    assert holds_numbers(empty)
    assert np.isnan(numbers(pd.DataFrame({"a": empty}), ["a"])).all()


def test_all_columns_at_fault_are_in_one_message():
    table = pd.DataFrame({"a": ["1", "two"], "b": [1, 2], "c": [True, False], "d": ["x", "x"]})
    with pytest.raises(ColumnError) as error:
        numbers(table, ["a", "b", "c", "d"])
    assert str(error.value).splitlines() == [
        "Columns that should hold numbers don't:",
        "- 'a' holds 'two' in row 2.",
        "- 'c' holds true/false, which 1 and 0 would say as numbers.",
        "- 'd' holds 'x' in rows 1, 2.",
        "Correct the values, or declare codes for missing when reading (missing=...). "
        "(The first row of data is row 1.)",
    ]


def test_many_values_at_fault_are_counted_not_all_shown():
    table = pd.DataFrame({"a": [f"v{k}" for k in range(25)]})
    with pytest.raises(ColumnError, match=r"'v19' in row 20 and 5 other values\."):
        numbers(table, ["a"])


def test_infinite_values_of_all_columns_are_named():
    table = pd.DataFrame({"a": [np.inf, 1], "b": [1, 2], "c": [0, -np.inf]})
    with pytest.raises(DataError, match=r"Infinite values: 'a' in row 1; 'c' in row 2\."):
        numbers(table, ["a", "b", "c"])


def test_rows_are_counted_from_one():
    assert rows_text(range(25)).endswith("19, 20 and 5 more")
