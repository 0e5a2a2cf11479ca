"""The columns of a model: categories become dummies, coded so that no column is one too many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from cpeval.errors import ColumnError, listed
from cpeval.moments.formula import Factor, Formula

Level = str | int | float | bool

#: The first term of a model that has one.
INTERCEPT = "Intercept"


@dataclass(frozen=True)
class Levels:
    """The levels of a factor, sorted, and which one the others are compared with."""

    values: tuple[Level, ...]
    reference: Level

    @property
    def others(self) -> tuple[Level, ...]:
        """All but the reference."""
        return tuple(value for value in self.values if value != self.reference)


@dataclass(frozen=True)
class Column:
    """One column of the model: the product of numbers and of dummies.

    ``term`` is the formula's term that it belongs to; ``name`` its own.
    """

    name: str
    term: str
    numbers: tuple[Factor, ...] = ()
    dummies: tuple[tuple[Factor, Level], ...] = ()


def columns_of(formula: Formula, levels: Mapping[str, Levels]) -> tuple[Column, ...]:
    """Code the terms of a formula, without the intercept and the outcome.

    A factor is coded without its reference where what it would repeat is in the model already
    (marginality), else with all its levels.

    Parameters
    ----------
    formula : Formula
    levels : mapping
        Text of a factor to its levels; factors that aren't there are numbers.

    Raises
    ------
    ColumnError
        Two columns would have the same name.
    """
    # By numeric part: which products of categories the columns so far span.
    spanned: dict[frozenset[str], set[frozenset[str]]] = {}
    if formula.intercept:
        spanned[frozenset()] = {frozenset()}
    found: list[Column] = []
    for term in formula.terms:
        text = ":".join(factor.text for factor in term)
        numbers = tuple(factor for factor in term if factor.text not in levels)
        categories = [factor.text for factor in term if factor.text in levels]
        there = spanned.setdefault(frozenset(factor.text for factor in numbers), set())
        for full, reduced in _codings(categories, there):
            wanted = [f for f in term if f.text not in levels or f.text in full | reduced]
            found.extend(_coded(text, wanted, full, levels))
    names = [column.name for column in found]
    twice = sorted({name for name in names if names.count(name) > 1 or name == INTERCEPT})
    if twice:
        raise ColumnError(
            f"Terms collide: {listed(twice)} would name more than one column of the model "
            f"{formula.text!r}. Rename a column of the data, or a level."
        )
    return tuple(found)


def _codings(
    categories: Sequence[str], spanned: set[frozenset[str]]
) -> list[tuple[frozenset[str], frozenset[str]]]:
    """Split a term into products of factors with all levels (first) or without the reference.

    A product of dummies without references spans what is new with its set of factors. Two such
    sets that differ in one factor are together the product with all levels of that factor.
    """
    subsets = [
        frozenset(chosen)
        for size in range(len(categories) + 1)
        for chosen in combinations(categories, size)
    ]
    new = [subset for subset in subsets if subset not in spanned]
    spanned.update(new)
    parts = [(frozenset[str](), subset) for subset in new]
    while True:
        pair = next(
            (
                (short, long)
                for short, long in combinations(parts, 2)
                if short[0] == long[0] and short[1] < long[1] and len(long[1] - short[1]) == 1
            ),
            None,
        )
        if pair is None:
            return parts
        short, long = pair
        parts[parts.index(long)] = (long[0] | (long[1] - short[1]), short[1])
        parts.remove(short)


def _coded(
    term: str, factors: Sequence[Factor], full: frozenset[str], levels: Mapping[str, Levels]
) -> list[Column]:
    """Spell out one product; the levels of the leftmost factor vary fastest."""
    choices: list[list[tuple[Factor, str, Level | None]]] = []
    for factor in factors:
        if factor.text not in levels:
            choices.append([(factor, factor.text, None)])
            continue
        whole = factor.text in full
        own = levels[factor.text].values if whole else levels[factor.text].others
        mark = "" if whole else "T."
        choices.append([(factor, f"{factor.text}[{mark}{level}]", level) for level in own])
    return [
        Column(
            name=":".join(name for _, name, _ in chosen),
            term=term,
            numbers=tuple(factor for factor, _, level in chosen if level is None),
            dummies=tuple((factor, level) for factor, _, level in chosen if level is not None),
        )
        for chosen in (tuple(reversed(turned)) for turned in product(*reversed(choices)))
    ]


def plain_level(value: Any) -> Level:  # noqa: ANN401
    """Return a level as Python's own value, whole floats as integers: engines then agree."""
    if type(value) in (str, int):
        same: str | int = value
        return same
    item = getattr(value, "item", None)
    plain = item() if callable(item) and getattr(value, "shape", None) == () else value
    if isinstance(plain, float) and plain.is_integer():
        return int(plain)
    return plain if isinstance(plain, str | int | float | bool) else str(plain)


def in_order(values: Sequence[Level]) -> tuple[Level, ...]:
    """Sort levels: truth values and numbers by size, then text."""
    texts = sorted(value for value in values if isinstance(value, str))
    return (*sorted(value for value in values if not isinstance(value, str)), *texts)
