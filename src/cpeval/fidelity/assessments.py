"""What informants said of each unit, and what they agree on: the two results others build on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.definitions.model import Instrument
from cpeval.result import Result
from cpeval.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Ratings(Result):
    """Ratings by informants, scored: from `score`.

    Attributes
    ----------
    table : pandas.DataFrame
        A row a sheet (unit, occasion, informant and assessor) and scale, sorted: the unit's
        columns, then those of occasion, informant and assessor, under the data's own names;
        scale (the column that `cpeval.score` would make), estimate, answered and n_items (items
        of the scale rated, and that the informant can rate), band (missing without
        bands).
    sheets : pandas.DataFrame, shape (n_sheets, n_columns)
        What identifies each sheet: the table's columns but those of the scales.
    given : numpy.ndarray, shape (n_sheets, n_items)
        Each sheet's ratings on the definition's codes, as rated (not reversed), in the
        definition's order of items; NaN where there is none.
    instrument : Instrument
    study : Study
    unit : tuple of str
        The unit's columns, the coarsest first; the last one is what was rated.
    key : tuple of str
        Those of ``unit`` that tell units apart.
    informant : str
        The column of informants.
    assessor, occasion : str or None
        The columns of assessors and of occasions.
    informants : tuple
        Who should rate a unit, as the definition or the call says; then others in the data.
    arms : tuple
        The arms of the data's rows, where the study and the data have a column of them.
    occasions : tuple
        The occasions in their order, the earliest first. Empty without.
    order_guessed : bool
        Whether that order is a guess from their text.
    n_invalid : int
        Ratings that were made missing (``on_invalid="missing"``).
    n_merged : int
        Rows that went into another one, or gave way to it (``duplicates=``).
    """

    sheets: pd.DataFrame
    given: Floats
    instrument: Instrument
    study: Study
    unit: tuple[str, ...]
    key: tuple[str, ...]
    informant: str
    assessor: str | None
    occasion: str | None
    informants: tuple[object, ...]
    arms: tuple[object, ...] = ()
    occasions: tuple[object, ...] = ()
    order_guessed: bool = False
    n_invalid: int = 0
    n_merged: int = 0

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw every sheet's scores, scale by scale and informant by informant.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        """
        from cpeval.plots.informants import by_informant

        labels = [scale.label for scale in self.instrument.scored]
        names = dict(zip(self.instrument.columns, labels, strict=True))
        return by_informant(self.table, self.informant, names, ax=ax)

    @cached_property
    def items(self) -> pd.DataFrame:
        """The ratings, a row a sheet and item: the sheet's columns, item (its code), rating.

        Items without a rating have a row too, with NaN.
        """
        codes = [item.code for item in self.instrument.items]
        return long_table(self.sheets, {"item": codes}, {"rating": self.given})


@dataclass(frozen=True, kw_only=True, eq=False)
class Agreed(Result):
    """What the informants' ratings of a unit come to: from `triangulate`.

    Attributes
    ----------
    table : pandas.DataFrame
        A row a unit, occasion and scale, sorted: the unit's columns, occasion (under the data's
        own name; none if the data have no occasions), scale, estimate, n (informants that rated
        any item of the scale), low and high (of the informants' own scores), rule.
    cells : pandas.DataFrame, shape (n_cells, n_columns)
        The columns of unit and occasion, a row each.
    agreed : numpy.ndarray, shape (n_cells, n_items)
        The agreed rating of each item on the definition's codes; NaN where there is none.
    counts, lows, highs : numpy.ndarray, shape (n_cells, n_items)
        How many informants rated the item, and the range of what they said.
    instrument : Instrument
    study : Study
    unit : tuple of str
        The unit's columns, the coarsest first; the last one is what was rated.
    key : tuple of str
        Those of ``unit`` that tell units apart.
    occasion : str or None
    occasions : tuple
        The occasions in their order; the last is the latest. Empty without.
    rule : str
    missing : pandas.DataFrame
        A row a unit and occasion that lacks informants: its columns, n (how many that should
        have rated did not), informants (their names).
    arms : tuple
        As in `Ratings`.
    order_guessed : bool
        As in `Ratings`.
    consensus : pandas.DataFrame or None
        The recorded consensus values that were used, with who and when where that is known.
    """

    cells: pd.DataFrame
    agreed: Floats
    counts: NDArray[np.intp]
    lows: Floats
    highs: Floats
    instrument: Instrument
    study: Study
    unit: tuple[str, ...]
    key: tuple[str, ...]
    occasion: str | None
    occasions: tuple[object, ...]
    rule: str
    missing: pd.DataFrame
    arms: tuple[object, ...] = ()
    order_guessed: bool = False
    consensus: pd.DataFrame | None = None

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the first scale's agreed score of each unit, with the range of its informants'.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        """
        from cpeval.plots.informants import agreed_and_range

        first = self.instrument.scored[0]
        of_first = self.table[self.table["scale"] == self.instrument.column(first)]
        return agreed_and_range(of_first, first.label, ax=ax)

    @cached_property
    def items(self) -> pd.DataFrame:
        """The agreed ratings, a row a unit, occasion and item.

        The columns of unit and occasion, item (its code), estimate, n, low, high.
        """
        codes = [item.code for item in self.instrument.items]
        values = {
            "estimate": self.agreed,
            "n": self.counts,
            "low": self.lows,
            "high": self.highs,
        }
        return long_table(self.cells, {"item": codes}, values)


def long_table(
    rows: pd.DataFrame,
    names: Mapping[str, Sequence[str]],
    values: Mapping[str, NDArray[np.generic]],
) -> pd.DataFrame:
    """Lay out values of rows by names (items, scales) as a long table, the names running fastest.

    Parameters
    ----------
    rows : pandas.DataFrame, shape (n, n_columns)
    names : mapping of one column to the k names
    values : mapping of column to array of shape (n, k)
    """
    (name, labels), n = next(iter(names.items())), len(rows)
    table = rows.take(np.repeat(np.arange(n), len(labels))).reset_index(drop=True)
    text = pd.Series(list(labels), dtype="str")
    table[name] = text.take(np.tile(np.arange(len(labels)), n)).reset_index(drop=True)
    for column, array in values.items():
        table[column] = np.asarray(array).ravel()
    return table
