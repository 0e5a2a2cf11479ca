"""`Study`: the names of the columns, and which values mean what. No data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from cpeval.errors import StudyError, did_you_mean, listed
from cpeval.toml_reading import read_toml

#: A value that can stand for an arm or a wave in a column.
Value = str | int | float | bool

#: The roles that are names of columns.
ROLES = ("person", "site", "team", "worker", "arm", "wave")


@dataclass(frozen=True, kw_only=True)
class Study:
    """Say once which column is what. Frozen, and validated when made.

    Parameters
    ----------
    person : str
        The column that identifies people.
    site, team, worker : str, optional
        Columns: where a person was served, and by whom. A team belongs to one site.
    arm : str, optional
        The column that says which arm a person (or their team) is in.
    intervention : str, int, float or bool, optional
        The value of ``arm`` that means the intervention; the other value is the comparison.
    wave : str, optional
        The column that says when a row was recorded.
    baseline : str, int, float or bool, optional
        The value of ``wave`` before the programme.
    follow_up : the same, or a list of them, optional
        The values of ``wave`` after it. The first is the primary one, which analyses of two
        waves use; `at` gives the study with another.
    randomised : bool, optional
        Whether chance put people (or teams) into the arms. Unless it is true, results avoid
        causal words.
    later : tuple, optional
        The follow-ups after the primary one; a list as ``follow_up`` fills it.

    Raises
    ------
    StudyError
        One message with every mistake: a name that is not text, one column in two roles, a
        value without its column, the same value as baseline and follow-up.

    Examples
    --------
    >>> study = Study(person="id", arm="arm", intervention="CP", wave="wave",
    ...               baseline="t0", follow_up=["t1", "t2"])
    >>> study.follow_up
    't1'
    >>> study.waves
    ('t0', 't1', 't2')
    >>> study.at("t2").follow_up
    't2'
    """

    person: str
    site: str | None = None
    team: str | None = None
    worker: str | None = None
    arm: str | None = None
    intervention: Value | None = None
    wave: str | None = None
    baseline: Value | None = None
    follow_up: Value | list[Value] | tuple[Value, ...] | None = None
    randomised: bool | None = None
    #: The follow-ups after the primary one, in the order given. Set from ``follow_up``.
    later: tuple[Value, ...] = ()

    def __post_init__(self) -> None:
        given = _plain(self.follow_up)
        if isinstance(given, list | tuple):
            object.__setattr__(self, "later", tuple(given[1:]))
            given = given[0] if given else None
        plain = {"follow_up": given, "baseline": self.baseline, "intervention": self.intervention}
        for name, value in plain.items():
            object.__setattr__(self, name, _plain(value))
        object.__setattr__(self, "later", tuple(map(_plain, self.later)))
        mistakes = list(self._mistakes())
        if mistakes:
            raise StudyError("The study can't be used:\n" + "\n".join(f"- {m}" for m in mistakes))

    def _mistakes(self) -> list[str]:
        found = []
        names: dict[str, str] = {}
        for role in ROLES:
            name = getattr(self, role)
            if name is None and role != "person":
                continue
            if not isinstance(name, str) or not name.strip():
                found.append(f"{role}: should be the name of a column, as text. Got {name!r}.")
            elif name in names:
                found.append(f"{role}: column {name!r} is the {names[name]} already.")
            else:
                names[name] = role
        for value, column in (("intervention", "arm"), ("baseline", "wave"), ("follow_up", "wave")):
            if getattr(self, value) is not None and getattr(self, column) is None:
                found.append(f"{value}: needs {column}, the column that holds it.")
        if self.arm is not None and self.intervention is None:
            found.append(
                f"arm: say which value of {self.arm!r} is the intervention (intervention = …)."
            )
        scalars: dict[str, tuple[object, ...]] = {
            "intervention": (self.intervention,),
            "baseline": (self.baseline,),
            "follow_up": (self.follow_up, *(v if v is not None else [] for v in self.later)),
        }
        for name, values in scalars.items():
            odd = [v for v in values if v is not None and not isinstance(v, Value)]
            odd += [v for v in values if isinstance(v, float) and not math.isfinite(v)]
            if odd:
                found.append(
                    f"{name}: values should be text or numbers. Got {listed(odd)}. "
                    "Dates: make the column text first, such as 2026-01-31."
                )
        if len(set(map(str, self.waves))) < len(self.waves):
            found.append(f"baseline, follow_up: a wave is named twice: {listed(self.waves)}.")
        if self.randomised not in (None, True, False):
            found.append(f"randomised: should be true or false. Got {self.randomised!r}.")
        return found

    @property
    def waves(self) -> tuple[Value, ...]:
        """The waves that the study names: baseline, then the follow-ups in their order."""
        named = (self.baseline, self.follow_up, *self.later)
        return tuple(wave for wave in named if wave is not None)  # type: ignore[misc]

    @property
    def follow_ups(self) -> tuple[Value, ...]:
        """The follow-ups, the primary one first."""
        return tuple(w for w in self.waves if w != self.baseline or self.baseline is None)

    @property
    def columns(self) -> dict[str, str]:
        """The roles that are named, with their columns."""
        return {role: getattr(self, role) for role in ROLES if getattr(self, role) is not None}

    def at(self, wave: Value) -> Study:
        """Return the study with ``wave`` as its only follow-up.

        Raises
        ------
        StudyError
            The study doesn't name that wave.
        """
        if wave not in self.follow_ups:
            raise StudyError(
                f"The study has no follow-up {wave!r}{did_you_mean(wave, self.follow_ups)}. "
                f"Follow-ups: {listed(self.follow_ups)}."
            )
        return replace(self, follow_up=wave, later=())

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """Read ``[study]`` from a study file.

        Parameters
        ----------
        path : str or pathlib.Path
            A TOML file with a table ``[study]`` whose keys are this class's parameters.
            Other tables are left to `cpeval.evaluate`.

        Raises
        ------
        StudyError
            The file is absent, isn't TOML, has no ``[study]``, or has mistakes there.
        """
        table = read_toml(path, StudyError).get("study")
        if not isinstance(table, dict):
            raise StudyError(f"{path}: there is no table [study].")
        try:
            return cls.from_mapping(table)
        except StudyError as error:
            raise StudyError(f"{path}: {error}") from None

    @classmethod
    def from_mapping(cls, table: Mapping[str, object]) -> Self:
        """Make a study from the keys and values of ``[study]``.

        Parameters
        ----------
        table : mapping
            This class's parameters by name.

        Raises
        ------
        StudyError
            Every key that a study doesn't have, with near misses, and every other mistake.
        """
        known = [field.name for field in fields(cls) if field.name != "later"]
        wrong = [
            f"- there is no key {k!r}{did_you_mean(k, known)}" for k in table if k not in known
        ]
        if "person" not in table:
            wrong.append("- person is needed: the column that identifies people")
        usable: dict[str, Any] = {key: value for key, value in table.items() if key in known}
        try:
            study = cls(**{"person": "person", **usable})
        except StudyError as error:
            wrong += str(error).splitlines()[1:]
        if wrong:
            lines = "\n".join(dict.fromkeys(wrong))
            raise StudyError(f"[study] has mistakes:\n{lines}\nKeys: {', '.join(known)}.")
        return study


def _plain(value: object) -> object:
    """Turn numpy's numbers and arrays into Python's own."""
    to_list = getattr(value, "tolist", None)
    return to_list() if callable(to_list) else value
