"""Proportional-odds regression by Newton's method, on counts of people with like values."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Newton stops when a full step would gain less log-likelihood than this a person.
_GAIN = 1e-15

#: A standard error of a log odds ratio from which on the data don't hold it.
_UNHELD = 100.0

_MOST_STEPS = 100

#: No coefficient moves further in one step: from far out a likelihood looks flat.
_LONGEST = 10.0


class ProportionalOdds(NamedTuple):
    """What was fitted.

    Attributes
    ----------
    coefficients, se : numpy.ndarray, shape (p,)
        Log odds ratios of a higher answer, and their standard errors from the observed
        information; these are NaN where not ``finite``.
    log_likelihood : float
        The largest there is, or what it tends to as coefficients go to infinity.
    converged : bool
        Whether it was reached, to the precision of numbers.
    finite : bool
        False where the maximum is at infinity: a category's people can be told apart for certain.
    """

    coefficients: Floats
    se: Floats
    log_likelihood: float
    converged: bool
    finite: bool


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
    for _ in range(_MOST_STEPS):
        gradient, information = _derivatives(theta, m, frequencies, near, design, risen)
        # Where the likelihood is flat, as far out on the way to infinity, this stands still.
        step = np.linalg.lstsq(information, gradient, rcond=1e-14)[0]
        gain = float(gradient @ step)
        converged = gain <= _GAIN * n
        share = min(1.0, _LONGEST / max(float(np.abs(step).max()), _LONGEST))
        while share > 1e-8:
            new = _log_likelihood(theta + share * step, m, frequencies, near, design, risen)
            if new >= value:
                theta, value = theta + share * step, new
                break
            share /= 2
        if share <= 1e-8:
            # Rounding alone hides the last gain.
            converged = gain <= 1e-9
            break
        if converged:
            break
    return ProportionalOdds(
        theta[m:],
        se := _errors(theta, m, frequencies, near, design, risen),
        value,
        converged=converged,
        finite=converged and bool(np.isfinite(se).all()),
    )


def _errors(
    theta: Floats, m: int, frequencies: Integers, near: Floats, design: Floats, risen: Floats
) -> Floats:
    """Return standard errors, NaN if any says that nothing holds its coefficient."""
    _, information = _derivatives(theta, m, frequencies, near, design, risen)
    nothing = np.full(design.shape[1], np.nan)
    try:
        variance = np.diag(np.linalg.inv(information))[m:]
    except np.linalg.LinAlgError:
        return nothing
    # On its way to infinity a coefficient stops somewhere, but nothing holds it there.
    held = ((variance > 0) & (variance < _UNHELD**2)).all()
    return np.sqrt(variance) if held else nothing


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
    passed = expit(a + (design @ b)[:, None])
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
