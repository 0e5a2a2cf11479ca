"""What a health state is worth: value sets, given as decrements or as a table of profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from cpeval.definitions.part import Part, Points, Text, all_of
from cpeval.errors import listed

#: Mistakes of a table that are told; a column that doesn't split it makes one a row.
_MOST_TOLD = 6

#: No questionnaire that is valued by a table of states has more of them.
_MOST_STATES = 100_000


class AnyAt(Part):
    """Points taken off once if any item has one of some codes, such as EQ-5D-3L's N3 term."""

    codes: Annotated[list[float], Field(min_length=1)]
    amount: float


class ValueSet(Part):
    """The values that a population gave to health states, with their source.

    Either ``full_health`` less the ``decrements`` of every item's answer (item code, then answer
    code) and the ``any_at`` terms; or ``profiles``, a value for every combination of answers,
    keyed by the codes one after the other (``"21232"``). With ``by``, values differ by columns of
    the data (an age band, sex): a profile's key then goes on with their values, parted by ``|``.
    """

    label: Text
    source: Text
    licence: str = ""
    verified: bool = True
    full_health: float = 1.0
    decrements: dict[str, Points] = {}
    any_at: list[AnyAt] = []
    profiles: dict[str, float] = {}
    by: list[Text] = []

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        wrong = []
        if bool(self.decrements) == bool(self.profiles):
            wrong.append("give decrements or profiles")
        if self.by and not self.profiles:
            wrong.append("by is for profiles")
        if self.any_at and not self.decrements:
            wrong.append("any_at is for decrements")
        wrong += [
            f"profiles: {key!r} should have {len(self.by)} values after the state, parted by |"
            for key in list(self.profiles)
            if key.count("|") != len(self.by)
        ][:8]
        all_of(wrong)
        return self

    def mistakes(self, codes: Mapping[str, Sequence[float]]) -> list[str]:
        """Say what doesn't fit an instrument's items, given as item code to answer codes."""
        wrong = []
        if self.decrements:
            odd = sorted(set(self.decrements) ^ set(codes))
            if odd:
                wrong.append(f"decrements and the items differ in {listed(odd)}")
            for code in set(self.decrements) & set(codes):
                odd_codes = sorted(set(self.decrements[code]) - set(codes[code]))
                if odd_codes:
                    wrong.append(
                        f"decrements.{code}: item {code!r} has no codes {listed(odd_codes)}"
                    )
            every = {c for some in codes.values() for c in some}
            for place, term in enumerate(self.any_at, start=1):
                beyond = sorted(set(term.codes) - every)
                if beyond:
                    wrong.append(f"any_at.{place}: no item has codes {listed(beyond)}")
        elif prod(map(len, codes.values())) > _MOST_STATES:
            wrong.append("profiles: the items have too many combinations of answers for a table")
        else:
            states = {"".join(f"{c:g}" for c in state) for state in product(*codes.values())}
            for stratum, values in self.tables.items():
                where = f" for {', '.join(stratum)}" if stratum else ""
                gaps, unknown = sorted(states - set(values)), sorted(set(values) - states)
                if gaps:
                    wrong.append(f"profiles{where}: no value for {listed(gaps, most=8)}")
                if unknown:
                    wrong.append(f"profiles{where}: no such state as {listed(unknown, most=8)}")
            if len(wrong) > _MOST_TOLD:
                wrong[_MOST_TOLD:] = [
                    f"profiles: {len(wrong) - _MOST_TOLD} more like these. Is the table meant to "
                    f"be split by {listed(self.by)}?"
                ]
        return wrong

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
        return cls(label=label or name, source=source or name, profiles=profiles, by=by)
