"""Networks of one size side by side, as dense arrays that fit into the processor's cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Cells of a block: 1 MiB of floats stays in the cache from one step to the next.
_CELLS = 2**17


@dataclass(frozen=True, kw_only=True, eq=False)
class Links:
    """Who is in which network, and who is tied to whom, as flat arrays.

    Attributes
    ----------
    size : array of int, shape (G,)
        Alters of each network.
    net : array of int, shape (N,)
        The network of each alter.
    place : array of int, shape (N,)
        The alter's number in its network, from 0.
    first, second : array of int, shape (T,)
        The two alters of each tie, which is there once.
    alter_weight : array, shape (N,), or None
        Strength of the tie between ego and alter.
    tie_weight : array, shape (T,), or None
        Strength of the tie between two alters.
    """

    size: Ints
    net: Ints
    place: Ints
    first: Ints
    second: Ints
    alter_weight: Floats | None = None
    tie_weight: Floats | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Block:
    """k networks of n alters each.

    Attributes
    ----------
    nets : array of int, shape (k,)
        Which networks they are.
    ties : tuple of three arrays of int, shape (t,)
        The network of each tie, from 0 to k - 1, and the places of its two alters.
    adjacent : array, shape (k, n, n)
        1 where two alters are tied, 0 elsewhere; symmetric, the diagonal 0.
    weight : array, shape (k, n, n), or None
        The strength of those ties.
    ego_weight : array, shape (k, n), or None
        The strength of the ties to the ego.
    """

    nets: Ints
    ties: tuple[Ints, Ints, Ints]
    adjacent: Floats
    weight: Floats | None = None
    ego_weight: Floats | None = None


def among(links: Links, keep: NDArray[np.bool_]) -> Links:
    """Return the links among some alters, shape (N,); every network stays, if without alters."""
    row = np.cumsum(keep) - 1
    net = links.net[keep]
    tied = keep[links.first] & keep[links.second]
    size = np.bincount(net, minlength=links.size.size)
    return Links(
        size=size,
        net=net,
        place=places(net, size),
        first=row[links.first[tied]],
        second=row[links.second[tied]],
        alter_weight=None if links.alter_weight is None else links.alter_weight[keep],
        tie_weight=None if links.tie_weight is None else links.tie_weight[tied],
    )


def places(net: Ints, size: Ints) -> Ints:
    """Number the alters of each network from 0, in the order of the rows."""
    start = np.cumsum(size) - size
    if bool((net[1:] >= net[:-1]).all()):
        return np.asarray(np.arange(net.size) - np.repeat(start, size))
    order = np.argsort(net, kind="stable")
    place = np.empty_like(net)
    place[order] = np.arange(net.size) - np.repeat(start, size)
    return place


def blocks(links: Links) -> Iterator[Block]:
    """Go through all networks of one alter or more, those of one size together.

    Parameters
    ----------
    links : Links

    Yields
    ------
    Block
        At most 2**17 cells, or one network.
    """
    nets = np.argsort(links.size, kind="stable")
    sizes = links.size[nets]
    rank = np.empty_like(nets)
    rank[nets] = np.arange(nets.size)
    tie_rank = rank[links.net[links.first]]
    order, tie_ends = _grouped(tie_rank, nets.size)
    one, other, tie_weight = links.first, links.second, links.tie_weight
    if order is not None:
        one, other, tie_rank = one[order], other[order], tie_rank[order]
        tie_weight = None if tie_weight is None else tie_weight[order]
    ego_weights = links.alter_weight
    if ego_weights is not None:
        # Sorted by network and by place in it: each block's are a stretch.
        ego_weights = ego_weights[np.lexsort((links.place, rank[links.net]))]
        alter_ends = np.concatenate([[0], np.cumsum(sizes)])
    start = int(np.searchsorted(sizes, 1))
    while start < nets.size:
        n = int(sizes[start])
        same = int(np.searchsorted(sizes, n, side="right"))
        stop = min(same, start + max(1, _CELLS // n**2))
        ties = slice(tie_ends[start], tie_ends[stop])
        where = (tie_rank[ties] - start, links.place[one[ties]], links.place[other[ties]])
        adjacent = _symmetric(stop - start, n, where, 1.0)
        weight = ego_weight = None
        if tie_weight is not None:
            weight = _symmetric(stop - start, n, where, tie_weight[ties])
        if ego_weights is not None:
            ego_weight = ego_weights[alter_ends[start] : alter_ends[stop]].reshape(-1, n)
        yield Block(
            nets=nets[start:stop],
            ties=where,
            adjacent=adjacent,
            weight=weight,
            ego_weight=ego_weight,
        )
        start = stop


def _grouped(rank: Ints, n: int) -> tuple[Ints | None, Ints]:
    """Return the order that puts equal ranks together, and where each of the n ranks starts.

    The order is None where they are together already.
    """
    ends = np.concatenate([[0], np.cumsum(np.bincount(rank, minlength=n))])
    if rank.size < 2 or bool((rank[1:] >= rank[:-1]).all()):
        return None, ends
    return np.argsort(rank, kind="stable"), ends


def _symmetric(k: int, n: int, where: tuple[Ints, Ints, Ints], value: float | Floats) -> Floats:
    """Put values at (net, i, j) and (net, j, i) of a block of zeros."""
    net, i, j = where
    block = np.zeros(k * n * n)
    base = net * (n * n)
    block[base + i * n + j] = value
    block[base + j * n + i] = value
    return block.reshape(k, n, n)
