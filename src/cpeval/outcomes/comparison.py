"""`Comparison`: what comparing two arms found, and all that stands beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from cpeval.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.plots.style import Labels
    from cpeval.sites.gee import EstimatingEquations
    from cpeval.sites.heterogeneity import Heterogeneity
    from cpeval.sites.icc import ClusterCorrelation


#: What a warning on the other analyses starts with.
BESIDE = "Sensitivity analyses:"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Comparison(Result):
    """A `Result` with what lies behind the difference and beside it.

    Attributes
    ----------
    outcome : str
        The column.
    primary : str
        How the first row was computed, in words.
    coefficients : pandas.DataFrame
        term, estimate, se, statistic, df, p, ci_low, ci_high of the primary analysis's terms.
        Where units are compared these are the arm, and the covariates' slopes within units.
    n_excluded : int
        People seen at either wave who were not analysed.
    vcov_kind : str or None
        "classical", "HC0" to "HC3", or "CR0" to "CR3" and "CR1S"; None where units are compared.
    n_clusters : int or None
        Teams or sites that the primary analysis rests on; None where people count as independent.
    units : pandas.DataFrame or None
        A row a unit: site, team (where there are both), group (its arm), n (people), mean,
        adjusted (to the covariates' means), used (whether it says something of the difference).
        None where people count as independent.
    differences : pandas.DataFrame or None
        A row a site (or team) that has both arms: its label, estimate (its own difference).
        None where arms are not compared within sites.
    balance : pandas.DataFrame
        A row a term of the baseline score and the covariates, among people analysed: term,
        comparison, intervention (means), smd (standardised difference).
    icc : ClusterCorrelation or None
        How alike people of one site or team are, with an interval; None without sites and teams.
    heterogeneity : Heterogeneity or None
        Each site's own effect, where sites have both arms. This, and what follows, is None with
        ``sensitivity=False`` and where there is nothing to compute.
    leave_one_out : pandas.DataFrame or None
        A row a site (or team): its label, and the primary analysis without it (estimate, se, df,
        p, ci_low, ci_high).
    odds : EstimatingEquations or None
        For an outcome of 0 and 1 in a study with clusters: the log odds ratio by GEE.
    """

    outcome: str
    primary: str
    coefficients: pd.DataFrame
    n_excluded: int
    vcov_kind: str | None
    n_clusters: int | None
    units: pd.DataFrame | None
    differences: pd.DataFrame | None
    balance: pd.DataFrame
    icc: ClusterCorrelation | None
    heterogeneity: Heterogeneity | None
    leave_one_out: pd.DataFrame | None
    odds: EstimatingEquations | None

    def plot(self, ax: Axes | None = None, *, group_labels: Labels | None = None) -> Axes:
        """Draw the difference between the arms with its interval, an analysis a row.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        group_labels : mapping, optional
            Arm (or its text) to what to show.
        """
        from cpeval.plots.intervals import analyses, contrasts

        xlabel = f"Difference in {self.outcome}"
        if len(self.table) > 1:
            return analyses(self.table, ax=ax, labels=group_labels, xlabel=xlabel)
        return contrasts(self.table, ax=ax, labels=group_labels, xlabel=xlabel)
