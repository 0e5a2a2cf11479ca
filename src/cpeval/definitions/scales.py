"""How scores come out of items: scales, their bands and published figures. Data only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from cpeval.definitions.kinds import (
    NameOrNone,
    Number,
    Pair,
    Points,
    Positive,
    ScaleItems,
    ScaleName,
    Share,
    SomeNumbers,
    Text,
    Truth,
    Weights,
    Whole,
)
from cpeval.definitions.part import Check, Finding, Mistake, Part, refuse_if
from cpeval.errors import listed


class Term(Part):
    """One scale's part in a weighted sum: ``weight * (scale - mean) / sd``."""

    scale: ScaleName
    weight: Number
    mean: Number = 0.0
    sd: Positive = 1.0


class Linear(Part):
    """A stretch of the raw range onto another, such as 10–30 onto 0–100."""

    start: Pair
    end: Pair

    checks: ClassVar = (
        refuse_if(
            lambda one: one.start[0] == one.start[1], "should be two different numbers", "start"
        ),
        refuse_if(lambda one: one.end[0] == one.end[1], "should be two different numbers", "end"),
    )

    def of(self, value: float) -> float:
        """Return where a raw score lands."""
        (a, b), (c, d) = self.start, self.end
        return c + (value - a) / (b - a) * (d - c)


def _runs_upwards(band: Band) -> Finding:
    if band.low > band.high:
        text = f"runs from {band.low:g} down to {band.high:g}"
        yield Mistake((), text, ("low", "high"))


def _ascend(one: Bands) -> Finding:
    for place, (before, after) in enumerate(pairwise(one.bands), start=1):
        yield _begins_above(place, before, after)


def _begins_above(place: int, before: Band, after: Band) -> Finding:
    if after.low <= before.high:
        text = f"should begin above the end of the band before it, which is {before.high:g}"
        yield Mistake(("bands", place), text)


class Band(Part):
    """A named range of a score, both ends included."""

    label: Text
    low: Number
    high: Number

    checks: ClassVar = (_runs_upwards,)


class Bands(Part):
    """One set of bands with its source; ``verified`` is false when taken from memory.

    ``name`` tells sets of one scale apart. Bands are in ascending order and don't overlap. A
    score between two (published ends are rounded) belongs to the lower one.
    """

    name: ScaleName = ""
    source: Text
    verified: Truth = True
    bands: Annotated[list[Band], Field(min_length=1, max_length=100)]

    checks: ClassVar = (_ascend,)


class Published(Part):
    """A published figure with its source; ``verified`` is false when taken from memory.

    An important difference is the smallest change that matters to people; a reliable change is
    larger than what error of measurement gives by chance.
    """

    value: Number
    source: Text
    verified: Truth = True


def _of_published(key: str, fits: Callable[[float], bool], text: str) -> Check:
    def check(scale: Scale) -> Finding:
        figure: Published | None = getattr(scale, key)
        if figure is not None and not fits(figure.value):
            yield Mistake((key, "value"), f"{text}. Got {figure.value:g}", (key,))

    return check


def _terms_once(scale: Scale) -> Finding:
    names = [term.scale for term in scale.terms or ()]
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        yield Mistake(("terms",), f"the scale {listed(twice)} stands twice; add up its weights")


def _one_source(scale: Scale) -> Finding:
    given = [key for key in ("items", "of", "terms") if getattr(scale, key) is not None]
    if len(given) != 1:
        yield Mistake(
            (),
            f"give one of items, of and terms. Got {listed(given) or 'none of them'}",
            ("items", "of", "terms"),
        )


def _of_scales_with(key: str) -> Callable[[Scale], object]:
    """Whether a scale of scales has a key for scales of items."""
    return lambda scale: (
        scale.items is None
        and (scale.of is not None or scale.terms is not None)
        and getattr(scale, key)
    )


def _changed_without_terms(key: str, plain: float) -> Callable[[Scale], object]:
    return lambda scale: (
        getattr(scale, key) != plain
        and scale.terms is None
        and (scale.items is not None or scale.of is not None)
    )


def _without(how: str) -> Check:
    """Return the check that such a scale, whose scores are its own, has no range of others."""

    def check(scale: Scale) -> Finding:
        for key in ("lookup", "linear", "range"):
            yield _given(scale, key)

    def _given(scale: Scale, key: str) -> Finding:
        if scale.combine == how and getattr(scale, key) is not None:
            yield Mistake((key,), f'combine = "{how}" takes none', (key,))

    return check


class Scale(Part):
    """One score: from items, from another scale, or from several.

    Exactly one of ``items``, ``of`` (a scale, for a ``lookup`` or ``linear``) and ``terms`` (a
    weighted sum of scales) says what it is made of. ``items`` is "all", a list of codes
    (``"3-12"`` for a range), or "key": which items belong to it isn't public, and the user must
    say (`Instrument.with_keys`); ``key_items`` is then how many there are, where that is known.

    ``combine`` is how: the sum or mean of the points, each times its ``weights`` if given; the
    ``maximum``; a ``count`` of items whose points are among ``counted``; a ``value_set`` of the
    instrument (with all items answered); or ``goal_attainment``, a T score of weighted goals that
    correlate by ``correlation``.

    ``answered`` is how many items must be answered, all when absent. With fewer than all, a
    mean is of those answered; a sum is of those answered, prorated to the whole length if
    ``prorate``.
    """

    name: NameOrNone = ""
    label: Text
    items: ScaleItems | None = None
    key_items: Whole | None = None
    of: ScaleName | None = None
    terms: Annotated[list[Term], Field(min_length=1, max_length=200)] | None = None
    combine: Literal["sum", "mean", "maximum", "count", "value_set", "goal_attainment"] = "sum"
    weights: Weights | None = None
    counted: SomeNumbers | None = None
    correlation: Share | None = None
    answered: Whole | None = None
    prorate: Truth = False
    linear: Linear | None = None
    lookup: Points | None = None
    multiply: Number = 1.0
    constant: Number = 0.0
    range: Pair | None = None
    better: Literal["higher", "lower"] | None = None
    bands: Annotated[list[Bands], Field(max_length=50)] = []
    important_difference: Published | None = None
    reliable_change: Published | None = None
    reliability: Published | None = None

    checks: ClassVar = (
        _one_source,
        _terms_once,
        *(
            _of_published(key, lambda value: value > 0, "should be more than 0")
            for key in ("important_difference", "reliable_change")
        ),
        _of_published("reliability", lambda value: 0 <= value <= 1, "should lie between 0 and 1"),
        *(
            refuse_if(_of_scales_with(key), "is for scales of items", key)
            for key in ("key_items", "weights", "counted", "correlation", "answered", "prorate")
        ),
        refuse_if(
            lambda s: s.lookup is not None and s.linear is not None,
            "give lookup or linear, not both",
            "lookup",
            "linear",
        ),
        refuse_if(
            lambda s: (
                s.of is not None and s.items is s.terms is None and s.lookup is s.linear is None
            ),
            "a scale made of another needs lookup or linear",
            "of",
        ),
        *(
            refuse_if(_changed_without_terms(key, plain), "is for scales of terms; use linear", key)
            for key, plain in (("multiply", 1.0), ("constant", 0.0))
        ),
        refuse_if(
            lambda s: s.range is not None and s.range[0] > s.range[1],
            "should be the lowest score, then the highest",
            "range",
        ),
        refuse_if(
            lambda s: len({bands.name for bands in s.bands}) < len(s.bands),
            "several sets of bands need a name each, and none twice",
            "bands",
        ),
        refuse_if(
            lambda s: s.items is not None and s.prorate and s.combine not in ("sum", "count"),
            "is for sums and counts; a mean is of the answered items anyway",
            "prorate",
        ),
        refuse_if(
            lambda s: s.combine == "count" and s.counted is None,
            'combine = "count" needs counted, the points to count',
            "combine",
            "counted",
            doubtful=("counted",),
        ),
        refuse_if(
            lambda s: s.counted is not None and s.items is not None and s.combine != "count",
            'is for combine = "count"',
            "counted",
        ),
        refuse_if(
            lambda s: s.combine == "goal_attainment" and s.correlation is None,
            'combine = "goal_attainment" needs correlation, that of a person\'s goals (often 0.3)',
            "combine",
            "correlation",
            doubtful=("correlation",),
        ),
        refuse_if(
            lambda s: (
                s.correlation is not None and s.items is not None and s.combine != "goal_attainment"
            ),
            'is for combine = "goal_attainment"',
            "correlation",
        ),
        refuse_if(
            lambda s: (
                s.weights is not None and s.items is not None and s.combine not in ("sum", "mean")
            ),
            "is for sums and means",
            "weights",
        ),
        *(_without(how) for how in ("value_set", "goal_attainment")),
        refuse_if(
            lambda s: s.combine == "value_set" and s.items == "key",
            'combine = "value_set" takes items = "all" or a list',
            "items",
        ),
        refuse_if(
            lambda s: s.combine == "goal_attainment" and s.items not in (None, "all"),
            'combine = "goal_attainment" takes items = "all"',
            "items",
        ),
        refuse_if(
            lambda s: s.combine == "value_set" and s.answered is not None,
            "a value set needs all items answered; leave this out",
            "answered",
        ),
    )
