"""`compare` where teams or sites got the arm: the primary analysis, and those beside it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings, strategies as st
from numpy.testing import assert_allclose
from scipy import stats

import cpeval as cp
from cpeval.errors import OptionError
from cpeval.outcomes import compare

RTOL = 1e-9
STUDY = cp.Study(
    person="id", site="trust", team="team", arm="arm", intervention="CP", wave="wave",
    baseline=0, follow_up=1, randomised=True,
)  # fmt: skip
ONCE = cp.Study(person="id", site="trust", team="team", arm="arm", intervention="CP")
NUMBERS = ["estimate", "se", "statistic", "df", "p", "ci_low", "ci_high"]


def once(sites=5, teams=2, people=15, seed=2, icc=0.1, by="team"):
    """A row a person: teams in trusts, the arm given to every second team, or trust."""
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(sites * teams), people)
    site = unit // teams
    new = site % 2 if by == "site" else unit % teams % 2
    data = pd.DataFrame({"id": np.arange(unit.size), "trust": [f"Trust {s}" for s in site]})
    data["team"] = [f"é{u % teams}" for u in unit]
    data["arm"] = np.where(new == 1, "CP", "TAU")
    data["age"] = rng.normal(45, 10, unit.size) + 2 * new
    data["y"] = 20 + 0.1 * data["age"] + np.sqrt(icc) * rng.normal(size=sites * teams)[unit]
    data["y"] += np.sqrt(1 - icc) * rng.normal(size=unit.size)
    return data


def waves(data, seed=3):
    rng = np.random.default_rng(seed)
    before = data.assign(wave=0)
    after = data.assign(wave=1, y=0.6 * data["y"] + rng.normal(8, 1, len(data)))
    return pd.concat([before, after], ignore_index=True)


def primary(result):
    return result.table.iloc[0]


def test_balanced_teams_in_pairs_are_the_paired_t_of_their_means():
    data = once()
    row = primary(compare(data, "y", ONCE, sensitivity=False))
    means = data.groupby(["trust", "arm"])["y"].mean().unstack()
    by_hand = stats.ttest_rel(means["CP"], means["TAU"])
    low, high = by_hand.confidence_interval()
    assert_allclose(
        row[["estimate", "statistic", "df", "p", "ci_low", "ci_high"]].astype(float),
        [(means["CP"] - means["TAU"]).mean(), by_hand.statistic, 4, by_hand.pvalue, low, high],
        rtol=RTOL,
    )


def test_covariates_slopes_come_from_within_units():
    data = once()
    result = compare(data, "y", ONCE, covariates=["age"], sensitivity=False)
    within = smf.ols("y ~ 0 + C(trust):C(team) + age", data).fit()
    slope = within.params["age"]
    means = data.groupby(["trust", "arm"])[["y", "age"]].mean()
    adjusted = (means["y"] - slope * means["age"]).unstack()
    difference = adjusted["CP"] - adjusted["TAU"]
    assert_allclose(primary(result)["estimate"], difference.mean(), rtol=RTOL)
    assert_allclose(result.differences["estimate"], difference, rtol=1e-8)
    shown = result.coefficients.set_index("term").loc["age"]
    assert_allclose(shown["estimate"], slope, rtol=1e-8)
    assert_allclose(shown["se"], within.bse["age"], rtol=1e-8)


def test_every_row_has_every_number_and_the_primary_comes_first():
    table = compare(waves(once()), "y", STUDY, covariates=["age"]).table
    assert table["analysis"].tolist() == [
        "primary", "without covariates", "change scores", "cluster-robust regression",
        "mixed model", "wild bootstrap", "permutation",
    ]  # fmt: skip
    assert table[NUMBERS].notna().all(axis=None)
    assert (table["n"] == 150).all()


def test_rows_equal_the_analyses_by_themselves():
    data = once()
    table = compare(data, "y", ONCE, covariates=["age"]).table.set_index("analysis")
    coded = data.assign(new=(data["arm"] == "CP").astype(int))
    moments = cp.SiteMoments.from_data(coded, "y ~ new + age", site="trust", team="team")
    robust = cp.sites.linear(moments, vcov="CR2").table.set_index("term").loc["new"]
    mixed = cp.sites.mixed(moments, random=("site", "team")).table.set_index("term").loc["new"]
    wild = cp.sites.wild_bootstrap(moments, "new", weights="webb", seed=0).table.iloc[0]
    arms = cp.sites.permutation(data, "y", ONCE, covariates=["age"]).table.iloc[0]
    for name, own in (("cluster-robust regression", robust), ("mixed model", mixed)):
        assert_allclose(
            table.loc[name, NUMBERS].astype(float), own[NUMBERS].astype(float), rtol=1e-6
        )
    for name, own in (("wild bootstrap", wild), ("permutation", arms)):
        there = ["estimate", "p", "ci_low", "ci_high"]
        assert_allclose(table.loc[name, there].astype(float), own[there].astype(float), rtol=1e-6)


def test_five_pairs_say_the_smallest_p_of_the_permutation():
    result = compare(once(), "y", ONCE)
    row = result.table.set_index("analysis").loc["permutation"]
    assert np.isinf([row["ci_low"], row["ci_high"]]).all()
    assert any(
        "the permutation can't give a p below 0.0625 with 5 pairs" in w for w in result.warnings
    )


def test_the_primary_alone_is_the_same():
    data = waves(once())
    alone = compare(data, "y", STUDY, sensitivity=False)
    assert len(alone.table) == 1
    pd.testing.assert_series_equal(primary(alone), primary(compare(data, "y", STUDY)))
    assert (alone.heterogeneity, alone.leave_one_out) == (None, None)
    both = compare(data, "y", STUDY).icc.table
    pd.testing.assert_frame_equal(alone.icc.table, both)
    assert (both["ci_low"] <= both["estimate"]).all()


def test_sites_that_got_the_arm_are_the_units():
    data = once(sites=8, by="site")
    result = compare(data, "y", ONCE, sensitivity=False)
    assert (result.n_clusters, result.differences) == (8, None)
    assert result.units["site"].tolist() == sorted(data["trust"].unique())
    means = data.groupby("trust").agg(y=("y", "mean"), arm=("arm", "first"))
    assert_allclose(
        primary(result)["estimate"],
        means.y[means.arm == "CP"].mean() - means.y[means.arm == "TAU"].mean(),
        rtol=RTOL,
    )


def test_icc_heterogeneity_and_each_site_left_out_stand_beside():
    data = once(icc=0.3)
    result = compare(data, "y", ONCE)
    assert result.icc.table["ci_low"].iloc[0] <= result.icc.table["estimate"].iloc[0]
    assert result.heterogeneity.table["site"].tolist() == sorted(data["trust"].unique())
    left = result.leave_one_out.set_index("site")
    for trust in data["trust"].unique():
        rest = primary(compare(data[data["trust"] != trust], "y", ONCE, sensitivity=False))
        assert_allclose(left.loc[trust, NUMBERS], rest[NUMBERS].astype(float), rtol=1e-8)


def test_words_for_a_study_without_randomisation_are_not_causal():
    result = compare(waves(once()), "y", replace(STUDY, randomised=None), covariates=["age"])
    said = " ".join([result.note, *result.warnings]).lower()
    assert not any(word in said for word in ("effect", "impact", "caused", "because of"))
    assert "it is not known whether teams were randomised to the arms" in said
    assert "those analysed differed between the arms" in said
    assert "age +" in said or "age -" in said
    assert result.balance["term"].tolist() == ["y (baseline)", "age"]
    known = compare(waves(once()), "y", replace(STUDY, randomised=False))
    assert "Teams were not randomised to the arms" in known.note


def test_balance_equals_that_of_sites():
    data = once()
    ours = compare(data, "y", ONCE, covariates=["age"], sensitivity=False).balance.iloc[0]
    theirs = cp.sites.balance(data, ONCE, ["age"]).table.iloc[0]
    names = ["comparison", "intervention", "smd"]
    assert_allclose(ours[names].astype(float), theirs[names].astype(float), rtol=RTOL)


def test_one_large_site_is_named():
    data = pd.concat(
        [once(), once(sites=1, people=200, seed=9).assign(trust="Big", id=lambda d: d.id + 1000)]
    )
    said = " ".join(compare(data, "y", ONCE, sensitivity=False).warnings)
    assert "One site, 'Big', has 73% of the people" in said


def test_people_in_another_arm_than_their_team_are_named():
    data = once()
    data.loc[0, "arm"] = "CP"
    said = " ".join(compare(data, "y", ONCE, sensitivity=False).warnings)
    assert "1 person of 'é0' is in another arm than the rest of the team" in said


def test_sites_with_one_arm_are_named_and_add_nothing():
    data = once(sites=6)
    data.loc[data["trust"] == "Trust 5", "arm"] = "TAU"
    result = compare(data, "y", ONCE, sensitivity=False)
    assert any("Sites with one arm only: 'Trust 5'" in w for w in result.warnings)
    rest = compare(data[data["trust"] != "Trust 5"], "y", ONCE, sensitivity=False)
    assert_allclose(primary(result)[NUMBERS].astype(float), primary(rest)[NUMBERS].astype(float))


def test_one_unit_in_an_arm_has_no_p():
    data = once(sites=2, by="site")
    result = compare(data, "y", ONCE)
    assert primary(result)[["se", "p", "ci_low", "ci_high"]].isna().all()
    assert np.isfinite(primary(result)["estimate"])
    assert any("An arm has only one site" in w for w in result.warnings)


def test_an_outcome_of_0_and_1_gives_a_risk_difference_and_odds():
    data = once(people=30).assign(y=lambda d: (d["y"] > d["y"].median()).astype(int))
    result = compare(data, "y", ONCE)
    assert result.note.startswith("Share of y = 1 of arm CP minus TAU (a risk difference)")
    assert_allclose(
        primary(result)["estimate"],
        data.y[data.arm == "CP"].mean() - data.y[data.arm == "TAU"].mean(),
        rtol=RTOL,
    )
    odds = result.odds.table.set_index("term").loc["arm"]
    assert np.sign(odds["estimate"]) == np.sign(primary(result)["estimate"])
    assert compare(once(), "y", ONCE).odds is None


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 2**32 - 1),
    shift=st.sampled_from([0.0, -50.0, 1e6]),
    size=st.sampled_from([1.0, 0.01, 1000.0]),
    by=st.sampled_from(["team", "site"]),
)
def test_order_names_and_units_of_measurement_say_nothing(seed, shift, size, by):
    data = once(sites=6, people=5, seed=seed, by=by)
    one = primary(compare(data, "y", ONCE, covariates=["age"], sensitivity=False))
    renamed = {name: f"{k}" for k, name in enumerate(sorted(data["trust"].unique(), reverse=True))}
    other = data.sample(frac=1, random_state=1).assign(
        y=lambda d: size * d["y"] + shift, trust=lambda d: d["trust"].map(renamed)
    )
    two = primary(compare(other, "y", ONCE, covariates=["age"], sensitivity=False))
    assert_allclose(two["estimate"], size * one["estimate"], rtol=1e-6, atol=1e-9 * size)
    assert_allclose(two[["df", "p"]].astype(float), one[["df", "p"]].astype(float), rtol=1e-5)


def test_a_seed_repeats_the_draws():
    data = once(sites=12)
    one, two = (compare(data, "y", ONCE, seed=4).table for _ in range(2))
    pd.testing.assert_frame_equal(one, two)


def test_people_alone_have_analyses_beside_too(btheb, blues):
    table = compare(btheb, "bdi", blues, covariates=["drug"]).table
    assert table["analysis"].tolist() == ["primary", "without covariates", "change scores"]
    bare = compare(btheb, "bdi", replace(blues, baseline=None), sensitivity=False)
    # The same people need both scores with a baseline, so the numbers of people may differ.
    assert bare.table["n"].item() >= table["n"].iloc[1]
    both = btheb.pivot(index=blues.person, columns=blues.wave, values="bdi")
    first = btheb.drop_duplicates(blues.person).set_index(blues.person)
    wide = first.assign(d=both[blues.follow_up] - both[blues.baseline]).dropna(subset=["d", "drug"])
    arm = wide[blues.arm].eq(blues.intervention)
    assert_allclose(
        table.set_index("analysis").loc["without covariates", "n"], len(wide), rtol=RTOL
    )
    assert np.isfinite(table[NUMBERS].to_numpy(float)).all()
    assert arm.any()


def test_a_person_in_the_wrong_arm_leaves_teams_in_the_mixed_model():
    data = once()
    data.loc[0, "arm"] = "CP"
    table = compare(data, "y", ONCE).table.set_index("analysis")
    moments = cp.SiteMoments.from_data(
        data.assign(new=(data["arm"] == "CP").astype(int)), "y ~ new", site="trust", team="team"
    )
    own = cp.sites.mixed(moments, random=("site", "team")).table.iloc[1]
    assert_allclose(
        table.loc["mixed model", ["estimate", "df", "p"]].astype(float),
        own[["estimate", "df", "p"]].astype(float),
        rtol=1e-6,
    )


def test_with_few_sites_teams_are_the_clusters_and_sites_terms():
    data = once(sites=2, teams=10, people=6)
    table = compare(data, "y", ONCE).table.set_index("analysis")
    coded = data.assign(new=(data["arm"] == "CP").astype(int))
    moments = cp.SiteMoments.from_data(coded, "y ~ new + C(trust)", site="trust", team="team")
    own = cp.sites.linear(moments, cluster="team").table.set_index("term").loc["new"]
    row = table.loc["cluster-robust regression"]
    assert_allclose(row[NUMBERS].astype(float), own[NUMBERS].astype(float), rtol=1e-6)
    assert row["method"].endswith("by team, Satterthwaite's degrees of freedom, sites as terms")
    assert np.isfinite(table.loc["wild bootstrap", ["ci_low", "ci_high"]].astype(float)).all()


def test_a_regression_that_was_asked_for_is_what_is_repeated():
    data = waves(once())
    result = compare(data, "y", STUDY, ["age"], vcov="CR1S")
    rows = result.table.set_index("analysis")
    bare = compare(data, "y", replace(STUDY, baseline=None), vcov="CR1S", sensitivity=False)
    assert_allclose(rows.loc["without covariates", "se"], primary(bare)["se"], rtol=1e-8)
    rest = compare(
        data[data["trust"] != "Trust 2"], "y", STUDY, ["age"], vcov="CR1S", sensitivity=False
    )
    left = result.leave_one_out.set_index("site").loc["Trust 2"]
    assert_allclose(left[NUMBERS].astype(float), primary(rest)[NUMBERS].astype(float), rtol=1e-8)


def test_only_those_who_say_something_of_the_difference_are_counted():
    data = once(sites=6)
    data = data[~((data["trust"] == "Trust 5") & (data["arm"] == "CP"))]
    result = compare(data, "y", ONCE)
    assert primary(result)[["n", "n_intervention", "n_comparison"]].tolist() == [150, 75, 75]
    assert result.table["n"].iloc[1:].tolist() == [165] * 4
    assert result.n_clusters == 10
    assert result.units.loc[~result.units["used"], "site"].tolist() == ["Trust 5"]


def test_true_and_false_are_an_outcome_of_1_and_0():
    data = once(people=30).assign(y=lambda d: d["y"] > d["y"].median())
    as_numbers = compare(data.assign(y=data["y"].astype(int)), "y", ONCE, sensitivity=False)
    result = compare(data, "y", ONCE, sensitivity=False)
    pd.testing.assert_frame_equal(result.table, as_numbers.table)
    assert "risk difference" in result.note


def test_results_beside_it_have_the_data_s_names():
    data = once().assign(y=lambda d: (d["y"] > d["y"].median()).astype(int))
    result = compare(data, "y", ONCE, ["age"])
    assert "y ~ arm + age" in result.icc.note
    assert result.odds.table["term"].tolist() == ["Intercept", "arm", "age"]
    assert result.heterogeneity.term == "arm"


def test_balance_of_a_share_uses_the_variance_of_a_share():
    data = once().assign(sex=lambda d: np.where(d["id"] % 3 == 0, "m", "f"))
    ours = compare(data, "y", ONCE, ["sex"], sensitivity=False).balance.iloc[0]
    theirs = cp.sites.balance(data, ONCE, ["sex"]).table
    assert_allclose(ours["smd"], theirs.loc[theirs["level"] == "m", "smd"].item(), rtol=RTOL)


def test_cr2_is_pointed_to():
    with pytest.raises(OptionError, match="CR2 stands among the sensitivity analyses"):
        compare(once(), "y", ONCE, vcov="CR2")


def test_sites_with_one_arm_that_count_are_not_called_left_out():
    both, lone = once(sites=2), once(sites=8, by="site", teams=1, seed=5)
    lone = lone.assign(trust=lone["trust"] + "b", id=lone["id"] + 1000)
    # Two sites with both arms hold half of the people, and four sites of either arm have one.
    data = pd.concat([both, both.assign(id=lambda d: d["id"] + 500), lone])
    result = compare(data, "y", ONCE, sensitivity=False)
    assert result.units["used"].all()
    assert result.differences is None
    assert not any("with one arm only" in text for text in result.warnings)


def test_what_is_left_out_in_turn_is_analysed_as_the_whole_was():
    data = once(sites=4, teams=6, people=4)
    result = compare(data, "y", ONCE)
    assert "own difference" in result.primary
    assert np.allclose(result.leave_one_out["df"], 2)
