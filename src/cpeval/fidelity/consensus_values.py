"""Recorded consensus values found for units, occasions and items."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cpeval.definitions.model import Instrument
from cpeval.errors import CodeError, CpevalError, DataError, DuplicateError, listed, require_columns
from cpeval.exporting.plain_text import for_sheet
from cpeval.fidelity.assessments import Floats
from cpeval.fidelity.item_ratings import item_places
from cpeval.fidelity.ordered_codes import Codes
from cpeval.numeric import ROWS_COUNT, numbers, rows_text
from cpeval.people.rows import plain
from cpeval.scoring.invalid_answers import codes_text

#: Columns of a table of consensus values, beside those of unit and occasion.
ITEM, RATING, BY, ON = "item", "rating", "by", "on"


def as_text(column: pd.Series) -> pd.Series:
    """Return values as the text that a sheet holds, whether it kept numbers, dates or text."""
    codes, values = pd.factorize(column)
    texts = [for_sheet(str(plain(value)).removesuffix(" 00:00:00")) for value in values]
    return pd.Series([*texts, None], dtype=object).take(codes).reset_index(drop=True)


def consensus_array(
    table: pd.DataFrame, cells: pd.DataFrame, key: list[str], instrument: Instrument
) -> Floats:
    """Return the recorded values, shape (n_cells, n_items); NaN where none is recorded.

    Parameters
    ----------
    table : pandas.DataFrame
        The columns of ``key``, item, rating; a row without a rating is still open.
    cells : pandas.DataFrame
    key : list of str
        The columns that tell cells apart.
    instrument : Instrument

    Raises
    ------
    ColumnError, DataError, CodeError, DuplicateError
        Columns absent; rows of units that were not rated; ratings that are not among the item's
        codes; two values for one item of a unit. All at once.
    """
    require_columns(list(table.columns), *key, ITEM, RATING, what="The consensus values")
    table = table.reset_index(drop=True)
    made = np.full((len(cells), len(instrument.items)), np.nan)
    if table.empty:
        return made
    item = item_places(table[ITEM], instrument, ITEM)
    value = numbers(table, [RATING])[:, 0]
    there = ~np.isnan(value)
    known = pd.MultiIndex.from_arrays([as_text(cells[name]) for name in key])
    asked = pd.MultiIndex.from_arrays([as_text(table[name]) for name in key])
    cell = known.get_indexer(asked)
    wrong: list[CpevalError] = []
    lost = np.flatnonzero(cell < 0)
    if lost.size:
        who = [", ".join(map(str, asked[row])) for row in lost[:20]]
        wrong.append(
            DataError(
                f"Consensus values of units that nobody rated: {listed(who)} "
                f"({rows_text(lost)}). Check {listed(key)}. {ROWS_COUNT}"
            )
        )
    wrong += odd_codes(instrument, item, value)
    place = np.where(cell < 0, -1, cell * len(instrument.items) + item)
    twice = np.flatnonzero(pd.Series(place).duplicated(keep=False) & (place >= 0) & there)
    if twice.size:
        wrong.append(
            DuplicateError(
                f"Several consensus values for one item of a unit: {rows_text(twice)}. "
                f"Keep one of each. {ROWS_COUNT}"
            )
        )
    if wrong:
        raise type(wrong[0])("\n".join(map(str, wrong)))
    made[cell[there], item[there]] = value[there]
    return made


def odd_codes(instrument: Instrument, item: Codes, value: Floats) -> list[CpevalError]:
    """Return the error about ratings that are not among their items' codes, if there are any."""
    lines = []
    for place, one in enumerate(instrument.items):
        codes = sorted(instrument.answers(one).codes)
        odd = np.flatnonzero((item == place) & ~np.isnan(value) & ~np.isin(value, codes))
        if odd.size:
            lines.append(
                f"item {one.code} takes {codes_text(codes)}, and has {listed(value[odd])} in "
                f"{rows_text(odd)}"
            )
    if not lines:
        return []
    return [CodeError(f"Consensus values that are no codes: {'; '.join(lines)}. {ROWS_COUNT}")]
