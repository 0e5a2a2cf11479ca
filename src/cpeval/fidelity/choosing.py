"""Rules that choose a rating rather than combine several: recorded consensus, or the observer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.errors import DataError, listed
from cpeval.fidelity.assessments import Floats, Ratings
from cpeval.fidelity.consensus_values import consensus_array
from cpeval.fidelity.ordered_codes import Codes
from cpeval.fidelity.rules import unanimous
from cpeval.fidelity.stacked import Stacked, stacked
from cpeval.fidelity.who_rates import CONSENSUS, can_rate


@dataclass(frozen=True)
class Choice:
    """What such rules need.

    Attributes
    ----------
    ratings : Ratings
    stack : Stacked
        Of ``raters``.
    raters : tuple
        The informants but "consensus".
    combined : callable
        What makes one rating of several.
    otherwise : bool
        Whether to take that where there is no rating to choose.
    """

    ratings: Ratings
    stack: Stacked
    raters: tuple[object, ...]
    combined: Callable[[Floats], Floats]
    otherwise: bool

    def units(self, rows: Codes) -> str:
        """Name some cells."""
        columns = [
            self.ratings.unit[-1],
            *([self.ratings.occasion] if self.ratings.occasion else []),
        ]
        cells = self.stack.cells[columns].take(rows[:20]).astype(object)
        shown = [" at ".join(map(str, cell)) for cell in cells.itertuples(index=False)]
        return ", ".join(shown) + (f" and {rows.size - 20} more" if rows.size > 20 else "")


def by_consensus(how: Choice, recorded: pd.DataFrame | None) -> tuple[Floats, list[str]]:
    """Return the consensus ratings, shape (n_cells, n_items), and what to warn of.

    Parameters
    ----------
    how : Choice
    recorded : pandas.DataFrame or None
        Recorded values; without, those of the informant "consensus".
    """
    ratings, stack = how.ratings, how.stack
    if recorded is None:
        if CONSENSUS not in ratings.informants:
            raise DataError(
                f"rule='consensus' needs recorded values: consensus= from read_consensus, or an "
                f"informant {CONSENSUS!r} in {ratings.informant!r}. Informants there: "
                f"{listed(ratings.informants)}."
            )
        agreed = stacked(ratings, [CONSENSUS]).ratings[0]
    else:
        key = [*ratings.key, *([] if ratings.occasion is None else [ratings.occasion])]
        agreed = consensus_array(recorded, stack.cells, key, ratings.instrument)
    may = can_rate(ratings.instrument, how.raters)
    agreed = np.where(np.isnan(agreed), unanimous(stack.ratings, may), agreed)
    open_ = np.isnan(agreed) & ~np.isnan(stack.ratings).all(axis=0)
    return _filled(how, agreed, open_, "recorded consensus")


def by_observer(how: Choice, observer: object) -> tuple[Floats, list[str]]:
    """Return the observer's ratings, shape (n_cells, n_items), and what to warn of.

    Raises
    ------
    DataError
        There is no such informant; units without one, unless another rule stands in.
    """
    require = f"rule='observer_first' takes the ratings of the informant {observer!r}"
    if observer not in how.raters:
        raise DataError(
            f"{require}, who is not in {how.ratings.informant!r}. Say who is the observer: "
            f"observer=. Informants: {listed(how.raters)}."
        )
    agreed = how.stack.ratings[how.raters.index(observer)].copy()
    without = np.flatnonzero(np.isnan(agreed).all(axis=1))
    if without.size and not how.otherwise:
        raise DataError(
            f"{require}. {without.size} of {len(agreed)} units (and occasions) have none: "
            f"{how.units(without)}. Leave them out, or say what to take there, such as "
            "otherwise='median'."
        )
    open_ = np.isnan(agreed) & ~np.isnan(how.stack.ratings).all(axis=0)
    return _filled(how, agreed, open_, f"rating by {observer!r}")


def _filled(
    how: Choice,
    agreed: Floats,
    open_: NDArray[np.bool_],
    what: str,
) -> tuple[Floats, list[str]]:
    """Take the combined rating where there is none, if that was asked for; say where."""
    n, rows = int(open_.sum()), np.flatnonzero(open_.any(axis=1))
    if not n:
        return agreed, []
    where = f"{n} items that were rated have no {what} (in {rows.size} units: {how.units(rows)})"
    if how.otherwise:
        filled = np.where(open_, how.combined(how.stack.ratings), agreed)
        return filled, [f"{where}; the informants' combined rating stands there."]
    return agreed, [f"{where}; they stay missing."]
