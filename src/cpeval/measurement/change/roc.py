"""How well a number tells two groups apart: the curve, the area below it, and where to cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """Each way to cut; arrays have shape (c,), from "all are improved" to "none is".

    Attributes
    ----------
    cut : numpy.ndarray
        Halfway between neighbouring values; -inf and inf at the ends.
    sensitivity, specificity : numpy.ndarray
        Shares of the improved above the cut, and of the others below it.
    """

    cut: Floats
    sensitivity: Floats
    specificity: Floats


def tied(values: Floats, size: float) -> Floats:
    """Make values equal that differ by rounding only, as 0.3 - 0.1 and 0.2 do.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
    size : float
        Of the numbers that they were computed from.
    """
    order = np.argsort(values)
    ordered = values[order]
    first = np.append(True, np.diff(ordered) > 1e-13 * size)
    equal = np.empty_like(values)
    equal[order] = ordered[first][np.cumsum(first) - 1]
    return equal


def roc_curve(improved: Floats, others: Floats) -> Curve:
    """Return the curve of two groups' values, larger meaning more improved."""
    values = np.unique(np.concatenate([improved, others]))
    cut = np.concatenate([[-np.inf], (values[:-1] + values[1:]) / 2, [np.inf]])
    return Curve(
        cut=cut,
        sensitivity=1 - np.searchsorted(np.sort(improved), cut) / len(improved),
        specificity=np.searchsorted(np.sort(others), cut) / len(others),
    )


def area(improved: Floats, others: Floats) -> tuple[float, float]:
    r"""Area under the curve and its standard error.

    Parameters
    ----------
    improved, others : numpy.ndarray, shapes (m,) and (n,)
        Two values or more each.

    Returns
    -------
    estimate, se : float

    Notes
    -----
    The share of pairs in which the improved has the larger value, ties counted half. The error is
    DeLong's, from how each value places among the other group's [1]_.

    References
    ----------
    .. [1] DeLong, DeLong & Clarke-Pearson (1988). Biometrics, 44(3), 837-845.
    """

    def placed(values: Floats, among: Floats) -> Floats:
        among = np.sort(among)
        below = np.searchsorted(among, values, side="left")
        upto = np.searchsorted(among, values, side="right")
        share: Floats = (below + upto) / (2 * len(among))
        return share

    first, second = placed(improved, others), 1 - placed(others, improved)
    variance = first.var(ddof=1) / len(first) + second.var(ddof=1) / len(second)
    return float(first.mean()), float(np.sqrt(variance))


def best_cuts(curve: Curve) -> dict[str, NDArray[np.intp]]:
    """Where the curve is best: places of the cuts, several when they tie.

    Returns
    -------
    dict
        ``youden``: largest sensitivity + specificity [1]_. ``closest``: nearest to the corner where
        both are 1 [2]_.

    References
    ----------
    .. [1] Youden (1950). Cancer, 3(1), 32-35.
    .. [2] Perkins & Schisterman (2006). American Journal of Epidemiology, 163(7), 670-675.
    """
    both = curve.sensitivity + curve.specificity
    apart = (1 - curve.sensitivity) ** 2 + (1 - curve.specificity) ** 2
    # Equal cuts may differ by rounding.
    return {
        "youden": np.flatnonzero(both >= both.max() - 1e-12),
        "closest": np.flatnonzero(apart <= apart.min() + 1e-12),
    }


def bootstrapped_cuts(
    improved: Floats, others: Floats, draws: int, rng: np.random.Generator
) -> dict[str, Floats]:
    """Draw people of each group anew and return the best cuts, ``draws`` of each kind.

    Each draw has a curve of its own, so a cut lies halfway between values that were drawn. Of cuts
    that tie, the one with the largest sensitivity is taken.
    """
    values = np.unique(np.concatenate([improved, others]))
    found: dict[str, list[Floats]] = {"youden": [], "closest": []}
    # About 32 MB at a time.
    chunk = max(1, int(4e6 / (len(values) + 1)))
    for start in range(0, draws, chunk):
        size = min(chunk, draws - start)
        more, fewer = (_redrawn(group, values, size, rng) for group in (improved, others))
        sensitivity = 1 - np.cumsum(more, axis=1)[:, :-1] / len(improved)
        specificity = np.cumsum(fewer, axis=1)[:, :-1] / len(others)
        left, right = _neighbours(more + fewer > 0)
        between = (left >= 0) & (right < len(values))
        both = np.where(between, sensitivity + specificity, -np.inf)
        apart = np.where(between, (1 - sensitivity) ** 2 + (1 - specificity) ** 2, np.inf)
        # Where all who were drawn have one value, that is where to cut.
        first = (more + fewer).argmax(axis=1)
        lone = ~between.any(axis=1)
        for name, places in (
            ("youden", (both >= both.max(axis=1, keepdims=True) - 1e-12).argmax(axis=1)),
            ("closest", (apart <= apart.min(axis=1, keepdims=True) + 1e-12).argmax(axis=1)),
        ):
            low, high = (
                np.where(lone, first, np.take_along_axis(side, places[:, None], axis=1)[:, 0])
                for side in (left, right)
            )
            found[name].append((values[low] + values[high]) / 2)
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _redrawn(
    group: Floats, values: Floats, draws: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """How often each value was drawn, shape (draws, len(values))."""
    counts = np.bincount(np.searchsorted(values, group), minlength=len(values))
    return rng.multinomial(len(group), counts / len(group), size=draws)


def _neighbours(drawn: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The places of the drawn values next to each cut, shape (draws, len(values) - 1).

    -1, and the number of values, where there is none.
    """
    size = drawn.shape[1]
    place = np.arange(size)
    left = np.maximum.accumulate(np.where(drawn, place, -1), axis=1)[:, :-1]
    right = np.minimum.accumulate(np.where(drawn, place, size)[:, ::-1], axis=1)[:, ::-1][:, 1:]
    return left, right


def area_interval(estimate: float, se: float, level: float) -> tuple[float, float]:
    """Normal interval of the area, cut at 0 and 1."""
    half = float(stats.norm.ppf((1 + level) / 2)) * se
    return max(0.0, estimate - half), min(1.0, estimate + half)
