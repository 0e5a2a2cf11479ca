"""What an argument should be, and one list of all that isn't."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from cpeval.errors import OptionError, did_you_mean, listed
from cpeval.simulation.scores import Floats
from cpeval.study import Value

#: Larger numbers are mistakes, and spoil arithmetic.
_LARGEST = 1e15


class Checks:
    """Collects what is wrong, so that one message has it all."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.wrong: dict[str, str] = {}
        self.waves = self._waves()
        self.n_sites = self.whole("sites", 1, 100_000)
        self.teams = self.whole("teams", 1, 1000)
        self.n_teams = self.n_sites * self.teams

    @property
    def one_a_team(self) -> str:
        """What a list with one value a team is called."""
        return f"a list with one a team{f' ({self.n_teams} in all)' * self.teams_are_known}"

    @property
    def teams_are_known(self) -> bool:
        """Whether a list with one value a team can be judged."""
        return not {"sites", "teams"} & self.wrong.keys()

    def say(self, name: str, should: str) -> None:
        """Note that an argument is not what it should be."""
        self.wrong.setdefault(name, f"{name}: should be {should}. Got {self.given[name]!r}.")

    def _waves(self) -> tuple[Value, ...]:
        given = self.given["waves"]
        values = list(given) if is_list(given) else []
        all_text = all(is_label(v) for v in values)
        all_numbers = all(within(v, -math.inf, math.inf) for v in values)
        fitting = len(values) >= 2 and (all_text or all_numbers)
        if not fitting or len(set(values)) < len(values):
            self.say(
                "waves",
                "a list of at least two different labels, the baseline first, all text (each "
                "starting with a letter or a digit) or all numbers",
            )
            return ("t0", "t1")
        return tuple(v.item() if isinstance(v, np.generic) else v for v in values)

    def whole(self, name: str, low: int, high: int) -> int:
        """Take a whole number within bounds."""
        value = self.given[name]
        if not is_whole(value) or not low <= value <= high:
            self.say(name, f"a whole number from {low} to {high:,}")
            return low
        return int(value)

    def number(self, name: str, low: float = -math.inf, high: float = math.inf) -> float:
        """Take a number within bounds."""
        value = self.given[name]
        if not within(value, low, high):
            self.say(name, bounds(low, high))
            return math.nan
        return float(value)

    def share(self, name: str) -> float:
        """Take a number from 0 to below 1."""
        value = self.given[name]
        if not within(value, 0, 1) or value == 1:
            self.say(name, "a share: at least 0 and below 1")
            return math.nan
        return float(value)

    def flag(self, name: str) -> bool:
        """Take True or False."""
        value = self.given[name]
        if not isinstance(value, bool | np.bool_):
            self.say(name, "True or False")
        return bool(value)

    def a_follow_up(
        self, name: str, low: float = -math.inf, high: float = math.inf, *, baseline: float = 0.0
    ) -> Floats:
        """Take a number, or one for each follow-up, and put the baseline's in front."""
        value, n = self.given[name], len(self.waves) - 1
        values = several(value, n)
        # A wrong list of waves says nothing on how many values there should be.
        fitting = len(values) == n or "waves" in self.wrong
        if not fitting or not values or not all(within(x, low, high) for x in values):
            self.say(name, f"{bounds(low, high)}, or a list with one a follow-up ({n} in all)")
            values = [math.nan] * n
        return np.array([baseline, *values], dtype=float)

    def mapping(
        self, name: str, defaults: Mapping[str, float], low: float, high: float
    ) -> dict[str, float]:
        """Take other values for some of the defaults' keys."""
        value = self.given[name]
        kind = bounds(low, high)
        if value is None:
            return dict(defaults)
        if not isinstance(value, Mapping):
            self.say(name, f"a mapping from some of {listed(defaults)} to {kind}")
            return dict(defaults)
        odd = [
            f"{key!r} is {x!r}" if key in defaults else f"no {key!r}{did_you_mean(key, defaults)}"
            for key, x in value.items()
            if key not in defaults or not within(x, low, high)
        ]
        if odd:
            self.wrong[name] = (
                f"{name}: {'; '.join(odd)}. Keys are {listed(defaults)}, each value {kind}."
            )
            return dict(defaults)
        return {**defaults, **{key: float(x) for key, x in value.items()}}


def refuse(wrong: Iterable[str]) -> None:
    """Raise one `OptionError` with every mistake, if there is any."""
    lines = [f"- {line}" for line in wrong]
    if lines:
        raise OptionError("The study can't be simulated:\n" + "\n".join(lines))


def within(value: Any, low: float, high: float) -> bool:  # noqa: ANN401
    """Say whether a value is a finite number within bounds (true and false are not numbers)."""
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return real and bool(low <= value <= high and abs(value) < _LARGEST)


def bounds(low: float, high: float) -> str:
    """Say what a number should be.

    >>> bounds(0, math.inf), bounds(0, 1)
    ('a number of at least 0', 'a number from 0 to 1')
    """
    if math.isinf(high):
        return "a number" if math.isinf(low) else f"a number of at least {low:g}"
    return f"a number from {low:g} to {high:g}"


def is_whole(value: object) -> bool:
    """Say whether a value is a whole number."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def is_label(value: object) -> bool:
    """Say whether a text can stand in a cell, where it must not begin a formula."""
    return isinstance(value, str) and value[:1].isalnum() and value.isprintable()


def several(value: object, n: int) -> list[Any]:
    """Return a list as it is, and a single number n times."""
    if within(value, -math.inf, math.inf):
        return [value] * n
    return list(value) if is_list(value) else []  # type: ignore[call-overload]


def is_list(value: object) -> bool:
    """Say whether a value is a list, tuple, range or array (text is not)."""
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes)
