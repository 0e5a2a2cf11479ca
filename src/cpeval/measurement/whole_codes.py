"""Answers as whole steps from the lowest code, which checks of item order count in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cpeval.errors import DataError, OptionError, listed
from cpeval.measurement.item_scores import ItemScores

Integers = NDArray[np.int64]

#: More steps than these make tables of people without people in them.
MOST_STEPS = 100

#: Some instruments' points aren't whole, as those of sf_36_gh.
NO_FRACTIONS = (
    "Where an instrument's scoring makes the fractions, leave instrument= out: give a frame of the "
    "item columns as answered, reversed items turned round."
)

#: Codes that lie further apart are not counted to find their unit.
_WIDEST = 100_000


@dataclass(frozen=True, kw_only=True)
class WholeCodes:
    """Answers in steps from the lowest code, an item a row.

    Attributes
    ----------
    names : list of str
        The k items.
    answers : numpy.ndarray, shape (k, n)
        Whole numbers from 0 to ``steps``: code = lowest + unit * answer.
    steps : int
        How many steps there are from the lowest code to the highest, over all items.
    lowest, unit : int
        The lowest code, and what all codes are multiples of above it.
    """

    names: list[str]
    answers: Integers
    steps: int
    lowest: int
    unit: int

    @property
    def n(self) -> int:
        """How many people there are."""
        return int(self.answers.shape[1])

    @property
    def constant(self) -> NDArray[np.bool_]:
        """Which items everyone answers alike, shape (k,)."""
        same: NDArray[np.bool_] = (self.answers == self.answers[:, :1]).all(axis=1)
        return same

    def code(self, step: Integers) -> Integers:
        """Return the codes that stand for numbers of steps."""
        return self.lowest + self.unit * step

    def rest_score(self, steps: Integers, items: int) -> Integers:
        """Return what a sum of so many items' steps is in their codes."""
        return items * self.lowest + self.unit * steps

    def take(self, items: Integers) -> WholeCodes:
        """Return some of the items, in this order; steps stay those of all."""
        return WholeCodes(
            names=[self.names[place] for place in items],
            answers=self.answers[items],
            steps=self.steps,
            lowest=self.lowest,
            unit=self.unit,
        )


def whole_codes(scores: ItemScores, *, what: str) -> WholeCodes:
    """Turn complete answers into steps.

    Parameters
    ----------
    scores : ItemScores
        Without gaps.
    what : str
        Names the analysis in messages.

    Raises
    ------
    DataError
        Answers that are not whole numbers (items and values named); more than 100 steps.

    Examples
    --------
    >>> scores = ItemScores(names=["a"], values=np.array([[50.0], [0.0], [75.0]]),
    ...                     n_rows=3, n_excluded=0, n_imputed=0, rows=np.arange(3))
    >>> found = whole_codes(scores, what="It")
    >>> found.answers.tolist(), found.unit
    ([[2, 0, 3]], 25)
    """
    values = np.ascontiguousarray(scores.values.T)
    broken = values != np.rint(values)
    if broken.any():
        faults = "; ".join(
            f"{scores.names[place]!r} has {listed(np.unique(values[place][broken[place]]), most=5)}"
            for place in np.flatnonzero(broken.any(axis=1))
        )
        raise DataError(
            f"{what} counts people by code, so answers must be whole numbers: {faults}. Give the "
            f"codes as they were answered, not recoded or averaged. {NO_FRACTIONS}"
        )
    low, high = values.min(), values.max()
    widths = np.ptp(values, axis=1)
    if high - low <= _WIDEST:
        shifted = (values - low).astype(np.int64)
        unit = int(np.gcd.reduce(np.flatnonzero(np.bincount(shifted.ravel())))) or 1
        steps = int(high - low) // unit
        if steps <= MOST_STEPS:
            answers = shifted // unit if unit > 1 else shifted
            return WholeCodes(
                names=scores.names, answers=answers, steps=steps, lowest=int(low), unit=unit
            )
    raise DataError(
        f"{what} counts people by code and takes at most {MOST_STEPS} steps between the lowest "
        f"and the highest. The codes reach from {low:g} to {high:g}; the widest items are "
        f"{listed([scores.names[k] for k in np.argsort(-widths, kind='stable')[:5]])}. Leave out "
        "what is no item, or group the codes."
    )


def require_min_size(value: int | None, n: int) -> None:
    """Raise `OptionError` unless a rest-score group of ``value`` people is possible."""
    if value is None:
        return
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not 2 <= value <= n:
        raise OptionError(
            f"'min_size', the least people in a rest-score group, must be a whole number from 2 "
            f"to the {n} people there are. Got {value!r}."
        )
