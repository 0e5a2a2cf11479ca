"""The arguments of `simulate`, checked all at once and made into arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cpeval.errors import did_you_mean, listed
from cpeval.seeds import is_seed
from cpeval.simulation.checks import Checks, is_label, is_list, is_whole, refuse, several, within
from cpeval.simulation.scores import Floats
from cpeval.study import Value

Ints = NDArray[np.int64]

INFORMANTS = ("participant", "worker", "observer")
#: How much each informant's ratings stand above the truth, in points.
INFORMANT_BIAS = {"participant": 0.1, "worker": 0.4, "observer": 0.0}
#: Standard deviations of what makes up a fidelity rating, in points.
FIDELITY_SD = {
    "team": 0.4,  # between teams of an arm
    "person": 0.3,  # between people of a team
    "occasion": 0.1,  # of a team, from wave to wave
    "item": 0.3,  # between items
    "team_item": 0.25,  # strengths and weaknesses of a team
    "informant": 0.3,  # of an informant's view of one person
    "assessor": 0.2,  # between workers, and between observers
    "error": 0.6,
}
#: Beyond these the scores' integrals would run off the grid of latent values.
_PERSON_SD = (0.1, 2.0)
ALLOCATIONS = ("teams", "sites")
#: Rows of responses beyond which a typing mistake is likelier than a wish.
_MOST = 50_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Design:
    """Checked arguments. Arrays have one value a team, or one a wave (the baseline's is 0)."""

    n_sites: int
    team_sizes: Ints
    team_site: Ints
    team_treated: NDArray[np.bool_]
    caseload: int
    waves: tuple[Value, ...]
    arms: tuple[str, str]
    randomised: bool
    effect: Floats
    trend: Floats
    baseline_difference: float
    resource_effect: Floats
    goal_effect: Floats
    network_effect: Floats
    contact_ratio: Floats
    fidelity: tuple[float, ...]
    fidelity_effect: float
    resource_fidelity_effect: float
    fidelity_drift: float
    fidelity_sd: dict[str, float]
    fidelity_items: int
    informant_bias: dict[str, float]
    observers: int
    icc_site: float
    icc_team: float
    person_sd: Floats
    cluster_stability: float
    person_stability: float
    attrition: tuple[float, float]
    attrition_slope: float
    missing: float
    missing_ratings: float
    goals: int
    alters: float
    alter_stability: float

    @property
    def n_teams(self) -> int:
        """Return how many teams there are in all."""
        return self.team_sizes.size

    @property
    def n_people(self) -> int:
        """Return how many people there are in all."""
        return int(self.team_sizes.sum())

    @property
    def n_waves(self) -> int:
        """Return how many waves there are, the baseline included."""
        return len(self.waves)

    @property
    def levels_are_exact(self) -> bool:
        """Whether fidelity was given team by team, rather than as the arms' means."""
        return len(self.fidelity) != 2


def design(given: Mapping[str, Any]) -> Design:
    """Check arguments.

    Parameters
    ----------
    given : mapping
        The arguments of `simulate`, each under its name.

    Returns
    -------
    Design

    Raises
    ------
    OptionError
        One message that names every wrong argument, what it should be, and what was given.
    """
    check = Checks(given)
    alters = check.number("alters", 0, 1000)
    network_effect = check.a_follow_up("network_effect", 0, 1000)
    treated = _treated(check)
    _seed(check)
    made = Design(
        n_sites=check.n_sites,
        team_sizes=_sizes(check),
        team_site=np.repeat(np.arange(check.n_sites), check.teams),
        team_treated=treated,
        caseload=check.whole("caseload", 1, 1_000_000),
        waves=check.waves,
        arms=_arms(check),
        randomised=check.flag("randomised"),
        effect=check.a_follow_up("effect"),
        trend=check.a_follow_up("trend"),
        baseline_difference=check.number("baseline_difference"),
        resource_effect=check.a_follow_up("resource_effect"),
        goal_effect=check.a_follow_up("goal_effect"),
        network_effect=network_effect if alters != 0 else 0 * network_effect,
        contact_ratio=check.a_follow_up("contact_ratio", 0, 1000, baseline=1.0),
        fidelity=_fidelity(check),
        fidelity_effect=check.number("fidelity_effect"),
        resource_fidelity_effect=check.number("resource_fidelity_effect"),
        fidelity_drift=check.number("fidelity_drift", -4, 4),
        fidelity_sd=check.mapping("fidelity_sd", FIDELITY_SD, 0, 10),
        fidelity_items=check.whole("fidelity_items", 1, 1000),
        informant_bias=check.mapping("informant_bias", INFORMANT_BIAS, -4, 4),
        observers=check.whole("observers", 1, 1000),
        icc_site=check.share("icc_site"),
        icc_team=check.share("icc_team"),
        person_sd=_person_sd(check),
        cluster_stability=check.number("cluster_stability", 0, 1),
        person_stability=check.number("person_stability", 0, 1),
        attrition=_attrition(check),
        attrition_slope=check.number("attrition_slope", -5, 5),
        missing=check.share("missing"),
        missing_ratings=check.share("missing_ratings"),
        goals=check.whole("goals", 0, 1000),
        alters=alters,
        alter_stability=check.number("alter_stability", 0, 1),
    )
    differs = made.baseline_difference != 0 and "baseline_difference" not in check.wrong
    if made.randomised and differs:
        check.wrong["randomised"] = (
            "randomised: can't be True with a baseline_difference other than 0 "
            f"({given['baseline_difference']!r}): chance doesn't make arms differ on average."
        )
    if not {"network_effect", "alter_stability"} & check.wrong.keys():
        _alters_can_leave(check, made)
    if made.n_people * made.n_waves > _MOST:
        check.wrong.setdefault(
            "people",
            f"people: {made.n_people:,} people at {made.n_waves:,} waves are more than "
            f"{_MOST:,} rows, which would not fit into memory.",
        )
    refuse(check.wrong.values())
    return made


def _alters_can_leave(check: Checks, made: Design) -> None:
    """Refuse an effect on networks that fades faster than alters leave."""
    least = made.alter_stability * made.network_effect[:-1]
    if (made.network_effect[1:] < least - 1e-12).any():
        check.wrong["network_effect"] = (
            "network_effect: each follow-up's should be at least alter_stability "
            f"({made.alter_stability:g}) times that of the one before, since so many stay. "
            f"Got {check.given['network_effect']!r}."
        )


def _seed(check: Checks) -> None:
    if not is_seed(check.given["seed"]):
        check.say("seed", "None, a whole number of at least 0, or a numpy Generator")


def _arms(check: Checks) -> tuple[str, str]:
    given = check.given["arms"]
    values = list(given) if is_list(given) else []
    if len(values) != 2 or not all(map(is_label, values)) or values[0] == values[1]:
        check.say(
            "arms",
            "two different texts that start with a letter or a digit, the intervention's first",
        )
        return ("CP", "usual")
    return (values[0], values[1])


def _treated(check: Checks) -> NDArray[np.bool_]:
    """Say which teams deliver the programme: teams (or sites) take turns, the first has it."""
    place = np.arange(check.n_teams)
    allocation = check.given["allocation"]
    if not isinstance(allocation, str) or allocation not in ALLOCATIONS:
        check.wrong["allocation"] = (
            f"allocation: should be one of {listed(ALLOCATIONS)}. "
            f"Got {allocation!r}{did_you_mean(allocation, ALLOCATIONS)}."
        )
        return np.asarray(place % 2 == 0)
    by_site = allocation == "sites"
    if check.teams_are_known and (check.n_sites if by_site else check.n_teams) < 2:
        what = "sites" if by_site else "teams in all (sites x teams)"
        check.wrong["allocation"] = (
            f"allocation: {allocation!r} needs two {what} at least, one for each arm. "
            f"Got sites={check.given['sites']!r}, teams={check.given['teams']!r}."
        )
    return np.asarray((place // check.teams if by_site else place) % 2 == 0)


def _sizes(check: Checks) -> Ints:
    values = several(check.given["people"], check.n_teams)
    fitting = len(values) == check.n_teams or not check.teams_are_known
    if not fitting or not values or not all(is_whole(x) and x >= 1 for x in values):
        check.say(
            "people",
            f"a whole number of at least 1 (in each team), or {check.one_a_team}",
        )
        return np.ones(check.n_teams, dtype=np.int64)
    return np.array(values, dtype=np.int64)


def _person_sd(check: Checks) -> Floats:
    """Return each team's: one for all was given, or one a site, or one a team."""
    value, sites, teams = check.given["person_sd"], check.n_sites, check.n_teams
    values = list(value) if is_list(value) else [value]
    fitting = len(values) in (1, sites, teams) and (is_list(value) or len(values) == 1)
    if not check.teams_are_known:
        fitting = bool(values)
    if not fitting or not all(within(x, *_PERSON_SD) for x in values):
        check.say(
            "person_sd",
            f"a number from 0.1 to 2, or a list with one a site ({sites} in all) or one a team "
            f"({teams} in all)",
        )
        return np.ones(teams)
    if len(values) == 1:
        return np.full(teams, float(values[0]))
    if len(values) == sites:
        return np.repeat(np.array(values, dtype=float), check.teams)
    return np.array(values, dtype=float)


def _fidelity(check: Checks) -> tuple[float, ...]:
    value = check.given["fidelity"]
    values = list(value) if is_list(value) else []
    fitting = len(values) in (2, check.n_teams) or not check.teams_are_known
    if not fitting or not values or not all(within(x, 1, 5) for x in values):
        check.say(
            "fidelity",
            "levels from 1 to 5: two (the mean of the intervention teams, of the others), or "
            f"{check.one_a_team}",
        )
        return (3.0, 3.0)
    return tuple(float(x) for x in values)


def _attrition(check: Checks) -> tuple[float, float]:
    values = several(check.given["attrition"], 2)
    if len(values) != 2 or not all(within(x, 0, 1) and x < 1 for x in values):
        check.say(
            "attrition",
            "a share (at least 0 and below 1), or two, the intervention's first",
        )
        return (0.0, 0.0)
    return (float(values[0]), float(values[1]))
