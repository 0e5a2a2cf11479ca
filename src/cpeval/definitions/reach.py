"""Which scores a scale of items can give."""

from __future__ import annotations

from collections.abc import Sequence, Set

from cpeval.definitions.scales import Scale


def reach(scale: Scale, points: Sequence[Set[float]]) -> tuple[float, float]:
    """Return the lowest and highest score before lookup and linear.

    Parameters
    ----------
    scale : Scale
        Of items.
    points : sequence of sets of float
        What each of its k items may be worth, weighted.

    Examples
    --------
    >>> reach(Scale(label="x", items="all", answered=1, prorate=True), [{0.0, 1.0}, {0.0, 3.0}])
    (0.0, 6.0)
    """
    k = len(points)
    points = _counted(scale, points)
    low = sorted(min(worth) for worth in points)
    high = sorted((max(worth) for worth in points), reverse=True)
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


def few_values(scale: Scale, points: Sequence[Set[float]], *, most: int) -> set[float] | None:
    """Return every score before lookup; None where scores fall between, or are over ``most``."""
    if scale.combine == "mean" or scale.prorate:
        return None
    if scale.combine == "maximum":
        return {p for worth in points for p in worth}
    points = _counted(scale, points)
    gaps = len(points) - (scale.answered or len(points))
    # Sums by how many items are missing, so that none is counted which the rule refuses.
    sums = [{0.0}, *(set[float]() for _ in range(gaps))]
    for worth in points:
        # Before it is made: a sum of two sets has at least as many values as this.
        if any(some and len(some) + len(worth) - 1 > most for some in sums):
            return None
        grown = [{round(total + p, 9) for total in some for p in worth} for some in sums]
        sums = [more | (sums[m - 1] if m else set()) for m, more in enumerate(grown)]
    found = set().union(*sums)
    return found if len(found) <= most else None


def _counted(scale: Scale, points: Sequence[Set[float]]) -> Sequence[Set[float]]:
    """What an item adds to a count: 1, 0 or either."""
    if scale.combine != "count":
        return points
    counted = set(scale.counted or ())
    return [
        {0.0, 1.0} - ({1.0} if worth.isdisjoint(counted) else {0.0} if worth <= counted else set())
        for worth in points
    ]
