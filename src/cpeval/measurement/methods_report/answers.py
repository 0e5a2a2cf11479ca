"""What the report is made from: answers scored once, gaps treated, people matched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.definitions.model import Instrument
from cpeval.errors import ColumnError, DuplicateError, OptionError, listed
from cpeval.measurement.item_groups import without
from cpeval.measurement.item_scores import ItemScores, item_scores, two_way
from cpeval.numeric import eager, rows_text, select
from cpeval.scoring.item_columns import Items

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """Answers to the items of one scale.

    Attributes
    ----------
    given, frame : pandas.DataFrame, shape (n_rows, k)
        Scored, a row each of the data, NaN where missing; in ``frame`` gaps are filled in if that
        was asked for.
    n_imputed : int
        How many answers were filled in.
    beside : tuple of str
        Columns of the data that are no items.
    """

    given: pd.DataFrame
    frame: pd.DataFrame
    n_imputed: int
    beside: tuple[str, ...]

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Which rows have all items, shape (n_rows,)."""
        return np.asarray(self.frame.notna().all(axis=1), dtype=bool)

    @property
    def totals(self) -> Floats:
        """Each row's sum of the items, shape (n_rows,); NaN where an item is missing."""
        return np.asarray(self.frame.to_numpy(dtype=float).sum(axis=1), dtype=float)


def answers_of(
    data: IntoDataFrame,
    *,
    instrument: str | Path | Instrument | None,
    scale: str | None,
    columns: Items,
    beside: tuple[object, ...],
    missing: str,
    seed: int | np.random.Generator | None,
    what: str,
) -> Answers:
    """Score the items, and fill gaps in if asked to.

    ``beside`` are names of columns that may be there and are no items; others are passed over.
    """
    there = eager(data).columns
    names = tuple(name for name in beside if isinstance(name, str) and name in there)
    scores = item_scores(
        data if instrument is not None else without(data, *names),
        instrument=instrument,
        scale=scale,
        columns=columns,
        missing="pairwise",
        what=what,
    )
    given = _with_all_rows(scores, scores.values)
    if missing != "two_way":
        return Answers(given=given, frame=given, n_imputed=0, beside=names)
    return Answers(
        given=given,
        frame=_with_all_rows(scores, two_way(scores.values, seed=seed)),
        n_imputed=int(np.isnan(scores.values).sum()),
        beside=names,
    )


def _with_all_rows(scores: ItemScores, values: Floats) -> pd.DataFrame:
    """Put rows without any answer back, so that each analysis counts them."""
    every = np.full((scores.n_rows, len(scores.names)), np.nan)
    every[scores.rows] = values
    return pd.DataFrame(every, columns=scores.names)


def matched(first: IntoDataFrame, second: IntoDataFrame, person: str | None) -> NDArray[np.intp]:
    """Return for each row of the first frame the row of the same person in the second, or -1.

    Raises
    ------
    OptionError
        Without ``person``, frames of different lengths.
    ColumnError
        A frame lacks the column, or a row a value in it.
    DuplicateError
        A person twice in a frame.
    """
    n, m = len(eager(first)), len(eager(second))
    if person is None:
        if n != m:
            raise OptionError(
                f"'retest' has {m} rows and the items {n}. Rows must be of the same people in the "
                "same order, or person= must name the column that says whose they are."
            )
        return np.arange(n)
    ids = [select(frame, person)[person] for frame in (first, second)]
    for column, where in zip(ids, ("items", "retest"), strict=True):
        gaps = np.flatnonzero(column.isna())
        if gaps.size:
            raise ColumnError(f"In {where}, {person!r} is missing in {rows_text(gaps)}.")
        twice = column[column.duplicated(keep=False)].unique()
        if len(twice):
            raise DuplicateError(
                f"In {where}, these people have more than one row: {listed(twice)}. Keep one each."
            )
    found: Any = pd.Index(ids[1]).get_indexer(pd.Index(ids[0]))
    return found  # type: ignore[no-any-return]
