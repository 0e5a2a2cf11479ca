"""A formula's columns for the rows of data in memory, for models that moments can't hold."""

from __future__ import annotations

from dataclasses import dataclass

import narwhals.stable.v2 as nw
import numpy as np
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.errors import TooFewError, listed, require_columns
from cpeval.moments.coding import INTERCEPT, Level, columns_of
from cpeval.moments.eager_pass import (
    Columns,
    levels_seen,
    numeric_values,
    product_of,
    require_finite,
)
from cpeval.moments.formula import Formula
from cpeval.moments.unit_sums import Codes, Floats
from cpeval.moments.variables import factors_with_levels, levels_of
from cpeval.numeric import eager
from cpeval.study import Study


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelMatrix:
    """The complete rows of a model.

    Attributes
    ----------
    y : array, shape (n,)
    x : array, shape (n, p)
        The intercept first, where the formula has one.
    terms : tuple of str
        The p names.
    rows : array of int, shape (n,)
        Which rows of the data these are.
    labels : dict
        Column to each row's code, shape (n,), and the labels, of the columns asked for.
    n_dropped : int
        Rows left out for a missing value.
    """

    y: Floats
    x: Floats
    terms: tuple[str, ...]
    rows: Codes
    labels: dict[str, tuple[Codes, tuple[Level, ...]]]
    n_dropped: int


def model_matrix(
    data: IntoDataFrame,
    formula: Formula,
    *,
    label_columns: tuple[str, ...] = (),
    number_columns: tuple[str, ...] = (),
    study: Study | None = None,
) -> tuple[ModelMatrix, dict[str, Floats]]:
    """Make the columns of a formula, from the rows that have all of them.

    Parameters
    ----------
    data : eager dataframe
    formula : Formula
        From `cpeval.moments.formula.parse`.
    label_columns : tuple of str
        Columns of labels, such as the site, that a row needs too.
    number_columns : tuple of str
        Columns of numbers that a row needs too.
    study : Study, optional
        Its arm has the comparison as reference.

    Returns
    -------
    ModelMatrix
    dict
        Column to its numbers, shape (n,), of ``number_columns``.

    Raises
    ------
    OptionError, ColumnError, DataError, TooFewError
        Not an eager dataframe; columns absent or of another kind; infinite values; no complete
        row.
    """
    frame = eager(data)
    require_columns(frame.columns, *formula.columns, *label_columns, *number_columns)
    if len(frame) == 0:
        raise TooFewError("The data have no rows.")
    columns = Columns(frame)
    used = list(dict.fromkeys((*formula.columns, *label_columns)))
    dtypes = columns.dtypes(used)
    outcome = formula.outcome
    if outcome.tree is None and dtypes[outcome.columns[0]] in (nw.String, nw.Categorical, nw.Enum):
        # Refused with its values and rows; categories that are numbers will do.
        columns.numbers(outcome.columns[0])
        dtypes[outcome.columns[0]] = nw.Float64()
    factors = factors_with_levels(formula, dtypes)
    levels = levels_of(factors, lambda names: levels_seen(columns, names), {}, study)
    model = columns_of(formula, levels)
    missing: NDArray[np.bool_] = np.zeros(len(frame), dtype=bool)
    values: dict[str, Floats] = {}
    for factor in formula.factors:
        if factor.text in levels:
            missing |= columns.coded(factor.columns[0]).codes < 0
        else:
            values[factor.text] = numeric_values(columns, factor)
    made = [product_of(columns, column, values) for column in model]
    made.append(values[formula.outcome.text])
    extra = {name: columns.numbers(name) for name in number_columns}
    for column in [*values.values(), *made, *extra.values()]:
        missing |= np.isnan(column)
    for name in label_columns:
        missing |= columns.coded(name).codes < 0
    names = [*(column.name for column in model), formula.outcome.text, *extra]
    with np.errstate(invalid="ignore"):  # a sum of infinities of both signs
        require_finite([*made, *extra.values()], names, missing)
    rows = np.flatnonzero(~missing)
    if not rows.size:
        raise TooFewError(
            f"Of {len(frame)} rows, 0 of them complete: with a value in "
            f"{listed(dict.fromkeys((*formula.columns, *label_columns, *number_columns)))}."
        )
    first = [np.ones(rows.size)] if formula.intercept else []
    x = np.column_stack([*first, *(column[rows] for column in made[:-1])])
    return (
        ModelMatrix(
            y=made[-1][rows],
            x=x,
            terms=(*([INTERCEPT] if formula.intercept else []), *(c.name for c in model)),
            rows=rows,
            labels={
                name: (columns.coded(name).codes[rows], columns.coded(name).labels)
                for name in label_columns
            },
            n_dropped=int(missing.sum()),
        ),
        {name: column[rows] for name, column in extra.items()},
    )
