"""The form: written, filled in as Excel would, and read back."""

import zipfile

import openpyxl
import pandas as pd
import pytest

import cpeval as cp
from cpeval.errors import NetworkError, OptionError, OutputError, ReadError

sheet, read = cp.social_capital.name_generator_sheet, cp.social_capital.read_name_generator_sheet


def filled(path, ego="P1", wave=None, cells=(), **how):
    """Write a form and put values into its cells: ("alters", "B2", "Ann")."""
    sheet(path, **how)
    book = openpyxl.load_workbook(path)
    book["ego"]["B1"], book["ego"]["B2"] = ego, wave
    for name, cell, value in cells:
        book[name][cell] = value
        if isinstance(value, str) and value.startswith("="):
            book[name][cell].data_type = "s"
    book.save(path)
    return path


PEOPLE = (
    ("alters", "B2", "Ann"),
    ("alters", "C2", "friend"),
    ("alters", "E2", 4),
    ("alters", "B4", "=1+1"),
    ("alters", "E4", "5"),
    ("alters", "B5", " Zoë "),
)


def test_there_and_back(tmp_path):
    ties = (("ties", "D2", 1), ("ties", "E2", 0), ("ties", "E4", "1"))
    made = read(filled(tmp_path / "a.xlsx", cells=PEOPLE + ties))
    egos, alters, tied = made.to_tables()
    assert egos.to_dict("list") == {"ego": ["P1"]}
    assert alters["alter"].tolist() == [1, 3, 4]
    assert alters["name"].tolist() == ["Ann", "=1+1", "Zoë"]
    assert alters["relation"].fillna("").tolist() == ["friend", "", ""]
    assert alters["closeness"].fillna(0).tolist() == [4, 5, 0]
    assert tied[["source", "target"]].to_numpy().tolist() == [[1, 3], [3, 4]]
    assert not made.warnings


def test_a_folder_of_forms_with_waves(tmp_path):
    filled(tmp_path / "a.xlsx", wave="t0", cells=PEOPLE)
    filled(tmp_path / "b.xlsx", wave="t1", cells=PEOPLE[:1])
    filled(tmp_path / "c.xlsx", ego="P2", wave="t0")
    (tmp_path / "~$a.xlsx").write_text("open in Excel")
    made = read(tmp_path)
    assert made.metrics().table["size"].tolist() == [3, 1, 0]
    change = made.change("t0", "t1", match="name").table
    assert change[["kept", "lost"]].to_numpy().tolist() == [[1, 2]]


def test_own_questions_and_no_ties(tmp_path):
    asked = {"age band": None, "=risk"[1:]: ["low", "high"]}
    cells = (("alters", "B2", "x"), ("alters", "C2", "18-25"), ("alters", "D2", "high"))
    made = read(filled(tmp_path / "a.xlsx", cells=cells, names=2, ties=False, attributes=asked))
    assert not made.has_ties
    assert made.to_tables().alters.loc[0, ["age band", "risk"]].tolist() == ["18-25", "high"]
    one = filled(tmp_path / "b.xlsx", cells=cells[:1], names=1, attributes={})
    assert len(read(one)) == 1


def test_all_mistakes_of_all_forms_at_once(tmp_path):
    filled(
        tmp_path / "a.xlsx",
        ego=None,
        cells=(
            *PEOPLE,
            ("alters", "C3", "friend"),
            ("alters", "C4", "pal"),
            ("ties", "C2", 1),
            ("ties", "D2", 2),
            ("ties", "B4", 1),
            ("ties", "B2", 1),
        ),
    )
    filled(tmp_path / "b.xlsx", wave="t0")
    filled(tmp_path / "c.xlsx", wave="t0", names=3)
    filled(tmp_path / "d.xlsx", ego=7, wave="t0")
    with pytest.raises(NetworkError) as caught:
        read(tmp_path)
    for said in (
        "a.xlsx: sheet 'ego', B1: who was asked is missing",
        "a.xlsx: sheet 'alters', C3: 'relation' is filled and B3, the name, is not",
        "a.xlsx: sheet 'alters', C4: 'pal' is none of 'partner', 'family'",
        "a.xlsx: sheet 'ties', C2: a tie of number 2, who has no name",
        "a.xlsx: sheet 'ties', D2: 2 is not 1 or 0",
        "a.xlsx: sheet 'ties', B4: 1 is in a grey cell; the pair belongs in D2",
        "a.xlsx: sheet 'ties', B2: nobody is asked about themselves",
        "c.xlsx: it asks 3 names",
        "no wave in",
        "'ego' is a number in some forms and text in others",
        "ego 'P1' at wave 't0' has several forms",
    ):
        assert said in str(caught.value)


def test_what_is_no_form(tmp_path):
    with pytest.raises(ReadError, match="no forms"):
        read(tmp_path)
    with pytest.raises(ReadError, match="no file"):
        read(tmp_path / "a.xlsx")
    pd.DataFrame({"x": [1]}).to_excel(tmp_path / "a.xlsx")
    with pytest.raises(ReadError, match="no sheet 'ego', 'alters', 'choices'"):
        read([tmp_path / "a.xlsx"])
    (tmp_path / "b.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ReadError, match=r"\(\.xlsx\)"):
        read(tmp_path / "b.csv")
    (tmp_path / "c.xlsx").write_bytes(b"PK\x03\x04")
    with pytest.raises(ReadError) as caught:
        read([tmp_path / "a.xlsx", tmp_path / "c.xlsx"])
    assert "a.xlsx" in str(caught.value)
    assert "c.xlsx" in str(caught.value)
    with pytest.raises(OptionError, match="files or a folder"):
        read(7)


def test_a_formula_without_a_value_is_not_read_as_nothing(tmp_path):
    path = filled(tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(path)
    book["alters"]["B2"] = "=A1"
    book.save(path)
    with pytest.raises(ReadError, match="without their values in 'alters' B2"):
        read(path)


def test_a_workbook_that_is_a_trap(tmp_path):
    path = filled(tmp_path / "a.xlsx")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/x.bin", b"0" * 40_000_000)
    with pytest.raises(ReadError, match=r"isn't read"):
        read(path)


def test_what_a_form_cannot_be(tmp_path):
    for names in (0, 61, 2.5, True):
        with pytest.raises(OptionError, match="from 1 to 60"):
            sheet(tmp_path / "a.xlsx", names=names)
    with pytest.raises(OptionError) as caught:
        sheet(
            tmp_path / "a.xlsx",
            attributes={
                "=cmd": None,
                "Name": None,
                "a": "text",
                "b": ["x,y", "=z"],
                "c": ["1", 1],
                "d": ["x" * 200, "y" * 200],
            },
        )
    for said in ("'=cmd': an attribute", "'Name': the form has", "'a': answers are a list",
                 "without commas: 'x,y', '=z'", "'c': an answer is there twice", "'d': the answers"):  # fmt: skip
        assert said in str(caught.value)
    with pytest.raises(OptionError, match="maps what is asked"):
        sheet(tmp_path / "a.xlsx", attributes=["age"])
    with pytest.raises(OptionError, match=r"\.xlsx"):
        sheet(tmp_path / "a.xls")
    with pytest.raises(OutputError):
        sheet(tmp_path / "none" / "a.xlsx")


def test_the_form_has_rules_and_no_formulas_but_its_own(tmp_path):
    path = sheet(tmp_path / "a.xlsx", names=4)
    book = openpyxl.load_workbook(path)
    rules = {str(r.sqref): r.formula1 for r in book["alters"].data_validations.dataValidation}
    assert rules["E2:E5"] == '"1,2,3,4,5"'
    assert {r.type for r in book["ties"].data_validations.dataValidation} == {"list", "textLength"}
    formulas = [
        cell.value
        for tab in book
        for row in tab.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]
    assert len(formulas) == 8
    assert set(formulas) == {f'=IF(alters!B{r}="","",alters!B{r})' for r in range(2, 6)}
