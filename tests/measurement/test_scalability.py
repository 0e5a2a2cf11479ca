import itertools

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, example, given, settings, strategies as st

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


@pytest.mark.slow
def test_a_million_people():
    items = pd.concat([answers(10_000, 6)] * 100, ignore_index=True)
    one, many = scalability(items.head(10_000)).table, scalability(items).table
    np.testing.assert_allclose(many["estimate"], one["estimate"], rtol=1e-9)
    np.testing.assert_allclose(many["se"], one["se"] / 10, rtol=1e-9)
