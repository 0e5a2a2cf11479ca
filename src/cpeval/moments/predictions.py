"""Predicted random effects (BLUPs) of sites and teams, with two kinds of standard error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cpeval.moments.mixed_fit import MixedFit
from cpeval.moments.mixed_likelihood import solve
from cpeval.moments.mixed_parameters import Floats
from cpeval.moments.nested_factors import NestedFactors


@dataclass(frozen=True, kw_only=True, eq=False)
class Effects:
    """Random effects of one factor's G groups, in the order of the units (or site numbers).

    Attributes
    ----------
    factor : str
    estimate : numpy.ndarray, shape (G, k)
        The intercept, then slopes.
    cov : numpy.ndarray, shape (G, k, k)
        Covariance given the variances and the fixed effects, as lme4's ``condVar``.
    se : numpy.ndarray, shape (G, k)
        Roots of the diagonals of ``cov``.
    se_prediction : numpy.ndarray, shape (G, k)
        Of estimate less effect, given the variances alone: fixed effects are estimated too.
    """

    factor: str
    estimate: Floats
    cov: Floats
    se: Floats
    se_prediction: Floats


def predict_effects(fit: MixedFit) -> tuple[Effects, ...]:
    """Predict the random effects of every group, factor by factor, outermost first.

    Parameters
    ----------
    fit : MixedFit

    Returns
    -------
    tuple of Effects

    Notes
    -----
    D Z'V^-1 (y - Xb), with D - D Z'V^-1 Z D as the covariance, and D Z'V^-1 X F X'V^-1 Z D more
    for predictions.

    References
    ----------
    .. [1] Robinson (1991). Statistical Science, 6(1), 15-32.
    """
    structure = fit.structure
    parameters = structure.parameters
    gamma = parameters.gamma(fit.theta)
    if isinstance(structure, NestedFactors):
        scores = structure.scores(gamma)
        left = structure.unexplained(gamma)
        return tuple(
            _effects(fit, factor, gamma[[[i]]], scores[i][:, None], left[i][None, None])
            for i, factor in enumerate(fit.factors)
        )
    relative = parameters.matrix(gamma)
    return (
        _effects(
            fit,
            fit.factors[0],
            relative,
            structure.scores(gamma),
            structure.unexplained(fit.theta),
        ),
    )


def _effects(fit: MixedFit, factor: str, relative: Floats, scores: Floats, left: Floats) -> Effects:
    """Predict from D, (k, k), Z'V^-1 W, (q, k, G), and D - D Z'V^-1 Z D, (k, k, G)."""
    solved = solve(fit.structure.cross(fit.structure.parameters.gamma(fit.theta))[1])
    p = len(solved.beta)
    unit = fit.scaling.outcome_scale
    back = np.linalg.inv(fit.scaling.turn) @ relative
    residual = scores[p] - np.tensordot(solved.beta, scores[:p], 1)
    estimate = (unit * back @ residual).T
    turn = np.linalg.inv(fit.scaling.turn)
    covariance = fit.residual * np.einsum("ab,bcg,dc->gad", turn, left, turn, optimize=True)
    fixed = np.einsum("ab,qbg->gaq", back, scores[:p], optimize=True)
    extra = fit.residual * np.einsum("gaq,qr,gar->ga", fixed, solved.unscaled, fixed, optimize=True)
    own = np.einsum("gaa->ga", covariance)
    return Effects(
        factor=factor,
        estimate=estimate,
        cov=covariance,
        se=np.sqrt(own),
        se_prediction=np.sqrt(own + extra),
    )
