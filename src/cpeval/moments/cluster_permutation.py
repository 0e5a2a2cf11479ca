"""Arms exchanged among clusters, within strata: a test without a distribution."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from math import comb, prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cpeval.errors import OptionError, require_level
from cpeval.moments.cluster_means import means_and_arm, strata_weights
from cpeval.moments.least_squares import Floats

#: Differences closer than this, relative to the largest, are tied.
_TIED = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Permutation:
    """A difference of arms, 1 less 0, among all that exchanging them could have given."""

    estimate: float
    p: float
    #: Infinite where no value is ever rejected; NaN where no interval was asked for.
    ci_low: float
    ci_high: float
    #: Arrangements that there are, those that were looked at, and whether these are all.
    arrangements: int
    draws: int
    enumerated: bool
    #: No smaller p can come out of this design.
    smallest_p: float


def permutation_test(
    means: ArrayLike,
    arm: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    null: float = 0.0,
    draws: int = 99_999,
    level: float = 0.95,
    ci: bool = True,
    seed: int | np.random.Generator | None = None,
) -> Permutation:
    r"""Test a difference of arms by exchanging them, as the allocation could have.

    Parameters
    ----------
    means : array, shape (G,)
        A number for each cluster, such as `cpeval.moments.cluster_means.adjusted_means`.
    arm : array, shape (G,)
        1 for clusters with the programme, 0 for the others.
    strata : array, shape (G,), optional
        Stratum of each cluster: arms are exchanged within strata only, numbers kept.
    null : float, default 0.0
        The difference under the hypothesis, the same for every cluster.
    draws : int, default 99999
        Arrangements to draw at random; where there are no more than that, all are taken.
    level : float, default 0.95
        Coverage of the interval.
    ci : bool, default True
        Whether to look for the interval.
    seed : int or numpy.random.Generator, optional

    Returns
    -------
    Permutation
        p 1 and an infinite interval where only one arrangement is possible; the estimate is NaN
        where no stratum holds both arms.

    Notes
    -----
    The statistic is the difference of means; with strata, their differences weighted by
    n1 n0 / (n1 + n0). Two-sided: p is the share of arrangements at least as far from the
    hypothesis, ties included, so exact whatever the distribution if arms could be exchanged;
    (hits + 1) / (draws + 1) for draws. Five pairs have 32 arrangements and no p below .0625: a
    95 % interval is then infinite.

    An arrangement is at least as far for differences between two bounds in closed form, so the
    interval of all differences with p above 1 - level is a pair of order statistics.

    Examples
    --------
    >>> test = permutation_test([4, 6, 8, 5, 9, 10], [0, 0, 0, 1, 1, 1], level=0.8)
    >>> test.estimate, test.p, test.arrangements, round(test.ci_low, 9), round(test.ci_high, 9)
    (2.0, 0.4, 20, -1.0, 5.0)
    """
    require_level(level)
    if isinstance(draws, bool) or not isinstance(draws, int | np.integer) or draws < 1:
        raise OptionError(f"'draws' must be a whole number of at least 1. Got {draws!r}.")
    y, treated = means_and_arm(means, arm)
    member, weight = strata_weights(treated, np.zeros(y.size) if strata is None else strata)
    inside = [np.flatnonzero(member[:, s]) for s in np.flatnonzero(weight > 0)]
    possible = prod(comb(own.size, int(treated[own].sum())) for own in inside)
    enumerated = possible <= draws
    if not inside:
        nothing = {"estimate": np.nan, "p": np.nan, "ci_low": np.nan, "ci_high": np.nan}
        return Permutation(**nothing, arrangements=1, draws=1, enumerated=True, smallest_p=1.0)
    # n1 n0 / (n1 + n0) times a stratum's difference is the sum over its arm 1 of what is above the
    # stratum's mean. Columns: what each arrangement makes of the means, and of the true arms.
    columns = np.column_stack([y, treated])
    centre = member @ (member.T @ columns / member.sum(axis=0)[:, np.newaxis])
    worth = (columns - centre) / weight.sum()
    found = (
        _every(worth, treated, inside)
        if enumerated
        else _drawn(worth, treated, inside, int(draws), seed)
    )
    estimate = float(worth[treated, 0].sum())
    moved, overlap = found.T
    scale = _TIED * float(np.abs(worth[:, 0]).sum() + abs(null))
    far = np.abs(moved - null * overlap) >= abs(estimate - null) - scale
    extra = 0 if enumerated else 1
    total = len(found) + extra
    mirrored = all(2 * treated[own].sum() == own.size for own in inside)
    low, high = _interval(moved, overlap, estimate, 1 - level, extra) if ci else (np.nan, np.nan)
    return Permutation(
        estimate=estimate,
        p=(int(far.sum()) + extra) / total,
        ci_low=low,
        ci_high=high,
        arrangements=possible,
        draws=len(found),
        enumerated=enumerated,
        smallest_p=(2 if mirrored else 1) / possible if enumerated else 1 / total,
    )


def spread(means: ArrayLike, arm: ArrayLike, *, strata: ArrayLike | None = None) -> float:
    r"""Return the standard deviation of the difference over all arrangements.

    Parameters
    ----------
    means, arm, strata
        As in `permutation_test`.

    Returns
    -------
    float
        NaN where no stratum holds both arms.

    Notes
    -----
    With :math:`w = n_1 n_0 / (n_1 + n_0)` and :math:`s^2` the variance of a stratum's means about
    their own mean, arms apart: the root of :math:`\sum_s w_s s_s^2 / (\sum_s w_s)^2`.

    Examples
    --------
    >>> round(spread([1, 2, 4, 7], [0, 1, 0, 1], strata=[0, 0, 1, 1]), 6)
    1.581139
    """
    y, treated = means_and_arm(means, arm)
    member, weight = strata_weights(treated, np.zeros(y.size) if strata is None else strata)
    if not weight.sum() > 0:
        return float("nan")
    size = member.sum(axis=0)
    rest = y - member @ (member.T @ y / size)
    variance = member.T @ rest**2 / np.maximum(size - 1, 1)
    return float(np.sqrt((weight * variance).sum()) / weight.sum())


def _every(worth: Floats, treated: NDArray[np.bool_], inside: list[NDArray[np.intp]]) -> Floats:
    """Return both columns' sums over arm 1 for all arrangements, shape (arrangements, 2)."""
    sums = np.zeros((1, 2))
    for own in inside:
        k = int(treated[own].sum())
        chosen: Iterable[tuple[int, ...]] = combinations(range(own.size), k)
        places = own[np.array(list(chosen), dtype=np.intp)]
        of_stratum = worth[places].sum(axis=1)
        sums = (sums[:, np.newaxis] + of_stratum[np.newaxis]).reshape(-1, 2)
    return sums


def _drawn(
    worth: Floats,
    treated: NDArray[np.bool_],
    inside: list[NDArray[np.intp]],
    draws: int,
    seed: int | np.random.Generator | None,
) -> Floats:
    """Return the same for random arrangements, shape (draws, 2)."""
    rng = np.random.default_rng(seed)
    sums = np.zeros((draws, 2))
    for own in inside:
        k = int(treated[own].sum())
        order = rng.permuted(np.tile(own, (draws, 1)), axis=1)
        sums += worth[order[:, :k]].sum(axis=1)
    return sums


def _interval(
    moved: Floats, overlap: Floats, estimate: float, alpha: float, extra: int
) -> tuple[float, float]:
    """Return the outermost differences with p above alpha.

    An arrangement is as far from d as the data where (moved - d overlap)^2 >= (estimate - d)^2:
    between the two roots, on either side of the estimate; for the data's own arrangement and its
    mirror everywhere.
    """
    same, mirror = overlap > 1 - _TIED, overlap < _TIED - 1
    always = same | mirror
    one = (estimate - moved) / np.where(always, 1, 1 - overlap)
    two = (estimate + moved) / np.where(always, 1, 1 + overlap)
    low = np.where(always, -np.inf, np.minimum(one, two))
    high = np.where(always, np.inf, np.maximum(one, two))
    # So many must be as far for p to be above alpha.
    needed = int(np.floor(alpha * (len(moved) + extra) + _TIED)) + 1 - extra
    if needed < 1:
        return -np.inf, np.inf
    return float(np.sort(low)[needed - 1]), float(np.sort(high)[-needed])
