"""How a rating follows from data: one column, or two that make a share, cut into levels."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import BeforeValidator

from cpeval.definitions.kinds import Line, Pair, Remark, SomeNumbers, brief
from cpeval.definitions.part import Finding, Mistake, Part
from cpeval.errors import listed

#: The level that a value exactly at a cut gets: that above the cut, or that below it.
Side = Literal["above", "below"]
_SIDES = get_args(Side)


def _at_cut(value: object) -> str | list[str]:
    sides = value if isinstance(value, list | tuple) else [value]
    if not sides or any(side not in _SIDES for side in sides):
        raise ValueError(
            'should be "above" or "below", or a list with one of these for each cut: does a value '
            f"at the cut get the level above the cut, or that below it? Got {brief(value)}"
        )
    return list(value) if isinstance(value, list | tuple) else str(value)


AtCut = Annotated[Side | list[Side], BeforeValidator(_at_cut)]


def _inputs(one: AutoRule) -> Finding:
    """A value comes from one column, or from two and how they are divided."""
    divided = {"numerator": one.numerator, "denominator": one.denominator, "unit": one.unit}
    said = [key for key, value in divided.items() if value is not None]
    if one.column is None and not said:
        yield Mistake((), "give column, or numerator and denominator")
    elif one.column is not None and said:
        yield Mistake((), f"column or numerator and denominator, not both: {listed(said)} is there")
    elif one.column is None:
        for key in divided:
            if key not in said:
                hint = ': "percent" or "ratio"' if key == "unit" else ""
                yield Mistake((key,), f"is needed and absent{hint}")
    if one.numerator is not None and one.numerator == one.denominator:
        yield Mistake(("denominator",), "is the numerator")


def _cuts(one: AutoRule) -> Finding:
    """Cuts ascend, and in percent are percentages."""
    wrong = [f"{high:g} after {low:g}" for low, high in pairwise(one.cuts) if high <= low]
    if wrong:
        yield Mistake(("cuts",), f"should ascend, none twice. There is {', '.join(wrong)}")


def _percent(one: AutoRule) -> Finding:
    if one.unit != "percent":
        return
    if min(one.cuts) < 0 and one.range is None:
        yield Mistake(("cuts",), "are percentages: none below 0, unless range says so")
    elif max(one.cuts) <= 1:
        yield Mistake(
            ("cuts",), f"are percentages: write {max(one.cuts) * 100:g}, not {max(one.cuts):g}"
        )


def _levels(one: AutoRule) -> Finding:
    """One level more than cuts, in one direction."""
    if len(one.levels) != len(one.cuts) + 1:
        yield Mistake(
            ("levels",),
            f"should be one more than the cuts, {len(one.cuts) + 1}, from the lowest values to the "
            f"highest. There are {len(one.levels)}",
        )
    steps = [high - low for low, high in pairwise(one.levels)]
    if not (all(step > 0 for step in steps) or all(step < 0 for step in steps)):
        yield Mistake(("levels",), "should go up all the way, or down all the way, none twice")


def _sides(one: AutoRule) -> Finding:
    if isinstance(one.at_cut, list) and len(one.at_cut) != len(one.cuts):
        yield Mistake(
            ("at_cut",), f"has {len(one.at_cut)} sides, and there are {len(one.cuts)} cuts"
        )


def _within(one: AutoRule) -> Finding:
    if one.range is None:
        return
    low, high = one.range
    if low >= high:
        yield Mistake(("range",), "should be the lowest value, then the highest")
        return
    outside = [cut for cut in one.cuts if not low <= cut <= high]
    if outside:
        yield Mistake(("cuts",), f"{listed(outside)} lie outside range, {low:g} to {high:g}")


class AutoRule(Part):
    """A rating that follows from data: values between two cuts have one level.

    The value is a ``column``, or ``numerator`` by ``denominator`` as a ratio or in percent. The
    first of ``levels`` is for values below the first of ``cuts``, and so on upwards; ``at_cut``
    says which of both levels a value exactly at a cut has. Values outside ``range`` are mistakes.
    """

    column: Line | None = None
    numerator: Line | None = None
    denominator: Line | None = None
    unit: Literal["percent", "ratio"] | None = None
    cuts: SomeNumbers
    levels: SomeNumbers
    at_cut: AtCut
    range: Pair | None = None
    source: Remark = ""

    # Each by itself: a value that is wrong hides no other mistake.
    checks: ClassVar = (_inputs, _cuts, _percent, _levels, _sides, _within)

    @property
    def columns(self) -> list[str]:
        """The columns of the data that it needs."""
        named = (self.column, self.numerator, self.denominator)
        return [name for name in named if name is not None]

    @property
    def sides(self) -> list[str]:
        """For each cut, the side whose level a value at it has."""
        return (
            list(self.at_cut) if isinstance(self.at_cut, list) else [self.at_cut] * len(self.cuts)
        )

    @property
    def value(self) -> str:
        """What is cut into levels, in words, such as ``100 x a / b``."""
        if self.column is not None:
            return self.column
        share = f"{self.numerator} / {self.denominator}"
        return f"100 × {share}" if self.unit == "percent" else share

    @property
    def spelt(self) -> list[tuple[float, str]]:
        """Each level with the values that it stands for, from the lowest values up.

        Such as ``(5, "up to 20")`` and ``(4, "more than 20, up to 25")``.
        """
        made = []
        for place, level in enumerate(self.levels):
            said = []
            if place:
                word = "from" if self.sides[place - 1] == "above" else "more than"
                said.append(f"{word} {self.cuts[place - 1]:g}")
            if place < len(self.cuts):
                word = "below" if self.sides[place] == "above" else "up to"
                said.append(f"{word} {self.cuts[place]:g}")
            made.append((level, ", ".join(said)))
        return made

    def __str__(self) -> str:
        """Return the rule in a line."""
        levels = "; ".join(f"{level:g}: {span}" for level, span in self.spelt)
        return f"from {self.value}: {levels}"
