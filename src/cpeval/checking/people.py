"""Problems with who, where, when and in which arm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from cpeval.checking.found import found, text
from cpeval.errors import did_you_mean, listed
from cpeval.study import Study

#: REDCap's column of events.
EVENT = "redcap_event_name"
_DATES = (
    "The waves in the data are dates. Make the column text first, such as '2024-01-31', and name "
    "those texts as the study's waves."
)


def study_problems(frame: pd.DataFrame, study: Study, *, wide: str = "") -> Iterator[pd.DataFrame]:
    """Yield what is wrong with the columns that the study names; ``wide`` is advice on waves."""
    absent = {role: c for role, c in study.columns.items() if c not in frame.columns}
    for role, column in absent.items():
        near = did_you_mean(column, [c for c in frame.columns if c not in study.columns.values()])
        advice = f"The study names it as {role}{near}. Columns there: {listed(frame.columns)}."
        if role == "wave":
            advice = _layout(frame, column, wide) or advice
        yield found("column absent", "error", column, advice=advice)
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
            # A wave that the study doesn't name is an error already.
            known = list(study.waves) if role == "wave" and study.waves else None
            yield _variants(frame, here[role], known)
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


def _layout(frame: pd.DataFrame, column: str, wide: str) -> str:
    """Advise on data that aren't one row a person and wave, if they look like that."""
    if EVENT in frame.columns:
        return (
            f"The data are a REDCap export: {EVENT!r} says the event. Add a section "
            f"[data.redcap] to the study file (events = {{ … }}); it makes {column!r}."
        )
    return f"{wide} That makes {column!r}." if wide else ""


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
    dates = pd.api.types.is_datetime64_any_dtype(column)
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
            advice=_DATES if dates else hint,
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
                advice=_DATES if dates else f"No row has it. Waves there: {listed(there)}.",
            )


def _wave_hint(value: object, study: Study) -> str:
    for wave in study.waves:
        if str(text(value)).strip().casefold() == str(wave).strip().casefold():
            return _kinds(wave, value) or f"The study says {wave!r}; write both the same way."
    return (
        f"The study names {listed(study.waves)}{did_you_mean(value, study.waves)}. "
        "Correct it, or list it among follow_up."
    )


def _kinds(named: object, there: object) -> str:
    """Advise where the study and the data differ in quotes only: text against a number."""
    if str(text(named)) != str(text(there)) or isinstance(named, str) is isinstance(there, str):
        return ""
    if isinstance(named, str):
        return (
            f"The study file has {named!r} in quotes, which is text; the data have the number "
            f"{text(there)}: remove the quotes."
        )
    return (
        f"The study file has the number {text(named)}; the data have {there!r}, which is text: put "
        "quotes around it in the study file."
    )


def _arms(frame: pd.DataFrame, study: Study) -> Iterator[pd.DataFrame]:
    arm = str(study.arm)
    yield _missing(
        frame, arm, "arm missing", "warning", "These rows take no part in comparisons of arms."
    )
    there = sorted(frame[arm].dropna().unique(), key=str)
    if study.intervention not in there:
        kinds = [hint for value in there if (hint := _kinds(study.intervention, value))]
        yield found(
            "intervention not found",
            "error",
            arm,
            None,
            study.intervention,
            advice=kinds[0]
            if kinds
            else f"No row has the study's intervention. Values there: {listed(there)}"
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


def _variants(frame: pd.DataFrame, column: str, known: Sequence[object] | None) -> pd.DataFrame:
    """Names that differ in case or spaces only are most likely one; those known, if given."""
    names = pd.Series(frame[column].dropna().unique())
    names = names if known is None else names[names.isin(known)]
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
