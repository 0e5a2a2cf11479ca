"""A wrong guess never passes in silence: case, longer forms, near misses, odd cells."""

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

import cpeval as cp
from cpeval.errors import CodeError, ColumnError, CpevalWarning

SHEET = pd.DataFrame(
    [[1, 2, 3, 4, 5, 4, 3], [2] * 7], columns=[f"swemwbs_{n}" for n in range(1, 8)]
)


def test_sql_knows_no_case_in_names():
    taken = SHEET.assign(SWEMWBS=30)
    with pytest.raises(ColumnError, match="have columns 'SWEMWBS' already"):
        cp.score(duckdb.from_df(taken), "swemwbs")
    assert cp.score(taken, "swemwbs")["swemwbs"].tolist() == [22, 14]
    bands = duckdb.from_df(pd.DataFrame({"ips_25": [30.0], "IPS_25_BAND": ["x"]}))
    with pytest.raises(ColumnError, match="have columns 'IPS_25_BAND' already"):
        cp.band(bands, "ips_25")


def test_a_pattern_that_would_fit_more_columns_says_so():
    longer = pd.DataFrame(
        [[1, 2, 3, 4, 5] * 2 + [1, 2, 3, 4]], columns=[f"q{n}" for n in range(1, 15)]
    )
    with pytest.warns(CpevalWarning, match=r"takes 'q1' to 'q7'. 'q8', 'q9'.*a longer form"):
        cp.score(longer, "swemwbs", items="q{n}")
    chosen = [f"q{n}" for n in (1, 2, 3, 6, 7, 9, 11)]
    assert cp.score(longer, "swemwbs", items=chosen)["swemwbs"].item() == 1 + 2 + 3 + 1 + 2 + 4 + 1
    found = cp.check(longer, instruments={"swemwbs": "q{n}"})
    assert "more columns fit the pattern" in set(found.table.problem)


def test_optional_items_without_columns_are_left_out_and_named():
    sheet = pd.DataFrame([[1, 1, 1, 1, 1]], columns=[f"eq_5d_3l_{n}" for n in range(1, 6)])
    with pytest.warns(CpevalWarning, match=r"optional items '6', so 'eq_5d_3l_vas' is left out"):
        out = cp.score(sheet, "eq_5d_3l", value_set="uk_tto")
    assert out["eq_5d_3l_index"].item() == 1
    assert "eq_5d_3l_vas" not in out


@pytest.mark.parametrize(
    ("rename", "said"),
    [
        (
            {"swemwbs_3": "Swemwbs_3", "swemwbs_4": "swembws_4", "swemwbs_7": "swemwbs 7"},
            r"'swemwbs_3' \(did you mean 'Swemwbs_3'\?\), 'swemwbs_4' \(did you mean "
            r"'swembws_4'\?\), 'swemwbs_7' \(did you mean 'swemwbs 7'\?\)",
        ),
        (
            {c: c.upper() for c in SHEET},
            r"\(all 7; did you mean 'SWEMWBS_1' … 'SWEMWBS_7'\?\)",
        ),
        (
            {c: c.replace("_", "-0") for c in SHEET},
            r"\(all 7; did you mean 'swemwbs-01' … 'swemwbs-07'\?\)",
        ),
    ],
)
def test_near_misses_are_each_proposed_once(rename, said):
    with pytest.raises(ColumnError, match=said):
        cp.score(SHEET.rename(columns=rename), "swemwbs")


@pytest.mark.parametrize("make", [pd.DataFrame, pl.from_pandas, pl.DataFrame])
def test_true_is_no_answer_to_an_item_of_1_to_5(make):
    data = SHEET.assign(swemwbs_1=True)
    frame = pl.from_pandas(data) if make is not pd.DataFrame else data
    with pytest.raises(CodeError, match="'swemwbs_1' holds true and false, and item 1 takes 1, 2"):
        cp.score(frame, "swemwbs")
    found = cp.check(data, instruments=["swemwbs"])
    assert "true and false in place of codes" in set(found.table.problem)


@pytest.mark.parametrize("gone", [pd.NA, pd.NaT, None, np.nan])
def test_every_sign_of_missing_in_an_object_column_is_missing(gone):
    data = SHEET.astype(object)
    data.iloc[0, 0] = gone
    for how in ("raise", "missing"):
        out = cp.score(data, "swemwbs", on_invalid=how)["swemwbs"]
        assert out.isna().tolist() == [True, False]
    data.iloc[1, 0] = 9
    with pytest.raises(CodeError, match=r"'swemwbs_1': 1 answer not among 1, 2, 3, 4, 5: 9 \(1×\)"):
        cp.score(data, "swemwbs")


def test_cells_that_are_lists_blanks_or_numbers_as_text_are_told_apart():
    data = SHEET.astype(object)
    data["swemwbs_1"] = [[1], [2]]
    data["swemwbs_2"] = ["", 2]
    data["swemwbs_3"] = ["3", "4"]
    data["swemwbs_4"] = ["often", "rarely"]
    with pytest.raises(CodeError) as caught:
        cp.score(data, "swemwbs")
    for said in (
        "'swemwbs_1' holds text: '[1]', '[2]'",
        "'swemwbs_2' holds cells of blanks; make them missing",
        "'swemwbs_3' holds numbers stored as text; make it a number column",
    ):
        assert said in str(caught.value)


def test_one_mapping_serves_all_columns_of_labels():
    labels = dict(cp.instrument("swemwbs").responses["frequency"].codes)
    data = SHEET.map(lambda code: labels[float(code)])
    with pytest.raises(CodeError) as caught:
        cp.score(data, "swemwbs")
    assert str(caught.value).count("labels in place of codes") >= 1
    assert "recode = { … } under [instruments.swemwbs]" in str(caught.value)


def test_a_fraction_that_looks_whole_is_shown_in_full():
    with pytest.raises(CodeError, match=r"2\.0000001 \(1×\)"):
        cp.score(SHEET.assign(swemwbs_1=[2.0000001, 2]), "swemwbs")


def test_weights_may_be_objects_and_wrong_ones_have_their_own_heading():
    goals = pd.DataFrame({"goal_attainment_1": [1, 0], "w1": pd.Series([1, -2], dtype=object)})
    with pytest.raises(
        CodeError, match="columns to correct beside the answers:\n- 'w1': 1 rated goal"
    ):
        cp.score(goals, "goal_attainment", weights=["w1"])
    right = goals.assign(w1=pd.Series([1, 2], dtype=object))
    assert cp.score(right, "goal_attainment", weights=["w1"])["goal_attainment"].tolist() == [
        60,
        50,
    ]


def test_check_asks_whether_it_is_the_other_coding():
    data = pd.DataFrame([[0] * 10, [4] * 10], columns=[f"k10_{n}" for n in range(1, 11)])
    found = cp.check(data, instruments=[cp.instrument("k10").with_coding("1-5")])
    assert found.table.advice.str.contains("Is it the coding '0-4'?", regex=False).any()
