import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import stats

from cpeval.errors import OptionError, TooFewError
from cpeval.measurement import reliability
from cpeval.measurement.consistency.best_split import lambda4
from cpeval.measurement.consistency.coefficients import NAMES, SMOOTH
from cpeval.measurement.consistency.greatest_lower_bound import greatest_lower_bound
from cpeval.measurement.consistency.item_moments import (
    ItemMoments,
    resampled_alpha,
    resampled_covariances,
)
from cpeval.measurement.consistency.reliability_intervals import bias_corrected
from cpeval.measurement.structure.factors import minres, oblimin, omega_hierarchical, varimax

REFERENCE = Path(__file__).parents[1] / "reference"
RTOL = 1e-10  # closed forms; R printed 17 digits
FITTED = 1e-10  # one factor: R's EM and Gauss-Newton ran to 1e-15, ours is Newton's method
SEVERAL = 1e-6  # three factors: R's L-BFGS-B and oblimin stop at about 1e-7
PSYCH = 1e-4  # psych's own omega: its optimiser stops early
INTERIOR = 5e-9  # two interior-point methods, each good to about 1e-9
LATENT = 0.02  # random starts: R's own five differ by up to 0.04 with many classes


def read(name):
    return json.loads((REFERENCE / name).read_text(encoding="utf-8"))["entries"]


R = read("reliability.json")
ROTATED = read("omega_hierarchical.json")


def close(ours, theirs, rtol=RTOL, **how):
    np.testing.assert_allclose(ours, theirs, rtol=rtol, **how)


def estimates(items, *names, **how):
    table = reliability(items, coefficients=names, **how).table
    return table.set_index("coefficient")["estimate"]


def test_equals_r(data_set, real_items):
    items = real_items(data_set).dropna()
    result = reliability(items)
    found = result.table.set_index("coefficient")["estimate"]
    value = {
        key.split("/")[1]: e["value"] for key, e in R.items() if key.startswith(f"{data_set}/")
    }
    assert result.table["coefficient"].iloc[0] == "alpha"
    close(found["standardized_alpha"], value["alpha_std"])
    close(found["lambda2"], value["lambda2_cov"])
    close(found["lambda6"], value["lambda6_cov"])
    close(found["split_half"], value["split_half_odd_even"]["spearman_brown"])
    close(found["mokken_ms"], value["reliability"]["MS"])
    close(found["alpha"], value["reliability"]["alpha"])
    omegas = result.omega_variants.set_index(["estimator", "metric", "denominator"])["estimate"]
    for place, theirs in {
        ("ml", "raw", "model"): value["omega_total_ml_raw_sum"]["model"],
        ("ml", "raw", "observed"): value["omega_total_ml_raw_sum"]["observed"],
        ("ml", "standardized", "model"): value["omega_total_ml"]["model"],
        ("ml", "standardized", "observed"): value["omega_total_ml"]["observed"],
        ("minres", "standardized", "model"): value["omega_total_minres"],
        ("minres", "standardized", "observed"): value["omega_total_minres_observed"],
    }.items():
        close(omegas[place], theirs, FITTED)
    assert found["omega_total"] == omegas["ml", "raw", "model"]
    if "lambda4_cov" in value:
        close(estimates(items, "lambda4")["lambda4"], value["lambda4_cov"]["max"])


@pytest.mark.parametrize("name", read("dimensions.json"))
def test_greatest_lower_bound_equals_csdp(name, real_items):
    found = estimates(real_items(name), "glb", "lambda4")
    close(found["glb"], read("dimensions.json")[name]["glb"], INTERIOR)
    assert found["glb"] >= found["lambda4"]


@pytest.mark.parametrize("key", [key for key in R if "/lcrc" in key])
def test_latent_class_reliability_is_in_the_range_of_poLCA(key, real_items):
    name, classes = key.split("/lcrc_nclass")
    found = estimates(real_items(name).dropna(), "lcrc", classes=int(classes), seed=1)
    assert R[key]["value"]["min"] - LATENT < found["lcrc"] < R[key]["value"]["max"] + LATENT


def test_latent_classes_of_a_known_mixture():
    # Two classes of one half answer 1 with 0.9 and 0.2: an item's class means vary by 0.1225.
    rng = np.random.default_rng(1)
    chance = np.where(rng.random((20000, 1)) < 0.5, 0.9, 0.2)
    items = pd.DataFrame((rng.random((20000, 6)) < chance).astype(int), columns=list("abcdef"))
    expected = 36 * 0.1225 / (36 * 0.1225 + 6 * (0.09 + 0.16) / 2)
    found = estimates(items, "lcrc", classes=2, seed=1)["lcrc"]
    assert found == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("name", ROTATED)
def test_three_factors_equal_r(name, real_items):
    correlation = np.corrcoef(real_items(name), rowvar=False)
    theirs, extracted = ROTATED[name], minres(correlation, 3)
    close(extracted.unique, theirs["unique"], SEVERAL)
    close(varimax(extracted).loadings, theirs["varimax"], 0, atol=SEVERAL)
    rotated = oblimin(extracted)
    close(rotated.loadings, theirs["oblimin"], 0, atol=SEVERAL)
    close(rotated.correlations, theirs["phi"], 0, atol=SEVERAL)
    close(omega_hierarchical(correlation, 3)[0], theirs["omega_hierarchical"], SEVERAL)
    found = estimates(real_items(name), "omega_hierarchical", factors=3)
    close(found["omega_hierarchical"], theirs["omega_hierarchical"], SEVERAL)


# Those on which psych reverses no item, and its higher-order loadings are inside their bounds.
@pytest.mark.parametrize(
    "name", ["acl_Communality", "acl_Dominance", "acl_Nurturance", "acl_Exhibition", "DS14_NA"]
)
def test_omega_hierarchical_is_that_of_psych_to_its_precision(name, real_items):
    theirs = R[f"{name}/omega_psych_nf3"]["value"]
    close(estimates(real_items(name), "omega_hierarchical").item(), theirs["omega_h"], PSYCH)


def test_two_group_factors_share_their_correlation(real_items):
    correlation = np.corrcoef(real_items("DS14_all"), rowvar=False)
    value, oblique = omega_hierarchical(correlation, 2)
    phi = oblique.correlations[0, 1]
    by_hand = (oblique.loadings.sum() ** 2 * phi) / correlation.sum()
    assert value == pytest.approx(by_hand)


@pytest.mark.parametrize("name", SMOOTH)
def test_slopes_equal_differences(name, real_items):
    covariance = np.cov(real_items("acl_Dominance"), rowvar=False)
    rng, coefficient = np.random.default_rng(0), SMOOTH[name]
    change = rng.normal(size=covariance.shape) * 1e-5
    change += change.T
    moved = [coefficient.estimate(covariance + sign * change) for sign in (1, -1)]
    slope = (coefficient.slope(covariance) * change).sum()
    # Central differences of a step of 1e-5 are good to its square.
    assert slope == pytest.approx((moved[0] - moved[1]) / 2, rel=1e-6)


@pytest.mark.parametrize("name", SMOOTH)
def test_many_matrices_at_once_equal_one_by_one(name, real_items):
    drawn = resampled_covariances(real_items("DS14_SI").to_numpy(float), 5, 3)
    one = [SMOOTH[name].estimate(matrix) for matrix in drawn]
    # EM alone stops at 1e-9 of the loadings, a few times that from where Newton ends.
    close(SMOOTH[name].estimate(drawn), one, 1e-6 if name == "omega_total" else 1e-12)


def test_influence_gives_the_jackknife(real_items):
    values = real_items("acl_Order").to_numpy(float)
    result = reliability(pd.DataFrame(values), coefficients=list(SMOOTH)).table
    n = len(values)
    for name, error in zip(result["coefficient"], result["se"], strict=True):
        if name == "alpha":
            continue
        without = [
            float(SMOOTH[name].estimate(np.cov(np.delete(values, row, axis=0), rowvar=False)))
            for row in range(0, n, 1 if name != "omega_total" else 4)
        ]
        jackknife = np.sqrt((n - 1) * np.var(without))
        # The same but for terms of k / n; and every fourth person only varies by chance.
        assert error == pytest.approx(jackknife, rel=0.03 if name != "omega_total" else 0.15)


def test_influence_with_gaps_gives_the_error_of_each_covariance():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(400, 3))
    values[:150, 0] = np.nan
    slope = np.zeros((3, 3))
    slope[0, 1] = slope[1, 0] = 0.5
    gaps = ItemMoments.of(values)
    there = ItemMoments.of(values[150:])
    close(gaps.covariance[0, 1], there.covariance[0, 1])
    error = np.sqrt((gaps.influence(slope) ** 2).sum()) / 400
    # Means are those of all who answered the item, hence not quite the same.
    close(error, np.sqrt((there.influence(slope) ** 2).sum()) / 250, 0.02)


def test_pairwise_covariances_are_those_of_pandas(real_items):
    items = real_items("bfi_C")
    close(ItemMoments.of(items.to_numpy(float)).covariance, items.cov())
    result = reliability(items, missing="pairwise")
    found = result.table.set_index("coefficient")
    k, theirs = 5, items.cov().to_numpy()
    close(found.loc["alpha", "estimate"], k / (k - 1) * (1 - np.trace(theirs) / theirs.sum()))
    pairs = items.notna().astype(int).T @ items.notna().astype(int)
    assert (result.table["n"] == pairs.to_numpy().min()).all()
    assert np.isnan(found.loc["mokken_ms", "estimate"])
    assert "Undefined: mokken_ms. These need complete rows." in result.warnings


def test_two_way_imputation_counts_what_it_fills(real_items):
    items = real_items("bfi_A")
    result = reliability(items, missing="two_way", seed=1)
    assert result.n_excluded == items.isna().all(axis=1).sum()
    assert "two-way imputation" in " ".join(result.warnings)
    assert result.table["estimate"].notna().all()


def test_resampling_is_of_people(real_items):
    values = real_items("transreas").to_numpy(float)
    drawn = resampled_covariances(values, 3, np.random.default_rng(5))
    picked = np.random.default_rng(5).integers(len(values), size=(3, len(values)))
    for matrix, who in zip(drawn, picked, strict=True):
        close(matrix, np.cov(values[who], rowvar=False), atol=1e-14)
    close(resampled_alpha(values, 3, 5), SMOOTH["alpha"].estimate(drawn))


def test_bootstrap_agrees_with_scipy(real_items):
    items = real_items("acl_Achievement")
    values = items.to_numpy(float)

    def alpha(rows):
        k = values.shape[1]
        matrix = np.cov(values[rows], rowvar=False)
        return k / (k - 1) * (1 - np.trace(matrix) / matrix.sum())

    theirs = stats.bootstrap(
        (np.arange(len(values)),), alpha, vectorized=False, n_resamples=4000, method="BCa", rng=1
    )
    row = reliability(items, bootstrap=4000, seed=2).table.iloc[0]
    # Monte Carlo: an end of the interval has an error of about 0.03 standard errors.
    error = theirs.standard_error
    assert row["se"] == pytest.approx(error, rel=0.05)
    assert row["ci_low"] == pytest.approx(theirs.confidence_interval.low, abs=0.2 * error)
    assert row["ci_high"] == pytest.approx(theirs.confidence_interval.high, abs=0.2 * error)


def test_the_interval_is_corrected_for_bias_and_skewness():
    # Draws are the quantiles of a standard normal; 30.85 % of them lie below -0.5, so the bias is
    # -0.5. One influence of 2 and four of -0.5: acceleration 7.5 / (6 * 5**1.5).
    draws = stats.norm.ppf((np.arange(100_000) + 0.5) / 100_000)
    influence = np.array([2.0, -0.5, -0.5, -0.5, -0.5])
    error, (low, high) = bias_corrected(-0.5, draws, influence, 0.9)
    speed, z = 7.5 / (6 * 5**1.5), stats.norm.ppf(0.95)
    assert error == pytest.approx(1, abs=1e-3)
    assert low == pytest.approx(-0.5 + (-0.5 - z) / (1 - speed * (-0.5 - z)), abs=1e-3)
    assert high == pytest.approx(-0.5 + (-0.5 + z) / (1 - speed * (-0.5 + z)), abs=1e-3)


def test_bootstrap_is_of_alpha_unless_others_are_named(real_items):
    items = real_items("DS14_SI")
    plain, drawn = reliability(items), reliability(items, bootstrap=200, seed=1)
    assert not np.isclose(drawn.table["se"].iloc[0], plain.table["se"].iloc[0], rtol=1e-6)
    pd.testing.assert_frame_equal(drawn.table.iloc[1:], plain.table.iloc[1:])
    named = reliability(items, coefficients=["lambda2", "omega_total"], bootstrap=200, seed=1)
    errors = plain.table.set_index("coefficient")["se"][["lambda2", "omega_total"]]
    close(named.table["se"], errors, 0.25)  # 200 samples
    assert "lambda2, omega_total: errors and BCa intervals (95 %) from 200" in named.note
    again = reliability(items, coefficients=["lambda2", "omega_total"], bootstrap=200, seed=1)
    pd.testing.assert_frame_equal(again.table, named.table)


def test_samples_in_which_a_coefficient_is_undefined_are_counted():
    rare = np.zeros(60)
    rare[0] = 1  # in a third of samples nobody
    rng = np.random.default_rng(3)
    items = pd.DataFrame(rng.integers(0, 4, (60, 3)), columns=list("abc")).assign(rare=rare)
    result = reliability(items, coefficients=["lambda6", "lambda2"], bootstrap=300, seed=1)
    said = [text for text in result.warnings if "bootstrap samples" in text]
    assert len(said) == 1
    assert said[0].startswith("lambda6 was undefined in ")
    assert result.table["ci_low"].notna().all()


GOOD = pd.DataFrame(
    np.random.default_rng(8).integers(0, 5, (80, 4)) + np.arange(80)[:, None] % 5,
    columns=["ä b", "b", "c", "d"],
)


def test_two_items_have_alpha_and_no_omega():
    result = reliability(GOOD[["b", "c"]])
    found = result.table.set_index("coefficient")["estimate"]
    assert found.drop("omega_total").notna().all()
    assert np.isnan(found["omega_total"])
    assert "Undefined: omega_total. A factor needs three items." in result.warnings
    assert result.omega_variants.empty


def test_a_constant_item_leaves_what_is_right():
    items = GOOD.assign(e=GOOD["b"][::-1].to_numpy(), f=GOOD["c"].shift(1, fill_value=0), d=3)
    result = reliability(items, coefficients=[*NAMES], seed=1)
    found = result.table.set_index("coefficient")["estimate"]
    undefined = ["standardized_alpha", "lambda6", "omega_total", "omega_hierarchical", "glb"]
    assert found.index[found.isna()].tolist() == [n for n in NAMES if n in undefined]
    assert "Items to which everyone gives the same answer: 'd'." in "\n".join(result.warnings)


def test_items_that_say_the_same_are_named():
    result = reliability(GOOD.assign(copy=2 * GOOD["b"] + 1))
    found = result.table.set_index("coefficient")["estimate"]
    assert found.index[found.isna()].tolist() == ["lambda6", "omega_total"]
    text = " ".join(result.warnings)
    assert "one following from the other: 'b' and 'copy'." in text
    assert "Undefined: lambda6, omega_total. Some items follow from others" in text


def test_more_items_than_people_are_warned_of():
    rng = np.random.default_rng(4)
    items = pd.DataFrame(rng.normal(size=(6, 1)) + rng.normal(size=(6, 8)))
    result = reliability(items)
    assert "no more people (6) than items (8)" in " ".join(result.warnings)
    assert np.isnan(result.table.set_index("coefficient").loc["lambda6", "estimate"])


def test_answers_that_are_no_categories_have_no_item_steps():
    items = pd.DataFrame(np.random.default_rng(4).normal(size=(100, 3)))
    result = reliability(items, coefficients=["alpha", "mokken_ms", "lcrc"])
    assert result.table["estimate"].isna().tolist() == [False, True, True]
    assert "Undefined: mokken_ms, lcrc. This is for answers in categories" in " ".join(
        result.warnings
    )


def test_a_heywood_case_is_said():
    # The first item would need a squared loading of 0.9 * 0.9 / 0.66 > 1.
    matrix = np.array([[1, 0.9, 0.9], [0.9, 1, 0.66], [0.9, 0.66, 1]])
    root = np.linalg.cholesky(matrix)
    raw = np.random.default_rng(1).normal(size=(500, 3))
    white = (raw - raw.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T))).T
    result = reliability(pd.DataFrame(white @ root.T), coefficients=["omega_total"])
    row = result.table.iloc[0]
    # The factor is then that item: loadings 1, 0.9, 0.9.
    assert row["estimate"] == pytest.approx(2.8**2 / (2.8**2 + 2 * 0.19), rel=1e-5)
    assert np.isnan(row["se"])
    assert "Heywood" in " ".join(result.warnings)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"coefficients": ["omega"]}, r"Got 'omega' \(did you mean 'omega_total'\?\)"),
        ({"coefficients": []}, "Got none"),
        ({"coefficients": ["alpha"], "factors": 3}, "factors= is for 'omega_hierarchical'"),
        ({"classes": 3}, "classes= is for 'lcrc'"),
        ({"factors": 1}, "'factors' must be a whole number from 2. Got 1"),
        ({"bootstrap": 50}, "'bootstrap' must be 0 or a number of samples from 100. Got 50"),
        ({"bootstrap": True}, "'bootstrap' must be 0"),
        ({"coefficients": ["glb"], "bootstrap": 100}, "There is no bootstrap of 'glb'"),
        ({"bootstrap": 100, "missing": "pairwise"}, "needs complete rows"),
        ({"missing": "drop"}, "'missing' must be one of"),
    ],
)
def test_options_that_make_no_sense_are_refused(how, says):
    with pytest.raises(OptionError, match=says):
        reliability(GOOD, **how)


def test_too_few_items_for_factors_and_classes():
    with pytest.raises(TooFewError, match=r"factors=3 needs 6 items\. There are 4\."):
        reliability(GOOD, factors=3)
    with pytest.raises(TooFewError, match="lcrc needs three items"):
        reliability(GOOD[["b", "c"]], coefficients=["lcrc"])


def test_more_than_twenty_items_get_a_heuristic_that_finds_the_best(real_items):
    items = pd.concat([real_items("acl_Order"), real_items("acl_Dominance")], axis=1)
    items["one more"] = real_items("acl_Autonomy").iloc[:, 0]
    result = reliability(items.iloc[:, :21], coefficients=["lambda4"])
    assert "the best split found, not of all" in " ".join(result.warnings)
    covariance = items.cov().to_numpy()
    halves = np.array(list(combinations(range(21), 10)), dtype=np.intp)
    best = np.inf
    for part in np.array_split(halves, 20):
        signs = np.full((len(part), 21), -1.0)
        np.put_along_axis(signs, part, 1.0, axis=1)
        best = min(best, (signs @ covariance * signs).sum(axis=1).min())
    close(result.table["estimate"].item(), 1 - best / covariance.sum())


def covariances(draw, k, n):
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    return np.cov(rng.normal(size=(n, 1)) * rng.random(k) + rng.normal(size=(n, k)), rowvar=False)


@st.composite
def matrices(draw):
    return covariances(draw, draw(st.integers(3, 9)), 60)


@settings(deadline=None, max_examples=40)
@given(matrices())
def test_bounds_are_in_their_order(matrix):
    assume(matrix.sum() > 0.5 * np.trace(matrix))
    alpha, two = (float(SMOOTH[name].estimate(matrix)) for name in ("alpha", "lambda2"))
    six, four, glb = float(SMOOTH["lambda6"].estimate(matrix)), lambda4(matrix), None
    glb = greatest_lower_bound(matrix)
    assert alpha <= two + 1e-12
    assert max(two, four, six) <= glb + 1e-8
    assert glb < 1


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 1000), st.randoms(use_true_random=False))
def test_order_and_units_do_not_matter(seed, random):
    rng = np.random.default_rng(seed)
    trait = rng.normal(size=(60, 1))
    values = np.clip(np.round(trait + rng.normal(size=(60, 5))), -2, 2)
    names = [name for name in NAMES if name not in ("split_half", "lcrc", "omega_hierarchical")]
    one = reliability(pd.DataFrame(values), coefficients=names).table
    order, rows = [*range(5)], [*range(60)]
    random.shuffle(order)
    random.shuffle(rows)
    moved = pd.DataFrame(3 + 2.5 * values[rows][:, order])
    two = reliability(moved, coefficients=names).table
    # Newton's and the interior-point method end within 1e-9 of each other.
    columns = ["estimate", "se", "ci_low", "ci_high"]
    close(two[columns], one[columns], 1e-6)
