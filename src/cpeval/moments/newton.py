"""Newton's method with exact second derivatives, for a handful of parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cpeval.moments.mixed_parameters import Floats

Function = Callable[[Floats], tuple[float, Floats, Floats]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Minimum:
    """Where a function is smallest.

    Attributes
    ----------
    x : numpy.ndarray, shape (m,)
    value : float
    gradient : numpy.ndarray, shape (m,)
    gain : float
        What a further step would take from the value, if the function were quadratic.
    steps : int
        Steps taken.
    """

    x: Floats
    value: float
    gradient: Floats
    gain: float
    steps: int


#: A gradient below this is as good as zero: rounding in sums over 100,000 groups is about 1e-10.
GRADIENT_SMALL = 1e-10
#: Relative differences of values that are below this may be rounding.
_ROUNDING = 1e-13
_MOST_STEPS = 200


def minimise(function: Function, start: Floats) -> Minimum:
    """Go down from ``start`` until the gradient is zero but for rounding.

    Parameters
    ----------
    function : callable
        Takes x, shape (m,); returns value, gradient, (m,), and Hessian, (m, m).
    start : numpy.ndarray, shape (m,)

    Returns
    -------
    Minimum
        The gradient says how well it went.

    Notes
    -----
    Where the Hessian has a negative eigenvalue its size counts, so that steps lead away from
    saddles [1]_. A step is halved until the value falls; near the end, where a fall drowns in
    rounding, until the gradient shrinks.

    References
    ----------
    .. [1] Dauphin et al. (2014). Identifying and attacking the saddle point problem.
           Advances in Neural Information Processing Systems, 27.
    """
    x = start
    value, gradient, hessian = function(x)
    bends = _bends(hessian)
    steps = 0
    while steps < _MOST_STEPS:
        step = _step(x, gradient, bends)
        if step is None:
            break
        moved = _search(function, x, value, gradient, step)
        if moved is None:
            break
        x, value, gradient, hessian = moved
        bends = _bends(hessian)
        steps += 1
    gain = -0.5 * float(gradient @ _newton(gradient, bends))
    return Minimum(x=x, value=value, gradient=gradient, gain=gain, steps=steps)


def _bends(hessian: Floats) -> tuple[Floats, Floats]:
    """Return the Hessian's eigenvalues, rising, and its eigenvectors."""
    values, vectors = np.linalg.eigh(hessian)
    return values, vectors


def _step(x: Floats, gradient: Floats, bends: tuple[Floats, Floats]) -> Floats | None:
    """Return the Newton step, or None at a minimum."""
    values, vectors = bends
    size = np.abs(values)
    longest = max(1.0, 2.0 * float(np.abs(x).max()))
    if np.abs(gradient).max() < GRADIENT_SMALL:
        if values[0] > -1e-6 * max(1.0, size.max()):
            return None
        # A saddle, or a maximum: away from it, downwards if there is a slope.
        away: Floats = 0.1 * vectors[:, 0]
        return -away if gradient @ away > 0 else away
    step = _newton(gradient, bends)
    length = float(np.abs(step).max())
    return step if length <= longest else step * (longest / length)


def _newton(gradient: Floats, bends: tuple[Floats, Floats]) -> Floats:
    """Return -|H|^-1 g, the sizes of H's eigenvalues in their place."""
    values, vectors = bends
    size = np.abs(values)
    floor = 1e-12 * max(1.0, float(size.max()))
    step: Floats = -vectors @ ((vectors.T @ gradient) / np.maximum(size, floor))
    return step


def _search(
    function: Function, x: Floats, value: float, gradient: Floats, step: Floats
) -> tuple[Floats, float, Floats, Floats] | None:
    """Return x, value, gradient and Hessian after a step that helps, or None."""
    slope = float(gradient @ step)
    for _ in range(40):
        new = x + step
        found = function(new)
        if np.isfinite(found[0]):
            if found[0] <= value + 1e-4 * slope and found[0] < value:
                return new, *found
            close = abs(found[0] - value) <= _ROUNDING * (1.0 + abs(value)) * 100
            if close and np.abs(found[1]).max() < 0.9 * np.abs(gradient).max():
                return new, *found
        step, slope = step / 2.0, slope / 2.0
        if np.abs(step).max() < 1e-16 * (1.0 + np.abs(x).max()):
            break
    return None
