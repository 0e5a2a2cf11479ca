"""Tables of any size fit together: ids, codes, who is where."""

import numpy as np
import pandas as pd
from hypothesis import given, strategies as st
from pandas.testing import assert_frame_equal

import cpeval as cp

SWEMWBS = [f"swemwbs_{x}" for x in range(1, 8)]
RESOURCES = [f"rg_uk_{x}" for x in range(1, 28)]
RELATIONS = ["family", "friend", "neighbour", "colleague", "acquaintance"]


def constant(table, by, columns):
    """Whether columns have one value (or none) for each of ``by``."""
    return len(table[[by, *columns]].drop_duplicates()) == table[by].nunique()


@given(
    seed=st.integers(0, 2**64),
    sites=st.integers(1, 6),
    teams=st.integers(1, 4),
    people=st.integers(1, 9),
    caseload=st.integers(1, 6),
    n_waves=st.integers(2, 4),
    goals=st.integers(0, 4),
    alters=st.sampled_from([0, 0.5, 6]),
    observers=st.integers(1, 3),
    attrition=st.sampled_from([0, 0.3, 0.9]),
    missing=st.sampled_from([0, 0.03, 0.6]),
)
def test_any_size_gives_tables_that_fit_together(
    seed, sites, teams, people, caseload, n_waves, goals, alters, observers, attrition, missing
):
    if sites * teams < 2:
        sites = 2
    waves = list(range(n_waves))
    study = cp.simulate(
        seed=seed,
        sites=sites,
        teams=teams,
        people=people,
        caseload=caseload,
        waves=waves,
        goals=goals,
        alters=alters,
        observers=observers,
        attrition=attrition,
        missing=missing,
    )
    who = study.people
    assert len(who) == sites * teams * people == who["person"].nunique()
    assert who["trust"].nunique() == sites
    assert (who.groupby("team").size() == people).all()
    assert who["team"].nunique() == sites * teams
    assert constant(who, "team", ["trust", "arm"])
    arms = who.drop_duplicates("team")["arm"].value_counts()
    assert abs(arms["CP"] - arms["usual"]) <= 1
    if teams % 2 == 0:
        assert (who.drop_duplicates("team").groupby(["trust", "arm"]).size() == teams / 2).all()
    assert constant(who, "worker", ["team"])
    assert who.groupby("worker").size().max() <= caseload
    assert who["worker"].nunique() == sites * teams * -(-people // caseload)
    assert who["person"].str.fullmatch(r"P\d{4}").all()
    assert who["worker"].str.fullmatch(r"W\d{3}").all()

    rows = study.responses
    assert not rows.duplicated(["person", "wave"]).any()
    assert list(rows.loc[rows["wave"] == 0, "person"]) == list(who["person"])
    seen = rows.groupby("person")["wave"].agg(["max", "size"])
    assert (seen["max"] + 1 == seen["size"]).all()  # who left stays away
    assert set(np.unique(rows[SWEMWBS].to_numpy()[rows[SWEMWBS].notna()])) <= {1, 2, 3, 4, 5}
    assert set(np.unique(rows[RESOURCES].to_numpy()[rows[RESOURCES].notna()])) <= {0, 1}
    through = rows[[f"{name}_relation" for name in RESOURCES]]
    assert ((rows[RESOURCES] == 1).to_numpy() == through.notna().to_numpy()).all()
    assert set(pd.unique(through.to_numpy()[through.notna()])) <= set(RELATIONS)
    if missing == 0:
        assert rows[SWEMWBS + RESOURCES].notna().all(axis=None)

    there = set(zip(rows["person"], rows["wave"], strict=True))
    ratings = study.fidelity
    assert set(zip(ratings["person"], ratings["wave"], strict=True)) <= there
    assert not ratings.duplicated(["person", "wave", "assessor"]).any()
    items = ratings.filter(like="connecting_people_")
    assert items.shape[1] == 18
    assert set(np.unique(items.to_numpy()[items.notna()])) <= {1, 2, 3, 4, 5}
    rated = ratings.merge(who)
    own = {"participant": rated["person"], "worker": rated["worker"]}
    for informant, assessor in own.items():
        mine = rated["informant"] == informant
        assert (rated["assessor"] == assessor)[mine].all()
    rest = rated.loc[rated["informant"] == "observer", "assessor"]
    assert set(rest) <= {f"O{x}" for x in range(1, observers + 1)}

    set_goals = study.goals
    assert set(zip(set_goals["person"], set_goals["wave"], strict=True)) == (
        there if goals else set()
    )
    assert not set_goals.duplicated(["goal", "wave"]).any()
    assert set_goals["importance"].isin(range(4)).all()
    assert set_goals["difficulty"].isin(range(4)).all()
    assert set_goals["attainment"].dropna().isin(range(-2, 3)).all()
    start = set_goals["wave"] == 0
    assert set_goals.loc[start, "attainment"].isin([-2, -1]).all()
    assert constant(set_goals, "goal", ["importance", "difficulty", "area"])
    if goals:
        assert set_goals.groupby(["person", "wave"]).size().between(1, goals).all()

    used = study.services
    assert len(used) == 6 * len(rows)
    assert set(zip(used["person"], used["wave"], strict=True)) == there
    assert (used["contacts"] >= 0).all()
    assert ((used["minutes"] > 0) == (used["contacts"] > 0)).all()


@given(
    seed=st.integers(0, 2**64),
    sites=st.integers(1, 4),
    n_waves=st.integers(2, 4),
    alters=st.sampled_from([0, 0.4, 3, 30]),
    stability=st.sampled_from([0, 0.5, 1]),
    attrition=st.sampled_from([0, 0.5]),
)
def test_networks_refer_to_people_and_alters_that_are_there(
    seed, sites, n_waves, alters, stability, attrition
):
    study = cp.simulate(
        seed=seed,
        sites=sites,
        people=5,
        waves=list(range(n_waves)),
        alters=alters,
        alter_stability=stability,
        network_effect=1 if alters == 0 else 0,
        attrition=attrition,
    )
    egos, known, ties = study.egos, study.alters, study.ties
    there = study.responses[["person", "wave"]].rename(columns={"person": "ego"})
    assert_frame_equal(egos, there, check_like=True)
    assert not known.duplicated(["alter", "wave"]).any()
    assert constant(known, "alter", ["ego"])
    assert known.merge(egos, on=["ego", "wave"]).shape[0] == len(known)
    assert constant(known, "alter", ["kind", "relation", "gender"])
    people = known["kind"] == "person"
    assert known["kind"].isin(["person", "place", "activity"]).all()
    assert (known["relation"].notna() == people).all()
    assert (known["gender"].notna() == people).all()
    assert known["relation"].dropna().isin(RELATIONS).all()
    assert known["closeness"].isin(range(1, 6)).all()
    assert known["importance"].isin(range(1, 6)).all()
    assert known["frequency"].between(0, 30).all()
    # An alter who left doesn't come back.
    spell = known.groupby("alter")["wave"].agg(["min", "max", "size"])
    assert (spell["max"] - spell["min"] + 1 == spell["size"]).all()
    if stability == 1:
        assert (spell["min"] == 0).all()
    if stability == 0:
        assert (spell["size"] == 1).all()
    key = ["ego", "wave", "alter"]
    for end in ("source", "target"):
        ends = ties.rename(columns={end: "alter"})[key]
        assert len(ends.merge(known[key], on=key)) == len(ties)
    pairs = pd.DataFrame(np.sort(ties[["source", "target"]].astype(str).to_numpy(), axis=1))
    assert (pairs[0] != pairs[1]).all()
    assert not pairs.assign(wave=ties["wave"]).duplicated().any()
    if alters == 0:
        assert known.empty
        assert ties.empty


def test_teams_of_unequal_size_whole_sites_as_arms_and_names():
    study = cp.simulate(
        seed=1, sites=28, teams=1, people=[3, *[1] * 27], allocation="sites", arms=("new", "old")
    )
    first = study.people.drop_duplicates("trust")
    assert list(first["trust"][:2]) == ["Trust 001", "Trust 002"]
    assert list(first["team"][:2]) == ["Team 001-1", "Team 002-1"]
    assert list(first["arm"][:3]) == ["new", "old", "new"]
    assert list(study.people.groupby("trust").size()[:3]) == [3, 1, 1]
    assert study.study.intervention == "new"
    pairs = cp.simulate(seed=1, allocation="sites").people
    assert constant(pairs, "trust", ["arm"])
    assert list(pairs["team"].unique()[:3]) == ["Team A1", "Team A2", "Team B1"]


def test_the_study_names_columns_and_waves():
    study = cp.simulate(seed=1, waves=[0, 6, 12], randomised=True).study
    assert study.columns == {
        "person": "person",
        "site": "trust",
        "team": "team",
        "worker": "worker",
        "arm": "arm",
        "wave": "wave",
    }
    assert (study.waves, study.follow_up, study.randomised) == ((0, 6, 12), 6, True)
    default = cp.simulate(seed=1).study
    assert (default.waves, default.intervention, default.randomised) == (("t0", "t1"), "CP", False)
