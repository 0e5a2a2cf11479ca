"""`read_wide()`: one row a person made one row a person and wave."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame

from cpeval.errors import ColumnError, OptionError, listed, require_columns
from cpeval.reading.files import empty_codes, table_of
from cpeval.reading.missing_codes import Missing, checked
from cpeval.reading.origin import Part, origin_of, signed
from cpeval.reading.stacking import stack
from cpeval.reading.wave_columns import Plan, Wave, plan_by_pattern, plan_by_suffix


def read_wide(
    path_or_frame: str | Path | IntoDataFrame,
    *,
    pattern: str | None = None,
    waves: Mapping[Wave, str] | Sequence[Wave] | None = None,
    wave: str = "wave",
    missing: Missing | None = None,
    sheet: str | None = None,
    decimal: str | None = None,
) -> pd.DataFrame:
    """Make a table with one row a person, and a column an item and wave, long.

    Parameters
    ----------
    path_or_frame : str, pathlib.Path or eager dataframe
        A file that `cpeval.read` reads, or a table. It is left as it is.
    pattern : str, optional
        How columns are named: text with ``{item}`` and ``{wave}``, such as ``"{item}_{wave}"``,
        ``"{wave}_{item}"`` or ``"{item}.{wave}"``. The item takes as much as it can:
        ``swemwbs_1_t0`` is item ``swemwbs_1`` at wave ``t0``.
    waves : mapping or sequence, optional
        Without ``pattern``: each wave with the suffix of its columns,
        ``{"t0": "_pre", "t1": "_post"}``; the suffix ``""`` is for a wave whose columns have
        none. With ``pattern``: the waves that there are, ``["t0", "t1"]``, or each wave with how
        it stands in the names, ``{0: "pre", 6: "post"}``. With ``pattern`` alone, the waves are
        those found.
    wave : str, default "wave"
        The name of the new column.
    missing : mapping of str to codes, optional
        As in `cpeval.read`. The name of an item means its columns at all waves.
    sheet, decimal : str, optional
        As in `cpeval.read`.

    Returns
    -------
    pandas.DataFrame, shape (n_people x n_waves, n_person_columns + 1 + n_items)
        The columns that are no items, repeated; ``wave``, as int when all waves are whole
        numbers; a column an item. People are in the order given, and each has a row at every
        wave, even one without an answer. An item that a wave doesn't have is missing there.
        ``attrs["reshaped"]`` says what was taken: pattern, waves (wave: columns), items,
        person_columns, filled (item: waves without it), left (columns that fit the pattern, but
        not with one of the waves), empty_rows (wave: rows without any answer), mixed (items that
        are numbers at one wave and text at another: made text), labels_differ (items whose value
        labels differ between waves: the first wave's are kept), n_people, n_rows.

    Raises
    ------
    OptionError
        Neither ``pattern`` nor ``waves`` is given, or they aren't of the form above; waves
        found without ``waves`` may not be waves: they have few of the items, there are more waves
        than items, or several sets of columns fit; columns look like a wave that isn't named.
    ColumnError
        A wave that no column has, ``missing`` names no column, an item has the name of another
        column, there is a column named ``wave`` already, or no column is left that says who.
    ReadError
        See `cpeval.read`.

    Examples
    --------
    >>> wide = pd.DataFrame({"id": [1, 2], "mood_1_t0": [3, 4], "mood_2_t0": [2, 5],
    ...                      "mood_1_t1": [4, 4], "mood_2_t1": [3, None]})
    >>> read_wide(wide, pattern="{item}_{wave}")
       id wave  mood_1  mood_2
    0   1   t0       3     2.0
    1   1   t1       4     3.0
    2   2   t0       4     5.0
    3   2   t1       4     NaN
    """
    data = table_of(path_or_frame, sheet=sheet, decimal=decimal)
    columns = list(data.columns)
    require_columns(columns, what="The wide data")
    plan = _plan(columns, pattern, waves)
    origin = origin_of(data)
    codes = _by_column(checked(missing), plan, columns)
    taken = data.attrs.get("read", {})
    emptied, noted = empty_codes(data, codes, taken, what="The wide data")
    _require_names(plan, wave)
    made = _lengthen(emptied, plan, wave, pattern)
    read_as: dict[Hashable, Any] = {"read": noted} if taken or codes else {}
    made.attrs = {**data.attrs, **_labels(data.attrs, plan, made.attrs), **read_as}
    made.attrs.pop("origin", None)
    if origin is not None and len(origin.parts) == 1:
        made.attrs["origin"] = signed(made, _spread(origin.parts[0], plan, len(data)))
    return made


def _spread(part: Part, plan: Plan, n: int) -> list[Part]:
    """Say of each row of a person and wave which row, and which column, it was."""
    w = len(plan.waves)
    rows = np.repeat(np.arange(n), w)
    columns = {item: [plan.source.get((item, i)) for i in range(w)] for item in plan.items}
    person = part.at(rows)
    return [replace(person, wave=np.tile(np.arange(w), n), columns=columns), person]


def _plan(
    columns: list[str], pattern: str | None, waves: Mapping[Wave, str] | Sequence[Wave] | None
) -> Plan:
    if isinstance(waves, str) or not isinstance(waves, Mapping | Sequence | None):
        raise OptionError(
            "'waves' should be a list such as ['t0', 't1'], or a mapping such as "
            f"{{'t0': '_pre', 't1': '_post'}}. Got {waves!r}."
        )
    if pattern is not None:
        return plan_by_pattern(columns, pattern, waves)
    if isinstance(waves, Mapping):
        return plan_by_suffix(columns, waves)
    raise OptionError(
        "Say how columns are named: pattern='{item}_{wave}', or waves={'t0': '_pre', "
        "'t1': '_post'} with each wave's suffix."
    )


def _by_column(
    codes: Mapping[str, list[Any]], plan: Plan, columns: list[str]
) -> dict[str, list[Any]]:
    """Return codes by column where they were given by item."""
    require_columns(
        [*columns, *(item for item in plan.items if item not in columns)],
        *(name for name in codes if name != "*"),
        what="The wide data",
    )
    spread: dict[str, list[Any]] = {}
    for name, given in codes.items():
        of_item = [c for (item, _), c in plan.source.items() if item == name]
        for column in [name] if name == "*" or name in columns else []:
            spread.setdefault(column, []).extend(given)
        for column in of_item:
            if column != name:
                spread.setdefault(column, []).extend(given)
    return spread


def _require_names(plan: Plan, wave: str) -> None:
    if not plan.person:
        raise ColumnError(
            "Every column was taken as an item at a wave, so that none is left to say who. "
            "Add a column with an id for each person."
        )
    twice = [item for item in plan.items if item in plan.person]
    if twice:
        raise ColumnError(
            f"Items have the names of other columns: {listed(twice)}. Rename those columns "
            "(or, if they are a wave without suffix, name that wave with suffix '')."
        )
    if wave in (*plan.person, *plan.items):
        raise ColumnError(
            f"There is a column named {wave!r} already. Choose another name, such as "
            "wave='time_point'."
        )


def _lengthen(data: pd.DataFrame, plan: Plan, wave: str, pattern: str | None) -> pd.DataFrame:
    n, w = len(data), len(plan.waves)
    # Stacked, the rows are wave by wave; people belong together.
    order = (np.arange(n)[:, None] + n * np.arange(w)[None, :]).ravel()
    person = data[plan.person].iloc[np.repeat(np.arange(n), w)].reset_index(drop=True)
    items: dict[str, pd.Series] = {}
    mixed: list[str] = []
    for item in plan.items:
        parts = [data[plan.source[item, i]] if (item, i) in plan.source else None for i in range(w)]
        cells, differ = stack(parts, [n] * w)
        items[item] = cells
        mixed += [item] if differ else []
    times = pd.Series(np.tile(np.arange(w), n)).map(dict(enumerate(plan.waves)))
    answers = pd.DataFrame(items).iloc[order].reset_index(drop=True)
    made = pd.concat([person, times.rename(wave), answers], axis=1)
    silent = answers.isna().all(axis=1).to_numpy().reshape(n, w).sum(axis=0)
    n_columns = [sum(at == i for _, at in plan.source) for i in range(w)]
    made.attrs["reshaped"] = {
        "pattern": pattern,
        "waves": dict(zip(plan.waves, n_columns, strict=True)),
        "items": plan.items,
        "person_columns": plan.person,
        "filled": {
            item: [plan.waves[i] for i in absent]
            for item in plan.items
            if (absent := [i for i in range(w) if (item, i) not in plan.source])
        },
        "left": plan.left,
        "empty_rows": dict(zip(plan.waves, silent.tolist(), strict=True)),
        "mixed": mixed,
        "n_people": n,
        "n_rows": n * w,
    }
    return made


def _labels(attrs: Mapping[Any, Any], plan: Plan, made: Mapping[Any, Any]) -> dict[Hashable, Any]:
    """Return the labels of columns as those of items, the first wave's first."""
    labels: dict[str, str] = {c: t for c, t in attrs.get("labels", {}).items() if c in plan.person}
    values: dict[str, dict[Any, str]] = {
        c: v for c, v in attrs.get("value_labels", {}).items() if c in plan.person
    }
    differ: list[str] = []
    for (item, _), column in sorted(plan.source.items(), key=lambda pair: pair[0][1]):
        if column in attrs.get("labels", {}):
            labels.setdefault(item, attrs["labels"][column])
        own = attrs.get("value_labels", {}).get(column)
        if own:
            first = values.setdefault(item, {})
            differ += [item] if any(first.get(k, v) != v for k, v in own.items()) else []
            values[item] = {**own, **first}
    reshaped = {**made["reshaped"], "labels_differ": list(dict.fromkeys(differ))}
    noted: dict[Hashable, Any] = {"reshaped": reshaped}
    if "labels" in attrs or "value_labels" in attrs:
        noted |= {"labels": labels, "value_labels": values}
    return noted
