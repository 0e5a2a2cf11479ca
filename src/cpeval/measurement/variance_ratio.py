"""Subjects against error where raters are fixed or not in the model: REML, exact interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq

from cpeval.measurement.crossed_moments import CrossedMoments

Floats = NDArray[np.float64]

#: Where the restricted likelihood is looked at first: shares of variance between subjects.
_SHARES = np.concatenate([np.linspace(0, 0.98, 50), 1 - 10.0 ** -np.arange(2, 9)])

#: Beyond the exponential of this, the scale of a ratio is rounding.
_FAR = 30.0


@dataclass(frozen=True, kw_only=True, eq=False)
class SubjectModel:
    r"""y = fixed effects + subject + error.

    Attributes
    ----------
    moments : CrossedMoments
        The ratings.
    raters : bool
        Whether each rater has a fixed effect; else there is one mean for all.
    """

    moments: CrossedMoments
    raters: bool

    @property
    def n_fixed(self) -> int:
        """Fixed effects."""
        return self.moments.r if self.raters else 1

    @property
    def df(self) -> tuple[int, int]:
        """Degrees of freedom between subjects, given the fixed effects, and of error."""
        m = self.moments
        rank = m.n + m.r - m.parts if self.raters else m.n
        return rank - self.n_fixed, m.n_ratings - rank

    def reduced(self, gram: Floats) -> Floats:
        """Cross-products of the fixed effects and y."""
        if self.raters:
            return gram
        pooled = np.zeros((len(gram), 2))
        pooled[:-1, 0] = pooled[-1, 1] = 1.0
        return pooled.T @ gram @ pooled

    def residual(self, ratio: float) -> float:
        """Generalised residual sum of squares, with V = I + ratio ZZ'."""
        gram = self.reduced(self.moments.gram(ratio))
        return float(gram[-1, -1] - gram[-1, :-1] @ np.linalg.solve(gram[:-1, :-1], gram[:-1, -1]))

    def error(self) -> float:
        """Residual sum of squares with subjects as fixed effects, which may be aliased."""
        gram = self.reduced(self.moments.within())
        # Raters' dummies add up to the subjects': one dimension a linked part is no information.
        solved = np.linalg.pinv(gram[:-1, :-1], rcond=1e-10, hermitian=True) @ gram[:-1, -1]
        return float(gram[-1, -1] - gram[-1, :-1] @ solved)

    def test(self) -> tuple[float, float]:
        """F that subjects don't differ, and its p: exact when errors are normal [1]_.

        References
        ----------
        .. [1] Wald (1947). Annals of Mathematical Statistics, 18(4), 586-589.
        """
        statistic = self._pivot(0.0, self.error())
        return statistic, float(stats.f.sf(statistic, *self.df))

    def _pivot(self, ratio: float, error: float) -> float:
        between, within = self.df
        return (self.residual(ratio) - error) / between / (error / within)

    def interval(self, level: float) -> tuple[float, float]:
        r"""Exact interval of the ratio of variances, subjects to error.

        Notes
        -----
        With S(θ) the residual sum of squares under V = I + θZZ' and S that with subjects fixed,
        (S(θ) - S) / f1 / (S / f2) has F's distribution at the true θ and falls with θ [1]_. With no
        gaps this is Shrout & Fleiss' interval. Below 0 it ends where V is no covariance.

        References
        ----------
        .. [1] Harville & Fenech (1985). Biometrics, 41(1), 137-152.
        """
        largest, error = self.moments.times[-1], self.error()

        def ratio(log_scale: float) -> float:
            # With no gaps the pivot is a multiple of this scale.
            return float((np.exp(-log_scale) - 1) / largest)

        def solved(target: float) -> float:
            low = high = 0.0
            while self._pivot(ratio(low), error) > target and low > -_FAR:
                low -= 2.0
            while self._pivot(ratio(high), error) < target and high < _FAR:
                high += 2.0
            if low <= -_FAR:
                return float("inf")
            if high >= _FAR:  # subjects don't differ at all
                return float(-1 / largest)
            root = brentq(lambda x: self._pivot(ratio(x), error) - target, low, high, xtol=1e-14)
            return ratio(root)

        tail = (1 - level) / 2
        return solved(stats.f.isf(tail, *self.df)), solved(stats.f.ppf(tail, *self.df))

    def reml(self) -> tuple[float, float]:
        """Return the ratio and the variance of error that maximise the restricted likelihood."""
        ratio = lowest(self._criterion, self._slope)
        left = self.moments.n_ratings - self.n_fixed
        return ratio, self.residual(ratio) / left

    def _criterion(self, ratio: float) -> float:
        """Minus twice the log restricted likelihood, but for a constant."""
        gram = self.reduced(self.moments.gram(ratio))
        left = self.moments.n_ratings - self.n_fixed
        fixed = float(np.linalg.slogdet(gram[:-1, :-1])[1])
        return self.moments.log_det(ratio) + fixed + left * float(np.log(self.residual(ratio)))

    def _slope(self, ratio: float) -> float:
        gram = self.reduced(self.moments.gram(ratio))
        change = self.reduced(self.moments.gram_slope(ratio))
        fixed = np.linalg.solve(gram[:-1, :-1], gram[:-1, -1])
        left = self.moments.n_ratings - self.n_fixed
        weights = np.append(-fixed, 1.0)
        return float(
            self.moments.log_det_slope(ratio)
            + np.trace(np.linalg.solve(gram[:-1, :-1], change[:-1, :-1]))
            + left * (weights @ change @ weights) / self.residual(ratio)
        )


def lowest(criterion: Callable[[float], float], slope: Callable[[float], float]) -> float:
    """Return the ratio, 0 or more, at which a criterion is lowest: a root of its slope, or 0."""
    ratios = _SHARES / (1 - _SHARES)
    best = int(np.argmin([criterion(ratio) for ratio in ratios]))
    low, high = ratios[max(best - 1, 0)], ratios[min(best + 1, len(ratios) - 1)]
    if best == 0 and slope(0.0) >= 0:
        return 0.0
    if slope(low) * slope(high) > 0:
        return float(ratios[best])
    return float(brentq(slope, low, high, xtol=1e-14, rtol=1e-14))
