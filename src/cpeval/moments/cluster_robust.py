"""Cluster-robust errors, their degrees of freedom, and joint tests. Arrays in, arrays out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from cpeval.errors import OptionError, require_option
from cpeval.moments.least_squares import Floats, independent_terms
from cpeval.moments.whitening import Contrasts, Whitened

Kind = Literal["CR0", "CR1", "CR1S", "CR2", "CR3"]
KINDS: tuple[Kind, ...] = get_args(Kind)

#: An error below this share of the outcome's spread, for the contrast's length, is rounding.
_ROUNDING = 1e-12

#: Below this, relative to what the working model expects, a joint covariance can't be inverted.
_SINGULAR = 1e-10


@dataclass(frozen=True, kw_only=True, eq=False)
class Robust:
    """Estimates of m contrasts with their errors."""

    estimate: Floats
    #: Shape (m,). NaN where a contrast is not estimable, can't be known without one of the
    #: clusters (``alone``), or where the errors are zero up to rounding.
    se: Floats
    #: Degrees of freedom, shape (m,): Satterthwaite's for cluster-robust errors.
    df: Floats
    #: Shape (m, m), NaN in the rows and columns of contrasts without an error.
    vcov: Floats
    #: Whether a contrast can't be known without that cluster, shape (m, G).
    alone: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Joint:
    """A test of q contrasts at once. NaN where there are too few clusters for it."""

    statistic: float
    df_num: int
    df_den: float
    p: float


def cluster_robust(
    white: Whitened, *, kind: Kind = "CR2", contrasts: ArrayLike | None = None
) -> Robust:
    r"""Estimate contrasts of coefficients with errors that allow for clusters of any shape.

    Parameters
    ----------
    white : Whitened
        From `cpeval.moments.whitening.whitened`.
    kind : {"CR2", "CR0", "CR1", "CR1S", "CR3"}
        CR0: no correction. CR1: times G / (G - 1). CR1S (Stata's): times
        G / (G - 1) x (n - 1) / (n - r). CR2: unbiased if people are independent with one
        variance. CR3: about the jackknife over clusters, without its factor (G - 1) / G.
    contrasts : array, shape (m, p), optional
        Rows of weights for the terms; each term by itself unless given. A contrast with part in a
        term that was dropped has no estimate.

    Returns
    -------
    Robust

    Notes
    -----
    In coordinates in which X'X = I, with P_g the share of cluster g and z_g the score of its
    residuals, the variance of c'b is :math:`\sum_g (c' f(P_g) z_g)^2`, where f is 1 for CR0,
    :math:`(1 - \lambda)^{-1/2}` of the eigenvalues for CR2 [1]_ and :math:`(1 - \lambda)^{-1}` for
    CR3, and 0 where the eigenvalue is 1 (the pseudo-inverse [2]_). It is a quadratic form in the
    errors; with K the G x G matrix of its parts under the working model, the degrees of freedom
    are :math:`(\mathrm{tr} K)^2 / \mathrm{tr} K^2`. K is a diagonal matrix less one of rank r, so
    nothing G x G is formed.

    References
    ----------
    .. [1] Bell & McCaffrey (2002). Survey Methodology, 28(2), 169-181.
    .. [2] Pustejovsky & Tipton (2018). Journal of Business & Economic Statistics, 36(4), 672-683.

    Examples
    --------
    Four sites, two with the programme; n, mean and sum of squares would do as well.

    >>> from cpeval.moments.whitening import whitened
    >>> y = [[3.0, 4], [5, 5], [6, 8], [9, 7]]
    >>> z = [np.array([[1, site > 1, value] for value in y[site]]) for site in range(4)]
    >>> white = whitened([rows.T @ rows for rows in z], [2, 2, 2, 2])
    >>> robust = cluster_robust(white)
    >>> robust.estimate.round(6).tolist(), robust.se.round(6).tolist(), robust.df.round(6).tolist()
    ([4.25, 3.25], [0.75, 0.901388], [1.0, 2.0])
    """
    require_option("kind", kind, KINDS)
    chosen = white.contrasts(contrasts)
    factor = small_sample_factor(white, kind)
    adjusted = _adjustment(white.leverages, kind)[:, :, np.newaxis] * chosen.parts
    parts = _along(white)
    each = (adjusted * parts[:, :, np.newaxis]).sum(axis=1)
    vcov = factor * each.T @ each
    length = (chosen.white**2).sum(axis=1)
    unknown = _unknown(white, chosen)
    unknown |= np.diag(vcov) <= _ROUNDING**2 * white.fit.tss * length
    vcov[unknown], vcov[:, unknown] = np.nan, np.nan
    return Robust(
        estimate=chosen.estimate,
        se=np.sqrt(np.diag(vcov)),
        df=np.where(unknown, np.nan, _satterthwaite(white, adjusted)),
        vcov=vcov,
        alone=chosen.alone,
    )


def classical(white: Whitened, *, contrasts: ArrayLike | None = None) -> Robust:
    """Estimate contrasts with errors for people who are independent, on n - r degrees of freedom.

    Parameters and answer are those of `cluster_robust`; no contrast needs a cluster, so
    ``alone`` is false throughout.
    """
    chosen = white.contrasts(contrasts)
    vcov = white.fit.sigma2 * chosen.white @ chosen.white.T
    unknown = ~chosen.estimable | white.fit.perfect
    vcov[unknown], vcov[:, unknown] = np.nan, np.nan
    return Robust(
        estimate=chosen.estimate,
        se=np.sqrt(np.diag(vcov)),
        df=np.where(unknown, np.nan, float(white.fit.df)),
        vcov=vcov,
        alone=np.zeros_like(chosen.alone),
    )


def joint_test(
    white: Whitened, contrasts: ArrayLike, *, kind: Kind = "CR2", null: ArrayLike = 0.0
) -> Joint:
    r"""Test that q contrasts have given values, all at once: Hotelling's T-squared (HTZ).

    Parameters
    ----------
    white : Whitened
        From `cpeval.moments.whitening.whitened`.
    contrasts : array, shape (q, p)
        Rows of weights for the terms, none of which follows from the others.
    kind : {"CR2", "CR0", "CR1", "CR1S", "CR3"}
        As in `cluster_robust`.
    null : float or array, shape (q,), default 0
        The values under the hypothesis.

    Returns
    -------
    Joint
        NaN where a contrast has no error, or where there are too few clusters: the degrees of
        freedom would not be positive, or the covariance can't be inverted.

    Raises
    ------
    OptionError
        A contrast follows from those before it.

    Notes
    -----
    The covariance, over its expectation under the working model, is taken as Wishart with the
    :math:`\eta` degrees of freedom that match the total variance of its elements [1]_;
    :math:`F = (\eta - q + 1) Q / (\eta q)` with :math:`q, \eta - q + 1` degrees of freedom.

    References
    ----------
    .. [1] Pustejovsky & Tipton (2018). Journal of Business & Economic Statistics, 36(4), 672-683.
    """
    require_option("kind", kind, KINDS)
    chosen = white.contrasts(contrasts)
    q = len(chosen.white)
    nothing = Joint(statistic=np.nan, df_num=q, df_den=np.nan, p=np.nan)
    if _unknown(white, chosen).any():
        return nothing
    if (free := independent_terms(chosen.white @ chosen.white.T)).size < q:
        follows = [k + 1 for k in range(q) if k not in free]
        raise OptionError(
            f"Contrasts {', '.join(map(str, follows))} of {q} follow from those before. "
            "Leave them out: the test is the same without."
        )
    factor = small_sample_factor(white, kind)
    adjusted = np.sqrt(factor) * _adjustment(white.leverages, kind)[:, :, np.newaxis] * chosen.parts
    each = (adjusted * _along(white)[:, :, np.newaxis]).sum(axis=1)
    expected = _expected(white, adjusted)
    try:
        root = np.linalg.inv(np.linalg.cholesky(expected))
    except np.linalg.LinAlgError:
        return nothing
    # In units of what the working model expects, the covariance is about I.
    unit = root @ (each.T @ each) @ root.T
    eta = q * (q + 1) / _total_variance(white, adjusted @ root.T)
    df_den = eta - q + 1
    if df_den <= 0 or np.linalg.eigvalsh(unit)[0] <= _SINGULAR:
        return nothing
    away = root @ (chosen.estimate - np.asarray(null, dtype=float))
    statistic = df_den / (eta * q) * float(away @ np.linalg.solve(unit, away))
    p = float(stats.f.sf(statistic, q, df_den))
    return Joint(statistic=statistic, df_num=q, df_den=float(df_den), p=p)


def small_sample_factor(white: Whitened, kind: Kind) -> float:
    """Return the small-sample factor of CR1 and CR1S (NaN with one cluster)."""
    clusters, n, rank = white.counts.size, white.fit.n, white.fit.kept.size
    if kind not in ("CR1", "CR1S"):
        return 1.0
    if clusters < 2 or n <= rank:
        return np.nan
    return clusters / (clusters - 1) * ((n - 1) / (n - rank) if kind == "CR1S" else 1.0)


def _adjustment(leverages: Floats, kind: Kind) -> Floats:
    """Return f of the eigenvalues; 0 for CR2 and CR3 where they are 1, the pseudo-inverse."""
    if kind not in ("CR2", "CR3"):
        return np.ones_like(leverages)
    rest = np.where(leverages == 1.0, np.inf, 1 - leverages)
    raised: Floats = np.power(rest, -0.5 if kind == "CR2" else -1.0)
    return raised


def _along(white: Whitened) -> Floats:
    """Return the parts of the scores along each cluster's eigenvectors, shape (G, r)."""
    along: Floats = (white.directions.transpose(0, 2, 1) @ white.scores[:, :, np.newaxis])[:, :, 0]
    return along


def _unknown(white: Whitened, chosen: Contrasts) -> NDArray[np.bool_]:
    """Say which contrasts can have no error."""
    return ~chosen.estimable | chosen.alone.any(axis=1) | white.fit.perfect


def _reached(white: Whitened, adjusted: Floats) -> tuple[Floats, Floats]:
    """Return P_g w in whitened coordinates, shape (G, r, m), and lambda w in the cluster's own."""
    scaled = white.leverages[:, :, np.newaxis] * adjusted
    return white.directions @ scaled, scaled


def _satterthwaite(white: Whitened, adjusted: Floats) -> Floats:
    """Return the degrees of freedom of each contrast; ``adjusted`` (G, r, m) is f times parts."""
    reached, scaled = _reached(white, adjusted)
    own = (scaled * adjusted).sum(axis=1)
    lost = (reached**2).sum(axis=1)
    by_contrast = reached.transpose(2, 1, 0)
    crossed = by_contrast @ by_contrast.transpose(0, 2, 1)
    square = (own**2 - 2 * own * lost).sum(axis=0) + (crossed**2).sum(axis=(1, 2))
    trace = (own - lost).sum(axis=0)
    df: Floats = np.divide(trace**2, square, out=np.full_like(trace, np.nan), where=square > 0)
    return df


def _expected(white: Whitened, adjusted: Floats) -> Floats:
    """Return the covariance that the working model expects, shape (q, q), for unit variance."""
    reached, scaled = _reached(white, adjusted)
    own: Floats = np.einsum("gis,git->st", scaled, adjusted)
    return own - np.einsum("gis,git->st", reached, reached)


def _total_variance(white: Whitened, adjusted: Floats) -> float:
    """Return the sum of variances of all q x q elements of the covariance."""
    reached, scaled = _reached(white, adjusted)
    clusters, rank, q = reached.shape
    own = scaled.transpose(0, 2, 1) @ adjusted
    lost = reached.transpose(0, 2, 1) @ reached
    own_s, lost_s = np.diagonal(own, axis1=1, axis2=2), np.diagonal(lost, axis1=1, axis2=2)
    # Sum over s, t, g, h of K_ss K_tt + K_st K_ts, K_st = own_st on the diagonal less b_s b_t'.
    flat = reached.transpose(0, 2, 1).reshape(clusters, q * rank)
    crossed = (flat.T @ flat).reshape(q, rank, q, rank)
    same = own_s.sum(axis=1) ** 2 - 2 * own_s.sum(axis=1) * lost_s.sum(axis=1)
    mixed = (own**2 - 2 * own * lost).sum(axis=(1, 2))
    return float(
        (same + mixed).sum() + (crossed**2).sum() + (crossed * crossed.transpose(0, 3, 2, 1)).sum()
    )
