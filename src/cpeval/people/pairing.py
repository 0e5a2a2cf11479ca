"""Two waves side by side: one row a person with baseline and follow-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.errors import OptionError
from cpeval.numeric import numbers
from cpeval.people.rows import (
    Codes,
    StudyRows,
    require_study,
    require_two_waves,
    study_rows,
)
from cpeval.study import Study, Value

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairs:
    """People with their scores at two waves. All arrays have shape (n_people,).

    Attributes
    ----------
    rows : StudyRows
    base, follow : array of int
        Each person's row at baseline and at follow-up; -1 without one. The same array where
        there is one wave only.
    before, after : array of float
        The outcome there; NaN if missing.
    """

    rows: StudyRows
    base: Codes
    follow: Codes
    before: Floats
    after: Floats

    @property
    def seen(self) -> Flags:
        """Who has a row at either wave."""
        return (self.base >= 0) | (self.follow >= 0)


def pair(
    data: IntoDataFrame,
    outcome: str,
    study: Study,
    *,
    extra: Sequence[str] = (),
    what: str,
    shares: bool = False,
) -> Pairs:
    """Put each person's baseline and primary follow-up side by side.

    Parameters
    ----------
    data : eager dataframe
    outcome : str
        A column of numbers.
    study : Study
        With baseline and follow-up. Without a wave, or without a baseline, there is one wave
        only, and ``before`` is ``after``.
    extra : sequence of str
        Columns to check for and keep.
    what : str
        Names the analysis in messages.
    shares : bool
        Whether an outcome of true and false may stand for one of 1 and 0.

    Raises
    ------
    As `cpeval.people.rows.study_rows` and `cpeval.numeric.numbers` do.
    """
    require_study(study)
    waves = _waves(study, what)
    require_outcome(outcome, study)
    rows = study_rows(data, study, [outcome, *extra], waves=waves)
    score = _score(rows.table[outcome], shares=shares)
    base = rows.at(0)
    follow = rows.at(1) if len(waves) == 2 else base
    return Pairs(
        rows=rows, base=base, follow=follow, before=_take(score, base), after=_take(score, follow)
    )


def _score(column: pd.Series, *, shares: bool) -> Floats:
    """Return an outcome as numbers; true and false are 1 and 0 where shares make sense."""
    if shares and pd.api.types.infer_dtype(column, skipna=True) == "boolean":
        column = column.astype("boolean").astype("Float64")
    return numbers(column.to_frame(), [str(column.name)])[:, 0]


def _waves(study: Study, what: str) -> tuple[Value, ...]:
    """Return baseline and follow-up; the follow-up; or nothing, in a study without waves."""
    if study.wave is None:
        return ()
    if study.baseline is None and study.follow_up is not None:
        return study.waves[:1]
    return require_two_waves(study, what)


def require_outcome(outcome: object, study: Study) -> None:
    """Raise `OptionError` if the outcome is no name, or one of the study's own columns."""
    if not isinstance(outcome, str):
        raise OptionError(
            f"'outcome' must be the name of one column, such as 'ces_d'. Got {outcome!r}."
        )
    roles = [role for role, column in study.columns.items() if column == outcome]
    if roles:
        raise OptionError(f"'outcome' is {outcome!r}, which the study names as its {roles[0]}.")


def left_out(
    lacks: Mapping[str, Flags], people: Flags, arm: Codes, groups: Sequence[object]
) -> str:
    """Say how many of how many people an analysis leaves out, by arm, and for want of what.

    Parameters
    ----------
    lacks : mapping
        What is wanting, and who (shape (n_people,)) lacks it.
    people : array of bool, shape (n_people,)
        Those whom the analysis is about, each in an arm.
    arm : array of int, shape (n_people,)
    groups : sequence
        The arms, by code.

    Returns
    -------
    str
        Nothing, if nobody is left out.
    """
    without = people & np.logical_or.reduce(list(lacks.values()))
    if not without.any():
        return ""
    per_arm = [
        f"{np.count_nonzero(without & (arm == code))} of "
        f"{np.count_nonzero(people & (arm == code))} people"
        + (f" in arm {group!r}" if len(groups) > 1 else "")
        for code, group in enumerate(groups)
    ]
    reasons = [
        f"{who.sum()} {what}" for what, flags in lacks.items() if (who := flags & without).any()
    ]
    several = " (a person may lack several)" if len(reasons) > 1 else ""
    return f"Left out: {', '.join(per_arm)}; {', '.join(reasons)}{several}."


def _take(values: Floats, rows: Codes) -> Floats:
    """Take values by row, NaN where the row is -1."""
    return np.where(rows >= 0, values[rows], np.nan)
