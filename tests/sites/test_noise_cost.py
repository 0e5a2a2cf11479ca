"""What noise costs is what it does to estimates from files with noise."""

import matplotlib as mpl
import numpy as np
import pytest

import cpeval as cp
from cpeval.errors import OptionError
from cpeval.moments import SiteMoments

from ..moments.site_moments.test_noise import made

FORMULA = "y ~ new + base"
BOUNDS = {"new": (0, 1), "base": (14, 70), "y": (-10, 30)}


@pytest.fixture(scope="module")
def moments():
    return SiteMoments.from_data(made(12_000, 12), FORMULA, site="trust", bounds=BOUNDS)


def files(moments, folder, draws, **options):
    """Estimates and errors by cluster from files that were really written and read."""
    tables = []
    for seed in range(draws):
        path = moments.to_json(folder / "m.json", seed=seed, **options)
        tables.append(cp.sites.linear(SiteMoments.from_json(path)).table)
    return (np.array([table[name] for table in tables]) for name in ("estimate", "se"))


def test_cost_is_what_files_with_noise_show(moments, tmp_path):
    estimates, errors = files(moments, tmp_path, 200, epsilon=2)
    exact = cp.sites.linear(moments).table
    found = cp.sites.noise_cost(moments, epsilon=2, draws=400, seed=1)
    size = np.sqrt(((estimates - exact["estimate"].to_numpy()) ** 2).mean(axis=0))
    # 200 and 400 draws: their standard deviations differ by a share of .06.
    np.testing.assert_allclose(found.table["noise"], size, rtol=0.2)
    growth = np.sqrt(1 + (size / exact["se"].to_numpy()) ** 2)
    np.testing.assert_allclose(found.table["growth"], growth, rtol=0.2)
    assert (found.table["growth"] > 1.2).all()
    # What the warning of estimators says: errors by cluster take most of the noise in.
    whole = np.sqrt(exact["se"] ** 2 + size**2)
    np.testing.assert_allclose(np.sqrt((errors**2).mean(axis=0)), whole, rtol=0.25)


def test_more_privacy_costs_more_and_more_people_less(moments):
    growth = [
        cp.sites.noise_cost(moments, epsilon=epsilon, seed=1).table["growth"]
        for epsilon in (8, 2, 0.5)
    ]
    assert (growth[0] < growth[1]).all()
    assert (growth[1] < growth[2]).all()
    many = SiteMoments.from_data(made(120_000, 12), FORMULA, site="trust", bounds=BOUNDS)
    cost = cp.sites.noise_cost(many, epsilon=2, seed=1).table["growth"]
    assert (cost < growth[1]).all()


def test_noise_of_no_account_costs_nothing(moments):
    found = cp.sites.noise_cost(moments, epsilon=1e6, draws=20, seed=1)
    np.testing.assert_allclose(found.table["growth"], 1, atol=1e-3)
    assert found.warnings == ()


def test_what_is_dear_biased_or_drowned_is_said():
    small = SiteMoments.from_data(made(240, 6), FORMULA, site="trust", bounds=BOUNDS)
    found = cp.sites.noise_cost(small, epsilon=0.2, seed=1)
    text = " ".join(found.warnings)
    assert "much less precise: 'Intercept', 'new', 'base'" in text
    assert f"drown {found.n_drowned} units" in text
    assert "bias" in text
    assert 1 <= found.n_drowned <= 6


def test_terms_that_are_constant_and_models_without_intercept(moments):
    data = made(12_000, 12).assign(same=1)
    bounds = BOUNDS | {"same": (0, 2)}
    constant = SiteMoments.from_data(data, FORMULA + " + same", site="trust", bounds=bounds)
    found = cp.sites.noise_cost(constant, epsilon=2, draws=50, seed=1)
    assert list(found.table["term"]) == ["Intercept", "new", "base"]
    without = SiteMoments.from_data(data, "y ~ 0 + new + base", site="trust", bounds=BOUNDS)
    found = cp.sites.noise_cost(without, epsilon=1e6, draws=5, seed=1)
    np.testing.assert_allclose(found.table["noise"], 0, atol=1e-3)


def test_one_site_has_classical_errors(moments):
    one = SiteMoments.from_data(made(3000, 1), FORMULA, site="trust", bounds=BOUNDS)
    found = cp.sites.noise_cost(one, epsilon=2, draws=50, vcov="classical", seed=1)
    assert (found.table["growth"] > 1).all()


def test_the_plot_shows_growth(moments):
    mpl.use("Agg")
    found = cp.sites.noise_cost(moments, epsilon=2, draws=20, seed=1)
    ax = found.plot()
    np.testing.assert_array_equal(ax.lines[-1].get_xdata(), found.table["growth"])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list(found.table["term"])


def test_options_are_checked(moments):
    for draws in (1, 2.5, True):
        with pytest.raises(OptionError, match="'draws'"):
            cp.sites.noise_cost(moments, epsilon=1, draws=draws)
    with pytest.raises(OptionError, match="'epsilon'"):
        cp.sites.noise_cost(moments, epsilon=0)
    with pytest.raises(OptionError, match="first argument should be moments"):
        cp.sites.noise_cost([1], epsilon=1)
    bare = SiteMoments.from_data(made(), FORMULA, site="trust")
    with pytest.raises(OptionError, match="between which values"):
        cp.sites.noise_cost(bare, epsilon=1)
