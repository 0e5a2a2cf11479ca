"""What the columns of data are: numbers, or categories with levels fixed once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

import narwhals.stable.v2 as nw

from cpeval.errors import ArmError, ColumnError, DataError, OptionError, did_you_mean, listed
from cpeval.moments.coding import Level, Levels, in_order, plain_level
from cpeval.moments.formula import Factor, Formula
from cpeval.study import Study

#: More levels than this are hardly categories: each is a column of the model.
_MOST_LEVELS = 500


def is_text(dtype: nw.dtypes.DType) -> bool:
    """Say whether a type holds categories: text, categories, true/false."""
    return dtype in (nw.String, nw.Categorical, nw.Enum, nw.Boolean)


def is_number(dtype: nw.dtypes.DType) -> bool:
    """Say whether a type holds numbers. A column that is missing throughout may be of any."""
    return dtype.is_numeric() or dtype == nw.Unknown


def factors_with_levels(
    formula: Formula, dtypes: Mapping[str, nw.dtypes.DType]
) -> dict[str, Factor]:
    """Find the factors that are categories, by text.

    Raises
    ------
    ColumnError
        An outcome or arithmetic needs numbers and its column has none, or a column holds dates;
        the message names each.
    """
    found: dict[str, Factor] = {}
    faults: list[str] = []
    for factor in formula.factors:
        if factor.category:
            dtype = dtypes[factor.columns[0]]
            if not (is_text(dtype) or is_number(dtype)):
                faults.append(f"{factor.columns[0]!r} in {factor.text!r} holds {_kind(dtype)}")
            found[factor.text] = factor
            continue
        needs_numbers = factor.tree is not None or factor is formula.outcome
        for column in factor.columns:
            dtype = dtypes[column]
            if is_number(dtype) or (dtype == nw.Boolean and needs_numbers):
                continue
            if is_text(dtype) and not needs_numbers:
                found[factor.text] = factor
            elif factor is formula.outcome:
                faults.append(f"the outcome {column!r} holds {_kind(dtype)}")
            elif factor.tree is not None and is_text(dtype):
                faults.append(f"{column!r} in {factor.text!r} holds {_kind(dtype)}")
            else:
                faults.append(f"{column!r} holds {_kind(dtype)}")
    if faults:
        raise ColumnError(
            "A model needs numbers, or text for categories: "
            + "; ".join(dict.fromkeys(faults))
            + ". Convert these columns, or say C(column) for categories."
        )
    return found


def _kind(dtype: nw.dtypes.DType) -> str:
    if is_text(dtype):
        return "text, not numbers"
    if dtype in (nw.Date, nw.Datetime, nw.Duration, nw.Time):
        return "dates or times"
    return f"values of type {dtype}"


def levels_of(
    factors: Mapping[str, Factor],
    seen_in: Callable[[Sequence[str]], Mapping[str, Sequence[Any]]],
    given: Mapping[str, Sequence[Any]],
    study: Study | None,
) -> dict[str, Levels]:
    """Fix the levels of each factor.

    Parameters
    ----------
    factors : mapping
        From `factors_with_levels`.
    seen_in : callable
        Columns to the distinct values of each (missing ones left out), in any order.
    given : mapping
        Column, or text of a factor, to all its levels; the first is not special.
    study : Study, optional
        Its arm has the comparison as reference.

    Raises
    ------
    OptionError
        ``given`` names no factor of the formula.
    DataError
        Values are not among the levels given; a reference is not a level; too many levels.
    ArmError
        The study's arm has no one comparison.
    """
    known = set(factors) | {factor.columns[0] for factor in factors.values()}
    strange = [name for name in given if name not in known]
    if strange:
        raise OptionError(
            f"'levels' are given for {listed(strange)}, which the formula doesn't use as "
            f"categories. Categories there: {listed(sorted(known)) or 'none'}."
        )
    values = seen_in(sorted({factor.columns[0] for factor in factors.values()}))
    found: dict[str, Levels] = {}
    for text, factor in factors.items():
        column = factor.columns[0]
        seen = {plain_level(value) for value in values[column]}
        fixed = given.get(text, given.get(column))
        if fixed is not None:
            allowed = [plain_level(value) for value in fixed]
            others = [value for value in in_order(list(seen)) if value not in allowed]
            if others:
                raise DataError(
                    f"{column!r} holds {listed(others)}, which are not among the levels given: "
                    f"{listed(allowed)}. Correct the values, or add them to 'levels'."
                )
            seen = set(allowed)
        elif seen <= {True, False} and any(isinstance(value, bool) for value in seen):
            seen = {False, True}
        if not seen:
            # Missing throughout: the rows are dropped and counted, whatever the level.
            seen = {"missing"}
        if len(seen) > _MOST_LEVELS:
            raise DataError(
                f"{text!r} has {len(seen):,} levels, each of which would be a column of the "
                f"model; at most {_MOST_LEVELS} are taken. Is it an identifier?"
            )
        ordered = in_order(list(seen))
        labels = [str(value) for value in ordered]
        if len(set(labels)) < len(labels):
            twice = sorted({label for label in labels if labels.count(label) > 1})
            raise DataError(
                f"{column!r} holds numbers and text that read alike: {listed(twice)}. "
                "Make them one kind."
            )
        found[text] = Levels(ordered, _reference(factor, ordered, study))
    return found


def _reference(factor: Factor, levels: Sequence[Level], study: Study | None) -> Level:
    column = factor.columns[0]
    if factor.reference is not None:
        reference = plain_level(factor.reference)
        if reference not in levels:
            raise DataError(
                f"{factor.text!r}: {reference!r} is not a level of {column!r}"
                f"{did_you_mean(reference, levels)}. Levels there: {listed(levels)}."
            )
        return reference
    if study is not None and study.arm == column and study.intervention is not None:
        others = [level for level in levels if level != plain_level(study.intervention)]
        if len(others) > 1 or (len(others) == len(levels) and len(levels) > 1):
            raise ArmError(
                f"{column!r} holds {listed(levels)}; the study's intervention is "
                f"{study.intervention!r}. With other than two arms, say which is the reference: "
                f"C({column}, Treatment('…'))."
            )
        return others[0] if others else levels[0]
    return levels[0]


def require_bounds(
    bounds: object, formula: Formula, levels: Mapping[str, Levels]
) -> dict[str, tuple[float, float]]:
    """Check what numbers of the formula are said to lie between.

    Parameters
    ----------
    bounds : mapping or None
        Text of a number in the formula to its least and largest value.
    formula : Formula
    levels : mapping
        Text of each category.

    Raises
    ------
    OptionError
        Bounds of something else, or that aren't two finite numbers, the smaller first.
    """
    given = {} if bounds is None else bounds
    numbers = [factor.text for factor in formula.factors if factor.text not in levels]
    if not isinstance(given, Mapping):
        raise OptionError(f"'bounds' maps numbers to two numbers each. Got {bounds!r}.")
    strange = [name for name in given if name not in numbers]
    if strange:
        raise OptionError(
            f"'bounds' are given for {listed(strange)}, which are not numbers in the formula. "
            f"Numbers there: {listed(numbers)}. Dummies lie between 0 and 1 anyway."
        )
    wrong = [f"{name!r}: {pair!r}" for name, pair in given.items() if not _is_range(pair)]
    if wrong:
        raise OptionError(
            "'bounds' are the least and the largest possible value, such as (14, 70). "
            f"Got {', '.join(wrong)}."
        )
    return {name: (float(low), float(high)) for name, (low, high) in given.items()}


def _is_range(pair: object) -> bool:
    return (
        isinstance(pair, list | tuple)
        and len(pair) == 2
        and all(isinstance(v, Real) and not isinstance(v, bool) for v in pair)
        and -math.inf < pair[0] < pair[1] < math.inf
    )
