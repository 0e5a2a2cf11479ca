"""What can't be estimated is refused in words; nothing else is."""

import numpy as np
import pytest

from cpeval.errors import DataError, OptionError, TooFewError
from cpeval.moments.contrasts import contrast_tests, joint_test
from cpeval.moments.mixed_fit import fit_mixed, random_columns

RNG = np.random.default_rng(1)
N = 40
UNIT = np.repeat(np.arange(8), 5)
SITE = UNIT // 2
X = np.column_stack([np.ones(N), UNIT % 2, RNG.normal(size=N)])
Y = X @ [1, 2, 3] + RNG.normal(size=N) + RNG.normal(size=8)[UNIT]


@pytest.mark.parametrize(
    ("X", "y", "unit", "site", "error", "words"),
    [
        (X, Y, np.zeros(N, int), None, TooFewError, "one site: the variance"),
        (X, Y, UNIT, np.zeros(N, int), TooFewError, "one site: the variance"),
        (X, Y, np.arange(N), None, TooFewError, "Each site has one row only"),
        (X, Y, np.arange(N), SITE, TooFewError, "Each team has one row only"),
        (X, Y, UNIT, UNIT, TooFewError, "Each site has one team only"),
        (X[:3], Y[:3], UNIT[:3], None, TooFewError, "3 rows are too few for 3 terms"),
        (X, X @ [1, 2, 3], UNIT, None, DataError, "explain the outcome perfectly"),
        (X[:, :2], 1.0 * UNIT**2, UNIT, None, DataError, "Within each site the outcome doesn't vary"),
        (X, np.full(N, 7.0), UNIT, None, DataError, "outcome is constant"),
        (X * [1, 0, 1], Y, UNIT, None, DataError, "zero in all rows: 'arm'"),
        (np.c_[X, 2 * X[:, 2] - X[:, 1]], Y, UNIT, None, DataError, "dependent: 'arm', 'x', 'z'"),
        (np.c_[X[:, :1], UNIT[:, None] == np.arange(7)], Y, UNIT, None, DataError, "explain all differences between groups of 'site'"),
        (X, np.where(np.arange(N) == 7, np.inf, Y), UNIT, None, DataError, "not finite, in units"),
    ],
)  # fmt: skip
def test_no_model_is_fitted_where_there_is_none(make_blocks, X, y, unit, site, error, words):
    with np.errstate(invalid="ignore"):
        given = make_blocks(X, y, unit, site)
    names = ["1", "arm", "x", "z", "u", "v", "w", "t"][: X.shape[1]]
    with pytest.raises(error, match=words):
        fit_mixed(**given, terms=names)


def test_slopes_need_rows_enough(make_blocks):
    given = make_blocks(X, Y, np.repeat(np.arange(20), 2))
    z = given["blocks"]
    # Two people a site, both with the same x: no slope within it.
    same = np.repeat(X[::2, 2], 2)
    given = make_blocks(np.c_[X[:, :2], same], Y, np.repeat(np.arange(20), 2))
    random = random_columns(3, slopes=(2,), origin=given["origin"])
    assert len(z) == len(given["blocks"])
    fit = fit_mixed(**given, random=random)  # sites differ in x, so it can be told after all
    assert fit.covariances[0].shape == (2, 2)
    # One row a site: three variances of random effects, and residuals.
    arm = np.arange(N) % 2
    given = make_blocks(np.c_[np.ones(N), arm], Y, np.arange(N))
    with pytest.raises(TooFewError, match="too few to tell random slopes from residuals"):
        fit_mixed(**given, random=random_columns(2, slopes=(1,), origin=given["origin"]))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"method": "reml"}, "'method' must be one of 'REML', 'ML'"),
        ({"covariance": "full"}, "'covariance' must be one of"),
        ({"blocks": np.ones((8, 4))}, r"'blocks' must have the shape \(units, q, q\)"),
        ({"counts": [1, 2]}, "'counts' must hold one number for each of 8 units"),
        ({"counts": [0, 5, 5, 5, 5, 5, 5, 5]}, "Units without rows: 0 "),
        ({"origin": [1, 2]}, "'origin' 4 numbers"),
        ({"terms": ["a"]}, "'terms' must have 3 names"),
        ({"intercept": 5}, "'intercept' must be from 0 to 2"),
        ({"intercept": None, "origin": None}, "need the intercept among the model's terms"),
        ({"intercept": None, "random": np.eye(3)[:, :1]}, "Without an intercept nothing may be"),
        ({"group": np.zeros(8)}, "'group' must hold a whole number"),
        ({"group": np.full(8, 2)}, "from 0 without gaps"),
        ({"group": np.arange(8) // 2, "random": np.eye(3)[:, :2]}, "random intercepts only"),
        ({"factors": ["site", "team"]}, "'factors' must name 1"),
        ({"random": np.ones((2, 1))}, r"'random' must have the shape \(3, k\)"),
        ({"random": np.ones((3, 2))}, "linearly independent"),
    ],
)
def test_arrays_that_do_not_fit_are_named(make_blocks, changed, words):
    with pytest.raises(OptionError, match=words):
        fit_mixed(**{**make_blocks(X, Y, UNIT), **changed})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"intercept": None}, "need the intercept"),
        ({"slopes": (0,)}, "other than its intercept"),
        ({"slopes": (3,)}, "Add the term to the formula"),
        ({"slopes": (1, 1)}, "stand there once"),
    ],
)
def test_random_columns_say_what_is_needed(given, words):
    with pytest.raises(OptionError, match=words):
        random_columns(3, **given)


def test_contrasts_are_checked(make_blocks):
    fit = fit_mixed(**make_blocks(X, Y, UNIT))
    with pytest.raises(OptionError, match="one column for each of 3 terms"):
        contrast_tests(fit, [[1, 0]])
    with pytest.raises(OptionError, match="other than zero"):
        joint_test(fit, [[1, 0, 0], [0, 0, 0]])
    with pytest.raises(OptionError, match="'df' must be one of"):
        contrast_tests(fit, df="kr")
    full = fit_mixed(**make_blocks(X, Y, UNIT), method="ML")
    with pytest.raises(OptionError, match="need a fit by REML"):
        contrast_tests(full)
    with pytest.raises(OptionError, match="need a fit by REML"):
        joint_test(full, np.eye(3))
