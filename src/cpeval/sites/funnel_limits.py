"""Limits around a target that a site of a given size crosses by chance only so often. Arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How much more than chance sites differ.

    Attributes
    ----------
    phi : float
        Mean square of the winsorised z scores; about 1 where only chance is at work.
    tau2 : float
        Variance between sites by DerSimonian & Laird, not below 0.
    p : float
        Of the hypothesis that sites differ by chance only: the sum of squares against chi square.
    """

    phi: float
    tau2: float
    p: float


def spread(z: Floats, variance: Floats, *, winsorise: float) -> Spread:
    """Measure how much more than chance sites differ (Spiegelhalter, 2005).

    Parameters
    ----------
    z : array, shape (n_sites,)
        Distances from the target in standard errors.
    variance : array, shape (n_sites,)
        The squared standard errors, at the target.
    winsorise : float
        The share of z scores at either end that are drawn in to the quantile there.
    """
    low, high = np.quantile(z, [winsorise, 1 - winsorise])
    squares = float((np.clip(z, low, high) ** 2).sum())
    weight = 1 / variance
    scale = weight.sum() - (weight**2).sum() / weight.sum()
    tau2 = (squares - (z.size - 1)) / scale if scale > 0 else 0.0
    return Spread(
        phi=squares / z.size, tau2=max(0.0, tau2), p=float(stats.chi2.sf(squares, z.size))
    )


def binomial_limits(n: Floats, target: float, probability: float) -> Floats:
    """Return the exact limit of a proportion, interpolated between counts.

    With r the smallest count that is not exceeded with at least this ``probability``, the limit
    is (r - a) / n, where a says how far the probability of r overshoots, as a share of the last
    step.

    Parameters
    ----------
    n : array, shape (n_sites,)
        People.
    target : float
        Between 0 and 1, not either.
    probability : float
    """
    law = stats.binom(n, target)
    return np.clip(_interpolated(law, probability) / n, 0.0, 1.0)


def poisson_limits(size: Floats, target: float, probability: float) -> Floats:
    """Return the exact limit of events over ``size`` (time, or events expected), interpolated."""
    law = stats.poisson(size * target)
    return np.maximum(_interpolated(law, probability) / size, 0.0)


def _interpolated(law: stats._distn_infrastructure.rv_frozen, probability: float) -> Floats:
    count = np.asarray(law.ppf(probability), dtype=float)
    reached = law.cdf(count)
    # A quantile that the library rounds down would make the overshoot negative.
    overshoot = np.maximum(reached - probability, 0.0)
    return np.asarray(count - overshoot / law.pmf(count))


def normal_limits(
    variance: Floats, target: float, probability: float, *, df: float = np.inf
) -> Floats:
    """Return the target plus a quantile of the t distribution times the standard error.

    Parameters
    ----------
    variance : array, shape (n_sites,)
        Squared standard errors, with what overdispersion adds.
    target, probability : float
    df : float
        Of the standard errors; infinite (a normal quantile) where they follow from the target.
    """
    return np.asarray(target + stats.t.ppf(probability, df) * np.sqrt(variance))


def tails(levels: Sequence[float]) -> dict[str, float]:
    """Name the limits of each level, with the probability below each.

    >>> tails([0.95])
    {'low_95': 0.025..., 'high_95': 0.975}
    """
    named = {}
    for level in levels:
        named[f"low_{100 * level:g}"] = (1 - level) / 2
        named[f"high_{100 * level:g}"] = (1 + level) / 2
    return named
