"""Ratings as numbers, with the level of every effect that each belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.errors import DataError, DuplicateError, TooFewError, listed
from cpeval.fidelity.facet_design import Effect, FacetDesign
from cpeval.numeric import ROWS_COUNT, eager, numbers, rows_text, select

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class RatingCells:
    """N ratings of a design.

    Attributes
    ----------
    design : FacetDesign
    y : numpy.ndarray, shape (N,)
        The ratings, none missing.
    codes : mapping of Effect to numpy.ndarray, shape (N,)
        Each rating's level of each effect, from 0.
    sizes : mapping of Effect to int
        How many levels each effect has.
    n_missing : int
        Rows without a rating, left out.
    reused : tuple of str
        Nested factors whose labels occur in several of what they are nested in.
    """

    design: FacetDesign
    y: Floats
    codes: Mapping[Effect, Ints]
    sizes: Mapping[Effect, int]
    n_missing: int
    reused: tuple[str, ...]

    @property
    def n(self) -> int:
        """Return how many ratings there are."""
        return self.y.size

    @property
    def unit_effect(self) -> Effect:
        """Return the effect whose levels are the units."""
        return self.design.above[self.design.unit]


def facet_cells(data: IntoDataFrame, rating: str, design: FacetDesign) -> RatingCells:
    """Take ratings in long form.

    Parameters
    ----------
    data : eager dataframe, shape (n_rows, n_columns)
        A row a rating. Rows without a rating are left out and counted.
    rating : str
    design : FacetDesign
        Its factors are columns.

    Raises
    ------
    OptionError, ColumnError
        Not an eager dataframe; a column absent, there twice, or not numbers.
    DataError
        A rating without a unit or a level of a facet (rows named).
    DuplicateError
        Two ratings of one unit under the same conditions (rows named).
    TooFewError
        A factor with one level, ratings that are all equal, or effects that can't be told apart.
    """
    table = select(data, rating, *design.factors)
    y = numbers(table, [rating])[:, 0]
    there = ~np.isnan(y)
    _require_levels(table, there, design)
    rows = np.flatnonzero(there)
    y = y[rows]
    plain = {name: _coded(table[name].iloc[rows]) for name in design.factors}
    _require_several(plain, table, design)
    codes = {effect: _cell_codes(effect, plain, design) for effect in design.effects}
    sizes = {effect: int(code.max()) + 1 for effect, code in codes.items()}
    _require_single(
        codes[design.effects[-1]], sizes[design.effects[-1]], rows, design, data, rating
    )
    if np.ptp(y) == 0:
        raise TooFewError(
            f"All ratings are equal ({listed([y[0]])}): no variance can be divided among "
            f"{listed(design.terms)}."
        )
    _require_apart(sizes, design)
    return RatingCells(
        design=design,
        y=y,
        codes=codes,
        sizes=sizes,
        n_missing=len(table) - rows.size,
        reused=_reused(plain, codes, sizes, design),
    )


def _coded(column: pd.Series) -> Ints:
    return np.asarray(pd.factorize(column)[0], dtype=np.int64)


def _cell_codes(effect: Effect, plain: Mapping[str, Ints], design: FacetDesign) -> Ints:
    """Number the combinations of an effect's factors that occur."""
    names = [name for name in design.factors if name in effect]
    code = plain[names[0]]
    for name in names[1:]:
        code = _numbered(code * (int(plain[name].max()) + 1) + plain[name])
    return code


def _numbered(code: Ints) -> Ints:
    """Number the codes that occur; by counting, if there can't be many others."""
    if code.max() > 4 * code.size:
        return _coded(pd.Series(code))
    number = np.cumsum(np.bincount(code) > 0) - 1
    return np.asarray(number[code])


def _require_levels(table: pd.DataFrame, there: NDArray[np.bool_], design: FacetDesign) -> None:
    absent = {name: np.flatnonzero(there & table[name].isna()) for name in design.factors}
    faults = [f"{name!r} in {rows_text(rows)}" for name, rows in absent.items() if rows.size]
    if faults:
        raise DataError(
            f"Ratings without a value of {', '.join(faults)}. Say who rated what there, or leave "
            f"these rows out. {ROWS_COUNT}"
        )


def _require_several(plain: Mapping[str, Ints], table: pd.DataFrame, design: FacetDesign) -> None:
    sizes = {name: (int(code.max()) + 1 if code.size else 0) for name, code in plain.items()}
    if not max(sizes.values()):
        raise TooFewError("There are no ratings: the data are empty, or every rating is missing.")
    few = [name for name, size in sizes.items() if size < 2 and len(design.above[name]) == 1]
    if not few:
        return
    said = [f"{name!r} has one level ({listed(table[name].dropna().unique()[:1])})" for name in few]
    what = (
        "There must be two units or more."
        if design.unit in few
        else "How far ratings depend on a facet can't be seen from one level of it: have units "
        "rated under two or more, or leave it out of 'facets' (results then hold for that one "
        "level only)."
    )
    raise TooFewError(f"A generalisability study is not possible: {'; '.join(said)}. {what}")


def _require_single(
    cell: Ints,
    n_cells: int,
    rows: Ints,
    design: FacetDesign,
    data: IntoDataFrame,
    rating: str,
) -> None:
    """Raise `DuplicateError` where two ratings share all levels."""
    if n_cells == cell.size:
        return
    again = np.flatnonzero(np.bincount(cell) > 1)
    groups = [rows_text(rows[cell == one]) for one in again[:10]]
    raise DuplicateError(
        f"Ratings of one unit under the same {listed(design.facets)}: {'; '.join(groups)}"
        f"{' and others' if again.size > len(groups) else ''}. "
        f"{_advice(cell, rows, design, data, rating)} {ROWS_COUNT}"
    )


def _advice(cell: Ints, rows: Ints, design: FacetDesign, data: IntoDataFrame, rating: str) -> str:
    """Say which columns tell ratings of one cell apart, and how to name them."""
    frame, again = eager(data), np.flatnonzero(np.bincount(cell)[cell] > 1)
    whole, part = [], []
    for name in frame.columns:
        column = frame[name].to_pandas().iloc[rows]
        if name in (rating, *design.factors) or not _labels(column):
            continue
        level = _coded(column)
        pairs = cell[again] * (int(level.max()) + 2) + level[again]
        n = np.unique(pairs).size
        if n == again.size and (level[again] >= 0).all():
            within = [f for f in design.factors if _each_in_one(level, frame[f].to_pandas(), rows)]
            so = f", nested={ {name: within[0] if len(within) == 1 else within}!r}"
            whole.append(f"{name!r}{so if within else ''}")
        elif n > np.unique(cell[again]).size:
            part.append(name)
    if whole:
        return (
            "Remove the copies; or add to 'facets' what tells all of them apart: "
            f"{' or '.join(whole)}."
        )
    if part:
        return (
            f"Remove the copies; or add what tells them apart to 'facets'. {listed(part)} "
            f"{'differs' if len(part) == 1 else 'differ'} between some of them, and no column "
            "alone between all."
        )
    every = listed([design.unit, *design.facets])
    return (
        "Remove the copies; no other column tells them apart. If they are plain repetitions, "
        f"number these: a facet nested in all others, nested={{'repetition': [{every}]}}."
    )


def _labels(column: pd.Series) -> bool:
    """Say whether a column may name levels: not measurements, nor a number of its own a row."""
    fractions = pd.api.types.is_float_dtype(column) and bool((column.dropna() % 1 != 0).any())
    return not fractions and 1 < column.nunique() < len(column)


def _each_in_one(level: Ints, factor: pd.Series, rows: Ints) -> bool:
    """Say whether each level goes with one level of a factor only."""
    other = _coded(factor.iloc[rows])
    there = level >= 0
    pairs = np.unique(np.column_stack([level[there], other[there]]), axis=0)
    return len(pairs) == np.unique(level[there]).size


def _require_apart(sizes: Mapping[Effect, int], design: FacetDesign) -> None:
    """Raise `TooFewError` where a finer effect has no more levels than a coarser one."""
    for coarse in design.effects:
        for fine in design.effects:
            if coarse < fine and sizes[coarse] == sizes[fine]:
                raise TooFewError(_not_apart(coarse, fine, design))


def _not_apart(coarse: Effect, fine: Effect, design: FacetDesign) -> str:
    extra = fine - coarse
    first, second = design.term(coarse), design.term(fine)
    what = "Leave out a facet, or have more of the combinations rated."
    if len(extra) == 1 and len(design.tops(coarse)) == 1:
        top, other = design.tops(coarse)[0], next(iter(extra))
        if top == design.unit:
            what = (
                f"Each {top!r} goes with one {other!r} only: have units rated under several, or "
                f"leave {other!r} out of 'facets'."
            )
        elif other in (design.unit, *design.facets) and other not in design.above[top]:
            what = (
                f"Each {top!r} goes with one {other!r} only: it is nested, so say "
                f"nested={{{top!r}: {other!r}}}."
            )
        elif other in design.facets:
            what = f"Each {design.term(coarse)!r} has one {other!r} only: leave out {other!r}."
    return (
        "A generalisability study is not possible in this way: the variances of "
        f"{first!r} and {second!r} can't be told apart. {what}"
    )


def _reused(
    plain: Mapping[str, Ints],
    codes: Mapping[Effect, Ints],
    sizes: Mapping[Effect, int],
    design: FacetDesign,
) -> tuple[str, ...]:
    return tuple(
        name
        for name in design.factors
        if len(design.above[name]) > 1 and int(plain[name].max()) + 1 < sizes[design.above[name]]
    )
