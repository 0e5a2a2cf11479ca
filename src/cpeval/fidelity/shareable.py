"""Agreed ratings without what would tell of single people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cpeval.fidelity.assessments import Agreed, Floats
from cpeval.fidelity.occasion_means import places
from cpeval.fidelity.ordered_codes import Codes, coded, combined
from cpeval.fidelity.placed_units import OWN_LAST, cells_at, last_occasion


def units_are_people(agreed: Agreed) -> bool:
    """Say whether people or workers were rated, whom small counts could tell of.

    Parameters
    ----------
    agreed : Agreed
    """
    return agreed.unit[-1] in (agreed.study.person, agreed.study.worker)


def shareable(
    agreed: Agreed, small_count: int, *, last_together: bool = False
) -> tuple[Agreed, int]:
    """Take out what fewer than ``small_count`` people of a site were rated on, at an occasion.

    Whatever is then computed can't be worked back to them, not by subtraction from a total either.
    Where the unit rated is no person or worker, nothing is taken out.

    Parameters
    ----------
    agreed : Agreed
    small_count : int
    last_together : bool
        Where occasions are dates that units don't share, count each unit's own last date as one
        occasion: for analyses that take these together.

    Returns
    -------
    agreed : Agreed
        Estimates of the scales and ratings of the items are missing there. Units that have none
        left stay, without a rating.
    n_places : int
        Sites' occasions that lost a scale.
    """
    if small_count <= 1 or not units_are_people(agreed):
        return agreed, 0
    site, team = places(agreed)
    column = site or team
    code: Codes = np.zeros(len(agreed.cells), dtype=np.intp)
    if column is not None:
        code, _ = coded(agreed.cells[column])
    when = code * 0 if agreed.occasion is None else coded(agreed.cells[agreed.occasion])[0]
    if last_together and last_occasion(agreed) is OWN_LAST:
        when = np.where(cells_at(agreed, OWN_LAST), int(when.max(initial=0)) + 1, when)
    place, first = combined(code, when)
    scores = agreed.table["estimate"].to_numpy(dtype=float).reshape(len(place), -1)
    few, lost = _few(scores, place, first.size, small_count)
    few_items, _ = _few(agreed.agreed, place, first.size, small_count)
    table = agreed.table.assign(estimate=np.where(few, np.nan, scores).ravel())
    items: Floats = np.where(few_items, np.nan, agreed.agreed)
    return replace(agreed, table=table, agreed=items), lost


def _few(x: Floats, place: Codes, n: int, limit: int) -> tuple[NDArray[np.bool_], int]:
    """Say which values are of a place with few of them, and how many places these are."""
    there = ~np.isnan(x)
    counts = np.stack([np.bincount(place[t], minlength=n) for t in there.T], axis=1)
    small = (counts > 0) & (counts < limit)
    return small[place], int(small.any(axis=1).sum())
