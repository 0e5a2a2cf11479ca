"""Agreement beyond chance among any number of raters, with gaps, as Gwet (2014) has it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


class Corrected(NamedTuple):
    """A coefficient.

    Attributes
    ----------
    estimate, se : float
        NaN where chance alone would agree fully.
    observed, expected : float
        Agreement found, and by chance.
    """

    estimate: float
    se: float
    observed: float
    expected: float


def category_counts(codes: Codes, q: int) -> Floats:
    """How many raters put each subject into each category, shape (n, q)."""
    n = len(codes)
    # Gaps go into a column of their own, which is cut off.
    cells = (codes + 1) + (np.arange(n) * (q + 1))[:, None]
    counts = np.bincount(cells.ravel(), minlength=n * (q + 1)).reshape(n, q + 1)
    return counts[:, 1:].astype(float)


def coefficients(codes: Codes, counts: Floats, weights: Floats) -> dict[str, Corrected]:
    r"""Percent agreement and four ways to take chance out of it.

    Parameters
    ----------
    codes : numpy.ndarray, shape (n, r)
        Places in the list of q categories, -1 for gaps; each subject and each rater has a rating.
    counts : numpy.ndarray, shape (n, q)
        From `category_counts`.
    weights : numpy.ndarray, shape (q, q)
        Symmetric, 1 on the diagonal.

    Returns
    -------
    dict
        ``percent``, ``conger_kappa``, ``fleiss_kappa``, ``brennan_prediger``, ``gwet_ac``.

    Notes
    -----
    With :math:`r_{ik}` raters of subject i in category k, :math:`r_i` in all, and
    :math:`r^*_{ik} = \sum_l w_{kl} r_{il}`, a subject's agreement is
    :math:`\sum_k r_{ik}(r^*_{ik} - 1) / (r_i(r_i - 1))`; observed agreement is its mean over the
    n' subjects rated twice or more. Chance agreement uses all n: with :math:`\pi_k` the mean of
    :math:`r_{ik} / r_i` and T the sum of the weights,

    - Fleiss: :math:`\sum w_{kl} \pi_k \pi_l`;
    - Gwet: :math:`T \sum \pi_k (1 - \pi_k) / (q (q - 1))`;
    - Brennan & Prediger: :math:`T / q^2`;
    - Conger: the mean over pairs of raters of :math:`\sum w_{kl} p_{gk} p_{hl}`.

    The variance is that of linearised contributions of subjects [1]_; raters are fixed.

    References
    ----------
    .. [1] Gwet (2014). Handbook of Inter-Rater Reliability, 4th ed., chapters 2 to 5.
       Gwet (2008). British Journal of Mathematical and Statistical Psychology, 61(1), 29-48.
    """
    n, q = counts.shape
    rated = counts.sum(axis=1)
    twice = rated >= 2
    agreeing = (counts * (counts @ weights - 1)).sum(axis=1) / np.where(
        twice, rated * (rated - 1), 1.0
    )
    stretch = n / twice.sum()
    observed = float(agreeing.sum() / twice.sum())
    shares = counts / rated[:, None]
    pi = shares.mean(axis=0)

    def corrected(expected: float, by_subject: Floats | float) -> Corrected:
        if not 1 - expected > 1e-14:
            return Corrected(float("nan"), float("nan"), observed, expected)
        estimate = (observed - expected) / (1 - expected)
        each = stretch * (agreeing - expected * twice) / (1 - expected)
        each -= 2 * (1 - estimate) * (by_subject - expected) / (1 - expected)
        variance = ((each - estimate) ** 2).sum() / (n * (n - 1))
        return Corrected(estimate, float(np.sqrt(variance)), observed, expected)

    uniform = float(weights.sum() / q**2)
    conger, conger_each = _conger(codes, weights)
    found = {
        "percent": corrected(0.0, 0.0),
        "conger_kappa": corrected(conger, conger_each),
        "fleiss_kappa": corrected(float(pi @ weights @ pi), shares @ (weights @ pi)),
        "brennan_prediger": corrected(uniform, uniform),
    }
    if q > 1:
        scale = weights.sum() / (q * (q - 1))
        found["gwet_ac"] = corrected(float(scale * (pi @ (1 - pi))), scale * (shares @ (1 - pi)))
    else:
        found["gwet_ac"] = Corrected(float("nan"), float("nan"), observed, float("nan"))
    return found


def _conger(codes: Codes, weights: Floats) -> tuple[float, Floats]:
    """Chance agreement of pairs of raters, and half of what subjects contribute to it."""
    n, r = codes.shape
    q = len(weights)
    margins = np.stack([np.bincount(c[c >= 0], minlength=q) for c in codes.T]).astype(float)
    n_rated = margins.sum(axis=1)
    margins /= n_rated[:, None]
    total = margins.sum(axis=0)
    others = (total - margins) @ weights  # (r, q): what the other raters' margins give a category
    own = (others * margins).sum(axis=1)
    expected = float(own.sum()) / (r * (r - 1))
    each = np.zeros(n)
    for rater in range(r):
        code = codes[:, rater]
        there = code >= 0
        each += own[rater]
        gain = (n / n_rated[rater]) * (others[rater] - own[rater])
        each[there] += gain[code[there]]
    return expected, each / (r * (r - 1))
