"""What can be wrong with tables of egos, alters and ties, each fault in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cpeval.errors import listed
from cpeval.numeric import rows_text

if TYPE_CHECKING:
    from cpeval.networks.blocks import Floats, Ints
    from cpeval.networks.network_tables import Columns, NetworkTables

#: Rows and ids that a sentence names before it counts the rest.
_MOST = 10


def missing_ids(tables: NetworkTables, columns: Columns) -> list[str]:
    """Name rows that don't say who they are about."""
    needed = {
        "Egos": (tables.egos, columns.network),
        "Alters": (tables.alters, [*columns.network, columns.alter]),
        "Ties": (tables.ties, [*columns.network, columns.source, columns.target]),
    }
    return [
        f"{what}: {name!r} is missing in {_rows(gaps)}. Fill it in, or delete the "
        f"{'row' if gaps.sum() == 1 else 'rows'}."
        for what, (table, names) in needed.items()
        if table is not None
        for name in names
        if (gaps := table[name].isna().to_numpy()).any()
    ]


def duplicates(
    table: pd.DataFrame, key: Ints, names: list[str], what: str, *, more: str = ""
) -> list[str]:
    """Name rows with a key that another row has; -1 is no key."""
    # Sorting numbers is quicker than looking each up, and most tables have no duplicates.
    in_order = np.sort(key)
    if not ((in_order[1:] == in_order[:-1]) & (in_order[1:] >= 0)).any():
        return []
    used = np.flatnonzero(key >= 0)
    rows = used[pd.Series(key[used]).duplicated(keep=False).to_numpy()]
    groups = pd.Series(rows).groupby(key[rows], sort=False)
    shown = [
        f"{_ids(table, names, int(group.iloc[0]))} in {rows_text(group, most=_MOST)}"
        for _, group in list(groups)[:_MOST]
    ]
    rest = groups.ngroups - len(shown)
    return [
        f"{what} listed more than once: {'; '.join(shown)}"
        + (f"; and {rest} more" if rest > 0 else "")
        + f"{more}. Keep one row of each."
    ]


def strangers(
    tables: NetworkTables, columns: Columns, what: str, wanted: Ints, found: Ints
) -> list[str]:
    """Name networks that alters or ties are of, and that no ego has."""
    table = tables.alters if what == "Alters" else tables.ties
    lost = (wanted >= 0) & (found < 0)
    if table is None or not lost.any():
        return []
    rows = np.flatnonzero(lost)
    once = rows[np.unique(wanted[rows], return_index=True)[1]]
    once.sort()
    who = ", ".join(_ids(table, columns.network, int(row)) for row in once[:_MOST])
    more = f" and {once.size - _MOST} more" if once.size > _MOST else ""
    return [
        f"{what} of egos that the table of egos lacks: {who}{more} (in {_rows(lost)})"
        f"{_kinds(table[columns.ego], tables.egos[columns.ego])}. Add a row for each to the "
        "egos, also for those who named nobody."
    ]


def self_ties(ties: pd.DataFrame, source: Ints, target: Ints, columns: Columns) -> list[str]:
    """Name ties from an alter to itself."""
    same = (source == target) & (source >= 0)
    if not same.any():
        return []
    who = listed(ties.loc[same, columns.source].unique(), most=_MOST)
    return [f"Ties of an alter with itself: {who} in {_rows(same)}. Delete them."]


def unknown_alters(
    ties: pd.DataFrame, columns: Columns, net: Ints, rows: tuple[Ints, Ints], ids: list[Ints]
) -> list[str]:
    """Name ties whose ends are not among the alters of that ego (and wave).

    ``net`` is the network of each tie, ``rows`` those of its alters; -1 is not known.
    """
    no_source = (net >= 0) & (rows[0] < 0) & (ids[1] >= 0)
    no_target = (net >= 0) & (rows[1] < 0) & (ids[2] >= 0)
    lost = no_source | no_target
    if not lost.any():
        return []
    shown = []
    for row in np.flatnonzero(lost)[:_MOST]:
        ends = [(columns.source, no_source[row]), (columns.target, no_target[row])]
        absent = listed(ties[name].iloc[row] for name, gone in ends if gone)
        shown.append(f"{absent} of {_ids(ties, columns.network, int(row))} in row {row + 1}")
    rest = int(lost.sum()) - len(shown)
    return [
        f"Ties to alters that the ego didn't name: {'; '.join(shown)}"
        + (f"; and {rest} more" if rest > 0 else "")
        + ". Correct the ids, or add the alters. Ties to the ego itself are not listed: every "
        "alter has one."
    ]


def weights_at_fault(values: Floats, name: str, what: str) -> list[str]:
    """Name weights that are missing or not above 0."""
    faults = []
    for wrong, kind, then in (
        (np.isnan(values), "missing", "Fill them in"),
        (values < 0, "negative", "Correct them"),
        (values == 0, "0", "A tie that isn't there is not listed: delete the rows"),
    ):
        if wrong.any():
            faults.append(f"{what}: weights {name!r} are {kind} in {_rows(wrong)}. {then}.")
    return faults


def _rows(at_fault: NDArray[np.bool_]) -> str:
    return rows_text(np.flatnonzero(at_fault), most=_MOST)


def _ids(table: pd.DataFrame, names: list[str], row: int) -> str:
    """Name what a row is about: ``ego 'a' wave 1``."""
    return " ".join(f"{name} {listed([table[name].iloc[row]])}" for name in names)


def _kinds(one: pd.Series, other: pd.Series) -> str:
    """Say so where ids are text in one table and numbers in the other, so that none are alike."""
    kinds = [
        "numbers" if pd.api.types.is_numeric_dtype(column) else "text" for column in (one, other)
    ]
    if kinds[0] == kinds[1]:
        return ""
    return f"; {one.name!r} holds {kinds[0]} here and {kinds[1]} there, which are never the same"
