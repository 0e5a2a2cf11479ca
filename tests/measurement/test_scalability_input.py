"""What `scalability` says of odd data, counts, and refuses."""

import pickle

import numpy as np
import pandas as pd
import pytest

from cpeval.errors import ColumnError, DataError, LevelError, OptionError, TooFewError
from cpeval.measurement import scalability

GAP = float("nan")
#: Two ways of the same sum; an error that is 0 may come out as the root of rounding, 1e-16.
CLOSE = {"rtol": 1e-9, "atol": 1e-8}
NUMBERS = ["estimate", "se", "statistic", "p", "ci_low", "ci_high", "n"]


def answers(n=60, k=4, seed=0, top=3):
    rng = np.random.default_rng(seed)
    trait = rng.normal(size=(n, 1))
    scores = (trait + rng.normal(0, 1, (n, k)) + np.linspace(-0.5, 0.5, k)) * top / 4 + top / 2
    names = [f"item {place}" for place in range(k)]
    return pd.DataFrame(np.clip(np.round(scores), 0, top), columns=names)


def with_gaps(items, share=0.2, seed=1):
    lost = np.random.default_rng(seed).random(items.shape) < share
    lost[:, 0] = False
    return items.mask(lost)


def same(one, other, columns=NUMBERS):
    np.testing.assert_allclose(one[columns].astype(float), other[columns].astype(float), **CLOSE)


def test_a_constant_item_is_named_and_the_others_stay():
    items = answers()
    alone = scalability(items)
    result = scalability(items.assign(all_same=2))
    assert any("same answer to 'all_same'" in text for text in result.warnings)
    own = result.table.query("item == 'all_same' or item_2 == 'all_same'")
    assert own[["estimate", "se", "statistic", "p", "ci_low"]].isna().all(axis=None)
    rest = result.table.drop(own.index).reset_index(drop=True)
    pd.testing.assert_frame_equal(rest, alone.table)
    with pytest.raises(TooFewError, match=r"two items that vary.*'a', 'b'"):
        scalability(pd.DataFrame({"a": [1, 2, 3], "b": [2, 2, 2]}))


def test_reversed_items_are_suspected():
    items = answers(200, 5)
    assert scalability(items).warnings == ()
    turned = scalability(items.assign(**{"item 2": 3 - items["item 2"]}))
    assert len(turned.warnings) == 1
    assert turned.warnings[0].startswith("'item 2' runs against other items")
    half = items.assign(**{"item 2": 3 - items["item 2"], "item 3": 3 - items["item 3"]})
    assert (
        scalability(half)
        .warnings[0]
        .endswith("Should some be reversed, or were they reversed twice?")
    )


def test_a_negative_pair_is_named_where_no_item_is_the_culprit():
    rng = np.random.default_rng(1)
    one, two = rng.normal(size=(2, 400))
    two -= 0.2 * one
    traits = {"one": one, "both": one + two, "two": two}
    items = pd.DataFrame({name: np.clip(np.round(t + 1.5), 0, 3) for name, t in traits.items()})
    assert scalability(items).warnings == (
        "Items of a Mokken scale go together in every pair; these pairs have a negative "
        "coefficient: 'one' with 'two'.",
    )


def test_items_that_are_copies_or_without_an_error_are_named():
    items = answers(100).assign(copy=lambda data: data["item 1"])
    text = " ".join(scalability(items).warnings)
    assert "Everyone answers both alike: 'item 1' with 'copy'." in text
    steps = pd.DataFrame({"easy": [0, 1, 1, 1] * 20, "hard": [0, 0, 0, 1] * 20})
    found = scalability(steps)
    assert found.H == 1
    assert found.table["se"].tolist() == [0, 0, 0, 0]
    assert "No Guttman error was seen in 'easy' with 'hard'" in found.warnings[0]
    inside = scalability(steps, interval="range_preserving").table
    assert (inside[["ci_low", "ci_high"]] == 1).all(axis=None)


def test_two_items_are_a_scale_of_one_pair():
    table = scalability(answers()[["item 0", "item 1"]]).table
    same(table.iloc[[0, 0, 0]], table.iloc[[1, 2, 3]])


def test_few_people_are_warned_of_with_the_interval():
    table = scalability(answers(49)).table.iloc[0]
    warning = scalability(answers(49)).warnings[0]
    assert warning.startswith("Only 49 people")
    assert f"from {table['ci_low']:.2f} to {table['ci_high']:.2f}" in warning
    assert scalability(answers(50)).warnings == ()


def test_items_with_many_categories_are_asked_about():
    items = answers(100).assign(age=np.arange(100) % 30 + 20)
    assert any("'age' (30)" in text for text in scalability(items).warnings)


def test_a_code_for_missing_is_suspected():
    items = answers(100)
    nine = items.assign(**{"item 2": items["item 2"].mask(items.index == 7, 9)})
    assert any("'item 2' (9 above 3)" in text for text in scalability(nine).warnings)
    items.loc[[3, 4], "item 1"] = 99
    assert any("'item 1' (99 above 3)" in text for text in scalability(items).warnings)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"item 1": [1.5, 2, 0, 1]}, r"- 'item 1': 1.5 in row 1\nGive scores as whole numbers"),
        ({"item 1": [1, -9, 0, -9]}, r"- 'item 1': -9 in rows 2, 4\nNegative codes often mean"),
        ({"item 1": [1, 2, 0, 1e12]}, r"- 'item 1': 1000000000000 in row 4"),
    ],
)
def test_scores_that_are_none_are_named_with_rows(change, says):
    items = answers(4).assign(**change)
    with pytest.raises(DataError, match=says):
        scalability(items)
    # Rows are counted in the data, also where others were left out.
    later = pd.concat([pd.DataFrame({"item 0": [GAP]}), items], ignore_index=True)
    with pytest.raises(DataError, match="row"):
        scalability(later)


def test_rows_are_those_of_the_data():
    items = answers(6)
    items.loc[0, "item 0"] = GAP
    items.loc[4, "item 2"] = 0.5
    with pytest.raises(DataError, match=r"'item 2': 0\.5 in row 5"):
        scalability(items)
    with pytest.raises(DataError, match=r"'item 2': 0\.5 in row 5"):
        scalability(items, groups=[0, 1] * 3)


def test_amounts_are_no_categories():
    items = answers(300).assign(income=np.arange(300) * 7)
    with pytest.raises(DataError, match=r"'income' \(300 from 0 to 2093\).*Leave out"):
        scalability(items)
    rating = answers(300, top=100)
    assert scalability(rating).H > 0


def test_missing_answers_are_counted():
    items = with_gaps(answers(80))
    complete = int(items.notna().all(axis=1).sum())
    result = scalability(items)
    assert result.n_excluded == 80 - complete
    assert f"{80 - complete} of 80 rows lack an item" in result.warnings[0]
    filled = scalability(items, missing="two_way", seed=1)
    gaps = int(items.isna().sum().sum())
    assert (filled.n_excluded, filled.n_imputed) == (0, gaps)
    assert f"{gaps} of 320 answers were missing and filled in" in filled.warnings[0]
    again = scalability(items, missing="two_way", seed=1)
    pd.testing.assert_frame_equal(filled.table, again.table)
    pairs = scalability(items, missing="pairwise")
    assert f"{gaps} of 320 answers are missing; pairs use those there." in pairs.warnings


def test_pairs_that_nobody_answered_together_have_no_coefficient():
    items = answers(40, 3)
    items.loc[:19, "item 1"] = GAP
    items.loc[20:, "item 2"] = GAP
    table = scalability(items, missing="pairwise").table
    assert table["n"].tolist() == [40, 40, 20, 20, 20, 20, 0]
    assert table["estimate"].isna().tolist() == [False] * 6 + [True]
    with pytest.raises(TooFewError, match="0 of them complete"):
        scalability(items)


def test_rows_without_a_group_are_counted():
    group = ["a", None] * 30
    result = scalability(answers(60), groups=group)
    assert result.n_excluded == 30
    assert "30 rows have no 'groups': left out." in result.warnings


@pytest.mark.parametrize(
    ("how", "kind", "says"),
    [
        ({"groups": "nowhere"}, ColumnError, "no column 'nowhere'"),
        ({"groups": [1, 2]}, OptionError, "'groups' must be the name of a column, or a value for"),
        ({"groups": 5}, OptionError, "one value for each of the 60 rows. Got int"),
        ({"groups": answers(60)[["item 0"]]}, OptionError, "Got DataFrame"),
        ({"groups": [None] * 60}, TooFewError, "no row has a group"),
        (
            {"groups": [f"{k:02}" for k in range(60)]},
            TooFewError,
            r"'00': Scalability needs two people.*'59': Scalability needs two people",
        ),
        ({"missing": "pairs"}, OptionError, "'missing' must be one of"),
        ({"interval": "exact"}, OptionError, "'interval' must be one of 'wald'"),
        ({"level": 95}, LevelError, "between 0 and 1"),
        ({"scale": "x"}, OptionError, "need instrument="),
        ({"cluster": [0, 1] * 30, "missing": "pairwise"}, OptionError, "needs complete answers"),
    ],
)
def test_options_that_are_none_are_refused(how, kind, says):
    with pytest.raises(kind, match=says):
        scalability(answers(60), **how)


def test_one_item_and_nobody_are_too_few():
    with pytest.raises(TooFewError, match="needs 2 items and 2 people"):
        scalability(answers()[["item 0"]])
    with pytest.raises(TooFewError, match="0 rows"):
        scalability(answers().head(0))


def test_an_instrument_scores_its_items():
    rng = np.random.default_rng(3)
    sheet = pd.DataFrame(rng.integers(0, 4, (80, 20)), columns=[f"q{i}" for i in range(1, 21)])
    result = scalability(sheet.assign(site="x"), instrument="ces_d", columns="q{n}", groups="site")
    assert len(result.table) == 1 + 20 + 190
    by_hand = sheet.copy()
    turned = [f"q{i}" for i in (4, 8, 12, 16)]
    by_hand[turned] = 3 - by_hand[turned]
    assert result.H["x"] == pytest.approx(scalability(by_hand).H, rel=1e-12)


def test_the_result_pickles_and_says_what_was_done():
    result = scalability(answers())
    again = pickle.loads(pickle.dumps(result))
    pd.testing.assert_frame_equal(again.Hij, result.Hij)
    assert "4 items among 60 people" in result.note
    assert "Kuijpers, van der Ark & Croon (2013)" in result.note
    assert np.isnan(np.diag(result.Hij)).all()


def test_plot_names_scale_groups_and_items():
    result = scalability(answers(60), groups=["_a", "b$"] * 30)
    ax = result.plot()
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names[:2] == ["_a: Scale", "_a: item 0"]
    assert len(names) == 10


@pytest.mark.parametrize("missing", ["listwise", "pairwise", "two_way"])
def test_groups_too_small_are_named_and_the_others_stand(missing):
    items = answers(60)
    items.loc[50:57] = 1
    groups = ["x", "y", *["z"] * 48, *["same"] * 8, "z", "z"]
    result = scalability(items, groups=groups, missing=missing)
    alone = scalability(items[np.array(groups) == "z"], missing=missing)
    stands = result.table.query("group == 'z'").drop(columns="group").reset_index(drop=True)
    pd.testing.assert_frame_equal(stands, alone.table)
    assert result.H.isna().tolist() == [True, True, True, False]
    others = result.table.query("group != 'z'")
    assert others[["estimate", "se", "statistic", "p", "ci_low"]].isna().all(axis=None)
    assert others.groupby("group")["n"].first().to_dict() == {"same": 8, "x": 1, "y": 1}
    said = "\n".join(result.warnings)
    assert "'x': Scalability needs two people. There are 1." in said
    assert "'y': Scalability needs two people. There are 1." in said
    assert "'same': Scalability needs two items that vary" in said
    assert result.n_excluded == 10
    assert result.plot().has_data()
