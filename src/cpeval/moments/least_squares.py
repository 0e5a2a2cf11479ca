"""Least squares from each cluster's cross-products. Arrays in, arrays out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

#: A column of which earlier ones explain all but this share of its sum of squares is dropped.
#: R's limit is a norm of 1e-7, so a share of 1e-14: sums of squares can't tell that from rounding.
DEPENDENT = 1e-11

#: A fit that leaves no more than this share of the outcome's sum of squares is perfect.
PERFECT = 1e-13


@dataclass(frozen=True, kw_only=True, eq=False)
class Fit:
    """Ordinary least squares of p terms on n people in G clusters, r of the terms kept."""

    #: Coefficients, shape (p,); NaN where a term was dropped.
    beta: Floats
    #: Their covariance for people who are independent with one variance, shape (p, p).
    vcov: Floats
    #: Residual variance: ``rss`` over ``df``; NaN where ``df`` is zero.
    sigma2: float
    #: Residual sum of squares, and the outcome's own about the origin.
    rss: float
    tss: float
    n: int
    #: n less the number of terms kept.
    df: int
    #: Positions of terms kept, shape (r,), and of those that follow from earlier ones.
    kept: Ints
    dropped: Ints
    #: Whether residuals are zero up to rounding: errors mean nothing then.
    perfect: bool
    #: W, shape (r, r), lower triangular: W S W' = I for the cross-product S of the terms kept.
    whitener: Floats


def independent_terms(cross: ArrayLike, *, floor: ArrayLike | None = None) -> Ints:
    """Find the terms that earlier ones don't explain, in the order of the formula.

    Parameters
    ----------
    cross : array, shape (p, p)
        The terms' cross-product X'X.
    floor : array, shape (p,), optional
        Sums of squares that rounding alone may leave of a column; zeros unless given. A column
        that was constant before its mean was subtracted has no more than that.

    Returns
    -------
    numpy.ndarray, shape (r,)
        Positions. Of terms that follow from each other the earliest stay, as in R.

    Examples
    --------
    >>> x = np.array([[1.0, 0, 1], [1, 1, 0], [1, 0, 1], [1, 1, 0]])
    >>> independent_terms(x.T @ x).tolist()
    [0, 1]
    """
    cross = np.asarray(cross, dtype=float)
    size = np.diag(cross).copy()
    empty = size <= (0.0 if floor is None else np.asarray(floor, dtype=float))
    size[empty] = 1.0
    scaled = cross / np.sqrt(np.outer(size, size))
    if not empty.any():
        try:
            pivots = np.diag(np.linalg.cholesky(scaled))
        except np.linalg.LinAlgError:
            pivots = np.zeros(1)
        if (pivots**2).min(initial=1.0) > DEPENDENT:
            return np.arange(len(cross))
    # Column by column: subtract from the rest what each column kept explains of it.
    rest, kept = scaled.copy(), []
    for k in map(int, np.flatnonzero(~empty)):
        if rest[k, k] > DEPENDENT:
            kept.append(k)
            rest = rest - np.outer(rest[:, k], rest[k]) / rest[k, k]
    return np.array(kept, dtype=np.intp)


def least_squares(blocks: ArrayLike, counts: ArrayLike, *, floor: ArrayLike | None = None) -> Fit:
    """Regress the outcome on the terms.

    Parameters
    ----------
    blocks : array, shape (G, p + 1, p + 1)
        Each cluster's [X y]'[X y], the outcome last, about one origin near the means.
    counts : array of int, shape (G,)
        People in each cluster.
    floor : array, shape (p + 1,), optional
        Sums of squares that rounding of the data may leave of each column and of the outcome
        about the origin; zeros unless given.

    Returns
    -------
    Fit
        Coefficients refer to the same origin: an intercept is the mean there.

    Notes
    -----
    From cross-products, residuals of a share s of the outcome's sum of squares are known to
    about 1e-16 / s.

    Examples
    --------
    >>> z = np.array([[1.0, 0, 1], [1, 1, 3], [1, 2, 4], [1, 3, 8]])
    >>> fit = least_squares((z.T @ z)[np.newaxis], [4])
    >>> fit.beta.round(6).tolist(), round(fit.sigma2, 6), fit.df
    ([0.7, 2.2], 0.9, 2)
    """
    blocks = np.asarray(blocks, dtype=float)
    total, n = blocks.sum(axis=0), int(np.sum(counts))
    p = total.shape[0] - 1
    lowest = np.zeros(p + 1) if floor is None else np.asarray(floor, dtype=float)
    kept = independent_terms(total[:p, :p], floor=lowest[:p])
    cross, cross_y = total[np.ix_(kept, kept)], total[kept, p]
    size = np.sqrt(np.diag(cross))
    root = np.linalg.cholesky(cross / np.outer(size, size)) if kept.size else cross
    whitener = np.linalg.inv(root) / size if kept.size else cross
    inner = whitener.T @ whitener
    some = inner @ cross_y
    # One step of refinement: what rounding left of the normal equations.
    some = some + inner @ (cross_y - cross @ some)
    weights = np.zeros(p + 1)
    weights[kept], weights[p] = -some, 1.0
    tss = float(total[p, p])
    rss = max(float(weights @ total @ weights), 0.0)
    df = n - kept.size
    sigma2 = rss / df if df > 0 else np.nan
    beta, vcov = np.full(p, np.nan), np.full((p, p), np.nan)
    beta[kept] = some
    vcov[np.ix_(kept, kept)] = sigma2 * inner
    return Fit(
        beta=beta,
        vcov=vcov,
        sigma2=sigma2,
        rss=rss,
        tss=tss,
        n=n,
        df=df,
        kept=kept,
        dropped=np.setdiff1d(np.arange(p), kept),
        perfect=bool(df <= 0 or rss <= max(PERFECT * tss, lowest[p])),
        whitener=whitener,
    )
