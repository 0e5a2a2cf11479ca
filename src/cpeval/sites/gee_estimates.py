"""Generalised estimating equations: statsmodels' coefficients, errors for few clusters. Arrays."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cpeval.people.columns import standardised

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

#: A fitted probability or rate this close to its bound means that it is heading there.
_AT_THE_BOUND = 1e-8

#: A coefficient that one cluster knows alone leaves this little to the others.
_ALONE = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Equations:
    """A solution.

    Attributes
    ----------
    estimate : array, shape (p,)
        On the scale of the link.
    vcov : array, shape (p, p)
    correlation : float
        Between two people of a cluster; 0 under independence.
    fitted : array, shape (n,)
        Expected outcomes.
    alone : array of int
        Clusters without which a coefficient can't be known; ``vcov`` is NaN if there are any.
    converged : bool
    """

    estimate: Floats
    vcov: Floats
    correlation: float
    fitted: Floats
    alone: Codes
    converged: bool


#: Below this share of the largest, an eigenvalue of the information is none: a correlation of 1.
_SINGULAR = 1e-13


def solve(
    y: Floats,
    x: Floats,
    cluster: Codes,
    *,
    family: str,
    corr: str,
    bias_reduced: bool,
    offset: Floats | None,
) -> Equations:
    """Solve the equations and estimate the errors.

    Parameters
    ----------
    y : array, shape (n,)
    x : array, shape (n, p)
        Of full column rank.
    cluster : array of int, shape (n,)
        From 0 to G - 1.
    family : {"binomial", "poisson", "gaussian"}
        With its canonical link.
    corr : {"exchangeable", "independence"}
    bias_reduced : bool
        Mancl & DeRouen's errors, else the plain sandwich.
    offset : array, shape (n,), optional
        Added to the linear predictor.
    """
    import statsmodels.api as sm
    from statsmodels.genmod.cov_struct import Exchangeable, Independence
    from statsmodels.tools.sm_exceptions import ConvergenceWarning

    families = {
        "binomial": sm.families.Binomial,
        "poisson": sm.families.Poisson,
        "gaussian": sm.families.Gaussian,
    }
    # Sorted by cluster, and on columns less their means over their size: far from zero (a year)
    # the constant would otherwise drown the rest. The constant itself stays.
    order = np.argsort(cluster, kind="stable")
    z, back = _standard_columns(x[order])
    groups, response = cluster[order], y[order]
    shift = None if offset is None else offset[order]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = sm.GEE(
            response,
            z,
            groups=groups,
            family=families[family](),
            cov_struct=Exchangeable() if corr == "exchangeable" else Independence(),
            offset=shift,
        )
        try:
            fitted = model.fit(maxiter=200, ctol=1e-10, cov_type="robust")
        # What statsmodels says where coefficients go to infinity.
        except (ValueError, np.linalg.LinAlgError):
            return _no_solution(y.size, x.shape[1])
    standard = np.asarray(fitted.params, dtype=float)
    alpha = float(fitted.cov_struct.dep_params) if corr == "exchangeable" else 0.0
    # Coefficients that go to infinity overflow on the way to a share of 0 or 1.
    with np.errstate(over="ignore"):
        expected = np.asarray(fitted.fittedvalues, dtype=float)
    unsorted = np.empty_like(expected)
    unsorted[order] = expected
    failed = any(issubclass(w.category, ConvergenceWarning) for w in caught)
    if failed or not np.isfinite(standard).all() or at_the_bound(expected, family).any():
        return replace(_no_solution(y.size, x.shape[1]), fitted=unsorted)
    vcov, alone = _errors(response, expected, z, groups, family, alpha, bias_reduced=bias_reduced)
    if not alone.size and not np.isfinite(vcov).all():
        return replace(_no_solution(y.size, x.shape[1]), fitted=unsorted)
    return Equations(
        estimate=back @ standard,
        vcov=back @ vcov @ back.T,
        correlation=alpha,
        fitted=unsorted,
        alone=alone,
        converged=True,
    )


def at_the_bound(fitted: Floats, family: str) -> NDArray[np.bool_]:
    """Say which fitted values are as good as impossible or certain, shape (n,)."""
    if family == "gaussian":
        return np.zeros(fitted.size, dtype=bool)
    low = fitted < _AT_THE_BOUND
    return low | (fitted > 1 - _AT_THE_BOUND) if family == "binomial" else low


def _no_solution(n: int, p: int) -> Equations:
    return Equations(
        estimate=np.full(p, np.nan),
        vcov=np.full((p, p), np.nan),
        correlation=float("nan"),
        fitted=np.full(n, np.nan),
        alone=np.array([], dtype=np.intp),
        converged=False,
    )


def _standard_columns(x: Floats) -> tuple[Floats, Floats]:
    """Return columns to fit on, and the map of their coefficients to those of ``x``."""
    constant = np.ptp(x, axis=0) == 0
    if not constant.any():
        # Without a constant nothing can take up what would be subtracted.
        size = np.abs(x).max(axis=0)
        return x / size, np.diag(1 / size)
    z, centre, size = standardised(x)
    z[:, constant] = x[:, constant]
    back = np.diag(1 / size)
    one = int(np.flatnonzero(constant)[0])
    back[one] = np.where(constant, 0.0, -centre / size / x[0, one])
    back[one, one] = 1.0
    return z, back


def _errors(
    y: Floats,
    expected: Floats,
    x: Floats,
    cluster: Codes,
    family: str,
    alpha: float,
    *,
    bias_reduced: bool,
) -> tuple[Floats, Codes]:
    r"""Return the sandwich of Liang & Zeger, or Mancl & DeRouen's with leverage taken out.

    With :math:`u_g = D'V^{-1}r` and :math:`B_g = D'V^{-1}D` of a cluster and
    :math:`M = \sum B_g`, their :math:`D'V^{-1}(I - H_g)^{-1} r` is
    :math:`M (M - B_g)^{-1} u_g`, so that nothing of the size of a cluster squared is formed.

    Rows are sorted by cluster.
    """
    spread = {"binomial": expected * (1 - expected), "poisson": expected}.get(family)
    root = np.sqrt(spread) if spread is not None else np.ones_like(expected)
    # Canonical links: the derivative of the mean is the variance.
    d = x * root[:, np.newaxis]
    r = (y - expected) / root
    starts = np.flatnonzero(np.r_[True, np.diff(cluster) > 0])
    n = np.diff(np.r_[starts, cluster.size])
    share = alpha / (1 + (n - 1) * alpha)
    sum_d, sum_r = np.add.reduceat(d, starts), np.add.reduceat(r, starts)
    u = np.add.reduceat(d * r[:, np.newaxis], starts) - (share * sum_r)[:, np.newaxis] * sum_d
    p = x.shape[1]
    squares = np.empty((starts.size, p, p))
    for k in range(p):
        squares[:, k] = np.add.reduceat(d * d[:, [k]], starts)
    squares -= share[:, np.newaxis, np.newaxis] * sum_d[:, :, np.newaxis] * sum_d[:, np.newaxis]
    u, squares = u / (1 - alpha), squares / (1 - alpha)
    total = squares.sum(axis=0)
    # In coordinates in which the total is the identity, shares lie between 0 and 1.
    values, vectors = np.linalg.eigh(total)
    if not values[0] > _SINGULAR * values[-1]:
        return np.full((p, p), np.nan), np.array([], dtype=np.intp)
    to_unit = vectors / np.sqrt(np.maximum(values, np.finfo(float).tiny))
    scores = u @ to_unit
    alone = np.array([], dtype=np.intp)
    if bias_reduced:
        left, turned = np.linalg.eigh(np.eye(p) - to_unit.T @ squares @ to_unit)
        alone = np.flatnonzero(left[:, 0] <= _ALONE)
        if alone.size:
            return np.full((p, p), np.nan), alone
        along = np.einsum("gkp,gk->gp", turned, scores) / left
        scores = np.einsum("gkp,gp->gk", turned, along)
    half = scores @ to_unit.T
    return half.T @ half, alone
