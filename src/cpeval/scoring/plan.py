"""The plan behind a definition: points of items first, then each scale from what is there."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from cpeval.definitions.items import Item
from cpeval.definitions.model import Instrument
from cpeval.definitions.scales import Scale
from cpeval.scoring.algebra import Algebra, Value


@dataclass(frozen=True, kw_only=True)
class Use:
    """What is scored: a definition that is ready, and the columns that hold it.

    Attributes
    ----------
    definition : Instrument
    columns : mapping
        Item code to column.
    weights : mapping
        Item code to the column of a goal's weight; empty for equal weights.
    prefix : str
        Put before the names of new columns.
    masked : bool
        Whether answers outside the codes are missing; else they were looked for, and none is.
    """

    definition: Instrument
    columns: Mapping[str, str]
    weights: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    masked: bool = False

    def column(self, scale: Scale) -> str:
        """The name of a scale's new column."""
        return self.prefix + self.definition.column(scale)

    @property
    def needed(self) -> list[str]:
        """Every column of the data that scoring takes."""
        return [*self.columns.values(), *self.weights.values(), *self.by]

    @property
    def by(self) -> list[str]:
        """The columns by which a value set differs."""
        one = self.definition
        return list(one.value_sets[one.value_set].by) if one.value_set is not None else []


class Plan:
    """How a use's points and scales come out of its columns, spelt in an algebra."""

    def __init__(self, use: Use, algebra: Algebra) -> None:
        self.use = use
        self.definition = use.definition
        self.algebra = algebra

    def answer(self, item: Item) -> Value:
        """The item's standard codes; missing codes, and invalid ones, as missing."""
        responses = self.definition.answers(item)
        meaning = responses.meaning
        checked = not self.use.masked and not responses.missing_codes
        x = self.algebra.answers(self.use.columns[item.code], meaning, checked=checked)
        return self.mapped(x, meaning) if any(a != b for a, b in meaning.items()) else x

    def points(self, item: Item) -> Value:
        """What the answer is worth."""
        x = self.answer(item)
        points = self.mapped(x, self.definition.points(item))
        for rule in reversed(item.rules):
            other = self.answer(self.definition.item(rule.item))
            holds = (
                self.algebra.missing(other)
                if rule.codes == "missing"
                else self.algebra.among(other, rule.codes)
            )
            points = self.algebra.where(holds, self.mapped(x, rule.values), points)
        return points

    def scale(self, scale: Scale, parts: Mapping[str, Value], scores: Mapping[str, Value]) -> Value:
        """A scale from its items' points, or from scales by name that are there already."""
        if scale.terms is not None:
            sum_ = _added([(scores[t.scale] - t.mean) * (t.weight / t.sd) for t in scale.terms])
            return sum_ * scale.multiply + scale.constant
        if scale.of is not None:
            raw = scores[scale.of]
        elif scale.combine == "value_set":
            return self._valued(scale)
        elif scale.combine == "goal_attainment":
            return self._attained(scale, parts)
        else:
            raw = self._combined(scale, parts)
        if scale.lookup is not None:
            return self.mapped(raw, scale.lookup)
        if scale.linear is not None:
            (a, b), (c, d) = scale.linear.start, scale.linear.end
            return (raw - a) * ((d - c) / (b - a)) + c
        return raw

    def count(self, scale: Scale, parts: Mapping[str, Value]) -> Value:
        """How many of a scale's items were answered."""
        points = [parts[code] for code in self.definition.items_of(scale)]
        # Plain addition: what Dask makes of a horizontal sum can't be combined with other columns.
        return _added([self.algebra.number(~self.algebra.missing(p)) for p in points])

    def _combined(self, scale: Scale, parts: Mapping[str, Value]) -> Value:
        """Sum, mean, maximum or count, missing unless enough items were answered."""
        codes = self.definition.items_of(scale)
        points = [parts[code] for code in codes]
        if scale.weights is not None:
            points = [p * scale.weights[c] for p, c in zip(points, codes, strict=True)]
        if scale.combine == "count":
            points = [
                self.algebra.where(
                    ~self.algebra.missing(p),
                    self.algebra.number(self.algebra.among(p, scale.counted or [])),
                )
                for p in points
            ]
        if all_needed(scale):
            return _added(points) / len(points) if scale.combine == "mean" else _added(points)
        count = self.count(scale, parts)
        if scale.combine == "maximum":
            value = functools.reduce(self._larger, points)
        else:
            value = _added([self.algebra.filled(p) for p in points])
        if scale.combine == "mean":
            value = value / count
        elif scale.prorate:
            value = value * len(points) / count
        return self.algebra.where(count >= (scale.answered or len(points)), value)

    def _larger(self, one: Value, other: Value) -> Value:
        """The larger of two, or the one that is there."""
        return self.algebra.where((one >= other) | self.algebra.missing(other), one, other)

    def _valued(self, scale: Scale) -> Value:
        """The value of a state: full health less decrements, or looked up in a table."""
        assert self.definition.value_set is not None
        values = self.definition.value_sets[self.definition.value_set]
        items = [self.definition.item(code) for code in self.definition.items_of(scale)]
        answers = [self.answer(item) for item in items]
        if values.profiles:
            codes = [sorted(self.definition.answers(item).codes) for item in items]
            return self._tabled(answers, codes)
        off = []
        for item, x in zip(items, answers, strict=True):
            table = dict.fromkeys(self.definition.answers(item).codes, 0.0)
            off.append(self.mapped(x, table | values.decrements[item.code]))
        for term in values.any_at:
            reached = functools.reduce(
                operator.or_, (self.algebra.among(x, term.codes) for x in answers)
            )
            # A missing answer makes the rest missing, so here it may count as not reached.
            off.append(self.algebra.number(reached) * term.amount)
        # From what is taken off, so that full health is exactly its value.
        return values.full_health - _added(off)

    def _tabled(self, answers: Sequence[Value], codes: Sequence[Sequence[float]]) -> Value:
        assert self.definition.value_set is not None
        values = self.definition.value_sets[self.definition.value_set]
        place: Value = 0.0
        for x, some in zip(answers, codes, strict=True):
            steps = {code: float(step) for step, code in enumerate(some)}
            place = place * float(len(some)) + self.mapped(x, steps)
        size = prod(map(len, codes))
        states = [_state(number, codes) for number in range(size)]
        if values.by:
            # All tables are one behind the other: which of them is where to begin.
            begin: Value = None
            for number, stratum in enumerate(values.tables):
                same = functools.reduce(
                    operator.and_,
                    (self.algebra.text_is(n, v) for n, v in zip(values.by, stratum, strict=True)),
                )
                begin = self.algebra.where(same, float(number * size), begin)
            place = place + begin
        every = [table[state] for table in values.tables.values() for state in states]
        return self.algebra.looked_up(place, every)

    def _attained(self, scale: Scale, parts: Mapping[str, Value]) -> Value:
        """Kiresuk & Sherman's T score of the goals that are rated."""
        goals = [self.goal(code, parts[code]) for code in self.definition.items_of(scale)]
        weights = [weight for _, weight in goals]
        return self.t_score(
            scale,
            _added([level * weight for level, weight in goals]),
            _added(weights),
            _added([weight * weight for weight in weights]),
        )

    def goal(self, code: str, points: Value) -> tuple[Value, Value]:
        """A goal's level and weight, both 0 if it isn't rated; a wrong weight is missing."""
        rated = ~self.algebra.missing(points)
        weight = self.algebra.number(rated)
        if code in self.use.weights:
            weight = self.algebra.column(self.use.weights[code])
            if self.use.masked:
                right = (weight >= 0) & (weight < float("inf"))
                weight = self.algebra.where(right, weight)
        return self.algebra.filled(points), self.algebra.where(rated, weight, 0.0)

    def t_score(self, scale: Scale, weighted: Value, total: Value, squares: Value) -> Value:
        """T from the sums of weighted levels, of weights and of their squares."""
        rho = scale.correlation or 0.0
        spread = self.algebra.root(squares * (1 - rho) + total * total * rho)
        enough = spread > 0
        spread = self.algebra.where(enough, spread, 1.0)
        return self.algebra.where(enough, 50.0 + weighted * 10.0 / spread)

    def mapped(self, x: Value, table: Mapping[float, float]) -> Value:
        """Map codes to values: by a straight line where it is one, else case by case."""
        line = straight_line(table)
        if line is not None:
            slope, start = line
            if slope == -1:
                return start - x
            scaled = x if slope == 1 else x * slope
            return scaled if start == 0 else scaled + start
        value: Value = None
        for code, to in reversed(list(table.items())):
            value = self.algebra.where(x == code, float(to), value)
        return value


def all_needed(scale: Scale) -> bool:
    """Whether plain addition will do: it carries a missing item through by itself."""
    return scale.answered is None and scale.combine != "maximum"


def _added(parts: Sequence[Value]) -> Value:
    return functools.reduce(operator.add, parts)


def _state(number: int, codes: Sequence[Sequence[float]]) -> str:
    """The profile at a place in the order of all of them."""
    answers = []
    for some in reversed(codes):
        number, step = divmod(number, len(some))
        answers.append(f"{some[step]:g}")
    return "".join(reversed(answers))


def straight_line(table: Mapping[float, float]) -> tuple[int, int] | None:
    """Slope and intercept in whole numbers, if the table is exactly that."""
    (a, fa), (b, fb) = min(table.items()), max(table.items())
    if a == b:
        return None
    slope = round((fb - fa) / (b - a))
    start = round(fa - slope * a)
    exact = all(slope * code + start == value for code, value in table.items())
    return (slope, start) if exact else None
