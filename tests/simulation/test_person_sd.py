"""Sites and teams whose people differ more: residual variances that are not equal."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import cpeval as cp
from cpeval.errors import OptionError
from cpeval.simulation import scores

# A share or mean of a draw is compared with the truth within four Monte Carlo standard errors.
MC = 4.0
# Integration by adaptive quadrature of the tabulated curve, which is linear between grid points.
QUAD = 1e-6
QUIET = {"attrition": 0, "missing": 0, "missing_ratings": 0, "goals": 0, "alters": 0}


@pytest.fixture(scope="module")
def spread():
    """The programme's teams differ twice as much as the others, and sites of 20 and of 40."""
    return cp.simulate(
        seed=5,
        sites=200,
        people=[20, 20, 40, 40] * 100,
        person_sd=[1.8, 0.9, 1.4, 0.7] * 100,
        effect=2.0,
        fidelity_effect=1.0,
        trend=1.0,
        baseline_difference=-1.0,
        resource_effect=2.0,
        icc_site=0.04,
        icc_team=0.06,
        **QUIET,
    )


def test_effects_and_trends_are_still_the_arguments(spread):
    means = spread.truth["means"].set_index(["outcome", "wave"])
    assert spread.truth["effect_swemwbs_metric"] == pytest.approx(2.0, abs=1e-9)
    assert spread.truth["effect_rg_uk"] == pytest.approx(2.0, abs=1e-9)
    metric = means.loc["swemwbs_metric"]
    assert metric["mean_comparison"].diff().iloc[1] == pytest.approx(1.0, abs=1e-9)
    assert spread.truth["person_sd"][:4] == [1.8, 0.9, 1.4, 0.7]


@pytest.mark.parametrize("wave", [0, 1])
def test_means_equal_quadrature_of_the_mixture(spread, wave):
    latent = spread.truth["latent_wellbeing"]
    shares = latent["variance_site"] + latent["variance_team"]
    model = scores.swemwbs_metric()

    def mixture(mean, first, second):
        total = 0.0
        for ratio, weight in ((first, 1 / 3), (second, 2 / 3)):
            normal = stats.norm(mean, np.sqrt(shares + (1 - shares) * ratio**2))
            part, _ = integrate.quad(lambda x: model.at(x) * normal.pdf(x), -15, 15, limit=600)  # noqa: B023
            total += weight * part
        return total

    row = spread.truth["means"].set_index(["outcome", "wave"]).loc[("swemwbs_metric", f"t{wave}")]
    usual = latent["usual"][wave]
    np.testing.assert_allclose(row["mean_comparison"], mixture(usual, 0.9, 0.7), rtol=QUAD)
    without = mixture(usual + latent["difference"], 1.8, 1.4)
    np.testing.assert_allclose(row["mean_without"], without, rtol=QUAD)


def test_a_large_draw_has_the_means_and_the_spreads(spread, scored):
    data = scored(spread)
    means = spread.truth["means"].set_index(["outcome", "wave"])
    for (wave, arm), rows in data.groupby(["wave", "arm"]):
        column = "mean_intervention" if arm == "CP" else "mean_comparison"
        # Whole sites: teams of one correlate. Each counts by its people, as in the truth.
        per = rows.groupby("trust")["metric"].agg(["sum", "count"])
        mean = per["sum"].sum() / per["count"].sum()
        rest = per["sum"] - mean * per["count"]
        error = np.sqrt((rest**2).sum()) / per["count"].sum()
        assert error < 0.15
        assert abs(mean - means.loc[("swemwbs_metric", wave), column]) < MC * error
    values = spread.truth["person_values"].merge(spread.people[["person", "team"]], on="person")
    at = values[values["wave"] == "t0"]
    squares = at.groupby("team", sort=False)["wellbeing"].var().to_numpy().reshape(-1, 4)
    own = spread.truth["latent_wellbeing"]
    left = 1 - own["variance_site"] - own["variance_team"]
    # A variance of n normal values has a relative standard error of sqrt(2 / (n - 1)).
    error = np.sqrt(2 / (np.array([20, 20, 40, 40]) - 1) / len(squares))
    expected = left * np.array([1.8, 0.9, 1.4, 0.7]) ** 2
    assert (np.abs(squares.mean(axis=0) / expected - 1) < MC * error).all()


def test_the_share_who_leave_is_the_argument():
    study = cp.simulate(
        seed=3,
        sites=100,
        people=50,
        person_sd=[0.5, 2.0] * 50,
        attrition=0.3,
        attrition_slope=-1.0,
    )
    left = 1 - study.responses.query("wave == 't1'").shape[0] / study.people.shape[0]
    assert abs(left - 0.3) < MC * np.sqrt(0.3 * 0.7 / 10_000)


@pytest.mark.parametrize("same", [1, [1.0] * 5, np.ones(10)])
def test_ones_are_the_default(same):
    usual, other = cp.simulate(seed=8), cp.simulate(seed=8, person_sd=same)
    for table in ("people", "responses", "fidelity", "goals", "services", "alters", "ties"):
        pd.testing.assert_frame_equal(getattr(usual, table), getattr(other, table))


def test_one_a_site_is_one_for_each_of_its_teams():
    by_site = cp.simulate(seed=8, person_sd=[0.5, 1, 1, 1.5, 2])
    by_team = cp.simulate(seed=8, person_sd=np.repeat([0.5, 1, 1, 1.5, 2], 2))
    pd.testing.assert_frame_equal(by_site.responses, by_team.responses)
    usual = cp.simulate(seed=8)
    pd.testing.assert_frame_equal(by_site.fidelity, usual.fidelity)
    pd.testing.assert_frame_equal(by_site.people, usual.people)
    assert not by_site.responses.equals(usual.responses)


@pytest.mark.parametrize("wrong", [0, -1, 2.5, "2", None, True, [1.0] * 3, [], float("nan")])
def test_wrong_spreads_are_named(wrong):
    with pytest.raises(OptionError) as raised:
        cp.simulate(person_sd=wrong)
    assert "person_sd: should be a number from 0.1 to 2, or a list with one a site (5 in" in str(
        raised.value
    )


def test_with_a_wrong_number_of_sites_spreads_are_not_counted():
    with pytest.raises(OptionError) as raised:
        cp.simulate(sites=0, person_sd=[1.0, 1.5])
    assert "person_sd" not in str(raised.value)
