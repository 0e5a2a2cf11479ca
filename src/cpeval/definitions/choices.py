"""What a definition leaves to its user: the methods ``with_…``, each gives a new definition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cpeval.definitions.items import Item
from cpeval.definitions.part import Part
from cpeval.definitions.value_sets import ValueSet
from cpeval.errors import DefinitionError, OptionError, did_you_mean, listed

if TYPE_CHECKING:
    from cpeval.definitions.model import Instrument


class Choices(Part):
    """Methods of `Instrument` that say what it leaves open; what is found then is validated."""

    @property
    def _chosen_for(self) -> Instrument:
        return cast("Instrument", self)

    def with_coding(self, name: str) -> Instrument:
        """Return the definition for data that have one of the codings that clash.

        Parameters
        ----------
        name : str
            One of ``codings``.

        Raises
        ------
        OptionError
            There is no such coding.

        Examples
        --------
        >>> import cpeval as cp
        >>> k10 = cp.instrument("k10").with_coding("0-4")
        >>> sorted(k10.answers(k10.item("1")).meaning)
        [0.0, 1.0, 2.0, 3.0, 4.0]
        """
        one = self._chosen_for
        if name not in one.codings:
            there = f"It has {listed(one.codings)}" if one.codings else "It has one coding alone"
            raise OptionError(
                f"{one.name} has no coding {name!r}{did_you_mean(name, one.codings)}. {there}."
            )
        responses = {
            key: answers.model_copy(update={"coding": name}) if name in answers.codings else answers
            for key, answers in one.responses.items()
        }
        return _derived(one, responses=responses)

    def with_keys(self, keys: Mapping[str, Sequence[str | int]]) -> Instrument:
        """Return the definition with the items of scales that it leaves open.

        Parameters
        ----------
        keys : mapping
            Scale name to item codes; ``"3-12"`` stands for a range.

        Raises
        ------
        DefinitionError
            A scale or item that isn't there, a scale that has its items already, or a number of
            items that is not the scale's: all at once.

        Examples
        --------
        >>> import cpeval as cp
        >>> own = cp.instrument("rg_uk").with_keys({"domestic": ["1-6"]})
        >>> own.columns
        ['rg_uk', 'rg_uk_domestic']
        """
        one = self._chosen_for
        waiting = [scale.name for scale in one.scales if scale.items == "key"]
        wrong = [
            f"{name!r}{did_you_mean(name, waiting)}: no scale of that name waits for its items"
            for name in keys
            if name not in waiting
        ]
        given = one.model_dump()
        for scale in given["scales"]:
            if scale["name"] in keys and scale["items"] == "key":
                said = keys[scale["name"]]
                # One span alone, "1-6", is a list of it; "key" would leave the scale open.
                several = isinstance(said, Iterable) and not isinstance(said, str)
                scale["items"] = [*said] if several else [said]
        made, more = one.validated(given)
        if made is not None and not wrong:
            return made
        lines = [f"- {line}" for line in [*wrong, *more]]
        if wrong:
            lines.append(f"Scales that wait for their items: {listed(waiting) or 'none'}.")
        raise DefinitionError("\n".join([f"{one.name} with keys has mistakes:", *lines]))

    def with_bands(
        self, column: str, bands: Mapping[str, tuple[float, float]], *, source: str, name: str = ""
    ) -> Instrument:
        """Return the definition with a set of bands for one of its scales, in place of others.

        Parameters
        ----------
        column : str
            The scale's column.
        bands : mapping
            Label to lowest and highest score, in ascending order.
        source : str
            Where they are from.
        name : str, optional
            Of the set.

        Raises
        ------
        DefinitionError
            No such column, or bands that overlap or lie beyond the scale.

        Examples
        --------
        >>> import cpeval as cp
        >>> own = cp.instrument("who_5").with_bands(
        ...     "who_5", {"low": (0, 50), "fair": (51, 100)}, source="Our protocol"
        ... )
        >>> own.scale("who_5").bands[0].source
        'Our protocol'
        """
        one = self._chosen_for
        place = one.scales.index(one.scale(column))
        odd = [label for label, ends in bands.items() if not _two(ends)]
        if odd:
            raise DefinitionError(
                f"{one.name}: bands {listed(odd)} should have two scores each, the lowest and the "
                'highest, such as {"low": (0, 50)}.'
            )
        given = one.model_dump()
        given["scales"][place]["bands"] = [
            {
                "name": name,
                "source": source,
                "bands": [{"label": b, "low": low, "high": up} for b, (low, up) in bands.items()],
            }
        ]
        return one.from_mapping(given, where=f"{one.name} with bands")

    def with_value_set(self, value_set: str | Path | ValueSet) -> Instrument:
        """Return the definition with a value set chosen.

        Parameters
        ----------
        value_set : str, pathlib.Path or ValueSet
            The name of one of ``value_sets``; the path of a table (.csv or .xlsx) as
            `ValueSet.from_file` reads it; or one that is loaded.

        Raises
        ------
        OptionError
            There is no such value set, or the instrument has no scale that takes one.
        DefinitionError, ReadError
            The table doesn't fit the items, or can't be read.

        Examples
        --------
        >>> import cpeval as cp
        >>> cp.instrument("eq_5d_3l").with_value_set("uk_tto").value_set
        'uk_tto'
        """
        one = self._chosen_for
        if not any(scale.combine == "value_set" for scale in one.scales):
            raise OptionError(f"{one.name} takes no value set.")
        if isinstance(value_set, str) and value_set in one.value_sets:
            return _derived(one, value_set=value_set)
        if isinstance(value_set, ValueSet):
            own = value_set
        elif isinstance(value_set, Path) or "." in str(value_set):
            codes = next(one.items_of(s) for s in one.scales if s.combine == "value_set")
            own = ValueSet.from_file(value_set, items=codes)
        else:
            raise OptionError(
                f"{one.name} has no value set {value_set!r}"
                f"{did_you_mean(value_set, one.value_sets)}. It has "
                f"{listed(one.value_sets)}; a table of your own is named by its path, .csv "
                "or .xlsx."
            )
        given = one.model_dump() | {"value_sets": {"own": own.model_dump()}, "value_set": "own"}
        return one.from_mapping(given, where=f"{one.name} with the value set {own.label!r}")

    def with_goals(self, number: int) -> Instrument:
        """Return the definition with an item for each of so many goals.

        Parameters
        ----------
        number : int
            How many columns of goals the data have.

        Raises
        ------
        OptionError
            It isn't an instrument of goals.
        """
        one = self._chosen_for
        if one.goals is None:
            raise OptionError(f"{one.name} has items, not goals.")
        items = [
            Item(code=str(n), label=f"{one.goals.label} {n}", responses=one.goals.responses)
            for n in range(1, number + 1)
        ]
        return _derived(one, items=items)


def _derived(one: Instrument, **changes: object) -> Instrument:
    made = one.model_copy(update=changes)
    made.__dict__.pop("_items", None)
    return made


def _two(ends: object) -> bool:
    return isinstance(ends, tuple | list) and len(ends) == 2
