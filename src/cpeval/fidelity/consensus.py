"""Consensus values with who settled them and when: read back from a meeting's sheet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.definitions.catalogue import resolve
from cpeval.errors import (
    ColumnError,
    CpevalError,
    DataError,
    DuplicateError,
    listed,
    require_columns,
)
from cpeval.fidelity.consensus_sheet import REMARK, SHOWN, TO_FILL
from cpeval.fidelity.consensus_values import BY, ITEM, ON, RATING, as_text, odd_codes
from cpeval.fidelity.item_ratings import found_places, item_places
from cpeval.numeric import ROWS_COUNT, numbers, rows_text
from cpeval.reading.files import read
from cpeval.result import Result
from cpeval.scoring.uses import Which


@dataclass(frozen=True, kw_only=True, eq=False)
class Consensus(Result):
    """Recorded consensus values: from `read_consensus`.

    Attributes
    ----------
    table : pandas.DataFrame
        A row a unit, occasion and item with a value: their columns, item (its code), rating, by
        (who settled it), on (the date, as 2026-01-31), remark.
    n_open : int
        Rows of the sheet without a value: still to be settled.
    """

    n_open: int


def read_consensus(path: str | Path, instrument: Which, *, sheet: str | None = None) -> Consensus:
    r"""Read a meeting's sheet: the consensus on each item, who settled it and when.

    Parameters
    ----------
    path : str or pathlib.Path
        From `Disagreements.to_sheet`, filled in: .xlsx, .csv or what else `cpeval.read` takes.
    instrument : str, pathlib.Path or Instrument
        Whose items they are.
    sheet : str, optional
        The sheet of a workbook that has several.

    Returns
    -------
    Consensus
        Rows without a rating are left out and counted (``n_open``). `triangulate` takes it as
        ``consensus=`` with ``rule="consensus"``.

    Raises
    ------
    ReadError
        The file can't be read.
    ColumnError
        Columns are absent, or ratings are no numbers.
    DataError, CodeError, DuplicateError
        Items that the instrument hasn't; ratings that are not among the item's codes; a rating
        without who or when; what is no date; two values for one item of a unit. All at once.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> text = "team,item,rating,by,on\nNorth,3,4,Ann and Ben,2026-01-31\nNorth,7,,,\n"
    >>> _ = Path(f"{folder.name}/meeting.csv").write_text(text)
    >>> settled = read_consensus(f"{folder.name}/meeting.csv", "connecting_people")
    >>> settled.table[["item", "rating", "by", "on"]].to_dict("records")
    [{'item': '3', 'rating': 4.0, 'by': 'Ann and Ben', 'on': '2026-01-31'}]
    >>> settled.n_open
    1
    >>> folder.cleanup()
    """
    one = resolve(instrument)
    table = read(path, sheet=sheet).reset_index(drop=True)
    require_columns(list(table.columns), ITEM, RATING, BY, ON, what=f"{path}: the rows")
    key = [name for name in table.columns if name not in (ITEM, *SHOWN, *TO_FILL)]
    if not key:
        raise ColumnError(
            f"{path}: no column says which unit a row is about. Columns there: "
            f"{listed(table.columns)}."
        )
    wrong: list[CpevalError] = []
    place, rating = found_places(table[ITEM], one), np.full(len(table), np.nan)
    try:
        item_places(table[ITEM], one, ITEM)
    except CpevalError as error:
        wrong.append(error)
    try:
        rating = numbers(table, [RATING])[:, 0]
    except CpevalError as error:
        wrong.append(error)
    wrong += odd_codes(one, place, rating)
    settled = table[RATING].notna().to_numpy()
    who = as_text(table[BY]).replace("", None)
    days, odd = _days(table[ON])
    for fault, rows in {
        f"say no {BY!r}, who settled it": settled & who.isna().to_numpy(),
        f"say no {ON!r}, when": settled & table[ON].isna().to_numpy(),
        f"hold no date in {ON!r} (write 2026-01-31)": odd,
    }.items():
        if rows.any():
            wrong.append(DataError(f"These {fault}: {rows_text(np.flatnonzero(rows))}."))
    names = pd.DataFrame({name: as_text(table[name]) for name in (*key, ITEM)})
    twice = names.duplicated(keep=False).to_numpy() & settled
    if np.count_nonzero(twice) and names[twice].duplicated().any():
        wrong.append(
            DuplicateError(
                f"One item of a unit has several values: {rows_text(np.flatnonzero(twice))}."
            )
        )
    if wrong:
        lines = "\n".join(map(str, wrong)).replace(f" {ROWS_COUNT}", "")
        raise type(wrong[0])(
            f"{path}: the consensus can't be taken as it is:\n{lines}\n"
            "(The first row of data is row 1. Below a header, Excel calls it row 2.)"
        )
    made = table[key].copy()
    made[ITEM] = pd.Series([one.items[p].code for p in place], dtype="str")
    made[RATING] = rating
    made[BY] = who
    made[ON] = days
    made[REMARK] = (
        table[REMARK].astype(object).where(table[REMARK].notna(), None) if REMARK in table else None
    )
    made = made[settled].reset_index(drop=True)
    n_open = int((~settled).sum())
    still = "1 row has" if n_open == 1 else f"{n_open} rows have"
    by_whom = made[BY].nunique()
    return Consensus(
        table=made,
        note=(
            f"{one.title}: {len(made)} consensus values, settled by {by_whom} "
            f"{'person or group' if by_whom == 1 else 'people or groups'}."
        ),
        warnings=(f"{still} no consensus yet.",) if n_open else (),
        n_open=n_open,
    )


def _days(column: pd.Series) -> tuple[pd.Series, NDArray[np.bool_]]:
    """Return dates as ISO text, and which cells hold something else."""
    if pd.api.types.is_datetime64_any_dtype(column):
        day = column
    else:
        text = as_text(column)
        day = pd.to_datetime(text, format="%Y-%m-%d", errors="coerce")
    shown = day.dt.strftime("%Y-%m-%d").astype(object)
    return shown.where(day.notna(), None), (day.isna() & column.notna()).to_numpy()
