"""Contacts and the people they should reach, checked and coded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.errors import (
    ColumnError,
    DataError,
    OptionError,
    TooFewError,
    listed,
    require_columns,
)
from cpeval.numeric import ROWS_COUNT, eager, numbers, rows_text, select
from cpeval.study import Study

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class Contacts:
    """n rows of contacts with N people.

    Attributes
    ----------
    people : pandas.DataFrame, shape (N, n_columns)
        The person's column, then those of site, team and worker that are known.
    person : array of int, shape (n,)
        Each row's person.
    count : array, shape (n,)
        Contacts in the row; NaN where that is missing.
    minutes : array, shape (n,), or None
        Of a contact.
    content : pandas.Series, shape (n,), or None
    periods : array, shape (N,)
        In how many periods each person could have had contacts.
    places : tuple of str
        The columns of site and team.
    listed : bool
        Whether people were listed apart from their contacts.
    n_unlisted : int
        Rows of people who are not listed, left out.
    n_gaps : int
        People with no row in some period, where nothing says that they had left by then.
    placeless : int
        People without a team (or site).
    """

    people: pd.DataFrame
    person: Codes
    count: Floats
    minutes: Floats | None
    content: pd.Series | None
    periods: Floats
    places: tuple[str, ...]
    listed: bool
    n_unlisted: int
    n_gaps: int
    placeless: int


def read_contacts(
    data: IntoDataFrame,
    study: Study,
    *,
    people: IntoDataFrame | None,
    count: str | None,
    minutes: str | None,
    content: str | None,
    period: str | None,
    periods: float | None,
) -> Contacts:
    """Check both tables and code them. Parameters are those of `cpeval.fidelity.dose`."""
    columns = eager(data).columns
    require_columns(columns, study.person, count, minutes, content, period)
    if period is not None and periods is not None:
        raise OptionError(
            "period= names the column that tells periods apart, periods= says how many there were "
            "where there is none. Give one of them."
        )
    roles = [study.site, study.team, study.worker]
    table = select(data, study.person, *_there(roles, columns), count, minutes, content, period)
    who = table
    if people is not None:
        known = eager(people).columns
        require_columns(known, study.person, what="The people")
        who = select(people, study.person, *_there([*roles, period], known))
    if who.empty:
        raise TooFewError("There are no people: the table has no rows.")
    _require_known(table, study.person, "contacts")
    _require_known(who, study.person, "people")
    code, ids = pd.factorize(who[study.person])
    units = _units(who, code, len(ids), study)
    row = pd.Index(ids).get_indexer(pd.Index(table[study.person]))
    kept = row >= 0
    table, person = table[kept].reset_index(drop=True), row[kept]
    counts = np.ones(len(table)) if count is None else _not_negative(table, count)
    spans = _periods(who, code, table, person, len(ids), period, periods)
    placed = [name for name in (study.site, study.team) if name in units]
    return Contacts(
        people=units,
        person=person,
        count=counts,
        minutes=None if minutes is None else _not_negative(table, minutes),
        content=None if content is None else table[content],
        periods=spans,
        places=tuple(name for name in placed if name is not None),
        listed=people is not None,
        n_unlisted=int((~kept).sum()),
        n_gaps=_gaps(who, table, person, spans, period) if people is not None else 0,
        placeless=int(units[placed].isna().any(axis=1).sum()) if placed else 0,
    )


def _there(names: list[str | None], columns: list[str]) -> list[str]:
    return [name for name in names if name is not None and name in columns]


def _require_known(table: pd.DataFrame, person: str, what: str) -> None:
    absent = np.flatnonzero(table[person].isna())
    if absent.size:
        raise DataError(
            f"No person in column {person!r} of the {what}: {rows_text(absent)}. Every row needs "
            f"one. {ROWS_COUNT}"
        )


def _units(who: pd.DataFrame, code: Codes, n: int, study: Study) -> pd.DataFrame:
    """Return a row a person, or say who is in several places."""
    first = np.zeros(n, dtype=np.intp)
    first[code[::-1]] = np.arange(len(code) - 1, -1, -1)
    made = who[[study.person]].take(first).reset_index(drop=True)
    wrong = []
    for name in _there([study.site, study.team, study.worker], list(who.columns)):
        value, labels = pd.factorize(who[name])
        known = value >= 0
        highest = np.full(n, -1)
        np.maximum.at(highest, code[known], value[known])
        if name != study.worker:
            differs = np.unique(code[known & (value != highest[code])])
            if differs.size:
                people = listed(made[study.person].take(differs), most=10)
                wrong.append(f"- several in {name!r}: {people}")
        named = np.array([*labels, None], dtype=object)  # the last one for nobody's -1
        made[name] = pd.Series(named[highest], dtype=object)
    if wrong:
        raise DataError(
            "People who are in more than one place:\n"
            + "\n".join(wrong)
            + "\nA dose is of one team and site. Split the contacts, or correct the places."
        )
    return made


def _not_negative(table: pd.DataFrame, name: str) -> Floats:
    values = numbers(table, [name])[:, 0]
    below = np.flatnonzero(values < 0)
    if below.size:
        raise DataError(
            f"{name!r} has values below 0: {listed(values[below], most=5)} in {rows_text(below)}. "
            f"Correct them, or make them missing. {ROWS_COUNT}"
        )
    return values


def _gaps(
    who: pd.DataFrame, table: pd.DataFrame, person: Codes, spans: Floats, period: str | None
) -> int:
    """Count people without a row in some period, where all are taken to have been there."""
    if period is None or period in who:
        return 0
    seen = pd.DataFrame({"person": person, "period": pd.factorize(table[period])[0]})
    there = seen[seen["period"] >= 0].drop_duplicates()["person"].to_numpy()
    return int((np.bincount(there, minlength=spans.size) < spans).sum())


def _periods(
    who: pd.DataFrame,
    code: Codes,
    table: pd.DataFrame,
    person: Codes,
    n: int,
    period: str | None,
    periods: float | None,
) -> Floats:
    """Return in how many periods each person could have had contacts."""
    if period is None:
        return np.full(n, 1.0 if periods is None else float(periods))
    if period not in who:
        # People are listed once: each was there all the time.
        return np.full(n, float(table[period].nunique()))
    absent = np.flatnonzero(who[period].isna())
    if absent.size:
        raise ColumnError(
            f"No period in column {period!r}: {rows_text(absent)}. Correct them. {ROWS_COUNT}"
        )
    both = pd.DataFrame({"person": code, "period": pd.factorize(who[period])[0]})
    seen = both.drop_duplicates()["person"].to_numpy()
    return np.bincount(seen, minlength=n).astype(float)
