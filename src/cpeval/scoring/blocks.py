"""A plan on numpy's columns: some rows at a time, so that all steps find them in the cache.

pandas keeps most columns as numpy arrays, and there each expression of narwhals is a pass over
memory. Taken a block of rows at a time, checking and scoring cost one pass for all. What is not
as expected, an answer outside the codes included, is left to the expressions and their messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.scoring.algebra import Arrays, Value
from cpeval.scoring.invalid_answers import Frame, Schema, accepted
from cpeval.scoring.plan import Plan, Use

#: Rows in a block: a column of them is 128 KB, of which the cache holds several.
ROWS = 16_384

Floats = NDArray[np.float64]


def in_blocks(
    uses: Sequence[Use], frame: Frame, schema: Schema, *, answered: bool
) -> nw.DataFrame[Any] | None:
    """Score a pandas frame by blocks of rows; None where that can't be done or would not do.

    That is: another engine, a column that is absent or not numpy's numbers, an answer outside the
    codes, codings that the data must tell apart.
    """
    if not isinstance(frame, nw.DataFrame) or not frame.implementation.is_pandas():
        return None
    columns = _columns(uses, frame, schema)
    if columns is None or any(_tells(use) or use.weights or use.by for use in uses):
        return None
    n = len(frame)
    new: dict[str, Floats] = {}
    for use in uses:
        for scale in use.definition.scored:
            new[use.column(scale)] = np.empty(n)
    counts = {f"{name}_answered": np.empty(n, np.int64) for name in new} if answered else {}
    for start in range(0, n, ROWS):
        rows = slice(start, min(start + ROWS, n))
        for use in uses:
            if not use.masked and not _valid(use, columns, rows):
                return None
            _block(Plan(use, Arrays(columns, rows)), rows, new, counts)
    native = frame.to_native()
    # At once: a wide frame that takes columns one by one is slow, and pandas warns of it.
    scores = pd.DataFrame({**new, **counts}, index=native.index)
    made: nw.DataFrame[Any] = nw.from_native(pd.concat([native, scores], axis=1), eager_only=True)
    return made


def _columns(
    uses: Sequence[Use], frame: nw.DataFrame[Any], schema: Schema
) -> dict[str, NDArray[Any]] | None:
    """The columns as arrays, if all are there as numpy's numbers."""
    native = frame.to_native()
    found = {}
    for name in dict.fromkeys(name for use in uses for name in use.needed):
        if name not in schema:
            return None
        column = native[name]
        if not isinstance(column.dtype, np.dtype) or column.dtype.kind not in "biuf":
            return None
        found[name] = column.to_numpy()
    return found


def _tells(use: Use) -> bool:
    return any(use.definition.answers(item).telling for item in use.definition.items)


def _valid(use: Use, columns: Mapping[str, NDArray[Any]], rows: slice) -> bool:
    """Whether all answers of some rows are among their items' codes, or missing."""
    arrays = Arrays(columns, rows)
    for code, name in use.columns.items():
        x = columns[name][rows]
        if x.dtype.kind == "b" and not {0.0, 1.0} <= set(
            accepted(use.definition, use.definition.item(code))
        ):
            return False
        right = np.count_nonzero(
            arrays.among(x, accepted(use.definition, use.definition.item(code)))
        )
        if right < x.size and (
            x.dtype.kind != "f" or right + np.count_nonzero(np.isnan(x)) < x.size
        ):
            return False
    return True


def _block(
    plan: Plan, rows: slice, new: Mapping[str, Floats], counts: Mapping[str, NDArray[np.int64]]
) -> None:
    """Score some rows into the new columns."""
    parts: dict[str, Value] = {i.code: plan.points(i) for i in plan.definition.items}
    scores: dict[str, Value] = {}
    for scale in plan.definition.scored:
        # Where nobody answered, 0 / 0 is what makes a mean missing.
        with np.errstate(divide="ignore", invalid="ignore"):
            scores[scale.name] = plan.scale(scale, parts, scores)
        name = plan.use.column(scale)
        new[name][rows] = scores[scale.name]
        if counts:
            counts[f"{name}_answered"][rows] = plan.count(scale, parts)
