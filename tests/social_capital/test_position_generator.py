"""Positions that people reach, by hand."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, strategies as st
from scipy import stats

import cpeval as cp
from cpeval.errors import CodeError, ColumnError, LevelError, OptionError

POSITIONS = {"lawyer": 86, "nurse": 48, "porter": 25, "teacher": 71}
# 1 relative, 2 friend, 3 acquaintance.
DATA = pd.DataFrame(
    {
        "id": list("abcd"),
        "lawyer": [3, 0, 0, 1],
        "nurse": [1, 0, 2, np.nan],
        "porter": [0, 0, 0, 2],
        "teacher": [1, 0, 0, 3],
    }
)
RELATIONS = {1: "relative", 2: "friend", 3: "acquaintance"}
NAN = np.nan


def test_by_hand():
    result = cp.social_capital.position_generator(DATA, POSITIONS, relations=RELATIONS)
    expected = pd.DataFrame(
        {
            "row": [1, 2, 3, 4],
            "extensity": [3, 0, 1, NAN],
            "upper_reachability": [86, NAN, 48, NAN],
            "range": [38, NAN, 0, NAN],
            "mean_prestige": [(86 + 48 + 71) / 3, NAN, 48, NAN],
            "total": [205, 0, 48, NAN],
        }
    )
    pd.testing.assert_frame_equal(result.table, expected, check_dtype=False)
    assert result.n_excluded == 1
    assert result.warnings == ("1 of 4 rows leave a position out, and have no measures.",)


def test_through_whom_by_hand():
    study = cp.Study(person="id")
    result = cp.social_capital.position_generator(DATA, POSITIONS, relations=RELATIONS, study=study)
    first = result.relations[result.relations["person"] == "a"].set_index("group")
    assert first["extensity"].to_dict() == {"relative": 2, "friend": 0, "acquaintance": 1}
    assert first.loc["relative", "total"] == 119
    assert first.loc["relative", "range"] == 23
    sums = result.relations.groupby("person")["total"].sum(min_count=1)
    np.testing.assert_array_equal(sums, result.table["total"])
    positions = result.positions.set_index("term")
    assert (
        positions.loc["lawyer", ["through_relative", "through_acquaintance"]].tolist()
        == [1 / 4] * 2
    )
    assert positions["n"].tolist() == [4, 3, 4, 4]
    assert positions["prestige"].tolist() == [86, 48, 25, 71]


def test_intervals_are_wilsons_as_scipy_has_them():
    table = cp.social_capital.position_generator(DATA, POSITIONS, relations=RELATIONS).positions
    hits = [2, 2, 1, 2]
    for row, count in zip(table.itertuples(), hits, strict=True):
        found = stats.binomtest(count, row.n).proportion_ci(0.95, method="wilson")
        assert (row.ci_low, row.ci_high) == pytest.approx((found.low, found.high), rel=1e-10)
        assert row.estimate == count / row.n


@given(
    st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=8),
    st.lists(st.integers(1, 90), min_size=3, max_size=3),
)
def test_measures_are_those_of_sets(rows, prestige):
    data = pd.DataFrame(rows, columns=list("abc"))
    table = cp.social_capital.position_generator(
        data, dict(zip("abc", prestige, strict=True))
    ).table
    for row, answers in zip(table.itertuples(), rows, strict=True):
        own = [p for p, yes in zip(prestige, answers, strict=True) if yes]
        assert (row.extensity, row.total) == (len(own), sum(own))
        expected = (max(own), max(own) - min(own), sum(own) / len(own)) if own else (NAN,) * 3
        found = (row.upper_reachability, row.range, row.mean_prestige)
        np.testing.assert_allclose(found, expected)


def test_text_codes_and_another_word_for_nobody():
    data = pd.DataFrame({"a b": ["nobody", "kin", None, "mate"]})
    relations = {"kin": "family", "mate": "friend", "nobody": None}
    result = cp.social_capital.position_generator(data, {"a b": 50}, relations=relations)
    np.testing.assert_array_equal(result.table["extensity"], [0, 1, NAN, 1])
    other = cp.social_capital.position_generator(
        pl.from_pandas(data), {"a b": 50}, relations=relations
    )
    pd.testing.assert_frame_equal(result.table, other.table)


def test_nothing_to_count():
    empty = cp.social_capital.position_generator(DATA.iloc[:0], POSITIONS, relations=RELATIONS)
    assert empty.table.empty
    assert empty.positions["estimate"].isna().all()
    gaps = DATA.assign(**dict.fromkeys(POSITIONS, NAN))
    assert cp.social_capital.position_generator(gaps, POSITIONS).n_excluded == 4


def test_wrong_input_is_named():
    generator = cp.social_capital.position_generator
    with pytest.raises(
        CodeError, match=r"Answers other than 0, 1: 'lawyer' holds 3 in row 1; 'nurse'"
    ):
        generator(DATA, POSITIONS)
    with pytest.raises(ColumnError, match=r"no columns 'layer'.*'lawyer'.*'maid'"):
        generator(DATA, {"layer": 86, "maid": 20})
    with pytest.raises(OptionError, match="It isn't, of 'lawyer': '86'"):
        generator(DATA, {"lawyer": "86"})
    for nothing in ({}, ["lawyer"]):
        with pytest.raises(OptionError, match="'positions' must be a mapping"):
            generator(DATA, nothing)
    for relations in ({}, ["friend"], {0: None}):
        with pytest.raises(OptionError, match="Relations are a mapping"):
            generator(DATA, POSITIONS, relations=relations)
    with pytest.raises(OptionError, match="Relations have names, as text: not 5"):
        generator(DATA, POSITIONS, relations={1: 5})
    with pytest.raises(LevelError):
        generator(DATA, POSITIONS, relations=RELATIONS, level=95)


def test_plots():
    result = cp.social_capital.position_generator(DATA, POSITIONS, relations=RELATIONS)
    assert result.plot().get_xlabel() == "Share who reach it"
