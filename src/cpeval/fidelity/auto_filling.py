"""An automatic rule meets columns of the data: what its ratings are, and what happens to rows."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from dataclasses import dataclass

import narwhals.stable.v2 as nw
import pandas as pd

from cpeval.definitions.auto_rule import AutoRule
from cpeval.scoring.algebra import Expressions
from cpeval.scoring.invalid_answers import Frame, speaks_sql, total

#: Decimals that a value is rounded to before it is compared with a cut: 1.14 of 1.9 hours are
#: 60 %, and not a hair less because a computer writes 1.14 in binary.
_DECIMALS = 9
#: No count is as large; an infinite one is none.
_LARGEST = 1e300
#: What is counted of each item; `cpeval.fidelity.auto_score` says what they are.
COUNTS = ("n", "n_filled", "n_differ", "n_missing", "n_zero")


@dataclass(frozen=True, kw_only=True)
class Filling:
    """An item to fill: its rule, and the columns that the data have for it."""

    code: str
    label: str
    rule: AutoRule
    column: str
    inputs: list[str]
    there: bool

    def value(self, at: Expressions) -> nw.Expr:
        """What is cut into levels; missing where an input is, or where it would divide by 0."""
        if self.rule.column is not None:
            return at.column(self.inputs[0]).round(_DECIMALS)
        above, below = (at.column(name) for name in self.inputs)
        # Multiplied first: 100 * 29 / 50 is 58, and 100 * (29 / 50) is not quite.
        times = 100.0 if self.rule.unit == "percent" else 1.0
        share = above * times / nw.when(below != 0).then(below)
        return share.round(_DECIMALS)

    def level(self, at: Expressions) -> nw.Expr:
        """The rating that follows."""
        x = self.value(at)
        steps = [
            ((x >= cut) if side == "above" else (x > cut)).cast(nw.Float64)
            for cut, side in zip(self.rule.cuts, self.rule.sides, strict=True)
        ]
        place = functools.reduce(operator.add, steps)
        return nw.when(~x.is_null()).then(at.looked_up(place, self.rule.levels))

    def wrong(self, at: Expressions) -> nw.Expr:
        """Whether an input can't be: infinite, a denominator below 0, a value out of range."""
        inputs = [at.column(name) for name in self.inputs]
        found = [_outside(x, -_LARGEST, _LARGEST) for x in inputs]
        if self.rule.column is None:
            found.append(_outside(inputs[1], 0, _LARGEST))
        if self.rule.range is not None:
            found.append(_outside(self.value(at), *self.rule.range))
        return functools.reduce(operator.or_, found)


def _outside(x: nw.Expr, low: float, high: float) -> nw.Expr:
    """Whether a value that is there lies outside."""
    return ~x.is_null() & ~x.is_between(low, high).fill_null(value=True)


def counted(
    fillings: Sequence[Filling], at: Expressions, frame: Frame
) -> dict[str, dict[str, int]]:
    """Count, in one query of one row, what happens to each item."""
    sql = speaks_sql(frame)
    asked: dict[str, nw.Expr] = {}
    for place, one in enumerate(fillings):
        level = one.level(at)
        gone = functools.reduce(operator.or_, (at.column(n).is_null() for n in one.inputs))
        zero = ~gone & (at.column(one.inputs[-1]) == 0).fill_null(value=False)
        found = {"n_missing": gone, "wrong": one.wrong(at)}
        if one.rule.column is None:
            found["n_zero"] = zero
        if one.there:
            old = at.column(one.column)
            found["n"] = ~level.is_null() | ~old.is_null()
            found["n_filled"] = ~level.is_null() & old.is_null()
            found["n_differ"] = (old != level).fill_null(value=False) & ~(
                level.is_null() | old.is_null()
            )
        else:
            found["n"] = ~level.is_null()
        for name, holds in found.items():
            key = f"__cpeval_{place}_{name}"
            asked[key] = total(holds, sql=sql).alias(key)
    row = frame.select(*asked.values())
    if isinstance(row, nw.LazyFrame):
        row = row.collect()
    cells = dict(zip(row.columns, row.row(0), strict=True)) if len(row) else {}
    made: dict[str, dict[str, int]] = {}
    for place, one in enumerate(fillings):
        own = {name: cells.get(f"__cpeval_{place}_{name}") for name in ("wrong", *COUNTS)}
        made[one.code] = {k: 0 if v is None or pd.isna(v) else int(v) for k, v in own.items()}
        if not one.there:
            made[one.code]["n_filled"] = made[one.code]["n"]
    return made


def filled(one: Filling, at: Expressions, *, replace: bool) -> nw.Expr:
    """Return the item's column: a rating that was there, or the rule's; ``replace``: the rule's."""
    level = one.level(at)
    if not one.there:
        return level.alias(one.column)
    old = at.column(one.column)
    first, second = (level, old) if replace else (old, level)
    return nw.when(~first.is_null()).then(first).otherwise(second).alias(one.column)
