"""What a comparison of arms rests on: units with one arm each, and the strata they are in."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cpeval.people.clusters import Place
from cpeval.people.rows import Codes


@dataclass(frozen=True, kw_only=True, eq=False)
class Units:
    """G units of n people.

    Attributes
    ----------
    role : str
        What a unit is: "team" or "site"; "people of a team" (or site) in one arm, where a team
        has people of both arms.
    code : array of int, shape (n,)
        Each person's unit.
    arm : array of int, shape (G,)
        0 the comparison, 1 the intervention.
    place : array of int, shape (G,)
        Which of ``places`` a unit is, or is part of.
    places : Place
        Sites or teams; those of several sites, if they share names, as "site / team".
    stratum : array of int, shape (G,), or None
        Which of ``strata`` a unit is in; None where arms are compared among all units.
    strata : Place or None
    """

    role: str
    code: Codes
    arm: Codes
    place: Codes
    places: Place
    stratum: Codes | None
    strata: Place | None

    @property
    def per_arm(self) -> tuple[int, int]:
        """How many units the comparison and the intervention have."""
        treated = int(self.arm.sum())
        return self.arm.size - treated, treated

    @property
    def level(self) -> str:
        """What is taken whole when one is left out or drawn: "site" or "team"."""
        return self.places.role if self.strata is None else self.strata.role

    @property
    def place_of_people(self) -> Codes:
        """Each person's place, shape (n,)."""
        return self.place[self.code]

    @property
    def paired(self) -> Codes:
        """The strata that hold both arms; none without strata."""
        return np.empty(0, np.intp) if self.stratum is None else _with_both(self.stratum, self.arm)


def many(role: str) -> str:
    """Return the plural of a role.

    Examples
    --------
    >>> many("team"), many("people of a team")
    ('teams', 'groups of people')
    """
    return f"{role}s" if " " not in role else "groups of people"


def units_of(arm: Codes, site: Place | None, team: Place | None) -> Units | None:
    """Choose units and strata from who got the arm; the outcome plays no part.

    Parameters
    ----------
    arm : array of int, shape (n,)
    site, team : Place or None

    Returns
    -------
    Units or None
        None where people are all there is: no sites or teams, or one that holds everyone.

    Notes
    -----
    If each site has one arm, sites are the units, without strata. If each team has one arm,
    teams are, within the sites that have both. If people of one team (of one site, without teams)
    are in different arms, a unit is those of a place in one arm, and places are strata.

    A level makes strata if at least two of its places hold both arms, and half of the people are
    there: otherwise a person who is in the wrong arm by mistake would decide what counts.
    """
    if team is not None and site is not None and len(set(team.labels)) < team.n:
        within = site.code[_first(team.code)]
        names = [f"{site.labels[s]} / {own}" for s, own in zip(within, team.labels, strict=True)]
        team = replace(team, labels=tuple(names))
    finest = team if team is not None else site
    if finest is None or finest.n == 1:
        return None
    if site is not None and not _both(site.code, arm).any():
        return _by_place(arm, site, None)
    if not _both(finest.code, arm).any():
        if site is None or site.n == 1:
            return _by_place(arm, finest, None)
        if _makes_strata(site, arm):
            return _by_place(arm, finest, site)
        return _cells(arm, site, None)
    for level in (finest, site):
        if level is not None and _makes_strata(level, arm):
            return _cells(arm, level, level)
    return _cells(arm, finest if site is None or site.n == 1 else site, None)


def _by_place(arm: Codes, place: Place, strata: Place | None) -> Units:
    first = _first(place.code)
    return Units(
        role=place.role,
        code=place.code,
        arm=arm[first],
        place=np.arange(place.n),
        places=place,
        stratum=None if strata is None else strata.code[first],
        strata=strata,
    )


def _cells(arm: Codes, place: Place, strata: Place | None) -> Units:
    """Make a unit of the people of each place and arm."""
    found, code = np.unique(2 * place.code + arm, return_inverse=True)
    return Units(
        role=f"people of a {place.role}",
        code=code,
        arm=(found % 2).astype(np.intp),
        place=found // 2,
        places=place,
        stratum=None if strata is None else found // 2,
        strata=strata,
    )


def _makes_strata(place: Place, arm: Codes) -> bool:
    both = _both(place.code, arm)
    return bool(both.sum() >= 2 and 2 * both[place.code].sum() >= arm.size)


def _both(place: Codes, arm: Codes) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Say which places hold people of both arms, shape (n_places,)."""
    people = np.bincount(place)
    treated = np.bincount(place, weights=arm)
    return (treated > 0) & (treated < people)


def _with_both(stratum: Codes, arm: Codes) -> Codes:
    return np.flatnonzero(_both(stratum, arm))


def _first(code: Codes) -> Codes:
    """Return the first person of each unit, shape (G,)."""
    return np.unique(code, return_index=True)[1]
