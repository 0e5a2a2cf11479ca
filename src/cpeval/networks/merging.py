"""Networks of several sources as one, and some of the networks or alters alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.errors import (
    NetworkError,
    OptionError,
    did_you_mean,
    listed,
    require_columns,
)
from cpeval.networks.alter_sets import Bools
from cpeval.networks.network_tables import NetworkTables

if TYPE_CHECKING:
    from cpeval.networks.network_data import NetworkData


def stacked(one: NetworkData, other: NetworkData) -> NetworkTables:
    """Put the tables of two below each other.

    Raises
    ------
    OptionError
        Their ids stand in columns of different names.
    NetworkError
        Only one of them has ties, or a table of one has columns that the other's lacks.
    """
    if one.columns != other.columns:
        raise OptionError(
            f"Their columns have other names: {one.columns} and {other.columns}. Rename them."
        )
    faults = []
    if one.has_ties != other.has_ties:
        faults.append(
            "only one has ties: that nobody was asked is not the same as that there are none"
        )
    pairs = list(zip(one.to_tables(), other.to_tables(), strict=True))
    parts: list[pd.DataFrame] = []
    for what, (ours, theirs) in zip(NetworkTables._fields, pairs, strict=True):
        if ours is None or theirs is None:
            continue
        differ = sorted(set(map(str, ours.columns)) ^ set(map(str, theirs.columns)))
        if differ:
            faults.append(f"only one table of {what} has {listed(differ)}")
        else:
            parts.append(pd.concat([ours, theirs], ignore_index=True))
    if faults:
        raise NetworkError(
            "These networks can't be put together:\n" + "\n".join(f"- {fault}" for fault in faults)
        )
    return NetworkTables(parts[0], parts[1], parts[2] if one.has_ties else None)


def selected(
    networks: NetworkData,
    egos: Mapping[str, object] | None,
    alters: Mapping[str, object] | None,
) -> NetworkTables:
    """Keep networks and alters whose columns have one of the values.

    Raises
    ------
    ColumnError
        Columns that are absent.
    OptionError
        Nothing to select by, or values that no row has.
    """
    if not egos and not alters:
        raise OptionError(
            "Say what to select: egos={column: value} or alters={column: value}, a value or a list."
        )
    tables = networks.to_tables()
    net = _which(tables.egos, egos or {}, "egos")
    rows = _which(tables.alters, alters or {}, "alters") & net[networks.links.net]
    links, ties = networks.links, tables.ties
    if ties is not None:
        ties = ties[rows[links.first] & rows[links.second]].reset_index(drop=True)
    return NetworkTables(
        tables.egos[net].reset_index(drop=True), tables.alters[rows].reset_index(drop=True), ties
    )


def _which(table: pd.DataFrame, wanted: Mapping[str, object], what: str) -> Bools:
    """Say which rows have, in each column, one of the values that are wanted."""
    require_columns(list(table.columns), *wanted, what=f"The {what}")
    keep = np.ones(len(table), dtype=bool)
    for name, value in wanted.items():
        values = (
            list(value)
            if isinstance(value, list | tuple | set | np.ndarray | pd.Series)
            else [value]
        )
        there = table[name].dropna().unique().tolist()
        absent = [v for v in values if v not in there]
        if absent:
            hints = ", ".join(f"{v!r}{did_you_mean(v, there)}" for v in absent)
            raise OptionError(
                f"No row of the {what} has in {name!r} {hints}. Values there: {listed(there)}."
            )
        keep &= table[name].isin(values).to_numpy()
    return keep
