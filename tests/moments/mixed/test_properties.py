import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from cpeval.moments.contrasts import contrast_tests, joint_test
from cpeval.moments.mixed_fit import fit_mixed, random_columns
from cpeval.moments.mixed_likelihood import ProfiledDeviance
from cpeval.moments.predictions import predict_effects

RTOL = 1e-9  # the same numbers in another order or unit, at an optimum with a gradient of 1e-10
SEEDS = st.integers(0, 2**32 - 1)


def random_study(seed, n_sites=6, n_teams=2, n_people=5):
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(n_sites * n_teams), n_people)
    site = unit // n_teams
    x = rng.normal(50, 10, unit.size)
    X = np.column_stack([np.ones(unit.size), unit % 2, x])
    y = 3 + X @ [0, 1, 0.2] + rng.normal(size=unit.size)
    y += 1.5 * rng.normal(size=n_sites)[site] + rng.normal(size=unit.max() + 1)[unit]
    return X, y, unit, site


def agree(one, two, rtol=RTOL):
    np.testing.assert_allclose(two.loglik, one.loglik, rtol=rtol)
    np.testing.assert_allclose(two.beta, one.beta, rtol=rtol, atol=rtol)
    np.testing.assert_allclose(two.cov, one.cov, rtol=100 * rtol, atol=rtol)
    np.testing.assert_allclose(two.parameters, one.parameters, rtol=100 * rtol, atol=rtol)
    for df in ("kenward-roger", "satterthwaite"):
        ours, other = (contrast_tests(fit, df=df) for fit in (one, two))
        np.testing.assert_allclose(other.df, ours.df, rtol=1000 * rtol)
        np.testing.assert_allclose(other.p, ours.p, rtol=1000 * rtol, atol=rtol)


@settings(deadline=None, max_examples=20)
@given(SEEDS, st.randoms(use_true_random=False))
def test_order_of_units_does_not_matter(make_blocks, seed, random):
    X, y, unit, site = random_study(seed)
    given = make_blocks(X, y, unit, site)
    order = list(range(len(given["counts"])))
    random.shuffle(order)
    names = np.random.default_rng(seed).permutation(site.max() + 1)
    moved = {
        "blocks": given["blocks"][order],
        "counts": given["counts"][order],
        "group": names[given["group"][order]],
    }
    one, two = fit_mixed(**given), fit_mixed(**moved, origin=given["origin"])
    agree(one, two)
    sites, teams = predict_effects(one)
    moved_sites, moved_teams = predict_effects(two)
    np.testing.assert_allclose(moved_teams.estimate, teams.estimate[order], atol=1e-8)
    np.testing.assert_allclose(moved_sites.estimate[names], sites.estimate, atol=1e-8)


@settings(deadline=None, max_examples=20)
@given(SEEDS, st.sampled_from([1e-6, 0.01, 7.0, 1e6]), st.sampled_from([1e-5, 3.0, 1e5]))
@pytest.mark.parametrize("slopes", [(), (2,)])
def test_units_of_measurement_do_not_matter(make_blocks, slopes, seed, of_y, of_x):
    X, y, unit, _ = random_study(seed)
    changed = X * [1, 1, of_x]
    fits = []
    for columns, outcome in ((X, y), (changed, y * of_y)):
        given = make_blocks(columns, outcome, unit)
        random = random_columns(3, slopes=slopes, origin=given["origin"])
        fits.append(fit_mixed(**given, random=random))
    one, two = fits
    scale = of_y / np.array([1, 1, of_x])
    np.testing.assert_allclose(two.beta / scale, one.beta, rtol=RTOL, atol=RTOL)
    np.testing.assert_allclose(two.cov / np.outer(scale, scale), one.cov, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(two.residual / of_y**2, one.residual, rtol=1e-7)
    n = len(y) - 3
    expected = one.loglik - n * np.log(of_y) - np.log(of_x)
    np.testing.assert_allclose(two.loglik, expected, rtol=RTOL)
    for df in ("kenward-roger", "satterthwaite"):
        ours, other = (contrast_tests(fit, df=df) for fit in fits)
        np.testing.assert_allclose(other.df, ours.df, rtol=1e-5)
        np.testing.assert_allclose(other.statistic, ours.statistic, rtol=1e-6, atol=1e-8)


@settings(deadline=None, max_examples=10)
@given(SEEDS)
def test_origin_does_not_matter(make_blocks, seed):
    X, y, unit, site = random_study(seed)
    centred, raw = (make_blocks(X, y, unit, site, centred=c) for c in (True, False))
    agree(fit_mixed(**centred), fit_mixed(**raw), rtol=1e-7)  # raw products lose digits


@pytest.mark.parametrize("covariance", ["unstructured", "diagonal"])
def test_slopes_hold_about_the_datas_own_origin(make_blocks, covariance):
    X, y, unit, _ = random_study(3)
    fits = []
    for centred in (True, False):
        given = make_blocks(X, y, unit, centred=centred)
        random = random_columns(3, slopes=(2,), origin=given["origin"])
        fits.append(fit_mixed(**given, random=random, covariance=covariance))
    agree(*fits, rtol=1e-6)
    np.testing.assert_allclose(fits[1].covariances[0], fits[0].covariances[0], rtol=1e-5, atol=1e-9)


def test_slopes_of_calendar_years_keep_their_degrees_of_freedom(make_blocks):
    X, y, unit, _ = random_study(6, n_people=12)
    X[:, 2] = np.arange(y.size) % 6
    found = []
    for year in (0, 2018):
        given = make_blocks(X + np.array([0, 0, year]), y, unit)
        random = random_columns(3, slopes=(2,), origin=given["origin"])
        fit = fit_mixed(**given, random=random)
        tests = [contrast_tests(fit, df=df) for df in ("kenward-roger", "satterthwaite")]
        joint = joint_test(fit, np.eye(3)[1:])
        found.append(
            [*(v for t in tests for v in (*t.se[1:], *t.df[1:])), joint.df_den, joint.scale]
        )
    np.testing.assert_allclose(found[1], found[0], rtol=1e-6)


@settings(deadline=None, max_examples=60)
@given(SEEDS, st.integers(2, 5), st.sampled_from(["REML", "ML"]))
def test_few_groups_have_no_larger_likelihood_elsewhere(make_blocks, seed, n_sites, method):
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(n_sites), rng.integers(2, 6, n_sites))
    X = np.column_stack([np.ones(unit.size), rng.normal(size=unit.size)])
    y = rng.normal(size=unit.size) + rng.choice([0, 1, 30]) * rng.normal(size=n_sites)[unit]
    fit = fit_mixed(**make_blocks(X, y, unit), method=method)
    deviance = ProfiledDeviance(fit.structure, restricted=method == "REML")
    elsewhere = min(deviance.value(np.array([t])) for t in [0, *np.geomspace(1e-3, 1e3, 200)])
    assert deviance.value(fit.theta) < elsewhere + 1e-6


def test_a_mean_of_1e8_loses_nothing(make_blocks):
    X, y, unit, site = random_study(1)
    one = fit_mixed(**make_blocks(X, y, unit, site))
    # 1e8 + y keeps 8 decimals of y; the rest is gone before any sum.
    two = fit_mixed(**make_blocks(X + np.array([0, 0, 1e8]), y + 1e8, unit, site))
    np.testing.assert_allclose(two.beta[1:], one.beta[1:], rtol=1e-7)
    np.testing.assert_allclose(two.parameters, one.parameters, rtol=1e-6)


@settings(deadline=None, max_examples=20)
@given(SEEDS)
def test_people_may_be_spread_over_blocks_of_a_site(make_blocks, seed):
    """A site's block is the sum of its teams': with no team factor nothing else counts."""
    X, y, unit, site = random_study(seed)
    teams, sites = make_blocks(X, y, unit, site), make_blocks(X, y, site)
    summed = np.add.reduceat(teams["blocks"], np.arange(0, len(teams["blocks"]), 2))
    agree(fit_mixed(**sites), fit_mixed(**{**sites, "blocks": summed}))


@settings(deadline=None, max_examples=20)
@given(SEEDS, st.integers(2, 6), st.integers(2, 5))
def test_balanced_one_way_layout_is_an_analysis_of_variance(make_blocks, seed, k, n):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(k, n)) + 2 * rng.normal(size=(k, 1))
    between = n * y.mean(axis=1).var(ddof=1)
    within = y.var(axis=1, ddof=1).mean()
    fit = fit_mixed(**make_blocks(np.ones((k * n, 1)), y.ravel(), np.repeat(np.arange(k), n)))
    if between > within:
        expected = [(between - within) / n, within]
        np.testing.assert_allclose(fit.parameters, expected, rtol=1e-8)
        np.testing.assert_allclose(fit.cov, between / (k * n), rtol=1e-8)
        np.testing.assert_allclose(contrast_tests(fit).df, k - 1, rtol=1e-8)
        np.testing.assert_allclose(contrast_tests(fit, df="satterthwaite").df, k - 1, rtol=1e-8)
        expected = stats.ttest_1samp(y.mean(axis=1), 0).pvalue
        np.testing.assert_allclose(contrast_tests(fit).p, expected, rtol=1e-7)
    else:
        assert fit.at_boundary == (True,)
        np.testing.assert_allclose(fit.residual, y.var(ddof=1), rtol=1e-10)


@settings(deadline=None, max_examples=20)
@given(SEEDS)
def test_variance_of_zero_is_least_squares(make_blocks, seed):
    rng = np.random.default_rng(seed)
    X, y, unit, site = random_study(seed)
    # Outcomes whose sites and teams are more alike than chance: means all zero.
    y = rng.normal(size=y.size)
    y -= (np.bincount(unit, y) / np.bincount(unit))[unit]
    fit = fit_mixed(**make_blocks(X[:, :2], y, unit, site))
    beta, rss = np.linalg.lstsq(X[:, :2], y, rcond=None)[:2]
    assert fit.at_boundary == (True, True)
    assert fit.icc.tolist() == [0.0, 0.0]
    np.testing.assert_allclose(fit.beta, beta, atol=1e-12)
    np.testing.assert_allclose(fit.residual, rss / (y.size - 2), rtol=1e-10)
    np.testing.assert_allclose(contrast_tests(fit, df="satterthwaite").df, y.size - 2, rtol=1e-8)


def test_contrasts_that_follow_from_others_are_not_counted(make_blocks):
    X, y, unit, site = random_study(2)
    fit = fit_mixed(**make_blocks(X, y, unit, site))
    two = np.eye(3)[1:]
    three = np.vstack([two, [0, 1, 1]])
    for df in ("kenward-roger", "normal"):
        one, other = joint_test(fit, two, df=df), joint_test(fit, three, df=df)
        assert other.df_num == 2
        np.testing.assert_allclose([other.statistic, other.p], [one.statistic, one.p], rtol=1e-9)
    with pytest.raises(ValueError, match="contradict each other"):
        joint_test(fit, three, null=[0, 0, 1])


def test_joint_satterthwaite_with_two_df_or_fewer_takes_two(make_blocks):
    # lmerTest's rule: the mean of F is infinite then.
    X, y, _, site = random_study(11, n_sites=4)
    X[:, 1] = site % 2
    fit = fit_mixed(**make_blocks(X, y, site))
    single = contrast_tests(fit, df="satterthwaite").df
    assert single[1] < 1.9
    rows = np.array([[0, 1, 0], [0, 0, 1]])
    assert joint_test(fit, rows, df="satterthwaite").df_den == 2.0


def test_normal_is_the_limit_of_t(make_blocks):
    X, y, unit, site = random_study(2)
    fit = fit_mixed(**make_blocks(X, y, unit, site))
    tests = contrast_tests(fit, df="normal", null=[0.5, 0, 0])
    z = (fit.beta - [0.5, 0, 0]) / np.sqrt(np.diag(fit.cov))
    np.testing.assert_allclose(tests.p, 2 * stats.norm.sf(np.abs(z)), rtol=1e-10)
    assert np.isinf(tests.df).all()
    joint = joint_test(fit, np.eye(3)[1:], df="normal")
    wald = fit.beta[1:] @ np.linalg.solve(fit.cov[1:, 1:], fit.beta[1:])
    np.testing.assert_allclose(joint.p, stats.chi2.sf(wald, 2), rtol=1e-8)
