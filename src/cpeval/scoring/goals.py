"""`score_goals()`: T scores from a table with one row a goal, on any engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw
from narwhals.stable.v2.typing import IntoFrameT

from cpeval.definitions.catalogue import resolve
from cpeval.definitions.model import Instrument
from cpeval.errors import (
    CodeError,
    ColumnError,
    DataError,
    OptionError,
    listed,
    require_columns,
    require_option,
)
from cpeval.scoring.algebra import Expressions
from cpeval.scoring.answers_as_text import text_columns, text_message
from cpeval.scoring.invalid_answers import Frame, Schema, refuse
from cpeval.scoring.plan import Plan, Use
from cpeval.scoring.score import warn_provisional
from cpeval.scoring.uses import Which, opened, with_plain_numbers

# Columns that live as long as the plan: of a goal, then summed over a group's goals.
_LEVEL = "__cpeval_level"
_WEIGHT = "__cpeval_weight"
_WEIGHTED = "__cpeval_weighted"
_SQUARES = "__cpeval_squares"
_RATED = "__cpeval_rated"
_LOST = "__cpeval_lost"


def score_goals(
    data: IntoFrameT,
    *,
    by: str | Sequence[str],
    level: str,
    weight: str | None = None,
    importance: str | None = None,
    difficulty: str | None = None,
    instrument: Which = "goal_attainment",
    prefix: str = "",
    on_invalid: str = "raise",
    answered: bool = False,
) -> IntoFrameT:
    """Score goals that stand one a row: one T score for each person, or person and wave.

    Parameters
    ----------
    data : dataframe, eager or lazy, shape (n_goals, n_columns)
        pandas, Polars, PyArrow, DuckDB, PySpark, Dask: whatever narwhals takes.
    by : str or sequence of str
        The columns that tell whose goal it is, such as ``"person"`` or ``["person", "wave"]``.
    level : str
        How far the goal was attained, from -2 to 2; missing if it wasn't rated.
    weight : str, optional
        The goal's weight. By default all weigh the same.
    importance, difficulty : str, optional
        In place of ``weight``: what it is the product of. One of them alone is the weight.
    instrument : str, pathlib.Path or Instrument, default "goal_attainment"
        An instrument of goals.
    prefix : str, default ""
        Put before the names of the new columns.
    on_invalid : {"raise", "missing"}
        What to do with a level that is not among the codes: raise an error, or take the goal as
        not rated. A weight that is missing, negative or infinite makes the group's score missing.
    answered : bool, default False
        Add ``<column>_answered`` too: how many goals were rated.

    Returns
    -------
    dataframe of the type given, shape (n_groups, len(by) + new columns)
        One row for each combination of ``by`` in the data, in their order if the data are in
        memory. The score is missing where no goal was rated, or all weights are 0.

    Raises
    ------
    ColumnError
        Columns absent, text, or used twice.
    CodeError
        Levels outside the codes, wrong weights of rated goals, rows that don't say whose they
        are: all columns with counts, of data in memory also values and rows. On a lazy frame
        this runs one query that returns one row.
    OptionError
        An argument is not of its form, or the instrument has items.

    Warns
    -----
    ProvisionalWarning
        The definition's status is provisional.

    See Also
    --------
    score : the same of a table with a column a goal.

    Notes
    -----
    With levels x, weights w and correlation r of goals (0.3), over the goals that are rated,

    T = 50 + 10 sum(w x) / sqrt((1 - r) sum(w^2) + r (sum w)^2).

    References
    ----------
    Kiresuk TJ, Sherman RE (1968). Community Mental Health Journal, 4, 443-453.
    Turner-Stokes L (2009). Clinical Rehabilitation, 23, 362-370, with its erratum.

    Examples
    --------
    >>> import pandas as pd
    >>> goals = pd.DataFrame(
    ...     {"person": ["a", "a", "b"], "level": [1, 0, -1], "matters": [3, 1, 2]}
    ... )
    >>> score_goals(goals, by="person", level="level", weight="matters").round(2)
      person  goal_attainment
    0      a            58.73
    1      b            40.00
    """
    require_option("on_invalid", on_invalid, ("raise", "missing"))
    keys = _keys(by)
    one = _with_one_goal(instrument)
    if weight is not None and (importance is not None or difficulty is not None):
        raise OptionError("Give weight=, or importance= and difficulty=, not both.")
    if not isinstance(prefix, str):
        raise OptionError(f"'prefix' should be text, such as \"t0_\". Got {prefix!r}.")
    factors = [name for name in (weight, importance, difficulty) if name is not None]
    frame, schema = opened(data)
    uses = [
        Use(
            definition=one,
            columns={"1": level},
            weights={"1": factor} if factor else {},
            prefix=prefix,
            masked=on_invalid == "missing",
        )
        for factor in factors or [""]
    ]
    _require_new(keys, level, factors, uses[0])
    warn_provisional(one)
    frame, schema, _ = with_plain_numbers(uses, frame, schema)
    _verify(uses, keys, frame, schema)
    return _scored(data, uses, keys, frame, schema, answered=answered)


def _keys(by: str | Sequence[str]) -> list[str]:
    keys = [by] if isinstance(by, str) else list(by) if isinstance(by, Sequence) else []
    if not keys or not all(isinstance(key, str) for key in keys):
        raise OptionError(
            f'by= should name columns, such as "person" or ["person", "wave"]. Got {by!r}.'
        )
    return keys


def _with_one_goal(instrument: Which) -> Instrument:
    one = resolve(instrument)
    if one.goals is None:
        raise OptionError(f"{one.name} has items, not goals; score it with score().")
    return one.with_goals(1)


def _require_new(keys: Sequence[str], level: str, factors: Sequence[str], use: Use) -> None:
    """No column may have two parts in this, and no new one the name of a group's."""
    taken = [*keys, level, *factors]
    twice = sorted({name for name in taken if taken.count(name) > 1})
    if twice:
        raise ColumnError(f"One column stands for two things: {listed(twice)}.")
    taken_names = {key.casefold() for key in keys}  # as SQL compares names
    new = [use.column(scale) for scale in use.definition.scales]
    clash = [name for name in new if name.casefold() in taken_names]
    if clash:
        raise ColumnError(
            f"by= names columns that scoring would write: {listed(clash)}. Give prefix=."
        )


def _verify(uses: Sequence[Use], keys: Sequence[str], frame: Frame, schema: Schema) -> None:
    """Raise one error with all that is wrong with the columns and what they hold."""
    one, columns = uses[0].definition, uses[0].columns
    factors = [column for use in uses for column in use.weights.values()]
    require_columns(list(schema), *keys, *columns.values(), *factors)
    wrong: list[DataError] = []
    text = text_columns(columns, frame, schema)
    if text:
        wrong.append(CodeError(text_message(one, text, frame)))
    odd = list(text_columns({name: name for name in factors}, frame, schema).values())
    if odd:
        wrong.append(ColumnError(f"{one.name}: weights should be numbers: {listed(odd)}."))
    if not wrong and not uses[0].masked:
        refuse(uses, frame, schema, never_missing=keys)
    if wrong:
        raise type(wrong[0])("\n".join(map(str, wrong)))


def _scored(
    data: IntoFrameT,
    uses: Sequence[Use],
    keys: Sequence[str],
    frame: Frame,
    schema: Schema,
    *,
    answered: bool,
) -> IntoFrameT:
    """What each goal adds to its group's sums, then the T score of the sums."""
    algebra = Expressions(schema)
    plans = [Plan(use, algebra) for use in uses]
    plan = plans[0]
    points = plan.points(plan.definition.item("1"))
    level, weight = plan.goal("1", points)
    for other in plans[1:]:
        weight = weight * other.goal("1", points)[1]
    rated = algebra.number(~algebra.missing(points))
    rows: Any = frame.select(*keys, level.alias(_LEVEL), weight.alias(_WEIGHT), rated.alias(_RATED))
    weight, level = nw.col(_WEIGHT), nw.col(_LEVEL)
    known = algebra.filled(weight)
    rows = rows.with_columns(
        (known * level).alias(_WEIGHTED),
        known.alias(_WEIGHT),
        (known * known).alias(_SQUARES),
        algebra.number(algebra.missing(weight)).alias(_LOST),
    )
    sums = (_WEIGHTED, _WEIGHT, _SQUARES, _RATED, _LOST)
    groups = rows.group_by(*keys, drop_null_keys=False).agg(*(nw.col(name).sum() for name in sums))
    new = {}
    for scale in plan.definition.scored:
        t = plan.t_score(scale, nw.col(_WEIGHTED), nw.col(_WEIGHT), nw.col(_SQUARES))
        new[plan.use.column(scale)] = algebra.where(nw.col(_LOST) == 0, t).cast(nw.Float64)
        if answered:
            new[f"{plan.use.column(scale)}_answered"] = nw.col(_RATED).cast(nw.Int64)
    groups = groups.with_columns(*(value.alias(name) for name, value in new.items()))
    groups = groups.select(*keys, *new)
    if isinstance(groups, nw.DataFrame):
        groups = nw.maybe_reset_index(groups.sort(*keys))
    scored: Any = groups.to_native()
    about = getattr(data, "attrs", None)
    if isinstance(about, dict) and about:
        scored.attrs = {**about}
    result: IntoFrameT = scored
    return result
