"""Noise that hides whether any one row is in the moments: how much, and what is left of them.

Arrays in, arrays out. Each column is scaled to run from -1 to 1 between its bounds. With z a row's
scaled columns behind a 1, all moments of a unit are in M = sum of zz'. One row more or less changes
each of the (q + 1)(q + 2) / 2 numbers in M by 1 at most, so M as a whole by the root of that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from cpeval.errors import OptionError, listed
from cpeval.moments.coding import Column, Level

Floats = NDArray[np.float64]

#: Halvings that find the noise to all digits of a float.
_HALVINGS = 200


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Which sites' moments have noise in them, and how much: no one row's part is more than that.

    Attributes
    ----------
    epsilon, delta : float
        Of differential privacy, for one row.
    sites : tuple
    """

    epsilon: float
    delta: float
    sites: tuple[Level, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Noisy:
    """Moments with noise, of U units and q columns. ``n`` isn't a whole number."""

    n: Floats
    mean: Floats
    cross: Floats


def require_budget(epsilon: float, delta: float) -> None:
    """Raise `OptionError` unless there is a guarantee with these numbers."""
    for name, value, most in (("epsilon", epsilon, np.inf), ("delta", delta, 1.0)):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (number and 0 < value < most):
            raise OptionError(
                f"{name!r} is a number above 0"
                + (" and below 1" if most == 1.0 else ", not infinite")
                + f". Got {value!r}."
            )


def sensitivity(q: int) -> float:
    """Return how much one row can change M, of ``q`` columns."""
    return float(np.sqrt((q + 1) * (q + 2) / 2))


def gaussian_sd(epsilon: float, delta: float) -> float:
    r"""Return the least standard deviation of noise for a sensitivity of 1.

    Notes
    -----
    The smallest :math:`\sigma` with :math:`\Phi(1/(2\sigma) - \epsilon\sigma) - e^\epsilon
    \Phi(-1/(2\sigma) - \epsilon\sigma) \le \delta`, which falls in :math:`\sigma`: necessary and
    sufficient for Gaussian noise [1]_.

    References
    ----------
    .. [1] Balle & Wang (2018). Improving the Gaussian mechanism for differential privacy.
           Proceedings of Machine Learning Research, 80, 394-403.

    Examples
    --------
    >>> round(gaussian_sd(1.0, 1e-6), 3)
    4.225
    """
    low, high = -50.0, 50.0  # logarithms
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _spent(np.exp(middle), epsilon) <= delta:
            high = middle
        else:
            low = middle
    return float(np.exp(high))


def _spent(sd: float, epsilon: float) -> float:
    """Return the delta that noise of ``sd`` has for ``epsilon``."""
    first = special.ndtr(0.5 / sd - epsilon * sd)
    second = np.exp(epsilon + special.log_ndtr(-0.5 / sd - epsilon * sd))
    return float(first - second)


def column_bounds(
    model: Sequence[Column], outcome: str, bounds: Mapping[str, tuple[float, float]]
) -> Floats:
    """Return the least and the largest value of each column, shape (q, 2); NaN if not known.

    Dummies are between 0 and 1; products between the products of their parts' bounds.
    """
    found = []
    for column in model:
        own = np.array([1.0, 1.0])
        for factor in column.numbers:
            part = np.array(bounds.get(factor.text, (np.nan, np.nan)))
            corners = np.outer(own, part)
            own = np.array([corners.min(), corners.max()])
        if column.dummies:
            own = np.array([np.minimum(own[0], 0.0), np.maximum(own[1], 0.0)])
        found.append(own)
    return np.array([*found, bounds.get(outcome, (np.nan, np.nan))], dtype=float)


def noisy_moments(
    n: Floats, mean: Floats, cross: Floats, bounds: Floats, sd: float, random: np.random.Generator
) -> Noisy:
    """Add noise to counts, means and cross-products, and make squares squares again.

    Parameters
    ----------
    n, mean, cross : arrays of shapes (U,), (U, q), (U, q, q)
        ``cross`` is about each unit's mean.
    bounds : array, shape (q, 2)
    sd : float
        Of the noise in each number of M.
    random : numpy.random.Generator

    Returns
    -------
    Noisy
        The noise can make M a matrix that no data have. Means beyond the bounds are then put on
        them, and negative eigenvalues of ``cross`` become zero. That looks at nothing but the
        noisy M. A count is as the noise left it, not a whole number, and may be negative: the rest
        of its unit means nothing then.
    """
    centre, half = bounds.mean(axis=1), np.diff(bounds, axis=1)[:, 0] / 2
    ones = np.ones((len(n), 1))
    scaled = np.hstack([ones, (mean - centre) / half])
    whole = n[:, np.newaxis, np.newaxis] * scaled[:, :, np.newaxis] * scaled[:, np.newaxis, :]
    whole[:, 1:, 1:] += cross / np.outer(half, half)
    upper = np.triu(random.normal(0.0, sd, whole.shape))
    whole += upper + np.triu(upper, 1).swapaxes(1, 2)
    count = whole[:, 0, 0]
    there = np.where(count > 0, count, 1.0)[:, np.newaxis]
    middle = np.clip(whole[:, 0, 1:] / there, -1.0, 1.0)
    rest = whole[:, 1:, 1:] - (there * middle)[:, :, np.newaxis] * middle[:, np.newaxis, :]
    values, vectors = np.linalg.eigh(rest)
    root = half[:, np.newaxis] * vectors * np.sqrt(np.maximum(values, 0.0))[:, np.newaxis, :]
    return Noisy(n=count, mean=centre + middle * half, cross=root @ root.swapaxes(1, 2))


def told(noise: Sequence[Noise], sites: Sequence[Level]) -> tuple[str, ...]:
    """Say in a sentence, for a reader, which moments have noise in them; empty if none."""
    if not noise:
        return ()
    parts = [
        f"{listed(one.sites, most=5)} (epsilon {one.epsilon:g}, delta {one.delta:g})"
        for one in noise
    ]
    among = {site for one in noise for site in one.sites}
    exact = len(set(sites) - among)
    rest = f"; those of {exact} other sites are exact" if exact else ""
    return (
        f"Noise was added to moments before they were shared, for privacy: those of "
        f"{'; '.join(parts)}{rest}. Errors by cluster take most of the noise in, those of mixed "
        "models and of people as independent don't. Where units are small, noise biases estimates.",
    )
