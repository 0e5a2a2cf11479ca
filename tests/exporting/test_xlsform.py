"""An XLSForm that pyxform, ODK's own converter, takes."""

import pandas as pd
import pytest
from pyxform.xls2xform import convert

import cpeval as cp
from cpeval import exporting
from cpeval.errors import OptionError


def converted(path):
    """The XForm; what pyxform warns of is an error here."""
    made = convert(path, validate=False, pretty_print=True, warnings=(said := []))
    assert said == []
    return made.xform


def test_each_instrument_becomes_an_xform(files, one, tmp_path):
    done = one.to_xlsform(tmp_path / "f.xlsx")
    form = converted(done.path)
    for column in done.items().values():
        assert f"<{column}/>" in form
    rows = files.sheet(done.path, "survey")
    assert rows[0]["name"] == "person"
    assert rows[1]["type"] == "note"
    assert "wording" in rows[1]["label"]
    by_name = {row["name"]: row for row in rows}
    choices = pd.DataFrame(
        files.sheet(done.path, "choices"), columns=["list_name", "name", "label"]
    )
    for item in one.items:
        answers = one.answers(item)
        row = by_name[f"{one.name}_{item.code}"]
        if row["type"] == "integer":
            assert answers.between
            continue
        listed = choices[choices.list_name == row["type"].removeprefix("select_one ")]
        assert set(listed.name) == {*answers.labels, *answers.missing_codes}
        assert set(listed.label) >= set(answers.labels.values())


def test_whole_numbers_are_constrained(files, own, tmp_path):
    rows = {
        row["name"]: row for row in files.sheet(own.to_xlsform(tmp_path / "f.xlsx").path, "survey")
    }
    assert rows["own_4"]["type"] == "integer"
    assert rows["own_4"]["constraint"] == "(. >= 0 and . <= 100)"
    assert rows["own_4"]["constraint_message"] == "Enter a whole number from 0 to 100."
    assert rows["own_5"]["constraint"] == "(. >= 0 and . <= 10) or . = 99"


def test_several_and_equal_choices_of_one_instrument_share_a_list(files, tmp_path):
    done = exporting.to_xlsform(["swemwbs", "ces_d"], tmp_path / "f.xlsx", record=None)
    assert converted(done.path)
    types = {row["type"] for row in files.sheet(done.path, "survey")}
    assert types == {
        "note",
        "calculate",
        "select_one swemwbs_answers_1",
        "select_one ces_d_answers_2",
    }
    [settings] = files.sheet(done.path, "settings")
    assert settings["form_id"] == "swemwbs_ces_d"


def test_a_suffix_that_would_not_do(tmp_path):
    with pytest.raises(OptionError, match=r"should end in \.xlsx"):
        cp.instrument("ces_d").to_xlsform(tmp_path / "f.xls")
