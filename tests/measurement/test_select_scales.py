"""Selection of scales; its equality with R's mokken is in test_mokken_reference.py."""

import itertools
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from cpeval.errors import DataError, OptionError, TooFewError
from cpeval.measurement import scalability, select_scales

DATA = Path(__file__).parents[1] / "reference" / "data"


def two_traits(n=300, seed=0, per_trait=3, noise=1):
    """Items a1 … of one trait, b1 … of another, and some of none."""
    rng = np.random.default_rng(seed)
    columns = {}
    for name in "ab":
        trait = rng.normal(size=n)
        for k in range(per_trait):
            scores = trait + rng.normal(0, 0.7, n) + 0.3 * k
            columns[f"{name}{k + 1}"] = np.clip(np.round(scores + 1.5), 0, 3)
    for k in range(noise):
        columns[f"noise{k + 1}"] = rng.integers(0, 4, n)
    return pd.DataFrame(columns)


def as_sets(result, column="scale"):
    """The scales as sets of items, whatever their numbers."""
    table = result.table[result.table[column] > 0]
    return {frozenset(rows["item"]) for _, rows in table.groupby(column)}


def acl(first, last):
    return pd.read_csv(DATA / "acl_1_110.csv").iloc[:, first:last]


def test_finds_what_was_put_in():
    items = two_traits()
    for method in ("aisp", "genetic"):
        result = select_scales(items, method=method, seed=1)
        assert as_sets(result) == {frozenset(["a1", "a2", "a3"]), frozenset(["b1", "b2", "b3"])}
        assert result.table["scale"].iloc[-1] == 0
    strict = select_scales(items, test="bound")
    assert as_sets(strict) == as_sets(result)


def test_scales_and_members_are_described():
    items = acl(0, 10)
    result = select_scales(items)
    assert result.scales["n_items"].tolist() == [4, 4]
    for scale, h in zip(result.scales["scale"], result.scales["H"], strict=True):
        members = result.members[result.members["scale"] == scale]
        alone = scalability(items[members["item"].tolist()])
        assert pytest.approx(h, rel=1e-12) == alone.H
        np.testing.assert_allclose(members["Hi"], alone.Hi, rtol=1e-12)
        assert members["order"].tolist() == [1, 2, 3, 4]
    first = result.members.iloc[:2]["item"].tolist()
    pairs = scalability(items).table.query("level == 'pair'")
    best = pairs.loc[pairs["estimate"].idxmax()]
    assert set(first) == {best["item"], best["item_2"]}
    genetic = select_scales(items, method="genetic", seed=1)
    for _, members in genetic.members.groupby("scale"):
        assert members["Hi"].is_monotonic_decreasing


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 300), method=st.sampled_from(["aisp", "aisp", "aisp bound"]))
def test_order_of_people_and_items_and_a_constant_added_do_not_matter(seed, method):
    rng = np.random.default_rng(seed)
    items = two_traits(150, seed, noise=2)
    how = {"test": "bound" if "bound" in method else "zero", "lower_bound": [0.2, 0.4]}
    one = select_scales(items, **how)
    shuffled = items.sample(frac=1, random_state=seed) + rng.integers(0, 5, items.shape[1])
    turned = select_scales(shuffled[rng.permutation(items.columns)], **how)
    for bound in ("0.2", "0.4"):
        assert as_sets(turned, bound) == as_sets(one, bound)


def aisp_by_definition(items, bound, alpha):
    """Mokken's procedure in words, with coefficients and Z of each set from `scalability`."""
    scales, free = [], list(items.columns)

    def of(names):
        table = scalability(items[names]).table
        each = table[table["level"] == "item"].set_index("item")
        return table["estimate"].iloc[0], each["estimate"], each["statistic"]

    pairs = scalability(items).table.query("level == 'pair'")
    hij = {frozenset([row.item, row.item_2]): row.estimate for row in pairs.itertuples()}
    zij = {frozenset([row.item, row.item_2]): row.statistic for row in pairs.itertuples()}
    while len(free) > 1:
        tests = len(free) * (len(free) - 1) / 2
        critical = stats.norm.isf(alpha / tests)
        possible = [
            pair
            for pair in map(frozenset, itertools.combinations(free, 2))
            if zij[pair] >= critical
        ]
        start = max(possible, key=hij.get, default=None)
        if start is None or hij[start] < bound:
            break
        scale = sorted(start)
        while True:
            rest = [
                item
                for item in free
                if item not in scale and all(hij[frozenset([item, old])] >= 0 for old in scale)
            ]
            tests += len(rest)
            critical = stats.norm.isf(alpha / tests)
            joining = {}
            for item in rest:
                whole, each, z = of([*scale, item])
                if each[item] >= bound and z[item] >= critical:
                    joining[item] = whole
            if not joining:
                break
            scale.append(max(joining, key=joining.get))
        scales.append(frozenset(scale))
        free = [item for item in free if item not in scale]
    return scales


@pytest.mark.parametrize("seed", range(12))
def test_aisp_is_mokkens_procedure_where_significance_decides(seed):
    # So few people, and items so loose, that critical values matter.
    items = two_traits(40 + 5 * seed, seed, per_trait=4, noise=1)
    rng = np.random.default_rng(seed)
    swapped = rng.random(items.shape) < 0.35
    items = items.mask(
        swapped, pd.DataFrame(rng.integers(0, 4, items.shape), columns=items.columns)
    )
    for bound, alpha in ((0.1, 0.05), (0.2, 0.2)):
        result = select_scales(items, lower_bound=bound, alpha=alpha)
        assert as_sets(result) == set(aisp_by_definition(items, bound, alpha))


def fits(items, bound, alpha):
    """Whether a set of items is a Mokken scale by the rules of the genetic algorithm."""
    if len(items.columns) < 2:
        return False
    table = scalability(items).table
    pairs, each = table[table["level"] == "pair"], table[table["level"] == "item"]
    return (
        (pairs["estimate"] >= 0).all()
        and (each["estimate"] >= bound).all()
        and (each["statistic"] >= stats.norm.isf(alpha)).all()
    )


def partitions(items):
    """Every way to put items into sets."""
    if not items:
        yield []
        return
    head, *rest = items
    for others in partitions(rest):
        yield [[head], *others]
        for k in range(len(others)):
            yield [*others[:k], [head, *others[k]], *others[k + 1 :]]


def best_sizes(items, bound, alpha):
    """Sizes of scales in the best partition, by trying all of them."""
    good = {}
    for size in range(2, len(items.columns) + 1):
        for some in itertools.combinations(items.columns, size):
            good[frozenset(some)] = fits(items[[*some]], bound, alpha)
    return max(
        sorted((len(s) for s in sets if good.get(frozenset(s), False)), reverse=True)
        for sets in partitions(list(items.columns))
    )


@pytest.mark.parametrize("first", [0, 40, 90])
@pytest.mark.parametrize("bound", [0.0, 0.2, 0.35])
def test_the_genetic_algorithm_finds_the_largest_scales(first, bound):
    items = acl(first, first + 7)
    expected = best_sizes(items, bound, 0.05)
    result = select_scales(items, method="genetic", lower_bound=bound, seed=3)
    assert result.scales["n_items"].tolist() == expected


def test_the_genetic_algorithm_allows_no_negative_pair():
    rng = np.random.default_rng(1)
    one, two = rng.normal(size=(2, 400))
    two -= 0.2 * one
    traits = {"one": one, "both": one + two, "two": two}
    items = pd.DataFrame({name: np.clip(np.round(t + 1.5), 0, 3) for name, t in traits.items()})
    hij = scalability(items).Hij
    assert hij.loc["one", "two"] < 0
    assert (scalability(items).Hi > 0.1).all()
    result = select_scales(items, method="genetic", lower_bound=0.1, seed=1)
    assert result.scales["n_items"].tolist() == best_sizes(items, 0.1, 0.05) == [2]


def test_the_genetic_algorithm_gives_mokken_scales_and_is_seeded():
    items = acl(0, 12)
    result = select_scales(items, method="genetic", seed=7)
    assert (result.members["Hi"] >= 0.3).all()
    for scale in as_sets(result):
        assert fits(items[sorted(scale)], 0.3, 0.05)
    sizes = result.scales["n_items"].tolist()
    assert sizes == sorted(sizes, reverse=True)
    again = select_scales(items.sample(frac=1, random_state=1), method="genetic", seed=7)
    pd.testing.assert_frame_equal(again.table, result.table)
    assert sizes >= select_scales(items).scales["n_items"].tolist()


def test_several_bounds_have_a_column_each():
    items = two_traits()
    result = select_scales(items, lower_bound=[0.3, 0.95, 0])
    assert result.table.columns.tolist() == ["item", "0.3", "0.95", "0"]
    assert (result.table["0.95"] == 0).all()
    assert result.table["0.3"].tolist() == select_scales(items).table["scale"].tolist()
    assert set(result.scales["lower_bound"]) == {0.3, 0}
    assert select_scales(items, lower_bound=[0.3]).table.columns.tolist() == ["item", "0.3"]
    assert result.plot().get_xticklabels()[1].get_text() == "0.95"


def test_nothing_scalable_is_a_result():
    rng = np.random.default_rng(0)
    items = pd.DataFrame(rng.integers(0, 3, (100, 4)), columns=list("abcd"))
    for method in ("aisp", "genetic"):
        result = select_scales(items, lower_bound=0.5, method=method, seed=1)
        assert (result.table["scale"] == 0).all()
        assert result.scales.empty
        assert result.plot().has_data()


def test_a_constant_item_is_named_and_in_no_scale():
    items = two_traits()
    for how in ({}, {"test": "bound"}, {"method": "genetic", "seed": 1}):
        result = select_scales(items.assign(all_same=1), **how)
        assert "Everyone gives the same answer to 'all_same': in no scale." in result.warnings
        assert (
            result.table["scale"].tolist()[:-1]
            == select_scales(items, **how).table["scale"].tolist()
        )
        assert result.table["scale"].iloc[-1] == 0
    with pytest.raises(TooFewError, match="needs two items that vary"):
        select_scales(pd.DataFrame({"a": [1, 2, 1], "b": [1, 1, 1]}))


def test_copies_and_ties_go_to_the_first():
    items = two_traits(noise=0).assign(copy=lambda data: data["a1"], again=lambda data: data["a1"])
    for test in ("zero", "bound"):
        result = select_scales(items, test=test)
        assert result.members["item"].tolist()[:2] == ["a1", "copy"]


def test_odd_items_are_named():
    items = two_traits(per_trait=4, noise=0)[["a1", "a2", "a3", "a4"]]
    turned = select_scales(items.assign(a2=3 - items["a2"]))
    assert turned.warnings[0].startswith("'a2': most pairs have a negative coefficient")
    assert turned.table["scale"].tolist() == [1, 0, 1, 1]
    missing = items.assign(a3=items["a3"].mask(items.index == 5, 99))
    assert any("'a3' (99 above 3)" in text for text in select_scales(missing).warnings)
    few = select_scales(items.head(30)).warnings
    assert any(text.startswith("Only 30 people") for text in few)


def test_an_item_that_fell_below_the_bound_is_named():
    items = pd.read_csv(DATA / "acl_1_110.csv")
    found = {}
    for first in range(0, 110, 10):
        result = select_scales(items.iloc[:, first : first + 10], lower_bound=[0.2, 0.3, 0.4])
        low = result.members[result.members["Hi"] < result.members["lower_bound"]]
        found[first] = len(low)
        said = [text for text in result.warnings if "fell below the bound" in text]
        assert len(said) == (len(low) > 0)
        assert all(repr(item) in said[0] for item in low["item"])
    assert any(found.values())


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"lower_bound": 30}, "from 0 to 1, such as 0.3. Got 30"),
        ({"lower_bound": True}, "Got True"),
        ({"lower_bound": []}, "several different ones from 0 to 1.*Got "),
        ({"lower_bound": [0.3, 0.3]}, "several different ones"),
        ({"lower_bound": [0.3, "x", -1]}, "Got 'x', -1"),
        ({"alpha": 0}, "'alpha' must be a number between 0 and 1"),
        ({"method": "ga"}, "'method' must be one of 'aisp', 'genetic'"),
        ({"test": "both"}, "'test' must be one of"),
        ({"test": "bound", "method": "genetic"}, "is for method='aisp'"),
        ({"missing": "pairwise"}, "'missing' must be one of 'listwise', 'two_way'"),
    ],
)
def test_options_that_are_none_are_refused(how, says):
    with pytest.raises(OptionError, match=says):
        select_scales(two_traits(60), **how)


def test_scores_that_are_none_are_refused():
    with pytest.raises(
        DataError, match=r"Scale selection takes whole numbers.*\n- 'a1': -1 in row 1"
    ):
        select_scales(two_traits(60).assign(a1=[-1] + [1] * 59))


def test_missing_answers_are_left_out_or_filled_in():
    items = two_traits()
    lost = items.mask(np.random.default_rng(1).random(items.shape) < 0.05)
    complete = int(lost.notna().all(axis=1).sum())
    result = select_scales(lost)
    assert (result.n, result.n_excluded) == (complete, 300 - complete)
    filled = select_scales(lost, missing="two_way", seed=2)
    assert (filled.n, filled.n_imputed) == (300, int(lost.isna().sum().sum()))
    again = select_scales(lost, missing="two_way", seed=2)
    pd.testing.assert_frame_equal(again.members, filled.members)


def test_an_instrument_scores_its_items():
    rng = np.random.default_rng(3)
    trait = rng.normal(1.5, 1, (200, 1))
    sheet = pd.DataFrame(
        np.clip(np.round(trait + rng.normal(0, 0.7, (200, 20))), 0, 3),
        columns=[f"q{i}" for i in range(1, 21)],
    )
    turned = [f"q{i}" for i in (4, 8, 12, 16)]
    sheet[turned] = 3 - sheet[turned]
    result = select_scales(sheet, instrument="ces_d", columns="q{n}")
    assert (result.table["scale"] == 1).all()


def test_the_result_pickles_and_says_what_was_done():
    result = select_scales(two_traits())
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(result)).members, result.members)
    assert "7 items, 300 people" in result.note
    assert "Hi at least 0.3 and above 0 at level 0.05" in result.note
    genetic = select_scales(two_traits(), method="genetic", seed=1)
    assert "Straat, van der Ark & Sijtsma (2013)" in genetic.note
