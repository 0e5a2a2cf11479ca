"""Wrong arguments are named, all at once, with what they should be."""

import numpy as np
import pytest

import cpeval as cp
from cpeval.errors import OptionError


def test_all_wrong_arguments_are_named_at_once():
    with pytest.raises(OptionError) as raised:
        cp.simulate(
            seed=-1,
            sites=0,
            teams=2.5,
            people=[3, 0],
            waves=["t0"],
            arms=("CP", "CP"),
            allocation="team",
            randomised=1,
            effect="large",
            icc_site=1,
            attrition=(0.1, 1.2),
            fidelity=(9, 1),
            fidelity_sd={"tem": 1, "error": -1},
            informant_bias=3,
            missing=True,
            goals=-1,
            alters=float("nan"),
            network_effect=-1,
            contact_ratio=None,
        )
    lines = str(raised.value).splitlines()
    assert lines[0] == "The study can't be simulated:"
    named = {line.removeprefix("- ").split(":")[0] for line in lines[1:]}
    assert named == {
        "seed",
        "sites",
        "teams",
        "people",
        "waves",
        "arms",
        "allocation",
        "randomised",
        "effect",
        "icc_site",
        "attrition",
        "fidelity",
        "fidelity_sd",
        "informant_bias",
        "missing",
        "goals",
        "alters",
        "network_effect",
        "contact_ratio",
    }
    text = str(raised.value)
    assert "sites: should be a whole number from 1 to 100,000. Got 0." in text
    assert "Got 'team' (did you mean 'teams'?)." in text
    assert "fidelity_sd: no 'tem' (did you mean 'team'?); 'error' is -1. Keys are 'team'," in text
    assert "icc_site: should be a share: at least 0 and below 1. Got 1." in text


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"people": [5] * 9}, "or a list with one a team (10 in all). Got [5, 5,"),
        ({"people": 10**9}, "are more than 50,000,000 rows"),
        ({"fidelity": [3.0] * 9}, "or a list with one a team (10 in all)"),
        ({"effect": [1, 2]}, "a number, or a list with one a follow-up (1 in all). Got [1, 2]"),
        ({"waves": ["t0", "=t1"]}, "starting with a letter or a digit"),
        ({"waves": ["0", 1]}, "all text (each starting"),
        ({"waves": [0, 0.0]}, "at least two different labels"),
        ({"arms": ("-CP", "usual")}, "start with a letter or a digit"),
        ({"sites": 1, "teams": 1}, "'teams' needs two teams in all (sites x teams) at least"),
        ({"sites": 1, "allocation": "sites"}, "'sites' needs two sites at least"),
        ({"randomised": True, "baseline_difference": 1}, "chance doesn't make arms differ"),
        ({"network_effect": [4, 1], "waves": [0, 1, 2]}, "at least alter_stability (0.75) times"),
        ({"effect": 10**400}, "effect: should be a number"),
        ({"allocation": np.array([1, 2])}, "allocation: should be one of 'teams', 'sites'"),
        ({"icc_site": 0.5, "icc_team": 0.4}, "their sum, 0.9, should be below 0.84"),
        ({"effect": 30}, "effect: 30 can't be reached. The mean of the SWEMWBS metric score"),
        ({"fidelity_effect": 500}, "effect with fidelity_effect=500: 1.5 can't be reached"),
        ({"trend": -20}, "trend: -20 can't be reached"),
        ({"baseline_difference": 20}, "baseline_difference: 20 can't be reached"),
        ({"resource_effect": -20}, "resource_effect: -20 can't be reached. The mean of the number"),
        ({"goal_effect": 3}, "goal_effect: 3 can't be reached"),
    ],
)
def test_what_cannot_be_is_said_with_the_reason(wrong, message):
    with pytest.raises(OptionError) as raised:
        cp.simulate(seed=1, **wrong)
    assert message in str(raised.value)
    assert len(str(raised.value).splitlines()) == 2


def test_all_that_cannot_be_reached_is_named_at_once():
    with pytest.raises(OptionError) as raised:
        cp.simulate(effect=30, resource_effect=30, goal_effect=9, icc_team=0.9)
    lines = str(raised.value).splitlines()[1:]
    assert [line.split(":")[0] for line in lines] == [
        "- icc_site, icc_team",
        "- effect",
        "- resource_effect",
        "- goal_effect",
    ]
