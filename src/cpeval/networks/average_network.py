"""`AverageNetwork`: the networks of many egos as one graph of categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cpeval.errors import listed
from cpeval.networks.blocks import Floats, Ints
from cpeval.networks.composition import crossed
from cpeval.networks.groups import Groups, groups_of
from cpeval.networks.waves import waves_among
from cpeval.number_agreement import counted
from cpeval.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cpeval.networks.network_data import NetworkData

#: Averages of fewer networks tell about single people.
_FEW = 5


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AverageNetwork(Result):
    """A `Result` with a row a group, wave and category of alters.

    Attributes
    ----------
    between : pandas.DataFrame
        A row a group, wave and pair of categories: group, wave, term, other, density,
        pooled_density, n_density (networks that have both).
    sizes : pandas.DataFrame
        A row a group and wave: group, wave, n (networks), mean (alters a network), without
        (networks without alters), uncategorised (alters in no category).
    column : str
        What the categories are of.
    n_excluded : int
        Networks whose ego is in no group.
    """

    between: pd.DataFrame
    sizes: pd.DataFrame
    column: str
    n_excluded: int

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each group's categories as circles and the ties between them as lines.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; without it, on new axes.

        Returns
        -------
        matplotlib.axes.Axes
            One, also for several groups.
        """
        from cpeval.plots.clustered_graph import clustered_graph

        return clustered_graph(self.table, self.between, self.sizes, column=self.column, ax=ax)


@dataclass(frozen=True, kw_only=True, eq=False)
class Averages:
    """Averages of C cells, K categories.

    Attributes
    ----------
    n : array of int, shape (C,)
        Networks.
    size : array, shape (C,)
        Mean number of alters.
    without, uncategorised : array of int, shape (C,)
        Networks without alters; alters in no category.
    share, mean : array, shape (C, K)
    density, pooled : array, shape (C, K, K)
        Symmetric. NaN where no network has a pair.
    n_density : array of int, shape (C, K, K)
        Networks that have a pair.
    """

    n: Ints
    size: Floats
    without: Ints
    uncategorised: Ints
    share: Floats
    mean: Floats
    density: Floats
    pooled: Floats
    n_density: Ints


def average_network(
    networks: NetworkData,
    column: str,
    *,
    by: str | None,
    wave: object,
    categories: Sequence[object] | None,
) -> AverageNetwork:
    """Compute what `EgoNetworks.aggregate` returns."""
    found = groups_of(networks.alters_column(column), column, categories=categories)
    groups = Groups((None,), np.zeros(len(networks), dtype=np.int64))
    if by is not None:
        groups = groups_of(networks.egos_column(by), by)
    waves = waves_among(networks, wave)
    n_waves = len(waves.labels)
    cell = np.where(
        (groups.codes < 0) | (waves.codes < 0), -1, groups.codes * n_waves + waves.codes
    )
    lost = int(((groups.codes < 0) & (waves.codes >= 0)).sum())
    links, n_cells = networks.links, len(groups.labels) * n_waves
    counts = crossed(links.net, found.codes, len(networks), len(found.labels))
    averages = averaged(
        cell, n_cells, counts, links.size, found.codes, links.net, (links.first, links.second)
    )
    labels = pd.DataFrame({"group": np.repeat(np.array(groups.labels, dtype=object), n_waves)})
    labels["wave"] = pd.Series(list(waves.labels) * len(groups.labels), dtype=object)
    labels = labels.drop(
        columns=(["group"] if by is None else [])
        + (["wave"] if networks.columns.wave is None else [])
    )
    # A group that wasn't there at a wave has no average.
    there = averages.n > 0
    table, between, sizes = _tables(averages, labels, found.labels, networks.has_ties)
    return AverageNetwork(
        table=table[np.repeat(there, len(found.labels))].reset_index(drop=True),
        between=between[
            np.repeat(there, len(found.labels) * (len(found.labels) - 1) // 2)
        ].reset_index(drop=True),
        sizes=sizes[there].reset_index(drop=True),
        note=(
            f"Average networks: alters by {column!r}, the share of networks with such an alter, "
            "their mean number over all networks, and the mean density of ties within and between "
            "categories over the networks that have a pair (after Brandes et al., 2008)."
        ),
        warnings=tuple(_warnings(networks, averages, sizes, lost, column, by)),
        column=column,
        n_excluded=lost,
    )


def averaged(
    cell: Ints,
    n_cells: int,
    counts: Ints,
    size: Ints,
    code: Ints,
    net: Ints,
    ties: tuple[Ints, Ints],
) -> Averages:
    """Average networks: arrays in, arrays out.

    Parameters
    ----------
    cell : array of int, shape (G,)
        Which average each network is in; -1 is none.
    counts : array of int, shape (G, K)
        Alters of each category.
    size : array of int, shape (G,)
        All alters.
    code, net : array of int, shape (N,)
        The category of each alter, -1 is none, and its network.
    ties : two arrays of int, shape (T,)
        The two alters of each tie.
    """
    k = counts.shape[1]
    used = cell >= 0
    n = np.bincount(cell[used], minlength=n_cells)
    one, other = code[ties[0]], code[ties[1]]
    own = net[ties[0]]
    there = (one >= 0) & (other >= 0) & used[own]
    one, other, own = one[there], other[there], own[there]
    a, b = np.minimum(one, other), np.maximum(one, other)
    pairs = np.where(
        a == b, counts[own, a] * (counts[own, a] - 1) // 2, counts[own, a] * counts[own, b]
    )
    place = (cell[own] * k + a) * k + b
    shape = (n_cells, k, k)
    # Each tie is one of its network's pairs: their sum over ties is that of densities.
    sums = np.bincount(place, 1 / pairs, n_cells * k * k).reshape(shape)
    n_ties = np.bincount(place, minlength=n_cells * k * k).reshape(shape)
    n_density, n_pairs = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    has, total = np.zeros((n_cells, k)), np.zeros((n_cells, k))
    diagonal = np.arange(k)
    for c in range(n_cells):
        here = counts[cell == c].astype(float)
        some = (here > 0).astype(float)
        has[c], total[c] = some.sum(axis=0), here.sum(axis=0)
        # Whole numbers below 2**53 are exact as floats, and matrix products of those are quick.
        both, product = some.T @ some, here.T @ here
        both[diagonal, diagonal] = (here > 1).sum(axis=0)
        product[diagonal, diagonal] = (here * (here - 1) / 2).sum(axis=0)
        n_density[c], n_pairs[c] = both.astype(np.int64), product.astype(np.int64)
    nets = np.bincount(cell[used], size[used], n_cells)
    return Averages(
        n=n,
        size=_over(nets, n),
        without=np.bincount(cell[used & (size == 0)], minlength=n_cells),
        uncategorised=np.asarray(nets - total.sum(axis=1)).astype(np.int64),
        share=_over(has, n[:, np.newaxis]),
        mean=_over(total, n[:, np.newaxis]),
        density=_mirrored(_over(sums, n_density)),
        pooled=_mirrored(_over(n_ties, n_pairs)),
        n_density=n_density,
    )


def _over(top: Floats | Ints, bottom: Ints) -> Floats:
    """Divide; NaN by 0."""
    bottom = np.broadcast_to(bottom, top.shape)
    return np.asarray(np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0))


def _mirrored(upper: Floats) -> Floats:
    """Copy what is above the diagonal below it."""
    below = np.tri(upper.shape[1], k=-1, dtype=bool)
    return np.where(below, upper.transpose(0, 2, 1), upper)


def _tables(
    averages: Averages, labels: pd.DataFrame, terms: tuple[object, ...], has_ties: bool
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return a row a category, a row a pair of categories, and a row a cell."""
    n_cells, k = len(labels), len(terms)
    names = np.empty(k, dtype=object)
    names[:] = terms
    density, pooled = averages.density, averages.pooled
    if not has_ties:
        density, pooled = np.full_like(density, np.nan), np.full_like(pooled, np.nan)
    each = np.arange(k)
    table = labels.iloc[np.repeat(np.arange(n_cells), k)].reset_index(drop=True)
    table["term"] = np.tile(names, n_cells)
    table["n"] = np.repeat(averages.n, k)
    table["share"], table["mean"] = averages.share.ravel(), averages.mean.ravel()
    table["density"] = density[:, each, each].ravel()
    table["pooled_density"] = pooled[:, each, each].ravel()
    table["n_density"] = averages.n_density[:, each, each].ravel()
    a, b = np.triu_indices(k, 1)
    between = labels.iloc[np.repeat(np.arange(n_cells), a.size)].reset_index(drop=True)
    between["term"], between["other"] = np.tile(names[a], n_cells), np.tile(names[b], n_cells)
    between["density"] = density[:, a, b].ravel()
    between["pooled_density"] = pooled[:, a, b].ravel()
    between["n_density"] = averages.n_density[:, a, b].ravel()
    sizes = labels.assign(
        n=averages.n,
        mean=averages.size,
        without=averages.without,
        uncategorised=averages.uncategorised,
    )
    return table, between, sizes


def _warnings(
    networks: NetworkData,
    averages: Averages,
    sizes: pd.DataFrame,
    lost: int,
    column: str,
    by: str | None,
) -> list[str]:
    """Say what was left out, and which averages are of few."""
    found = list(networks.warnings)
    if not networks.has_ties:
        found.append("No table of ties was given: densities are missing.")
    if lost:
        words = "{n} network[s] of egos without a value of {by!r} [is|are] in no group."
        found.append(counted(lost, words, by=by))
    gaps = int(averages.uncategorised.sum())
    if gaps:
        found.append(
            counted(
                gaps,
                "{n} alter[s] without a value of {column!r} [is|are] in no category; they count in "
                "the mean size alone.",
                column=column,
            )
        )
    few = (averages.n > 0) & (averages.n < _FEW)
    if few.any():
        names = [c for c in ("group", "wave") if c in sizes.columns]
        which = [", ".join(map(str, row)) for row in sizes.loc[few, names].to_numpy()]
        of = f": {listed(which)}" if names else ""
        found.append(
            f"Averages of fewer than {_FEW} networks{of}. They tell about single people: don't "
            "publish them."
        )
    return found
