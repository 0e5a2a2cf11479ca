"""How scores come out of items: scales, their bands and published figures. Data only."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from cpeval.definitions.part import ItemCodes, Part, Points, Text, all_of, as_name
from cpeval.errors import listed


class Term(Part):
    """One scale's part in a weighted sum: ``weight * (scale - mean) / sd``."""

    scale: str
    weight: float
    mean: float = 0.0
    sd: Annotated[float, Field(gt=0)] = 1.0


class Linear(Part):
    """A stretch of the raw range onto another, such as 10–30 onto 0–100."""

    start: tuple[float, float]
    end: tuple[float, float]

    @model_validator(mode="after")
    def _is_a_stretch(self) -> Self:
        if self.start[0] == self.start[1]:
            raise ValueError(f"start should be two different numbers. Got {list(self.start)}")
        return self

    def of(self, value: float) -> float:
        """Return where a raw score lands."""
        (a, b), (c, d) = self.start, self.end
        return c + (value - a) / (b - a) * (d - c)


class Band(Part):
    """A named range of a score, both ends included."""

    label: Text
    low: float
    high: float

    @model_validator(mode="after")
    def _runs_upwards(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"{self.label!r} runs from {self.low:g} down to {self.high:g}")
        return self


class Bands(Part):
    """One set of bands with its source; ``verified`` is false when taken from memory.

    ``name`` tells sets of one scale apart. Bands are in ascending order and don't overlap. A
    score between two (published ends are rounded) belongs to the lower one.
    """

    name: str = ""
    source: Text
    verified: bool = True
    bands: Annotated[list[Band], Field(min_length=1)]

    @model_validator(mode="after")
    def _ascend(self) -> Self:
        all_of(
            f"{after.label!r} should begin above the end of {before.label!r}, which is "
            f"{before.high:g}"
            for before, after in pairwise(self.bands)
            if after.low <= before.high
        )
        return self


class Published(Part):
    """A published figure with its source; ``verified`` is false when taken from memory."""

    value: float
    source: Text
    verified: bool = True


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

    name: Annotated[str, AfterValidator(lambda text: text and as_name(text))] = ""
    label: Text
    items: Literal["all", "key"] | ItemCodes | None = None
    key_items: Annotated[int, Field(ge=1)] | None = None
    of: str | None = None
    terms: list[Term] | None = None
    combine: Literal["sum", "mean", "maximum", "count", "value_set", "goal_attainment"] = "sum"
    weights: dict[str, float] | None = None
    counted: Annotated[list[float], Field(min_length=1)] | None = None
    correlation: Annotated[float, Field(ge=0, le=1)] | None = None
    answered: Annotated[int, Field(ge=1)] | None = None
    prorate: bool = False
    linear: Linear | None = None
    lookup: Points | None = None
    multiply: float = 1.0
    constant: float = 0.0
    range: tuple[float, float] | None = None
    better: Literal["higher", "lower"] | None = None
    bands: list[Bands] = []
    important_difference: Published | None = None
    reliability: Published | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        all_of([*self._source_mistakes(), *self._combine_mistakes()])
        return self

    def _source_mistakes(self) -> Iterable[str]:
        given = [key for key in ("items", "of", "terms") if getattr(self, key) is not None]
        if len(given) != 1:
            yield f"give one of items, of, terms. Got {listed(given) or 'none'}"
        if self.items is None:
            for key in ("answered", "weights", "counted", "correlation"):
                if getattr(self, key) is not None:
                    yield f"{key} is for scales of items"
            if self.prorate:
                yield "prorate is for scales of items"
        if self.key_items is not None and self.items is None:
            yield "key_items is for scales of items"
        if self.lookup is not None and self.linear is not None:
            yield "give lookup or linear, not both"
        if self.of is not None and self.lookup is None and self.linear is None:
            yield "a scale made of another needs lookup or linear"
        if self.terms is None and (self.multiply, self.constant) != (1.0, 0.0):
            yield "multiply and constant are for scales of terms; use linear"
        names = [bands.name for bands in self.bands]
        if len(set(names)) < len(names):
            yield "several sets of bands need a name each"

    def _combine_mistakes(self) -> Iterable[str]:
        how = self.combine
        if self.prorate and how not in ("sum", "count"):
            yield "prorate is for sums and counts; a mean is of the answered items anyway"
        if (self.counted is None) == (how == "count"):
            yield 'combine = "count" and counted, the points to count, go together'
        if (self.correlation is None) == (how == "goal_attainment"):
            yield 'combine = "goal_attainment" and correlation go together'
        if self.weights is not None and how not in ("sum", "mean"):
            yield "weights are for sums and means"
        if how in ("value_set", "goal_attainment"):
            if self.items == "key" or (how == "goal_attainment" and self.items != "all"):
                yield f'combine = "{how}" takes items = "all"'
            if self.lookup is not None or self.linear is not None or self.range is not None:
                yield f'combine = "{how}" takes no lookup, linear or range'
        if how == "value_set" and self.answered is not None:
            yield "a value set needs all items answered; leave out answered"
