"""Krippendorff's alpha and its standard error."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# The package krippendorff has no standard error. Here the counts are there already, for the other
# coefficients, and give each subject's influence.


def coincidences(counts: Floats) -> Floats:
    """Pairs of ratings of one subject, each subject's adding up to its ratings.

    Parameters
    ----------
    counts : numpy.ndarray, shape (n, q)
        How many raters chose each category; two or more a subject.

    Returns
    -------
    numpy.ndarray, shape (q, q)
        Symmetric; its sum is the number of ratings.
    """
    shares = counts / (counts.sum(axis=1, keepdims=True) - 1)
    pairs: Floats = counts.T @ shares - np.diag(shares.sum(axis=0))
    return pairs


def midranks(shares: Floats) -> Floats:
    """Half of a category's share, and all below it: differences are his ordinal metric."""
    return np.cumsum(shares) - shares / 2


def alpha(counts: Floats, distances: Floats | None) -> tuple[float, float, float, Floats]:
    r"""Krippendorff's alpha with what each subject contributes to its error.

    Parameters
    ----------
    counts : numpy.ndarray, shape (n, q)
        How many raters chose each category. Subjects rated fewer than twice are left out.
    distances : numpy.ndarray, shape (q, q), or None
        :math:`\delta^2`, 0 on the diagonal. None is the ordinal metric, which follows the ratings.

    Returns
    -------
    estimate, observed, expected : float
        Alpha, and with :math:`1 - \delta^2 / \max \delta^2` as agreement the agreement found
        (with his correction for small samples) and by chance.
    influence : numpy.ndarray, shape (n_pairable,)
        Centred at 0; its standard deviation over the root of n is the standard error.

    Notes
    -----
    :math:`\alpha = 1 - (N - 1) \sum_{ck} o_{ck} \delta^2_{ck} / \sum_{ck} n_c n_k \delta^2_{ck}`
    [1]_. The ordinal metric is the squared difference of mid-ranks. The influence is Gwet's
    linearisation [2]_; for the ordinal metric, which his weights are not, it also has what a
    subject does to the mid-ranks.

    References
    ----------
    .. [1] Krippendorff (2019). Content Analysis, 4th ed., chapter 12.
    .. [2] Gwet (2014). Handbook of Inter-Rater Reliability, 4th ed., chapter 6.
    """
    counts = counts[counts.sum(axis=1) >= 2]
    rated = counts.sum(axis=1)
    total = rated.sum()
    mean = rated.mean()
    shares = counts.mean(axis=0) / mean
    together = coincidences(counts) / total
    ranks = midranks(shares) if distances is None else None
    apart = (ranks[:, None] - ranks) ** 2 if ranks is not None else np.asarray(distances)
    largest = apart.max()
    expected = float(shares @ apart @ shares)
    # Rounding alone must not pass for disagreement to be expected.
    if not expected > 1e-14 * largest:
        return float("nan"), 1.0, 1.0, np.zeros(len(counts))
    ratio = float((together * apart).sum()) / expected
    estimate = 1 - ratio * (1 - 1 / total)
    agree = 1 - apart / largest
    found, chance = 1 - ratio * expected / largest, 1 - expected / largest
    corrected = (1 - 1 / total) * found + 1 / total
    uneven = (rated - mean) / mean
    pairs = ((counts * (counts @ agree - 1)).sum(axis=1)) / (mean * (rated - 1))
    by_chance = counts @ (agree @ shares) / mean - chance * uneven
    influence = (pairs - corrected * uneven - chance - 2 * ratio * (by_chance - chance)) / (
        1 - chance
    ) - (1 - ratio)
    if ranks is not None:
        pull = (together - ratio * np.outer(shares, shares)) * (ranks[:, None] - ranks)
        slope = pull.sum(axis=1) * 4 / expected
        # What a subject adds to the shares moves its category's mid-rank by half, those above
        # by all.
        below = np.tri(len(shares)) - np.eye(len(shares)) / 2
        influence -= (counts - np.outer(rated, shares)) @ (below.T @ slope) / mean
    return estimate, corrected, chance, influence
