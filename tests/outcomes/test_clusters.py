"""Comparisons in studies with sites and teams."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cpeval.outcomes import compare
from cpeval.study import Study

RTOL = 1e-9


def study_of_places(n_sites=4, teams=2, people=5, seed=7):
    """Teams in sites, a row a person and wave; who gets what is left to the tests."""
    rng = np.random.default_rng(seed)
    n = n_sites * teams * people
    who = pd.DataFrame(
        {
            "id": range(n),
            "site": np.repeat([f"s{k}" for k in range(n_sites)], teams * people),
            "team": np.tile(np.repeat([f"t{k}" for k in range(teams)], people), n_sites),
        }
    )
    before = who.assign(wave=0, y=rng.normal(20, 5, n))
    after = who.assign(wave=1, y=before["y"] + rng.normal(1, 3, n))
    return pd.concat([before, after], ignore_index=True)


STUDY = Study(
    person="id",
    site="site",
    team="team",
    arm="arm",
    intervention=1,
    wave="wave",
    baseline=0,
    follow_up=1,
    randomised=True,
)


def by_hand(data, cluster):
    """The CR1S variance of the arm's coefficient, written out with matrices."""
    wide = data[data["wave"] == 0].merge(
        data.loc[data["wave"] == 1, ["id", "y"]], on="id", suffixes=("", "_after")
    )
    x = np.column_stack([np.ones(len(wide)), wide["arm"], wide["y"]])
    bread = np.linalg.inv(x.T @ x)
    e = wide["y_after"].to_numpy() - x @ (bread @ x.T @ wide["y_after"].to_numpy())
    groups = wide[cluster].astype(str).agg("/".join, axis=1).to_numpy()
    sums = [x[groups == g].T @ e[groups == g] for g in np.unique(groups)]
    n, k, g = len(x), x.shape[1], len(sums)
    meat = sum(np.outer(s, s) for s in sums)
    return g, np.sqrt((bread @ meat @ bread)[1, 1] * g / (g - 1) * (n - 1) / (n - k))


ASSIGNMENTS = {
    # who got the arm -> how it is given, the clusters, what the note calls them
    "sites": (lambda d: d["site"].isin(["s1", "s3"]), ["site"], "sites"),
    "teams": (lambda d: d["team"] == "t1", ["site", "team"], "teams"),
    "people": (lambda d: d["id"] % 2 == 1, ["site", "team"], "people"),
}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_clusters_are_those_that_got_the_arm(assignment):
    given, cluster, called = ASSIGNMENTS[assignment]
    data = study_of_places().assign(arm=lambda d: given(d).astype(int))
    result = compare(data, "y", STUDY, vcov="CR1S", sensitivity=False)
    g, se = by_hand(data, cluster)
    assert result.n_clusters == g
    assert result.vcov_kind == "CR1S"
    assert result.table["df"].item() == g - 1
    np.testing.assert_allclose(result.table["se"].item(), se, rtol=RTOL)
    assert f"{called.capitalize()} were randomised to the arms" in result.note
    noun = cluster[-1]
    assert f"errors robust to clusters (CR1S) by {noun}, {g} of them" in result.note
    assert result.warnings[-1].startswith(
        "These errors are too small with few clusters, so the interval is too narrow and p too low"
    )


def test_both_names_are_the_same():
    data = study_of_places().assign(arm=lambda d: (d["team"] == "t1").astype(int))
    one, two = (compare(data, "y", STUDY, vcov=name).table for name in ("CR1S", "cluster"))
    pd.testing.assert_frame_equal(one, two)


def test_equals_r_with_wards(btheb, blues, reference):
    expected = reference("ancova_btheb.json")["adjusted"]["CR1S"]
    result = compare(
        btheb, "bdi", replace(blues, site="ward"), covariates=["drug", "length"], vcov="CR1S",
        sensitivity=False,
    )  # fmt: skip
    for name in ("estimate", "se", "p", "ci_low", "ci_high"):
        np.testing.assert_allclose(result.coefficients[name], expected[name], rtol=RTOL)
    assert (result.n_clusters, result.table["df"].item()) == (10, 9)


def test_teams_without_sites_are_clusters():
    data = study_of_places().assign(arm=lambda d: (d["team"] == "t1").astype(int))
    data["team"] = data["site"] + data["team"]
    alone, within = (
        compare(data, "y", study, vcov="CR1S", sensitivity=False)
        for study in (replace(STUDY, site=None), STUDY)
    )
    assert alone.n_clusters == 8
    np.testing.assert_allclose(alone.table["se"], within.table["se"], rtol=RTOL)


def test_a_team_s_name_may_stand_in_several_sites():
    data = study_of_places().assign(arm=lambda d: (d["team"] == "t1").astype(int))
    assert compare(data, "y", STUDY).n_clusters == 8
    assert compare(data, "y", replace(STUDY, site=None)).n_clusters == 2


def test_one_cluster_an_arm_leaves_the_difference_without_error():
    data = study_of_places().assign(arm=lambda d: (d["team"] == "t1").astype(int))
    result = compare(data, "y", replace(STUDY, site=None))
    row = result.table.iloc[0]
    assert np.isfinite(row["estimate"])
    assert np.isfinite(row["hedges_g"])
    assert row[["se", "statistic", "p", "ci_low", "ci_high", "hedges_g_low"]].isna().all()
    assert result.warnings == (
        "An arm has only one team, so the arms can't be told from the teams: the difference "
        "stands without error, test or interval.",
    )


def test_one_cluster_in_all_falls_back_to_independent_people():
    data = study_of_places(n_sites=1, teams=1, people=20).assign(arm=lambda d: d["id"] % 2)
    result = compare(data, "y", STUDY)
    bare = compare(data, "y", replace(STUDY, site=None, team=None))
    pd.testing.assert_frame_equal(result.table, bare.table)
    assert (result.vcov_kind, result.n_clusters) == ("HC3", None)
    assert result.warnings == (
        "All people are in one team, so errors take them as independent, and say nothing of what "
        "would happen elsewhere.",
    )


def test_forty_clusters_give_no_warning():
    data = study_of_places(n_sites=20, people=2).assign(arm=lambda d: (d["team"] == "t1") * 1)
    result = compare(data, "y", STUDY, sensitivity=False)
    assert (result.n_clusters, result.warnings) == (40, ())


def test_people_who_move_count_where_they_were():
    data = study_of_places().assign(arm=lambda d: d["id"] % 2)
    moved = data.copy()
    moved.loc[(moved["wave"] == 1) & moved["id"].isin([0, 1]), "site"] = "s3"
    result = compare(moved, "y", STUDY)
    pd.testing.assert_frame_equal(result.table, compare(data, "y", STUDY).table)
    assert result.warnings[0] == (
        "2 people changed team between the waves; they count where they were at baseline."
    )


@pytest.mark.parametrize("wave", [0, 1])
def test_a_place_may_be_given_at_one_wave_only(wave):
    data = study_of_places().assign(arm=lambda d: (d["team"] == "t1").astype(int))
    sparse = data.assign(site=data["site"].where(data["wave"] == wave))
    pd.testing.assert_frame_equal(
        compare(sparse, "y", STUDY).table, compare(data, "y", STUDY).table
    )


def test_people_without_a_place_are_counted():
    data = study_of_places().assign(arm=lambda d: (d["team"] == "t1").astype(int))
    data["team"] = data["team"].mask(data["id"] == 0)
    result = compare(data, "y", STUDY)
    assert result.n_excluded == 1
    assert result.warnings[0] == (
        "Left out: 1 of 20 people in arm 0, 0 of 20 people in arm 1; 1 without team (team)."
    )


def test_the_place_that_is_missing_is_the_one_that_is_named():
    data = study_of_places().assign(arm=lambda d: (d["team"] == "t1").astype(int))
    data["site"] = data["site"].mask(data["id"] == 0)
    data["team"] = data["team"].mask(data["id"] == 6)
    result = compare(data, "y", STUDY)
    assert result.n_excluded == 2
    assert result.warnings[0] == (
        "Left out: 1 of 20 people in arm 0, 1 of 20 people in arm 1; 1 without site (site), "
        "1 without team (team) (a person may lack several)."
    )


def test_one_person_who_moves_is_a_person():
    data = study_of_places().assign(arm=lambda d: d["id"] % 2)
    data.loc[(data["wave"] == 1) & (data["id"] == 0), "site"] = "s3"
    assert compare(data, "y", STUDY).warnings[0].startswith("1 person changed team")
