"""The entry sheet: what it takes, and that filled in it scores as the data do."""

import warnings

import numpy as np
import openpyxl
import pandas as pd
import pytest

import cpeval as cp
from cpeval import exporting
from cpeval.errors import OptionError, OutputError


def rules(path):
    sheet = openpyxl.load_workbook(path)["entry"]
    found = {}
    for rule in sheet.data_validations.dataValidation:
        [place] = rule.sqref.ranges
        assert place.min_row == 2
        found[sheet.cell(1, place.min_col).value] = rule
    return found


def test_each_instrument_takes_its_codes_alone(one, tmp_path):
    done = one.to_excel(tmp_path / "e.xlsx")
    found = rules(done.path)
    for item in one.items:
        answers = one.answers(item)
        rule = found[f"{one.name}_{item.code}"]
        if answers.between:
            assert rule.type in ("whole", "custom")
        elif rule.formula1.startswith('"'):
            codes = [float(code) for code in rule.formula1.strip('"').split(",")]
            assert codes == [*answers.labels, *answers.missing_codes]
        else:
            assert rule.formula1.startswith("codes!$C$")
    sheet = openpyxl.load_workbook(done.path)
    assert sheet["entry"].freeze_panes == "B2"
    assert sheet.sheetnames == ["entry", "codes", "about"]


def test_people_see_whose_the_wording_is(one, tmp_path):
    done = exporting.to_excel(
        [one, "swemwbs"] if one.name != "swemwbs" else one, tmp_path / "e.xlsx"
    )
    with warnings.catch_warnings(action="ignore"):
        book = openpyxl.load_workbook(done.path)
    notes = {c.value: c.comment.text for c in book["entry"][1] if c.comment is not None}
    assert set(notes) == {f"{one.name}_{one.items[0].code}", "swemwbs_1"}
    for text in notes.values():
        assert "not the questionnaire's wording" in text
    assert one.licence.terms in notes[f"{one.name}_{one.items[0].code}"]
    for tab in (book["entry"], book["codes"]):
        printed = tab.oddHeader.left.text
        assert "not the questionnaires' wording" in printed
        assert one.name in printed
        assert tab.print_title_rows == "$1:$1"
    about = {row[0].value: [c.value for c in row] for row in book["about"].iter_rows(min_row=2)}
    row = about[one.name]
    assert row[1] == one.title
    assert row[3] == one.citation
    assert one.licence.terms in row[4]
    assert row[5] == one.status
    assert [c.value for c in book["codes"][1]] == ["column", "item", "code", "meaning"]


def test_the_notice_spoils_no_reading(tmp_path):
    path = exporting.to_excel(["swemwbs", "ces_d"], tmp_path / "e.xlsx").path
    book = openpyxl.load_workbook(path)
    book["entry"].append(["p1", "a", None, None, "t0", *[3] * 7, *[0] * 20])
    book.save(path)
    read = cp.read(path, sheet="entry")
    assert list(read)[5:7] == ["swemwbs_1", "swemwbs_2"]
    assert len(read) == 1
    codes = cp.read(path, sheet="codes")
    assert list(codes) == ["column", "item", "code", "meaning"]
    assert len(codes) == 7 * 5 + 20 * 4


def test_what_is_printed_fits_and_has_no_codes_of_excel(tmp_path):
    from cpeval.exporting.sheet_writing import print_above, write_book

    def fill(book):
        print_above(book.add_worksheet("a"), "R&D " * 100)

    header = openpyxl.load_workbook(write_book(tmp_path / "a.xlsx", fill))["a"].oddHeader
    assert header.left.size == 8
    assert header.left.text.startswith("R+D R+D")
    assert header.left.text.endswith("\u2026")


def test_filled_in_it_is_read_and_scored(own, tmp_path):
    draw = np.random.default_rng(1)
    data = pd.DataFrame({"person": [f"p{n}" for n in range(30)]})
    for item in own.items:
        answers = own.answers(item)
        codes = [*answers.labels, *answers.missing_codes, None]
        data[f"own_{item.code}"] = draw.choice(np.array(codes, dtype=float), size=30)
    done = own.to_excel(tmp_path / "e.xlsx", roles={"person": None})
    book = openpyxl.load_workbook(done.path)
    for row in data.astype(object).where(data.notna(), None).itertuples(index=False):
        book["entry"].append(list(row))
    book.save(done.path)
    read = cp.read(done.path, sheet="entry")
    pd.testing.assert_frame_equal(
        cp.score(read, own)[own.columns], cp.score(data, own)[own.columns]
    )
    assert cp.score(read, own)["own_mean"].notna().any()


def test_numbers_between_ends_have_a_range(own, tmp_path):
    found = rules(own.to_excel(tmp_path / "e.xlsx", rows=10).path)
    assert (found["own_4"].formula1, found["own_4"].formula2) == ("0", "100")
    assert found["own_5"].formula1 == "OR(AND(J2>=0,J2<=10,J2=INT(J2)),J2=99)"
    assert str(found["own_5"].sqref) == "J2:J11"
    assert "own_5" in found


def test_long_lists_refer_to_the_codes(own, tmp_path):
    codes = {3 * n + 1000: f"answer {n}" for n in range(80)}
    given = own.model_dump(exclude_defaults=True) | {
        "responses": {"long": {"codes": codes}},
        "items": [{"code": "1", "label": "one", "responses": "long"}],
        "scales": [{"label": "Sum", "items": "all"}],
    }
    path = cp.Instrument.from_mapping(given).to_excel(tmp_path / "e.xlsx").path
    where = rules(path)["own_1"].formula1
    assert where == "codes!$C$2:$C$81"
    cells = openpyxl.load_workbook(path)["codes"]["C2:C81"]
    assert [cell.value for [cell] in cells] == list(codes)


def test_roles_are_the_caller_s(tmp_path):
    roles = {"id": None, "group": ["A", "B"]}
    path = exporting.to_excel(["swemwbs", "pss_fr"], tmp_path / "e.xlsx", roles=roles).path
    head = [cell.value for cell in openpyxl.load_workbook(path)["entry"][1]]
    assert head[:3] == ["id", "group", "swemwbs_1"]
    assert len(head) == 2 + 7 + 14
    assert rules(path)["group"].formula1 == '"A,B"'


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"rows": 0}, "'rows' should be a whole number from 1"),
        ({"rows": True}, "'rows' should be a whole number from 1"),
        ({"roles": {"=x": None}}, "roles names '=x'"),
        ({"roles": {"": None}}, "roles names ''"),
        ({"roles": {"arm": ["x" * 300]}}, "255 characters"),
        ({"roles": {"arm": ["a,b"]}}, "without commas"),
        ({"roles": {"swemwbs_1": None}}, "'swemwbs_1'"),
        ({"prefix": 3}, "'prefix' should be text"),
    ],
)
def test_options_that_would_not_do(tmp_path, how, said):
    with pytest.raises(OptionError, match=said):
        cp.instrument("swemwbs").to_excel(tmp_path / "e.xlsx", **how)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OutputError, match="There is no folder"):
        cp.instrument("swemwbs").to_excel(tmp_path / "no" / "e.xlsx")


def test_a_new_study_says_its_coding_and_has_columns_for_goals(clash, goals, tmp_path):
    from cpeval.new_study import start
    from cpeval.study_file import StudyFile

    study = start(tmp_path / "new", [clash, goals, "swemwbs"])
    folder = study.parent
    found = rules(folder / "entry.xlsx")
    assert found["clash_1"].formula1 == '"1,2,3"'
    assert "goal_3" in found
    assert cp.Instrument.from_toml(folder / "clash.toml") == clash
    text = study.read_text(encoding="utf-8")
    assert 'definition = "clash.toml"' in text
    assert 'coding = "1-3" # as entry.xlsx has it; others: 0-2' in text
    assert 'items = "goal_{n}"' in text
    assert 'items = "swemwbs_{code}"' in text
    read = StudyFile.from_toml(study)
    assert read.instrument("clash").coding == "1-3"
    assert read.instrument("goal").goals is not None


@pytest.mark.parametrize(
    ("name", "primary"),
    [
        ("swemwbs", "swemwbs_metric"),
        ("who_5", "who_5"),
        ("ces_d", "ces_d"),
        ("scope", "scope_score"),
    ],
)
def test_a_new_study_starts_from_the_score_that_is_reported(name, primary, tmp_path):
    from cpeval.new_study import start

    text = start(tmp_path / "new", [name]).read_text(encoding="utf-8")
    assert f'primary = "{primary}"' in text
