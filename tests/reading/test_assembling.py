"""`read_table`: what [data] in study.toml says, as one table."""

import pandas as pd
import pytest

from cpeval.errors import ColumnError, JoinError, OptionError, ReadError
from cpeval.reading.assembling import SourceFile, read_table


@pytest.fixture
def folder(tmp_path):
    files = {
        "responses.csv": "id,wave,q1,q2\n007,0,1,2\n007,6,3,\n008,0,-9,1\n",
        "people.csv": "id;arm;age\n007;a;31\n008;b;99\n",
        "teams.csv": "arm,team\na,North\nb,South\n",
        "t0.csv": "id,q1,q2,sex\n1,1,2,f\n2,3,99,m\n",
        "t1.csv": "id,q1,q3\n2,1,x\n1,5,y\n",
        "wide.csv": "id,q1_pre,q2_pre,q1_post,q2_post\n1,1,2,3,4\n",
        "redcap.csv": "record_id,redcap_event_name,sex,q1\n1,start_arm_1,f,2\n1,end_arm_1,,3\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def refused(error, folder, spec, *parts):
    with pytest.raises(error) as raised:
        read_table(spec, folder)
    text = str(raised.value)
    assert all(part in text for part in parts), text


def test_one_file_as_it_is(folder):
    data, sources = read_table({"file": "responses.csv", "missing": {"q1": [-9]}}, folder)
    assert data["id"].tolist() == ["007", "007", "008"]
    assert data["q1"].isna().tolist() == [False, False, True]
    assert sources == [SourceFile("responses.csv", folder / "responses.csv", 3, 4)]


def test_files_joined_to_it(folder):
    spec = {
        "file": "responses.csv",
        "join": [
            {"file": "people.csv", "on": "id", "missing": {"age": [99]}, "expect": "many-to-one"},
            {"file": "teams.csv", "on": ["arm"]},
        ],
    }
    data, sources = read_table(spec, folder)
    assert data.columns.tolist() == ["id", "wave", "q1", "q2", "arm", "age", "team"]
    assert data["team"].tolist() == ["North", "North", "South"]
    assert data["age"].isna().tolist() == [False, False, True]
    assert [s.name for s in sources] == ["responses.csv", "people.csv", "teams.csv"]
    assert [one["n_rows"] for one in data.attrs["joined"]] == [3, 3]


def test_a_join_that_fails_names_the_file(folder):
    (folder / "people.csv").write_text("id,arm\n007,a\n009,b\n")
    spec = {"file": "responses.csv", "join": [{"file": "people.csv", "on": "id"}]}
    refused(
        JoinError, folder, spec,
        "Joining people.csv (the right table) to the data so far (the left one)",
        "left table (1): '008'", "right table (1): '009'",
    )  # fmt: skip
    spec["join"][0]["unmatched"] = "keep"
    data, _ = read_table(spec, folder)
    assert data["id"].tolist() == ["007", "007", "008", "009"]


def test_a_file_a_wave(folder):
    spec = {
        "files": {"0": "t0.csv", "6": "t1.csv"},
        "wave": "month",
        "missing": {"*": [99], "q3": ["x"]},
    }
    data, sources = read_table(spec, folder)
    assert data.columns.tolist() == ["id", "month", "q1", "q2", "sex", "q3"]
    assert data["month"].tolist() == [0, 0, 6, 6]
    assert data["id"].tolist() == [1, 2, 2, 1]
    assert data["q2"].isna().tolist() == [False, True, True, True]
    assert data["q3"].isna().tolist() == [True, True, True, False]
    assert [(s.name, s.n_rows, s.n_columns) for s in sources] == [
        ("t0.csv", 2, 4),
        ("t1.csv", 2, 3),
    ]
    stacked = data.attrs["stacked"]
    assert stacked["files"] == {0: "t0.csv", 6: "t1.csv"}
    assert stacked["filled"] == {"q2": [6], "sex": [6], "q3": [0]}
    assert stacked["n_rows"] == {0: 2, 6: 2}
    assert stacked["read"][6]["missing"] == {"q3": {"x": 1}}


def test_a_file_a_wave_that_cannot_be_stacked(folder):
    spec = {"files": {"t0": "t0.csv", "t1": "t1.csv"}}
    (folder / "t1.csv").write_text("id,q1,wave\n001,x,1\n002,2,1\n")
    refused(ColumnError, folder, spec, "'t1.csv': there is a column 'wave' already")
    refused(
        ColumnError, folder, {**spec, "wave": "time"},
        "- 'id': number in t0.csv (such as '1', '2'), text in t1.csv (such as '001', '002')",
        "- 'q1': number in t0.csv (such as '1', '3'), text in t1.csv (such as 'x')",
    )  # fmt: skip
    refused(
        ColumnError,
        folder,
        {**spec, "wave": "w", "missing": {"q9": [1]}},
        "The files of the waves",
        "'q9'",
    )
    refused(OptionError, folder, {**spec, "format": "wide"}, "'format' must be 'long'")


def test_wide(folder):
    spec = {"file": "wide.csv", "format": "wide", "wide": {"waves": {"t0": "_pre", "t1": "_post"}}}
    data, sources = read_table({**spec, "wave": "time", "missing": {"q2": [4]}}, folder)
    assert data["time"].tolist() == ["t0", "t1"]
    assert data["q2"].isna().tolist() == [False, True]
    assert (sources[0].n_rows, sources[0].n_columns) == (1, 5)
    spec["wide"] = {"pattern": "{item}_{wave}"}
    assert read_table(spec, folder)[0]["wave"].tolist() == ["pre", "post"]


def test_redcap(folder):
    spec = {
        "file": "redcap.csv",
        "format": "redcap",
        "redcap": {"events": {"start": "0", "end_arm_1": "6"}, "person_columns": ["sex"]},
    }
    data, sources = read_table(spec, folder)
    assert data["wave"].tolist() == [0, 6]
    assert data["sex"].tolist() == ["f", "f"]
    assert (sources[0].n_rows, sources[0].n_columns) == (2, 4)
    assert read_table({"file": "redcap.csv", "format": "redcap"}, folder)[0]["wave"].tolist() == [
        "start",
        "end",
    ]


def test_every_file_that_is_absent_is_named(folder):
    spec = {"file": "response.csv", "join": [{"file": "peopel.csv", "on": "id"}]}
    refused(
        ReadError, folder, spec,
        "response.csv'. Did you mean 'responses.csv'", "peopel.csv'. Did you mean 'people.csv'",
    )  # fmt: skip


def test_sheets_and_commas(folder):
    with pd.ExcelWriter(folder / "book.xlsx") as book:
        for title, value in {"A": "1,5", "B": "2,5"}.items():
            pd.DataFrame({"id": [1], "x": [value]}).to_excel(book, sheet_name=title, index=False)
    data, _ = read_table({"file": "book.xlsx", "sheet": "B", "decimal": ","}, folder)
    assert data["x"].tolist() == [2.5]
    stacked, _ = read_table({"files": {"t0": "book.xlsx"}, "sheet": "A"}, folder)
    assert stacked["x"].tolist() == [1.5]


def test_unknown_format(folder):
    refused(OptionError, folder, {"file": "wide.csv", "format": "tall"}, "Got 'tall'")
