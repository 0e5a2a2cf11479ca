"""An exercise: its right answer, and the mistakes that people make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cpeval.tutorials.kinds_of_answer import Kind


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A wrong answer that people come to, and what to tell them.

    ``answer`` computes it from the lesson's data, as the right one is computed.
    """

    answer: Callable[[], object]
    hint: str


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """What `check` knows about one exercise.

    Attributes
    ----------
    kind : Kind
        What an answer may be.
    right : callable
        Computes the right answer.
    because : str
        Said with "Right.": why it is.
    mistakes : tuple of Mistake
        At least two, with different hints.
    otherwise : str
        The hint for any other wrong answer: where to look again.
    """

    kind: Kind[Any]
    right: Callable[[], object]
    because: str
    mistakes: tuple[Mistake, ...]
    otherwise: str
