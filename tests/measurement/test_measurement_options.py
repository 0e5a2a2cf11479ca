"""Options of all functions of items: numpy's numbers are taken, the rest refused by name."""

import numpy as np
import pandas as pd
import pytest

from cpeval import measurement as m
from cpeval.errors import OptionError
from cpeval.seeds import require_seed


def answers(n=80, k=4, seed=0):
    rng = np.random.default_rng(seed)
    trait = rng.normal(size=(n, 1))
    values = np.clip(np.rint(trait + rng.normal(size=(n, k)) + 2), 0, 4).astype(int)
    return pd.DataFrame(values, columns=[*"abcdefgh"][:k])


@pytest.mark.parametrize("seed", ["a", -1, 1.5, True, [1, 2]])
def test_a_seed_of_another_kind_is_refused_everywhere(seed):
    items = answers()
    for run in (
        lambda: m.reliability(items, seed=seed),
        lambda: m.scalability(items, seed=seed),
        lambda: m.select_scales(items, method="genetic", seed=seed),
        lambda: m.monotonicity(items, seed=seed),
        lambda: m.invariant_ordering(items, seed=seed),
        lambda: m.dif(items, [0, 1] * 40, seed=seed),
        lambda: m.dimensions(items, seed=seed),
        lambda: m.responsiveness(items["a"], items["b"], seed=seed),
    ):
        with pytest.raises(OptionError, match="'seed' must be a whole number of at least 0"):
            run()


@pytest.mark.parametrize("seed", [None, 0, np.int64(3), np.random.default_rng(1)])
def test_seeds_of_the_right_kind_pass(seed):
    require_seed(seed)


def test_numpy_numbers_are_numbers():
    items = answers()
    for bound in (np.int64(0), np.float32(0.5), np.float64(0.3)):
        one = m.select_scales(items, lower_bound=bound, alpha=np.float64(0.05))
        pd.testing.assert_frame_equal(
            one.table, m.select_scales(items, lower_bound=float(bound)).table
        )
    assert m.reliability(items, level=np.float64(0.9)).table["ci_low"].notna().any()
    m.dimensions(items, factors=np.int64(1), seed=1)
    m.monotonicity(items, min_violation=np.float32(0.03))
    m.reliability(items, coefficients=["alpha"], bootstrap=np.int64(100), seed=1)
    assert m.items(items, range=(np.int64(0), np.float64(4))).table["highest"].eq(4).all()


@pytest.mark.parametrize("bound", [None, "0.3", np.array(2.0), True, [0.3, None]])
def test_what_is_no_lower_bound_is_refused(bound):
    with pytest.raises(OptionError, match="'lower_bound' must be a number"):
        m.select_scales(answers(), lower_bound=bound)


@pytest.mark.parametrize("ends", [(0, np.inf), (-np.inf, 4), (0, float("nan"))])
def test_a_range_without_ends_is_refused(ends):
    with pytest.raises(OptionError, match="'range' must be the lowest and the highest"):
        m.items(answers(), range=ends)


def test_columns_that_are_absent_are_named():
    with pytest.raises(OptionError, match=r"'a', 'b' must be columns of values\. Got None"):
        m.limits_of_agreement(None, None)
    with pytest.raises(OptionError, match="'after' must be columns of values"):
        m.responsiveness([1, 2, 3], None)


def test_a_series_of_groups_goes_by_its_labels():
    items = answers(seed=3)
    group = pd.Series(["x", "y"] * 40, name="arm")
    mixed = group.sample(frac=1, random_state=1)
    shifted = items.set_axis(np.arange(100, 180))
    for run in (
        lambda data, who: m.scalability(data, groups=who),
        lambda data, who: m.scalability(data, cluster=who),
        lambda data, who: m.dif(data, who, method="mantel"),
    ):
        expected = run(items, group.to_list()).table
        pd.testing.assert_frame_equal(run(items, group).table, expected)
        pd.testing.assert_frame_equal(run(items, mixed).table, expected)
        pd.testing.assert_frame_equal(run(shifted, group.to_numpy()).table, expected)
        with pytest.raises(OptionError, match=r"labels \(index\) are not those.*only .* has: 0, 1"):
            run(shifted, group)
        with pytest.raises(OptionError, match="stand twice"):
            run(items.set_axis([0, 0, *range(2, 80)]), group.set_axis([0, *range(2, 80), 0]))
        # The same labels in the same order leave no doubt, though some stand twice.
        twice = [0, 0, *range(2, 80)]
        pd.testing.assert_frame_equal(
            run(items.set_axis(twice), group.set_axis(twice)).table, expected
        )


def test_a_constant_item_is_said_to_lower_alpha():
    items = answers()
    with_one = m.reliability(items.assign(same=2), coefficients=["alpha"])
    assert with_one.table["estimate"][0] < m.reliability(items).table["estimate"][0]
    assert "'same'. They say nothing but count as items" in "\n".join(with_one.warnings)


SCALES = {
    "reliability": m.reliability,
    "scalability": m.scalability,
    "select_scales": m.select_scales,
    "monotonicity": m.monotonicity,
    "invariant_ordering": m.invariant_ordering,
    "items": m.items,
    "dimensions": lambda data: m.dimensions(data, seed=1),
    "dif": lambda data: m.dif(data, [0, 1] * (len(data) // 2), method="mantel"),
}


@pytest.mark.parametrize("name", SCALES)
def test_odd_items_are_named_by_every_function(name):
    items = answers(400, k=5)
    plain = "\n".join(SCALES[name](items).warnings)
    assert "code for missing" not in plain
    assert "against" not in plain
    odd = items.copy()
    odd.loc[:3, "b"] = 99
    assert "Scores far above the others: 'b' (99 above 4)" in "\n".join(SCALES[name](odd).warnings)
    if name not in ("scalability", "select_scales"):  # these refuse what is below 0
        odd.loc[:3, "b"] = -9
        said = "\n".join(SCALES[name](odd).warnings)
        assert "Negative scores beside others: 'b' (-9)" in said
    turned = SCALES[name](items.assign(b=4 - items["b"])).warnings
    assert any("'b'" in one and "reversed" in one for one in turned) or name == "dimensions"
    copied = SCALES[name](items.assign(copy=items["a"])).warnings
    assert any("'a'" in one and "'copy'" in one for one in copied)


def test_scales_around_zero_are_not_odd():
    from cpeval.measurement.odd_answers import odd_codes

    for codes in ([-2, -1, 0, 1, 2], [-3, -1, 0, 2], [-1, 1], [-1.5, -0.2, 0.7], [-3, -1]):
        assert odd_codes(np.array(codes, dtype=float)[:, None], ["a"]) == []
    for codes in ([-9, 0, 1, 2], [-1, 0, 1, 2], [-9, -8, 0, 4]):
        said = odd_codes(np.array([*codes, float("nan")], dtype=float)[:, None], ["a"])
        assert "Negative scores beside others" in said[0]


def test_a_rating_that_may_mean_missing_is_named():
    ratings = answers(60, k=2)
    assert "code for missing" not in "\n".join(m.agreement(ratings).warnings)
    ratings.loc[:2, "a"] = 99
    said = "\n".join(m.agreement(ratings, weights="quadratic").warnings)
    assert "'ratings' (99 above 4)" in said


def test_items_count_the_rows_behind_discrimination():
    items = answers(100).astype(float)
    items.iloc[:30, 0] = np.nan
    items.iloc[20:40, 1] = np.nan
    said = "\n".join(m.items(items).warnings)
    assert "50 of 400 answers are missing: discrimination is of the 60 rows" in said


def test_names_that_read_alike_are_refused():
    from cpeval.errors import ColumnError

    items = answers(60, k=3).set_axis([1, "1", "2"], axis=1)
    with pytest.raises(ColumnError, match="more than one column named '1'"):
        m.reliability(items)


def test_pairs_are_not_called_complete_rows():
    items = answers(12, k=4).astype(float)
    items.iloc[:6, 0] = np.nan
    items.iloc[8:, 1] = np.nan
    said = "\n".join(m.reliability(items, missing="pairwise").warnings)
    assert "Only 2 rows have both items of some pair" in said
    assert "no more people (2 for some pair) than items (4)" in said


def test_an_id_among_raters_is_asked_about():
    ratings = answers(30, k=2)
    assert "another rating" not in "\n".join(m.agreement(ratings).warnings)
    ratings.insert(0, "person", np.arange(30))
    assert "'person' gives every subject another rating" in "\n".join(m.agreement(ratings).warnings)


def test_words_about_few_people_stay_within_what_can_be():
    items = answers(10, k=3, seed=5)
    high = m.scalability(items).table["ci_high"][0]
    assert high > 1  # Wald
    said = "\n".join(m.scalability(items).warnings)
    assert "to 1.00" in said


def test_raters_that_differ_by_a_constant_have_an_interval():
    a = np.array([1.0, 2, 3] * 30)
    result = m.icc(pd.DataFrame({"a": a, "b": a + 1}))
    assert result.table.set_index("coefficient").loc["ICC2", "ci_low"] >= 0
    assert "undefined" not in "\n".join(result.warnings)
