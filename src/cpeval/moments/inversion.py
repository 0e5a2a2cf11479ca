"""The interval of values that a test does not reject."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

#: Values tried on each side before the last change from kept to rejected is narrowed down.
_TRIED = 64

#: How many errors away from the estimate a bound can be before it counts as infinite.
_FURTHEST = 1e6


def accepted_interval(
    p_of: Callable[[float], float], estimate: float, se: float, alpha: float
) -> tuple[float, float]:
    """Return the outermost values with p above alpha.

    Parameters
    ----------
    p_of : callable
        Value under the hypothesis to p; 1 at the estimate, a step function.
    estimate, se : float
        Where to start, and the length of the first step.
    alpha : float
        Values with a p of at most this are rejected.

    Returns
    -------
    low, high : float
        The steps of p, to the last digits. Infinite where values far out are still kept.

    Examples
    --------
    >>> low, high = accepted_interval(lambda value: 0.9 ** abs(value - 2), 2.0, 1.0, 0.81)
    >>> round(low, 12), round(high, 12)
    (0.0, 4.0)
    """
    low, high = (_bound(p_of, estimate, sign * se, alpha) for sign in (-1, 1))
    return low, high


def _bound(p_of: Callable[[float], float], estimate: float, step: float, alpha: float) -> float:
    """Return the last value kept on the side where ``step`` points."""
    if p_of(estimate + _FURTHEST * step) > alpha:
        return float(np.copysign(np.inf, step))
    # Far enough: rejected there, and twice as far, and four times.
    far = 1.0
    while far < _FURTHEST and any(p_of(estimate + far * more * step) > alpha for more in (1, 2, 4)):
        far *= 2
    inside, outside = 0.0, 4 * far
    for share in np.linspace(4 * far, 0, 4 * _TRIED, endpoint=False)[1:]:
        if p_of(estimate + share * step) > alpha:
            inside = float(share)
            break
        outside = float(share)
    while (middle := (inside + outside) / 2) not in (inside, outside):
        if p_of(estimate + middle * step) > alpha:
            inside = middle
        else:
            outside = middle
    return float(estimate + inside * step)
