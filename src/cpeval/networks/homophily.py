"""`Homophily`: how far egos name alters like themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.errors import DataError, OptionError, is_number, listed
from cpeval.networks.blocks import Floats, Ints
from cpeval.networks.composition import crossed
from cpeval.networks.ego_result import EgoResult
from cpeval.networks.groups import Groups, groups_of
from cpeval.number_agreement import counted

if TYPE_CHECKING:
    from cpeval.networks.network_data import NetworkData

#: How far from 1 the sum of shares may be that were rounded to three decimals.
_ROUNDED = 0.01


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Homophily(EgoResult):
    """A `Result` with a row a network: how many alters are as the ego is.

    Attributes
    ----------
    groups : pandas.DataFrame
        The same of all egos of a group together: group, networks, population (its share there),
        n, internal, external, same, ei, yules_q, coleman.
    n_excluded : int
        Networks whose ego has no value; their row is empty.
    """

    groups: pd.DataFrame
    n_excluded: int


def homophily(
    networks: NetworkData, column: str, *, ego: str, population: Mapping[object, float] | None
) -> Homophily:
    """Compute what `EgoNetworks.homophily` returns."""
    theirs, own = networks.alters_column(column), networks.egos_column(ego)
    both = pd.concat([theirs.astype(object), own.astype(object)], ignore_index=True)
    groups = groups_of(both, column)
    alter_code, ego_code = np.split(groups.codes, [len(theirs)])
    _require_one_spelling(groups, (column, ego))
    n_nets, n_groups = len(networks), len(groups.labels)
    named = np.bincount(alter_code[alter_code >= 0], minlength=n_groups)
    if population is None:
        share = named / max(int(named.sum()), 1)
        whence = "all alters together"
    else:
        share, whence = _population(population, groups, column), "the population that was given"
    counts = crossed(networks.links.net, alter_code, n_nets, n_groups)
    known = ego_code >= 0
    n = np.where(known, counts.sum(axis=1), 0)
    internal = np.zeros(n_nets, dtype=np.int64)
    internal[known] = counts[known, ego_code[known]]
    expected = np.full(n_nets, np.nan)
    expected[known] = share[ego_code[known]]
    table = pd.concat([networks.labels(), pd.DataFrame(indices(internal, n, expected))], axis=1)
    n_excluded = int((~known).sum())
    warnings = list(networks.warnings)
    if n_excluded:
        warnings.append(
            counted(
                n_excluded,
                "{n} ego[s] [has|have] no value of {ego!r}; [its row is|their rows are] empty.",
                ego=ego,
            )
        )
    alone = [groups.labels[k] for k in np.unique(ego_code[known]) if named[k] == 0]
    if alone:
        warnings.append(
            f"Egos have {listed(alone)}, and no alter has: if that is spelt differently there, "
            "their homophily is wrong."
        )
    lost = int((alter_code < 0).sum())
    if lost:
        words = "{n} alter[s] without a value of {column!r} [was|were] left out."
        warnings.append(counted(lost, words, column=column))
    return Homophily(
        table=table,
        note=(
            f"Homophily of {ego!r} of the ego and {column!r} of its alters: E-I index (Krackhardt "
            "& Stern, 1988), Coleman's index (Coleman, 1958) and Yule's Q against the shares of "
            f"{whence}."
        ),
        warnings=tuple(warnings),
        groups=_of_groups(groups, ego_code, internal, n, share),
        n_excluded=n_excluded,
    )


def indices(internal: Ints, n: Ints, expected: Floats) -> dict[str, Ints | Floats]:
    """Compare like alters with all, and with the share that is to be expected.

    Parameters
    ----------
    internal, n : array of int, shape (G,)
        Alters like the ego; all.
    expected : array, shape (G,)
        The share of the ego's kind in the population; NaN where the ego's kind isn't known.

    Returns
    -------
    dict of str to array, shape (G,)
    """
    external = n - internal
    there = n > 0
    nan = np.full(n.shape, np.nan)
    same = np.divide(internal, n, out=nan.copy(), where=there)
    above = same - expected
    room = np.where(above >= 0, 1 - expected, expected)
    inside, outside = internal * (1 - expected), external * expected
    both = inside + outside
    return {
        "n": n,
        "internal": internal,
        "external": external,
        "same": same,
        "ei": np.divide(external - internal, n, out=nan.copy(), where=there),
        "yules_q": np.divide(inside - outside, both, out=nan.copy(), where=there & (both > 0)),
        "coleman": np.divide(above, room, out=nan.copy(), where=there & (room > 0)),
    }


def _require_one_spelling(groups: Groups, columns: tuple[str, str]) -> None:
    """Raise `DataError` for groups that differ in case, spaces or type alone: 1 and '1'."""
    spelt: dict[str, list[object]] = {}
    for label in groups.labels:
        spelt.setdefault(str(label).strip().casefold(), []).append(label)
    alike = [" and ".join(map(repr, labels)) for labels in spelt.values() if len(labels) > 1]
    if alike:
        raise DataError(
            f"{columns[1]!r} of the egos and {columns[0]!r} of the alters have {'; '.join(alike)}, "
            "which would count as unlike. Give the same the same name in both."
        )


def _of_groups(
    groups: Groups, ego_code: Ints, internal: Ints, n: Ints, share: Floats
) -> pd.DataFrame:
    """Add up the egos of each group, and compute the same."""
    known, k = ego_code >= 0, len(groups.labels)
    code = ego_code[known]
    sums = [np.bincount(code, x[known], k).astype(np.int64) for x in (internal, n)]
    return pd.DataFrame(
        {
            "group": pd.Series(groups.labels, dtype=object),
            "networks": np.bincount(code, minlength=k),
            "population": share,
        }
        | indices(sums[0], sums[1], share)
    )


def _population(population: Mapping[object, float], groups: Groups, column: str) -> Floats:
    """Return the shares in the order of the groups."""
    absent = [label for label in groups.labels if label not in population]
    wrong = {k: v for k, v in population.items() if not is_number(v) or not 0 <= v <= 1}
    if absent or wrong or abs(sum(population.values()) - 1) > _ROUNDED:
        raise OptionError(
            f"'population' must give each group of {column!r} its share, from 0 to 1, together 1. "
            + (f"It lacks {listed(absent)}. " if absent else "")
            + (f"No shares: {listed(wrong.items())}. " if wrong else "")
            + f"Got {dict(population)!r}."
        )
    return np.array([population[label] for label in groups.labels], dtype=float)
