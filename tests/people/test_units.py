"""Which units and strata a comparison of arms rests on."""

import numpy as np
import pandas as pd
import pytest

from cpeval.people.clusters import Place
from cpeval.people.units import units_of


def place(role, names):
    code, labels = pd.factorize(pd.Series(names), sort=True)
    return Place(role=role, column=role, code=code.astype(np.intp), labels=tuple(labels))


def people(teams, each=3):
    """Site, team of it and person, a row a person: ``teams`` has how many each site has."""
    rows = [(s, f"{s}{t}", i) for s, k in teams.items() for t in range(k) for i in range(each)]
    return pd.DataFrame(rows, columns=["site", "team", "who"])


def found(data, arm, *, site=True, team=True):
    return units_of(
        np.asarray(arm, dtype=np.intp),
        place("site", data["site"]) if site else None,
        place("team", data["team"]) if team else None,
    )


FIVE = people(dict.fromkeys("ABCDE", 2))


def test_without_places_or_with_one_people_are_all_there_is():
    one = people({"A": 1}, each=6)
    assert found(FIVE, FIVE["who"] % 2, site=False, team=False) is None
    assert found(one, one["who"] % 2) is None


def test_sites_of_one_arm_are_units_whatever_their_teams():
    units = found(FIVE, FIVE["site"].isin(["A", "C"]))
    assert (units.role, units.places.labels, units.stratum) == ("site", tuple("ABCDE"), None)
    assert units.arm.tolist() == [1, 0, 1, 0, 0]
    assert units.per_arm == (3, 2)


def test_teams_of_one_arm_are_units_within_sites():
    units = found(FIVE, FIVE["team"].str.endswith("1"))
    assert (units.role, units.per_arm) == ("team", (5, 5))
    assert [units.strata.labels[k] for k in units.stratum] == list("AABBCCDDEE")
    assert units.arm.tolist() == [0, 1] * 5
    assert units.paired.tolist() == [0, 1, 2, 3, 4]


def test_a_site_with_one_arm_is_a_stratum_that_is_not_paired():
    units = found(FIVE, FIVE["team"].str.endswith("1") & (FIVE["site"] != "B"))
    assert units.paired.tolist() == [0, 2, 3, 4]


def test_teams_of_one_site_have_no_strata():
    data = people({"A": 6})
    units = found(data, data["team"].isin(["A1", "A3", "A5"]))
    assert (units.role, units.stratum, units.per_arm) == ("team", None, (3, 3))


def test_teams_without_sites_have_no_strata():
    units = found(FIVE, FIVE["team"].str.endswith("1"), site=False)
    assert (units.role, units.stratum, units.per_arm) == ("team", None, (5, 5))


@pytest.mark.parametrize("team", [True, False])
def test_people_of_a_place_in_both_arms_are_compared_within_it(team):
    units = found(FIVE, FIVE["who"] % 2, team=team)
    n = 10 if team else 5
    assert units.role == f"people of a {'team' if team else 'site'}"
    assert units.per_arm == (n, n)
    assert units.paired.size == n
    np.testing.assert_array_equal(units.arm[units.code], FIVE["who"] % 2)


def test_one_person_in_the_wrong_arm_doesn_t_change_the_level():
    arm = FIVE["team"].str.endswith("1").astype(int).to_numpy(copy=True)
    arm[0] = 1
    units = found(FIVE, arm)
    # Sites have both arms anyway, so they still make the strata.
    assert (units.role, units.paired.size) == ("people of a site", 5)
    alone = found(FIVE, arm, site=False)
    assert (alone.role, alone.stratum, alone.per_arm) == ("people of a team", None, (5, 6))


def test_few_people_in_sites_with_both_arms_make_no_strata():
    data = people({"A": 2, "B": 2, **dict.fromkeys("CDEF", 3)})
    arm = data["team"].isin(["A1", "B1"]) | data["site"].isin(["C", "D"])
    units = found(data, arm)
    assert (units.role, units.stratum, units.per_arm) == ("people of a site", None, (4, 4))


def test_the_order_of_people_says_nothing():
    arm = FIVE["team"].str.endswith("1").astype(int)
    shuffled = FIVE.sample(frac=1, random_state=3)
    one, other = found(FIVE, arm), found(shuffled, arm[shuffled.index])
    assert one.arm.tolist() == other.arm.tolist()
    assert one.stratum.tolist() == other.stratum.tolist()
    np.testing.assert_array_equal(one.code[shuffled.index], other.code)
