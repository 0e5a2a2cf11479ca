"""Which sites and teams get a feedback sheet, so that no few people can be told from the others."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cpeval import fidelity
from cpeval.errors import TooFewError
from cpeval.fidelity.assessments import Agreed
from cpeval.fidelity.feedback import Feedback
from cpeval.fidelity.occasion_means import places
from cpeval.fidelity.place_items import values_in


def site_and_team_sheets(agreed: Agreed, small_count: int) -> dict[str, Feedback]:
    """Make a sheet for each site, and for each team of the sites that have several.

    Teams of people get theirs only where nobody could subtract them from their site's: see
    `_teams_may_be_shown`.

    Parameters
    ----------
    agreed : Agreed
    small_count : int

    Returns
    -------
    dict of str to Feedback
        By place; none where all is withheld.
    """
    by_site, by_team = places(agreed)
    made: dict[str, Feedback] = {}

    def keep(sheets: Sequence[Feedback | None]) -> None:
        made.update({one.place: one for one in sheets if one is not None and not one.withheld})

    for site in _sorted(agreed.cells[by_site]) if by_site else [None]:
        teams: list[object] = []
        if by_team and by_team == agreed.study.team:
            cells = agreed.cells if site is None else agreed.cells[agreed.cells[by_site] == site]
            teams = _sorted(cells[by_team])
        if site is None:
            keep([_sheet(agreed, small_count, site, team) for team in teams])
            continue
        of_site = _sheet(agreed, small_count, site, None)
        keep([of_site])
        # One team alone is the site.
        if of_site is not None and len(teams) > 1:
            of_teams = [_sheet(agreed, small_count, site, team) for team in teams]
            if _teams_may_be_shown(agreed, of_site, of_teams):
                keep(of_teams)
    return made


def _teams_may_be_shown(
    agreed: Agreed, of_site: Feedback, of_teams: Sequence[Feedback | None]
) -> bool:
    """Say whether teams' sheets beside their site's tell of no few people.

    They don't where all are of the same occasions, everybody of the site is in a team, and of
    each item and scale each team has enough people or none, now and last time.
    """
    if not of_site.units_are_people:
        return True
    there = [one for one in of_teams if one is not None]
    occasions = (of_site.occasion, of_site.previous)
    if any((one.occasion, one.previous) != occasions for one in there):
        return False
    if not _enough(of_site, there):
        return False
    if of_site.previous is None:
        return True
    if of_site.previous not in agreed.occasions:  # several dates: who was rated then isn't told
        return False
    limit, when = of_site.small_count, of_site.previous
    before = _sheet(agreed, limit, of_site.site, None, when)
    of_then = [_sheet(agreed, limit, one.site, one.team, when) for one in there]
    return before is not None and _enough(before, [one for one in of_then if one is not None])


def _enough(of_site: Feedback, of_teams: Sequence[Feedback]) -> bool:
    """Say whether teams make up their site, and each has enough people or none, everywhere."""
    for table, key in (("table", "item"), ("scales", "scale")):
        whole = getattr(of_site, table).set_index(key)["n"]
        counts = [getattr(one, table).set_index(key)["n"].reindex(whole.index) for one in of_teams]
        parts = pd.DataFrame(dict(enumerate(counts)), index=whole.index)
        few = (parts > 0) & (parts < of_site.small_count)
        if few.any(axis=None) or not (parts.sum(axis=1) == whole).all():
            return False
    return True


def _sheet(
    agreed: Agreed, small_count: int, site: object, team: object, occasion: object = None
) -> Feedback | None:
    try:
        return fidelity.feedback(
            agreed, site=site, team=team, occasion=occasion, small_count=small_count
        )
    except TooFewError:  # nothing was rated there
        return None


def _sorted(column: pd.Series) -> list[object]:
    return sorted(values_in(column), key=str)
