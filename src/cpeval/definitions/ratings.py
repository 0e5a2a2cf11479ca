"""What a definition says of ratings: who can rate an item, on what evidence, what levels mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from cpeval.definitions.items import Item, Responses
from cpeval.definitions.part import Finding, Mistake, Part
from cpeval.errors import DefinitionError, OptionError, did_you_mean, is_number, listed

if TYPE_CHECKING:
    from cpeval.definitions.model import Instrument


class Anchor(NamedTuple):
    """A level of an item, as a code, and what it looks like."""

    code: float
    text: str


class Rated(Part):
    """Methods of `Instrument` for items that are rated rather than answered."""

    @property
    def _rated(self) -> Instrument:
        return cast("Instrument", self)

    @property
    def all_informants(self) -> list[str]:
        """Everybody who can rate some item; none if the definition doesn't say who rates."""
        one = self._rated
        named = one.informants or [name for item in one.items for name in item.informants]
        return list(dict.fromkeys(named))

    def informants_of(self, item: Item | str) -> list[str]:
        """Return who can rate an item; none named means that anybody can.

        Parameters
        ----------
        item : Item or str
            An item, or its code.

        Raises
        ------
        DefinitionError
            There is no such item.

        Examples
        --------
        >>> import cpeval as cp
        >>> cp.instrument("connecting_people").informants_of("17")
        ['participant', 'worker', 'observer']
        """
        found = self._item_of(item)
        return list(found.informants) or self.all_informants

    def items_for(self, informant: str) -> list[Item]:
        """Return the items that an informant can rate.

        Raises
        ------
        OptionError
            The definition names informants, and this is none of them.
        """
        every = self.all_informants
        if every and informant not in every:
            raise OptionError(
                f"{self._rated.name} has no informant {informant!r}"
                f"{did_you_mean(informant, every)}. It has {listed(every)}."
            )
        return [
            item for item in self._rated.items if not every or informant in self.informants_of(item)
        ]

    @property
    def automatic(self) -> list[Item]:
        """The items that rate themselves from data."""
        return [item for item in self._rated.items if item.auto is not None]

    def next_anchor(self, item: Item | str, level: float) -> Anchor | None:
        """Return what the next described level of an item looks like, for who wants to reach it.

        Parameters
        ----------
        item : Item or str
            An item, or its code.
        level : float
            Where the item stands: one of its codes, or between two (an average of ratings).

        Returns
        -------
        Anchor or None
            ``code`` and ``text`` of the nearest anchor that is worth more than ``level``, in the
            direction of the item (down, for a reversed one); None when there is none, or when the
            level is missing (NaN).

        Raises
        ------
        DefinitionError
            There is no such item.
        OptionError
            The level is not a number, or lies outside the codes.

        Examples
        --------
        >>> import cpeval as cp
        >>> cp.instrument("connecting_people").next_anchor("8", 3.5).code
        5.0
        """
        found = self._item_of(item)
        codes = sorted(self._rated.answers(found).codes)
        if not is_number(level):
            raise OptionError(f"'level' must be a number. Got {level!r}.")
        if np.isnan(level):
            return None
        if not codes[0] <= level <= codes[-1]:
            raise OptionError(
                f"'level' of item {found.code!r} must be from {codes[0]:g} to {codes[-1]:g}. "
                f"Got {level:g}."
            )
        points = self._rated.points(found)
        here = float(np.interp(level, codes, [points[code] for code in codes]))
        above = [code for code in found.anchors if points[code] > here]
        if not above:
            return None
        code = min(above, key=points.__getitem__)
        return Anchor(code, found.anchors[code])

    def _item_of(self, item: Item | str) -> Item:
        if isinstance(item, Item):
            return item
        codes = [one.code for one in self._rated.items]
        if item not in codes:
            raise DefinitionError(
                f"{self._rated.name} has no item {item!r}{did_you_mean(item, codes)}. "
                f"Items: {listed(codes)}."
            )
        return self._rated.item(item)


def rating_mistakes(one: Instrument) -> Finding:
    """Find what doesn't fit in what is said of ratings."""
    yield _named_twice(("informants",), one)
    for place, item in enumerate(one.items):
        yield _named_twice(("items", place, "informants"), item)
        yield _informant_mistakes(one, place, item)
        yield _level_mistakes(one, place, item)


def _named_twice(where: tuple[str | int, ...], one: Instrument | Item) -> Finding:
    """Names that differ in case or blanks alone are one, in a sheet's name or a person's hand."""
    folded: dict[str, list[str]] = {}
    for name in one.informants:
        folded.setdefault(" ".join(name.split()).casefold(), []).append(name)
    twice = [name for names in folded.values() if len(names) > 1 for name in names]
    if twice:
        yield Mistake(where, f"name one twice: {listed(twice)}")


def _informant_mistakes(one: Instrument, place: int, item: Item) -> Finding:
    strange = [name for name in item.informants if name not in one.informants]
    if one.informants and strange:
        near = did_you_mean(strange[0], one.informants) if len(strange) == 1 else ""
        yield Mistake(
            ("items", place, "informants"),
            f"{listed(strange)} not among those of the whole definition{near}",
        )


def _level_mistakes(one: Instrument, place: int, item: Item) -> Finding:
    """Levels of anchors and of the automatic rule are the item's codes."""
    here = ("items", place)
    answers = one.responses.get(item.responses)
    if answers is None:
        return
    yield _not_codes((*here, "anchors"), _anchor_codes(item), answers)
    yield _auto_levels((*here, "auto"), item, answers)


def _anchor_codes(item: Item) -> Iterable[float]:
    yield from item.anchors


def _auto_levels(where: tuple[str | int, ...], item: Item, answers: Responses) -> Finding:
    if item.auto is None:
        return
    yield _not_codes((*where, "levels"), item.auto.levels, answers)
    if answers.codings or answers.other_codings:
        yield Mistake(where, "is for items whose answers have one coding alone")


def _not_codes(
    where: tuple[str | int, ...], levels: Iterable[float], answers: Responses
) -> Finding:
    odd = [level for level in levels if level not in answers.codes]
    if odd:
        codes = listed(sorted(answers.codes))
        yield Mistake(where, f"there are no codes {listed(odd)}; the codes are {codes}")
