"""The rule that chooses the comparison: one example of each branch."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from cpeval.errors import OptionError, TooFewError
from cpeval.moments.arm_plan import arm_plan


def design(*sites):
    """Arms and sites of units: each site as a text of 1 and 0."""
    arm = [int(one) for site in sites for one in site]
    return arm, np.repeat(np.arange(len(sites)), [len(site) for site in sites])


@pytest.mark.parametrize(
    ("sites", "comparison", "n_sites", "units", "least_df"),
    [
        (["10"] * 5, "sites", 5, (5, 5), 4),
        (["10"] * 4, "sites", 4, (4, 4), 3),
        (["1000", "10", "110", "10", "1", "0"], "sites", 4, (5, 6), 3),
        (["10"] * 3, "sites", 3, (3, 3), 2),
        (["10"] * 2, "sites", 2, (2, 2), 1),
        (["1110", "111000"], "sites", 2, (6, 4), 1),
        (["111000"] * 2, "cells", 2, (6, 6), 2),
        (["1110000", "111000", "111000"], "cells", 3, (9, 10), 2),
        (["10", "10", "1", "1", "0"], "sites", 2, (2, 2), 1),
        (["10", "10", "1", "1", "0", "0"], "arms", 0, (4, 4), 3),
        (["10", "10", "10", "11", "1", "00", "0"], "arms", 0, (5, 5), 4),
        (["1", "1", "1", "0", "0"], "arms", 0, (3, 2), 1),
        (["11", "11", "00", "00"], "arms", 0, (2, 2), 1),
        (["10", "1", "0"], "arms", 0, (2, 2), 1),
        (["11000"], "cells", 1, (2, 3), 1),
        (["1100", "0"], "cells", 1, (2, 2), 1),
        (["1", "0", "0"], None, 0, (1, 2), 0),
        (["10"], None, 0, (1, 1), 0),
        (["1000"], None, 0, (1, 1), 0),
        (["11", "00", "0"], None, 0, (1, 2), 0),
    ],
)
def test_each_branch(sites, comparison, n_sites, units, least_df):
    plan = arm_plan(*design(*sites))
    assert plan.comparison == comparison
    assert (plan.n_sites, plan.n_treated, plan.n_compared) == (n_sites, *units)
    assert plan.least_df == least_df


@given(st.lists(st.text("01", min_size=1, max_size=4), min_size=2, max_size=8), st.randoms())
def test_order_and_names_and_which_arm_is_which_do_not_matter(sites, random):
    arm, site = design(*sites)
    if len(set(arm)) < 2:
        with pytest.raises(TooFewError, match="one arm"):
            arm_plan(arm, site)
        return
    plan = arm_plan(arm, site)
    order = random.sample(range(len(arm)), len(arm))
    names = np.array([f"Trust é {len(sites) - k}" for k in range(len(sites))])
    other = arm_plan(1 - np.array(arm)[order], names[site[order]])
    assert (other.comparison, other.least_df) == (plan.comparison, plan.least_df)
    assert (other.n_treated, other.n_compared) == (plan.n_compared, plan.n_treated)


def test_without_sites_each_unit_is_one():
    assert arm_plan([1, 1, 0, 0]).comparison == "arms"
    assert arm_plan(np.array([True, True, False])).comparison is None


@pytest.mark.parametrize(
    ("arm", "site"),
    [([1, 2], None), ([1, 0], [1]), ([[1, 0]], None), (["CP", "no"], None), ([1.0, np.nan], None)],
)
def test_bad_arms_and_sites_are_refused(arm, site):
    with pytest.raises(OptionError, match="1 or 0 for each unit"):
        arm_plan(arm, site)


@pytest.mark.parametrize("arm", [[1, 1], [0], []])
def test_one_arm_is_refused(arm):
    with pytest.raises(TooFewError, match="one arm"):
        arm_plan(arm)
