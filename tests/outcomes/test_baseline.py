import math

import numpy as np
import pandas as pd
import pytest

from cpeval.errors import ArmError, ColumnError, OptionError, StudyError, TooFewError
from cpeval.outcomes import baseline
from cpeval.study import Study

DATA = pd.DataFrame(
    {
        "id": range(8),
        "arm": [*list("ccccttt"), None],
        "age": [20.0, 30, 40, None, 30, 50, 70, 99],
        "sex": ["f", "m", "f", "f", "m", "m", None, "x"],
    }
)
STUDY = Study(person="id", arm="arm", intervention="t")


def test_a_number_by_hand():
    result = baseline(DATA, STUDY, ["age"])
    table = result.table.set_index("group")
    assert table.index.tolist() == ["c", "t", "all"]
    assert table["n"].tolist() == [3, 3, 6]
    assert table["missing"].tolist() == [1, 0, 1]
    assert table["mean"].tolist() == [30, 50, 40]
    np.testing.assert_allclose(table["sd"], [10, 20, math.sqrt(1600 / 5)])
    assert table["minimum"].tolist() == [20, 30, 20]
    assert table["median"].tolist() == [30, 50, 35]
    assert table["maximum"].tolist() == [40, 70, 70]
    assert table["smd"].isna().tolist() == [True, True, False]
    assert table.loc["all", "smd"] == pytest.approx(20 / math.sqrt((100 + 400) / 2))
    assert table[["count", "percent"]].isna().all(axis=None)
    assert result.n_people == 7
    assert result.warnings == ("1 of 8 people have no value in 'arm' and were left out.",)


def test_a_category_by_hand():
    table = baseline(DATA, STUDY, ["sex"]).table
    assert table["level"].tolist() == ["f"] * 3 + ["m"] * 3
    assert table["group"].tolist() == ["c", "t", "all"] * 2
    assert table["n"].tolist() == [4, 2, 6] * 2
    assert table["missing"].tolist() == [0, 1, 1] * 2
    assert table["count"].tolist() == [3, 0, 3, 1, 2, 3]
    assert table["percent"].tolist() == [75, 0, 50, 25, 100, 50]
    # p is 3/4 and 0 for "f": (0 - 0.75) / sqrt((0.1875 + 0) / 2)
    assert table.loc[2, "smd"] == pytest.approx(-0.75 / math.sqrt(0.1875 / 2))
    assert table.loc[5, "smd"] == pytest.approx(0.75 / math.sqrt(0.1875 / 2))
    assert table["mean"].isna().all()


def test_a_mapping_says_the_kind(help_trial, help_study):
    result = baseline(help_trial, help_study, {"AGE": "number", "RACE": "category"})
    table = result.table
    assert table["term"].unique().tolist() == ["AGE", "RACE"]
    assert table["level"].drop_duplicates().tolist() == [None, 1, 2, 3, 4]
    first = help_trial[help_trial["TIME"] == 0]
    expected = pd.crosstab(first["RACE"], first["GROUP"])
    counts = table[table["term"] == "RACE"].pivot_table("count", "level", "group")
    np.testing.assert_array_equal(counts[[0, 1]], expected)
    assert result.n_people == 470
    assert (table.loc[table["group"] == "all", "n"] == 470).all()


def test_without_arms_there_is_one_group():
    table = baseline(DATA, Study(person="id"), ["age", "sex"]).table
    assert table["group"].unique().tolist() == ["all"]
    assert table["smd"].isna().all()
    assert table.loc[0, "n"] == 7


def test_three_arms_have_no_difference():
    table = baseline(DATA.assign(arm=list("ccxxttxx")), STUDY, ["age"]).table
    assert table["group"].tolist() == ["c", "x", "t", "all"]
    assert table["smd"].isna().all()


def test_a_level_that_separates_the_arms_has_no_difference():
    data = DATA.assign(sex=["f"] * 4 + ["m"] * 4)
    assert baseline(data, STUDY, ["sex"]).table["smd"].isna().all()


def test_variables_and_baseline_must_be_named():
    with pytest.raises(OptionError, match="must name at least one column"):
        baseline(DATA, STUDY, [])
    with pytest.raises(StudyError, match="needs to know which wave that is"):
        baseline(DATA.assign(w=1), Study(person="id", wave="w"), ["age"])
    with pytest.raises(OptionError, match=r"can't hold 'arm' \(the arm\)"):
        baseline(DATA, STUDY, ["arm"])


def test_a_variable_that_nobody_has_is_named():
    with pytest.raises(TooFewError, match="Nobody has a value at baseline in 'none', 'nor'"):
        baseline(DATA.assign(none=np.nan, nor=None), STUDY, ["age", "none", "nor"])


def test_an_arm_called_all_is_refused():
    with pytest.raises(ArmError, match="is called 'all', which here names everyone"):
        baseline(DATA.replace({"arm": {"c": "all"}}), STUDY, ["age"])


def test_numbers_stored_as_text_are_refused_unless_categories_are_meant():
    data = DATA.assign(age=DATA["age"].map(str, na_action="ignore"))
    with pytest.raises(ColumnError, match=r"stored as text: 'age'\. .*\{'age': 'category'\}"):
        baseline(data, STUDY, ["age"])
    assert baseline(data, STUDY, {"age": "category"}).table["mean"].isna().all()
    names = baseline(DATA, STUDY, pd.Index(["age", "sex"])).table
    pd.testing.assert_frame_equal(names, baseline(DATA, STUDY, ["age", "sex"]).table)
