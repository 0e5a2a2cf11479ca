"""Which scores a scale of items can give."""

from __future__ import annotations

from collections.abc import Sequence

from cpeval.definitions.scales import Scale

#: More different scores than a look-up table could hold; a definition with more has no table.
_MOST = 20_000


def reach(scale: Scale, points: Sequence[set[float]]) -> tuple[float, float]:
    """Return the lowest and highest score before lookup and linear.

    Parameters
    ----------
    scale : Scale
        Of items.
    points : sequence of set of float
        What each of its k items may be worth, weighted.

    Examples
    --------
    >>> reach(Scale(label="x", items="all", answered=1, prorate=True), [{0.0, 1.0}, {0.0, 3.0}])
    (0.0, 6.0)
    """
    k = len(points)
    if scale.combine == "count":
        points = [{float(p in (scale.counted or ())) for p in worth} for worth in points]
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


def few_values(scale: Scale, points: Sequence[set[float]]) -> set[float] | None:
    """Return every score before lookup; None where scores fall between, or are too many."""
    if scale.combine == "mean" or scale.prorate:
        return None
    if scale.combine == "maximum":
        return {p for worth in points for p in worth}
    if scale.combine == "count":
        points = [{float(p in (scale.counted or ())) for p in worth} for worth in points]
    gaps = len(points) - (scale.answered or len(points))
    # Sums by how many items are missing, so that none is counted which the rule refuses.
    sums = [{0.0}, *(set[float]() for _ in range(gaps))]
    for worth in points:
        grown = [{round(total + p, 9) for total in some for p in worth} for some in sums]
        sums = [more | (sums[m - 1] if m else set()) for m, more in enumerate(grown)]
        if sum(map(len, sums)) > _MOST:
            return None
    return set().union(*sums)
