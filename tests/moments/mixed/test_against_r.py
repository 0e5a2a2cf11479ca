import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cpeval.moments.contrasts import contrast_tests, fixed_covariance, joint_test
from cpeval.moments.mixed_fit import fit_mixed, random_columns
from cpeval.moments.predictions import predict_effects

REFERENCE = Path(__file__).parents[2] / "reference"
R = json.loads((REFERENCE / "mixed.json").read_text())["entries"]
MORE = json.loads((REFERENCE / "mixed_more.json").read_text())["entries"]
# lme4 iterates: its variances agree with a Newton step to about 1e-9 of themselves, and what is
# computed from them follows.
RTOL_R = 1e-8
RTOL_VARIANCES = 1e-6
# lmerTest differentiates numerically.
RTOL_LMERTEST = 1e-7
# 50-digit arithmetic; ours has 16 digits and loses some in sums and inverses.
RTOL_EXACT = 1e-10
GRADIENT = 1e-8
# A deviance of 141,697 leaves numerical derivatives 5 digits: R's maximum itself is that far off.
RTOL_CHEM97 = 1e-5

STUDIES = [
    "sleepstudy_int",
    "Exam_int",
    "Exam_null",
    "apiclus1_int",
    "BtheB_long",
    "Pastes_3level",
    "sleepstudy_slope",
    "Exam_slope",
]


@pytest.fixture(scope="module")
def fitted(study, make_blocks):
    made = {}

    def fit(name, method="REML"):
        if (name, method) not in made:
            s = study(name)
            given = make_blocks(s.X, s.y, s.unit, s.site)
            random = random_columns(s.X.shape[1], slopes=s.slopes, origin=given["origin"])
            made[name, method] = fit_mixed(
                **given, random=random, covariance=s.covariance, method=method
            )
        return made[name, method]

    return fit


def in_our_order(name, variances):
    """R's variances of teams, sites, residual, or of intercepts, slopes, covariance, residual."""
    values = list(variances.values())
    if name in ("Pastes_3level", "pixel", "oxide", "chem97"):
        return [values[1], values[0], values[2]]
    return [values[0], values[2], values[1], values[3]] if len(values) == 4 else values


def close(ours, theirs, rtol):
    """Compare matrices on the scale of their diagonals, so that zeros don't ask for the moon."""
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    size = np.sqrt(np.abs(np.diagonal(theirs, axis1=-2, axis2=-1)))
    np.testing.assert_allclose(
        ours / size / size[:, None], theirs / size / size[:, None], rtol=0, atol=rtol
    )


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("name", STUDIES)
def test_estimates_equal_lme4s(fitted, name, method):
    fit, value = fitted(name, method), R[f"{name}/{method}"]["value"]
    np.testing.assert_allclose(fit.beta, list(value["fixef"].values()), rtol=RTOL_R)
    close(fit.cov, value["vcov"]["values"], RTOL_R)
    np.testing.assert_allclose(
        fit.parameters, in_our_order(name, value["variances"]), rtol=RTOL_VARIANCES
    )
    np.testing.assert_allclose(fit.loglik, value["loglik"], rtol=1e-12)  # flat at the maximum
    assert fit.gradient_norm < GRADIENT
    assert fit.n == value["n"]
    assert fit.at_boundary == (False,) * len(fit.factors)
    np.testing.assert_allclose(2 * fit.n_parameters - 2 * fit.loglik, value["AIC"], rtol=1e-12)


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("name", [name for name in STUDIES if "slope" not in name])
def test_intraclass_correlations_are_shares_of_the_variance(fitted, name, method):
    value = R[f"{name}/{method}/icc"]["value"]
    expected = in_our_order(name, value)[:-1]
    np.testing.assert_allclose(fitted(name, method).icc, expected, rtol=RTOL_VARIANCES)


def test_slopes_leave_no_single_intraclass_correlation(fitted):
    assert fitted("Exam_slope").icc is None


@pytest.mark.parametrize("name", [key.split("/")[0] for key in R if key.endswith("exact")])
def test_equals_50_digits(fitted, name):
    if name not in STUDIES:
        pytest.fail(f"no data for {name}")
    fit, value = fitted(name), R[f"{name}/REML/exact"]["value"]
    expected = [value["variance_group"], value["variance_residual"]]
    np.testing.assert_allclose(fit.parameters, expected, rtol=RTOL_EXACT)
    np.testing.assert_allclose(fit.beta, value["fixef"], rtol=RTOL_EXACT)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.cov)), value["se"], rtol=RTOL_EXACT)
    np.testing.assert_allclose(-2 * fit.loglik, value["minus2_reml"], rtol=RTOL_EXACT)
    np.testing.assert_allclose(fit.parameters_cov, value["var_of_variances"], rtol=RTOL_EXACT)
    df = contrast_tests(fit, df="satterthwaite").df
    np.testing.assert_allclose(df, value["satterthwaite_df"], rtol=RTOL_EXACT)


@pytest.mark.parametrize("name", STUDIES)
def test_tests_equal_lmertests_and_pbkrtests(fitted, name):
    fit = fitted(name)
    tests = contrast_tests(fit, df="satterthwaite")
    table = np.array(R[f"{name}/REML/satterthwaite"]["value"]["values"])
    np.testing.assert_allclose(tests.df, table[:, 2], rtol=RTOL_LMERTEST)
    np.testing.assert_allclose(tests.statistic, table[:, 3], rtol=RTOL_LMERTEST)
    tests = contrast_tests(fit)
    value = R[f"{name}/REML/kenward_roger"]["value"]
    np.testing.assert_allclose(tests.se, list(value["se"].values()), rtol=RTOL_R)
    np.testing.assert_allclose(tests.df, np.atleast_1d(value["df"]), rtol=RTOL_R)
    np.testing.assert_allclose(
        tests.statistic, np.atleast_1d(list(value["t"].values())), rtol=RTOL_R
    )
    # pt() far out and 1 - pt(): p moves 50 times as much as t there.
    np.testing.assert_allclose(tests.p, list(value["p"].values()), rtol=1e-6, atol=1e-300)
    close(fixed_covariance(fit), value["vcov_adj"]["values"], RTOL_R)


@pytest.mark.parametrize(
    "name", [name for name in STUDIES if f"{name}/REML/kenward_roger_F_all" in R]
)
def test_joint_test_equals_pbkrtests(fitted, name):
    fit, value = fitted(name), R[f"{name}/REML/kenward_roger_F_all"]["value"]
    test = joint_test(fit, np.eye(len(fit.beta))[1:])
    ours = [test.statistic, test.df_num, test.df_den, test.scale]
    theirs = [value["Fstat"], value["ndf"], value["ddf"], value["F.scaling"]]
    np.testing.assert_allclose(ours, theirs, rtol=RTOL_R)
    np.testing.assert_allclose(test.p, value["p.value"], rtol=1e-6, atol=1e-300)


@pytest.mark.parametrize(
    ("name", "factor", "place"),
    [
        ("sleepstudy_int", "Subject", 0),
        ("Exam_int", "school", 0),
        ("Exam_null", "school", 0),
        ("apiclus1_int", "dnum", 0),
        ("BtheB_long", "subject", 0),
        ("Pastes_3level", "batch", 0),
        ("Pastes_3level", "cask:batch", 1),
        ("Exam_slope", "school", 0),
    ],
)
def test_random_effects_equal_lme4s(fitted, study, name, factor, place):
    value = R[f"{name}/REML/blup/{factor}"]["value"]
    s = study(name)
    labels = pd.factorize(s.site if factor == "batch" else s.unit)[1]
    level = [":".join(reversed(one.split(":"))) for one in value["level"]]
    if name == "BtheB_long":
        level = [int(one) - 1 for one in level]
    level = [type(labels[0])(one) for one in level]
    order = [list(labels).index(one) for one in level]
    effects = predict_effects(fitted(name))[place]
    np.testing.assert_allclose(
        effects.estimate[order],
        value["effect"]["values"],
        rtol=RTOL_R,
        atol=RTOL_R * effects.se.max(),
    )
    cov = np.array(value["cond_var"]).reshape(-1, *effects.cov.shape[1:])
    np.testing.assert_allclose(effects.cov[order], cov, rtol=RTOL_VARIANCES)


@pytest.mark.parametrize("name", MORE)
def test_unbalanced_nested_and_other_designs_equal_r(fitted, name):
    fit, value = fitted(name), MORE[name]
    rtol = RTOL_CHEM97 if name == "chem97" else RTOL_R
    np.testing.assert_allclose(fit.beta, value["beta"], rtol=rtol)
    close(fit.cov, value["cov"], rtol)
    expected = in_our_order(name, value["variances"])
    np.testing.assert_allclose(fit.parameters, expected, rtol=max(rtol, RTOL_VARIANCES))
    np.testing.assert_allclose(fit.loglik, value["loglik"], rtol=1e-12)
    df = contrast_tests(fit, df="satterthwaite").df
    np.testing.assert_allclose(df, value["satterthwaite"], rtol=max(rtol, RTOL_LMERTEST))
    if "kenward_roger" in value:
        close(fixed_covariance(fit), value["kenward_roger_cov"], RTOL_R)
        np.testing.assert_allclose(contrast_tests(fit).df, value["kenward_roger"], rtol=RTOL_R)
    if "joint_rows" in value:
        rows = np.eye(len(fit.beta))[value["joint_rows"]]
        test = joint_test(fit, rows, df="satterthwaite")
        ours = [test.statistic, test.df_den, test.p]
        np.testing.assert_allclose(ours, value["satterthwaite_joint"], rtol=RTOL_LMERTEST)
        test = joint_test(fit, rows)
        ours = [test.statistic, test.df_den, test.scale, test.p]
        np.testing.assert_allclose(ours, value["kenward_roger_joint"], rtol=RTOL_LMERTEST)


def test_variance_of_zero_is_said(fitted):
    fit = fitted("dyestuff2")
    assert fit.at_boundary == (True,)
    assert fit.covariances[0].item() == 0
    assert predict_effects(fit)[0].estimate.tolist() == [[0.0]] * 6
    # The variance counts as known for Satterthwaite and not for Kenward and Roger: 29 and 5.
    assert contrast_tests(fit, df="satterthwaite").df.item() == pytest.approx(29)
    assert contrast_tests(fit).df.item() == pytest.approx(5)
