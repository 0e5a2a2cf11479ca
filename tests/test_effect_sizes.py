import math

import numpy as np
import pytest
from scipy import stats

from cpeval.effect_sizes import hedges_j, noncentrality_interval

# The quadrature below and scipy's noncentral t both hold about 12 digits.
RTOL = 1e-9


def probability(t, df, noncentrality):
    """P(T <= t): the normal distribution function, averaged over the chi that divides it."""
    low, high = np.sqrt(stats.chi2.ppf(1e-25, df) / df), np.sqrt(stats.chi2.isf(1e-25, df) / df)
    x, w = np.polynomial.legendre.leggauss(400)
    s = low + (high - low) * (x + 1) / 2
    density = stats.chi2.pdf(df * s**2, df) * 2 * df * s * (high - low) / 2
    return float((w * density * stats.norm.cdf(t * s - noncentrality)).sum())


@pytest.mark.parametrize(
    ("t", "df"),
    [(0.0, 5), (2.2, 28), (-0.3, 25), (25.0, 9), (95.0, 999), (-40.0, 60), (0.5, 1), (3e3, 1e6)],
)
@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_noncentralities_give_the_tails(t, df, level):
    low, high = noncentrality_interval(t, df, level)
    assert low < high
    assert probability(t, df, low) == pytest.approx((1 + level) / 2, rel=RTOL)
    assert probability(t, df, high) == pytest.approx((1 - level) / 2, rel=1e-7)


def test_noncentralities_of_minus_t_are_mirrored():
    low, high = noncentrality_interval(2.5, 12, 0.9)
    np.testing.assert_allclose(noncentrality_interval(-2.5, 12, 0.9), (-high, -low), rtol=RTOL)


def test_no_t_no_interval():
    assert np.isnan(noncentrality_interval(float("nan"), 5, 0.95)).all()
    assert np.isnan(noncentrality_interval(1.0, 0, 0.95)).all()


def test_j_by_hand():
    # J(2) = Gamma(1) / (sqrt(1) Gamma(1/2)) and J(3) = Gamma(3/2) / (sqrt(3/2) Gamma(1)).
    assert hedges_j(2) == pytest.approx(1 / math.sqrt(math.pi), rel=1e-14)
    assert hedges_j(3) == pytest.approx(math.sqrt(math.pi) / 2 / math.sqrt(1.5), rel=1e-14)
    assert math.isnan(hedges_j(1))
