"""Which scores a scale of items can give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cpeval.definitions.scales import Scale

#: What an answer to an item may be worth, before its weight; and the weight.
Worth = tuple[frozenset[float], float]


@dataclass
class Work:
    """How many sums may still be made for one definition, so that no file takes minutes."""

    left: int = 1_000_000


def reach(scale: Scale, points: Sequence[Worth]) -> tuple[float, float]:
    """Return the lowest and highest score before lookup and linear.

    Parameters
    ----------
    scale : Scale
        Of items.
    points : sequence of (frozenset of float, float)
        What each of its k items may be worth, and its weight.

    Examples
    --------
    >>> scale = Scale(label="x", items="all", answered=1, prorate=True)
    >>> reach(scale, [(frozenset({0.0, 1.0}), 1.0), (frozenset({0.0, 3.0}), 1.0)])
    (0.0, 6.0)
    """
    k = len(points)
    ends = [_ends(scale, worth) for worth, _ in points]
    weighted = [
        sorted((weight * a, weight * b)) for (a, b), (_, weight) in zip(ends, points, strict=True)
    ]
    low = sorted(a for a, _ in weighted)
    high = sorted((b for _, b in weighted), reverse=True)
    if scale.combine == "maximum":
        # The largest of some items, at least `answered` of them.
        return low[(scale.answered or k) - 1], high[0]
    few = scale.answered or k
    if scale.combine == "mean" or scale.prorate:
        scaled = 1.0 if scale.combine == "mean" else k
        # A mean of more items lies between means of the most extreme few.
        return sum(low[:few]) / few * scaled, sum(high[:few]) / few * scaled
    return (
        sum(low[:few]) + sum(min(x, 0) for x in low[few:]),
        sum(high[:few]) + sum(max(x, 0) for x in high[few:]),
    )


def few_values(
    scale: Scale, points: Sequence[Worth], *, most: int, work: Work
) -> set[float] | None:
    """Return every score before lookup; None where scores fall between, or are over ``most``."""
    if scale.combine == "mean" or scale.prorate:
        return None
    if scale.combine == "maximum":
        return {p for worth, _ in points for p in worth}
    gaps = len(points) - (scale.answered or len(points))
    # Sums by how many items are missing, so that none is counted which the rule refuses.
    sums = [{0.0}, *(set[float]() for _ in range(gaps))]
    for worth, weight in points:
        added = _counted(scale, worth) if scale.combine == "count" else worth
        work.left -= len(added) * sum(map(len, sums)) + gaps
        # Before they are made: a sum of two sets has at least as many values as this.
        if work.left < 0 or any(some and len(some) + len(added) - 1 > most for some in sums):
            return None
        steps = [weight * p for p in added]
        grown = [{round(total + p, 9) for total in some for p in steps} for some in sums]
        sums = [more | (sums[m - 1] if m else set()) for m, more in enumerate(grown)]
    found = set().union(*sums)
    return found if len(found) <= most else None


def _ends(scale: Scale, worth: frozenset[float]) -> tuple[float, float]:
    return _lowest_and_highest(_counted(scale, worth) if scale.combine == "count" else worth)


@lru_cache(maxsize=1024)
def _lowest_and_highest(worth: frozenset[float]) -> tuple[float, float]:
    return min(worth), max(worth)


def _counted(scale: Scale, worth: frozenset[float]) -> frozenset[float]:
    """What an item adds to a count: 1, 0 or either."""
    counted = set(scale.counted or ())
    if worth.isdisjoint(counted):
        return frozenset({0.0})
    return frozenset({1.0}) if worth <= counted else frozenset({0.0, 1.0})
