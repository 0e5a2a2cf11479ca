"""What was typed into a rating sheet comes back as one table, or every mistake with its cell."""

import datetime as dt
import warnings
from functools import partial

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import cpeval as cp
from cpeval.errors import CpevalWarning, DefinitionError, ReadError
from cpeval.fidelity import read_rating_sheet
from cpeval.reading.origin import origin_of

UNITS = pd.DataFrame({"site": ["=A1", "Ä b"], "team": ["007", "NA"], "nr": [1, 2]})


@pytest.fixture
def sheet(scale, tmp_path):
    """Write the sheet, let a function fill the workbook, and return its path."""

    def filled(fill, name="r.xlsx", one=scale, **how):
        how = {"units": UNITS, "occasions": ["t0", "t1"], **how}
        path = one.to_rating_sheet(tmp_path / name, **how).path
        with warnings.catch_warnings(action="ignore"):
            book = openpyxl.load_workbook(path)
        fill(book)
        book.save(path)
        return path

    return filled


def rate(book, informant, row, *ratings, assessor="X", remark=None):
    """Type ratings into a row of a sheet with site, team, nr, wave and assessor before them."""
    tab = book[informant]
    names = [cell.value for cell in tab[1]]
    tab.cell(row, 5).value = assessor
    for place, rating in enumerate(ratings, start=6):
        tab.cell(row, place).value = rating
    if remark is not None:
        cell = tab.cell(row, names.index("remark") + 1, remark)
        cell.data_type = "s"  # as text, not as a formula


@pytest.fixture
def read(scale):
    return partial(read_rating_sheet, instrument=scale)


def test_there_and_back(scale, sheet, read):
    def fill(book):
        rate(book, "participant", 3, 4, 2, 0.5, remark="=warm")
        rate(book, "worker", 3, 4, None, 5, 1)
        rate(book, "observer", 6, "3", 8, 1, 2.0, 0, remark="'=seen")

    table = read(sheet(fill))
    before = ["site", "team", "nr", "wave", "informant", "assessor"]
    assert list(table) == [*before, *(f"visits_{n}" for n in range(1, 6)), "remark"]
    assert table[before].to_numpy().tolist() == [
        ["=A1", "007", 1, "t0", "participant", "X"],
        ["=A1", "007", 1, "t0", "worker", "X"],
        ["Ä b", "NA", 2, "t1", "observer", "X"],
    ]
    expected = [[4, np.nan, np.nan, 2, 0.5], [4, np.nan, np.nan, 5, 1], [3, 8, 1, 2, 0]]
    np.testing.assert_array_equal(table[[f"visits_{n}" for n in range(1, 6)]], expected)
    assert table.visits_1.dtype == np.int64
    assert table.remark.tolist()[::2] == ["=warm", "=seen"]
    read_of = table.attrs["read"]
    assert read_of["unrated"] == {"participant": 3, "worker": 3, "observer": 3}
    assert (read_of["absent_sheets"], read_of["other_sheets"]) == ([], [])
    scored = cp.score(table, scale)
    assert scored.visits.tolist()[2] == (3 + 1 + 4) / 3


def test_rows_are_known_by_sheet(sheet, read):
    def fill(book):
        rate(book, "participant", 5, 4)
        rate(book, "observer", 6, 3)

    table = read(sheet(fill))
    files, rows, _ = origin_of(table).cells("visits_1", np.array([0, 1]))
    assert list(files) == ["r.xlsx, sheet 'participant'", "r.xlsx, sheet 'observer'"]
    first = origin_of(table).first_rows
    assert [first[f] + row - 1 for f, row in zip(files, rows, strict=True)] == [5, 6]


def test_every_mistake_at_once_with_its_cell(sheet, read):
    def fill(book):
        rate(book, "participant", 3, 6, "five", 0.25)
        rate(book, "worker", 4, True, 3.5)
        rate(book, "observer", 7, dt.datetime(2026, 5, 1), 4)
        book["worker"]["D4"] = "t9"

    path = sheet(fill)
    with pytest.raises(ReadError) as raised:
        read(path)
    head, *lines, tail = str(raised.value).splitlines()
    assert head == "Ratings of visits can't be taken as they are:"
    place = "- r.xlsx, sheet {!r}, row {}, column {} ({!r}): "
    assert sorted(lines) == sorted(
        [
            place.format("participant", 3, "F", "visits_1") + "6 is not among 1, 2, 3, 4, 5, 8",
            place.format("participant", 3, "G", "visits_4")
            + "'five' is not among 1, 2, 3, 4, 5, 8",
            place.format("participant", 3, "H", "visits_5") + "0.25 is not among 0, 0.5, 1",
            place.format("worker", 4, "F", "visits_1") + "true is not among 1, 2, 3, 4, 5, 8",
            place.format("worker", 4, "G", "visits_2") + "3.5 is not among 1, 2, 3, 4, 5, 8",
            place.format("worker", 4, "D", "wave") + "'t9' is not among 't0', 't1'",
            place.format("observer", 7, "F", "visits_1")
            + "2026-05-01 00:00:00 is not among 1, 2, 3, 4, 5, 8",
            *(
                place.format("observer", 7, c, n) + "is empty, and there are ratings in the row"
                for c, n in zip("ABCD", ["site", "team", "nr", "wave"], strict=True)
            ),
        ]
    )
    assert tail == "Correct the workbook and read it again."


def test_columns_that_were_changed(sheet, read):
    def fill(book):
        rate(book, "worker", 3, 4)
        book["worker"]["F1"] = "visits 1"
        book["worker"]["K1"], book["worker"]["K3"] = "notes", "late"
        book["worker"]["L3"] = 3
        book["observer"]["G1"] = "visits_1"

    with pytest.raises(ReadError) as raised:
        read(sheet(fill))
    said = str(raised.value)
    assert "sheet 'worker': there are no columns 'visits_1' (did you mean 'visits 1'?)" in said
    assert "F ('visits 1'), K ('notes'), L (without a name). Delete them" in said
    assert "sheet 'observer': there are no columns 'visits_2'" in said
    assert "sheet 'observer': more than one column is named 'visits_1'" in said


def test_rating_what_one_can_not_rate(sheet, read):
    def fill(book):
        rate(book, "participant", 3, 4)
        tab = book["participant"]
        tab["J1"], tab["J3"] = "visits_2", 4

    with pytest.raises(ReadError, match=r"not asked of this informant: J \('visits_2'\)"):
        read(sheet(fill))


def test_the_guide_row_may_be_moved_or_deleted(sheet, read):
    def sort(book):
        tab = book["worker"]
        tab.move_range("A2:J2", rows=8)
        rate(book, "worker", 3, 4)

    assert read(sheet(sort)).visits_1.tolist() == [4]

    def delete(book):
        rate(book, "worker", 3, 4)
        book["worker"].delete_rows(2)

    assert read(sheet(delete)).visits_1.tolist() == [4]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ({"version": "3"}, "is of version '2', and the definition given is version '3'"),
        ({"name": "other"}, "is of 'visits', not of 'other'"),
        ({"items": 4}, "was written when visits had other items or codes"),
    ],
)
def test_another_definition(sheet, changed, spoil, said):
    path = sheet(lambda book: rate(book, "worker", 3, 4))
    if "items" in spoil:
        spoil = {"items": changed().model_dump(exclude_defaults=True)["items"]}
        spoil["items"][4]["code"] = "6"
    with pytest.raises(ReadError, match=said):
        read_rating_sheet(path, instrument=changed(**spoil))


def test_anchors_that_were_changed_warn(sheet, changed):
    items = changed().model_dump(exclude_defaults=True)["items"]
    items[0]["anchors"] = {1: "something else"}
    path = sheet(lambda book: rate(book, "worker", 3, 4))
    with pytest.warns(CpevalWarning, match="anchors of visits were changed"):
        read_rating_sheet(path, instrument=changed(items=items))


def test_a_definition_of_ones_own_is_asked_for(sheet, tmp_path):
    path = sheet(lambda book: rate(book, "worker", 3, 4))
    with pytest.raises(DefinitionError, match=r'instrument="visits\.toml"'):
        read_rating_sheet(path)


def test_sheets_that_are_gone_or_new(sheet, read):
    def fill(book):
        del book["participant"]
        book.create_sheet("my notes")["A1"] = "x"
        rate(book, "worker", 3, 4)

    with pytest.warns(CpevalWarning, match=r"No sheet of these informants: r.xlsx: 'participant'"):
        table = read(sheet(fill))
    assert table.attrs["read"]["absent_sheets"] == ["participant"]
    assert table.attrs["read"]["other_sheets"] == ["my notes"]

    def none(book):
        for name in ("participant", "worker", "observer"):
            del book[name]

    with pytest.raises(ReadError, match="every informant's sheet is gone"):
        read(sheet(none))


def test_several_workbooks(sheet, read):
    one = sheet(lambda book: rate(book, "worker", 3, 4), name="a.xlsx")
    two = sheet(lambda book: rate(book, "worker", 4, 5), name="b.xlsx")
    table = read([one, two])
    assert table.visits_1.tolist() == [4, 5]
    assert list(table.attrs["stacked"]["read"]) == ["a.xlsx", "b.xlsx"]
    other = sheet(lambda book: None, name="c.xlsx", units=["team"])
    with pytest.raises(ReadError, match=r"c.xlsx has the columns 'team', 'wave', 'assessor'"):
        read([one, other])


def test_nothing_rated_gives_an_empty_table(sheet, read):
    table = read(sheet(lambda book: None))
    assert len(table) == 0
    assert "visits_1" in table
    assert table.attrs["read"]["unrated"] == {"participant": 4, "worker": 4, "observer": 4}


def test_a_file_that_is_none(scale, tmp_path):
    with pytest.raises(ReadError, match="There is no file"):
        read_rating_sheet(tmp_path / "x.xlsx")
    with pytest.raises(ReadError, match="name one"):
        read_rating_sheet([])
    entry = scale.to_excel(tmp_path / "e.xlsx").path
    with pytest.raises(ReadError, match="no rating sheet: it has no sheet 'definition'"):
        read_rating_sheet(entry)
    (tmp_path / "r.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ReadError, match="is an Excel workbook"):
        read_rating_sheet(tmp_path / "r.csv")
    (tmp_path / "b.xlsx").write_bytes(entry.read_bytes()[:2000])
    with pytest.raises(ReadError, match="damaged"):
        read_rating_sheet(tmp_path / "b.xlsx")


def test_units_typed_by_hand(sheet, read):
    def fill(book):
        for row, unit in enumerate(["North", "NA", 3], start=3):
            book["worker"].cell(row, 1).value = unit
            book["worker"].cell(row, 2).value = dt.datetime(2026, 5, row)
            book["worker"].cell(row, 4).value = 4

    table = read(sheet(fill, units=["team"], occasions=None))
    assert table.team.tolist() == ["North", "NA", "3"]
    assert table.wave.dt.day.tolist() == [3, 4, 5]


RATINGS = st.lists(st.sampled_from([1, 2, 3, 4, 5, 8, None]), min_size=16, max_size=16)
NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=12)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(RATINGS, st.lists(NAMES.filter(str.strip), min_size=4, max_size=4, unique=True))
def test_any_ratings_of_any_units_come_back(sheet, read, ratings, names):
    def fill(book):
        for row in range(4):
            for place in range(4):
                book["observer"].cell(row + 3, place + 3).value = ratings[4 * row + place]

    units = pd.DataFrame({"unit": names})
    path = sheet(fill, units=units, occasion=None, occasions=None)
    table = read(path)
    kept = [n for n in range(4) if any(r is not None for r in ratings[4 * n : 4 * n + 4])]
    assert table.unit.tolist() == [names[n] for n in kept]
    expected = np.array(ratings, dtype=float).reshape(4, 4)[kept]
    np.testing.assert_array_equal(table[[f"visits_{n}" for n in range(1, 5)]], expected)
