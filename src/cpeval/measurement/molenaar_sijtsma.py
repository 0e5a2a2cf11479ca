"""Molenaar and Sijtsma's reliability: what an item would share with a copy of itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: More different answers than this are a measurement rather than categories.
MOST_CODES = 30
_ROWS = 20_000


def molenaar_sijtsma(values: Floats) -> float:
    r"""Return rho of complete scores, shape (n, k), or NaN where codes are too many.

    An item step is an item at or above a code; codes are all that any item has. The share of
    people who take two steps of different items is seen. That of two steps of one item, taken in
    two independent answers, is not: it is the mean of up to eight values found from the
    neighbouring steps of other items in the order of popularity, kept between what independence
    and the rarer step allow. The coefficient is the sum of these shares less the products of the
    steps' own shares, over the variance of the sum (with divisor n). Codes at unequal distances
    weigh their steps by those.

    Steps of equal popularity share the mean of what is seen of them, as in mokken.
    """
    codes = np.unique(values)
    if not 2 <= codes.size <= MOST_CODES:
        return float("nan")
    n, k = values.shape
    together = np.zeros((k * (codes.size - 1),) * 2)
    for begin in range(0, n, _ROWS):
        part = values[begin : begin + _ROWS, :, None] >= codes[1:]
        taken = part.reshape(len(part), -1).astype(float)
        together += taken.T @ taken
    weight = np.tile(np.diff(codes), k)
    item = np.repeat(np.arange(k), codes.size - 1)
    counts = together.diagonal()
    order = np.argsort(counts, kind="stable")
    order = order[(counts[order] > 0) & (counts[order] < n)]
    weight, item, share = weight[order], item[order], counts[order] / n
    unseen = item[:, None] == item[None, :]
    both = np.where(unseen, np.nan, together[np.ix_(order, order)] / n)
    both = _filled(both, share, counts[order])
    low, high = np.outer(share, share), np.minimum(share[:, None], share[None, :])
    both = np.where(unseen, np.clip(both, low, high), both)
    shared = float(weight @ (both - low) @ weight)
    return shared / float(values.sum(axis=1).var())


def _filled(both: Floats, share: Floats, counts: Floats) -> Floats:
    """Fill NaN in from the seen cells around: 0 where there are none, for the caller to clip."""
    # Where the run of equally popular steps around each begins and ends.
    first = np.searchsorted(counts, counts, side="left")
    last = np.searchsorted(counts, counts, side="right")
    tied = last - first > 1
    seen = ~np.isnan(both)

    def around(row: int, column: int) -> float:
        """Mean of what is seen of the steps as popular as these two."""
        block = both[first[row] : last[row], first[column] : last[column]]
        block = block[~np.isnan(block)]
        return float(block.mean()) if block.size else float("nan")

    filled = both.copy()
    for row, column in np.argwhere(~seen).tolist():
        found = []
        for along, other, down in ((row, column, True), (column, row, False)):
            line = seen[:, column] if down else seen[row, :]
            # A step that others equal has those for neighbours, on both sides.
            for near in [along, along] if tied[along] else _nearest(line, along):
                known = around(near, column) if down else around(row, near)
                p, q = share[along], share[near]
                found.append(known * p / q)
                found.append(known * (1 - p) / (1 - q) - share[other] * (q - p) / (1 - q))
        kept = [one for one in found if not np.isnan(one)]
        filled[row, column] = sum(kept) / len(kept) if kept else 0.0
    return filled


def _nearest(line: Flags, place: int) -> list[int]:
    """The next place at which something is known, and the last before, where there are such."""
    known = np.flatnonzero(line)
    at = int(np.searchsorted(known, place))
    return [int(known[near]) for near in (at, at - 1) if 0 <= near < known.size]
