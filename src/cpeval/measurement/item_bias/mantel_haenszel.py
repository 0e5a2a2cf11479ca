"""Mantel's test and the common odds ratio of two groups over strata."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class CommonOdds(NamedTuple):
    """Of the second group against the first, over strata.

    Attributes
    ----------
    log_odds, se : float
        Log of the common odds ratio of a higher answer, and its standard error.
    statistic : float
        Mantel's chi-square on one degree of freedom.
    compared : int
        People in strata that have both groups and different answers.
    fewest : int
        Those of them who are in the smaller group.
    """

    log_odds: float
    se: float
    statistic: float
    compared: int
    fewest: int


def common_odds(counts: Integers) -> CommonOdds:
    r"""Compare two groups' ordered answers within strata.

    Parameters
    ----------
    counts : numpy.ndarray, shape (strata, 2, categories)
        People by stratum, group and answer.

    Notes
    -----
    Mantel's test [1]_ compares the second group's sum of answers (0, 1, 2 ...) with its
    expectation in each stratum, both margins fixed, without a correction for continuity. The odds
    ratio is that of Liu and Agresti [2]_: with :math:`A_{cs}, C_{cs}` people of the first and
    second group below category c in stratum s and :math:`B_{cs}, D_{cs}` in it or above,

    .. math:: \sum_s \frac{1}{n_s} \sum_c A_{cs} D_{cs} \Big/ \sum_s \frac{1}{n_s} \sum_c B_{cs}
        C_{cs}.

    With two categories this is Mantel and Haenszel's [3]_, and the standard error that of Robins,
    Breslow and Greenland [4]_. With more, the numerator less the odds ratio times the denominator
    is a sum over pairs of people of the two groups in a stratum, with expectation 0, and its
    variance that of such a sum [5]_: from squares of people's sums over their partners, less the
    squares of the pairs. It needs neither many people in a stratum nor few strata.

    References
    ----------
    .. [1] Mantel (1963). Journal of the American Statistical Association, 58, 690-700.
    .. [2] Liu & Agresti (1996). Biometrics, 52(4), 1223-1234.
    .. [3] Mantel & Haenszel (1959). Journal of the National Cancer Institute, 22(4), 719-748.
    .. [4] Robins, Breslow & Greenland (1986). Biometrics, 42(2), 311-323.
    .. [5] Hoeffding (1948). Annals of Mathematical Statistics, 19(3), 293-325.

    Examples
    --------
    >>> found = common_odds(np.array([[[30, 10], [10, 30]]]))
    >>> round(float(np.exp(found.log_odds)), 6)
    9.0
    """
    n = counts.sum(axis=(1, 2))
    both = (counts.sum(axis=2) > 0).all(axis=1)
    differ = (counts.sum(axis=1) > 0).sum(axis=1) > 1
    used = counts[both & differ].astype(float)
    n = used.sum(axis=(1, 2))
    if not n.size:
        return CommonOdds(float("nan"), float("nan"), float("nan"), 0, 0)
    first, second = used[:, 0], used[:, 1]
    step = np.arange(used.shape[2])
    # How many steps above and below each answer the other group's people are, summed.
    rise = np.maximum(step - step[:, None], 0)  # [from, to]
    above_first = second @ rise.T  # (strata, categories): for one of the first group
    below_first = second @ rise
    favours = (first * above_first).sum(axis=1)
    against = (first * below_first).sum(axis=1)
    numerator, denominator = (favours / n).sum(), (against / n).sum()
    if numerator <= 0 or denominator <= 0:
        log_odds, se = float("nan"), float("nan")
    else:
        odds = numerator / denominator
        if used.shape[2] == 2:
            variance = _robins_breslow_greenland(used, n, odds)
        else:
            variance = _of_pairs(first, second, n, odds, rise) / numerator**2
        log_odds, se = float(np.log(odds)), float(np.sqrt(variance))
    fewest = int(min(first.sum(), second.sum()))
    return CommonOdds(log_odds, se, _mantel(first, second, n, step), int(n.sum()), fewest)


def _robins_breslow_greenland(used: Floats, n: Floats, odds: float) -> float:
    (a, b), (c, d) = used[:, 0].T, used[:, 1].T
    along, against = a * d / n, b * c / n
    variance = (((a + d) + odds * (b + c)) / n * (along + odds * against)).sum() / 2
    return float(variance / along.sum() ** 2)


def _of_pairs(first: Floats, second: Floats, n: Floats, odds: float, rise: Integers) -> float:
    """Variance of the sum over pairs; ``rise`` has shape (from, to)."""
    pair = rise - odds * rise.T  # what a pair brings: answer of the first group, of the second
    of_first = second @ pair.T
    of_second = first @ pair
    squares = np.einsum("sa,ab,sb->s", first, pair**2, second)
    people = (first * of_first**2).sum(axis=1) + (second * of_second**2).sum(axis=1)
    return float(((people - squares) / n**2).sum())


def _mantel(first: Floats, second: Floats, n: Floats, step: Integers) -> float:
    n_first, n_second = first.sum(axis=1), second.sum(axis=1)
    margin = first + second
    total = margin @ step
    seen, expected = second @ step, n_second * total / n
    variance = n_first * n_second * (n * (margin @ step**2) - total**2) / (n**2 * (n - 1))
    return float((seen - expected).sum() ** 2 / variance.sum())
