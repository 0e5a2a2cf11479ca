"""Satterthwaite's degrees of freedom for contrasts of the fixed effects of a mixed model."""

from __future__ import annotations

import numpy as np

from cpeval.moments.mixed_fit import MixedFit
from cpeval.moments.mixed_parameters import Floats


def satterthwaite_df(fit: MixedFit, contrasts: Floats) -> Floats:
    """Return the degrees of freedom of each contrast on its own.

    Parameters
    ----------
    fit : MixedFit
    contrasts : numpy.ndarray, shape (r, p)

    Returns
    -------
    numpy.ndarray, shape (r,)

    Notes
    -----
    2 v^2 / g'Ag, v the contrast's variance, g its derivatives by the variance parameters and A
    their asymptotic covariance by the observed information [1]_ [2]_. A variance that was
    estimated as zero counts as known, as in the R package lmerTest.

    References
    ----------
    .. [1] Giesbrecht & Burns (1985). Biometrics, 41(2), 477-486.
    .. [2] Kuznetsova, Brockhoff & Christensen (2017). Journal of Statistical Software, 82(13).
    """
    variance = np.einsum("ra,ab,rb->r", contrasts, fit.cov, contrasts)
    slopes = np.einsum("ra,iab,rb->ri", contrasts, fit.information.derivatives, contrasts)
    df: Floats = (
        2.0 * variance**2 / np.einsum("ri,ij,rj->r", slopes, fit.information.observed, slopes)
    )
    return df


#: Degrees of freedom that differ by less than this are equal, as in lmerTest.
_EQUAL = 1e-8
#: An eigenvalue below this, next to the largest, is of a contrast that follows from others.
_FOLLOWS = 1e-12


def satterthwaite_joint(fit: MixedFit, contrasts: Floats) -> float:
    """Return the denominator's degrees of freedom for contrasts together.

    Parameters
    ----------
    fit : MixedFit
    contrasts : numpy.ndarray, shape (s, p)
        Rows that follow from others do no harm.

    Returns
    -------
    float

    Notes
    -----
    F is the mean of r squared t values, r the rank, of the eigenvectors of the contrasts'
    covariance, with v_i degrees of freedom. Those of F match the mean of such squares, E = sum of
    v_i / (v_i - 2): 2 E / (E - r), or 2 if one v_i is not above 2 (Fai & Cornelius [1]_, as in
    lmerTest). Other rows that ask the same may give other degrees of freedom; F itself is the same.

    References
    ----------
    .. [1] Fai & Cornelius (1996). Journal of Statistical Computation and Simulation, 54, 363-378.
    """
    values, vectors = np.linalg.eigh(contrasts @ fit.cov @ contrasts.T)
    df = satterthwaite_df(fit, vectors[:, values > _FOLLOWS * values[-1]].T @ contrasts)
    if np.ptp(df) < _EQUAL:
        return float(df.mean())
    if df.min() <= 2.0:
        return 2.0
    expected = float((df / (df - 2.0)).sum())
    return 2.0 * expected / (expected - len(df))
