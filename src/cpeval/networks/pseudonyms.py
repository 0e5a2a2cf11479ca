"""Names of egos and alters replaced, in every table alike."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.errors import DataError, OptionError, listed, require_columns
from cpeval.networks.blocks import Ints
from cpeval.networks.network_tables import NetworkTables
from cpeval.numeric import holds_numbers
from cpeval.seeds import Seed, require_seed

if TYPE_CHECKING:
    from cpeval.networks.network_data import NetworkData

#: Text with so many different values, in more than half of the rows each another, may be names.
_NAMES = 20


def pseudonymised(
    networks: NetworkData, seed: Seed, *, drop: Collection[str], keep: Collection[str]
) -> NetworkTables:
    """Return tables with new ids, rows in the order of those.

    Raises
    ------
    OptionError
        ``seed`` can't be one; ``drop`` and ``keep`` share a column, or drop one that is needed.
    ColumnError
        A column to drop or keep is in no table.
    DataError
        Other columns that may hold names.
    """
    require_seed(seed)
    tables, columns, links = networks.to_tables(), networks.columns, networks.links
    _require_choice(networks, tables, drop, keep)
    random = np.random.default_rng(seed)
    person, people = _renumbered(networks.person, random)
    # An alter is somebody of one ego: "Mum" of two egos is two people.
    width = int(networks.alter_code.max(initial=0)) + 1
    alter, others = _renumbered(networks.person[links.net] * width + networks.alter_code, random)
    ego_ids, alter_ids = _labels("E", people), _labels("A", others)
    _require_no_names(networks, tables, {*drop}, {*keep})
    egos, alters = tables.egos.copy(), tables.alters.copy()
    egos[columns.ego] = ego_ids[person]
    alters[columns.ego] = ego_ids[person[links.net]]
    alters[columns.alter] = alter_ids[alter]
    if columns.name is not None and columns.name != columns.alter:
        alters[columns.name] = alters[columns.alter]
    ties = tables.ties
    if ties is not None:
        ties = ties.copy()
        ties[columns.ego] = ego_ids[person[links.net[links.first]]]
        # Links keep each tie's source and target as they were.
        ties[columns.source] = alter_ids[alter[links.first]]
        ties[columns.target] = alter_ids[alter[links.second]]
        ties = _sorted(ties, [*columns.network, columns.source, columns.target], drop)
    return NetworkTables(
        _sorted(egos, columns.network, drop),
        _sorted(alters, [*columns.network, columns.alter], drop),
        ties,
    )


def _renumbered(codes: Ints, random: np.random.Generator) -> tuple[Ints, int]:
    """Give the k different codes the numbers from 0 to k - 1 by chance."""
    unique, inverse = np.unique(codes, return_inverse=True)
    return random.permutation(unique.size)[inverse], unique.size


def _labels(letter: str, n: int) -> np.ndarray:
    """Return ids of one length, such as E001."""
    width = len(str(n))
    return np.array([f"{letter}{k:0{width}d}" for k in range(1, n + 1)], dtype=object)


def _sorted(table: pd.DataFrame, by: list[str], drop: Collection[str]) -> pd.DataFrame:
    """Sort by the new ids, so that the order of rows tells nothing."""
    table = table.drop(columns=[name for name in drop if name in table.columns])
    return table.sort_values(by, kind="stable", ignore_index=True)


def _require_choice(
    networks: NetworkData, tables: NetworkTables, drop: Collection[str], keep: Collection[str]
) -> None:
    there = [str(name) for table in tables if table is not None for name in table.columns]
    require_columns(list(dict.fromkeys(there)), *drop, *keep, what="The tables")
    c = networks.columns
    needed = {c.ego, c.alter, c.source, c.target, c.wave, *c.of_alters}
    wrong = [*sorted({*drop} & {*keep}), *sorted(name for name in drop if name in needed)]
    if wrong:
        raise OptionError(
            f"{listed(wrong)} can't be dropped: to be kept as well, or what networks are made of."
        )


def _require_no_names(
    networks: NetworkData, tables: NetworkTables, drop: set[str], keep: set[str]
) -> None:
    """Raise `DataError` for columns of text that may tell who somebody is."""
    c = networks.columns
    everywhere = {c.ego, c.wave, c.weight}
    roles = {
        "egos": everywhere,
        "alters": everywhere | {c.alter, c.name},
        "ties": everywhere | {c.source, c.target},
    }
    ids = {
        str(value)
        for table, name in (
            (tables.egos, c.ego),
            (tables.alters, c.alter),
            (tables.alters, c.name),
        )
        if name is not None
        for value in table[name].dropna().unique()
        if isinstance(value, str)
    }
    found = []
    for what, table in zip(NetworkTables._fields, tables, strict=True):
        if table is None:
            continue
        for name in table.columns:
            if name in roles[what] | drop | keep or holds_numbers(table[name]):
                continue
            values = table[name].dropna().astype(str)
            unique = values.unique()
            telling = len(unique) > _NAMES and len(unique) > len(values) / 2
            if telling or ids.intersection(unique.tolist()):
                found.append(f"{name!r} of the {what}")
    if found:
        raise DataError(
            f"These columns may tell who somebody is: {', '.join(found)}. Say drop=[...] to leave "
            "them out, or keep=[...] where they tell nothing."
        )
