"""Kenward and Roger's adjusted covariance and degrees of freedom, from sums over groups.

Their P_i, Q_ij are sums over groups of p x p matrices, and the covariance is linear in the
variances, so that R_ij = 0. Nothing has a row for each person.
"""

from __future__ import annotations

import numpy as np

from cpeval.errors import OptionError, TooFewError
from cpeval.moments.mixed_fit import MixedFit
from cpeval.moments.mixed_parameters import Floats


def adjusted_covariance(fit: MixedFit) -> Floats:
    """Return the covariance of fixed effects, adjusted for the estimation of the variances.

    Parameters
    ----------
    fit : MixedFit
        By REML.

    Returns
    -------
    numpy.ndarray, shape (p, p)

    Raises
    ------
    OptionError
        The fit is not by REML.
    TooFewError
        The adjustment leaves a fixed effect without a positive variance.

    Notes
    -----
    F + 2 F [sum of w_ij (Q_ij - P_i F P_j)] F, w the inverse of the expected information [1]_.

    References
    ----------
    .. [1] Kenward & Roger (1997). Biometrics, 53(3), 983-997.
    """
    _require_reml(fit)
    extra = 2.0 * np.tensordot(fit.information.expected, fit.information.curvature, 2)
    adjusted: Floats = fit.cov + (extra + extra.T) / 2.0
    if not (np.diagonal(adjusted) > 0).all():
        raise TooFewError(
            "Kenward and Roger's adjustment leaves a fixed effect without a positive variance: "
            "there are too few groups for it. Take df='satterthwaite', or fewer random effects."
        )
    return adjusted


def kenward_roger_df(fit: MixedFit, contrasts: Floats) -> Floats:
    """Return the degrees of freedom of each contrast on its own.

    Parameters
    ----------
    fit : MixedFit
        By REML.
    contrasts : numpy.ndarray, shape (r, p)

    Returns
    -------
    numpy.ndarray, shape (r,)

    Raises
    ------
    OptionError
        The fit is not by REML.

    Notes
    -----
    With one row Kenward and Roger's formulas reduce to 2 v^2 / g'wg, v the contrast's unadjusted
    variance and g its derivatives, and F is not scaled.
    """
    _require_reml(fit)
    variance = np.einsum("ra,ab,rb->r", contrasts, fit.cov, contrasts)
    slopes = np.einsum("ra,iab,rb->ri", contrasts, fit.information.derivatives, contrasts)
    df: Floats = (
        2.0 * variance**2 / np.einsum("ri,ij,rj->r", slopes, fit.information.expected, slopes)
    )
    return df


def kenward_roger_joint(fit: MixedFit, contrasts: Floats) -> tuple[float, float]:
    """Return the denominator's degrees of freedom and the scale of F for contrasts together.

    Parameters
    ----------
    fit : MixedFit
        By REML.
    contrasts : numpy.ndarray, shape (r, p)
        Linearly independent rows.

    Returns
    -------
    df, scale : float
        ``scale`` times the Wald statistic over r is compared with F(r, df).

    Raises
    ------
    OptionError
        The fit is not by REML.
    TooFewError
        The approximation has no answer: too few groups for so many contrasts.
    """
    _require_reml(fit)
    r = len(contrasts)
    if r == 1:
        return float(kenward_roger_df(fit, contrasts)[0]), 1.0
    inverse = np.linalg.inv(contrasts @ fit.cov @ contrasts.T)
    changes = inverse @ (contrasts @ fit.information.derivatives @ contrasts.T)  # (m + 1, r, r)
    flat = changes.reshape(len(changes), -1)
    turned = changes.transpose(0, 2, 1).reshape(len(changes), -1)
    traces = np.einsum("iaa->i", changes)
    a1 = float(traces @ fit.information.expected @ traces)
    a2 = float((fit.information.expected * (flat @ turned.T)).sum())
    b = (a1 + 6.0 * a2) / (2.0 * r)
    g = ((r + 1.0) * a1 - (r + 4.0) * a2) / ((r + 2.0) * a2)
    bottom = 3.0 * r + 2.0 * (1.0 - g)
    top = 1.0 + g / bottom * b
    first = 1.0 - (r - g) / bottom * b
    second = 1.0 - (r + 2.0 - g) / bottom * b
    centre = 1.0 - a2 / r
    if min(top, first, second, centre) <= 0:
        raise _too_few(r)
    df = 4.0 + (r + 2.0) / ((centre / first) ** 2 * top / second - 1.0)
    scale = df * centre / (df - 2.0)
    if not (np.isfinite(scale) and df > 2.0):
        raise _too_few(r)
    return df, scale


def _too_few(r: int) -> TooFewError:
    return TooFewError(
        f"Kenward and Roger's approximation has no answer for {r} contrasts together: there are "
        "too few groups for them. Test fewer at a time."
    )


def _require_reml(fit: MixedFit) -> None:
    if fit.method != "REML":
        raise OptionError(
            "Kenward and Roger's degrees of freedom need a fit by REML. Take method='REML', or "
            "df='satterthwaite'."
        )
