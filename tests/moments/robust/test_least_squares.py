import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.testing import assert_allclose
from statsmodels.regression.linear_model import OLS

from cpeval.moments.least_squares import independent_terms, least_squares

RTOL = 1e-9  # closed forms; statsmodels works on rows, these on cross-products
SEEDS = st.integers(0, 10_000)


@pytest.mark.parametrize("name", ["apiclus1", "sleepstudy10_interaction", "paired", "sites"])
def test_equals_ordinary_least_squares_on_rows(name, real):
    rows = real(name)
    fit, fitted = least_squares(rows.blocks, rows.counts), OLS(rows.y, rows.x).fit()
    errors = np.sqrt(np.diag(fit.vcov))
    assert_allclose(fit.beta / errors, fitted.params / fitted.bse, rtol=RTOL, atol=RTOL)
    assert_allclose(errors, fitted.bse, rtol=RTOL)
    assert_allclose(
        fit.vcov / np.outer(errors, errors),
        fitted.cov_params() / np.outer(fitted.bse, fitted.bse),
        atol=RTOL,
    )
    assert_allclose(fit.rss, fitted.ssr, rtol=RTOL)
    assert (fit.n, fit.df, fit.dropped.size) == (fitted.nobs, fitted.df_resid, 0)
    assert not fit.perfect


@given(seed=SEEDS)
def test_of_dependent_terms_the_earliest_stay(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(30, 4)) * 10.0 ** rng.integers(-1, 2, 4)
    columns = [x[:, 0], x[:, 1], x[:, 0] - 2 * x[:, 1], x[:, 2], np.zeros(30), x[:, 2] * 3, x[:, 3]]
    matrix = np.column_stack(columns)
    assert independent_terms(matrix.T @ matrix).tolist() == [0, 1, 3, 6]
    turned = matrix[:, ::-1]
    assert independent_terms(turned.T @ turned).tolist() == [0, 1, 4, 5]


def test_nearly_dependent_terms_stay():
    rng = np.random.default_rng(1)
    one, noise = rng.normal(size=(2, 200))
    for distance, kept in ((1e-4, [0, 1]), (1e-8, [0])):
        x = np.column_stack([one, one + distance * noise])
        assert independent_terms(x.T @ x).tolist() == kept


def test_a_column_that_was_constant_before_its_mean_went_is_dropped():
    """0.1 less the mean of many 0.1 is not zero but rounding."""
    rng = np.random.default_rng(1)
    rounding = 1e-17 * rng.choice([-1, 1], 50)
    x = np.column_stack([np.ones(50), rounding, rng.normal(size=50)])
    assert independent_terms(x.T @ x).tolist() == [0, 1, 2]
    assert independent_terms(x.T @ x, floor=[0, 50 * (1e-15 * 0.1) ** 2, 0]).tolist() == [0, 2]


def test_no_terms_at_all():
    z = np.column_stack([np.zeros(5), np.arange(5.0)])
    fit = least_squares((z.T @ z)[np.newaxis], [5])
    assert np.isnan(fit.beta).all()
    assert (fit.df, fit.rss) == (5, 30)


@pytest.mark.parametrize("people", [2, 3])
def test_as_many_terms_as_people_are_a_perfect_fit(people):
    rng = np.random.default_rng(people)
    z = np.column_stack([np.ones(people), rng.normal(size=(people, 3))])
    fit = least_squares((z.T @ z)[np.newaxis], [people])
    assert fit.perfect
    assert fit.df == 0
    assert np.isnan(fit.sigma2)


def test_a_small_residual_is_not_a_perfect_fit_and_a_constant_outcome_is():
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(40), rng.normal(size=40)])
    x[:, 1] -= x[:, 1].mean()
    for share, perfect in ((1e-5, False), (1e-9, True)):
        z = np.column_stack([x, x[:, 1] + share * rng.normal(size=40)])
        fit = least_squares((z.T @ z)[np.newaxis], [40])
        assert fit.perfect == perfect
        if not perfect:  # rounding of 1e-16 over a share of 1e-10
            assert_allclose(fit.rss, OLS(z[:, 2], x).fit().ssr, rtol=1e-5)
    z = np.column_stack([x, np.full(40, 1e-17)])
    assert least_squares((z.T @ z)[np.newaxis], [40], floor=[0, 0, 1e-30]).perfect
    z[:, 2] = 0
    assert least_squares((z.T @ z)[np.newaxis], [40]).perfect
