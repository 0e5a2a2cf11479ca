import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from numpy.testing import assert_allclose

from cpeval.errors import LevelError, OptionError
from cpeval.moments.whitening import whitened
from cpeval.moments.wild_bootstrap import VARIANTS, WEIGHTS, wild_bootstrap

RTOL = 1e-8  # closed forms on both sides
BISECTED = 1e-8  # the reference's bounds come from a bisection of about 1e-9
SEEDS = st.integers(0, 10_000)


def white(rows):
    return whitened(rows.blocks, rows.counts)


@pytest.mark.parametrize(
    ("name", "term", "place"),
    [
        ("apiclus1", "api99", 1),
        ("apiclus1", "meals", 2),
        ("sleepstudy10", "Days", 1),
        ("sleepstudy10", "group", 2),
        ("sleepstudy10_interaction", "Days:group", 3),
    ],
)
def test_enumerated_p_equals_r(name, term, place, real, reference):
    rows, expected = real(name), reference(f"{name}/wild/{term}")
    contrast = np.eye(rows.x.shape[1])[place]
    test = wild_bootstrap(white(rows), contrast, draws=2**15, ci=False)
    assert_allclose(test.statistic, expected["t"], rtol=RTOL)
    assert_allclose(test.se, expected["se_CR1S"], rtol=RTOL)
    assert (test.draws, test.enumerated) == (expected["draws"], True)
    assert (test.p, test.p_strict) == (expected["p_geq"], expected["p_strict"])
    free = wild_bootstrap(white(rows), contrast, draws=2**15, ci=False, variant="WCU-C")
    assert free.p == expected["p_unrestricted_geq"]
    assert free.p_strict == expected["p_unrestricted_strict"]


@pytest.mark.parametrize(("term", "place"), [("Days", 1), ("group", 2)])
def test_strict_interval_equals_r(term, place, real, reference):
    expected = reference(f"sleepstudy10/wild_ci/{term}")
    test = wild_bootstrap(white(real("sleepstudy10")), np.eye(3)[place], strict=True)
    assert_allclose([test.ci_low, test.ci_high], list(expected.values()), rtol=BISECTED)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("term", "place"), [("Days", 1), ("group", 2)])
def test_variants_equal_wildboottest(term, place, variant, real, reference_file):
    expected = reference_file("wild_bootstrap_variants.json")["entries"][f"{term}/{variant}"]
    rows = real("sleepstudy10_uneven")
    test = wild_bootstrap(white(rows), np.eye(3)[place], variant=variant, ci=False)
    assert_allclose(test.statistic, expected["t"], rtol=RTOL)
    assert test.draws == expected["draws"]
    assert (test.p, test.p_strict) == (expected["p_geq"], expected["p_strict"])


def by_hand(rows, place, null, multipliers, *, strict=False):
    """Outcomes made anew and fitted anew, one arrangement after another: WCR-C as defined."""
    x, labels = rows.x, pd.factorize(rows.cluster)[0]
    inverse = np.linalg.pinv(x.T @ x)

    def statistic(y, value):
        beta = inverse @ x.T @ y
        scores = x * (y - x @ beta)[:, np.newaxis]
        sums = np.array([scores[labels == g].sum(axis=0) for g in range(labels.max() + 1)])
        return (beta[place] - value) / np.sqrt(((sums @ inverse[place]) ** 2).sum())

    others = np.delete(x, place, axis=1)
    y0 = rows.y - null * x[:, place]
    fitted = others @ np.linalg.pinv(others) @ y0
    own, hits = abs(statistic(rows.y, null)), 0
    for v in multipliers:
        y = null * x[:, place] + fitted + v[labels] * (y0 - fitted)
        ratio = abs(statistic(y, null)) / own
        hits += ratio > 1 + 1e-9 if strict else ratio >= 1 - 1e-9
    return hits / len(multipliers)


@pytest.mark.parametrize(("weights", "clusters"), [("rademacher", 6), ("webb", 3)])
@given(seed=SEEDS, null=st.sampled_from([0.0, 0.7, -1.3]))
def test_equals_outcomes_made_anew(weights, clusters, seed, null, made):
    rows = made(seed, clusters=clusters)
    place = 2 if weights == "webb" else 1
    multipliers = np.array(list(itertools.product(WEIGHTS[weights], repeat=clusters)))
    test = wild_bootstrap(
        white(rows), np.eye(3)[place], null=null, weights=weights, ci=False, draws=len(multipliers)
    )
    assert test.enumerated
    assert test.draws == len(multipliers)
    assert test.p == by_hand(rows, place, null, multipliers)
    assert test.p_strict == by_hand(rows, place, null, multipliers, strict=True)
    assert test.p >= test.smallest_p


@pytest.mark.parametrize("variant", VARIANTS)
@given(seed=SEEDS)
def test_the_interval_holds_what_the_test_keeps(variant, seed, made):
    rows = white(made(seed, clusters=8))
    test = wild_bootstrap(rows, [0, 0, 1], variant=variant, level=0.8)
    assert test.ci_low < test.estimate < test.ci_high
    for bound, out in ((test.ci_low, -1), (test.ci_high, 1)):
        if np.isinf(bound):
            continue
        p = [
            wild_bootstrap(rows, [0, 0, 1], variant=variant, null=value, ci=False).p
            for value in (bound - out * 1e-6 * test.se, bound + out * 1e-6 * test.se)
        ]
        assert p[0] > 0.2 >= p[1]


@given(seed=SEEDS, variant=st.sampled_from(VARIANTS), weights=st.sampled_from(list(WEIGHTS)))
def test_order_of_clusters_and_units_do_not_matter_to_an_enumeration(seed, variant, weights, made):
    rows, rng = made(seed, clusters=5), np.random.default_rng(seed)
    order, units = rng.permutation(5), np.array([1.0, 3.0, 1e-4, 50.0])
    one = wild_bootstrap(white(rows), [0, 0, 1], variant=variant, weights=weights, level=0.7)
    blocks = (rows.blocks * np.outer(units, units))[order]
    moved = whitened(blocks, rows.counts[order])
    two = wild_bootstrap(moved, [0, 0, 1], variant=variant, weights=weights, level=0.7)
    assert (two.p, two.p_strict) == (one.p, one.p_strict)
    scale = units[3] / units[2]
    assert_allclose([two.ci_low, two.ci_high], [one.ci_low * scale, one.ci_high * scale], rtol=1e-7)


def test_five_clusters_cannot_reject_at_five_percent_and_webb_can(made):
    rows = made(11, clusters=5)
    rows.y[:] = 100 * rows.x[:, 2] + np.random.default_rng(1).normal(size=len(rows.y))
    few = wild_bootstrap(white(rows), [0, 0, 1])
    assert (few.draws, few.p, few.smallest_p) == (32, 0.0625, 0.0625)
    assert (few.ci_low, few.ci_high) == (-np.inf, np.inf)
    webb = wild_bootstrap(white(rows), [0, 0, 1], weights="webb")
    assert (webb.draws, webb.smallest_p) == (6**5, 6 / 6**5)
    assert webb.smallest_p <= webb.p < 0.05
    assert 95 < webb.ci_low < 100 < webb.ci_high < 105


def test_draws_are_near_the_enumeration_and_repeat_with_their_seed(real):
    rows = white(real("sleepstudy10_uneven"))
    every = wild_bootstrap(rows, [0, 0, 1])
    some = [wild_bootstrap(rows, [0, 0, 1], draws=1023, seed=seed) for seed in (1, 1, 2)]
    assert not some[0].enumerated
    assert some[0].smallest_p == 1 / 1024
    assert some[0].p == some[1].p != some[2].p
    assert some[0].ci_low == some[1].ci_low
    # Five standard errors of a share from 1,023 draws.
    assert abs(some[0].p - every.p) < 5 * np.sqrt(every.p * (1 - every.p) / 1023)
    assert (some[0].p * 1024) % 1 == 0


def test_no_draw_beyond_the_statistic_gives_the_smallest_p(made):
    rows = made(7, clusters=30)
    rows.y[:] = 1000 * rows.x[:, 2] + np.random.default_rng(1).normal(size=len(rows.y))
    test = wild_bootstrap(white(rows), [0, 0, 1], draws=99, seed=3)
    assert test.p == test.smallest_p == 0.01


def test_a_term_known_from_one_cluster_alone_is_not_tested(real):
    rows = real("sites")
    test = wild_bootstrap(white(rows), np.eye(rows.x.shape[1])[4])
    assert np.isnan([test.p, test.se, test.ci_low]).all()
    assert np.isfinite(test.estimate)
    assert wild_bootstrap(white(rows), np.eye(rows.x.shape[1])[1], variant="WCR-S").p < 1


def test_bad_options_are_named(made):
    rows = white(made(1))
    with pytest.raises(OptionError, match=r"'draws' must be a whole number of at least 1\. Got 0"):
        wild_bootstrap(rows, [0, 1, 0], draws=0)
    with pytest.raises(OptionError, match="did you mean 'WCR-C'"):
        wild_bootstrap(rows, [0, 1, 0], variant="wcr-c")
    with pytest.raises(OptionError, match="'weights' must be one of 'rademacher', 'webb'"):
        wild_bootstrap(rows, [0, 1, 0], weights="normal")
    with pytest.raises(OptionError, match="One contrast at a time: got 3"):
        wild_bootstrap(rows, np.eye(3))
    with pytest.raises(LevelError):
        wild_bootstrap(rows, [0, 1, 0], level=95)
