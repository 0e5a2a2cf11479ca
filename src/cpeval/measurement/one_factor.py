"""One common factor behind items: maximum likelihood and least squares, and McDonald's omega."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.measurement.consistency import Coefficient, correlations, variances

Floats = NDArray[np.float64]

#: The least share of an item's variance that may be its own; factanal takes 0.005 by default.
_LEAST_UNIQUE = 1e-6
_EM_STEPS, _EM_CLOSE, _NEWTON_STEPS = 5000, 1e-9, 30


@dataclass(frozen=True)
class OneFactor:
    """Loadings and unique variances; many solutions at once have leading axes.

    Attributes
    ----------
    loadings : numpy.ndarray, shape (..., k)
        Their sum is not negative.
    unique : numpy.ndarray, shape (..., k)
    """

    loadings: Floats
    unique: Floats

    @property
    def improper(self) -> NDArray[np.bool_]:
        """Items without variance of their own (Heywood cases), as far as the fit let them."""
        total = self.loadings**2 + self.unique
        return np.asarray(self.unique <= 1.001 * _LEAST_UNIQUE * total)

    def in_units(self, covariance: Floats) -> OneFactor:
        """Return a solution of the correlation matrix in the units of the items."""
        variance = variances(covariance)
        return OneFactor(self.loadings * np.sqrt(variance), self.unique * variance)


def maximum_likelihood(correlation: Floats) -> OneFactor:
    """Fit one factor to a correlation matrix, shape (k, k): EM, then Newton's steps."""
    start = expectation_maximisation(correlation, steps=200)
    fit = start
    for _ in range(_NEWTON_STEPS):
        if fit.improper.any():
            break
        slope, curve = _derivatives(correlation, fit)
        step = np.linalg.lstsq(curve, slope, rcond=None)[0]
        k = len(correlation)
        fit = OneFactor(fit.loadings - step[:k], fit.unique - step[k:])
        if not (fit.unique > _LEAST_UNIQUE).all():
            break
        if np.abs(step).max() < 1e-13:
            break
    found = (
        np.isfinite(fit.loadings).all()
        and (fit.unique > _LEAST_UNIQUE).all()
        and _discrepancy(correlation, fit) <= _discrepancy(correlation, start) + 1e-12
    )
    if found:
        return _upright(fit)
    fit = expectation_maximisation(correlation)
    edge = _at_the_edge(correlation, int(np.argmin(fit.unique)))
    better = _discrepancy(correlation, edge) <= _discrepancy(correlation, fit)
    return _upright(edge) if better else fit


def _at_the_edge(correlation: Floats, item: int) -> OneFactor:
    """The solution in which the factor is one of the items, to which EM creeps only."""
    least = _LEAST_UNIQUE
    loadings = correlation[item] * np.sqrt(1 - least)
    loadings[item] = np.sqrt(1 - least)
    return OneFactor(loadings, np.maximum(1 - loadings**2, least))


def expectation_maximisation(correlation: Floats, *, steps: int = _EM_STEPS) -> OneFactor:
    """Fit one factor to many matrices at once, shape (..., k, k), by EM (Rubin & Thayer 1982).

    Each step needs a matrix times a vector only. Slow to converge where an item's unique variance
    goes to zero; it then stops at the bound.
    """
    k = correlation.shape[-1]
    matrices = correlation.reshape(-1, k, k)
    diagonal = variances(matrices)
    loadings = np.linalg.eigh(matrices)[1][..., -1] * np.sqrt(0.5 * diagonal)
    unique = diagonal - loadings**2
    least = _LEAST_UNIQUE * diagonal
    moving = np.arange(len(matrices))
    for _ in range(steps):
        part, now, own = matrices[moving], loadings[moving], unique[moving]
        weighted = now / own
        weights = weighted / (1 + (weighted * now).sum(axis=-1, keepdims=True))
        cross = (part @ weights[..., None])[..., 0]
        spread = 1 - (weights * now).sum(-1) + (weights * cross).sum(-1)
        new = cross / spread[..., None]
        loadings[moving] = new
        unique[moving] = np.maximum(diagonal[moving] - new * cross, least[moving])
        shift = np.abs(new - now).max(axis=-1) + np.abs(unique[moving] - own).max(axis=-1)
        moving = moving[~(shift < _EM_CLOSE)]
        if not moving.size:
            break
    shape = correlation.shape[:-1]
    return _upright(OneFactor(loadings.reshape(shape), unique.reshape(shape)))


def least_squares(correlation: Floats) -> OneFactor:
    """Fit one factor to the correlations between items, shape (k, k), by least squares (minres).

    A loading beyond 1 has no meaning: `OneFactor.improper` has that item.
    """
    between = correlation - np.diag(np.diag(correlation))
    loadings = maximum_likelihood(correlation).loadings
    for _ in range(500):  # each loading in turn given the others, until Newton can take over
        before = loadings.copy()
        for item in range(len(loadings)):
            others = np.delete(np.arange(len(loadings)), item)
            loadings[item] = between[item] @ loadings / (loadings[others] ** 2).sum()
        if np.abs(loadings - before).max() < 1e-6 or not np.abs(loadings).max() < 10:
            break
    for _ in range(_NEWTON_STEPS):
        residual = between - np.outer(loadings, loadings)
        np.fill_diagonal(residual, 0.0)
        curve = residual - np.outer(loadings, loadings)
        np.fill_diagonal(curve, loadings**2 - (loadings**2).sum())
        step = np.linalg.lstsq(curve, residual @ loadings, rcond=None)[0]
        loadings = loadings - step
        if np.abs(step).max() < 1e-14:
            break
    return _upright(OneFactor(loadings, np.diag(correlation) - loadings**2))


def omega_total(covariance: Floats) -> Floats:
    """McDonald's omega of the sum of the items as they are, by maximum likelihood."""
    correlation = correlations(covariance)
    one = covariance.ndim == 2
    fit = maximum_likelihood(correlation) if one else expectation_maximisation(correlation)
    fit = fit.in_units(covariance)
    common = fit.loadings.sum(axis=-1) ** 2
    return np.asarray(common / (common + fit.unique.sum(axis=-1)))


def omega_total_slope(covariance: Floats) -> Floats:
    """Slope of `omega_total`: how the solution moves with the matrix, by implicit derivatives."""
    fit = maximum_likelihood(correlations(covariance)).in_units(covariance)
    k = len(covariance)
    if fit.improper.any():
        return np.full((k, k), np.nan)
    added, own = fit.loadings.sum(), fit.unique.sum()
    total = added**2 + own
    of_omega = np.concatenate(
        [np.full(k, 2 * added * own / total**2), np.full(k, -(added**2) / total**2)]
    )
    moved = np.linalg.solve(_derivatives(covariance, fit)[1], of_omega)
    turned = np.outer(moved[:k], fit.loadings)
    inverse = _inverse(fit)
    return np.asarray(inverse @ (turned + turned.T + np.diag(moved[k:])) @ inverse)


OMEGA_TOTAL = Coefficient(omega_total, omega_total_slope)


def omega_variants(covariance: Floats) -> pd.DataFrame:
    """Omega of one factor as software gives it: estimator, metric, denominator.

    Returns
    -------
    pandas.DataFrame
        estimator ("ml", "minres"), metric ("raw": the sum of the items; "standardized": of the
        items in standard deviations), denominator ("model": the variance that the factor
        implies; "observed"), estimate. NaN where an item has no variance of its own.
    """
    correlation, rows = correlations(covariance), []
    for estimator, fitted in (("ml", maximum_likelihood), ("minres", least_squares)):
        fit = fitted(correlation)
        for metric, matrix, of in (
            ("raw", covariance, fit.in_units(covariance)),
            ("standardized", correlation, fit),
        ):
            common, own = of.loadings.sum() ** 2, of.unique.sum()
            for denominator, value in (
                ("model", common / (common + own)),
                ("observed", 1 - own / matrix.sum()),
            ):
                value = np.nan if fit.improper.any() else value
                rows.append((estimator, metric, denominator, value))
    return pd.DataFrame(rows, columns=["estimator", "metric", "denominator", "estimate"])


def _upright(fit: OneFactor) -> OneFactor:
    sign = np.where(fit.loadings.sum(axis=-1, keepdims=True) < 0, -1.0, 1.0)
    return OneFactor(fit.loadings * sign, fit.unique)


def _inverse(fit: OneFactor) -> Floats:
    """Inverse of the matrix that the solution implies (Sherman & Morrison)."""
    weighted = fit.loadings / fit.unique
    shared = np.outer(weighted, weighted) / (1 + weighted @ fit.loadings)
    return np.asarray(np.diag(1 / fit.unique) - shared)


def _discrepancy(matrix: Floats, fit: OneFactor) -> float:
    inner = 1 + (fit.loadings**2 / fit.unique).sum()
    determinant = np.log(fit.unique).sum() + np.log(inner)
    return float(determinant + (matrix * _inverse(fit)).sum())


def _derivatives(matrix: Floats, fit: OneFactor) -> tuple[Floats, Floats]:
    """Slope (2k) and curvature (2k, 2k) of the discrepancy in loadings and unique variances."""
    loadings, k = fit.loadings, len(fit.loadings)
    inverse = _inverse(fit)
    through = inverse @ matrix @ inverse
    gap = inverse - through
    p, b = inverse @ loadings, through @ loadings
    slope = np.concatenate([2 * gap @ loadings, gap.diagonal()])
    curve = np.empty((2 * k, 2 * k))
    curve[k:, k:] = 2 * inverse * through - inverse**2
    mixed = 2 * (inverse * (b - p) + through * p)
    curve[:k, k:], curve[k:, :k] = mixed, mixed.T
    pp, pb = loadings @ p, loadings @ b
    curve[:k, :k] = 2 * gap + 2 * (
        inverse * (pb - pp) + through * pp - np.outer(p, p) + np.outer(p, b) + np.outer(b, p)
    )
    return slope, curve
