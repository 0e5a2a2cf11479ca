"""Which occasion comes before which, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.errors import listed
from cpeval.fidelity.ordered_codes import Codes, coded

#: A number inside text.
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)")
#: A date as text.
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
#: Text whose order is no guess: a number, or a date as 2026-01-31.
_SURE = re.compile(r"\s*[+-]?\d+(\.\d+)?\s*|\d{4}-\d{2}(-\d{2})?")


def occasions_in_order(column: pd.Series, waves: Sequence[object]) -> list[object]:
    """Return a column's occasions, the earliest first.

    Parameters
    ----------
    column : pandas.Series, shape (n,)
    waves : sequence
        The study's, in their order.

    Notes
    -----
    An ordered categorical has its own order. Else the study's waves come first, then numbers and
    dates by size, and text by the numbers in it, so that "6 months" comes before "12 months".

    Examples
    --------
    >>> occasions_in_order(pd.Series(["12 months", "6 months", "start"]), ["start"])
    ['start', '6 months', '12 months']
    """
    own = _own_order(column)
    if own is not None:
        return own
    values = coded(column, waves)[1]
    rest = [one for one in values if one not in waves]
    if not rest or not all(isinstance(one, str) for one in rest):
        return values
    return [*values[: len(values) - len(rest)], *sorted(rest, key=lambda one: _by_number(str(one)))]


def guessed(column: pd.Series, waves: Sequence[object]) -> bool:
    """Say whether the order of a column's occasions is a guess from their text."""
    if _own_order(column) is not None:
        return False
    values = coded(column)[1]
    rest = [one for one in values if one not in waves]
    return len(values) > 1 and any(isinstance(x, str) and not _SURE.fullmatch(x) for x in rest)


def order_warning(column: pd.Series, occasions: Sequence[object]) -> str:
    """Say how the order was guessed, and how to give another."""
    return (
        f"Occasions in {column.name!r} are text that the study doesn't name. They were put in the "
        f"order {', '.join(map(str, occasions[:12]))}{' …' if len(occasions) > 12 else ''}, by the "
        "numbers in them. If that is wrong, name them in the study (baseline=, follow_up=), make "
        "the column an ordered categorical (pd.Categorical(…, ordered=True)), or, for drift, give "
        "times=."
    )


def are_dates(occasions: Sequence[object]) -> bool:
    """Say whether all occasions are dates, or text that says one as 2026-01-31.

    >>> are_dates(["2026-01-31", "2026-02-28"]), are_dates(["t0", "2026-01-31"])
    (True, False)
    """
    return bool(occasions) and all(map(_is_date, occasions))


def own_last(unit: Codes, occasion: Codes, rated: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say which cells are their unit's last one with a rating.

    Parameters
    ----------
    unit, occasion : array of int, shape (n_cells,)
        From 0; occasions in their order.
    rated : array of bool, shape (n_cells,)

    Examples
    --------
    >>> own_last(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([True, False, True]))
    array([ True, False,  True])
    """
    last = np.full(int(unit.max(initial=-1)) + 1, -1, dtype=np.intp)
    np.maximum.at(last, unit[rated], occasion[rated])
    latest: NDArray[np.bool_] = rated & (occasion == last[unit])
    return latest


def _is_date(occasion: object) -> bool:
    if not isinstance(occasion, str):
        return isinstance(occasion, date)
    if not _DAY.fullmatch(occasion):
        return False
    try:
        date.fromisoformat(occasion)
    except ValueError:  # as 2026-02-30
        return False
    return True


def in_words(occasion: object) -> str:
    """Spell an occasion; a date without its midnight."""
    return str(occasion).removesuffix(" 00:00:00")


def listed_in_words(occasions: Sequence[object]) -> str:
    """List occasions as `listed` does, dates as dates."""
    return listed([in_words(one) if isinstance(one, date) else one for one in occasions])


def _own_order(column: pd.Series) -> list[object] | None:
    """Return the occasions in the order of an ordered categorical; None for other columns."""
    kind = column.dtype
    if not isinstance(kind, pd.CategoricalDtype) or not kind.ordered:
        return None
    there = coded(column)[1]
    return [
        one for one in coded(pd.Series(kind.categories), list(kind.categories))[1] if one in there
    ]


def _by_number(text: str) -> tuple[tuple[bool, float, str], ...]:
    """Return a key that sorts the numbers in a text by their size."""
    parts = _NUMBER.split(text)
    # A number stands at each odd place; the text beside it is compared where numbers are the same.
    return tuple(
        (bool(k % 2), float(part) if k % 2 else 0.0, "" if k % 2 else part.casefold())
        for k, part in enumerate(parts)
    )
