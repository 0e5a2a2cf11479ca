"""The wild cluster bootstrap from cross-products. Arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from cpeval.errors import OptionError, require_level, require_option
from cpeval.moments.cluster_robust import small_sample_factor
from cpeval.moments.inversion import accepted_interval
from cpeval.moments.least_squares import Floats
from cpeval.moments.whitening import ALONE, Whitened

Variant = Literal["WCR-C", "WCR-V", "WCR-S", "WCR-B", "WCU-C", "WCU-V", "WCU-S", "WCU-B"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)

#: Values that a cluster's residuals are multiplied by, equally likely: mean 0, variance 1.
WEIGHTS: dict[str, Floats] = {
    "rademacher": np.array([-1.0, 1.0]),
    "webb": np.sqrt([1.5, 1.0, 0.5, 1.5, 1.0, 0.5]) * [-1, -1, -1, 1, 1, 1],
}

#: Squared statistics closer than this share are tied: what rounding leaves of equal ones.
_TIED = 1e-9

#: Sums of squares below this share of what they are made of are rounding.
_UNCHANGED = 1e-24

#: Multipliers made at a time: bounds memory, and stays in the processor's cache.
_AT_A_TIME = 1 << 18


@dataclass(frozen=True, kw_only=True, eq=False)
class WildBootstrap:
    """A test of one contrast, and the interval of values that it does not reject."""

    estimate: float
    #: The error that the statistic has below it (CR1S, or the jackknife for V and B).
    se: float
    statistic: float
    #: Ties count as at least as far; ``p_strict`` counts only what is further.
    p: float
    p_strict: float
    #: NaN where no interval was asked for; infinite where the test never rejects.
    ci_low: float
    ci_high: float
    #: Bootstrap samples, and whether they are all that there are.
    draws: int
    enumerated: bool
    #: No smaller p can come out with so many clusters and draws.
    smallest_p: float


@dataclass(frozen=True, kw_only=True, eq=False)
class _Statistics:
    """Each draw's statistic as a function of the distance d from estimate to hypothesis.

    The numerator is n0 + d n1, the sum of squares below it q0 + 2 d q1 + d^2 q2; arrays of shape
    (draws,). The sample's own are d and ``own``.
    """

    n0: Floats
    n1: Floats
    q0: Floats
    q1: Floats
    q2: Floats
    own: float

    def counts(self, distance: float) -> tuple[int, int]:
        """Count draws whose statistic is as large as the sample's or larger, and larger."""
        top = (self.n0 + distance * self.n1) ** 2 * self.own
        below = self.q0 + distance * (2 * self.q1 + distance * self.q2)
        bar = distance**2 * below
        return (
            int(np.count_nonzero(top >= bar * (1 - _TIED))),
            int(np.count_nonzero(top > bar * (1 + _TIED))),
        )


def wild_bootstrap(
    white: Whitened,
    contrast: ArrayLike,
    *,
    null: float = 0.0,
    draws: int = 9999,
    variant: Variant = "WCR-C",
    weights: str = "rademacher",
    level: float = 0.95,
    ci: bool = True,
    strict: bool = False,
    seed: int | np.random.Generator | None = None,
) -> WildBootstrap:
    r"""Test a contrast of coefficients by outcomes made anew, whole clusters' residuals flipped.

    Parameters
    ----------
    white : Whitened
        From `cpeval.moments.whitening.whitened`.
    contrast : array, shape (p,)
        Weights for the terms.
    null : float, default 0
        The contrast's value under the hypothesis.
    draws : int, default 9999
        Samples to draw. Where all arrangements of multipliers, 2 ** G (Webb: 6 ** G), are no more
        than that, each is taken once instead, and p is exact.
    variant : {"WCR-C", "WCR-V", "WCR-S", "WCR-B", "WCU-C", "WCU-V", "WCU-S", "WCU-B"}
        WCR makes outcomes in which the hypothesis holds (restricted), WCU such as were estimated.
        C, classic: residuals as they are, CR1S errors. V: the variance of the statistic is the
        jackknife's. S: the scores are, each cluster's residuals being from a fit without it.
        B: both.
    weights : {"rademacher", "webb"}
        Multipliers: -1 or 1; or plus or minus the roots of 1.5, 1 and .5, for few clusters.
    level : float, default 0.95
        Coverage of the interval.
    ci : bool, default True
        Whether to look for the interval.
    strict : bool, default False
        Whether the interval counts as `p_strict` does, as Stata's and R's boottest do.
    seed : int or numpy.random.Generator, optional
        For draws; an enumeration needs none.

    Returns
    -------
    WildBootstrap
        All NaN but the estimate where the contrast has no error: it is not estimable, or can't be
        known without one of the clusters, or the fit is perfect.

    Raises
    ------
    OptionError
        An option has a value that is not there; ``draws`` below 1; more than one contrast.
    LevelError
        ``level`` is not between 0 and 1.

    Notes
    -----
    With P_g a cluster's share of X'X = I, s_g its (restricted) score and v_g its multiplier, a
    sample moves the coefficients by :math:`a = \sum v_g s_g`, and leaves residuals with scores
    :math:`v_g s_g - P_g a` [1]_ [2]_: small vectors,
    whatever the number of people. Both are linear in the hypothesis, so one pass over the draws
    serves all values that the interval tries.

    p = (hits + 1) / (draws + 1) for draws, hits / arrangements for an enumeration. A tie is a
    hit. Under WCR-C and WCR-V the sample itself and its mirror are among the arrangements and tie:
    no p is below 2 / 2 ** G (.0625 with five clusters: no value is ever rejected at .05, and the
    interval is infinite). Under the others an enumerated p may be 0.

    The interval holds all values with p above 1 - level, and what lies between them.

    References
    ----------
    .. [1] Roodman, MacKinnon, Nielsen & Webb (2019). Stata Journal, 19(1), 4-60.
    .. [2] MacKinnon, Nielsen & Webb (2023). Journal of Applied Econometrics, 38(5), 671-694.

    Examples
    --------
    >>> from cpeval.moments.whitening import whitened
    >>> y = [[3.0, 4], [5, 5], [6, 8], [9, 7], [4, 2]]
    >>> z = [np.array([[1, site in (2, 3), value] for value in y[site]]) for site in range(5)]
    >>> test = wild_bootstrap(whitened([rows.T @ rows for rows in z], [2] * 5), [0, 1])
    >>> test.draws, test.enumerated, test.smallest_p
    (32, True, 0.0625)
    """
    require_option("variant", variant, VARIANTS)
    require_option("weights", weights, list(WEIGHTS))
    require_level(level)
    if isinstance(draws, bool) or not isinstance(draws, int | np.integer) or draws < 1:
        raise OptionError(f"'draws' must be a whole number of at least 1. Got {draws!r}.")
    chosen = white.contrasts(contrast)
    if len(chosen.white) != 1:
        raise OptionError(f"One contrast at a time: got {len(chosen.white)}.")
    estimate, clusters = float(chosen.estimate[0]), white.counts.size
    values = WEIGHTS[weights]
    enumerated = clusters * np.log(values.size) <= np.log(draws) + 1e-12
    n_draws = values.size**clusters if enumerated else int(draws)
    smallest = _smallest(variant, values, clusters) if enumerated else 1 / (n_draws + 1)
    nothing = WildBootstrap(
        estimate=estimate,
        se=np.nan,
        statistic=np.nan,
        p=np.nan,
        p_strict=np.nan,
        ci_low=np.nan,
        ci_high=np.nan,
        draws=n_draws,
        enumerated=bool(enumerated),
        smallest_p=smallest,
    )
    if not chosen.estimable[0] or chosen.alone.any() or white.fit.perfect:
        return nothing
    scores, slopes, weighting = _linear(white, chosen.white[0], variant)
    own = float(((weighting * white.scores).sum(axis=1) ** 2).sum())
    if own <= 1e-24 * white.fit.tss * float(chosen.white[0] @ chosen.white[0]):
        return nothing
    multipliers = _every(values, clusters) if enumerated else _drawn(values, clusters, draws, seed)
    found = _statistics(white, chosen.white[0], scores, slopes, weighting, multipliers, own)
    extra = 0 if enumerated else 1

    def p_of(value: float, *, further: bool) -> float:
        return (found.counts(estimate - value)[further] + extra) / (n_draws + extra)

    jackknife = (clusters - 1) / clusters
    factor = jackknife if variant[-1] in "VB" else small_sample_factor(white, "CR1S")
    se = float(np.sqrt(own * factor))
    low, high = np.nan, np.nan
    if ci:
        low, high = accepted_interval(
            lambda value: p_of(value, further=strict), estimate, se, 1 - level
        )
    return WildBootstrap(
        estimate=estimate,
        se=se,
        statistic=(estimate - null) / se,
        p=p_of(null, further=False),
        p_strict=p_of(null, further=True),
        ci_low=low,
        ci_high=high,
        draws=n_draws,
        enumerated=bool(enumerated),
        smallest_p=smallest,
    )


def _smallest(variant: Variant, values: Floats, clusters: int) -> float:
    """Return the least p of an enumeration: where the sample is in it, multiples of it tie."""
    return float(values.size) ** (1 - clusters) if variant in ("WCR-C", "WCR-V") else 0.0


def _linear(white: Whitened, c: Floats, variant: Variant) -> tuple[Floats, Floats, Floats]:
    """Return the scores that are flipped, and what they gain per unit of the distance d.

    Also the vectors that take a residual score to its part of the statistic. All (G, r).
    """
    scores = white.scores
    slopes = np.zeros_like(scores)
    if variant.startswith("WCR"):
        # Restricted coefficients differ from the estimated ones by -d c / c'c.
        slopes = white.shares @ c / (c @ c)
    if variant[-1] in "SB":
        nuisance = np.linalg.svd(c[np.newaxis, :])[2][1:].T  # orthonormal, at right angles to c
        if variant.startswith("WCU"):
            nuisance = np.eye(c.size)
        inner = nuisance.T @ white.shares @ nuisance
        without = white.shares @ nuisance @ _inverse_of_rest(inner) @ nuisance.T
        scores = scores + (without @ scores[:, :, np.newaxis])[:, :, 0]
        slopes = slopes + (without @ slopes[:, :, np.newaxis])[:, :, 0]
    weighting = np.broadcast_to(c, scores.shape)
    if variant[-1] in "VB":
        weighting = _inverse_of_rest(white.shares) @ c
    return scores, slopes, weighting


def _inverse_of_rest(shares: Floats) -> Floats:
    """Return the pseudo-inverse of I - P_g for each cluster."""
    values, vectors = np.linalg.eigh(shares)
    raised = 1 / np.where(values > 1 - ALONE, np.inf, 1 - values)
    inverse: Floats = (vectors * raised[:, np.newaxis, :]) @ vectors.transpose(0, 2, 1)
    return inverse


def _every(values: Floats, clusters: int) -> Iterator[Floats]:
    """Yield all arrangements of multipliers, (at a time, G): the digits of 0, 1, 2, ..."""
    size, total = values.size, values.size**clusters
    places = size ** np.arange(clusters)
    step = max(1, _AT_A_TIME // clusters)
    for start in range(0, total, step):
        number = np.arange(start, min(start + step, total))
        yield values[number[:, np.newaxis] // places % size]


def _drawn(
    values: Floats, clusters: int, draws: int, seed: int | np.random.Generator | None
) -> Iterator[Floats]:
    """Yield random multipliers, (at a time, G)."""
    rng = np.random.default_rng(seed)
    step = max(1, _AT_A_TIME // clusters)
    for start in range(0, draws, step):
        shape = (min(step, draws - start), clusters)
        yield values[rng.integers(values.size, size=shape, dtype=np.int8)]


def _statistics(
    white: Whitened,
    c: Floats,
    scores: Floats,
    slopes: Floats,
    weighting: Floats,
    multipliers: Iterator[Floats],
    own: float,
) -> _Statistics:
    """Return numerators and sums of squares of all draws."""
    reach = (white.shares @ weighting[:, :, np.newaxis])[:, :, 0].T
    each = (weighting * scores).sum(axis=1), (weighting * slopes).sum(axis=1)
    parts: list[tuple[Floats, ...]] = []
    for v in multipliers:
        moved = v @ scores
        left = v * each[0] - moved @ reach
        if not slopes.any():
            zero = np.zeros(len(v))
            parts.append((moved @ c, zero, np.einsum("bg,bg->b", left, left), zero, zero))
            continue
        steps = v @ slopes
        change = v * each[1] - steps @ reach
        squares = (
            np.einsum("bg,bg->b", one, two)
            for one, two in ((left, left), (left, change), (change, change))
        )
        parts.append((moved @ c, steps @ c, *squares))
    n0, n1, q0, q1, q2 = (np.concatenate(column) for column in zip(*parts, strict=True))
    # Where the sum of squares does not change with d, rounding must not say that it does: far out
    # d squared would blow it up. The samples that tie with the data's own are such.
    still = q2 <= _UNCHANGED * float((each[1] ** 2).sum())
    q1[still], q2[still] = 0.0, 0.0
    return _Statistics(n0=n0, n1=n1, q0=q0, q1=q1, q2=q2, own=own)
