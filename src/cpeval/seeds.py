"""What a caller may give as ``seed``, checked in one way wherever randomness is used."""

from __future__ import annotations

import numpy as np

from cpeval.errors import OptionError

#: A whole number of at least 0, numpy's generator, or None for another draw each time.
Seed = int | np.random.Generator | None


def is_seed(seed: object) -> bool:
    """Say whether a value can be a seed.

    >>> is_seed(1), is_seed(np.int64(1)), is_seed(None), is_seed(-1), is_seed(True), is_seed("1")
    (True, True, True, False, False, False)
    """
    if seed is None or isinstance(seed, np.random.Generator):
        return True
    return isinstance(seed, int | np.integer) and not isinstance(seed, bool) and bool(seed >= 0)


def require_seed(seed: object) -> None:
    """Raise `OptionError` unless ``seed`` is a whole number of at least 0, a Generator or None."""
    if not is_seed(seed):
        raise OptionError(
            "'seed' must be a whole number of at least 0, a numpy Generator "
            f"(numpy.random.default_rng) or None. Got {seed!r}."
        )
