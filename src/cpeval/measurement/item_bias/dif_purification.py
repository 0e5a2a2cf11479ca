"""Purification: matching people on items that show no differential functioning themselves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cpeval.measurement.item_bias.dif_statistics import Statistics, dif_statistics
from cpeval.measurement.whole_codes import WholeCodes

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: How p values may be adjusted for the number of items.
ADJUST = ("holm", "bh", "none")

#: Purification stops after so many steps.
MOST_STEPS = 10


class Step(NamedTuple):
    """One look at all items."""

    anchors: Bools
    statistics: Statistics
    adjusted: Floats
    flagged: Bools


class Purified(NamedTuple):
    """All looks, and whether the last one flags the same items as the one before."""

    steps: list[Step]
    settled: bool


def purified(
    codes: WholeCodes,
    focal: Bools,
    method: str,
    match: str,
    adjust: str,
    alpha: float,
    *,
    purify: bool,
) -> Purified:
    """Leave flagged and untestable items out of the score until the same ones are again."""
    anchors = np.ones(len(codes.names), dtype=bool)
    steps: list[Step] = []
    while True:
        found = dif_statistics(
            codes.answers, codes.steps, focal, anchors, method=method, match=match
        )
        adjusted = adjusted_p(found.p, adjust)
        flagged = adjusted < alpha
        steps.append(Step(anchors, found, adjusted, flagged))
        # What can't be tested may be the worst of all: nobody is matched on it.
        trusted = ~flagged & ~found.failed
        if not purify or (anchors == trusted).all():
            return Purified(steps, settled=True)
        # An item needs another one to be matched on.
        if len(steps) == MOST_STEPS or (trusted & ~codes.constant).sum() < 2:
            return Purified(steps, settled=False)
        anchors = trusted


def adjusted_p(p: Floats, adjust: str) -> Floats:
    """Adjust p values for their number, after Holm or Benjamini & Hochberg.

    NaN stays and doesn't count.

    Examples
    --------
    >>> adjusted_p(np.array([0.01, np.nan, 0.04]), "holm").tolist()
    [0.02, nan, 0.04]
    """
    there = np.isfinite(p)
    some = p[there]
    adjusted = p.copy()
    if adjust == "bh" and some.size:
        adjusted[there] = stats.false_discovery_control(some)
    if adjust == "holm" and some.size:
        order = np.argsort(some, kind="stable")
        raised = np.maximum.accumulate(some[order] * np.arange(some.size, 0, -1))
        some[order] = np.minimum(raised, 1.0)
        adjusted[there] = some
    return adjusted
