"""Disagreements, the sheet of a meeting, and what is read back from it."""

import datetime

import numpy as np
import openpyxl
import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import (
    CodeError,
    ColumnError,
    DataError,
    DuplicateError,
    OptionError,
    OutputError,
)

from .rated import FID, ITEMS, definition, long, ratings, score


def apart(data, **changes):
    return cp.fidelity.disagreements(score(data), **changes)


def test_every_gap_is_there_and_the_widest_comes_first():
    data = ratings(1)
    table = apart(data).table
    rows = long(data).dropna(subset=["rating"])
    rows = rows[rows["rating"] != 9]
    by = rows.groupby(["id", "wave", "item"])["rating"]
    gap = (by.max() - by.min()).loc[lambda x: x >= 1]
    found = table.assign(item="fid_" + table["item"]).set_index(["id", "wave", "item"])
    pd.testing.assert_series_equal(
        found["gap"].sort_index(), gap.sort_index(), check_names=False, check_index_type=False
    )
    pd.testing.assert_series_equal(
        found["n"].sort_index(), by.size().loc[found.index].sort_index(), check_names=False
    )
    assert table["gap"].is_monotonic_decreasing
    assert (apart(data, least=3).table["gap"] >= 3).all()
    assert len(apart(data, least=3).table) == (gap >= 3).sum()


def test_who_said_what_is_spelt():
    data = ratings(gaps=0).head(4).assign(fid_1=[1, 2, 5, 4], fid_2=3, fid_3=3, fid_4=[2, 9, 2, 2])
    made = apart(data)
    [row] = made.table.to_dict("records")
    # The sheet goes round a meeting, so it names nobody unless asked.
    assert row["said"] == "observer 5, observer 4, participant 1, worker 2"
    named = apart(data, names=True).table["said"].tolist()
    assert named == ["observer (O1) 5, observer (O2) 4, participant (self) 1, worker (W) 2"]
    with pytest.raises(cp.CpevalError, match="names"):
        apart(data, names="no")
    assert (row["gap"], row["low"], row["high"], row["n"]) == (4.0, 1.0, 5.0, 4)
    assert made.by_item["estimate"].tolist() == [4.0, 0.0, 0.0, 0.0]
    assert made.by_item["n_apart"].tolist() == [1, 0, 0, 0]
    plain = cp.fidelity.disagreements(score(data.iloc[[0, 1]], assessor=None)).table
    assert plain["said"].tolist() == ["participant 1, worker 2"]


def test_a_gap_is_in_levels_not_in_points():
    wide = definition(
        responses={"level": {"codes": {"1": "a", "3": "b", "9": "c"}}},
        scales=[{"label": "Total", "items": "all", "combine": "mean"}],
    )
    data = ratings(gaps=0).head(2).assign(fid_1=[1, 9], fid_2=[3, 9], fid_3=1, fid_4=1)
    assert cp.fidelity.disagreements(score(data, wide)).table["gap"].tolist() == [2.0, 1.0]


def test_a_unit_that_one_informant_rated_is_counted():
    data = ratings(gaps=0)
    made = apart(data[(data["id"] != "p000") | (data["informant"] == "worker")])
    assert any(text.startswith("2 of 48 units") for text in made.warnings)
    assert "p000" not in set(made.table["id"])


def test_consensus_ratings_are_passed_over():
    data = ratings(gaps=0)
    rows = data[data["informant"] == "worker"].assign(informant="consensus")
    assert apart(pd.concat([data, rows])).table.equals(apart(data).table)


@pytest.mark.parametrize("least", [0, -1, "2", None, np.nan, True])
def test_refuses_a_gap_that_is_none(least):
    with pytest.raises(OptionError, match="'least' must be a number of levels above 0"):
        apart(ratings(), least=least)


# ---- the sheet and back


def fill(path, **columns):
    """Fill in every row of a sheet as people do."""
    book = openpyxl.load_workbook(path)
    sheet = book.active
    at = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        for name, value in columns.items():
            sheet.cell(row, at[name]).value = value(row) if callable(value) else value
    book.save(path)


def test_a_meetings_sheet_comes_back_with_who_and_when(tmp_path):
    data = ratings(2)
    made = apart(data, least=2)
    path = made.to_sheet(tmp_path / "meeting.xlsx")
    fill(path, rating=3, by="Ann & Ben", on=datetime.date(2026, 1, 31), remark="ok")
    back = cp.fidelity.read_consensus(path, FID)
    assert back.n_open == 0
    assert back.table[["site", "team", "id", "wave", "item"]].equals(
        made.table[["site", "team", "id", "wave", "item"]]
    )
    assert back.table[["rating", "by", "on", "remark"]].drop_duplicates().values.tolist() == [
        [3.0, "Ann & Ben", "2026-01-31", "ok"]
    ]
    agreed = cp.fidelity.triangulate(score(data), rule="consensus", consensus=back)
    key = ["id", "wave", "item"]
    values = agreed.items.set_index(key)["estimate"]
    assert set(values.loc[back.table.set_index(key).index]) == {3.0}
    assert agreed.consensus["by"].eq("Ann & Ben").all()


def test_csv_works_too_and_open_rows_are_counted(tmp_path):
    made = apart(ratings(2), least=2)
    path = made.to_sheet(tmp_path / "meeting.csv")
    table = pd.read_csv(path, dtype=str)
    table.loc[1:, ["rating", "by", "on"]] = ["4", "Ann", "2026-01-31"]
    table.to_csv(path, index=False)
    back = cp.fidelity.read_consensus(path, FID)
    assert (back.n_open, len(back.table)) == (1, len(table) - 1)
    assert back.warnings == ("1 row has no consensus yet.",)
    assert back.table["item"].tolist() == made.table["item"].tolist()[1:]


def test_excel_takes_codes_alone(tmp_path):
    path = apart(ratings(2)).to_sheet(tmp_path / "meeting.xlsx")
    rules = openpyxl.load_workbook(path).active.data_validations.dataValidation
    lists = {rule.formula1 for rule in rules if rule.type == "list"}
    assert lists == {'"1,2,3,4,5"'}
    assert any(rule.type == "date" for rule in rules)


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_names_that_look_like_formulas_come_back(tmp_path, suffix):
    data = ratings(2).replace({"id": {"p000": "=1+1", "p001": "@x", "p002": "Ünit 'é'"}})
    data = data.replace({"site": {"S0": "-5"}})
    made = apart(data)
    path = made.to_sheet(tmp_path / f"meeting.{suffix}")
    if suffix == "xlsx":
        cells = [c for row in openpyxl.load_workbook(path).active for c in row]
        assert not any(c.data_type == "f" for c in cells)
        fill(path, rating=2, by="=cmd", on="2026-01-31")
        book = openpyxl.load_workbook(path)
        for row in book.active.iter_rows(min_row=2):
            for cell in row:
                if cell.data_type == "f":
                    cell.value, cell.data_type = "'=cmd", "s"
        book.save(path)
    else:
        table = pd.read_csv(path, dtype=str).assign(rating="2", by="'=cmd", on="2026-01-31")
        table.to_csv(path, index=False)
    back = cp.fidelity.read_consensus(path, FID)
    agreed = cp.fidelity.triangulate(score(data), rule="consensus", consensus=back)
    apart_items = agreed.items[agreed.items["low"] < agreed.items["high"]]
    assert set(apart_items["estimate"]) == {2.0}


def test_ids_and_waves_that_are_numbers_come_back(tmp_path):
    data = ratings(2)
    data["id"] = data["id"].str[1:].astype(int)
    data["wave"] = data["wave"].map({"t0": 0.0, "t1": 6.0})
    path = apart(data).to_sheet(tmp_path / "meeting.xlsx")
    fill(path, rating=2, by="Ann", on=datetime.date(2026, 1, 31))
    back = cp.fidelity.read_consensus(path, FID)
    agreed = cp.fidelity.triangulate(score(data), rule="consensus", consensus=back)
    assert set(agreed.items.query("low < high")["estimate"]) == {2.0}


def test_all_mistakes_of_a_sheet_are_said_at_once(tmp_path):
    path = apart(ratings(2)).to_sheet(tmp_path / "meeting.xlsx")
    fill(
        path,
        rating=lambda row: {2: 2.5, 3: 9}.get(row, 3),
        by=lambda row: None if row == 4 else "Ann",
        on=lambda row: {5: "yesterday", 6: None}.get(row, datetime.date(2026, 1, 31)),
        item=lambda row: "77" if row == 7 else "1" if row in (9, 10) else str(row % 4 + 1),
        id=lambda row: "twice" if row in (9, 10) else f"p{row}",
        site="S0",
        team="T0",
        wave="t0",
    )
    with pytest.raises(DataError) as error:
        cp.fidelity.read_consensus(path, FID)
    for part in (
        "77 in row 6",
        "2.5 in row 1",
        "9 in row 2",
        "'by', who settled it: row 3",
        "no date in 'on' (write 2026-01-31): row 4",
        "'on', when: row 5",
        "several values: rows 8, 9",
    ):
        assert part in str(error.value), part


def test_files_that_are_no_such_sheet_are_said(tmp_path):
    made = apart(ratings(2))
    with pytest.raises(OptionError, match=r"end in \.xlsx or \.csv"):
        made.to_sheet(tmp_path / "meeting.ods")
    with pytest.raises(OutputError, match="no folder"):
        made.to_sheet(tmp_path / "nowhere" / "meeting.csv")
    with pytest.raises(OptionError, match="nothing to settle"):
        apart(ratings(2).assign(**dict.fromkeys(ITEMS, 3))).to_sheet(tmp_path / "meeting.csv")
    path = tmp_path / "other.csv"
    path.write_text("id,item,rating\np1,1,3\n")
    with pytest.raises(ColumnError, match="'by'"):
        cp.fidelity.read_consensus(path, FID)
    path.write_text("item,rating,by,on\n1,3,Ann,2026-01-31\n")
    with pytest.raises(ColumnError, match="no column says which unit"):
        cp.fidelity.read_consensus(path, FID)
    path.write_text("id,item,rating,by,on\np1,1,7,Ann,2026-01-31\n")
    with pytest.raises(CodeError, match="item 1 takes 1, 2, 3, 4, 5"):
        cp.fidelity.read_consensus(path, FID)
    path.write_text("id,item,rating,by,on\n" + "p1,1,3,Ann,2026-01-31\n" * 2)
    with pytest.raises(DuplicateError, match="rows 1, 2"):
        cp.fidelity.read_consensus(path, FID)


def test_plots_hold_what_the_results_hold():
    made = apart(ratings(2))
    ax = made.plot()
    widths = sorted(bar.get_width() for bar in ax.patches)
    np.testing.assert_allclose(widths, sorted(made.by_item["estimate"]))
