"""Excel workbooks: sheets, formulas, and cells of every kind."""

import datetime as dt
import shutil
import zipfile

import openpyxl
import pandas as pd
import pytest
import xlsxwriter

import cpeval as cp
from cpeval.errors import OptionError, ReadError


@pytest.fixture
def book(tmp_path):
    """Write sheets of rows, as openpyxl does, and return the path."""

    def write(name="data.xlsx", **sheets):
        made = openpyxl.Workbook()
        made.remove(made.active)
        for title, rows in sheets.items():
            tab = made.create_sheet(title)
            for row in rows:
                tab.append(row)
        path = tmp_path / name
        made.save(path)
        return path

    return write


def refused(path, *parts, error=ReadError, **options):
    with pytest.raises(error) as raised:
        cp.read(path, **options)
    text = str(raised.value)
    assert all(part in text for part in parts), text


def rewritten(path, target, old, new):
    """Copy a workbook with some bytes of its parts replaced."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as made:
        contents = {name: source.read(name) for name in source.namelist()}
        assert any(old in content for content in contents.values())
        for name, content in contents.items():
            made.writestr(name, content.replace(old, new))


def test_cells_of_every_kind(book):
    day = dt.datetime(2024, 1, 31)
    data = cp.read(
        book(
            Data=[
                [" id ", "whole", "gap", "real", "typed", "mixed", "truth", "day", "slip", 2024],
                ["007", 1, 1, 0.5, "3", 7, True, day, 1, 1],
                ["008", 2, None, 2.0, 4, "007", False, None, "n/a", 2],
                [None] * 10,
                ["009", 3, 3, 1, "5", 8.5, True, day, "#N/A", 3],
            ]
        )
    )
    assert data["id"].tolist() == ["007", "008", "009"]
    assert data["whole"].dtype == "int64"
    assert data["gap"].isna().tolist() == [False, True, False]
    assert data["real"].tolist() == [0.5, 2, 1]
    assert data["typed"].tolist() == [3, 4, 5]
    assert data["mixed"].tolist() == ["7", "007", "8.5"]
    assert data["truth"].dtype == "bool"
    assert data["day"].tolist()[0] == pd.Timestamp("2024-01-31")
    assert data["day"].isna().tolist() == [False, True, False]
    assert data["slip"].isna().tolist() == [False, True, True]
    assert data["2024"].tolist() == [1, 2, 3]
    taken = data.attrs["read"]
    assert (taken["sheet"], taken["empty_rows"], taken["format"]) == ("Data", 1, "xlsx")
    assert taken["renamed"] == {" id ": "id"}
    assert taken["words"] == {"slip": {"n/a": 1, "#N/A": 1}}


def test_codes_and_commas_in_text_cells(book):
    path = book(Data=[["id", "x", "q"], [1, "3,5", 99], [2, "4,25", "99"], [3, "2,0", 1]])
    data = cp.read(path, missing={"*": [99]})
    assert data["x"].tolist() == [3.5, 4.25, 2]
    assert data["q"].isna().tolist() == [True, True, False]
    refused(book(Data=[["id", "x"], [1, "1,234"]]), "could be decimals or thousands: 'x'")


def test_several_sheets(book):
    path = book(Wave1=[["id"], [1]], Notes=[], **{"Wave 2": [["id"], [2]]})
    refused(path, "several sheets hold data: 'Wave1', 'Wave 2'", "sheet='Wave1'")
    assert cp.read(path, sheet="Wave 2")["id"].tolist() == [2]
    refused(
        path,
        "no sheet 'wave 2' (did you mean 'Wave 2'?)",
        "Sheets: 'Wave1', 'Notes'",
        sheet="wave 2",
    )
    refused(path, "the sheet 'Notes' is empty", sheet="Notes")
    refused(path, "'sheet' should be a sheet's name", error=OptionError, sheet=1)


def test_one_sheet_that_holds_anything_needs_no_name(book):
    assert cp.read(book(Notes=[], Data=[["id"], [1]])).attrs["read"]["sheet"] == "Data"
    refused(book("empty.xlsx", A=[], B=[]), "no sheet of the workbook holds anything")


def test_names_and_rows(book):
    refused(book(A=[["a", "b", "a"], [1, 2, 3]]), "sheet 'A'", "'a' in columns 1, 3")
    refused(book(A=[["a", None], [1, 2]]), "column 2 (counted from the left)")
    refused(book(A=[["a", "b"]]), "no data below it")
    refused(book(A=[["My study"], ["id", "age"], [1, 2]]), "column 2", "delete titles above")
    data = cp.read(book(A=[[], ["a", None, "b"], [1, None, 2]]))
    assert data.columns.tolist() == ["a", "b"]
    assert data.attrs["read"]["empty_columns"] == 1


def test_formulas_count_as_their_saved_values(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as made:
        tab = made.add_worksheet("Data")
        tab.write_row(0, 0, ["id", "total"])
        tab.write_row(1, 0, [1])
        tab.write_formula(1, 1, "=SUM(1,2)", value=3)
    assert cp.read(path)["total"].tolist() == [3]


def test_formulas_that_say_nothing_are_missing(tmp_path):
    path, excel = tmp_path / "a.xlsx", tmp_path / "excel.xlsx"
    with xlsxwriter.Workbook(path) as made:
        tab = made.add_worksheet("Data")
        tab.write_column(0, 0, ["id", 1, 2])
        tab.write_string(0, 1, "x")
        tab.write_formula(1, 1, '=IF(A2=1,"",A2)', value="")
        tab.write_formula(2, 1, '=IF(A3=1,"",A3)', value=2)
    # Excel marks the cell as text, which xlsxwriter doesn't do for text of no length.
    rewritten(path, excel, b'<c r="B2">', b'<c r="B2" t="str">')
    assert cp.read(excel)["x"].isna().tolist() == [True, False]
    refused(path, "without their values in B2")


def test_formulas_without_saved_values_are_named(book):
    path = book(Data=[["id", "total", "x"], [1, "=1+1", 1], [2, "=SUM(A2:A3)", 2]])
    refused(path, "sheet 'Data'", "formulas were saved without their values in B2, B3", "save it")


def test_formulas_that_failed_are_named(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as made:
        tab = made.add_worksheet("Data")
        tab.write_row(0, 0, ["id", "mean"])
        tab.write_row(1, 0, [1])
        tab.write_formula(1, 1, "=1/0", value="#DIV/0!")
    refused(path, "formulas gave errors in B2 (#DIV/0!)", "Correct them")


def test_a_wrong_extent_hides_no_cells(book, tmp_path):
    path = book(Data=[["id", "x"], [1, 2], [3, 4]])
    wrong = tmp_path / "wrong.xlsx"
    rewritten(path, wrong, b'ref="A1:B3"', b'ref="A1"')
    pd.testing.assert_frame_equal(cp.read(wrong), cp.read(path))


def test_a_damaged_workbook(book, tmp_path):
    path = book(Data=[["id"], [1]])
    cut = tmp_path / "cut.xlsx"
    cut.write_bytes(path.read_bytes()[:-200])
    refused(cut, "cut.xlsx: the workbook is damaged or incomplete", "Copy it again")
    bare = tmp_path / "bare.xlsx"
    with zipfile.ZipFile(bare, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x")
    refused(bare, "bare.xlsx: the workbook is damaged or incomplete")


def test_drop_down_lists_do_not_warn(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as made:
        tab = made.add_worksheet("Data")
        tab.write_column(0, 0, ["id", 1])
        tab.data_validation("A2:A9", {"validate": "list", "source": [1, 2]})
        other = made.add_worksheet("Codes")
        other.hide()
        other.write_column(0, 0, ["x", 1])
    assert cp.read(path, sheet="Data")["id"].tolist() == [1]


def test_the_workbook_can_be_moved_after_reading(book, tmp_path):
    path = book(Data=[["id"], [1]])
    cp.read(path)
    shutil.move(path, tmp_path / "moved.xlsx")
    assert (tmp_path / "moved.xlsx").exists()


def test_a_title_and_a_blank_row_above_the_names(book):
    rows = [["Our survey"], [], ["id", "q1"], [1, 2]]
    refused(book(S=rows), "column 2 ", "hold values but have no name", "delete titles above")


def test_blank_rows_above_the_names_and_between_rows_do_no_harm(book):
    data = cp.read(book(S=[[], [], ["id", "q1", "q2"], [1, 2], [], [3, 4, 5]]))
    assert data["id"].tolist() == [1, 3]
    assert data["q2"].isna().tolist() == [True, False]


def test_formulas_below_blank_rows_are_named_where_they_are(book):
    refused(book(S=[[], ["id", "q1"], [], [1, "=A4+1"]]), "saved without their values in B4")
