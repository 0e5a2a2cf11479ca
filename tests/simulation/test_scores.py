"""The item response models, against other ways to compute what they say."""

import itertools

import numpy as np
import pytest
from scipy import integrate, stats

from cpeval.simulation import scores


def test_the_metric_table_is_the_shipped_one(metric):
    assert dict(zip(range(7, 36), scores.SWEMWBS_METRIC, strict=True)) == metric


@pytest.mark.parametrize("latent", [-2.0, 0.0, 1.0])
def test_the_distribution_of_the_raw_score_is_that_of_all_78125_patterns(latent):
    steps = scores.SWEMWBS_LOCATIONS[:, None] + scores.SWEMWBS_STEPS
    above = 1 / (1 + np.exp(-scores.SWEMWBS_SLOPES[:, None] * (latent - steps)))
    chance = -np.diff(np.column_stack([np.ones(7), above, np.zeros(7)]), axis=1)
    expected = np.zeros(29)
    for pattern in itertools.product(range(5), repeat=7):
        expected[sum(pattern)] += np.prod(chance[np.arange(7), pattern])
    at = np.searchsorted(scores.GRID, latent - 1e-9)
    np.testing.assert_allclose(scores.swemwbs_distribution()[at], expected, rtol=1e-10)


# Integration by adaptive quadrature of the tabulated curve, which is linear between grid points.
QUAD = 1e-6


@pytest.mark.parametrize(
    "model", [scores.swemwbs_metric(), scores.swemwbs_raw(), scores.resources()]
)
@pytest.mark.parametrize(("mean", "variance"), [(0.0, 1.0), (0.7, 1.3)])
def test_means_and_slopes_equal_quadrature(model, mean, variance):
    normal = stats.norm(mean, np.sqrt(variance))
    value, _ = integrate.quad(lambda x: model.at(x) * normal.pdf(x), -8, 8, limit=400)
    np.testing.assert_allclose(model.mean(mean, variance), value, rtol=QUAD)
    step = 1e-4
    rise = model.mean(mean + step, variance) - model.mean(mean - step, variance)
    np.testing.assert_allclose(model.slope(mean, variance), rise / (2 * step), rtol=QUAD)


@pytest.mark.parametrize("correlation", [0.05, 0.5, 0.9])
def test_covariances_equal_two_dimensional_quadrature(correlation):
    x, weight = np.polynomial.hermite_e.hermegauss(120)
    weight = weight / weight.sum()
    y = correlation * x[:, None] + np.sqrt(1 - correlation**2) * x
    for model in (scores.swemwbs_metric(), scores.resources()):
        g, mean = model.at(x), float(model.mean(0.0))
        expected = weight @ ((g - mean) * ((model.at(y) - mean) @ weight))
        np.testing.assert_allclose(model.covariance(correlation), expected, rtol=1e-5)
