from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from matplotlib.figure import Figure

from cpeval.errors import DataError, OptionError, TooFewError
from cpeval.measurement import items, reliability

GAP = float("nan")
# Six people, four items; the last person answered nothing.
ANSWERS = pd.DataFrame(
    {
        "sure <b>": [1, 1, 2, 4, GAP, GAP],
        "b": [1, 2, 2, 3, 3, GAP],
        "c": [3, 3, 2, 1, 1, GAP],
        "d": [2, 2, 2, 2, 2, GAP],
    }
)


def test_by_hand():
    result = items(ANSWERS, range=(1, 4))
    table = result.table.set_index("item")
    assert result.table["item"].tolist() == list(ANSWERS)
    assert table["n"].tolist() == [4, 5, 5, 5]
    np.testing.assert_allclose(table["missing"], [2 / 6, 1 / 6, 1 / 6, 1 / 6])
    np.testing.assert_allclose(table["mean"], [2, 11 / 5, 2, 2])
    np.testing.assert_allclose(table["sd"] ** 2, [2, 0.7, 1, 0], atol=1e-15)
    np.testing.assert_allclose(table["floor"], [2 / 4, 1 / 5, 2 / 5, 0])
    np.testing.assert_allclose(table["ceiling"], [1 / 4, 0, 0, 0])
    np.testing.assert_allclose(table["difficulty"], [1 / 3, 0.4, 1 / 3, 1 / 3])
    complete = ANSWERS.iloc[:4]
    rest = complete.drop(columns="b").sum(axis=1)
    assert table.loc["b", "discrimination"] == pytest.approx(complete["b"].corr(rest))
    assert np.isnan(table.loc["d", "discrimination"])
    assert result.n_excluded == 1
    assert result.warnings == (
        "1 of 6 rows has no answer.",
        "1 of 20 answers are missing: discrimination is of the 4 rows that have all items.",
        "Only 4 rows have all items: discrimination is imprecise below 50.",
        "Items to which everyone gives the same answer: 'd'.",
        "Items that go against the others (should they be reversed?): 'sure <b>', 'c'.",
    )


def test_distribution_counts_every_code_there_is():
    distribution = items(ANSWERS, range=(1, 4)).distribution
    assert list(distribution.columns) == ["item", "code", "n", "share"]
    assert distribution["code"].tolist() == [1, 2, 3, 4] * 4
    assert distribution["n"].tolist() == [2, 1, 0, 1, 1, 2, 2, 0, 2, 1, 2, 0, 0, 5, 0, 0]
    np.testing.assert_allclose(distribution.groupby("item")["share"].sum(), 1)
    tenths = items(ANSWERS / 10).distribution
    assert tenths["code"].unique().tolist() == [0.1, 0.2, 0.3, 0.4]


def test_equals_psych_and_pandas_on_real_items(data_set, real_items):
    answers = real_items(data_set)
    result = items(answers)
    table, parts = result.table, reliability(answers, coefficients=["alpha"]).items
    # reliability's item_rest is checked against R.
    np.testing.assert_allclose(table["discrimination"], parts["item_rest"], rtol=1e-10)
    np.testing.assert_allclose(table["mean"], answers.mean())
    np.testing.assert_allclose(table["sd"], answers.std())
    lowest, highest = answers.min(axis=None), answers.max(axis=None)
    np.testing.assert_allclose(table["floor"], (answers == lowest).sum() / answers.count())
    np.testing.assert_allclose(table["ceiling"], (answers == highest).sum() / answers.count())
    counts = result.distribution.pivot(index="item", columns="code", values="n")
    for name, column in answers.items():
        seen = counts.loc[name][counts.loc[name] > 0]
        assert seen.to_dict() == column.value_counts().sort_index().to_dict()


def test_an_instrument_says_which_answers_there_are():
    help_trial = pd.read_csv(Path(__file__).parents[2] / "examples" / "help" / "help.csv")
    columns = [f"F1{letter}" for letter in "ABCDEFGHIJKLMNOPQRST"]
    result = items(help_trial.query("TIME == 0"), instrument="ces_d", columns=columns)
    table = result.table
    assert table["lowest"].tolist() == [0] * 20
    assert table["highest"].tolist() == [3] * 20
    raw = help_trial.query("TIME == 0")[columns]
    reversed_items = [3, 7, 11, 15]
    expected = [
        (3 - raw[c]).mean() / 3 if k in reversed_items else raw[c].mean() / 3
        for k, c in enumerate(columns)
    ]
    np.testing.assert_allclose(table["difficulty"], expected)
    assert "the range is that of ces_d" in result.note


def test_ends_that_items_differ_in():
    sheet = pd.DataFrame([[1] * 36, [2] * 36], columns=[f"sf_36_{i}" for i in range(1, 37)])
    table = items(sheet, instrument="sf_36", scale="sf_36_mh").table
    assert (table["lowest"] < table["highest"]).all()
    assert table["difficulty"].between(0, 1).all()


def test_items_that_say_little_are_named():
    rng = np.random.default_rng(1)
    trait = rng.integers(1, 5, 100)
    answers = pd.DataFrame({"a": trait, "b": trait, "c": rng.integers(1, 5, 100)})
    answers["easy"] = np.where(np.arange(100) < 85, 4, trait)
    text = " ".join(items(answers).warnings)
    assert "More than 80 % give the highest answer to 'easy'." in text
    assert "Items that correlate below 0.3 with the others: 'c', 'easy'." in text


@pytest.mark.parametrize(
    ("given", "kind", "says"),
    [
        ((3, 1), OptionError, r"'range' must be the lowest and the highest answer.*Got \(3, 1\)"),
        ("1-5", OptionError, "'range' must be"),
        ((1, 2), DataError, r"Answers outside range=\(1, 2\): 'sure <b>' has 4; 'b' has 3; 'c'"),
    ],
)
def test_ranges_that_do_not_fit_are_refused(given, kind, says):
    with pytest.raises(kind, match=says):
        items(ANSWERS, range=given)


def test_too_little_is_refused():
    with pytest.raises(TooFewError, match="The analysis of items needs 2 items"):
        items(ANSWERS[["b"]])


def test_nobody_has_all_items():
    result = items(pd.DataFrame({"a": [1, 2, GAP, GAP], "b": [GAP, GAP, 1, 2]}))
    assert result.table["discrimination"].isna().all()
    assert result.table["difficulty"].tolist() == [0.5, 0.5]
    same = items(pd.DataFrame({"a": [1, 1], "b": [1, 1]}))
    assert same.table["difficulty"].isna().all()


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=3, max_size=15),
    st.randoms(use_true_random=False),
)
def test_order_units_and_engine_do_not_matter(rows, random):
    values = np.array(rows, dtype=float)
    one = items(pd.DataFrame(values, columns=list("abc")), range=(0, 4)).table
    moved = [*rows]
    random.shuffle(moved)
    turned = pl.DataFrame(np.array(moved)[:, ::-1] * 2.5 + 1, schema=list("cba"))
    two = items(turned, range=(1, 11)).table.iloc[::-1].reset_index(drop=True)
    same = ["item", "n", "missing", "floor", "ceiling", "difficulty", "discrimination"]
    pd.testing.assert_frame_equal(one[same], two[same], atol=1e-9)
    np.testing.assert_allclose(two["sd"], 2.5 * one["sd"], atol=1e-12)


def test_bars_add_up_and_grow_darker():
    result = items(ANSWERS, range=(1, 4))
    ax = result.plot(ax=Figure().subplots(), labels={"b": "Second", "1": "never"})
    widths = np.array([[bar.get_width() for bar in group] for group in ax.containers])
    np.testing.assert_allclose(widths.sum(axis=0), 100)
    grey = [
        group[0].get_facecolor()[:3] @ np.array([0.2126, 0.7152, 0.0722]) for group in ax.containers
    ]
    assert (np.diff(grey) < -0.1).all()
    assert [text.get_text() for text in ax.get_yticklabels()] == ["sure <b>", "Second", "c", "d"]
    assert next(text.get_text() for text in ax.get_legend().get_texts()) == "never"
