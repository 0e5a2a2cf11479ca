"""Where each row came from: kept by every step of reading, and never told when it isn't so."""

import json

import numpy as np
import pandas as pd
import pytest

import cpeval as cp
from cpeval.reading.assembling import read_table
from cpeval.reading.origin import origin_of


@pytest.fixture
def folder(tmp_path):
    files = {
        "long.csv": "id,wave,q\n1,0,5\n,,\n1,1,6\n2,0,7\n2,1,8\n",
        "wide.csv": "id,q_t0,q_t1,r_t1\n1,2,3,4\n2,4,5,6\n",
        "t0.csv": "id,q\n1,5\n2,6\n",
        "t1.csv": "id,q\n2,7\n",
        "people.csv": "id,age\n2,40\n1,50\n",
        "redcap.csv": "record_id,redcap_event_name,q\n1,a_arm_1,1\n1,b_arm_1,2\n1,c_arm_1,3\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def places(data, column):
    """File, row and column of the file of every cell of a column."""
    file, row, own = origin_of(data).cells(column, np.arange(len(data)))
    return list(zip(file, row.tolist(), own, strict=True))


def test_a_file_with_a_blank_row(folder):
    data = cp.read(folder / "long.csv")
    assert places(data, "q") == [("long.csv", row, None) for row in (1, 3, 4, 5)]
    assert origin_of(data).first_rows == {"long.csv": 2}


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("id,q\n1,2\n", 2),
        ('id,q\n1,"a\nb"\n2,c\n', 2),
        ("\nid,q\n1,2\n", None),
        ("id,q\n\n1,2\n", None),
        ("id,q\n1,2\n\n2,3\n", None),
        ("sep=,\nid,q\n1,2\n", None),
    ],
)
def test_the_row_of_a_spreadsheet_is_known_only_where_it_is_certain(tmp_path, text, first):
    (tmp_path / "a.csv").write_text(text)
    assert origin_of(cp.read(tmp_path / "a.csv")).first_rows == {"a.csv": first}


def test_wide(folder):
    data = cp.read_wide(folder / "wide.csv", pattern="{item}_{wave}", waves=["t0", "t1"])
    assert places(data, "q") == [
        ("wide.csv", 1, "q_t0"), ("wide.csv", 1, "q_t1"),
        ("wide.csv", 2, "q_t0"), ("wide.csv", 2, "q_t1"),
    ]  # fmt: skip
    assert places(data, "r")[:2] == [("wide.csv", 1, None), ("wide.csv", 1, "r_t1")]
    assert places(data, "id")[2] == ("wide.csv", 2, None)


def test_a_file_a_wave(folder):
    data, _ = read_table({"files": {"t0": "t0.csv", "t1": "t1.csv"}}, folder)
    assert places(data, "q") == [("t0.csv", 1, None), ("t0.csv", 2, None), ("t1.csv", 1, None)]


def test_redcap(folder):
    events = {"a": "", "b": 0, "c": 1}
    data = cp.read_redcap(folder / "redcap.csv", events=events)
    assert places(data, "q") == [("redcap.csv", 2, None), ("redcap.csv", 3, None)]


def test_a_join_knows_which_file_a_column_is_from(folder):
    spec = {"file": "long.csv", "missing": {"q": [5]}, "join": [{"file": "people.csv", "on": "id"}]}
    data, _ = read_table(spec, folder)
    assert data["q"].isna().tolist() == [True, False, False, False]
    assert places(data, "q") == [("long.csv", row, None) for row in (1, 3, 4, 5)]
    assert places(data, "age") == [("people.csv", row, None) for row in (2, 2, 1, 1)]


def test_a_row_that_the_joined_file_lacks_is_found_by_its_own(folder):
    (folder / "people.csv").write_text("id,age\n3,40\n2,50\n")
    spec = {"file": "long.csv", "join": [{"file": "people.csv", "on": "id", "unmatched": "keep"}]}
    data, _ = read_table(spec, folder)
    assert places(data, "age")[:2] == [("long.csv", 1, None), ("long.csv", 3, None)]
    assert places(data, "q")[-1] == ("people.csv", 1, None)


def test_rows_that_were_changed_since_have_no_origin(folder):
    data = cp.read(folder / "long.csv")
    assert origin_of(data.copy()) is not None
    assert origin_of(data.assign(q=0)) is not None
    assert origin_of(data[data.wave == 1]) is None
    assert origin_of(data.sort_values("wave", ignore_index=True)) is None
    assert origin_of(data.drop(columns="id")) is None
    assert origin_of(pd.concat([data, data])) is None
    assert origin_of(pd.DataFrame({"id": [1]})) is None


def test_it_is_plain_small_and_holds_no_ids(tmp_path):
    pd.DataFrame({"id": [f"P{n}" for n in range(20_000)], "q": 1}).to_csv(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text((tmp_path / "a.csv").read_text().replace(",id", "n,id", 1))
    data = cp.read(tmp_path / "a.csv")
    text = json.dumps(data.attrs["origin"])
    assert len(text) < 2_000
    assert "P1" not in text
    data.to_parquet(tmp_path / "a.parquet")
