import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from cpeval.errors import DataError, OptionError, TooFewError
from cpeval.moments.heterogeneity import own_effects, pool_effects

R = json.loads((Path(__file__).parents[2] / "reference/heterogeneity.json").read_text())["entries"]
RTOL_R = 1e-7  # metafor iterates until steps in tau2 are below 1e-14


@pytest.mark.parametrize("name", R)
def test_pooling_equals_metafor(name):
    value = R[name]
    found = pool_effects(value["estimate"], np.sqrt(value["variance"]))
    for ours, theirs in (
        (found.estimate, value["pooled"]),
        (found.se, value["se"]),
        (found.df, value["df"]),
        (found.p, value["p"]),
        ([found.ci_low, found.ci_high], value["ci"]),
        (found.tau2, value["tau2"]),
        (found.i2, value["i2"]),
        (found.q, value["q"]),
        (found.q_p, value["q_p"]),
        ([found.prediction_low, found.prediction_high], value["prediction"]),
    ):
        np.testing.assert_allclose(ours, np.squeeze(theirs), rtol=RTOL_R)


def test_higgins_interval_has_a_degree_of_freedom_less():
    value = R["bcg"]
    found = pool_effects(
        value["estimate"], np.sqrt(value["variance"]), prediction="higgins", level=0.9
    )
    half = 1.7958848187036691 * np.sqrt(found.tau2 + found.se**2)  # qt(.95, 11)
    assert found.prediction_high == pytest.approx(found.estimate + half, rel=1e-10)
    two = pool_effects([1, 2], [0.5, 0.5], prediction="higgins")
    assert np.isnan(two.prediction_low)
    assert two.df == 1


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 12), st.integers(0, 2**32 - 1))
def test_tau2_has_the_largest_restricted_likelihood(k, seed):
    rng = np.random.default_rng(seed)
    se = rng.uniform(0.1, 2, k)
    y = rng.normal(0, rng.choice([0.0, 1.0, 5.0]), k) + se * rng.normal(size=k)
    found = pool_effects(y, se)

    def likelihood(tau2):
        w = 1 / (se**2 + tau2)
        mean = w @ y / w.sum()
        return np.log(w).sum() - np.log(w.sum()) - w @ (y - mean) ** 2

    others = [likelihood(t) for t in (0, *(found.tau2 * np.array([0.5, 0.99, 1.01, 2])), 0.1, 1, 9)]
    assert max(others) <= likelihood(found.tau2) + 1e-9
    shifted = pool_effects(3 * y + 7, 3 * se)
    np.testing.assert_allclose(shifted.estimate, 3 * found.estimate + 7, rtol=1e-7)
    np.testing.assert_allclose(shifted.tau2, 9 * found.tau2, rtol=1e-6, atol=1e-8)


def test_own_effects_are_least_squares_in_each_site(make_blocks, study):
    s = study("Exam_int")
    given = make_blocks(s.X, s.y, s.unit)
    for term in (1, 2):
        found = own_effects(given["blocks"], given["counts"], term)
        for place, school in enumerate(dict.fromkeys(s.unit)):
            X, y = s.X[s.unit == school], s.y[s.unit == school]
            boys = np.ptp(X[:, 2]) > 0
            X = X if boys else X[:, :2]
            assert found.df[place] == len(y) - X.shape[1]
            assert found.estimable[place] == ((boys or term == 1) and len(y) > X.shape[1])
            if not found.estimable[place]:
                assert np.isnan(found.estimate[place])
                continue
            beta, rss = np.linalg.lstsq(X, y, rcond=None)[:2]
            se = np.sqrt(np.linalg.inv(X.T @ X)[term, term] * rss.item() / (len(y) - X.shape[1]))
            # Sums of squares about the mean of all schools lose a few of 16 digits.
            assert found.estimate[place] == pytest.approx(beta[term], rel=1e-8, abs=1e-10)
            assert found.se[place] == pytest.approx(se, rel=1e-8)


def test_sites_without_an_error_are_not_estimable(make_blocks):
    X = np.column_stack([np.ones(10), [0, 1, 0, 1, 0, 0, 1, 1, 0, 1]])
    y = [1, 2, 1, 2, 3, 4, 5, 5, 6, 7]
    given = make_blocks(X, y, [0, 0, 0, 0, 1, 1, 1, 1, 2, 2])
    found = own_effects(given["blocks"], given["counts"], 1)
    # A perfect fit, an ordinary site, and one with as many rows as terms.
    assert found.estimable.tolist() == [False, True, False]
    assert found.estimate[1] == pytest.approx(1.5)
    assert found.se[1] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (([1.0], [1.0]), TooFewError, "1 sites with an effect of their own are too few"),
        (([1, np.nan, 2], [1, 1, 0]), DataError, "at 1, 2 "),
        (([1, 2], [1]), OptionError, "as long as each other"),
    ],
)
def test_what_cannot_be_pooled_is_said(given, error, words):
    with pytest.raises(error, match=words):
        pool_effects(*given)


def test_arrays_are_checked():
    with pytest.raises(OptionError, match="'term' must be from 0 to 1"):
        own_effects(np.ones((2, 3, 3)), [5, 5], 2)
    with pytest.raises(OptionError, match=r"shape \(sites, q, q\)"):
        own_effects(np.ones((2, 3, 3)), [5], 1)
    equal = pool_effects([1.0, 1.0, 1.0], [0.5, 0.4, 0.3])
    assert equal.tau2 == 0
    assert equal.se == 0
