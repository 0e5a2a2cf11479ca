import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.testing import assert_allclose

from cpeval.errors import OptionError
from cpeval.moments.cluster_robust import cluster_robust
from cpeval.moments.influence import influence, unevenness
from cpeval.moments.whitening import whitened

RTOL = 1e-9  # closed forms; rows on one side, cross-products on the other
SEEDS = st.integers(0, 10_000)


def white(rows):
    return whitened(rows.blocks, rows.counts)


@pytest.mark.parametrize("design", ["arm", "strata", "sites"])
@given(seed=SEEDS)
def test_equals_matrices_of_rows(design, seed, made):
    rows = made(seed, design=design, clusters=8)
    x, labels = rows.x, np.unique(rows.cluster)
    hat = x @ np.linalg.pinv(x)
    others = np.delete(x, 2, axis=1)
    partial = x[:, 2] - others @ np.linalg.lstsq(others, x[:, 2])[0]
    inside = [rows.cluster == label for label in labels]
    found = influence(white(rows), np.eye(x.shape[1])[2])
    assert_allclose(found.leverage, [np.trace(hat[np.ix_(g, g)]) for g in inside], rtol=RTOL)
    shares = np.array([partial[g] @ partial[g] for g in inside]) / (partial @ partial)
    assert_allclose(found.partial_leverage, shares, rtol=RTOL, atol=RTOL)
    without = [np.linalg.lstsq(x[~g], rows.y[~g])[0][2] for g in inside]
    assert_allclose(found.without, without, rtol=RTOL, atol=RTOL)


@given(seed=SEEDS)
def test_jackknife_of_leaving_clusters_out_is_cr3(seed, made):
    """About the full estimate: CR3 is the sum of squared changes."""
    rows = white(made(seed))
    found = influence(rows, [0, 1, 0])
    se = cluster_robust(rows, kind="CR3").se[1]
    assert_allclose(((found.without - found.estimate) ** 2).sum(), se**2, rtol=RTOL)


@given(seed=SEEDS, rho=st.floats(0, 1))
def test_effective_number_equals_its_definition(seed, rho, made):
    rows = made(seed)
    x = rows.x
    sums = rows.blocks[:, :3, 0]
    a = x @ np.linalg.inv(x.T @ x)[:, 1]
    gamma = []
    for label in np.unique(rows.cluster):
        own = a[rows.cluster == label]
        omega = np.full((own.size, own.size), rho) + (1 - rho) * np.eye(own.size)
        gamma.append(own @ omega @ own)
    gamma = np.array(gamma)
    spread = ((gamma - gamma.mean()) ** 2).mean() / gamma.mean() ** 2
    found = influence(white(rows), [0, 1, 0], sums=sums, rho=rho)
    assert_allclose(found.effective_rho, gamma.size / (1 + spread), rtol=RTOL)
    plain = influence(white(rows), [0, 1, 0], sums=sums, rho=0.0)
    assert_allclose(plain.effective, plain.effective_rho, rtol=RTOL)
    assert 1 <= found.effective <= len(rows.counts) + 1e-9


def test_equal_clusters_count_in_full_and_what_is_not_given_is_not_known():
    z = np.array([[1.0, 0, 2], [1, 1, 5]])
    rows = whitened([z.T @ z] * 6, [2] * 6)
    found = influence(rows, [0, 1])
    assert_allclose(found.effective, 6, rtol=RTOL)
    assert np.isnan(found.effective_rho)
    assert_allclose(found.partial_leverage, np.full(6, 1 / 6), rtol=RTOL)


def test_a_site_of_its_own_level_can_not_be_left_out(real):
    rows = real("sites")
    found = influence(white(rows), np.eye(rows.x.shape[1])[4])
    # Terms: intercept, girls, score, then sites 2 to 8 less site 1; the contrast is site 3 less 1.
    assert np.isnan(found.without).tolist() == [True, False, True] + [False] * 5


def test_unevenness_by_hand():
    found = unevenness([10, 20, 30])  # mean 20, sd 10; pairs differ by 10, 10, 20
    assert_allclose([found.cv, found.gini, found.largest_share], [0.5, 80 / 9 / 40, 0.5], rtol=RTOL)
    equal = unevenness([4, 4, 4])
    assert (equal.cv, equal.gini) == (0, 0)
    assert np.isnan(unevenness([5]).cv)
    assert np.isnan(unevenness([]).gini)


def test_bad_options_are_named(made):
    rows = white(made(1))
    with pytest.raises(OptionError, match="'rho' must be between 0 and 1. Got 1.5"):  # noqa: RUF043
        influence(rows, [0, 1, 0], rho=1.5)
    with pytest.raises(OptionError, match=r"'sums' must have shape \(7, 3\).*Got \(2,\)"):
        influence(rows, [0, 1, 0], sums=[1, 2])
    with pytest.raises(OptionError, match="One contrast"):
        influence(rows, np.eye(3))
