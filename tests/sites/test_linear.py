"""`cp.sites.linear` against clubSandwich and lm."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import cpeval as cp
from cpeval.errors import LevelError, OptionError, TooFewError

RTOL = 1e-8  # closed forms on both sides
CASES = ["apiclus1", "sleepstudy", "sleepstudy10", "sleepstudy10_interaction"]
FILE = "moments_robust.json"


@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR1S", "CR2", "CR3"])
@pytest.mark.parametrize("name", CASES)
def test_equals_clubsandwich(name, kind, moments, reference):
    result = cp.sites.linear(moments(name), vcov=kind)
    ols, expected = reference(FILE, f"{name}/ols"), reference(FILE, f"{name}/{kind}")
    assert_allclose(result.table.estimate, [*ols["coef"].values()], rtol=RTOL)
    assert_allclose(result.table.se, [*expected["se"].values()], rtol=RTOL)
    assert_allclose(result.table.df, expected["df_satterthwaite"], rtol=RTOL)
    assert_allclose(result.table.p, expected["p_satterthwaite"], rtol=RTOL)
    assert_allclose(result.vcov, expected["vcov"]["values"], rtol=RTOL)
    assert_allclose(result.sigma, ols["sigma"], rtol=RTOL)
    assert (result.n, result.n_clusters) == (ols["n"], ols["clusters"])
    assert list(result.table.term) == list(result.vcov.index)
    assert result.table.term[0] == "Intercept"


@pytest.mark.parametrize("name", CASES)
def test_intervals_and_joint_test_equal_clubsandwich(name, moments, reference):
    result = cp.sites.linear(moments(name))
    interval = reference(FILE, f"{name}/CI_CR2")
    assert_allclose(result.table.ci_low, interval["lower"], rtol=RTOL)
    assert_allclose(result.table.ci_high, interval["upper"], rtol=RTOL)
    wald = reference(FILE, f"{name}/Wald_all_CR2")["HTZ"]
    (row,) = result.test(list(result.table.term[1:])).table.itertuples()
    expected = [wald[key] for key in ("Fstat", "df_num", "df_denom", "p")]
    assert_allclose([row.statistic, row.df_num, row.df, row.p], expected, rtol=RTOL)


@pytest.mark.parametrize("name", CASES)
def test_classical_errors_equal_lm(name, moments, reference):
    result = cp.sites.linear(moments(name), vcov="classical")
    expected = reference(FILE, f"{name}/ols")
    assert_allclose(result.table.se, [*expected["se_classical"].values()], rtol=RTOL)
    assert (result.table.df == expected["n"] - len(expected["coef"])).all()
    one = result.test("Days" if "Days" in expected["coef"] else "meals").table.iloc[0]
    row = result.table.iloc[1 if "Days" in expected["coef"] else 2]
    assert_allclose([one.statistic, one.p], [row.statistic**2, row.p], rtol=RTOL)


def test_one_term_tested_jointly_is_its_own_t_test(moments):
    """Of the intercept too, which is elsewhere in the coordinates of the moments."""
    for kind in ("CR2", "CR3"):
        result = cp.sites.linear(moments("apiclus1"), vcov=kind)
        for row in result.table.itertuples():
            one = result.test(row.term).table.iloc[0]
            assert_allclose(
                [one.statistic, one.df, one.p], [row.statistic**2, row.df, row.p], rtol=1e-9
            )


def test_a_formula_term_stands_for_its_dummies(moments):
    result = cp.sites.linear(moments("apiclus1_stype"))
    named = result.test(["stype[T.H]", "stype[T.M]"]).table
    pd.testing.assert_frame_equal(result.test("stype").table, named)
    with pytest.raises(OptionError, match=r"'stpe' \(did you mean 'stype'\?\)"):
        result.test("stpe")


def test_weights_are_precisions(moments):
    """Least squares with weights is least squares on rows times the root of the weight."""
    rng = np.random.default_rng(3)
    x, w = rng.normal(50, 1, 90), rng.uniform(0.5, 4, 90)
    data = pd.DataFrame({"s": np.arange(90) % 9, "x": x, "w": w, "y": x + rng.normal(0, 1, 90)})
    weighted = cp.SiteMoments.from_data(data, "y ~ x", site="s", weights="w")
    root = np.sqrt(w)
    rows = pd.DataFrame({"s": data.s, "one": root, "x": x * root, "y": data.y * root})
    plain = cp.SiteMoments.from_data(rows, "y ~ 0 + one + x", site="s")
    for kind in ("classical", "CR2", "CR1"):
        found = cp.sites.linear(weighted, vcov=kind).table.drop(columns="term")
        expected = cp.sites.linear(plain, vcov=kind).table.drop(columns="term")
        # The columns without an intercept are far from orthogonal: a few digits go there.
        assert_allclose(found, expected, rtol=1e-7)


def made(**columns):
    data = pd.DataFrame({"trust": list("AABBCCDD"), "new": [0, 0, 0, 0, 1, 1, 1, 1]})
    return data.assign(y=[3.0, 4, 5, 5, 6, 8, 9, 7], **columns)


def test_terms_that_follow_are_dropped_by_name():
    data = made(again=[1, 1, 1, 1, 3, 3, 3, 3], constant=1e8)
    moments = cp.SiteMoments.from_data(data, "y ~ new + again + constant", site="trust")
    result = cp.sites.linear(moments)
    assert result.dropped_terms == ("again", "constant")
    assert "Left out of the model: 'again', 'constant'" in result.warnings[0]
    alone = cp.sites.linear(cp.SiteMoments.from_data(made(), "y ~ new", site="trust"))
    assert_allclose(result.vcov, alone.vcov, rtol=1e-12)


def test_teams_are_clusters_when_asked():
    data = made(team=list("xyxyxyxy"))
    moments = cp.SiteMoments.from_data(data, "y ~ new", site="trust", team="team")
    result = cp.sites.linear(moments, cluster="team")
    # Each person alone: CR2 is HC2, by hand from leverages of 1/4.
    y = data.y.to_numpy().reshape(2, 4)
    rest = y - y.mean(axis=1, keepdims=True)
    expected = np.sqrt((rest**2 / (1 - 1 / 4)).sum() / 16)
    assert_allclose(result.table.se[1], expected, rtol=1e-12)
    with pytest.raises(OptionError, match="have no teams"):
        cp.sites.linear(cp.SiteMoments.from_data(data, "y ~ 1", site="trust"), cluster="team")


def test_few_degrees_of_freedom_and_lone_clusters_are_told():
    two = made()[lambda d: d.trust.isin(["A", "C"])]
    result = cp.sites.linear(cp.SiteMoments.from_data(two, "y ~ new", site="trust"))
    assert result.table.se.isna().all()
    assert any("can't be known without site 'A', 'C'" in text for text in result.warnings)
    few = cp.sites.linear(cp.SiteMoments.from_data(made(), "y ~ new", site="trust"))
    assert any("Fewer than 4 degrees of freedom for 'new'" in text for text in few.warnings)


def test_an_error_of_zero_is_told():
    data = pd.DataFrame({"s": list("AABBCC"), "arm": [0, 1] * 3, "y": [1.0, 3, 2, 4, 5, 7]})
    result = cp.sites.linear(cp.SiteMoments.from_data(data, "y ~ arm", site="s"))
    assert np.isnan(result.table.se[1])
    assert any("No error for 'arm'" in text and "same" in text for text in result.warnings)


def test_perfect_fit_is_told():
    result = cp.sites.linear(
        cp.SiteMoments.from_data(made(x=made().y * 2 + 1), "y ~ x", site="trust")
    )
    assert_allclose(result.table.estimate, [-0.5, 0.5], rtol=1e-12)
    assert result.table.p.isna().all()
    assert any("explain the outcome entirely" in text for text in result.warnings)


def test_bad_input_is_refused():
    moments = cp.SiteMoments.from_data(made(), "y ~ new", site="trust")
    one = cp.SiteMoments.from_data(made(trust="A"), "y ~ new", site="trust")
    with pytest.raises(TooFewError, match="One site only, 'A'"):
        cp.sites.linear(one)
    assert cp.sites.linear(one, vcov="classical").table.se.notna().all()
    with pytest.raises(TooFewError, match="2 rows can't estimate 2 terms"):
        cp.sites.linear(cp.SiteMoments.from_data(made()[3:5], "y ~ new", site="trust"))
    with pytest.raises(OptionError, match="'vcov' must be one of"):
        cp.sites.linear(moments, vcov="HC3")
    with pytest.raises(OptionError, match="'cluster' must be one of"):
        cp.sites.linear(moments, cluster="trust")
    with pytest.raises(LevelError):
        cp.sites.linear(moments, level=95)
    with pytest.raises(OptionError, match="should be moments"):
        cp.sites.linear(made())


def test_shows_and_plots():
    result = cp.sites.linear(cp.SiteMoments.from_data(made(), "y ~ new", site="trust"))
    assert "Bell & McCaffrey" in str(result)
    assert "<table" in result._repr_html_()
    assert result.plot() is not None


@pytest.mark.parametrize("shift", [0.0, 1e6, 1e8])
def test_without_an_intercept_lost_digits_are_said(shift):
    """Errors by cluster equal those of rows, in coordinates that keep their digits."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"site": np.arange(400) % 8, "x": shift + rng.normal(size=400)})
    data["z"] = rng.normal(size=400)
    data["y"] = data.x + 0.5 * data.z + rng.normal(size=400)
    found = cp.sites.linear(
        cp.SiteMoments.from_data(data, "y ~ 0 + x + z", site="site"), vcov="CR0"
    )
    text = " ".join(found.warnings)
    if shift == 1e8:
        assert found.table["se"].isna().all()
        assert "rounding hides the rest" in text
        return
    x, rest = data[["x", "z"]].to_numpy() / [max(shift, 1.0), 1.0], (data.y - data.x).to_numpy()
    left = rest - x @ np.linalg.lstsq(x, rest, rcond=None)[0]
    inverse = np.linalg.inv(x.T @ x)
    scores = np.array([x[data.site == g].T @ left[data.site == g] for g in range(8)])
    expected = np.sqrt(np.diag(inverse @ scores.T @ scores @ inverse)) / [max(shift, 1.0), 1.0]
    np.testing.assert_allclose(found.table["se"], expected, rtol=1e-8)
    assert ("few digits of the residual variance" in text) == (shift == 1e6)
