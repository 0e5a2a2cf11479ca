"""Figures of few people are marked, and words fit the data that they are about."""

import pandas as pd
import pytest

import cpeval as cp

from .rated import FID, ITEMS, STUDY, ratings

HOW = {"informant": "informant", "assessor": "assessor"}


def agreed(data, study=STUDY):
    return cp.fidelity.triangulate(data, FID, study, **HOW)


def marked(result):
    return [text for text in result.warnings if "column small" in text]


def test_drift_marks_few_people_but_not_few_teams():
    data = ratings(sites=3, teams=2, people=2, gaps=0)
    found = cp.fidelity.drift(agreed(data))
    assert found.table.loc[found.table["site"] != "all", "small"].all()
    assert not found.table.loc[found.table["site"] == "all", "small"].any()
    assert (found.charts["small"] == found.charts["n"].between(1, 4)).all()
    assert len(marked(found)) == 1
    teams = data.groupby(["site", "team", "wave", "informant", "assessor"], as_index=False)[
        ITEMS
    ].first()
    of_teams = cp.fidelity.drift(agreed(teams))
    assert not of_teams.table["small"].any()
    assert not marked(of_teams)


def test_dose_marks_few_people():
    people = pd.DataFrame({"id": list("abcdefgh"), "team": ["T"] * 5 + ["U"] * 3})
    contacts = people.assign(week=1)
    found = cp.fidelity.dose(contacts, STUDY, people=people, planned={"people": 8})
    assert found.table.set_index("team")["small"].to_dict() == {"all": False, "T": False, "U": True}
    assert len(marked(found)) == 1


def test_agreement_gives_no_icc_of_few_and_says_why():
    data = ratings(sites=2, teams=1, people=4, gaps=0).query("wave == 't1'")
    found = cp.fidelity.agreement(data, FID, STUDY, **HOW)
    icc = found.table[found.table["term"] == "icc"]
    here = icc[icc["site"].notna()]
    assert here["estimate"].isna().all()
    assert here["why"].str.contains("Fewer than 5 units").all()
    assert here["small"].all()
    assert icc.loc[icc["site"].isna(), "estimate"].notna().all()
    assert len(marked(found)) == 1


def test_one_site_leans_on_no_other():
    found = cp.fidelity.profile(agreed(ratings(sites=1, teams=2, people=6)))
    assert "in 1 site " in found.note
    assert not any("other sites" in text for text in found.warnings)


def test_constant_ratings_have_no_interval_and_that_is_said():
    data = ratings(gaps=0).assign(**dict.fromkeys(ITEMS, 3))
    found = cp.fidelity.profile(agreed(data))
    assert found.table["se"].isna().all()
    assert any("there is no interval" in text for text in found.warnings)


def test_drift_without_ratings_or_sites_is_worded_so():
    data = ratings()
    blank = data.assign(**dict.fromkeys(ITEMS, float("nan")))
    found = cp.fidelity.drift(agreed(blank))
    assert "No slope can be had: no team has a score on two occasions." in found.warnings
    alone = cp.fidelity.drift(agreed(data.drop(columns=["site", "team"])))
    assert "In each" not in alone.note
    assert "slopes within" not in alone.note


def test_a_mean_is_pointed_to_weights():
    with pytest.raises(cp.CpevalError, match="rule='weighted' with equal weights="):
        cp.fidelity.triangulate(ratings(), FID, STUDY, rule="mean", **HOW)
