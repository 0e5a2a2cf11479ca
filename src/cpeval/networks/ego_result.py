"""`EgoResult`: what all analyses with a row an ego share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpeval.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class EgoResult(Result):
    """A `Result` with a row an ego (and wave): ``ego``, ``wave``, and numbers."""

    def plot(self, ax: Axes | None = None, *, column: str | None = None) -> Axes:
        """Draw the egos' values of one column, from the smallest to the largest.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        column : str, optional
            A column of numbers of the table; by default the first.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from cpeval.plots.ego_values import ego_values

        return ego_values(self.table, column=column, ax=ax)
