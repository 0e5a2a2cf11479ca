"""`cp.read_wide`: from a column an item and wave to a row a person and wave."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, strategies as st

import cpeval as cp
from cpeval.errors import ColumnError, OptionError
from cpeval.reading.wave_columns import SMALL_SHARE


def wide(**more):
    return pd.DataFrame(
        {
            "id": [7, 8],
            "date_of_birth": ["1990-01-01", "1980-02-02"],
            "q_1_t0": [1, 2],
            "q_2_t0": [3, 4],
            "q_1_t1": [5, 6],
            "q_2_t1": [7, None],
            **more,
        }
    )


def refused(error, *parts, data=None, **options):
    with pytest.raises(error) as raised:
        cp.read_wide(wide() if data is None else data, **options)
    text = str(raised.value)
    assert all(part in text for part in parts), text


def columns(*names, n=2):
    return pd.DataFrame({name: range(n) for name in names})


def test_one_row_a_person_and_wave():
    given_frame = wide()
    before = given_frame.copy()
    data = cp.read_wide(given_frame, pattern="{item}_{wave}")
    expected = pd.DataFrame(
        {
            "id": [7, 7, 8, 8],
            "date_of_birth": ["1990-01-01", "1990-01-01", "1980-02-02", "1980-02-02"],
            "wave": ["t0", "t1", "t0", "t1"],
            "q_1": [1, 5, 2, 6],
            "q_2": [3.0, 7, 4, None],
        }
    )
    pd.testing.assert_frame_equal(data, expected)
    pd.testing.assert_frame_equal(given_frame, before)
    assert list(data.attrs) == ["reshaped"]
    assert data.attrs["reshaped"] == {
        "pattern": "{item}_{wave}",
        "waves": {"t0": 2, "t1": 2},
        "items": ["q_1", "q_2"],
        "person_columns": ["id", "date_of_birth"],
        "filled": {},
        "left": ["date_of_birth"],
        "empty_rows": {"t0": 0, "t1": 0},
        "mixed": [],
        "n_people": 2,
        "n_rows": 4,
        "labels_differ": [],
    }


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (["q_1_t0", "q_2_t0", "q_1_t1", "q_2_t1"], "{item}_{wave}"),
        (["t0_q_1", "t0_q_2", "t1_q_1", "t1_q_2"], "{wave}_{item}"),
        (["q_1.t0", "q_2.t0", "q_1.t1", "q_2.t1"], "{item}.{wave}"),
        (["q_1 (t0)", "q_2 (t0)", "q_1 (t1)", "q_2 (t1)"], "{item} ({wave})"),
        (["W:t0:q_1", "W:t0:q_2", "W:t1:q_1", "W:t1:q_2"], "W:{wave}:{item}"),
    ],
)
@pytest.mark.parametrize("waves", [None, ["t0", "t1"]])
def test_patterns(names, pattern, waves):
    data = cp.read_wide(columns("id", *names), pattern=pattern, waves=waves)
    assert data.columns.tolist() == ["id", "wave", "q_1", "q_2"]
    assert data["wave"].tolist() == ["t0", "t1", "t0", "t1"]


def test_waves_by_suffix():
    data = cp.read_wide(
        columns("id", "q1_pre", "q2_pre", "q1_post", "q2_post", "q1_post2"),
        waves={"t0": "_pre", "t1": "_post", "t2": "_post2"},
    )
    assert data["wave"].tolist() == ["t0", "t1", "t2"] * 2
    assert data["q2"].isna().tolist() == [False, False, True] * 2
    assert data.attrs["reshaped"]["filled"] == {"q2": ["t2"]}


def test_a_wave_without_suffix():
    data = cp.read_wide(columns("id", "sex", "phq", "phq_6m"), waves={0: "", 6: "_6m"}, wave="TIME")
    assert data.columns.tolist() == ["id", "sex", "TIME", "phq"]
    assert data["TIME"].tolist() == [0, 6, 0, 6]


def test_longer_suffixes_and_waves_win():
    data = cp.read_wide(columns("id", "x_1", "x_11", "y_1", "y_11"), waves={"a": "1", "b": "11"})
    assert data.attrs["reshaped"]["items"] == ["x_", "y_"]
    data = cp.read_wide(columns("id", "x_t_1", "x_1"), pattern="{item}_{wave}", waves=["1", "t_1"])
    assert data.attrs["reshaped"]["items"] == ["x"]


def test_waves_that_stand_otherwise_in_the_names():
    data = cp.read_wide(
        columns("id", "q1_pre", "q1_post"), pattern="{item}_{wave}", waves={"0": "pre", "6": "post"}
    )
    assert data["wave"].tolist() == [0, 6, 0, 6]
    assert data["wave"].dtype == "int64"


@pytest.mark.parametrize(
    ("names", "expected"), [(["0", "06", "12"], [0, 6, 12]), (["0", "6", "x"], ["0", "6", "x"])]
)
def test_waves_are_whole_numbers_when_all_are(names, expected):
    frame = columns("id", *(f"{item}_{wave}" for wave in names for item in ("p", "q", "r")))
    assert cp.read_wide(frame, pattern="{item}_{wave}")["wave"].tolist() == expected * 2


def test_two_waves_that_are_one_number():
    frame = columns("id", "p_6", "p_06", "q_6", "q_06")
    refused(OptionError, "'6', '06'", data=frame, pattern="{item}_{wave}")


# Guesses that must not pass


def test_a_column_of_one_wave_only_is_no_item():
    data = cp.read_wide(wide(), pattern="{item}_{wave}")
    assert "date_of_birth" in data
    assert data.attrs["reshaped"]["left"] == ["date_of_birth"]


def test_several_sets_of_columns_that_fit():
    frame = columns("id", "q1_t0", "q1_t1", "q2_t0", "q2_t1", "site_name", "site_code")
    refused(
        OptionError,
        "Several sets of columns fit '{item}_{wave}'",
        "waves 't0', 't1' of items 'q1', 'q2'",
        "waves 'name', 'code' of items 'site'",
        "waves=['t0', 't1']",
        data=frame,
        pattern="{item}_{wave}",
    )
    named = cp.read_wide(frame, pattern="{item}_{wave}", waves=["t0", "t1"])
    assert named.columns.tolist() == ["id", "site_name", "site_code", "wave", "q1", "q2"]


def test_numbers_of_questions_are_not_waves():
    frame = columns("id", *(f"phq_{i}" for i in range(1, 10)), *(f"gad_{i}" for i in range(1, 8)))
    refused(OptionError, "may be numbers of questions", data=frame, pattern="{item}_{wave}")


def test_a_wave_with_few_of_the_items():
    names = [f"q{i}_{w}" for w in ("t0", "t1") for i in range(7)]
    refused(
        OptionError,
        "waves 'tl' have few of the items ('t0' has 7 of 7 items",
        "waves=['t0', 't1', 'tl']",
        data=columns("id", *names, "q3_tl"),
        pattern="{item}_{wave}",
    )
    assert SMALL_SHARE > 1 / 7


def test_waves_that_differ_only_in_capitals():
    frame = columns("id", "p_t1", "q_t1", "p_T1", "q_T1")
    refused(OptionError, "'t1', 'T1' differ only in capitals", data=frame, pattern="{item}_{wave}")


def test_no_wave_at_all():
    refused(
        OptionError,
        "No item stands at two waves",
        "'id', 'p_t0', 'q_t1'",
        data=columns("id", "p_t0", "q_t1"),
        pattern="{item}_{wave}",
    )


def test_a_forgotten_wave():
    frame = columns("id", *(f"q{i}_{w}" for w in ("t0", "t1", "t2") for i in range(3)))
    refused(
        OptionError,
        "Columns of other waves have the same items: 't2' ('q0_t2', 'q1_t2', 'q2_t2')",
        data=frame,
        pattern="{item}_{wave}",
        waves=["t0", "t1"],
    )


def test_waves_that_no_column_has():
    refused(
        ColumnError,
        "No column has the wave 't3'",
        pattern="{item}_{wave}",
        waves=["t0", "t1", "t3"],
    )
    refused(ColumnError, "'tt1' (did you mean 't1'?)", pattern="{item}_{wave}", waves=["t0", "tt1"])
    refused(ColumnError, "'t2' ('_t2')", waves={"t0": "_t0", "t2": "_t2"})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "Say how columns are named"),
        ({"waves": ["t0"]}, "Say how columns are named"),
        ({"pattern": "{item}"}, "'pattern' should hold {item} and {wave} once each"),
        ({"pattern": "{item}{wave}"}, "with text between them"),
        ({"pattern": "{item}_{wave}_{wave}"}, "once each"),
        ({"pattern": "{item}_{time}"}, "once each"),
        ({"waves": "t0"}, "'waves' should be a list such as"),
        ({"waves": {}}, "'waves' should name at least one wave"),
        ({"waves": {"t0": 0}}, "a suffix such as '_pre'. Got 0"),
        ({"waves": {"t0": "_x", "t1": "_x"}}, "gives two waves the same text: '_x'"),
    ],
)
def test_options_of_another_form(options, said):
    refused(OptionError, said, **options)


def test_item_and_wave_may_touch_when_waves_are_named():
    data = cp.read_wide(columns("id", "pA", "qA", "pB"), pattern="{item}{wave}", waves=["A", "B"])
    assert data.attrs["reshaped"]["items"] == ["p", "q"]


def test_collisions():
    refused(
        ColumnError, "Items have the names of other columns: 'q_1'",
        data=wide(q_1=[0, 0]), pattern="{item}_{wave}",
    )  # fmt: skip
    refused(
        ColumnError,
        "a column named 'wave' already",
        data=wide(wave=[0, 0]),
        pattern="{item}_{wave}",
    )
    refused(ColumnError, "a column named 'q_1' already", pattern="{item}_{wave}", wave="q_1")
    refused(
        ColumnError, "none is left to say who", data=wide()[["q_1_t0", "q_1_t1"]],
        pattern="{item}_{wave}", waves=["t0", "t1"],
    )  # fmt: skip
    twice = pd.concat([wide(), wide()[["id"]]], axis=1)
    refused(ColumnError, "more than one column named 'id'", data=twice, pattern="{item}_{wave}")


# Cells


def test_everyone_keeps_a_row_at_every_wave():
    frame = wide(q_1_t1=[None, 6.0], q_2_t1=[None, 1.0])
    data = cp.read_wide(frame, pattern="{item}_{wave}")
    assert len(data) == 4
    assert data.attrs["reshaped"]["empty_rows"] == {"t0": 0, "t1": 1}


def test_kinds_of_cells_survive():
    frame = pd.DataFrame(
        {
            "id": [1, 2],
            "b_0": [True, False],
            "b_1": [True, True],
            "d_0": pd.to_datetime(["2024-01-01", None]),
            "d_1": pd.to_datetime(["2024-02-01", "2024-02-02"]),
            "s_0": ["x", "y"],
            "s_1": [np.nan, np.nan],
            "n_0": [1, 2],
            "m_0": [1.0, 2.5],
            "m_1": ["3", "n/a"],
        }
    )
    data = cp.read_wide(frame, pattern="{item}_{wave}")
    assert data["b"].dtype == "bool"
    assert data["d"].tolist()[:2] == [pd.Timestamp("2024-01-01"), pd.Timestamp("2024-02-01")]
    assert data["s"].isna().tolist() == [False, True, False, True]
    assert data["n"].isna().tolist() == [False, True, False, True]
    assert data["m"].tolist() == ["1", "3", "2.5", "n/a"]
    assert data.attrs["reshaped"]["mixed"] == ["m"]
    assert data.attrs["reshaped"]["filled"] == {"n": [1]}


def test_codes_by_column_by_item_and_for_all():
    frame = wide(q_1_t0=[99, 2], q_1_t1=[5, 99], q_2_t0=[-9, 7], q_2_t1=[7, -8])
    data = cp.read_wide(
        frame, pattern="{item}_{wave}", missing={"q_1": [99], "q_2_t0": [7], "*": [-9], "id": [8]}
    )
    assert data["q_1"].isna().tolist() == [True, False, False, True]
    assert data["q_2"].isna().tolist() == [True, False, True, False]
    assert data["id"].isna().tolist() == [False, False, True, True]
    assert data.attrs["read"]["missing"]["q_1_t1"] == {99: 1}
    refused(ColumnError, "'q_3' (did you mean", pattern="{item}_{wave}", missing={"q_3": [1]})


def test_labels_become_those_of_items():
    frame = wide()
    frame.attrs = {
        "labels": {"id": "Number", "q_1_t0": "Mood at start", "q_1_t1": "Mood at end"},
        "value_labels": {
            "q_1_t0": {1: "bad", 2: "good"},
            "q_1_t1": {1: "bad", 3: "best"},
            "q_2_t0": {1: "yes"},
            "q_2_t1": {1: "no"},
        },
    }
    attrs = cp.read_wide(frame, pattern="{item}_{wave}").attrs
    assert attrs["labels"] == {"id": "Number", "q_1": "Mood at start"}
    assert attrs["value_labels"]["q_1"] == {1: "bad", 2: "good", 3: "best"}
    assert attrs["value_labels"]["q_2"] == {1: "yes"}
    assert attrs["reshaped"]["labels_differ"] == ["q_2"]
    other = cp.read_wide(frame, pattern="{item}_{wave}", waves=["t1", "t0"])
    assert other["wave"].tolist() == ["t1", "t0", "t1", "t0"]
    assert other.attrs["labels"]["q_1"] == "Mood at end"


def test_from_a_file_and_from_other_engines(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text("id;p_t0;q_t0;p_t1;q_t1\n007;1,5;2;3,5;UNK\n")
    data = cp.read_wide(path, pattern="{item}_{wave}", missing={"q": ["UNK"]}, decimal=",")
    assert data["id"].tolist() == ["007", "007"]
    assert data["p"].tolist() == [1.5, 3.5]
    assert data["q"].dtype == "float64"
    assert data.attrs["read"]["file"] == "wide.csv"
    assert data.attrs["read"]["missing"] == {"q_t0": {"UNK": 0}, "q_t1": {"UNK": 1}}
    for frame in (pl.from_pandas(wide()), pl.from_pandas(wide()).to_arrow()):
        other = cp.read_wide(frame, pattern="{item}_{wave}")
        assert other["q_1"].tolist() == [1, 5, 2, 6]
    refused(
        OptionError, "collect a lazy table", data=pl.LazyFrame({"a": [1]}), pattern="{item}_{wave}"
    )
    numbered = cp.read_wide(wide().rename(columns={"id": 0}), pattern="{item}_{wave}")
    assert numbered["0"].tolist() == [7, 7, 8, 8]
    refused(OptionError, "are for files", pattern="{item}_{wave}", decimal=",")
    refused(OptionError, "are for files", pattern="{item}_{wave}", sheet="x")


@given(
    n_people=st.integers(1, 6),
    n_items=st.integers(3, 5),
    waves=st.lists(st.sampled_from(["t0", "t1", "pre", "6m"]), min_size=2, max_size=3, unique=True),
    data=st.data(),
)
def test_undoes_a_pivot(n_people, n_items, waves, data):
    items = [f"scale_{i}" for i in range(n_items)]
    answers = st.lists(st.one_of(st.none(), st.integers(0, 4)), min_size=n_items, max_size=n_items)
    rows = [
        (f"P{person}", wave, *data.draw(answers)) for person in range(n_people) for wave in waves
    ]
    long = pd.DataFrame(rows, columns=["id", "wave", *items]).astype(
        dict.fromkeys(items, "float64")
    )
    pivoted = long.pivot(index="id", columns="wave", values=items).reset_index()
    pivoted.columns = [f"{a}_{b}" if b else a for a, b in pivoted.columns]
    pivoted = pivoted[["id", *(f"{item}_{wave}" for wave in waves for item in items)]]
    again = cp.read_wide(pivoted, pattern="{item}_{wave}")
    pd.testing.assert_frame_equal(again, long, check_dtype=False)
