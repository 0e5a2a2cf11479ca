"""Who takes part: teams, workers, people, and their latent values before any programme."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.simulation.arguments import Design, Ints
from cpeval.simulation.effects import Shifts, team_variances
from cpeval.simulation.labels import text
from cpeval.simulation.scores import Floats
from cpeval.simulation.streams import Streams

Bools = NDArray[np.bool_]

#: How people's well-being and resources correlate within teams, and well-being and age.
WELLBEING_RESOURCES = 0.4
WELLBEING_AGE = 0.15

GENDERS = ("woman", "man", "non-binary")
_GENDERS = (0.5, 0.48, 0.02)
ETHNICITIES = ("Asian", "Black", "mixed", "other", "white")
_ETHNICITIES = (0.12, 0.1, 0.04, 0.03, 0.71)


@dataclass(frozen=True, kw_only=True, eq=False)
class People:
    """A row a person, in the order of teams. ``gender`` and ``ethnicity`` index their labels."""

    ids: NDArray[np.object_]
    team: Ints
    worker: Ints
    treated: Bools
    age: Ints
    gender: Ints
    ethnicity: Ints
    worker_ids: NDArray[np.object_]
    team_ids: NDArray[np.object_]
    site_ids: NDArray[np.object_]

    def frame(self, design: Design) -> pd.DataFrame:
        """Return the table of people."""
        return pd.DataFrame(
            {
                "person": text(self.ids),
                "trust": text(self.site_ids[design.team_site[self.team]]),
                "team": text(self.team_ids[self.team]),
                "arm": text(np.array(design.arms[::-1], dtype=object)[self.treated.astype(int)]),
                "worker": text(self.worker_ids[self.worker]),
                "age": self.age,
                "gender": text(np.array(GENDERS, dtype=object)[self.gender]),
                "ethnicity": text(np.array(ETHNICITIES, dtype=object)[self.ethnicity]),
            }
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Latent:
    """Normal values of people by wave, shape (n_people, n_waves), and their parts.

    ``standard`` is the value over its team's standard deviation; ``site`` has shape (n_sites,
    n_waves), ``team`` (n_teams, n_waves).
    """

    value: Floats
    standard: Floats
    site: Floats
    team: Floats
    stable: Floats


def enrol(design: Design, streams: Streams, wellbeing: Latent) -> People:
    """Draw who takes part. Age goes with well-being a little."""
    n = design.n_people
    team = np.repeat(np.arange(design.n_teams), design.team_sizes)
    per_team = -(-design.team_sizes // design.caseload)
    first_worker = np.cumsum(per_team) - per_team
    first_person = np.cumsum(design.team_sizes) - design.team_sizes
    place = np.arange(n) - first_person[team]
    noise = streams("people/age").standard_normal(n)
    mix = WELLBEING_AGE * wellbeing.stable + np.sqrt(1 - WELLBEING_AGE**2) * noise
    sites = site_names(design.n_sites)
    number = np.arange(design.n_teams) - np.searchsorted(design.team_site, design.team_site) + 1
    team_ids = [
        f"Team {sites[site][6:]}{'-' if sites[site][-1].isdigit() else ''}{k}"
        for site, k in zip(design.team_site, number, strict=True)
    ]
    return People(
        ids=numbered("P", n, 4),
        team=team,
        worker=first_worker[team] + place // design.caseload,
        treated=design.team_treated[team],
        age=np.clip(np.rint(43 + 13 * mix), 18, 85).astype(np.int64),
        gender=pick(streams("people/gender").random(n), _GENDERS),
        ethnicity=pick(streams("people/ethnicity").random(n), _ETHNICITIES),
        worker_ids=numbered("W", int(per_team.sum()), 3),
        team_ids=np.array(team_ids, dtype=object),
        site_ids=np.array(sites, dtype=object),
    )


def latent(design: Design, streams: Streams, name: str, shifts: Shifts, stable: Floats) -> Latent:
    """Draw a latent value at each wave: site + team + person, of variance 1 but for person_sd.

    Each part has a share that stays and one that is new at each wave:
    value = sqrt(s) (sqrt(c) u_k + sqrt(1 - c) u_kw) + …, s the part's variance, c its stability.

    Parameters
    ----------
    stable : numpy.ndarray, shape (n_people,)
        The standard normal person part that stays.
    """
    site_share, team_share = shifts.shares
    stays = design.cluster_stability
    site = _part(design, streams, f"{name}/site", site_share, stays, design.n_sites)
    team = _part(design, streams, f"{name}/team", team_share, stays, design.n_teams)
    new = each_wave(design, streams, f"{name}/person", design.n_people)
    person = _mixed(stable, new, 1 - site_share - team_share, design.person_stability)
    clusters = site[design.team_site] + team
    spread = np.repeat(design.person_sd, design.team_sizes)[:, np.newaxis]
    value = np.repeat(clusters, design.team_sizes, axis=0) + spread * person
    sd = np.repeat(np.sqrt(team_variances(design, shifts.shares)), design.team_sizes)
    standard = value / sd[:, np.newaxis]
    return Latent(value=value, standard=standard, site=site, team=team, stable=stable)


def stable_parts(design: Design, streams: Streams) -> tuple[Floats, Floats]:
    """Draw the person parts that stay, of well-being and of resources, which correlate."""
    one = streams("wellbeing/stable").standard_normal(design.n_people)
    two = streams("resources/stable").standard_normal(design.n_people)
    return one, WELLBEING_RESOURCES * one + np.sqrt(1 - WELLBEING_RESOURCES**2) * two


def each_wave(design: Design, streams: Streams, name: str, n: int) -> Floats:
    """Draw standard normal values, a stream a wave: (n, n_waves)."""
    return np.stack(
        [streams(name, wave).standard_normal(n) for wave in range(design.n_waves)], axis=1
    )


def pick(chance: Floats, shares: tuple[float, ...]) -> Ints:
    """Turn uniform values into categories with these shares."""
    return np.searchsorted(np.cumsum(shares[:-1]), chance, side="right").astype(np.int64)


def numbered(letter: str, n: int, width: int) -> NDArray[np.object_]:
    """Return ids such as P0001, wide enough for all.

    >>> numbered("P", 2, 4).tolist()
    ['P0001', 'P0002']
    """
    width = max(width, len(str(n)))
    return np.array(np.char.mod(f"{letter}%0{width}d", np.arange(1, n + 1)), dtype=object)


def site_names(n: int) -> list[str]:
    """Return Trust A to Trust Z, or numbers where there are more.

    >>> site_names(2), site_names(200)[:2]
    (['Trust A', 'Trust B'], ['Trust 001', 'Trust 002'])
    """
    if n <= 26:
        return [f"Trust {chr(ord('A') + k)}" for k in range(n)]
    return [f"Trust {name}" for name in numbered("", n, 3)]


def _part(
    design: Design, streams: Streams, name: str, share: float, stability: float, n: int
) -> Floats:
    kept = streams(f"{name}/stable").standard_normal(n)
    return _mixed(kept, each_wave(design, streams, name, n), share, stability)


def _mixed(kept: Floats, new: Floats, share: float, stability: float) -> Floats:
    parts = np.sqrt(stability) * kept[:, None] + np.sqrt(1 - stability) * new
    return np.asarray(np.sqrt(share) * parts)
