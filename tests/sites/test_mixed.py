"""`cp.sites.mixed` against lme4, lmerTest and pbkrtest."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import cpeval as cp
from cpeval.errors import CpevalError, DataError, OptionError, TooFewError

ITERATED = 1e-6  # variances come from an iteration on both sides
EXACT = 1e-8  # the reference is in 50 digits; our own iteration ends at a gradient below 1e-8
FILE = "sites_mixed.json"
CASES = ["sleepstudy_int", "Exam_int", "apiclus1_stype", "Pastes_3level", "Exam_slope"]
OPTIONS = {
    "Pastes_3level": {"random": ("site", "team")},
    "Exam_slope": {"slopes": ("standLRT",)},
}
FACTORS = {"Subject": "site", "school": "site", "dnum": "site", "batch": "site"}
FACTORS |= {"cask:batch": "team", "Residual": "residual"}


def fit(moments, name, **options):
    return cp.sites.mixed(moments(name), **OPTIONS.get(name, {}), **options)


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("name", CASES)
def test_estimates_equal_lme4(name, method, moments, reference):
    expected = reference(FILE, f"{name}/{method}")
    result = fit(moments, name, method=method, df="normal")
    assert_allclose(result.table.estimate, [*expected["fixef"].values()], rtol=ITERATED)
    assert_allclose(result.table.se, [*expected["se"].values()], rtol=ITERATED)
    assert_allclose(result.vcov, expected["vcov"]["values"], rtol=ITERATED)
    assert_allclose(result.loglik, expected["loglik"], rtol=1e-10)  # flat at its maximum
    assert result.variances.factor.iloc[-1] == "residual"
    intercepts = result.variances[result.variances.term != "standLRT"].set_index("factor").variance
    for factor, value in expected["variances"].items():
        if factor in FACTORS:
            assert_allclose(intercepts[FACTORS[factor]], value, rtol=ITERATED)
    if name == "Exam_slope":
        matrix = result.covariances["site"].to_numpy()
        values = expected["variances"]
        slope, both = values["school:standLRT"], values["school:(Intercept),standLRT"]
        assert_allclose([matrix[1, 1], matrix[0, 1]], [slope, both], rtol=ITERATED)
        assert result.icc is None
    else:
        shares = reference(FILE, f"{name}/{method}/icc")
        for factor, share in shares.items():
            if factor != "Residual":
                assert_allclose(result.icc[FACTORS[factor]], share, rtol=ITERATED)


@pytest.mark.parametrize("name", CASES)
def test_kenward_roger_equals_pbkrtest(name, moments, reference):
    expected = reference(FILE, f"{name}/REML/kenward_roger")
    result = fit(moments, name)
    assert_allclose(result.table.se, [*expected["se"].values()], rtol=ITERATED)
    # pbkrtest gives one number where there is one term.
    assert_allclose(result.table.df, np.atleast_1d(expected["df"]), rtol=ITERATED)
    assert_allclose(result.table.p, [*expected["p"].values()], rtol=1e-4)  # far out in the tail
    assert_allclose(result.vcov, expected["vcov_adj"]["values"], rtol=ITERATED)


@pytest.mark.parametrize("name", ["sleepstudy_int", "Exam_int", "apiclus1_stype"])
def test_satterthwaite_equals_exact_arithmetic(name, moments, reference):
    expected = reference(FILE, f"{name}/REML/exact")
    result = fit(moments, name, df="satterthwaite")
    assert_allclose(result.table.df, expected["satterthwaite_df"], rtol=EXACT)
    assert_allclose(result.table.se, expected["se"], rtol=EXACT)


@pytest.mark.parametrize("name", ["sleepstudy_int", "Exam_int", "apiclus1_stype", "Exam_slope"])
def test_joint_test_equals_pbkrtest(name, moments, reference):
    expected = reference(FILE, f"{name}/REML/kenward_roger_F_all")
    result = fit(moments, name)
    row = result.test(list(result.table.term[1:])).table.iloc[0]
    found = [row.statistic, row.df_num, row.df]
    assert_allclose(found, [expected[k] for k in ("Fstat", "ndf", "ddf")], rtol=ITERATED)


@pytest.mark.parametrize(
    ("name", "factor"),
    [("Exam_int", "school"), ("Pastes_3level", "batch"), ("Pastes_3level", "cask:batch")],
)
def test_effects_equal_lme4(name, factor, moments, reference):
    expected = reference(FILE, f"{name}/REML/blup/{factor}")
    effects = fit(moments, name).effects().query("factor == @FACTORS[@factor]")
    labels = effects.group.astype(str)
    if factor == "cask:batch":
        labels = labels + ":" + effects.site.astype(str)
    wanted = pd.Series(np.ravel(expected["effect"]["values"]), expected["level"])
    spread = pd.Series(np.ravel(expected["cond_var"]), expected["level"])
    if expected.get("first_only"):
        effects, labels = effects[labels.isin(wanted.index)], labels[labels.isin(wanted.index)]
    assert len(effects) == len(wanted)
    assert_allclose(effects.estimate, wanted[labels], rtol=ITERATED, atol=ITERATED)
    assert_allclose(effects.se, np.sqrt(spread[labels]), rtol=ITERATED)


def test_strata_are_fixed_and_teams_random():
    """The paired design: trust as strata, team as cluster. A balanced one is a paired t test."""
    from scipy import stats

    rng = np.random.default_rng(5)
    team = np.repeat(np.arange(10), 8)
    level = rng.normal(0, 3, 10)[team] + rng.normal(0, 1, 80)
    data = pd.DataFrame({"trust": team // 2, "team": team % 2, "arm": team % 2, "y": level})
    moments = cp.SiteMoments.from_data(data, "y ~ arm + C(trust)", site="trust", team="team")
    result = cp.sites.mixed(moments, random=("team",))
    means = data.groupby(["trust", "arm"]).y.mean().unstack()
    paired = stats.ttest_rel(means[1], means[0])
    row = result.table.set_index("term").loc["arm"]
    assert_allclose([row.statistic, row.p, row.df], [paired.statistic, paired.pvalue, 4], rtol=1e-8)


def test_zero_variance_is_told():
    data = pd.DataFrame({"s": [1, 1, 2, 2, 3, 3], "y": [1.0, 3, 3, 1.5, 2, 2.5]})
    result = cp.sites.mixed(cp.SiteMoments.from_data(data, "y ~ 1", site="s"))
    assert result.variances.variance[0] == 0
    assert any("estimated as zero" in text for text in result.warnings)
    assert any("Only 3 sites" in text for text in result.warnings)


def test_weights_are_precisions():
    """At the estimates, the restricted likelihood by dense matrices has no slope."""
    rng = np.random.default_rng(6)
    site = np.repeat(np.arange(12), 5)
    w = rng.uniform(0.5, 4, 60)
    y = rng.normal(0, 1, 12)[site] + rng.normal(0, 1, 60) / np.sqrt(w)
    data = pd.DataFrame({"s": site, "x": rng.normal(0, 1, 60), "w": w, "y": y})
    moments = cp.SiteMoments.from_data(data, "y ~ x", site="s", weights="w")
    result = cp.sites.mixed(moments)
    x, same = np.column_stack([np.ones(60), data.x]), site[:, None] == site

    def criterion(variances):
        v = variances[0] * same + np.diag(variances[1] / w)
        inverse = np.linalg.inv(v)
        inner = x.T @ inverse @ x
        rest = y - x @ np.linalg.solve(inner, x.T @ inverse @ y)
        logs = np.linalg.slogdet(v)[1] + np.linalg.slogdet(inner)[1]
        return logs + rest @ inverse @ rest

    best = result.variances.variance.to_numpy()
    for k in range(2):
        step = np.eye(2)[k] * 1e-4 * best
        slope = (criterion(best + step) - criterion(best - step)) / 2e-4
        assert (
            abs(slope) < 1e-5
        )  # central differences, error of order 1e-8 times a third derivative
    assert np.isnan(result.loglik)


@pytest.mark.parametrize(
    ("data", "formula", "message"),
    [
        ({"s": [1] * 6, "y": [1, 2, 3, 4, 5, 7]}, "y ~ 1", "One site only"),
        ({"s": range(6), "y": [1, 2, 3, 4, 5, 7]}, "y ~ 1", "one row only"),
        ({"s": [1, 1, 2, 2, 3, 3], "y": [1, 2, 3, 4, 5, 7]}, "y ~ C(s)", "explain all differences"),
        ({"s": [1, 1, 2, 2, 3, 3], "y": [1, 1, 1, 1, 1, 1]}, "y ~ 1", "constant"),
        ({"s": [1, 1, 2, 2, 3, 3], "y": [1, 2, 3, 4, 5, 7]}, "y ~ 0 + s", "needs an intercept"),
    ],
)
def test_what_has_no_answer_is_refused(data, formula, message):
    moments = cp.SiteMoments.from_data(pd.DataFrame(data), formula, site="s")
    with pytest.raises(CpevalError, match=message) as caught:
        cp.sites.mixed(moments)
    assert isinstance(caught.value, DataError | TooFewError | OptionError)


def test_options_are_checked(moments):
    sleep = moments("sleepstudy_int")
    for options, message in [
        ({"random": ("team", "site")}, "'random' must be one of"),
        ({"random": ("site", "team")}, "have no teams"),
        ({"slopes": ("Day",)}, r"no term 'Day' for a random slope \(did you mean 'Days'\?\)"),
        ({"slopes": "Intercept"}, "no term 'Intercept' for a random slope"),
        ({"df": "between"}, "'df' must be one of"),
        ({"method": "ML"}, "need a fit by REML"),
    ]:
        with pytest.raises(OptionError, match=message):
            cp.sites.mixed(sleep, **options)
