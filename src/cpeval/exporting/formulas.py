"""Scores spelt as formulas of form software: REDCap's calculated fields, XPath in XLSForms.

`cpeval.scoring.plan` says how scores come out of answers; here its steps are text. Programs differ
in what a blank makes of a sum or a comparison, so that every formula asks first whether what it
needs is there, and never lets a blank take part.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from cpeval.definitions.model import Instrument
from cpeval.definitions.scales import Scale
from cpeval.errors import listed
from cpeval.scoring.algebra import Algebra, Value, consecutive
from cpeval.scoring.plan import Plan, Use, straight_line

#: A formula longer than this is left out: programs become slow, and nobody can check it.
_LONGEST = 20_000
#: How tightly an operation binds: sums, products, single things.
_SUM, _PRODUCT, _ATOM = 1, 2, 3


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a program spells a formula. All know ``if(condition, one, other)``, and, or, =."""

    column: str
    unequal: str
    divide: str
    blank: str


REDCAP = Dialect(column="[{}]", unequal="<>", divide=" / ", blank='""')
XPATH = Dialect(column="${{{}}}", unequal="!=", divide=" div ", blank="''")


@dataclass(frozen=True)
class Condition:
    """A condition and its contrary, each true or false whatever is blank."""

    yes: str
    no: str

    def __invert__(self) -> Condition:
        return Condition(self.no, self.yes)

    def __or__(self, other: Condition) -> Condition:
        return Condition(f"({self.yes} or {other.yes})", f"({self.no} and {other.no})")

    def __and__(self, other: Condition) -> Condition:
        return Condition(f"({self.yes} and {other.yes})", f"({self.no} or {other.no})")


@dataclass(frozen=True)
class Formula:
    """A value as text, and when it is missing (None: never)."""

    text: str
    dialect: Dialect
    gone: tuple[Condition, ...] = ()
    binds: int = _ATOM

    def __add__(self, other: Value) -> Formula:
        return self._with(" + ", other, _SUM, _SUM)

    def __sub__(self, other: Value) -> Formula:
        return self._with(" - ", other, _SUM, _PRODUCT)

    def __rsub__(self, other: float) -> Formula:
        return number(other, self.dialect) - self

    def __mul__(self, other: Value) -> Formula:
        return self._with(" * ", other, _PRODUCT, _PRODUCT)

    def __truediv__(self, other: Value) -> Formula:
        return self._with(self.dialect.divide, other, _PRODUCT, _ATOM)

    def __ge__(self, other: Value) -> Condition:
        return self._compared(">=", "<", other)

    def is_(self, code: float) -> str:
        """Whether it is a code, as text, when it is known to be there."""
        return f"{self.inside(_ATOM)} = {number(code, self.dialect).text}"

    def inside(self, binds: int) -> str:
        """Return the text, in brackets where it must hold together."""
        return self.text if self.binds >= binds else f"({self.text})"

    def missing(self) -> Condition:
        """Whether it is missing."""
        yes = " or ".join(part.yes for part in self.gone) or "1 = 0"
        no = " and ".join(part.no for part in self.gone) or "1 = 1"
        several = len(self.gone) > 1
        return Condition(f"({yes})" if several else yes, f"({no})" if several else no)

    def _with(self, sign: str, other: Value, binds: int, right: int) -> Formula:
        two = other if isinstance(other, Formula) else number(other, self.dialect)
        text = f"{self.inside(binds)}{sign}{two.inside(right)}"
        return Formula(text, self.dialect, _union(self.gone, two.gone), binds)

    def _compared(self, sign: str, contrary: str, other: Value) -> Condition:
        two = other if isinstance(other, Formula) else number(other, self.dialect)
        yes = f"{self.inside(_ATOM)} {sign} {two.inside(_ATOM)}"
        no = f"{self.inside(_ATOM)} {contrary} {two.inside(_ATOM)}"
        gone = _union(self.gone, two.gone)
        if not gone:
            return Condition(yes, no)
        absent = Formula("", self.dialect, gone).missing()
        return Condition(f"({absent.no} and {yes})", f"({absent.yes} or {no})")


def number(value: float, dialect: Dialect) -> Formula:
    """Write a number without an exponent, which XPath has not; a negative one in brackets."""
    text = f"{Decimal(repr(float(value))):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return Formula(f"({text})" if value < 0 else text, dialect)


def _union(one: tuple[Condition, ...], other: tuple[Condition, ...]) -> tuple[Condition, ...]:
    return tuple(dict.fromkeys((*one, *other)))


class Formulas:
    """The algebra of a plan, as text. Answers that aren't among the codes count as missing."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def column(self, name: str) -> Formula:
        """A field: missing where it is blank."""
        text = self.dialect.column.format(name)
        blank, unequal = self.dialect.blank, self.dialect.unequal
        empty = Condition(f"{text} = {blank}", f"{text} {unequal} {blank}")
        return Formula(text, self.dialect, (empty,))

    def answers(self, name: str, codes: Iterable[float], *, checked: bool) -> Formula:
        """A field's answers; codes that mean no answer are missing."""
        x = self.column(name)
        if checked:
            return x
        known = self._known(x, sorted(codes))
        return Formula(x.text, self.dialect, (*x.gone, ~known))

    def _known(self, x: Formula, codes: Sequence[float]) -> Condition:
        if consecutive(codes):
            low, high = (number(code, self.dialect).text for code in (codes[0], codes[-1]))
            return Condition(
                f"({x.text} >= {low} and {x.text} <= {high})",
                f"({x.text} < {low} or {x.text} > {high})",
            )
        return self._one_of(x, codes)

    def _one_of(self, x: Formula, codes: Sequence[float]) -> Condition:
        value = x.inside(_ATOM)
        texts = [number(code, self.dialect).text for code in codes]
        yes = " or ".join(f"{value} = {code}" for code in texts)
        no = " and ".join(f"{value} {self.dialect.unequal} {code}" for code in texts)
        return Condition(f"({yes})", f"({no})")

    def missing(self, x: Formula) -> Condition:
        """Whether a value is missing."""
        return x.missing()

    def among(self, x: Formula, codes: Sequence[float]) -> Condition:
        """Whether a value is there and among some."""
        known = self._one_of(x, codes)
        return ~x.missing() & known if x.gone else known

    def where(self, holds: Condition, x: Value, other: Value | None = None) -> Formula:
        """The one where it holds, else the other, or missing."""
        one = x if isinstance(x, Formula) else number(x, self.dialect)
        if other is None:
            return Formula(one.text, self.dialect, _union((~holds,), one.gone), one.binds)
        two = other if isinstance(other, Formula) else number(other, self.dialect)
        text = f"if({holds.yes}, {one.text}, {two.text})"
        gone: tuple[Condition, ...] = one.gone
        if one.gone != two.gone:
            sides = ((holds, one), (~holds, two))
            lacks = [side & f.missing() for side, f in sides if f.gone]
            gone = (lacks[0] if len(lacks) == 1 else lacks[0] | lacks[1],)
        return Formula(text, self.dialect, gone)

    def filled(self, x: Formula) -> Formula:
        """Missing made 0."""
        return Formula(f"if({x.missing().yes}, 0, {x.text})", self.dialect)

    def number(self, holds: Condition) -> Formula:
        """True made 1 and false 0."""
        return Formula(f"if({holds.yes}, 1, 0)", self.dialect)


class FormulaPlan(Plan):
    """A plan with shorter texts: look-ups end in the last value, since no other can be there."""

    def mapped(self, x: Formula, table: Mapping[float, float]) -> Value:
        """Map codes to values: by a straight line where it is one, else case by case."""
        if straight_line(table) is not None or len(table) < 2:
            return super().mapped(x, table)
        dialect = x.dialect
        *cases, last = table.items()
        text = number(last[1], dialect).text
        for code, value in reversed(cases):
            text = f"if({x.is_(code)}, {number(value, dialect).text}, {text})"
        return Formula(text, dialect, x.gone)

    def _combined(self, scale: Scale, parts: Mapping[str, Value]) -> Value:
        """Find the largest by asking for each value, downwards: comparing pairs nests too deep."""
        if scale.combine != "maximum":
            return super()._combined(scale, parts)
        codes = self.definition.items_of(scale)
        worth = {v for code in codes for v in self.definition.worth(self.definition.item(code))}
        value: Value = min(worth)
        for candidate in sorted(worth)[1:]:
            holds = [self.algebra.among(parts[code], [candidate]) for code in codes]
            value = self.algebra.where(functools.reduce(operator.or_, holds), candidate, value)
        enough = self.count(scale, parts) >= (scale.answered or len(codes))
        return self.algebra.where(enough, value)


def score_formulas(
    one: Instrument, columns: Mapping[str, str], names: Mapping[str, str], dialect: Dialect
) -> tuple[dict[str, str], list[str]]:
    """Spell every score that a form can compute.

    Parameters
    ----------
    one : Instrument
    columns : mapping
        Item code to field.
    names : mapping
        Scale's column to the field of its score.
    dialect : Dialect

    Returns
    -------
    dict
        Field of the score to formula, in the order of the scales: one may use those above it.
    list of str
        The columns of scales that are left out: value sets, goals, what is made of these, and
        formulas too long to check.
    """
    algebra = Formulas(dialect)
    # Roots and tables of states are not spelt: the scales that need them are left out below.
    plan = FormulaPlan(Use(definition=one, columns=columns), cast("Algebra", algebra))
    parts = {item.code: plan.points(item) for item in one.items}
    made: dict[str, str] = {}
    scores: dict[str, Formula] = {}
    left_out: list[str] = []
    for scale in one.scored:
        column = one.column(scale)
        sources = [scale.of] if scale.of is not None else [t.scale for t in scale.terms or []]
        beyond = scale.combine in ("value_set", "goal_attainment")
        if beyond or any(source not in scores for source in sources):
            left_out.append(column)
            continue
        value = _formula(plan, scale, parts, scores)
        if len(value) > _LONGEST:
            left_out.append(column)
            continue
        made[names[column]] = value
        scores[scale.name] = algebra.column(names[column])
    return made, left_out


def _formula(
    plan: FormulaPlan, scale: Scale, parts: Mapping[str, Value], scores: Mapping[str, Value]
) -> str:
    value: Formula = plan.scale(scale, parts, scores)
    if not value.gone:
        return value.text
    return f"if({value.missing().yes}, {value.dialect.blank}, {value.text})"


def left_out_message(one: Instrument, left_out: Sequence[str]) -> list[str]:
    """Say which scores a form doesn't compute, if any."""
    said = []
    if left_out:
        said.append(
            f"The form doesn't compute {listed(left_out)}: cpeval.score does, from its data."
        )
    if one.unkeyed:
        open_ = listed(one.column(scale) for scale in one.unkeyed)
        said.append(
            f"The form doesn't compute {open_}: their items are for you to say, .with_keys(…)."
        )
    return said
