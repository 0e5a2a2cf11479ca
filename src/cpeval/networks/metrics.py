"""`EgoMetrics`: the structure of each ego's network as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.errors import DataError, OptionError
from cpeval.networks.blocks import Links, among
from cpeval.networks.ego_result import EgoResult
from cpeval.networks.groups import groups_of
from cpeval.networks.structure import COUNTS, structure
from cpeval.number_agreement import counted

if TYPE_CHECKING:
    from cpeval.networks.network_data import NetworkData

#: A larger network's table of all pairs of alters takes more than 5 GiB to measure.
MOST_ALTERS = 10_000

NO_TIES = "No table of ties was given: all but the size is missing."


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class EgoMetrics(EgoResult):
    """A `Result` with a row a network: how large it is, and how it hangs together.

    Attributes
    ----------
    weighted : bool
        Whether Burt's measures count ties by their strength.
    """

    weighted: bool


def metrics(
    networks: NetworkData, *, weighted: bool, by: str | None, by_kind: bool = False
) -> EgoMetrics:
    """Compute what `EgoNetworks.metrics` returns."""
    if not isinstance(weighted, bool):
        raise OptionError(f"'weighted' must be True or False. Got {weighted!r}.")
    if not isinstance(by_kind, bool) or (by_kind and by is not None):
        raise OptionError(
            f"'by_kind' must be True or False, and True only without 'by'. Got {by_kind!r} and "
            f"by={by!r}."
        )
    if by_kind:
        by = networks.kind_column()
    if weighted and networks.columns.weight is None:
        raise OptionError(
            "There are no weights: give weight= when the networks are made, the column of "
            "strengths in alters and in ties."
        )
    largest = int(networks.links.size.max(initial=0))
    if networks.has_ties and largest > MOST_ALTERS:
        raise DataError(
            f"The largest network has {largest:,} alters; its measures need a table of all pairs, "
            f"and stop at {MOST_ALTERS:,}. Leave such egos out with select."
        )
    warnings = list(networks.warnings)
    has_ties = networks.has_ties
    if not has_ties:
        warnings.append(NO_TIES)
    if by is None:
        table = pd.concat(
            [networks.labels(), _measured(networks.links, weighted, has_ties)], axis=1
        )
    else:
        table, missing = _by_group(networks, by, weighted, has_ties)
        if missing:
            words = "{n} alter[s] without a value of {by!r} [is|are] in no group."
            warnings.append(counted(missing, words, by=by))
    return EgoMetrics(
        table=table, note=_note(weighted, by), warnings=tuple(warnings), weighted=weighted
    )


def _measured(links: Links, weighted: bool, has_ties: bool) -> pd.DataFrame:
    """Put the measures into a table, counts as whole numbers."""
    found = pd.DataFrame(structure(links, weighted=weighted))
    if not has_ties:
        found.loc[:, found.columns != "size"] = np.nan
    whole = COUNTS if has_ties else ("size",)
    return found.astype(dict.fromkeys(whole, "int64"))


def _by_group(
    networks: NetworkData, by: str, weighted: bool, has_ties: bool
) -> tuple[pd.DataFrame, int]:
    """Measure the alters of each group as a network of their own; count those in none."""
    groups = groups_of(networks.alters_column(by), by)
    labels = networks.labels()
    parts = []
    for code, group in enumerate(groups.labels):
        own = _measured(among(networks.links, groups.codes == code), weighted, has_ties)
        part = labels.copy()
        part["group"] = pd.Series([group] * len(labels), dtype=object)
        parts.append(pd.concat([part, own], axis=1))
    if not parts:
        empty = _measured(among(networks.links, groups.codes >= 0), weighted, has_ties)
        parts = [pd.concat([labels.assign(group=None), empty], axis=1).iloc[:0]]
    # Sorted by network, groups in their order within.
    table = pd.concat(parts, ignore_index=True)
    order = np.argsort(np.tile(np.arange(len(labels)), len(parts)), kind="stable")
    if len(table):
        table = table.iloc[order].reset_index(drop=True)
    return table, int((groups.codes < 0).sum())


def _note(weighted: bool, by: str | None) -> str:
    burt = "by the strength of ties" if weighted else "ties counted alike"
    within = "" if by is None else f" Each group of {by!r} is a network of its own."
    return (
        "Size, ties, density, components, degrees, transitivity and cliques are of the alters "
        "without the ego; Burt's measures (Burt, 1992) and betweenness are of the ego among them, "
        f"{burt}.{within}"
    )
