"""`check()` of data that cpeval read: rows of the user's files, and what reading did."""

import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import DataError
from cpeval.reading.assembling import read_table

STUDY = cp.Study(person="id", wave="wave", baseline="t0", follow_up="t1")
ITEMS = [f"swemwbs_{n}" for n in range(1, 8)]


@pytest.fixture
def wide():
    """Six people, an answer an item and wave, none constant."""
    data = pd.DataFrame({"id": range(1, 7)})
    for at, item in enumerate(ITEMS):
        for shift, wave in enumerate(("t0", "t1")):
            data[f"{item}_{wave}"] = [1 + (n + at + shift) % 5 for n in range(6)]
    return data


def long(wide):
    return cp.read_wide(wide, pattern="{item}_{wave}")


def test_wide_data_are_pointed_to_in_the_file(wide, tmp_path):
    wide.loc[3, "swemwbs_3_t1"] = 99
    wide.loc[[1, 2], "swemwbs_3_t0"] = 99
    wide.to_excel(tmp_path / "d.xlsx", index=False)
    found = cp.check(long(tmp_path / "d.xlsx"), STUDY, instruments=["swemwbs"])
    assert found.table[["row", "file", "file_row", "file_column"]].to_numpy().tolist() == [
        [3, "d.xlsx", 2, "swemwbs_3_t0"],
        [5, "d.xlsx", 3, "swemwbs_3_t0"],
        [8, "d.xlsx", 4, "swemwbs_3_t1"],
    ]
    with pytest.raises(DataError) as caught:
        found.require_ok()
    text = str(caught.value)
    assert (
        "in column 'swemwbs_3' (99), row 4 of d.xlsx (Excel row 5), column 'swemwbs_3_t1'." in text
    )
    assert "2 cells, rows 2, 3 of d.xlsx (Excel rows 3, 4), column 'swemwbs_3_t0'." in text


def test_a_person_there_twice_is_one_row_of_the_file_each(wide, tmp_path):
    wide.loc[5, "id"] = 1
    wide.to_csv(tmp_path / "d.csv", index=False)
    text = str(cp.check(long(tmp_path / "d.csv"), STUDY))
    assert "2 cells, rows 1, 6 of d.csv (Excel rows 2, 7)" in text


def test_stacked_files_are_named(wide, tmp_path):
    data = long(wide)
    for wave in ("t0", "t1"):
        part = data[data.wave == wave].drop(columns="wave")
        part.assign(swemwbs_2=[1, 2, 77, 3, 4, 5]).to_csv(tmp_path / f"{wave}.csv", index=False)
    stacked, _ = read_table({"files": {"t0": "t0.csv", "t1": "t1.csv"}}, tmp_path)
    text = str(cp.check(stacked, STUDY, instruments=["swemwbs"]))
    assert "(77), row 3 of t0.csv (Excel row 4)." in text
    assert "(77), row 3 of t1.csv (Excel row 4)." in text


def test_data_from_elsewhere_have_rows_of_the_table(wide):
    wide.loc[3, "swemwbs_3_t1"] = 99
    found = cp.check(long(wide), STUDY, instruments=["swemwbs"])
    assert "file" not in found.table
    assert "(99), row 8." in str(found)


def test_rows_that_were_sorted_since_are_not_pointed_to(wide, tmp_path):
    wide.loc[3, "swemwbs_3_t1"] = 99
    wide.to_csv(tmp_path / "d.csv", index=False)
    data = long(tmp_path / "d.csv").sort_values(["wave", "id"], ignore_index=True)
    found = cp.check(data, STUDY, instruments=["swemwbs"])
    assert "file" not in found.table
    assert "(99), row 10." in str(found)


@pytest.mark.parametrize(
    ("how", "problem"), [("drop", "rows dropped by a join"), ("keep", "rows without partner kept")]
)
def test_what_a_join_did_is_a_note_without_ids(wide, tmp_path, how, problem):
    wide.to_csv(tmp_path / "d.csv", index=False)
    people = pd.DataFrame({"id": range(2, 7), "site": ["north", "south", "north", "south", "east"]})
    people.to_csv(tmp_path / "people.csv", index=False)
    spec = {
        "file": "d.csv",
        "format": "wide",
        "wide": {"pattern": "{item}_{wave}"},
        "join": [{"file": "people.csv", "on": "id", "unmatched": how}],
    }
    data, _ = read_table(spec, tmp_path)
    found = cp.check(data, STUDY, instruments=["swemwbs"])
    assert found.ok
    keys = ["problem", "severity", "column", "value"]
    assert found.table[keys].to_numpy().tolist() == [[problem, "note", "id", "2 rows"]]
    assert found.table["row"].isna().all()
    assert "1 id of the data (2 rows) had no partner there" in found.table.advice[0]


def test_codes_made_missing_are_a_note_each(wide, tmp_path):
    wide.loc[[0, 1], "swemwbs_1_t0"] = -9
    wide.loc[2, "swemwbs_2_t1"] = 77
    wide.to_csv(tmp_path / "d.csv", index=False)
    data = cp.read(tmp_path / "d.csv", missing={"*": [-9, 77, -8]})
    found = cp.check(data)
    assert found.ok
    assert found.table[["problem", "severity", "value"]].to_numpy().tolist() == [
        ["code made missing", "note", "-9: 2 cells"],
        ["code made missing", "note", "77: 1 cell"],
    ]
    assert "-9: 2 cells" in str(found)
    assert "77: 1 cell" in str(found)


def test_clean_files_have_an_empty_table(wide, tmp_path):
    wide.to_csv(tmp_path / "d.csv", index=False)
    found = cp.check(long(tmp_path / "d.csv"), STUDY, instruments=["swemwbs"])
    assert found.table.empty
    assert str(found) == "No problems found in 12 rows."


@pytest.mark.parametrize(
    ("name", "pattern"),
    [("{item}_{wave}", "{item}_{wave}"), ("{wave}.{item}", "{wave}.{item}")],
)
def test_columns_of_several_waves_are_recognised(wide, name, pattern):
    names = {f"{i}_{w}": name.format(item=i, wave=w) for i in ITEMS for w in ("t0", "t1")}
    text = str(cp.check(wide.rename(columns=names), STUDY, instruments=["swemwbs"]))
    example = name.format(item="swemwbs_1", wave="t0")
    assert "item column absent in columns 'swemwbs_1', 'swemwbs_2'" in text
    assert (
        f"Columns such as {example!r} hold several waves: say so in [data.wide] "
        f"(pattern = \"{pattern}\"). That makes 'wave'."
    ) in text
    assert "did you mean" not in text


def test_an_export_of_redcap_is_recognised():
    data = pd.DataFrame({"id": [1, 1], "redcap_event_name": ["a_arm_1", "b_arm_1"]})
    advice = cp.check(data, STUDY).table.advice.tolist()
    assert len(advice) == 1
    assert "Add a section [data.redcap] to the study file" in advice[0]
