"""Whether errors belong together in coarser clusters than the finest that are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from cpeval.errors import OptionError
from cpeval.moments.least_squares import Floats, Ints
from cpeval.moments.whitening import Whitened
from cpeval.moments.wild_multipliers import multipliers

#: Statistics closer than this are tied: what rounding leaves of equal ones.
_TIED = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class LevelTest:
    """A test that fine clusters are enough, against coarse ones. NaN where there is none."""

    statistic: float
    #: One-sided: from the normal distribution, and from the bootstrap.
    p: float
    p_bootstrap: float
    draws: int
    enumerated: bool
    n_fine: int
    n_coarse: int


def clustering_level(
    white: Whitened,
    coarse: ArrayLike,
    contrast: ArrayLike,
    *,
    draws: int = 9999,
    seed: int | np.random.Generator | None = None,
) -> LevelTest:
    r"""Test whether the error of a contrast needs clusters that are coarser than those given.

    Parameters
    ----------
    white : Whitened
        Of the fine clusters (teams), from `cpeval.moments.whitening.whitened`.
    coarse : array of int, shape (H,)
        Which coarse cluster (site) each fine one is in, coded 0 to G - 1.
    contrast : array, shape (p,)
        Weights for the terms.
    draws : int, default 9999
        Bootstrap samples; all 2 ** H arrangements where they are no more than that.
    seed : int or numpy.random.Generator, optional

    Returns
    -------
    LevelTest
        A small p says that fine clusters are not enough. NaN with fewer than two coarse clusters,
        where no coarse one holds two fine ones, or where the contrast can't have an error.

    Raises
    ------
    OptionError
        ``coarse`` is not a code for each cluster, ``draws`` is below 1, more than one contrast.

    Notes
    -----
    With s_h the contrast's part in the score of fine cluster h, the statistic is the coarse CR1S
    variance less the fine one, over its standard error
    :math:`\sqrt{2 \sum_g ((\sum_h s_h^2)^2 - \sum_h s_h^4)}` [1]_. The bootstrap flips whole fine
    clusters' unrestricted residuals. With few coarse clusters the test has little power: a large
    p is no proof that fine clusters are enough.

    References
    ----------
    .. [1] MacKinnon, Nielsen & Webb (2023). Journal of Econometrics, 235(2), 2027-2056.
    """
    chosen = white.contrasts(contrast)
    if len(chosen.white) != 1:
        raise OptionError(f"One contrast at a time: got {len(chosen.white)}.")
    codes, fine = np.asarray(coarse), white.counts.size
    if codes.shape != (fine,) or codes.dtype.kind not in "iu" or (codes < 0).any():
        raise OptionError(
            f"'coarse' must hold a whole number, from 0, for each of the {fine} clusters."
        )
    # Fine clusters of one coarse cluster beside each other, so that they can be summed in place.
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    groups = starts.size
    drawn = multipliers("rademacher", fine, draws, seed)
    c = chosen.white[0]
    usable = chosen.estimable[0] and not chosen.alone.any() and not white.fit.perfect
    rows = white.scores[order]
    scores = rows @ c
    n, rank = white.fit.n, white.fit.kept.size
    if not usable or groups < 2 or groups == fine or n <= rank:
        statistic = np.nan
    else:
        statistic = float(_statistic(scores[np.newaxis], starts, n, rank)[0])
    if np.isnan(statistic):
        p_bootstrap = np.nan
    else:
        reach = (white.shares[order] @ c).T
        bar = statistic - _TIED * (1 + abs(statistic))
        hits = sum(
            int((_statistic(v * scores - (v @ rows) @ reach, starts, n, rank) >= bar).sum())
            for v in drawn.batches
        )
        extra = 0 if drawn.enumerated else 1
        p_bootstrap = (hits + extra) / (drawn.draws + extra)
    return LevelTest(
        statistic=statistic,
        p=float(stats.norm.sf(statistic)),
        p_bootstrap=p_bootstrap,
        draws=drawn.draws,
        enumerated=drawn.enumerated,
        n_fine=fine,
        n_coarse=groups,
    )


def _statistic(scores: Floats, starts: Ints, n: int, rank: int) -> Floats:
    """Return the statistic of each row of scores, shape (draws, H); NaN where it has no error."""
    fine, groups = scores.shape[1], starts.size
    squares = scores * scores
    total = squares.sum(axis=1)
    common = (n - 1) / (n - rank)
    apart = common * fine / (fine - 1) * total
    together = common * groups / (groups - 1) * _length(np.add.reduceat(scores, starts, axis=1))
    variance = 2 * (_length(np.add.reduceat(squares, starts, axis=1)) - _length(squares))
    error = np.sqrt(np.maximum(variance, 0.0))
    statistic: Floats = np.divide(
        together - apart, error, out=np.full(len(scores), np.nan), where=error > 1e-12 * total
    )
    return statistic


def _length(rows: Floats) -> Floats:
    """Return the sum of squares of each row."""
    length: Floats = np.einsum("dh,dh->d", rows, rows)
    return length
