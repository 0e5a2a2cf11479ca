"""`cp.sites.permutation(data, outcome, study)`: the same test, with the study saying what is what."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import cpeval as cp
from cpeval.errors import OptionError, TooFewError

STUDY = cp.Study(
    person="id", site="trust", team="team", arm="arm", intervention="CP", randomised=True
)


def made(seed=1, sites=5):
    rng = np.random.default_rng(seed)
    n = rng.integers(4, 9, 2 * sites)
    unit = np.repeat(np.arange(2 * sites), n)
    data = pd.DataFrame({"id": range(unit.size), "trust": [f"T{u // 2}" for u in unit]})
    data["team"], data["new"] = unit % 2, unit % 2
    data["arm"] = np.where(data.new == 1, "CP", "TAU")
    data["age"] = rng.normal(50, 10, unit.size)
    data["y"] = (
        data.new + data.age / 20 + rng.normal(size=2 * sites)[unit] + rng.normal(size=len(unit))
    )
    return data


def same(one, other):
    assert_allclose(
        one.table[["estimate", "p", "ci_low", "ci_high"]].to_numpy(float),
        other.table[["estimate", "p", "ci_low", "ci_high"]].to_numpy(float),
        rtol=1e-9,
    )
    assert one.arrangements == other.arrangements


def test_equals_the_form_that_takes_moments():
    data = made()
    moments = cp.SiteMoments.from_data(data, "y ~ new + age", site="trust", team="team")
    found = cp.sites.permutation(data, "y", STUDY, covariates=["age"], level=0.9)
    same(found, cp.sites.permutation(moments, "new", level=0.9, slopes="within"))
    assert (found.cluster, found.strata, found.n_clusters) == ("team", "site", 10)
    assert found.means[["site", "team"]].iloc[:2].to_numpy().tolist() == [["T0", 0], ["T0", 1]]


def test_arms_among_all_teams():
    data = made()
    moments = cp.SiteMoments.from_data(data, "y ~ new", site="trust", team="team")
    found = cp.sites.permutation(data, "y", STUDY, strata=None)
    same(found, cp.sites.permutation(moments, "new", strata=None))
    assert (found.strata, found.arrangements) == (None, 252)


def test_sites_that_got_the_arm_are_exchanged_whole():
    data = made(sites=6).assign(new=lambda d: d.trust.isin(["T0", "T3", "T4"]).astype(int))
    data["arm"] = np.where(data.new == 1, "CP", "TAU")
    moments = cp.SiteMoments.from_data(data, "y ~ new", site="trust")
    found = cp.sites.permutation(data, "y", STUDY)
    same(found, cp.sites.permutation(moments, "new", cluster="site", strata=None))
    assert (found.cluster, found.arrangements) == ("site", 20)


def test_waves_bring_the_score_at_baseline():
    before = made().assign(wave=0)
    after = before.assign(wave=1, y=before.y + np.random.default_rng(0).normal(size=len(before)))
    study = cp.Study(
        person="id", site="trust", team="team", arm="arm", intervention="CP", wave="wave",
        baseline=0, follow_up=1,
    )  # fmt: skip
    found = cp.sites.permutation(pd.concat([before, after]), "y", study)
    wide = before.assign(start=before.y, y=after.y)
    moments = cp.SiteMoments.from_data(wide, "y ~ new + start", site="trust", team="team")
    same(found, cp.sites.permutation(moments, "new", slopes="within"))


def test_people_of_a_team_in_both_arms_are_exchanged_as_groups():
    data = made().assign(arm=lambda d: np.where(d.index % 2, "CP", "TAU"))
    found = cp.sites.permutation(data, "y", STUDY)
    assert (found.cluster, found.strata, found.n_clusters) == ("people of a team", "team", 20)
    assert found.arrangements == 2**10
    assert found.note.startswith("Arms exchanged within teams, of 20 groups of people")


def test_what_can_t_be_exchanged_is_said():
    data = made()
    with pytest.raises(OptionError, match="With a dataframe, say which columns are what"):
        cp.sites.permutation(data, "y")
    alone = cp.Study(person="id", arm="arm", intervention="CP")
    with pytest.raises(TooFewError, match="among teams or sites, and there are no two"):
        cp.sites.permutation(data, "y", alone)
    with pytest.raises(OptionError, match="cluster='team' needs a team"):
        cp.sites.permutation(
            data, "y", cp.Study(person="id", arm="arm", intervention="CP", site="trust"),
            cluster="team",
        )  # fmt: skip


def test_arms_that_differ_in_a_covariate_leave_the_difference_alone():
    rng = np.random.default_rng(2)
    data = made(sites=8)
    data["age"] = rng.normal(20, 3, len(data)) + 6 * data.new
    data["y"] = 0.5 * data["age"] + data.new + rng.normal(0, 0.1, len(data))
    found = cp.sites.permutation(data, "y", STUDY, covariates=["age"])
    assert abs(found.table.estimate[0] - 1) < 0.15
    moments = cp.SiteMoments.from_data(data, "y ~ new + age", site="trust", team="team")
    pulled = cp.sites.permutation(moments, "new")
    assert pulled.table.estimate[0] < 0.85
    assert any("slopes='within'" in text for text in pulled.warnings)
    summary = cp.sites.cluster_summary(moments, "new", slopes="within")
    assert_allclose(summary.table.estimate[0], found.table.estimate[0], rtol=1e-8)


def test_covariates_of_clusters_are_taken_out_of_the_means():
    data = made(sites=8).assign(size=lambda d: d.groupby(["trust", "team"]).y.transform("size"))
    found = cp.sites.permutation(data, "y", STUDY, covariates=["size"])
    means = data.groupby(["trust", "new"])[["y", "size"]].mean().reset_index()
    rest = means[["y", "size"]] - means.groupby("trust")[["y", "size"]].transform("mean")
    slope = (rest["y"] * rest["size"]).sum() / (rest["size"] ** 2).sum()
    adjusted = (means["y"] - slope * means["size"]).groupby(means.new).mean()
    assert_allclose(found.table.estimate[0], adjusted[1] - adjusted[0], rtol=1e-8)
