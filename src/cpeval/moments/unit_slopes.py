"""Slopes of covariates within units, and the units' means less what the slopes explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cpeval.errors import TooFewError
from cpeval.moments.least_squares import Floats, Ints, independent_terms

#: What rounding leaves of the squares of a covariate that is constant within units.
_CONSTANT = 1e-14


@dataclass(frozen=True, kw_only=True, eq=False)
class UnitSlopes:
    """Leading axes, if any, are of replicates.

    Attributes
    ----------
    slopes : array, shape (..., k)
        Of the k covariates that vary within units.
    vcov : array, shape (..., k, k)
    df : int
        People less units less k; of the residual variance behind ``vcov``.
    means : array, shape (..., U)
        Units' mean outcomes at the origin of the k covariates.
    covariates : array, shape (..., k, U)
        Units' means of these.
    """

    slopes: Floats
    vcov: Floats
    df: int
    means: Floats
    covariates: Floats


def unit_slopes(
    blocks: Floats, counts: NDArray[np.int64], within: Ints, *, intercept: int = 0
) -> UnitSlopes:
    r"""Regress the outcome on covariates within units.

    Parameters
    ----------
    blocks : array, shape (..., U, p + 1, p + 1)
        Each unit's [X y]'[X y], the outcome last, about one origin near the means.
    counts : array of int, shape (U,)
        People in each unit.
    within : array of int, shape (k,)
        Covariates that vary within units, none following from the others: see
        `terms_within_units`.
    intercept : int, default 0
        Position of the term that is 1 for everyone.

    Raises
    ------
    TooFewError
        Not more people than units and covariates.

    Notes
    -----
    Differences between units, and so between arms, have no part in the slopes: with W the
    cross-product about the units' means, :math:`b = W_{xx}^{-1} W_{xy}`. The arm need not be
    among the terms, and a baseline that differs between arms does not bias them.
    """
    k = within.size
    weight = blocks[..., intercept, intercept]
    mean = blocks[..., intercept, :] / weight[..., np.newaxis]
    outcome = mean[..., -1]
    lead = outcome.shape[:-1]
    if k == 0:
        return UnitSlopes(
            slopes=np.zeros((*lead, 0)),
            vcov=np.zeros((*lead, 0, 0)),
            df=0,
            means=outcome,
            covariates=np.zeros((*lead, 0, outcome.shape[-1])),
        )
    people, units = int(counts.sum()), counts.size
    if (df := people - units - k) < 1:
        raise TooFewError(
            f"{people} people in {units} units are too few for the slopes of {k} covariates "
            "within units. Take fewer covariates."
        )
    cross = within_units(blocks, intercept)
    x = np.ix_(within, within)
    square, along = cross[..., x[0], x[1]], cross[..., within, -1]
    slopes = np.asarray(np.linalg.solve(square, along[..., np.newaxis]), dtype=float)[..., 0]
    rss = np.maximum(cross[..., -1, -1] - (slopes * along).sum(axis=-1), 0.0)
    vcov = (rss / df)[..., np.newaxis, np.newaxis] * np.linalg.inv(square)
    covariates = np.moveaxis(mean[..., within], -1, -2)
    explained = (slopes[..., np.newaxis] * covariates).sum(axis=-2)
    return UnitSlopes(
        slopes=slopes, vcov=vcov, df=df, means=outcome - explained, covariates=covariates
    )


def within_units(blocks: Floats, intercept: int = 0) -> Floats:
    """Return the cross-product about units' own means, shape (..., p + 1, p + 1)."""
    weight, sums = blocks[..., intercept, intercept], blocks[..., intercept, :]
    between = (sums / weight[..., np.newaxis]).swapaxes(-1, -2) @ sums
    inside: Floats = blocks.sum(axis=-3) - between
    return inside


def terms_within_units(
    blocks: Floats, covariates: Sequence[int], *, intercept: int = 0
) -> tuple[Ints, Ints, Floats]:
    """Tell covariates of people from those of units.

    Parameters
    ----------
    blocks : array, shape (U, p + 1, p + 1)
    covariates : sequence of int
    intercept : int, default 0

    Returns
    -------
    within : array of int, shape (k,)
        Those that vary within units and don't follow from earlier ones there.
    rest : array of int, shape (l,)
        The others.
    values : array, shape (l, U)
        What these are in each unit: their means, less what follows from the first within units.
    """
    terms = np.asarray(covariates, dtype=np.intp)
    cross = within_units(blocks, intercept)
    floor = _CONSTANT * np.diag(blocks.sum(axis=0))[terms]
    within = terms[independent_terms(cross[np.ix_(terms, terms)], floor=floor)]
    rest = np.setdiff1d(terms, within)
    mean = blocks[:, intercept, :] / blocks[:, intercept, intercept][:, np.newaxis]
    follows = np.linalg.solve(cross[np.ix_(within, within)], cross[np.ix_(within, rest)])
    return within, rest, (mean[:, rest] - mean[:, within] @ follows).T
