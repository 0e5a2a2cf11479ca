"""Proportional-odds regression by Newton's method, on counts of people with like values."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Newton stops when a full step would gain less log-likelihood than this a person.
_GAIN = 1e-15

#: A standard error of a log odds ratio from which on the data don't hold it.
_UNHELD = 100.0

_MOST_STEPS = 100


class ProportionalOdds(NamedTuple):
    """What was fitted.

    Attributes
    ----------
    coefficients, se : numpy.ndarray, shape (p,)
        Log odds ratios of a higher answer, and their standard errors from the observed
        information.
    log_likelihood : float
    converged : bool
        False where the maximum is at infinity: a category's people can be told apart for certain.
    """

    coefficients: Floats
    se: Floats
    log_likelihood: float
    converged: bool


def proportional_odds(counts: Integers, design: Floats) -> ProportionalOdds:
    r"""Regress an ordered answer on what people share.

    Parameters
    ----------
    counts : numpy.ndarray, shape (patterns, categories)
        People with each pattern and answer. Each category has someone.
    design : numpy.ndarray, shape (patterns, p)
        The patterns' values, each about a standard deviation wide.

    Notes
    -----
    :math:`P(Y \ge c) = F_c = \mathrm{logit}^{-1}(\alpha_c + z'\beta)`. The log-likelihood is
    concave, and with :math:`m_c` people in category c or the one below, its information is a sum
    of :math:`m_c F_c (1 - F_c)` times products of the design, and of terms in the differences of
    neighbouring thresholds.

    Examples
    --------
    >>> fit = proportional_odds(np.array([[30, 10], [10, 30]]), np.array([[0.0], [1.0]]))
    >>> bool(np.isclose(fit.coefficients[0], np.log(9))), bool(np.isclose(fit.se[0] ** 2, 8 / 30))
    (True, True)
    """
    n = counts.sum()
    frequencies = counts.sum(axis=0)
    m = counts.shape[1] - 1
    above = frequencies[::-1].cumsum()[::-1][1:] / n
    theta = np.concatenate([np.log(above / (1 - above)), np.zeros(design.shape[1])])
    near = (counts[:, 1:] + counts[:, :-1]).astype(float)
    risen = design.T @ (counts.sum(axis=1) - counts[:, 0])
    value = _log_likelihood(theta, m, frequencies, near, design, risen)
    converged = False
    information = np.eye(len(theta))
    for _ in range(_MOST_STEPS):
        gradient, information = _derivatives(theta, m, frequencies, near, design, risen)
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            break
        converged = float(gradient @ step) <= _GAIN * n
        share = 1.0
        while share > 1e-8:
            new = _log_likelihood(theta + share * step, m, frequencies, near, design, risen)
            if new >= value:
                theta, value = theta + share * step, new
                break
            share /= 2
        if converged or share <= 1e-8:
            break
    if not converged and share <= 1e-8:
        # Rounding alone hides the last gain.
        converged = float(gradient @ step) <= 1e-9
    se = np.full(design.shape[1], np.nan)
    if converged:
        _, information = _derivatives(theta, m, frequencies, near, design, risen)
        try:
            se = np.sqrt(np.diag(np.linalg.inv(information))[m:])
        except np.linalg.LinAlgError:
            converged = False
    # On its way to infinity a coefficient stops somewhere, but nothing holds it there.
    if not converged or not (se < _UNHELD).all():
        return ProportionalOdds(theta[m:], np.full_like(se, np.nan), value, converged=False)
    return ProportionalOdds(theta[m:], se, value, converged=True)


def null_log_likelihood(counts: Integers) -> float:
    """Return the log-likelihood of one distribution of answers for all."""
    frequencies = counts.sum(axis=0)
    there = frequencies[frequencies > 0]
    return float((there * np.log(there / there.sum())).sum())


def _log_likelihood(
    theta: Floats, m: int, frequencies: Integers, near: Floats, design: Floats, risen: Floats
) -> float:
    """Sum of log probabilities; minus infinity where thresholds are out of order."""
    a, b = theta[:m], theta[m:]
    gaps = a[:-1] - a[1:]
    if (gaps <= 0).any():
        return float("-inf")
    between = frequencies[1:-1] @ (a[:-1] + np.log1p(-np.exp(-gaps)))
    eta = a + (design @ b)[:, None]
    return float(
        between + frequencies[-1] * a[-1] + b @ risen - (near * np.logaddexp(0.0, eta)).sum()
    )


def _derivatives(
    theta: Floats, m: int, frequencies: Integers, near: Floats, design: Floats, risen: Floats
) -> tuple[Floats, Floats]:
    """Return the gradient and the observed information."""
    a, b = theta[:m], theta[m:]
    passed = 1 / (1 + np.exp(-(a + (design @ b)[:, None])))
    expected = near * passed
    spread = expected * (1 - passed)
    gaps = np.exp(-(a[:-1] - a[1:]))
    inner = frequencies[1:-1]
    upper = inner / (1 - gaps)
    slope = -expected.sum(axis=0)
    slope[:-1] += upper
    slope[1:] += inner - upper
    slope[-1] += frequencies[-1]
    information = np.zeros((len(theta), len(theta)))
    information[:m, :m] = np.diag(spread.sum(axis=0))
    curve = inner * gaps / (1 - gaps) ** 2
    place = np.arange(m - 1)
    information[place, place] += curve
    information[place + 1, place + 1] += curve
    information[place, place + 1] -= curve
    information[place + 1, place] -= curve
    information[:m, m:] = spread.T @ design
    information[m:, :m] = information[:m, m:].T
    information[m:, m:] = design.T @ (spread.sum(axis=1)[:, None] * design)
    return np.concatenate([slope, risen - design.T @ expected.sum(axis=1)]), information
