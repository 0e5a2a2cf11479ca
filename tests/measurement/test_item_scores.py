"""Items as arrays: what is left out, filled in, scored, and refused."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, strategies as st

from cpeval.errors import CodeError, ColumnError, DataError, OptionError, TooFewError
from cpeval.measurement.item_scores import item_scores, two_way

GAP = float("nan")
DATA = {"a": [1.0, 2, 3, GAP], "b": [1.0, GAP, 3, GAP], "c": [2.0, 2, 1, GAP]}


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_listwise_pairwise_and_two_way_count_what_they_do(make):
    whole = item_scores(make(DATA))
    assert whole.values.tolist() == [[1, 1, 2], [3, 3, 1]]
    assert (whole.n_rows, whole.n_excluded, whole.n_imputed) == (4, 2, 0)
    assert whole.rows.tolist() == [0, 2]
    assert whole.warnings == ["2 of 4 rows lack an item and were left out."]
    pairs = item_scores(make(DATA), missing="pairwise")
    assert np.isnan(pairs.values).sum() == 1
    assert pairs.n_excluded == 1
    assert pairs.rows.tolist() == [0, 1, 2]
    assert pairs.warnings[0] == "1 of 4 rows have no answer and was left out."
    empty = make({name: [*values[:1], GAP] for name, values in DATA.items()})
    none = item_scores(empty, missing="pairwise", least_people=1)
    assert none.warnings == ["1 of 2 rows have no answer and was left out."]
    filled = item_scores(make(DATA), missing="two_way", seed=3)
    assert filled.n_imputed == 1
    assert set(np.unique(filled.values)) <= {1, 2, 3}


def test_an_instrument_scores_the_items_first():
    sheet = pd.DataFrame([[0] * 20, [3] * 20], columns=[f"q{i}" for i in range(1, 21)])
    found = item_scores(sheet.assign(age=40), instrument="ces_d", columns="q{n}")
    assert found.names[3] == "q4"
    assert found.values[:, 3].tolist() == [3, 0]
    assert found.values[:, 0].tolist() == [0, 3]


def test_a_scale_must_be_named_where_none_has_all_items():
    sheet = pd.DataFrame([[1] * 36] * 2, columns=[f"sf_36_{i}" for i in range(1, 37)])
    assert item_scores(sheet, instrument="sf_36", scale="sf_36_mh").values.shape == (2, 5)
    with pytest.raises(OptionError, match=r"no scale of all its items.*'sf_36_pf'"):
        item_scores(sheet, instrument="sf_36")
    with pytest.raises(OptionError, match=r"no scale 'sf_36_mg' \(did you mean 'sf_36_"):
        item_scores(sheet, instrument="sf_36", scale="sf_36_mg")
    with pytest.raises(OptionError, match="scale and columns need instrument="):
        item_scores(sheet, scale="sf_36_mh", columns="q{n}")


def test_what_is_too_little_is_said():
    with pytest.raises(TooFewError, match=r"Mokken needs 3 items and 2 people. There are 2 items"):
        item_scores(pd.DataFrame({"a": [1, 2], "b": [1, 2]}), least_items=3, what="Mokken")
    with pytest.raises(TooFewError, match="nobody answered 'b'"):
        item_scores(pd.DataFrame({"a": [1, 2], "b": [GAP, GAP]}))
    with pytest.raises(OptionError, match=r"'missing' must be one of 'listwise'. Got 'pairwise'"):
        item_scores(pd.DataFrame(DATA), missing="pairwise", allowed=["listwise"])
    with pytest.raises(ColumnError, match="'a' holds 'x' in row 1"):
        item_scores(pd.DataFrame({"a": ["x", 2], "b": [1, 2]}))
    with pytest.raises(OptionError, match="must be a dataframe"):
        item_scores([1])


@given(st.integers(0, 2**32 - 1))
def test_two_way_keeps_what_is_there_and_gives_the_nearest_seen_value(seed):
    rng = np.random.default_rng(seed)
    # Some items have fewer codes than others.
    values = rng.integers(0, [5, 5, 2, 3, 5, 1], (30, 6)).astype(float)
    gaps = (rng.random(values.shape) < 0.2) & (np.arange(6) > 0)
    values[gaps] = GAP
    filled = two_way(values, seed=seed)
    assert (filled[~gaps] == values[~gaps]).all()
    for item in range(6):
        assert set(filled[:, item]) <= set(values[~gaps[:, item], item])
    assert (two_way(values, seed=seed) == filled).all()


def test_messages_about_an_instrument_name_the_options_there_are():
    from cpeval import instrument, measurement as m

    sheet = pd.DataFrame(
        np.random.default_rng(0).choice([1.0, 3], (60, 6)), columns=[f"q{i}" for i in range(1, 7)]
    )
    with pytest.raises(OptionError, match=r"cp\.instrument\('djg_6'\)\.with_coding\('") as caught:
        m.reliability(sheet, instrument="djg_6", columns="q{n}")
    assert "coding=" not in str(caught.value)
    with pytest.raises(ColumnError, match=r'columns="q\{n\}"') as caught:
        m.reliability(sheet, instrument="lsns_6")
    assert "items=" not in str(caught.value)
    with pytest.raises(CodeError, match="or make them missing") as caught:
        m.reliability(sheet + 7, instrument="lsns_6", columns="q{n}")
    assert "on_invalid" not in str(caught.value)
    found = item_scores(
        sheet,
        instrument=instrument("djg_6").with_coding("no=1, yes=3"),
        columns=["q6", "q5", "q4", "q3", "q2", "q1"],
    )
    assert found.names == ["q6", "q5", "q4", "q3", "q2", "q1"]
    assert found.codes[0] == "1"


@pytest.mark.parametrize("name", ["scalability", "monotonicity"])
def test_points_with_fractions_are_refused_with_what_to_do(name):
    from cpeval import measurement as m

    sheet = pd.DataFrame(
        np.random.default_rng(0).integers(1, 3, (60, 36)), columns=[f"q{i}" for i in range(1, 37)]
    )
    with pytest.raises(DataError, match=r"leave instrument= out: give a frame"):
        getattr(m, name)(sheet, instrument="sf_36", scale="sf_36_gh", columns="q{n}")
