"""`Result`: what every analysis returns."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: How machine names read on screen and in a report. A name that isn't here shows as it is.
LABELS = {
    "estimate": "Estimate",
    "se": "Std. error",
    "statistic": "t",
    "df": "df",
    "p": "p",
    "ci_low": "Interval from",
    "ci_high": "to",
    "n": "n",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """A table, a sentence on how it was made, and what the reader should worry about.

    Attributes
    ----------
    table : pandas.DataFrame
        Tidy: one row a statistic, columns named ``term, group, site, scale, estimate, se, df,
        statistic, p, ci_low, ci_high, n`` where they apply, and the analysis's own.
    note : str
        What was done, with the reference, for a report to print.
    warnings : tuple of str
        What the reader should worry about, a sentence each.
    """

    table: pd.DataFrame
    note: str
    warnings: tuple[str, ...] = ()

    def __init_subclass__(cls) -> None:
        """Keep the table as what a result shows: ``@dataclass`` would list the fields instead."""
        super().__init_subclass__()
        if "__repr__" not in cls.__dict__:
            cls.__repr__ = Result.__repr__  # type: ignore[method-assign]

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the estimates with their intervals.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from cpeval.plots.intervals import intervals

        return intervals(self.table, ax=ax)

    def __str__(self) -> str:
        """Return the table as text, with the note and the warnings below."""
        with pd.option_context("display.width", 120, "display.max_columns", 30):
            body = self.table.to_string(index=False, max_rows=60, na_rep="", float_format=_short)
        lines = [body, "", self.note, *(f"Warning: {text}" for text in self.warnings)]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the table for a notebook; everything from the data is escaped."""
        body = self.table.to_html(
            index=False, max_rows=60, na_rep="", float_format=_short, border=0, escape=True
        )
        notes = "".join(f"<p><strong>Warning:</strong> {escape(w)}</p>" for w in self.warnings)
        return f"<div class='cpeval-result'>{body}<p>{escape(self.note)}</p>{notes}</div>"


def _short(value: float) -> str:
    """Format a number for reading: four significant digits, integers whole."""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.4g}"
