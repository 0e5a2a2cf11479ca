"""Answers that nobody gave."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cpeval.simulation.arguments import Design
from cpeval.simulation.streams import Streams


def skipped(
    design: Design, streams: Streams, table: str, wave: int, shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """Say which answers are missing, by chance alone.

    A part of the questionnaires, a fifth or more, holds all the gaps, so that most are complete
    even where they are long. The last axis of ``shape`` is the items.
    """
    careless = max(0.2, np.sqrt(design.missing))
    prone = streams(f"{table}/careless", wave).random(shape[:-1]) < careless
    gaps = streams(f"{table}/gaps", wave).random(shape) < design.missing / careless
    return np.asarray(gaps & prone[..., None])
