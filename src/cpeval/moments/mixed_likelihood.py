"""The restricted and the full likelihood of a mixed model, with exact first and second derivatives.

With u = (-b, 1), b the generalised least squares estimate, F = (X'V^-1 X)^-1 and
P = V^-1 - V^-1 X F X'V^-1:

    y'P y            = u' W'V^-1 W u
    y'P G_i P y      = u' W'V^-1 G_i V^-1 W u
    tr(P G_i)        = tr(V^-1 G_i) - tr(F X'V^-1 G_i V^-1 X)

and so on: all from `Sums`. Deviances are -2 log likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cpeval.moments.mixed_parameters import Floats
from cpeval.moments.mixed_sums import Structure, Sums


@dataclass(frozen=True, kw_only=True, eq=False)
class Solved:
    """Generalised least squares at given variance ratios.

    Attributes
    ----------
    beta : numpy.ndarray, shape (p,)
    unscaled : numpy.ndarray, shape (p, p)
        F = (X'V^-1 X)^-1; times the residual variance it is the covariance of ``beta``.
    squares : float
        y'P y.
    log_det : float
        log det X'V^-1 X.
    """

    beta: Floats
    unscaled: Floats
    squares: float
    log_det: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Projected:
    """Traces and squares with P, for m parameters.

    Attributes
    ----------
    trace, squares : numpy.ndarray, shape (m,)
        tr(P G_i), or tr(V^-1 G_i) for the full likelihood; y'P G_i P y.
    traces, products : numpy.ndarray, shape (m, m)
        tr(P G_i P G_j), or with V^-1; y'P G_i P G_j P y.
    """

    trace: Floats
    squares: Floats
    traces: Floats
    products: Floats


def solve(cross: Floats) -> Solved:
    """Solve the normal equations in W'V^-1 W, shape (q, q), by Cholesky."""
    p = len(cross) - 1
    lower = np.linalg.cholesky(cross)
    inverse: Floats = np.linalg.inv(lower[:p, :p])
    beta: Floats = lower[p, :p] @ inverse
    return Solved(
        beta=beta,
        unscaled=inverse.T @ inverse,
        squares=float(lower[p, p] ** 2),
        log_det=2.0 * float(np.log(np.diagonal(lower)[:p]).sum()),
    )


def project(sums: Sums, solved: Solved, *, restricted: bool) -> Projected:
    """Replace V^-1 by P."""
    p = len(solved.beta)
    u = np.append(-solved.beta, 1.0)
    scores = sums.first @ u  # (m, q)
    moved = solved.unscaled @ sums.first[:, :p, :p]  # F X'V^-1 G_i V^-1 X
    products = sums.second @ u @ u - scores[:, :p] @ solved.unscaled @ scores[:, :p].T
    trace, traces = sums.trace, sums.traces
    if restricted:
        flat = moved.reshape(len(moved), -1)
        turned = moved.transpose(0, 2, 1).reshape(len(moved), -1)
        trace = trace - np.einsum("iaa->i", moved)
        traces = (
            traces
            - 2.0 * np.einsum("ijab,ab->ij", sums.second[:, :, :p, :p], solved.unscaled)
            + flat @ turned.T
        )
    return Projected(trace=trace, squares=scores @ u, traces=traces, products=products)


class ProfiledDeviance:
    """The deviance as a function of theta, the residual variance and beta at their best.

    Parameters
    ----------
    structure : Structure
        Random effects and data.
    restricted : bool
        REML, otherwise ML.
    """

    def __init__(self, structure: Structure, *, restricted: bool) -> None:
        self.structure = structure
        self.restricted = restricted
        self.df = structure.n - (len(structure.within) - 1 if restricted else 0)
        # The search comes back to places: a look costs a sum over all groups.
        self._seen: dict[bytes, float] = {}

    def value(self, theta: Floats) -> float:
        """Return the deviance."""
        place = theta.tobytes()
        if place not in self._seen:
            self._seen[place] = self._looked(theta)
        return self._seen[place]

    def _looked(self, theta: Floats) -> float:
        log_det, cross = self.structure.cross(self.structure.parameters.gamma(theta))
        try:
            return self._value(log_det, solve(cross))
        except np.linalg.LinAlgError:  # a variance so large that nothing else is left
            return np.inf

    def _value(self, log_det: float, solved: Solved) -> float:
        variance = solved.squares / self.df
        constant = self.df * (1.0 + float(np.log(2.0 * np.pi * variance)))
        return log_det + (solved.log_det if self.restricted else 0.0) + constant

    def __call__(self, theta: Floats) -> tuple[float, Floats, Floats]:
        """Return the deviance, its gradient, (m,), and Hessian, (m, m), by theta."""
        parameters = self.structure.parameters
        sums = self.structure.sums(parameters.gamma(theta))
        try:
            solved = solve(sums.cross)
        except np.linalg.LinAlgError:
            return np.inf, np.zeros_like(theta), np.eye(len(theta))
        found = project(sums, solved, restricted=self.restricted)
        precision = self.df / solved.squares
        slope = found.trace - precision * found.squares
        curvature = (
            2.0 * precision * found.products
            - found.traces
            - precision / solved.squares * np.outer(found.squares, found.squares)
        )
        jacobian = parameters.jacobian(theta)
        return (
            self._value(sums.log_det, solved),
            jacobian.T @ slope,
            jacobian.T @ curvature @ jacobian + parameters.curvature(slope),
        )


def covariance_of_variances(
    found: Projected, structure: Structure, theta: Floats, variance: float
) -> Floats:
    """Return the asymptotic covariance of the variance parameters, by the observed information.

    Parameters
    ----------
    found : Projected
        At theta, with the residual as the last of m + 1 parameters.
    structure : Structure
        Random effects and data.
    theta : numpy.ndarray, shape (m,)
        Where the deviance is smallest.
    variance : float
        The residual variance.

    Returns
    -------
    numpy.ndarray, shape (m + 1, m + 1)
        Of the variances and covariances, the residual variance last.

    Notes
    -----
    A = 2 H^-1, H the Hessian of the deviance in theta and the logarithm of the residual variance,
    carried over by the delta method. At an interior optimum that is what variances would give; a
    variance of zero counts as known, since its derivative by theta is zero there. Directions in
    which the deviance is flat, as with a correlation that no variance goes with, have no part in A.
    """
    parameters = structure.parameters
    m = len(theta)
    slope = found.trace * variance - found.squares  # times the variance, as all derivatives below
    hessian = 2.0 * found.products - found.traces * variance
    gamma = np.append(parameters.gamma(theta), 1.0)
    jacobian = np.zeros((m + 1, m + 1))
    jacobian[:m, :m] = parameters.jacobian(theta)
    jacobian[:, m] = gamma
    full = jacobian.T @ (hessian / variance) @ jacobian
    # The slopes by theta and the logarithm are zero here; those by a variance of zero need not be.
    full[:m, :m] += parameters.curvature(slope[:m] / variance)
    values, vectors = np.linalg.eigh(full)
    kept = values > 1e-8 * values[-1]
    root = jacobian @ (vectors[:, kept] / np.sqrt(values[kept]))
    covariance: Floats = 2.0 * variance**2 * (root @ root.T)
    return covariance
