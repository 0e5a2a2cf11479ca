"""Sites in order: errors and shrinkage as metafor has them, comparison bars as published."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

import cpeval as cp
from cpeval.errors import ColumnError, DataError, DuplicateError, OptionError, TooFewError
from cpeval.sites import caterpillar
from cpeval.sites.between_sites import comparison_factor

RTOL = 1e-8  # closed forms


@pytest.fixture(scope="module")
def r(reference):
    return reference("funnel.json")["entries"]


def in_site_order(found):
    return found.table.sort_values("site").reset_index(drop=True)


def test_means_and_shrinkage_equal_r(stays, r):
    found = caterpillar(stays, "los", site="provnum")
    of = r["mean"]["metafor"]
    table = in_site_order(found)
    np.testing.assert_allclose(found.tau2, of["tau2"], rtol=RTOL)
    np.testing.assert_allclose(found.mean, of["mu"], rtol=RTOL)
    np.testing.assert_allclose(table["shrunken"], of["blup"], rtol=RTOL)
    np.testing.assert_allclose(table["shrunken_se"], of["blup_se"], rtol=RTOL)
    assert (table["df"] == r["mean"]["df"]).all()
    assert found.table["estimate"].is_monotonic_increasing


def test_estimates_with_errors_of_their_own_equal_metafor(r):
    of = r["own"]
    given = pd.DataFrame({"site": range(len(of["se"])), "estimate": of["estimate"], "se": of["se"]})
    found = caterpillar(cp.Result(table=given, note="."))
    np.testing.assert_allclose(found.tau2, of["tau2"], rtol=RTOL)
    table = in_site_order(found)
    np.testing.assert_allclose(table["shrunken"], of["blup"], rtol=RTOL)
    np.testing.assert_allclose(table["shrunken_se"], of["blup_se"], rtol=RTOL)
    half = stats.norm.isf(0.025) * table["se"]
    np.testing.assert_allclose(table["ci_low"], table["estimate"] - half, rtol=1e-12)


def test_comparison_factor_as_published():
    # Goldstein & Healy (1995): 1.39 errors where all are equal (1.96 over the root of 2).
    assert round(comparison_factor(np.ones(5), level=0.95), 2) == 1.39
    # For two sites the bars touch where the test of their difference is at the level.
    se = np.array([1.0, 3.0])
    factor = comparison_factor(se, level=0.9)
    np.testing.assert_allclose(factor * se.sum(), stats.norm.isf(0.05) * np.sqrt(10), rtol=1e-10)


@settings(deadline=None, max_examples=30)
@given(se=st.lists(st.floats(0.01, 100), min_size=2, max_size=30), level=st.floats(0.5, 0.999))
def test_comparison_bars_err_as_often_as_they_say(se, level):
    se = np.array(se)
    factor = comparison_factor(se, level=level, df=20)
    one, other = np.triu_indices(se.size, 1)
    reach = factor * (se[one] + se[other]) / np.hypot(se[one], se[other])
    np.testing.assert_allclose(2 * stats.t.sf(reach, 20).mean(), 1 - level, rtol=1e-8)


def test_many_sites_are_quick_and_nearly_the_same():
    se = np.random.default_rng(1).uniform(0.5, 2, 3000)
    every = comparison_factor(se[:1000], level=0.95)
    assert abs(comparison_factor(se, level=0.95) - every) < 0.005


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10**6), a=st.floats(1e-3, 1e3), b=st.floats(-100, 100))
def test_units_and_order_do_not_matter(seed, a, b):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"s": np.arange(60) % 6, "y": rng.normal(size=60)})
    data["y"] += data["s"] * rng.uniform(0, 2)
    one = caterpillar(data, "y", site="s")
    moved = data.assign(y=a * (data["y"] + b)).sample(frac=1, random_state=seed)
    two = caterpillar(moved, "y", site="s")
    assert one.table["site"].tolist() == two.table["site"].tolist()
    for column in ("estimate", "ci_low", "compare_high", "shrunken"):
        expected = a * (one.table[column] + b)
        np.testing.assert_allclose(two.table[column], expected, rtol=1e-6, atol=1e-6 * a)
    lie_between = (one.table["shrunken"] - one.mean).abs() <= (
        one.table["estimate"] - one.mean
    ).abs()
    assert (lie_between | np.isclose(one.table["shrunken"], one.table["estimate"])).all()


def test_takes_the_effects_of_sites(stays):
    study = cp.Study(person="id", site="provnum", arm="hmo", intervention=1)
    effects = cp.sites.effects(stays.reset_index(names="id"), "los", study)
    found = caterpillar(effects)
    known = effects.table.dropna(subset=["se"])
    assert sorted(found.table["site"]) == known["site"].tolist()
    assert found.n_excluded == len(effects.table) - len(known)
    assert any("without an error" in text for text in found.warnings)
    merged = found.table.merge(known, on="site")
    np.testing.assert_allclose(merged["ci_low_x"], merged["ci_low_y"], rtol=1e-12)


def test_takes_a_mixed_models_effects_as_they_are():
    frame = pd.DataFrame(
        {"factor": "site", "group": list("abc"), "estimate": [0.5, -1.0, 0.2], "se": 0.3}
    )
    found = caterpillar(frame)
    assert found.table["site"].tolist() == ["b", "c", "a"]
    assert (found.table["shrunken"] == found.table["estimate"]).all()
    assert np.isnan(found.tau2)
    assert "shrunken already" in found.note
    with pytest.raises(DuplicateError, match="several of 'a'"):
        caterpillar(pd.concat([frame, frame.head(1)]))


def test_takes_a_mixed_model(stays):
    fitted = cp.sites.mixed(cp.SiteMoments.from_data(stays, "los ~ 1", site="provnum"))
    found = caterpillar(fitted)
    expected = fitted.effects().sort_values("estimate", ignore_index=True)
    assert found.table["site"].tolist() == expected["group"].tolist()
    np.testing.assert_array_equal(found.table["shrunken"], expected["estimate"])
    assert found.plot().get_xlabel() == "Estimate"


def test_no_variance_between_sites_is_said():
    data = pd.DataFrame({"s": list("aabb"), "y": [1.0, 3, 1, 3]})
    found = caterpillar(data, "y", site="s")
    assert found.tau2 == 0
    assert (found.table["shrunken"] == 2).all()
    assert any("no more than chance" in text for text in found.warnings)


def test_counts_what_is_left_out():
    data = pd.DataFrame({"s": [*"aabbc", None], "y": [1.0, 2, 4, 6, np.nan, 1]})
    found = caterpillar(data, "y", site="s")
    assert found.n_excluded == 2
    assert "Left out for a missing value: 2 rows." in found.warnings
    assert "Left out, with nobody: 1 site ('c')." in found.warnings


GOOD = pd.DataFrame({"s": list("aabb"), "y": [1.0, 2, 4, 6]})


@pytest.mark.parametrize(
    ("data", "kind", "says"),
    [
        (GOOD.head(0), TooFewError, "no rows"),
        (GOOD.head(2), TooFewError, r"needs two sites with an error, and has 1 site .'a'."),
        (GOOD.assign(y=3), TooFewError, "doesn't vary within any"),
        (GOOD.assign(s=range(4)), TooFewError, "doesn't vary within any"),
        (GOOD.assign(y=np.nan), TooFewError, "nobody answered 'y'"),
        (GOOD.assign(y=["1", 2, 3, "x"]), ColumnError, "'x' in row 4"),
        (GOOD.assign(y=[1, np.inf, 2, 3]), DataError, "Infinite values: 'y' in row 2"),
        (GOOD.drop(columns="s"), ColumnError, "no column 's'"),
    ],
)
def test_refuses(data, kind, says):
    with pytest.raises(kind, match=says):
        caterpillar(data, "y", site="s")


def test_refuses_calls_that_do_not_fit():
    with pytest.raises(OptionError, match="need the names of two columns"):
        caterpillar(GOOD, "y")
    with pytest.raises(OptionError, match="leave 'outcome' and 'site' out"):
        caterpillar(cp.Result(table=GOOD, note="."), "y")
    with pytest.raises(ColumnError, match="needs a row a site"):
        caterpillar(cp.Result(table=GOOD, note="."))


@pytest.mark.parametrize("comparison", [False, True])
def test_plot_shows_raw_and_shrunken(comparison):
    mpl.use("Agg")
    from matplotlib.figure import Figure

    found = caterpillar(GOOD, "y", site="s")
    ax = found.plot(ax=Figure().subplots(), comparison=comparison, labels={"a": "$A$"})
    assert [t.get_text() for t in ax.get_yticklabels()] == ["$A$", "b"]
    np.testing.assert_array_equal(ax.lines[-1].get_xdata(), found.table["shrunken"])
    low = "compare_low" if comparison else "ci_low"
    spans = [segment[0, 0] for segment in ax.collections[0].get_segments()]
    np.testing.assert_array_equal(spans, found.table[low])
    ax.figure.canvas.draw()


def test_a_million_people():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"s": rng.integers(0, 2000, 10**6), "y": rng.normal(size=10**6)})
    assert len(caterpillar(data, "y", site="s").table) == 2000
