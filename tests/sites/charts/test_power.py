"""Power equals WebPower's manual and R's power.t.test; simulation agrees with the formula."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

import cpeval as cp
from cpeval.errors import OptionError
from cpeval.moments.site_moments import SiteMoments
from cpeval.sites import power
from cpeval.sites.power_designs import Design
from cpeval.sites.power_simulation import cluster_means_test, skeleton

#: Printed with seven decimals.
ATOL_PRINTED = 5e-8
#: R's and scipy's noncentral t agree to about 1e-10.
RTOL = 1e-8


def row(**call):
    return power(**call).table.iloc[0]


# Manual of R's WebPower, wp.crt2arm(f = 0.6, n = seq(20, 100, 10), J = 10, icc = 0.1).
WEBPOWER = [0.5901684, 0.6365313, 0.6620030, 0.6780525, 0.6890755]
WEBPOWER += [0.6971076, 0.7032181, 0.7080217, 0.7118967]


def test_equals_webpowers_manual():
    found = [row(icc=0.1, effect=0.6, sites=10, people=n)["estimate"] for n in range(20, 101, 10)]
    np.testing.assert_allclose(found, WEBPOWER, atol=ATOL_PRINTED)
    # wp.crt2arm(f = 0.8, n = NULL, J = 10, icc = 0.1, power = 0.8): n is 16.02558.
    assert row(icc=0.1, effect=0.8, sites=10, power=0.8)["people"] == 17


# R 4.2.2, power.t.test(…, strict = TRUE)$power, with sd from the formula for one cluster's mean.
R_VALUES = [
    # n = 5, delta = .5, sd = sqrt(2 * (.05 + .95 / 15)), type = "paired"
    (
        {"icc": 0.05, "sites": 5, "teams": 2, "people": 15, "arm": "within", "effect": 0.5},
        0.4334618293524231,
    ),
    # n = 10, delta = .5, sd = sqrt(2 * (.05 + .85 / 15)), type = "paired"
    (
        {"icc": (0.1, 0.05), "sites": 10, "teams": 2, "people": 15, "arm": "within", "effect": 0.5},
        0.8603504042328004,
    ),
    # n = 25, delta = .5, sd = 1
    ({"icc": 0.2, "sites": 50, "people": 1, "effect": 0.5}, 0.4101003324423537),
    # n = 4, delta = 3, sd = 10 * sqrt(.05 + .95 / 15)
    ({"icc": 0.05, "sites": 8, "people": 15, "effect": 3, "sd": 10}, 0.1871484314413128),
]


@pytest.mark.parametrize(("call", "expected"), R_VALUES)
def test_equals_power_t_test_of_cluster_means(call, expected):
    np.testing.assert_allclose(row(**call)["estimate"], expected, rtol=RTOL)


def test_the_effect_that_is_looked_for_equals_r():
    # power.t.test(n = 5, power = .8, sd = sqrt(2 * (.05 + .95 / 15)), type = "paired")$delta
    call = {"icc": 0.05, "sites": 5, "teams": 2, "people": 15, "arm": "within", "power": 0.8}
    np.testing.assert_allclose(row(**call)["effect"], 0.8007907299589156, rtol=1e-7)
    np.testing.assert_allclose(row(**call)["estimate"], 0.8, rtol=1e-9)


def test_design_effect_is_the_textbooks():
    found = power(icc=0.05, effect=0.5, sites=10, people=20)
    np.testing.assert_allclose(found.design_effect, 1 + 19 * 0.05)


def test_a_covariate_takes_its_share_and_one_df():
    plain = row(icc=0.1, effect=0.6, sites=10, people=20)
    both = row(icc=0.1, effect=0.6, sites=10, people=20, covariate_r2=0.5)
    assert both["df"] == plain["df"] - 1
    v = 4 / 10 * (0.1 + 0.9 / 20)
    shift, edge = 0.6 / np.sqrt(v / 2), stats.t.isf(0.025, 7)
    expected = stats.nct.sf(edge, 7, shift) + stats.nct.cdf(-edge, 7, shift)
    np.testing.assert_allclose(both["estimate"], expected, rtol=1e-9)


DESIGNS = st.fixed_dictionaries(
    {
        "icc": st.floats(0, 0.3),
        "sites": st.integers(3, 15).map(lambda k: 2 * k),
        "people": st.integers(1, 40).map(lambda k: 2 * k),
        "effect": st.floats(0.05, 1),
        "arm": st.sampled_from(["between", "within"]),
        "teams": st.sampled_from([None, 2, 4]),
    }
)


@settings(deadline=None, max_examples=25)
@given(call=DESIGNS, a=st.floats(0.01, 100))
def test_power_grows_with_all_but_the_icc_and_has_no_unit(call, a):
    one = row(**call)["estimate"]
    assert call["effect"] < 1e9
    for name in ("effect", "people", "sites"):
        assert row(**{**call, name: 2 * call[name]})["estimate"] >= one - 1e-9
    scaled = row(**{**call, "effect": a * call["effect"], "sd": a})
    np.testing.assert_allclose(scaled["estimate"], one, rtol=1e-7)
    if call["arm"] == "between":
        assert row(**{**call, "icc": call["icc"] + 0.1})["estimate"] <= one + 1e-9


@settings(deadline=None, max_examples=15)
@given(call=DESIGNS, wanted=st.sampled_from(["sites", "people", "effect"]))
def test_what_is_looked_for_is_the_least(call, wanted):
    call = {k: v for k, v in call.items() if k != wanted}
    found = power(power=0.8, **call)
    value = found.table[wanted].iloc[0]
    if np.isinf(value):
        assert any("No number of" in text for text in found.warnings)
        return
    assert found.table["estimate"].iloc[0] >= 0.8 - 1e-9
    step = {"effect": 0.01 * value, "sites": 2, "people": 2}[wanted]
    less = value - step if wanted == "effect" else int(value) - step
    if less >= 2 or wanted == "effect":
        try:
            lower = row(**{**call, wanted: less})["estimate"]
        except OptionError:  # no degrees of freedom
            return
        assert lower < 0.8


#: 4 standard errors of a simulated share: chance alone exceeds it once in 16,000.
MANY = 4


@pytest.mark.parametrize(
    "call",
    [
        {"icc": 0.1, "sites": 8, "people": 10, "effect": 0.7},
        {"icc": 0.1, "sites": 8, "people": 10, "effect": 0.5, "covariate_r2": (0.6, 0.3)},
        {"icc": (0.05, 0.1), "sites": 6, "teams": 2, "people": 8, "effect": 0.6},
        {"icc": (0.1, 0.05), "sites": 5, "teams": 2, "people": 15, "arm": "within", "effect": 0.6},
        {"icc": 0.2, "sites": 3, "people": 20, "arm": "within", "effect": 0.6},
    ],
)
def test_simulation_agrees_with_the_formula(call):
    table = power(**call, draws=600, seed=5).table
    formula, found, null = (table.iloc[k] for k in range(3))
    error = np.sqrt(formula["estimate"] * (1 - formula["estimate"]) / 600)
    # With a covariate the formula takes its slope as if known, but for one df: a little high.
    slack = 0.04 if "covariate_r2" in call else 0
    assert abs(found["estimate"] - formula["estimate"]) < MANY * error + slack
    assert null["effect"] == 0
    assert abs(null["estimate"] - 0.05) < MANY * np.sqrt(0.05 * 0.95 / 600)
    assert found["ci_low"] < found["estimate"] < found["ci_high"]


def test_cluster_means_test_is_scipys():
    design = Design(
        sites=6, people=4, teams=2, within=True, site_icc=0.1, team_icc=0.1, sd=1,
        r2_clusters=0, r2_people=0,
    )  # fmt: skip
    rng = np.random.default_rng(2)
    data = skeleton(design).assign(covariate=0.0, y=lambda d: rng.normal(size=len(d)))
    means = data.groupby(["site", "arm"])["y"].mean().unstack()
    expected = stats.ttest_rel(means[1], means[0]).pvalue
    np.testing.assert_allclose(cluster_means_test(data, design), expected, rtol=1e-10)
    whole = Design(
        sites=6, people=4, teams=None, within=False, site_icc=0.1, team_icc=0, sd=1,
        r2_clusters=0, r2_people=0,
    )  # fmt: skip
    data = skeleton(whole).assign(covariate=0.0, y=lambda d: rng.normal(size=len(d)))
    means = data.groupby(["arm", "site"])["y"].mean()
    expected = stats.ttest_ind(means[1], means[0]).pvalue
    np.testing.assert_allclose(cluster_means_test(data, whole), expected, rtol=1e-10)


def test_takes_the_very_test_that_will_be_used():
    def cr2(data):
        moments = SiteMoments.from_data(data, "y ~ arm", site="site")
        return cp.sites.linear(moments).table["p"].iloc[1]

    call = {"icc": 0.1, "sites": 10, "people": 10, "effect": 0.8}
    table = power(**call, draws=60, seed=1, test=cr2).table
    again = power(**call, draws=60, seed=1, test=cr2).table
    pd.testing.assert_frame_equal(table, again)
    # Sites of equal size: CR2 with its df is the t test of their means.
    same = power(**call, draws=60, seed=1).table
    pd.testing.assert_frame_equal(table, same)


def test_a_test_that_errs_too_often_is_named():
    def naive(data):
        return stats.ttest_ind(
            data.loc[data["arm"] == 1, "y"], data.loc[data["arm"] == 0, "y"]
        ).pvalue

    found = power(icc=0.2, sites=8, people=20, effect=0.5, draws=200, seed=1, test=naive)
    assert any("more often than the 5 % that it says" in text for text in found.warnings)


def test_a_test_without_a_p_value_is_counted():
    found = power(icc=0.2, sites=8, people=20, effect=0.5, draws=5, test=lambda data: np.nan)
    assert found.table["failed"].tolist() == [0, 5, 5]
    assert any("no p value in 5 of 5 studies" in text for text in found.warnings)


GOOD = {"icc": 0.05, "effect": 0.5, "sites": 10, "people": 15}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"effect": None}, "Leave out exactly one of .* Left out: effect, power"),
        ({"power": 0.8}, "Left out: none"),
        ({"effect": 0}, "'effect' must be a number and not be 0"),
        ({"effect": "0.5"}, "'effect'"),
        ({"sd": -1}, "'sd' must be above 0"),
        ({"level": 5}, "'level' must be between 0 and 1"),
        ({"sites": 9.5}, "'sites' must be a whole number above 0. Got 9.5"),
        ({"people": 0}, "'people' must be a whole number"),
        ({"sites": 1}, "'sites' must be 2 or more"),
        ({"sites": 2}, "no degrees of freedom for a test: at least 3"),
        ({"teams": 3, "arm": "within"}, "'teams' must be even"),
        ({"arm": "cluster"}, "'arm' must be one of 'between', 'within'"),
        ({"icc": 1}, "'icc' must be from 0 to below 1"),
        ({"icc": (0.1, 0.1)}, "between teams needs teams="),
        ({"icc": (0.6, 0.5), "teams": 2}, "add up to less than 1"),
        ({"covariate_r2": 1.5}, "'covariate_r2' must be from 0"),
        ({"test": lambda data: 1.0}, "are for simulation"),
        ({"test": 3, "draws": 5}, "'test' must be a function"),
        ({"test": lambda data: "0.2", "draws": 5}, "must return a p value"),
        ({"test": lambda data: 2.0, "draws": 5}, "must return a p value"),
    ],
)  # fmt: skip
def test_refuses(change, says):
    with pytest.raises(OptionError, match=says):
        power(**{**GOOD, **change})


def test_no_number_of_people_is_enough_where_sites_are_few():
    found = power(icc=0.1, effect=0.6, sites=10, power=0.8)
    assert np.isinf(found.table["people"].iloc[0])
    assert any("nears 0.75" in text for text in found.warnings)


def test_few_degrees_of_freedom_are_said():
    found = power(icc=0.05, effect=0.5, sites=5, teams=2, people=15, arm="within")
    assert any(text.startswith("4 degrees of freedom") for text in found.warnings)


def test_plot_draws_the_curves_and_the_design():
    from matplotlib.figure import Figure

    found = power(**GOOD, draws=10, seed=1)
    ax = found.plot(ax=Figure().subplots())
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["5 sites", "10 sites", "20 sites"]
    assert 15 in ax.lines[-1].get_xdata()
    infinite = power(icc=0.1, effect=0.6, sites=10, power=0.8)
    assert infinite.plot(ax=Figure().subplots()).has_data()
