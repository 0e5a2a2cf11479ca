"""Variances of subjects, raters and error when both subjects and raters are drawn: REML."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from cpeval.measurement.crossed_moments import CrossedMoments

Floats = NDArray[np.float64]

#: Newton steps after the search; they double the digits each time, so few are needed.
_MOST_STEPS = 30


@dataclass(frozen=True, kw_only=True)
class Components:
    """Variances, none below 0.

    Attributes
    ----------
    subjects, raters, error : float
        In squared units of the ratings.
    """

    subjects: float
    raters: float
    error: float


@dataclass(frozen=True, eq=False)
class _At:
    """The criterion at a pair of ratios to the error variance, and its gradient."""

    value: float
    gradient: Floats
    error: float


def components(moments: CrossedMoments) -> Components:
    r"""Estimate the variances of :math:`y_{ij} = \mu + s_i + r_j + e_{ij}` by REML.

    Parameters
    ----------
    moments : CrossedMoments
        Of ratings that subjects and raters don't explain fully.

    Returns
    -------
    Components

    Notes
    -----
    Subjects are integrated out of the cross-products of the raters' dummies and the ratings, one
    small matrix for each number of ratings a subject can have; what remains has the size of the
    raters. A search within bounds starts from the best point of a grid; Newton's steps on the
    exact gradient end it.
    """
    starts = [np.array([s, r]) for s in (0.1, 0.5, 2.0, 10.0) for r in (0.0, 0.1, 1.0)]
    values = [_criterion(moments, start).value for start in starts]
    found = minimize(
        lambda x: _value_and_gradient(moments, x),
        starts[int(np.argmin(values))],
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, 1e8)] * 2,
    )
    ratios = _polished(moments, np.array(found.x))
    error = _criterion(moments, ratios).error
    return Components(
        subjects=float(ratios[0] * error), raters=float(ratios[1] * error), error=error
    )


def _value_and_gradient(moments: CrossedMoments, ratios: Floats) -> tuple[float, Floats]:
    at = _criterion(moments, ratios)
    return at.value, at.gradient


def _polished(moments: CrossedMoments, ratios: Floats) -> Floats:
    """Newton's method on the ratios that are not at 0."""
    at = _criterion(moments, ratios)
    for _ in range(_MOST_STEPS):
        free = (ratios > 1e-9) | (at.gradient < 0)
        ratios = np.where(free, ratios, 0.0)
        if not free.any():
            break
        step = np.linalg.solve(_curvature(moments, ratios)[np.ix_(free, free)], at.gradient[free])
        moved = ratios.copy()
        moved[free] = np.maximum(moved[free] - step, 0.0)
        new = _criterion(moments, moved)
        settled = np.allclose(moved, ratios, rtol=1e-13, atol=0)
        if np.abs(new.gradient[free]).sum() >= np.abs(at.gradient[free]).sum():
            break
        ratios, at = moved, new
        if settled:
            break
    return ratios


def _curvature(moments: CrossedMoments, ratios: Floats) -> Floats:
    """Second derivatives by differences of the exact gradient; they only set Newton's steps."""
    rows = []
    for k in range(2):
        step = 1e-5 * max(ratios[k], 1e-3)
        shift = np.eye(2)[k] * step
        forth = _criterion(moments, ratios + shift).gradient
        back = _criterion(moments, np.maximum(ratios - shift, 0.0)).gradient
        rows.append((forth - back) / (step + min(step, ratios[k])))
    matrix: Floats = np.array(rows)
    symmetric: Floats = (matrix + matrix.T) / 2
    return symmetric


def _criterion(moments: CrossedMoments, ratios: Floats) -> _At:
    """Minus twice the log restricted likelihood but for a constant, error variance profiled out."""
    subject, rater = float(ratios[0]), float(ratios[1])
    r, left = moments.r, moments.n_ratings - 1
    gram, change = moments.gram(subject), moments.gram_slope(subject)
    one = np.ones(r)
    spread = np.eye(r) + rater * gram[:-1, :-1]
    inverse = np.linalg.inv(spread)
    raters = gram[:-1, :-1] @ inverse  # D'V⁻¹D
    ratings = inverse @ gram[:-1, -1]  # D'V⁻¹y
    ones = raters @ one
    total = one @ ones
    mean = one @ ratings / total
    residual = gram[-1, -1] - rater * gram[-1, :-1] @ ratings - mean**2 * total
    value = (
        moments.log_det(subject)
        + np.linalg.slogdet(spread)[1]
        + np.log(total)
        + left * np.log(residual)
    )
    pulled = ratings - ones * mean  # D'Py
    weights = np.append(-(mean + rater * pulled), 1.0)
    by_subject = (
        moments.log_det_slope(subject)
        + rater * np.trace(inverse @ change[:-1, :-1])
        + (inverse @ one) @ change[:-1, :-1] @ (inverse @ one) / total
        + left * (weights @ change @ weights) / residual
    )
    by_rater = np.trace(raters) - ones @ ones / total - left * (pulled @ pulled) / residual
    return _At(float(value), np.array([by_subject, by_rater]), float(residual / left))
