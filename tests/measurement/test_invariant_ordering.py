"""The order of items equals mokken's where mokken is right, and a slow count elsewhere."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from cpeval.errors import DataError, OptionError, TooFewError
from cpeval.measurement import invariant_ordering
from cpeval.measurement.mokken.backward_selection import backward_selection, h_transposed
from cpeval.measurement.mokken.item_scalability import covariances
from cpeval.measurement.mokken.ordered_pairs import mcnemar, paired_t, symmetry

PATH = Path(__file__).parents[1] / "reference" / "mokken_order.json"
ENTRIES = json.loads(PATH.read_text(encoding="utf-8"))["entries"]
RTOL = 1e-10  # closed forms; R printed 17 digits
METHODS = {"miio": "iio_MIIO", "mscpm": "iio_MSCPM_corrected", "it": "iio_IT"}

COLUMNS = {
    "item_h": "ItemH",
    "active_pairs": "ac",
    "violations": "vi",
    "max_violation": "maxvi",
    "sum_violation": "sum",
    "statistic_max": "stat_max",
    "significant": "sig",
}


def frame(value):
    return pd.DataFrame(value["values"], index=value["rows"], columns=value["cols"], dtype=float)


def entry(data_set, method):
    name = f"{data_set}/{METHODS[method]}"
    # mokken stops on binary items; there the entry is of its code put right.
    return ENTRIES.get(name, ENTRIES.get(f"{name}_corrected"))["value"]


@pytest.mark.parametrize("method", METHODS)
def test_equals_mokken(data_set, method, real_items):
    value = entry(data_set, method)
    result = invariant_ordering(real_items(data_set), method=method)
    expected, table = frame(value["table"]), result.table.set_index("item")
    assert [*table.index] == [*expected.index]
    for ours, theirs in COLUMNS.items():
        np.testing.assert_allclose(
            table[ours], expected[theirs], rtol=RTOL, atol=1e-14, err_msg=ours
        )
    assert table["crit"].tolist() == frame(value["summary"])["crit"].tolist()


@pytest.mark.parametrize("method", METHODS)
def test_selects_as_mokken_does(data_set, method, real_items):
    value = entry(data_set, method)
    result = invariant_ordering(real_items(data_set), method=method)
    removed = value["removed"] or []
    assert [*result.removed] == ([removed] if isinstance(removed, str) else removed)
    np.testing.assert_array_equal(
        result.steps.set_index("item"), frame(value["backward"]).to_numpy()
    )
    expected = ENTRIES[f"{data_set}/HT_all_items"]["value"]
    np.testing.assert_allclose(result.HT, expected, rtol=RTOL)
    np.testing.assert_allclose(result.HT_selected, value["HT_after"], rtol=RTOL)
    kept = result.table["item"][result.table["selected"]]
    assert set(kept) == set(result.table["item"]) - set(result.removed)


def test_mscpm_is_not_what_mokken_says_but_what_mcnemar_says(real_items):
    wrong = frame(ENTRIES["acl_Communality/iio_MSCPM"]["value"]["table"])
    result = invariant_ordering(real_items("acl_Communality"), method="mscpm")
    table = result.table.set_index("item")
    assert wrong["stat_max"].max() > 13
    assert table["statistic_max"].max() < 4
    np.testing.assert_allclose(table["sum_violation"], wrong["sum"], rtol=RTOL)


def test_binary_items_have_one_order_whatever_is_compared(real_items):
    items = real_items("transreas")
    means, shares = (invariant_ordering(items, method=name) for name in ("miio", "mscpm"))
    pd.testing.assert_frame_equal(means.table, shares.table)
    pd.testing.assert_frame_equal(means.violations, shares.violations.drop(columns="code"))


def slow_groups(rest, min_size):
    """Each person's group, as mokken's manual describes it."""
    order, ends = np.sort(rest), []
    while not ends or len(rest) - ends[-1] >= min_size:
        start = ends[-1] if ends else 0
        ends.append(int((rest <= order[min(start + min_size, len(rest)) - 1]).sum()))
    return np.searchsorted([*(order[end - 1] for end in ends[:-1]), order[-1]], rest)


def slow_mcnemar(first, second):
    least, n = min(first, second), first + second
    b = ((2 * least + 1 - n) ** 2 - 10 * n) / (12 * n)
    z = abs(np.sqrt(2 * least + 2 + b) - np.sqrt(2 * n - 2 * least + b))
    return z, stats.norm.sf(z)


def slow_violations(x, y, method, span, binary, least):
    """Violations by two items' answers in one group: sizes, statistics and p."""
    if method == "miio" and not binary:
        size = y.mean() - x.mean()
        if size <= least * span[1]:
            return []
        if len(x) == 1:
            return [(size, 0.0, 1.0)]
        if np.ptp(y - x) == 0:
            return [(size, np.inf, 0.0)]
        return [(size, *stats.ttest_rel(y, x, alternative="greater"))]
    found = []
    if method != "it":
        for code in range(1, span[1] + 1):
            size = (y >= code).mean() - (x >= code).mean()
            if size > least:
                only = ((x >= code) & (y < code)).sum(), ((x < code) & (y >= code)).sum()
                found.append((size, *slow_mcnemar(*only)))
        return found
    for u, v in combinations(range(span[1] + 1), 2):
        against, along = ((x == u) & (y == v)).sum(), ((x == v) & (y == u)).sum()
        if (against - along) / len(x) > least:
            found.append(((against - along) / len(x), *stats.chisquare([against, along])))
    return found


def slowly(items, method, min_size, least):
    """Count by the definition, pair by pair; the table's columns from active_pairs on."""
    codes = items.to_numpy() - items.to_numpy().min()
    m = codes.max()
    names = [*items.columns]
    order = sorted(range(len(names)), key=lambda j: (-codes[:, j].sum(), -j))
    per_group = {"miio": 1, "mscpm": m, "it": m * (m + 1) // 2}[method]
    rows = {j: [0, 0, 0.0, 0.0, 0.0, 0] for j in order}
    for i, j in combinations(order, 2):
        member = slow_groups(codes.sum(axis=1) - codes[:, i] - codes[:, j], min_size)
        found = []
        for group in range(member.max() + 1):
            x, y = codes[member == group, i], codes[member == group, j]
            found += slow_violations(x, y, method, (0, m), m == 1, least)
        for row in (rows[i], rows[j]):
            row[0] += member.max() * per_group
            row[1] += len(found)
            row[2] = max([row[2], *(size for size, _, _ in found)])
            row[3] += sum(size for size, _, _ in found)
            row[4] = max([row[4], *(statistic for _, statistic, _ in found)])
            row[5] += sum(p < 0.05 for _, _, p in found)
    return [names[j] for j in order], np.array([rows[j] for j in order], dtype=float)


def made_up(seed, n, k, m):
    rng = np.random.default_rng(seed)
    trait, turn = rng.normal(size=(2, n, 1))
    place = rng.normal(size=k)
    values = m / 2 + trait + place * turn + rng.normal(size=(n, k))
    return pd.DataFrame(
        np.clip(np.rint(values), 0, m).astype(int), columns=[f"i{j}" for j in range(k)]
    )


SHAPES = st.tuples(
    st.integers(0, 10**6), st.integers(30, 120), st.integers(3, 5), st.integers(1, 4)
)
MEASURED = [*COLUMNS][1:]


@settings(deadline=None)
@given(SHAPES, st.sampled_from([*METHODS]), st.integers(2, 30), st.sampled_from([0.0, 0.03, 0.1]))
def test_equals_a_slow_count(shape, method, min_size, least):
    items = made_up(*shape)
    varies = items.loc[:, np.ptp(items, axis=0) > 0]
    if varies.shape[1] < 3:
        return
    table = invariant_ordering(varies, method=method, min_size=min_size, min_violation=least).table
    order, expected = slowly(varies, method, min_size, least)
    assert table["item"].tolist() == order
    np.testing.assert_allclose(table[MEASURED].fillna(0), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_many_codes_are_counted_alike(method):
    """With 40 steps and eight items, groups are found before answers are counted."""
    items = made_up(3, 150, 8, 40) + np.arange(8) % 3
    table = invariant_ordering(items, method=method, min_size=30, min_violation=0.01).table
    order, expected = slowly(items, method, 30, 0.01)
    assert table["item"].tolist() == order
    np.testing.assert_allclose(table[MEASURED], expected, rtol=1e-9, atol=1e-12)


@settings(deadline=None)
@given(
    SHAPES,
    st.sampled_from([*METHODS]),
    st.randoms(use_true_random=False),
    st.integers(-50, 50),
    st.sampled_from([1, 3, 25]),
)
def test_order_start_and_unit_do_not_matter(shape, method, random, start, unit):
    items = made_up(*shape)
    items = items.loc[:, np.ptp(items, axis=0) > 0]
    if items.shape[1] < 3 or items.sum().duplicated().any():
        return  # ties follow the columns, as the docstring says
    one = invariant_ordering(items, method=method, min_size=10)
    names = [*items.columns]
    random.shuffle(names)
    moved = items.sample(frac=1, random_state=random.randrange(2**31))[names] * unit + start
    two = invariant_ordering(moved, method=method, min_size=10)
    points = unit if method == "miio" else 1
    expected = one.table.assign(
        mean=one.table["mean"] * unit + start,
        max_violation=one.table["max_violation"] * points,
        sum_violation=one.table["sum_violation"] * points,
    )
    pd.testing.assert_frame_equal(two.table, expected, rtol=1e-9)
    assert two.removed == one.removed
    np.testing.assert_allclose([two.HT, two.HT_selected], [one.HT, one.HT_selected])
    np.testing.assert_array_equal(
        two.groups["rest_low"], one.groups["rest_low"] * unit + start * (len(names) - 2)
    )
    np.testing.assert_allclose(two.groups["mean_2_low"], one.groups["mean_2_low"] * unit + start)


@given(SHAPES)
def test_h_transposed_is_that_of_all_pairs_of_people(shape):
    items = made_up(*shape)
    people = items.to_numpy().T.astype(float)  # items by people
    people = people[:, np.ptp(people, axis=0) > 0]
    ours = h_transposed(items.to_numpy().T)
    if people.shape[1] < 2:
        return
    seen = np.cov(people, rowvar=False)
    highest = np.cov(np.sort(people, axis=0), rowvar=False)
    off = ~np.eye(len(seen), dtype=bool)
    np.testing.assert_allclose(ours, seen[off].sum() / highest[off].sum(), rtol=1e-9, atol=1e-12)


def test_equal_means_put_the_later_column_first():
    rng = np.random.default_rng(0)
    base = rng.integers(0, 3, 90)
    items = pd.DataFrame({"a": base, "b": rng.permutation(base), "c": np.minimum(base + 1, 2)})
    assert invariant_ordering(items).table["item"].tolist() == ["c", "b", "a"]


def test_a_tie_in_the_selection_goes_by_h_then_by_place():
    rng = np.random.default_rng(2)
    trait = rng.normal(size=200)
    rows = [np.rint(trait + rng.normal(size=200) * noise) for noise in (0.2, 2.0, 0.2, 0.2)]
    answers = np.clip(np.stack(rows).astype(int) + 2, 0, 4)
    found = covariances(answers, 4)
    pairs = np.zeros((4, 4), dtype=bool)
    pairs[0, 1] = pairs[1, 0] = True
    assert backward_selection(pairs, found)[0] == [1]  # without the noisy one, H is higher
    answers[1] = answers[0]
    assert backward_selection(pairs, covariances(answers, 4))[0] == [0]  # H is equal


def test_selection_may_leave_one_item():
    answers = np.array([[0, 1, 2, 2], [2, 1, 0, 1], [1, 1, 0, 2]])
    pairs = ~np.eye(3, dtype=bool)
    removed, counts = backward_selection(pairs, covariances(answers, 2))
    assert len(removed) == 2
    assert np.isnan(counts[removed, -1]).all()
    assert np.isnan(h_transposed(answers[:1]))


def test_the_tests_equal_those_of_other_software():
    x = np.array([2, 3, 1, 4, 4, 0, 2])
    y = np.array([3, 3, 4, 4, 2, 1, 4])
    d = y - x
    t, p = paired_t(np.array([7]), np.array([d.sum()]), np.array([(d**2).sum()]))
    expected = stats.ttest_rel(y, x, alternative="greater")
    np.testing.assert_allclose([t[0], p[0]], [expected.statistic, expected.pvalue], rtol=1e-12)
    value, p = symmetry(np.array([13]), np.array([3]), np.array([0]))
    expected = stats.chisquare([13, 3])
    np.testing.assert_allclose([value[0], p[0]], [expected.statistic, expected.pvalue])
    # Close to the exact p, which is what the approximation is of.
    for first, second in ((3, 13), (10, 25), (0, 8), (40, 60)):
        _, p = mcnemar(np.array([first]), np.array([second]), np.array([0]))
        exact = stats.binomtest(second, first + second, alternative="greater").pvalue
        np.testing.assert_allclose(p[0], exact, rtol=0.05)


def test_differences_that_are_all_equal_are_certain():
    t, p = paired_t(np.array([5, 1]), np.array([5, 1]), np.array([5, 1]))
    assert t.tolist() == [np.inf, 0]
    assert p.tolist() == [0, 1]


def test_a_constant_item_is_named_and_not_compared(real_items):
    items = real_items("acl_Order")
    alone = invariant_ordering(items)
    result = invariant_ordering(items.assign(**{"same for all": 2}))
    row = result.table.iloc[-1]
    assert (row["item"], row["mean"], row["active_pairs"]) == ("same for all", 2, 0)
    assert row[["item_h", "max_violation", "statistic_max", "crit"]].isna().all()
    assert not row["selected"]
    pd.testing.assert_frame_equal(result.table.iloc[:-1], alone.table)
    assert (alone.HT, alone.removed) == (result.HT, result.removed)
    pd.testing.assert_frame_equal(result.groups, alone.groups)
    assert any("same answer: 'same for all'" in text for text in result.warnings)
    with pytest.raises(TooFewError, match=r"alike: 'x', 'y'; others: 'organized', 'precise'"):
        invariant_ordering(items[["organized", "precise"]].assign(x=1, y=0))


@pytest.mark.parametrize("method", METHODS)
def test_items_that_depend_perfectly_are_named(method, real_items):
    items = real_items("acl_Order")
    result = invariant_ordering(items.assign(again=items["organized"]), method=method)
    assert any("(one twice?): 'organized' and 'again'" in text for text in result.warnings)
    pair = result.pairs[
        result.pairs["item"].isin(["again", "organized"])
        & result.pairs["item_2"].isin(["again", "organized"])
    ].iloc[0]
    assert pair["violations"] == 0


def test_one_rest_group_is_mentioned():
    items = made_up(5, 60, 4, 3)
    result = invariant_ordering(items, min_size=40)
    assert (result.table["active_pairs"] == 0).all()
    assert result.table[["max_violation", "statistic_max", "crit"]].isna().all(axis=None)
    assert any(
        "min_size 40 of 60 people there is one rest-score group" in w for w in result.warnings
    )


def test_pairs_and_violations_add_up_to_the_table(real_items):
    result = invariant_ordering(real_items("acl_Dominance"), method="it")
    twice = pd.concat(
        [result.pairs, result.pairs.rename(columns={"item": "item_2", "item_2": "item"})]
    )
    sums = twice.groupby("item")[
        ["active_pairs", "violations", "significant", "sum_violation"]
    ].sum()
    table = result.table.set_index("item")
    np.testing.assert_allclose(sums.loc[table.index], table[sums.columns])
    by_pair = result.violations.groupby(["item", "item_2"])
    assert by_pair.ngroups == (result.pairs["violations"] > 0).sum()
    assert (result.violations["significant"] == (result.violations["p"] < 0.05)).all()
    assert (result.violations["code"] < result.violations["code_2"]).all()


def test_group_means_and_intervals_are_those_of_the_people_in_it(real_items):
    items = real_items("bfi_C").dropna()
    result = invariant_ordering(items)
    row = result.groups.iloc[9]
    others = items.drop(columns=[row["item"], row["item_2"]]).sum(axis=1)
    inside = items[others.between(row["rest_low"], row["rest_high"])]
    assert len(inside) == row["n"]
    for item, mean in ((row["item"], "mean"), (row["item_2"], "mean_2")):
        np.testing.assert_allclose(row[mean], inside[item].mean())
        low, high = stats.ttest_1samp(inside[item], 0).confidence_interval(0.95)
        np.testing.assert_allclose([row[f"{mean}_low"], row[f"{mean}_high"]], [low, high])


def test_an_order_that_people_hardly_share_is_mentioned(real_items):
    said = "\n".join(invariant_ordering(real_items("bfi_A")).warnings)
    assert "H^T of 0.01 is below 0.3" in said
    assert "H^T" not in "\n".join(invariant_ordering(real_items("transreas")).warnings)


def test_alpha_moves_the_decisions(real_items):
    items = real_items("acl_Dominance")
    strict, usual = (invariant_ordering(items, alpha=a) for a in (0.001, 0.05))
    assert strict.table["significant"].sum() < usual.table["significant"].sum()
    np.testing.assert_array_equal(strict.table["violations"], usual.table["violations"])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"method": "MIIO"}, "'method' must be one of 'miio', 'mscpm', 'it'.*did you mean 'miio'"),
        ({"alpha": 0}, "'alpha' must be between 0 and 1, such as 0.05. Got 0"),
        ({"alpha": 5}, "Got 5"),
        ({"alpha": "0.05"}, "Got '0.05'"),
        ({"min_violation": 1.2}, "'min_violation'.*Got 1.2"),
        ({"min_size": 1}, "'min_size'.*from 2 to the 60 people.*Got 1"),
        ({"missing": "pairwise"}, "'listwise', 'two_way'"),
    ],
)
def test_options_out_of_bounds_are_refused(options, says):
    with pytest.raises(OptionError, match=says):
        invariant_ordering(made_up(0, 60, 3, 2), **options)


def test_too_few_items_and_broken_answers_are_refused():
    items = made_up(0, 60, 3, 2)
    with pytest.raises(TooFewError, match=r"needs 3 items.*There are 2 items"):
        invariant_ordering(items[["i0", "i1"]])
    with pytest.raises(DataError, match=r"'i1' has 0\.5"):
        invariant_ordering(items.assign(i1=0.5))


def test_the_plot_shows_the_pair_that_is_asked_for(real_items):
    import matplotlib.pyplot as plt

    result = invariant_ordering(real_items("acl_Dominance"))
    worst = result.pairs.sort_values("significant", ascending=False).iloc[0]
    legend = {text.get_text() for text in result.plot().get_legend().get_texts()}
    assert worst["significant"] > 0
    shown = result.pairs[result.pairs["item"].isin(legend) & result.pairs["item_2"].isin(legend)]
    assert shown["significant"].iloc[0] == worst["significant"]
    ax = result.plot(items=("strong", "timid*"), labels={"strong": "Strong"})
    rows = result.groups[
        (result.groups["item"] == "timid*") & (result.groups["item_2"] == "strong")
    ]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), rows["mean"])
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), rows["mean_2"])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["timid*", "Strong"]
    for wrong in (("strong", "strong"), ("strong", "weak")):
        with pytest.raises(OptionError, match="'items' must be two of the items"):
            result.plot(items=wrong)
    plt.close("all")
