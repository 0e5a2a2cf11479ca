"""REDCap's rows of records, events and repeats, as rows of people and waves.

An export of a longitudinal project has one row a record and event, named in ``redcap_event_name``
as ``baseline_arm_1``, and one more for each time that a repeating instrument was filled in,
named in ``redcap_repeat_instrument`` and numbered in ``redcap_repeat_instance``. Where the whole
event repeats, the instrument is blank and only the number stands. A row has all columns; those
of instruments that don't belong to it are blank. Events without any data have no row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cpeval.errors import (
    ColumnError,
    DataError,
    DuplicateError,
    OptionError,
    did_you_mean,
    listed,
    require_columns,
)
from cpeval.reading.wave_columns import Wave, whole_numbers

EVENT, INSTRUMENT, INSTANCE = (
    "redcap_event_name",
    "redcap_repeat_instrument",
    "redcap_repeat_instance",
)
STRUCTURE = (EVENT, INSTRUMENT, INSTANCE)
_ARM = re.compile(r"_arm_[0-9]+")
#: Columns of REDCap's own that describe the row, not an answer: kept whatever the instruments.
ABOUT = ("redcap_data_access_group", "redcap_survey_identifier")
#: How the same columns are called in an export of labels.
_LABELLED = ("Event Name", "Repeat Instrument", "Repeat Instance")


def require_redcap(columns: Sequence[str], record: str) -> None:
    """Raise `ColumnError` unless the columns are those of an export of codes with events."""
    labelled = [name for name in _LABELLED if name in columns]
    if labelled:
        raise ColumnError(
            f"This is an export of labels: it has columns {listed(labelled)}. Export the data from "
            "REDCap again as 'CSV / Microsoft Excel (raw data)', which holds codes."
        )
    if EVENT not in columns and INSTRUMENT not in columns:
        raise ColumnError(
            f"There is no column {EVENT!r} or {INSTRUMENT!r}, so this export has one row a record: "
            f"read it with cpeval.read. Columns there: {listed(columns)}."
        )
    require_columns(columns, record, what="The REDCap data")


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What each row is."""

    #: The event, as ``event[2]`` where the whole event repeats; None when the export has none.
    event: pd.Series | None
    #: The number of REDCap's arm, or None when there is one arm only.
    arm: pd.Series | None
    #: The repeating instrument; missing in rows of a person and event.
    instrument: pd.Series
    #: Events that the user left out.
    left_out: dict[str, int]
    #: Events that the user named, without a row in the export.
    absent: list[str]
    #: The wave of each event that isn't left out.
    waves: dict[str, Wave]


def rows_of(data: pd.DataFrame, events: Mapping[str, Wave | None] | None) -> Rows:
    """Say of each row which wave and which repeating instrument it belongs to.

    Parameters
    ----------
    data : pandas.DataFrame
        A REDCap export.
    events : mapping or None
        REDCap's events, with or without ``_arm_1``, and their waves; ``None`` or ``""`` leaves
        an event out. A time that an event repeats is named ``event[2]``. None: each event
        without its arm is a wave.

    Raises
    ------
    OptionError
        Events that ``events`` doesn't name (the message lists them all).
    ColumnError
        ``events`` is given but the export has none; rows without an event.
    """
    blank = pd.Series(pd.NA, index=data.index)
    instrument = data.get(INSTRUMENT, blank)
    if EVENT not in data:
        if events:
            raise ColumnError(f"'events' are given, but there is no column {EVENT!r}.")
        return Rows(event=None, arm=None, instrument=instrument, left_out={}, absent=[], waves={})
    empty = data.index[data[EVENT].isna()]
    if len(empty):
        raise ColumnError(f"{EVENT!r} is empty in rows {listed(empty + 1)} (the first row is 1).")
    name = _with_instance(data, instrument)
    parts = name.str.extract(r"^(?P<event>.*?)(?:_arm_(?P<arm>[0-9]+))?(?P<time>\[[0-9]+\])?$")
    short = parts["event"] + parts["time"].fillna("")
    pairs = pd.DataFrame({"full": name, "short": short, "whole": data[EVENT]}).drop_duplicates()
    waves, used = _waves(pairs, events)
    left_out = {full: int((name == full).sum()) for full, wave in waves.items() if wave is None}
    kept = {full: wave for full, wave in waves.items() if wave is not None}
    numbers = dict(zip(kept, whole_numbers_of(kept), strict=True))
    arm = parts["arm"]
    several = arm.dropna().unique().size > 1
    return Rows(
        event=name,
        arm=pd.to_numeric(arm) if several else None,
        instrument=instrument,
        left_out=left_out,
        absent=[event for event in events or {} if event not in used],
        waves=numbers,
    )


def whole_numbers_of(waves: Mapping[str, Wave]) -> list[Wave]:
    """Return the waves of the events, as ints when all are whole numbers."""
    distinct = list(dict.fromkeys(waves.values()))
    made = dict(zip(distinct, whole_numbers(distinct), strict=True))
    return [made[wave] for wave in waves.values()]


def _with_instance(data: pd.DataFrame, instrument: pd.Series) -> pd.Series:
    """Return the event of each row, as ``event[2]`` where the whole event repeats."""
    event = data[EVENT].astype(str)
    if INSTANCE not in data:
        return event
    times = pd.to_numeric(data[INSTANCE], errors="coerce").where(instrument.isna())
    repeated = event.isin(event[times > 1])
    marked = event + "[" + times.fillna(1).astype("int64").astype(str) + "]"
    return event.where(~repeated, marked)


def _waves(
    pairs: pd.DataFrame, events: Mapping[str, Wave | None] | None
) -> tuple[dict[str, Wave | None], set[str]]:
    """Return the wave of each event in the export, and which of the user's names were used."""
    there = list(zip(pairs["full"], pairs["short"], strict=True))
    if events is None:
        return dict(there), set()
    odd = [wave for wave in events.values() if wave is not None and not isinstance(wave, str | int)]
    if odd:
        raise OptionError(
            f"'events' should give waves as text or whole numbers. Got {listed(odd)}."
        )
    waves: dict[str, Wave | None] = {}
    used: set[str] = set()
    unnamed: list[str] = []
    for full, short in there:
        key = full if full in events else short
        if key in events:
            used.add(key)
            wave = events[key]
            waves[full] = None if wave == "" else wave
        else:
            unnamed.append(full)
    if unnamed:
        # Without their arms, which make all names alike.
        spare = [_ARM.sub("", key) for key in events if key not in used]
        hints = ", ".join(f"{e!r}{did_you_mean(_ARM.sub('', e), spare)}" for e in sorted(unnamed))
        raise OptionError(
            f"'events' doesn't name {hints}. Give each event of the export its wave, or the wave "
            "'' to leave it out."
        )
    return waves, used


def spread(data: pd.DataFrame, record: str, columns: Sequence[str]) -> pd.DataFrame:
    """Return the columns with each record's one value in all its rows.

    Raises
    ------
    DataError
        A record has several values in such a column; the message names column and records.
    """
    require_columns(list(data.columns), *columns, what="The REDCap data")
    by_record = data.groupby(record, sort=False, dropna=False)
    several = []
    for column in columns:
        n_values = by_record[column].nunique()
        ids = n_values.index[n_values > 1]
        if len(ids):
            several.append(f"{column!r} for {record} {listed(ids, most=10)}")
    if several:
        raise DataError(
            f"'person_columns' should hold one value a person, but have several: "
            f"{'; '.join(several)}. Correct the data, or leave these columns to their waves."
        )
    first = by_record[list(columns)].first()
    return pd.DataFrame({c: data[record].map(first[c]) for c in columns})


def require_one_row(made: pd.DataFrame, record: str, wave: str, events: pd.Series) -> None:
    """Raise `DuplicateError` when a record has two rows at a wave."""
    twice = made.duplicated([record, wave], keep=False)
    if twice.any():
        ids = made.loc[twice, record].drop_duplicates()
        names = events[twice.to_numpy()].drop_duplicates()
        raise DuplicateError(
            f"Records have several rows at one wave: {record} {listed(ids)}, from events "
            f"{listed(names)}. Give events that one person can have different waves."
        )


def blocks(columns: Sequence[str], record: str) -> dict[str, list[str]]:
    """Return the columns of each instrument: those up to the one named ``<instrument>_complete``.

    >>> blocks(["id", "redcap_event_name", "age", "people_complete", "q1", "mood_complete"], "id")
    {'people': ['age', 'people_complete'], 'mood': ['q1', 'mood_complete']}
    """
    found: dict[str, list[str]] = {}
    open_columns: list[str] = []
    for column in columns:
        if column in (record, *STRUCTURE, *ABOUT):
            continue
        open_columns.append(column)
        name = re.fullmatch(r"(.+)_complete", column)
        if name:
            found[name[1]], open_columns = open_columns, []
    return found


def require_instruments(names: Sequence[str], there: Sequence[str]) -> None:
    """Raise `OptionError` that names every instrument which the export doesn't have."""
    unknown = [f"{name!r}{did_you_mean(name, there)}" for name in names if name not in there]
    if unknown:
        raise OptionError(
            f"The export has no instrument {', '.join(unknown)}. "
            f"Instruments there: {listed(there)}."
        )
