"""What a health state is worth: value sets, given as decrements or as a table of profiles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice, product
from math import prod
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import Field, ValidationError

from cpeval.definitions.kinds import (
    Decrements,
    Lines,
    Number,
    Remark,
    SomeNumbers,
    Text,
    Truth,
    Weights,
)
from cpeval.definitions.part import Finding, Mistake, Part, differ, refuse_if
from cpeval.definitions.validation import mistakes
from cpeval.errors import DefinitionError, listed

#: Mistakes of a table that are told; a column that doesn't split it makes one a row.
_MOST_TOLD = 6

#: No questionnaire that is valued by a table of states has more of them.
_MOST_STATES = 100_000


class AnyAt(Part):
    """Points taken off once if any item has one of some codes, such as EQ-5D-3L's N3 term."""

    codes: SomeNumbers
    amount: Number


@lru_cache(maxsize=2)
def _states(codes: tuple[tuple[float, ...], ...]) -> dict[str, None]:
    """Every combination of answers, in order: the last item changes first."""
    texts = [[f"{code:g}" for code in some] for some in codes]
    return dict.fromkeys(map("".join, product(*texts)))


def _codes_beyond(place: int, term: AnyAt, codes: set[float]) -> Finding:
    beyond = sorted(set(term.codes) - codes)
    if beyond:
        yield Mistake(("any_at", place), f"no item has codes {listed(beyond)}")


def _parted(one: ValueSet) -> Finding:
    parts = len(one.by)
    wrong = [key for key in one.profiles if key.count("|") != parts]
    if wrong:
        text = (
            f"after the state come the values of {listed(one.by)}, each after a |"
            if parts
            else "a state has no |, unless by names columns"
        )
        yield Mistake(("profiles",), f"{text}. Got {listed(wrong, most=8)}", ("profiles",))


class ValueSet(Part):
    """The values that a population gave to health states, with their source.

    Either ``full_health`` less the ``decrements`` of every item's answer (item code, then answer
    code) and the ``any_at`` terms; or ``profiles``, a value for every combination of answers,
    keyed by the codes one after the other (``"21232"``). With ``by``, values differ by columns of
    the data (an age band, sex): a profile's key then goes on with their values, parted by ``|``.
    """

    label: Text
    source: Text
    licence: Remark = ""
    verified: Truth = True
    full_health: Number = 1.0
    decrements: Decrements = {}
    any_at: Annotated[list[AnyAt], Field(max_length=100)] = []
    profiles: Weights = {}
    by: Lines = []

    checks: ClassVar = (
        refuse_if(
            lambda one: bool(one.decrements) == bool(one.profiles),
            "give decrements or profiles, one of them",
            "decrements",
            "profiles",
        ),
        refuse_if(lambda one: one.by and one.decrements, "is for profiles", "by"),
        refuse_if(lambda one: one.any_at and one.profiles, "is for decrements", "any_at"),
        _parted,
    )

    def mistakes(self, codes: Mapping[str, Sequence[float]]) -> Finding:
        """Say what doesn't fit an instrument's items, given as item code to answer codes."""
        yield self._decrement_mistakes(codes)
        yield self._any_at_mistakes(codes)
        yield self._profile_mistakes(codes)

    def _decrement_mistakes(self, codes: Mapping[str, Sequence[float]]) -> Iterable[Mistake]:
        if not self.decrements:
            return
        for text in differ(self.decrements, codes, "the items"):
            yield Mistake(("decrements",), text)
        for code, taken in self.decrements.items():
            beyond = sorted(set(taken) - set(codes.get(code, taken)))
            if beyond:
                yield Mistake(("decrements", code), f"item {code!r} has no codes {listed(beyond)}")

    def _any_at_mistakes(self, codes: Mapping[str, Sequence[float]]) -> Finding:
        every = {c for some in codes.values() for c in some}
        for place, term in enumerate(self.any_at):
            yield _codes_beyond(place, term, every)

    def _profile_mistakes(self, codes: Mapping[str, Sequence[float]]) -> Iterable[Mistake]:
        if not self.profiles:
            return
        number = prod(map(len, codes.values()))
        if number > _MOST_STATES:
            text = f"the items have more than {_MOST_STATES:,} combinations of answers; no table"
            yield Mistake(("profiles",), text)
            return
        tables = self.tables
        if number * len(tables) > len(self.profiles) + _MOST_STATES:
            yield Mistake(
                ("profiles",),
                f"has {len(self.profiles):,} values; {number:,} states for {len(tables):,} "
                f"combinations of {listed(self.by)} need {number * len(tables):,}",
            )
            return
        wrong = list(self._table_mistakes(_states(tuple(map(tuple, codes.values())))))
        yield from wrong[:_MOST_TOLD]
        if len(wrong) > _MOST_TOLD:
            text = f"{len(wrong) - _MOST_TOLD} more like these. Is the table meant to be split by "
            yield Mistake(("profiles",), f"{text}{listed(self.by)}?")

    def _table_mistakes(self, states: Mapping[str, None]) -> Iterable[Mistake]:
        tables = self.tables
        for stratum, values in tables.items():
            where = f"{', '.join(stratum)}: " if stratum else ""
            unknown = [state for state in values if state not in states]
            number = len(states) - len(values) + len(unknown)
            if number:
                gaps = list(islice((state for state in states if state not in values), 8))
                more = f" and {number - 8:,} more" if number > 8 else ""
                yield Mistake(("profiles",), f"{where}no value for {listed(gaps)}{more}")
            if unknown:
                yield Mistake(("profiles",), f"{where}no such state as {listed(unknown, most=8)}")

    @property
    def tables(self) -> dict[tuple[str, ...], dict[str, float]]:
        """Profile to value, for each combination of values of ``by`` (an empty one without)."""
        found: dict[tuple[str, ...], dict[str, float]] = {}
        for key, value in self.profiles.items():
            profile, *stratum = key.split("|")
            found.setdefault(tuple(stratum), {})[profile] = value
        return found

    @classmethod
    def from_file(
        cls, path: str | Path, *, items: Sequence[str], label: str = "", source: str = ""
    ) -> Self:
        """Read a table of values: one row a state, .csv or .xlsx.

        Parameters
        ----------
        path : str or pathlib.Path
            The table has a column ``value``, and either a column ``profile`` (``21232``) or a
            column for each item, named by its code. Any further columns, such as an age band and
            sex, split it: data to be scored must have columns of these names and values. A
            whole number is the same with or without ``.0``; yes and no (true, false) are 1 and 0.
        items : sequence of str
            Codes of the items, in the order of the profile.
        label, source : str, optional
            What to call it, and where it is from; by default the file's name.

        Raises
        ------
        ReadError
            The file can't be read.
        DefinitionError
            Columns are absent; values missing, not numbers, or given twice, with their rows.
        """
        from cpeval.definitions.value_set_files import profiles_of

        profiles, by = profiles_of(path, items)
        name = Path(path).name
        try:
            return cls(label=label or name, source=source or name, profiles=profiles, by=by)
        except ValidationError as error:
            lines = "\n".join(f"- {one}" for one in mistakes(error, cls))
            raise DefinitionError(f"{path} has mistakes:\n{lines}") from None
