"""The total of the items: its distribution, and who is at an end of what is possible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from cpeval.errors import TooFewError
from cpeval.measurement.methods_report.rounding import SMALL
from cpeval.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

#: Bars of the histogram, before those with few people are joined.
_BARS = 24


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TotalScore(Result):
    """A `Result` that also holds the bars of a histogram.

    Attributes
    ----------
    lowest, highest : float
        The totals that are possible at the ends.
    n_lowest, n_highest : int
        How many people have them.
    bars : pandas.DataFrame
        low, high (edges, in points), n: no bar has 1 to 4 people, unless all have. Those at the
        lowest and the highest total have bars of their own where they are enough.
    n_excluded : int
        Rows that lack an item, and so have no total.
    """

    lowest: float
    highest: float
    n_lowest: int
    n_highest: int
    bars: pd.DataFrame
    n_excluded: int

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the distribution as a histogram.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        """
        from cpeval.plots.histogram import histogram

        return histogram(self.bars, ax=ax, xlabel="Sum of the items")


def total_score(totals: Floats, lowest: float, highest: float, level: float) -> TotalScore:
    """Describe the totals.

    Parameters
    ----------
    totals : numpy.ndarray, shape (n_rows,)
        NaN where there is none.
    lowest, highest : float
        What is possible.
    level : float
        Coverage of the intervals: t for the mean, Wilson's for shares.

    Raises
    ------
    TooFewError
        Fewer than two totals.
    """
    there = totals[~np.isnan(totals)]
    n = there.size
    if n < 2:
        raise TooFewError(f"The total needs two rows that have all items. There are {n}.")
    mean, sd = float(there.mean()), float(there.std(ddof=1))
    half = float(stats.t.ppf((1 + level) / 2, n - 1)) * sd / np.sqrt(n)
    ends = [int(np.isclose(there, end, rtol=1e-12).sum()) for end in (lowest, highest)]
    skewness = float(stats.skew(there, bias=False)) if n > 2 and sd > 0 else np.nan
    rows = [
        ("mean", mean, mean - half, mean + half),
        ("sd", sd, np.nan, np.nan),
        ("skewness", skewness, np.nan, np.nan),
        ("floor", ends[0] / n, *_wilson(ends[0], n, level)),
        ("ceiling", ends[1] / n, *_wilson(ends[1], n, level)),
    ]
    table = pd.DataFrame(rows, columns=["term", "estimate", "ci_low", "ci_high"]).assign(n=n)
    return TotalScore(
        table=table,
        note=(
            f"The sum of the items among {n} rows that have them all; floor and ceiling are shares "
            f"of people at the lowest and highest that is possible ({lowest:g} and {highest:g}). "
            f"{100 * level:g} % intervals: t for the mean, Wilson's for shares."
        ),
        lowest=lowest,
        highest=highest,
        n_lowest=ends[0],
        n_highest=ends[1],
        bars=_bars(there, lowest, highest),
        n_excluded=totals.size - n,
    )


def _wilson(count: int, n: int, level: float) -> tuple[float, float]:
    found = stats.binomtest(count, n).proportion_ci(level, method="wilson")
    return float(found.low), float(found.high)


def _bars(values: Floats, lowest: float, highest: float) -> pd.DataFrame:
    """Count people in bars over all that is possible, and join bars that have few."""
    span = highest - lowest
    if span <= 0:
        return pd.DataFrame({"low": [lowest - 0.5], "high": [highest + 0.5], "n": [values.size]})
    steps = _steps(values, lowest, highest)
    if steps is None:
        edges = np.linspace(lowest, highest, _BARS + 1)
    else:
        unit = span / steps
        inner = np.arange(1, steps, max(1, round(steps / _BARS)))
        if inner.size and inner[-1] != steps:
            inner = np.append(inner, steps)
        edges = lowest + unit * (np.concatenate([[0], inner, [steps + 1]]) - 0.5)
        edges = np.unique(edges)
    counts = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
    return _joined(edges, counts)


def _steps(values: Floats, lowest: float, highest: float) -> int | None:
    """Return in how many equal steps the totals go, if they are whole numbers."""
    every = np.append(values, [lowest, highest])
    if not (every == np.round(every)).all():
        return None
    unit = int(np.gcd.reduce((every - lowest).astype(np.int64)))
    return round((highest - lowest) / unit) if unit else None


def _joined(edges: Floats, counts: NDArray[np.int64]) -> pd.DataFrame:
    """Join a bar that has few people to the next, the last to the one before."""
    bars: list[list[float]] = []
    for low, high, n in zip(edges[:-1], edges[1:], counts, strict=True):
        if bars and _few(bars[-1]):
            bars[-1] = [bars[-1][0], float(high), bars[-1][2] + n]
        else:
            bars.append([float(low), float(high), n])
    while len(bars) > 1 and _few(bars[-1]):
        last = bars.pop()
        bars[-1] = [bars[-1][0], last[1], bars[-1][2] + last[2]]
    return pd.DataFrame(bars, columns=["low", "high", "n"]).astype({"n": "int64"})


def _few(bar: list[float]) -> bool:
    return 0 < bar[2] < SMALL
