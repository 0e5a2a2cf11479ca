"""`disagreements`: the items on which informants differ most, for a consensus meeting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.definitions.model import Instrument
from cpeval.errors import OptionError, is_number
from cpeval.fidelity.assessments import Floats, Ratings
from cpeval.fidelity.consensus_sheet import write_sheet
from cpeval.fidelity.ordered_codes import Codes
from cpeval.fidelity.score import as_ratings
from cpeval.fidelity.sheets import cells_of
from cpeval.fidelity.stacked import cell_columns
from cpeval.fidelity.who_rates import CONSENSUS
from cpeval.result import Result
from cpeval.scoring.item_columns import Items
from cpeval.scoring.uses import Which
from cpeval.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True, eq=False)
class Disagreements(Result):
    """Items on which informants differ: from `disagreements`.

    Attributes
    ----------
    table : pandas.DataFrame
        A row a unit, occasion and item, the largest gap first: their columns, item (its code),
        label, gap (levels apart), low, high, n (ratings), said (who said what).
    by_item : pandas.DataFrame
        A row an item, in the definition's order: item, label, estimate (the mean gap where two or
        more rated it), n (units and occasions where they did), n_apart (those in ``table``).
    instrument : Instrument
    """

    by_item: pd.DataFrame
    instrument: Instrument

    def to_sheet(self, path: str | Path) -> Path:
        """Write a sheet for the meeting (.xlsx or .csv), with columns to fill in.

        Parameters
        ----------
        path : str or pathlib.Path
            A file there is replaced once the new one is whole.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        OptionError
            Another suffix, or nothing to settle.
        OutputError
            The file can't be written.

        Notes
        -----
        Beside the table's columns it has rating (the consensus, one of the item's codes), by (who
        settled it), on (the date) and remark. `read_consensus` reads it back. Text that a
        spreadsheet would run as a formula begins with an apostrophe.
        """
        return write_sheet(self.table, self.instrument, path)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each item's mean gap, the largest first.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        """
        from cpeval.plots.item_gaps import item_gaps

        return item_gaps(self.by_item, ax=ax)


def disagreements(
    data: IntoDataFrame | Ratings,
    instrument: Which | None = None,
    study: Study | None = None,
    *,
    informant: str | None = None,
    assessor: str | None = None,
    occasion: str | None = None,
    items: Items = None,
    item: str | None = None,
    rating: str | None = None,
    informants: Sequence[object] | None = None,
    duplicates: str | None = None,
    on_invalid: str | None = None,
    least: float = 1,
    names: bool = False,
) -> Disagreements:
    """List the items of each unit on which those who rated differ, the widest gap first.

    Parameters
    ----------
    data : eager dataframe or Ratings
        As `score` takes it, or what it returned.
    instrument, study, informant, assessor, occasion, items, item, rating, informants, duplicates, \
on_invalid
        As `score` takes them.
    least : float, default 1
        How many levels apart the lowest and the highest rating must be, more than 0.
    names : bool, default False
        Whether ``said`` names assessors beside the kind of informant. A sheet goes round a
        meeting, where a participant's rating of their worker may cost them.

    Returns
    -------
    Disagreements
        ``table``; ``to_sheet(path)`` writes it to be filled in at a meeting.

    Raises
    ------
    As `score`, and:
    OptionError
        ``least`` is not a number above 0; ``names`` is neither True nor False.

    Notes
    -----
    Every sheet counts, so two observers who differ are in the list too. A gap is in levels: the
    places of the lowest and highest rating among the item's codes. Ratings of an informant
    "consensus" are passed over.

    Examples
    --------
    >>> import cpeval as cp
    >>> made = cp.simulate(seed=1)
    >>> apart = cp.fidelity.disagreements(
    ...     made.joined("fidelity"), "connecting_people", made.study,
    ...     informant="informant", assessor="assessor", least=3)
    >>> apart.table["said"].iloc[0]
    'participant 3, worker 1, observer 5'
    """
    if not is_number(least) or not 0 < least < float("inf"):
        raise OptionError(f"'least' must be a number of levels above 0. Got {least!r}.")
    if not isinstance(names, bool):
        raise OptionError(f"'names' should be True or False. Got {names!r}.")
    given = {
        "informant": informant,
        "assessor": assessor,
        "occasion": occasion,
        "items": items,
        "item": item,
        "rating": rating,
        "informants": informants,
        "duplicates": duplicates,
        "on_invalid": on_invalid,
    }
    ratings = as_ratings(data, instrument, study, given)
    kept = np.flatnonzero(
        (ratings.sheets[ratings.informant].astype(object) != CONSENSUS).to_numpy()
    )
    sheets = ratings.sheets.take(kept).reset_index(drop=True)
    columns = cell_columns(ratings)
    cell, first = cells_of(sheets, columns)
    said = _by_place(ratings.given[kept], cell, first)
    low, high = np.fmin.reduce(said, axis=0), np.fmax.reduce(said, axis=0)
    n = (~np.isnan(said)).sum(axis=0)
    gap = _levels(ratings.instrument, high) - _levels(ratings.instrument, low)
    rows, places = np.nonzero(gap >= least)
    order = np.lexsort((places, rows, -gap[rows, places]))
    rows, places = rows[order], places[order]
    one = ratings.instrument
    table = sheets[columns].take(first[rows]).reset_index(drop=True)
    labels = pd.DataFrame(
        {"item": [i.code for i in one.items], "label": [i.label for i in one.items]}, dtype="str"
    )
    table[["item", "label"]] = labels.take(places).reset_index(drop=True)
    for name, values in {"gap": gap, "low": low, "high": high, "n": n}.items():
        table[name] = values[rows, places]
    who = _names(sheets, ratings, assessors=names)
    table["said"] = pd.Series(_said(said, who, first, rows, places), dtype="str")
    both = n >= 2
    mean = np.divide(
        np.where(both, gap, 0.0).sum(axis=0),
        both.sum(axis=0),
        out=np.full(gap.shape[1], np.nan),
        where=both.any(axis=0),
    )
    by_item = labels.assign(
        estimate=mean, n=both.sum(axis=0), n_apart=np.bincount(places, minlength=mean.size)
    )
    return Disagreements(
        table=table,
        note=(
            f"{one.title}: {len(table)} of {int(both.sum())} items that two or more rated are "
            f"{least:g} or more levels apart, over {len(first)} units ({ratings.unit[-1]}) and "
            "occasions."
        ),
        warnings=_warnings(both),
        by_item=by_item,
        instrument=one,
    )


def _warnings(both: NDArray[np.bool_]) -> tuple[str, ...]:
    alone = int((~both.any(axis=1)).sum())
    if not alone:
        return ()
    return (
        f"{alone} of {len(both)} units (and occasions) have no item that two rated, so whether "
        "informants would differ is not known.",
    )


def _by_place(given: Floats, cell: Codes, first: Codes) -> Floats:
    """Stack sheets by their place in the cell, shape (most sheets of a cell, n_cells, n_items)."""
    place = np.arange(cell.size) - first[cell] if cell.size else cell
    made = np.full((int(place.max(initial=0)) + 1, first.size, given.shape[1]), np.nan)
    made[place, cell] = given
    return made


def _levels(instrument: Instrument, ratings: Floats) -> Floats:
    """Return each rating's place among its item's codes."""
    made = np.full(ratings.shape, np.nan)
    for number, item in enumerate(instrument.items):
        codes = sorted(instrument.answers(item).codes)
        x = ratings[:, number]
        made[:, number] = np.where(np.isnan(x), np.nan, np.interp(x, codes, range(len(codes))))
    return made


def _names(sheets: pd.DataFrame, ratings: Ratings, *, assessors: bool) -> NDArray[np.object_]:
    """Name each sheet by its informant, and by its assessor where that is asked for."""
    who = sheets[ratings.informant].astype(str).to_numpy(dtype=object)
    if ratings.assessor is None or not assessors:
        return who
    assessor = sheets[ratings.assessor]
    named = who + " (" + assessor.astype(str).to_numpy(dtype=object) + ")"
    return np.where(assessor.isna(), who, named)


def _said(
    said: Floats,
    names: NDArray[np.object_],
    first: Codes,
    rows: Codes,
    places: Codes,
) -> NDArray[np.object_]:
    """Spell who said what, such as ``observer 4, worker 2``."""
    text = np.full(rows.size, "", dtype=object)
    for number, layer in enumerate(said):
        value = layer[rows, places]
        there = np.flatnonzero(~np.isnan(value))
        codes, values = pd.factorize(value[there])
        shown = np.array([f"{x:g}" for x in values], dtype=object)
        comma = np.where(text[there] == "", "", ", ").astype(object)
        text[there] += comma + names[first[rows[there]] + number] + " " + shown[codes]
    return text
