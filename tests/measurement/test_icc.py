import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import stats

from cpeval.errors import ColumnError, DataError, LevelError, OptionError, TooFewError
from cpeval.measurement import icc
from cpeval.measurement.crossed_moments import crossed_moments
from cpeval.measurement.variance_ratio import SubjectModel

REFERENCE = Path(__file__).parents[1] / "reference"
RTOL = 1e-10  # closed forms; R printed 17 digits
# lme4 looks for the maximum without derivatives and stops up to this near to it; that ours is at
# the maximum is tested with the whole covariance matrix below.
RTOL_LME4 = 1e-5
NAN = float("nan")

# Shrout & Fleiss (1979), table 4: as printed.
PRINTED = {"ICC1": 0.17, "ICC2": 0.29, "ICC3": 0.71, "ICC1k": 0.44, "ICC2k": 0.62, "ICC3k": 0.91}
COLUMNS = {
    "estimate": "icc",
    "statistic": "F",
    "df1": "df1",
    "df2": "df2",
    "p": "p",
    "ci_low": "lower",
    "ci_high": "upper",
}


def data(name):
    return pd.read_csv(REFERENCE / "data" / f"{name}.csv")


@pytest.fixture(scope="module")
def entries():
    return json.loads((REFERENCE / "agreement.json").read_text(encoding="utf-8"))["entries"]


@pytest.fixture(scope="module")
def gaps():
    found = json.loads((REFERENCE / "icc_gaps.json").read_text(encoding="utf-8"))
    return {name: value for name, value in found.items() if name != "made_by"}


GAPPY = ["anxiety_gaps", "raw5obser", "shrout_fleiss_gaps", "penicillin_gaps"]


def frame(rows):
    x = np.array(rows, dtype=float)
    return pd.DataFrame(x, columns=[f"r{k}" for k in range(x.shape[1])])


def by_name(ratings, **how):
    return icc(ratings, **how).table.set_index("coefficient")


def test_equals_shrout_and_fleiss_on_anxiety(entries):
    expected = entries["anxiety/icc"]["value"]["ICC"]
    table = by_name(data("anxiety"))
    assert table.index.tolist() == expected["rows"]
    theirs = pd.DataFrame(expected["values"], columns=expected["cols"], index=expected["rows"])
    for ours, name in COLUMNS.items():
        np.testing.assert_allclose(table[ours], theirs[name], rtol=RTOL, err_msg=ours)


def test_equals_what_shrout_and_fleiss_print():
    table = by_name(data("shrout_fleiss_1979"))
    assert table["estimate"].round(2).to_dict() == PRINTED
    assert table["statistic"].round(2).to_dict() == {
        name: 1.79 if name.startswith("ICC1") else 11.03 for name in PRINTED
    }


def test_variances_are_those_of_mean_squares(entries):
    ms = entries["anxiety/icc"]["value"]["ms"]
    result = icc(data("anxiety"))
    expected = [
        (ms["MSB"] - ms["MSE"]) / ms["k"],
        (ms["MSJ"] - ms["MSE"]) / ms["n"],
        ms["MSE"],
    ]
    np.testing.assert_allclose(result.components["estimate"], expected, rtol=RTOL)
    np.testing.assert_allclose(result.sem, np.sqrt(expected[1] + expected[2]), rtol=RTOL)


@pytest.mark.parametrize("name", GAPPY)
def test_variances_with_gaps_equal_lme4(name, gaps):
    value = gaps[name]
    result = icc(frame(value["ratings"]))
    table = result.table.set_index("coefficient")["estimate"]
    for ours, theirs in (("ICC1", "one_way"), ("ICC2", "raters_random"), ("ICC3", "raters_fixed")):
        variances = value[theirs]
        single = variances[0] / sum(variances)
        np.testing.assert_allclose(table[ours], single, rtol=RTOL_LME4, err_msg=ours)
        k = len(value["ratings"][0])
        mean = k * single / (1 + (k - 1) * single)
        np.testing.assert_allclose(table[f"{ours}k"], mean, rtol=RTOL_LME4)
    size = sum(value["raters_random"])
    np.testing.assert_allclose(
        result.components["estimate"], value["raters_random"], rtol=RTOL_LME4, atol=1e-8 * size
    )


@pytest.mark.parametrize("name", GAPPY)
def test_tests_and_intervals_with_gaps_are_exact(name, gaps):
    value = gaps[name]
    table = by_name(frame(value["ratings"]))
    for ours, theirs in (("ICC1", "exact_one_way"), ("ICC3", "exact_raters_fixed")):
        for column, key in (
            ("statistic", "F"),
            ("df1", "df1"),
            ("df2", "df2"),
            ("p", "p"),
            ("ci_low", "ci_low"),
            ("ci_high", "ci_high"),
        ):
            np.testing.assert_allclose(table.loc[ours, column], value[theirs][key], rtol=1e-9)


def likelihood(ratings, subject, rater, error, *, fixed):
    """Minus twice the log restricted likelihood, from the whole covariance matrix."""
    x = ratings.to_numpy()
    who, by = np.nonzero(~np.isnan(x))
    y = x[who, by]
    design = np.eye(x.shape[1])[by] if fixed else np.ones((y.size, 1))
    v = subject * (who[:, None] == who) + rater * (by[:, None] == by) + error * np.eye(y.size)
    inverse = np.linalg.inv(v)
    inner = design.T @ inverse @ design
    p = inverse - inverse @ design @ np.linalg.solve(inner, design.T @ inverse)
    return np.linalg.slogdet(v)[1] + np.linalg.slogdet(inner)[1] + y @ p @ y


@pytest.mark.parametrize("name", GAPPY)
def test_variances_with_gaps_are_at_the_maximum(name, gaps):
    ratings = frame(gaps[name]["ratings"])
    at = icc(ratings).components["estimate"].to_numpy()
    best = likelihood(ratings, *at, fixed=False)
    for k in range(3):
        for factor in (1 - 1e-3, 1 + 1e-3):
            moved = at.copy()
            moved[k] = moved[k] * factor if moved[k] > 0 else 1e-4 * at.sum()
            assert likelihood(ratings, *moved, fixed=False) > best
    step = 1e-4

    def slope(k):
        shift = np.eye(3)[k] * step * at
        return (
            likelihood(ratings, *(at + shift), fixed=False)
            - likelihood(ratings, *(at - shift), fixed=False)
        ) / (2 * step)

    for k in np.flatnonzero(at > 0):
        assert abs(slope(k)) < 1e-6


@pytest.mark.parametrize("name", ["anxiety_gaps", "penicillin_gaps"])
def test_icc2s_interval_with_gaps_has_mean_squares_of_the_same_expectation(name, gaps):
    ratings = frame(gaps[name]["ratings"])
    x = ratings.to_numpy()
    who, by = np.nonzero(~np.isnan(x))
    subjects, raters = np.eye(len(x))[who], np.eye(x.shape[1])[by]

    def onto(*columns):
        basis = np.linalg.svd(np.hstack(columns), full_matrices=False)
        return basis.U[:, basis.S > 1e-9] @ basis.U[:, basis.S > 1e-9].T

    both = onto(subjects, raters)
    n, r = len(x), x.shape[1]
    k0 = np.trace(subjects.T @ (both - onto(raters)) @ subjects) / (n - 1)
    n0 = np.trace(raters.T @ (both - onto(subjects)) @ raters) / (r - 1)
    df = who.size - np.linalg.matrix_rank(both)
    result = icc(ratings)
    s, j, e = result.components["estimate"]
    b, j = e + k0 * s, e + n0 * j
    # Shrout & Fleiss' formula, with k0 for k and n0 for n.
    rho, f = s / (s + (j - e) / n0 + e), j / e
    top = k0 * rho * f + n0 * (1 + (k0 - 1) * rho) - k0 * rho
    v = top**2 / ((k0 * rho * f) ** 2 / (r - 1) + (n0 * (1 + (k0 - 1) * rho) - k0 * rho) ** 2 / df)
    up, down = stats.f.ppf(0.975, n - 1, v), stats.f.ppf(0.975, v, n - 1)
    rest = k0 * j + (k0 * n0 - k0 - n0) * e
    row = result.table.set_index("coefficient").loc["ICC2"]
    np.testing.assert_allclose(row["ci_low"], n0 * (b - up * e) / (up * rest + n0 * b), rtol=1e-8)
    np.testing.assert_allclose(
        row["ci_high"], n0 * (down * b - e) / (rest + n0 * down * b), rtol=1e-8
    )


@pytest.mark.parametrize("raters", [False, True])
def test_slope_of_the_likelihood_is_its_derivative(raters, gaps):
    model = SubjectModel(
        moments=crossed_moments(frame(gaps["anxiety_gaps"]["ratings"]).to_numpy()), raters=raters
    )
    for ratio in (0.05, 0.7, 4.0):
        step = 1e-5 * ratio
        found = (model._criterion(ratio + step) - model._criterion(ratio - step)) / (2 * step)
        np.testing.assert_allclose(model._slope(ratio), found, rtol=1e-5, atol=1e-6)


def test_without_gaps_reml_would_give_the_same(gaps):
    # A subject that one rater rated, at the mean of all, hardly moves anything.
    x = pd.DataFrame(
        np.random.default_rng(4).normal(size=(300, 1))
        + np.random.default_rng(5).normal(size=(300, 3)),
        columns=list("abc"),
    )
    one = icc(x)
    two = icc(pd.concat([x, pd.DataFrame({"a": [x["a"].mean()]})], ignore_index=True))
    np.testing.assert_allclose(
        two.table[["estimate", "ci_low", "ci_high"]],
        one.table[["estimate", "ci_low", "ci_high"]],
        atol=0.004,
    )
    assert (two.n_rated_once, two.n_missing, two.n_unrated) == (1, 2, 0)
    assert "1 subjects were rated once" in " ".join(two.warnings)


@pytest.mark.parametrize("make", [lambda d: d, pl.from_pandas])
def test_long_data_give_the_same(make, gaps):
    wide = frame(gaps["raw5obser"]["ratings"])
    long = wide.reset_index(names="who").melt("who", var_name="judge", value_name="said")
    long = long.sample(frac=1, random_state=1)
    result = icc(make(long), subject="who", rater="judge", rating="said")
    pd.testing.assert_frame_equal(result.table, icc(wide).table)


def test_generalised_interval_has_the_quantiles_of_its_definition(entries):
    # Random draws of the three pivots: quantiles of 400,000 are good to about 0.002 here.
    ms = entries["anxiety/icc"]["value"]["ms"]
    n, k = ms["n"], ms["k"]
    rng = np.random.default_rng(9)
    b, j, e = (
        ms[name] * df / rng.chisquare(df, 400_000)
        for name, df in (("MSB", n - 1), ("MSJ", k - 1), ("MSE", (n - 1) * (k - 1)))
    )
    rho = n * (b - e) / (n * b + k * j + (k * n - k - n) * e)
    found = icc(data("anxiety")).generalised
    np.testing.assert_allclose(
        found.loc[0, ["ci_low", "ci_high"]].astype(float),
        np.quantile(rho, [0.025, 0.975]),
        atol=0.005,
    )
    low = found.loc[0, "ci_low"]
    np.testing.assert_allclose(found.loc[1, "ci_low"], k * low / (1 + (k - 1) * low))


def test_generalised_interval_holds_where_the_usual_one_does_not():
    # Four raters whose variance is .3, 300 subjects: the truth is 1 / 1.8.
    rng = np.random.default_rng(6)
    usual = general = warned = 0
    for _ in range(200):
        x = rng.normal(size=(300, 1)) + rng.normal(0, 0.3**0.5, 4)
        result = icc(frame(x + rng.normal(0, 0.5**0.5, (300, 4))))
        two, other = result.table.iloc[1], result.generalised.iloc[0]
        usual += two["ci_low"] <= 1 / 1.8 <= two["ci_high"]
        general += other["ci_low"] <= 1 / 1.8 <= other["ci_high"]
        warned += "generalised interval runs from" in " ".join(result.warnings)
    # Monte Carlo errors 2.6 and 1.5 %.
    assert usual / 200 < 0.92
    assert general / 200 > 0.95 - 3 * 0.015
    assert warned > 50
    alike = icc(frame(rng.normal(size=(7, 1)) + rng.normal(0, 0.5, (7, 3))))
    assert "generalised" not in " ".join(alike.warnings)


GOOD = data("shrout_fleiss_1979")


def test_gaps_are_counted():
    gappy = GOOD.astype(float)
    gappy.loc[0, "J1"] = NAN
    gappy.loc[3] = NAN
    result = icc(gappy)
    assert (result.n_unrated, result.n_missing) == (1, 1)
    assert result.table["n"].unique().tolist() == [5]
    assert result.warnings[0] == "1 subjects that nobody rated were left out."
    assert result.warnings[1].startswith("1 of 20 ratings are missing")
    assert "REML" in result.note
    assert "Shrout & Fleiss, 1979)." in icc(GOOD).note


def test_raters_who_agree_fully():
    x = pd.DataFrame({"a": [1.0, 2, 3, 5], "b": [1.0, 2, 3, 5], "c": [1.0, 2, 3, 5]})
    for ratings in (x, x.assign(c=[1.0, 2, 3, NAN])):
        table = by_name(ratings)
        np.testing.assert_allclose(table[["estimate", "ci_low", "ci_high"]], 1)
        assert (table["p"] == 0).all()
        assert "Raters agree fully" in " ".join(icc(ratings).warnings)


def test_raters_who_differ_by_constants():
    x = pd.DataFrame({"a": [1.0, 2, 3, 5], "b": [2.0, 3, 4, 6], "c": [4.0, 5, 6, 8]})
    table = by_name(x)
    assert table.loc["ICC3", "estimate"] == 1
    # By hand: subjects' variance 35/12, raters' 7/3.
    assert table.loc["ICC2", "estimate"] == pytest.approx((35 / 12) / (35 / 12 + 7 / 3))
    assert np.isnan(table.loc["ICC2", "ci_low"])
    gappy = by_name(x.assign(c=[4.0, 5, 6, NAN]))
    assert gappy.loc["ICC3", "estimate"] == 1
    assert np.isnan(gappy.loc["ICC2", "estimate"])


def test_parts_without_a_link_are_said():
    x = pd.DataFrame(
        {
            "a": [1.0, 2, 4, NAN, NAN, NAN],
            "b": [2.0, 2, 5, NAN, NAN, NAN],
            "c": [NAN, NAN, NAN, 3, 5, 1],
            "d": [NAN, NAN, NAN, 4, 4, 2],
        }
    )
    result = icc(x)
    assert "fall into 2 groups" in " ".join(result.warnings)
    row = result.table.set_index("coefficient").loc["ICC3"]
    # 12 ratings, 6 subjects, 4 raters, 2 parts.
    assert (row["df1"], row["df2"]) == (4, 4)
    assert np.isfinite(row[["estimate", "ci_low", "ci_high"]].astype(float)).all()


def test_too_few_ratings_to_tell_raters_from_error():
    x = pd.DataFrame({"a": [1.0, NAN], "b": [2.0, 4], "c": [NAN, 3.0]})
    result = icc(x)
    table = result.table.set_index("coefficient")
    assert np.isfinite(table.loc["ICC1", "estimate"])
    assert table.loc[["ICC2", "ICC3"], "estimate"].isna().all()
    assert "Too few ratings to tell raters from error" in " ".join(result.warnings)


@pytest.mark.parametrize(
    ("ratings", "says"),
    [
        (GOOD[["J1"]], "There is 1: 'J1', in 6 rows"),
        (GOOD.head(0), "There are 0 rows"),
        (GOOD.head(1), "There are 1, among 1 subjects"),
        (GOOD * 0 + 3, r"All ratings are equal \(3\)"),
        (GOOD * NAN, "'J1', 'J2', 'J3', 'J4' rated nobody"),
    ],
)
def test_too_little_is_refused(ratings, says):
    with pytest.raises(TooFewError, match=says):
        icc(ratings)


def test_bad_input_is_refused():
    with pytest.raises(ColumnError, match="'J1' holds 'x' in row 1"):
        icc(GOOD.astype(object).mask(GOOD == 9, "x"))
    with pytest.raises(DataError, match="Infinite values: 'J1' in row 1"):
        icc(GOOD.astype(float).replace(9, np.inf))
    with pytest.raises(LevelError):
        icc(GOOD, level=1.5)
    with pytest.raises(OptionError, match="Not given: 'rating'"):
        icc(GOOD, subject="J1", rater="J2")
    with pytest.raises(OptionError, match="must be a dataframe"):
        icc([[1, 2]])


def test_far_from_zero():
    x = frame(np.random.default_rng(1).integers(0, 8, (50, 3)))
    # Integers and their mean: 1e8 leaves eight digits behind the point.
    np.testing.assert_allclose(icc(x + 1e8).table["estimate"], icc(x).table["estimate"], atol=1e-7)


def test_shows_pickles_and_draws():
    result = icc(GOOD, level=0.9)
    assert "90 % intervals" in result.note
    assert "Only 6 subjects: the 90 % interval of ICC2 runs from" in result.warnings[-1]
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(result)).components, result.components)
    assert result.plot().has_data()
    assert "absolute agreement" in str(result)


RATINGS = st.integers(2, 4).flatmap(
    lambda r: st.lists(
        st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=r, max_size=r),
        min_size=4,
        max_size=10,
    )
)


@settings(deadline=None)
@given(RATINGS, st.floats(0.01, 100), st.integers(-100, 100), st.randoms(use_true_random=False))
def test_order_units_and_names_do_not_matter(rows, a, b, random):
    ratings = frame([[NAN if v is None else v for v in row] for row in rows])
    there = ratings.notna()
    assume(there.any().all())
    assume((there.sum(axis=1) >= 2).sum() >= 2)
    assume(np.nanmax(ratings) > np.nanmin(ratings))
    one = by_name(ratings)
    seed = random.randrange(2**31)
    moved = (a * (ratings + b)).sample(frac=1, random_state=seed)
    two = by_name(moved.sample(frac=1, axis=1, random_state=seed))
    assert (one["estimate"].dropna() <= 1 + 1e-9).all()
    for column in ("estimate", "ci_low", "ci_high", "statistic", "p"):
        finite = np.isfinite(one[column]) & np.isfinite(two[column]) & (one[column].abs() < 1e6)
        assert (np.isnan(one[column]) == np.isnan(two[column])).all()
        # Where the likelihood is flat, its maximum is known to the root of rounding.
        np.testing.assert_allclose(two[column][finite], one[column][finite], rtol=1e-5, atol=1e-6)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_intervals_without_gaps_are_those_of_f(seed):
    # Shrout & Fleiss' formulas for ICC1 and ICC3, by the quantiles of F.
    rng = np.random.default_rng(seed)
    n, k = 12, 3
    x = rng.normal(size=(n, 1)) + rng.normal(size=(n, k))
    table = by_name(frame(x))
    for name, df in (("ICC1", n * (k - 1)), ("ICC3", (n - 1) * (k - 1))):
        f = table.loc[name, "statistic"]
        low = f / stats.f.ppf(0.975, n - 1, df)
        high = f * stats.f.ppf(0.975, df, n - 1)
        np.testing.assert_allclose(table.loc[name, "ci_low"], (low - 1) / (low + k - 1), rtol=1e-9)
        np.testing.assert_allclose(
            table.loc[name, "ci_high"], (high - 1) / (high + k - 1), rtol=1e-9
        )
