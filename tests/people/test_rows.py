"""What every analysis of a study's rows refuses, and how it says so."""

import time

import numpy as np
import pandas as pd
import polars as pl
import pytest

from cpeval.errors import ColumnError, DataError, DuplicateError, OptionError, WaveError
from cpeval.outcomes import change, compare, means, participants
from cpeval.people.rows import in_order, plain
from cpeval.study import Study

STUDY = Study(person="id", arm="arm", intervention=1, wave="wave", baseline=0, follow_up=1)


def frame(**columns):
    return pd.DataFrame(
        {
            "id": list("abcdabcd"),
            "arm": [0, 0, 1, 1] * 2,
            "wave": [0] * 4 + [1] * 4,
            "y": [1.0, 2, 3, 5, 2, 4, 4, 7],
            **columns,
        }
    )


def test_all_absent_columns_are_named_with_those_there():
    with pytest.raises(
        ColumnError,
        match=r"no columns 'Y' \(did you mean 'y'\?\), 'arm'\. Columns there: 'id', 'wave', 'y'",
    ):
        change(frame().drop(columns="arm"), "Y", STUDY)


def test_a_name_for_two_columns_is_refused():
    data = pd.concat([frame(), frame()[["y"]]], axis=1)
    with pytest.raises(ColumnError, match="more than one column named 'y'"):
        change(data, "y", STUDY)


@pytest.mark.parametrize("data", [None, {"id": [1]}, [1], pl.DataFrame({"id": [1]}).lazy()])
def test_what_is_no_dataframe_in_memory_is_refused(data):
    with pytest.raises(OptionError, match=r"must be a dataframe that is in memory.*Got \w+"):
        participants(data, STUDY)


def test_what_is_no_study_is_refused():
    for call in (change, compare, means):
        with pytest.raises(OptionError, match=r"'study' must be a cpeval\.Study\. Got dict"):
            call(frame(), "y", {"person": "id"})
    with pytest.raises(OptionError, match="Got NoneType"):
        participants(frame(), None)


def test_duplicates_are_named_with_rows_and_counts():
    data = pd.concat([frame(), frame().iloc[[0, 0, 6]]], ignore_index=True)
    with pytest.raises(
        DuplicateError,
        match=r"'id' has 'a' at 0 3 times \(rows 1, 9, 10\); 'c' at 1 2 times \(rows 7, 11\)\. "
        r"Keep the rows that are meant.*\(The first row of data is row 1\.\)",
    ):
        change(data, "y", STUDY)


def test_duplicates_at_a_wave_that_is_not_analysed_count_too():
    data = pd.concat([frame(), frame().iloc[[0, 0]].assign(wave=12)])
    with pytest.raises(DuplicateError, match=r"'a' at 12 2 times"):
        change(data, "y", STUDY)


def test_without_waves_a_person_has_one_row():
    with pytest.raises(DuplicateError, match=r"one row a person\. Column 'id' has 'a' 2 times"):
        means(frame(), "y", Study(person="id"))


def test_many_duplicates_are_counted_not_all_shown():
    data = pd.DataFrame({"id": [*range(30)] * 2, "y": 1.0})
    with pytest.raises(DuplicateError, match=r"19 2 times \(rows 20, 50\), and 10 more\."):
        means(data, "y", Study(person="id"))


def test_many_duplicates_take_no_time():
    ids = np.repeat(np.arange(300_000), 2)
    start = time.process_time()
    with pytest.raises(DuplicateError, match=r"299980 more\."):
        means(pd.DataFrame({"id": ids, "y": 1.0}), "y", Study(person="id"))
    # A group for each, to show twenty, took ten times as long.
    assert time.process_time() - start < 2


def test_many_wrong_values_take_no_time():
    data = pd.DataFrame({"id": np.arange(200_000), "y": [f"x{k}" for k in range(200_000)]})
    start = time.process_time()
    with pytest.raises(ColumnError, match=r"'x19' in row 20 and 199980 other values\."):
        means(data, "y", Study(person="id"))
    with pytest.raises(ColumnError, match=r"'x' in rows 1, 2, .*, 20 and 199980 more"):
        means(data.assign(y="x"), "y", Study(person="id"))
    assert time.process_time() - start < 3


@pytest.mark.parametrize("outcome", [None, ["y"], 3])
def test_an_outcome_that_is_no_name_is_refused(outcome):
    for call in (change, compare, means):
        with pytest.raises(OptionError, match=r"'outcome' must be the name of one column.*Got "):
            call(frame(), outcome, STUDY)


def test_rows_without_a_person_or_wave_are_named():
    with pytest.raises(DataError, match=r"No person in column 'id': rows 2, 3\."):
        change(frame(id=["a", None, None, "d", *"abcd"]), "y", STUDY)
    with pytest.raises(WaveError, match=r"No wave in column 'wave': row 8\."):
        change(frame(wave=[0] * 4 + [1, 1, 1, None]), "y", STUDY)


def test_all_absent_waves_are_named():
    with pytest.raises(
        WaveError, match=r"never holds 0 \(baseline\), 1 \(follow_up\), as the study"
    ):
        change(frame(wave=[2] * 4 + [3] * 4), "y", STUDY)


def test_text_in_the_outcome_is_named_with_rows():
    data = frame(y=["1", "n/a", "3", "x", "n/a", "4", "4", "7"])
    with pytest.raises(ColumnError, match=r"- 'y' holds 'n/a' in rows 2, 5, 'x' in row 4\."):
        change(data, "y", STUDY)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (list("12345678"), r"'y' holds numbers as text, such as '1': convert it"),
        ([True, False] * 4, r"'y' holds true/false, which 1 and 0 would say as numbers"),
        (pd.date_range("2024-01-01", periods=8), r"'y' holds dates"),
        (pd.Categorical(list("12341234")), r"'y' holds numbers as text, such as '1'"),
        (pd.Categorical([True, False] * 4), r"'y' holds true/false"),
    ],
)
def test_an_outcome_that_is_not_numbers_is_refused(values, says):
    with pytest.raises(ColumnError, match=says):
        change(frame(y=values), "y", STUDY)


def test_infinite_values_are_named_with_rows():
    with pytest.raises(
        DataError, match=r"Infinite values: 'y' in rows 1, 8\. Something was divided"
    ):
        change(frame(y=[np.inf, 2, 3, 4, 5, 6, 7, -np.inf]), "y", STUDY)


def expected():
    return change(frame(), "y", STUDY).table


@pytest.mark.parametrize(
    "cast",
    [
        {"y": "Int64"},
        {"y": object},
        {"arm": float, "wave": float},
        {"arm": "category", "wave": "category", "id": "category"},
        {"arm": object, "wave": object, "id": object},
        {"arm": bool},
        {"y": "float32"},
        {"y": "category"},
    ],
)
def test_types_that_hold_the_same_values_give_the_same(cast):
    table = change(frame().astype(cast), "y", STUDY).table
    pd.testing.assert_frame_equal(
        table.drop(columns="group"), expected().drop(columns="group"), check_dtype=False
    )
    assert [int(group) for group in table["group"]] == [0, 1]


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_null_and_nan_are_both_missing(missing):
    y = pd.Series([1, 2, 3, 5, missing, 4, 4, 7], dtype=object)
    result = change(frame(y=y), "y", STUDY)
    assert result.n_excluded == 1


def test_an_index_does_not_matter():
    data = frame().set_index(pd.Index([5] * 8))
    pd.testing.assert_frame_equal(change(data, "y", STUDY).table, expected())


def test_values_read_as_their_own():
    assert in_order(["b", 2, 10, True, "a", 1.5]) == [True, 1.5, 2, 10, "a", "b"]
    assert plain(np.int64(3)) == 3
    assert isinstance(plain(2.0), int)
    assert plain("x") == "x"
