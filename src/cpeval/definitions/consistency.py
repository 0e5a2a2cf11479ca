"""How the parts of a definition must fit together: every mistake, each with where it is.

Each check is by itself: one that meets a value which is wrong in itself ends there
(`cpeval.definitions.part.Unknown`), and the others go on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from cpeval.definitions.items import Item, Responses, Rule
from cpeval.definitions.part import Finding, Mistake, differ, found_by
from cpeval.definitions.scale_order import order_mistakes
from cpeval.definitions.scales import Scale
from cpeval.definitions.score_limits import limit_mistakes
from cpeval.errors import did_you_mean, listed

if TYPE_CHECKING:
    from cpeval.definitions.model import Instrument

#: What scoring and banding may add to a scale's column.
_ADDED = ("_answered", "_band")


def inconsistencies(one: Instrument) -> Finding:
    """Find what doesn't fit."""
    whole = Whole(one)
    yield _asked_mistakes(one)
    yield _coding_mistakes(one)
    yield whole.item_mistakes()
    yield _late_optional(one)
    yield _all_take_optional(one)
    yield whole.scale_mistakes()
    yield order_mistakes(one.scales)
    yield _column_mistakes(one)
    yield limit_mistakes(whole)
    yield _unused_responses(one)
    yield _value_set_mistakes(one)


def near(name: str, options: Iterable[str]) -> str:
    """Return the near miss, unless there are so many options that the search takes long."""
    few = list(options)
    return did_you_mean(name, few) if len(few) <= 200 else ""


def _asked_mistakes(one: Instrument) -> Finding:
    """Something is asked: items or goals; scales fit to which of them it is."""
    if one.items and one.goals is not None:
        yield Mistake((), "give items or goals, not both")
        return
    if not one.items and one.goals is None:
        yield Mistake(("items",), "is needed and absent (or goals, for an instrument of goals)")
        return
    yield _goal_response_mistakes(one)
    for place, scale in enumerate(one.scales):
        yield _goal_scale_mistakes(one, place, scale)


def _goal_response_mistakes(one: Instrument) -> Finding:
    if one.goals is not None and one.goals.responses not in one.responses:
        text = f"there is no [responses.{one.goals.responses}]"
        yield Mistake(("goals", "responses"), text + near(one.goals.responses, one.responses))


def _goal_scale_mistakes(one: Instrument, place: int, scale: Scale) -> Finding:
    rated = scale.combine == "goal_attainment"
    if rated and one.goals is None:
        text = '"goal_attainment" is for instruments of goals; this one has items'
        yield Mistake(("scales", place, "combine"), text)
    elif not rated and one.goals is not None and scale.items is not None:
        text = 'an instrument of goals takes combine = "goal_attainment" alone'
        yield Mistake(("scales", place, "combine"), text)


def _coding_mistakes(one: Instrument) -> Finding:
    """All sets of responses with named codings must know the same names."""
    named = {key: set(r.codings) for key, r in one.responses.items() if r.codings}
    every = set().union(*named.values()) if named else set()
    for key, names in named.items():
        if names != every:
            lacking = listed(sorted(every - names))
            yield Mistake(("responses", key, "codings"), f"lacks {lacking}, which others have")


def _unused_responses(one: Instrument) -> Finding:
    """Sets of answers that nothing has; while a name leads nowhere, it may be meant for one."""
    named = [item.responses for item in one.items]
    named += [] if one.goals is None else [one.goals.responses]
    if named and one.responses.keys() >= {*named}:
        unused = [key for key in one.responses if key not in {*named}]
        yield from (Mistake(("responses", key), "no item has these answers") for key in unused)


class Whole:
    """An instrument under examination, with what several checks need."""

    def __init__(self, one: Instrument) -> None:
        self.one = one

    @cached_property
    def codes(self) -> list[str]:
        """The items' codes, in order."""
        return [item.code for item in self.one.items]

    @cached_property
    def by_code(self) -> dict[str, int]:
        """Item code to its position, the first of any that share it."""
        places: dict[str, int] = {}
        for place, code in enumerate(self.codes):
            places.setdefault(code, place)
        return places

    # ---- items

    def item_mistakes(self) -> Finding:
        """Find what is wrong with items, among themselves and each with its answers."""
        yield _said(("items",), lambda: _twice(self.codes, "code"))
        for place in range(len(self.one.items)):
            yield self.wrong_items[place]

    @cached_property
    def wrong_items(self) -> list[list[Mistake]]:
        """The mistakes of each item; no score of an item that has any is relied on."""
        return [list(found_by(self._item(*both))) for both in enumerate(self.one.items)]

    def _item(self, place: int, item: Item) -> Finding:
        here = ("items", place)
        if item.responses not in self.one.responses:
            text = f"there is no [responses.{item.responses}]"
            yield Mistake((*here, "responses"), text + near(item.responses, self.one.responses))
            answers = None
        else:
            answers = self.one.responses[item.responses]
            yield self._item_values((*here, "values"), item, answers)
        for number, rule in enumerate(item.rules):
            where = (*here, "rules", number)
            if answers is not None:
                yield self._item_values((*where, "values"), rule, answers)
            yield _rule_on_itself(where, rule, item)
            yield self._rule(where, rule)

    @staticmethod
    def _item_values(where: tuple[str | int, ...], one: Item | Rule, answers: Responses) -> Finding:
        return _said(where, lambda: differ(one.values, answers.codes, "the response codes"))

    def _rule(self, where: tuple[str | int, ...], rule: Rule) -> Finding:
        if rule.item not in self.by_code:
            yield Mistake(
                (*where, "item"), f"there is no item {rule.item!r}{near(rule.item, self.codes)}"
            )
            return
        yield self._rule_on_optional(where, rule)
        other = self.one.responses.get(self.one.items[self.by_code[rule.item]].responses)
        if rule.codes != "missing" and other is not None:
            odd = [c for c in rule.codes if c not in other.codes]
            if odd:
                yield Mistake((*where, "codes"), f"item {rule.item!r} has no codes {listed(odd)}")

    def _rule_on_optional(self, where: tuple[str | int, ...], rule: Rule) -> Finding:
        on, item = self.one.items[self.by_code[rule.item]], self.one.items[int(where[1])]
        if on.optional and not item.optional:
            yield Mistake((*where, "item"), f"item {rule.item!r} is optional, and this one is not")

    # ---- scales

    def scale_mistakes(self) -> Finding:
        """Find what is wrong with scales, among themselves and each with its items."""
        yield _said(("scales",), lambda: _twice([s.name for s in self.one.scales], "name"))
        for place in range(len(self.one.scales)):
            yield self.wrong_scales[place]

    @cached_property
    def wrong_scales(self) -> list[list[Mistake]]:
        """The mistakes of each scale; no score of one that has any is relied on."""
        return [list(found_by(self._scale(*both))) for both in enumerate(self.one.scales)]

    def _scale(self, place: int, scale: Scale) -> Finding:
        yield self._chosen(("scales", place), scale)
        yield self._key_items(("scales", place), scale)
        yield self._prorated(("scales", place), scale)
        yield self._answered(("scales", place), scale)
        yield self._weights(("scales", place), scale)

    def _chosen(self, here: tuple[str | int, ...], scale: Scale) -> Finding:
        if not isinstance(scale.items, list):
            return
        where = (*here, "items")
        yield from (Mistake(where, text) for text in _twice(scale.items, "item"))
        yield self._as_many_as_said(where, scale, len(scale.items))
        absent = [code for code in dict.fromkeys(scale.items) if code not in self.by_code]
        if absent and self.one.items:
            noun = "is no item" if len(absent) == 1 else "are no items"
            hint = near(absent[0], self.codes) if len(absent) == 1 else ""
            yield Mistake(where, f"there {noun} {listed(absent, most=8)}{hint}")

    def _key_items(self, here: tuple[str | int, ...], scale: Scale) -> Finding:
        """Of a list of items, `_chosen` says it."""
        number = len(self.one.items)
        if scale.items == "all" and number:
            yield self._as_many_as_said((*here, "items"), scale, number)
        elif scale.items == "key" and scale.key_items and scale.key_items > number > 0:
            yield Mistake(
                (*here, "key_items"), f"is {scale.key_items}, but there are {number} items"
            )

    @staticmethod
    def _as_many_as_said(where: tuple[str | int, ...], scale: Scale, number: int) -> Finding:
        if scale.key_items not in (None, number):
            yield Mistake(where, f"key_items says {scale.key_items} items; here are {number}")

    def under(self, scale: Scale) -> Sequence[str]:
        """The items of a scale of items, as far as they are said."""
        return self.codes if scale.items == "all" else scale.items or ()

    def _answered(self, here: tuple[str | int, ...], scale: Scale) -> Finding:
        if scale.answered is None or scale.items is None:
            return
        number = scale.key_items if scale.items == "key" else len(self.under(scale))
        if number and scale.answered > number and (scale.items == "key" or self.one.items):
            yield Mistake((*here, "answered"), f"is more than its {number} items")

    def _prorated(self, here: tuple[str | int, ...], scale: Scale) -> Finding:
        if scale.items is None or not scale.prorate or scale.combine not in ("sum", "count"):
            return
        items = () if scale.items == "key" else self.under(scale)
        number = scale.key_items if scale.items == "key" else len(items)
        twice = len({*items}) < len(items)
        if scale.answered is None or (scale.answered == number and not twice):
            text = "changes nothing while all items must be answered; say how many by answered"
            yield Mistake((*here, "prorate"), text)

    def _weights(self, here: tuple[str | int, ...], scale: Scale) -> Finding:
        if scale.weights is not None and scale.items not in (None, "key"):
            wanted = dict.fromkeys(self.under(scale))
            yield _said((*here, "weights"), lambda: differ(scale.weights, wanted, "the items"))


def _rule_on_itself(where: tuple[str | int, ...], rule: Rule, item: Item) -> Finding:
    if item.code == rule.item:
        text = "is the item itself; say what its codes are worth by values"
        yield Mistake((*where, "item"), text)


def _late_optional(one: Instrument) -> Finding:
    """Optional items come last, so that the others keep their numbers."""
    places = [place for place, item in enumerate(one.items) if item.optional]
    if places and places[0] != len(one.items) - len(places):
        codes = listed([one.items[place].code for place in places])
        yield Mistake(("items",), f"optional ones should stand last: {codes}")


def _all_take_optional(one: Instrument) -> Finding:
    codes = [item.code for item in one.items if item.optional]
    if codes and one.scales and all(taken_by(one, scale, codes) for scale in one.scales):
        yield Mistake(("scales",), f"every scale takes optional items: {listed(codes)}")


def taken_by(one: Instrument, scale: Scale, codes: Sequence[str]) -> bool:
    """Whether a scale takes any of some items, itself or through others."""
    return not {*one.items_of(scale)}.isdisjoint(codes)


def _column_mistakes(one: Instrument) -> Finding:
    """No scale's column is that of an item, or what scoring and banding add to another scale."""
    taken = {f"{one.name}_{item.code}": f"that of item {item.code!r}" for item in one.items}
    for scale in one.scales:
        column = one.column(scale)
        taken |= {f"{column}{end}": f"what scoring or banding adds to {column!r}" for end in _ADDED}
    for place, scale in enumerate(one.scales):
        column = one.column(scale)
        if column in taken:
            text = f"its column would be {column!r}, which is {taken[column]}"
            yield Mistake(("scales", place, "name"), text)


def _value_set_mistakes(one: Instrument) -> Finding:
    yield _chosen_value_set(one)
    yield _valued_scales(one)
    for scale in one.scales:
        yield _mistakes_of_values(one, scale)


def _valued_scales(one: Instrument) -> Finding:
    valued = [scale for scale in one.scales if scale.combine == "value_set"]
    if one.value_sets and not valued:
        yield Mistake(("value_sets",), 'no scale has combine = "value_set"')
    if len(valued) > 1:
        yield Mistake(("scales",), 'only one scale may have combine = "value_set"')


def _mistakes_of_values(one: Instrument, scale: Scale) -> Finding:
    if scale.combine != "value_set":
        return
    valued = [
        item for item in one.items if scale.items == "all" or item.code in (scale.items or ())
    ]
    if any(item.responses not in one.responses for item in valued):
        return
    codes = {item.code: sorted(one.responses[item.responses].codes) for item in valued}
    for name, values in one.value_sets.items():
        yield (
            Mistake(("value_sets", name, *mistake.path), mistake.text)
            for mistake in found_by(values.mistakes(codes))
        )


def _chosen_value_set(one: Instrument) -> Finding:
    if one.value_set is not None and one.value_set not in one.value_sets:
        text = f"there is no value set {one.value_set!r}{near(one.value_set, one.value_sets)}"
        yield Mistake(("value_set",), text)


def _said(where: tuple[str | int, ...], lines: Callable[[], Iterable[str]]) -> Finding:
    """Find what ``lines`` says of a place; asked here, so that an unknown value ends this alone."""
    for text in lines():
        yield Mistake(where, text)


def _twice(names: Sequence[str], what: str) -> Iterable[str]:
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        yield f"the {what} {listed(twice)} stands twice"
