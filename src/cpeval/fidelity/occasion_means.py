"""Agreed ratings as means of teams and of sites at each occasion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.fidelity.assessments import Agreed
from cpeval.fidelity.ordered_codes import coded, combined

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class OccasionMeans:
    """Means over the units rated, of k scales.

    Attributes
    ----------
    scales : tuple of str, length k
    sites : list
        Labels; one, "all", where the ratings have no site.
    team_site, team_occasion, team : array of int, shape (m,)
        Site, occasion and team of each team's occasion.
    team_means : array, shape (m, k)
        NaN where no unit has the scale.
    site_means, site_counts : array, shape (n_sites, n_occasions, k)
        Means over the units of a site, and how many units these are.
    units : array of int, shape (n_sites, k)
        Different units with a score at some occasion.
    sometimes : int
        Units that were not rated at each occasion at which their team was.
    nested : bool
        Whether teams are something else than the sites.
    by_site, by_team : str or None
        The columns.
    """

    scales: tuple[str, ...]
    sites: list[object]
    team_site: Codes
    team_occasion: Codes
    team: Codes
    team_means: Floats
    site_means: Floats
    site_counts: NDArray[np.intp]
    units: NDArray[np.intp]
    sometimes: int
    nested: bool
    by_site: str | None
    by_team: str | None


def occasion_means(agreed: Agreed, occasion: Codes, n_occasions: int) -> OccasionMeans:
    """Average agreed scores over units.

    Parameters
    ----------
    agreed : Agreed
    occasion : array of int, shape (n_cells,)
        Of each of ``agreed.cells``.
    n_occasions : int
    """
    cells = agreed.cells
    scales = tuple(agreed.instrument.columns)
    scores = agreed.table["estimate"].to_numpy(dtype=float).reshape(len(cells), len(scales))
    by_site, by_team = places(agreed)
    nobody = np.zeros(len(cells), dtype=np.intp)
    everywhere: tuple[Codes, list[object]] = (nobody, ["all"])
    site, sites = coded(cells[by_site]) if by_site else everywhere
    unit, _ = combined(*(coded(cells[name])[0] for name in agreed.key))
    within = by_team or (None if by_site else agreed.unit[-1])
    own = coded(cells[within])[0] if within else nobody
    if within is not None and by_team is None:
        own = unit
    team, _ = combined(site, own)
    team_at, first = combined(team, occasion)
    site_at = site * n_occasions + occasion
    size = len(sites) * n_occasions
    sums, counts = _sums(scores, site_at, size)
    team_sums, team_counts = _sums(scores, team_at, first.size)
    units = np.stack(
        [
            np.bincount(site[_first_of(unit, there)], minlength=len(sites))
            for there in (~np.isnan(scores)).T
        ],
        axis=1,
    )
    n_unit = np.bincount(combined(unit, team)[0])
    of_unit = team[combined(unit, team)[1]]
    n_team = np.bincount(team[first])
    return OccasionMeans(
        scales=scales,
        sites=sites,
        team_site=site[first],
        team_occasion=occasion[first],
        team=team[first],
        team_means=_divided(team_sums, team_counts),
        site_means=_divided(sums, counts).reshape(len(sites), n_occasions, -1),
        site_counts=counts.reshape(len(sites), n_occasions, -1),
        units=units,
        sometimes=int((n_unit < n_team[of_unit]).sum()),
        nested=within is not None and int(team.max(initial=-1)) + 1 > len(sites),
        by_site=by_site,
        by_team=within,
    )


def places(agreed: Agreed) -> tuple[str | None, str | None]:
    """Return the columns of sites and of teams (or workers) among those of the unit."""
    study = agreed.study
    site = next((name for name in agreed.unit if name == study.site), None)
    inner = [name for name in (study.team, study.worker) if name in agreed.unit]
    return site, inner[0] if inner else None


def _first_of(unit: Codes, there: NDArray[np.bool_]) -> Codes:
    """Return a row of each unit that has a score."""
    rows = np.flatnonzero(there)
    found: Codes = rows[~pd.Series(unit[rows]).duplicated().to_numpy()]
    return found


def _sums(scores: Floats, group: Codes, n: int) -> tuple[Floats, NDArray[np.intp]]:
    there = ~np.isnan(scores)
    sums = [
        np.bincount(group, np.where(t, x, 0.0), n) for x, t in zip(scores.T, there.T, strict=True)
    ]
    counts = [np.bincount(group[t], minlength=n) for t in there.T]
    return np.stack(sums, axis=1), np.stack(counts, axis=1)


def _divided(sums: Floats, counts: NDArray[np.intp]) -> Floats:
    mean: Floats = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return mean
