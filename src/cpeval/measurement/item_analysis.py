"""What people answer to each item of a scale, and how items behave."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.definitions.catalogue import resolve
from cpeval.definitions.model import Instrument
from cpeval.errors import DataError, OptionError, is_number, listed
from cpeval.measurement.item_scores import item_scores
from cpeval.measurement.odd_answers import odd_codes, same_items
from cpeval.result import Result
from cpeval.scoring.item_columns import Items

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels

Floats = NDArray[np.float64]

#: Where more than this share of people are at an end of an item, it says little (Streiner,
#: Norman & Cairney 2015, chapter 5).
_CROWDED = 0.8
#: Below this correlation with the others an item adds little (Nunnally & Bernstein 1994).
_WEAK = 0.3
_FEW_PEOPLE = 50


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ItemAnalysis(Result):
    """A `Result` that also holds how often each answer was given.

    Attributes
    ----------
    distribution : pandas.DataFrame
        item, code, n, share: a row an answer that could be given to an item, or was; share of the
        people who answered the item.
    n_excluded : int
        Rows without any answer.
    """

    distribution: pd.DataFrame
    n_excluded: int

    def plot(self, ax: Axes | None = None, *, labels: Labels | None = None) -> Axes:
        """Draw each item's answers as one stacked bar, from the lowest (light) to the highest.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        labels : mapping, optional
            Item or code to what to show.
        """
        from cpeval.plots.answers import answers

        return answers(self.distribution, ax=ax, labels=labels)


def items(
    items: IntoDataFrame,
    *,
    instrument: str | Path | Instrument | None = None,
    scale: str | None = None,
    columns: Items = None,
    range: tuple[float, float] | None = None,
) -> ItemAnalysis:
    r"""Describe the items of one scale: who is at an end, who left them out, how they discriminate.

    Parameters
    ----------
    items : eager dataframe, shape (n_rows, k)
        A column an item, scored: reversed items already reversed; with ``instrument``, data that
        hold its item columns. Missing answers are counted, and each item described by the rest.
    instrument : str, pathlib.Path or Instrument, optional
        Scores the items first.
    scale : str, optional
        The column of the instrument's scale whose items are meant, such as ``"sf_36_mh"``.
    columns : str, sequence of str or mapping, optional
        Where the instrument's items are, as `cpeval.score` takes ``items``.
    range : tuple of two numbers, optional
        The lowest and the highest answer, the same for all items. By default those of the
        instrument; without one those that anyone gave to any item, which is wrong where nobody
        used an end.

    Returns
    -------
    ItemAnalysis
        ``table``, a row an item: item, n (answers), missing (share of rows), mean, sd, lowest and
        highest (the ends of the range), floor and ceiling (shares of the answers at them),
        difficulty, discrimination. NaN where undefined.

    Raises
    ------
    OptionError
        ``items`` is not an eager dataframe; ``range`` is not two numbers, the first lower;
        options of `cpeval.measurement.reliability` that don't go together.
    ColumnError, CodeError, DataError, DefinitionError
        As `cpeval.score` raises them; answers outside ``range``.
    TooFewError
        Fewer than two items or two rows with an answer; an item that nobody answered.

    Notes
    -----
    difficulty is the mean as a share of the range, (mean - lowest) / (highest - lowest): high for
    an item that most people agree with, as the p value of a test item that is right or wrong.
    discrimination is the correlation of the item with the sum of the others, among the rows that
    have all items.

    Examples
    --------
    >>> scores = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 2, 3, 5], "c": [1, 3, 2, 4]})
    >>> items(scores, range=(1, 5)).table[["item", "floor", "ceiling", "difficulty"]]
      item  floor  ceiling  difficulty
    0    a   0.25     0.00       0.375
    1    b   0.00     0.25       0.500
    2    c   0.25     0.00       0.375
    """
    scores = item_scores(
        items,
        instrument=instrument,
        scale=scale,
        columns=columns,
        missing="pairwise",
        what="The analysis of items",
    )
    values, names = scores.values, scores.names
    low, high, whence = _ends(values, names, range, instrument, scores.codes)
    table = _describe(values, low, high)
    table.insert(0, "item", names)
    table.insert(2, "missing", 1 - table["n"] / scores.n_rows)
    worries = []
    if scores.n_excluded:
        verb = "has" if scores.n_excluded == 1 else "have"
        worries.append(f"{scores.n_excluded} of {scores.n_rows} rows {verb} no answer.")
    return ItemAnalysis(
        table=table,
        note=(
            f"{len(names)} items among {len(values)} rows; the range is that {whence}. difficulty: "
            "mean as a share of the range; discrimination: correlation with the sum of the other "
            "items."
        ),
        warnings=tuple(worries + _worries(table, values)),
        distribution=_distribution(values, names, low, high),
        n_excluded=scores.n_excluded,
    )


def _ends(
    values: Floats,
    names: list[str],
    given: tuple[float, float] | None,
    instrument: str | Path | Instrument | None,
    codes: list[str],
) -> tuple[Floats, Floats, str]:
    """The lowest and highest answer of each item, and where they are from."""
    if given is not None:
        low, high = _checked(values, given, names)
        return np.full(len(names), low), np.full(len(names), high), "given"
    if instrument is None:
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        seen = "of the answers that were seen"
        return np.full(len(names), low), np.full(len(names), high), seen
    definition = resolve(instrument)
    worth = [list(definition.points(definition.item(code)).values()) for code in codes]
    # A rule may make an answer worth more than its code says.
    low_ends = np.fmin([min(one) for one in worth], np.nanmin(values, axis=0))
    high_ends = np.fmax([max(one) for one in worth], np.nanmax(values, axis=0))
    return low_ends, high_ends, f"of {definition.name}"


def _checked(values: Floats, given: tuple[float, float], names: list[str]) -> tuple[float, float]:
    numbers = (
        isinstance(given, tuple | list)
        and len(given) == 2
        and all(is_number(end) and np.isfinite(end) for end in given)
    )
    if not numbers or not given[0] < given[1]:
        raise OptionError(
            f"'range' must be the lowest and the highest answer, such as (1, 5). Got {given!r}."
        )
    low, high = float(given[0]), float(given[1])
    outside = (values < low) | (values > high)
    if outside.any():
        found = "; ".join(
            f"{names[k]!r} has {listed(np.unique(values[outside[:, k], k]))}"
            for k in np.flatnonzero(outside.any(axis=0))
        )
        raise DataError(
            f"Answers outside range=({low:g}, {high:g}): {found}. Correct the range, or them."
        )
    return low, high


def _describe(values: Floats, low: Floats, high: Floats) -> pd.DataFrame:
    """Arrays only: a row an item, from scores of shape (n, k) with NaN where missing."""
    there = ~np.isnan(values)
    n = there.sum(axis=0)
    mean = np.nanmean(values, axis=0)
    complete = values[there.all(axis=1)]
    with np.errstate(invalid="ignore", divide="ignore"):
        squares = np.nansum((values - mean) ** 2, axis=0)
        return pd.DataFrame(
            {
                "n": n,
                "mean": mean,
                "sd": np.where(n > 1, np.sqrt(squares / (n - 1)), np.nan),
                "lowest": low,
                "highest": high,
                "floor": (values == low).sum(axis=0) / n,
                "ceiling": (values == high).sum(axis=0) / n,
                "difficulty": (mean - low) / np.where(high > low, high - low, np.nan),
                "discrimination": item_rest(complete),
            }
        )


def item_rest(complete: Floats) -> Floats:
    """Correlate each item of complete scores, shape (n, k), with the sum of the others."""
    n, k = complete.shape
    if n < 2:
        return np.full(k, np.nan)
    rest = complete.sum(axis=1, keepdims=True) - complete
    item, rest = complete - complete.mean(axis=0), rest - rest.mean(axis=0)
    spread = np.sqrt((item**2).sum(axis=0) * (rest**2).sum(axis=0))
    varied = (np.ptp(complete, axis=0) > 0) & (spread > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(varied, (item * rest).sum(axis=0) / spread, np.nan)


def _distribution(values: Floats, names: list[str], low: Floats, high: Floats) -> pd.DataFrame:
    """Each answer of each item; whole numbers in the range even where nobody gave them."""
    seen = np.unique(values[~np.isnan(values)])
    least, most = low.min(), high.max()
    whole = least == np.round(least) and (seen == np.round(seen)).all() and most - least <= 20
    codes = np.union1d(seen, np.arange(least, most + 1)) if whole else seen
    place = np.searchsorted(codes, np.nan_to_num(values, nan=codes[0]))
    k, there = values.shape[1], ~np.isnan(values)
    flat = (place + codes.size * np.arange(k))[there]
    counts = np.bincount(flat, minlength=k * codes.size).reshape(k, codes.size)
    return pd.DataFrame(
        {
            "item": np.repeat(names, codes.size),
            "code": np.tile(codes, k),
            "n": counts.ravel(),
            "share": (counts / counts.sum(axis=1, keepdims=True)).ravel(),
        }
    )


def _worries(table: pd.DataFrame, values: Floats) -> list[str]:
    found = []
    item = table["item"]
    there = ~np.isnan(values)
    whole = there.all(axis=1)
    complete = int(whole.sum())
    found += odd_codes(values, item.tolist()) + same_items(values[whole], item.tolist())
    if complete < len(values):
        found.append(
            f"{(~there).sum()} of {values.size} answers are missing: discrimination is of the "
            f"{complete} rows that have all items."
        )
    if complete < _FEW_PEOPLE:
        found.append(f"Only {complete} rows have all items: discrimination is imprecise below 50.")
    constant = np.nanmax(values, axis=0) == np.nanmin(values, axis=0)
    if constant.any():
        found.append(f"Items to which everyone gives the same answer: {listed(item[constant])}.")
    for end, column in (("lowest", "floor"), ("highest", "ceiling")):
        crowded = (table[column] > _CROWDED) & ~constant
        if crowded.any():
            found.append(
                f"More than {100 * _CROWDED:g} % give the {end} answer to {listed(item[crowded])}."
            )
    backwards = table["discrimination"] < 0
    if backwards.any():
        found.append(
            "Items that go against the others (should they be reversed?): "
            f"{listed(item[backwards])}."
        )
    weak = (table["discrimination"] < _WEAK) & ~backwards
    if weak.any():
        found.append(f"Items that correlate below {_WEAK} with the others: {listed(item[weak])}.")
    return found
