"""The items of one scale as numbers: from a frame, or scored by an instrument, gaps counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.definitions.catalogue import resolve
from cpeval.definitions.model import Instrument
from cpeval.errors import (
    CpevalError,
    OptionError,
    TooFewError,
    did_you_mean,
    listed,
    require_columns,
    require_option,
)
from cpeval.measurement.odd_answers import odd_codes
from cpeval.numeric import eager, numbers
from cpeval.scoring.item_columns import Items, item_columns
from cpeval.scoring.score import item_points
from cpeval.seeds import require_seed

Floats = NDArray[np.float64]

#: What may be done about people who left items out.
MISSING = ("listwise", "pairwise", "two_way")


@dataclass(frozen=True, kw_only=True, eq=False)
class ItemScores:
    """Arrays for an analysis of items, and what was done to get them.

    Attributes
    ----------
    names : list of str
        The k items, by the names of their columns.
    values : numpy.ndarray, shape (n, k)
        What the answers are worth. NaN only with ``missing="pairwise"``.
    n_rows : int
        Rows that the data have.
    n_excluded : int
        Rows left out: all that lack an item ("listwise"), else those without any answer.
    n_imputed : int
        Answers filled in ("two_way").
    missing : str
        What was done about gaps: one of `MISSING`.
    rows : numpy.ndarray of int, shape (n,)
        Which rows of the data these are, counted from 0.
    codes : list of str
        What the instrument calls the items; empty without one.
    """

    names: list[str]
    values: Floats
    n_rows: int
    n_excluded: int
    n_imputed: int
    rows: NDArray[np.intp]
    missing: str = "listwise"
    codes: list[str] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        """What a result says about rows left out, answers filled in and odd codes."""
        said = []
        gaps = int(np.isnan(self.values).sum())
        if self.n_excluded:
            why = "lack an item" if self.missing == "listwise" else "have no answer"
            verb = "was" if self.n_excluded == 1 else "were"
            said.append(f"{self.n_excluded} of {self.n_rows} rows {why} and {verb} left out.")
        if self.n_imputed:
            said.append(
                f"{self.n_imputed} of {self.values.size} answers were missing and filled in by "
                "two-way imputation; intervals don't know that."
            )
        if gaps:
            said.append(f"{gaps} of {self.values.size} answers are missing; pairs use those there.")
        said += odd_codes(self.values, self.names)
        return said


def item_scores(
    items: IntoDataFrame,
    *,
    instrument: str | Path | Instrument | None = None,
    scale: str | None = None,
    columns: Items = None,
    missing: str = "listwise",
    allowed: Sequence[str] = MISSING,
    seed: int | np.random.Generator | None = None,
    least_items: int = 2,
    least_people: int = 2,
    what: str = "The analysis",
) -> ItemScores:
    """Take the items of one scale out of a frame.

    Parameters
    ----------
    items : eager dataframe, shape (n_rows, n_columns)
        A column an item, scored (reversed items reversed already); with ``instrument``, data
        that hold its item columns among others.
    instrument : str, pathlib.Path or Instrument, optional
        Scores the items first: reversed, recoded, codes that mean missing as missing.
    scale : str, optional
        The column of the instrument's scale whose items are meant, such as ``"sf_36_mh"``. By
        default all items, which needs a scale that has them all.
    columns : str, sequence of str or mapping, optional
        Where the instrument's items are, as `cpeval.score` takes ``items``.
    missing : {"listwise", "pairwise", "two_way"}
        Leave out rows that lack an item; keep all that have any answer, with NaN; or fill in
        (see `two_way`).
    allowed : sequence of str
        Of these, what the analysis can do.
    seed : int or numpy.random.Generator, optional
        For ``"two_way"``.
    least_items, least_people : int
        What the analysis needs.
    what : str
        Names the analysis in messages.

    Raises
    ------
    OptionError
        ``items`` is not an eager dataframe; ``missing`` is none of ``allowed``; ``scale`` is no
        scale of the instrument or must be named; ``scale`` or ``columns`` without an instrument.
    ColumnError, CodeError, DataError, DefinitionError
        As `cpeval.score` and `cpeval.numeric.numbers` raise them.
    TooFewError
        Fewer items or people than needed; an item that nobody answered (all named).
    """
    require_option("missing", missing, tuple(allowed))
    require_seed(seed)
    table, codes = _table(items, instrument, scale, columns)
    names = [str(name) for name in table.columns]
    require_columns(names)  # 1 and "1" are two columns to pandas, one name here
    scores = numbers(table, list(table.columns))
    empty = [names[place] for place in np.flatnonzero(np.isnan(scores).all(axis=0))]
    if empty and len(scores):
        raise TooFewError(f"{what}: nobody answered {listed(empty)}. Leave these items out.")
    there = ~np.isnan(scores)
    kept = there.all(axis=1) if missing == "listwise" else there.any(axis=1)
    values = scores[kept]
    if len(names) < least_items or len(values) < least_people:
        raise TooFewError(
            f"{what} needs {least_items} items and {least_people} people. There are "
            f"{len(names)} items{f' ({listed(names)})' if names else ''}, {len(scores)} rows, "
            f"{len(values)} of them {'complete' if missing == 'listwise' else 'with an answer'}."
        )
    gaps = int(np.isnan(values).sum())
    if missing == "two_way":
        values = two_way(values, seed=seed)
    return ItemScores(
        names=names,
        values=values,
        n_rows=len(scores),
        n_excluded=len(scores) - len(values),
        n_imputed=gaps if missing == "two_way" else 0,
        rows=np.flatnonzero(kept),
        missing=missing,
        codes=codes,
    )


def two_way(values: Floats, *, seed: int | np.random.Generator | None = None) -> Floats:
    """Fill gaps in by two-way imputation with error, rounded to the codes seen in each item.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, k)
        Gaps are NaN; each row and column has a number.
    seed : int or numpy.random.Generator, optional

    Returns
    -------
    numpy.ndarray, shape (n, k)
        A gap becomes person mean + item mean - overall mean + error, the error normal with the
        variance that answers have around that sum, then the nearest value that anybody gave to
        that item [1]_. Where items have other codes than each other, R's mokken, which has one
        range for all, gives an item answers that it doesn't have.

    References
    ----------
    .. [1] Bernaards & Sijtsma (2000). Multivariate Behavioral Research, 35(3), 321-364.
       Van Ginkel, van der Ark & Sijtsma (2007). Multivariate Behavioral Research, 42(2), 387-414.

    Examples
    --------
    >>> gap = float("nan")
    >>> two_way(np.array([[1.0, 1.0], [2.0, 2.0], [3.0, gap]]), seed=1).tolist()
    [[1.0, 1.0], [2.0, 2.0], [3.0, 2.0]]
    """
    gaps = np.isnan(values)
    if not gaps.any():
        return values
    fitted = (
        np.nanmean(values, axis=1, keepdims=True)
        + np.nanmean(values, axis=0, keepdims=True)
        - np.nanmean(values)
    )
    residual = (values - fitted)[~gaps]
    spread = np.sqrt((residual**2).sum() / max(residual.size - 1, 1))
    drawn = fitted
    drawn[gaps] += np.random.default_rng(seed).normal(0.0, spread, int(gaps.sum()))
    filled = values.copy()
    for item in np.flatnonzero(gaps.any(axis=0)):
        gap = gaps[:, item]
        filled[gap, item] = _nearest(np.unique(values[~gap, item]), drawn[gap, item])
    return filled


def _nearest(codes: Floats, to: Floats) -> Floats:
    """Return of ascending codes the one nearest to each number, of two the lower."""
    after = np.searchsorted((codes[:-1] + codes[1:]) / 2, to)
    nearest: Floats = codes[after]
    return nearest


def _table(
    items: IntoDataFrame,
    instrument: str | Path | Instrument | None,
    scale: str | None,
    columns: Items,
) -> tuple[pd.DataFrame, list[str]]:
    """The items by the names of their columns, and what the instrument calls them."""
    frame = eager(items)
    if instrument is None:
        given = [name for name, v in (("scale", scale), ("columns", columns)) if v is not None]
        if given:
            raise OptionError(f"{' and '.join(given)} need instrument=, which says what items are.")
        return frame.to_pandas().reset_index(drop=True), []
    definition = resolve(instrument)
    if definition.codings and definition.coding is None:
        raise OptionError(
            f"{definition.name} is in use with codings that clash ({listed(definition.codings)}). "
            f"Say which one the data have: instrument=cp.instrument({definition.name!r})"
            f".with_coding({definition.codings[0]!r})."
        )
    native: Any = frame.to_native()
    try:
        found = item_columns(definition, columns, frame.columns)
        codes = [code for code in _codes(definition, scale) if code in found]
        points: Any = item_points(native, definition, items=columns)
    except CpevalError as error:
        raise type(error)(_as_asked_here(str(error))) from None
    scored = eager(points).select(codes).rename({code: found[code] for code in codes})
    return scored.to_pandas().reset_index(drop=True), codes


def _as_asked_here(message: str) -> str:
    """What scoring says, with the names that options have here."""
    return message.replace("items=", "columns=").replace(
        ' or score with on_invalid="missing"', " or make them missing"
    )


def _codes(definition: Instrument, scale: str | None) -> list[str]:
    """The items of a scale; without a scale, all if a scale has them all."""
    every = [item.code for item in definition.items]
    options = {definition.column(s): definition.items_of(s) for s in definition.scored}
    if scale is not None:
        if scale not in options:
            raise OptionError(
                f"{definition.name} has no scale {scale!r}{did_you_mean(scale, options)}. "
                f"It has {listed(options)}."
            )
        return options[scale]
    whole = any(s.items is not None and definition.items_of(s) == every for s in definition.scored)
    if not whole:
        raise OptionError(
            f"{definition.name} has no scale of all its items. Say which is meant with scale=, "
            f"one of {listed(options)}."
        )
    return every
