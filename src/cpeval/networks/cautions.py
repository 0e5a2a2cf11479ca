"""What a reader of personal networks should know before any number is computed."""

from __future__ import annotations

import numpy as np

from cpeval.networks.blocks import Ints

#: The largest size is a limit of the questionnaire if at least so many networks, and at least this
#: share of them, have it, and more than have one alter fewer.
_NETWORKS, _SHARE = 5, 0.1

#: Below this, the largest size is small by itself.
_SMALLEST_LIMIT = 3


def cut_off(size: Ints) -> list[str]:
    """Warn where sizes pile up at the largest: the form had no room for more names.

    >>> cut_off(np.array([3, 10, 10, 7, 10, 10, 10, 9]))[0][:43]
    '5 of 8 networks have 10 alters, and none mo'
    """
    if not size.size or size.max() < _SMALLEST_LIMIT:
        return []
    largest = int(size.max())
    there, below = (int(np.count_nonzero(size == n)) for n in (largest, largest - 1))
    if there < max(_NETWORKS, _SHARE * size.size) or there <= below:
        return []
    return [
        f"{there} of {size.size} networks have {largest} alters, and none more: if no more could "
        "be named, their size is censored. Means of sizes are then too low, and differences and "
        "changes too small."
    ]
