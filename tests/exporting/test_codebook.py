"""The codebook says of each answer what scoring makes of it."""

import pandas as pd
import pytest

import cpeval as cp
from cpeval import exporting
from cpeval.errors import OptionError, OutputError


def test_points_are_what_scoring_gives(one):
    book = one.codebook().table
    answers = book[book.points.notna() & (book.rule == "")]
    for item in one.items:
        rows = answers[answers["item"] == item.code]
        responses = one.answers(item)
        worth = one.points(item)
        for row in rows.itertuples():
            assert row.points == worth[responses.meaning[row.code]]
            assert row.meaning == responses.labels[row.code]


def test_columns_and_what_it_says(own):
    made = own.codebook()
    assert list(made.table) == [
        *("instrument", "column", "item", "label", "code", "meaning", "points", "reversed"),
        *("scales", "rule"),
    ]
    row = made.table[(made.table["item"] == "2") & (made.table.code == 1)].iloc[0]
    assert (row.points, bool(row.reversed), row.meaning) == (5, True, "no")
    assert "own_table" in row.scales
    hundred = made.table[made.table["item"] == "4"]
    assert hundred.code.tolist() == [0, 100]
    gone = made.table[made.table.code == 8]
    assert set(gone.meaning) == {"no answer (missing)"}
    assert gone.points.isna().all()
    assert "item 3 is missing" in made.table[made.table["item"] == "7"].rule.iloc[0]
    assert "wording" in made.note


def test_it_shows_every_row_and_escapes(own):
    given = own.model_dump(exclude_defaults=True)
    given["items"][0]["label"] = "<script>alert(1)</script>"
    html = cp.Instrument.from_mapping(given).codebook()._repr_html_()
    assert "<script>" not in html
    book = cp.instrument("sf_36").codebook()
    assert book._repr_html_().count("<tr") == len(book.table) + 1 > 140


def test_written(files, tmp_path):
    book = exporting.codebook(["swemwbs", "rg_uk"])
    assert any("rg_uk is provisional" in text for text in book.warnings)
    for name in ("b.csv", "b.xlsx"):
        path = book.write(tmp_path / name)
        assert not [cell for cell in files.text_cells(path) if files.formula.match(cell)]
        read = pd.read_csv(path) if name.endswith("csv") else pd.read_excel(path)
        assert len(read) == 35 + 54
        if path.suffix == ".csv":
            said = read.drop_duplicates("instrument").set_index("instrument")
            assert set(read.columns) == {*book.table, *said.columns, "instrument"}
        else:
            assert list(read) == list(book.table)
            assert read["reversed"].dtype == bool
            said = pd.read_excel(path, sheet_name="about").set_index("instrument")
        for name in ("swemwbs", "rg_uk"):
            one, row = cp.instrument(name), said.loc[name]
            assert (row.title, row.citation, row.status) == (one.title, one.citation, one.status)
            assert one.licence.terms in row.licence
            assert "not the questionnaire's wording" in row.notice
        assert "rg_uk is provisional" in said.loc["rg_uk"].remark
    with pytest.raises(OptionError, match=r"\.csv or \.xlsx"):
        book.write(tmp_path / "b.txt")
    with pytest.raises(OutputError, match="can't be written"):
        book.write(tmp_path / f"{'x' * 300}.xlsx")
    twice = exporting.codebook(["ces_d", "ces_d"]).write(tmp_path / "b.csv")
    assert len(pd.read_csv(twice)) == 2 * 80
    with pytest.raises(OptionError, match="no instrument"):
        exporting.codebook([])


def test_goals_and_codings_before_anything_is_said(goals, clash):
    assert goals.codebook().table.column.unique().tolist() == ["goal_{n}"]
    assert clash.codebook().table.code.tolist() == [1, 2, 3] * 2
    assert "codings" in clash.codebook().warnings[0]
    assert clash.with_coding("0-2").codebook().table.code.tolist() == [0, 1, 2] * 2
