"""The workbook for ratings: who rates what, what a level looks like, nothing that runs."""

import datetime as dt
import math

import openpyxl
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import cpeval as cp
from cpeval import exporting
from cpeval.errors import OptionError, OutputError
from cpeval.exporting.rating_layout import from_cell, to_cell


@pytest.fixture(scope="module")
def scale():
    return cp.instrument("connecting_people")


@pytest.fixture
def restricted(scale):
    given_ = scale.model_dump(exclude_defaults=True)
    given_["items"][16]["informants"] = ["worker", "observer"]
    return cp.Instrument.from_mapping(given_)


def rules(sheet):
    """What a sheet's cells take, by the column's name."""
    found = {}
    for rule in sheet.data_validations.dataValidation:
        [place] = rule.sqref.ranges
        assert place.min_row == 3
        found[sheet.cell(1, place.min_col).value] = rule
    return found


def head(sheet):
    return [cell.value for cell in sheet[1]]


def test_a_sheet_an_informant_with_the_items_that_each_can_rate(restricted, tmp_path):
    done = restricted.to_rating_sheet(tmp_path / "r.xlsx")
    book = openpyxl.load_workbook(done.path)
    assert book.sheetnames == [*restricted.all_informants, "levels", "about", "definition"]
    before = ["site", "team", "person", "wave", "assessor"]
    every = [f"connecting_people_{n}" for n in range(1, 19)]
    assert head(book["worker"]) == [*before, *every, "remark"]
    assert head(book["participant"]) == [*before, *every[:16], every[17], "remark"]
    assert book["worker"].freeze_panes == "F3"
    assert done.table.column.tolist() == every
    assert done.warnings == ()


def test_anchors_stand_above_and_beside_the_cells(scale, tmp_path):
    book = openpyxl.load_workbook(scale.to_rating_sheet(tmp_path / "r.xlsx").path)
    sheet = book["observer"]
    place = head(sheet).index("connecting_people_8") + 1
    item = scale.item("8")
    shown = sheet.cell(2, place).value
    assert shown.split("\n") == [
        item.label,
        *(f"{code:g}: {text}" for code, text in item.anchors.items()),
        f"Evidence: {'; '.join(item.evidence)}",
    ]
    rule = rules(sheet)["connecting_people_8"]
    assert rule.formula1 == '"1,2,3,4,5,8"'
    assert rule.prompt.startswith(f"{item.label}\n1: {item.anchors[1]}")
    assert len(rule.prompt) <= 255
    rows = list(book["levels"].iter_rows(min_row=2, values_only=True))
    assert len(rows) == 18 * 6
    [row] = [r for r in rows if r[0] == "connecting_people_8" and r[2] == 5]
    assert row[4] == item.anchors[5]
    assert sheet.cell(2, 1).value == "Ratings begin in row 3."
    assert "not the questionnaire's wording" in sheet.cell(1, 6).comment.text


def test_units_and_occasions_are_filled_in(scale, tmp_path):
    units = pl.DataFrame({"site": ["A", "B"], "n": [1, 2]})
    when = [dt.date(2026, 1, 31), dt.date(2026, 7, 31)]
    done = scale.to_rating_sheet(
        tmp_path / "r.xlsx", units=units, occasion="day", occasions=when, rows=10
    )
    sheet = openpyxl.load_workbook(done.path)["worker"]
    rows = [[c.value for c in row[:3]] for row in sheet.iter_rows(min_row=3, max_row=7)]
    first, second = (dt.datetime.combine(day, dt.time()) for day in when)
    assert rows == [
        ["A", 1, first], ["A", 1, second], ["B", 2, first], ["B", 2, second], [None] * 3,
    ]  # fmt: skip
    found = rules(sheet)
    assert found["day"].formula1 == '"2026-01-31,2026-07-31"'
    assert str(found["connecting_people_1"].sqref) == "E3:E16"


def test_without_assessor_and_occasion(scale, tmp_path):
    done = scale.to_rating_sheet(tmp_path / "r.xlsx", units=["team"], occasion=None, assessor=None)
    sheet = openpyxl.load_workbook(done.path)["worker"]
    assert head(sheet)[:2] == ["team", "connecting_people_1"]


def test_some_informants(restricted, tmp_path):
    done = restricted.to_rating_sheet(tmp_path / "r.xlsx", informants=["participant"])
    assert openpyxl.load_workbook(done.path).sheetnames[0] == "participant"
    assert done.warnings == ("No informant here can rate items '17'.",)


def test_names_that_excel_takes_for_no_sheet(tmp_path):
    names = ["peer/carer", "History", "x" * 40, "observer 漢", "😀"]
    done = cp.instrument("ips_25").to_rating_sheet(tmp_path / "r.xlsx", informants=names)
    titles = ["informant 1", "informant 2", "informant 3", "observer 漢", "informant 5"]
    book = openpyxl.load_workbook(done.path)
    assert book.sheetnames[:5] == titles
    said = [row for row in book["definition"].iter_rows(values_only=True) if row[0] == "informant"]
    assert [row[1:] for row in said] == list(zip(names, titles, strict=True))


def test_long_lists_of_codes_and_ranges(tmp_path):
    given_ = {
        "name": "own",
        "title": "Own",
        "citation": "Nobody",
        "licence": {"terms": "free"},
        "informants": ["w"],
        "responses": {
            "long": {"codes": {3 * n + 1000: f"answer {n}" for n in range(80)}},
            "span": {"codes": {0: "none", 10: "all"}, "between": True, "missing_codes": [99]},
        },
        "items": [
            {"code": "1", "label": "one", "responses": "long"},
            {"code": "2", "label": "two", "responses": "span", "anchors": {5: "half"}},
        ],
        "scales": [{"label": "Sum", "items": "all"}],
    }
    one = cp.Instrument.from_mapping(given_)
    done = one.to_rating_sheet(tmp_path / "r.xlsx", units=["team"], occasion=None, assessor=None)
    book = openpyxl.load_workbook(done.path)
    found = rules(book["w"])
    assert found["own_1"].formula1 == "levels!$C$2:$C$81"
    assert [c.value for [c] in book["levels"]["C2:C81"]] == [3 * n + 1000 for n in range(80)]
    assert found["own_2"].formula1 == "OR(AND(C3>=0,C3<=10,C3=INT(C3)),C3=99)"
    assert [r[2] for r in book["levels"].iter_rows(min_row=82, values_only=True)] == [0, 5, 10, 99]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"rows": 0}, "'rows' should be a whole number from 1"),
        ({"informants": "worker"}, "'informants' should be a list"),
        (
            {"informants": ["worker", "manager"]},
            r"has no informants 'manager'\. It has 'participant'",
        ),
        ({"informants": ["worker", "worker"]}, "names one twice: 'worker', 'worker'"),
        ({"informants": [3]}, "should be names, as text. Got 3"),
        ({"units": "team"}, "'units' should be a table, or a list of columns"),
        ({"units": []}, "'units' names no column"),
        ({"units": ["=a"]}, "Names of columns should be text on one line"),
        ({"units": ["team", "wave"]}, "Two columns would be called 'wave'"),
        ({"units": ["informant"]}, "Two columns would be called 'informant'"),
        ({"units": 3}, "'units' should be a table in memory"),
        ({"units": pd.DataFrame({"a": []})}, "'units' has no rows"),
        ({"units": pd.DataFrame({"a": ["x", None, " "]})}, "empty cells: 'a' in rows 2, 3"),
        (
            {"units": pd.DataFrame({"a": ["x", "y\x07"]})},
            "no cell can hold as it is: 'a' in rows 2",
        ),
        ({"units": pd.DataFrame({"a": ["x", "x"]})}, "the same unit twice, in rows 1, 2"),
        ({"occasions": "t0"}, "'occasions' should be a list"),
        ({"occasions": ["t0", "t0"]}, "different values"),
        ({"occasions": ["a,b"]}, "without commas"),
        ({"occasion": None, "occasions": ["t0"]}, "'occasions' needs a column"),
    ],
)
def test_options_that_would_not_do(scale, tmp_path, how, said):
    with pytest.raises(OptionError, match=said):
        scale.to_rating_sheet(tmp_path / "r.xlsx", **how)
    assert list(tmp_path.iterdir()) == []


def test_who_rates_must_be_known(tmp_path):
    with pytest.raises(OptionError, match="ips_25 doesn't say who rates it"):
        exporting.to_rating_sheet("ips_25", tmp_path / "r.xlsx")
    with pytest.raises(OutputError, match="There is no folder"):
        cp.instrument("connecting_people").to_rating_sheet(tmp_path / "no" / "r.xlsx")
    with pytest.raises(OptionError, match=r"should end in \.xlsx"):
        cp.instrument("connecting_people").to_rating_sheet(tmp_path / "r.csv")


NASTY = [
    "=cmd|' /C calc'!A0",
    "+1",
    "'=1",
    " @x",
    "\uff1d1",
    "<b>",
    "é 漢 😀",
    "''",
    "a,b",
    "x" * 999,
]
TEXT = st.one_of(st.sampled_from(NASTY), st.text(min_size=1, max_size=30))


@given(TEXT, TEXT, TEXT)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_runs(scale, files, tmp_path, label, anchor, evidence):
    given_ = scale.model_dump(exclude_defaults=True)
    given_["items"][0] |= {"label": label, "anchors": {1: anchor, 5: label}, "evidence": [evidence]}
    given_ |= {"title": anchor, "version": label}
    units = pd.DataFrame({"team": ["=1+1", "-2", "@x"]})
    done = cp.Instrument.from_mapping(given_).to_rating_sheet(
        tmp_path / "r.xlsx", units=units, rows=3
    )
    assert not [cell for cell in files.text_cells(done.path) if files.formula.match(cell)]


@given(st.text(max_size=20) | st.sampled_from(NASTY))
def test_text_made_safe_is_given_back(text):
    assert from_cell(to_cell(text)) == text


def test_large_numbers_stay_whole(scale, tmp_path):
    units = pd.DataFrame({"id": [2**60 + 1, 7]})
    done = scale.to_rating_sheet(tmp_path / "r.xlsx", units=units)
    cells = openpyxl.load_workbook(done.path)["worker"]["A"]
    assert [cell.value for cell in cells[2:4]] == [str(2**60 + 1), 7]
    assert not any(isinstance(c.value, float) and math.isnan(c.value) for c in cells)
