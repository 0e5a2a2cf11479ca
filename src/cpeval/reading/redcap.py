"""`read_redcap()`: an export of a longitudinal REDCap project as one row a person and wave."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.errors import ColumnError, DataError, listed
from cpeval.reading import redcap_events as redcap
from cpeval.reading.files import empty_codes, table_of
from cpeval.reading.missing_codes import Missing, checked
from cpeval.reading.origin import origin_of, signed
from cpeval.reading.wave_columns import Wave


def read_redcap(
    path_or_frame: str | Path | IntoDataFrame,
    *,
    events: Mapping[str, Wave | None] | None = None,
    record: str | None = None,
    wave: str = "wave",
    missing: Missing | None = None,
    person_columns: Sequence[str] = (),
    instruments: Sequence[str] | None = None,
    repeat: str | None = None,
    sheet: str | None = None,
    decimal: str | None = None,
) -> pd.DataFrame:
    """Make one row a person and wave of a REDCap export (raw data, one row an event).

    Parameters
    ----------
    path_or_frame : str, pathlib.Path or eager dataframe
        The export, as codes. It is left as it is.
    events : mapping of str to wave, optional
        The wave of each event: ``{"baseline_arm_1": "t0", "six_months_arm_1": "t1"}``. A name
        without its arm, ``"baseline"``, stands for the event in all arms. The wave ``""`` (or
        None) leaves an event out. A time that a whole event repeats is named ``"visit_arm_1[2]"``.
        Without ``events``, each event's name without its arm is a wave.
    record : str, optional
        The column that identifies records. Without it, the first column.
    wave : str, default "wave"
        The name of the new column.
    missing : mapping of str to codes, optional
        As in `cpeval.read`, such as the project's missing data codes. ``"*"`` leaves the record
        and REDCap's own columns alone.
    person_columns : sequence of str, optional
        Columns that describe the person and are asked at one event, such as sex or arm: their
        value is repeated in all rows of the person. Nothing is spread unasked, since an outcome
        that was asked once must not be taken for an answer at every wave.
    instruments : sequence of str, optional
        Keep the columns of these instruments only (and record, wave, ``person_columns``).
    repeat : str, optional
        Return the rows of this repeating instrument instead: one row a time it was filled in.
    sheet, decimal : str, optional
        As in `cpeval.read`.

    Returns
    -------
    pandas.DataFrame
        ``record``, ``wave``, ``redcap_arm`` when the export has several arms, and the other
        columns; rows in the order of the export. Waves are int when all are whole numbers.
        Checkboxes (``name___1``) and ``<instrument>_complete`` are kept. Columns that only
        repeating instruments fill are left out. With ``repeat``: also ``redcap_repeat_instance``,
        and only columns that hold anything there. ``attrs["redcap"]`` says what was taken:
        record, events (event: wave), left_out (event: rows), absent (events named without a row),
        repeats (instrument: rows), columns_left_out, person_columns (column: people without a
        value), asked_once (columns with answers at one of several waves), n_people, n_rows.

    Raises
    ------
    ColumnError
        The export is one of labels, has no events, or lacks a column that is named.
    OptionError
        Events that ``events`` doesn't name; ``instruments`` or ``repeat`` that aren't there.
    DuplicateError
        A record has two rows at one wave.
    DataError
        Rows without a record; a person has several values in one of ``person_columns``.
    ReadError
        See `cpeval.read`.

    Notes
    -----
    REDCap exports no row for an event without data: a person who was lost has no row there.
    An unchecked checkbox is 0 even where nobody filled in the instrument.

    Examples
    --------
    >>> export = pd.DataFrame({
    ...     "record_id": [1, 1, 1],
    ...     "redcap_event_name": ["start_arm_1", "start_arm_1", "end_arm_1"],
    ...     "redcap_repeat_instrument": [None, "contacts", None],
    ...     "redcap_repeat_instance": [None, 1, None],
    ...     "sex": ["f", None, None], "mood": [3, None, 5], "minutes": [None, 20, None]})
    >>> read_redcap(export, events={"start": 0, "end": 6}, person_columns=["sex"])
       record_id  wave sex  mood
    0          1     0   f   3.0
    1          1     6   f   5.0
    >>> read_redcap(export, repeat="contacts")
       record_id   wave  redcap_repeat_instance  minutes
    0          1  start                       1     20.0
    """
    data = table_of(path_or_frame, sheet=sheet, decimal=decimal)
    columns = list(data.columns)
    record = record or columns[0]
    origin = origin_of(data)
    redcap.require_redcap(columns, record)
    taken = data.attrs.get("read", {})
    emptied, noted = empty_codes(
        data,
        checked(missing),
        taken,
        what="The REDCap data",
        spare=(record, *redcap.STRUCTURE, *redcap.ABOUT),
    )
    nameless = np.flatnonzero(emptied[record].isna())
    if len(nameless):
        raise DataError(
            f"Rows without a record: {record!r} is empty in rows {listed(nameless + 1)} "
            "(the first row is 1)."
        )
    rows = redcap.rows_of(emptied, events)
    made, at = _redcap_table(emptied, rows, record, wave, person_columns, instruments, repeat)
    read_as: dict[Hashable, Any] = {"read": noted} if taken or missing else {}
    made.attrs = {**data.attrs, **made.attrs, **read_as}
    made.attrs.pop("origin", None)
    if origin is not None:
        made.attrs["origin"] = signed(made, origin.at(at))
    return made


def _redcap_table(
    data: pd.DataFrame,
    rows: redcap.Rows,
    record: str,
    wave: str,
    person_columns: Sequence[str],
    instruments: Sequence[str] | None,
    repeat: str | None,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the table, and which rows of the export are the table's."""
    people = redcap.spread(data, record, person_columns)
    repeats = {str(name): int(n) for name, n in rows.instrument.value_counts().items()}
    if repeat is not None:
        redcap.require_instruments([repeat], list(repeats))
    elif rows.event is None:
        raise ColumnError(
            "The export has no events, so that its rows have no wave. Name the repeating "
            f"instrument that you want: repeat={next(iter(repeats), '')!r}."
        )
    wanted = rows.instrument.isna() if repeat is None else rows.instrument == repeat
    if rows.event is not None:
        wanted &= rows.event.isin(rows.waves)
    head = {record: data.loc[wanted, record]}
    if rows.event is not None:
        head[wave] = rows.event[wanted].map(rows.waves)
    if rows.arm is not None:
        head["redcap_arm"] = rows.arm[wanted]
    if repeat is not None:
        head[redcap.INSTANCE] = pd.to_numeric(data.loc[wanted, redcap.INSTANCE]).astype("int64")
    kept = _redcap_columns(data, rows, record, wanted, instruments, repeat)
    kept += [c for c in person_columns if c not in kept]
    clash = [name for name in kept if name in head]
    if clash:
        raise ColumnError(f"There is a column named {listed(clash)} already. Rename it, or 'wave'.")
    body = data[kept].assign(**{c: people[c] for c in person_columns})[wanted]
    made = pd.concat([pd.DataFrame(head), body], axis=1).reset_index(drop=True)
    if repeat is None:
        redcap.require_one_row(made, record, wave, data.loc[wanted, redcap.EVENT])
    made.attrs["redcap"] = {
        "record": record,
        "events": rows.waves,
        "left_out": rows.left_out,
        "absent": rows.absent,
        "repeats": repeats,
        "columns_left_out": [
            c for c in data.columns if c not in (*made.columns, *redcap.STRUCTURE)
        ],
        "person_columns": {
            c: int(made.loc[made[c].isna(), record].nunique()) for c in person_columns
        },
        "asked_once": _asked_once(made[kept], made[wave]) if wave in made else [],
        "n_people": int(made[record].nunique()),
        "n_rows": len(made),
    }
    return made, np.flatnonzero(wanted)


def _asked_once(answers: pd.DataFrame, waves: pd.Series) -> list[str]:
    """Name the columns with answers at one only of several waves."""
    asked = answers.notna().groupby(waves).any()
    return [str(c) for c in asked.columns[asked.sum() == 1]] if len(asked) > 1 else []


def _redcap_columns(
    data: pd.DataFrame,
    rows: redcap.Rows,
    record: str,
    wanted: pd.Series,
    instruments: Sequence[str] | None,
    repeat: str | None,
) -> list[str]:
    """Return the columns to keep, in the order of the export."""
    columns = [c for c in data.columns if c not in (record, *redcap.STRUCTURE)]
    if instruments is not None:
        there = redcap.blocks(list(data.columns), record)
        redcap.require_instruments(instruments, list(there))
        chosen = {c for name in instruments for c in there[name]}
        columns = [c for c in columns if c in chosen or c in redcap.ABOUT]
    answered = data[columns].notna()
    here = answered[wanted].any()
    if repeat is not None:
        return [c for c in columns if here[c]]
    elsewhere = answered[rows.instrument.notna()].any()
    return [c for c in columns if here[c] or not elsewhere[c]]
