"""Random numbers by name, so that one table's draws never change another's."""

from __future__ import annotations

import secrets
import zlib
from dataclasses import dataclass
from typing import Self

import numpy as np

from cpeval.seeds import Seed


@dataclass(frozen=True)
class Streams:
    """An independent generator for each name (and wave), all from one seed.

    A name's stream is the child of the seed's `numpy.random.SeedSequence` whose spawn key is the
    name's checksum and the numbers after it. A new name therefore leaves the others as they are.

    Examples
    --------
    >>> streams = Streams.from_seed(1)
    >>> float(streams("a", 0).random()) == float(streams("a", 0).random())
    True
    >>> float(streams("a", 0).random()) == float(streams("a", 1).random())
    False
    """

    entropy: int

    @classmethod
    def from_seed(cls, seed: Seed) -> Self:
        """Take an int as it is, 128 bits from a generator, or 128 fresh ones for None."""
        if isinstance(seed, np.random.Generator):
            return cls(int.from_bytes(seed.bytes(16), "little"))
        return cls(secrets.randbits(128) if seed is None else int(seed))

    def __call__(self, name: str, *numbers: int) -> np.random.Generator:
        """Return a new generator at the start of a stream."""
        key = (zlib.crc32(name.encode()), *numbers)
        return np.random.default_rng(np.random.SeedSequence(self.entropy, spawn_key=key))
