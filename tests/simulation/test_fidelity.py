"""Ratings of fidelity come from the true fidelity, and from who rates."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import cpeval as cp

# A share or mean of a draw is compared with the truth within four Monte Carlo standard errors.
# Seeds are fixed; a right generator would fail one such comparison in some 16,000.
MC = 4.0


def rounded(mean, sd):
    """Mean of a normal value rounded to 1 to 5, from the chances of the five codes."""
    cuts = stats.norm(mean, sd).cdf([-np.inf, 1.5, 2.5, 3.5, 4.5, np.inf])
    return np.diff(cuts) @ np.arange(1, 6)


def test_each_informant_rates_with_their_bias():
    sd = {"item": 0, "team_item": 0}
    bias = {"participant": -0.3, "worker": 0.6, "observer": 0.0}
    study = cp.simulate(
        seed=2,
        sites=300,
        people=5,
        fidelity=(3.6, 2.2),
        informant_bias=bias,
        fidelity_sd=sd,
        missing=0,
        missing_ratings=0,
        attrition=0,
        observers=200,
        goals=0,
        alters=0,
        fidelity_items=4,
    )
    ratings = study.joined("fidelity")
    ratings["mean"] = ratings.filter(like="connecting_people_").mean(axis=1)
    spread = np.sqrt(0.4**2 + 0.3**2 + 0.1**2 + 0.3**2 + 0.2**2 + 0.6**2)
    alone = np.sqrt(spread**2 - 0.2**2)
    levels = {("t0", "CP"): 2.2, ("t0", "usual"): 2.2, ("t1", "CP"): 3.6, ("t1", "usual"): 2.2}
    groups = ratings.groupby(["wave", "arm", "informant"])
    for place, level in levels.items():
        for informant in bias:
            mine = groups.get_group((*place, informant))
            by_team = mine.groupby("team")["mean"].mean()
            error = by_team.std() / np.sqrt(len(by_team))
            if informant == "observer":
                # The 200 observers are the same in all teams: their own mean is off by chance.
                error = np.hypot(error, 0.2 / np.sqrt(200))
            expected = rounded(
                level + bias[informant], alone if informant == "participant" else spread
            )
            assert abs(by_team.mean() - expected) < MC * error


def test_true_fidelity_scores_are_what_many_unbiased_raters_agree_on():
    study = cp.simulate(
        seed=4,
        sites=1,
        people=3,
        observers=1000,
        fidelity=(4.5, 1.5),
        fidelity_sd={"informant": 0.6, "assessor": 0.6},
        missing=0,
        missing_ratings=0,
        attrition=0,
    )
    observed = study.fidelity[study.fidelity["informant"] == "observer"].copy()
    observed["mean"] = observed.filter(like="connecting_people_").mean(axis=1)
    groups = observed.groupby(["person", "wave"])["mean"].agg(["mean", "std"]).reset_index()
    both = groups.merge(study.truth["person_values"], on=["person", "wave"])
    assert len(both) == 12
    assert (abs(both["mean"] - both["fidelity_score"]) < MC * both["std"] / np.sqrt(1000)).all()


def test_levels_given_team_by_team_are_exact_and_drift_moves_the_programme_alone():
    levels = [4.5, 2.0, 3.0, 2.4, 4.2, 1.8]
    study = cp.simulate(
        seed=1,
        sites=3,
        people=[10, 20, 30, 10, 20, 10],
        fidelity=levels,
        fidelity_drift=-0.2,
        fidelity_sd={"occasion": 0},
        waves=[0, 1, 2, 3],
        fidelity_effect=2.0,
        effect=1.0,
    )
    teams = study.truth["team_effects"].pivot_table(index="team", columns="wave", values="fidelity")
    np.testing.assert_allclose(teams[1], levels)
    np.testing.assert_allclose(teams[3] - teams[1], [-0.4, 0, -0.4, 0, -0.4, 0], atol=1e-12)
    usual = (2.0 * 20 + 2.4 * 10 + 1.8 * 10) / 40
    average = (4.5 * 10 + 3.0 * 30 + 4.2 * 20) / 60
    shift = np.array([usual - average, 0] * 3)
    np.testing.assert_allclose(teams[0], np.array(levels) + shift)
    # The mean effect over people is as asked, and it is larger where fidelity is.
    assert study.truth["effect_swemwbs_metric"] == pytest.approx(1.0)
    effects = study.truth["team_effects"].query("wave == 1").set_index("team")
    ranked = effects.loc[["Team B1", "Team C1", "Team A1"], "effect_swemwbs_metric"]
    assert ranked.is_monotonic_increasing
    assert ranked.iloc[2] - ranked.iloc[0] > 2


def test_ratings_have_as_many_items_as_the_shipped_definition():
    definition = tomllib.loads(
        (Path(cp.__file__).parent / "instruments" / "connecting_people.toml").read_text("utf-8")
    )
    wanted = [f"connecting_people_{item['code']}" for item in definition["items"]]
    assert list(cp.simulate(seed=1).fidelity.columns[4:]) == wanted


def test_the_mean_effect_is_that_over_people_where_teams_differ():
    study = cp.simulate(
        seed=3,
        sites=3,
        people=[4000, 500, 200, 500, 600, 500],
        fidelity=[4.5, 2.0, 3.0, 2.4, 3.4, 1.8],
        fidelity_effect=2.0,
        effect=1.0,
        fidelity_sd={"occasion": 0},
        goals=0,
        alters=0,
        icc_site=0,
        icc_team=0,
    )
    # People differ by their own fidelity, whose deviation of .3 has an effect of 2 points each.
    assert abs(study.truth["realised_effect_swemwbs_metric"] - 1) < MC * 2 * 0.3 / np.sqrt(4800)


@pytest.mark.parametrize(
    ("part", "same_within"),
    [
        ("team", ["team"]),
        ("person", ["person"]),
        ("occasion", ["team", "wave"]),
        ("informant", ["person", "rater"]),
        ("assessor", ["assessor"]),
    ],
)
def test_each_part_of_a_rating_varies_where_it_should(part, same_within):
    parts = ["team", "person", "occasion", "item", "team_item", "informant", "assessor", "error"]
    study = cp.simulate(
        seed=1,
        people=8,
        fidelity=(3, 3),
        fidelity_sd={**dict.fromkeys(parts, 0), part: 2},
        informant_bias=dict.fromkeys(["participant", "worker", "observer"], 0),
        observers=4,
        fidelity_items=2,
        missing=0,
    )
    ratings = study.joined("fidelity")
    ratings["rater"] = ratings["informant"].where(
        ratings["informant"] != "observer", ratings["assessor"]
    )
    items = ratings.filter(like="connecting_people_")
    assert (items.iloc[:, 0] == items.iloc[:, 1]).all()
    value = items.iloc[:, 0]
    if part == "assessor":
        # People rate themselves once; their leaning is part of their view.
        own = ratings["informant"] == "participant"
        assert (value[own] == 3).all()
        ratings, value = ratings[~own], value[~own]
    groups = value.groupby([ratings[name] for name in same_within]).agg(["min", "max"])
    assert (groups["min"] == groups["max"]).all()
    # Workers and observers vary alike, where both do.
    for informant in ("worker", "observer"):
        assert value[ratings["informant"] == informant].nunique() > 2
    assert len(groups) < len(value)


def test_items_and_strengths_of_teams_leave_the_mean_level_as_it_is():
    study = cp.simulate(
        seed=1,
        sites=200,
        people=1,
        fidelity=(3, 3),
        fidelity_sd={"team_item": 0.3, "item": 0.5},
        goals=0,
        alters=0,
    )
    item = np.array(study.truth["fidelity_item"])
    assert item.mean() == pytest.approx(0, abs=1e-12)
    assert 0.3 < item.std() < 0.7
    values = study.truth["person_values"]
    assert abs((values["fidelity_score"] - values["fidelity"]).mean()) < 0.02
