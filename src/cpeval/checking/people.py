"""Problems with who, where, when and in which arm."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from cpeval.checking.found import found, text
from cpeval.errors import did_you_mean, listed
from cpeval.study import Study


def study_problems(frame: pd.DataFrame, study: Study) -> Iterator[pd.DataFrame]:
    """Yield what is wrong with the columns that the study names."""
    absent = {role: c for role, c in study.columns.items() if c not in frame.columns}
    for role, column in absent.items():
        near = did_you_mean(column, frame.columns)
        yield found(
            "column absent",
            "error",
            column,
            advice=f"The study names it as {role}{near}. Columns there: {listed(frame.columns)}.",
        )
    here = {role: column for role, column in study.columns.items() if role not in absent}
    if "person" in here:
        yield _missing(
            frame, study.person, "person missing", "error", "Every row needs its person's id."
        )
        yield from _twice(frame, study)
    if "wave" in here:
        yield from _waves(frame, study)
    if "arm" in here:
        yield from _arms(frame, study)
    for role in ("site", "team", "arm", "wave", "worker"):
        if role in here:
            yield _variants(frame, here[role])
    for role in ("site", "team"):
        if "person" in here and role in here:
            yield _wanderers(
                frame,
                study.person,
                here[role],
                f"person in several {role}s",
                "warning",
                f"Is the person's {role} right? Analyses use the one at baseline.",
            )


def _missing(
    frame: pd.DataFrame, column: str, problem: str, severity: str, advice: str
) -> pd.DataFrame:
    return found(problem, severity, column, np.flatnonzero(frame[column].isna()), advice=advice)


def _twice(frame: pd.DataFrame, study: Study) -> Iterator[pd.DataFrame]:
    keys = [c for c in (study.person, study.wave) if c is not None and c in frame.columns]
    if study.wave is not None and study.wave not in keys:
        return
    known = frame[study.person].notna()
    repeated = np.flatnonzero(frame.duplicated(keys, keep=False) & known)
    problem = "person twice at a wave" if len(keys) == 2 else "person twice"
    values = [
        " at ".join(str(text(v)) for v in row)
        for row in frame[keys].iloc[repeated].to_numpy(dtype=object)
    ]
    yield found(
        problem,
        "error",
        study.person,
        repeated,
        values,
        advice="Keep one row for each person and wave; delete or correct the others.",
    )


def _waves(frame: pd.DataFrame, study: Study) -> Iterator[pd.DataFrame]:
    column = frame[study.wave]
    yield _missing(frame, str(study.wave), "wave missing", "error", "Every row needs its wave.")
    if not study.waves:
        return
    unknown = np.flatnonzero(column.notna() & ~column.isin(list(study.waves)))
    values = column.iloc[unknown]
    hints = {v: _wave_hint(v, study) for v in values.unique()}
    for value, hint in hints.items():
        rows = unknown[(values == value).to_numpy()]
        yield found(
            "wave unknown to the study",
            "error",
            str(study.wave),
            rows,
            values[values == value],
            advice=hint,
        )
    there = sorted(column.dropna().unique(), key=str)
    for wave in study.waves:
        if not (column == wave).any():
            yield found(
                "wave without rows",
                "error",
                str(study.wave),
                None,
                wave,
                advice=f"No row has it. Waves there: {listed(there)}.",
            )


def _wave_hint(value: object, study: Study) -> str:
    for wave in study.waves:
        if str(value).strip().casefold() == str(wave).strip().casefold():
            return f"The study says {wave!r} ({type(wave).__name__}); write both the same way."
    return (
        f"The study names {listed(study.waves)}{did_you_mean(value, study.waves)}. "
        "Correct it, or list it among follow_up."
    )


def _arms(frame: pd.DataFrame, study: Study) -> Iterator[pd.DataFrame]:
    arm = str(study.arm)
    yield _missing(
        frame, arm, "arm missing", "warning", "These rows take no part in comparisons of arms."
    )
    there = sorted(frame[arm].dropna().unique(), key=str)
    if study.intervention not in there:
        yield found(
            "intervention not found",
            "error",
            arm,
            None,
            study.intervention,
            advice=f"No row has the study's intervention. Values there: {listed(there)}"
            f"{did_you_mean(study.intervention, there)}.",
        )
    if len(there) != 2:
        yield found(
            "arms are not two",
            "error",
            arm,
            None,
            listed(there),
            advice="A comparison needs two arms; filter the rows or recode the column.",
        )
    if study.person in frame.columns:
        yield _wanderers(
            frame,
            study.person,
            arm,
            "arm changes within a person",
            "error",
            "A person belongs to one arm; correct these rows.",
        )


def _wanderers(
    frame: pd.DataFrame, person: str, column: str, problem: str, severity: str, advice: str
) -> pd.DataFrame:
    """Rows of people who have more than one value in a column that should be theirs alone."""
    several = frame.groupby(person, sort=False)[column].transform("nunique") > 1
    rows = np.flatnonzero(several)
    return found(problem, severity, column, rows, frame[column].iloc[rows], advice=advice)


def _variants(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Names that differ in case or spaces only are most likely one."""
    names = pd.Series(frame[column].dropna().unique())
    text = names[names.map(lambda v: isinstance(v, str))].astype(str)
    plain = text.str.split().str.join(" ").str.casefold()
    doubtful = text[plain.duplicated(keep=False)]
    # The commonest spelling stands; the rows with another are named.
    common = frame[column].value_counts()
    keep = common[doubtful].groupby(plain[doubtful.index].to_numpy()).idxmax()
    rows = np.flatnonzero(frame[column].isin([s for s in doubtful if s not in set(keep)]))
    return found(
        "name spelt in two ways",
        "warning",
        column,
        rows,
        frame[column].iloc[rows],
        advice=f"Most rows say {listed(keep)}; write it one way, or they count as different.",
    )
