"""Seeds repeat a study, and more of one thing changes no other."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from pandas.testing import assert_frame_equal

import cpeval as cp
from cpeval.simulation.record import TABLES

SWEMWBS = [f"swemwbs_{x}" for x in range(1, 8)]
RESOURCES = [f"rg_uk_{x}" for x in range(1, 28)]


def equal(one, two, tables=TABLES):
    for name in tables:
        assert_frame_equal(getattr(one, name), getattr(two, name))


def differs(one, two, table):
    return not getattr(one, table).equals(getattr(two, table))


def test_the_same_seed_gives_the_same_study_and_another_another():
    one, two, other = (cp.simulate(seed=seed) for seed in (7, 7, 8))
    equal(one, two)
    for name in ("team_effects", "site_effects", "person_values", "means"):
        assert_frame_equal(one.truth[name], two.truth[name])
    assert all(differs(one, other, table) for table in set(TABLES) - {"egos"})


def test_a_generator_gives_a_study_after_another_and_can_be_repeated():
    rng = np.random.default_rng(5)
    first, second = cp.simulate(seed=rng), cp.simulate(seed=rng)
    assert differs(first, second, "responses")
    equal(first, cp.simulate(seed=np.random.default_rng(5)))
    # The truth keeps the seed as an int.
    equal(second, cp.simulate(seed=second.truth["seed"]))


def test_without_a_seed_studies_differ_and_the_truth_keeps_the_seed():
    one, two = cp.simulate(), cp.simulate()
    assert differs(one, two, "responses")
    equal(one, cp.simulate(seed=one.truth["seed"]))


@pytest.mark.parametrize(
    ("more", "changed"),
    [
        ({"goals": 6}, {"goals"}),
        ({"alters": 20.0}, {"alters", "ties"}),
        ({"alter_stability": 0.2}, {"alters", "ties"}),
        ({"network_effect": 5.0}, {"alters", "ties"}),
        ({"observers": 3}, {"fidelity"}),
        ({"fidelity_items": 25}, {"fidelity"}),
        ({"informant_bias": {"worker": 1.0}}, {"fidelity"}),
        ({"missing_ratings": 0.5}, {"fidelity"}),
        ({"contact_ratio": 0.2}, {"services"}),
        ({"goal_effect": 1.2}, {"goals"}),
        ({"effect": 4.0}, {"responses"}),
        ({"resource_effect": 4.0}, {"responses"}),
        ({"caseload": 3}, {"people", "fidelity"}),
        ({"missing": 0.2}, {"responses", "fidelity", "goals"}),
    ],
)
def test_more_of_one_thing_changes_no_other(more, changed):
    plain, other = cp.simulate(seed=3), cp.simulate(seed=3, **more)
    assert {table for table in TABLES if differs(plain, other, table)} == changed


def test_more_missing_answers_leave_the_others_as_they_are():
    few, many = (cp.simulate(seed=3, missing=share).responses for share in (0.01, 0.3))
    items = SWEMWBS + RESOURCES
    both = few[items].notna() & many[items].notna()
    assert both.to_numpy().sum() > 0.5 * both.size
    assert few[items].where(both).equals(many[items].where(both))


@given(
    seed=st.integers(0, 2**32),
    sites=st.integers(1, 4),
    more=st.integers(1, 3),
    n_waves=st.integers(2, 3),
    later=st.integers(0, 2),
)
def test_further_sites_and_waves_leave_the_earlier_ones_as_they_were(
    seed, sites, more, n_waves, later
):
    waves = [f"t{k}" for k in range(n_waves + later)]
    small = cp.simulate(seed=seed, sites=sites, people=4, waves=waves[:n_waves])
    large = cp.simulate(seed=seed, sites=sites + more, people=4, waves=waves)
    n = len(small.people)
    assert_frame_equal(small.people, large.people.head(n))
    ids = set(small.people["person"])
    for table in TABLES[1:]:
        one, two = getattr(small, table), getattr(large, table)
        key = "ego" if "ego" in two else "person"
        same = two[two[key].isin(ids) & two["wave"].isin(waves[:n_waves])]
        assert_frame_equal(one, same.reset_index(drop=True), check_dtype=False)
