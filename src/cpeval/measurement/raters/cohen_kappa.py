"""Cohen's kappa for every pair of raters, and Light's mean of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class PairKappas:
    """Cohen's kappa of each of the P pairs of raters; arrays have shape (P,).

    Attributes
    ----------
    first, second : numpy.ndarray
        Places of the raters.
    estimate, se, se_null, observed, expected : numpy.ndarray
        Kappa, its standard errors in general and where it is 0, and its two parts. NaN where
        undefined.
    n : numpy.ndarray
        Subjects that both rated.
    light : float
        The mean of the kappas; NaN when one is.
    light_se : float
        Its standard error, from what each subject contributes to all pairs.
    """

    first: Codes
    second: Codes
    estimate: Floats
    se: Floats
    se_null: Floats
    observed: Floats
    expected: Floats
    n: Codes
    light: float
    light_se: float


def kappas(codes: Codes, weights: Floats) -> PairKappas:
    r"""Cohen's (weighted) kappa of each pair of raters.

    Parameters
    ----------
    codes : numpy.ndarray, shape (n, r)
        Places in the list of categories, -1 for gaps. A pair's kappa uses the subjects that both
        rated.
    weights : numpy.ndarray, shape (q, q)
        Symmetric, 1 on the diagonal.

    Returns
    -------
    PairKappas

    Notes
    -----
    With p the pair's table of shares, p_i. and p_.j its margins,
    :math:`\bar w_{i.} = \sum_j w_{ij} p_{.j}` and :math:`\bar w_{.j} = \sum_i w_{ij} p_{i.}`, the
    variance is [1]_

    .. math:: \frac{\sum p_{ij} [w_{ij} - (\bar w_{i.} + \bar w_{.j})(1 - \kappa)]^2
              - [\kappa - p_e (1 - \kappa)]^2}{n (1 - p_e)^2}

    and where kappa is 0 the same with :math:`\kappa = 0` and :math:`p_{i.} p_{.j}` for
    :math:`p_{ij}`. The bracket is what a subject contributes; the mean of kappas over pairs [2]_
    has the mean of the contributions.

    References
    ----------
    .. [1] Fleiss, Cohen & Everitt (1969). Psychological Bulletin, 72(5), 323-327.
    .. [2] Light (1971). Psychological Bulletin, 76(5), 365-377.
    """
    q = len(weights)
    pairs = np.array(list(combinations(range(codes.shape[1]), 2)))
    columns = np.ascontiguousarray(codes.T)
    parts = np.full((len(pairs), 5), np.nan)
    n = np.zeros(len(pairs), dtype=np.intp)
    contributed = np.zeros(len(codes))
    for place, (a, b) in enumerate(pairs):
        both = (columns[a] >= 0) & (columns[b] >= 0)
        cell = columns[a][both] * q + columns[b][both]
        n[place] = cell.size
        if cell.size:
            table = np.bincount(cell, minlength=q * q).reshape(q, q) / cell.size
            parts[place], influence = _kappa(table, weights, cell.size)
            contributed[both] += influence.ravel()[cell] / cell.size
    estimate, se, se_null, observed, expected = parts.T
    return PairKappas(
        first=pairs[:, 0],
        second=pairs[:, 1],
        estimate=estimate,
        se=se,
        se_null=se_null,
        observed=observed,
        expected=expected,
        n=n,
        light=(light := float(estimate.mean())),
        # Undefined with the mean: the contributions of the other pairs don't make up for one.
        light_se=_spread(contributed, int(n.min())) / len(pairs) if light == light else np.nan,
    )


def _spread(contributed: Floats, n: int) -> float:
    """Standard error of a sum of what n or more subjects contribute, with n - 1 for n."""
    return float(np.sqrt((contributed**2).sum() * n / max(n - 1, 1)))


def _kappa(table: Floats, weights: Floats, n: int) -> tuple[list[float], Floats]:
    """One pair: its five numbers, and what a subject in each cell of ``table`` contributes."""
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    observed = float((weights * table).sum())
    expected = float(rows @ weights @ columns)
    if not 1 - expected > 1e-14:
        nan = float("nan")
        return [nan, nan, nan, observed, expected], np.full_like(table, nan)
    kappa = (observed - expected) / (1 - expected)
    margins = (weights @ columns)[:, None] + rows @ weights
    influence = weights - margins * (1 - kappa) - (kappa - expected * (1 - kappa))
    influence /= 1 - expected
    variance = (table * influence**2).sum() / n
    null = (np.outer(rows, columns) * (weights - margins) ** 2).sum() - expected**2
    se_null = np.sqrt(max(null, 0.0) / n) / (1 - expected)
    return [kappa, float(np.sqrt(variance)), float(se_null), observed, expected], influence
