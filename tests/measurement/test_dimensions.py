import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from cpeval.errors import DataError, OptionError, TooFewError
from cpeval.measurement import dimensions
from cpeval.measurement.parallel_analysis import (
    average_partials,
    eigenvalues,
    leading,
    random_eigenvalues,
    random_polychoric_eigenvalues,
)
from cpeval.measurement.polychoric import polychoric

REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "dimensions.json").read_text(encoding="utf-8"))["entries"]
ROTATED = json.loads((REFERENCE / "omega_hierarchical.json").read_text(encoding="utf-8"))["entries"]
RTOL = 1e-9  # eigenvalues; R printed 15 digits
MAXIMISED = 1e-7  # R's optimise stops at 1e-8 or so, the root of a double's precision
ROTATION = 1e-6  # R's oblimin stops at about 1e-7


@pytest.mark.parametrize("name", R)
def test_eigenvalues_and_partial_correlations_equal_r(name, real_items):
    result = dimensions(real_items(name), draws=20, seed=1)
    theirs = R[name]
    np.testing.assert_allclose(result.table["estimate"], theirs["eigenvalues"], rtol=RTOL)
    found = result.average_partials
    np.testing.assert_allclose(found["map"], theirs["map"], rtol=RTOL)
    np.testing.assert_allclose(found["map4"], theirs["map4"], rtol=RTOL)
    # psych has it after 1, 2, 3 and 4 components.
    np.testing.assert_allclose(found["map"].iloc[1:5], theirs["map_psych"], rtol=RTOL)
    suggested = result.suggested.set_index("criterion")["factors"]
    assert suggested["map"] == np.argmin(theirs["map"])
    assert suggested["map4"] == np.argmin(theirs["map4"])


@pytest.mark.parametrize("name", [name for name in R if "polychoric" in R[name]])
def test_polychoric_correlations_equal_r(name, real_items):
    ours, theirs = polychoric(real_items(name).to_numpy(float)), np.array(R[name]["polychoric"])
    if name == "transreas":
        # Nobody solved the easy T08W and failed the hard T09L the wrong way round: an empty cell,
        # and a likelihood that is flat up to 1.
        assert min(ours[0, 10], theirs[0, 10]) > 0.95
        ours[[0, 10], [10, 0]] = theirs[[0, 10], [10, 0]]
    else:
        # polycor's own, which stops at 1e-4.
        np.testing.assert_allclose(ours, R[name]["polycor"], atol=5e-4)
    np.testing.assert_allclose(ours, theirs, atol=MAXIMISED)


def test_polychoric_recovers_what_was_cut():
    rng = np.random.default_rng(1)
    for rho in (-0.8, 0.0, 0.95):
        x = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], 40_000)
        cut = np.column_stack([np.digitize(x[:, 0], [-1, 0.5]), np.digitize(x[:, 1], [0, 1, 2])])
        # Its standard error is below 0.007.
        assert polychoric(cut.astype(float))[0, 1] == pytest.approx(rho, abs=0.02)


def test_tetrachoric_correlation_at_the_medians_by_hand():
    # Cut at the medians, the share of both above is 1/4 + arcsin(rho) / (2 pi).
    cut = np.repeat([[0.0, 0], [0, 1], [1, 0], [1, 1]], [400, 200, 200, 400], axis=0)
    assert polychoric(cut)[0, 1] == pytest.approx(np.sin(2 * np.pi * (1 / 3 - 1 / 4)), rel=1e-10)


def test_polychoric_uses_who_answered_both():
    rng = np.random.default_rng(2)
    trait = rng.normal(size=(300, 1))
    values = np.digitize(trait + rng.normal(size=(300, 3)), [-1, 0, 1]).astype(float)
    with_gaps = values.copy()
    with_gaps[:100, 0] = np.nan
    result = polychoric(with_gaps)
    np.testing.assert_allclose(result[1, 2], polychoric(values)[1, 2], rtol=1e-10)
    assert result[0, 1] == pytest.approx(polychoric(values[100:])[0, 1], abs=0.02)


def test_random_eigenvalues_are_those_of_unrelated_normal_items():
    rng = np.random.default_rng(3)
    by_hand = [np.corrcoef(rng.normal(size=(60, 5)), rowvar=False) for _ in range(4000)]
    theirs = eigenvalues(np.array(by_hand))
    ours = random_eigenvalues(60, 5, 4000, 4)
    # Means of 4,000 draws whose standard deviation is about 0.1.
    np.testing.assert_allclose(ours.mean(axis=0), theirs.mean(axis=0), atol=0.01)
    ends = [np.quantile(one, 0.95, axis=0) for one in (ours, theirs)]
    np.testing.assert_allclose(*ends, atol=0.02)
    by_hand = [np.corrcoef(rng.normal(size=(8, 5)), rowvar=False) for _ in range(8000)]
    theirs = eigenvalues(np.array(by_hand)).mean(axis=0)
    ours = random_eigenvalues(8, 5, 8000, 4).mean(axis=0)
    np.testing.assert_allclose(ours, theirs, atol=0.02)  # standard deviations of about 0.4
    few = random_eigenvalues(4, 6, 50, 4)
    np.testing.assert_allclose(few.sum(axis=1), 6)
    np.testing.assert_allclose(few[:, 3:], 0, atol=1e-12)


def test_random_polychoric_eigenvalues_keep_each_items_shares(real_items):
    values = real_items("acl_Communality").to_numpy(float)[:, :4]
    found = random_polychoric_eigenvalues(values, 20, 1)
    np.testing.assert_allclose(found.sum(axis=1), 4)
    assert 1.05 < found[:, 0].mean() < 1.4


def test_leading_stops_at_the_first_below():
    assert leading(np.array([3.0, 1, 2, 0]), np.array([1.5, 1.5, 1, 1])) == 1
    assert leading(np.array([3.0, 2]), np.array([1.0, 1])) == 2


def test_partial_correlations_of_three_items_by_hand():
    r = 0.4
    matrix = np.full((3, 3), r) + (1 - r) * np.eye(3)
    # After the first component the rest is (1 - r) (I - J / 3): correlations of -1/2.
    expected = [[r**2, r**4], [1 / 4, 1 / 16]]
    np.testing.assert_allclose(average_partials(matrix), expected)


def test_p_counts_the_sample_as_a_draw(real_items):
    table = dimensions(real_items("DS14_all"), draws=99, seed=1).table
    assert table["p"].iloc[0] == pytest.approx(0.01)
    assert table["p"].iloc[-1] == pytest.approx(1)
    assert table["share"].sum() == pytest.approx(1)


@pytest.mark.parametrize("rotation", ["oblimin", "varimax", "none"])
@pytest.mark.parametrize("name", ["acl_Communality", "DS14_all", "transreas"])
def test_loadings_equal_r(name, rotation, real_items):
    items = real_items(name)
    result = dimensions(items, factors=3, rotation=rotation, draws=20, seed=1)
    found = result.loadings[["factor_1", "factor_2", "factor_3"]].to_numpy()
    theirs, between = ROTATED[name], result.factor_correlations.to_numpy()
    if rotation != "none":
        np.testing.assert_allclose(found, theirs[rotation], atol=ROTATION)
    expected = theirs["phi"] if rotation == "oblimin" else np.eye(3)
    np.testing.assert_allclose(between, expected, atol=ROTATION)
    communality = result.loadings["communality"]
    np.testing.assert_allclose(communality, 1 - np.array(theirs["unique"]), atol=ROTATION)
    np.testing.assert_allclose((found @ between @ found.T).diagonal(), communality, rtol=1e-8)
    assert result.loadings["item"].tolist() == list(items.columns)


def test_two_scales_are_two_dimensions(real_items):
    items = real_items("DS14_all")
    result = dimensions(items, seed=1)
    assert result.suggested["factors"].tolist() == [2, 2, 2, 2]
    first = result.loadings.set_index("item")[["factor_1", "factor_2"]].idxmax(axis=1)
    assert first.groupby(first.index.str[:2]).nunique().tolist() == [1, 1]
    assert "500 sets of unrelated items" in result.note
    assert result.correlations.shape == (14, 14)


def test_what_cannot_be_trusted_is_said(real_items):
    items = real_items("DS14_all").head(40).assign(same=3)
    items["copy"] = items["Na4"]
    result = dimensions(items, draws=20, seed=1)
    text = " ".join(result.warnings)
    assert "Everyone gives the same answer, left out: 'same'." in text
    assert "Only 40 rows for 15 items" in text
    assert "correlate (nearly) perfectly: 'Na4' and 'copy'" in text
    assert "Some items follow from others" in text
    assert "same" not in result.loadings["item"].tolist()


@pytest.mark.parametrize("missing", ["listwise", "pairwise", "two_way"])
@pytest.mark.parametrize("correlation", ["pearson", "polychoric"])
def test_gaps(missing, correlation, real_items):
    items = real_items("bfi_C")
    result = dimensions(items, missing=missing, correlation=correlation, draws=20, seed=1)
    complete = int(items.notna().all(axis=1).sum())
    if missing == "listwise":
        assert (result.table["n"] == complete).all()
        assert result.n_excluded == len(items) - complete
    elif correlation == "pearson" and missing == "pairwise":
        np.testing.assert_allclose(result.correlations, items.corr(), atol=2e-3)
    assert result.suggested["factors"].iloc[0] >= 1


GOOD = pd.DataFrame(np.random.default_rng(1).integers(0, 4, (60, 5)), columns=list("abcde"))


@pytest.mark.parametrize(
    ("items", "how", "kind", "says"),
    [
        (GOOD, {"correlation": "kendall"}, OptionError, "'correlation' must be one of"),
        (GOOD, {"rotation": "promax"}, OptionError, "'rotation' must be one of"),
        (GOOD, {"draws": 5}, OptionError, "'draws' must be a whole number from 20. Got 5"),
        (GOOD, {"factors": 0}, OptionError, "'factors' must be a whole number from 1"),
        (GOOD, {"factors": 3}, OptionError, "5 items can show 2 factors at most. Got 3"),
        (GOOD[["a", "b"]], {}, TooFewError, "needs 3 items"),
        (GOOD.assign(a=1, b=1, c=1), {}, TooFewError, r"three items that vary.*'a', 'b', 'c'"),
        (GOOD.assign(a=range(60)), {"correlation": "polychoric"}, DataError, r"'a' \(60\)"),
    ],
)
def test_what_makes_no_sense_is_refused(items, how, kind, says):
    with pytest.raises(kind, match=says):
        dimensions(items, **how)


# Chance finds a dimension in 5 % of such data; not with this seed.
def test_unrelated_items_have_no_dimension_and_one_factor_is_shown():
    items = pd.DataFrame(np.random.default_rng(6).normal(size=(300, 6)))
    result = dimensions(items, seed=1)
    assert result.suggested.set_index("criterion").loc["parallel_95", "factors"] == 0
    assert list(result.loadings.columns) == ["item", "factor_1", "communality"]


def test_order_of_items_and_units_do_not_matter(real_items):
    items = real_items("acl_Dominance")
    one = dimensions(items, factors=2, draws=20, seed=1)
    turned = items.iloc[:, ::-1] * 3 - 1
    two = dimensions(turned, factors=2, draws=20, seed=1)
    pd.testing.assert_frame_equal(one.table, two.table, rtol=1e-9)
    back = two.loadings.iloc[::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(one.loadings, back, rtol=1e-6, atol=1e-7)


def test_scree_plot_draws_the_table(real_items):
    result = dimensions(real_items("DS14_all"), draws=20, seed=1)
    ax = result.plot(ax=Figure().subplots())
    drawn = {line.get_label(): line.get_ydata() for line in ax.lines}
    np.testing.assert_array_equal(drawn["These items"], result.table["estimate"])
    random = drawn["Unrelated items, 95th percentile"]
    np.testing.assert_array_equal(random, result.table["random_95"])


def test_an_item_without_variance_of_its_own_is_named(real_items):
    # R's unique variances for these have one at the bound of 0.005 too.
    at_bound = np.array(ROTATED["acl_Achievement"]["unique"]) < 0.0051
    items = real_items("acl_Achievement")
    result = dimensions(items, factors=3, draws=20, seed=1)
    assert at_bound.sum() == 1
    assert f"fewer factors may fit better: '{items.columns[at_bound][0]}'." in result.warnings[-1]
