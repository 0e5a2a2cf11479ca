"""How far sites differ, and what an estimate becomes in the light of the others. Arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

Floats = NDArray[np.float64]

#: Above this many sites the comparison factor looks at standard errors at as many quantiles.
_MOST_PAIRED = 1000


@dataclass(frozen=True, kw_only=True, eq=False)
class Shrunken:
    """Sites in the light of the others.

    Attributes
    ----------
    mean, mean_se : float
        Of all sites together.
    tau2 : float
        Variance between sites, not below 0.
    estimate, se : array, shape (n_sites,)
        Each site's estimate drawn to the mean, and its error.
    weight : array, shape (n_sites,)
        The share of a site's own estimate.
    """

    mean: float
    mean_se: float
    tau2: float
    estimate: Floats
    se: Floats
    weight: Floats


def shrink(estimate: Floats, se: Floats) -> Shrunken:
    """Shrink estimates by the method of moments (DerSimonian & Laird, 1986).

    With the variance pooled within sites over n for the squared error, this is the analysis of
    variance of a random intercept.

    Parameters
    ----------
    estimate, se : array, shape (n_sites,), two sites or more
        Errors above 0.
    """
    # Estimates from a middle one: squares of large numbers would lose digits.
    middle = float(np.median(estimate))
    y = estimate - middle
    w = 1 / se**2
    pooled = (w * y).sum() / w.sum()
    q = (w * (y - pooled) ** 2).sum()
    scale = w.sum() - (w**2).sum() / w.sum()
    tau2 = max(0.0, float((q - (y.size - 1)) / scale))
    total = 1 / (se**2 + tau2)
    mean, mean_variance = (total * y).sum() / total.sum(), 1 / total.sum()
    own = tau2 * total
    return Shrunken(
        mean=float(mean) + middle,
        mean_se=float(np.sqrt(mean_variance)),
        tau2=tau2,
        estimate=own * y + (1 - own) * mean + middle,
        se=np.sqrt(own * se**2 + (1 - own) ** 2 * mean_variance),
        weight=own,
    )


def comparison_factor(se: Floats, *, level: float, df: float = np.inf) -> float:
    """Return by how many errors to draw bars so that two sites' bars touch at the given level.

    Two sites differ where their bars don't overlap; over all pairs this errs in a share of
    1 - ``level`` on average (Goldstein & Healy, 1995). With equal errors it is the quantile over
    the root of 2: 1.39 for .95.

    Parameters
    ----------
    se : array, shape (n_sites,), two sites or more
        Errors above 0.
    level : float
    df : float
        Of the errors; infinite for a normal quantile.
    """
    some = se
    if se.size > _MOST_PAIRED:
        some = np.quantile(se, (np.arange(_MOST_PAIRED) + 0.5) / _MOST_PAIRED)
    one, other = np.triu_indices(some.size, 1)
    reach = (some[one] + some[other]) / np.hypot(some[one], some[other])
    # Between 1 (one error is 0) and the root of 2 (equal errors), so the factor is between too.
    quantile = float(stats.t.isf((1 - level) / 2, df))

    def gap(factor: float) -> float:
        return float(2 * stats.t.sf(factor * reach, df).mean()) - (1 - level)

    low, high = quantile / np.sqrt(2), quantile
    if gap(low) <= 0:
        return float(low)
    return float(optimize.brentq(gap, low, high, xtol=1e-12, rtol=1e-14))
