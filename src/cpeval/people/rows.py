"""The rows of a study, checked: one a person and wave, arms and waves as the study says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.errors import (
    ArmError,
    DataError,
    DuplicateError,
    OptionError,
    StudyError,
    TooFewError,
    WaveError,
    did_you_mean,
    listed,
)
from cpeval.numeric import ROWS_COUNT, rows_text, select
from cpeval.study import Study, Value

Codes = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyRows:
    """Rows of people, with people, waves and arms as codes; -1 means none.

    Attributes
    ----------
    table : pandas.DataFrame, shape (n_rows, n_columns)
        The columns of the study and those asked for, rows numbered from 0.
    person : array of int, shape (n_rows,)
        Which person a row is of.
    wave : array of int, shape (n_rows,)
        Position in ``waves``; -1 at a wave that was not asked for.
    waves : tuple
        The waves asked for; ``(None,)`` in a study without waves.
    arm : array of int, shape (n_people,)
        Position in ``groups``; -1 for people with no arm in any of their rows.
    groups : tuple
        Arms as the data have them, the comparison first; ``("all",)`` without an arm.
    warnings : tuple of str
    """

    table: pd.DataFrame
    person: Codes
    wave: Codes
    waves: tuple[Value | None, ...]
    arm: Codes
    groups: tuple[Value, ...]
    warnings: tuple[str, ...]

    @property
    def n_people(self) -> int:
        """How many people have a row, at whatever wave."""
        return self.arm.size

    def at(self, wave: int) -> Codes:
        """Return each person's row at a wave (its position), -1 without, shape (n_people,)."""
        found = np.full(self.n_people, -1)
        rows = np.flatnonzero(self.wave == wave)
        found[self.person[rows]] = rows
        return found


def study_rows(
    data: IntoDataFrame,
    study: Study,
    columns: Sequence[str],
    *,
    waves: Sequence[Value] | None = None,
) -> StudyRows:
    """Check the rows of a study and code their people, waves and arms.

    Parameters
    ----------
    data : eager dataframe
        One row a person and wave (a person, in a study without waves).
    study : Study
    columns : sequence of str
        What to take beside the study's columns.
    waves : sequence, optional
        The waves that the analysis is about; by default all in the data, in order. Ignored in
        a study without waves.

    Raises
    ------
    OptionError
        ``study`` is not a `Study`, or ``data`` not an eager dataframe.
    ColumnError, TooFewError, DataError, WaveError, DuplicateError, ArmError
        Columns absent; no rows; rows without a person; waves absent; a person twice at a wave;
        people in several arms, or the intervention absent.
    """
    require_study(study)
    table = select(data, *columns, *study.columns.values())
    if table.empty:
        raise TooFewError("The data have no rows.")
    person, ids = pd.factorize(table[study.person])
    people = list(ids)
    if (person < 0).any():
        raise DataError(
            f"No person in column {study.person!r}: {rows_text(np.flatnonzero(person < 0))}. "
            f"Every row needs one. {ROWS_COUNT}"
        )
    if study.wave is None:
        wave: Codes = np.zeros(len(table), dtype=np.intp)
        every_wave = wave
        named: tuple[Value | None, ...] = (None,)
    else:
        wave, every_wave, named = _wave_codes(table[study.wave], study, waves)
    _require_once(person, every_wave, people, table, study)
    arm, groups = _arms(person, people, table, study)
    lost = int((arm < 0).sum())
    unknown = f"{lost} of {arm.size} people have no value in {study.arm!r} and were left out."
    return StudyRows(
        table=table,
        person=person,
        wave=wave,
        waves=named,
        arm=arm,
        groups=groups,
        warnings=(unknown,) if lost else (),
    )


def require_study(study: object) -> None:
    """Raise `OptionError` unless it is a `Study`."""
    if not isinstance(study, Study):
        raise OptionError(f"'study' must be a cpeval.Study. Got {type(study).__name__}.")


def require_two_waves(study: Study, what: str) -> tuple[Value, Value]:
    """Return baseline and primary follow-up, or raise `StudyError` with what is not named."""
    lacks = [role for role in ("wave", "baseline", "follow_up") if getattr(study, role) is None]
    if lacks:
        raise StudyError(
            f"{what} needs two waves, and the study doesn't name {listed(lacks)}. "
            "Such as Study(..., wave='wave', baseline='t0', follow_up='t1')."
        )
    return study.waves[0], study.waves[1]


def plain(value: object) -> Value:
    """Return a value of a column as Python's own; whole floats as integers.

    >>> plain(np.float64(6.0)), plain(np.str_("t1"))
    (6, 't1')
    """
    item = getattr(value, "item", None)
    own = item() if callable(item) else value
    return int(own) if isinstance(own, float) and own.is_integer() else own  # type: ignore[return-value]


def people_text(n: int) -> str:
    """Count people.

    >>> people_text(1), people_text(2)
    ('1 person', '2 people')
    """
    return f"{n} person" if n == 1 else f"{n} people"


def in_order(values: Iterable[Value]) -> list[Value]:
    """Sort values that may be of several types: numbers by size, then the rest as text.

    >>> in_order(["b", 10, 9, "a"])
    [9, 10, 'a', 'b']
    """
    return sorted(
        values, key=lambda v: (0, v, "") if isinstance(v, int | float) else (1, 0, str(v))
    )


def same(one: object, other: object) -> bool:
    """Say whether two values are equal. A number never equals text."""
    return isinstance(one, str) == isinstance(other, str) and bool(one == other)


def _wave_codes(
    column: pd.Series, study: Study, waves: Sequence[Value] | None
) -> tuple[Codes, Codes, tuple[Value, ...]]:
    """Return each row's position in ``waves`` (-1 for another), its code among all, the waves."""
    every, found = pd.factorize(column)
    if (every < 0).any():
        raise WaveError(
            f"No wave in column {study.wave!r}: {rows_text(np.flatnonzero(every < 0))}. "
            f"Every row needs one. {ROWS_COUNT}"
        )
    there = [plain(value) for value in found]
    waves = in_order(there) if waves is None else waves
    code = np.array([next((k for k, w in enumerate(waves) if same(v, w)), -1) for v in there])
    absent = [wave for position, wave in enumerate(waves) if position not in code]
    if absent:
        roles = [f"{wave!r} ({_role(wave, study)}){_hint(wave, there)}" for wave in absent]
        raise WaveError(
            f"Column {study.wave!r} never holds {', '.join(roles)}, as the study names it. "
            f"It holds {listed(in_order(there))}."
        )
    return code[every], every, tuple(waves)


def _role(wave: Value, study: Study) -> str:
    return "baseline" if wave == study.baseline else "follow_up"


def _hint(value: Value, there: Sequence[Value]) -> str:
    """Point at the value that was probably meant: of another type, or spelt otherwise."""
    kinds = {True: "text", False: "a number"}
    mine = isinstance(value, str)
    for other in there:
        if str(other) == str(plain(value)) and isinstance(other, str) != mine:
            return (
                f" (the study says {value!r}, {kinds[mine]}; "
                f"the data hold {other!r}, {kinds[not mine]})"
            )
    return did_you_mean(value, there)


def _require_once(
    person: Codes, wave: Codes, people: Sequence[object], table: pd.DataFrame, study: Study
) -> None:
    """Raise `DuplicateError` if a person has more than one row at a wave."""
    keys = pd.DataFrame({"person": person, "wave": wave})
    twice = keys[keys.duplicated(keep=False)]
    if twice.empty:
        return
    group = twice.groupby(["person", "wave"], sort=False).ngroup()
    n_groups = int(group.max()) + 1
    shown = []
    for _, rows in twice[group < 20].groupby(["person", "wave"], sort=False):
        who = people[rows["person"].iloc[0]]
        at = "" if study.wave is None else f" at {listed([table[study.wave][rows.index[0]]])}"
        shown.append(f"{listed([who])}{at} {len(rows)} times ({rows_text(rows.index)})")
    more = f", and {n_groups - 20} more" if n_groups > 20 else ""
    each = "one row a person" if study.wave is None else "one row a person and wave"
    raise DuplicateError(
        f"There should be {each}. Column {study.person!r} has {'; '.join(shown)}{more}. "
        "Keep the rows that are meant; if sites use the same ids, make them differ. " + ROWS_COUNT
    )


def _arms(
    person: Codes, people: Sequence[object], table: pd.DataFrame, study: Study
) -> tuple[Codes, tuple[Value, ...]]:
    """Return each person's arm and the arms, the comparison first."""
    n_people = len(people)
    if study.arm is None or study.intervention is None:
        return np.zeros(n_people, dtype=np.intp), ("all",)
    codes, found = pd.factorize(table[study.arm])
    there = [plain(value) for value in found]
    others = in_order(value for value in there if not same(value, study.intervention))
    groups = [*others, *(value for value in there if same(value, study.intervention))]
    order = np.array([groups.index(value) for value in there], dtype=np.intp)
    known = np.flatnonzero(codes >= 0)
    arm = np.full(n_people, -1, dtype=np.intp)
    first = np.full(n_people, len(groups), dtype=np.intp)
    np.maximum.at(arm, person[known], order[codes[known]])
    np.minimum.at(first, person[known], order[codes[known]])
    in_both = np.flatnonzero((arm >= 0) & (arm != first))
    if in_both.size:
        shown = "; ".join(
            f"{listed([people[who]])} ({rows_text(np.flatnonzero(person == who))})"
            for who in in_both[:20]
        )
        more = f"; and {in_both.size - 20} more" if in_both.size > 20 else ""
        raise ArmError(
            f"{in_both.size} of {n_people} people change arm (column {study.arm!r}): "
            f"{shown}{more}. A person has one arm, that of the start. {ROWS_COUNT}"
        )
    if len(groups) == len(others):
        raise ArmError(
            f"Column {study.arm!r} never holds {study.intervention!r}, which the study names as "
            f"the intervention{_hint(study.intervention, there)}. "
            f"It holds {arm_counts(arm, groups) or 'nothing'}."
        )
    return arm, tuple(groups)


def arm_counts(arm: Codes, groups: Sequence[Value]) -> str:
    """List arms with how many people are in each, for a message."""
    return ", ".join(
        f"{group!r} ({people_text(int((arm == code).sum()))})" for code, group in enumerate(groups)
    )
