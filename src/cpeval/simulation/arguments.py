"""The arguments of `simulate`, checked all at once and made into arrays."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cpeval.errors import OptionError, did_you_mean, listed
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
ALLOCATIONS = ("teams", "sites")


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


class _Checks:
    """Collects what is wrong, so that one message has it all."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.wrong: dict[str, str] = {}
        self.waves = self._waves()
        self.n_sites, self.teams = self.whole("sites", 1), self.whole("teams", 1)
        self.n_teams = self.n_sites * self.teams

    @property
    def teams_are_known(self) -> bool:
        """Whether a list with one value a team can be judged."""
        return not {"sites", "teams"} & self.wrong.keys()

    def say(self, name: str, should: str) -> None:
        self.wrong.setdefault(name, f"{name}: should be {should}. Got {self.given[name]!r}.")

    def _waves(self) -> tuple[Value, ...]:
        given = self.given["waves"]
        values = list(given) if _is_list(given) else []
        all_text = all(_is_label(v) for v in values)
        all_numbers = all(_is_number(v) for v in values)
        different = len({str(v) for v in values}) == len(values)
        if len(values) < 2 or not different or not (all_text or all_numbers):
            self.say(
                "waves",
                "a list of at least two different labels, the baseline first, all text (not "
                "starting with = + - @) or all numbers",
            )
            return ("t0", "t1")
        return tuple(v.item() if isinstance(v, np.generic) else v for v in values)

    def whole(self, name: str, low: int) -> int:
        value = self.given[name]
        if not _is_whole(value) or value < low:
            self.say(name, f"a whole number of at least {low}")
            return low
        return int(value)

    def number(
        self, name: str, should: str, fits: Callable[[float], bool] = math.isfinite
    ) -> float:
        value = self.given[name]
        if not _is_number(value) or not fits(value):
            self.say(name, should)
            return math.nan
        return float(value)

    def share(self, name: str) -> float:
        return self.number(name, "a share: at least 0 and below 1", lambda x: 0 <= x < 1)

    def stability(self, name: str) -> float:
        return self.number(name, "a correlation between 0 and 1", lambda x: 0 <= x <= 1)

    def flag(self, name: str) -> bool:
        value = self.given[name]
        if not isinstance(value, bool | np.bool_):
            self.say(name, "True or False")
        return bool(value)

    def a_follow_up(
        self,
        name: str,
        kind: str = "a number",
        fits: Callable[[float], bool] = math.isfinite,
        baseline: float = 0.0,
    ) -> Floats:
        """Take a number, or one for each follow-up, and put the baseline's in front."""
        value, n = self.given[name], len(self.waves) - 1
        values = _several(value, n)
        # A wrong list of waves says nothing on how many values there should be.
        fitting = len(values) == n or "waves" in self.wrong
        if not fitting or not values or not all(_is_number(x) and fits(x) for x in values):
            self.say(name, f"{kind}, or a list with one for each of the {n} follow-ups")
            values = [math.nan] * n
        return np.array([baseline, *values], dtype=float)

    def mapping(
        self, name: str, defaults: Mapping[str, float], kind: str, fits: Callable[[float], bool]
    ) -> dict[str, float]:
        """Take some of the defaults' keys with other values."""
        value = self.given[name]
        if value is None:
            return dict(defaults)
        if not isinstance(value, Mapping):
            self.say(name, f"a mapping from some of {listed(defaults)} to {kind}")
            return dict(defaults)
        unknown = [key for key in value if key not in defaults]
        odd = [
            f"{key!r} is {x!r}"
            for key, x in value.items()
            if key in defaults and not (_is_number(x) and fits(x))
        ]
        parts = [f"there is no {key!r}{did_you_mean(key, defaults)}" for key in unknown] + odd
        if parts:
            self.wrong[name] = (
                f"{name}: {'; '.join(parts)}. Keys are {listed(defaults)}, each value {kind}."
            )
            return dict(defaults)
        return {**defaults, **{key: float(x) for key, x in value.items()}}


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
    check = _Checks(given)
    treated = _treated(check)
    _seed(check)
    biases = check.mapping("informant_bias", INFORMANT_BIAS, "a number", math.isfinite)
    sd = check.mapping(
        "fidelity_sd", FIDELITY_SD, "a number of at least 0", lambda x: 0 <= x < math.inf
    )
    above_0 = "a number of at least 0"
    made = Design(
        n_sites=check.n_sites,
        team_sizes=_sizes(check),
        team_site=np.repeat(np.arange(check.n_sites), check.teams),
        team_treated=treated,
        caseload=check.whole("caseload", 1),
        waves=check.waves,
        arms=_arms(check),
        randomised=check.flag("randomised"),
        effect=check.a_follow_up("effect"),
        trend=check.a_follow_up("trend"),
        baseline_difference=check.number("baseline_difference", "a number"),
        resource_effect=check.a_follow_up("resource_effect"),
        goal_effect=check.a_follow_up("goal_effect"),
        network_effect=check.a_follow_up(
            "network_effect", above_0, lambda x: 0 <= x < math.inf
        ),
        contact_ratio=check.a_follow_up(
            "contact_ratio", "a number above 0", lambda x: 0 < x < math.inf, baseline=1.0
        ),
        fidelity=_fidelity(check),
        fidelity_effect=check.number("fidelity_effect", "a number"),
        resource_fidelity_effect=check.number("resource_fidelity_effect", "a number"),
        fidelity_drift=check.number("fidelity_drift", "a number"),
        fidelity_sd=sd,
        fidelity_items=check.whole("fidelity_items", 1),
        informant_bias=biases,
        observers=check.whole("observers", 1),
        icc_site=check.share("icc_site"),
        icc_team=check.share("icc_team"),
        cluster_stability=check.stability("cluster_stability"),
        person_stability=check.stability("person_stability"),
        attrition=_attrition(check),
        attrition_slope=check.number("attrition_slope", "a number"),
        missing=check.share("missing"),
        missing_ratings=check.share("missing_ratings"),
        goals=check.whole("goals", 0),
        alters=check.number("alters", above_0, lambda x: 0 <= x < math.inf),
        alter_stability=check.stability("alter_stability"),
    )
    if made.randomised and made.baseline_difference not in (0.0,) and "baseline_difference" not in check.wrong:
        check.wrong["randomised"] = (
            "randomised: can't be True with a baseline_difference other than 0 "
            f"({given['baseline_difference']!r}): chance doesn't make arms differ on average."
        )
    refuse(check.wrong.values())
    return made


def refuse(wrong: Any) -> None:  # noqa: ANN401
    """Raise one `OptionError` with every mistake, if there is any."""
    lines = [f"- {line}" for line in wrong]
    if lines:
        raise OptionError("The study can't be simulated:\n" + "\n".join(lines))


def _is_number(value: object) -> bool:
    return (
        isinstance(value, numbers.Real)
        and not isinstance(value, bool)
        and math.isfinite(float(value))
    )


def _is_whole(value: object) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _is_label(value: object) -> bool:
    """Say whether a text can stand in a cell: a formula's first character can't."""
    return (
        isinstance(value, str)
        and bool(value.strip())
        and value.isprintable()
        and value[0] not in "=+-@"
    )


def _several(value: object, n: int) -> list[Any]:
    """Return a list as it is, and a single number n times."""
    if _is_number(value):
        return [value] * n
    return list(value) if _is_list(value) else []  # type: ignore[call-overload]


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes)


def _seed(check: _Checks) -> None:
    seed = check.given["seed"]
    if seed is None or isinstance(seed, np.random.Generator):
        return
    if not _is_whole(seed) or seed < 0:
        check.say("seed", "None, a whole number of at least 0, or a numpy Generator")


def _arms(check: _Checks) -> tuple[str, str]:
    given = check.given["arms"]
    values = list(given) if _is_list(given) else []
    if len(values) != 2 or not all(map(_is_label, values)) or values[0] == values[1]:
        check.say(
            "arms",
            "two different texts (not starting with = + - @), the intervention's first",
        )
        return ("CP", "usual")
    return (values[0], values[1])


def _treated(check: _Checks) -> NDArray[np.bool_]:
    """Say which teams deliver the programme: teams (or sites) take turns, the first has it."""
    place = np.arange(check.n_teams)
    allocation = check.given["allocation"]
    if allocation not in ALLOCATIONS:
        check.wrong["allocation"] = (
            f"allocation: should be one of {listed(ALLOCATIONS)}. "
            f"Got {allocation!r}{did_you_mean(allocation, ALLOCATIONS)}."
        )
    elif check.teams_are_known and (
        check.n_sites if allocation == "sites" else check.n_teams
    ) < 2:
        what = "sites" if allocation == "sites" else "teams in all (sites x teams)"
        check.wrong["allocation"] = (
            f"allocation: {allocation!r} needs two {what} at least, one for each arm. "
            f"Got sites={check.given['sites']!r}, teams={check.given['teams']!r}."
        )
    turn = place // check.teams if allocation == "sites" else place
    return turn % 2 == 0


def _sizes(check: _Checks) -> Ints:
    values = _several(check.given["people"], check.n_teams)
    fitting = len(values) == check.n_teams or not check.teams_are_known
    if not fitting or not values or not all(_is_whole(x) and x >= 1 for x in values):
        check.say(
            "people",
            "a whole number of at least 1 (in each team), or a list with one for each of the "
            f"{check.n_teams} teams",
        )
        return np.ones(check.n_teams, dtype=np.int64)
    return np.array(values, dtype=np.int64)


def _fidelity(check: _Checks) -> tuple[float, ...]:
    value = check.given["fidelity"]
    values = list(value) if _is_list(value) else []
    fitting = len(values) in (2, check.n_teams) or not check.teams_are_known
    if not fitting or not values or not all(_is_number(x) and 1 <= x <= 5 for x in values):
        check.say(
            "fidelity",
            "levels from 1 to 5: two (the mean of the intervention teams, of the others), or a "
            f"list with one for each of the {check.n_teams} teams",
        )
        return (3.0, 3.0)
    return tuple(float(x) for x in values)


def _attrition(check: _Checks) -> tuple[float, float]:
    values = _several(check.given["attrition"], 2)
    if len(values) != 2 or not all(_is_number(x) and 0 <= x < 1 for x in values):
        check.say(
            "attrition",
            "a share (at least 0 and below 1), or two, the intervention's first",
        )
        return (0.0, 0.0)
    return (float(values[0]), float(values[1]))
