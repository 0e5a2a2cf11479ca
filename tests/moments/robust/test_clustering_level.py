import itertools

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.testing import assert_allclose

from cpeval.errors import OptionError
from cpeval.moments.cluster_robust import cluster_robust
from cpeval.moments.clustering_level import clustering_level
from cpeval.moments.whitening import whitened

RTOL = 1e-9  # closed forms; rows on one side, cross-products on the other
SEEDS = st.integers(0, 10_000)
SITES = np.array([0, 0, 1, 1, 1, 2, 2, 3])


def white(rows):
    return whitened(rows.blocks, rows.counts)


def by_hand(rows, y, place):
    """The statistic as the paper has it: sums of x-residual times residual."""
    x = rows.x
    residual = y - x @ np.linalg.lstsq(x, y)[0]
    others = np.delete(x, place, axis=1)
    z = x[:, place] - others @ np.linalg.lstsq(others, x[:, place])[0]
    s = np.array([(z * residual)[rows.cluster == h].sum() for h in range(8)])
    n, k = x.shape
    pairs = [(a, b) for a, b in itertools.permutations(range(8), 2) if SITES[a] == SITES[b]]
    fine = 8 / 7 * (n - 1) / (n - k) * (s**2).sum()
    coarse = 4 / 3 * (n - 1) / (n - k) * sum(s[g == SITES].sum() ** 2 for g in range(4))
    return (coarse - fine) / np.sqrt(2 * sum(s[a] ** 2 * s[b] ** 2 for a, b in pairs))


@given(seed=SEEDS)
def test_equals_the_definition_on_rows(seed, made):
    rows = made(seed, clusters=8)
    x, y = rows.x, rows.y
    test = clustering_level(white(rows), SITES, [0, 0, 1], draws=256)
    assert_allclose(test.statistic, by_hand(rows, y, 2), rtol=1e-7, atol=RTOL)
    fitted = x @ np.linalg.lstsq(x, y)[0]
    signs = np.array(list(itertools.product([-1, 1], repeat=8)))
    every = [by_hand(rows, fitted + v[rows.cluster] * (y - fitted), 2) for v in signs]
    share = np.mean(np.array(every) >= test.statistic - 1e-7)
    assert (test.p_bootstrap, test.draws, test.enumerated) == (share, 256, True)
    assert (test.n_fine, test.n_coarse) == (8, 4)


@given(seed=SEEDS, order=st.permutations(range(8)))
def test_the_order_of_clusters_and_the_names_of_sites_do_not_matter(seed, order, made):
    rows, names = made(seed, clusters=8), np.array([7, 0, 12, 3])
    one = clustering_level(white(rows), SITES, [0, 0, 1], draws=256)
    blocks, counts = np.asarray(rows.blocks)[order], np.asarray(rows.counts)[order]
    two = clustering_level(whitened(blocks, counts), names[SITES[order]], [0, 0, 1], draws=256)
    assert_allclose(two.statistic, one.statistic, rtol=1e-7, atol=RTOL)
    assert two.p_bootstrap == one.p_bootstrap


def test_the_difference_is_that_of_two_cr1s_variances(made):
    rows = made(3, clusters=8)
    blocks = np.array([rows.blocks[g == SITES].sum(axis=0) for g in range(4)])
    coarse = whitened(blocks, [rows.counts[g == SITES].sum() for g in range(4)])
    one, two = (cluster_robust(w, kind="CR1S").vcov[2, 2] for w in (white(rows), coarse))
    statistic = clustering_level(white(rows), SITES, [0, 0, 1], draws=9).statistic
    assert np.sign(statistic) == np.sign(two - one)


def test_people_of_a_site_that_err_together_are_found():
    rng = np.random.default_rng(1)
    sites, teams, people = 30, 4, 20
    site = np.repeat(np.arange(sites), teams * people)
    team = np.repeat(np.arange(sites * teams), people)
    x = rng.normal(size=sites)[site] + rng.normal(size=site.size)
    noise = rng.normal(size=site.size)
    p = {}
    for name, shared in (("site", rng.normal(size=sites)[site]), ("team", 0.0)):
        y = shared + noise + rng.normal(size=sites * teams)[team]
        z = np.column_stack([np.ones(site.size), x - x.mean(), y - y.mean()])
        blocks = [z[team == t].T @ z[team == t] for t in range(sites * teams)]
        fine = whitened(blocks, np.full(sites * teams, people))
        test = clustering_level(fine, np.repeat(np.arange(sites), teams), [0, 1], draws=999, seed=1)
        assert not test.enumerated
        p[name] = test.p, test.p_bootstrap
    assert max(p["site"]) < 0.02
    assert min(p["team"]) > 0.1


def test_no_answer_where_levels_are_the_same_or_one(made):
    rows = white(made(1, clusters=8))
    for coarse in (np.arange(8), np.zeros(8, int)):
        test = clustering_level(rows, coarse, [0, 0, 1], draws=9)
        assert np.isnan([test.statistic, test.p, test.p_bootstrap]).all()


def test_bad_options_are_named(made):
    rows = white(made(1, clusters=8))
    for coarse in (SITES[:7], SITES - 1, SITES / 2):
        with pytest.raises(OptionError, match="whole number, from 0, for each of the 8 clusters"):
            clustering_level(rows, coarse, [0, 0, 1])
    with pytest.raises(OptionError, match="One contrast"):
        clustering_level(rows, SITES, np.eye(3))
