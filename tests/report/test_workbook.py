"""The workbook: sheets that Excel takes, numbers as numbers, and text that stays text."""

import zipfile
from dataclasses import replace
from io import BytesIO

import pandas as pd
import pytest
from hypothesis import given, strategies as st
from openpyxl import load_workbook

from cpeval.report.release import release
from cpeval.report.workbook import LONGEST_NAME, LONGEST_TEXT, sheet_names, workbook
from cpeval.result import Result

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "http://a.b"]


def book(evaluation):
    return load_workbook(BytesIO(workbook(evaluation, release(evaluation))))


def cells(sheet) -> list[list[object]]:
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def test_one_sheet_a_result_behind_the_contents(evaluation):
    made = book(evaluation)
    assert made.sheetnames == [
        "Contents", "State of the data", "Who took part", "People at baseline",
        "Reliability of the scales", "Feeling safe means", "Low mood means", "Low mood change",
        "Low mood change 12", "Low mood compare", "Low mood compare 12",
    ]  # fmt: skip
    front = made["Contents"]
    assert front["A1"].value == "Linking people to care"
    links = {cell.value: cell.hyperlink.location for cell in front["A"] if cell.hyperlink}
    assert links == {name: f"'{name}'!A1" for name in made.sheetnames[1:]}
    assert "shown as <5" in str(cells(front)[-1][1])


def test_a_sheet(evaluation):
    sheet = book(evaluation)["Who took part"]
    rows = cells(sheet)
    assert rows[0][0] == "Who took part"
    assert rows[2] == ["Arm", "Wave", "People", "Not seen", "Joined after baseline", "Per cent"]
    assert rows[3] == ["usual care", "Start", 40, 0, 0, 100]
    assert rows[6] == ["clinic", "6 months", "26 or more", "<5", "withheld", "withheld"]
    assert rows[10][0] == "People with a row."
    assert sheet.freeze_panes == "A4"
    assert sheet["C4"].number_format == "#,##0"
    assert sheet["F4"].number_format == "0.0"
    assert sheet["C7"].alignment.horizontal == "right"
    assert sheet.column_dimensions["B"].width > 9


def test_labels_of_outcomes_and_scales(evaluation):
    made = book(evaluation)
    assert cells(made["Reliability of the scales"])[3][0] == "Low mood"
    assert cells(made["Low mood compare"])[3][:5] == [
        "primary", "arm", "6 months", "clinic", "usual care"
    ]  # fmt: skip
    assert cells(made["People at baseline"])[3][:4] == ["Age", None, "usual care", 40]


def test_warnings_stand_below_the_table(evaluation):
    warned = replace(evaluation.results["mood/change"], warnings=("Scores hardly vary.",))
    evaluation = replace(evaluation, results=evaluation.results | {"mood/change": warned})
    told = [row[0] for row in cells(book(evaluation)["Low mood change"]) if row[0]]
    assert told[-1] == "Warning: Scores hardly vary."


def test_categories_have_their_labels(evaluation):
    labels = evaluation.value_labels | {"home": {"rents": "Rents a flat"}}
    made = book(replace(evaluation, value_labels=labels))
    levels = [row[1] for row in cells(made["People at baseline"])[3:12]]
    assert [level for level in levels if level][:2] == ["Rents a flat", "Rents a flat"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_becomes_a_formula(evaluation, text):
    result = Result(
        table=pd.DataFrame({text: [text, 1.5], "term": [text, "age"]}), note=text, warnings=(text,)
    )
    hostile = replace(
        evaluation, title=text, results={text: result, f"{text} again": result},
        labels={text: text}, value_labels={"arm": {"0": text, "1": text}},
        outcomes=tuple(replace(o, label=text) for o in evaluation.outcomes),
    )  # fmt: skip
    raw = workbook(hostile, release(hostile))
    for sheet in load_workbook(BytesIO(raw)):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in ("s", "n")
                # Excel keeps it text when someone edits the cell.
                assert cell.data_type == "n" or cell.quotePrefix
    with zipfile.ZipFile(BytesIO(raw)) as parts:
        xml = [parts.read(n) for n in parts.namelist() if n.startswith("xl/worksheets/sheet")]
    assert not any(b"<f>" in one or b"<f " in one for one in xml)


@given(st.lists(st.text(max_size=60), max_size=12))
def test_sheet_names_are_what_excel_takes(titles):
    names = sheet_names(titles)
    assert len(names) == len(titles)
    assert len({name.casefold() for name in names} | {"contents", "history"}) == len(names) + 2
    for name in names:
        assert 0 < len(name.encode("utf-16-le")) // 2 <= LONGEST_NAME
        assert not set("[]:*?/\\") & set(name)
        assert name[0] != "'"
        assert name[-1] != "'"


def test_sheet_names_of_long_and_equal_titles():
    assert sheet_names(["A" * 40, "a" * 40, "Contents"]) == [
        "A" * 31, "a" * 27 + " (2)", "Contents (2)"
    ]  # fmt: skip


def test_long_labels_leave_room_for_what_tells_sheets_apart(evaluation):
    outcomes = tuple(
        replace(o, label="A very long label that fills the whole tab") for o in evaluation.outcomes
    )
    names = book(replace(evaluation, outcomes=outcomes)).sheetnames
    assert "A very long label compare 12" in names
    assert "A very long label that means" in names


def test_text_longer_than_a_cell_is_cut(evaluation):
    result = Result(table=pd.DataFrame({"term": ["x" * 40_000]}), note="")
    sheet = book(replace(evaluation, results={"long": result}))["long"]
    assert len(sheet["A4"].value) == LONGEST_TEXT


def test_missing_and_infinite_numbers_are_empty_cells(evaluation):
    table = pd.DataFrame({"estimate": [1.5, float("nan"), float("inf")]})
    result = Result(table=table, note="")
    sheet = book(replace(evaluation, results={"gaps": result}))["gaps"]
    assert [sheet.cell(row, 1).value for row in (4, 5, 6)] == [1.5, None, "inf"]


def test_simulated_data_are_called_so_on_every_sheet(evaluation):
    made = book(replace(evaluation, simulated=True))
    assert made["Contents"]["A2"].value.startswith("Simulated data. No person stands behind")
    assert all("(simulated data)" in sheet["A1"].value for sheet in made)
    assert made.properties.title == "Linking people to care (simulated data)"


def test_same_evaluation_same_bytes(evaluation):
    released = release(evaluation)
    assert workbook(evaluation, released) == workbook(evaluation, released)
