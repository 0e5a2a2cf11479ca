"""Polychoric correlations: of the normal variables that ordered answers are cut from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]

#: Beyond this a correlation of the underlying variables counts as perfect.
_LARGEST = 0.9999
_STEPS, _CLOSE = 60, 1e-12
#: Gauss-Legendre points for the bivariate normal, and up to which correlation they are enough for
#: an error below 1e-14.
_POINTS = ((0.25, 10), (0.7, 20), (1.0, 48))
_PER_BLOCK = 4_000_000
_ROWS = 20_000


def polychoric(values: Floats) -> Floats:
    r"""Return polychoric correlations, shape (k, k), of scores (n, k) with NaN where missing.

    Two steps (Olsson 1979): thresholds are normal quantiles of each item's cumulative shares;
    then each correlation maximises the likelihood of the pair's table at these thresholds, by
    Fisher's scoring for all pairs at once. No count is added to empty cells. With one, the
    likelihood may rise all the way to a perfect correlation; it is flat there, and a value beyond
    0.99 says no more than that.
    """
    k = values.shape[1]
    tables, thresholds = _tables(values)
    first, second = np.triu_indices(k, 1)
    found = correlations_of_tables(tables[first, second], thresholds[first], thresholds[second])
    result = np.eye(k)
    result[first, second] = result[second, first] = found
    return result


def _tables(values: Floats) -> tuple[Floats, Floats]:
    """Counts of each pair of answers, shape (k, k, m, m), and thresholds, shape (k, m + 1)."""
    codes = [np.unique(column[~np.isnan(column)]) for column in values.T]
    most = max(len(one) for one in codes)
    n, k = values.shape
    tables = np.zeros((k * most, k * most))
    for begin in range(0, n, _ROWS):
        part = values[begin : begin + _ROWS]
        gave = np.zeros((len(part), k, most))
        for item, one in enumerate(codes):
            gave[:, item, : len(one)] = part[:, item, None] == one
        flat = gave.reshape(len(part), k * most)
        tables += flat.T @ flat
    thresholds = np.full((k, most + 1), np.inf)
    thresholds[:, 0] = -np.inf
    for item, one in enumerate(codes):
        at = item * most
        counts = tables.diagonal()[at : at + len(one)]
        thresholds[item, 1 : len(one)] = ndtri(counts.cumsum()[:-1] / counts.sum())
    return tables.reshape(k, most, k, most).transpose(0, 2, 1, 3), thresholds


def correlations_of_tables(tables: Floats, rows: Floats, columns: Floats) -> Floats:
    """Return the correlation of each of q tables.

    Parameters
    ----------
    tables : numpy.ndarray, shape (q, m, m)
        Counts.
    rows, columns : numpy.ndarray, shape (q, m + 1)
        Thresholds from -inf to inf; inf too beyond the last category that there is.

    Returns
    -------
    numpy.ndarray, shape (q,)
    """
    size = max(1, _PER_BLOCK // (rows.shape[1] ** 2 * _POINTS[-1][1]))
    parts = [
        _maximise(tables[at : at + size], rows[at : at + size], columns[at : at + size])
        for at in range(0, len(tables), size)
    ]
    return np.concatenate(parts) if parts else np.empty(0)


def _maximise(tables: Floats, rows: Floats, columns: Floats) -> Floats:
    rho = np.zeros(len(tables))
    low, high = np.full(len(tables), -_LARGEST), np.full(len(tables), _LARGEST)
    moving = np.arange(len(tables))
    for _ in range(_STEPS):
        now = rho[moving]
        counts, a, b = tables[moving], rows[moving], columns[moving]
        cell = np.maximum(_cells(_distribution(a, b, now)), 1e-300)
        by_rho = _cells(_density(a, b, now))
        slope = (counts * by_rho / cell).sum(axis=(1, 2))
        information = counts.sum(axis=(1, 2)) * (by_rho**2 / cell).sum(axis=(1, 2))
        # The sign of the slope says on which side of here the maximum is.
        low[moving] = np.where(slope > 0, np.maximum(low[moving], now), low[moving])
        high[moving] = np.where(slope < 0, np.minimum(high[moving], now), high[moving])
        step = slope / np.where(information > 0, information, np.inf)
        new = now + step
        outside = ~((new > low[moving]) & (new < high[moving]))
        new = np.where(outside, (low[moving] + high[moving]) / 2, new)
        # A likelihood that still rises at the end of the range has its maximum there.
        ended = np.abs(new) > _LARGEST - 1e-6
        rho[moving] = np.where(ended, np.sign(new) * _LARGEST, new)
        moving = moving[(np.abs(new - now) > _CLOSE) & (slope != 0) & ~ended]
        if not moving.size:
            break
    return rho


def _cells(corners: Floats) -> Floats:
    """Differences over both axes: what lies between the thresholds."""
    return np.diff(np.diff(corners, axis=1), axis=2)


def _density(rows: Floats, columns: Floats, rho: Floats) -> Floats:
    """Bivariate normal density at all pairs of thresholds: the slope of `_distribution`."""
    a, b = _finite(rows)[:, :, None], _finite(columns)[:, None, :]
    left = 1 - rho[:, None, None] ** 2
    power = -(a**2 - 2 * rho[:, None, None] * a * b + b**2) / (2 * left)
    return np.asarray(np.exp(power) / (2 * np.pi * np.sqrt(left)))


def _distribution(rows: Floats, columns: Floats, rho: Floats) -> Floats:
    r"""Bivariate normal distribution function at all pairs of thresholds, shape (q, m+1, m+1).

    :math:`\Phi(a) \Phi(b) + \int_0^{\arcsin \rho} \exp\{-(a^2 - 2 a b \sin t + b^2) /
    (2 \cos^2 t)\} dt / 2\pi` (Drezner & Wesolowsky 1990), by Gauss and Legendre.
    """
    integral = np.empty((len(rho), rows.shape[1], columns.shape[1]))
    size, before = np.abs(rho), -1.0
    for up_to, points in _POINTS:
        these = np.flatnonzero((size > before) & (size <= up_to))
        if these.size:
            integral[these] = _integral(rows[these], columns[these], rho[these], points)
        before = up_to
    return np.asarray(ndtr(rows)[:, :, None] * ndtr(columns)[:, None, :] + integral)


def _integral(rows: Floats, columns: Floats, rho: Floats, points: int) -> Floats:
    a, b = _finite(rows)[:, :, None, None], _finite(columns)[:, None, :, None]
    point, weight = np.polynomial.legendre.leggauss(points)
    half = np.arcsin(rho)[:, None] / 2
    angle = half * (point + 1)
    sine, cosine2 = np.sin(angle)[:, None, None, :], np.cos(angle)[:, None, None, :] ** 2
    power = (a * b * sine - (a**2 + b**2) / 2) / cosine2
    summed = np.exp(power) @ (half * weight)[:, None, :, None]
    return np.asarray(summed[..., 0] / (2 * np.pi))


def _finite(thresholds: Floats) -> Floats:
    """Thresholds with 40 for infinity, where every density is 0 but products are numbers."""
    return np.clip(thresholds, -40.0, 40.0)
