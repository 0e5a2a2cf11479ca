"""The units of an occasion in their sites and teams, and what errors of means are of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cpeval.errors import ColumnError, TooFewError, listed
from cpeval.fidelity.assessments import Agreed, Floats
from cpeval.fidelity.occasion_order import are_dates, in_words, own_last
from cpeval.fidelity.ordered_codes import Codes, coded, combined
from cpeval.study import Study

#: Instead of an occasion: the last one on which each unit was rated.
OWN_LAST = "each unit's own last date"


@dataclass(frozen=True, kw_only=True, eq=False)
class PlacedUnits:
    """The n units of an occasion.

    Attributes
    ----------
    rows : array of int, shape (n,)
        Their cells.
    scores : array of float, shape (n, n_scales)
    site, team : array of int, shape (n,)
        Where they are; in a study without sites, both are the team.
    sites : list
        Names by code.
    teams : list of (site's code, name)
        By code; teams of two sites may share a name.
    cluster : array of int, shape (n,)
        What errors are of, as ``cluster_word`` says: "teams" or "units".
    site_word : str
        "site", or "team" in a study without sites.
    alone : bool
        Whether units are the clusters since no site has two teams.
    arms : tuple
        The arms among the data, where they say.
    left_out : tuple of str
        How many are without a site or team.
    n_absent : int
        Units that have no ratings on the occasion.
    """

    rows: Codes
    scores: Floats
    site: Codes
    sites: list[object]
    team: Codes
    teams: list[tuple[int, object]]
    cluster: Codes
    cluster_word: str
    site_word: str
    alone: bool
    arms: tuple[object, ...]
    left_out: tuple[str, ...]
    n_absent: int


def last_occasion(agreed: Agreed) -> object:
    """Return the last occasion; `OWN_LAST` where these are dates that units don't share."""
    if not agreed.occasions:
        return None
    last = agreed.occasions[-1]
    if are_dates(agreed.occasions):
        n_units = len(agreed.cells[list(agreed.key)].drop_duplicates())
        if int((agreed.cells[agreed.occasion].astype(object) == last).sum()) < n_units:
            return OWN_LAST
    return last


def cells_at(agreed: Agreed, when: object) -> NDArray[np.bool_]:
    """Say which cells are of an occasion, or are their unit's last one (`OWN_LAST`)."""
    cells = agreed.cells
    if agreed.occasion is None:
        return np.ones(len(cells), dtype=bool)
    if when is not OWN_LAST:
        return (cells[agreed.occasion].astype(object) == when).to_numpy(dtype=bool)
    return own_last_cells(agreed, np.ones(len(cells), dtype=bool))


def own_last_cells(agreed: Agreed, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say which cells are the last one with a rating that their unit has among some."""
    cells = agreed.cells
    return own_last(
        combined(*(coded(cells[name])[0] for name in agreed.key))[0],
        coded(cells[agreed.occasion], agreed.occasions)[0],
        among & ~np.isnan(agreed.agreed).all(axis=1),
    )


def placed_units(agreed: Agreed, study: Study, by: str, when: object) -> PlacedUnits:
    """Find the units of an occasion with their site and team, or say what is lacking.

    Parameters
    ----------
    agreed : Agreed
    study : Study
    by : {"site", "team"}
    The finest places that are wanted.
    when : object
    The occasion; None where there are none; `OWN_LAST` for each unit's last one.

    Raises
    ------
    ColumnError
    The agreed ratings have no column of sites or teams.
    TooFewError
    No unit has a score then.
    """
    site_column = study.site if study.site in agreed.unit else None
    team_column = study.team if study.team in agreed.unit else None
    if site_column is None and team_column is None:
        raise ColumnError(
            "A profile needs sites or teams. The study names "
            f"site={study.site!r} and team={study.team!r}, and the agreed ratings have "
            f"{listed(agreed.unit)}."
        )
    if by == "team" and team_column is None:
        raise ColumnError(
            f"by='team' needs a column of teams. The study names team={study.team!r}, and "
            f"the agreed ratings have {listed(agreed.unit)}."
        )
    cells = agreed.cells
    n_units = len(cells[list(agreed.key)].drop_duplicates())
    here = cells_at(agreed, when)
    places = [name for name in (site_column, team_column) if name is not None]
    lacking, left_out = np.zeros(len(cells), dtype=bool), []
    for name in places:
        gone = here & cells[name].isna().to_numpy() & ~lacking
        lacking |= gone
        if gone.any():
            left_out.append(f"{int(gone.sum())} without {name!r}")
    rows = np.flatnonzero(here & ~lacking)
    scores = agreed.table["estimate"].to_numpy().reshape(len(cells), -1)[rows]
    if not rows.size or np.isnan(scores).all():
        raise TooFewError(
            f"No unit has a score{'' if when is None else f' at {in_words(when)!r}'}, so there is "
            f"no profile. {len(cells)} units and occasions, of which {int(here.sum())} then"
            f"{', '.join(['', *left_out])}."
        )
    top = cells[site_column or team_column].iloc[rows]
    site, sites = coded(top)
    team, teams = site, [(code, value) for code, value in enumerate(sites)]
    if site_column is not None and team_column is not None:
        code, names = coded(cells[team_column].iloc[rows])
        team, first = combined(site, code)
        teams = [(int(site[row]), names[code[row]]) for row in first]
    between = team_column is not None and site_column is not None
    between = between and agreed.unit[-1] != team_column
    alone = between and bool((np.bincount([home for home, _ in teams]) < 2).all())
    units = combined(*(coded(cells[name].iloc[rows])[0] for name in agreed.key))[0]
    return PlacedUnits(
        rows=rows,
        scores=scores,
        site=site,
        sites=sites,
        team=team,
        teams=teams,
        cluster=team if between and not alone else units,
        cluster_word="teams" if between and not alone else "units",
        site_word="site" if site_column is not None else "team",
        alone=alone,
        arms=agreed.arms,
        left_out=tuple(left_out),
        n_absent=n_units - int(here.sum()),
    )
