"""How far from the ego each alter is drawn: rings by closeness, strength or importance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from cpeval.errors import OptionError
from cpeval.networks.blocks import Floats
from cpeval.networks.groups import groups_of
from cpeval.numeric import holds_numbers, numbers

#: The ego has the middle; the rim is at 1.
INNERMOST = 0.16

#: Numbers with more values than this lie where they are, not each on a ring of its own.
_MOST_RINGS = 7

#: More rings than this can't be told apart.
_MOST_CATEGORIES = 10


class Ring(NamedTuple):
    """A circle, and what to write at which distance from the ego."""

    radius: float
    label: str
    label_at: float
    broken: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Circles:
    """How far out alters are.

    Attributes
    ----------
    radius : array, shape (N,)
        From 0, the ego, to 1, the rim.
    room : float
        How far an alter may move in or out and still lie between its rings.
    rings : tuple of Ring
        From the inside out.
    note : str
        What they mean; empty where they mean nothing.
    unknown : array of bool, shape (N,)
        Alters outside all rings, since their value is missing.
    """

    radius: Floats
    room: float
    rings: tuple[Ring, ...]
    note: str
    unknown: np.ndarray


def one_circle(n: int) -> Circles:
    """Put n alters on one circle, where nothing tells how close they are."""
    return Circles(
        radius=np.full(n, 0.8),
        room=0.15,
        rings=(),
        note="",
        unknown=np.zeros(n, dtype=bool),
    )


def circles_of(column: pd.Series, name: str, inner: str | Sequence[object]) -> Circles:
    """Give each value its distance, the same in every network.

    Parameters
    ----------
    column : pandas.Series, shape (N,)
        Of all alters.
    name : str
        What messages call it.
    inner : {"highest", "lowest"} or sequence
        Which end is innermost, or all values from the inside out.

    Raises
    ------
    OptionError
        Text without an order; ``inner`` is none of these; more than ten categories.
    DataError
        Values that are not in the order; infinite numbers.
    """
    if isinstance(inner, str) and inner not in ("highest", "lowest"):
        raise OptionError(
            "'inner' must be 'highest' or 'lowest', or a list of all values from the inside out. "
            f"Got {inner!r}."
        )
    if not isinstance(inner, str):
        return _rings(column, name, list(inner), ", ".join(map(str, inner)) + " from the inside")
    said = f"{inner} innermost"
    if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered:
        order = column.cat.categories.tolist()
        return _rings(column, name, order[::-1] if inner == "highest" else order, said)
    if not holds_numbers(column):
        raise OptionError(
            f"{name!r} holds text, which has no order. Say inner=[...] with all its values from "
            "the inside out."
        )
    values = numbers(column.to_frame(), [name])[:, 0]
    levels = np.unique(values[~np.isnan(values)])
    if levels.size and (levels == np.round(levels)).all() and np.ptp(levels) < _MOST_RINGS:
        # A whole number that nobody gave has its ring too.
        levels = np.arange(levels[0], levels[-1] + 1)
    if levels.size <= _MOST_RINGS:
        order = levels[::-1].tolist() if inner == "highest" else levels.tolist()
        return _rings(pd.Series(values), name, order, said)
    return _scale(values, name, levels, inner == "highest", said)


def _rings(column: pd.Series, name: str, order: list[object], said: str) -> Circles:
    """Give each value a band between two rings."""
    codes = np.full(len(column), -1)
    if order:
        codes = groups_of(column, name, categories=order).codes
    if len(order) > _MOST_CATEGORIES:
        raise OptionError(
            f"{name!r} has {len(order)} values: too many for rings (at most {_MOST_CATEGORIES}). "
            "Put them into classes first."
        )
    unknown = codes < 0
    edges = np.linspace(INNERMOST, 1, len(order) + int(unknown.any()) + 1)
    middle = (edges[:-1] + edges[1:]) / 2
    rings = [
        Ring(float(edges[k + 1]), _text(value), float(middle[k])) for k, value in enumerate(order)
    ]
    if unknown.any():
        rings.append(Ring(1.0, "?", float(middle[-1]), broken=True))
    return Circles(
        # A code of -1 is the last band.
        radius=middle[codes] if middle.size else np.empty(0),
        room=float(edges[1] - edges[0]) * 0.3 if middle.size else 0.0,
        rings=tuple(rings),
        note=f"Circles: {name}, {said}" + (", ? is not known" if unknown.any() else ""),
        unknown=unknown,
    )


def _scale(values: Floats, name: str, levels: Floats, highest: bool, said: str) -> Circles:
    """Put numbers at their place between the least and the largest, with rings at round ones."""
    unknown = np.isnan(values)
    low, high = float(levels[0]), float(levels[-1])
    rim = 0.85 if unknown.any() else 1.0
    start = INNERMOST + 0.1

    def place(x: Floats) -> Floats:
        share = (x - low) / (high - low)
        return np.asarray(start + (rim - start) * (1 - share if highest else share))

    ticks = _round_numbers(low, high)
    at = place(ticks)
    # 12 digits: 0.30000000000000004 is 0.3.
    rings = [
        Ring(float(r), _text(float(f"{t:.12g}")), float(r)) for t, r in zip(ticks, at, strict=True)
    ]
    rings.sort()
    if unknown.any():
        rings.append(Ring(1.0, "?", (rim + 1) / 2, broken=True))
    radius = np.where(unknown, (rim + 1) / 2, place(np.where(unknown, low, values)))
    return Circles(
        radius=radius,
        room=0.0,
        rings=tuple(rings),
        note=f"Circles: {name}, {said}" + (", ? is not known" if unknown.any() else ""),
        unknown=unknown,
    )


def _round_numbers(low: float, high: float) -> Floats:
    """Return three to six numbers that are easy to read between two.

    >>> _round_numbers(0.3, 17.2)
    array([ 5., 10., 15.])
    """
    step = 10.0 ** np.floor(np.log10((high - low) / 3))
    step *= max(k for k in (1, 2, 5) if k * step <= (high - low) / 3)
    return np.asarray(np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step)


def _text(value: object) -> str:
    """Write a value as people do: 3, not 3.0."""
    return f"{value:.12g}" if isinstance(value, float) else str(value)
