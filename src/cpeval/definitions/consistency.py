"""How the parts of a definition must fit together: every mistake, each with where it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from cpeval.definitions.items import Responses
from cpeval.definitions.reach import few_values, reach
from cpeval.definitions.scales import Scale
from cpeval.errors import did_you_mean, listed

if TYPE_CHECKING:
    from cpeval.definitions.model import Instrument


def inconsistencies(one: Instrument) -> list[str]:
    """Return what doesn't fit, a line each."""
    return [
        *_source_mistakes(one),
        *_coding_mistakes(one.responses),
        *_item_mistakes(one),
        *_optional_mistakes(one),
        *_scale_mistakes(one),
        *_value_set_mistakes(one),
    ]


def _source_mistakes(one: Instrument) -> Iterable[str]:
    if one.items and one.goals is not None:
        yield "give items or goals, not both"
    if not one.items and one.goals is None:
        yield "items: is needed and absent"
    if one.goals is not None and one.goals.responses not in one.responses:
        near = did_you_mean(one.goals.responses, one.responses)
        yield f"goals: responses has no {one.goals.responses!r}{near}"
    for scale in one.scales:
        if (scale.combine == "goal_attainment") != (one.goals is not None) and (
            scale.items is not None or scale.combine == "goal_attainment"
        ):
            yield (
                f"scales, {scale.name or one.name!r}: combine = "
                '"goal_attainment" is for instruments of goals, and they take no other'
            )


def _coding_mistakes(responses: Mapping[str, Responses]) -> Iterable[str]:
    """All sets of responses with named codings must know the same names."""
    named = {key: set(r.codings) for key, r in responses.items() if r.codings}
    every = set().union(*named.values()) if named else set()
    for key, names in named.items():
        if names != every:
            lacking = listed(sorted(every - names))
            yield f"responses.{key}: codings lacks {lacking}, which others have"


def _item_mistakes(one: Instrument) -> Iterable[str]:
    codes = [item.code for item in one.items]
    known = {item.code: item for item in one.items}
    yield from _twice("items", codes)
    for item in one.items:
        where = f"items, code {item.code!r}"
        if item.responses not in one.responses:
            near = did_you_mean(item.responses, one.responses)
            yield f"{where}: responses has no {item.responses!r}{near}"
            continue
        answers = set(one.responses[item.responses].codes)
        if item.reversed and item.values is not None:
            yield f"{where}: reversed or values, not both"
        for key, points in [("values", item.values), *(("rules", r.values) for r in item.rules)]:
            if points is not None and set(points) != answers:
                odd = sorted(set(points) ^ answers)
                yield f"{where}: {key} and the response codes differ in {listed(odd)}"
        for rule in item.rules:
            if rule.item not in known:
                yield f"{where}: rules names no item {rule.item!r}{did_you_mean(rule.item, codes)}"
                continue
            if known[rule.item].optional and not item.optional:
                yield f"{where}: rules names item {rule.item!r}, which is optional"
            other = one.responses.get(known[rule.item].responses)
            if rule.codes != "missing" and other is not None:
                odd = [c for c in rule.codes if c not in other.codes]
                if odd:
                    yield f"{where}: rules: item {rule.item!r} has no codes {listed(odd)}"


def _optional_mistakes(one: Instrument) -> Iterable[str]:
    """Optional items come last, so that the others keep their numbers, and spare some scale."""
    optional = [item.code for item in one.items if item.optional]
    if optional != [item.code for item in one.items][len(one.items) - len(optional) :]:
        yield f"items: optional ones should stand last: {listed(optional)}"
    if optional and one.scales and all(taken_by(one, s, optional) for s in one.scales):
        yield f"items: every scale takes optional ones: {listed(optional)}"


def taken_by(one: Instrument, scale: Scale, codes: Sequence[str]) -> bool:
    """Whether a scale takes any of some items, itself or through scales that stand above it."""
    if scale.items is not None:
        return scale.items != "key" and (scale.items == "all" or bool({*scale.items} & {*codes}))
    sources = [scale.of] if scale.of is not None else [t.scale for t in scale.terms or []]
    above = one.scales[: one.scales.index(scale)]
    return any(taken_by(one, s, codes) for s in above if s.name in sources)


def _scale_mistakes(one: Instrument) -> Iterable[str]:
    codes = [item.code for item in one.items]
    names = [scale.name for scale in one.scales]
    yield from _twice("scales", names)
    for place, scale in enumerate(one.scales):
        where = f"scales, {scale.name or one.name!r}"
        chosen = scale.items if isinstance(scale.items, list) else []
        for code in chosen:
            if code not in codes:
                yield f"{where}: there is no item {code!r}{did_you_mean(code, codes)}"
        yield from _twice(f"{where}, items", chosen)
        if chosen and scale.key_items not in (None, len(chosen)):
            yield f"{where}: has {scale.key_items} items; items names {len(chosen)}"
        under = codes if scale.items == "all" else chosen
        if scale.answered and under and scale.answered > len(under):
            yield f"{where}: answered is more than its {len(under)} items"
        if scale.weights is not None and under and set(scale.weights) != set(under):
            odd = sorted(set(scale.weights) ^ set(under))
            yield f"{where}: weights and items differ in {listed(odd)}"
        sources = [term.scale for term in scale.terms or []]
        for source in sources if scale.of is None else [scale.of]:
            if source not in names:
                yield f"{where}: there is no scale {source!r}{did_you_mean(source, names)}"
            elif names.index(source) >= place:
                yield f"{where}: made of {source!r}, which must stand above it (no cycles)"
        yield from _reach_mistakes(one, where, scale)


def _reach_mistakes(one: Instrument, where: str, scale: Scale) -> Iterable[str]:
    """Compare what a scale can give with the range, look-up table and bands that it states."""
    before = raw_scale(one, scale)
    points = None if before is None else _points(one, before)
    if before is None or points is None:
        return
    low, high = reach(before, points)
    if scale.lookup is not None:
        values = few_values(before, points)
        if values is None:
            yield f"{where}: lookup needs whole scores; a mean or a prorated sum falls between"
            return
        gaps, unused = values - set(scale.lookup), set(scale.lookup) - values
        if gaps:
            yield f"{where}: lookup has no value for {listed(sorted(gaps))}"
        if unused:
            yield f"{where}: lookup has {listed(sorted(unused))}, which the items can't give"
        if gaps:
            return
        low, high = min(scale.lookup.values()), max(scale.lookup.values())
    elif scale.linear is not None:
        ends = [scale.linear.of(low), scale.linear.of(high)]
        low, high = min(ends), max(ends)
    stated = scale.range or (low, high)
    if max(abs(low - stated[0]), abs(high - stated[1])) > 1e-9:
        given = f"[{stated[0]:g}, {stated[1]:g}]"
        yield f"{where}: range {given}, but the items give [{low:g}, {high:g}]"
    for bands in scale.bands:
        out = [b.label for b in bands.bands if b.high < low - 1e-9 or b.low > high + 1e-9]
        if out:
            yield f"{where}: bands {listed(out)} lie beyond the scores, {low:g} to {high:g}"


def raw_scale(one: Instrument, scale: Scale) -> Scale | None:
    """The scale of items under a scale, if that is all there is to it; None for others."""
    if scale.of is not None:
        source = next((s for s in one.scales if s.name == scale.of), None)
        if source is None or source is scale or source.lookup or source.linear:
            return None
        return raw_scale(one, source) if source.of is None else None
    if scale.items in (None, "key") or scale.combine in ("value_set", "goal_attainment"):
        return None
    return scale


def _points(one: Instrument, scale: Scale) -> list[set[float]] | None:
    """What each item of a scale may be worth, times its weight; None where items are wrong."""
    known = {item.code: item for item in one.items}
    codes: Sequence[str] = list(known) if not isinstance(scale.items, list) else scale.items
    if not codes or any(
        code not in known or known[code].responses not in one.responses for code in codes
    ):
        return None
    weights = scale.weights or {}
    return [{weights.get(c, 1.0) * p for p in one.worth(known[c])} for c in codes]


def _value_set_mistakes(one: Instrument) -> Iterable[str]:
    if any(item.responses not in one.responses for item in one.items):
        return
    valued = [scale for scale in one.scales if scale.combine == "value_set"]
    if one.value_sets and not valued:
        yield 'value_sets: no scale has combine = "value_set"'
    if one.value_set is not None and one.value_set not in one.value_sets:
        near = did_you_mean(one.value_set, one.value_sets)
        yield f"value_set: there is no value set {one.value_set!r}{near}"
    if len(valued) > 1:
        yield 'scales: only one scale may have combine = "value_set"'
    for scale in valued:
        codes = {
            item.code: sorted(one.responses[item.responses].codes)
            for item in one.items
            if scale.items == "all" or item.code in (scale.items or ())
        }
        for name, values in one.value_sets.items():
            for line in values.mistakes(codes):
                yield f"value_sets.{name}: {line}"


def _twice(where: str, names: list[str]) -> Iterable[str]:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        yield f"{where}: {listed(twice)} stands twice"
