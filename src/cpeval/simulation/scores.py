"""Item response models, and what they say of a score without drawing anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import expit, ndtr

Floats = NDArray[np.float64]


def _numbers(text: str) -> Floats:
    return np.array(text.split(), dtype=float)


#: Where expectations are tabulated. With a normal weight the trapezium rule on this grid is
#: exact to rounding for every mean that `reach` allows.
GRID: Floats = np.linspace(-20.0, 20.0, 4001)
#: How far from 0 a latent mean may be solved for.
REACH = 6.0
_STEP = GRID[1] - GRID[0]
#: Terms of the Hermite series behind covariances; the terms of these smooth curves fall fast.
_TERMS = 40

#: Graded response model of the seven SWEMWBS items: discrimination, location, and the four steps
#: that all items share. They give a raw mean of 20.5, a standard deviation of 5.1 and an alpha of
#: .84 for a standard normal latent value.
SWEMWBS_SLOPES: Floats = np.array([1.7, 1.8, 1.5, 2.1, 1.9, 1.5, 1.6])
SWEMWBS_LOCATIONS: Floats = np.array([0.25, 0.2, 0.45, 0.2, -0.15, 0.05, -0.35])
SWEMWBS_STEPS: Floats = np.array([-2.0, -0.75, 0.75, 2.15])
#: SWEMWBS raw 7 … 35 to metric (Stewart-Brown et al., 2009).
SWEMWBS_METRIC: Floats = _numbers("""
    7.00 9.51 11.25 12.40 13.33 14.08 14.75 15.32 15.84 16.36 16.88 17.43 17.98 18.59 19.25
    19.98 20.73 21.54 22.35 23.21 24.11 25.03 26.02 27.03 28.13 29.31 30.70 32.55 35.00
""")
#: Resource generator: one discrimination for all items, so that their curves never cross and a
#: double monotone (Mokken) scale holds, and each resource's difficulty.
RESOURCE_SLOPE = 1.6
RESOURCE_DIFFICULTIES: Floats = _numbers("""
    -2.40 -2.00 -1.80 -1.60 -1.40 -1.20 -1.05 -0.90 -0.75 -0.60 -0.45 -0.30 -0.15 0.00
    0.10 0.25 0.40 0.55 0.70 0.85 1.00 1.15 1.30 1.50 1.70 1.90 2.20
""")


class Unreachable(ValueError):
    """No latent value gives the score that was asked for."""


@dataclass(frozen=True, eq=False)
class ScoreModel:
    """A score's mean and variance at each latent value of `GRID`.

    The methods integrate over normal latent values. They are exact to rounding: no draw.
    """

    expected: Floats
    variance: Floats

    def at(self, latent: ArrayLike) -> Floats:
        """Return the expected score at latent values."""
        return np.asarray(np.interp(np.asarray(latent, dtype=float), GRID, self.expected))

    def mean(self, mean: ArrayLike, variance: ArrayLike = 1.0) -> Floats:
        """Return E g(X), X normal, for each of the means (any shape) and their variances."""
        return np.asarray(_weights(mean, variance) @ self.expected)

    def slope(self, mean: ArrayLike, variance: ArrayLike = 1.0) -> Floats:
        """Return the derivative of `mean` by the mean: E g'(X)."""
        away = (GRID - np.asarray(mean, dtype=float)[..., None]) / np.asarray(variance)[..., None]
        return np.asarray((_weights(mean, variance) * away) @ self.expected)

    @cached_property
    def standard(self) -> tuple[float, float]:
        """Mean and standard deviation of the score for a standard normal latent value."""
        return float(self.mean(0.0)), self.sd_at(0.0)

    def sd_at(self, mean: float) -> float:
        """Return the score's standard deviation for a latent value with this mean."""
        weights, centre = _weights(mean, 1.0), float(self.mean(mean))
        return float(np.sqrt(weights @ (self.expected - centre) ** 2 + weights @ self.variance))

    @property
    def reliability(self) -> float:
        """Share of the score's variance that is the latent value's."""
        return float(self._series(0.0)[1:] @ self._series(0.0)[1:]) / self.standard[1] ** 2

    def covariance(self, correlation: float, mean: float = 0.0, other: float = 0.0) -> float:
        """Return the covariance of two scores whose standard latent values correlate.

        By Mehler's expansion: with c_k the coefficients of the curve g in the orthonormal
        Hermite polynomials, cov g(X), g(Y) = sum over k > 0 of c_k c'_k rho^k.
        """
        powers = correlation ** np.arange(1, _TERMS)
        return float((self._series(mean)[1:] * self._series(other)[1:]) @ powers)

    def latent_shares(self, site: float, team: float) -> tuple[float, float]:
        """Return the latent variances that give a score these intraclass correlations.

        Parameters
        ----------
        site, team : float
            The correlation of two people of different teams of a site, and how much more two
            people of one team correlate.

        Raises
        ------
        Unreachable
            Their sum is not below the score's reliability, the most that people can share.
        """
        total = self.standard[1] ** 2
        if site + team >= self.reliability:
            raise Unreachable

        def correlation(wanted: float) -> float:
            gap = lambda r: self.covariance(r) - wanted * total  # noqa: E731
            return float(brentq(gap, 0, 1, xtol=1e-15)) if wanted > 0 else 0.0

        outer = correlation(site)
        return outer, correlation(site + team) - outer if team > 0 else 0.0

    @cached_property
    def _centred(self) -> Floats:
        return self._coefficients(0.0)

    def _series(self, mean: float) -> Floats:
        """Return the coefficients of the curve in Hermite polynomials around a mean."""
        return self._centred if mean == 0 else self._coefficients(mean)

    def _coefficients(self, mean: float) -> Floats:
        return np.asarray((_hermite() * _weights(0.0, 1.0)) @ self.at(GRID + mean))


@dataclass(frozen=True, eq=False)
class Mixture:
    """An arm's people as shares of teams, shape (K,), and the latent variance in each."""

    weights: Floats
    variances: Floats

    def mean(self, model: ScoreModel, mean: float) -> float:
        """Return the expected score where every team has this latent mean."""
        at = np.full(self.variances.shape, mean)
        return float(self.weights @ model.mean(at, self.variances))

    def latent_rise(self, model: ScoreModel, rise: float) -> float:
        """Return the latent mean that gives so much more than a latent mean of 0.

        Raises
        ------
        Unreachable
            No mean within `REACH` gives it.
        """
        if rise == 0:
            return 0.0
        wanted = self.mean(model, 0.0) + rise
        return solve(lambda mean: self.mean(model, mean) - wanted)


def solve(gap: Callable[[float], float]) -> float:
    """Return where an increasing function crosses 0 within `REACH`, or raise `Unreachable`."""
    if not gap(-REACH) <= 0 <= gap(REACH):
        raise Unreachable
    return float(brentq(gap, -REACH, REACH, xtol=1e-14))


def _weights(mean: ArrayLike, variance: ArrayLike) -> Floats:
    """Return the weights of the trapezium rule for a normal density: (..., n_grid)."""
    away = GRID - np.asarray(mean, dtype=float)[..., None]
    spread = np.asarray(variance, dtype=float)[..., None]
    return np.asarray(np.exp(-(away**2) / (2 * spread)) * (_STEP / np.sqrt(2 * np.pi * spread)))


@cache
def _hermite() -> Floats:
    """Tabulate the orthonormal Hermite polynomials, shape (terms, grid)."""
    rows = np.empty((_TERMS, GRID.size))
    rows[0], rows[1] = 1.0, GRID
    for k in range(1, _TERMS - 1):
        rows[k + 1] = (GRID * rows[k] - np.sqrt(k) * rows[k - 1]) / np.sqrt(k + 1)
    return rows


def swemwbs_cumulative(latent: Floats) -> Floats:
    """Return P(answer >= 2, 3, 4, 5) at latent values: (..., 7 items, 4 steps)."""
    steps = SWEMWBS_LOCATIONS[:, None] + SWEMWBS_STEPS
    return np.asarray(expit(SWEMWBS_SLOPES[:, None] * (latent[..., None, None] - steps)))


def resource_probabilities(latent: Floats) -> Floats:
    """Return P(access) to each resource at latent values: (..., 27)."""
    return np.asarray(expit(RESOURCE_SLOPE * (latent[..., None] - RESOURCE_DIFFICULTIES)))


@cache
def swemwbs_distribution() -> Floats:
    """Return P(raw score = 7, …, 35) at each latent value of `GRID`: (grid, 29)."""
    above = swemwbs_cumulative(GRID)
    ends = np.ones((*above.shape[:2], 1))
    answers = -np.diff(np.concatenate([ends, above, 0 * ends], axis=2), axis=2)
    total = np.ones((GRID.size, 1))
    for item in range(answers.shape[1]):
        wider = np.zeros((GRID.size, total.shape[1] + 4))
        for code in range(5):
            wider[:, code : code + total.shape[1]] += total * answers[:, item, code, None]
        total = wider
    return total


def swemwbs_chances(mean: float, mixture: Mixture) -> Floats:
    """Return P(raw score = 7, …, 35) for latent values of teams with this mean: (29,)."""
    at = np.full(mixture.variances.shape, mean)
    return np.asarray(mixture.weights @ _weights(at, mixture.variances) @ swemwbs_distribution())


@cache
def swemwbs_raw() -> ScoreModel:
    """Return the model of the raw score, 7 to 35."""
    return _of_scores(np.arange(7.0, 36.0))


@cache
def swemwbs_metric() -> ScoreModel:
    """Return the model of the metric score, 7 to 35."""
    return _of_scores(SWEMWBS_METRIC)


def _of_scores(scores: Floats) -> ScoreModel:
    chance = swemwbs_distribution()
    expected = chance @ scores
    return ScoreModel(expected, chance @ scores**2 - expected**2)


@cache
def resources() -> ScoreModel:
    """Return the model of the number of resources, 0 to 27."""
    chance = resource_probabilities(GRID)
    return ScoreModel(chance.sum(axis=1), (chance * (1 - chance)).sum(axis=1))


@cache
def swemwbs_alpha() -> float:
    """Return Cronbach's alpha of the seven items for a standard normal latent value."""
    above = swemwbs_cumulative(GRID)
    means = 1 + above.sum(axis=2)
    squares = 1 + (above * np.array([3.0, 5.0, 7.0, 9.0])).sum(axis=2)
    weights = _weights(0.0, 1.0)
    variances = weights @ squares - (weights @ means) ** 2
    return float(7 / 6 * (1 - variances.sum() / swemwbs_raw().standard[1] ** 2))


def rounded_mean(latent: ArrayLike, sd: float, low: int, high: int) -> Floats:
    """Return the mean of a normal value that is rounded to whole numbers from low to high.

    E = low + the sum over the cuts c = low + .5, …, high - .5 of P(X > c).
    """
    at = np.asarray(latent, dtype=float)
    cuts = np.arange(low, high) + 0.5
    if sd == 0:
        return np.asarray(np.clip(np.floor(at + 0.5), low, high))
    total = np.full(at.shape, float(low))
    for cut in cuts:
        total += ndtr((at - cut) / sd)
    return total
