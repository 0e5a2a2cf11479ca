"""An instrument's definition: what a TOML file may say, validated as a whole.

Data only. How scores come out of it is `cpeval.scoring`; files made from it are
`cpeval.exporting`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field, ValidationError

from cpeval.definitions.choices import Choices
from cpeval.definitions.consistency import inconsistencies
from cpeval.definitions.every_mistake import every_mistake, too_large
from cpeval.definitions.in_and_out import InAndOut
from cpeval.definitions.items import Goals, Item, Responses
from cpeval.definitions.kinds import MOST_ITEMS, Informants, Line, Name, Remark, Text, Texts
from cpeval.definitions.part import Part, refuse_if
from cpeval.definitions.ratings import Rated, rating_mistakes
from cpeval.definitions.scale_order import sources
from cpeval.definitions.scales import Scale
from cpeval.definitions.value_sets import ValueSet
from cpeval.errors import DefinitionError, OptionError, did_you_mean, listed
from cpeval.toml_reading import read_toml

if TYPE_CHECKING:
    from cpeval.definitions.description import Description


class Licence(Part):
    """Who may use the questionnaire, and where to ask."""

    terms: Text
    address: Remark = ""


class Instrument(InAndOut, Choices, Rated):
    """An instrument's definition: items, scales, licence, citation.

    Made from a TOML file by `Instrument.from_toml`, or one of the catalogue by
    `cpeval.instrument`; started from REDCap's data dictionary by `Instrument.from_redcap`.
    Shows itself as a card in a notebook. What a definition leaves to its user, the methods
    ``with_…`` take: each returns a new definition.
    """

    name: Name
    title: Text
    version: Text = "1"
    status: Literal["verified", "provisional", "illustrative", "own"] = "own"
    status_note: Remark = ""
    citation: Text
    sources: Texts = ()
    licence: Licence
    informants: Informants = ()
    responses: Annotated[dict[str, Responses], Field(min_length=1, max_length=200)]
    items: Annotated[list[Item], Field(max_length=MOST_ITEMS)] = []
    goals: Goals | None = None
    scales: Annotated[list[Scale], Field(min_length=1, max_length=200)]
    value_sets: Annotated[dict[Name, ValueSet], Field(max_length=50)] = {}
    value_set: Line | None = None

    checks: ClassVar = (
        inconsistencies,
        rating_mistakes,
        refuse_if(
            lambda one: one.status == "verified" and not one.sources,
            'status = "verified" needs one at least: where the rule was seen',
            "sources",
        ),
    )

    # ---- what is in it

    @cached_property
    def _items(self) -> dict[str, Item]:
        return {item.code: item for item in self.items}

    def item(self, code: str) -> Item:
        """Return the item with a code."""
        return self._items[code]

    def items_of(self, scale: Scale) -> list[str]:
        """Return the codes of the items under a scale, through other scales too.

        None of a scale whose items the user has not said yet.
        """
        return list(dict.fromkeys(self._items_under(scale, set())))

    def _items_under(self, scale: Scale, seen: set[str]) -> Iterator[str]:
        """Walk down from a scale; ``seen`` holds the scales below it that were visited."""
        if scale.items is not None:
            if scale.items != "key":
                yield from [i.code for i in self.items] if scale.items == "all" else scale.items
            return
        named = sources(scale)
        for below in self.scales:
            if below.name in named and below.name not in seen:
                seen.add(below.name)
                yield from self._items_under(below, seen)

    def answers(self, item: Item) -> Responses:
        """Return an item's set of answers."""
        return self.responses[item.responses]

    def points(self, item: Item) -> dict[float, float]:
        """Return what each standard code of an item is worth, rules aside."""
        if item.values is not None:
            return dict(item.values)
        codes = sorted(self.answers(item).codes)
        return {c: codes[0] + codes[-1] - c if item.reversed else c for c in codes}

    def worth(self, item: Item) -> set[float]:
        """Return all that an answer to an item may be worth, rules included."""
        rules = (value for rule in item.rules for value in rule.values.values())
        return {*self.points(item).values(), *rules}

    def column(self, scale: Scale) -> str:
        """Return the name of a scale's column: the instrument's, then the scale's."""
        return f"{self.name}_{scale.name}" if scale.name else self.name

    @property
    def unkeyed(self) -> list[Scale]:
        """The scales whose items the user has still to say, and those made of them."""
        without: list[Scale] = []
        for scale in self.scales:
            names = [one.name for one in without]
            if scale.items == "key" or any(source in names for source in sources(scale)):
                without.append(scale)
        return without

    @property
    def scored(self) -> list[Scale]:
        """The scales that scoring gives: all but those whose items the user has still to say."""
        without = self.unkeyed
        return [scale for scale in self.scales if scale not in without]

    @property
    def columns(self) -> list[str]:
        """The columns that scoring adds."""
        return [self.column(scale) for scale in self.scored]

    @property
    def codings(self) -> list[str]:
        """The names of codings that clash, of which the data have one; mostly none."""
        return list(dict.fromkeys(name for r in self.responses.values() for name in r.codings))

    @property
    def coding(self) -> str | None:
        """Which of the codings the data have, if it was said."""
        return next((r.coding for r in self.responses.values() if r.coding is not None), None)

    @property
    def choices(self) -> list[str]:
        """What was chosen where the definition leaves a choice, in sentences."""
        said = []
        if self.value_set is not None:
            values = self.value_sets[self.value_set]
            doubt = "" if values.verified else " (not verified)"
            licence = f" {values.licence}" if values.licence else ""
            # A table of one's own is known by its file's name alone.
            named = dict.fromkeys([values.label, values.source])
            said.append(f"Value set: {', '.join(named)}{doubt}.{licence}")
        if self.coding is not None:
            said.append(f"Data coded {self.coding!r}.")
        return said

    def scale(self, column: str) -> Scale:
        """Return the scale behind a column.

        Raises
        ------
        DefinitionError
            The instrument has no such column, or its items are still to be said.
        """
        for scale in self.scales:
            if self.column(scale) == column:
                if scale in self.unkeyed:
                    raise DefinitionError(self._key_message([scale]))
                return scale
        raise DefinitionError(
            f"{self.name!r} gives no column {column!r}{did_you_mean(column, self.columns)}. "
            f"It gives {listed(self.columns)}."
        )

    def _key_message(self, scales: Sequence[Scale]) -> str:
        columns = [self.column(scale) for scale in scales]
        named = next((s.name for s in self.unkeyed if s.items == "key"), "")
        return (
            f"{self.name}: which items belong to {listed(columns)} is not public. Take them from "
            f"{self.citation} Then say so: keys = {{ {named} = ["
            '"1", "2", …] } in the study file, or '
            f'cp.instrument("{self.name}").with_keys({{"{named}": ["1", "2", …]}}).'
        )

    def require_ready(self) -> None:
        """Raise unless everything that the definition leaves to its user was said.

        Raises
        ------
        OptionError
            The coding or the value set is still to be named, or no scale has its items; all of
            these at once.
        """
        wrong = []
        try:
            self.require_coding()
        except OptionError as error:
            wrong.append(str(error))
        if any(scale.combine == "value_set" for scale in self.scales) and self.value_set is None:
            sets = [f"{name!r} ({values.label})" for name, values in self.value_sets.items()]
            wrong.append(
                f"{self.name} needs a value set, and there is no default. Say which: value_set= "
                f"{', '.join(sets) or 'a file of your own'}"
                + (", or a file of your own" if sets else "")
            )
        if not self.scored:
            wrong.append(self._key_message(self.unkeyed))
        if wrong:
            raise OptionError("\n".join(wrong))

    def require_coding(self) -> None:
        """Raise unless it is known which codes the data have.

        Raises
        ------
        OptionError
            The instrument is in use with codings that clash, and none was named.
        """
        if self.codings and self.coding is None:
            raise OptionError(
                f"{self.name} is in use with codings that clash ({listed(self.codings)}). Say "
                f"which one the data have, such as coding={self.codings[0]!r}."
            )

    # ---- in and out

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """Read a definition from a TOML file.

        Parameters
        ----------
        path : str or pathlib.Path

        Raises
        ------
        DefinitionError
            The file can't be read, or has mistakes: all of them, each with its key.

        Examples
        --------
        >>> import cpeval as cp
        >>> cp.instrument("ces_d").columns
        ['ces_d']
        """
        return cls.from_mapping(read_toml(path, DefinitionError), where=str(path))

    @classmethod
    def from_mapping(
        cls, definition: Mapping[str, object], *, where: str = "The definition"
    ) -> Self:
        """Validate a definition that is in memory; ``where`` names it in messages."""
        made, lines = cls.validated(definition)
        if made is None:
            said = "\n".join(f"- {line}" for line in lines)
            raise DefinitionError(f"{where} has mistakes:\n{said}")
        return made

    @classmethod
    def validated(cls, definition: Mapping[str, object]) -> tuple[Self | None, list[str]]:
        """Return the definition, or None and a line for each of its mistakes."""
        lines = too_large(cls, definition)
        if not lines:
            try:
                return cls.model_validate(definition), []
            except ValidationError as error:
                lines = every_mistake(cls, definition, error)
        return None, lines

    def __hash__(self) -> int:
        """Hash by identity of the definition, so that it can be a key."""
        return hash((self.name, self.version))

    def describe(self) -> Description:
        """Return a card: what each scale is made of, how far to trust it, whom to ask.

        Returns
        -------
        Description
            ``table``, a row a scale: column, label, items (how many), range, better, answered
            (how many must be), missing (the rule), bands, published (important difference,
            reliable change, reliability; their sources are in ``note``). It shows itself in a
            notebook.
        """
        from cpeval.definitions.description import describe

        return describe(self)

    def __repr__(self) -> str:
        """Return the definition's head and its scales as text."""
        return f"{self.name}: {self.title} ({self.status})\n{self.describe().shown()}"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return self.describe()._repr_html_()
