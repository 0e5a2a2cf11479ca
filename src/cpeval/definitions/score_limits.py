"""What a scale states of its scores against what its items can give: range, look-up, bands."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from math import ceil, floor
from typing import TYPE_CHECKING, NamedTuple

from cpeval.definitions.part import Finding, Mistake, Step
from cpeval.definitions.reach import Work, Worth, few_values, reach
from cpeval.definitions.scales import Band, Bands, Linear, Scale
from cpeval.errors import listed

if TYPE_CHECKING:
    from cpeval.definitions.consistency import Whole
    from cpeval.definitions.model import Instrument

#: Scores closer than this are equal: sums of decimals are not exact.
_CLOSE = 1e-9
#: A scale with more scores than this is not searched for scores between its bands.
_MOST_SCORES = 2000
_Path = tuple[Step, ...]


class _Limits(NamedTuple):
    """The lowest and the highest score; and all scores of complete sheets, where they are few."""

    low: float
    high: float
    complete: Callable[[], set[float] | None]


def limit_mistakes(whole: Whole) -> Finding:
    """Find what is stated of scores and can't be."""
    limits = _ScoreLimits(whole)
    for place, scale in enumerate(whole.one.scales):
        yield limits.mistakes(("scales", place), scale)


class _ScoreLimits:
    def __init__(self, whole: Whole) -> None:
        self.whole, self.one = whole, whole.one
        # Two: what holes between bands cost is not taken from what look-up tables need.
        self.work, self.hole_work = Work(), Work()
        self._worths: dict[int, frozenset[float]] = {}
        self._alike: dict[tuple[str, bool], frozenset[float]] = {}

    def mistakes(self, here: _Path, scale: Scale) -> Finding:
        """Compare what a scale can give with the range, look-up table and bands that it states."""
        before = raw_scale(self.one, scale)
        points = None if before is None else self._points(before)
        if before is None:
            yield self._against_range(here, scale)
            return
        if points is None:
            return
        if wrong := _never_counted(here, before, points):
            yield wrong if before is scale else []
            return
        low, high = reach(before, points)
        if scale.lookup is not None:
            if wrong := self._lookup_mistakes(here, scale.lookup, before, points):
                yield wrong
                return
            low, high = min(scale.lookup.values()), max(scale.lookup.values())
        elif scale.linear is not None:
            # What the scale before states is checked there; it may say what was meant.
            stated = before.range or (low, high)
            if scale.range is None and (wrong := _beyond_start(here, scale.linear, *stated)):
                yield wrong
                return
            ends = [scale.linear.of(low), scale.linear.of(high)]
            low, high = min(ends), max(ends)
        yield _range_mistake(here, scale, low, high)
        limits = _Limits(low, high, cache(lambda: self._complete(scale, before, points)))
        for place, bands in enumerate(scale.bands):
            yield _bands_mistakes((*here, "bands", place), bands, limits)

    def _against_range(self, here: _Path, scale: Scale) -> Finding:
        """Without items to go by, bands lie within the range that is stated."""
        if scale.range is None or (scale.items != "key" and scale.terms is None):
            return
        limits = _Limits(*scale.range, lambda: None)
        for place, bands in enumerate(scale.bands):
            yield _bands_mistakes((*here, "bands", place), bands, limits)

    def _lookup_mistakes(
        self, here: _Path, lookup: dict[float, float], before: Scale, points: list[Worth]
    ) -> list[Mistake]:
        """Return what is wrong with a look-up table: nothing if it has a value for each score."""
        where = (*here, "lookup")
        values = few_values(before, points, most=4 * len(lookup) + 200, work=self.work)
        if values is None:
            falls = before.combine == "mean" or before.prorate
            why = (
                "a mean or a prorated sum falls between"
                if falls
                else "there are too many to look up"
            )
            return [Mistake(where, f"needs whole scores; {why}")]
        found = []
        if gaps := values - set(lookup):
            found.append(Mistake(where, f"has no value for {listed(sorted(gaps))}"))
        if unused := set(lookup) - values:
            text = f"has {listed(sorted(unused))}, which the items can't give"
            found.append(Mistake(where, text))
        return found

    def _complete(self, scale: Scale, before: Scale, points: list[Worth]) -> set[float] | None:
        """Return the scores of sheets without a gap; None where they are many, or not known."""
        full = before.model_copy(update={"answered": None, "prorate": False})
        values = few_values(full, points, most=_MOST_SCORES, work=self.hole_work)
        if values is None:
            return None
        if scale.lookup is not None:
            return {scale.lookup[value] for value in values if value in scale.lookup}
        linear = scale.linear
        return values if linear is None else {round(linear.of(value), 9) for value in values}

    def _points(self, scale: Scale) -> list[Worth] | None:
        """What each item of a scale may be worth, with its weight; None where some are wrong."""
        whole = self.whole
        if any(whole.wrong_scales[place] for place, s in enumerate(self.one.scales) if s is scale):
            return None
        codes = whole.under(scale)
        places = range(len(codes)) if scale.items == "all" else [whole.by_code[c] for c in codes]
        if not codes or any(whole.wrong_items[place] for place in places):
            return None
        weights = scale.weights or dict.fromkeys(codes, 1.0)
        worth = [self._worth(place) for place in places]
        return [(some, weights[code]) for some, code in zip(worth, codes, strict=True)]

    def _worth(self, place: int) -> frozenset[float]:
        if place not in self._worths:
            item = self.one.items[place]
            # One set for all items alike: a hostile file has many, with many codes.
            alike = (item.responses, item.reversed)
            if item.values is not None or item.rules:
                self._worths[place] = frozenset(self.one.worth(item))
            else:
                if alike not in self._alike:
                    self._alike[alike] = frozenset(self.one.worth(item))
                self._worths[place] = self._alike[alike]
        return self._worths[place]


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


def _never_counted(here: _Path, scale: Scale, points: list[Worth]) -> list[Mistake]:
    if scale.combine != "count":
        return []
    worth = frozenset[float]().union(*{some for some, _ in points})
    odd = [value for value in scale.counted or () if value not in worth]
    return [Mistake((*here, "counted"), f"no item can be worth {listed(odd)}")] if odd else []


def _beyond_start(here: _Path, linear: Linear, low: float, high: float) -> list[Mistake]:
    """A stretch may start beyond the scores (a mean of 1 to 5, times 20), if its range says so."""
    if low - _CLOSE <= min(linear.start) and max(linear.start) <= high + _CLOSE:
        return []
    ends = sorted([linear.of(low), linear.of(high)])
    text = (
        f"goes beyond the scores, {low:g} to {high:g}. If that is meant, say what comes out: "
        f"range = [{ends[0]:g}, {ends[1]:g}]"
    )
    return [Mistake((*here, "linear", "start"), text)]


def _range_mistake(here: _Path, scale: Scale, low: float, high: float) -> Finding:
    stated = scale.range or (low, high)
    if max(abs(low - stated[0]), abs(high - stated[1])) > _CLOSE:
        given = f"[{stated[0]:g}, {stated[1]:g}]"
        yield Mistake((*here, "range"), f"is {given}, but the items give [{low:g}, {high:g}]")


def _bands_mistakes(here: _Path, bands: Bands, limits: _Limits) -> Finding:
    for place, band in enumerate(bands.bands):
        yield _band_mistake((*here, "bands", place), band, limits)
    for place, (before, after) in enumerate(pairwise(bands.bands), start=1):
        yield _hole((*here, "bands", place), before, after, limits)


def _band_mistake(here: _Path, band: Band, limits: _Limits) -> Finding:
    scores = f"the scores, {limits.low:g} to {limits.high:g}"
    if band.high < limits.low - _CLOSE or band.low > limits.high + _CLOSE:
        yield Mistake(here, f"lies beyond {scores}")
    elif band.low < limits.low - _CLOSE or band.high > limits.high + _CLOSE:
        yield Mistake(here, f"is {band.low:g} to {band.high:g}, and so reaches beyond {scores}")


def _hole(here: _Path, before: Band, after: Band, limits: _Limits) -> Finding:
    """Whole scores between two bands, of a scale whose complete sheets give whole scores alone.

    Between ends that are rounded (2.9 and 3 of a mean) a hole is usual.
    """
    first, last = floor(before.high) + 1, ceil(after.low) - 1
    within = limits.low - _CLOSE <= before.high and after.low <= limits.high + _CLOSE
    if first > last or not within:
        return
    complete = limits.complete()
    if complete is None or not all(float(value).is_integer() for value in complete):
        return
    if between := sorted(value for value in complete if first <= value <= last):
        yield Mistake(here, f"leaves a hole below it: no band has {listed(between, most=8)}")
