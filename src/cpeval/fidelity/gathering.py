"""Data in: every sheet with its ratings, checked, and once each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.definitions.model import Instrument
from cpeval.errors import CodeError, CpevalError, OptionError, listed, require_columns
from cpeval.fidelity.item_ratings import (
    ItemRatings,
    item_columns_of,
    item_places,
    long_ratings,
    require_form,
    wide_ratings,
)
from cpeval.fidelity.layout import Layout, layout_of
from cpeval.fidelity.merging import merged, refuse_duplicates
from cpeval.fidelity.ordered_codes import Codes, coded
from cpeval.fidelity.sheets import Sheets, sheets_of
from cpeval.fidelity.who_rates import can_rate
from cpeval.numeric import ROWS_COUNT, eager, rows_text, select
from cpeval.scoring.item_columns import Items
from cpeval.study import Study

Floats = NDArray[np.float64]
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, eq=False)
class Gathered:
    """Sheets and what they say.

    Attributes
    ----------
    layout : Layout
    sheets : pandas.DataFrame, shape (n_sheets, n_columns)
        What identifies each, sorted.
    given : array, shape (n_sheets, n_items)
    instrument : Instrument
        Less optional items that the data lack.
    informants : tuple
        Those named, then others in the data.
    arms : tuple
        Those of the rows, where the study and the data have them.
    occasions : tuple
        The earliest first; empty without.
    order_guessed : bool
        Whether that order is a guess from their text.
    n_invalid, n_merged : int
        Ratings made missing; rows (or ratings, of long data) beyond the first of a sheet.
    """

    layout: Layout
    sheets: pd.DataFrame
    given: Floats
    instrument: Instrument
    informants: tuple[object, ...]
    arms: tuple[object, ...]
    occasions: tuple[object, ...]
    order_guessed: bool
    n_invalid: int
    n_merged: int


def gather(
    data: IntoDataFrame,
    instrument: Instrument,
    study: Study,
    *,
    informant: str,
    assessor: str | None,
    occasion: str | None,
    items: Items,
    item: str | None,
    rating: str | None,
    named: tuple[object, ...] | None,
    duplicates: str,
    on_invalid: str,
) -> Gathered:
    """Check wide or long data and put each sheet's ratings into a row.

    Parameters and errors are those of `cpeval.fidelity.score`; ``named`` are the informants that
    the call or the definition names.
    """
    columns = eager(data).columns
    layout = layout_of(columns, study, informant=informant, assessor=assessor, occasion=occasion)
    masked = on_invalid == "missing"
    if require_form(item, rating, items):
        require_columns(columns, item, rating)
        taken = [name for name in (item, rating) if name in layout.columns]
        if taken or item == rating:
            raise OptionError(f"A column can't be two things: {listed(taken or [item])}.")
        table = select(data, *layout.columns, item, rating)
        sheets = sheets_of(table, layout, study, named)
        place = item_places(table[str(item)], instrument, str(item))
        key = sheets.of_row * len(instrument.items) + place
        if duplicates == "refuse":
            refuse_duplicates(sheets.of_row, key, sheets.table, layout)
        rated, sheet = long_ratings(
            table, instrument, str(rating), sheet=sheets.of_row, place=place, masked=masked
        )
        n_merged = len(table) - len(pd.unique(key)) if len(sheet) > len(sheets.table) else 0
    else:
        use = item_columns_of(instrument, items, columns, on_invalid)
        there = [name for name in use.columns.values() if name in columns]
        table = select(data, *layout.columns, *there)
        rated, sheets = _both(
            lambda: wide_ratings(table, use, items),
            lambda: _sheets_once(table, layout, study, named, duplicates),
        )
        sheet = sheets.of_row
        n_merged = len(table) - len(sheets.table)
    informants = (*(named or ()), *(x for x in sheets.informants if x not in (named or ())))
    values, n_barred = _barred(rated, sheets, sheet, layout, informants, masked=masked)
    return Gathered(
        layout=layout,
        sheets=sheets.table,
        given=merged(values, sheet, len(sheets.table), how=duplicates),
        instrument=rated.instrument,
        informants=informants,
        arms=_arms(data, study, columns),
        occasions=tuple(sheets.occasions),
        order_guessed=sheets.order_guessed,
        n_invalid=rated.n_invalid + n_barred,
        n_merged=n_merged,
    )


def _arms(data: IntoDataFrame, study: Study, columns: Sequence[str]) -> tuple[object, ...]:
    if study.arm is None or study.arm not in columns:
        return ()
    return tuple(coded(select(data, study.arm)[study.arm])[1])


def _sheets_once(
    table: pd.DataFrame,
    layout: Layout,
    study: Study,
    named: tuple[object, ...] | None,
    duplicates: str,
) -> Sheets:
    sheets = sheets_of(table, layout, study, named)
    if duplicates == "refuse":
        refuse_duplicates(sheets.of_row, sheets.of_row, sheets.table, layout)
    return sheets


def _both(
    one: Callable[[], ItemRatings], other: Callable[[], Sheets]
) -> tuple[ItemRatings, Sheets]:
    """Do both, or raise what is wrong with either as one error."""
    wrong: list[CpevalError] = []
    rated, sheets = _tried(one, wrong), _tried(other, wrong)
    if rated is None or sheets is None:
        raise type(wrong[0])("\n".join(map(str, wrong)))
    return rated, sheets


def _tried(step: Callable[[], T], wrong: list[CpevalError]) -> T | None:
    try:
        return step()
    except CpevalError as error:
        wrong.append(error)
        return None


def _barred(
    rated: ItemRatings,
    sheets: Sheets,
    sheet: Codes,
    layout: Layout,
    informants: Sequence[object],
    *,
    masked: bool,
) -> tuple[Floats, int]:
    """Refuse, or make missing, ratings of items by informants who can't rate them."""
    may = can_rate(rated.instrument, informants)
    if may.all():
        return rated.values, 0
    who = pd.Index(list(informants), dtype=object).get_indexer(
        pd.Index(sheets.table[layout.informant].astype(object))
    )[sheet]
    barred = ~may[who] & ~np.isnan(rated.values)
    if not barred.any():
        return rated.values, 0
    if masked:
        return np.where(barred, np.nan, rated.values), int(barred.sum())
    lines = []
    for k, item in enumerate(rated.instrument.items):
        for code in np.unique(who[barred[:, k]]):
            at = np.sort(rated.row[barred[:, k] & (who == code)])
            lines.append(
                f"- {listed([informants[code]])} rated item {item.code} ({item.label}) in "
                f"{rows_text(at, most=5)}"
            )
    raise CodeError(
        "\n".join(
            [
                f"{rated.instrument.name} doesn't let these informants rate these items:",
                *lines[:40],
                *([f"- and {len(lines) - 40} more"] if len(lines) > 40 else []),
                'Correct the data or the definition\'s informants; on_invalid="missing" makes '
                f"such ratings missing. {ROWS_COUNT}",
            ]
        )
    )
