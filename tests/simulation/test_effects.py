"""A large draw shows the effects, correlations and spreads that were asked for."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import cpeval as cp
from cpeval.simulation.goals import SERVICES

# A share or mean of a draw is compared with the truth within four Monte Carlo standard errors.
# Seeds are fixed; a right generator would fail one such comparison in some 16,000.
MC = 4.0
SWEMWBS = [f"swemwbs_{x}" for x in range(1, 8)]
RESOURCES = [f"rg_uk_{x}" for x in range(1, 28)]


def paired(table, column, at):
    """Mean difference between arms within sites, and its Monte Carlo standard error."""
    at_wave = table[table["wave"] == at]
    means = at_wave.groupby(["trust", "arm"])[column].mean().unstack()
    gap = means["CP"] - means["usual"]
    return gap.mean(), gap.std() / np.sqrt(len(gap))


@pytest.mark.parametrize(
    ("column", "outcome"),
    [
        ("raw", "swemwbs_raw"),
        ("metric", "swemwbs_metric"),
        ("rg", "rg_uk"),
    ],
)
@pytest.mark.parametrize("wave", ["t0", "t1", "t2"])
def test_effects_on_scores_are_recovered(large, large_scores, column, outcome, wave):
    means = large.truth["means"].set_index(["outcome", "wave"])
    estimate, error = paired(large_scores, column, wave)
    assert error < 0.15
    assert abs(estimate - means.loc[(outcome, wave), "effect"]) < MC * error
    usual = large_scores[(large_scores["wave"] == wave) & (large_scores["arm"] == "usual")]
    by_team = usual.groupby("team")[column].mean()
    gap = by_team.mean() - means.loc[(outcome, wave), "mean_comparison"]
    assert abs(gap) < MC * by_team.std() / np.sqrt(len(by_team))


def test_effects_are_the_arguments_on_the_scale_of_the_scores(large):
    effects = large.truth["means"].pivot_table(
        index="outcome", columns="wave", values="effect", dropna=False
    )
    expected = {
        "swemwbs_metric": [0, 2.0, 1.0],
        "rg_uk": [0, 2.5, 0.0],
        "network_size": [0, 1.0, 2.0],
    }
    for outcome, values in expected.items():
        np.testing.assert_allclose(effects.loc[outcome], values, atol=1e-9)
    np.testing.assert_allclose(effects.loc["attainment", ["t1", "t2"]].astype(float), [0.6, 0.9])
    assert large.truth["effect_swemwbs_metric"] == pytest.approx(2.0, abs=1e-9)
    assert large.truth["effect_swemwbs_raw"] == effects.loc["swemwbs_raw", "t1"]
    trend = large.truth["means"].set_index(["outcome", "wave"])["mean_comparison"]
    rise = trend["swemwbs_metric"] - trend[("swemwbs_metric", "t0")]
    np.testing.assert_allclose(rise, [0, 0.5, 1.0], atol=1e-9)


def test_effects_on_goals_networks_and_contacts_are_recovered(large):
    goals = large.joined("goals")
    sizes = large.alters.groupby(["ego", "wave"]).size().rename("n").reset_index()
    sizes = large.joined("egos").merge(sizes, on=["ego", "wave"], how="left").fillna({"n": 0})
    for wave, goal, network, ratio in (("t1", 0.6, 1.0, 0.8), ("t2", 0.9, 2.0, 0.9)):
        estimate, error = paired(goals, "attainment", wave)
        assert abs(estimate - goal) < MC * error
        estimate, error = paired(sizes, "n", wave)
        assert abs(estimate - network) < MC * error
        used = large.joined("services").query("wave == @wave")
        means = used.groupby(["trust", "arm"])["contacts"].mean().unstack()
        gap = means["CP"] - ratio * means["usual"]
        assert abs(gap.mean()) < MC * gap.std() / np.sqrt(len(gap))
    for wave in ("t0", "t1", "t2"):
        usual = sizes[(sizes["wave"] == wave) & (sizes["arm"] == "usual")]
        by_team = usual.groupby("team")["n"].mean()
        assert abs(by_team.mean() - 8) < MC * by_team.std() / np.sqrt(len(by_team))


def test_contacts_with_each_service_have_their_mean(large):
    usual = large.joined("services").query("arm == 'usual'")
    means = usual.groupby(["service", "team"])["contacts"].mean().unstack()
    for service, (mean, _) in SERVICES.items():
        by_team = means.loc[service]
        assert abs(by_team.mean() - mean) < MC * by_team.std() / np.sqrt(len(by_team))
    length = usual[usual["contacts"] > 0].groupby("service")["minutes"].median()
    expected = pd.Series({service: minutes for service, (_, minutes) in SERVICES.items()})
    # Rounded to five minutes.
    assert ((length - expected[length.index]).abs() <= 2.5).all()


def test_alters_whom_the_programme_brings_are_kin_less_often(large):
    new = large.joined("alters").query("kind == 'person'").drop_duplicates("alter")
    new = new[new["wave"] != "t0"]
    kin = (new["relation"] == "family").groupby(new["arm"]).mean()
    assert kin["CP"] < kin["usual"] - 0.15


def components(values):
    """Nested ANOVA of sites x teams x people: the variances of sites, teams, people."""
    _, b, n = values.shape
    team, site = values.mean(axis=2), values.mean(axis=(1, 2))
    within = values.var(axis=2, ddof=1).mean()
    teams = n * ((team - site[:, None]) ** 2).sum() / (len(site) * (b - 1))
    sites = b * n * site.var(ddof=1)
    return np.array([(sites - teams) / (b * n), (teams - within) / n, within])


def correlations(values):
    site, team, within = components(values)
    return np.array([site, team]) / (site + team + within)


@pytest.mark.parametrize(
    ("column", "score"),
    [
        ("raw", "swemwbs_raw"),
        ("metric", "swemwbs_metric"),
        ("rg", "rg_uk"),
    ],
)
def test_intraclass_correlations_are_recovered(large, large_scores, column, score):
    start = large_scores[large_scores["wave"] == "t0"].sort_values("person")
    values = start[column].to_numpy().reshape(400, 2, 20)
    estimate = correlations(values)
    left_out = np.array([correlations(np.delete(values, k, axis=0)) for k in range(400)])
    error = np.sqrt(399 * left_out.var(axis=0))  # jackknife over sites
    truth = [large.truth[f"{score}_icc_{level}"] for level in ("site", "team")]
    assert (error < 0.015).all()
    assert (abs(estimate - truth) < MC * error).all()
    if score != "swemwbs_raw":
        np.testing.assert_allclose(truth, [0.05, 0.08], atol=1e-9)


def test_moments_reliability_and_correlation_between_waves_are_recovered(large, large_scores):
    usual = large_scores[large_scores["arm"] == "usual"]
    start = usual[usual["wave"] == "t0"]
    for column, score in (("raw", "swemwbs_raw"), ("metric", "swemwbs_metric"), ("rg", "rg_uk")):
        # sd of an sd, generously: kurtosis and clusters double sd / sqrt(2 n).
        error = 2 * start[column].std() / np.sqrt(2 * len(start))
        assert abs(start[column].std() - large.truth[f"{score}_sd"]) < MC * error
    items = start[SWEMWBS].cov().to_numpy()
    alpha = 7 / 6 * (1 - np.trace(items) / items.sum())
    # Feldt: alpha's standard error is about (1 - alpha) sqrt(2 k / ((k - 1) n)).
    error = (1 - alpha) * np.sqrt(2 * 7 / (6 * len(start)))
    assert abs(alpha - large.truth["swemwbs_alpha"]) < MC * error
    for column, score in (("raw", "swemwbs_raw"), ("metric", "swemwbs_metric")):
        wide = usual.pivot_table(index="person", columns="wave", values=column)
        r = wide["t0"].corr(wide["t1"])
        error = 1.5 * (1 - r**2) / np.sqrt(len(wide))
        assert abs(r - large.truth[f"{score}_correlation"]) < MC * error


def test_scores_look_like_those_of_people_who_use_mental_health_services():
    truth = cp.simulate(seed=1).truth
    assert 19 <= truth["swemwbs_raw_mean"] <= 21
    assert 4.5 <= truth["swemwbs_raw_sd"] <= 5.5
    assert 0.82 <= truth["swemwbs_alpha"] <= 0.88


def test_attainment_has_the_spread_of_a_rounded_normal_value(large):
    goals = large.joined("goals").query("wave == 't1' and arm == 'usual'")
    cuts = stats.norm(-0.4, 1).cdf([-np.inf, -1.5, -0.5, 0.5, 1.5, np.inf])
    for code, chance in zip(range(-2, 3), np.diff(cuts), strict=True):
        by_team = (goals["attainment"] == code).groupby(goals["team"]).mean()
        assert abs(by_team.mean() - chance) < MC * by_team.std() / np.sqrt(len(by_team))


def test_wellbeing_goes_with_resources_and_age():
    study = cp.simulate(seed=1, sites=400, people=10, icc_site=0, icc_team=0, goals=0, alters=0)
    values = study.truth["person_values"].query("wave == 't0'").merge(study.people, on="person")
    error = 1 / np.sqrt(len(values))
    # Of each latent value .7 stays; what stays correlates .4, and .15 with age.
    r = values["wellbeing"].corr(values["resources"])
    assert abs(r - 0.7 * 0.4) < MC * error
    r = values["wellbeing"].corr(values["age"])
    assert abs(r - np.sqrt(0.7) * 0.15) < MC * error


def test_clusters_and_people_keep_as_much_as_asked_from_wave_to_wave():
    study = cp.simulate(
        seed=2,
        sites=1000,
        people=2,
        icc_site=0.1,
        icc_team=0.1,
        cluster_stability=0.5,
        person_stability=0.4,
        goals=0,
        alters=0,
        effect=0,
        trend=0,
    )
    error = MC / np.sqrt(1000)
    for level, key in (("site", "trust"), ("team", "team")):
        wide = study.truth[f"{level}_effects"].pivot_table(
            index=key, columns="wave", values=["wellbeing", "resources"]
        )
        for name in ("wellbeing", "resources"):
            assert abs(wide[name]["t0"].corr(wide[name]["t1"]) - 0.5) < error
            share = study.truth[f"latent_{name}"][f"variance_{level}"]
            assert wide[name]["t0"].var() == pytest.approx(share, rel=MC * np.sqrt(2 / 1000))
    wide = study.truth["person_values"].pivot_table(
        index="person", columns="wave", values="wellbeing"
    )
    clusters = sum(study.truth["latent_wellbeing"][f"variance_{x}"] for x in ("site", "team"))
    expected = clusters * 0.5 + (1 - clusters) * 0.4
    assert abs(wide["t0"].corr(wide["t1"]) - expected) < error


def test_fidelity_adds_what_was_asked_for(large):
    values = large.truth["person_values"].merge(large.people, on="person")
    treated = values[(values["wave"] == "t1") & (values["arm"] == "CP")]
    # The regression of the true score on fidelity: for normal values its slope is the mean
    # derivative (Stein's lemma). Teams are the clusters of the standard error.
    x = treated["fidelity"] - treated["fidelity"].mean()
    slope = (x * treated["swemwbs_metric"]).sum() / (x**2).sum()
    residual = treated["swemwbs_metric"] - treated["swemwbs_metric"].mean() - slope * x
    by_team = (x * residual).groupby(treated["team"]).sum()
    error = np.sqrt((by_team**2).sum()) / (x**2).sum()
    assert abs(slope - 1.5) < MC * error


def test_answers_give_the_true_scores_of_people(large, large_scores):
    values = large.truth["person_values"].merge(large_scores, on=["person", "wave"])
    for true, column in (("swemwbs_raw", "raw"), ("swemwbs_metric", "metric"), ("rg_uk", "rg")):
        # By person, since a person keeps resources from wave to wave.
        gap = (values[column] - values[true]).groupby(values["person"]).mean()
        assert abs(gap.mean()) < MC * gap.std() / np.sqrt(len(gap))


def test_realised_effects_are_those_of_the_teams(large):
    teams = large.truth["team_effects"]
    at_first = teams[(teams["wave"] == "t1") & (teams["arm"] == "CP")]
    for score in ("swemwbs_raw", "swemwbs_metric", "rg_uk"):
        realised = large.truth[f"realised_effect_{score}"]
        assert at_first[f"effect_{score}"].mean() == pytest.approx(realised)
        error = at_first[f"effect_{score}"].std() / np.sqrt(len(at_first))
        assert abs(realised - large.truth[f"effect_{score}"]) < MC * error
    untouched = teams[(teams["arm"] == "usual") | (teams["wave"] == "t0")]
    assert (untouched.filter(like="effect_") == 0).all(axis=None)


def test_no_effect_is_none_for_anyone():
    study = cp.simulate(seed=1, effect=0, resource_effect=0)
    teams = study.truth["team_effects"]
    assert (teams.filter(like="effect_") == 0).all(axis=None)
    assert study.truth["effect_swemwbs_raw"] == 0


def test_arms_that_differ_at_baseline_do_so_by_what_was_asked_and_the_effect_is_apart(scored):
    study = cp.simulate(
        seed=5, sites=400, baseline_difference=1.5, effect=1.0, attrition=0, missing=0
    )
    table = scored(study)
    for wave, gap in (("t0", 1.5), ("t1", None)):
        means = study.truth["means"].set_index(["outcome", "wave"]).loc[("swemwbs_metric", wave)]
        true = means["mean_intervention"] - means["mean_comparison"]
        estimate, error = paired(table, "metric", wave)
        assert abs(estimate - true) < MC * error
        if gap is not None:
            assert true == pytest.approx(gap)
    assert study.truth["effect_swemwbs_metric"] == pytest.approx(1.0)


def test_resources_form_a_mokken_scale_with_items_in_one_order(large):
    start = large.responses[large.responses["wave"] == "t0"]
    access = start[RESOURCES].to_numpy()
    p, joint = access.mean(axis=0), access.T @ access / len(access)
    easier, harder = np.maximum.outer(p, p), np.minimum.outer(p, p)
    most = harder * (1 - easier)  # the largest covariance that the two margins allow
    pairs = np.triu_indices(27, 1)
    h_pairs = ((joint - np.outer(p, p)) / most)[pairs]
    # Mokken's definition: covariances are positive, and each item scales at 0.3 or more.
    assert h_pairs.min() > 0
    covariance = joint - np.outer(p, p)
    off = ~np.eye(27, dtype=bool)
    h_items = (covariance * off).sum(axis=1) / (most * off).sum(axis=1)
    assert h_items.min() > 0.3
    total = access.sum(axis=1)
    for group in (total < 9, (total >= 9) & (total < 18), total >= 18):
        shares = access[group].mean(axis=0)
        error = np.sqrt(2 * 0.25 / group.sum())
        assert (np.diff(shares) < MC * error).all()


def test_resources_stay_with_people_and_the_programme_brings_weak_ties(large):
    table = large.data
    wide = {w: table[table["wave"] == w].reset_index(drop=True) for w in ("t0", "t1")}
    kept = gained = 0
    new = {"CP": [], "usual": []}
    for name in RESOURCES:
        had, has = (wide[w][name] == 1 for w in ("t0", "t1"))
        through = [wide[w][f"{name}_relation"] for w in ("t0", "t1")]
        assert (through[0] == through[1])[had & has].all()
        kept, gained = kept + (had & has).sum(), gained + (~had & has).sum()
        for arm, relations in new.items():
            relations += list(through[1][~had & has & (wide["t1"]["arm"] == arm)])
    assert kept > 2 * gained
    weak = {arm: np.mean([r == "acquaintance" for r in rel]) for arm, rel in new.items()}
    assert weak["CP"] > weak["usual"] + 0.1
