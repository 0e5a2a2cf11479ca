"""The scores that `classify` puts into categories: a row a unit, of one scale and occasion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.errors import DuplicateError, OptionError, listed, require_columns, require_option
from cpeval.fidelity.assessments import Agreed, Ratings
from cpeval.fidelity.occasion_order import in_words
from cpeval.fidelity.placed_units import cells_at, last_occasion
from cpeval.fidelity.rated_scales import items_in_scales
from cpeval.numeric import ROWS_COUNT, eager, rows_text
from cpeval.result import Result

#: Columns of what was found; the others say of which unit and occasion.
_FOUND = frozenset(("scale", "estimate", "n", "low", "high", "rule", "label", "band"))
#: What is said of a table whose units nobody named.
_COUNTED = " Each row counts as a unit of its own."


def scores_to_classify(
    agreed: Result | IntoDataFrame,
    scale: str | None,
    occasion: object,
    unit: str | Sequence[str] | None,
) -> tuple[pd.DataFrame, str]:
    """Return a row a unit, and which scale and occasion were chosen, in words."""
    if isinstance(agreed, Agreed):
        if unit is not None:
            raise OptionError("Agreed ratings know their units: leave out unit=.")
        return _of_agreed(agreed, scale, occasion)
    if isinstance(agreed, Result) and (isinstance(agreed, Ratings) or "se" in agreed.table):
        raise OptionError(
            f"A {type(agreed).__name__} holds no agreed ratings of units. Pass what "
            "cp.fidelity.triangulate returns, or a table with a row a unit and a column estimate."
        )
    if occasion is not None:
        raise OptionError(
            "A table takes no occasion=. Pass the rows of one occasion, or what "
            "cp.fidelity.triangulate returns."
        )
    return _of_table(agreed, scale, unit), _COUNTED if unit is None else ""


def _of_agreed(agreed: Agreed, scale: str | None, occasion: object) -> tuple[pd.DataFrame, str]:
    """Return the units' scores on one scale at one occasion."""
    one, table = agreed.instrument, agreed.table
    said = []
    if scale is None:
        sizes = items_in_scales(one).sum(axis=0)
        scale = one.columns[int(sizes.argmax())]
        if len(one.columns) > 1:
            said.append(f"the scale is {scale}, that of most items")
    require_option("scale", scale, one.columns)
    if agreed.occasion is None and occasion is not None:
        raise OptionError("The agreed ratings have no occasions, so leave out occasion=.")
    if occasion is not None:
        require_option("occasion", occasion, agreed.occasions)
    when = last_occasion(agreed) if occasion is None else occasion
    if when is not None:
        said.append(f"the occasion is {in_words(when)}")
    here = np.repeat(cells_at(agreed, when), len(one.columns))
    here &= np.asarray(table["scale"] == scale)
    words = f" Of what was agreed, {' and '.join(said)}." if said else ""
    return table[here].reset_index(drop=True), words


def _of_table(
    agreed: Result | IntoDataFrame, scale: str | None, unit: str | Sequence[str] | None
) -> pd.DataFrame:
    data = agreed.table if isinstance(agreed, Result) else agreed
    frame = eager(data)
    key = [unit] if isinstance(unit, str) else list(unit or ())
    require_columns(frame.columns, "estimate", "scale" if scale is not None else None, *key)
    table = frame.to_pandas().reset_index(drop=True)
    chosen = _of_scale(table, scale)
    if not key:
        # What was found aside, rows of one unit and occasion are alike in all columns.
        key = [str(name) for name in chosen.columns if name not in _FOUND]
    _require_once(chosen, key, given=unit is not None)
    return chosen.reset_index(drop=True)


def _require_once(table: pd.DataFrame, key: list[str], *, given: bool) -> None:
    """Raise `DuplicateError` that names each unit with several rows, and the rows."""
    again = table.duplicated(key, keep=False) if key else pd.Series(data=False, index=table.index)
    if not again.any():
        return
    groups = list(table[again].groupby(key, sort=False, dropna=False))
    lines = [
        f"- {listed(value if isinstance(value, tuple) else [value])} in {rows_text(rows.index)}"
        for value, rows in groups[:20]
    ]
    if len(groups) > 20:
        lines.append(f"- and {len(groups) - 20} more")
    more = "" if given else " If each row is a unit, add a column that names it."
    raise DuplicateError(
        "\n".join(
            [
                f"A unit has one score to classify, and some have several rows ({listed(key)}):",
                *lines,
                "Pass the rows of one occasion, or what cp.fidelity.triangulate returns with "
                f"occasion=.{more} {ROWS_COUNT}",
            ]
        )
    )


def _of_scale(table: pd.DataFrame, scale: str | None) -> pd.DataFrame:
    """Return the rows of one scale, under their places in the table."""
    if "scale" not in table.columns:
        return table
    scales = list(table["scale"].dropna().unique())
    if scale is None and len(scales) > 1:
        raise OptionError(
            f"There are several scales: say scale=, one of {listed(scales)}. Each has an error "
            "of its own."
        )
    if scale is None:
        return table
    require_option("scale", scale, scales)
    return table[table["scale"] == scale]
