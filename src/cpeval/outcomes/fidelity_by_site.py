"""Fidelity and an outcome, site by site: beside each other, not one as the reason of the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.errors import ColumnError, TooFewError
from cpeval.people.pairing import pair
from cpeval.result import Result
from cpeval.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True, eq=False)
class FidelityBySite(Result):
    """Fidelity and an outcome by site: from `fidelity_by_site`.

    Attributes
    ----------
    table : pandas.DataFrame
        A row a site: site, fidelity (its mean), estimate (mean change of the outcome, or its mean
        where there is one wave), n (people).
    change : bool
        Whether the estimate is a change.
    when : str
        When delivery and the outcome were recorded, in words; empty if that isn't known.
    """

    change: bool
    when: str = ""

    def plot(
        self, ax: Axes | None = None, *, xlabel: str = "Fidelity", ylabel: str | None = None
    ) -> Axes:
        """Draw a dot a site.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.
        xlabel, ylabel : str, optional
            What the axes are.
        """
        from cpeval.plots.site_dots import site_dots

        y = ylabel or ("Mean change" if self.change else "Mean")
        return site_dots(self.table, ax=ax, x="fidelity", xlabel=xlabel, ylabel=y)


def fidelity_by_site(
    data: pd.DataFrame,
    outcome: str,
    study: Study,
    fidelity: Mapping[object, float],
    *,
    small_count: int = 5,
) -> FidelityBySite:
    """Put each site's fidelity beside the mean change of an outcome there.

    Parameters
    ----------
    data : pandas.DataFrame
        A row a person and wave, as `cpeval.outcomes.change` takes it; of the intervention arm
        alone, where the study has arms.
    outcome : str
        A column of numbers.
    study : Study
        With a site.
    fidelity : mapping
        Site to its mean fidelity; sites that are not there are left out and counted.
    small_count : int, default 5
        Sites with fewer people are left out, and counted.

    Raises
    ------
    ColumnError
        The study or the data have no sites.
    TooFewError
        No site is left.

    Notes
    -----
    Sites differ in much beside fidelity, and few sites say little: no correlation is computed.
    """
    if study.site is None or study.site not in data.columns:
        raise ColumnError("Fidelity by site needs a column of sites, named in the study.")
    pairs = pair(data, outcome, study, extra=[study.site], what="fidelity by site")
    change = pairs.base is not pairs.follow
    value = pairs.after - pairs.before if change else pairs.after
    row = np.where(pairs.base >= 0, pairs.base, pairs.follow)
    known = np.flatnonzero((row >= 0) & ~np.isnan(value))
    site = pairs.rows.table[study.site].iloc[row[known]].reset_index(drop=True)
    found = pd.DataFrame({"site": site, "value": value[known]}).groupby("site", sort=True)["value"]
    table = found.agg(estimate="mean", n="count").reset_index()
    table.insert(1, "fidelity", table["site"].map(dict(fidelity)).astype(float))
    small = (table["n"] < small_count).to_numpy()
    unrated = table["fidelity"].isna().to_numpy() & ~small
    kept = table[~small & ~unrated].reset_index(drop=True)
    if kept.empty:
        raise TooFewError("No site has both a fidelity score and enough people with the outcome.")
    said = []
    if small.any():
        said.append(
            f"{int(small.sum())} sites have fewer than {small_count} people, and are not shown."
        )
    if unrated.any():
        said.append(f"{int(unrated.sum())} sites have no fidelity score, and are not shown.")
    of = "Mean change" if change else "Mean"
    return FidelityBySite(
        table=kept,
        note=(
            f"{of} of {outcome} in each site, beside the site's mean fidelity. Sites differ in "
            "much else too, so a pattern doesn't say that one led to the other."
        ),
        warnings=tuple(said),
        change=change,
    )
