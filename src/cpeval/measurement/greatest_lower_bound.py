"""The greatest lower bound of reliability, found by an interior-point method."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: The error that the method leaves, as a share of the variance of the items.
_GAP = 1e-10
_NEWTON_STEPS = 60


def greatest_lower_bound(covariance: Floats) -> float:
    r"""Return the smallest reliability that a covariance matrix, shape (k, k), allows.

    Errors have variances :math:`\theta_i \ge 0` such that :math:`C - \mathrm{diag}(\theta)` could
    be the covariance matrix of true scores (has no negative eigenvalue). The bound is
    :math:`1 - \max \sum \theta_i / 1'C1` (Jackson & Agunwamba 1977). The maximum is that of
    :math:`\sum \theta_i + \mu (\log |C - \mathrm{diag}(\theta)| + \sum \log \theta_i)`, by
    Newton's method, for :math:`\mu` falling to where 2 k :math:`\mu`, the most that the sum can
    be short, is negligible.
    """
    k, scale = len(covariance), np.trace(covariance)
    matrix = covariance / scale
    errors = np.full(k, 0.5 * np.linalg.eigvalsh(matrix)[0])
    barrier = 1.0 / k
    while True:
        for _ in range(_NEWTON_STEPS):
            inverse = np.linalg.inv(matrix - np.diag(errors))
            slope = 1 / barrier - inverse.diagonal() + 1 / errors
            step = np.linalg.solve(inverse**2 + np.diag(1 / errors**2), slope)
            gain = float(slope @ step)
            # Newton's steps may leave the region; within 1 of the decrement they don't.
            errors = errors + step / (1 + np.sqrt(max(gain, 0.0)))
            if gain < 1e-8:
                break
        if 2 * k * barrier < _GAP:
            return float(1 - errors.sum() * scale / covariance.sum())
        barrier /= 8
