"""Profiles: means and intervals against other software, closed forms and calculation by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats
from statsmodels.formula.api import ols

import cpeval as cp
from cpeval.errors import ColumnError, LevelError, OptionError, TooFewError
from cpeval.fidelity.place_means import mean_of_places, place_means

from .rated import FID, ITEMS, STUDY, ratings, score

# Closed forms on both sides, in other orders of summing.
RTOL = 1e-9


def agreed(data, **changes):
    return cp.fidelity.triangulate(score(data), **changes)


def units(seed, sizes, spread=0.5):
    """Draw units in teams of the sizes given, two teams a site; ``spread`` is the teams' sd."""
    rng = np.random.default_rng(seed)
    team = np.repeat(np.arange(len(sizes)), sizes)
    y = 3 + spread * rng.standard_normal(len(sizes))[team] + rng.standard_normal(team.size)
    return pd.DataFrame({"y": y, "team": team, "site": team // 2})


def made(data, *, pooled):
    n_sites = data["site"].max() + 1
    columns = (data[name].to_numpy() for name in ("y", "site", "team"))
    return place_means(*columns, n_sites, pooled=pooled)


def test_teams_of_one_size_are_the_analysis_of_variance_of_their_means():
    data = units(1, [6] * 10, spread=1.5)
    found = made(data, pooled=True)
    means = data.groupby(["site", "team"], as_index=False)["y"].mean()
    fit = ols("y ~ C(site) - 1", means).fit()
    low, high = found.interval(0.95, None)
    np.testing.assert_allclose(found.estimate, fit.params, rtol=RTOL)
    np.testing.assert_allclose(found.se, fit.bse, rtol=RTOL)
    np.testing.assert_array_equal(found.df, np.full(5, 5.0))
    np.testing.assert_allclose(np.column_stack([low, high]), fit.conf_int(), rtol=RTOL)


@pytest.mark.parametrize("seed", range(4))
def test_uneven_teams_are_the_components_of_a_nested_analysis_of_variance(seed):
    sizes = np.array([3, 9, 5, 5, 2, 12, 7, 4])
    data = units(seed, sizes)
    found = made(data, pooled=True)
    site = np.arange(8) // 2
    units_of = np.bincount(site, weights=sizes)
    teams = ols("y ~ C(team)", data).fit().ssr
    within = teams / (sizes.sum() - 8)
    between = (ols("y ~ C(site)", data).fit().ssr - teams) / 4
    # Expected mean squares (Searle and others 1992): within + k x between teams.
    squares = np.bincount(site, weights=sizes**2)
    k = (units_of - squares / units_of).sum() / 4
    component = (between - within) / k
    variance = component * squares / units_of**2 + within / units_of
    expected = np.sqrt(np.maximum(variance, within / units_of))
    np.testing.assert_allclose(found.se, expected, rtol=RTOL)
    np.testing.assert_allclose(found.estimate, data.groupby("site")["y"].mean(), rtol=RTOL)


@given(
    seed=st.integers(0, 1000),
    sizes=st.lists(st.integers(1, 9), min_size=2, max_size=6),
)
@settings(max_examples=20)
def test_own_teams_are_cr2_in_its_closed_form(seed, sizes):
    data = units(seed, sizes).assign(site=0)
    found = made(data, pooled=False)
    n = np.array(sizes)
    share = n / n.sum()
    means = data.groupby("team")["y"].mean().to_numpy()
    part = share**2 / (1 - share)
    variance = (part * (means - data["y"].mean()) ** 2).sum()
    df = 1 / ((share**2).sum() + part.sum() ** 2 - (part**2).sum())
    np.testing.assert_allclose(found.se, [np.sqrt(variance)], rtol=1e-8)
    np.testing.assert_allclose(found.df, [df], rtol=1e-8)


@given(seed=st.integers(0, 1000), pooled=st.booleans(), a=st.floats(0.01, 100))
@settings(max_examples=20)
def test_order_and_unit_do_not_matter(seed, pooled, a):
    data = units(seed, [3, 4, 2, 6])
    one, two = (
        made(x, pooled=pooled)
        for x in (data, data.sample(frac=1, random_state=seed).assign(y=lambda d: a * d["y"] + 7))
    )
    np.testing.assert_allclose(two.estimate, a * one.estimate + 7, rtol=1e-8)
    np.testing.assert_allclose(two.se, a * one.se, rtol=1e-6)
    np.testing.assert_allclose(two.df, one.df, rtol=1e-6)


def test_the_programme_is_t_on_sites():
    sites = np.array([3.0, 4.5, 2.5, 4.0])
    mean, se, df = mean_of_places(sites)
    low, high = stats.ttest_1samp(sites, 0).confidence_interval(0.95)
    half = stats.t.isf(0.025, df) * se
    np.testing.assert_allclose([mean - half, mean + half], [low, high], rtol=RTOL)


def test_a_profile_is_of_units_in_teams_in_sites():
    data = ratings(3, sites=4, teams=3, people=5)
    one = agreed(data)
    table = cp.fidelity.profile(one, by="team").table
    last = one.table[(one.table["wave"] == "t1") & (one.table["scale"] == "fid")]
    last = last.dropna(subset=["estimate"])
    total = table[table["scale"] == "fid"].set_index(["term", "site", "team"])
    by_site = last.groupby("site")["estimate"]
    sites = total.loc["site"].reset_index()
    np.testing.assert_allclose(sites["estimate"], by_site.mean(), rtol=RTOL)
    assert sites["n"].tolist() == by_site.size().tolist()
    assert sites["n_clusters"].tolist() == [3] * 4
    by_team = last.groupby(["site", "team"])["estimate"]
    teams = total.loc["team"]
    np.testing.assert_allclose(teams["estimate"], by_team.mean(), rtol=RTOL)
    assert teams.index.tolist() == by_team.mean().index.tolist()
    whole = total.loc["programme"].iloc[0]
    low, high = stats.ttest_1samp(by_site.mean(), 0).confidence_interval(0.95)
    np.testing.assert_allclose(whole[["ci_low", "ci_high"]].astype(float), [low, high], rtol=RTOL)
    assert whole["n"] == len(last)


def test_items_of_the_map_are_means_over_units():
    one = agreed(ratings(3))
    made = cp.fidelity.profile(one)
    items = one.items[one.items["wave"] == "t1"]
    by = items.groupby(["site", "item"])["estimate"]
    np.testing.assert_allclose(made.items["estimate"], by.mean(), rtol=RTOL)
    assert made.items["n"].tolist() == by.count().tolist()
    ax = made.heat_map()
    assert [text.get_text() for text in ax.texts] == [
        f"{x:.1f}" for x in by.mean().unstack("site").to_numpy().ravel()
    ]


def test_the_occasion_is_the_last_unless_said():
    one = agreed(ratings(3))
    assert cp.fidelity.profile(one).occasion == "t1"
    first = cp.fidelity.profile(one, occasion="t0")
    assert first.occasion == "t0"
    assert not first.table["estimate"].equals(cp.fidelity.profile(one).table["estimate"])
    with pytest.raises(OptionError, match=r"no occasion 't2'\. Occasions: 't0', 't1'"):
        cp.fidelity.profile(one, occasion="t2")
    # As the study orders its waves, not as text.
    study = replace(STUDY, baseline="t1", follow_up="t0")
    data = ratings(3)
    turned = cp.fidelity.triangulate(data, FID, study, informant="informant", assessor="assessor")
    assert cp.fidelity.profile(turned).occasion == "t0"


def test_a_site_with_two_units_is_warned_of_and_small():
    data = ratings(3, sites=3, teams=2, people=4, gaps=0)
    two = data[(data["site"] != "S1") | data["id"].isin(["p008", "p009"])]
    made = cp.fidelity.profile(agreed(two))
    table = made.table.set_index(["site", "scale"])
    assert table.loc[("S1", "fid"), "n"] == 2
    assert table.loc[("S1", "fid"), "small"]
    assert not table.loc[("S0", "fid"), "small"]
    assert any("'S1'" in text and "weak" in text for text in made.warnings)
    assert any("don't share" in text and "'S1'" in text for text in made.warnings)
    # From its own one team there is no interval at all.
    own = cp.fidelity.profile(agreed(two), spread="own").table.set_index(["site", "scale"])
    assert np.isnan(own.loc[("S1", "fid"), ["se", "ci_low"]].astype(float)).all()


def test_sites_of_one_team_say_what_their_interval_is_of():
    data = ratings(3, teams=1)
    made = cp.fidelity.profile(agreed(data))
    assert any("No site has two teams" in text for text in made.warnings)
    sites = made.table.query("term == 'site' and scale == 'fid'")
    assert (sites["n_clusters"] == sites["n"]).all()


def test_a_study_without_sites_lists_teams():
    data = ratings(3).drop(columns="site")
    data["team"] = data["team"] + data["id"].str[1:3]
    study = cp.Study(person="id", team="team", wave="wave")
    one = cp.fidelity.triangulate(data, FID, study, informant="informant", assessor="assessor")
    table = cp.fidelity.profile(one).table
    assert table.loc[table["term"] == "team", "team"].notna().all()
    assert set(table["term"]) == {"programme", "team"}


def test_both_arms_are_warned_of():
    data = ratings(3).assign(arm=lambda d: np.where(d["team"] == "T0", "new", "usual"))
    study = replace(STUDY, arm="arm", intervention="new")
    one = cp.fidelity.triangulate(data, FID, study, informant="informant", assessor="assessor")
    assert any("several arms" in text for text in cp.fidelity.profile(one).warnings)


def test_intervals_stay_on_the_scale():
    data = ratings(3, people=2, gaps=0)
    table = cp.fidelity.profile(agreed(data), spread="own").table
    total = table[table["scale"] == "fid"]
    assert total["ci_low"].min() == 1
    assert total["ci_high"].max() == 5


def test_units_without_a_place_are_counted():
    data = ratings(3)
    data.loc[data["id"] == "p000", "site"] = None
    data.loc[data["id"] == "p001", "team"] = None
    made = cp.fidelity.profile(agreed(data))
    assert "Left out: 1 without 'site', 1 without 'team'." in made.warnings


def test_no_spread_is_no_interval():
    data = ratings(3).assign(**dict.fromkeys(ITEMS, 3))
    table = cp.fidelity.profile(agreed(data)).table
    assert table[["se", "df", "ci_low", "ci_high"]].isna().all(axis=None)
    assert set(table["estimate"]) == {3.0, 6.0}


def test_arguments_that_are_wrong_are_said():
    one = agreed(ratings(3))
    with pytest.raises(OptionError, match=r"what cp\.fidelity\.triangulate returns\. Got DataF"):
        cp.fidelity.profile(one.table)
    with pytest.raises(OptionError, match="'by' must be one of"):
        cp.fidelity.profile(one, by="person")
    with pytest.raises(OptionError, match="'spread' must be one of"):
        cp.fidelity.profile(one, spread="all")
    with pytest.raises(LevelError):
        cp.fidelity.profile(one, level=95)
    none = agreed(ratings(3).assign(**dict.fromkeys(ITEMS, np.nan)))
    with pytest.raises(TooFewError, match="No unit has a score at 't1'"):
        cp.fidelity.profile(none)
    bare = ratings(3).drop(columns=["site", "team"])
    with pytest.raises(ColumnError, match="A profile needs sites or teams"):
        cp.fidelity.profile(agreed(bare))
    with pytest.raises(ColumnError, match="by='team' needs a column of teams"):
        cp.fidelity.profile(agreed(ratings(3).drop(columns="team")), by="team")
    once = ratings(3).query("wave == 't0'").drop(columns="wave")
    with pytest.raises(OptionError, match="no occasions"):
        cp.fidelity.profile(agreed(once), occasion="t0")


@pytest.mark.parametrize("sites", [2, 9])
def test_the_plot_shows_programme_and_sites(sites):
    made = cp.fidelity.profile(agreed(ratings(3, sites=sites, people=2)))
    ax = made.plot()
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == (["Programme", "S0", "S1"] if sites == 2 else ["Programme", "9 sites"])
