"""What the wild bootstrap multiplies clusters' residuals by: all arrangements, or draws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cpeval.errors import OptionError
from cpeval.moments.least_squares import Floats

#: Equally likely values, of mean 0 and variance 1.
WEIGHTS: dict[str, Floats] = {
    "rademacher": np.array([-1.0, 1.0]),
    "webb": np.sqrt([1.5, 1.0, 0.5, 1.5, 1.0, 0.5]) * [-1, -1, -1, 1, 1, 1],
}

#: Values made at a time: bounds memory, and stays in the processor's cache.
_AT_A_TIME = 1 << 18


@dataclass(frozen=True, kw_only=True, eq=False)
class Multipliers:
    """Rows of one multiplier a cluster, in batches to be gone through once."""

    batches: Iterator[Floats]
    draws: int
    enumerated: bool


def multipliers(
    weights: str, clusters: int, draws: int, seed: int | np.random.Generator | None
) -> Multipliers:
    """Take each arrangement once where they are no more than ``draws``, else draw that many.

    Raises
    ------
    OptionError
        ``draws`` is not a whole number of at least 1.

    Examples
    --------
    >>> every = multipliers("rademacher", 2, 100, None)
    >>> every.draws, every.enumerated, next(every.batches).tolist()
    (4, True, [[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])
    """
    if isinstance(draws, bool) or not isinstance(draws, int | np.integer) or draws < 1:
        raise OptionError(f"'draws' must be a whole number of at least 1. Got {draws!r}.")
    values = WEIGHTS[weights]
    if values.size**clusters <= draws:
        every = _every(values, clusters)
        return Multipliers(batches=every, draws=values.size**clusters, enumerated=True)
    drawn = _drawn(values, clusters, int(draws), seed)
    return Multipliers(batches=drawn, draws=int(draws), enumerated=False)


def _every(values: Floats, clusters: int) -> Iterator[Floats]:
    """Yield all arrangements, (at a time, clusters): the digits of 0, 1, 2, ..."""
    size, total = values.size, values.size**clusters
    places = size ** np.arange(clusters)
    step = max(1, _AT_A_TIME // clusters)
    for start in range(0, total, step):
        number = np.arange(start, min(start + step, total))
        yield values[number[:, np.newaxis] // places % size]


def _drawn(
    values: Floats, clusters: int, draws: int, seed: int | np.random.Generator | None
) -> Iterator[Floats]:
    """Yield random multipliers, (at a time, clusters)."""
    rng = np.random.default_rng(seed)
    step = max(1, _AT_A_TIME // clusters)
    for start in range(0, draws, step):
        shape = (min(step, draws - start), clusters)
        yield values[rng.integers(values.size, size=shape, dtype=np.int8)]
