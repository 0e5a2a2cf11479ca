"""Ratings of subjects by raters as sums that the models need: a few small matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class CrossedMoments:
    """Cross-products of D, the raters' dummies, and y, the ratings about their mean.

    Attributes
    ----------
    total : numpy.ndarray, shape (r + 1, r + 1)
        [D, y]'[D, y] of all ratings.
    times : numpy.ndarray, shape (t,)
        How many ratings a subject has: the different numbers.
    subjects : numpy.ndarray, shape (t,)
        Subjects that have so many.
    sums : numpy.ndarray, shape (t, r + 1, r + 1)
        Cross-products of the subjects' sums of [D, y], added up over those subjects.
    mean : float
        Of all ratings.
    parts : int
        Groups of subjects and raters that no rating links.
    """

    total: Floats
    times: Floats
    subjects: Floats
    sums: Floats
    mean: float
    parts: int

    @property
    def r(self) -> int:
        """Raters."""
        return len(self.total) - 1

    @property
    def n(self) -> int:
        """Subjects."""
        return int(self.subjects.sum())

    @property
    def n_ratings(self) -> int:
        """Ratings."""
        return int(self.subjects @ self.times)

    def gram(self, ratio: float) -> Floats:
        """[D, y]'V⁻¹[D, y] with V = I + ratio ZZ', Z the subjects' dummies."""
        return self.total - np.tensordot(ratio / (1 + ratio * self.times), self.sums, 1)

    def gram_slope(self, ratio: float) -> Floats:
        """How `gram` changes with the ratio."""
        return -np.tensordot((1 + ratio * self.times) ** -2.0, self.sums, 1)

    def within(self) -> Floats:
        """`gram` when the ratio is infinite: subjects taken out as fixed effects."""
        return self.total - np.tensordot(1 / self.times, self.sums, 1)

    def log_det(self, ratio: float) -> float:
        """Log determinant of V."""
        return float(self.subjects @ np.log1p(ratio * self.times))

    def log_det_slope(self, ratio: float) -> float:
        """How `log_det` changes with the ratio."""
        return float(self.subjects @ (self.times / (1 + ratio * self.times)))


def crossed_moments(values: Floats) -> CrossedMoments:
    """Sum ratings up.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, r)
        Gaps are NaN; each subject and each rater has a rating.
    """
    there = ~np.isnan(values)
    rated = there.sum(axis=1)
    mean = float(values[there].mean())
    centred = np.where(there, values - mean, 0.0)
    dummies = there.astype(float)
    by_rater = centred.sum(axis=0)
    r = values.shape[1]
    total = np.zeros((r + 1, r + 1))
    np.fill_diagonal(total, [*dummies.sum(axis=0), (centred**2).sum()])
    total[-1, :-1] = total[:-1, -1] = by_rater
    own = np.column_stack([dummies, centred.sum(axis=1)])
    times = np.unique(rated)
    sums = np.stack([own[rated == m].T @ own[rated == m] for m in times])
    linked = sums[:, :-1, :-1].sum(axis=0) > 0
    return CrossedMoments(
        total=total,
        times=times.astype(float),
        subjects=np.array([(rated == m).sum() for m in times], dtype=float),
        sums=sums,
        mean=mean,
        parts=int(connected_components(linked, directed=False)[0]),
    )
