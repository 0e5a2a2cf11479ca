"""Monotonicity equals mokken's on real data, and a slow count on made-up data."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, strategies as st

from cpeval.errors import ColumnError, DataError, OptionError, TooFewError
from cpeval.measurement import monotonicity
from cpeval.measurement.rest_groups import default_min_size

PATH = Path(__file__).parents[1] / "reference" / "mokken_order.json"
ENTRIES = json.loads(PATH.read_text(encoding="utf-8"))["entries"]
RTOL = 1e-10  # closed forms; R printed 17 digits

COLUMNS = {
    "item_h": "ItemH",
    "active_pairs": "ac",
    "violations": "vi",
    "max_violation": "maxvi",
    "sum_violation": "sum",
    "z_max": "zmax",
    "significant": "zsig",
}


def frame(value):
    return pd.DataFrame(
        value["values"], index=value.get("rows"), columns=value["cols"], dtype=float
    )


def test_equals_mokken(data_set, real_items):
    expected = frame(ENTRIES[f"{data_set}/monotonicity"]["value"])
    table = monotonicity(real_items(data_set)).table.set_index("item")
    assert [*table.index] == [*expected.index]
    for ours, theirs in COLUMNS.items():
        np.testing.assert_allclose(
            table[ours], expected[theirs], rtol=RTOL, atol=1e-14, err_msg=ours
        )
    summary = frame(ENTRIES[f"{data_set}/monotonicity_summary"]["value"])
    assert table["crit"].tolist() == summary["crit"].tolist()


def test_groups_equal_mokkens(data_set, real_items):
    expected = frame(ENTRIES[f"{data_set}/monotonicity_item1_groups"]["value"])
    items = real_items(data_set)
    lowest = int(items.min().min())  # mokken's codes start from 0
    result = monotonicity(items)
    first = items.columns[0]
    groups = result.groups[result.groups["item"] == first]
    others = lowest * (items.shape[1] - 1)
    for ours, theirs in (
        (groups["group"], "Group"),
        (groups["rest_low"] - others, "Lo Score"),
        (groups["rest_high"] - others, "Hi Score"),
        (groups["n"], "N"),
        (groups["mean"] - lowest, "Mean"),
    ):
        np.testing.assert_allclose(ours, expected[theirs], rtol=RTOL, err_msg=theirs)
    steps = result.steps[result.steps["item"] == first]
    for code, rows in steps.groupby("code"):
        at_least = expected[f"P(X >={code - lowest})"]
        np.testing.assert_allclose(rows["estimate"], at_least, rtol=RTOL)
        np.testing.assert_array_equal(rows["count"], np.rint(at_least * expected["N"]))


def test_intervals_equal_those_of_other_software(real_items):
    from scipy import stats
    from statsmodels.stats.proportion import proportion_confint

    items = real_items("acl_Communality")
    result = monotonicity(items)
    steps = result.steps
    low, high = proportion_confint(steps["count"], steps["n"], method="wilson")
    np.testing.assert_allclose(steps["ci_low"], low, atol=1e-12)
    np.testing.assert_allclose(steps["ci_high"], high, atol=1e-12)
    group = result.groups.iloc[1]
    rest = items.drop(columns="reliable").sum(axis=1)
    inside = items["reliable"][rest.between(group["rest_low"], group["rest_high"])]
    assert len(inside) == group["n"]
    span = stats.ttest_1samp(inside, 0).confidence_interval(0.95)
    np.testing.assert_allclose(group[["ci_low", "ci_high"]].astype(float), span, rtol=RTOL)


def slowly(items, min_size, min_violation):
    """Count by the definition, person by person."""
    found = []
    codes = items.to_numpy()
    for j in range(codes.shape[1]):
        rest = codes.sum(axis=1) - codes[:, j]
        order = np.sort(rest)
        ends = []
        while not ends or len(rest) - ends[-1] >= min_size:
            start = ends[-1] if ends else 0
            ends.append(int((rest <= order[min(start + min_size, len(rest)) - 1]).sum()))
        tops = [*(order[end - 1] for end in ends[:-1]), order[-1]]
        member = np.searchsorted(tops, rest)
        active, sizes, z = 0, [], []
        for code in range(codes.min() + 1, codes.max() + 1):
            passed = codes[:, j] >= code
            for g in range(len(tops)):
                for h in range(g + 1, len(tops)):
                    one, two = passed[member == g], passed[member == h]
                    active += bool(one.any() and not two.all())
                    fall = one.sum() / one.size - two.sum() / two.size
                    if fall > min_violation:
                        sizes.append(fall)
                        root = np.sqrt((two.sum() + 1) * ((~one).sum() + 1))
                        root -= np.sqrt(float((~two).sum() * one.sum()))
                        z.append(2 * abs(root) / np.sqrt(one.size + two.size - 1))
        found.append([len(tops), active, len(sizes), sum(sizes), max(z, default=0)])
    return np.array(found, dtype=float)


def made_up(seed, n, k, m):
    rng = np.random.default_rng(seed)
    trait = rng.normal(size=(n, 1))
    values = np.clip(np.rint(m / 2 + trait + rng.normal(size=(n, k))), 0, m)
    return pd.DataFrame(values.astype(int), columns=[f"i{j}" for j in range(k)])


SHAPES = st.tuples(
    st.integers(0, 10**6), st.integers(20, 120), st.integers(3, 5), st.integers(1, 4)
)


@given(SHAPES, st.integers(2, 30), st.sampled_from([0.0, 0.03, 0.1]))
def test_equals_a_slow_count(shape, min_size, least):
    items = made_up(*shape)
    min_size = min(min_size, len(items))
    result = monotonicity(items, min_size=min_size, min_violation=least)
    expected = slowly(items, min_size, least)
    groups = result.groups.groupby("item", sort=False)["group"].max()
    np.testing.assert_array_equal(groups, expected[:, 0])
    table = result.table
    np.testing.assert_array_equal(table["active_pairs"], expected[:, 1])
    np.testing.assert_array_equal(table["violations"], expected[:, 2])
    np.testing.assert_allclose(table["sum_violation"].fillna(0), expected[:, 3], atol=1e-12)
    np.testing.assert_allclose(table["z_max"].fillna(0), expected[:, 4], atol=1e-12)


@given(
    SHAPES,
    st.randoms(use_true_random=False),
    st.integers(-50, 50),
    st.sampled_from([1, 3, 25]),
)
def test_order_start_and_unit_do_not_matter(shape, random, start, unit):
    items = made_up(*shape)
    one = monotonicity(items, min_size=10)
    names = [*items.columns]
    random.shuffle(names)
    moved = items.sample(frac=1, random_state=random.randrange(2**31))[names] * unit + start
    two = monotonicity(moved, min_size=10)
    expected = one.table.set_index("item").loc[names].reset_index()
    pd.testing.assert_frame_equal(two.table, expected, rtol=1e-9)
    violations = two.violations.drop(columns="code").sort_values(["item", "group", "group_2"])
    assert len(violations) == len(one.violations)


def test_the_violations_are_those_of_the_table(real_items):
    result = monotonicity(real_items("cavalini"))
    by_item = result.violations.groupby("item", sort=False)
    table = result.table.set_index("item")
    seen = by_item["size"].agg(["size", "max", "sum"]).reindex(table.index, fill_value=0)
    np.testing.assert_array_equal(seen["size"], table["violations"])
    np.testing.assert_allclose(seen["max"], table["max_violation"])
    np.testing.assert_allclose(seen["sum"], table["sum_violation"])
    significant = by_item["significant"].sum().reindex(table.index, fill_value=0)
    np.testing.assert_array_equal(significant, table["significant"])
    rows = result.violations
    np.testing.assert_allclose(rows["estimate"] - rows["estimate_2"], rows["size"])
    assert (rows["group"] < rows["group_2"]).all()


def test_a_constant_item_is_named_and_the_others_stay_as_they_were(real_items):
    items = real_items("acl_Order")
    alone = monotonicity(items).table
    result = monotonicity(items.assign(**{"same for all": 2}))
    row = result.table.iloc[-1]
    assert row["active_pairs"] == 0
    assert row[["item_h", "max_violation", "sum_violation", "z_max", "crit"]].isna().all()
    pd.testing.assert_frame_equal(result.table.iloc[:-1], alone)
    assert any("same answer: 'same for all'" in text for text in result.warnings)


def test_an_item_there_twice_or_turned_round_is_named(real_items):
    items = real_items("acl_Order")
    result = monotonicity(items.assign(again=items["organized"], back=4 - items["precise"]))
    text = "\n".join(result.warnings)
    assert "'organized' and 'again'" in text
    assert "H below 0 (should they be reversed?): 'back'" in text


def test_few_people_are_mentioned():
    items = made_up(1, 40, 4, 3)
    result = monotonicity(items, min_size=10)
    assert "Only 40 people" in "\n".join(result.warnings)
    alone = monotonicity(items)
    assert (alone.table["active_pairs"] == 0).all()
    assert alone.table["crit"].isna().all()
    assert "with min_size 50 of 40 people there is one rest-score group" in "\n".join(
        alone.warnings
    )


def test_default_sizes_are_mokkens():
    sizes = {49: 50, 149: 50, 150: 50, 250: 83, 251: 50, 499: 99, 500: 50, 1234: 123}
    assert {n: default_min_size(n) for n in sizes} == sizes


def test_gaps_are_left_out_or_filled_in_and_counted(real_items):
    items = real_items("bfi_A")
    assert monotonicity(items).n_excluded == 91
    filled = monotonicity(items, missing="two_way", seed=1)
    assert filled.n_imputed == int(items.isna().sum().sum())
    assert filled.table["n"].iloc[0] == 2800
    with pytest.raises(OptionError, match="'listwise', 'two_way'"):
        monotonicity(items, missing="pairwise")


def test_an_instrument_is_scored_first():
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 4, (300, 20))
    sheet = pd.DataFrame(codes, columns=[f"q{i}" for i in range(1, 21)]).assign(age=30)
    scored = sheet.drop(columns="age")
    for positive in (4, 8, 12, 16):
        scored[f"q{positive}"] = 3 - scored[f"q{positive}"]
    one = monotonicity(sheet, instrument="ces_d", columns="q{n}").table
    np.testing.assert_array_equal(
        one.drop(columns="item"), monotonicity(scored).table.drop(columns="item")
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"min_size": 0}, "'min_size'.*from 2 to the 60 people.*Got 0"),
        ({"min_size": 61}, "Got 61"),
        ({"min_size": 10.0}, "Got 10.0"),
        ({"min_size": True}, "Got True"),
        ({"min_violation": -0.1}, "'min_violation'.*from 0 to below 1.*Got -0.1"),
        ({"min_violation": 1}, "Got 1"),
        ({"min_violation": "0.03"}, "Got '0.03'"),
        ({"min_violation": float("nan")}, "Got nan"),
        ({"scale": "x"}, "need instrument="),
    ],
)
def test_options_out_of_bounds_are_refused(options, says):
    with pytest.raises(OptionError, match=says):
        monotonicity(made_up(0, 60, 3, 2), **options)


def test_answers_that_cannot_be_counted_are_named():
    items = made_up(0, 60, 4, 3)
    with pytest.raises(ColumnError, match="'i1' holds 'x' in row 3"):
        monotonicity(items.assign(i1=[1, 2, "x", *[0] * 57]))
    broken = items.astype(float)
    broken.loc[3, "i2"] = 1.5
    broken.loc[[4, 5], "i0"] = 2.25
    with pytest.raises(DataError, match=r"'i0' has 2.25; 'i2' has 1.5\. Give the codes"):
        monotonicity(broken)
    with pytest.raises(DataError, match=r"at most 100 steps.*widest items are 'i3'"):
        monotonicity(items.assign(i3=range(1000, 7000, 100)).assign(i3=lambda d: d["i3"] + d["i0"]))
    with pytest.raises(DataError, match="at most 100 steps"):
        monotonicity(items.assign(i3=10**9))


def test_too_few_items_or_people_are_refused():
    items = made_up(0, 60, 3, 2)
    with pytest.raises(TooFewError, match=r"needs 3 items.*There are 2 items"):
        monotonicity(items[["i0", "i1"]])
    with pytest.raises(TooFewError, match="1 of them complete"):
        monotonicity(items.head(1))
    with pytest.raises(TooFewError, match="nobody answered 'i1'"):
        monotonicity(items.assign(i1=np.nan))


def test_all_items_constant_is_a_result_without_comparisons():
    result = monotonicity(pd.DataFrame({"a": [1] * 9, "b": [1] * 9, "c": [1] * 9}))
    assert (result.table["active_pairs"] == 0).all()
    assert result.steps.empty


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_names_with_spaces_and_any_script(make):
    items = made_up(0, 200, 3, 2)
    items.columns = ["naïve $x$", "Frage 2", "質問"]
    result = monotonicity(make(items.to_dict("list")))
    assert result.table["item"].tolist() == ["naïve $x$", "Frage 2", "質問"]


def test_the_plot_shows_the_item_that_is_asked_for(real_items):
    import matplotlib.pyplot as plt

    result = monotonicity(real_items("cavalini"))
    worst = result.table.loc[result.table["crit"].idxmax(), "item"]
    ax = result.plot()
    assert ax.get_title() == worst
    ax = result.plot(item="Item3", labels={"Item3": "Third", 1: "some"})
    assert ax.get_title() == "Third"
    rows = result.steps[(result.steps["item"] == "Item3") & (result.steps["code"] == 1)]
    line = ax.lines[0]
    assert line.get_label() == "some or higher"
    np.testing.assert_array_equal(line.get_ydata(), rows["estimate"])
    with pytest.raises(OptionError, match=r"no item 'item3' \(did you mean 'Item3'\?\)"):
        result.plot(item="item3")
    plt.close("all")
