"""Variances where the restricted likelihood is largest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cpeval.fidelity.restricted_likelihood import At, RestrictedLikelihood

Floats = NDArray[np.float64]

_MOST_STEPS = 100
_MOST_HALVINGS = 25
#: Steps end when none moves a variance by this share of all variance.
_SETTLED = 1e-11
#: Error's share of all variance at least: without any, ratings have no inverse to their covariance.
_LEAST_ERROR = 1e-6
#: Variances below this share of all count as 0 when their slope points down.
_AT_ZERO = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """Where the likelihood is largest.

    Attributes
    ----------
    variances : numpy.ndarray, shape (m,)
        That of error 0 if it went as low as it may.
    at : At
        The criterion there.
    settled : bool
        Whether the search came to an end.
    """

    variances: Floats
    at: At
    settled: bool


def most_likely(model: RestrictedLikelihood, start: Floats) -> Found:
    """Go to the top of the restricted likelihood, no variance below 0.

    Parameters
    ----------
    model : RestrictedLikelihood
        Of ratings whose variance is about 1.
    start : numpy.ndarray, shape (m,)
        That of error, the last, above 0.

    Notes
    -----
    Newton's method with the average information (Gilmour, Thompson & Cullis 1995) on the
    variances that are above 0 or would rise from it. Steps are halved until the likelihood rises.
    """
    x, at = start, model.at(start)
    for _ in range(_MOST_STEPS):
        free = (x > _AT_ZERO) | (at.gradient < 0)
        free[-1] = x[-1] > _LEAST_ERROR or at.gradient[-1] < 0
        x = np.where(free, x, 0.0)
        x[-1] = max(x[-1], _LEAST_ERROR)
        if not free.any():
            return _found(x, at, settled=True)
        step = np.zeros_like(x)
        matrix = at.information[np.ix_(free, free)]
        step[free] = -np.linalg.lstsq(matrix, at.gradient[free], rcond=1e-14)[0]
        longest = 2.0 * max(1.0, x.max())
        step *= min(1.0, longest / max(np.abs(step).max(), 1e-300))
        moved = _search(model, x, at, step)
        if moved is None:
            return _found(x, at, settled=_flat(x, at, free))
        change = np.abs(moved[0] - x).max()
        x, at = moved
        if change <= _SETTLED:
            return _found(x, at, settled=True)
    return _found(x, at, settled=False)


def _found(x: Floats, at: At, *, settled: bool) -> Found:
    x = x.copy()
    x[-1] = x[-1] if x[-1] > _LEAST_ERROR else 0.0
    return Found(variances=x, at=at, settled=settled)


def _search(
    model: RestrictedLikelihood, x: Floats, at: At, step: Floats
) -> tuple[Floats, At] | None:
    """Return where a step helps, or None if no step does."""
    for _ in range(_MOST_HALVINGS):
        new = np.maximum(x + step, 0.0)
        new[-1] = max(x[-1] + step[-1], 0.1 * x[-1], _LEAST_ERROR)
        try:
            there = model.at(new)
        except np.linalg.LinAlgError:  # other variances too large beside that of error
            step = step / 2
            continue
        if np.isfinite(there.value) and there.value <= at.value + 1e-12 * (1 + abs(at.value)):
            return new, there
        step = step / 2
        if np.abs(step).max() < _SETTLED:
            break
    return None


#: A slope times its variance, of the likelihood's value, that is flat.
_FLAT = 1e-5


def _flat(x: Floats, at: At, free: NDArray[np.bool_]) -> bool:
    return bool((np.abs(at.gradient * np.maximum(x, _AT_ZERO))[free] < _FLAT).all())
