"""Which ratings of a place are those of now, and which those of last time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cpeval.errors import OptionError, TooFewError, did_you_mean
from cpeval.fidelity.assessments import Agreed
from cpeval.fidelity.occasion_order import are_dates, in_words, listed_in_words
from cpeval.fidelity.place_items import PlaceItems, place_items, values_in
from cpeval.fidelity.placed_units import cells_at, own_last_cells

Bools = NDArray[np.bool_]


def now_at(agreed: Agreed, here: Bools, occasion: object = None) -> PlaceItems:
    """Average the ratings of a place on an occasion.

    Parameters
    ----------
    agreed : Agreed
    here : array of bool, shape (n_cells,)
        The place's.
    occasion : optional
        By default the last one with ratings; where occasions are dates, each unit's own last.

    Raises
    ------
    OptionError
        The place has no rating then.
    TooFewError
        It has none at all.
    """
    if agreed.occasion is None:
        if occasion is not None:
            raise OptionError("These ratings have no occasions, so they take no occasion=.")
        return place_items(agreed, here, None)
    there = _occasions(agreed, here & _rated(agreed))
    if not there:
        raise TooFewError("The place has no agreed rating on any occasion.")
    if occasion is not None:
        if occasion not in there:
            raise OptionError(
                f"The place has no rating at {in_words(occasion)!r}"
                f"{did_you_mean(occasion, there)}. It has some at {listed_in_words(there)}."
            )
        return place_items(agreed, here & cells_at(agreed, occasion), occasion)
    if not are_dates(there):
        return place_items(agreed, here & cells_at(agreed, there[-1]), there[-1])
    return _own(agreed, own_last_cells(agreed, here))


def last_time(
    agreed: Agreed, here: Bools, now: PlaceItems, occasion: object, previous: object = None
) -> PlaceItems | None:
    """Average the ratings of a place that come before those of now, if there are any.

    Parameters
    ----------
    agreed : Agreed
    here : array of bool, shape (n_cells,)
    now : PlaceItems
        From `now_at`.
    occasion : object
        What `now_at` was asked for.
    previous : optional
        An occasion before it. By default the one before with ratings; where occasions are dates,
        and ``occasion`` is None, each unit's own one before its last.

    Raises
    ------
    OptionError
        ``previous`` is no earlier occasion, or the place has no rating then.
    """
    if agreed.occasion is None:
        if previous is not None:
            raise OptionError(
                "These ratings have no occasions: 'previous' can be the Agreed of an earlier time."
            )
        return None
    there = _occasions(agreed, here & _rated(agreed))
    own = occasion is None and are_dates(there)
    latest = own_last_cells(agreed, here) if own else here & cells_at(agreed, now.occasion)
    first = _occasions(agreed, latest & _rated(agreed))[0]
    earlier = agreed.occasions[: agreed.occasions.index(first)]
    if previous is not None:
        if previous not in earlier:
            raise OptionError(
                f"'previous' must be an occasion before {in_words(first)!r}: "
                f"{listed_in_words(earlier) or 'there is none'}. Got {previous!r}."
            )
        return now_at(agreed, here, previous)
    if own:
        before = own_last_cells(agreed, here & ~latest)
        return _own(agreed, before) if before.any() else None
    some = [one for one in earlier if one in there]
    return now_at(agreed, here, some[-1]) if some else None


def _own(agreed: Agreed, cells: Bools) -> PlaceItems:
    """Average cells of several dates; they are called after the first and the last of these."""
    dates = _occasions(agreed, cells)
    called: object = dates[0]
    if len(dates) > 1:
        called = f"{in_words(dates[0])} to {in_words(dates[-1])}"
    return place_items(agreed, cells, called)


def _rated(agreed: Agreed) -> Bools:
    return np.asarray(~np.isnan(agreed.agreed).all(axis=1))


def _occasions(agreed: Agreed, cells: Bools) -> list[object]:
    """Return the occasions of cells, in order."""
    seen = values_in(agreed.cells[agreed.occasion][cells])
    return [one for one in agreed.occasions if one in seen]
