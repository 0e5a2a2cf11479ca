"""`alters_model()`: moments of a model of alters, within their egos."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.errors import ColumnError, OptionError, did_you_mean, listed
from cpeval.moments.formula import parse
from cpeval.moments.site_moments import SiteMoments

if TYPE_CHECKING:
    from cpeval.networks.network_data import NetworkData

#: What terms begin with that say whether ego and alter are alike, and that are of the ego.
SAME, EGO = "same_", "ego_"


def alters_model(networks: NetworkData, formula: str) -> SiteMoments:
    """Compute what `EgoNetworks.alters_model` returns."""
    wanted = parse(formula).columns
    site = networks.columns.ego
    table = alters_table(networks, list(wanted))
    return SiteMoments.from_data(table, formula, site=site)


def alters_table(networks: NetworkData, wanted: list[str]) -> pd.DataFrame:
    """Return the ego and the columns that are wanted, a row an alter.

    Raises
    ------
    ColumnError
        Columns that neither alters nor egos have; attributes that ego and alter hold in values
        that are never alike. All at once.
    """
    egos, alters, _ = networks.to_tables()
    net = networks.links.net
    ego = networks.columns.ego
    made = {ego: alters[ego]}
    faults = []
    known = [name for name in egos.columns if name not in networks.columns.network]
    options = [
        *alters.columns,
        *(f"{EGO}{name}" if name in alters.columns else name for name in known),
        *(f"{SAME}{name}" for name in known if name in alters.columns),
    ]
    for name in wanted:
        if name in alters.columns:
            made[name] = alters[name]
            continue
        if name in egos.columns:
            made[name] = _of_ego(egos[name], net)
            continue
        attribute = name.removeprefix(EGO)
        if name.startswith(EGO) and attribute in egos.columns:
            made[name] = _of_ego(egos[attribute], net)
            continue
        attribute = name.removeprefix(SAME)
        if name.startswith(SAME) and {attribute} <= {*egos.columns} & {*alters.columns}:
            try:
                made[name] = _same(_of_ego(egos[attribute], net), alters[attribute])
            except ColumnError as fault:
                faults.append(str(fault))
            continue
        lacks = [
            what
            for what, table in (("the egos", egos), ("the alters", alters))
            if name.startswith(SAME) and attribute not in table.columns
        ]
        why = f": {' and '.join(lacks)} have no {attribute!r}" if lacks else ""
        faults.append(f"there is no {name!r}{why}{did_you_mean(name, options)}")
    if faults:
        raise ColumnError(
            "The model can't be made:\n"
            + "\n".join(f"- {fault}" for fault in faults)
            + f"\nColumns there: {listed(dict.fromkeys(options))}."
        )
    if not len(alters):
        raise OptionError("There are no alters to model.")
    return pd.DataFrame(made)


def _of_ego(column: pd.Series, net: np.ndarray) -> pd.Series:
    """Repeat what is known of egos for each of their alters."""
    return column.iloc[net].reset_index(drop=True)


def _same(own: pd.Series, theirs: pd.Series) -> pd.Series:
    """Return 1 where ego and alter have the same value, 0 where not, NaN where either is missing.

    Raises
    ------
    ColumnError
        No value of one is among those of the other, or values differ in case, spaces or type
        alone, such as 1 and ``'1'``: they would count as unlike.
    """
    known = (own.notna() & theirs.notna()).to_numpy()
    one, other = own.astype(object), theirs.astype(object)
    values = [set(one[known].unique()), set(other[known].unique())]
    if known.any() and not values[0] & values[1]:
        raise ColumnError(
            f"{own.name!r} of egos ({listed(sorted(values[0], key=str), most=5)}) and of alters "
            f"({listed(sorted(values[1], key=str), most=5)}) have no value in common. Write them "
            "alike"
        )
    spelt: dict[str, set[object]] = {}
    for value in values[0] | values[1]:
        spelt.setdefault(str(value).strip().casefold(), set()).add(value)
    twice = [sorted(map(repr, found)) for found in spelt.values() if len(found) > 1]
    if twice:
        raise ColumnError(
            f"{own.name!r} of egos and alters has {'; '.join(sorted(map(' and '.join, twice)))}, "
            "which would count as unlike. Write them alike"
        )
    alike = (one == other).to_numpy(dtype=bool, na_value=False)
    return pd.Series(np.where(known, alike.astype(float), np.nan))
