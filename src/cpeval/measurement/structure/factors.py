"""Several common factors: minres, rotation, and Schmid and Leiman's general factor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

Floats = NDArray[np.float64]

# Own code, not factor_analyzer's: omega must hold to 1e-10, a bootstrap fits many matrices at once,
# and standard errors need slopes.

#: The least share of an item's variance that is its own, as psych has it.
LEAST_UNIQUE = 0.005
_NEWTON_STEPS, _TURNS = 30, 3000


@dataclass(frozen=True)
class Factors:
    """Loadings of k items on p factors.

    Attributes
    ----------
    loadings : numpy.ndarray, shape (k, p)
        After an oblique rotation the pattern, that is weights rather than correlations. The first
        factor explains most; each column's sum is not negative.
    unique : numpy.ndarray, shape (k,)
    correlations : numpy.ndarray, shape (p, p)
        Of the factors.
    """

    loadings: Floats
    unique: Floats
    correlations: Floats

    @property
    def improper(self) -> NDArray[np.bool_]:
        """Items whose unique variance is at the bound (Heywood cases)."""
        return np.asarray(self.unique <= 1.0001 * LEAST_UNIQUE)


def minres(correlation: Floats, n_factors: int) -> Factors:
    r"""Extract factors by minimum residuals (Harman & Jones 1966), unrotated.

    Unique variances :math:`\psi` minimise half the sum of the squared eigenvalues of
    :math:`R - \mathrm{diag}(\psi)` after the first p, which is the sum of squared residual
    correlations: first by L-BFGS-B within bounds, then by Newton's method where none is at one.
    """
    start = np.clip(1 / np.linalg.pinv(correlation).diagonal(), 2 * LEAST_UNIQUE, 1.0)
    found = optimize.minimize(
        lambda unique: _misfit(correlation, unique, n_factors),
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(LEAST_UNIQUE, 1.0)] * len(correlation),
        options={"maxiter": 5000, "maxfun": 20000, "ftol": 1e-15, "gtol": 1e-10},
    )
    unique = np.asarray(found.x)
    inside = unique > 1.001 * LEAST_UNIQUE
    for _ in range(_NEWTON_STEPS if inside.all() and (unique < 0.9999).all() else 0):
        value, slope = _misfit(correlation, unique, n_factors)
        step = np.linalg.lstsq(_curvature(correlation, unique, n_factors), slope, rcond=None)[0]
        trial = unique - step
        better = _misfit(correlation, trial, n_factors)[0] <= value + 1e-15
        if not (trial > LEAST_UNIQUE).all() or not better:
            break
        unique = trial
        if np.abs(step).max() < 1e-14:
            break
    values, vectors = np.linalg.eigh(correlation - np.diag(unique))
    top = slice(-1, -n_factors - 1, -1)
    loadings = vectors[:, top] * np.sqrt(np.maximum(values[top], 0.0))
    return _in_order(Factors(loadings, unique, np.eye(n_factors)))


def _misfit(correlation: Floats, unique: Floats, n_factors: int) -> tuple[float, Floats]:
    """Value and slope in the unique variances."""
    values, vectors = np.linalg.eigh(correlation - np.diag(unique))
    rest, of_rest = values[:-n_factors], vectors[:, :-n_factors]
    return float((rest**2).sum() / 2), -(of_rest**2 @ rest)


def _curvature(correlation: Floats, unique: Floats, n_factors: int) -> Floats:
    """Second derivatives of `_misfit`, shape (k, k)."""
    values, vectors = np.linalg.eigh(correlation - np.diag(unique))
    rest, of_rest = values[:-n_factors], vectors[:, :-n_factors]
    curve: Floats = (of_rest @ of_rest.T) ** 2
    for kept, of_kept in zip(values[-n_factors:], vectors[:, -n_factors:].T, strict=True):
        between = (of_rest * (rest / (rest - kept))) @ of_rest.T
        curve = curve + 2 * between * np.outer(of_kept, of_kept)
    return curve


def varimax(factors: Factors) -> Factors:
    """Rotate, factors staying uncorrelated, by varimax with Kaiser's normalisation (1958)."""
    length = np.sqrt((factors.loadings**2).sum(axis=1, keepdims=True))
    loadings = factors.loadings / np.where(length > 0, length, 1.0)
    k, p = loadings.shape
    turn, before = np.eye(p), 0.0
    for _ in range(_TURNS):
        turned = loadings @ turn
        u, s, v = np.linalg.svd(loadings.T @ (turned**3 - turned * (turned**2).sum(axis=0) / k))
        turn = u @ v
        if s.sum() <= before * (1 + 1e-15):
            break
        before = s.sum()
    return _in_order(Factors(factors.loadings @ turn, factors.unique, np.eye(p)))


def oblimin(factors: Factors) -> Factors:
    """Rotate, factors may correlate, by oblimin with gamma 0 (quartimin).

    The criterion (Jennrich & Sampson 1966) is minimised by BFGS over factors of unit length, from
    the factors as extracted and from varimax; the lower minimum counts.
    """
    found = [_quartimin(start.loadings) for start in (factors, varimax(factors))]
    _, loadings, turn = min(found, key=lambda one: round(one[0], 12))
    return _in_order(Factors(loadings, factors.unique, turn.T @ turn))


def _quartimin(start: Floats) -> tuple[float, Floats, Floats]:
    """Return criterion, pattern and the columns whose cross-products are the correlations."""
    p = start.shape[1]
    off = 1 - np.eye(p)

    def unit(point: Floats) -> tuple[Floats, Floats]:
        columns = point.reshape(p, p)
        length = np.sqrt((columns**2).sum(axis=0))
        return columns / length, length

    def criterion(point: Floats) -> tuple[float, Floats]:
        turn, length = unit(point)
        inverse = np.linalg.inv(turn)
        loadings = start @ inverse.T
        others = loadings**2 @ off
        slope = -(loadings.T @ (loadings * others) @ inverse).T
        along = slope - turn * (turn * slope).sum(axis=0)
        return float((loadings**2 * others).sum() / 4), (along / length).ravel()

    found = optimize.minimize(
        criterion, np.eye(p).ravel(), jac=True, method="BFGS", options={"gtol": 1e-11}
    )
    turn = unit(found.x)[0]
    return float(found.fun), start @ np.linalg.inv(turn).T, turn


def _in_order(factors: Factors) -> Factors:
    """Put the factor that explains most first, and turn each so that its loadings add up to > 0."""
    loadings, between = factors.loadings, factors.correlations
    explained = (between @ loadings.T @ loadings).diagonal()
    order = np.argsort(-explained, kind="stable")
    sign = np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)[order]
    return Factors(
        loadings[:, order] * sign,
        factors.unique,
        between[np.ix_(order, order)] * np.outer(sign, sign),
    )


def general_factor(correlation: Floats, n_factors: int) -> tuple[Floats, Factors]:
    """Return loadings (k,) on the general factor behind correlated ones, and those.

    Schmid & Leiman (1957): one factor is fitted to the correlations of the rotated factors, and
    an item loads on it through them. With two factors their correlation is shared equally.
    """
    oblique = oblimin(minres(correlation, n_factors))
    between = oblique.correlations
    if n_factors == 2:
        shared = np.sqrt(abs(between[0, 1]))
        second_order = np.array([shared, np.sign(between[0, 1]) * shared])
    else:
        second_order = minres(between, 1).loadings[:, 0]
    return oblique.loadings @ second_order, oblique


def omega_hierarchical(correlation: Floats, n_factors: int) -> tuple[float, Factors]:
    """Return the share of the variance of the standardised sum that the general factor explains.

    As psych's omega_h with ``flip=FALSE``: the denominator is the variance that was observed.
    """
    loadings, oblique = general_factor(correlation, n_factors)
    return float(loadings.sum() ** 2 / correlation.sum()), oblique
