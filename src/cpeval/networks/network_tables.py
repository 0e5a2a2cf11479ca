"""Three tables, of egos, alters and ties, made one set of links; all that is wrong said at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from narwhals.stable.v2.typing import IntoDataFrame
from numpy.typing import NDArray

from cpeval.errors import ColumnError, CpevalError, NetworkError, OptionError, require_columns
from cpeval.networks.blocks import Floats, Ints, Links, places
from cpeval.networks.faults import (
    duplicates,
    missing_ids,
    self_ties,
    strangers,
    unknown_alters,
    weights_at_fault,
)
from cpeval.numeric import ROWS_COUNT, eager, numbers

Bools = NDArray[np.bool_]


class NetworkTables(NamedTuple):
    """The three tables of personal networks; ``ties`` is None where none were asked for."""

    egos: pd.DataFrame
    alters: pd.DataFrame
    ties: pd.DataFrame | None


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which columns say who is who."""

    ego: str
    alter: str
    source: str
    target: str
    wave: str | None
    weight: str | None
    name: str | None
    kind: str | None = None
    importance: str | None = None

    @property
    def network(self) -> list[str]:
        """What tells one network from another."""
        return [self.ego] if self.wave is None else [self.ego, self.wave]

    @property
    def of_alters(self) -> list[str | None]:
        """What the table of alters needs besides."""
        return [self.alter, self.weight, self.name, self.kind, self.importance]


@dataclass(frozen=True, kw_only=True, eq=False)
class Coded:
    """The tables' ids as whole numbers.

    Attributes
    ----------
    person : array of int, shape (G,)
        The ego of each network, the same in each wave.
    alter : array of int, shape (N,)
        The id of each alter, the same wherever it stands.
    """

    person: Ints
    alter: Ints
    links: Links


def pandas_tables(
    egos: IntoDataFrame, alters: IntoDataFrame, ties: IntoDataFrame | None, columns: Columns
) -> NetworkTables:
    """Take the tables as pandas frames of our own, rows numbered from 0.

    Raises
    ------
    OptionError
        Roles that share a column, or a table that is no dataframe in memory.
    ColumnError
        Columns that are absent, in all tables.
    """
    _require_different(columns)
    shared = columns.network
    needed: dict[str, tuple[IntoDataFrame, list[str | None]]] = {
        "egos": (egos, [*shared]),
        "alters": (alters, [*shared, *columns.of_alters]),
    }
    if ties is not None:
        needed["ties"] = (ties, [*shared, columns.source, columns.target, columns.weight])
    frames, faults = {}, []
    for what, (table, names) in needed.items():
        try:
            frame = eager(table)
            require_columns(frame.columns, *names, what=f"The {what}")
            frames[what] = frame.to_pandas().reset_index(drop=True)
        except ColumnError as error:
            faults.append(str(error))
    if faults:
        raise ColumnError("\n".join(faults))
    return NetworkTables(frames["egos"], frames["alters"], frames.get("ties"))


def _require_different(columns: Columns) -> None:
    """Raise `OptionError` where two roles in one table have one column."""
    shared = [("ego", columns.ego), ("wave", columns.wave)]
    for own in (
        [("alter", columns.alter), ("weight", columns.weight), ("name", columns.name)],
        [("source", columns.source), ("target", columns.target), ("weight", columns.weight)],
    ):
        seen: dict[str, str] = {}
        for role, column in (*shared, *own):
            if column is None:
                continue
            # What an alter is called may also be its id.
            if column in seen and (seen[column], role) != ("alter", "name"):
                raise OptionError(
                    f"{seen[column]!r} and {role!r} can't be one column: both are {column!r}."
                )
            seen[column] = role


def coded(tables: NetworkTables, columns: Columns) -> Coded:
    """Make links of the tables.

    Raises
    ------
    ColumnError
        Weights that are not numbers.
    NetworkError
        Everything else that is wrong, in one message.
    """
    egos, alters, ties = tables
    everyone = [egos, alters] if ties is None else [egos, alters, ties]
    faults = [*missing_ids(tables, columns)]
    people = _codes([table[columns.ego] for table in everyone])
    waves = [np.zeros(len(table), dtype=np.int64) for table in everyone]
    if columns.wave is not None:
        waves = _codes([table[columns.wave] for table in everyone])
    # A missing id is -1 and made the fault above; -1 as a network stays -1.
    nets = [_keys(p, w, waves) for p, w in zip(people, waves, strict=True)]
    faults += duplicates(egos, nets[0], columns.network, "Egos")
    row_of = np.full(2 + max(int(net.max(initial=-1)) for net in nets), -1)
    known = np.flatnonzero(nets[0] >= 0)
    row_of[nets[0][known]] = known
    net = np.where(nets[1] < 0, -1, row_of[nets[1]])
    faults += strangers(tables, columns, "Alters", nets[1], net)
    ends = [] if ties is None else [ties[columns.source], ties[columns.target]]
    ids = _codes([alters[columns.alter], *ends])
    key = _keys(net, ids[0], ids)
    faults += duplicates(alters, key, [*columns.network, columns.alter], "Alters")
    first = second = np.zeros(0, dtype=np.int64)
    if ties is not None:
        tie_net = np.where(nets[2] < 0, -1, row_of[nets[2]])
        faults += strangers(tables, columns, "Ties", nets[2], tie_net)
        faults += self_ties(ties, ids[1], ids[2], columns)
        first, second = _rows(key, tie_net, ids, len(egos))
        faults += unknown_alters(ties, columns, tie_net, (first, second), ids)
        faults += _tie_twice(ties, first, second, len(alters), columns)
    weights = _weights(tables, columns, faults)
    if faults:
        raise NetworkError(
            "The tables of egos, alters and ties don't fit together:\n"
            + "\n".join(f"- {fault}" for fault in faults)
            + f"\n{ROWS_COUNT}"
        )
    size = np.bincount(net, minlength=len(egos))
    links = Links(
        size=size,
        net=net,
        place=places(net, size),
        first=first,
        second=second,
        alter_weight=weights[0],
        tie_weight=weights[1],
    )
    return Coded(person=people[0], alter=ids[0], links=links)


def _codes(columns: list[pd.Series]) -> list[Ints]:
    """Give equal ids equal whole numbers from 0, over several columns; a missing one is -1."""
    ends = np.cumsum([len(column) for column in columns])[:-1]
    every = columns[0] if len(columns) == 1 else pd.concat(columns, ignore_index=True)
    return np.split(np.asarray(pd.factorize(every)[0], dtype=np.int64), ends)


def _keys(net: Ints, code: Ints, ids: list[Ints]) -> Ints:
    """Return one number for a network (or ego) and an id in it; -1 where either isn't known."""
    key = net * _n_ids(ids) + code
    if min(int(net.min(initial=0)), int(code.min(initial=0))) < 0:
        key[(net < 0) | (code < 0)] = -1
    return key


def _n_ids(ids: list[Ints]) -> int:
    return 1 + max(int(codes.max(initial=0)) for codes in ids)


#: Up to so many cells a table of all networks by all ids is quicker than a search.
_CELLS = 2**26


def _rows(key: Ints, net: Ints, ids: list[Ints], n_nets: int) -> tuple[Ints, Ints]:
    """Return the rows of the alters that each tie joins; -1 where there is no such alter."""
    n_ids = _n_ids(ids)
    first, second = (_keys(net, codes, ids) for codes in ids[1:])
    if n_nets * n_ids <= _CELLS:
        row_of = np.full(n_nets * n_ids + 1, -1)
        # A key of -1 writes to the cell at the end, which stays -1.
        row_of[key] = np.arange(key.size)
        row_of[-1] = -1
        return row_of[first], row_of[second]
    once = np.bincount(ids[0][ids[0] >= 0], minlength=n_ids)
    if once.max(initial=0) <= 1:
        # No two networks share an id: it alone tells the row, and the row tells the network.
        row_of = np.full(n_ids + 1, -1)
        row_of[ids[0]] = np.arange(key.size)
        row_of[-1] = -1
        own = np.append(key, -2)
        found = (row_of[ids[1]], row_of[ids[2]])
        one, other = (
            np.where(own[row] == wanted, row, -1)
            for row, wanted in zip(found, (first, second), strict=True)
        )
        return one, other
    known, row = np.unique(key, return_index=True)
    index = pd.Index(known)
    row = np.append(np.where(known < 0, -1, row), -1)
    return row[index.get_indexer(pd.Index(first))], row[index.get_indexer(pd.Index(second))]


def _tie_twice(
    ties: pd.DataFrame, first: Ints, second: Ints, n_alters: int, columns: Columns
) -> list[str]:
    """Name ties that are there twice, in one direction or both."""
    pair = np.minimum(first, second) * n_alters + np.maximum(first, second)
    pair[(first < 0) | (second < 0) | (first == second)] = -1
    return duplicates(
        ties,
        pair,
        [*columns.network, columns.source, columns.target],
        "Ties",
        more="; a tie has no direction, so a to b and b to a are one"
        + _both_ways(first, second, pair),
    )


def _both_ways(first: Ints, second: Ints, pair: Ints) -> str:
    """Say so where all that stands twice stands once in each direction, and what to do."""
    known = pair >= 0
    count, ways = (
        np.unique(key[known], return_counts=True)[1]
        for key in (pair, np.where(first < second, pair, -pair - 1))
    )
    if count.max(initial=0) != 2 or ways.max(initial=0) != 1:
        return ""
    n_both = int((count == 2).sum())
    which = "All ties" if n_both == count.size else f"{n_both} of {count.size} ties"
    return (
        f". {which} are there once in each direction: sort the two ids within each row, then drop "
        "duplicates"
    )


def _weights(
    tables: NetworkTables, columns: Columns, faults: list[str]
) -> tuple[Floats | None, Floats | None]:
    """Return the strengths of alters and of ties; add to the faults what can't be one."""
    if columns.weight is None:
        return None, None
    found: list[Floats | None] = []
    for what, table in (("Alters", tables.alters), ("Ties", tables.ties)):
        if table is None:
            found.append(None)
            continue
        try:
            values = numbers(table, [columns.weight])[:, 0]
        except CpevalError as error:
            # Its own list goes into one item of ours.
            text = str(error).replace(ROWS_COUNT, "").replace("\n- ", " ").replace("\n", " ")
            faults.append(f"{what}: {text.strip()}")
            found.append(None)
            continue
        faults += weights_at_fault(values, columns.weight, what)
        found.append(values)
    return found[0], found[1]
