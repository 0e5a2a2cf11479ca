"""In which direction from the ego each alter is drawn: the same at every wave."""

from __future__ import annotations

import re

import numpy as np

from cpeval.networks.blocks import Floats, Ints

#: Free at the top, where rings are labelled: at least so many degrees.
_TOP = 24.0


def natural_order(ids: list[object]) -> Ints:
    """Return the order of ids, with 2 before 10 in numbers and in text.

    >>> natural_order(["A10", "A2", "b", 3]).tolist()
    [3, 1, 0, 2]
    """

    def key(value: object) -> list[tuple[int, int, str]]:
        parts = re.split(r"(\d+)", str(value))
        # Of two whole numbers the shorter is the smaller: int() refuses very long ones.
        digits = [(p.isdecimal(), p.lstrip("0") if p.isdecimal() else p) for p in parts if p]
        return [(0, len(p), p) if number else (1, 0, p) for number, p in digits]

    return np.array(sorted(range(len(ids)), key=lambda k: (key(ids[k]), k)), dtype=np.int64)


def sectors(group: Ints, rank: Ints) -> tuple[Ints, Floats]:
    """Place the alters of one ego around it, clockwise from the top, a sector a group.

    Parameters
    ----------
    group : array of int, shape (u,)
        The group of each alter; -1, none, comes last.
    rank : array of int, shape (u,)
        Their order within a group.

    Returns
    -------
    place : array of int, shape (u,)
        From 0, clockwise.
    angle : array, shape (u,)
        In radians, anticlockwise from the right, as mathematics has it. An empty place is left
        between two groups, and one at the top.
    """
    last = np.where(group < 0, np.iinfo(np.int64).max, group)
    order = np.lexsort((rank, last))
    place = np.empty(group.size, dtype=np.int64)
    place[order] = np.arange(group.size)
    new = np.diff(last[order], prepend=last[order][:1]) != 0
    slot = np.arange(group.size) + np.cumsum(new)
    n_slots = int(slot[-1]) + 1 if slot.size else 1
    top = max(_TOP, 360 / (n_slots + 1))
    degrees = 90 - top / 2 - (360 - top) / n_slots * (slot + 0.5)
    return place, np.radians(degrees)[place]


def staggered(place: Ints, n: int, room: float) -> Floats:
    """Return how far to move alters in or out so that crowded neighbours don't touch."""
    if n <= 16:
        return np.zeros(place.size)
    return np.asarray(np.array([0.0, room, -room])[place % 3])
