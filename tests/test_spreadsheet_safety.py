"""What is written for people: nothing runs, and nothing is half written."""

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

import cpeval as cp
from cpeval.errors import OutputError
from cpeval.spreadsheet_safety import defuse, write_csv
from cpeval.table_writing import require_writable, write_table

#: What the OWASP page on CSV injection lists, and the same after blanks.
RISKY = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\u00a0=1", "＝1", "-"]
HARMLESS = ["a=1", "1-2", "Ann", "", " x", "'=1", "é=", "1"]


@pytest.mark.parametrize("dtype", [object, "category", None])
def test_text_that_would_run_is_defused(dtype):
    frame = pd.DataFrame({"x": pd.Series([*RISKY, *HARMLESS, None], dtype=dtype)})
    made = defuse(frame)["x"]
    assert made.tolist()[:-1] == [f"'{text}" for text in RISKY] + HARMLESS
    assert made.isna().tolist()[-1]
    assert frame["x"].tolist()[0] == "=1+1"


def test_other_cells_and_names():
    frame = pd.DataFrame(
        {
            "-n": [-1, 2],
            "x": [-0.5, np.nan],
            "mixed": pd.Series([-1, "-1"], dtype=object),
            "day": pd.to_datetime(["2024-01-01", None]),
            "yes": [True, False],
        }
    )
    made = defuse(frame)
    assert made.columns.tolist() == ["'-n", "x", "mixed", "day", "yes"]
    assert made["mixed"].tolist() == [-1, "'-1"]
    unchanged = ["x", "day", "yes"]
    pd.testing.assert_frame_equal(made[unchanged], frame[unchanged])
    assert frame.columns.tolist()[0] == "-n"


def test_two_columns_of_one_name():
    frame = pd.DataFrame([["=1", "+2"]], columns=["a", "a"])
    assert defuse(frame).to_numpy().tolist() == [["'=1", "'+2"]]


@given(st.lists(st.text("=+-@ \t\n\u00a0'a1", max_size=6), min_size=1, max_size=5))
def test_nothing_that_comes_out_would_run_and_once_is_enough(texts):
    made = defuse(pd.DataFrame({"x": texts}))
    assert not any(
        text.lstrip(" \t\r\n\u00a0\ufeff")[:1] in tuple("=+-@") for text in made["x"] if text
    )
    pd.testing.assert_frame_equal(defuse(made), made)


def test_csv_is_utf_8_with_commas_and_points(tmp_path):
    frame = pd.DataFrame({"name": ["Zoë", "=1", None], "x": [0.5, np.nan, 2]})
    path = write_csv(frame, tmp_path / "été 1.csv")
    assert path.read_bytes() == "name,x\nZoë,0.5\n'=1,\n,2.0\n".encode()
    assert [p.name for p in tmp_path.iterdir()] == ["été 1.csv"]
    write_csv(frame, str(path), for_people=False)
    assert cp.read(path)["name"].tolist()[:2] == ["Zoë", "=1"]


def test_folders_that_are_not_there(tmp_path):
    with pytest.raises(OutputError, match=r"There is no folder .*nowhere.*Make it"):
        write_csv(pd.DataFrame({"a": [1]}), tmp_path / "nowhere" / "a.csv")
    with pytest.raises(OutputError, match="is a folder; name a file in it"):
        write_csv(pd.DataFrame({"a": [1]}), tmp_path)


def as_rows_end_anywhere(path):
    """The cells, with a row ended by any line break outside quotes, as spreadsheets do."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("for_people", [True, False])
@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
def test_no_line_break_in_a_cell_starts_a_row(tmp_path, for_people, end):
    frame = pd.DataFrame({f"a{end}=b": [f"x{end}=cmd", None, "y"], "n": [1, 2, 3]})
    path = write_csv(frame, tmp_path / "a.csv", for_people=for_people)
    rows = as_rows_end_anywhere(path)
    assert rows == [[f"a{end}=b", "n"], [f"x{end}=cmd", "1"], ["", "2"], ["y", "3"]]
    outside = re.sub('"[^"]*"', "", path.read_bytes().decode())
    assert "\r" not in outside
    assert "=cmd" not in outside


@pytest.mark.parametrize("way", [write_csv, write_table])
def test_a_name_that_no_disk_takes(tmp_path, way):
    frame = pd.DataFrame({"a": [1]})
    for name in ("x" * 300 + ".csv", "x\x00.csv"):
        with pytest.raises(OutputError, match="can't be written"):
            way(frame, tmp_path / name)
        with pytest.raises(OutputError, match=r"can't be written|There is no folder"):
            way(frame, tmp_path / f"{name[:-4]}{'y' * 300}" / "a.csv")
        with pytest.raises(OutputError, match="can't be written"):
            require_writable(tmp_path / name)
    assert list(tmp_path.iterdir()) == []
    longest = tmp_path / ("x" * 251 + ".csv")
    assert way(frame, longest) == longest
    assert list(tmp_path.iterdir()) == [longest]


@pytest.mark.parametrize("step", ["write_text", "replace"])
def test_a_failure_leaves_what_was_there(tmp_path, monkeypatch, step):
    path = tmp_path / "a.csv"
    path.write_text("before")

    def fail(*_args, **_options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, step, fail)
        with pytest.raises(OutputError, match=r"No space left on device.*unchanged"):
            write_csv(pd.DataFrame({"a": [1]}), path)
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_text_that_no_file_holds(tmp_path):
    frame = pd.DataFrame({"a": pd.Series(["\ud800"], dtype=object)})
    with pytest.raises(OutputError, match="can't be written"):
        write_csv(frame, tmp_path / "a.csv")
    assert not list(tmp_path.iterdir())
