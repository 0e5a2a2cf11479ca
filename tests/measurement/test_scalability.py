import itertools
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, example, given, settings, strategies as st

from cpeval.errors import (
    ColumnError,
    DataError,
    LevelError,
    OptionError,
    TooFewError,
)
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


# ---- the definition, slowly ------------------------------------------------------------------


def orders(x, y):
    """Every order of the item steps of two items by popularity: those that tie, in all orders."""
    steps = [(0, s) for s in range(int(x.min()) + 1, int(x.max()) + 1)]
    steps += [(1, s) for s in range(int(y.min()) + 1, int(y.max()) + 1)]
    popularity = {step: int(((x, y)[step[0]] >= step[1]).sum()) for step in steps}
    tied = []
    for count in sorted(set(popularity.values()), reverse=True):
        group = [step for step in steps if popularity[step] == count]
        tied.append(
            [
                order
                for order in itertools.permutations(group)
                if all(
                    [s for s in order if s[0] == i] == sorted(s for s in order if s[0] == i)
                    for i in (0, 1)
                )
            ]
        )
    return [sum(parts, ()) for parts in itertools.product(*tied)]


def weight(a, b, order):
    """Guttman errors of answers a and b: pairs with the easier step not taken, the harder taken."""
    taken = [(a, b)[item] >= score for item, score in order]
    return sum(not easier and harder for easier, harder in itertools.combinations(taken, 2))


def pair_by_definition(x, y, people):
    """Errors made and expected, per person; ``people`` says how many each row stands for."""
    there = ~np.isnan(x) & ~np.isnan(y)
    x, y, people = x[there], y[there], people[there]
    every = orders(x, y)

    def errors(a, b):
        return np.mean([weight(a, b, order) for order in every])

    total = people.sum()
    made = sum(w * errors(a, b) for a, b, w in zip(x, y, people, strict=True)) / total
    expected = sum(
        errors(a, b) * people[x == a].sum() * people[y == b].sum() / total**2
        for a in set(x)
        for b in set(y)
    )
    return made, expected


def by_definition(values, people):
    """H, then Hi, then Hij."""
    k = values.shape[1]
    made, expected = np.zeros((2, k, k), dtype=complex)
    for i, j in itertools.combinations(range(k), 2):
        found = pair_by_definition(values[:, i], values[:, j], people)
        made[i, j], expected[i, j] = made[j, i], expected[j, i] = found
    one, two = np.triu_indices(k, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.concatenate(
            [
                [1 - made.sum() / expected.sum()],
                1 - made.sum(axis=1) / expected.sum(axis=1),
                (1 - made / expected)[one, two],
            ]
        )


def errors_by_definition(values):
    """The delta method: derivatives by the complex step, exact to rounding, a person at a time."""
    step = 1e-30
    squares = 0
    for person in range(len(values)):
        people = np.ones(len(values), dtype=complex)
        people[person] += step * 1j
        squares = squares + (by_definition(values, people).imag / step) ** 2
    return np.sqrt(squares)


SCORES = st.integers(2, 4).flatmap(
    lambda k: st.lists(
        st.lists(st.sampled_from([0, 1, 2, 4]), min_size=k, max_size=k), min_size=3, max_size=8
    )
)


@settings(deadline=None, max_examples=40)
@given(SCORES)
@example([[0, 0], [1, 1], [0, 1], [1, 0], [1, 0], [0, 1]])  # steps that tie
@example([[0, 0], [4, 4], [0, 4], [4, 0], [4, 4]])  # tie, over scores that nobody gave
def test_equals_the_definition_also_with_ties(rows):
    values = np.array(rows, dtype=float)
    assume((np.ptp(values, axis=0) > 0).all())
    table = scalability(pd.DataFrame(values)).table
    np.testing.assert_allclose(
        table["estimate"], by_definition(values, np.ones(len(values))).real, **CLOSE
    )
    np.testing.assert_allclose(table["se"], errors_by_definition(values), **CLOSE)


def test_pairwise_equals_the_definition():
    items = with_gaps(answers(25, 3))
    result = scalability(items, missing="pairwise")
    values = items.to_numpy()
    np.testing.assert_allclose(
        result.table["estimate"], by_definition(values, np.ones(len(values))).real, **CLOSE
    )
    np.testing.assert_allclose(result.table["se"], errors_by_definition(values), **CLOSE)
    both = (items["item 1"].notna() & items["item 2"].notna()).sum()
    assert result.table["n"].iloc[-1] == both
    assert result.n_excluded == 0
    # Mokken's Z of a pair is that of its own people.
    alone = scalability(items[["item 1", "item 2"]]).table
    row = alone.iloc[-1]
    assert result.table["statistic"].iloc[-1] == pytest.approx(row["statistic"], rel=1e-10)


def test_by_hand():
    # p = 4/6, 2/6, 2/6. Covariances: ab 4/36 of at most 4/36, bc 2/36 of 8/36, ac -2/36 of 4/36.
    items = pd.DataFrame(
        {"a": [0, 0, 1, 1, 1, 1], "b": [0, 0, 0, 1, 1, 0], "c": [0, 1, 0, 0, 1, 0]}
    )
    found = scalability(items)
    np.testing.assert_allclose(
        found.table["estimate"], [1 / 4, 1 / 4, 1 / 2, 0, 1, -1 / 2, 1 / 4], atol=1e-15
    )


# ---- properties ------------------------------------------------------------------------------


def same(one, other, columns=NUMBERS):
    np.testing.assert_allclose(one[columns].astype(float), other[columns].astype(float), **CLOSE)


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 500),
    add=st.integers(0, 7),
    missing=st.sampled_from(["listwise", "pairwise"]),
)
def test_order_of_rows_and_items_and_a_constant_added_do_not_matter(seed, add, missing):
    rng = np.random.default_rng(seed)
    items = answers(30, 4, seed, top=int(rng.integers(1, 5)))
    assume((items.max() > items.min()).all())
    items = with_gaps(items, 0.1, seed)
    one = scalability(items, missing=missing).table
    shuffled = items.sample(frac=1, random_state=seed)
    same(scalability(shuffled, missing=missing).table, one)
    same(scalability(items + np.array([0, add, 2 * add, 1]), missing=missing).table, one)
    turned = scalability(items[items.columns[::-1]], missing=missing).table
    same(turned[turned["level"] == "scale"], one[one["level"] == "scale"])
    by_name = turned[turned["level"] == "item"].set_index("item").loc[items.columns]
    same(by_name, one[one["level"] == "item"])
    swapped = turned[turned["level"] == "pair"].set_index(["item_2", "item"])
    pairs = one[one["level"] == "pair"].set_index(["item", "item_2"])
    same(swapped.loc[pairs.index], pairs)


def test_people_twice_halve_the_variance():
    items = answers()
    one, two = scalability(items).table, scalability(pd.concat([items] * 4)).table
    np.testing.assert_allclose(two["estimate"], one["estimate"], **CLOSE)
    np.testing.assert_allclose(two["se"], one["se"] / 2, **CLOSE)


def test_groups_are_separate_runs():
    items = with_gaps(answers(90))
    label = np.tile(["b", "a", "é é"], 30)
    for missing in ("listwise", "pairwise", "two_way"):
        how = {"missing": missing, "seed": 5}
        found = scalability(items.assign(site=label), groups="site", **how)
        assert found.table["group"].unique().tolist() == ["a", "b", "é é"]
        given_values = scalability(items, groups=label, **how)
        pd.testing.assert_frame_equal(given_values.table, found.table)
        for name in "ab":
            alone = scalability(items[label == name], **how)
            part = found.table[found.table["group"] == name].drop(columns="group")
            pd.testing.assert_frame_equal(part.reset_index(drop=True), alone.table)
            assert found.H[name] == alone.H
            pd.testing.assert_series_equal(found.Hi[name], alone.Hi)
            pd.testing.assert_frame_equal(found.Hij.loc[name], alone.Hij)
        assert "in each of 3 groups of 'site'" in found.note


def test_groups_of_any_engine_and_kind():
    items = answers(40)
    number = pd.Series([2, 10] * 20)
    expected = scalability(items, groups=number)
    assert expected.H.index.tolist() == [2, 10]
    frame = pl.from_pandas(items.assign(g=number))
    pd.testing.assert_frame_equal(scalability(frame, groups="g").table, expected.table)
    ordered = pd.Categorical(["ten" if g == 10 else "two" for g in number], ["two", "ten", "none"])
    assert scalability(items, groups=ordered).H.index.tolist() == ["two", "ten"]
    mixed = scalability(items, groups=[1, "x"] * 20)
    assert mixed.H.index.tolist() == [1, "x"]
    unsortable = scalability(items, groups=[pd.Timestamp("2024-01-01"), 1] * 20)
    assert unsortable.H.index.tolist() == ["1", "2024-01-01 00:00:00"]


def test_chunks_do_not_matter(monkeypatch):
    from cpeval.measurement.item_codes import ItemCodes

    items = with_gaps(answers(200))
    whole = {m: scalability(items, missing=m).table for m in ("listwise", "pairwise")}
    monkeypatch.setattr(
        ItemCodes, "chunks", lambda self: [slice(k, k + 7) for k in range(0, self.n_people, 7)]
    )
    for missing, table in whole.items():
        same(scalability(items, missing=missing).table, table)


# ---- intervals -------------------------------------------------------------------------------


def test_intervals():
    items = answers()
    wald = scalability(items, level=0.9).table
    z = 1.6448536269514722
    np.testing.assert_allclose(wald["ci_high"], wald["estimate"] + z * wald["se"])
    np.testing.assert_allclose(wald["ci_low"], wald["estimate"] - z * wald["se"])
    inside = scalability(items, level=0.9, interval="range_preserving").table
    rest = 1 - inside["estimate"]
    spread = np.exp(z * inside["se"] / rest)
    np.testing.assert_allclose(inside["ci_low"], 1 - rest * spread)
    np.testing.assert_allclose(inside["ci_high"], 1 - rest / spread)
    assert (inside["ci_high"] < 1).all()


def test_p_is_one_sided():
    items = answers()
    row = scalability(items).table.iloc[0]
    other = scalability(items.assign(**{"item 3": 3 - items["item 3"]})).table
    against = other[(other["item"] == "item 2") & (other["item_2"] == "item 3")].iloc[0]
    assert row["p"] < 1e-6
    assert against["statistic"] < 0
    assert against["p"] > 0.5


# ---- what is odd -----------------------------------------------------------------------------


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
    # One pair alone that is negative: no item is the culprit.
    trait = np.repeat([0, 1, 2, 3], 30)
    near = pd.DataFrame({"a": trait, "b": trait, "c": trait, "d": trait})
    near["a"] = (trait + np.tile([0, 1, 0], 40)).clip(0, 3)
    near["d"] = np.random.default_rng(2).permutation(trait)
    found = scalability(near)
    assert found.Hij.loc["d"].min() < 0


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
        ({"groups": ["a"] * 59 + ["b"]}, TooFewError, "'b': Scalability needs two people"),
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


@pytest.mark.slow
def test_a_million_people():
    items = pd.concat([answers(10_000, 6)] * 100, ignore_index=True)
    one, many = scalability(items.head(10_000)).table, scalability(items).table
    np.testing.assert_allclose(many["estimate"], one["estimate"], rtol=1e-9)
    np.testing.assert_allclose(many["se"], one["se"] / 10, rtol=1e-9)
