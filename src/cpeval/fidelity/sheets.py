"""Rows as sheets: what one informant (and assessor) said of a unit on an occasion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.errors import CpevalError, DataError, TooFewError, listed
from cpeval.fidelity.layout import Layout
from cpeval.fidelity.occasion_order import guessed, occasions_in_order
from cpeval.fidelity.ordered_codes import Codes, coded, combined
from cpeval.fidelity.who_rates import require_known
from cpeval.numeric import ROWS_COUNT, rows_text
from cpeval.study import Study


@dataclass(frozen=True, kw_only=True, eq=False)
class Sheets:
    """Which row belongs to which sheet.

    Attributes
    ----------
    of_row : array of int, shape (n_rows,)
        Each row's sheet, numbered by unit, occasion, informant, assessor in their order.
    table : pandas.DataFrame, shape (n_sheets, n_columns)
        The columns of the layout, a row a sheet.
    informants : list
        Those in the data, in order.
    occasions : list
        Those in the data, the earliest first; empty without.
    order_guessed : bool
        Whether that order is a guess from their text.
    """

    of_row: Codes
    table: pd.DataFrame
    informants: list[object]
    occasions: list[object]
    order_guessed: bool


def sheets_of(
    table: pd.DataFrame, layout: Layout, study: Study, named: tuple[object, ...] | None
) -> Sheets:
    """Number the sheets, or name all rows that belong to none.

    Parameters
    ----------
    table : pandas.DataFrame
        The data, rows numbered from 0.
    layout : Layout
    study : Study
        Its waves come first among the occasions, see `occasions_in_order`.
    named : tuple or None
        The informants that are known; None if nobody named them.

    Raises
    ------
    TooFewError
        No rows.
    DataError
        Rows without unit, informant or occasion; unknown informants; a unit in two places at
        once. All at once.
    """
    if table.empty:
        raise TooFewError("The data have no rows, so there are no ratings.")
    wrong: list[CpevalError] = []
    roles = {layout.informant: "informant", layout.occasion: "occasion"}
    gaps = [
        f"{name!r} ({roles.get(name, 'unit')}) in {rows_text(np.flatnonzero(table[name].isna()))}"
        for name in (*layout.key, layout.informant, layout.occasion)
        if name is not None and table[name].isna().any()
    ]
    if gaps:
        wrong.append(
            DataError(
                f"Ratings need to say whose, by whom and when. Missing: {'; '.join(gaps)}. "
                f"{ROWS_COUNT}"
            )
        )
    occasions: list[object] = []
    if layout.occasion is not None:
        occasions = occasions_in_order(table[layout.occasion], study.waves)
    firsts = {layout.informant: named or (), layout.occasion: occasions}
    codes = {name: coded(table[name], firsts.get(name, ())) for name in layout.columns}
    informants = codes[layout.informant][1]
    try:
        require_known(informants, named, layout.informant)
    except DataError as error:
        wrong.append(error)
    when = [] if layout.occasion is None else [codes[layout.occasion][0]]
    cell = combined(*(codes[name][0] for name in layout.key), *when)[0]
    placed, clashes = _places(table, cell, codes, layout)
    if clashes:
        at = "" if layout.occasion is None else " on one occasion"
        text = f"A unit is in two places{at}. {' '.join(clashes)} Correct the rows. {ROWS_COUNT}"
        wrong.append(DataError(text))
    if wrong:
        raise type(wrong[0])("\n".join(map(str, wrong)))
    codes |= {name: (code, codes[name][1]) for name, code in placed.items()}
    # By place before unit, so that results list a site's units together.
    of_row, rows = combined(*(codes[name][0] for name in layout.columns))
    sheets = table[layout.columns].take(rows).reset_index(drop=True)
    for name, code in placed.items():
        values = pd.Series([*codes[name][1], None], dtype=object)
        sheets[name] = values.take(code[rows]).reset_index(drop=True).infer_objects()
    return Sheets(
        of_row=of_row,
        table=sheets,
        informants=informants,
        occasions=occasions,
        order_guessed=layout.occasion is not None and guessed(table[layout.occasion], study.waves),
    )


def _places(
    table: pd.DataFrame, cell: Codes, codes: dict[str, tuple[Codes, list[object]]], layout: Layout
) -> tuple[dict[str, Codes], list[str]]:
    """Return the codes of places with gaps filled from the cell's other rows; and what clashes."""
    filled, clashes = {}, []
    for name in layout.unit:
        if name in layout.key:
            continue
        code, values = codes[name]
        known = np.flatnonzero(code >= 0)
        least = np.full(int(cell.max()) + 1, len(values), dtype=np.intp)
        most = np.full(least.size, -1, dtype=np.intp)
        np.minimum.at(least, cell[known], code[known])
        np.maximum.at(most, cell[known], code[known])
        two = np.flatnonzero((most >= 0) & (least < most))
        if two.size:
            shown = "; ".join(_clash(table, cell == one, name, layout) for one in two[:20])
            more = f"; and {two.size - 20} more" if two.size > 20 else ""
            clashes.append(f"{name!r}: {shown}{more}.")
        if known.size < code.size:
            filled[name] = most[cell]
    return filled, clashes


def _clash(table: pd.DataFrame, rows: NDArray[np.bool_], name: str, layout: Layout) -> str:
    here = table[rows]
    who = listed(here[layout.key[-1]].iloc[:1])
    return f"{who} in {listed(here[name].dropna().unique())} ({rows_text(np.flatnonzero(rows))})"


def cells_of(sheets: pd.DataFrame, layout_cell: Sequence[str]) -> tuple[Codes, Codes]:
    """Number the units' occasions among sorted sheets: each sheet's, and the first sheet of each.

    Parameters
    ----------
    sheets : pandas.DataFrame, shape (n_sheets, n_columns)
        As `Sheets.table`, sorted.
    layout_cell : sequence of str
        The columns of unit and occasion.
    """
    columns = [pd.factorize(sheets[name])[0].astype(np.intp) for name in layout_cell]
    same = np.ones(len(sheets), dtype=bool)
    same[:1] = False
    for codes in columns:
        same[1:] &= codes[1:] == codes[:-1]
    return np.cumsum(~same) - 1, np.flatnonzero(~same)
